/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include "cli/check_tests.h"
#include "cli/config_options.h"
#include "cli/options.h"
#include "config/config.h"
#include "filters/filters.h"
#include "input/feed.h"

enum format {
    AS_TEXT,
    AS_JSON,
};

struct arguments {
    struct config_arguments config;
    bool quiet;
    bool test;
    unsigned format;
};

static const char *const formats[] = {"text", "json", NULL};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"quiet", 'q', CLI_FLAG, offsetof(struct arguments, quiet), NULL, "say only what is wrong",
     NULL},
    {"test", 't', CLI_FLAG, offsetof(struct arguments, test), NULL,
     "run the `tests` of the config, and say which of them fail", NULL},
    {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "for people, or one JSON object for machines", formats},
    {0},
};

static void print_text(const struct settings *settings, const struct diag *diag, bool quiet)
{
    diag_print(diag, stderr);
    if (settings == NULL || quiet) {
        return;
    }
    config_print(settings, stdout);
    if (settings->input_count == 0) {
        fputs("clew: warning: nothing to read: there are no `inputs`, and no /var/log/pods\n",
              stderr);
    }
}

static json_t *finding(const struct diag_entry *entry)
{
    return json_pack("{s:s, s:s?, s:i, s:i, s:s}", "level",
                     entry->level == DIAG_ERROR ? "error" : "warning", "file", entry->file, "line",
                     (int)entry->line, "column", (int)entry->column, "text", entry->text);
}

static void print_json(const struct config_arguments *arguments, const struct settings *settings,
                       const struct diag *diag)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < diag->count; i++) {
        json_array_append_new(findings, finding(&diag->entries[i]));
    }
    char *text = NULL;
    size_t len = 0;
    FILE *memory = settings != NULL ? open_memstream(&text, &len) : NULL;
    if (memory != NULL) {
        config_print(settings, memory);
        fclose(memory);
    }
    json_t *report =
        json_pack("{s:i, s:b, s:s?, s:o, s:s?}", "version", 1, "valid", settings != NULL, "file",
                  config_arguments_file(arguments), "findings", findings, "effective", text);
    json_dumpf(report, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(report);
    free(text);
}

static bool find_losses_among(const struct filter_settings *items, size_t count, struct diag *diag)
{
    bool has_losses = false;
    for (size_t i = 0; i < count; i++) {
        const struct filter_settings *item = &items[i];
        struct diag_place place = {item->place.file, item->place.line, item->place.column};
        char *loss = filter_find_loss(item);
        if (loss != NULL) {
            diag_add(diag, DIAG_WARNING, place, "filter \"%s\" %s", item->name, loss);
            has_losses = true;
        }
        free(loss);
    }
    return has_losses;
}

/* Filters that cost every record its ids, or everything. */
static bool find_losses(const struct settings *settings, struct diag *diag)
{
    if (settings == NULL) {
        return false;
    }
    bool has_losses = find_losses_among(settings->filters, settings->filter_count, diag);
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route_settings *route = &settings->routes[i];
        has_losses |= find_losses_among(route->filters, route->filter_count, diag);
    }
    return has_losses;
}

/* With its tests it is read once more where it has no input, as if lines came from standard input. */
static int run_tests(const struct arguments *arguments, const struct settings *settings)
{
    static const char *const stdin_path[] = {"-", NULL};
    struct settings *own = NULL;
    if (settings->input_count == 0) {
        struct diag diag;
        diag_init(&diag);
        own = config_arguments_load_quietly(&arguments->config, stdin_path, &diag);
        diag_fini(&diag);
        settings = own;
    }
    int status = EXIT_FAILED;
    if (settings == NULL || settings->test_count == 0) {
        fputs("clew check: the config has no `tests`\n", stderr);
    } else {
        struct tests_result result = check_tests(settings, arguments->quiet, stdout);
        printf("%zu passed, %zu failed\n", result.passed, result.failed);
        status = result.failed > 0 ? EXIT_FAILED : EXIT_GOOD;
    }
    settings_free(own);
    return status;
}

static int judge(const struct arguments *arguments, const struct settings *settings,
                 const struct diag *diag, bool has_losses)
{
    int tested = EXIT_GOOD;
    if (arguments->test && settings != NULL) {
        diag_print(diag, stderr);
        tested = run_tests(arguments, settings);
    } else if (arguments->format == AS_JSON) {
        print_json(&arguments->config, settings, diag);
    } else {
        print_text(settings, diag, arguments->quiet);
    }
    return settings == NULL        ? EXIT_USAGE
           : tested != EXIT_GOOD   ? tested
           : has_losses            ? EXIT_POLICY
                                   : EXIT_GOOD;
}

/* Inputs that this clew cannot open, whatever their options: `clew run` would not start. */
static bool find_absent(const struct settings *settings, struct diag *diag)
{
    bool found = false;
    for (size_t i = 0; settings != NULL && i < settings->input_count; i++) {
        const struct input_settings *input = &settings->inputs[i];
        const struct feed_type *type = feed_find(input->type);
        if (type->absent != NULL) {
            diag_add(diag, DIAG_ERROR, (struct diag_place){0}, "input %s is of type %s, but %s",
                     input->name, input->type, type->absent);
            found = true;
        }
    }
    return found;
}

static int check(const struct arguments *arguments)
{
    struct diag diag;
    diag_init(&diag);
    struct settings *settings = config_arguments_load_quietly(&arguments->config, NULL, &diag);
    if (find_absent(settings, &diag)) {
        settings_free(settings);
        settings = NULL;
    }
    bool has_losses = find_losses(settings, &diag);
    int status = judge(arguments, settings, &diag, has_losses);
    settings_free(settings);
    diag_fini(&diag);
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct cli_texts operands;
    int status = EXIT_GOOD;
    if (cli_parse(&command_check, argc, argv, &arguments, &operands, 1, &status)) {
        if (operands.count == 1) {
            arguments.config.file = operands.items[0];
        }
        status = check(&arguments);
    }
    cli_texts_free(&arguments.config.sets);
    cli_texts_free(&operands);
    return status;
}

const struct command command_check = {
    .name = "check",
    .summary = "say what is wrong with a config, and show what is in effect",
    .usage =
        "usage: clew check [-c FILE] [--test]\n"
        "\n"
        "Reads the config as `clew run` would, with the environment and --set. Every mistake is\n"
        "shown with its file, line and column; a good config is printed as it is in effect,\n"
        "secrets hidden. With --test the `tests` of a good config are run. Exit status: 0 it is good,\n"
        "1 a test fails, 2 it is not good, 3 a filter of it takes the ids from every record.\n",
    .options = options,
    .run = run,
};
