/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Options that need no conversion of their own, and what becomes of each. One that is in none of
 * these tables, nor taken by a converter, is shown as one that needs the user.
 */

#include "shippers/fluentbit/import.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"

#define MEMORY "memory_limit bounds the records in memory; reading stops before it, nothing is lost"
#define FILES "the log files are the buffer; outputs.spool keeps more on disk where that is wanted"
#define STREAM "records in memory are lost at a restart; outputs.spool keeps waiting ones on disk"
#define RETRIES "clew retries without limit; refused records are kept as dead letters"
#define LONG "line_bytes_max: a longer line is shipped in pieces, none is skipped"
#define API "pod metadata comes from the API server, as the kubernetes section says"
#define SCHEMA "OTLP has its own data model; the backend decides how to store it"
#define TIME "OTLP carries the time of the record itself, in nanoseconds"
#define SELF "internal to Fluent Bit; clew has no equivalent"
#define ALIAS "the name in Fluent Bit's own metrics"

static const struct known_option service[] = {
    {"", "daemon", IMPORT_IGNORED, "clew stays in the foreground; its service manager decides"},
    {"", "log_file", IMPORT_IGNORED, "clew writes to standard error"},
    {"", "parsers_file", IMPORT_MAPPED, "parsers in use are converted where they are used"},
    {"", "plugins_file", IMPORT_IGNORED,
     "Fluent Bit plugins cannot run in clew: the sections that used them need a manual change"},
    {"", "streams_file", IMPORT_NEEDS_YOU, "streams of SQL have no counterpart: use filters"},
    {"", "health_check", IMPORT_DEFAULT, "/healthz and /readyz of control.listen"},
    {"", "hc_*", IMPORT_DEFAULT, "/readyz has its own rule"},
    {"", "storage.*", IMPORT_DEFAULT, FILES},
    {"", "hot_reload*", IMPORT_IGNORED, "SIGHUP reloads the config; nothing has to be switched on"},
    {"", "config_watch", IMPORT_IGNORED, "clew does not watch its config; send SIGHUP to reload it"},
    {"", "dns.*", IMPORT_IGNORED, "libcurl resolves names, as the system says"},
    {"", "multiline_buffer_limit", IMPORT_DEFAULT, "record_bytes_max"},
    {"", "coro_stack_size", IMPORT_IGNORED, SELF},
    {"", "json.*", IMPORT_IGNORED, "values are shipped unchanged, with their types"},
    {"", "telemetry*", IMPORT_IGNORED, SELF},
    {"", "security.*", IMPORT_IGNORED, SELF},
    {"", "windows.*", IMPORT_IGNORED, SELF},
    {"", "enable_chunk_trace", IMPORT_IGNORED, SELF},
    {"", "flush.adaptive*", IMPORT_DEFAULT, "batches are at most outputs.batch.age old"},
};

