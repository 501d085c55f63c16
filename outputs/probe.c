/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/probe.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/compress.h"
#include "base/mem.h"
#include "otlp/encode.h"
#include "record/record.h"

enum { SEVERITY_INFO = 9 };

enum state {
    IDLE,
    EMPTY,
    RECORD,
};

struct probe {
    const struct output_settings *settings;
    struct counters *counters;
    probe_done_fn *done;
    void *context;
    struct http_exchange *exchange;
    struct buf body;
    enum state state;
};

static void append_record(struct buf *request)
{
    static const struct settings none;
    char service[] = "clew";
    const struct source source = {.default_service = service, .id = UINT64_MAX};
    uint64_t now_ns = clock_realtime_ns();
    const struct record record = {
        .source = &source,
        .time_ns = now_ns,
        .observed_time_ns = now_ns,
        .severity_number = SEVERITY_INFO,
        .severity_text = SLICE("INFO"),
        .body_field = NO_FIELD,
        .has_body_text = true,
        .body_text = SLICE(PROBE_TEXT),
    };
    struct otlp_encoder *encoder = otlp_encoder_new(&none);
    ENSURE(otlp_encoder_add(encoder, &record, request));
    otlp_encoder_end(encoder, request);
    otlp_encoder_free(encoder);
}

/* In the form in which records come. */
static void make_body(struct probe *probe)
{
    struct buf request;
    struct compressor *compressor = compressor_new(probe->settings->compression);
    buf_init(&request, SIZE_MAX);
    if (probe->state == RECORD) {
        append_record(&request);
    }
    ENSURE(compressor_run(compressor, buf_slice(&request), &probe->body));
    compressor_free(compressor);
    buf_fini(&request);
}

static void send(struct probe *probe, enum state state)
{
    probe->state = state;
    make_body(probe);
    counters_add(probe->counters, C_REQUESTS, 1);
    counters_add(probe->counters, C_PROBES, 1);
    counters_add(probe->counters, C_BYTES_SENT, probe->body.len);
    http_exchange_start(probe->exchange, buf_slice(&probe->body));
}

static void on_answer(void *context, const struct http_answer *answer)
{
    struct probe *probe = context;
    struct response response;
    struct probe_result result = {.verdict = PROBE_FAILED, .answer = answer};
    if (answer->error == NULL) {
        response_judge(answer->status, answer->content_type, answer->body, answer->is_cut, &response);
        result.response = &response;
        result.verdict = response.verdict == RESPONSE_ACCEPTED ? PROBE_TAKEN
                         : response_is_refusal(&response)      ? PROBE_REFUSED
                                                               : PROBE_FAILED;
    }
    counters_add(probe->counters, C_REQUESTS_FAILED, result.verdict != PROBE_TAKEN);
    if (result.verdict == PROBE_REFUSED && probe->state == EMPTY) {
        send(probe, RECORD);
        return;
    }
    probe->state = IDLE;
    probe->done(probe->context, &result);
}

struct probe *probe_new(struct http_client *client, const struct output_settings *settings,
                        struct counters *counters, probe_done_fn *done, void *context)
{
    struct probe *probe = mem_alloc(sizeof(*probe));
    probe->settings = settings;
    probe->counters = counters;
    probe->done = done;
    probe->context = context;
    probe->exchange = http_exchange_new(client, on_answer, probe);
    buf_init(&probe->body, SIZE_MAX);
    return probe;
}

void probe_free(struct probe *probe)
{
    if (probe != NULL) {
        http_exchange_free(probe->exchange);
        buf_fini(&probe->body);
        free(probe);
    }
}

void probe_start(struct probe *probe)
{
    ENSURE(probe->state == IDLE);
    send(probe, EMPTY);
}

bool probe_is_running(const struct probe *probe)
{
    return probe != NULL && probe->state != IDLE;
}
