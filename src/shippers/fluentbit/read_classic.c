/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fluent Bit's classic format, as it is found: bare, with CRLF and tabs, under the keys of a
 * ConfigMap or of Helm values, with template marks between the lines.
 *
 * Fluent Bit itself is stricter about indentation; this reader wants to understand a file that
 * something else will yet render, so it goes by the first word of a line: `[SECTION]` begins a
 * section, `key value` belongs to it. Lines of a wrapper are told from those of a config by the
 * block they stand in (`name: |`): a block's text is what is indented deeper than its key. That
 * way every place is one of the file as the user sees it.
 */

#include "shippers/fluentbit/read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

enum {
    BLOCKS_MAX = 256,
    TEMPLATE_DEPTH_MAX = 32,
};

struct classic {
    struct fb_config *config;
    const char *path;
    struct fb_section *section;
    unsigned line;
    unsigned template_depth;
    struct blocks *blocks; /* what @INCLUDE may name, besides files */
};

/* A run of lines under a key of YAML. */
struct block {
    struct slice name;
    struct slice text;
    unsigned line; /* of its first line */
    bool is_done;
};

struct blocks {
    struct block items[BLOCKS_MAX];
    size_t count;
};

static bool next_line(struct slice *rest, struct slice *out)
{
    if (rest->len == 0) {
        return false;
    }
    const char *end = memchr(rest->data, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    *out = slice_make(rest->data, len);
    *rest = slice_skip(*rest, len + 1);
    while (out->len > 0 && out->data[out->len - 1] == '\r') {
        out->len--;
    }
    return true;
}

static size_t indent_of(struct slice line)
{
    size_t n = 0;
    while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t')) {
        n++;
    }
    return n;
}

/* A line that is nothing but a template's `{{ … }}`: keeps count of what is open. */
static bool is_template_line(struct classic *c, struct slice line)
{
    if (!slice_has_prefix(line, SLICE("{{")) && !slice_has_prefix(line, SLICE("{%"))) {
        return false;
    }
    struct slice word = slice_skip(line, 2);
    while (word.len > 0 && (*word.data == '-' || *word.data == ' ')) {
        word = slice_skip(word, 1);
    }
    if (slice_has_prefix(word, SLICE("if")) || slice_has_prefix(word, SLICE("range")) ||
        slice_has_prefix(word, SLICE("with")) || slice_has_prefix(word, SLICE("for"))) {
        c->template_depth += c->template_depth < TEMPLATE_DEPTH_MAX ? 1 : 0;
    } else if (slice_has_prefix(word, SLICE("end")) && c->template_depth > 0) {
        c->template_depth--;
    }
    const char *close = memmem(line.data, line.len, "}}", 2);
    return close == NULL || indent_of(slice_skip(line, (size_t)(close - line.data) + 2)) ==
                                line.len - (size_t)(close - line.data) - 2;
}

