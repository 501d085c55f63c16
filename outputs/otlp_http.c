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
 * A refusal is believed only of an address that has taken something (core/addresses.h). Until then it
 * may be a mistake in the config that no record is to blame for: those that are refused wait, and the
 * address is asked by requests with nothing of a log in them (outputs/probe.h). If it refuses them
 * too it is at fault, which is an outage like any other; its next try is a request with records again,
 * the one that was tried least, since a single one may be bad.
 *
 * While the far end fails (outputs/outage.h), one request at a time finds out whether it is back,
 * and all others wait. Once it is, they follow, each no earlier than its own back-off demands: a
 * request that fails again and again among others that are taken must not be sent again at once.
 *
 * A request that is refused as too large or bad is sent in halves (otlp_split.h): `first` and
 * `count` of a slot are the records it tries now. What comes before is decided, what comes after
 * follows, in pieces that grow again. So one bad record costs itself and not its neighbours.
 */

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "core/addresses.h"
#include "outputs/compress.h"
#include "outputs/http_client.h"
#include "outputs/otlp_ask.h"
#include "outputs/otlp_split.h"
#include "outputs/outage.h"
#include "outputs/outputs.h"
#include "outputs/probe.h"
#include "outputs/reason.h"
#include "outputs/response.h"

enum {
    /* A far end that refuses everything must not be asked about each record of each batch. */
    SPLITS_MAX = 512,
    WORDS_BYTES = RESPONSE_MESSAGE_BYTES + 64,
    REASON_NO_ANSWER = 1000, /* + libcurl's code; below are HTTP statuses */
    REASON_NO_LETTER = 2000,
    REASON_ADDRESS = 3000, /* + HTTP status */
};

