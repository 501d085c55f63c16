/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/json_write.h"
#include "base/mem.h"
#include "cli/config_options.h"
#include "config/config.h"
#include "delivery/replay.h"

struct arguments {
    struct config_arguments config;
    const char *data_dir;
    const char *endpoint;
    bool list;
};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"data-dir", 0, CLI_TEXT, offsetof(struct arguments, data_dir), "DIR",
     "send the dead letters of this data directory; the same as --set data_dir=DIR", NULL},
    {"endpoint", 0, CLI_TEXT, offsetof(struct arguments, endpoint), "URL",
     "send to this URL; the same as --set outputs.endpoint=URL", NULL},
    {"list", 0, CLI_FLAG, offsetof(struct arguments, list), NULL,
     "send nothing; print a JSON object for each dead letter, with the reason", NULL},
    {0},
};

/* Texts of a far end: whatever is in them, a terminal gets an escaped string. */
static void show(void *context, const struct parcel *letter)
{
    struct buf line = {.limit = 8192};
    bool *any = context;
    *any = true;
    buf_append_string(&line, "{\"time\":");
    json_write_uint64(&line, letter->time_ns);
    buf_append_string(&line, ",\"output\":");
    json_write_string(&line, slice_from_string(letter->output));
    buf_append_format(&line, ",\"records\":%" PRIu32 ",\"status\":%" PRIu64 ",\"message\":",
                      letter->records, letter->status);
    json_write_string(&line, slice_from_string(letter->message));
    buf_append_string(&line, "}\n");
    shown_put_json(stdout, buf_slice(&line));
    buf_fini(&line);
}

static int report(const struct replay_counts *counts)
{
    printf("%" PRIu64 " records sent, %" PRIu64 " refused again, %" PRIu64 " letters left\n",
           counts->sent, counts->refused, counts->left);
    if (counts->is_stuck) {
        fputs("clew replay: the backend did not accept the rest within shutdown_timeout\n", stderr);
    }
    return counts->left == 0 && counts->refused == 0 && counts->damaged == 0 && !counts->is_stuck
               ? EXIT_GOOD
               : EXIT_FAILED;
}

static int replay(const struct settings *settings, bool list)
{
    struct replay_counts counts;
    bool any = false;
    char *error = NULL;
    bool is_done = list ? replay_list(settings, show, &any, &error)
                        : replay_run(settings, &counts, &error);
    if (!is_done) {
        shown_print(stderr, "clew replay: %s\n", error);
        free(error);
        return EXIT_FAILED;
    }
    if (list && !any) {
        shown_print(stderr, "clew replay: there are no dead letters in %s\n", settings->data_dir);
    }
    return list ? EXIT_GOOD : report(&counts);
}

static void add_set(struct arguments *arguments, const char *name, const char *value, char **out)
{
    if (value != NULL) {
        *out = mem_format("%s=%s", name, value);
        cli_texts_add(&arguments->config.sets, *out);
    }
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct cli_texts none = {0};
    char *sets[2] = {NULL, NULL};
    int status = EXIT_USAGE;
    if (cli_parse(&command_replay, argc, argv, &arguments, &none, 0, &status)) {
        add_set(&arguments, "data_dir", arguments.data_dir, &sets[0]);
        add_set(&arguments, "outputs.endpoint", arguments.endpoint, &sets[1]);
        struct settings *settings = config_arguments_load(&arguments.config, NULL);
        status = settings != NULL ? replay(settings, arguments.list) : EXIT_USAGE;
        settings_free(settings);
    }
    cli_texts_free(&arguments.config.sets);
    cli_texts_free(&none);
    free(sets[0]);
    free(sets[1]);
    return status;
}

const struct command command_replay = {
    .name = "replay",
    .summary = "resend dead letters (records the backend rejected)",
    .usage = "usage: clew replay [-c FILE] [--set NAME=VALUE]... [--data-dir DIR] [--endpoint "
             "URL]\n"
             "                   [--list]\n"
             "\n"
             "Resends the dead letters in the data directory (records the backend rejected) "
             "and\n"
             "removes those that are accepted. Exits with 1 if some dead letters remain. It is safe "
             "to\n"
             "run while `clew run` uses the same data directory.\n",
    .options = options,
    .run = run,
};
