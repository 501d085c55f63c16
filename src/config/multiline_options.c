/* SPDX-License-Identifier: Apache-2.0 */
#include "config/multiline_options.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/check.h"
#include "record/multiline_names.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)

enum { NAMES_MAX = 300 }; /* of rule sets: a list of sections has no more than 256 */

#define AT(member) offsetof(struct multiline_settings, member)
const struct option multiline_options[] = {
    {.name = "rules", .kind = OPTION_TEXTS, .offset = AT(rules), .example = "[java, python]",
     .help = "Rule sets that join lines: java, python, go, ruby, dotnet, node, php, rust, `all` of "
             "these, or names of sets in `multiline`. Without any, each line is a record."},
    {.name = "timeout", .kind = OPTION_DURATION, .offset = AT(timeout_ms), .fallback = "1s",
     .min = 10, .max = 60000,
     .help = "How long a record waits for its next line. Lines whose runtime timestamps are further "
             "apart are never joined."},
    {.name = "bytes_max", .kind = OPTION_SIZE, .offset = AT(bytes_max), .fallback = "1MiB",
     .min = KIB, .max = 64 * MIB,
     .help = "Maximum length of a joined record; the rest follows as separate records."},
    {.name = "lines_max", .kind = OPTION_COUNT, .offset = AT(lines_max), .fallback = "5000",
     .min = 2, .max = 1000000, .help = "Maximum number of lines of a joined record; the rest "
                                       "follows as separate records."},
    {.name = "attach", .kind = OPTION_BOOL, .offset = AT(attach), .fallback = "false",
     .help = "Attach a stack trace to the record right before it in the same stream, and so to its "
             "ids. Every record then waits for the next line, or for `timeout`."},
    {.name = "attribute", .kind = OPTION_TEXT, .offset = AT(attribute),
     .fallback = "exception.stacktrace", .check = check_not_empty,
     .help = "Attribute for the lines after a first line of JSON or key=value. After a text line "
             "they become part of the body."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct multiline_step_settings, member)
static const struct option step_options[] = {
    {.name = "from", .kind = OPTION_TEXTS, .offset = AT(from), .fallback = MULTILINE_START,
     .check = check_not_empty,
     .help = "States in which the step applies; `start` is the state before a record begins."},
    {.name = "regex", .kind = OPTION_TEXT, .offset = AT(regex), .check = check_pattern,
     .example = "'^\\s+at '", .help = "PCRE2 pattern for the line."},
    {.name = "to", .kind = OPTION_TEXT, .offset = AT(to), .check = check_not_empty,
     .example = "frames", .help = "The next state."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct multiline_rule_settings, member)
const struct option multiline_rule_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .check = check_file_name,
     .example = "dated", .help = "Name of the rule set for `inputs.multiline.rules`."},
    {.name = "start", .kind = OPTION_TEXT, .offset = AT(start), .check = check_pattern,
     .example = "'^\\d{4}-'", .help = "PCRE2 pattern for lines that begin a record."},
    {.name = "continue", .kind = OPTION_TEXT, .offset = AT(go_on), .check = check_pattern,
     .example = "'^\\s'",
     .help = "PCRE2 pattern for the following lines of the record. By default all lines that do not "
             "match `start`."},
    {.name = "end", .kind = OPTION_TEXT, .offset = AT(end), .check = check_pattern,
     .example = "'^}$'", .help = "PCRE2 pattern for the last line of a record, if it can be "
                                 "recognised."},
    {.name = "states", .kind = OPTION_SECTIONS, .offset = AT(steps), .children = step_options,
     .size = sizeof(struct multiline_step_settings), .is_example = true,
     .example = "[{from: start, regex: '^panic', to: frames}]",
     .help = "Steps {from, regex, to} between states, instead of `start`, `continue` and `end`. The "
             "first step that matches a line is taken; the record ends if none matches."},
    {0},
};
#undef AT

static bool is_known_state(const struct multiline_rule_settings *rule, const char *state)
{
    bool is_known = strcmp(state, MULTILINE_START) == 0;
    for (size_t i = 0; i < rule->step_count; i++) {
        is_known = is_known || (rule->steps[i].to != NULL && strcmp(rule->steps[i].to, state) == 0);
    }
    return is_known;
}

static char *check_step(const struct multiline_rule_settings *rule, size_t i, bool *out_begins)
{
    const struct multiline_step_settings *step = &rule->steps[i];
    if (step->regex == NULL || step->to == NULL) {
        return mem_format("needs `regex` and `to` in each of its `states`; number %zu does not have "
                          "both", i);
    }
    if (strcmp(step->to, MULTILINE_START) == 0) {
        return mem_string("has a step to \"start\" in its `states`; a record ends by itself if no "
                          "step matches");
    }
    for (size_t n = 0; n < step->from.count; n++) {
        const char *from = step->from.items[n];
        *out_begins = *out_begins || strcmp(from, MULTILINE_START) == 0;
        if (!is_known_state(rule, from)) {
            return mem_format("has a step from \"%s\", a state that no step reaches", from);
        }
    }
    return NULL;
}

static char *check_steps(const struct multiline_rule_settings *rule)
{
    bool begins = false;
    char *complaint = NULL;
    for (size_t i = 0; complaint == NULL && i < rule->step_count; i++) {
        complaint = check_step(rule, i, &begins);
    }
    if (complaint == NULL && !begins) {
        complaint = mem_string("has no step from \"start\", so no record would begin");
    }
    return complaint;
}

