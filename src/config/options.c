/* SPDX-License-Identifier: Apache-2.0 */
#include "config/options.h"

#include <string.h>
#include "config/check.h"
#include "config/filter_options.h"
#include "config/input_types.h"
#include "config/kubernetes_options.h"
#include "config/multiline_options.h"
#include "config/test_options.h"
#include "record/settings.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* In the order of their enums. */
static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const read_froms[] = {"beginning", "end", NULL};
static const char *const encodings[] = {"auto", "utf-8", "utf-16le", "utf-16be", NULL};
static const char *const envelopes[] = {"auto", "cri", "docker", "plain", NULL};
static const char *const formats[] = {"auto", "json", "logfmt", "text", "syslog", NULL};
static const char *const long_lines[] = {"split", "truncate", NULL};
static const char *const output_types[] = {"otlp_http", NULL};
static const char *const compressions[] = {"none", "gzip", "zstd", NULL};
static const char *const message_fallbacks[] = {"labelled", "off", NULL};
static const char *const off_or_on[] = {"off", "on", NULL};
static const char *const dd_decimals[] = {"attribute_only", "pad", NULL};

#define AT(member) offsetof(struct input_settings, member)
static const struct option input_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "tail",
     .help = "Name of this input in logs, metrics and checkpoints. By default its type, numbered if "
             "there are several."},
    {.name = "type", .kind = OPTION_TEXT, .offset = AT(type), .fallback = "tail",
     .names = input_type_names,
     .help = "What the input reads: `tail` files, `stdin` standard input, `syslog` messages from "
             "the network, `journal` the systemd journal. docs/inputs.md."},
    {.name = "include", .kind = OPTION_TEXTS, .offset = AT(include),
     .example = "[/var/log/pods/*/*/*.log]", .is_required = true, .check = check_not_empty,
     .help = "Files, directories and globs to read. Required for `tail`; other types do not use it."},
    {.name = "exclude", .kind = OPTION_TEXTS, .offset = AT(exclude),
     .fallback = "*.gz *.tmp",
     .help = "Globs of paths to ignore. A glob without a slash is matched against the file name "
             "only."},
    {.name = "read_from", .kind = OPTION_CHOICE, .offset = AT(read_from), .fallback = "beginning",
     .names = read_froms,
     .help = "Where to start in a file, or a journal, that existed before clew first saw it."},
    {.name = "encoding", .kind = OPTION_CHOICE, .offset = AT(encoding), .fallback = "auto",
     .names = encodings,
     .help = "Encoding of the files; clew converts it to UTF-8. `auto` detects UTF-16 by its byte "
             "order mark. Other bytes are kept as they are."},
    {.name = "envelope", .kind = OPTION_CHOICE, .offset = AT(envelope), .fallback = "auto",
     .names = envelopes,
     .help = "Format of the container runtime around each line. `auto` detects it line by line."},
    {.name = "format", .kind = OPTION_CHOICE, .offset = AT(format), .fallback = "auto",
     .names = formats,
     .help = "Format of the application's lines. `auto` detects it line by line. A line in another "
             "format is kept whole as text. Inputs of type `syslog` use `syslog` by default."},
    {.name = "line_bytes_max", .kind = OPTION_SIZE, .offset = AT(line_bytes_max),
     .fallback = "1MiB", .min = KIB, .max = 64 * MIB, .help = "Maximum length of a line."},
    {.name = "long_line", .kind = OPTION_CHOICE, .offset = AT(long_line), .fallback = "split",
     .names = long_lines,
     .help = "What to do with a longer line: `split` ships it in pieces; `truncate` ships the first "
             "piece and counts the rest."},
    {.name = "record_bytes_max", .kind = OPTION_SIZE, .offset = AT(record_bytes_max),
     .fallback = "16MiB", .min = KIB, .max = 256 * MIB,
     .help = "Maximum length of a record joined from partial lines. The rest follows as separate "
             "records."},
    {.name = "read_bytes", .kind = OPTION_SIZE, .offset = AT(read_bytes), .fallback = "256KiB",
     .min = 4 * KIB, .max = 16 * MIB,
     .help = "Bytes read from one file before the next file gets its turn."},
    {.name = "pod_bytes_per_second", .kind = OPTION_SIZE, .offset = AT(pod_bytes_per_second),
     .fallback = "0", .max = 1024 * GIB,
     .help = "Maximum bytes read from one pod per second; also from each log that does not belong "
             "to a pod. The rest waits in its files. Pod annotations cannot change it. 0: no limit."},
    {.name = "scan_interval", .kind = OPTION_DURATION, .offset = AT(scan_interval_ms),
     .fallback = "1s", .min = 50, .max = HOUR,
     .help = "How often clew scans for new files and new data where inotify is not available."},
    {.name = "watched_scan_interval", .kind = OPTION_DURATION,
     .offset = AT(watched_scan_interval_ms), .fallback = "30s", .min = 50, .max = HOUR,
     .help = "How often watched directories are rescanned as a safety net, even without an inotify "
             "event. The rescans are spread over time."},
    {.name = "partial_timeout", .kind = OPTION_DURATION, .offset = AT(partial_timeout_ms),
     .fallback = "5s", .min = 100, .max = HOUR,
     .help = "How long a partial line waits for its next part before clew ships it as it is."},
    {.name = "unterminated_timeout", .kind = OPTION_DURATION,
     .offset = AT(unterminated_timeout_ms), .fallback = "5s", .min = 100, .max = HOUR,
     .help = "How long a last line without a newline must stay unchanged before clew ships it."},
    {.name = "open_files_max", .kind = OPTION_COUNT, .offset = AT(open_files_max),
     .fallback = "4096", .min = 1, .max = 1000000,
     .help = "Maximum number of open files; other files wait for their turn."},
    {.name = "deleted_bytes_max", .kind = OPTION_SIZE, .offset = AT(deleted_bytes_max),
     .fallback = "1GiB", .max = 1024 * GIB,
     .help = "Maximum disk space of deleted files that clew keeps open because they are not read "
             "yet (neither du nor the kubelet's limits show them). Beyond it clew closes the "
             "oldest, and counts and logs its unread bytes. The default is the logs of twenty "
             "containers as a kubelet keeps them (5 files of 10 MiB), and half of the free space on "
             "a disk of 20 GiB when the kubelet starts to evict (10 % free). 0: no limit."},
    {.name = "deleted_time_max", .kind = OPTION_DURATION, .offset = AT(deleted_time_max_ms),
     .fallback = "24h", .max = 24 * 30 * HOUR,
     .help = "Maximum time clew keeps a deleted file open without reading it to its end. Then it "
             "closes the file, and counts and logs its unread bytes. The default outlasts a night's "
             "outage. 0s: no limit."},
    {.name = "inotify", .kind = OPTION_BOOL, .offset = AT(inotify), .fallback = "true",
     .help = "Use inotify, so that new lines are read at once instead of at the next scan."},
    {.name = "service", .kind = OPTION_TEXT, .offset = AT(service), .example = "checkout",
     .help = "service.name of records of this input that have none."},
    {.name = "listen", .kind = OPTION_TEXTS, .offset = AT(listen), .check = check_syslog_listen,
     .example = "[\"udp://0.0.0.0:514\", \"tcp://0.0.0.0:514\", \"unixgram:///run/clew.sock\"]",
     .help = "Addresses to listen on, for type syslog: udp://ADDRESS:PORT, tcp://ADDRESS:PORT, "
             "unix:///PATH or unixgram:///PATH."},
    {.name = "connections_max", .kind = OPTION_COUNT, .offset = AT(connections_max),
     .fallback = "256", .min = 1, .max = 100000,
     .help = "Maximum number of connected senders, for type syslog. Others are rejected and "
             "counted."},
    {.name = "directory", .kind = OPTION_TEXT, .offset = AT(directory),
     .example = "/var/log/journal/remote",
     .help = "Directory with the journal's files, for type journal. By default the system's "
             "journal."},
    {.name = "units", .kind = OPTION_TEXTS, .offset = AT(units), .example = "[\"nginx.service\"]",
     .help = "Read only the entries of these units, given by their full names, for type journal."},
    {.name = "multiline", .kind = OPTION_SECTION, .offset = AT(multiline),
     .children = multiline_options,
     .help = "Join several lines to one record, such as stack traces; docs/multiline.md."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct output_settings, member)
