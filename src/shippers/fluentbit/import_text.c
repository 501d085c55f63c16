/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values of the old config as texts of the new one. Whatever they hold, what comes out is YAML that
 * means that text: control characters and bytes that are no UTF-8 have escapes or become a question
 * mark, a dollar sign is doubled where clew would take it for more.
 */

#include "base/shown.h"
#include "shippers/fluentbit/import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "base/utf8.h"

enum { TEXT_BYTES_MAX = 64 << 10 };

static bool is_name(struct slice s)
{
    bool is_good = s.len > 0 && !isdigit((unsigned char)s.data[0]);
    for (size_t i = 0; i < s.len; i++) {
        is_good = is_good && (isalnum((unsigned char)s.data[i]) || s.data[i] == '_');
    }
    return is_good;
}

/* `${X}` in the old file is nothing if X is not set, in clew an error: `${X:-}` is as it was. */
static size_t put_variable(struct slice rest, struct buf *out)
{
    const char *end = memchr(rest.data, '}', rest.len);
    struct slice inner = end != NULL ? slice_make(rest.data + 2, (size_t)(end - rest.data) - 2)
                                     : slice_make(rest.data, 0);
    const char *rule = inner.len > 0 ? memmem(inner.data, inner.len, ":-", 2) : NULL;
    struct slice name = rule != NULL ? slice_make(inner.data, (size_t)(rule - inner.data)) : inner;
    if (end == NULL || !is_name(name) || memchr(inner.data, '$', inner.len) != NULL) {
        buf_append_string(out, "$$");
        return 1;
    }
    buf_append_string(out, "${");
    buf_append_slice(out, inner);
    buf_append_string(out, rule != NULL ? "}" : ":-}");
    return inner.len + 3;
}

/* What would mean something to clew's reader of variables is escaped for it. */
static void put_dollars(struct slice text, bool has_variables, struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        struct slice rest = slice_skip(text, i);
        if (has_variables && slice_has_prefix(rest, SLICE("${"))) {
            i += put_variable(rest, out);
        } else if (slice_has_prefix(rest, SLICE("$$")) || slice_has_prefix(rest, SLICE("${"))) {
            buf_append_string(out, "$$");
            i++;
        } else {
            buf_append(out, rest.data, 1);
            i++;
        }
    }
}

static bool is_plain_text(struct slice text)
{
    bool is_plain = utf8_is_valid(text.data, text.len);
    for (size_t i = 0; i < text.len && is_plain; i++) {
        unsigned char c = (unsigned char)text.data[i];
        is_plain = c >= ' ' && c != 0x7f && c < 0xc2; /* beyond ASCII: escapes */
    }
    return is_plain;
}

/* Of a valid sequence of two or three bytes. */
static unsigned code_point(const char *at, size_t len)
{
    unsigned c = (unsigned char)at[0] & (len == 2 ? 0x1fU : 0x0fU);
    for (size_t i = 1; i < len; i++) {
        c = c << 6 | ((unsigned char)at[i] & 0x3fU);
    }
    return c;
}

static void put_escaped(struct slice text, struct buf *out)
{
    buf_append_string(out, "\"");
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.data[i];
        size_t step = utf8_sequence_len(text.data + i, text.len - i);
        if (c == '"' || c == '\\') {
            buf_append_format(out, "\\%c", c);
        } else if (c < ' ' || c == 0x7f) {
            buf_append_format(out, "\\x%02x", c);
        } else if (step == 0) {
            buf_append_string(out, "?");
        } else if (c == 0xc2 || c == 0xef || c == 0xe2 || c == 0xd8) { /* C1 controls, BOM, turns */
            buf_append_format(out, "\\u%04x", code_point(text.data + i, step));
        } else {
            buf_append(out, text.data + i, step);
        }
        i += step > 0 ? step : 1;
    }
    buf_append_string(out, "\"");
}

