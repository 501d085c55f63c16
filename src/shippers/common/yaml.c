/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/common/yaml.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>
#include "base/buf.h"
#include "base/mem.h"

enum { ANCHORS_MAX = 64 };

struct anchor {
    const char *name;
    struct yaml *node;
};

struct reading {
    struct foreign *foreign;
    struct foreign_place base;
    yaml_parser_t parser;
    yaml_event_t event;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    unsigned nodes;
    bool is_broken;
};

static bool next(struct reading *r)
{
    yaml_event_delete(&r->event);
    memset(&r->event, 0, sizeof(r->event));
    if (!r->is_broken && !yaml_parser_parse(&r->parser, &r->event)) {
        r->is_broken = true;
    }
    return !r->is_broken;
}

static struct foreign_place here(const struct reading *r)
{
    return (struct foreign_place){r->base.file, r->base.line + (unsigned)r->event.start_mark.line,
                               r->base.column + (unsigned)r->event.start_mark.column};
}

static void remember(struct reading *r, const yaml_char_t *name, struct yaml *node)
{
    if (name != NULL && r->anchor_count < ANCHORS_MAX) {
        struct slice s = slice_from_string((const char *)name);
        r->anchors[r->anchor_count++] = (struct anchor){foreign_copy(&r->foreign->arena, s), node};
    }
}

/* An alias of a node that is still open would be a loop: such nodes are not remembered yet. */
static struct yaml *follow(struct reading *r)
{
    for (size_t i = r->anchor_count; i-- > 0;) {
        if (strcmp(r->anchors[i].name, (const char *)r->event.data.alias.anchor) == 0) {
            return r->anchors[i].node;
        }
    }
    return NULL;
}

static struct yaml *new_node(struct reading *r, enum yaml_kind kind)
{
    struct yaml *node = foreign_alloc(&r->foreign->arena, sizeof(*node));
    node->kind = kind;
    node->place = here(r);
    node->text = "";
    r->nodes++;
    return node;
}

static void put(struct reading *r, struct yaml *parent, const char *key, struct foreign_place place,
                struct yaml *value)
{
    struct yaml_entry *entry = foreign_alloc(&r->foreign->arena, sizeof(*entry));
    *entry = (struct yaml_entry){NULL, key, place, value};
    if (parent->last == NULL) {
        parent->first = entry;
    } else {
        parent->last->next = entry;
    }
    parent->last = entry;
}

static struct yaml *read_text(struct reading *r)
{
    struct yaml *node = new_node(r, YAML_TEXT);
    yaml_scalar_style_t style = r->event.data.scalar.style;
    node->text = foreign_copy(&r->foreign->arena,
                           slice_make((const char *)r->event.data.scalar.value,
                                      r->event.data.scalar.length));
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
        node->is_block = true;
        node->place.line++;
    }
    remember(r, r->event.data.scalar.anchor, node);
    return node;
}

static struct yaml *read_node(struct reading *r, unsigned depth);

static void read_pairs(struct reading *r, struct yaml *map, unsigned depth)
{
    while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        struct foreign_place place = here(r);
        const char *key = "";
        if (r->event.type == YAML_SCALAR_EVENT) {
            key = foreign_copy(&r->foreign->arena,
                            slice_from_string((const char *)r->event.data.scalar.value));
        } else if (read_node(r, depth) == NULL) {
            return;
        }
        struct yaml *value = next(r) ? read_node(r, depth) : NULL;
        if (value != NULL) {
            put(r, map, key, place, value);
        }
    }
}

static struct yaml *read_collection(struct reading *r, unsigned depth)
{
    bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *name = is_map ? r->event.data.mapping_start.anchor
                                     : r->event.data.sequence_start.anchor;
    char *anchor = mem_string((const char *)name);
    struct yaml *node = new_node(r, is_map ? YAML_MAP : YAML_LIST);
    if (is_map) {
        read_pairs(r, node, depth + 1);
    }
    while (!is_map && next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        struct foreign_place place = here(r);
        struct yaml *value = read_node(r, depth + 1);
        if (value != NULL) {
            put(r, node, "", place, value);
        }
    }
    remember(r, (const yaml_char_t *)anchor, node);
    free(anchor);
    return node;
}

