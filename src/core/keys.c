/* SPDX-License-Identifier: Apache-2.0 */
#include "core/keys.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * Three steps, each only when the one before had no answer: the cache (by spelling), the rows that
 * count as spelled, the rows by canonical form. The last two share one open-addressed index from
 * hash to row that is built with the cache.
 *
 * The cache is direct-mapped: a spelling has one place, and whoever came last sits there. Hostile
 * names can make it useless, never wrong: an entry holds the whole spelling and is compared.
 */

struct row {
    const char *name;
    uint16_t id;
    bool exact; /* counts only as spelled */
};

/* Exact rows may say KEY_UNKNOWN: the canonical form is known, this spelling means something else. */
static const struct row own_rows[] = {
    /* trace ids */
    {"traceid", KEY_TRACE_ID, false},
    {"oteltraceid", KEY_TRACE_ID_OTEL, false},
    {"opentelemetrytraceid", KEY_TRACE_ID_OTEL, false},
    {"zipkintraceid", KEY_TRACE_ID_OTEL, false},
    {"labelstraceid", KEY_TRACE_ID_OTEL, false},
    {"elasticapmtraceid", KEY_TRACE_ID_OTEL, false},
    {"@tr", KEY_TRACE_ID_OTEL, true},
    {"traceidunsampled", KEY_TRACE_ID_UNSAMPLED, false},
    {"logginggoogleapiscomtrace", KEY_TRACE_ID_GCP, false},
    {"ddtraceid", KEY_TRACE_ID_DD, false},
    {"xdatadogtraceid", KEY_TRACE_ID_DD, false},
    {"opentracingcontextxdatadogtraceid", KEY_TRACE_ID_DD, false},
    {"dttraceid", KEY_TRACE_ID_DYNATRACE, false},
    {"tracetraceid", KEY_TRACE_ID_HONEYCOMB, false},
    {"operation_Id", KEY_TRACE_ID_AZURE, true},
    {"OperationId", KEY_TRACE_ID_AZURE_WEAK, true},
    {"xraytraceid", KEY_TRACE_ID_XRAY, false},
    {"awsxraytraceid", KEY_TRACE_ID_XRAY, false},
    {"xamzntraceid", KEY_TRACE_ID_XRAY, false},
    {"httpxamzntraceid", KEY_TRACE_ID_XRAY, false},
    {"swtraceid", KEY_TRACE_ID_SKYWALKING, false},
    {"swctx", KEY_TRACE_ID_SKYWALKING, false},
    {"sofatraceid", KEY_TRACE_ID_SKYWALKING, false},
    {"xb3traceid", KEY_TRACE_ID_B3, false},
    {"httpxb3traceid", KEY_TRACE_ID_B3, false},
    {"opentracingcontextxb3traceid", KEY_TRACE_ID_B3, false},
    {"xinstanat", KEY_TRACE_ID_INSTANA, false},
    {"trace", KEY_TRACE_WEAK, false},
    {"xtraceid", KEY_TRACE_WEAK, false},
    {"tid", KEY_TID_WEAK, false},

    /* headers; every name that ends in `traceparent` is one, see find_suffix() */
    {"traceparent", KEY_TRACEPARENT, false},
    {"b3", KEY_B3_SINGLE, false},
    {"httpb3", KEY_B3_SINGLE, false},
    {"opentelemetrycontextb3", KEY_B3_SINGLE, false},
    {"ubertraceid", KEY_UBER_TRACE_ID, false},
    {"httpubertraceid", KEY_UBER_TRACE_ID, false},
    {"opentracingcontextubertraceid", KEY_UBER_TRACE_ID, false},
    {"sentrytrace", KEY_SENTRY_TRACE, false},
    {"httpsentrytrace", KEY_SENTRY_TRACE, false},
    {"xcloudtracecontext", KEY_CLOUD_TRACE_CONTEXT, false},
    {"httpxcloudtracecontext", KEY_CLOUD_TRACE_CONTEXT, false},
    {"nrlinking", KEY_NR_LINKING, false},

    /* span ids */
    {"spanid", KEY_SPAN_ID, false},
    {"otelspanid", KEY_SPAN_ID_OTEL, false},
    {"opentelemetryspanid", KEY_SPAN_ID_OTEL, false},
    {"zipkinspanid", KEY_SPAN_ID_OTEL, false},
    {"labelsspanid", KEY_SPAN_ID_OTEL, false},
    {"elasticapmspanid", KEY_SPAN_ID_OTEL, false},
    {"@sp", KEY_SPAN_ID_OTEL, true},
    {"logginggoogleapiscomspanid", KEY_SPAN_ID_GCP, false},
    {"ddspanid", KEY_SPAN_ID_DD, false},
    {"xdatadogparentid", KEY_SPAN_ID_DD, false},
    {"opentracingcontextxdatadogparentid", KEY_SPAN_ID_DD, false},
    {"dtspanid", KEY_SPAN_ID_DYNATRACE, false},
    {"tracespanid", KEY_SPAN_ID_HONEYCOMB, false},
    {"operationparentid", KEY_SPAN_ID_AZURE, false},
    {"xb3spanid", KEY_SPAN_ID_B3, false},
    {"httpxb3spanid", KEY_SPAN_ID_B3, false},
    {"opentracingcontextxb3spanid", KEY_SPAN_ID_B3, false},
    {"xinstanas", KEY_SPAN_ID_INSTANA, false},
    {"span", KEY_SPAN_WEAK, false},
    {"transactionid", KEY_TRANSACTION_ID, false},
    {"elasticapmtransactionid", KEY_TRANSACTION_ID, false},

    /* flags */
    {"traceflags", KEY_FLAGS, false},
    {"oteltraceflags", KEY_FLAGS_OTEL, false},
    {"oteltracesampled", KEY_FLAGS_OTEL, false},
    {"opentelemetrytraceflags", KEY_FLAGS_OTEL, false},
    {"opentelemetrysampled", KEY_FLAGS_OTEL, false},
    {"labelstraceflags", KEY_FLAGS_OTEL, false},
    {"tracesampled", KEY_FLAGS_OTEL, false},
    {"tracetraceflags", KEY_FLAGS_OTEL, false},
    {"logginggoogleapiscomtracesampled", KEY_FLAGS_GCP, false},
    {"dttracesampled", KEY_FLAGS_DYNATRACE, false},
    {"xb3sampled", KEY_FLAGS_B3, false},
    {"httpxb3sampled", KEY_FLAGS_B3, false},
    {"opentracingcontextxb3sampled", KEY_FLAGS_B3, false},
    {"xb3flags", KEY_FLAGS_B3_DEBUG, false},
    {"sampled", KEY_FLAGS_WEAK, false},
    {"exportable", KEY_FLAGS_WEAK, false},
    {"spanexportable", KEY_FLAGS_WEAK, false},
    {"xspanexport", KEY_FLAGS_WEAK, false},

    {"resourcelogs", KEY_RESOURCE_LOGS, false},
    {"tracestate", KEY_TRACE_STATE, false},

    /* severity */
    {"severitynumber", KEY_SEVERITY_NUMBER, false},
    {"severitytext", KEY_SEVERITY_TEXT, false},
    {"severity", KEY_SEVERITY, false},
    {"log.level", KEY_LOG_DOT_LEVEL, true},
    {"level", KEY_LEVEL, false},
    {"lvl", KEY_LVL, false},
    {"loglevel", KEY_LOGLEVEL, false},
    {"LogLevel", KEY_LOGLEVEL_NET, true},
    {"@l", KEY_LEVEL_CLEF, true},
    {"levelname", KEY_LEVELNAME, false},
    {"level_name", KEY_LEVEL_NAME_PSR, true},
    {"_level_name", KEY_LEVEL_NAME_PSR, true},
    {"status", KEY_STATUS, false},
    {"severitylevel", KEY_SEVERITY_LEVEL, false},
    {"L", KEY_LEVEL_ZAP, true},
    {"PRIORITY", KEY_PRIORITY, true},
    {"levelno", KEY_LEVELNO, false},
    {"levelvalue", KEY_LEVEL_VALUE, false},
    {"levelindex", KEY_LEVEL_INDEX, false},

    /* time */
    {"timeunixnano", KEY_TIME_UNIX_NANO, false},
    {"@timestamp", KEY_AT_TIMESTAMP, true},
    {"@t", KEY_TIME_CLEF, true},
    {"instant", KEY_INSTANT, false},
    {"instantepochsecond", KEY_INSTANT_SECOND, false},
    {"instantnanoofsecond", KEY_INSTANT_NANO, false},
    {"timestampseconds", KEY_TIMESTAMP_SECONDS, false},
    {"timestampnanos", KEY_TIMESTAMP_NANOS, false},
    {"timestamp", KEY_TIMESTAMP, false},
    {"time", KEY_TIME, false},
    {"ts", KEY_TS, false},
    {"datetime", KEY_DATETIME, false},
    {"Timestamp", KEY_TIMESTAMP_NET, true},
    {"asctime", KEY_ASCTIME, false},
    {"created", KEY_CREATED, false},
    {"timemillis", KEY_TIME_MILLIS, false},
    {"timetimestamp", KEY_TIME_TIMESTAMP, false},
    {"starttime", KEY_START_TIME, false},
    {"startutc", KEY_START_UTC, false},
    {"startlocal", KEY_START_LOCAL, false},
    {"startedat", KEY_STARTED_AT, false},
    {"__REALTIME_TIMESTAMP", KEY_REALTIME_TIMESTAMP, true},
    {"T", KEY_TIME_ZAP, true},
    {"eventtime", KEY_EVENT_TIME, false},
    {"date", KEY_DATE, false},

    /* service */
    {"service.name", KEY_SERVICE_DOT_NAME, true},
    {"ServiceName", KEY_UNKNOWN, true}, /* Traefik's upstream, not who wrote the line */
    {"resourceservicename", KEY_RESOURCE_SERVICE_NAME, false},
    {"otelservicename", KEY_OTEL_SERVICE_NAME, false},
    {"servicename", KEY_SERVICE_NAME, false},
    {"ddservice", KEY_DD_SERVICE, false},
    {"service", KEY_SERVICE, false},
    {"entityname", KEY_ENTITY_NAME, false},
    {"cloudrolename", KEY_CLOUD_ROLE_NAME, false},
    {"approlename", KEY_APP_ROLE_NAME, false},
    {"elasticapmservicename", KEY_ELASTICAPM_SERVICE_NAME, false},
    {"servicecontextservice", KEY_SERVICE_CONTEXT_SERVICE, false},
    {"application", KEY_APPLICATION, false},
    {"app", KEY_APP, false},
    {"appname", KEY_APP_NAME, false},
    {"host", KEY_HOST, false},
    {"syslogidentifier", KEY_SYSLOG_IDENTIFIER, false},
    {"servicenamespace", KEY_SERVICE_NAMESPACE, false},

    /* logger */
    {"loglogger", KEY_LOG_LOGGER, false},
    {"logger", KEY_LOGGER, false},
    {"loggername", KEY_LOGGER_NAME, false},
    {"sourcecontext", KEY_SOURCE_CONTEXT, false},
    {"category", KEY_CATEGORY, false},
    {"channel", KEY_CHANNEL, false},
    {"target", KEY_TARGET, false},
    {"N", KEY_NAME_ZAP, true},
    {"name", KEY_NAME, false},

    /* body */
    {"message", KEY_MESSAGE, false},
    {"msg", KEY_MSG, false},
    {"@m", KEY_MESSAGE_CLEF, true},
    {"@mt", KEY_TEMPLATE_CLEF, true},
    {"body", KEY_BODY, false},
    {"event", KEY_EVENT, false},
    {"shortmessage", KEY_SHORT_MESSAGE, false},
    {"content", KEY_CONTENT, false},
    {"text", KEY_TEXT, false},
    {"fieldsmessage", KEY_FIELDS_MESSAGE, false},
    {"rest", KEY_REST, false},
    {"renderedmessage", KEY_RENDERED_MESSAGE, false},
    {"M", KEY_MESSAGE_ZAP, true},
    {"recordmessage", KEY_RECORD_MESSAGE, false},
    {"fullmessage", KEY_FULL_MESSAGE, false},

    /* code */
    {"codefilepath", KEY_CODE_FILE_PATH, false},
    {"codelinenumber", KEY_CODE_LINE_NUMBER, false},
    {"codefunctionname", KEY_CODE_FUNCTION_NAME, false},
    {"caller", KEY_CALLER, false},
    {"C", KEY_CALLER_ZAP, true},
    {"source", KEY_SOURCE, false},
    {"logoriginfilename", KEY_LOG_ORIGIN_FILE, false},
    {"logoriginfileline", KEY_LOG_ORIGIN_LINE, false},
    {"logoriginfunction", KEY_LOG_ORIGIN_FUNCTION, false},
    {"location", KEY_LOCATION, false},
    {"logginggoogleapiscomsourcelocation", KEY_SOURCE_LOCATION, false},
    {"pathname", KEY_PATHNAME, false},
    {"filename", KEY_FILENAME, false},
    {"lineno", KEY_LINENO, false},
    {"linenumber", KEY_LINENO, false},
    {"funcname", KEY_FUNC_NAME, false},
    {"file", KEY_FILE, false},
    {"line", KEY_LINE, false},
    {"func", KEY_FUNC, false},
    {"function", KEY_FUNCTION, false},
    {"classname", KEY_CLASS_NAME, false},
    {"methodname", KEY_METHOD_NAME, false},
    {"module", KEY_MODULE, false},

    /* thread and process */
    {"threadname", KEY_THREAD_NAME, false},
    {"processthreadname", KEY_THREAD_NAME, false},
    {"thread", KEY_THREAD, false},
    {"threadid", KEY_THREAD_ID, false},
    {"pid", KEY_PID, false},
    {"processpid", KEY_PID, false},
    {"process", KEY_PROCESS, false},

    /* exception */
    {"exception", KEY_EXCEPTION, false},
    {"excinfo", KEY_EXC_INFO, false},
    {"@x", KEY_EXCEPTION_CLEF, true},
    {"error", KEY_ERROR, false},
    {"errortype", KEY_ERROR_TYPE, false},
    {"errorclass", KEY_ERROR_TYPE, false},
    {"errormessage", KEY_ERROR_MESSAGE, false},
    {"errorstacktrace", KEY_ERROR_STACK, false},
    {"errorstack", KEY_ERROR_STACK, false},
    {"stacktrace", KEY_STACK_TRACE, false},
    {"stack", KEY_STACK, false},
    {"S", KEY_STACK_ZAP, true},
    {"err", KEY_ERR, false},
    {"thrown", KEY_THROWN, false},

    /* request ids */
    {"requestid", KEY_REQUEST_ID, false},
    {"reqid", KEY_REQUEST_ID, false},
    {"xrequestid", KEY_REQUEST_ID, false},
    {"correlationid", KEY_REQUEST_ID, false},
    {"xcorrelationid", KEY_REQUEST_ID, false},
    {"functionrequestid", KEY_REQUEST_ID, false},
    {"awsrequestid", KEY_REQUEST_ID, false},
    {"auditid", KEY_REQUEST_ID, false},

    /* tells */
    {"hostname", KEY_HOSTNAME, false},
    {"v", KEY_V, false},
    {"version", KEY_VERSION, false},
    {"@version", KEY_AT_VERSION, true},

    /* containers */
    {"contextmap", KEY_CONTEXT_MAP, false},
    {"mdc", KEY_MDC, false},
    {"context", KEY_CONTEXT, false},
    {"ctx", KEY_CONTEXT, false},
    {"extra", KEY_EXTRA, false},
    {"labels", KEY_LABELS, false},
    {"logginggoogleapiscomlabels", KEY_LABELS, false},
    {"attributes", KEY_ATTRIBUTES, false},
    {"attrs", KEY_ATTRIBUTES, false},
    {"properties", KEY_PROPERTIES, false},
    {"fields", KEY_FIELDS, false},
    {"spans", KEY_SPANS, false},
    {"scopes", KEY_SCOPES, false},
    {"namedtags", KEY_NAMED_TAGS, false},
    {"payload", KEY_PAYLOAD, false},
    {"data", KEY_DATA, false},
    {"dd", KEY_DD, false},
    {"transaction", KEY_TRANSACTION, false},
    {"otel", KEY_OTEL, false},
    {"opentelemetry", KEY_OTEL, false},
    {"elasticapm", KEY_ELASTICAPM, false},
    {"record", KEY_RECORD, false},
    {"state", KEY_STATE, false},
    {"metadata", KEY_METADATA, false},
    {"meta", KEY_METADATA, false},
    {"headers", KEY_HEADERS, false},
    {"spancontext", KEY_SPAN_CONTEXT, false},
    {"log", KEY_LOG, false},
    {"logorigin", KEY_LOG_ORIGIN, false},
    {"servicecontext", KEY_SERVICE_CONTEXT, false},
    {"resource", KEY_RESOURCE, false},
};