static const struct option tls_options[] = {
    {.name = "ca_file", .kind = OPTION_TEXT, .offset = AT(ca_file),
     .example = "/etc/ssl/certs/ca-certificates.crt",
     .env = "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE, OTEL_EXPORTER_OTLP_CERTIFICATE",
     .help = "PEM file of trusted certificate authorities, instead of the system's."},
    {.name = "certificate_file", .kind = OPTION_TEXT, .offset = AT(certificate_file),
     .example = "/etc/clew/client.crt",
     .env = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
     .help = "PEM file of clew's client certificate."},
    {.name = "key_file", .kind = OPTION_TEXT, .offset = AT(key_file),
     .example = "/etc/clew/client.key",
     .env = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY, OTEL_EXPORTER_OTLP_CLIENT_KEY",
     .help = "PEM file of the client certificate's key."},
    {.name = "verify", .kind = OPTION_BOOL, .offset = AT(verify), .fallback = "true",
     .help = "Verify the server's certificate. Set to `false` only for testing."},
    {0},
};

static const struct option spool_options[] = {
    {.name = "max_bytes", .kind = OPTION_SIZE, .offset = AT(spool_bytes_max), .fallback = "0",
     .max = 1024 * GIB,
     .help = "Maximum disk space of the spool. 0 disables it: then the log files are the only "
             "buffer."},
    {.name = "dir", .kind = OPTION_TEXT, .offset = AT(spool_dir), .example = "/var/spool/clew",
     .check = check_not_empty,
     .help = "Directory of the spool. By default spool/NAME in data_dir, where NAME is the output's "
             "name."},
    {0},
};

