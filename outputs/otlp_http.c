/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Batches to a far end by OTLP/HTTP. docs/delivery.md says what is promised.
 *
 * There are in_flight_max slots, each with room for one batch:
 *
 *     state     left by
 *     free      send()
 *     waiting   start(), when its time has come
 *     active    on_answer(): free again if the batch is done with, doubted, else waiting
 *     doubted   the probe's answer, or a request that is taken: as active, else waiting
 *
 * A refusal is believed only of an address that has taken something (outputs/addresses.h). Until then it
 * may be a mistake in the config that no record is to blame for: those that are refused wait, and the
 * address is asked by requests with nothing of a log in them (outputs/probe.h). If it refuses them
 * too it is at fault, which is an outage like any other; its next try is a request with records again,
 * the one that was tried least, since a single one may be bad.
 *
 * While the far end fails (outputs/outage.h), one request at a time finds out whether it is back,
 * and all others wait. Once it is, they follow, each no earlier than its own back-off demands: a
 * request that fails again and again among others that are taken must not be sent again at once.
 *
 * A request that is refused as too large or bad, or not answered in time, is sent in pieces (piece.h). How
 * large they may be is learnt of all requests together (request_size.h).
 */

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/compress.h"
#include "base/mem.h"
#include "outputs/addresses.h"
#include "outputs/otlp_ask.h"
#include "outputs/otlp_client.h"
#include "outputs/outage.h"
#include "outputs/output.h"
#include "outputs/piece.h"
#include "outputs/probe.h"
#include "outputs/reason.h"
#include "outputs/request_size.h"
#include "outputs/response.h"

enum {
    /* A far end that refuses everything must not be asked about each record of each batch. */
    SPLITS_MAX = 512,
    WORDS_BYTES = RESPONSE_MESSAGE_BYTES + 64,
    HTTP_TOO_LARGE = 413,
    HTTP_GATEWAY_TIMEOUT = 504, /* of a proxy whose own patience was over */
    REASON_NO_ANSWER = 1000, /* + libcurl's code; below are HTTP statuses */
    REASON_NO_LETTER = 2000,
    REASON_ADDRESS = 3000, /* + HTTP status */
};

#define PATIENCE_NS UINT64_C(1000000000) /* the least that a proxy may be thought to have */

struct slot {
    struct otlp_http *owner;
    struct batch *batch; /* NULL: free */
    struct http_exchange *exchange; /* NULL until it is used, and after a rest */
    bool is_active;
    bool is_doubted;       /* refused by `status` and `response`, by an address that may be wrong */
    struct piece piece;    /* what of the batch is sent now */
    uint64_t started_ns;   /* its last try */
    unsigned splits;
    unsigned tries; /* of this piece, that failed */
    uint64_t retry_at_ns;
    uint64_t rejected; /* by partial success */
    uint64_t refused;  /* by status */
    long status;
    struct response response;
};

struct otlp_http {
    struct output base;
    const struct output_settings *settings;
    struct output_env env;
    struct http_client *client;
    struct compressor *compressor; /* NULL until it is used, and after a rest */
    struct probe *probe;           /* likewise */
    uint64_t address;              /* a hash */
    bool is_proven;   /* it has taken a request … */
    bool is_mistaken; /* … or not, and what it answers says that the config is wrong */
    struct ev_timer timer;
    struct outage outage;
    struct request_size size; /* of requests */
    struct said rejection;
    struct said refusal;
    struct slot *slots;
    size_t slot_count;
    size_t active;
};

static void on_answer(void *context, const struct http_answer *answer);
static void decide_doubted(struct otlp_http *output);

static struct otlp_http *own(struct output *output)
{
    return container_of(output, struct otlp_http, base);
}

static const struct otlp_http *peek(const struct output *output)
{
    return (const struct otlp_http *)(const void *)output; /* `base` comes first */
}

static const char *name_of(const struct otlp_http *output)
{
    return output->settings->name != NULL ? output->settings->name : output->settings->type;
}