static const struct known_option inputs[] = {
    {"tail", "tag_regex", IMPORT_NEEDS_YOU,
     "clew has no tags: it matches input, path, pod and namespace; see the routes and filters"},
    {"", "tag", IMPORT_MAPPED, "the routes and filters match the same records"},
    {"", "alias", IMPORT_MAPPED, "the input's name"},
    {"syslog", "mem_buf_limit", IMPORT_DEFAULT,
     "memory_limit: connected senders wait; the kernel keeps datagrams, then drops them"},
    {"syslog", "storage.*", IMPORT_CHANGED, STREAM},
    {"stdin", "storage.*", IMPORT_CHANGED, STREAM},
    {"", "mem_buf_limit", IMPORT_DEFAULT, MEMORY},
    {"", "storage.*", IMPORT_DEFAULT, FILES},
    {"", "buffer_chunk_size", IMPORT_DEFAULT, "read_bytes"},
    {"", "threaded", IMPORT_IGNORED, "`workers` sets the number of threads for all inputs"},
    {"", "thread.*", IMPORT_IGNORED, "`workers` sets the number of threads for all inputs"},
    {"", "log_level", IMPORT_IGNORED, "log_level applies to all of clew"},
    {"", "log_suppress_interval", IMPORT_IGNORED, "clew logs each event once"},
    {"", "routable", IMPORT_IGNORED, SELF},
    {"", "net.*", IMPORT_IGNORED, SELF},
    {"tail", "db", IMPORT_DEFAULT, "checkpoints in data_dir, which advance on delivery, not on "
                                   "reading"},
    {"tail", "db.*", IMPORT_DEFAULT, "checkpoints in data_dir, which advance on delivery, not on "
                                     "reading"},
    {"tail", "rotate_wait", IMPORT_DEFAULT, "a rotated file is read to its end, however long"},
    {"tail", "skip_long_lines", IMPORT_CHANGED, LONG},
    {"tail", "truncate_long_lines", IMPORT_CHANGED, LONG},
    {"tail", "skip_empty_lines", IMPORT_DEFAULT, "empty lines are no records"},
    {"tail", "docker_mode*", IMPORT_DEFAULT, "partial lines are joined, for each stream"},
    {"tail", "path_key", IMPORT_DEFAULT, "the path is the attribute log.file.path"},
    {"tail", "offset_key", IMPORT_DEFAULT, "log.record.uid is made of file and offset"},
    {"tail", "key", IMPORT_DEFAULT, "a line that is not parsed is the record's body"},
    {"tail", "inotify_watcher", IMPORT_DEFAULT, "scan_interval looks at every file in any case"},
    {"tail", "watcher_interval", IMPORT_DEFAULT, "scan_interval"},
    {"tail", "progress_check_interval*", IMPORT_DEFAULT, "scan_interval"},
    {"tail", "read_newly_discovered_files_from_head", IMPORT_DEFAULT, "new files are read whole"},
    {"tail", "static_batch_size", IMPORT_DEFAULT, "read_bytes"},
    {"tail", "event_batch_size", IMPORT_DEFAULT, "read_bytes"},
    {"tail", "file_cache_advise", IMPORT_IGNORED, SELF},
    {"tail", "exit_on_eof", IMPORT_IGNORED, "`clew parse` and `clew audit` read to the end"},
    {"tail", "ignore_older", IMPORT_CHANGED,
     "shipped lines are not read again; exclude old files"},
    {"tail", "multiline_flush", IMPORT_DEFAULT, "multiline.timeout"},
    {"tail", "unicode.encoding", IMPORT_NEEDS_YOU, "clew reads UTF-8"},
    {"tail", "generic.encoding", IMPORT_NEEDS_YOU, "clew reads UTF-8"},
    {"tail", "dockermode*", IMPORT_DEFAULT, "partial lines are joined, for each stream"},
    {"systemd", "db*", IMPORT_DEFAULT, "checkpoints in data_dir, which advance on delivery"},
    {"systemd", "strip_underscores", IMPORT_DEFAULT, "fields have names of semantic conventions"},
    {"systemd", "lowercase", IMPORT_DEFAULT, "fields have names of semantic conventions"},
    {"systemd", "max_entries", IMPORT_DEFAULT, MEMORY},
    {"systemd", "max_fields", IMPORT_DEFAULT, "parse.fields_max"},
    {"syslog", "frame", IMPORT_DEFAULT, "octet counting or newlines, detected from the message"},
    {"syslog", "format", IMPORT_DEFAULT, "octet counting or newlines, detected from the message"},
    {"syslog", "raw_message_key", IMPORT_DEFAULT, "the body is the whole message"},
    {"syslog", "source_address_key", IMPORT_NEEDS_YOU,
     "host.name is from the message; the sender's address is not kept"},
    {"syslog", "receive_buffer_size", IMPORT_IGNORED, SELF},
    {"syslog", "unix_perm", IMPORT_NEEDS_YOU, "set the permissions of the socket's directory"},
};

