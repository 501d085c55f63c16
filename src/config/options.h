/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_OPTIONS_H
#define CLEW_CONFIG_OPTIONS_H

/*
 * The table of options: everything that can be configured, as data.
 *
 * One row an option: its name, kind, where in `struct settings` it goes, default, limits and a
 * sentence of help. The reader, `clew check`, `clew help config` and conf/clew.yaml know nothing
 * else, so that an option is added by a member in record/settings.h and a row here, and can neither
 * be forgotten in the documentation nor differ from it.
 */

#include "config/option.h"

/* The options of the whole config, a row without name at the end. */
extern const struct option options_root[];

/* The option at a dotted path (`outputs.batch.age`; list positions are left out, or numbers), NULL
 * if there is none. "" has none either. */
const struct option *options_find(const char *path);

/* The name of the option at the top that has the same options below it, and is another one; or NULL. */
const char *options_shared_with(const struct option *option);

#endif