/* By another worker or before a reload is as good. */
static bool is_proven(const struct otlp_http *output)
{
    return output->is_proven || addresses_has(output->env.addresses, output->address);
}

/* ---- what is sent ---- */

static struct compressor *get_compressor(struct otlp_http *output)
{
    if (output->compressor == NULL && output->settings->compression != COMPRESSION_NONE) {
        output->compressor = compressor_new(output->settings->compression);
    }
    return output->compressor;
}

static void start(struct slot *slot)
{
    struct otlp_http *output = slot->owner;
    piece_fit(&slot->piece, &output->size);
    struct slice body =
        piece_body(&slot->piece, output->settings->compression, get_compressor(output));
    slot->is_active = true;
    slot->started_ns = clock_monotonic_ns();
    output->active++;
    counters_add(output->env.counters, C_REQUESTS, 1);
    counters_add(output->env.counters, C_REQUESTS_RETRIED, slot->tries > 0 ? 1 : 0);
    counters_add(output->env.counters, C_BYTES_SENT, body.len);
    if (slot->exchange == NULL) {
        slot->exchange = http_exchange_new(output->client, on_answer, slot);
    }
    http_exchange_start(slot->exchange, body);
}

/* ---- when it is sent ---- */

static bool is_before(const struct slot *a, const struct slot *b, bool by_time)
{
    if (by_time && a->retry_at_ns != b->retry_at_ns) {
        return a->retry_at_ns < b->retry_at_ns;
    }
    if (a->owner->is_mistaken && a->tries != b->tries) {
        return a->tries < b->tries;
    }
    return a->batch->sequence < b->batch->sequence;
}

/* In an outage the oldest batch is the one to try with; else the one whose time comes first. */
static struct slot *find_next(const struct otlp_http *output)
{
    struct slot *next = NULL;
    for (size_t i = 0; i < output->slot_count; i++) {
        struct slot *slot = &output->slots[i];
        bool is_waiting = slot->batch != NULL && !slot->is_active && !slot->is_doubted;
        if (is_waiting && (next == NULL || is_before(slot, next, !output->outage.is_on))) {
            next = slot;
        }
    }
    return next;
}

static void set_timer(struct otlp_http *output, uint64_t wait_ns)
{
    ev_timer_stop(output->env.loop, &output->timer);
    ev_now_update(output->env.loop);
    /* A millisecond more: the timer must not come before its time by rounding. */
    ev_timer_set(&output->timer, (double)wait_ns / 1e9 + 1e-3, 0.);
    ev_timer_start(output->env.loop, &output->timer);
}

/* Start what may be started now, and wake up for the rest. */
static void schedule(struct otlp_http *output)
{
    struct slot *slot;
    uint64_t now_ns = clock_monotonic_ns();
    if (probe_is_running(output->probe) && !is_proven(output)) {
        return; /* likewise */
    }
    while ((slot = find_next(output)) != NULL) {
        if (output->outage.is_on && output->active > 0) {
            return; /* its answer will come here again */
        }
        uint64_t due_ns = output->outage.is_on ? output->outage.until_ns : slot->retry_at_ns;
        if (due_ns > now_ns) {
            set_timer(output, due_ns - now_ns);
            return;
        }
        start(slot);
    }
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    schedule(container_of(timer, struct otlp_http, timer));
}

/* ---- what came of it ---- */

static void held(const struct otlp_http *output, size_t *out_requests, uint64_t *out_records)
{
    *out_requests = 0;
    *out_records = 0;
    for (size_t i = 0; i < output->slot_count; i++) {
        const struct batch *batch = output->slots[i].batch;
        *out_requests += batch != NULL ? 1 : 0;
        *out_records += batch != NULL ? batch->records : 0;
    }
}

static void prove(struct otlp_http *output)
{
    if (!output->is_proven) {
        output->is_proven = true;
        addresses_add(output->env.addresses, output->address);
    }
    output->is_mistaken = false;
}

