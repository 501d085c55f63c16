/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/audit/views.h"
#include "cli/config_options.h"
#include "config/config.h"
#include "daemon/daemon.h"

struct arguments {
    struct config_arguments config;
    bool once;
};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"once", 0, CLI_FLAG, offsetof(struct arguments, once), NULL,
     "exit when all existing input has been read and delivered", NULL},
    {0},
};

struct end {
    const struct audit_settings *settings;
    bool once;
    bool is_complete;
};

/* What was read, told at the end to whoever watches: how much of it leads to its traces. */
static void report(void *context, const struct daemon_report *report)
{
    struct end *end = context;
    end->is_complete = report->is_complete;
    if (!end->once && !isatty(STDOUT_FILENO)) {
        return;
    }
    struct audit_report *audit = audit_report_new(report->audit, &(struct audit_policy){0});
    struct audit_view view = {.report = audit,
                              .settings = end->settings,
                              .has_colour = cli_has_colour(STDOUT_FILENO)};
    audit_table_print(&view, stdout);
    audit_report_free(audit);
}

/* What is read again at SIGHUP: the same file, whether or not it is still there. */
struct origin {
    struct config_arguments arguments;
    const char *const *paths;
};

static struct settings *load_again(void *context, struct diag *diag)
{
    const struct origin *origin = context;
    return config_arguments_load_quietly(&origin->arguments, origin->paths, diag);
}

static int run_settings(const struct settings *settings, struct origin *origin, bool once)
{
    struct end end = {.settings = &settings->audit, .once = once};
    const struct daemon_options run_options = {.once = once,
                                               .load = load_again,
                                               .load_context = origin,
                                               .config_file = origin->arguments.file};
    char *error = NULL;
    if (!daemon_run(settings, &run_options, report, &end, &error)) {
        shown_print(stderr, "clew run: %s\n", error);
        free(error);
        return EXIT_FAILED;
    }
    return end.is_complete || !once ? EXIT_GOOD : EXIT_FAILED;
}

static void end_well(int number)
{
    (void)number;
    _exit(EXIT_GOOD);
}

/* With --once: what there is has not been delivered. */
static void end_badly(int number)
{
    (void)number;
    _exit(EXIT_FAILED);
}

/* A service manager may signal at any time. Until the loop turns nothing has been read, so there is
 * nothing to deliver before the end; a SIGHUP waits until there is a loop to hear it. */
static void await_signals(void (*end)(int number))
{
    const struct sigaction action = {.sa_handler = end};
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct cli_texts paths = {0};
    int status = EXIT_USAGE;
    await_signals(end_well);
    if (cli_parse(&command_run, argc, argv, &arguments, &paths, SIZE_MAX, &status)) {
        await_signals(arguments.once ? end_badly : end_well);
        struct settings *settings = config_arguments_load(&arguments.config, paths.items);
        if (settings != NULL && settings->input_count > 0) {
            struct origin origin = {arguments.config, paths.items};
            origin.arguments.file = config_arguments_file(&arguments.config);
            status = run_settings(settings, &origin, arguments.once);
        } else if (settings != NULL) {
            status = cli_usage_error(&command_run,
                                     "nothing to read: this machine has no /var/log/pods; name "
                                     "files, or `inputs` in a config");
        }
        settings_free(settings);
    }
    cli_texts_free(&arguments.config.sets);
    cli_texts_free(&paths);
    return status;
}

const struct command command_run = {
    .name = "run",
    .summary = "tail log files and ship them over OTLP/HTTP",
    .usage = "usage: clew run [-c FILE] [--set NAME=VALUE]... [--once] [PATH...|-]\n"
             "\n"
             "Tails the files of the config, or the given files, directories and globs, and "
             "ships\n"
             "every line to the OTLP/HTTP endpoint, by default $OTEL_EXPORTER_OTLP_ENDPOINT. "
             "Without\n"
             "a config it tails the pod logs of the Kubernetes node it runs on. - is standard "
             "input.\n"
             "At its start it logs what it reads, how many files match, and where it ships. It "
             "waits for\n"
             "paths that do not exist; with --once the exit status is then 1 when the others are "
             "done.\n"
             "\n"
             "The data directory has a checkpoint of what the backend has acknowledged; a "
             "restart\n"
             "continues there. SIGTERM and SIGINT deliver what has been read, within "
             "shutdown_timeout.\n"
             "SIGHUP reloads the config. An invalid config is rejected with a message, and clew "
             "keeps\n"
             "the old one.\n",
    .options = options,
    .run = run,
};