static struct yaml *read_node(struct reading *r, unsigned depth)
{
    if (depth > YAML_DEPTH_MAX || r->nodes >= YAML_NODES_MAX) {
        r->is_broken = true;
        return NULL;
    }
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        return read_text(r);
    case YAML_ALIAS_EVENT:
        return follow(r);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return read_collection(r, depth);
    default:
        return NULL;
    }
}

/* Templates cannot be read as YAML: a line that is only a mark becomes empty, a mark within a line
 * becomes a value that is not known. Lines stay where they are. */
static void render(struct slice text, struct buf *out)
{
    size_t line = 0; /* where the current line begins in `out` */
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.data + i;
        size_t rest = text.len - i;
        bool is_mark = rest > 3 && at[0] == '{' && (at[1] == '{' || at[1] == '%');
        const char *end = is_mark ? memmem(at, rest, at[1] == '{' ? "}}" : "%}", 2) : NULL;
        if (end == NULL) {
            buf_append(out, at, 1);
            line = *at == '\n' ? out->len : line;
            continue;
        }
        bool is_alone = true;
        for (size_t j = line; j < out->len; j++) {
            is_alone = is_alone && isblank((unsigned char)out->data[j]);
        }
        for (const char *c = at; c < end; c++) {
            if (*c == '\n') {
                buf_append(out, "\n", 1);
            }
        }
        bool is_line = is_alone && (end + 2 == text.data + text.len || end[2] == '\n' ||
                                    end[2] == '\r');
        if (!is_line) {
            buf_append_string(out, YAML_UNKNOWN);
        }
        i = (size_t)(end - text.data) + 1;
    }
}

static struct yaml *read_all(struct foreign *foreign, struct slice text, struct foreign_place place,
                             bool *out_is_whole)
{
    struct yaml *all = NULL;
    struct reading *r = mem_alloc(sizeof(*r));
    r->foreign = foreign;
    r->base = place;
    if (yaml_parser_initialize(&r->parser)) {
        yaml_parser_set_input_string(&r->parser, (const unsigned char *)text.data, text.len);
        all = new_node(r, YAML_LIST);
        while (next(r) && r->event.type != YAML_STREAM_END_EVENT) {
            struct yaml *node = read_node(r, 0);
            if (node != NULL) {
                put(r, all, "", node->place, node);
            }
        }
        yaml_event_delete(&r->event);
        yaml_parser_delete(&r->parser);
    }
    *out_is_whole = !r->is_broken;
    free(r);
    return all != NULL && all->first != NULL ? all : NULL;
}

struct yaml *yaml_read(struct foreign *foreign, struct slice text, struct foreign_place place)
{
    bool is_whole;
    struct yaml *all = read_all(foreign, text, place, &is_whole);
    if (!is_whole && memmem(text.data, text.len, "{", 1) != NULL) {
        struct buf out;
        buf_init(&out, FOREIGN_TEXT_BYTES_MAX);
        render(text, &out);
        struct yaml *rendered = read_all(foreign, buf_slice(&out), place, &is_whole);
        buf_fini(&out);
        all = rendered != NULL ? rendered : all;
    }
    return all;
}

const struct yaml_entry *yaml_entry(const struct yaml *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP) {
        return NULL;
    }
    for (const struct yaml_entry *e = map->first; e != NULL; e = e->next) {
        if (strcasecmp(e->key, key) == 0) {
            return e;
        }
    }
    return NULL;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    const struct yaml_entry *entry = yaml_entry(map, key);
    return entry != NULL ? entry->value : NULL;
}

const char *yaml_text(const struct yaml *map, const char *key, const char *otherwise)
{
    const struct yaml *value = yaml_get(map, key);
    return value != NULL && value->kind == YAML_TEXT ? value->text : otherwise;
}
