/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/landlock.h"
#include "base/mem.h"
#include "base/shown.h"
#include "cli/check/connect.h"
#include "cli/check/tests.h"
#include "cli/config_options.h"
#include "cli/options.h"
#include "cli/print_json.h"
#include "config/config.h"
#include "config/url.h"
#include "daemon/sandbox.h"
#include "filters/filters.h"
#include "input/input_type.h"
#include "outputs/endpoint.h"

enum format {
    AS_TEXT,
    AS_JSON,
};

struct arguments {
    struct config_arguments config;
    bool quiet;
    bool test;
    bool connect;
    unsigned format;
};

static const char *const formats[] = {"text", "json", NULL};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"quiet", 'q', CLI_FLAG, offsetof(struct arguments, quiet), NULL, "print errors and warnings "
                                                                      "only",
     NULL},
    {"test", 't', CLI_FLAG, offsetof(struct arguments, test), NULL,
     "run the `tests` of the config and report those that fail", NULL},
    {"connect", 0, CLI_FLAG, offsetof(struct arguments, connect), NULL,
     "send a test request to every output and report problems", NULL},
    {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "text, or one JSON object", formats},
    {0},
};

/* ---- what the sandbox will leave open ---- */

static const char *right_of(const struct sandbox_path *path)
{
    return (path->rights & LANDLOCK_WRITE) != 0     ? "write"
           : (path->rights & LANDLOCK_SOCKETS) != 0 ? "sockets"
                                                    : "read";
}

/* In comments: what stands before is a config. */
static void print_sandbox(const struct config_arguments *arguments,
                          const struct settings *settings)
{
    if (!settings->sandbox) {
        puts("\n"
             "# sandbox: off; `clew run` can open whatever its user can");
        return;
    }
    struct sandbox *sandbox = sandbox_new(settings, config_arguments_file(arguments));
    fputs(landlock_version() > 0
              ? "\n"
                "# sandbox: on this machine `clew run` can open these, and everything below them\n"
              : "\n"
                "# sandbox: this kernel has no Landlock; with Landlock `clew run` could open\n",
          stdout);
    for (size_t i = 0; i < sandbox_count(sandbox); i++) {
        const struct sandbox_path *path = sandbox_get(sandbox, i);
        shown_print(stdout, "#   %-7s %s%s\n", right_of(path), path->path,
                    path->is_system ? " (the system's)" : "");
    }
    sandbox_free(sandbox);
}

static json_t *sandbox_to_json(const struct config_arguments *arguments,
                               const struct settings *settings)
{
    if (settings == NULL || !settings->sandbox) {
        return NULL;
    }
    json_t *paths = json_array();
    struct sandbox *sandbox = sandbox_new(settings, config_arguments_file(arguments));
    for (size_t i = 0; i < sandbox_count(sandbox); i++) {
        const struct sandbox_path *path = sandbox_get(sandbox, i);
        json_array_append_new(paths, json_pack("{s:s, s:s, s:b}", "may", right_of(path), "path",
                                               path->path, "system", path->is_system));
    }
    sandbox_free(sandbox);
    return paths;
}

static void print_text(const struct config_arguments *arguments, const struct settings *settings,
                       const struct diag *diag, bool quiet)
{
    diag_print(diag, stderr);
    if (settings == NULL || quiet) {
        return;
    }
    config_print(settings, stdout);
    print_sandbox(arguments, settings);
    if (settings->input_count == 0) {
        fputs("clew: warning: nothing to read: there are no `inputs`, and no /var/log/pods\n",
              stderr);
    }
}

static json_t *finding(const struct diag_entry *entry)
{
    return json_pack("{s:s, s:o, s:i, s:i, s:o}", "level",
                     entry->level == DIAG_ERROR ? "error" : "warning", "file",
                     cli_json_text(entry->file), "line", (int)entry->line, "column",
                     (int)entry->column, "text", cli_json_text(entry->text));
}

static json_t *connections(const struct connect_result *results, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct connect_result *result = &results[i];
        json_t *item = json_pack("{s:o, s:o, s:b, s:i, s:o}", "output",
                                 cli_json_text(result->output), "url", cli_json_text(result->url),
                                 "good", result->is_good, "status", (int)result->status, "text",
                                 cli_json_text(result->text));
        json_array_append_new(list, item);
    }
    return list;
}

