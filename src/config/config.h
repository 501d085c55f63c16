/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_CONFIG_H
#define CLEW_CONFIG_CONFIG_H

/*
 * From YAML, the environment and the command line to `struct settings`.
 *
 * Every option is one row of the table in options.c: its name, type, default, limits, unit and
 * help. The reader, `clew check`, `clew help config` and the test of conf/clew.yaml all go by that
 * table.
 *
 * Precedence, highest first: `--set name=value`, the YAML file, OTEL_* variables, the default.
 */

#include <stdbool.h>
#include <stdio.h>
#include "base/diag.h"
#include "record/settings.h"

struct config_sources {
    const char *file;         /* NULL: none */
    const char *const *sets;  /* "name=value" from --set, NULL at the end; NULL: none */
    const char *const *paths; /* of the command line: they replace the inputs; or NULL */
    char **environ;           /* as environ(7) */
};

/* Read all of it. NULL if there was an error; warnings and errors are in `diag` either way. The
 * caller owns the settings. */
struct settings *config_load(const struct config_sources *sources, struct diag *diag);

/* The same from a text in memory; `name` stands for the file in messages. */
struct settings *config_load_text(const char *text, const char *name,
                                  const struct config_sources *sources, struct diag *diag);

void settings_free(struct settings *settings); /* NULL is fine */

/* The effective config as YAML that can be read back, secrets shown as `[hidden]`. */
void config_print(const struct settings *settings, FILE *out);

/* Does this option (`control`, or a whole list such as `multiline`) mean the same in both? Secrets are
 * compared too. */
bool config_is_same(const char *option, const struct settings *a, const struct settings *b);

/* The same of two structs of a list of sections (`inputs`). */
bool config_is_same_item(const char *option, const void *a, const void *b);

/* Every option with its default and help, as the reference config documents it. */
void config_print_reference(FILE *out);

#endif
