/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/hints.h"

#include <stdlib.h>
#include "base/mem.h"

/*
 * To add a rule: a row in the table, its section in docs/coverage.md, its case in
 * test_audit_hints.c.
 *
 * A rule of a class speaks where that class has at least `percent` of the group's records. A rule
 * with a function of its own says how many records it explains, 0 for none.
 */

struct subject {
    const struct audit_group *group;
    const struct book *book;
    int logger_at;
    const struct audit_part *part; /* set by a rule that points to one */
};

struct rule {
    const char *name;
    enum trace_class about;
    unsigned percent;
    uint64_t (*count)(struct subject *subject); /* NULL: the class's records */
    const char *cause;
    const char *fix;
    const char *const *fixes; /* by ecosystem; NULL, or NULL for one: `fix` */
};

enum { PART_RECORDS_MIN = 10, CONSTANT_ID_RECORDS_MIN = 100 };

static uint64_t note_of(const struct subject *subject, enum trace_note note)
{
    return subject->book->notes[note - TRACE_CLASSES];
}

static bool is_instrumented(const struct book *book)
{
    return book->records > book->classes[TRACE_ABSENT] + book->classes[TRACE_MESSAGE_ONLY];
}

static uint64_t count_not_instrumented(struct subject *subject)
{
    return is_instrumented(subject->book) ? 0 : subject->book->classes[TRACE_ABSENT];
}

static uint64_t count_outside_span(struct subject *subject)
{
    const struct book *book = subject->book;
    return is_instrumented(book) ? book->classes[TRACE_ABSENT] : 0;
}

static uint64_t count_repaired(struct subject *subject)
{
    return note_of(subject, NOTE_REPAIRED);
}

static uint64_t count_low64(struct subject *subject)
{
    return note_of(subject, NOTE_LOW64);
}

static uint64_t count_request_id(struct subject *subject)
{
    return note_of(subject, NOTE_REQUEST_ID);
}

static uint64_t count_uuid(struct subject *subject)
{
    return note_of(subject, NOTE_UUID);
}

static uint64_t count_numeric(struct subject *subject)
{
    return note_of(subject, NOTE_NUMERIC_PRECISION);
}

static uint64_t count_sampling_unknown(struct subject *subject)
{
    return note_of(subject, NOTE_SAMPLING_UNKNOWN);
}

/* What has a hint of its own is not said twice. */
static uint64_t count_vendor_format(struct subject *subject)
{
    uint64_t all = subject->book->classes[TRACE_VENDOR_FORMAT];
    uint64_t explained = note_of(subject, NOTE_LOW64) + note_of(subject, NOTE_UUID);
    return all > explained ? all - explained : 0;
}

/* One trace id on most of many records: it was set once and never taken away. */
static uint64_t count_constant_id(struct subject *subject)
{
    uint64_t top = book_top_trace(subject->book, NULL);
    return subject->book->valid >= CONSTANT_ID_RECORDS_MIN && top * 2 > subject->book->valid ? top
                                                                                             : 0;
}

/* A logger without a single id in a group whose other records mostly have them: its code runs where
 * the context did not come along. */
static uint64_t count_lost_hop(struct subject *subject)
{
    const struct map *parts = &subject->group->parts;
    uint64_t worst = 0;
    if (subject->logger_at < 0 || subject->book->valid == 0) {
        return 0;
    }
    for (size_t i = 0; i < parts->cap; i++) {
        const struct audit_part *part = parts->slots[i].value;
        if (part != NULL && part->values[subject->logger_at] != NULL && part->book.valid == 0 &&
            part->book.records >= PART_RECORDS_MIN && part->book.records > worst &&
            subject->book->valid * 2 >= subject->book->records - part->book.records) {
            worst = part->book.records;
            subject->part = part;
        }
    }
    return worst;
}

static const char *const join_fixes[ECOSYSTEMS] = {
    [ECOSYSTEM_PYTHON] = "set OTEL_PYTHON_LOG_CORRELATION=true (LoggingInstrumentor), and put "
                         "%(otelTraceID)s and %(otelSpanID)s into the format",
    [ECOSYSTEM_NODE] = "add @opentelemetry/instrumentation-pino (or -winston, -bunyan), or a mixin "
                       "that reads the active span",
    [ECOSYSTEM_GO] = "wrap the slog handler with one that reads the span of the context, and log "
                     "with InfoContext(ctx, …)",
    [ECOSYSTEM_JAVA] = "run with the OpenTelemetry Java agent, and put %mdc{trace_id} and "
                       "%mdc{span_id} into the pattern, or the MDC into the JSON encoder",
    [ECOSYSTEM_DOTNET] = "set Logging:Console:IncludeScopes and ActivityTrackingOptions "
                         "TraceId | SpanId, or use Serilog.Enrichers.Span",
    [ECOSYSTEM_RUBY] = "add OpenTelemetry::Trace.current_span.context.hex_trace_id and hex_span_id "
                       "to the formatter or to log tags",
    [ECOSYSTEM_PHP] = "add a Monolog processor that writes the current span's trace id and span id "
                      "into extra",
    [ECOSYSTEM_RUST] = "add a tracing-subscriber layer whose formatter writes the ids of "
                       "tracing-opentelemetry's span context",
};