#define BOTH (KEY_HOLDS_TRACE | KEY_HOLDS_VALUES)

static const uint8_t holds_table[KEYS_END] = {
    [KEY_CONTEXT_MAP] = BOTH,
    [KEY_MDC] = BOTH,
    [KEY_CONTEXT] = BOTH,
    [KEY_EXTRA] = BOTH,
    [KEY_LABELS] = BOTH,
    [KEY_ATTRIBUTES] = BOTH,
    [KEY_PROPERTIES] = BOTH,
    [KEY_FIELDS] = BOTH,
    [KEY_SPANS] = KEY_HOLDS_TRACE,
    [KEY_SCOPES] = KEY_HOLDS_TRACE,
    [KEY_NAMED_TAGS] = BOTH,
    [KEY_PAYLOAD] = KEY_HOLDS_TRACE,
    [KEY_DATA] = KEY_HOLDS_TRACE,
    [KEY_DD] = BOTH,
    [KEY_TRANSACTION] = KEY_HOLDS_TRACE,
    [KEY_OTEL] = BOTH,
    [KEY_ELASTICAPM] = BOTH,
    [KEY_RECORD] = BOTH,
    [KEY_STATE] = KEY_HOLDS_TRACE,
    [KEY_METADATA] = BOTH,
    [KEY_HEADERS] = KEY_HOLDS_TRACE,
    [KEY_SPAN_CONTEXT] = KEY_HOLDS_TRACE,
    [KEY_TRACE_WEAK] = KEY_HOLDS_TRACE,
    [KEY_SPAN_WEAK] = KEY_HOLDS_TRACE,
    [KEY_TRACE_ID] = KEY_HOLDS_TRACE, /* Kong: an object of formats */
    [KEY_LOG] = KEY_HOLDS_VALUES,
    [KEY_LOG_ORIGIN] = KEY_HOLDS_VALUES,
    [KEY_SERVICE_CONTEXT] = KEY_HOLDS_VALUES,
    [KEY_RESOURCE] = KEY_HOLDS_VALUES,
    [KEY_SERVICE] = KEY_HOLDS_VALUES,
    [KEY_LEVEL] = KEY_HOLDS_VALUES,
    [KEY_INSTANT] = KEY_HOLDS_VALUES,
    [KEY_TIMESTAMP] = KEY_HOLDS_VALUES,
    [KEY_TIME] = KEY_HOLDS_VALUES,
    [KEY_LOGGER] = KEY_HOLDS_VALUES,
    [KEY_SOURCE] = KEY_HOLDS_VALUES,
    [KEY_SOURCE_LOCATION] = KEY_HOLDS_VALUES,
    [KEY_ERROR] = KEY_HOLDS_VALUES,
    [KEY_ERR] = KEY_HOLDS_VALUES,
    [KEY_EXCEPTION] = KEY_HOLDS_VALUES,
    [KEY_THROWN] = KEY_HOLDS_VALUES,
    [KEY_THREAD] = KEY_HOLDS_VALUES,
    [KEY_PROCESS] = KEY_HOLDS_VALUES,
};

