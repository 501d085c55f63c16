/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_LINT_TOML_H
#define CLEW_LINT_TOML_H

/* TOML (v1.0) as the same tree that lint/yaml.h makes; dotted keys and table heads are nested maps.
 * What cannot be read is passed over to the next line. Never NULL. */

#include "lint/yaml.h"

struct yaml *toml_read(struct lint *lint, const struct lint_text *text);

#endif