static const struct known_option filters[] = {
    {"", "alias", IMPORT_IGNORED, ALIAS},
    {"", "match", IMPORT_MAPPED, "the filter's `when`, unless it matches all records"},
    {"", "match_regex", IMPORT_MAPPED, "the filter's `when`, as far as the tags are known"},
    {"", "log_level", IMPORT_IGNORED, "log_level applies to all of clew"},
    {"kubernetes", "kube_url", IMPORT_DEFAULT, API},
    {"kubernetes", "kube_ca*", IMPORT_DEFAULT, API},
    {"kubernetes", "kube_token*", IMPORT_DEFAULT, API},
    {"kubernetes", "kube_namespace_file", IMPORT_DEFAULT, API},
    {"kubernetes", "kube_meta*", IMPORT_DEFAULT, API},
    {"kubernetes", "kubelet*", IMPORT_DEFAULT, API},
    {"kubernetes", "use_kubelet", IMPORT_DEFAULT, API},
    {"kubernetes", "tls.*", IMPORT_DEFAULT, API},
    {"kubernetes", "buffer_size", IMPORT_DEFAULT, API},
    {"kubernetes", "dns_*", IMPORT_DEFAULT, API},
    {"kubernetes", "cache_use_docker_id", IMPORT_DEFAULT, API},
    {"kubernetes", "dummy_meta", IMPORT_IGNORED, "for Fluent Bit's own tests"},
    {"kubernetes", "kube_tag_prefix", IMPORT_DEFAULT,
     "pod, namespace and container are read off the path itself"},
    {"kubernetes", "regex_parser", IMPORT_DEFAULT,
     "pod, namespace and container are read off the path itself"},
    {"kubernetes", "use_tag_for_meta", IMPORT_DEFAULT,
     "pod, namespace and container are read off the path itself"},
    {"kubernetes", "merge_log", IMPORT_DEFAULT,
     "a line that is JSON or logfmt becomes fields, its ids the record's own"},
    {"kubernetes", "merge_json_log", IMPORT_DEFAULT,
     "a line that is JSON or logfmt becomes fields, its ids the record's own"},
    {"kubernetes", "merge_log_key", IMPORT_CHANGED,
     "the line's fields are at the top, where backends look for them"},
    {"kubernetes", "merge_log_trim", IMPORT_DEFAULT, "the newline is no part of a line"},
    {"kubernetes", "keep_log", IMPORT_DEFAULT,
     "the message is the body; a line that cannot be parsed is kept whole"},
    {"kubernetes", "labels", IMPORT_DEFAULT,
     "labels of the pod, as clew's kubernetes section says"},
    {"kubernetes", "annotations", IMPORT_DEFAULT,
     "annotations of the pod, as clew's kubernetes section says"},
    {"kubernetes", "owner_references", IMPORT_DEFAULT, "k8s.deployment.name and its like"},
    {"kubernetes", "namespace_*", IMPORT_DEFAULT, "as clew's kubernetes section says"},
    {"kubernetes", "k8s-logging.exclude", IMPORT_NEEDS_YOU,
     "pods cannot exclude themselves by Fluent Bit's annotation: exclude their paths, or drop "
     "them"},
    {"kubernetes", "k8s-logging.parser", IMPORT_DEFAULT,
     "clew looks at each line for its format, so no annotation has to say it"},
    {"kubernetes", "aws_*", IMPORT_NEEDS_YOU, "of Amazon's Container Insights only"},
    {"kubernetes", "use_pod_association", IMPORT_NEEDS_YOU, "of Amazon's Container Insights only"},
    {"kubernetes", "use_journal", IMPORT_NEEDS_YOU,
     "containers that log to the journal are read from there"},
    {"multiline", "buffer", IMPORT_DEFAULT,
     "lines are joined in the input, before everything else"},
    {"multiline", "mode", IMPORT_DEFAULT, "partial lines of a container are joined in the input"},
    {"multiline", "flush_ms", IMPORT_DEFAULT, "multiline.timeout"},
    {"multiline", "emitter_*", IMPORT_DEFAULT, MEMORY},
    {"multiline", "multiline.key_content", IMPORT_DEFAULT, "lines are joined by their text"},
    {"multiline", "debug_flush", IMPORT_IGNORED, SELF},
    {"rewrite_tag", "emitter_*", IMPORT_DEFAULT, MEMORY},
    {"aws", "*", IMPORT_NEEDS_YOU,
     "facts about the machine: give those that matter as `resource`, from the environment"},
    {"stdout", "*", IMPORT_IGNORED, "a look at records: `clew parse` shows them"},
    {"nest", "wildcard", IMPORT_IGNORED, "without effect for `lift`"},
    {"throttle", "print_status", IMPORT_IGNORED, "clew_filtered_records_total counts"},
};

