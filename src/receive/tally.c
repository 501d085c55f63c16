/* SPDX-License-Identifier: Apache-2.0 */
#include "receive/tally.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/shown.h"
#include "otlp.pb-c.h"

enum {
    TRACE_ID_BYTES = 16,
    NAME_COLUMNS_MAX = 60,
    PRINT_BYTES_MAX = 4 << 20
};

void tally_init(struct tally *tally)
{
    *tally =
        (struct tally){.services = mem_array(TALLY_SERVICES_MAX + 1, sizeof(struct tally_service))};
}

void tally_fini(struct tally *tally)
{
    for (size_t i = 0; i < tally->service_count; i++) {
        free(tally->services[i].name);
    }
    free(tally->services);
    *tally = (struct tally){0};
}

static struct tally_service *find_service(struct tally *tally, struct slice name)
{
    uint64_t hash = hash_bytes(name.data, name.len, 0);
    for (size_t i = 0; i < tally->service_count; i++) {
        struct tally_service *service = &tally->services[i];
        if (service->hash == hash && slice_is_equal(slice_from_string(service->name), name)) {
            return service;
        }
    }
    if (tally->service_count == TALLY_SERVICES_MAX) {
        name = SLICE("(other)");
        hash = 0;
    } else if (tally->service_count > TALLY_SERVICES_MAX) {
        return &tally->services[TALLY_SERVICES_MAX];
    }
    struct tally_service *service = &tally->services[tally->service_count++];
    *service = (struct tally_service){.name = mem_string_from(name), .hash = hash};
    return service;
}

/* A name ends at its first NUL byte here: it is for reading. */
static struct slice service_name(const Otlp__Resource *resource)
{
    for (size_t i = 0; resource != NULL && i < resource->n_attributes; i++) {
        const Otlp__KeyValue *attribute = resource->attributes[i];
        struct slice key = slice_make((const char *)attribute->key.data, attribute->key.len);
        if (slice_is_equal(key, SLICE("service.name")) && attribute->value != NULL &&
            attribute->value->value_case == OTLP__ANY_VALUE__VALUE_STRING_VALUE) {
            ProtobufCBinaryData text = attribute->value->string_value;
            return slice_make((const char *)text.data, strnlen((const char *)text.data, text.len));
        }
    }
    return slice_make(NULL, 0);
}

static bool is_traced(const Otlp__LogRecord *record)
{
    uint8_t any = 0;
    for (size_t i = 0; i < record->trace_id.len; i++) {
        any |= record->trace_id.data[i];
    }
    return record->trace_id.len == TRACE_ID_BYTES && any != 0;
}

static void count_records(struct tally *tally, struct tally_service *service,
                          const Otlp__ScopeLogs *logs)
{
    uint64_t traced = 0;
    for (size_t i = 0; i < logs->n_log_records; i++) {
        traced += is_traced(logs->log_records[i]) ? 1 : 0;
    }
    service->records += logs->n_log_records;
    service->traced += traced;
    tally->records += logs->n_log_records;
    tally->traced += traced;
}

void tally_add(struct tally *tally, const Otlp__ExportLogsServiceRequest *request)
{
    for (size_t i = 0; i < request->n_resource_logs; i++) {
        const Otlp__ResourceLogs *logs = request->resource_logs[i];
        struct tally_service *service = find_service(tally, service_name(logs->resource));
        for (size_t k = 0; k < logs->n_scope_logs; k++) {
            count_records(tally, service, logs->scope_logs[k]);
        }
    }
}

double tally_coverage(uint64_t traced, uint64_t records)
{
    return records > 0 ? (double)traced / (double)records : 0.0;
}

static int by_records(const void *a, const void *b)
{
    const struct tally_service *left = a;
    const struct tally_service *right = b;
    if (left->records != right->records) {
        return left->records < right->records ? 1 : -1;
    }
    return strcmp(left->name, right->name);
}

static void sort_services(struct tally *tally)
{
    qsort(tally->services, tally->service_count, sizeof(*tally->services), by_records);
}

static void print_row(FILE *out, const char *name, uint64_t records, uint64_t traced)
{
    shown_print(out, "%-30.*s %12" PRIu64 " %14" PRIu64 " %9.1f %%\n", NAME_COLUMNS_MAX,
                name[0] != '\0' ? name : "(none)", records, traced,
                100.0 * tally_coverage(traced, records));
}

void tally_print(struct tally *tally, FILE *out)
{
    sort_services(tally);
    shown_print(out, "%-30s %12s %14s %11s\n", "SERVICE", "RECORDS", "WITH TRACE ID", "COVERAGE");
    for (size_t i = 0; i < tally->service_count; i++) {
        const struct tally_service *service = &tally->services[i];
        print_row(out, service->name, service->records, service->traced);
    }
    print_row(out, "all", tally->records, tally->traced);
    fprintf(out, "%" PRIu64 " requests taken, %" PRIu64 " refused, %" PRIu64 " bytes\n",
            tally->requests, tally->refused, tally->body_bytes);
    if (tally->late + tally->displaced > 0) {
        fprintf(out,
                "%" PRIu64 " connections closed that sent no request in time, %" PRIu64
                " because others came for their places\n",
                tally->late, tally->displaced);
    }
}

static void write_service(struct buf *out, const struct tally_service *service)
{
    buf_append_string(out, "{\"service\":");
    json_write_string(out, slice_from_string(service->name));
    buf_append_format(out, ",\"records\":%" PRIu64 ",\"with_trace_id\":%" PRIu64 ",\"coverage\":",
                      service->records, service->traced);
    json_write_double(out, tally_coverage(service->traced, service->records));
    buf_append_string(out, "}");
}

void tally_print_json(struct tally *tally, FILE *out)
{
    struct buf text;
    buf_init(&text, PRINT_BYTES_MAX);
    sort_services(tally);
    buf_append_format(&text,
                      "{\"requests\":%" PRIu64 ",\"refused\":%" PRIu64
                      ",\"connections_late\":%" PRIu64
                      ",\"connections_displaced\":%" PRIu64 ",\"bytes\":%" PRIu64
                      ",\"records\":%" PRIu64 ",\"with_trace_id\":%" PRIu64 ",\"coverage\":",
                      tally->requests, tally->refused, tally->late, tally->displaced,
                      tally->body_bytes, tally->records, tally->traced);
    json_write_double(&text, tally_coverage(tally->traced, tally->records));
    buf_append_string(&text, ",\"services\":[");
    for (size_t i = 0; i < tally->service_count; i++) {
        buf_append_string(&text, i > 0 ? "," : "");
        write_service(&text, &tally->services[i]);
    }
    buf_append_string(&text, "]}\n");
    shown_put_json(out, buf_slice(&text));
    buf_fini(&text);
}
