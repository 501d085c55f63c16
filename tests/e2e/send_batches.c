/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The otlp_http output alone, for test_delivery.py: sends batches to a far end and prints how each
 * ended, then the counters.
 *
 *     send_batches URL [name=value]…
 *
 *     batches, records     how many, and how many records in each (3 and 10)
 *     stop_ms              close the output after this, whatever is in hand (10000)
 *     pause_ms             between two batches (0)
 *     text_bytes           of each record's body (20)
 *     compression, timeout_ms, in_flight_max, retry_initial_ms, retry_max_ms, response_bytes_max,
 *     ca_file, certificate_file, key_file, verify, proxy      as in the config
 *     header               `Name:value`
 *
 * The body of record R of batch B is `B.R`, filled up with dots.
 */

#include <ev.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "otlp/encode.h"
#include "outputs/output.h"

struct run {
    struct settings settings;
    struct output_settings output_settings;
    struct source source;
    struct key_value header;
    struct counters counters;
    struct log log;
    struct ev_loop *loop;
    struct output *output;
    struct otlp_encoder *encoder;
    struct ev_timer stop;
    struct ev_timer pause;
    uint64_t batches;
    uint64_t records;
    uint64_t stop_ms;
    uint64_t pause_ms;
    uint64_t text_bytes;
    uint64_t sent;
    uint64_t done;
};

static void set(struct run *run, const char *name, char *value)
{
    struct output_settings *o = &run->output_settings;
    const struct {
        const char *name;
        uint64_t *number;
        char **text;
    } options[] = {
        {"batches", &run->batches, NULL},
        {"records", &run->records, NULL},
        {"stop_ms", &run->stop_ms, NULL},
        {"pause_ms", &run->pause_ms, NULL},
        {"text_bytes", &run->text_bytes, NULL},
        {"timeout_ms", &o->timeout_ms, NULL},
        {"in_flight_max", &o->in_flight_max, NULL},
        {"retry_initial_ms", &o->retry_initial_ms, NULL},
        {"retry_max_ms", &o->retry_max_ms, NULL},
        {"retry_after_max_ms", &o->retry_after_max_ms, NULL},
        {"response_bytes_max", &o->response_bytes_max, NULL},
        {"ca_file", NULL, &o->ca_file},
        {"certificate_file", NULL, &o->certificate_file},
        {"key_file", NULL, &o->key_file},
        {"proxy", NULL, &o->proxy},
    };
    if (strcmp(name, "compression") == 0) {
        o->compression = strcmp(value, "gzip") == 0   ? COMPRESSION_GZIP
                         : strcmp(value, "zstd") == 0 ? COMPRESSION_ZSTD
                                                      : COMPRESSION_NONE;
        return;
    }
    if (strcmp(name, "verify") == 0) {
        o->verify = strcmp(value, "true") == 0;
        return;
    }
    if (strcmp(name, "header") == 0) {
        run->header.key = value;
        run->header.value = strchr(value, ':');
        ENSURE(run->header.value != NULL);
        *run->header.value++ = '\0';
        o->headers = (struct key_value_list){&run->header, 1};
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(name, options[i].name) == 0 && options[i].text != NULL) {
            *options[i].text = value;
            return;
        }
        if (strcmp(name, options[i].name) == 0) {
            *options[i].number = strtoull(value, NULL, 10);
            return;
        }
    }
    fprintf(stderr, "no option %s\n", name);
    exit(2);
}

static struct batch *make_batch(struct run *run)
{
    struct batch *batch = batch_new(64u << 20);
    struct record record = {.source = &run->source, .body_field = NO_FIELD, .has_body_text = true};
    char *text = mem_alloc(run->text_bytes + 64);
    batch->sequence = run->sent;
    for (uint64_t i = 0; i < run->records; i++) {
        memset(text, '.', run->text_bytes + 63);
        int n = sprintf(text, "%" PRIu64 ".%" PRIu64, run->sent, i);
        text[n] = '.';
        record.body_text =
            slice_make(text, (size_t)n > run->text_bytes ? (size_t)n : run->text_bytes);
        ENSURE(otlp_encoder_add(run->encoder, &record, &batch->bytes));
        batch->records++;
    }
    otlp_encoder_end(run->encoder, &batch->bytes);
    run->sent++;
    free(text);
    return batch;
}