/* The last id of each role, in the order of enum key_id. */
static const struct {
    uint16_t last;
    uint8_t role;
} role_ends[] = {
    {KEY_UNKNOWN, KEY_ROLE_NONE},
    {KEY_TID_WEAK, KEY_ROLE_TRACE_ID},
    {KEY_NR_LINKING, KEY_ROLE_TRACE_HEADER},
    {KEY_TRANSACTION_ID, KEY_ROLE_SPAN_ID},
    {KEY_FLAGS_WEAK, KEY_ROLE_FLAGS},
    {KEY_RESOURCE_LOGS, KEY_ROLE_OTLP},
    {KEY_TRACE_STATE, KEY_ROLE_NONE},
    {KEY_LEVEL_INDEX, KEY_ROLE_SEVERITY},
    {KEY_DATE, KEY_ROLE_TIME},
    {KEY_SERVICE_NAMESPACE, KEY_ROLE_SERVICE},
    {KEY_NAME, KEY_ROLE_LOGGER},
    {KEY_FULL_MESSAGE, KEY_ROLE_BODY},
    {KEY_MODULE, KEY_ROLE_CODE},
    {KEY_PROCESS, KEY_ROLE_THREAD},
    {KEY_THROWN, KEY_ROLE_EXCEPTION},
    {KEY_REQUEST_ID, KEY_ROLE_REQUEST},
    {KEY_AT_VERSION, KEY_ROLE_TELL},
    {KEYS_END - 1, KEY_ROLE_CONTAINER},
};

