/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What Fluent Bit's outputs put on the wire. Most ship the whole record; the ones below can be
 * told, or do so unasked, to ship a part of it: an output is a filter too.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/lint.h"
#include "shippers/common/names.h"

/* Plugins that exist: a record sent to another never arrives anywhere. */
static const char *const known[] = {
    "azure", "azure_blob", "azure_kusto", "azure_logs_ingestion", "bigquery", "calyptia",
    "chronicle", "cloudwatch",
    "cloudwatch_logs", "counter", "datadog", "doris", "es", "exit", "file", "firehose", "flowcounter",
    "forward", "gardener", "gcs", "gelf", "grafana-loki", "gstdout", "http", "influxdb",
    "influx", "kafka", "kafka-rest", "kinesis", "kinesis_firehose", "kinesis_streams", "lib",
    "logdna", "logzio", "loki", "multiinstance", "nats", "newrelic", "nrlogs", "null", "opensearch",
    "opentelemetry", "oracle_log_analytics", "parseable", "pgsql", "plot", "prometheus_exporter",
    "prometheus_remote_write", "pulsar", "s3", "skywalking", "slack", "splunk", "stackdriver",
    "stdout", "syslog", "tcp", "td", "udp", "vivo_exporter", "websocket", "zig_demo", "oci_logan",
    "amazon_s3", "clickhouse", "sumologic", "coralogix", "axiom", "honeycomb", "gloki",
    "http_gzip", NULL,
};