static void send_some(struct run *run)
{
    while (run->sent < run->batches && run->output->type->has_room(run->output)) {
        run->output->type->send(run->output, make_batch(run));
        if (run->pause_ms > 0) {
            return;
        }
    }
}

static enum refusal_end on_refused(void *context, const struct refusal *refusal)
{
    (void)context;
    (void)refusal;
    return REFUSAL_GIVEN_UP;
}

static void on_done(void *context, struct batch *batch, enum delivery delivery,
                    const struct delivery_counts *counts)
{
    static const char *const names[] = {"accepted", "refused", "kept"};
    struct run *run = context;
    printf("batch %" PRIu64 " %s %" PRIu64 "\n", batch->sequence, names[delivery],
           delivery == DELIVERY_ACCEPTED ? counts->rejected + counts->refused : 0);
    batch_free(batch);
    run->done++;
    if (run->done == run->batches) {
        ev_break(run->loop, EVBREAK_ALL);
    } else if (run->pause_ms == 0 && delivery != DELIVERY_KEPT) {
        send_some(run);
    }
}

static void on_stop(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)timer;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void on_pause(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    send_some(container_of(timer, struct run, pause));
}

static int send_all(struct run *run)
{
    char *error = NULL;
    struct output_env env = {run->loop, &run->log, &run->counters, on_done, on_refused, run};
    run->output = output_otlp_http.open(&run->output_settings, &env, &error);
    if (run->output == NULL) {
        printf("error %s\n", error);
        free(error);
        return 1;
    }
    ev_timer_init(&run->stop, on_stop, (double)run->stop_ms / 1e3, 0.);
    ev_timer_start(run->loop, &run->stop);
    if (run->pause_ms > 0) {
        ev_timer_init(&run->pause, on_pause, 0., (double)run->pause_ms / 1e3);
        ev_timer_start(run->loop, &run->pause);
    }
    send_some(run);
    ev_run(run->loop, 0);
    bool is_idle = run->output->type->is_idle(run->output);
    uint64_t before = run->done;
    run->output->type->close(run->output);
    ENSURE(is_idle == (run->done == before));
    return 0;
}

int main(int argc, char **argv)
{
    struct run *run = mem_alloc(sizeof(*run));
    char name[] = "test";
    run->output_settings = (struct output_settings){.name = name,
                                                    .timeout_ms = 2000,
                                                    .verify = true,
                                                    .in_flight_max = 2,
                                                    .retry_initial_ms = 50,
                                                    .retry_max_ms = 200,
                                                    .retry_after_max_ms = 3600000,
                                                    .response_bytes_max = 65536};
    run->output_settings.endpoint = argc > 1 ? argv[1] : NULL;
    run->batches = 3;
    run->records = 10;
    run->stop_ms = 10000;
    run->text_bytes = 20;
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        ENSURE(value != NULL);
        *value = '\0';
        set(run, argv[i], value + 1);
    }
    run->log = (struct log){2, LOG_INFO};
    run->loop = ev_loop_new(EVFLAG_AUTO);
    run->encoder = otlp_encoder_new(&run->settings);
    int status = send_all(run);
    for (enum counter c = C_REQUESTS; c <= C_BYTES_SENT; c++) {
        printf("%s %" PRIu64 "\n", counter_table[c].name, run->counters.values[c]);
    }
    otlp_encoder_free(run->encoder);
    ev_loop_destroy(run->loop);
    free(run);
    return status;
}