enum key_role key_role(uint16_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(role_ends); i++) {
        if (id <= role_ends[i].last) {
            return role_ends[i].role;
        }
    }
    return KEY_ROLE_NONE;
}

unsigned key_holds(uint16_t id)
{
    return id < KEYS_END ? holds_table[id] : 0;
}

#define CACHE_SLOTS 512
#define INDEX_SLOTS 1024 /* at least twice the rows, so that probes stay short */

/* One cache line of 64 bytes. `first` and `last` are the (overlapping) first and last eight bytes. */
struct slot {
    uint64_t first;
    uint64_t last;
    uint16_t id;
    uint8_t len; /* 0: empty */
    char middle[KEY_NAME_MAX - 16];
};

struct key_cache {
    struct slot slots[CACHE_SLOTS];
    uint8_t roles[KEYS_END]; /* key_role(), unrolled */
    uint16_t index[INDEX_SLOTS]; /* row + 1 */
    struct row *rows;
    size_t row_count;
    bool is_own;
};

static uint64_t hash_name(const char *name, size_t len, bool exact)
{
    return hash_bytes(name, len, exact);
}

static void index_rows(struct key_cache *cache)
{
    for (size_t i = 0; i < cache->row_count; i++) {
        const struct row *row = &cache->rows[i];
        size_t at = hash_name(row->name, strlen(row->name), row->exact) % INDEX_SLOTS;
        while (cache->index[at] != 0) {
            at = (at + 1) % INDEX_SLOTS;
        }
        cache->index[at] = (uint16_t)(i + 1);
    }
}

