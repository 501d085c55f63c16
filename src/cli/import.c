/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/import.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "base/shown.h"
#include "base/wrap.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/print_json.h"

enum view {
    VIEW_TEXT,
    VIEW_JSON,
};

enum policy {
    FAIL_ON_NEEDS_YOU,
    FAIL_ON_NOTHING,
};

struct arguments {
    unsigned format;
    unsigned fail_on;
    const char *output;
};

static const char *const formats[] = {"text", "json", NULL};
static const char *const policies[] = {"needs-you", "nothing", NULL};

static const struct cli_option options[] = {
    {"output", 'o', CLI_TEXT, offsetof(struct arguments, output), "FILE",
     "file for the new config; by default standard output, with the table at the end",
     NULL},
    {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "the table as text, or one JSON object with table and config", formats},
    {"fail-on", 0, CLI_CHOICE, offsetof(struct arguments, fail_on), NULL,
     "what exits with status 3: an option that needs you (needs-you), or nothing (default)",
     policies},
    {0},
};

static int complain(const char *path, int result)
{
    shown_print(stderr, "clew import: %s: %s\n", path,
            result < 0 ? strerror(-result) : "not a config of Fluent Bit that clew can read");
    return EXIT_USAGE;
}

/* ---- showing ---- */

static void print_rows(const struct import *import, enum import_fate fate)
{
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    if (import_count(import, fate) == 0) {
        return;
    }
    shown_print(stdout, "%s\n", import_fate_titles[fate]);
    for (size_t i = 0; i < count; i++) {
        const struct import_row *row = &rows[i];
        if (row->fate != fate) {
            continue;
        }
        shown_print(stdout, "  %s:%u  %s%s%s%s%s\n", row->place.file, row->place.line, row->section,
               *row->option != '\0' ? "  " : "", row->option, *row->value != '\0' ? " " : "",
               row->value);
        wrap_print(stdout, row->what, 6, "", 96);
    }
    putchar('\n');
}

static void print_text(const struct import *import)
{
    for (enum import_fate fate = 0; fate <= IMPORT_NEEDS_YOU; fate++) {
        print_rows(import, fate);
    }
    for (enum import_fate fate = 0; fate <= IMPORT_NEEDS_YOU; fate++) {
        shown_print(stdout, "%s%zu %s", fate > 0 ? ", " : "", import_count(import, fate),
               import_fate_titles[fate]);
    }
    putchar('\n');
}

static json_t *counts(const struct import *import)
{
    json_t *map = json_object();
    for (enum import_fate fate = 0; fate <= IMPORT_NEEDS_YOU; fate++) {
        json_object_set_new(map, import_fate_names[fate],
                            json_integer((json_int_t)import_count(import, fate)));
    }
    return map;
}

static void print_json(const struct import *import, struct slice yaml)
{
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct import_row *row = &rows[i];
        json_array_append_new(
            list, json_pack("{s:o, s:i, s:i, s:o, s:o, s:o, s:s, s:o}", "file",
                            cli_json_text(row->place.file), "line", (int)row->place.line, "column",
                            (int)row->place.column, "section", cli_json_text(row->section), "option",
                            cli_json_text(row->option), "value", cli_json_text(row->value), "fate",
                            import_fate_names[row->fate], "what", cli_json_text(row->what)));
    }
    json_t *report = json_pack("{s:o, s:o, s:o}", "counts", counts(import), "table", list, "config",
                               json_stringn(yaml.data, yaml.len));
    cli_print_json(report, JSON_INDENT(2), stdout);
    json_decref(report);
}

/* ---- writing ---- */

/* The config may hold what the old one kept secret. */
static int write_config(const char *path, struct slice yaml)
{
    mode_t mask = umask(077);
    FILE *file = fopen(path, "wb");
    umask(mask);
    bool is_good = file != NULL && fwrite(yaml.data, 1, yaml.len, file) == yaml.len;
    if (file != NULL && fclose(file) != 0) {
        is_good = false;
    }
    if (!is_good) {
        shown_print(stderr, "clew import: cannot write %s: %s\n", path, strerror(errno));
    }
    return is_good ? EXIT_GOOD : EXIT_FAILED;
}

static int show(struct import *import, const struct arguments *arguments)
{
    struct slice yaml = import_convert(import);
    int status = EXIT_GOOD;
    if (arguments->output != NULL) {
        status = write_config(arguments->output, yaml);
    }
    if (arguments->format == VIEW_JSON) {
        print_json(import, yaml);
    } else if (arguments->output != NULL) {
        print_text(import);
    } else {
        fwrite(yaml.data, 1, yaml.len, stdout);
    }
    bool fails = arguments->fail_on == FAIL_ON_NEEDS_YOU &&
                 import_count(import, IMPORT_NEEDS_YOU) > 0;
    return status != EXIT_GOOD ? status : fails ? EXIT_POLICY : EXIT_GOOD;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {.format = VIEW_TEXT, .fail_on = FAIL_ON_NOTHING};
    struct cli_texts files = {0};
    int status;
    if (!cli_parse(&command_import, argc, argv, &arguments, &files, SIZE_MAX, &status)) {
        cli_texts_free(&files);
        return status;
    }
    if (files.count == 0) {
        cli_texts_free(&files);
        return cli_usage_error(&command_import, "no file to read");
    }
    struct import *import = import_new();
    status = EXIT_GOOD;
    for (size_t i = 0; i < files.count && status == EXIT_GOOD; i++) {
        int result = import_file(import, files.items[i]);
        status = result == IMPORT_READ ? EXIT_GOOD : complain(files.items[i], result);
    }
    if (status == EXIT_GOOD) {
        status = show(import, &arguments);
    }
    import_free(import);
    cli_texts_free(&files);
    return status;
}

const struct command command_import = {
    .name = "import",
    .summary = "convert a Fluent Bit config to a clew config",
    .usage = "usage: clew import [OPTION]… FILE…\n"
             "\n"
             "Converts a Fluent Bit config (classic, YAML, in ConfigMaps and Helm values; "
             "several\n"
             "FILEs are one config) to a clew config that keeps every field. A table lists "
             "what\n"
             "became of each section and option.\n",
    .options = options,
    .run = run,
};