static const struct known_option outputs[] = {
    {"", "match", IMPORT_MAPPED, "the route to this output, unless it gets all records"},
    {"", "match_regex", IMPORT_MAPPED, "the route to this output, as far as the tags are known"},
    {"", "alias", IMPORT_MAPPED, "the output's name"},
    {"", "retry_limit", IMPORT_DEFAULT, RETRIES},
    {"", "no_retries", IMPORT_CHANGED, RETRIES},
    {"", "auto_retry_requests", IMPORT_DEFAULT, RETRIES},
    {"", "workers", IMPORT_DEFAULT, "outputs.in_flight requests at once"},
    {"", "storage.*", IMPORT_DEFAULT, FILES},
    {"", "net.*", IMPORT_DEFAULT,
     "libcurl keeps connections alive; outputs.timeout bounds a request"},
    {"", "log_level", IMPORT_IGNORED, "log_level applies to all of clew"},
    {"", "log_suppress_interval", IMPORT_IGNORED, "clew logs each event once"},
    {"", "log_response_payload", IMPORT_IGNORED, "clew logs answers that are errors"},
    {"", "response_payload", IMPORT_IGNORED, "clew logs answers that are errors"},
    {"", "buffer_size", IMPORT_DEFAULT, "outputs.response_bytes_max"},
    {"", "trace_error", IMPORT_DEFAULT, "clew logs the backend's errors"},
    {"", "trace_output", IMPORT_IGNORED, "`clew parse` shows records"},
    {"", "tls.debug", IMPORT_IGNORED, SELF},
    {"", "tls.vhost", IMPORT_NEEDS_YOU, "clew uses the host of the endpoint"},
    {"", "tls.verify_hostname", IMPORT_DEFAULT, "the name is verified with the certificate"},
    {"", "tls.key_passwd", IMPORT_NEEDS_YOU, "clew takes keys without a password"},
    {"", "tls.ca_path", IMPORT_NEEDS_YOU, "clew takes one file: tls.ca_file"},
    {"", "tls.ciphers", IMPORT_IGNORED, "as libcurl's TLS library is configured"},
    {"", "tls.min_version", IMPORT_IGNORED, "as libcurl's TLS library is configured"},
    {"", "tls.max_version", IMPORT_IGNORED, "as libcurl's TLS library is configured"},
    {"", "allow_duplicated_headers", IMPORT_IGNORED, SELF},
    {"", "json_date_key", IMPORT_DEFAULT, TIME},
    {"", "json_date_format", IMPORT_DEFAULT, TIME},
    {"", "time_key", IMPORT_DEFAULT, TIME},
    {"", "time_key_*", IMPORT_DEFAULT, TIME},
    {"", "include_tag_key", IMPORT_DEFAULT,
     "log.file.path and the resource name the source of a record"},
    {"", "tag_key", IMPORT_DEFAULT, "log.file.path and the resource name the source of a record"},
    {"opentelemetry", "logs_body_key", IMPORT_CHANGED,
     "the message is the body, every other field an attribute: none is dropped"},
    {"opentelemetry", "logs_body_key_attributes", IMPORT_DEFAULT,
     "every field beside the body is an attribute"},
    {"opentelemetry", "logs_trace_*", IMPORT_DEFAULT,
     "ids are found by all their usual names; trace.keys adds others"},
    {"opentelemetry", "logs_span_*", IMPORT_DEFAULT,
     "ids are found by all their usual names; trace.keys adds others"},
    {"opentelemetry", "logs_severity_*", IMPORT_DEFAULT, "severity is found by its usual names"},
    {"opentelemetry", "logs_*_key", IMPORT_DEFAULT, "OTLP's own fields are filled from the record"},
    {"opentelemetry", "metrics_uri", IMPORT_NEEDS_YOU, "clew ships logs only"},
    {"opentelemetry", "traces_uri", IMPORT_NEEDS_YOU, "clew ships logs only"},
    {"opentelemetry", "batch_size", IMPORT_DEFAULT, "outputs.batch.bytes"},
    {"opentelemetry", "logs_batch_size", IMPORT_DEFAULT, "outputs.batch.bytes"},
    {"opentelemetry", "add_label", IMPORT_NEEDS_YOU,
     "of metrics; `resource` gives all records an attribute"},
    {"loki", "labels", IMPORT_NEEDS_YOU,
     "Loki makes labels of resource attributes (otlp_config): k8s.* and service.name are there; "
     "give others as `resource`"},
    {"loki", "label_keys", IMPORT_CHANGED,
     "kept as a field of the record; Loki makes it structured metadata"},
    {"loki", "label_map_path", IMPORT_CHANGED,
     "kept as fields of the record; Loki makes them structured metadata"},
    {"loki", "structured_metadata*", IMPORT_DEFAULT, "every attribute is structured metadata"},
    {"loki", "auto_kubernetes_labels", IMPORT_DEFAULT, "k8s.* are resource attributes"},
    {"loki", "remove_keys", IMPORT_CHANGED, "no field is removed on the way to the output"},
    {"loki", "drop_single_key", IMPORT_CHANGED, "no field is removed on the way to the output"},
    {"loki", "line_format", IMPORT_CHANGED,
     "the message is the line, the fields structured metadata"},
    {"loki", "uri", IMPORT_CHANGED, "Loki's OTLP endpoint"},
    {"es", "aws_*", IMPORT_NEEDS_YOU, "clew does not sign requests for AWS"},
    {"es", "cloud_id", IMPORT_NEEDS_YOU, "give the address of the deployment as the endpoint"},
    {"es", "*", IMPORT_CHANGED, SCHEMA " (data streams logs-*-*)"},
    {"opensearch", "*", IMPORT_NEEDS_YOU,
     "OpenSearch has no OTLP endpoint: Data Prepper or a Collector writes its index"},
    {"datadog", "dd_service", IMPORT_MAPPED, "service"},
    {"datadog", "dd_source", IMPORT_CHANGED, "Datadog goes by the resource's attributes"},
    {"datadog", "dd_tags", IMPORT_NEEDS_YOU, "give the tags as `resource`"},
    {"datadog", "*", IMPORT_CHANGED, "Datadog's OTLP intake reads the record's own fields"},
    {"newrelic", "*", IMPORT_CHANGED, "New Relic's OTLP endpoint reads the record's own fields"},
    {"nrlogs", "*", IMPORT_CHANGED, "New Relic's OTLP endpoint reads the record's own fields"},
    {"cloudwatch_logs", "log_key", IMPORT_CHANGED,
     "the whole record is shipped, not this key only"},
    {"cloudwatch", "log_key", IMPORT_CHANGED, "the whole record is shipped, not this key only"},
    {"cloudwatch_logs", "extra_user_agent", IMPORT_IGNORED, SELF},
    {"cloudwatch_logs", "log_retention_days", IMPORT_NEEDS_YOU,
     "set it on the log group; clew does not manage AWS"},
    {"cloudwatch_logs", "auto_create_group", IMPORT_NEEDS_YOU,
     "make the log group beforehand; clew does not manage AWS"},
    {"cloudwatch_logs", "*", IMPORT_NEEDS_YOU,
     "clew does not manage AWS: check what it was for"},
    {"cloudwatch", "extra_user_agent", IMPORT_IGNORED, SELF},
    {"cloudwatch", "log_retention_days", IMPORT_NEEDS_YOU,
     "set it on the log group; clew does not manage AWS"},
    {"cloudwatch", "auto_create_group", IMPORT_NEEDS_YOU,
     "make the log group beforehand; clew does not manage AWS"},
    {"cloudwatch", "*", IMPORT_NEEDS_YOU,
     "clew does not manage AWS: check what it was for"},
    {"grafana-loki", "*", IMPORT_CHANGED,
     "Loki makes labels of resource attributes, of fields structured metadata"},
    {"http", "format", IMPORT_CHANGED, "OTLP in protobuf"},
    {"http", "*", IMPORT_NEEDS_YOU, "part of a request that is not OTLP"},
};