/* The far end answers: whoever waited for that may go, as its own back-off allows. */
static void note_alive(struct otlp_http *output)
{
    uint64_t now_ns = clock_monotonic_ns();
    if (!output->outage.is_on) {
        return;
    }
    if (outage_end(&output->outage, now_ns)) {
        size_t requests;
        uint64_t records;
        held(output, &requests, &records);
        log_event(output->env.log, LOG_INFO,
                  "output %s: %s accepts records again after %.1f s; sending %zu held requests "
                  "(%llu records)",
                  name_of(output), http_client_url(output->client),
                  (double)(now_ns - output->outage.since_ns) / 1e9, requests,
                  (unsigned long long)records);
    }
    for (size_t i = 0; i < output->slot_count; i++) {
        uint64_t soon_ns = now_ns + outage_backoff_ns(&output->outage, 1);
        struct slot *slot = &output->slots[i];
        slot->retry_at_ns = slot->retry_at_ns < soon_ns ? slot->retry_at_ns : soon_ns;
    }
}

static void fail(struct slot *slot, const struct failure *failure, const char *reason)
{
    struct otlp_http *output = slot->owner;
    uint64_t now_ns = clock_monotonic_ns();
    output->is_mistaken = failure->is_mistake && !is_proven(output);
    slot->is_doubted = false;
    slot->tries++;
    slot->retry_at_ns = now_ns + outage_backoff_ns(&output->outage, slot->tries);
    if (outage_fail(&output->outage, failure, now_ns)) {
        log_event(output->env.log, failure->is_mistake ? LOG_ERROR : LOG_WARN,
                  "output %s: sending to %s failed: %s; holding records, retrying in %.2f s",
                  name_of(output), http_client_url(output->client), reason,
                  (double)(output->outage.until_ns - now_ns) / 1e9);
    }
    schedule(output);
}

static void give_back(struct slot *slot, enum delivery delivery)
{
    struct otlp_http *output = slot->owner;
    struct batch *batch = slot->batch;
    const struct delivery_counts counts = {slot->rejected, slot->refused};
    slot->batch = NULL;
    slot->is_active = false;
    /* May hand over the next batch at once: the slot is free by now. */
    output->env.done(output->env.context, batch, delivery, &counts);
}

static void finish(struct slot *slot)
{
    bool is_refused = slot->refused > 0 && slot->refused == slot->batch->records;
    give_back(slot, is_refused ? DELIVERY_REFUSED : DELIVERY_ACCEPTED);
}

/* The records that were sent are decided, one way or the other. */
static void go_on(struct slot *slot)
{
    struct otlp_http *output = slot->owner;
    slot->tries = 0;
    slot->retry_at_ns = 0;
    if (!piece_next(&slot->piece, &output->size)) {
        finish(slot);
    }
    schedule(output);
}

static void accept(struct slot *slot, const struct response *response)
{
    struct otlp_http *output = slot->owner;
    uint32_t count = slot->piece.count;
    uint64_t rejected = response->rejected < count ? response->rejected : count;
    request_size_taken(&output->size, piece_bytes(&slot->piece),
                       clock_monotonic_ns() - slot->started_ns);
    note_alive(output);
    prove(output);
    slot->rejected += rejected;
    if ((rejected > 0 || response->message[0] != '\0') &&
        said_is_news(&output->rejection, response->message, clock_monotonic_ns())) {
        log_event(output->env.log, LOG_WARN,
                  "output %s: %s accepted a request of %u records but rejected %llu of them for "
                  "good: \"%s\"",
                  name_of(output), http_client_url(output->client), count,
                  (unsigned long long)rejected, response->message);
    }
    go_on(slot);
    decide_doubted(output);
}

/* The far end's no is final, but nobody can keep the records now: they stay here. */
static void hold_refused(struct slot *slot, const char *words)
{
    char reason[WORDS_BYTES + 64];
    const struct failure failure = {.reason = REASON_NO_LETTER, .is_mistake = true};
    snprintf(reason, sizeof(reason), "%s, and no dead letter can be written", words);
    fail(slot, &failure, reason);
}