char *check_multiline_rule(const void *section)
{
    const struct multiline_rule_settings *rule = section;
    bool is_simple = rule->start != NULL || rule->go_on != NULL || rule->end != NULL;
    if (rule->name == NULL) {
        return mem_string("needs a `name` for inputs to call it by");
    }
    if (is_simple && rule->step_count > 0) {
        return mem_string("has both `states` and `start`, `continue` or `end`; use one of them");
    }
    if (rule->step_count > 0) {
        return check_steps(rule);
    }
    return rule->start == NULL ? mem_string("needs `start`, or `states`") : NULL;
}

/* ---- what concerns several sections ---- */

static const struct node *nth(const struct node *list, size_t n)
{
    const struct node_entry *entry = list != NULL ? list->first : NULL;
    for (; entry != NULL && n > 0; n--) {
        entry = entry->next;
    }
    return entry != NULL ? entry->value : NULL;
}

static struct diag_place place_of(const struct node *node, struct diag_place fallback)
{
    return node != NULL ? node->place : fallback;
}

static bool is_builtin(const char *name)
{
    bool is_found = strcmp(name, MULTILINE_ALL) == 0;
    for (size_t i = 0; multiline_builtin_names[i] != NULL; i++) {
        is_found = is_found || strcmp(multiline_builtin_names[i], name) == 0;
    }
    return is_found;
}

static const struct multiline_rule_settings *find_rule(const struct settings *settings,
                                                       const char *name)
{
    for (size_t i = 0; i < settings->multiline_count; i++) {
        const struct multiline_rule_settings *rule = &settings->multiline[i];
        if (rule->name != NULL && strcmp(rule->name, name) == 0) {
            return rule;
        }
    }
    return NULL;
}

static void unknown_rule(const struct settings *settings, const char *path, const char *name,
                         struct diag_place place, struct diag *diag)
{
    const char *names[NAMES_MAX] = {NULL};
    size_t count = 0;
    for (; multiline_builtin_names[count] != NULL; count++) {
        names[count] = multiline_builtin_names[count];
    }
    names[count++] = MULTILINE_ALL;
    for (size_t i = 0; i < settings->multiline_count && count < NAMES_MAX - 1; i++) {
        if (settings->multiline[i].name != NULL) {
            names[count++] = settings->multiline[i].name;
        }
    }
    const char *nearest = diag_nearest(name, names);
    char *list = option_join_names(names);
    diag_add(diag, DIAG_ERROR, place, "`%s`: unknown rule set \"%s\"; %s%s%s", path, name,
             nearest != NULL ? "did you mean \"" : "there are ", nearest != NULL ? nearest : list,
             nearest != NULL ? "\"?" : "");
    free(list);
}

static void settle_input(const struct settings *settings, size_t index, const struct node *root,
                         struct diag *diag)
{
    const struct string_list *rules = &settings->inputs[index].multiline.rules;
    const struct node *section = node_get(nth(node_get(root, "inputs"), index), "multiline");
    const struct node *list = node_get(section, "rules");
    char *path = mem_format("inputs[%zu].multiline.rules", index);
    size_t states = 0;
    for (size_t i = 0; i < rules->count; i++) {
        const char *name = rules->items[i];
        const struct multiline_rule_settings *own = find_rule(settings, name);
        struct diag_place place = place_of(nth(list, i), place_of(list, (struct diag_place){0}));
        states += own != NULL ? multiline_rule_states(own) : 0;
        if (own == NULL && !is_builtin(name)) {
            unknown_rule(settings, path, name, place, diag);
        }
        for (size_t j = 0; j < i; j++) {
            bool is_same = strcmp(rules->items[j], name) == 0;
            bool is_in_all = own == NULL && (strcmp(rules->items[j], MULTILINE_ALL) == 0 ||
                                             (strcmp(name, MULTILINE_ALL) == 0 &&
                                              find_rule(settings, rules->items[j]) == NULL));
            if (is_same || is_in_all) {
                diag_add(diag, DIAG_ERROR, place, "`%s` names \"%s\" twice", path,
                         strcmp(name, MULTILINE_ALL) == 0 ? rules->items[j] : name);
                break;
            }
        }
    }
    if (states > MULTILINE_OWN_STATES_MAX) {
        diag_add(diag, DIAG_ERROR, place_of(list, (struct diag_place){0}),
                 "`%s` have %zu states together, the maximum is %d", path, states,
                 MULTILINE_OWN_STATES_MAX);
    }
    free(path);
}

void multiline_settle(const struct settings *settings, const struct node *root, struct diag *diag)
{
    const struct node *list = node_get(root, "multiline");
    for (size_t i = 0; i < settings->multiline_count; i++) {
        const char *name = settings->multiline[i].name;
        struct diag_place place = place_of(nth(list, i), (struct diag_place){0});
        if (name != NULL && is_builtin(name)) {
            diag_add(diag, DIAG_ERROR, place, "`multiline[%zu]`: \"%s\" is built in; choose another "
                     "name", i, name);
        } else if (name != NULL && find_rule(settings, name) != &settings->multiline[i]) {
            diag_add(diag, DIAG_ERROR, place, "`multiline[%zu]`: there is another \"%s\"", i, name);
        }
    }
    for (size_t i = 0; i < settings->input_count; i++) {
        settle_input(settings, i, root, diag);
    }
}