static const struct row *find_row(const struct key_cache *cache, struct slice name, bool exact)
{
    size_t at = hash_name(name.data, name.len, exact) % INDEX_SLOTS;
    for (; cache->index[at] != 0; at = (at + 1) % INDEX_SLOTS) {
        const struct row *row = &cache->rows[cache->index[at] - 1];
        if (row->exact == exact && slice_is_equal(slice_from_string(row->name), name)) {
            return row;
        }
    }
    return NULL;
}

static struct key_cache *new_cache(size_t row_count)
{
    struct key_cache *cache = mem_alloc(sizeof(*cache));
    cache->rows = mem_array(row_count + 1, sizeof(*cache->rows));
    for (uint16_t id = 0; id < KEYS_END; id++) {
        cache->roles[id] = (uint8_t)key_role(id);
    }
    return cache;
}

struct key_cache *key_cache_new(void)
{
    _Static_assert(ARRAY_LEN(own_rows) * 2 <= INDEX_SLOTS, "the index is too small");
    struct key_cache *cache = new_cache(ARRAY_LEN(own_rows));
    cache->is_own = true;
    cache->row_count = ARRAY_LEN(own_rows);
    memcpy(cache->rows, own_rows, sizeof(own_rows));
    index_rows(cache);
    return cache;
}

