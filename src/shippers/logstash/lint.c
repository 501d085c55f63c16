/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Logstash: one event after the other through all filters, then to all outputs, conditions around
 * each. A condition that can be decided of the probe is; behind one that cannot, the stages see a
 * copy, and what that loses is lost under the condition.
 */

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "shippers/dialects.h"
#include "shippers/logstash/lint.h"
#include "shippers/probe/regex.h"

#define IDS "\"trace_id\":\"" PROBE_TRACE_ID "\",\"span_id\":\"" PROBE_SPAN_ID "\""
#define JSON_LINE "{\"level\":\"info\",\"message\":\"hello\"," IDS "}"
#define TEXT_COLUMN " trace_id=" PROBE_TRACE_ID " span_id=" PROBE_SPAN_ID

/* ---- conditions ---- */

enum truth { IS_FALSE, IS_TRUE, IS_UNKNOWN };

/* `[field] == "x"`, `[field] =~ /x/` and their opposites. That a text is not what is asked for says
 * nothing of the next one, but for two things: the type an input gives, and whether it is JSON. */
static enum truth compare(struct logstash *l, const char *condition)
{
    char field[128];
    char op[3] = "";
    int used = 0;
    if (sscanf(condition, "%127[][a-zA-Z0-9_@.-] %2[=~!] %n", field, op, &used) != 2 || used == 0) {
        return IS_UNKNOWN;
    }
    const char *what = condition + used;
    char quote = *what;
    const char *close = strchr("\"'/", quote) != NULL && quote != '\0' ? strrchr(what + 1, quote) : NULL;
    const struct item *item = ls_get(l, field);
    if (close == NULL || item == NULL || item->kind != ITEM_TEXT) {
        return IS_UNKNOWN;
    }
    const char *text = foreign_copy(ls_arena(l), slice_make(what + 1, (size_t)(close - what) - 1));
    bool is_pattern = strchr(op, '~') != NULL;
    struct regex *regex = is_pattern ? regex_new(text) : NULL;
    bool holds = regex != NULL ? regex_is_match(regex, slice_from_string(item->text))
                               : strcmp(item->text, text) == 0;
    bool is_known = holds || strcmp(field, "[type]") == 0 ||
                    (regex != NULL && item->text[0] != '{' && regex_is_match(regex, SLICE("{}")) &&
                     regex_is_match(regex, SLICE(JSON_LINE)));
    regex_free(regex);
    return !is_known ? IS_UNKNOWN : holds == (op[0] == '=') ? IS_TRUE : IS_FALSE;
}

/* `[field]`, `![field]`, `"x" in [tags]`, `"x" not in [tags]`: what can be said. */
static enum truth decide(struct logstash *l, const char *condition)
{
    char field[128];
    int used = 0;
    bool is_negated = false;
    while (*condition == '(' || *condition == ' ' || *condition == '!') {
        is_negated = *condition == '!' ? !is_negated : is_negated;
        condition++;
    }
    if (strstr(condition, " and ") != NULL || strstr(condition, " or ") != NULL) {
        return IS_UNKNOWN;
    }
    const char *in = strstr(condition, "in [tags]");
    if (in != NULL && (*condition == '"' || *condition == '\'')) {
        const char *close = strchr(condition + 1, *condition);
        struct item *tags = ls_get(l, "tags");
        const char *tag = close != NULL ? foreign_copy(ls_arena(l),
                                                    slice_make(condition + 1,
                                                               (size_t)(close - condition) - 1))
                                        : "";
        bool is_in = tags != NULL && tags->text != NULL && strstr(tags->text, tag) != NULL;
        is_negated = in > condition + 4 && strncmp(in - 4, "not ", 4) == 0 ? !is_negated : is_negated;
        return is_in != is_negated ? IS_TRUE : IS_FALSE;
    }
    enum truth told = is_negated ? IS_UNKNOWN : compare(l, condition);
    if (told != IS_UNKNOWN) {
        return told;
    }
    if (sscanf(condition, "%127[][a-zA-Z0-9_@.-]%n", field, &used) == 1 && field[0] == '[' &&
        condition[used + (int)strspn(condition + used, " )")] == '\0') {
        bool is_there = ls_get(l, field) != NULL;
        return !is_there && !is_negated ? IS_UNKNOWN : is_there != is_negated ? IS_TRUE : IS_FALSE;
    }
    return IS_UNKNOWN;
}

