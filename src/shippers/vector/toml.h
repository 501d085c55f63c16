/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_VECTOR_TOML_H
#define CLEW_SHIPPERS_VECTOR_TOML_H

/* TOML (v1.0) as the same tree that foreign/yaml.h makes; dotted keys and table heads are nested maps.
 * What cannot be read is passed over to the next line. Never NULL. */

#include "shippers/common/yaml.h"
#include "shippers/probe/trail.h"

struct yaml *toml_read(struct lint *lint, const struct foreign_text *text);

#endif
