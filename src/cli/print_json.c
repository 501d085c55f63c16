/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print_json.h"

#include <stdlib.h>
#include "base/shown.h"

void cli_print_json(const json_t *json, size_t flags, FILE *out)
{
    char *text = json_dumps(json, flags | JSON_ENSURE_ASCII);
    if (text != NULL) {
        shown_put_json(out, slice_from_string(text)); /* DEL is ASCII, too */
    }
    fputc('\n', out);
    free(text);
}