static const char *const hop_fixes[ECOSYSTEMS] = {
    [ECOSYSTEM_PYTHON] = "carry the context: CeleryInstrumentor for Celery, "
                         "contextvars.copy_context().run for threads and executors",
    [ECOSYSTEM_NODE] = "carry the context: AsyncLocalStorageContextManager, and context.bind for "
                       "emitters and queues",
    [ECOSYSTEM_GO] = "pass ctx on to the goroutine and log with the …Context methods, not with a "
                     "logger that was made before",
    [ECOSYSTEM_JAVA] = "wrap the executor with Context.taskWrapping, or run with the Java agent; "
                       "for Reactor enable automatic context propagation",
    [ECOSYSTEM_DOTNET] = "start an Activity from the message's traceparent in the worker; do not "
                         "suppress the flow of ExecutionContext",
    [ECOSYSTEM_RUBY] = "attach the context in the thread or job: "
                       "OpenTelemetry::Context.with_current, instrumentation-sidekiq",
    [ECOSYSTEM_PHP] = "extract the message's headers in the worker and activate the span's scope",
    [ECOSYSTEM_RUST] = "instrument the future with the current span: "
                       "task.instrument(Span::current())",
};

static const struct rule rules[] = {
    {"lost_hop", TRACE_CLASSES, 0, count_lost_hop,
     "this logger never has an id while the service mostly does: its code runs after an "
     "asynchronous hop that lost the context, such as a Celery task, a queue or a thread pool",
     "carry the context over the thread, queue or task", hop_fixes},
    {"no_active_span", TRACE_PLACEHOLDER, 5, NULL,
     "the logger adds ids, but no span was active: work outside of requests, or context lost at an "
     "asynchronous hop",
     "start a span around this work, or carry the context to it", hop_fixes},
    {"outside_span", TRACE_ABSENT, 5, count_outside_span,
     "other lines of this service have ids and these have none: logged outside a span, by another "
     "logger, or after an asynchronous hop",
     "start a span around this work, carry the context to it, or give this logger the same set-up",
     hop_fixes},
    {"not_instrumented", TRACE_ABSENT, 5, count_not_instrumented,
     "no record has a field with a trace id: the logger does not add it, or the log shipper removed "
     "it",
     "let the logger write trace_id and span_id of the active span; if it does, check the log "
     "shipper's config with `clew lint`",
     join_fixes},
    {"message_only", TRACE_MESSAGE_ONLY, 5, NULL,
     "the ids are only in the message text, which most backends do not index",
     "write them as separate fields", join_fixes},
    {"all_zero", TRACE_ALL_ZERO, 1, NULL,
     "ids are all zeros: the tracer is a no-op, because no SDK is set up or it is set up after the "
     "first log line",
     "initialise the SDK before the logger, and write no ids when the span context is not valid",
     NULL},
    {"malformed_length", TRACE_MALFORMED_LENGTH, 1, NULL,
     "trace ids have a wrong number of digits: formatted as a number, or cut",
     "format with all 32 and 16 digits (%032x, %016x), leading zeros included", NULL},
    {"repaired", TRACE_CLASSES, 1, count_repaired,
     "leading zeros were missing from ids; clew restored them",
     "format with all 32 and 16 digits (%032x, %016x)", NULL},
    {"non_hex", TRACE_NON_HEX, 1, NULL,
     "the trace id field is not hexadecimal: often base64, or another id under this name",
     "write the id as lower-case hexadecimal, as W3C trace context has it", NULL},
    {"malformed_other", TRACE_MALFORMED_OTHER, 1, NULL,
     "the ids have a form that W3C trace context forbids, or were numbers that lost digits",
     "write ids as strings of hexadecimal digits", NULL},
    {"numeric_precision", TRACE_CLASSES, 1, count_numeric,
     "ids are written as JSON numbers: readers that use doubles change them",
     "write ids as strings", NULL},
    {"vendor_opaque", TRACE_VENDOR_OPAQUE, 1, NULL,
     "the tracer's ids are not 128-bit: no OTLP backend can join them",
     "let the application use OpenTelemetry's or W3C's ids in addition to its own", NULL},
    {"span_without_trace", TRACE_SPAN_WITHOUT_TRACE, 1, NULL,
     "there is a span id without a trace id: a formatter or filter omits one of the two",
     "write both", NULL},
    {"trace_without_span", TRACE_TRACE_WITHOUT_SPAN, 10, NULL,
     "there is a trace id without a span id: lines can be found by trace, but not by span",
     "write the span id as well", NULL},
    {"conflict", TRACE_CONFLICT, 1, NULL,
     "one line has two different trace ids: two tracers are at work, or an inherited header is "
     "logged next to the active span",
     "decide which tracer's id the line should carry", NULL},
    {"constant_id", TRACE_CLASSES, 25, count_constant_id,
     "more than half of the records share one trace id: it was set once, in a thread's MDC or at "
     "start, and never cleared",
     "read the ids when the line is written, and clear the MDC at the end of the request", NULL},
    {"unsampled", TRACE_UNSAMPLED, 50, NULL,
     "most of these traces were not sampled: the ids are valid, but the backend has no trace for "
     "them",
     "the log needs no change; raise the sampling rate if you want the traces", NULL},
    {"request_id", TRACE_CLASSES, 5, count_request_id,
     "these records have the id of a request, but no trace id",
     "until they have one, join them by the request id: set it as a span attribute too", NULL},
    {"vendor_format", TRACE_VENDOR_FORMAT, 50, count_vendor_format,
     "the ids are in a vendor's format (decimal, X-Ray, a path, with 0x): clew converts them, other "
     "readers of this log may not",
     "write 32 and 16 lower-case hexadecimal digits, as OpenTelemetry has it", NULL},
    {"sampling_unknown", TRACE_CLASSES, 50, count_sampling_unknown,
     "no flags are logged, so it is unknown which of these traces were sampled",
     "log trace_flags as well", NULL},
    {"low64", TRACE_CLASSES, 10, count_low64,
     "only the low 64 bits of the trace id are logged: an OTLP backend will not find the trace",
     "log the whole 128-bit id (Datadog: DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED=true; Brave and "
     "Sleuth: traceId128=true)",
     NULL},
    {"uuid", TRACE_CLASSES, 10, count_uuid,
     "the trace ids are UUIDs: usually ids of requests, not of traces",
     "log the trace id of the active span; keep the UUID as request.id", NULL},
};