static const struct option batch_options[] = {
    {.name = "bytes", .kind = OPTION_SIZE, .offset = AT(batch_bytes), .fallback = "512KiB",
     .min = KIB, .max = 16 * MIB,
     .help = "Send a request when it reaches this size, before compression."},
    {.name = "age", .kind = OPTION_DURATION, .offset = AT(batch_age_ms), .fallback = "100ms",
     .min = 1, .max = MINUTE,
     .help = "Send a request when its first record has waited this long. It is sent at once if no "
             "request was sent for this time."},
    {0},
};

static const struct option retry_options[] = {
    {.name = "initial", .kind = OPTION_DURATION, .offset = AT(retry_initial_ms), .fallback = "1s",
     .min = 1, .max = HOUR,
     .help = "Pause before the first retry; each further pause is longer."},
    {.name = "max", .kind = OPTION_DURATION, .offset = AT(retry_max_ms), .fallback = "30s",
     .min = 1, .max = HOUR,
     .help = "Longest pause. clew retries without limit: the log files are the buffer."},
    {.name = "after_max", .kind = OPTION_DURATION, .offset = AT(retry_after_max_ms), .fallback = "1h",
     .min = 1, .max = 24 * HOUR,
     .help = "Longest pause that a backend can request by Retry-After."},
    {0},
};

