/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_FLUENTBIT_IMPORT_FIELDS_H
#define CLEW_SHIPPERS_FLUENTBIT_IMPORT_FIELDS_H

/* Names of fields, and conditions on them, from Fluent Bit's words to clew's. */

#include "shippers/fluentbit/import.h"

/* The name clew has for a key or record accessor (`$kubernetes['pod_name']`); NULL if it has none. */
const char *field_name(struct fb_import *import, const char *key);

/* A name that may be given to a field. */
bool field_is_good(const char *name);

/* Of the runtime's envelope (`log`, `stream`, `time`, …): in clew no field of the line. */
bool field_is_envelope(const char *key);

/* Named after an id; a removal that would take such fields. */
bool field_is_id(const char *key);
bool pattern_takes_ids(const char *pattern);
bool prefix_takes_ids(const char *prefix);

/* A text as a constant, quoted; NULL if it would be a template to clew. */
const char *constant_text(struct fb_import *import, const char *value);

/* Conditions as YAML; NULL if it cannot be said. */
const char *condition_matches(struct fb_import *import, const char *key, const char *regex);
const char *condition_exists(struct fb_import *import, const char *key, bool exists);
const char *condition_equals(struct fb_import *import, const char *key, const char *value);

/* By the name of the test; `value` is YAML. */
const char *condition_test(struct fb_import *import, const char *key, const char *name,
                           const char *value);

/* The key is there and `condition` does not hold. */
const char *condition_but_not(struct fb_import *import, const char *key, const char *condition);

#endif
