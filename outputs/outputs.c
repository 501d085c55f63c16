/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of outputs.
 *
 * To add one: write outputs/<name>.c with a `const struct output_type output_<name>`, declare it at the
 * end of outputs/output.h, and add it here.
 */
#include "outputs/output.h"

#include <string.h>

static const struct output_type *const types[] = {
    &output_otlp_http,
    NULL,
};

const struct output_type *output_type_find(const char *name)
{
    for (size_t i = 0; types[i] != NULL; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}