static const struct known_option parsers[] = {
    {"", "format", IMPORT_MAPPED, "where the parser is used"},
    {"", "regex", IMPORT_MAPPED, "where the parser is used"},
    {"", "time_key", IMPORT_DEFAULT, "the time is found by its usual names and forms"},
    {"", "time_format", IMPORT_DEFAULT, "the time's form is recognised"},
    {"", "time_keep", IMPORT_CHANGED, "the field is kept, and is the record's time as well"},
    {"", "time_strict", IMPORT_DEFAULT, "a time that cannot be read is ignored; the field is kept"},
    {"", "time_offset", IMPORT_NEEDS_YOU, "trace.zone applies to all times without a zone"},
    {"", "time_zone", IMPORT_NEEDS_YOU, "trace.zone applies to all times without a zone"},
    {"", "time_system_timezone", IMPORT_NEEDS_YOU, "trace.zone applies to all times without a zone"},
    {"", "types", IMPORT_MAPPED, "types of the `parse` filter; ids stay strings"},
    {"", "skip_empty_values", IMPORT_DEFAULT, "an empty capture makes no field"},
    {"", "decode_field*", IMPORT_DEFAULT, "a message that is JSON becomes fields"},
    {"", "logfmt_no_bare_keys", IMPORT_DEFAULT, "bare words stay text"},
    {"", "reserve_data", IMPORT_IGNORED, "without effect in a parser, there as here"},
    {"", "preserve_key", IMPORT_IGNORED, "without effect in a parser, there as here"},
};