static const char *quote(struct fb_import *import, const char *value, bool has_variables)
{
    struct buf made;
    struct buf out;
    struct slice text = slice_from_string(value);
    text.len = text.len < TEXT_BYTES_MAX ? text.len : TEXT_BYTES_MAX;
    buf_init(&made, TEXT_BYTES_MAX * 4);
    buf_init(&out, TEXT_BYTES_MAX * 16);
    put_dollars(text, has_variables, &made);
    struct slice s = buf_slice(&made);
    if (is_plain_text(s)) {
        buf_append_string(&out, "'");
        for (size_t i = 0; i < s.len; i++) {
            buf_append(&out, s.data[i] == '\'' ? "''" : s.data + i, s.data[i] == '\'' ? 2 : 1);
        }
        buf_append_string(&out, "'");
    } else {
        put_escaped(s, &out);
    }
    const char *copy = foreign_copy(import_arena(import), buf_slice(&out));
    buf_fini(&made);
    buf_fini(&out);
    return copy;
}

const char *yaml_quote(struct fb_import *import, const char *value)
{
    return quote(import, value, true);
}

const char *yaml_quote_literal(struct fb_import *import, const char *value)
{
    return quote(import, value, false);
}

const char *yaml_list(struct fb_import *import, const char *const *items, size_t count)
{
    const char *list = "";
    for (size_t i = 0; i < count; i++) {
        list = foreign_format(import_arena(import), "%s%s%s", list, i > 0 ? ", " : "",
                              yaml_quote(import, items[i]));
    }
    return foreign_format(import_arena(import), "[%s]", list);
}

/* ---- comments ---- */

bool text_is_printable(const char *text, size_t len)
{
    static const char *const breaks[] = {"\ufeff", "\ufffe", "\uffff"};
    for (size_t i = 0; i < ARRAY_LEN(breaks); i++) {
        if (len == 3 && memcmp(text, breaks[i], 3) == 0) {
            return false;
        }
    }
    return shown_len(text, len) > 0;
}

static void put_comment_line(struct buf *out, const char *indent, unsigned line, const char *key,
                             const char *value)
{
    enum { COLUMNS = 76 };
    struct slice text = slice_from_string(value);
    const char *end = memchr(text.data, '\n', text.len);
    size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
    bool is_cut = len < text.len || len > COLUMNS;
    len = len < COLUMNS ? len : COLUMNS;
    buf_append_format(out, "%s#%5u  ", indent, line);
    buf_append_string(out, key);
    buf_append_string(out, *value != '\0' ? " " : "");
    for (size_t i = 0; i < len;) {
        size_t step = utf8_sequence_len(text.data + i, text.len - i);
        if (text_is_printable(text.data + i, step)) {
            buf_append(out, text.data + i, step);
        } else {
            buf_append_string(out, "?");
        }
        i += step > 0 ? step : 1;
    }
    buf_append_string(out, is_cut ? " …\n" : "\n");
}

const char *yaml_comment(struct fb_import *import, const char *text)
{
    char *copy = mem_string(text);
    for (char *c = copy; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f ? '?' : *c;
    }
    const char *out = foreign_copy(import_arena(import), slice_from_string(copy));
    free(copy);
    return out;
}

void yaml_comment_section(struct fb_import *import, struct buf *out, const struct fb_section *section,
                          const char *indent)
{
    const char *slash = strrchr(section->place.file, '/');
    const char *file = slash != NULL ? slash + 1 : section->place.file;
    buf_append_format(out, "%s# %s:%u  %s\n", indent, yaml_comment(import, file), section->place.line,
                      section_title(import, section));
    for (const struct fb_property *p = section->first; p != NULL; p = p->next) {
        bool is_hidden = key_is_secret(p->key) && strchr(p->raw, '$') == NULL;
        put_comment_line(out, indent, p->place.line, yaml_comment(import, p->key),
                         is_hidden ? "[hidden]" : p->raw);
    }
}

/* ---- values ---- */

bool text_has_template(const char *value)
{
    return strstr(value, "{{") != NULL || strstr(value, "{%") != NULL ||
           strstr(value, "${TEMPLATE}") != NULL;
}

bool text_is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 10 && text[digits] == '\0';
}

const char *duration_text(struct fb_import *import, const char *value)
{
    char *end = NULL;
    double number = strtod(value, &end);
    double unit = 1;
    if (end == value || !isdigit((unsigned char)value[0])) {
        return NULL;
    }
    if (strcasecmp(end, "m") == 0) {
        unit = 60;
    } else if (strcasecmp(end, "h") == 0) {
        unit = 3600;
    } else if (*end != '\0' && strcasecmp(end, "s") != 0) {
        return NULL;
    }
    double ms = number * unit * 1000;
    if (!(ms >= 0 && ms < 1e9)) {
        return NULL;
    }
    return foreign_format(import_arena(import), "%llums", (unsigned long long)ms);
}

