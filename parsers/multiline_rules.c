/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/multiline_rules.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "parsers/multiline_builtin.h"
#include "parsers/trace_line.h"
#include "record/multiline_names.h"

/*
 * The machines of an input lie one behind the other in one array of steps; each has its own bits of
 * the states. A step without states to come from is one that begins a record.
 */

struct step {
    multiline_states from; /* 0: it begins a record … */
    uint32_t starts;       /* … with a line of these kinds, if it is a built-in one */
    bool (*is)(struct slice line);
    const struct pattern *pattern;
    bool is_negated;
    bool is_maybe;
    multiline_states to;
};

struct machine {
    size_t first; /* its steps … */
    size_t count;
    uint32_t starts; /* kinds of lines with which a built-in one begins; 0: it is the config's own */
    multiline_states states;
    const struct pattern *end; /* a line that meets it is the record's last; NULL: none */
    multiline_states over;     /* … and this the state behind it */
};

struct multiline_rules {
    struct step *steps;
    size_t step_count;
    struct machine *machines;
    size_t machine_count;
    struct pattern **patterns;
    size_t pattern_count;
    unsigned state_count;
    bool has_builtin;
    bool has_own;
    multiline_states open; /* states that some step comes from */
};

/* ---- made of settings ---- */

static multiline_states state_bit(unsigned base, size_t state)
{
    ENSURE(base + state < MULTILINE_STATES_MAX);
    return (multiline_states)1 << (base + state);
}

static struct step *add_step(struct multiline_rules *rules)
{
    rules->steps = mem_resize(rules->steps, rules->step_count + 1, sizeof(*rules->steps));
    struct step *step = &rules->steps[rules->step_count++];
    *step = (struct step){0};
    return step;
}

static struct machine *begin_machine(struct multiline_rules *rules)
{
    size_t n = rules->machine_count++;
    rules->machines = mem_resize(rules->machines, n + 1, sizeof(*rules->machines));
    rules->machines[n] = (struct machine){.first = rules->step_count};
    return &rules->machines[n];
}

static void end_machine(struct multiline_rules *rules, struct machine *machine, unsigned states)
{
    machine->count = rules->step_count - machine->first;
    for (unsigned i = 0; i < states; i++) {
        machine->states |= state_bit(rules->state_count, i);
    }
    for (size_t i = machine->first; i < rules->step_count; i++) {
        rules->open |= rules->steps[i].from;
    }
    rules->state_count += states;
}

static void add_builtin(struct multiline_rules *rules, const struct builtin_rules *builtin)
{
    struct machine *machine = begin_machine(rules);
    unsigned base = rules->state_count;
    for (size_t i = 0; i < BUILTIN_STARTS_MAX && builtin->starts[i].starts != 0; i++) {
        struct step *step = add_step(rules);
        step->starts = builtin->starts[i].starts;
        step->is_maybe = builtin->starts[i].is_maybe;
        step->to = state_bit(base, builtin->starts[i].to);
        machine->starts |= step->starts;
    }
    for (size_t i = 0; i < BUILTIN_STEPS_MAX && builtin->steps[i].is != NULL; i++) {
        struct step *step = add_step(rules);
        step->from = (multiline_states)builtin->steps[i].from << base;
        step->is = builtin->steps[i].is;
        step->is_maybe = builtin->steps[i].is_maybe;
        step->to = state_bit(base, builtin->steps[i].to);
    }
    end_machine(rules, machine, builtin->states);
}

static const struct pattern *compile(struct multiline_rules *rules, const char *text)
{
    char *error = NULL;
    struct pattern *pattern = pattern_new(text, &error);
    ENSURE(pattern != NULL); /* the config's check has compiled it before */
    rules->patterns =
        mem_resize(rules->patterns, rules->pattern_count + 1, sizeof(*rules->patterns));
    rules->patterns[rules->pattern_count++] = pattern;
    return pattern;
}

static void add_own_step(struct multiline_rules *rules, multiline_states from,
                         const struct pattern *pattern, bool is_negated, multiline_states to)
{
    struct step *step = add_step(rules);
    step->from = from;
    step->pattern = pattern;
    step->is_negated = is_negated;
    step->to = to;
}

/* By start, continuation and end. */
static void add_simple(struct multiline_rules *rules, const struct multiline_rule_settings *own)
{
    struct machine *machine = begin_machine(rules);
    multiline_states inside = state_bit(rules->state_count, 0);
    const struct pattern *start = compile(rules, own->start);
    machine->over = state_bit(rules->state_count, 1);
    machine->end = own->end != NULL ? compile(rules, own->end) : NULL;
    add_own_step(rules, 0, start, false, inside);
    if (machine->end != NULL) {
        add_own_step(rules, inside, machine->end, false, machine->over);
    }
    if (own->go_on != NULL) {
        add_own_step(rules, inside, compile(rules, own->go_on), false, inside);
    } else {
        add_own_step(rules, inside, start, true, inside);
    }
    end_machine(rules, machine, 2);
}

/* The number of a state: that of the first step that leads to it. */
static size_t find_state(const struct multiline_rule_settings *own, const char *name)
{
    size_t i = 0;
    while (i < own->step_count && strcmp(own->steps[i].to, name) != 0) {
        i++;
    }
    return i;
}

