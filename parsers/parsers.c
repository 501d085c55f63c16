/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/parsers.h"

#include <stddef.h>

const struct parser *const parsers_tried[] = {
    &parser_json,
    &parser_logfmt,
    &parser_text,
    NULL,
};
