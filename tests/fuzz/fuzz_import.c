/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/config.h"
#include "shippers/import.h"

/*
 * Whatever is in a foreign config, what `clew import` makes of it is a config that clew reads without
 * an error, and every row of the table has its words. The first byte chooses the name, and so the
 * reader.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_config(struct slice yaml)
{
    static char home[] = "HOME=/nowhere";
    char *environ[] = {home, NULL};
    const struct config_sources sources = {.environ = environ};
    struct diag diag;
    char *text = mem_string_from(yaml);
    diag_init(&diag);
    ENSURE(strlen(text) == yaml.len);
    struct settings *settings = config_load_text(text, "clew.yaml", &sources, &diag);
    if (settings == NULL) {
        diag_print(&diag, stderr);
        fputs(text, stdout);
    }
    ENSURE(settings != NULL);
    settings_free(settings);
    diag_fini(&diag);
    free(text);
}

static void check_rows(const struct import *import)
{
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    for (size_t i = 0; i < count; i++) {
        ENSURE(rows[i].place.file != NULL && rows[i].section != NULL && rows[i].option != NULL);
        ENSURE(rows[i].value != NULL && rows[i].what != NULL && *rows[i].what != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.conf", "a.yaml"};
    enum { SIZE_MAX_BYTES = 16384 };
    if (size == 0 || size > SIZE_MAX_BYTES) {
        return 0;
    }
    struct import *import = import_new();
    if (import_text(import, names[data[0] % ARRAY_LEN(names)], (const char *)data + 1, size - 1) ==
        IMPORT_READ) {
        check_config(import_convert(import));
        check_rows(import);
    }
    import_free(import);
    return 0;
}
