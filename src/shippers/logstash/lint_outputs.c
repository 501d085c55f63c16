/* SPDX-License-Identifier: Apache-2.0 */

/* What Logstash's outputs send: the whole event as JSON, unless an option writes out a part. */

#include <string.h>
#include "base/mem.h"
#include "shippers/logstash/lint.h"

static void keep_mentioned(struct logstash *l, const struct yaml *value, struct item *result,
                           unsigned depth)
{
    if (value->kind == YAML_TEXT) {
        const char *rendered = ls_render(l, value->text);
        item_add(ls_arena(l), result, "", item_string(ls_arena(l), rendered));
        struct item *named = ls_get(l, value->text);
        if (named != NULL) {
            item_add(ls_arena(l), result, "", named);
        }
    }
    for (const struct yaml_entry *e = depth < LS_DEPTH_MAX ? value->first : NULL; e != NULL;
         e = e->next) {
        keep_mentioned(l, e->value, result, depth + 1);
    }
}

/* An option that writes out what is sent. */
static bool ship_template(struct logstash *l, const char *name)
{
    const struct yaml_entry *e = ls_option(l->plugin, name);
    if (e == NULL) {
        return false;
    }
    struct item *result = item_map(ls_arena(l));
    keep_mentioned(l, e->value, result, 0);
    l->trail->record = result;
    ls_judge(l, e->place, "only what is written here is sent", "add the ids to it");
    return true;
}

static void output_loki(struct logstash *l)
{
    const struct yaml_entry *include = ls_option(l->plugin, "include_fields");
    const struct yaml_entry *metadata = ls_option(l->plugin, "metadata_fields");
    const struct yaml_entry *e = include != NULL ? include : metadata;
    if (e == NULL) {
        return;
    }
    bool has_span = (include != NULL && ls_is_named(include->value, "span_id")) ||
                    (metadata != NULL && ls_is_named(metadata->value, "span_id"));
    bool has_trace = (include != NULL && ls_is_named(include->value, "trace_id")) ||
                     (metadata != NULL && ls_is_named(metadata->value, "trace_id"));
    if ((!has_span || !has_trace) && l->trail->places != 0) {
        struct stage stage = ls_stage(l, e->place, "the message and the listed fields are sent, and "
                                                   "not both ids are listed",
                                      "metadata_fields => [\"trace_id\", \"span_id\"]");
        lint_report(l->lint, &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "ids that are fields of the event");
    }
}

/* A plain or line codec sends time, host and message, or what its format says. */
static void ship_text(struct logstash *l)
{
    const struct yaml_entry *codec = ls_option(l->plugin, "codec");
    const struct yaml_entry *format =
        codec != NULL ? ls_option_from(codec->value->first, "format") : NULL;
    struct item *message = ls_get(l, "message");
    struct item *result = item_map(ls_arena(l));
    if (format != NULL) {
        keep_mentioned(l, format->value, result, 0);
    } else if (message != NULL) {
        item_put(ls_arena(l), result, "message", message);
    }
    l->trail->record = result;
    l->trail->is_encoding = format != NULL;
    ls_judge(l, codec != NULL ? codec->place : l->plugin->place,
          "a codec of text sends the message alone, without any field", "codec => json");
}

static bool is_text_codec(const struct ls_node *node)
{
    bool is_plain = strcmp(node->name, "kafka") == 0 || strcmp(node->name, "s3") == 0;
    const char *codec = ls_option_text(node, "codec", is_plain ? "plain" : "json");
    return strcmp(codec, "plain") == 0 || strcmp(codec, "line") == 0;
}

void ls_output(struct logstash *l)
{
    static const char *const silent[] = {"null", "statsd", "graphite", "email", "exec", "metrics",
                                         "nagios", "zabbix", "pagerduty", NULL};
    const char *codec = ls_option_text(l->plugin, "codec", "");
    for (size_t i = 0; silent[i] != NULL; i++) {
        if (strcmp(l->plugin->name, silent[i]) == 0) {
            return;
        }
    }
    if (strcmp(codec, "dots") == 0) {
        return;
    }
    if (strcmp(l->plugin->name, "loki") == 0) {
        output_loki(l);
    } else if (strcmp(l->plugin->name, "syslog") == 0) {
        if (!ship_template(l, "message")) {
            ship_text(l);
        }
    } else if (strcmp(l->plugin->name, "csv") == 0) {
        (void)ship_template(l, "fields");
    } else if (strcmp(l->plugin->name, "jdbc") == 0) {
        (void)ship_template(l, "statement");
    } else if (strcmp(l->plugin->name, "http") == 0) {
        (void)(ship_template(l, "message") || ship_template(l, "mapping"));
    } else if (is_text_codec(l->plugin) && strcmp(l->plugin->name, "stdout") != 0) {
        ship_text(l);
    }
    if (!l->trail->is_over) {
        trail_end(l->trail, (l->trail->places & PLACE_TRACE_FIELD) != 0, NULL);
    }
}
