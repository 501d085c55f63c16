/* SPDX-License-Identifier: Apache-2.0 */

/* Parsers, run over a text of a probe. */

#include "shippers/fluentbit/lint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* `key=value key2="v v" bare`, the separators given: logfmt and ltsv. */
static struct item *parse_pairs(struct arena *arena, const char *text, const char *between,
                                 char equals)
{
    struct item *map = item_map(arena);
    while (*text != '\0') {
        text += strspn(text, between);
        size_t len = strcspn(text, between);
        const char *mark = memchr(text, equals, len);
        size_t key_len = mark != NULL ? (size_t)(mark - text) : len;
        const char *key = foreign_copy(arena, slice_make(text, key_len));
        struct slice value = mark != NULL ? slice_make(mark + 1, len - key_len - 1) : SLICE("true");
        if (mark != NULL && mark[1] == '"') {
            const char *close = strchr(mark + 2, '"');
            size_t quoted = close != NULL ? (size_t)(close - mark) - 2 : strlen(mark + 2);
            value = slice_make(mark + 2, quoted);
            len = (size_t)(mark - text) + 2 + quoted + (close != NULL ? 1 : 0);
        }
        if (key_len > 0) {
            item_put(arena, map, key, item_text(arena, value));
        }
        text += len;
    }
    return map;
}

/* Decode_Field_As json key: a text that is JSON becomes a map in its place. Decode_Field adds that
 * map's members beside it. */
static void decode_fields(struct fb_config *config, const struct fb_section *parser,
                          struct item *map)
{
    struct arena *arena = &fb_lint(config)->scratch;
    for (const struct fb_property *p = parser->first; p != NULL; p = p->next) {
        char kind[32] = "";
        char key[128] = "";
        if (strncmp(p->key, "decode_field", 12) != 0 ||
            sscanf(p->value, "%31s %127s", kind, key) != 2 || strcmp(kind, "json") != 0) {
            continue;
        }
        struct item *text = item_get(map, key);
        struct item *inner = text != NULL && text->kind == ITEM_TEXT
                                  ? item_from_json(arena, slice_from_string(text->text), true)
                                  : NULL;
        bool is_in_place = strcmp(p->key, "decode_field_as") == 0;
        if (inner != NULL && is_in_place) {
            item_put(arena, map, key, inner);
        }
        for (struct member *m = inner != NULL && !is_in_place ? inner->first : NULL; m != NULL;
             m = m->next) {
            item_put(arena, map, m->key, m->value);
        }
    }
}

static struct item *parse_regex(struct arena *arena, const char *pattern, const char *text)
{
    struct regex *regex = regex_new(pattern);
    struct item *map = NULL;
    if (regex != NULL && regex_named_groups(regex) > 0) { /* without one the parse fails */
        map = regex_captures(regex, arena, slice_from_string(text), NULL, NULL);
    }
    regex_free(regex);
    return map;
}

/* `Types trace_id:integer`: of a text of hexadecimal digits no number is the id. JSON has types of
 * its own, there Types does nothing. */
static void apply_types(struct arena *arena, const struct fb_section *parser, struct item *map)
{
    const char *rest = fb_value(parser, "types", "");
    while (*rest != '\0') {
        const char *word = fb_word(arena, rest, &rest);
        const char *colon = strrchr(word, ':');
        if (colon == NULL || strcasecmp(colon + 1, "string") == 0) {
            continue;
        }
        const char *key = foreign_copy(arena, slice_make(word, (size_t)(colon - word)));
        if (item_places(item_get(map, key)) != 0) {
            struct item *number = item_string(arena, "0");
            number->kind = ITEM_OTHER;
            item_put(arena, map, key, number);
        }
    }
}

struct item *fb_parse(struct fb_config *config, const struct fb_section *parser, const char *text)
{
    struct arena *arena = &fb_lint(config)->scratch;
    const char *format = fb_value(parser, "format", "");
    struct item *map = NULL;
    if (strcasecmp(format, "json") == 0) {
        map = item_from_json(arena, slice_from_string(text), true);
    } else if (strcasecmp(format, "regex") == 0) {
        map = parse_regex(arena, fb_value(parser, "regex", ""), text);
    } else if (strcasecmp(format, "logfmt") == 0) {
        map = parse_pairs(arena, text, " ", '=');
    } else if (strcasecmp(format, "ltsv") == 0) {
        map = parse_pairs(arena, text, "\t", ':');
    }
    if (map != NULL && strcasecmp(format, "json") != 0) {
        apply_types(arena, parser, map);
    }
    if (map != NULL) {
        decode_fields(config, parser, map);
    }
    return map;
}