struct key_cache *key_cache_new_of(const struct key_row *rows, size_t count)
{
    size_t taken = count < INDEX_SLOTS / 2 ? count : INDEX_SLOTS / 2;
    struct key_cache *cache = new_cache(taken);
    for (size_t i = 0; i < taken; i++) {
        char name[KEY_NAME_MAX];
        size_t len = key_canonical(slice_from_string(rows[i].name), name);
        if (len == 0 || len > KEY_NAME_MAX) {
            continue;
        }
        struct row *row = &cache->rows[cache->row_count++];
        row->name = mem_string_from(slice_make(name, len));
        row->id = rows[i].id;
    }
    index_rows(cache);
    return cache;
}

void key_cache_free(struct key_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; !cache->is_own && i < cache->row_count; i++) {
        char *name = NULL;
        memcpy(&name, &cache->rows[i].name, sizeof(name)); /* own copies: see key_cache_new_of() */
        free(name);
    }
    free(cache->rows);
    free(cache);
}

size_t key_canonical(struct slice name, char out[KEY_NAME_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c | 0x20);
        }
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (len == KEY_NAME_MAX) {
                return KEY_NAME_MAX + 1;
            }
            out[len++] = (char)c;
        }
    }
    return len;
}

/* Proxies put their own words before the header's name: http_traceparent,
 * opentelemetry_context_traceparent, request.headers.traceparent. */
