/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_SETTINGS_H
#define CLEW_RECORD_SETTINGS_H

/*
 * What the config says, as plain values: the only form in which anything else sees it.
 *
 * src/config fills it from YAML, the environment and the command line; every member has its row in
 * the option table there, with its default, its limits and its sentence of help. Strings and lists
 * are owned by the settings; NULL strings are "not set". Sizes are bytes, times milliseconds,
 * unless the name says otherwise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compress.h"
#include "record/filter_settings.h"

enum read_from {
    READ_FROM_BEGINNING,
    READ_FROM_END,
};

/* The runtime's envelope around a line. */
enum envelope {
    ENVELOPE_AUTO,
    ENVELOPE_CRI,
    ENVELOPE_DOCKER,
    ENVELOPE_PLAIN,
};

/* Of a file's text; what it becomes here is UTF-8. */
enum encoding {
    ENCODING_AUTO, /* UTF-16 if a byte order mark says so */
    ENCODING_UTF_8,
    ENCODING_UTF_16LE,
    ENCODING_UTF_16BE,
};

enum parse_format {
    PARSE_FORMAT_AUTO,
    PARSE_FORMAT_JSON,
    PARSE_FORMAT_LOGFMT,
    PARSE_FORMAT_TEXT,
    PARSE_FORMAT_SYSLOG,
};

enum long_line {
    LONG_LINE_SPLIT,    /* shipped in pieces of at most line_bytes_max */
    LONG_LINE_TRUNCATE, /* the first piece is shipped, the rest counted */
};

/* From one of the states `from`, a line that meets the pattern leads to the state `to`. */
struct multiline_step_settings {
    struct string_list from;     /* "start": where no record has begun */
    char *regex;
    char *to;
};

/* A rule set of the config's own: by start, continuation and end, or by steps. */
struct multiline_rule_settings {
    char *name;
    char *start;
    char *go_on;                 /* NULL: whatever is not a start */
    char *end;                   /* NULL: no line is the last for what it is */
    struct multiline_step_settings *steps;
    size_t step_count;
};

/* Of an input. */
struct multiline_settings {
    struct string_list rules;    /* names, built in or the config's own; none: lines stay apart */
    uint64_t timeout_ms;         /* between two lines of one record */
    uint64_t bytes_max;          /* of one record */
    uint64_t lines_max;
    bool attach;                 /* a trace belongs to the record right before it */
    char *attribute;             /* takes what follows a first line that is not text */
};

struct input_settings {
    char *name;
    char *type;                  /* "tail", "stdin", "syslog", "journal" */
    struct string_list include;  /* files, directories, globs */
    struct string_list exclude;  /* globs */
    enum read_from read_from;    /* for files never seen before */
    enum encoding encoding;
    enum envelope envelope;
    enum parse_format format;
    uint64_t line_bytes_max;     /* one physical line */
    enum long_line long_line;
    uint64_t record_bytes_max;   /* one record after joining partial lines */
    uint64_t read_bytes;         /* a file's turn */
    uint64_t pod_bytes_per_second; /* of a pod; 0: no limit */
    uint64_t scan_interval_ms;   /* the scan that is the truth; inotify is a hint */
    uint64_t watched_scan_interval_ms; /* … of directories that inotify watches */
    uint64_t partial_timeout_ms; /* how long a partial line waits for its rest */
    uint64_t unterminated_timeout_ms; /* a last line without newline is a line after this */
    uint64_t open_files_max;
    uint64_t deleted_bytes_max;  /* that deleted, unread files hold of the disk; 0: no limit */
    uint64_t deleted_time_max_ms; /* … and for how long; 0: no limit */
    bool inotify;
    char *service;               /* service.name of records that name none */
    struct multiline_settings multiline;
    struct string_list listen;   /* of syslog: tcp://, udp://, unix://, unixgram:// */
    uint64_t connections_max;
    char *directory;             /* of journal: its files; NULL: the system's */
    struct string_list units;    /* … and whose entries; none: everybody's */
};

struct parse_settings {
    uint64_t depth_max;
    uint64_t fields_max;
    uint64_t arena_bytes_max;    /* unescaped text of one record */
};

enum message_fallback {
    MESSAGE_FALLBACK_LABELLED, /* `trace_id=…` inside the message counts, unlabelled hex does not */
    MESSAGE_FALLBACK_OFF,
};

struct trace_pattern {
    char *pattern; /* PCRE2 with named groups trace_id, span_id, trace_flags */
};

struct trace_settings {
    bool repair;                 /* put lost leading zeros back (13-15 and 29-31 digits) */
    enum message_fallback message_fallback;
    bool uuid;                   /* ship UUID-shaped trace ids */
    bool dd_decimal_pad;         /* ship Datadog decimals zero-padded to 128 bits */
    bool repeat_moved;           /* keep ids and message among the attributes as well */
    struct string_list trace_id_keys; /* tried before the table */
    struct string_list span_id_keys;
    struct string_list trace_flags_keys;
    struct string_list patterns;
    struct string_list exclude;  /* globs of files whose lines name ids that are not their own */
    char *zone;                  /* of times that name none: "UTC", "+02:00" or a tz database name */
};

struct service_policy {
    char *service;
    double min_coverage;
};