static enum fb_kind kind_of(struct slice name)
{
    static const struct {
        const char *name;
        enum fb_kind kind;
    } kinds[] = {
        {"service", FB_SERVICE}, {"parser", FB_PARSER},
        {"multiline_parser", FB_MULTILINE_PARSER}, {"input", FB_INPUT},
        {"filter", FB_FILTER}, {"output", FB_OUTPUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (name.len > 0 && strncasecmp(kinds[i].name, name.data, name.len) == 0 &&
            name.len <= strlen(kinds[i].name)) {
            return kinds[i].kind;
        }
    }
    return FB_OTHER;
}

/* Behind the bracket of a section stands nothing but a remark; `[input](docs/inputs.md)` is prose. */
static bool is_end_of_section(struct slice rest)
{
    rest = slice_trim(rest);
    return rest.len == 0 || rest.data[0] == '#' || slice_has_prefix(rest, SLICE("{{"));
}

static bool begin_section(struct classic *c, struct slice line, unsigned column)
{
    const char *close = line.len > 0 && line.data[0] == '['
                            ? memchr(line.data, ']', line.len) : NULL;
    if (close == NULL || memchr(line.data, ' ', (size_t)(close - line.data)) != NULL) {
        return false;
    }
    struct slice name = slice_make(line.data + 1, (size_t)(close - line.data) - 1);
    if (!is_end_of_section(slice_skip(line, name.len + 2))) {
        return false;
    }
    struct foreign_place place = {c->path, c->line, column};
    c->section = fb_section_new(c->config, kind_of(name), name, place);
    c->section->is_conditional = c->template_depth > 0;
    fb_section_append(c->config, c->section);
    return true;
}

static void read_text(struct classic *c, struct slice text);

static bool include_block(struct classic *c, const char *wanted)
{
    for (size_t i = 0; c->blocks != NULL && i < c->blocks->count; i++) {
        struct block *b = &c->blocks->items[i];
        const char *name = strrchr(wanted, '/');
        name = name != NULL ? name + 1 : wanted;
        if (b->is_done || !slice_is_equal(b->name, slice_from_string(name))) {
            continue;
        }
        b->is_done = true;
        struct classic inner = *c;
        inner.section = NULL;
        inner.line = b->line - 1;
        read_text(&inner, b->text);
        return true;
    }
    return false;
}

/* `@SET name=value`: wherever it stands it holds for the whole file. */
static void read_sets(struct classic *c, struct slice text)
{
    struct slice raw;
    while (next_line(&text, &raw)) {
        struct slice line = slice_trim(raw);
        const char *mark = line.len > 5 && strncasecmp(line.data, "@set ", 5) == 0
                               ? memchr(line.data, '=', line.len) : NULL;
        if (mark != NULL) {
            size_t name_end = (size_t)(mark - line.data);
            fb_set_add(c->config, slice_trim(slice_make(line.data + 5, name_end - 5)),
                       slice_trim(slice_skip(line, name_end + 1)));
        }
    }
}

/* `@INCLUDE path`. */
static bool is_command(struct classic *c, struct slice line, unsigned column)
{
    if (line.len == 0 || line.data[0] != '@') {
        return false;
    }
    if (line.len > 9 && strncasecmp(line.data, "@include ", 9) == 0) {
        struct slice wanted = slice_trim(slice_skip(line, 9));
        const char *path = foreign_copy(&c->config->foreign->arena, wanted);
        if (!include_block(c, path) && !fb_include(c->config, path)) {
            fb_note_add(c->config, (struct foreign_place){c->path, c->line, column}, line,
                        "the included file is not to be found here");
        }
    }
    return true;
}

static void add_property(struct classic *c, struct slice line, unsigned column)
{
    size_t key_len = 0;
    while (key_len < line.len && !isblank((unsigned char)line.data[key_len])) {
        key_len++;
    }
    struct slice value = slice_trim(slice_skip(line, key_len));
    struct foreign_place place = {c->path, c->line, column};
    if (c->section == NULL || (value.len == 0 && line.data[0] != '$')) {
        fb_note_add(c->config, place, line, c->section == NULL ? "it belongs to no section"
                                                               : "a key without a value");
        return;
    }
    fb_property_add(c->config, c->section, slice_make(line.data, key_len), value,
                    place, c->template_depth > 0);
}

static void read_text(struct classic *c, struct slice text)
{
    struct slice raw;
    read_sets(c, text);
    while (next_line(&text, &raw)) {
        size_t indent = indent_of(raw);
        struct slice line = slice_trim(raw);
        c->line++;
        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }
        if (is_template_line(c, line)) {
            fb_note_add(c->config, (struct foreign_place){c->path, c->line, (unsigned)indent + 1},
                        line, "a template: render it first");
            continue;
        }
        unsigned column = (unsigned)indent + 1;
        if (!begin_section(c, line, column) && !is_command(c, line, column)) {
            add_property(c, line, column);
        }
    }
}

void fb_read_classic(struct fb_config *config, const struct foreign_text *text)
{
    struct classic c = {.config = config, .path = text->path};
    read_text(&c, text->text);
}

/* ---- blocks of a wrapper ---- */

