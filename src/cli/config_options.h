/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_CONFIG_OPTIONS_H
#define CLEW_CLI_CONFIG_OPTIONS_H

/*
 * `-c FILE` and `--set NAME=VALUE`, the same for every command that reads a config.
 *
 *     struct arguments {
 *         struct config_arguments config;
 *         …
 *     };
 *     static const struct cli_option options[] = {
 *         CONFIG_OPTIONS(struct arguments, config),
 *         …
 *     };
 */

#include <stddef.h>
#include "base/diag.h"
#include "cli/options.h"
#include "record/settings.h"

struct config_arguments {
    const char *file;
    struct cli_texts sets;
};

/* clang-format off */
#define CONFIG_OPTIONS(type, member)                                                               \
    {"config", 'c', CLI_TEXT, offsetof(type, member.file), "FILE",                                 \
     "read this config (default: $CLEW_CONFIG, else /etc/clew/clew.yaml if there is one)", NULL},  \
    {"set", 0, CLI_TEXTS, offsetof(type, member.sets), "NAME=VALUE",                               \
     "set one option, such as outputs.timeout=5s; may be repeated", NULL}
/* clang-format on */

/* The file that is read: the one named, else the standard places; NULL: none. */
const char *config_arguments_file(const struct config_arguments *arguments);

/*
 * Read the config and the environment. Warnings and errors have been printed to standard error
 * when it returns; NULL if there was an error (return EXIT_USAGE then). `paths` as in struct
 * config_sources. The caller owns the settings and frees `arguments->sets`.
 */
struct settings *config_arguments_load(const struct config_arguments *arguments,
                                       const char *const *paths);

/* The same for a caller that shows what was found itself. */
struct settings *config_arguments_load_quietly(const struct config_arguments *arguments,
                                               const char *const *paths, struct diag *diag);

#endif
