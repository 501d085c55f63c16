/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `condition: {op: and, rules: [{field, op, value}]}` of a processor. The reader of YAML hands its
 * rules over as a run of options; a rule ends where one of its options comes again.
 *
 * A field that is not there is an empty text to Fluent Bit, so `neq`, `not_in` and `not_regex` hold
 * of it, as `not` does here; `lt` and `lte` hold of it too, and do not here.
 */

#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import_fields.h"

static const char prefix[] = "condition.";

struct rule {
    const char *field;
    const char *op;
    const char *value; /* `a`, or `[a, b]` of quoted ones */
    size_t values;
};

static const char *number_test(struct fb_import *import, const struct rule *rule, const char *name)
{
    return text_is_number(rule->value) ? condition_test(import, rule->field, name, rule->value)
                                       : NULL;
}

static const char *negated(struct fb_import *import, const char *condition)
{
    return condition != NULL ? foreign_format(import_arena(import), "{not: %s}", condition) : NULL;
}

/* NULL: clew cannot say it. */
static const char *rule_text(struct fb_import *import, const struct rule *rule)
{
    static const struct {
        const char *theirs;
        const char *ours;
    } numbers[] = {{"gt", "greater"}, {"gte", "at_least"}, {"lt", "less"}, {"lte", "at_most"}};
    const char *op = rule->op != NULL ? rule->op : "";
    bool is_prefixed = strncasecmp(op, "not_", 4) == 0;
    bool is_not = is_prefixed || strcasecmp(op, "neq") == 0;
    const char *base = is_prefixed ? op + 4 : op;
    if (rule->field == NULL || rule->value == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (strcasecmp(op, numbers[i].theirs) == 0) {
            return rule->values == 1 ? number_test(import, rule, numbers[i].ours) : NULL;
        }
    }
    const char *text = NULL;
    if ((strcasecmp(op, "eq") == 0 || strcasecmp(op, "neq") == 0) && rule->values == 1) {
        text = condition_equals(import, rule->field, rule->value);
    } else if (strcasecmp(base, "regex") == 0 && rule->values == 1) {
        text = condition_matches(import, rule->field, rule->value);
    } else if (strcasecmp(base, "in") == 0) {
        const char *one = rule->values == 1 ? constant_text(import, rule->value) : NULL;
        const char *list = rule->values > 1 ? rule->value : one;
        text = list == NULL ? NULL
                            : condition_test(import, rule->field, "in",
                                             foreign_format(import_arena(import), "[%s]", list));
    }
    return is_not ? negated(import, text) : text;
}

static bool is_option(const struct fb_property *p, const char *name)
{
    return strncasecmp(p->key, prefix, sizeof(prefix) - 1) == 0 &&
           strcasecmp(p->key + sizeof(prefix) - 1, name) == 0;
}

/* The second and further values make a list of quoted texts of it. */
static void add_value(struct fb_import *import, struct rule *rule, const char *value)
{
    const char *quoted = constant_text(import, value);
    if (rule->values == 0) {
        rule->value = value;
    } else {
        const char *before = rule->values == 1 ? constant_text(import, rule->value) : rule->value;
        rule->value = before != NULL && quoted != NULL
                          ? foreign_format(import_arena(import), "%s, %s", before, quoted) : NULL;
    }
    rule->values++;
}

static bool is_list(const struct rule *rule)
{
    return rule->op != NULL &&
           (strcasecmp(rule->op, "in") == 0 || strcasecmp(rule->op, "not_in") == 0);
}

/* Takes the option into the rule; false where it belongs to the next one. */
static bool fill(struct fb_import *import, struct rule *rule, const struct fb_property *p,
                 const struct fb_property *before)
{
    if (is_option(p, "rules.value")) {
        bool is_whole = rule->field != NULL && rule->op != NULL && rule->values > 0;
        bool goes_on = before != NULL && is_option(before, "rules.value") && is_list(rule);
        if (is_whole && !goes_on) {
            return false;
        }
        add_value(import, rule, p->raw);
        return true;
    }
    const char **place = is_option(p, "rules.field") ? &rule->field
                         : is_option(p, "rules.op")  ? &rule->op : NULL;
    if (place == NULL) {
        return true;
    }
    if (*place != NULL) {
        return false;
    }
    *place = p->raw;
    return true;
}

static bool is_ours(const struct fb_property *p)
{
    return strncasecmp(p->key, prefix, sizeof(prefix) - 1) == 0;
}

static void tell_all(struct fb_import *import, const struct fb_section *s, bool is_said)
{
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        if (is_ours(p)) {
            row_add(import, s, p, is_said ? IMPORT_MAPPED : IMPORT_NEEDS_YOU, "%s",
                    is_said ? "when" : "a condition that clew cannot have; the filter is left out");
        }
    }
}

bool processor_when(struct fb_import *import, const struct fb_section *section, const char **out_when)
{
    struct rule rule = {0};
    const char *list = NULL;
    const struct fb_property *before = NULL;
    const char *logic = "and";
    bool is_any = false;
    bool is_said = true;
    for (const struct fb_property *p = section->first;; p = p->next) {
        bool is_end = p == NULL;
        if (!is_end && !is_ours(p)) {
            continue;
        }
        if (!is_end && is_option(p, "op")) {
            logic = p->raw;
        } else if (!is_end && !is_option(p, "rules.field") && !is_option(p, "rules.op") &&
                   !is_option(p, "rules.value")) {
            is_said = false; /* another context than the body */
        }
        is_any = is_any || !is_end;
        if ((is_end && is_any) || (!is_end && !fill(import, &rule, p, before))) {
            const char *text = rule_text(import, &rule);
            is_said = is_said && text != NULL;
            list = text == NULL ? list
                   : list == NULL ? text
                                  : foreign_format(import_arena(import), "%s, %s", list, text);
            rule = (struct rule){0};
            if (!is_end) {
                (void)fill(import, &rule, p, NULL);
            }
        }
        if (is_end) {
            break;
        }
        before = p;
    }
    is_said = is_said && (strcasecmp(logic, "and") == 0 || strcasecmp(logic, "or") == 0);
    tell_all(import, section, is_said);
    *out_when = !is_any ? NULL
                        : foreign_format(import_arena(import), "{%s: [%s]}",
                                         strcasecmp(logic, "or") == 0 ? "any" : "all", list);
    return is_said;
}
