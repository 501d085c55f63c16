/* SPDX-License-Identifier: Apache-2.0 */
#include "config/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/check.h"
#include "config/filter_options.h"
#include "config/input_types.h"
#include "config/kubernetes_options.h"
#include "config/multiline_options.h"
#include "config/test_options.h"
#include "config/units.h"
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
     .help = "How logs, metrics and checkpoints call this input. By default its type, numbered "
             "when there are several."},
    {.name = "type", .kind = OPTION_TEXT, .offset = AT(type), .fallback = "tail",
     .names = input_type_names,
     .help = "What it reads: `tail` follows files, `stdin` takes lines from standard input, and "
             "`syslog` from the network. docs/inputs.md."},
    {.name = "include", .kind = OPTION_TEXTS, .offset = AT(include),
     .example = "[/var/log/pods/*/*/*.log]", .is_required = true, .check = check_not_empty,
     .help = "Files, directories and globs to follow. An input must name some."},
    {.name = "exclude", .kind = OPTION_TEXTS, .offset = AT(exclude),
     .fallback = "*.gz *.tmp",
     .help = "Globs of paths to leave alone; one without a slash is held against the file's name "
             "only."},
    {.name = "read_from", .kind = OPTION_CHOICE, .offset = AT(read_from), .fallback = "beginning",
     .names = read_froms,
     .help = "Where to begin in a file, or a journal, that was there before clew first saw it."},
    {.name = "encoding", .kind = OPTION_CHOICE, .offset = AT(encoding), .fallback = "auto",
     .names = encodings,
     .help = "How the files' text is written; it becomes UTF-8. `auto`: UTF-16 if the file begins "
             "with its byte order mark. What is neither is kept as bytes."},
    {.name = "envelope", .kind = OPTION_CHOICE, .offset = AT(envelope), .fallback = "auto",
     .names = envelopes,
     .help = "What the container runtime wraps around each line; `auto` looks at the line."},
    {.name = "format", .kind = OPTION_CHOICE, .offset = AT(format), .fallback = "auto",
     .names = formats,
     .help = "How the application writes; `auto` looks at the line. A line that is not in the "
             "format is kept whole as text. `syslog` is what inputs of that type expect."},
    {.name = "line_bytes_max", .kind = OPTION_SIZE, .offset = AT(line_bytes_max),
     .fallback = "1MiB", .min = KIB, .max = 64 * MIB, .help = "The longest line taken as one."},
    {.name = "long_line", .kind = OPTION_CHOICE, .offset = AT(long_line), .fallback = "split",
     .names = long_lines,
     .help = "What becomes of a longer line: shipped in pieces, or its first piece only, the rest "
             "counted."},
    {.name = "record_bytes_max", .kind = OPTION_SIZE, .offset = AT(record_bytes_max),
     .fallback = "16MiB", .min = KIB, .max = 256 * MIB,
     .help = "The longest record after partial lines have been joined."},
    {.name = "read_bytes", .kind = OPTION_SIZE, .offset = AT(read_bytes), .fallback = "256KiB",
     .min = 4 * KIB, .max = 16 * MIB,
     .help = "How much is read from one file before the next one has its turn."},
    {.name = "pod_bytes_per_second", .kind = OPTION_SIZE, .offset = AT(pod_bytes_per_second),
     .fallback = "0", .max = 1024 * GIB,
     .help = "How much of one pod is read in a second, of a log that is no pod's likewise; what it writes "
             "beyond waits in its files. No annotation of a pod changes it. 0: no limit."},
    {.name = "scan_interval", .kind = OPTION_DURATION, .offset = AT(scan_interval_ms),
     .fallback = "1s", .min = 50, .max = HOUR,
     .help = "How often files are looked for and looked at where inotify cannot tell of them."},
    {.name = "watched_scan_interval", .kind = OPTION_DURATION,
     .offset = AT(watched_scan_interval_ms), .fallback = "30s", .min = 50, .max = HOUR,
     .help = "How often they are where it can, whatever it says: spread over the scans."},
    {.name = "partial_timeout", .kind = OPTION_DURATION, .offset = AT(partial_timeout_ms),
     .fallback = "5s", .min = 100, .max = HOUR,
     .help = "How long a partial line waits for its rest before it is shipped as it is."},
    {.name = "unterminated_timeout", .kind = OPTION_DURATION,
     .offset = AT(unterminated_timeout_ms), .fallback = "5s", .min = 100, .max = HOUR,
     .help = "How long a last line without its newline may stay unchanged before it is a line."},
    {.name = "open_files_max", .kind = OPTION_COUNT, .offset = AT(open_files_max),
     .fallback = "4096", .min = 1, .max = 1000000,
     .help = "How many files are held open at once; the others wait for their turn."},
    {.name = "deleted_bytes_max", .kind = OPTION_SIZE, .offset = AT(deleted_bytes_max),
     .fallback = "1GiB", .max = 1024 * GIB,
     .help = "How much of the disk files may hold that are deleted, and open because they are not read "
             "yet: no du and no limit of the kubelet's sees them. Beyond it the oldest is given up, "
             "counted and said. The default is the logs of twenty containers as a kubelet keeps them "
             "(5 files of 10 MiB), and half of what is left on a disk of 20 GiB when the kubelet begins "
             "to evict (10 % free). 0: no limit."},
    {.name = "deleted_time_max", .kind = OPTION_DURATION, .offset = AT(deleted_time_max_ms),
     .fallback = "24h", .max = 24 * 30 * HOUR,
     .help = "How long such a file may be held without being read to its end; likewise. The default "
             "outlasts a night's outage. 0s: no limit."},
    {.name = "inotify", .kind = OPTION_BOOL, .offset = AT(inotify), .fallback = "true",
     .help = "Let the kernel tell when files change, so that lines need not wait for the scan."},
    {.name = "service", .kind = OPTION_TEXT, .offset = AT(service), .example = "checkout",
     .help = "service.name of this input's records that name none."},
    {.name = "listen", .kind = OPTION_TEXTS, .offset = AT(listen), .check = check_syslog_listen,
     .example = "[\"udp://0.0.0.0:514\", \"tcp://0.0.0.0:514\", \"unixgram:///run/clew.sock\"]",
     .help = "Of type syslog: where messages are taken, udp://ADDRESS:PORT, tcp://ADDRESS:PORT, "
             "unix:///PATH or unixgram:///PATH."},
    {.name = "connections_max", .kind = OPTION_COUNT, .offset = AT(connections_max),
     .fallback = "256", .min = 1, .max = 100000,
     .help = "Of type syslog: how many senders may be connected at once; others are turned away "
             "and counted."},
    {.name = "directory", .kind = OPTION_TEXT, .offset = AT(directory),
     .example = "/var/log/journal/remote",
     .help = "Of type journal: the folder with the journal's files; without it the system's own."},
    {.name = "units", .kind = OPTION_TEXTS, .offset = AT(units), .example = "[\"nginx.service\"]",
     .help = "Of type journal: only the entries of these units, by their whole names."},
    {.name = "multiline", .kind = OPTION_SECTION, .offset = AT(multiline),
     .children = multiline_options,
     .help = "Records of several lines, such as stack traces; docs/multiline.md."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct output_settings, member)