static void refuse(struct slot *slot)
{
    struct otlp_http *output = slot->owner;
    char words[WORDS_BYTES];
    const char *message = slot->response.message;
    const struct refusal refusal = {piece_request(&slot->piece), slot->piece.count, slot->status,
                                    message};
    enum refusal_end end = output->env.refused(output->env.context, &refusal);
    snprintf(words, sizeof(words), "HTTP status %ld, \"%s\"", slot->status, message);
    if (end == REFUSAL_HELD) {
        hold_refused(slot, words);
        return;
    }
    note_alive(output);
    slot->refused += slot->piece.count;
    if (said_is_news(&output->refusal, words, clock_monotonic_ns())) {
        log_event(output->env.log, LOG_ERROR, "output %s: %s refused %u records (%s): %s",
                  name_of(output), http_client_url(output->client), slot->piece.count,
                  end == REFUSAL_KEPT ? "kept as dead letters (see clew replay)" : "dropped", words);
    }
    go_on(slot);
}

/* False: it is a single record, or the batch was split too often. */
static bool split(struct slot *slot)
{
    struct otlp_http *output = slot->owner;
    bool is_too_large = slot->status == HTTP_TOO_LARGE; /* a limit on size stays … */
    uint64_t bytes = piece_bytes(&slot->piece);
    if (slot->splits == SPLITS_MAX || !piece_halve(&slot->piece)) {
        return false; /* … and one bad record is behind us soon */
    }
    note_alive(output);
    slot->splits++;
    slot->tries = 0;
    slot->retry_at_ns = 0;
    if (is_too_large) {
        counters_add(output->env.counters, C_REQUESTS_SHRUNK, 1);
        request_size_too_large(&output->size, bytes);
    }
    schedule(output);
    return true;
}

/* Of an address that is right: what is refused is the records' fault. */
static void decide(struct slot *slot)
{
    slot->is_doubted = false;
    if (slot->response.verdict != RESPONSE_TOO_MUCH || !split(slot)) {
        refuse(slot);
    }
}

static void decide_doubted(struct otlp_http *output)
{
    for (size_t i = 0; i < output->slot_count; i++) {
        if (output->slots[i].is_doubted) {
            decide(&output->slots[i]);
        }
    }
}

/* ---- whose fault it is ---- */

static void fail_doubted(struct otlp_http *output, const struct failure *failure,
                         const char *reason)
{
    for (size_t i = 0; i < output->slot_count; i++) {
        if (output->slots[i].is_doubted) {
            fail(&output->slots[i], failure, reason);
        }
    }
}

static struct failure failure_of(const struct http_answer *answer, const struct response *response)
{
    struct failure failure = {.retry_after_ms = answer->retry_after_ms};
    failure.reason =
        response != NULL ? (int)answer->status : REASON_NO_ANSWER + answer->error_code;
    failure.is_mistake = response != NULL && response->verdict == RESPONSE_HOLD;
    return failure;
}

/* What it answers to the made-up record is told: what it said of others may be about their size. */
static void blame_address(struct otlp_http *output, const struct probe_result *result)
{
    char reason[REASON_BYTES];
    const struct failure failure = {.reason = REASON_ADDRESS + (int)result->answer->status,
                                    .is_mistake = true};
    reason_write_refusal(result->answer->status, result->response, http_client_url(output->client),
                         reason);
    fail_doubted(output, &failure, reason);
}

static void on_probed(void *context, const struct probe_result *result)
{
    struct otlp_http *output = context;
    output->active--;
    if (result->verdict == PROBE_TAKEN) {
        prove(output);
    }
    if (is_proven(output)) {
        decide_doubted(output);
    } else if (result->verdict == PROBE_REFUSED) {
        blame_address(output, result);
    } else {
        char reason[REASON_BYTES];
        const struct failure failure = failure_of(result->answer, result->response);
        reason_write(result->answer, result->response, http_client_url(output->client), reason);
        fail_doubted(output, &failure, reason);
    }
    schedule(output);
}