static uint16_t find_suffix(struct slice canonical)
{
    static const char suffix[] = "traceparent";
    size_t len = sizeof(suffix) - 1;
    bool matches = canonical.len > len &&
                   memcmp(canonical.data + canonical.len - len, suffix, len) == 0;
    return matches ? KEY_TRACEPARENT : KEY_UNKNOWN;
}

static uint16_t look_up_slowly(const struct key_cache *cache, struct slice name);

/* Some encoders flatten `context: {trace_id: …}` to `context.trace_id`. What is behind the name of a
 * container of the trace conventions counts as it would inside of it. */
static uint16_t find_flattened(const struct key_cache *cache, struct slice name)
{
    const char *dot = memchr(name.data, '.', name.len);
    if (dot == NULL) {
        return KEY_UNKNOWN;
    }
    size_t len = (size_t)(dot - name.data);
    char bytes[KEY_NAME_MAX];
    struct slice container = slice_make(bytes, key_canonical(slice_make(name.data, len), bytes));
    const struct row *row = find_row(cache, container, false);
    if (row == NULL || (key_holds(row->id) & KEY_HOLDS_TRACE) == 0) {
        return KEY_UNKNOWN;
    }
    uint16_t id = look_up_slowly(cache, slice_skip(name, len + 1));
    return key_role(id) >= KEY_ROLE_TRACE_ID && key_role(id) <= KEY_ROLE_FLAGS ? id : KEY_UNKNOWN;
}

/* Recurses once per container's name in front of a dot, i.e. at most KEY_NAME_MAX / 3 times. */
static uint16_t look_up_slowly(const struct key_cache *cache, struct slice name)
{
    const struct row *row = find_row(cache, name, true);
    if (row != NULL) {
        return row->id;
    }
    char bytes[KEY_NAME_MAX];
    struct slice canonical = slice_make(bytes, key_canonical(name, bytes));
    if (canonical.len == 0) {
        return KEY_UNKNOWN;
    }
    row = find_row(cache, canonical, false);
    if (row != NULL) {
        return row->id;
    }
    uint16_t id = cache->is_own ? find_suffix(canonical) : KEY_UNKNOWN;
    return id == KEY_UNKNOWN && cache->is_own ? find_flattened(cache, name) : id;
}