static const struct known_option multiline_parsers[] = {
    {"", "type", IMPORT_MAPPED, "where the parser is used"},
    {"", "rule", IMPORT_MAPPED, "where the parser is used"},
    {"", "flush_timeout", IMPORT_DEFAULT, "multiline.timeout"},
    {"", "key_*", IMPORT_DEFAULT,
     "lines are joined by their text, each container and stream apart"},
};

static const struct known_option *find_in(const struct known_option *table, size_t count,
                                          const char *plugin, const char *option)
{
    for (size_t i = 0; i < count; i++) {
        const char *wanted = table[i].option;
        size_t len = strlen(wanted);
        bool is_option = len > 0 && wanted[len - 1] == '*'
                             ? strncasecmp(wanted, option, len - 1) == 0
                             : strcasecmp(wanted, option) == 0;
        if (is_option && (*table[i].plugin == '\0' || strcasecmp(table[i].plugin, plugin) == 0)) {
            return &table[i];
        }
    }
    return NULL;
}

const struct known_option *known_find(enum fb_kind kind, const char *plugin, const char *option)
{
    switch (kind) {
    case FB_SERVICE:
        return find_in(service, ARRAY_LEN(service), "", option);
    case FB_INPUT:
        return find_in(inputs, ARRAY_LEN(inputs), plugin, option);
    case FB_FILTER:
        return find_in(filters, ARRAY_LEN(filters), plugin, option);
    case FB_OUTPUT:
        return find_in(outputs, ARRAY_LEN(outputs), plugin, option);
    case FB_PARSER:
        return find_in(parsers, ARRAY_LEN(parsers), "", option);
    case FB_MULTILINE_PARSER:
        return find_in(multiline_parsers, ARRAY_LEN(multiline_parsers), "", option);
    default:
        return NULL;
    }
}