static const struct option output_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "otlp_http",
     .check = check_file_name,
     .help = "Name of this output in logs, metrics and the spool. By default its type, numbered if "
             "there are several."},
    {.name = "type", .kind = OPTION_TEXT, .offset = AT(type), .fallback = "otlp_http",
     .names = output_types,
     .help = "Type of the output. `otlp_http` sends OTLP over HTTP, in protobuf."},
    {.name = "endpoint", .kind = OPTION_TEXT, .offset = AT(endpoint),
     .fallback = "http://localhost:4318/v1/logs", .may_hold_secret = true, .check = check_url,
     .env = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT (with /v1/logs added)",
     .help = "URL of the backend for logs. If it has no path, clew adds /v1/logs."},
    {.name = "headers", .kind = OPTION_MAP, .offset = AT(headers), .may_hold_secret = true,
     .check = check_header,
     .example = "{authorization: \"Bearer ${TOKEN}\"}",
     .env = "OTEL_EXPORTER_OTLP_LOGS_HEADERS, OTEL_EXPORTER_OTLP_HEADERS",
     .help = "HTTP headers of every request."},
    {.name = "compression", .kind = OPTION_CHOICE, .offset = AT(compression), .fallback = "gzip",
     .names = compressions,
     .env = "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION",
     .help = "Compression of requests. Every OTLP backend accepts gzip; zstd needs less CPU if the "
             "backend accepts it."},
    {.name = "timeout", .kind = OPTION_DURATION, .offset = AT(timeout_ms), .fallback = "10s",
     .min = 1, .max = HOUR,
     .env = "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT (in milliseconds)",
     .help = "Timeout of one request. A request that takes longer has failed and is retried."},
    {.name = "tls", .kind = OPTION_SECTION, .children = tls_options,
     .help = "TLS options for https endpoints."},
    {.name = "proxy", .kind = OPTION_TEXT, .offset = AT(proxy), .may_hold_secret = true,
     .check = check_proxy,
     .example = "http://proxy.example:3128", .env = "https_proxy, http_proxy, no_proxy",
     .help = "URL of an HTTP proxy."},
    {.name = "batch", .kind = OPTION_SECTION, .children = batch_options,
     .help = "How records are grouped into requests."},
    {.name = "in_flight", .kind = OPTION_COUNT, .offset = AT(in_flight_max), .fallback = "4",
     .min = 1, .max = 64, .help = "Maximum number of requests in flight."},
    {.name = "retry", .kind = OPTION_SECTION, .children = retry_options,
     .help = "Back-off between retries of a failed request."},
    {.name = "required", .kind = OPTION_BOOL, .offset = AT(required), .fallback = "true",
     .help = "Whether checkpoints wait for this output, and reading stops when its queue is full. "
             "`false`: records that arrive while its queue is full are dropped for this output and "
             "counted."},
    {.name = "spool", .kind = OPTION_SECTION, .children = spool_options,
     .help = "Buffer on disk for requests during a long outage."},
    {.name = "response_bytes_max", .kind = OPTION_SIZE, .offset = AT(response_bytes_max),
     .fallback = "64KiB", .min = KIB, .max = 4 * MIB,
     .help = "How much of an answer clew reads; it ignores the rest. With a 2xx status the records "
             "count as sent, except those that the part read reports as rejected; with another "
             "status clew uses the status only."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct route_settings, member)
static const struct option match_options[] = {
    {.name = "input", .kind = OPTION_TEXTS, .offset = AT(inputs), .example = "[tail]",
     .help = "Names of the inputs."},
    {.name = "namespace", .kind = OPTION_TEXTS, .offset = AT(namespaces),
     .example = "[shop, \"team-*\"]", .check = check_not_empty,
     .help = "Globs for the Kubernetes namespace."},
    {.name = "pod", .kind = OPTION_TEXTS, .offset = AT(pods), .example = "[\"checkout-*\"]",
     .check = check_not_empty, .help = "Globs for the pod name."},
    {.name = "container", .kind = OPTION_TEXTS, .offset = AT(containers), .example = "[istio-proxy]",
     .check = check_not_empty, .help = "Globs for the container name."},
    {.name = "path", .kind = OPTION_TEXTS, .offset = AT(paths), .example = "[/var/log/nginx/*.log]",
     .check = check_not_empty,
     .help = "Globs for the path under which the file is written. A glob without a slash is matched "
             "against the file name only."},
    {.name = "labels", .kind = OPTION_MAP, .offset = AT(labels), .example = "{team: payments}",
     .check = check_pod_label, .help = "Pod labels, each with a glob for its value."},
    {0},
};