static void run_list(struct logstash *l, const struct ls_node *node, bool is_output,
                     unsigned depth);

/* The stages of a branch on a copy; the event goes on as it was. */
static void run_copy(struct logstash *l, const struct ls_node *body, bool is_output, unsigned depth)
{
    struct trail *whole = l->trail;
    struct trail fork = trail_fork(whole);
    bool had_failed = l->has_failed;
    l->trail = &fork;
    l->has_failed = had_failed || !is_output; /* an output's condition is a route */
    run_list(l, body, is_output, depth);
    l->trail = whole;
    l->has_failed = had_failed;
}

static void run_if(struct logstash *l, const struct ls_node *node, bool is_output, unsigned depth)
{
    enum truth truth = decide(l, node->condition);
    if (truth == IS_TRUE) {
        run_list(l, node->body, is_output, depth);
    } else if (truth == IS_FALSE) {
        run_list(l, node->otherwise, is_output, depth);
    } else {
        run_copy(l, node->body, is_output, depth);
        run_copy(l, node->otherwise, is_output, depth);
    }
}

static void run_list(struct logstash *l, const struct ls_node *node, bool is_output, unsigned depth)
{
    for (; node != NULL && !l->trail->is_over && depth < LS_DEPTH_MAX; node = node->next) {
        if (!lint_step(l->lint)) {
            return;
        }
        if (node->kind == LS_IF) {
            run_if(l, node, is_output, depth + 1);
        } else if (is_output) {
            struct trail *whole = l->trail;
            struct trail fork = trail_fork(whole);
            l->trail = &fork;
            l->plugin = node;
            ls_output(l);
            l->trail = whole;
        } else {
            l->plugin = node;
            ls_filter(l);
        }
    }
}

/* ---- probes ---- */

static void send_probe(struct logstash *l, const struct ls_node *input, const struct probe *probe,
                       struct item *event)
{
    struct trail trail = {.lint = l->lint, .probe = probe, .source = input->place,
                          .source_name = foreign_format(&l->lint->foreign.arena, "input %s", input->name),
                          .source_fix = "filter { json { source => \"message\" } }"};
    trail_begin(&trail, event);
    l->trail = &trail;
    l->has_failed = false;
    run_list(l, l->pipeline.filters, false, 0);
    if (!trail.is_over && l->pipeline.outputs == NULL) {
        trail_end(&trail, (trail.places & PLACE_TRACE_FIELD) != 0, NULL);
    } else if (!trail.is_over) {
        run_list(l, l->pipeline.outputs, true, 0);
    }
}

static struct item *of_input(struct logstash *l, const struct ls_node *input, struct item *event)
{
    const char *type = ls_option_text(input, "type", NULL);
    item_put(ls_arena(l), event, "@timestamp", item_string(ls_arena(l), "2024-05-05T05:05:05Z"));
    if (type != NULL) {
        item_put(ls_arena(l), event, "type", item_string(ls_arena(l), type));
    }
    return event;
}

static struct item *event_of(struct logstash *l, const struct ls_node *input, const char *line)
{
    struct item *event = item_map(ls_arena(l));
    item_put(ls_arena(l), event, "message", item_string(ls_arena(l), line));
    return of_input(l, input, event);
}

static bool is_decoded(const struct ls_node *input)
{
    static const char *const json[] = {"rabbitmq", "redis", "http_poller", NULL};
    bool is_json = false;
    for (size_t i = 0; json[i] != NULL; i++) {
        is_json = is_json || strcmp(input->name, json[i]) == 0;
    }
    return strncmp(ls_option_text(input, "codec", is_json ? "json" : "plain"), "json", 4) == 0;
}