static void ask_address(struct otlp_http *output)
{
    if (probe_is_running(output->probe)) {
        return;
    }
    if (output->probe == NULL) {
        output->probe = probe_new(output->client, output->settings, output->env.counters,
                                  on_probed, output);
    }
    output->active++;
    probe_start(output->probe);
}

static void doubt(struct slot *slot, long status, const struct response *response)
{
    struct otlp_http *output = slot->owner;
    slot->status = status;
    slot->response = *response;
    if (is_proven(output)) {
        decide(slot);
    } else {
        slot->is_doubted = true;
        ask_address(output);
    }
}

/* Of a proxy it says that who is behind it was, unless it says so at once. */
static bool is_late(const struct slot *slot, const struct http_answer *answer)
{
    return answer->is_late || (answer->status == HTTP_GATEWAY_TIMEOUT &&
                               clock_monotonic_ns() - slot->started_ns >= PATIENCE_NS);
}

/* It had the request, and did not answer in time: perhaps it is too slow for one so large. */
static void fail_late(struct slot *slot, const struct failure *failure, char reason[REASON_BYTES])
{
    struct otlp_http *output = slot->owner;
    size_t len = strlen(reason);
    request_size_late(&output->size, piece_bytes(&slot->piece), slot->tries > 0);
    if (piece_fit(&slot->piece, &output->size)) {
        counters_add(output->env.counters, C_REQUESTS_SHRUNK, 1);
        snprintf(reason + len, REASON_BYTES - len, "; requests are smaller from now on");
    }
    fail(slot, failure, reason);
}

static void fail_answered(struct slot *slot, const struct http_answer *answer,
                          const struct response *response)
{
    struct otlp_http *output = slot->owner;
    char reason[REASON_BYTES];
    struct failure failure = failure_of(answer, response);
    failure.is_mistake = failure.is_mistake || (answer->is_foreign && !is_proven(output));
    reason_write(answer, response, http_client_url(output->client), reason);
    if (is_late(slot, answer)) {
        fail_late(slot, &failure, reason);
    } else {
        fail(slot, &failure, reason);
    }
}

static void judge(struct slot *slot, const struct http_answer *answer)
{
    struct otlp_http *output = slot->owner;
    struct response response;
    response_judge(answer->status, answer->content_type, answer->body, answer->is_cut, &response);
    if (response.verdict == RESPONSE_ACCEPTED) {
        accept(slot, &response);
        return;
    }
    counters_add(output->env.counters, C_REQUESTS_FAILED, 1);
    if (response_is_refusal(&response)) {
        doubt(slot, answer->status, &response);
    } else {
        fail_answered(slot, answer, &response);
    }
}

static void on_answer(void *context, const struct http_answer *answer)
{
    struct slot *slot = context;
    slot->is_active = false;
    slot->owner->active--;
    if (answer->error == NULL) {
        judge(slot, answer);
        return;
    }
    counters_add(slot->owner->env.counters, C_REQUESTS_FAILED, 1);
    fail_answered(slot, answer, NULL);
}

/* ---- the output ---- */

static void make_slots(struct otlp_http *output)
{
    uint64_t wanted = output->settings->in_flight_max;
    output->slot_count = wanted > 0 ? (size_t)wanted : 1;
    output->slots = mem_array(output->slot_count, sizeof(*output->slots));
    for (size_t i = 0; i < output->slot_count; i++) {
        struct slot *slot = &output->slots[i];
        slot->owner = output;
        piece_init(&slot->piece);
    }
}