/* `  name.conf: |-`, quotes around the name or not. */
static bool is_block_key(struct slice line, struct slice *out_name)
{
    struct slice s = slice_trim(line);
    size_t i = s.len;
    while (i > 0 && strchr("|>+-0123456789 ", s.data[i - 1]) != NULL) {
        i--;
    }
    if (i == s.len || i == 0 || s.data[i - 1] != ':' ||
        memchr("|>", s.data[i + 1 < s.len ? i + 1 : i], 2) != NULL) {
        if (i == s.len || i == 0 || s.data[i - 1] != ':') {
            return false;
        }
    }
    const char *mark = memchr(s.data + i, '|', s.len - i);
    mark = mark != NULL ? mark : memchr(s.data + i, '>', s.len - i);
    struct slice name = slice_make(s.data, i - 1);
    if (mark == NULL || name.len == 0) {
        return false;
    }
    if (name.len > 2 && name.data[0] == '-' && name.data[1] == ' ') {
        name = slice_trim(slice_skip(name, 2));
    }
    if (name.len > 1 && (name.data[0] == '"' || name.data[0] == '\'')) {
        name = slice_make(name.data + 1, name.len - 2);
    }
    *out_name = name;
    return memchr(name.data, ' ', name.len) == NULL;
}

/* Lines deeper than the key, empty lines and template lines belong to the block. */
static struct slice block_text(struct slice rest, size_t key_indent)
{
    struct slice whole = rest;
    struct slice line;
    size_t len = 0;
    while (next_line(&rest, &line)) {
        struct slice s = slice_trim(line);
        if (s.len > 0 && indent_of(line) <= key_indent && !slice_has_prefix(s, SLICE("{{")) &&
            s.data[0] != '#') {
            break;
        }
        len = (size_t)(rest.data != NULL ? rest.data - whole.data : (ptrdiff_t)whole.len);
    }
    return slice_make(whole.data, len < whole.len ? len : whole.len);
}

static void collect(struct blocks *blocks, struct slice text)
{
    struct slice line;
    unsigned number = 0;
    while (next_line(&text, &line) && blocks->count < BLOCKS_MAX) {
        struct slice name;
        number++;
        if (!is_block_key(line, &name)) {
            continue;
        }
        struct block *b = &blocks->items[blocks->count];
        *b = (struct block){name, block_text(text, indent_of(line)), number + 1, false};
        blocks->count++;
    }
}

static bool holds(struct slice text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.data + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_classic(struct slice text)
{
    return holds(text, "[SERVICE]") || holds(text, "[INPUT]") || holds(text, "[FILTER]") ||
           holds(text, "[OUTPUT]") || holds(text, "[PARSER]") || holds(text, "@INCLUDE") ||
           holds(text, "[MULTILINE_PARSER]");
}

/* The main block first: the one that includes others or is the service; then, in the order of the
 * file, whatever nobody has included (the parts of Helm values). */
void fb_read_blocks(struct fb_config *config, const struct foreign_text *text)
{
    struct blocks *blocks = mem_alloc(sizeof(*blocks));
    collect(blocks, text->text);
    struct classic c = {.config = config, .path = text->path, .blocks = blocks};
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < blocks->count; i++) {
            struct block *b = &blocks->items[i];
            bool is_main = holds(b->text, "@INCLUDE");
            if (b->is_done || !is_classic(b->text) || (round == 0 && !is_main)) {
                continue;
            }
            b->is_done = true;
            struct classic inner = c;
            inner.line = b->line - 1;
            read_text(&inner, b->text);
        }
    }
    free(blocks);
}

struct slice fb_block(struct fb_config *config, const char *wanted, unsigned *out_line)
{
    struct blocks *blocks = mem_alloc(sizeof(*blocks));
    struct slice text = {NULL, 0};
    const char *name = strrchr(wanted, '/');
    name = name != NULL ? name + 1 : wanted;
    collect(blocks, config->text);
    for (size_t i = 0; i < blocks->count && text.len == 0; i++) {
        if (slice_is_equal(blocks->items[i].name, slice_from_string(name))) {
            text = blocks->items[i].text;
            *out_line = blocks->items[i].line;
        }
    }
    free(blocks);
    return text;
}
