/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <string.h>
#include "outputs/outputs.h"
#include "parsers/parsers.h"

/* In the order in which they are tried; the last one takes every line. */
const struct parser *const registry_parsers[] = {
    &parser_json,
    &parser_logfmt,
    &parser_text,
    NULL,
};

const struct output_type *const registry_outputs[] = {
    &output_otlp_http,
    NULL,
};

const struct output_type *registry_find_output(const char *name)
{
    for (size_t i = 0; registry_outputs[i] != NULL; i++) {
        if (strcmp(registry_outputs[i]->name, name) == 0) {
            return registry_outputs[i];
        }
    }
    return NULL;
}
