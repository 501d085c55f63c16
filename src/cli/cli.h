/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_CLI_H
#define CLEW_CLI_CLI_H

/*
 * The command line: one file a subcommand, each with its usage text beside the code that parses it.
 *
 * To add one: write src/cli/<name>.c with a `struct command`, name it below and in the table of
 * cli.c, add its page to the help test.
 */

#include <stdio.h>

#include <stdbool.h>

enum exit_status {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1, /* it was tried and failed */
    EXIT_USAGE = 2,  /* wrong usage or config */
    EXIT_POLICY = 3, /* a policy was not met */
};

struct cli_option; /* cli/options.h */

struct command {
    const char *name;
    const char *summary; /* one line for `clew help` */
    const char *usage;   /* what --help prints before the options: "usage: …" and what it does */
    const struct cli_option *options;  /* ends with an empty row; NULL: none but --help */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns an exit_status */
};

extern const struct command command_audit;
extern const struct command command_check;
extern const struct command command_help;
extern const struct command command_import;
extern const struct command command_lint;
extern const struct command command_parse;
extern const struct command command_receive;
extern const struct command command_replay;
extern const struct command command_run;
extern const struct command command_top;
extern const struct command command_version;

/* Every command, NULL at the end. */
extern const struct command *const commands[];

/* The command of that name, or NULL. */
const struct command *cli_find(const char *name);

/* What `clew help` says first: every command with its summary. */
void cli_print_usage(FILE *out);

/* Complaint about a name that is none of `names` (NULL at the end), with the nearest of them:
 * "clew: there is no KIND …"; EXIT_USAGE. */
int cli_unknown_name(const char *kind, const char *name, const char *const *names);

/* The whole program: finds the command, answers `help`, `--help` and `--version`. */
int cli_main(int argc, char **argv);

/* Colours are for a terminal, and not with NO_COLOR set to anything (https://no-color.org). */
bool cli_has_colour(int fd);

/* Complaint about usage on standard error, with the way to help; EXIT_USAGE. */
int cli_usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