struct slot {
    struct otlp_http *owner;
    struct batch *batch; /* NULL: free */
    struct http_exchange *exchange; /* NULL until it is used, and after a rest */
    bool is_active;
    bool is_doubted;       /* refused by `status` and `response`, by an address that may be wrong */
    bool has_body;         /* `body` is made, for first and count */
    struct slice body;     /* in the batch, packed or not, in `piece` or in `compressed` */
    struct buf piece;      /* part of the batch; unused while all of it is sent */
    struct buf compressed; /* unused without compression */
    uint32_t first;        /* records that are sent now */
    uint32_t count;
    uint32_t count_max; /* more have been found too large */
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

static bool is_whole(const struct slot *slot)
{
    return slot->first == 0 && slot->count == slot->batch->records;
}

static struct slice take_apart(struct slot *slot)
{
    if (is_whole(slot)) {
        return buf_slice(&slot->batch->bytes);
    }
    /* The batch was encoded here: it can be taken apart. */
    ENSURE(otlp_split_copy(buf_slice(&slot->batch->bytes), slot->first, slot->count, &slot->piece));
    return buf_slice(&slot->piece);
}

static struct compressor *get_compressor(struct otlp_http *output)
{
    if (output->compressor == NULL) {
        output->compressor = compressor_new(output->settings->compression);
    }
    return output->compressor;
}

/* Made once for all tries. */
static void make_body(struct slot *slot)
{
    if (slot->has_body) {
        return;
    }
    slot->has_body = true;
    if (is_whole(slot) && slot->batch->packed_body.len > 0 &&
        slot->batch->packing == slot->owner->settings->compression) {
        slot->body = slot->batch->packed_body; /* as it lay in the spool */
        return;
    }
    slot->body = take_apart(slot);
    if (slot->owner->settings->compression != COMPRESSION_NONE) {
        ENSURE(compressor_run(get_compressor(slot->owner), slot->body, &slot->compressed));
        slot->body = buf_slice(&slot->compressed);
    }
}

static void start(struct slot *slot)
{
    struct otlp_http *output = slot->owner;
    make_body(slot);
    slot->is_active = true;
    output->active++;
    counters_add(output->env.counters, C_REQUESTS, 1);
    counters_add(output->env.counters, C_REQUESTS_RETRIED, slot->tries > 0 ? 1 : 0);
    counters_add(output->env.counters, C_BYTES_SENT, slot->body.len);
    if (slot->exchange == NULL) {
        slot->exchange = http_exchange_new(output->client, on_answer, slot);
    }
    http_exchange_start(slot->exchange, slot->body);
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
                  "output %s: %s takes records again after %.1f s; %zu requests with %llu records "
                  "were held and follow now",
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
                  "output %s: %s does not take records: %s; they are held, trying again in %.2f s",
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
    uint32_t left = slot->batch->records - slot->first - slot->count;
    slot->first += slot->count;
    slot->tries = 0;
    slot->retry_at_ns = 0;
    slot->has_body = false;
    if (left == 0) {
        finish(slot);
    } else {
        uint32_t count = slot->count < slot->count_max / 2 ? slot->count * 2 : slot->count_max;
        slot->count = count < left ? count : left;
    }
    schedule(output);
}

static void accept(struct slot *slot, const struct response *response)
{
    struct otlp_http *output = slot->owner;
    uint64_t rejected = response->rejected < slot->count ? response->rejected : slot->count;
    note_alive(output);
    prove(output);
    slot->rejected += rejected;
    if ((rejected > 0 || response->message[0] != '\0') &&
        said_is_news(&output->rejection, response->message, clock_monotonic_ns())) {
        log_event(output->env.log, LOG_WARN,
                  "output %s: %s took a request of %u records and rejected %llu of them for good: "
                  "\"%s\"",
                  name_of(output), http_client_url(output->client), slot->count,
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
    const struct refusal refusal = {take_apart(slot), slot->count, slot->status, message};
    enum refusal_end end = output->env.refused(output->env.context, &refusal);
    snprintf(words, sizeof(words), "HTTP status %ld, \"%s\"", slot->status, message);
    if (end == REFUSAL_HELD) {
        hold_refused(slot, words);
        return;
    }
    note_alive(output);
    slot->refused += slot->count;
    if (said_is_news(&output->refusal, words, clock_monotonic_ns())) {
        log_event(output->env.log, LOG_ERROR, "output %s: %s refused %u records, which are %s: %s",
                  name_of(output), http_client_url(output->client), slot->count,
                  end == REFUSAL_KEPT ? "kept as dead letters (see clew replay)" : "given up", words);
    }
    go_on(slot);
}

static void split(struct slot *slot)
{
    note_alive(slot->owner);
    slot->count /= 2;
    /* A limit on size stays; one bad record is behind us soon. */
    slot->count_max = slot->status == 413 ? slot->count : slot->count_max;
    slot->splits++;
    slot->tries = 0;
    slot->retry_at_ns = 0;
    slot->has_body = false;
    schedule(slot->owner);
}

/* Of an address that is right: what is refused is the records' fault. */
static void decide(struct slot *slot)
{
    slot->is_doubted = false;
    if (slot->response.verdict == RESPONSE_TOO_MUCH && slot->count > 1 &&
        slot->splits < SPLITS_MAX) {
        split(slot);
    } else {
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
        char reason[REASON_BYTES];
        const struct failure failure = failure_of(answer, &response);
        reason_write(answer, &response, http_client_url(output->client), reason);
        fail(slot, &failure, reason);
    }
}

static void on_answer(void *context, const struct http_answer *answer)
{
    struct slot *slot = context;
    struct otlp_http *output = slot->owner;
    slot->is_active = false;
    output->active--;
    if (answer->error == NULL) {
        judge(slot, answer);
        return;
    }
    char reason[REASON_BYTES];
    struct failure failure = failure_of(answer, NULL);
    failure.is_mistake = answer->is_foreign && !is_proven(output);
    counters_add(output->env.counters, C_REQUESTS_FAILED, 1);
    reason_write(answer, NULL, http_client_url(output->client), reason);
    fail(slot, &failure, reason);
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
        /* Bounded by the batch that they are made of. */
        buf_init(&slot->piece, SIZE_MAX);
        buf_init(&slot->compressed, SIZE_MAX);
    }
}

static struct output *otlp_http_open(const struct output_settings *settings,
                                     const struct output_env *env, char **out_error)
{
    struct http_client *client = http_client_new(settings, env->loop, out_error);
    if (client == NULL) {
        return NULL;
    }
    struct otlp_http *output = mem_alloc(sizeof(*output));
    output->base.type = &output_otlp_http;
    output->settings = settings;
    output->env = *env;
    output->client = client;
    output->address = address_of(settings);
    output->outage.initial_ms = settings->retry_initial_ms;
    output->outage.max_ms = settings->retry_max_ms;
    output->outage.seed = clock_realtime_ns() ^ (uint64_t)getpid() << 32;
    ev_init(&output->timer, on_timer);
    make_slots(output);
    if (!settings->verify) {
        log_event(env->log, LOG_WARN,
                  "output %s: verify is off: anybody on the way can read and change the records",
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
    slot->has_body = false;
    slot->first = 0;
    slot->count = batch->records;
    slot->count_max = batch->records;
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
    buf_fini(&slot->piece);
    buf_fini(&slot->compressed);
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
