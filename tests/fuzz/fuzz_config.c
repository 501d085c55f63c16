/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "config/config.h"

/*
 * A config of any bytes, up to the first NUL. What has to hold: it is refused with at least one
 * error, or it is good and then what `clew check` prints is good too and prints as the same.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct settings *settings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    ENSURE(memory != NULL);
    config_print(settings, memory);
    fclose(memory);
    return text;
}

static struct settings *load(const char *text, struct diag *diag)
{
    static char home[] = "HOME=/nowhere";
    static char name[] = "NAME=value";
    char *environ[] = {home, name, NULL};
    const struct config_sources sources = {.environ = environ};
    diag_init(diag);
    struct settings *settings = config_load_text(text, "config", &sources, diag);
    ENSURE((settings == NULL) == (diag->errors > 0));
    diag_fini(diag);
    return settings;
}

static void print_and_read_back(const struct settings *settings)
{
    struct diag diag;
    char *first = print(settings);
    if (strstr(first, "[hidden]") == NULL) { /* which is no URL and no secret */
        struct settings *again = load(first, &diag);
        ENSURE(again != NULL);
        char *second = print(again);
        ENSURE(strcmp(first, second) == 0);
        free(second);
        settings_free(again);
    }
    free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag diag;
    char *text = mem_string_from(slice_make((const char *)data, size));
    struct settings *settings = load(text, &diag);
    if (settings != NULL) {
        print_and_read_back(settings);
    }
    settings_free(settings);
    free(text);
    return 0;
}