static uint64_t load8(const char *s)
{
    uint64_t word;
    memcpy(&word, s, sizeof(word));
    return word;
}

static uint32_t load4(const char *s)
{
    uint32_t word;
    memcpy(&word, s, sizeof(word));
    return word;
}

/* First and last bytes of a name of 1 to KEY_NAME_MAX, without reading outside of it. */
static inline void load_ends(struct slice name, uint64_t *out_first, uint64_t *out_last)
{
    const char *s = name.data;
    size_t n = name.len;
    if (n >= 8) {
        *out_first = load8(s);
        *out_last = load8(s + n - 8);
    } else if (n >= 4) {
        *out_first = load4(s);
        *out_last = load4(s + n - 4);
    } else {
        *out_first = (unsigned char)s[0];
        *out_last = (uint64_t)(unsigned char)s[n / 2] << 8 | (unsigned char)s[n - 1];
    }
}

static inline struct slot *slot_of(struct key_cache *cache, uint64_t first, uint64_t last,
                                   size_t len)
{
    uint64_t mixed = (first ^ (last << 7 | last >> 57) ^ len) * UINT64_C(0x9E3779B97F4A7C15);
    return &cache->slots[mixed >> 55];
}

static __attribute__((noinline)) uint16_t fill_slot(struct key_cache *cache, struct slice name)
{
    uint64_t first;
    uint64_t last;
    load_ends(name, &first, &last);
    struct slot *slot = slot_of(cache, first, last, name.len);
    slot->first = first;
    slot->last = last;
    slot->len = (uint8_t)name.len;
    slot->id = look_up_slowly(cache, name);
    if (name.len > 16) {
        memcpy(slot->middle, name.data + 8, name.len - 16);
    }
    return slot->id;
}

static inline uint16_t look_up(struct key_cache *cache, struct slice name)
{
    if (name.len - 1 >= KEY_NAME_MAX) {
        return KEY_UNKNOWN;
    }
    uint64_t first;
    uint64_t last;
    load_ends(name, &first, &last);
    const struct slot *slot = slot_of(cache, first, last, name.len);
    if (((slot->first ^ first) | (slot->last ^ last) | (slot->len ^ name.len)) == 0 &&
        (name.len <= 16 || memcmp(slot->middle, name.data + 8, name.len - 16) == 0)) {
        return slot->id;
    }
    return fill_slot(cache, name);
}

uint16_t key_lookup(struct key_cache *cache, struct slice name)
{
    return look_up(cache, name);
}

uint16_t key_lookup_joined(struct key_cache *cache, struct slice prefix, struct slice name)
{
    if (prefix.len == 0) {
        return key_lookup(cache, name);
    }
    char path[KEY_NAME_MAX];
    size_t len = prefix.len + 1 + name.len;
    if (len > sizeof(path)) {
        return KEY_UNKNOWN;
    }
    memcpy(path, prefix.data, prefix.len);
    path[prefix.len] = '.';
    if (name.len > 0) {
        memcpy(path + prefix.len + 1, name.data, name.len);
    }
    return key_lookup(cache, slice_make(path, len));
}

void key_hits_collect(struct key_cache *cache, struct fields *fields, struct key_hits *out)
{
    out->count = 0;
    out->roles = 0;
    out->holds = 0;
    for (uint32_t i = 0; i < fields->count; i = fields->items[i].next) {
        struct field *field = &fields->items[i];
        field->key_id = look_up(cache, field_key(field));
        if (field->key_id == KEY_UNKNOWN || out->count == KEY_HITS_MAX) {
            continue;
        }
        out->items[out->count++] = (struct key_hit){field->key_id, i};
        out->roles |= 1u << cache->roles[field->key_id];
        if (field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY) {
            out->holds |= holds_table[field->key_id];
        }
    }
}