static const struct option tls_options[] = {
    {.name = "ca_file", .kind = OPTION_TEXT, .offset = AT(ca_file),
     .example = "/etc/ssl/certs/ca-certificates.crt",
     .env = "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE, OTEL_EXPORTER_OTLP_CERTIFICATE",
     .help = "PEM file of the authorities to trust, in place of the system's."},
    {.name = "certificate_file", .kind = OPTION_TEXT, .offset = AT(certificate_file),
     .example = "/etc/clew/client.crt",
     .env = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
     .help = "PEM file of clew's own certificate, for far ends that ask for one."},
    {.name = "key_file", .kind = OPTION_TEXT, .offset = AT(key_file),
     .example = "/etc/clew/client.key",
     .env = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY, OTEL_EXPORTER_OTLP_CLIENT_KEY",
     .help = "PEM file of its key."},
    {.name = "verify", .kind = OPTION_BOOL, .offset = AT(verify), .fallback = "true",
     .help = "Refuse a far end whose certificate does not hold. `false` is for experiments."},
    {0},
};

static const struct option spool_options[] = {
    {.name = "max_bytes", .kind = OPTION_SIZE, .offset = AT(spool_bytes_max), .fallback = "0",
     .max = 1024 * GIB,
     .help = "How much disk it may take; 0 for none: then the log files alone are the buffer."},
    {.name = "dir", .kind = OPTION_TEXT, .offset = AT(spool_dir), .example = "/var/spool/clew",
     .check = check_not_empty,
     .help = "Where its files are. By default spool/NAME in data_dir, NAME being the output's."},
    {0},
};