const char *draft_name(struct fb_import *import, const char *wanted,
                      bool (*is_taken)(const struct fb_import *import, const char *name))
{
    enum { NAME_BYTES_MAX = 40 };
    char out[NAME_BYTES_MAX + 1];
    size_t n = 0;
    for (; *wanted != '\0' && n < NAME_BYTES_MAX; wanted++) {
        bool is_good = isalnum((unsigned char)*wanted) && (unsigned char)*wanted < 0x80;
        if (is_good) {
            out[n++] = *wanted;
        } else if (n > 0 && out[n - 1] != '_') {
            out[n++] = '_';
        }
    }
    while (n > 0 && out[n - 1] == '_') {
        n--;
    }
    struct arena *arena = import_arena(import);
    const char *base = n > 0 ? foreign_copy(arena, slice_make(out, n)) : "x";
    const char *name = base;
    for (unsigned number = 2; is_taken(import, name); number++) {
        name = foreign_format(arena, "%s_%u", base, number);
    }
    return name;
}

/* ---- patterns ---- */

/* Onigmo's \h is a hexadecimal digit, PCRE2's a blank. */
static size_t put_escape(const char *at, bool in_class, struct buf *out)
{
    if (at[1] == 'h') {
        buf_append_string(out, in_class ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
    } else if (at[1] == 'H' && !in_class) {
        buf_append_string(out, "[^0-9A-Fa-f]");
    } else {
        buf_append(out, at, at[1] != '\0' ? 2 : 1);
    }
    return at[1] != '\0' ? 2 : 1;
}

static void translate(struct slice s, struct buf *out)
{
    const char *text = s.data;
    unsigned depth = 0; /* of classes: Onigmo's may hold others */
    for (size_t i = 0; i < s.len;) {
        if (text[i] == '\\') {
            i += put_escape(text + i, depth > 0, out);
            continue;
        }
        if (text[i] == '[' && depth == 0) {
            depth = 1;
            buf_append(out, text + i++, 1);
            i += text[i] == '^' ? (buf_append(out, text + i, 1), 1U) : 0U;
            i += text[i] == ']' ? (buf_append(out, text + i, 1), 1U) : 0U;
            continue;
        }
        depth = depth > 0 && text[i] == ']' && !(i >= 2 && text[i - 1] == ':') ? 0 : depth;
        buf_append(out, text + i, 1);
        i++;
    }
}

const char *pattern_text(struct fb_import *import, const char *value)
{
    struct slice s = slice_trim(slice_from_string(value));
    const char *flags = "";
    if (text_has_template(value) || strstr(value, "${") != NULL || s.len > TEXT_BYTES_MAX) {
        return NULL;
    }
    if (s.len > 1 && s.data[0] == '/') { /* /…/ and Ruby's options behind it */
        const char *slash = memrchr(s.data, '/', s.len);
        struct slice options = slice_make(slash + 1, (size_t)(s.data + s.len - slash) - 1);
        bool is_insensitive = memchr(options.data, 'i', options.len) != NULL;
        bool is_dotall = memchr(options.data, 'm', options.len) != NULL;
        if (slash > s.data && options.len < 4) {
            flags = is_insensitive && is_dotall ? "(?si)" : is_insensitive ? "(?i)"
                                                        : is_dotall        ? "(?s)" : "";
            s = slice_make(s.data + 1, (size_t)(slash - s.data) - 1);
        }
    }
    struct buf out;
    char *error = NULL;
    buf_init(&out, TEXT_BYTES_MAX * 2);
    buf_append_string(&out, flags);
    translate(slice_from_string(foreign_copy(import_arena(import), s)), &out);
    const char *text = foreign_copy(import_arena(import), buf_slice(&out));
    buf_fini(&out);
    struct pattern *pattern = utf8_is_valid(text, strlen(text)) ? pattern_new(text, &error) : NULL;
    bool is_good = pattern != NULL;
    pattern_free(pattern);
    free(error);
    return is_good && *text != '\0' ? text : NULL;
}