struct shipping {
    struct fb_config *config;
    const struct fb_section *output;
    struct trail *trail;
    struct arena *arena;
    bool is_promoted;
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcasecmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static void judge(struct shipping *s, const struct fb_property *p, const char *why, const char *fix)
{
    struct stage stage = fb_stage(s->config, s->output, p, why, fix);
    trail_judge(s->trail, &stage);
}

static bool is_undecided(const struct fb_property *p)
{
    return p->is_conditional || fb_is_unknown(p->value);
}

/* A template or variable fills in which part is shipped. */
static void report_undecided(struct shipping *s, const struct fb_property *p)
{
    struct stage stage = fb_stage(s->config, s->output, p,
                                  "a template or variable decides which part of a record is shipped",
                                  "remove the option: without it the whole record is shipped");
    if (s->trail->places != 0) {
        lint_report(fb_lint(s->config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS,
                    "the value names keys without ids");
    }
}

/* One key's value is all that is shipped. */
static void ship_key(struct shipping *s, const struct fb_property *p)
{
    const char *key = p->value + (p->value[0] == '$' ? 1 : 0);
    if (is_undecided(p)) {
        report_undecided(s, p);
        return;
    }
    struct item *value = item_get(s->trail->record, key);
    struct item *record = item_map(s->arena);
    s->trail->is_conditional = value == NULL;
    if (value != NULL) {
        item_put(s->arena, record, key, value);
    }
    s->trail->record = record;
    judge(s, p, "only the value of this one key is shipped",
          "remove the option: without it the whole record is shipped");
}

static bool is_in_list(const char *list, const char *key)
{
    size_t len = strlen(key);
    for (const char *at = strstr(list, key); at != NULL; at = strstr(at + 1, key)) {
        bool begins = at == list || strchr(", $", at[-1]) != NULL;
        if (begins && strchr(", [", at[len]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Loki's labels and structured metadata carry `$key`, whatever is removed of the line. */
static bool is_labelled(struct shipping *s, const char *key)
{
    static const char *const options[] = {"labels", "label_keys", "structured_metadata"};
    const char *reference = foreign_format(s->arena, "$%s", key);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const char *at = strstr(fb_value(s->output, options[i], ""), reference);
        if (at != NULL && strchr(", ", at[strlen(reference)]) != NULL) {
            return true;
        }
    }
    return false;
}

static void ship_listed(struct shipping *s, const struct fb_property *p, bool is_removal)
{
    if (is_undecided(p)) {
        report_undecided(s, p);
        return;
    }
    struct item *record = item_map(s->arena);
    for (struct member *m = s->trail->record->first; m != NULL; m = m->next) {
        if (is_in_list(p->value, m->key) != is_removal ||
            (is_removal && is_labelled(s, m->key))) {
            item_add(s->arena, record, m->key, m->value);
        }
    }
    s->trail->record = record;
    judge(s, p, is_removal ? "the listed keys are removed" : "only the listed keys are shipped",
          is_removal ? "take the key with the ids off the list" : "add trace_id,span_id to the list");
}

/* Options that all of these plugins, and no others, have. */
static void ship_by_options(struct shipping *s)
{
    static const struct {
        const char *plugins;
        const char *option;
        char what; /* 'k': one key, 'l': a list, 'r': a list to remove */
    } options[] = {
        {"|cloudwatch|cloudwatch_logs|kinesis|kinesis_streams|kinesis_firehose|firehose|s3|"
         "chronicle|amazon_s3|gcs|", "log_key", 'k'},
        {"|cloudwatch|kinesis|firehose|kinesis_firehose|kinesis_streams|", "data_keys", 'l'},
        {"|http|", "body_key", 'k'},
        {"|splunk|", "event_key", 'k'},
        {"|kafka|", "raw_log_key", 'k'},
        {"|tcp|udp|", "raw_message_key", 'k'},
        {"|syslog|", "syslog_message_key", 'k'},
        {"|stackdriver|", "text_payload_key", 'k'},
        {"|loki|grafana-loki|", "remove_keys", 'r'},
        {"|loki|grafana-loki|", "removekeys", 'r'},
    };
    for (size_t i = 0; i < ARRAY_LEN(options) && !s->trail->is_over; i++) {
        const char *name = foreign_format(s->arena, "|%s|", fb_name(s->output));
        const struct fb_property *p = fb_get(s->output, options[i].option);
        if (p == NULL || *p->value == '\0' || strcasestr(options[i].plugins, name) == NULL) {
            continue;
        }
        if (options[i].what == 'k') {
            ship_key(s, p);
        } else {
            ship_listed(s, p, options[i].what == 'r');
        }
    }
}

/* ---- opentelemetry ---- */

static const char *without_dollar(const char *key)
{
    return key[0] == '$' ? key + 1 : key;
}

static const char *find_body(struct shipping *s)
{
    const struct fb_property *p = fb_next(s->output->first, "logs_body_key");
    if (p == NULL) {
        const char *key = item_get(s->trail->record, "log") != NULL ? "log" : "message";
        return item_get(s->trail->record, key) != NULL ? key : NULL;
    }
    for (; p != NULL; p = fb_next(p->next, "logs_body_key")) {
        if (item_get(s->trail->record, without_dollar(p->value)) != NULL) {
            return without_dollar(p->value);
        }
    }
    return NULL;
}

static void copy_id(struct shipping *s, struct item *out, const char *option, const char *name)
{
    const char *key = without_dollar(fb_value(s->output, option, name));
    struct item *id = item_get(s->trail->record, key);
    if (id != NULL && id->kind == ITEM_TEXT) {
        item_put(s->arena, out, name, id);
    }
}

static void output_opentelemetry(struct shipping *s)
{
    struct item *out = item_map(s->arena);
    struct item *record = s->trail->record;
    const char *body = find_body(s);
    bool is_unknown = false;
    bool has_attributes = fb_bool(s->output, "logs_body_key_attributes", false, &is_unknown);
    copy_id(s, out, "logs_trace_id_message_key", "TraceId");
    copy_id(s, out, "logs_span_id_message_key", "SpanId");
    s->is_promoted = (item_places(item_get(out, "TraceId")) & PLACE_TRACE_FIELD) != 0;
    if (body != NULL) {
        item_put(s->arena, out, "body", item_get(record, body));
        item_remove(record, body);
    }
    if (body == NULL || has_attributes) {
        item_put(s->arena, out, body == NULL ? "body" : "attributes", record);
    }
    s->trail->record = out;
    s->trail->is_conditional = is_unknown;
    const struct fb_property *p = fb_get(s->output, "logs_body_key");
    judge(s, p, "the body key's value is shipped and every other field dropped",
          "Logs_Body_Key_Attributes On, Logs_Trace_Id_Message_Key $trace_id, "
          "Logs_Span_Id_Message_Key $span_id");
}

/* ---- others ---- */

/* `Template time:{time} {message}`: the named keys only. */
static void output_file(struct shipping *s)
{
    const struct fb_property *p = fb_get(s->output, "template");
    if (p == NULL || strcasecmp(fb_value(s->output, "format", ""), "template") != 0) {
        return;
    }
    struct item *record = item_map(s->arena);
    for (struct member *m = s->trail->record->first; m != NULL; m = m->next) {
        if (strstr(p->value, foreign_format(s->arena, "{%s}", m->key)) != NULL) {
            item_add(s->arena, record, m->key, m->value);
        }
    }
    s->trail->record = record;
    judge(s, p, "the template names the keys that are written", "{trace_id} in the template");
}

static void report_unknown(struct shipping *s)
{
    struct stage stage = fb_stage(s->config, s->output, NULL,
                                  "no output plugin of this name is known", "");
    if (s->trail->places != 0) {
        lint_report(fb_lint(s->config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
}

/* The id is a field, yet not the record's trace id. */
static void end(struct shipping *s, bool is_otlp)
{
    bool is_field = (s->trail->places & PLACE_TRACE_FIELD) != 0;
    struct stage stage = fb_stage(s->config, s->output, NULL,
                                  "the id is shipped as a field, not as the record's trace id",
                                  "Logs_Trace_Id_Message_Key $trace_id, "
                                  "Logs_Span_Id_Message_Key $span_id");
    bool is_promoted = is_otlp ? s->is_promoted : is_field;
    trail_end(s->trail, is_promoted, is_otlp && is_field ? &stage : NULL);
}

void fb_output(struct fb_config *config, const struct fb_section *output, struct trail *trail)
{
    struct shipping s = {.config = config, .output = output, .trail = trail,
                         .arena = &fb_lint(config)->scratch};
    const char *name = fb_name(output);
    bool is_otlp = strcasecmp(name, "opentelemetry") == 0;
    if (strcasecmp(name, "null") == 0 || strncasecmp(name, "prometheus", 10) == 0) {
        return; /* no log arrives anywhere, as it was meant */
    }
    if (!is_one_of(name, known) && !fb_is_unknown(name)) {
        report_unknown(&s);
        return;
    }
    if (is_otlp) {
        output_opentelemetry(&s);
    } else if (strcasecmp(name, "file") == 0) {
        output_file(&s);
    } else {
        ship_by_options(&s);
    }
    if (!trail->is_over) {
        end(&s, is_otlp);
    }
}