static const struct option batch_options[] = {
    {.name = "bytes", .kind = OPTION_SIZE, .offset = AT(batch_bytes), .fallback = "512KiB",
     .min = KIB, .max = 16 * MIB,
     .help = "A request is sent when it has grown to this size, before compression."},
    {.name = "age", .kind = OPTION_DURATION, .offset = AT(batch_age_ms), .fallback = "100ms",
     .min = 1, .max = MINUTE,
     .help = "A request is sent when its first record has waited this long, or at once if none was "
             "sent for so long."},
    {0},
};

static const struct option retry_options[] = {
    {.name = "initial", .kind = OPTION_DURATION, .offset = AT(retry_initial_ms), .fallback = "1s",
     .min = 1, .max = HOUR,
     .help = "The first pause before a request is tried again; each next one is longer."},
    {.name = "max", .kind = OPTION_DURATION, .offset = AT(retry_max_ms), .fallback = "30s",
     .min = 1, .max = HOUR,
     .help = "The longest pause. There is no end to the tries: the files are the buffer."},
    {.name = "after_max", .kind = OPTION_DURATION, .offset = AT(retry_after_max_ms), .fallback = "1h",
     .min = 1, .max = 24 * HOUR,
     .help = "The longest pause that a backend may ask for by Retry-After."},
    {0},
};

static const struct option output_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "otlp_http",
     .check = check_file_name,
     .help = "How logs, metrics and its spool call this output. By default its type, numbered when there are "
             "several."},
    {.name = "type", .kind = OPTION_TEXT, .offset = AT(type), .fallback = "otlp_http",
     .names = output_types,
     .help = "Where it ships: `otlp_http` speaks OTLP over HTTP, in protobuf."},
    {.name = "endpoint", .kind = OPTION_TEXT, .offset = AT(endpoint),
     .fallback = "http://localhost:4318/v1/logs", .may_hold_secret = true, .check = check_url,
     .env = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT (with /v1/logs added)",
     .help = "The URL for logs. One without a path is given /v1/logs."},
    {.name = "headers", .kind = OPTION_MAP, .offset = AT(headers), .may_hold_secret = true,
     .check = check_header,
     .example = "{authorization: \"Bearer ${TOKEN}\"}",
     .env = "OTEL_EXPORTER_OTLP_LOGS_HEADERS, OTEL_EXPORTER_OTLP_HEADERS",
     .help = "Headers of every request."},
    {.name = "compression", .kind = OPTION_CHOICE, .offset = AT(compression), .fallback = "gzip",
     .names = compressions,
     .env = "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION",
     .help = "How requests are compressed. Every OTLP receiver takes gzip; zstd costs less where "
             "the receiver takes it."},
    {.name = "timeout", .kind = OPTION_DURATION, .offset = AT(timeout_ms), .fallback = "10s",
     .min = 1, .max = HOUR,
     .env = "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT (in milliseconds)",
     .help = "How long one request may take before it counts as failed and is retried."},
    {.name = "tls", .kind = OPTION_SECTION, .children = tls_options,
     .help = "Of https endpoints."},
    {.name = "proxy", .kind = OPTION_TEXT, .offset = AT(proxy), .may_hold_secret = true,
     .check = check_proxy,
     .example = "http://proxy.example:3128", .env = "https_proxy, http_proxy, no_proxy",
     .help = "URL of a proxy."},
    {.name = "batch", .kind = OPTION_SECTION, .children = batch_options,
     .help = "How records are put together."},
    {.name = "in_flight", .kind = OPTION_COUNT, .offset = AT(in_flight_max), .fallback = "4",
     .min = 1, .max = 64, .help = "How many requests may be under way at once."},
    {.name = "retry", .kind = OPTION_SECTION, .children = retry_options,
     .help = "Pauses between the tries of a request that the far end could not take."},
    {.name = "required", .kind = OPTION_BOOL, .offset = AT(required), .fallback = "true",
     .help = "Checkpoints wait for this output, and reading stops when it is far behind. `false`: "
             "what it cannot take in time it does not get, which is counted."},
    {.name = "spool", .kind = OPTION_SECTION, .children = spool_options,
     .help = "Where requests wait when an outage outlasts memory."},
    {.name = "response_bytes_max", .kind = OPTION_SIZE, .offset = AT(response_bytes_max),
     .fallback = "64KiB", .min = KIB, .max = 4 * MIB,
     .help = "How much of an answer is read; the rest of a longer one is passed over. With a status of "
             "2xx its records count as sent, but for those that the part that was read says are "
             "rejected; with another it is judged by that status."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct route_settings, member)