/* `results` are NULL without --connect. */
static void print_json(const struct config_arguments *arguments, const struct settings *settings,
                       const struct diag *diag, const struct connect_result *results)
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
        json_pack("{s:i, s:b, s:o, s:o, s:o, s:o*}", "version", 1, "valid", settings != NULL,
                  "file", cli_json_text(config_arguments_file(arguments)), "findings", findings,
                  "effective", cli_json_text(text), "sandbox",
                  sandbox_to_json(arguments, settings));
    if (results != NULL) {
        json_object_set_new(report, "connect", connections(results, settings->output_count));
    }
    cli_print_json(report, JSON_INDENT(2), stdout);
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

static bool are_good(const struct connect_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!results[i].is_good) {
            return false;
        }
    }
    return true;
}

static void print_connections(const struct connect_result *results, size_t count, bool quiet)
{
    for (size_t i = 0; i < count; i++) {
        const struct connect_result *result = &results[i];
        if (!quiet || !result->is_good) {
            shown_print(stdout, "output %s: %s%s%s\n", result->output,
                        result->url != NULL ? result->url : "",
                        result->url == NULL  ? ""
                        : result->is_good    ? " takes requests: "
                                             : " does not accept requests: ",
                        result->text);
        }
    }
}

static int judge(const struct arguments *arguments, const struct settings *settings,
                 const struct diag *diag, bool has_losses)
{
    int tested = EXIT_GOOD;
    bool asks = arguments->connect && settings != NULL;
    size_t count = asks ? settings->output_count : 0;
    struct connect_result *results = asks ? check_connect(settings) : NULL;
    bool is_text = arguments->format != AS_JSON;
    if (arguments->test && settings != NULL) {
        diag_print(diag, stderr);
        tested = run_tests(arguments, settings);
    } else if (!is_text) {
        print_json(&arguments->config, settings, diag, results);
    } else if (asks) {
        diag_print(diag, stderr);
    } else {
        print_text(&arguments->config, settings, diag, arguments->quiet);
    }
    if (asks && (is_text || arguments->test)) {
        print_connections(results, count, arguments->quiet);
    }
    tested = tested == EXIT_GOOD && !are_good(results, count) ? EXIT_FAILED : tested;
    connect_results_free(results, count);
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
        const struct input_type *type = input_type_find(input->type);
        if (type->absent != NULL) {
            diag_add(diag, DIAG_ERROR, (struct diag_place){0}, "input %s has type %s, but %s",
                     input->name, input->type, type->absent);
            found = true;
        }
    }
    return found;
}

/* A whole URL is taken as it is written: whoever thinks that /v1/logs is added to it is told. */
static void find_paths(const struct settings *settings, struct diag *diag)
{
    for (size_t i = 0; settings != NULL && i < settings->output_count; i++) {
        const struct output_settings *output = &settings->outputs[i];
        struct url url;
        if (output->endpoint == NULL || !url_parse(output->endpoint, &url) ||
            endpoint_is_for_logs(output->endpoint) || endpoint_is_of_grpc(output->endpoint)) {
            continue;
        }
        char *shown = mem_format("%.*s://%.*s%s%.*s%.*s", (int)url.scheme.len, url.scheme.data,
                                 (int)url.host.len, url.host.data, url.port.len > 0 ? ":" : "",
                                 (int)url.port.len, url.port.data, (int)url.path.len, url.path.data);
        char *advice = endpoint_advise(shown);
        diag_add(diag, DIAG_WARNING, (struct diag_place){0},
                 "output \"%s\": requests go to %s as written, without /v1/logs, where OTLP "
                 "backends accept logs; unless this one is an exception, %s",
                 output->name, shown, advice);
        free(advice);
        free(shown);
    }
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
    find_paths(settings, &diag);
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
    .summary = "report errors in a config and print the config in effect",
    .usage =
        "usage: clew check [-c FILE] [--test] [--connect]\n"
        "\n"
        "Reads the config as `clew run` does, with the environment and --set. Reports every "
        "error\n"
        "with file, line and column; prints a valid config as it is in effect, with secrets "
        "hidden,\n"
        "and the files that its sandbox allows on this machine. --test runs the `tests` of a "
        "valid\n"
        "config. --connect sends a request without records to the address of every output, and "
        "if\n"
        "that is refused, one with a single record that is recognisably not a log line. Exit "
        "status:\n"
        "0 success, 1 a test fails or an address accepts no requests, 2 the config is invalid, 3 "
        "a\n"
        "filter takes the ids from every record.\n",
    .options = options,
    .run = run,
};