struct audit_settings {
    double min_coverage;         /* 0 to 1 */
    uint64_t min_records;        /* fewer are no sample */
    uint64_t groups_max;
    struct service_policy *services;
    size_t service_count;
    struct string_list traced;   /* services known to be traced */
    uint64_t check_interval_ms;  /* of `clew run`: how often services are judged */
    uint64_t summary_interval_ms; /* … and the numbers shipped; 0: never */
    uint64_t metrics_services_max; /* … and how many have labels of their own */
    uint64_t forget_after_ms;      /* … and when one that has no records is forgotten */
};

struct output_settings {
    char *name;
    char *type;                  /* "otlp_http" */
    char *endpoint;              /* the whole URL, …/v1/logs */
    bool is_default;             /* … which nobody has set; no option of its own */
    struct key_value_list headers;
    enum compression compression;
    uint64_t timeout_ms;         /* of one request */
    char *ca_file;
    char *certificate_file;
    char *key_file;
    bool verify;                 /* the far end's certificate */
    char *proxy;                 /* NULL: as the environment says */
    uint64_t batch_bytes;        /* sealed at this size, before compression */
    uint64_t batch_age_ms;       /* … or this age */
    uint64_t in_flight_max;      /* requests at once */
    uint64_t retry_initial_ms;
    uint64_t retry_max_ms;
    uint64_t retry_after_max_ms; /* as a backend may ask for */
    uint64_t response_bytes_max;
    bool required;               /* checkpoints wait for it */
    char *spool_dir;             /* NULL: spool/<name> in the data directory */
    uint64_t spool_bytes_max;    /* 0: no spool */
};

/* Which records go where: those of sources that every list with something in it matches. */
struct route_settings {
    char *name;
    struct string_list inputs;     /* names */
    struct string_list namespaces; /* globs, as all that follow */
    struct string_list pods;
    struct string_list containers;
    struct string_list paths;
    struct key_value_list labels;  /* of the pod */
    bool otherwise;                /* takes what no route without this takes */
    struct string_list outputs;    /* names; empty: all */
    struct filter_settings *filters; /* of its records, in order */
    size_t filter_count;
};

struct test_settings {
    struct settings_place place; /* first: the reader puts it there */
    char *name;
    struct string_list lines;
    char *input; /* NULL: the first */
    char *route; /* NULL: none */
    struct named_constant_list expect;
    struct string_list absent;
    bool dropped;
};

struct control_settings {
    char *listen;                /* "127.0.0.1:9464"; "off" */
    uint64_t connections_max;
    uint64_t peer_connections_max; /* of one address */
    uint64_t request_timeout_ms; /* for a request to come, and again for its answer to be read */
    uint64_t idle_timeout_ms;    /* of a connection that is kept for another request */
};

enum kubernetes_source {
    KUBERNETES_AUTO, /* the API where clew is a pod that knows its node, else nothing */
    KUBERNETES_OFF,
    KUBERNETES_API,
    KUBERNETES_KUBELET,
};

struct kubernetes_settings {
    enum kubernetes_source source;
    char *endpoint;              /* of the API or the kubelet: https://host:port */
    char *node;                  /* whose pods are asked for */
    char *cluster;               /* k8s.cluster.name; NULL: none */
    char *token_file;
    char *ca_file;
    bool verify;                 /* its certificate */
    struct string_list labels;   /* globs of names that become k8s.pod.label.<name> */
    struct string_list annotations;
    bool service_labels;         /* app.kubernetes.io/{instance,name,version} tell the service */
    bool prefers_pod_service;    /* … before the one a line names */
    bool pod_annotations;        /* clew.dev/… and the like are obeyed */
    bool only_annotated;         /* ships those only that ask for it by clew.dev/exclude: "false" */
    uint64_t wait_ms;            /* lines of an unknown pod are held so long … */
    uint64_t wait_bytes;         /* … unless so much is to be read behind them */
    uint64_t deleted_kept_ms;
    uint64_t pods_max;
    uint64_t pod_bytes_max;      /* of what is kept of one */
    uint64_t object_bytes_max;   /* of one in an answer */
    uint64_t timeout_ms;         /* of an answer that does not go on */
    uint64_t watch_ms;           /* a watch is begun anew after this */
    uint64_t poll_ms;            /* of the kubelet */
    uint64_t retry_initial_ms;
    uint64_t retry_max_ms;
};

enum { WORKERS_MAX = 32 };

struct settings {
    char *data_dir;
    char *log_level;             /* debug, info, warn, error */
    uint64_t shutdown_timeout_ms;
    uint64_t checkpoint_interval_ms;
    bool sandbox;                /* daemon/sandbox.h */
    uint64_t workers;            /* threads that read and ship, each with its share of the files */
    uint64_t memory_limit;       /* of all of them */
    uint64_t dead_letter_bytes_max; /* of each output; 0: none are kept */
    struct key_value_list resource; /* attributes of every resource */
    char *service;               /* OTEL_SERVICE_NAME: of records that name none */
    struct input_settings *inputs;
    size_t input_count;
    struct output_settings *outputs;
    size_t output_count;
    struct filter_settings *filters; /* of all records, in order */
    size_t filter_count;
    struct route_settings *routes; /* none: everything goes to every output */
    size_t route_count;
    struct multiline_rule_settings *multiline; /* rule sets of its own */
    size_t multiline_count;
    struct test_settings *tests; /* of the config itself: `clew check --test` */
    size_t test_count;
    struct parse_settings parse;
    struct trace_settings trace;
    struct audit_settings audit;
    struct control_settings control;
    struct kubernetes_settings kubernetes;
};

#endif
