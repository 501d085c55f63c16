/* SPDX-License-Identifier: Apache-2.0 */

/* Logstash's filters that change or cut texts, or write something else into a field. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/logstash/lint.h"
#include "shippers/probe/regex.h"

static void set_text(struct logstash *l, const char *name, const char *text)
{
    ls_set(l, name, item_string(ls_arena(l), text));
}

/* `gsub => [field, pattern, replacement, …]`: what matches within an id leaves no id. */
void ls_gsub(struct logstash *l, const struct yaml *list)
{
    const struct yaml_entry *e = list->first;
    while (e != NULL && e->next != NULL && e->next->next != NULL) {
        const char *name = e->value->text;
        struct item *field = ls_get(l, name);
        struct regex *regex = regex_new(e->next->value->text);
        bool is_hit = regex != NULL && regex_is_match(regex, SLICE(PROBE_TRACE_ID));
        if (field != NULL && field->kind == ITEM_TEXT && item_places(field) != 0 && is_hit) {
            set_text(l, name, e->next->next->value->text);
        }
        regex_free(regex);
        e = e->next->next->next;
    }
}

/* A text of hexadecimal digits as a number is not the id. */
void ls_convert(struct logstash *l, const char *name, const char *type)
{
    if (strcasecmp(type, "string") != 0 && item_places(ls_get(l, name)) != 0) {
        struct item *number = item_string(ls_arena(l), "0");
        number->kind = ITEM_OTHER;
        ls_set(l, name, number);
    }
}

/* `fields`, `length_bytes`. */
void ls_truncate(struct logstash *l)
{
    const struct yaml_entry *fields = ls_option(l->plugin, "fields");
    size_t length = strtoul(ls_option_text(l->plugin, "length_bytes", "0"), NULL, 10);
    const struct yaml_entry *e = fields != NULL ? fields->value->first : NULL;
    for (; e != NULL && length > 0; e = e->next) {
        struct item *field = ls_get(l, e->value->text);
        if (field != NULL && field->kind == ITEM_TEXT && strlen(field->text) > length) {
            ls_set(l, e->value->text, item_text(ls_arena(l), slice_make(field->text, length)));
        }
    }
    ls_judge(l, l->plugin->place, "cuts the text before the ids", "a greater length_bytes");
}

/* A hash in the place of what it is made of. */
void ls_fingerprint(struct logstash *l)
{
    const char *target = ls_option_text(l->plugin, "target", "fingerprint");
    set_text(l, target, "hash");
    ls_judge(l, l->plugin->place, "writes a hash over the field with the ids", "another target");
}

/* Columns of a line with no quotes in it: all of it is in them. JSON is refused as malformed. */
bool ls_csv(struct logstash *l)
{
    const char *source = ls_option_text(l->plugin, "source", "message");
    const struct item *text = ls_get(l, source);
    if (text == NULL || text->kind != ITEM_TEXT || *text->text == '{') {
        return false;
    }
    set_text(l, "column1", text->text);
    return true;
}