static const struct option route_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "payments",
     .check = check_label,
     .help = "Name of this route in messages. By default `route`, numbered if there are several."},
    {.name = "match", .kind = OPTION_SECTION, .children = match_options,
     .help = "Conditions for the route. A record must match every option here; one of several "
             "values of an option is enough. Without `match` the route takes every record."},
    {.name = "otherwise", .kind = OPTION_BOOL, .offset = AT(otherwise), .fallback = "false",
     .help = "Take the records that no other route takes; use it instead of `match`. Without such a "
             "route those records are discarded."},
    {.name = "filters", .kind = OPTION_SECTIONS, .offset = AT(filters), .children = filter_options,
     .size = sizeof(struct filter_settings), .check_section = check_filter, .has_place = true,
     .is_example = true, .example = "[{drop: {field: level, equals: debug}}]",
     .help = "Filters of this route, applied in order after the `filters` of the config. Other "
             "routes are not affected."},
    {.name = "outputs", .kind = OPTION_TEXTS, .offset = AT(outputs), .example = "[otlp_http]",
     .help = "Names of the outputs that get the route's records. By default all outputs."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct parse_settings, member)
static const struct option parse_options[] = {
    {.name = "depth_max", .kind = OPTION_COUNT, .offset = AT(depth_max), .fallback = "32",
     .min = 1, .max = 1024,
     .help = "Maximum nesting depth, including the line itself. Deeper values are sent as JSON "
             "text. Values above 32 count as 32: protobuf libraries reject requests that are nested "
             "deeper."},
    {.name = "fields_max", .kind = OPTION_COUNT, .offset = AT(fields_max), .fallback = "4096",
     .min = 16, .max = 1000000, .help = "Maximum number of fields of a line. A line with more is "
                                        "shipped as text."},
    {.name = "arena_bytes_max", .kind = OPTION_SIZE, .offset = AT(arena_bytes_max),
     .fallback = "32MiB", .min = 64 * KIB, .max = GIB,
     .help = "Maximum memory for the unescaped strings of a record. A line that needs more is "
             "shipped as text."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct trace_settings, member)
static const struct option key_options[] = {
    {.name = "trace_id", .kind = OPTION_TEXTS, .offset = AT(trace_id_keys),
     .example = "[my_trace]", .help = "Fields that hold the trace id."},
    {.name = "span_id", .kind = OPTION_TEXTS, .offset = AT(span_id_keys), .example = "[my_span]",
     .help = "Fields that hold the span id."},
    {.name = "trace_flags", .kind = OPTION_TEXTS, .offset = AT(trace_flags_keys),
     .example = "[my_flags]", .help = "Fields that hold the W3C trace flags."},
    {0},
};

static const struct option trace_options[] = {
    {.name = "repair", .kind = OPTION_BOOL, .offset = AT(repair), .fallback = "true",
     .help = "Restore leading zeros that the writer has lost (ids of 29 to 31 or 13 to 15 digits)."},
    {.name = "message_fallback", .kind = OPTION_CHOICE, .offset = AT(message_fallback),
     .fallback = "labelled", .names = message_fallbacks,
     .help = "Look for `trace_id=…` in the message if no field has the id. Hexadecimal digits "
             "without a label never count."},
    {.name = "uuid", .kind = OPTION_BOOL, .offset = AT(uuid), .fallback = "true",
     .help = "Accept a UUID in a trace id field as the id."},
    {.name = "dd_decimal", .kind = OPTION_SWITCH, .offset = AT(dd_decimal_pad),
     .fallback = "pad", .names = dd_decimals,
     .help = "Datadog's 64-bit decimal ids: `pad` pads them to 128 bits and ships them as the "
             "record's ids; `attribute_only` keeps them as attributes."},
    {.name = "repeat_moved", .kind = OPTION_BOOL, .offset = AT(repeat_moved), .fallback = "false",
     .help = "Also keep ids and message as attributes."},
    {.name = "keys", .kind = OPTION_SECTION, .children = key_options,
     .help = "Your own field names, tried before the well-known ones."},
    {.name = "patterns", .kind = OPTION_TEXTS, .offset = AT(patterns),
     .example = "['req=(?<trace_id>[0-9a-f]{32})']",
     .help = "PCRE2 patterns for the message, with groups named trace_id, span_id and trace_flags."},
    {.name = "exclude", .kind = OPTION_TEXTS, .offset = AT(exclude),
     .example = "['*/tempo/*.log']",
     .help = "Globs of files whose lines contain ids of other traces, such as the log of a trace "
             "store. clew ignores the ids in these lines."},
    {.name = "zone", .kind = OPTION_TEXT, .offset = AT(zone), .fallback = "UTC",
     .check = check_zone,
     .help = "Time zone of times without one, if the container runtime's timestamp does not reveal "
             "it: UTC, +02:00, or a name such as Europe/Berlin."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct audit_settings, member)
static const struct option audit_options[] = {
    {.name = "min_coverage", .kind = OPTION_RATIO, .offset = AT(min_coverage), .fallback = "50%",
     .help = "Minimum share of a service's records with a valid trace id."},
    {.name = "min_records", .kind = OPTION_COUNT, .offset = AT(min_records), .fallback = "20",
     .help = "Minimum number of records for a verdict on a service."},
    {.name = "groups_max", .kind = OPTION_COUNT, .offset = AT(groups_max), .fallback = "10000",
     .min = 1, .max = 1000000,
     .help = "Maximum number of services with their own counts; further services share one group."},
    {.name = "services", .kind = OPTION_RATIO_MAP, .offset = AT(services),
     .example = "{checkout: 90%}", .help = "Minimum coverage per service, such as `{checkout: "
                                           "80%}`. Overrides audit.min_coverage."},
    {.name = "traced", .kind = OPTION_TEXTS, .offset = AT(traced), .example = "[checkout]",
     .help = "Services known to be traced. They are below their minimum even if none of their "
             "records has an id."},
    {.name = "check_interval", .kind = OPTION_DURATION, .offset = AT(check_interval_ms),
     .fallback = "30s", .min = 50, .max = MINUTE,
     .help = "How often `clew run` checks the coverage of each service. It logs a warning when a "
             "service drops below its minimum."},
    {.name = "summary_interval", .kind = OPTION_DURATION, .offset = AT(summary_interval_ms),
     .fallback = "0s", .max = 24 * HOUR,
     .help = "How often `clew run` ships the coverage as log records, for alerts. 0s disables it."},
    {.name = "metrics_services_max", .kind = OPTION_COUNT, .offset = AT(metrics_services_max),
     .fallback = "100", .max = 10000,
     .help = "Maximum number of services as labels in /metrics: those with the latest records. The "
             "others share one label."},
    {.name = "forget_after", .kind = OPTION_DURATION, .offset = AT(forget_after_ms),
     .fallback = "1h", .min = MINUTE, .max = 24 * 30 * HOUR,
     .help = "Time without records after which a service is removed from the windows, /metrics and "
             "clew_audit_below, and makes room if groups_max is half used."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct control_settings, member)
static const struct option control_options[] = {
    {.name = "listen", .kind = OPTION_TEXT, .offset = AT(listen), .fallback = "127.0.0.1:9464",
     .check = check_listen,
     .help = "Address of the HTTP endpoint for health and metrics: ADDRESS:PORT, or `off`. "
             "\"[::]:9464\" listens on every address of IPv4 and IPv6. On loopback the Host header "
             "of a request must be `localhost` or an address."},
    {.name = "connections_max", .kind = OPTION_COUNT, .offset = AT(connections_max),
     .fallback = "64", .min = 4, .max = 4096,
     .help = "Maximum number of connected clients. Half of them may be clients that have not sent "
             "their request yet. When the limit is reached, a new client replaces the one that has "
             "kept clew waiting for longest."},
    {.name = "peer_connections_max", .kind = OPTION_COUNT, .offset = AT(peer_connections_max),
     .fallback = "32", .min = 2, .max = 4096,
     .help = "Maximum number of connected clients from one address."},
    {.name = "request_timeout", .kind = OPTION_DURATION, .offset = AT(request_timeout_ms),
     .fallback = "5s", .min = 100, .max = HOUR,
     .help = "How long a client may take to send its request, and then to read the answer (plus one "
             "second for every 64 KiB). After that clew closes the connection."},
    {.name = "idle_timeout", .kind = OPTION_DURATION, .offset = AT(idle_timeout_ms),
     .fallback = "2m", .min = 100, .max = 24 * HOUR,
     .help = "How long an idle connection is kept for another request."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct settings, member)
static const struct option dead_letter_options[] = {
    {.name = "max_bytes", .kind = OPTION_SIZE, .offset = AT(dead_letter_bytes_max),
     .fallback = "100MiB", .max = 1024 * GIB,
     .help = "Maximum disk space for dead letters, per output. When it is full, the output stops "
             "and logs an error. 0 disables dead letters: refused records are dropped and counted."},
    {0},
};

const struct option options_root[] = {
    {.name = "data_dir", .kind = OPTION_TEXT, .offset = AT(data_dir), .example = "/var/lib/clew",
     .check = check_not_empty,
     .help = "Directory for checkpoints, spool and dead letters. By default /var/lib/clew for root, "
             "otherwise clew in $XDG_STATE_HOME or ~/.local/state."},
    {.name = "log_level", .kind = OPTION_TEXT, .offset = AT(log_level), .fallback = "info",
     .names = log_levels, .help = "Minimum level of clew's own log messages on standard error."},
    {.name = "shutdown_timeout", .kind = OPTION_DURATION, .offset = AT(shutdown_timeout_ms),
     .fallback = "10s", .max = HOUR,
     .help = "How long clew may take to shut down. It delivers what it has read; anything left is "
             "read again at the next start."},
    {.name = "checkpoint_interval", .kind = OPTION_DURATION, .offset = AT(checkpoint_interval_ms),
     .fallback = "1s", .min = 50, .max = HOUR,
     .help = "How often clew saves checkpoints."},
    {.name = "sandbox", .kind = OPTION_SWITCH, .offset = AT(sandbox), .fallback = "on",
     .names = off_or_on,
     .help = "Whether `clew run` restricts itself before it reads a line, as far as the kernel can: "
             "no files that this config does not need, no other programs, no system calls that a "
             "log shipper does not use. docs/security.md."},
    {.name = "workers", .kind = OPTION_COUNT, .offset = AT(workers), .fallback = "1", .min = 1,
     .max = WORKERS_MAX,
     .help = "Number of threads that read, parse and ship. Each has its share of the files and its "
             "own connections. One thread ships some 127 MB/s of pod log with gzip, 260 MB/s "
             "without compression: use more for nodes that write more. docs/workers.md."},
    {.name = "memory_limit", .kind = OPTION_SIZE, .offset = AT(memory_limit), .fallback = "64MiB",
     .min = 8 * MIB, .max = 64 * GIB,
     .help = "Maximum memory for records that are not delivered yet. clew stops reading before it "
             "is reached."},
    {.name = "dead_letters", .kind = OPTION_SECTION, .children = dead_letter_options,
     .help = "Records that a backend refuses for good, kept in data_dir/dead-letters with the "
             "reason. `clew replay` resends them."},
    {.name = "resource", .kind = OPTION_MAP, .offset = AT(resource), .merges = true,
     .check = check_resource,
     .example = "{deployment.environment.name: production}", .env = "OTEL_RESOURCE_ATTRIBUTES",
     .help = "Attributes of every resource. Do not use ids: for a backend each value is a separate "
             "stream."},
    {.name = "service", .kind = OPTION_TEXT, .offset = AT(service), .example = "checkout",
     .env = "OTEL_SERVICE_NAME, service.name in OTEL_RESOURCE_ATTRIBUTES",
     .help = "service.name of records that have none, instead of the container's name."},
    {.name = "inputs", .kind = OPTION_SECTIONS, .offset = AT(inputs), .children = input_options,
     .size = sizeof(struct input_settings), .check_section = check_input,
     .help = "Sources of logs. By default the logs of all pods, if /var/log/pods exists."},
    {.name = "outputs", .kind = OPTION_SECTIONS, .offset = AT(outputs), .children = output_options,
     .size = sizeof(struct output_settings), .check_section = check_output,
     .help = "Destinations of records."},
    {.name = "filters", .kind = OPTION_SECTIONS, .offset = AT(filters), .children = filter_options,
     .size = sizeof(struct filter_settings), .check_section = check_filter, .has_place = true,
     .is_example = true,
     .example = "[{name: health checks, drop: {field: path, equals: /healthz}}]",
     .help = "Filters for every record, applied in order; each list item is one filter. "
             "docs/filters.md describes them with examples."},
    {.name = "routes", .kind = OPTION_SECTIONS, .offset = AT(routes), .children = route_options,
     .size = sizeof(struct route_settings), .check_section = check_route, .is_example = true,
     .example = "[{match: {namespace: shop}, outputs: [otlp_http]}]",
     .help = "Which records go to which outputs. A record goes to every route that matches it. "
             "Without routes every record goes to every output."},
    {.name = "multiline", .kind = OPTION_SECTIONS, .offset = AT(multiline),
     .children = multiline_rule_options, .size = sizeof(struct multiline_rule_settings),
     .check_section = check_multiline_rule, .is_example = true,
     .example = "[{name: dated, start: '^\\d{4}-\\d\\d-\\d\\d '}]",
     .help = "Your own rule sets for joining lines: by start, continuation and end, or by steps "
             "between states. docs/multiline.md has examples."},
    {.name = "tests", .kind = OPTION_SECTIONS, .offset = AT(tests), .children = test_options,
     .size = sizeof(struct test_settings), .check_section = check_test, .has_place = true,
     .is_example = true,
     .example = "[{name: ids survive, lines: ['{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}'], "
                "expect: {$trace_id: 4bf92f3577b34da6a3ce929d0e0e4736}}]",
     .help = "Tests of the config: lines and the expected records, so that a later change does not "
             "break them. `clew check --test` runs them."},
    {.name = "parse", .kind = OPTION_SECTION, .offset = AT(parse), .children = parse_options,
     .help = "Limits for parsing a line. A line beyond them is kept whole as text."},
    {.name = "trace", .kind = OPTION_SECTION, .offset = AT(trace), .children = trace_options,
     .help = "How clew finds trace_id, span_id, trace_flags, and the time."},
    {.name = "audit", .kind = OPTION_SECTION, .offset = AT(audit), .children = audit_options,
     .help = "Coverage that services must reach, and limits of the audit."},
    {.name = "control", .kind = OPTION_SECTION, .offset = AT(control), .children = control_options,
     .help = "The HTTP endpoint for operators."},
    {.name = "kubernetes", .kind = OPTION_SECTION, .offset = AT(kubernetes),
     .children = options_kubernetes,
     .help = "Metadata of the pods that write logs: workload, image, labels and annotations."},
    {0},
};
#undef AT

/* The reader takes a list for a pointer with its count behind it. */
#define IS_LIST(type, items, count)                                                                \
    _Static_assert(offsetof(struct type, count) == offsetof(struct type, items) + sizeof(void *),  \
                   #items)
IS_LIST(string_list, items, count);
IS_LIST(key_value_list, items, count);
IS_LIST(audit_settings, services, service_count);
IS_LIST(settings, inputs, input_count);
IS_LIST(settings, outputs, output_count);
IS_LIST(settings, filters, filter_count);
IS_LIST(settings, tests, test_count);
IS_LIST(settings, routes, route_count);
IS_LIST(route_settings, filters, filter_count);
IS_LIST(settings, multiline, multiline_count);
IS_LIST(multiline_rule_settings, steps, step_count);

static const struct option *find_among(const struct option *options, const char *name, size_t len)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (strlen(options->name) == len && memcmp(options->name, name, len) == 0) {
            return options;
        }
    }
    return NULL;
}

const struct option *options_find(const char *path)
{
    const struct option *among = options_root;
    const struct option *found = NULL;
    while (*path != '\0') {
        size_t len = strcspn(path, ".");
        bool is_position = found != NULL && found->kind == OPTION_SECTIONS && len > 0 &&
                           strspn(path, "0123456789") == len;
        if (!is_position) {
            found = find_among(among, path, len);
            if (found == NULL) {
                return NULL;
            }
            among = found->children;
        }
        path += len + (path[len] == '.');
    }
    return found;
}

const char *options_shared_with(const struct option *option)
{
    for (const struct option *top = options_root; top->name != NULL; top++) {
        if (top != option && option->children != NULL && top->children == option->children) {
            return top->name;
        }
    }
    return NULL;
}
