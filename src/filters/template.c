/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/template.h"

#include <stdlib.h>
#include "base/mem.h"

enum { PARTS_MAX = 64 };

struct part {
    struct slice literal; /* before the name; points into `text` */
    struct name name;     /* without text: the end */
    char *name_text;
};

struct template {
    const struct constant *constant; /* NULL: a text of parts */
    char *text;                      /* `%%{` undone */
    struct part parts[PARTS_MAX];
    size_t count;
    bool is_whole; /* one name and nothing else */
};

static char *take_name(struct part *part, const char *at, const char *end,
                       struct name_index *index)
{
    part->name_text = mem_string_from(slice_make(at, (size_t)(end - at)));
    part->name = name_make(part->name_text, index);
    if (end == at || part->name.own == OWN_VALUES) {
        return mem_format("%%{%s} is neither a field nor a built-in value of the record",
                          part->name_text);
    }
    return NULL;
}

/* Into parts; `text` is what has been copied of them so far. */
static char *take_apart(struct template *template, const char *from, struct name_index *index)
{
    char *text = template->text;
    struct part *part = &template->parts[0];
    part->literal.data = text;
    while (*from != '\0') {
        if (strncmp(from, "%%{", 3) == 0) {
            memcpy(text, "%{", 2);
            text += 2;
            from += 3;
        } else if (strncmp(from, "%{", 2) != 0) {
            *text++ = *from++;
        } else {
            const char *end = strchr(from, '}');
            if (end == NULL || template->count + 2 == PARTS_MAX) {
                return mem_string(end == NULL ? "has a %{ without its }; write %%{ for a literal %{"
                                              : "has more than 62 names in it");
            }
            part->literal.len = (size_t)(text - part->literal.data);
            char *error = take_name(part, from + 2, end, index);
            if (error != NULL) {
                return error;
            }
            from = end + 1;
            part = &template->parts[++template->count];
            part->literal.data = text;
        }
    }
    part->literal.len = (size_t)(text - part->literal.data);
    return NULL;
}

struct template *template_new(const struct constant *constant, struct name_index *index,
                              char **out_error)
{
    struct template *template = mem_alloc(sizeof(*template));
    template->text = mem_alloc(strlen(constant->text) + 1);
    char *error = constant->kind == CONSTANT_TEXT ? take_apart(template, constant->text, index) : NULL;
    if (error != NULL) {
        *out_error = error;
        template_free(template);
        return NULL;
    }
    template->constant = constant->kind != CONSTANT_TEXT ? constant : NULL;
    template->is_whole = template->count == 1 && template->parts[0].literal.len == 0 &&
                         template->parts[1].literal.len == 0;
    return template;
}

void template_free(struct template *template)
{
    if (template == NULL) {
        return;
    }
    for (size_t i = 0; i < PARTS_MAX; i++) {
        free(template->parts[i].name_text);
    }
    free(template->text);
    free(template);
}

static void make_constant(const struct constant *constant, struct value *out)
{
    static const enum field_kind kinds[] = {
        [CONSTANT_NULL] = FIELD_NULL,     [CONSTANT_BOOL] = FIELD_BOOL,
        [CONSTANT_INT] = FIELD_INT,       [CONSTANT_DOUBLE] = FIELD_DOUBLE,
        [CONSTANT_TEXT] = FIELD_STRING,
    };
    out->kind = kinds[constant->kind];
    out->text = slice_from_string(constant->kind == CONSTANT_NULL ? "null" : constant->text);
    out->i = constant->i;
    out->d = constant->d;
    out->b = constant->i != 0;
}

/* The text, with out->text.data as its place; the first time round only its length. */
static enum template_result lay_out(const struct template *template, const struct record *record,
                                    const struct settings *settings, char *place, size_t *out_len)
{
    size_t len = 0;
    for (size_t i = 0; i <= template->count; i++) {
        const struct part *part = &template->parts[i];
        struct value value = {.text = {NULL, 0}};
        if (i < template->count && (!value_read(&part->name, record, settings, &value) ||
                                    value.kind == FIELD_OBJECT || value.kind == FIELD_ARRAY)) {
            return TEMPLATE_MISSING;
        }
        struct slice pieces[] = {part->literal, value.text};
        for (size_t p = 0; p < ARRAY_LEN(pieces); p++) {
            if (place != NULL && pieces[p].len > 0) {
                memcpy(place + len, pieces[p].data, pieces[p].len);
            }
            len += pieces[p].len;
        }
    }
    *out_len = len;
    return TEMPLATE_OK;
}

enum template_result template_make(const struct template *template, const struct record *record,
                                   const struct settings *settings, struct value *out)
{
    *out = (struct value){.kind = FIELD_STRING, .field = NO_FIELD};
    if (template->constant != NULL) {
        make_constant(template->constant, out);
        return TEMPLATE_OK;
    }
    if (template->is_whole) {
        return value_read(&template->parts[0].name, record, settings, out) ? TEMPLATE_OK
                                                                          : TEMPLATE_MISSING;
    }
    if (template->count == 0) {
        out->text = template->parts[0].literal;
        return TEMPLATE_OK;
    }
    size_t len = 0;
    enum template_result result = lay_out(template, record, settings, NULL, &len);
    if (result != TEMPLATE_OK) {
        return result;
    }
    char *place = arena_alloc(record->arena, len > 0 ? len : 1);
    if (place == NULL) {
        return TEMPLATE_LIMIT;
    }
    out->text = slice_make(place, len);
    return lay_out(template, record, settings, place, &len);
}
