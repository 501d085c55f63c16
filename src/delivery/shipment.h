/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_SHIPMENT_H
#define CLEW_DELIVERY_SHIPMENT_H

/*
 * From records to batches, and from acknowledged batches to checkpoints.
 *
 *     add() ──► open ──full, or old enough and some output takes it now──► sealed ──► every output
 * queue │          │ promised └─► book ──┴─► checkpoints
 *
 * A batch is encoded once and shared by all outputs; each has its output queue (output_queue.h) and
 * its own pace. As many batches are open side by side, each of streams of its own (track.h), as may
 * be under way. While no output can take one it goes on growing, so that a backend that is slow is
 * asked less often, not for less. Once it is full it waits in the output queues, where there are
 * several or a spool; when the queue of an output that is required is full too, nothing more is
 * taken of its streams (back-pressure).
 *
 * With routes, records that go to other outputs are in other batches. Those of a track that are
 * open at the same time make a crate, which is sealed as a whole.
 *
 * Batches may end in any order. Their positions go to the checkpoints in the order in which the
 * crates of their track were sealed, when every required output queue has promised all of a crate:
 * a promise about a byte includes every byte before it in its stream.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"
#include "base/share.h"
#include "outputs/output.h"
#include "record/counters.h"
#include "record/output_books.h"
#include "record/record.h"
#include "record/settings.h"

struct shipment;

struct shipment_env {
    struct ev_loop *loop;
    const struct log *log;
    struct counters *counters;
    void (*room)(void *context); /* there is room again after there was none, or all is done */
    void *context;
    struct share share; /* its part of the limits, and of what is in the spools */
    struct addresses *addresses; /* of all workers */
    /* Whether a reload leaves an output as it is: every option means the same. */
    bool (*is_same_output)(const struct output_settings *a, const struct output_settings *b);
};

/* Opens the outputs. NULL on failure, with *out_error a sentence that the caller frees. */
struct shipment *shipment_new(const struct settings *settings, const struct shipment_env *env,
                              char **out_error);

/*
 * Other settings, in two steps: prepare() opens what is new and may fail, then nothing has changed;
 * commit() with the same settings, or cancel(). Outputs whose options are the same keep their
 * connections; one that is not in the new config gets what it was given before, within
 * shutdown_timeout. `settings` must outlive the shipment, the old ones while shipment_uses() them.
 */
bool shipment_prepare(struct shipment *shipment, const struct settings *settings, char **out_error);
void shipment_cancel(struct shipment *shipment);
void shipment_commit(struct shipment *shipment, const struct settings *settings);
bool shipment_uses(const struct shipment *shipment, const struct settings *settings);

/*
 * Send nothing to outputs that `settings` would replace, so that what the old connections have on the
 * wire is answered before they go; quiet once it is. Until the commit or release().
 */
void shipment_hold(struct shipment *shipment, const struct settings *settings);
bool shipment_is_quiet(const struct shipment *shipment);
void shipment_release(struct shipment *shipment);

/* The bit that each output of the config has in shipment_put(), those prepared last. */
const uint8_t *shipment_next_places(const struct shipment *shipment);

/* What is in hand goes to the spools; what has none is given up: its lines are sent again by the next
 * start. NULL is fine. */
void shipment_free(struct shipment *shipment);

/* How old an open batch may become. */
uint64_t shipment_batch_age_ms(const struct shipment *shipment);

/* For a line of this stream (NULL: of none); others may have room when it has none. */
bool shipment_has_room(struct shipment *shipment, const struct checkpoint *stream);

/* Only while it has room. The record's bytes are copied. `safe` is promised for `checkpoint` (may be
 * NULL) once this record and all before it are acknowledged. */
void shipment_add(struct shipment *shipment, const struct record *record,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns);

/*
 * The same for a record that takes several ways, or only some outputs (their bits, see
 * shipment_next_places()):
 *
 *     put()… end()
 *
 * Nothing is sealed between the first put and the end, so a promise is about all of them. Records of
 * one stream that a put sends to one output arrive in the order of the puts, as long as the stream's
 * ways stay the same: call shipment_part() before the first put after they have changed.
 */
void shipment_put(struct shipment *shipment, const struct record *record, uint64_t outputs,
                  struct checkpoint *checkpoint, struct position safe, uint64_t now_ns);
void shipment_put_end(struct shipment *shipment);

/* What was taken so far goes before all that comes. Rarely: it makes small requests, and does not ask
 * whether there is room. */
void shipment_part(struct shipment *shipment);

/* The same, and a mark: the promises of all that was taken so far are made, or not yet. */
uint64_t shipment_mark(struct shipment *shipment);
bool shipment_is_settled(const struct shipment *shipment, uint64_t mark);

/* For a record that is filtered out, instead of an add or a put: only its place counts. Whether or not
 * there is room: it takes none. */
void shipment_skip(struct shipment *shipment, struct checkpoint *checkpoint, struct position safe,
                   uint64_t now_ns);

/* Send what is open, if an output takes it now and it is older than batch_age_ms at `now_ns`
 * (monotonic), or, with UINT64_MAX, at once. Also tries again what a disk has refused. */
void shipment_flush(struct shipment *shipment, uint64_t now_ns);

/* The inputs have given what they had at the moment: send it at once, if nothing is under way and the
 * last request left at least batch_age_ms ago. So a line in a quiet file does not wait, and a trickle
 * of them makes no more than a request in batch_age_ms. */
void shipment_lead(struct shipment *shipment, uint64_t now_ns);

/* Little is to be done for a while: hold no memory for it. */
void shipment_rest(struct shipment *shipment);

/* In how many ns that may be, as far as the last request goes. */
uint64_t shipment_leads_in_ns(const struct shipment *shipment, uint64_t now_ns);

bool shipment_is_empty(const struct shipment *shipment); /* every output has everything */
bool shipment_is_safe(const struct shipment *shipment);  /* … or has it in its spool */

/* The books of each output; at most `max`. Returns how many there are. */
size_t shipment_books(const struct shipment *shipment, struct output_books *books, size_t max);

/* An output holds its records because of a mistake in the config: outputs/output.h. */
bool shipment_is_mistaken(const struct shipment *shipment);

/* Some records were refused for good since the start. */
bool shipment_has_failed(const struct shipment *shipment);

#endif
