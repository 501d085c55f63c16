/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print_json.h"

#include <stdlib.h>
#include "audit/json.h"
#include "base/mem.h"
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

json_t *cli_json_text(const char *text)
{
    char *clean = audit_json_name(text);
    json_t *json = clean != NULL ? json_string(clean) : json_null();
    ENSURE(json != NULL);
    free(clean);
    return json;
}