bool audit_hint_describe(size_t index, struct audit_hint *out_hint)
{
    if (index >= ARRAY_LEN(rules)) {
        return false;
    }
    const struct rule *rule = &rules[index];
    *out_hint = (struct audit_hint){
        .rule = rule->name, .about = rule->about, .cause = rule->cause, .fix = rule->fix};
    return true;
}

static uint64_t count_of(const struct rule *rule, struct subject *subject)
{
    uint64_t n = rule->count != NULL ? rule->count(subject) : subject->book->classes[rule->about];
    return n * 100 >= subject->book->records * rule->percent ? n : 0;
}

static const char *fix_of(const struct rule *rule, enum ecosystem ecosystem)
{
    bool has_own = rule->fixes != NULL && rule->fixes[ecosystem] != NULL;
    return has_own ? rule->fixes[ecosystem] : rule->fix;
}

/* What explains more comes first. */
static int compare_hints(const void *left, const void *right)
{
    const struct audit_hint *a = left;
    const struct audit_hint *b = right;
    if (a->records != b->records) {
        return a->records < b->records ? 1 : -1;
    }
    return strcmp(a->rule, b->rule);
}

struct audit_hint *audit_hints_find(const struct audit_group *group, enum ecosystem ecosystem,
                                    int logger_at, size_t *out_count)
{
    struct audit_hint *hints = mem_array(ARRAY_LEN(rules), sizeof(*hints));
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct rule *rule = &rules[i];
        struct subject subject = {group, &group->book, logger_at, NULL};
        uint64_t records = count_of(rule, &subject);
        if (records > 0) {
            const char *sample = rule->about < TRACE_CLASSES ? group->samples[rule->about] : NULL;
            hints[count++] = (struct audit_hint){
                rule->name, rule->about, records, rule->cause, fix_of(rule, ecosystem),
                sample,     subject.part};
        }
    }
    qsort(hints, count, sizeof(*hints), compare_hints);
    *out_count = count;
    return hints;
}