static void add_by_steps(struct multiline_rules *rules, const struct multiline_rule_settings *own)
{
    struct machine *machine = begin_machine(rules);
    for (size_t i = 0; i < own->step_count; i++) {
        const struct multiline_step_settings *given = &own->steps[i];
        const struct pattern *pattern = compile(rules, given->regex);
        multiline_states to = state_bit(rules->state_count, find_state(own, given->to));
        multiline_states from = 0;
        for (size_t n = 0; n < given->from.count; n++) {
            if (strcmp(given->from.items[n], MULTILINE_START) == 0) {
                add_own_step(rules, 0, pattern, false, to);
            } else {
                from |= state_bit(rules->state_count, find_state(own, given->from.items[n]));
            }
        }
        if (from != 0) {
            add_own_step(rules, from, pattern, false, to);
        }
    }
    end_machine(rules, machine, (unsigned)own->step_count);
}

static void add_named(struct multiline_rules *rules, const struct settings *settings,
                      const char *name)
{
    bool is_all = strcmp(name, MULTILINE_ALL) == 0;
    for (const struct builtin_rules *b = builtin_rules; b->name != NULL; b++) {
        if (is_all || strcmp(b->name, name) == 0) {
            add_builtin(rules, b);
            rules->has_builtin = true;
        }
    }
    for (size_t i = 0; i < settings->multiline_count; i++) {
        const struct multiline_rule_settings *own = &settings->multiline[i];
        if (strcmp(own->name, name) == 0) {
            (own->step_count > 0 ? add_by_steps : add_simple)(rules, own);
            rules->has_own = true;
        }
    }
}

struct multiline_rules *multiline_rules_new(const struct settings *settings,
                                            const struct input_settings *input)
{
    if (input->multiline.rules.count == 0) {
        return NULL;
    }
    struct multiline_rules *rules = mem_alloc(sizeof(*rules));
    for (size_t i = 0; i < input->multiline.rules.count; i++) {
        add_named(rules, settings, input->multiline.rules.items[i]);
    }
    return rules;
}

void multiline_rules_free(struct multiline_rules *rules)
{
    if (rules == NULL) {
        return;
    }
    for (size_t i = 0; i < rules->pattern_count; i++) {
        pattern_free(rules->patterns[i]);
    }
    free(rules->patterns);
    free(rules->machines);
    free(rules->steps);
    free(rules);
}

/* ---- asked for each line ---- */

static bool meets(const struct step *step, struct slice line)
{
    if (step->is != NULL) {
        return step->is(line);
    }
    return (pattern_search(step->pattern, line, 0) == PATTERN_YES) != step->is_negated;
}

static multiline_states end_of(const struct machine *machine, struct slice line,
                               multiline_states to)
{
    bool is_last = machine->end != NULL && to != machine->over &&
                   pattern_search(machine->end, line, 0) == PATTERN_YES;
    return is_last ? machine->over : to;
}

/* The first step of a machine that begins with the line; NULL if it does not. */
static const struct step *find_start(const struct multiline_rules *rules,
                                     const struct machine *machine, uint32_t kinds,
                                     struct slice line)
{
    if (machine->starts != 0 && (machine->starts & kinds) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < machine->count; i++) {
        const struct step *step = &rules->steps[machine->first + i];
        if (step->from != 0) {
            continue;
        }
        if (step->starts != 0 ? (step->starts & kinds) != 0 : meets(step, line)) {
            return step;
        }
    }
    return NULL;
}

multiline_states multiline_rules_start(const struct multiline_rules *rules, struct slice line,
                                       bool at_begin, bool *out_maybe)
{
    multiline_states states = 0;
    uint32_t kinds = 0;
    if (rules->has_builtin) {
        struct trace_starts starts = trace_line_starts(line);
        kinds = at_begin ? starts.at_begin : starts.anywhere;
    }
    *out_maybe = at_begin;
    for (size_t m = 0; (kinds != 0 || rules->has_own) && m < rules->machine_count; m++) {
        const struct machine *machine = &rules->machines[m];
        const struct step *step = find_start(rules, machine, kinds, line);
        if (step != NULL) {
            states |= end_of(machine, line, step->to);
            *out_maybe = *out_maybe && step->is_maybe;
        }
    }
    return states;
}

multiline_states multiline_rules_next(const struct multiline_rules *rules, multiline_states states,
                                      struct slice line, bool *out_maybe)
{
    multiline_states next = 0;
    *out_maybe = true;
    for (size_t m = 0; m < rules->machine_count; m++) {
        const struct machine *machine = &rules->machines[m];
        const struct step *step = &rules->steps[machine->first];
        if ((machine->states & states) == 0) {
            continue;
        }
        for (size_t i = 0; i < machine->count; i++, step++) {
            if ((step->from & states) != 0 && meets(step, line)) {
                next |= end_of(machine, line, step->to);
                *out_maybe = *out_maybe && step->is_maybe;
                break;
            }
        }
    }
    return next;
}

bool multiline_rules_may_go_on(const struct multiline_rules *rules, multiline_states states)
{
    return (rules->open & states) != 0;
}
