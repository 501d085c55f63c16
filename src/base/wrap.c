/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wrap.h"
#include "base/shown.h"

#include <string.h>

size_t wrap_line(const char *text, size_t width)
{
    size_t len = strlen(text);
    if (len <= width) {
        return len;
    }
    len = width;
    while (len > 0 && text[len] != ' ') {
        len--;
    }
    return len > 0 ? len : strcspn(text, " ");
}

void wrap_print(FILE *out, const char *text, unsigned indent, const char *lead, unsigned columns)
{
    while (*text != '\0') {
        size_t len = wrap_line(text, columns - indent - strlen(lead));
        shown_print(out, "%*s%s%.*s\n", (int)indent, "", lead, (int)len, text);
        text += len + strspn(text + len, " ");
    }
}