static struct output *otlp_http_open(const struct output_settings *settings,
                                     const struct output_env *env, char **out_error)
{
    struct http_client *client = otlp_client_new(settings, env->loop, out_error);
    if (client == NULL) {
        return NULL;
    }
    struct otlp_http *output = mem_alloc(sizeof(*output));
    output->base.type = &output_otlp_http;
    output->settings = settings;
    output->env = *env;
    output->client = client;
    output->address = address_of(settings);
    output->size = request_size_any(settings->timeout_ms);
    output->outage.initial_ms = settings->retry_initial_ms;
    output->outage.max_ms = settings->retry_max_ms;
    output->outage.asked_max_ms = settings->retry_after_max_ms;
    output->outage.seed = clock_realtime_ns() ^ (uint64_t)getpid() << 32;
    ev_init(&output->timer, on_timer);
    make_slots(output);
    if (!settings->verify) {
        log_event(env->log, LOG_WARN,
                  "output %s: verify is off: an attacker on the network can read and change the "
                  "records",
                  name_of(output));
    }
    return &output->base;
}

static struct slot *find_free(const struct otlp_http *output)
{
    for (size_t i = 0; i < output->slot_count; i++) {
        if (output->slots[i].batch == NULL) {
            return &output->slots[i];
        }
    }
    return NULL;
}

static void otlp_http_send(struct output *base, struct batch *batch)
{
    struct otlp_http *output = own(base);
    struct slot *slot = find_free(output);
    ENSURE(slot != NULL);
    slot->batch = batch;
    slot->is_doubted = false;
    piece_begin(&slot->piece, batch, &output->size);
    slot->splits = 0;
    slot->tries = 0;
    slot->retry_at_ns = 0;
    slot->rejected = 0;
    slot->refused = 0;
    schedule(output);
}

static bool otlp_http_has_room(const struct output *base)
{
    return find_free(peek(base)) != NULL;
}

static bool otlp_http_is_idle(const struct output *base)
{
    const struct otlp_http *output = peek(base);
    for (size_t i = 0; i < output->slot_count; i++) {
        if (output->slots[i].batch != NULL) {
            return false;
        }
    }
    return true;
}

static bool otlp_http_is_quiet(const struct output *base)
{
    return peek(base)->active == 0;
}

/* What it needs is made anew when it is used again; the connections are kept. */
static void rest_slot(struct slot *slot)
{
    http_exchange_free(slot->exchange);
    slot->exchange = NULL;
    piece_rest(&slot->piece);
}

static void otlp_http_rest(struct output *base)
{
    struct otlp_http *output = own(base);
    for (size_t i = 0; i < output->slot_count; i++) {
        if (output->slots[i].batch == NULL) {
            rest_slot(&output->slots[i]);
        }
    }
    compressor_free(output->compressor);
    output->compressor = NULL;
    if (!probe_is_running(output->probe)) {
        probe_free(output->probe);
        output->probe = NULL;
    }
}

static bool otlp_http_is_mistaken(const struct output *base)
{
    return peek(base)->is_mistaken && !is_proven(peek(base));
}

static void free_slot(struct slot *slot)
{
    rest_slot(slot);
    if (slot->batch != NULL) {
        give_back(slot, DELIVERY_KEPT);
    }
}

static void otlp_http_close(struct output *base)
{
    struct otlp_http *output = own(base);
    ev_timer_stop(output->env.loop, &output->timer);
    for (size_t i = 0; i < output->slot_count; i++) {
        free_slot(&output->slots[i]);
    }
    probe_free(output->probe);
    http_client_free(output->client);
    compressor_free(output->compressor);
    free(output->slots);
    free(output);
}

const struct output_type output_otlp_http = {
    .name = "otlp_http",
    .open = otlp_http_open,
    .send = otlp_http_send,
    .has_room = otlp_http_has_room,
    .is_idle = otlp_http_is_idle,
    .is_quiet = otlp_http_is_quiet,
    .is_mistaken = otlp_http_is_mistaken,
    .rest = otlp_http_rest,
    .close = otlp_http_close,
    .ask = otlp_ask,
    .ask_end = otlp_ask_end,
};