/* A line that the first pattern of a grok matches, ids behind it. */
static void send_groks(struct logstash *l, const struct ls_node *input, const struct ls_node *node,
                       const struct probe *probe, unsigned depth)
{
    for (; node != NULL && depth < LS_DEPTH_MAX; node = node->next) {
        if (node->kind == LS_IF) {
            send_groks(l, input, node->body, probe, depth + 1);
            send_groks(l, input, node->otherwise, probe, depth + 1);
            continue;
        }
        const struct yaml_entry *match = strcmp(node->name, "grok") == 0 ? ls_option(node, "match")
                                                                         : NULL;
        const struct yaml *value = match != NULL ? yaml_get(match->value, "message") : NULL;
        value = value != NULL && value->kind == YAML_LIST && value->first != NULL
                    ? value->first->value : value;
        if (value == NULL || value->kind != YAML_TEXT) {
            continue;
        }
        struct grok grok;
        grok_translate(l->lint, value->text, &grok);
        const char *sample = regex_sample(ls_arena(l), grok.regex);
        if (sample != NULL) {
            send_probe(l, input, probe,
                       event_of(l, input, foreign_format(ls_arena(l), "%s" TEXT_COLUMN, sample)));
        }
    }
}

static bool has_filter(const struct ls_node *node, const char *name, unsigned depth)
{
    for (; node != NULL && depth < LS_DEPTH_MAX; node = node->next) {
        if (node->kind == LS_IF ? has_filter(node->body, name, depth + 1) ||
                                      has_filter(node->otherwise, name, depth + 1)
                                : strcmp(node->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void run_input(struct logstash *l, const struct ls_node *input)
{
    struct probe first = {.when = "always"};
    struct probe text = {.when = "lines that are not JSON", .is_variant = true};
    struct probe pairs = {.when = "lines of key=value", .is_variant = true};
    struct probe grok = {.when = "lines that the grok matches, ids after them",
                         .is_variant = true};
    if (is_decoded(input)) {
        send_probe(l, input, &first,
                   of_input(l, input, item_from_json(ls_arena(l), slice_from_string(JSON_LINE), false)));
    } else {
        send_probe(l, input, &first, event_of(l, input, JSON_LINE));
        send_probe(l, input, &text, event_of(l, input, "hello" TEXT_COLUMN));
        send_groks(l, input, l->pipeline.filters, &grok, 0);
        if (has_filter(l->pipeline.filters, "kv", 0)) {
            send_probe(l, input, &pairs,
                       event_of(l, input, "level=info msg=hello" TEXT_COLUMN));
        }
    }
    arena_clear(ls_arena(l));
}

static void run_inputs(struct logstash *l, const struct ls_node *node, unsigned depth)
{
    for (; node != NULL && depth < LS_DEPTH_MAX; node = node->next) {
        if (node->kind == LS_IF) {
            run_inputs(l, node->body, depth + 1);
            run_inputs(l, node->otherwise, depth + 1);
        } else if (strcmp(node->name, "jdbc") != 0 && strcmp(node->name, "heartbeat") != 0) {
            run_input(l, node);
        }
    }
}

static bool lint_logstash(struct lint *lint, const struct foreign_text *text)
{
    struct logstash l = {.lint = lint};
    if (!ls_read(lint, text, &l.pipeline)) {
        return false;
    }
    if (l.pipeline.inputs == NULL) {
        struct ls_node *any = foreign_alloc(&lint->foreign.arena, sizeof(*any));
        any->name = "any";
        any->place = (struct foreign_place){text->path, 1, 1};
        any->options = foreign_alloc(&lint->foreign.arena, sizeof(*any->options));
        any->options->kind = YAML_MAP;
        any->options->text = "";
        run_input(&l, any);
    }
    run_inputs(&l, l.pipeline.inputs, 0);
    return true;
}

const struct dialect dialect_logstash = {
    .name = "Logstash",
    .lint = lint_logstash,
};
