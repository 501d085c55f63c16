/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_OPTIONS_H
#define CLEW_CLI_OPTIONS_H

/*
 * The options of every command, parsed and documented by one table each.
 *
 *     struct arguments {
 *         const char *config;
 *         bool quiet;
 *         unsigned format;
 *     };
 *     static const char *const formats[] = {"text", "json", NULL};
 *     static const struct cli_option options[] = {
 *         {"config", 'c', CLI_TEXT, offsetof(struct arguments, config), "FILE", "the config"},
 *         {"quiet", 'q', CLI_FLAG, offsetof(struct arguments, quiet), NULL, "say less"},
 *         {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL, "how", formats},
 *         {0},
 *     };
 *
 * The command names the table in its `struct command`; `--help` prints its usage and then the
 * table. Long options take `--name value` and `--name=value`, short ones `-n value`, `-nvalue` and
 * may be joined (`-qc x`). Options and operands may be mixed; after `--` everything is an operand,
 * and a lone `-` always is one (standard input).
 */

#include <stdbool.h>
#include <stddef.h>
#include "cli/cli.h"

enum cli_option_kind {
    CLI_FLAG,     /* bool */
    CLI_TEXT,     /* const char *, borrowed from argv; the last one given counts */
    CLI_TEXTS,    /* struct cli_texts: every one given */
    CLI_CHOICE,   /* unsigned: the index in `choices` */
    CLI_COUNT,    /* uint64_t, decimal */
    CLI_SIZE,     /* uint64_t, bytes: 64KiB */
    CLI_DURATION, /* uint64_t, milliseconds: 5s */
    CLI_RATIO,    /* double from 0 to 1: 50%, 0.5 */
};

struct cli_option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* the short form; 0: none */
    enum cli_option_kind kind;
    size_t offset;              /* of the value in the command's struct of arguments */
    const char *value;          /* what help calls the value, in capitals; NULL: by the kind */
    const char *help;           /* one sentence, begun small, without a full stop */
    const char *const *choices; /* of CLI_CHOICE, NULL at the end */
};

/* Texts of argv in the order given; `items` ends with NULL and is freed by cli_texts_free(). An
 * empty one is all zero: `items` is NULL then. */
struct cli_texts {
    const char **items;
    size_t count;
};

void cli_texts_add(struct cli_texts *texts, const char *text);
void cli_texts_free(struct cli_texts *texts);

/*
 * Parse argv by command->options into `arguments`, which holds the defaults, and the operands.
 * Complains if there are more than `operands_max`.
 *
 * True: go on. False: return *out_status from the command: `--help` was answered (EXIT_GOOD), or
 * the usage was wrong and has been complained about (EXIT_USAGE). Either way the caller frees the
 * operands and every CLI_TEXTS.
 */
bool cli_parse(const struct command *command, int argc, char **argv, void *arguments,
               struct cli_texts *operands, size_t operands_max, int *out_status);

/* The option that every command has besides its own. */
extern const struct cli_option cli_help_option;

/* What stands behind an option's name in help: ` FILE`, ` text|json`, or nothing. */
void cli_option_print_value(const struct cli_option *option, FILE *out);

/* The command's usage and its options, as `--help` shows them. */
void cli_print_help(const struct command *command);

#endif
