/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Logstash: one event after the other through all filters, then to all outputs, conditions around
 * each. A condition that can be decided of the probe is; behind one that cannot, the stages see a
 * copy, and what that loses is lost under the condition.
 */

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "lint/logstash_work.h"
#include "lint/regex.h"

#define IDS "\"trace_id\":\"" PROBE_TRACE_ID "\",\"span_id\":\"" PROBE_SPAN_ID "\""
#define JSON_LINE "{\"level\":\"info\",\"message\":\"hello\"," IDS "}"
#define TEXT_COLUMN " trace_id=" PROBE_TRACE_ID " span_id=" PROBE_SPAN_ID

/* ---- conditions ---- */

enum truth { IS_FALSE, IS_TRUE, IS_UNKNOWN };

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

static struct item *event_of(struct logstash *l, const char *line)
{
    struct item *event = item_map(ls_arena(l));
    item_put(ls_arena(l), event, "message", item_string(ls_arena(l), line));
    item_put(ls_arena(l), event, "@timestamp", item_string(ls_arena(l), "2024-05-05T05:05:05Z"));
    return event;
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
                       event_of(l, foreign_format(ls_arena(l), "%s" TEXT_COLUMN, sample)));
        }
    }
}

static void run_input(struct logstash *l, const struct ls_node *input)
{
    struct probe first = {.when = "always"};
    struct probe text = {.when = "lines that are not JSON", .is_variant = true};
    struct probe grok = {.when = "lines that the grok matches, ids behind them",
                         .is_variant = true};
    if (is_decoded(input)) {
        send_probe(l, input, &first,
                   item_from_json(ls_arena(l), slice_from_string(JSON_LINE), false));
    } else {
        send_probe(l, input, &first, event_of(l, JSON_LINE));
        send_probe(l, input, &text, event_of(l, "hello" TEXT_COLUMN));
        send_groks(l, input, l->pipeline.filters, &grok, 0);
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

bool logstash_lint(struct lint *lint, const struct foreign_text *text)
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