static const struct option match_options[] = {
    {.name = "input", .kind = OPTION_TEXTS, .offset = AT(inputs), .example = "[tail]",
     .help = "Names of inputs."},
    {.name = "namespace", .kind = OPTION_TEXTS, .offset = AT(namespaces),
     .example = "[shop, \"team-*\"]", .check = check_not_empty,
     .help = "Globs of Kubernetes namespaces."},
    {.name = "pod", .kind = OPTION_TEXTS, .offset = AT(pods), .example = "[\"checkout-*\"]",
     .check = check_not_empty, .help = "Globs of names of pods."},
    {.name = "container", .kind = OPTION_TEXTS, .offset = AT(containers), .example = "[istio-proxy]",
     .check = check_not_empty, .help = "Globs of names of containers."},
    {.name = "path", .kind = OPTION_TEXTS, .offset = AT(paths), .example = "[/var/log/nginx/*.log]",
     .check = check_not_empty,
     .help = "Globs of files, by the name under which they are written; one without a slash is held "
             "against the file's name only."},
    {.name = "labels", .kind = OPTION_MAP, .offset = AT(labels), .example = "{team: payments}",
     .check = check_pod_label, .help = "Labels of the pod, each with a glob of its value."},
    {0},
};

static const struct option route_options[] = {
    {.name = "name", .kind = OPTION_TEXT, .offset = AT(name), .example = "payments",
     .check = check_label,
     .help = "How messages call this route. By default `route`, numbered when there are several."},
    {.name = "match", .kind = OPTION_SECTION, .children = match_options,
     .help = "What it takes: records for which every option here holds; of an option with several "
             "values one is enough. Left out: every record."},
    {.name = "otherwise", .kind = OPTION_BOOL, .offset = AT(otherwise), .fallback = "false",
     .help = "Instead of `match`: takes the records that no other route takes. Without such a route "
             "they are filtered out."},
    {.name = "filters", .kind = OPTION_SECTIONS, .offset = AT(filters), .children = filter_options,
     .size = sizeof(struct filter_settings), .check_section = check_filter, .has_place = true,
     .is_example = true, .example = "[{drop: {field: level, equals: debug}}]",
     .help = "What is done to its records, in order, behind the `filters` of the whole config: other "
             "routes see the record as it was."},
    {.name = "outputs", .kind = OPTION_TEXTS, .offset = AT(outputs), .example = "[otlp_http]",
     .help = "Names of the outputs that get its records. Left out: all."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct parse_settings, member)
static const struct option parse_options[] = {
    {.name = "depth_max", .kind = OPTION_COUNT, .offset = AT(depth_max), .fallback = "32",
     .min = 1, .max = 1024,
     .help = "Deepest nesting that is sent nested, the line itself included; what is deeper is sent as "
             "JSON text. More than 32 counts as 32: protobuf libraries refuse a request that nests "
             "deeper."},
    {.name = "fields_max", .kind = OPTION_COUNT, .offset = AT(fields_max), .fallback = "4096",
     .min = 16, .max = 1000000, .help = "Most fields of a line; one with more is text."},
    {.name = "arena_bytes_max", .kind = OPTION_SIZE, .offset = AT(arena_bytes_max),
     .fallback = "32MiB", .min = 64 * KIB, .max = GIB,
     .help = "Most memory for the unescaped texts of one record; one that needs more is text."},
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
     .help = "Put leading zeros back that a writer has lost (29 to 31 and 13 to 15 digits)."},
    {.name = "message_fallback", .kind = OPTION_CHOICE, .offset = AT(message_fallback),
     .fallback = "labelled", .names = message_fallbacks,
     .help = "Look for `trace_id=…` inside the message when no field has the id. Hex digits "
             "without a label never count."},
    {.name = "uuid", .kind = OPTION_BOOL, .offset = AT(uuid), .fallback = "true",
     .help = "Take a UUID in a trace id's field as the id."},
    {.name = "dd_decimal", .kind = OPTION_SWITCH, .offset = AT(dd_decimal_pad),
     .fallback = "pad", .names = dd_decimals,
     .help = "Datadog's 64-bit decimal ids: padded to 128 bits and shipped as the record's own, or "
             "left among the attributes only."},
    {.name = "repeat_moved", .kind = OPTION_BOOL, .offset = AT(repeat_moved), .fallback = "false",
     .help = "Keep ids and message among the attributes as well."},
    {.name = "keys", .kind = OPTION_SECTION, .children = key_options,
     .help = "Names of your own, tried before the well-known ones."},
    {.name = "patterns", .kind = OPTION_TEXTS, .offset = AT(patterns),
     .example = "['req=(?<trace_id>[0-9a-f]{32})']",
     .help = "PCRE2 patterns for the message, with groups named trace_id, span_id, trace_flags."},
    {.name = "exclude", .kind = OPTION_TEXTS, .offset = AT(exclude),
     .example = "['*/tempo/*.log']",
     .help = "Globs of files in whose lines ids are never the line's own: a trace store logs those "
             "that it works on."},
    {.name = "zone", .kind = OPTION_TEXT, .offset = AT(zone), .fallback = "UTC",
     .check = check_zone,
     .help = "Of times that name none and for which the runtime's stamp tells no other: UTC, +02:00, or a "
             "name such as Europe/Berlin."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct audit_settings, member)
static const struct option audit_options[] = {
    {.name = "min_coverage", .kind = OPTION_RATIO, .offset = AT(min_coverage), .fallback = "50%",
     .help = "The share of a service's records that should carry a valid trace id."},
    {.name = "min_records", .kind = OPTION_COUNT, .offset = AT(min_records), .fallback = "20",
     .help = "A service with fewer records is not judged."},
    {.name = "groups_max", .kind = OPTION_COUNT, .offset = AT(groups_max), .fallback = "10000",
     .min = 1, .max = 1000000,
     .help = "How many services are counted apart; those beyond share one group."},
    {.name = "services", .kind = OPTION_RATIO_MAP, .offset = AT(services),
     .example = "{checkout: 90%}", .help = "Shares of their own."},
    {.name = "traced", .kind = OPTION_TEXTS, .offset = AT(traced), .example = "[checkout]",
     .help = "Services known to be traced: none of their records having an id is a finding."},
    {.name = "check_interval", .kind = OPTION_DURATION, .offset = AT(check_interval_ms),
     .fallback = "30s", .min = 50, .max = MINUTE,
     .help = "How often `clew run` looks whether a service fell under its share; it warns once."},
    {.name = "summary_interval", .kind = OPTION_DURATION, .offset = AT(summary_interval_ms),
     .fallback = "0s", .max = 24 * HOUR,
     .help = "How often `clew run` ships the numbers as log records, for alerts; 0s: never."},
    {.name = "metrics_services_max", .kind = OPTION_COUNT, .offset = AT(metrics_services_max),
     .fallback = "100", .max = 10000,
     .help = "How many services are labels in /metrics, those with records last; the others are one."},
    {.name = "forget_after", .kind = OPTION_DURATION, .offset = AT(forget_after_ms),
     .fallback = "1h", .min = MINUTE, .max = 24 * 30 * HOUR,
     .help = "A service without records for so long leaves the windows, /metrics and "
             "clew_audit_below, and makes room where groups_max is half taken."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct control_settings, member)
static const struct option control_options[] = {
    {.name = "listen", .kind = OPTION_TEXT, .offset = AT(listen), .fallback = "127.0.0.1:9464",
     .check = check_listen,
     .help = "Where health and metrics are served over HTTP: address:port, or `off`. "
             "\"[::]:9464\" is every address of IPv4 and IPv6; on loopback the Host header of a "
             "request must be `localhost` or an address."},
    {.name = "connections_max", .kind = OPTION_COUNT, .offset = AT(connections_max),
     .fallback = "64", .min = 4, .max = 4096,
     .help = "How many clients may be connected. Half of the places are for those whose request has "
             "not come yet. Whoever comes when all are taken gets the place of the one that has kept "
             "clew waiting for longest."},
    {.name = "peer_connections_max", .kind = OPTION_COUNT, .offset = AT(peer_connections_max),
     .fallback = "32", .min = 2, .max = 4096,
     .help = "How many of them may come from one address."},
    {.name = "request_timeout", .kind = OPTION_DURATION, .offset = AT(request_timeout_ms),
     .fallback = "5s", .min = 100, .max = HOUR,
     .help = "How long a client may take to send its request, and again to read the answer, which has "
             "a second more for every 64 KiB. Then its connection is closed."},
    {.name = "idle_timeout", .kind = OPTION_DURATION, .offset = AT(idle_timeout_ms),
     .fallback = "2m", .min = 100, .max = 24 * HOUR,
     .help = "How long a connection is kept for another request."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct settings, member)
static const struct option dead_letter_options[] = {
    {.name = "max_bytes", .kind = OPTION_SIZE, .offset = AT(dead_letter_bytes_max),
     .fallback = "100MiB", .max = 1024 * GIB,
     .help = "How much disk they may take for each output. Then the output holds what it has, and "
             "says so. 0: none are kept, what is refused is given up."},
    {0},
};

const struct option options_root[] = {
    {.name = "data_dir", .kind = OPTION_TEXT, .offset = AT(data_dir), .example = "/var/lib/clew",
     .check = check_not_empty,
     .help = "Where checkpoints are kept. By default /var/lib/clew for root, and clew below "
             "$XDG_STATE_HOME or ~/.local/state for anybody else."},
    {.name = "log_level", .kind = OPTION_TEXT, .offset = AT(log_level), .fallback = "info",
     .names = log_levels, .help = "What clew says about itself on standard error."},
    {.name = "shutdown_timeout", .kind = OPTION_DURATION, .offset = AT(shutdown_timeout_ms),
     .fallback = "10s", .max = HOUR,
     .help = "How long the end may take: what is in hand is delivered until then. The rest is "
             "read again at the next start."},
    {.name = "checkpoint_interval", .kind = OPTION_DURATION, .offset = AT(checkpoint_interval_ms),
     .fallback = "1s", .min = 50, .max = HOUR,
     .help = "How often what the far end has acknowledged is written down."},
    {.name = "sandbox", .kind = OPTION_SWITCH, .offset = AT(sandbox), .fallback = "on",
     .names = off_or_on,
     .help = "What `clew run` takes from itself before it reads a line, as far as the kernel can: files "
             "that this config does not need, other programs, and calls that a log shipper has no use "
             "for. docs/security.md."},
    {.name = "workers", .kind = OPTION_COUNT, .offset = AT(workers), .fallback = "1", .min = 1,
     .max = WORKERS_MAX,
     .help = "Threads that read, parse and ship side by side, each with its share of the files and its "
             "own connections; docs/workers.md. One reaches some 250 MB/s: more are for nodes that "
             "write more than that."},
    {.name = "memory_limit", .kind = OPTION_SIZE, .offset = AT(memory_limit), .fallback = "64MiB",
     .min = 8 * MIB, .max = 64 * GIB,
     .help = "Reading stops before records in hand take more than this."},
    {.name = "dead_letters", .kind = OPTION_SECTION, .children = dead_letter_options,
     .help = "Records that a far end will never accept, kept in data_dir/dead-letters with the "
             "reason; `clew replay` sends them again."},
    {.name = "resource", .kind = OPTION_MAP, .offset = AT(resource), .merges = true,
     .check = check_resource,
     .example = "{deployment.environment.name: production}", .env = "OTEL_RESOURCE_ATTRIBUTES",
     .help = "Attributes of every resource. Never an id: to a backend each value is a stream of its "
             "own."},
    {.name = "service", .kind = OPTION_TEXT, .offset = AT(service), .example = "checkout",
     .env = "OTEL_SERVICE_NAME, service.name in OTEL_RESOURCE_ATTRIBUTES",
     .help = "service.name of records that name none, in place of the container's name."},
    {.name = "inputs", .kind = OPTION_SECTIONS, .offset = AT(inputs), .children = input_options,
     .size = sizeof(struct input_settings), .check_section = check_input,
     .help = "What is read. By default the logs of all pods, where /var/log/pods exists."},
    {.name = "outputs", .kind = OPTION_SECTIONS, .offset = AT(outputs), .children = output_options,
     .size = sizeof(struct output_settings), .check_section = check_output,
     .help = "Where records go."},
    {.name = "filters", .kind = OPTION_SECTIONS, .offset = AT(filters), .children = filter_options,
     .size = sizeof(struct filter_settings), .check_section = check_filter, .has_place = true,
     .is_example = true,
     .example = "[{name: health checks, drop: {field: path, equals: /healthz}}]",
     .help = "What is done to every record before it is shipped, in order: each item is one filter. "
             "docs/filters.md has all of it with examples."},
    {.name = "routes", .kind = OPTION_SECTIONS, .offset = AT(routes), .children = route_options,
     .size = sizeof(struct route_settings), .check_section = check_route, .is_example = true,
     .example = "[{match: {namespace: shop}, outputs: [otlp_http]}]",
     .help = "Which records go to which outputs: a record goes to every route that takes it. Without "
             "routes every record goes to every output."},
    {.name = "multiline", .kind = OPTION_SECTIONS, .offset = AT(multiline),
     .children = multiline_rule_options, .size = sizeof(struct multiline_rule_settings),
     .check_section = check_multiline_rule, .is_example = true,
     .example = "[{name: dated, start: '^\\d{4}-\\d\\d-\\d\\d '}]",
     .help = "Rule sets of your own by which inputs may join lines: by start, continuation and end, "
             "or by steps from state to state. docs/multiline.md has examples."},
    {.name = "tests", .kind = OPTION_SECTIONS, .offset = AT(tests), .children = test_options,
     .size = sizeof(struct test_settings), .check_section = check_test, .has_place = true,
     .is_example = true,
     .example = "[{name: ids survive, lines: ['{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}'], "
                "expect: {$trace_id: 4bf92f3577b34da6a3ce929d0e0e4736}}]",
     .help = "Lines and what is to come of them, so that a later change of the config does not lose it: "
             "`clew check --test` runs them."},
    {.name = "parse", .kind = OPTION_SECTION, .offset = AT(parse), .children = parse_options,
     .help = "Limits of a line's inside. Whatever passes them is kept whole as text."},
    {.name = "trace", .kind = OPTION_SECTION, .offset = AT(trace), .children = trace_options,
     .help = "How the thread is found: trace_id, span_id, trace_flags, and the time."},
    {.name = "audit", .kind = OPTION_SECTION, .offset = AT(audit), .children = audit_options,
     .help = "What coverage is asked for."},
    {.name = "control", .kind = OPTION_SECTION, .offset = AT(control), .children = control_options,
     .help = "The HTTP endpoint for operators."},
    {.name = "kubernetes", .kind = OPTION_SECTION, .offset = AT(kubernetes),
     .children = options_kubernetes,
     .help = "Who the pods are that write: their workloads, images, labels and annotations."},
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

const char *option_expects(enum option_kind kind)
{
    static const char *const texts[] = {
        [OPTION_TEXT] = "a text",
        [OPTION_BOOL] = "true or false",
        [OPTION_COUNT] = "a whole number",
        [OPTION_SIZE] = "a size such as 64KiB or 10MB",
        [OPTION_DURATION] = "a duration such as 200ms, 5s or 1m",
        [OPTION_RATIO] = "a share from 0% to 100%",
        [OPTION_CHOICE] = "one of the names",
        [OPTION_SWITCH] = "one of the names",
        [OPTION_TEXTS] = "a list of texts",
        [OPTION_MAP] = "a map of texts",
        [OPTION_RATIO_MAP] = "a map of shares from 0% to 100%",
        [OPTION_SECTION] = "a map of options",
        [OPTION_SECTIONS] = "a list of maps of options",
        [OPTION_OPTIONAL] = "a map of options",
        [OPTION_CONDITION] = "a condition",
        [OPTION_CONSTANTS] = "a map of values",
    };
    return texts[kind];
}

void option_print_number(enum option_kind kind, uint64_t number, char text[OPTION_NUMBER_MAX])
{
    _Static_assert((int)OPTION_NUMBER_MAX == (int)UNITS_TEXT_MAX, "one size of text");
    if (kind == OPTION_SIZE) {
        units_print_size(number, text);
    } else if (kind == OPTION_DURATION) {
        units_print_duration(number, text);
    } else {
        snprintf(text, OPTION_NUMBER_MAX, "%" PRIu64, number);
    }
}

char *option_join_names(const char *const *names)
{
    char *list = mem_string(names[0]);
    for (size_t i = 1; names[i] != NULL; i++) {
        char *longer = mem_format("%s%s%s", list, names[i + 1] != NULL ? ", " : " or ", names[i]);
        free(list);
        list = longer;
    }
    return list;
}
