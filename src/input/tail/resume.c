/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * Where a stream begins.
 *
 * The checkpoint names a generation by identity. Found, wherever it was renamed to: older ones were
 * read, but for what was written to the last few since they were left, compressed meanwhile or not; it
 * is read on from the offset, newer ones from their beginning. Not found, it may be there as a copy
 * (copytruncate) or compressed. Not there at all: what is older than it by time of birth was read, all
 * else is read from its beginning, since reading twice is better than not at all, and what is known to
 * be missing is counted.
 */

enum {
    LIKENESS_BYTES = 256,    /* so many equal first bytes in another inode are the same content */
    BEGIN_TRIES_MAX = 10,    /* listings, where names are given on all the time … */
    CUT_TRIES = 1,           /* … and where what is promised was cut: the copy may be made since */
    LINE_LOOK_BYTES = 4096,  /* how far back from the end the last newline is looked for */
};

#define NS_PER_S UINT64_C(1000000000)

struct promise {
    struct file_id file;
    struct position position;
    struct guard guard; /* len 0: not known */
    uint64_t size;
    uint64_t made_ns; /* real time, at most a second before it was saved */
    bool is_gzip; /* it was made when that was compressed, so its birth tells of no other */
};

static bool has_guard(const struct world *world, const struct guard *guard, int fd)
{
    char bytes[GUARD_BYTES];
    size_t len = guard->len;
    return len <= sizeof(bytes) &&
           world_read(world, fd, bytes, len, guard->offset - len) == (ssize_t)len &&
           (len == 0 || hash_bytes(bytes, len, 0) == guard->hash);
}

/* The number may have been given to another file since: its birth tells. */
static bool is_same_file(const struct generation *generation, const struct promise *promise)
{
    const struct file_id *id = &generation->id;
    bool is_other_birth = id->born_ns != 0 && promise->file.born_ns != 0 &&
                          id->born_ns != promise->file.born_ns;
    return id->inode == promise->file.inode && !is_other_birth;
}

static bool is_born_same(const struct generation *generation, const struct promise *promise)
{
    return is_same_file(generation, promise) && generation->id.born_ns != 0 && promise->file.born_ns != 0;
}

/* It begins with the same bytes, and has the same bytes in front of where it was read to: files that
 * begin alike may have been written anew. */
static bool has_content(struct generation *generation, const struct promise *promise)
{
    const struct world *world = generation->tail->input->env.world;
    int fd = generation_open_look(generation);
    if (fd >= 0 && generation->is_gzip) {
        world_close(world, fd);
        return packed_holds(generation, &promise->file, &promise->guard);
    }
    if (fd < 0) {
        /* It may not be read, or its name was given on since it was listed: the inode has to do. */
        bool is_same =
            is_same_file(generation, promise) && generation->is_gzip == promise->is_gzip;
        if (fd == -EACCES && is_same) {
            input_complain(generation, EACCES); /* it is looked at as soon as it may be */
        }
        return (fd == -EACCES || fd == -ESTALE) && is_same;
    }
    bool has = identity_matches_content(world, &promise->file, fd) &&
               has_guard(world, &promise->guard, fd);
    world_close(world, fd);
    return has;
}

/* The same inode with the same bytes. The device may have another number after a reboot. */
static bool is_promised(struct generation *generation, const struct promise *promise)
{
    return is_same_file(generation, promise) && generation->size >= promise->position.offset &&
           has_content(generation, promise);
}

static bool has_file(const struct tail *tail, const struct promise *promise)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (is_same_file(generation, promise)) {
            return true;
        }
    }
    return false;
}

/* How many equal bytes make another file the promised one. Few do where a copy is to be expected: with a
 * rotated name, of a file that holds other bytes now (copytruncate); or at the same place of a layered
 * file system, and a few more where it was rotated since. */
static uint32_t proof_bytes(const struct generation *generation, const struct promise *promise)
{
    const struct tail *tail = generation->tail;
    char *path = generation_path(generation);
    const char *promised = checkpoint_path(tail->stream.checkpoint);
    bool is_same_place = promised != NULL && strcmp(path, promised) == 0;
    free(path);
    bool is_other_layer = identity_is_other_layer(&generation->id, &promise->file);
    if (is_same_place || generation->is_live) {
        return is_same_place && is_other_layer ? 1 : LIKENESS_BYTES;
    }
    return has_file(tail, promise) ? 1 : is_other_layer ? COPY_PROOF_BYTES : LIKENESS_BYTES;
}

/* The live file of the same file system is begun anew, however alike it begins (a banner). */
static bool is_begun_anew(const struct generation *generation, const struct promise *promise)
{
    const struct file_id *id = &generation->id;
    return generation->is_live && id->device == promise->file.device && id->born_ns != 0 &&
           id->born_ns > promise->file.born_ns && !identity_is_other_layer(id, &promise->file);
}

static bool is_copy(struct generation *generation, const struct promise *promise)
{
    return !generation->is_gzip && !is_begun_anew(generation, promise) &&
           promise->file.fingerprint_len >= proof_bytes(generation, promise) &&
           generation->size >= promise->position.offset && has_content(generation, promise);
}

static struct generation *find_promised(const struct tail *tail, const struct promise *promise)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (is_promised(generation, promise)) {
            return generation;
        }
    }
    return NULL;
}

static struct generation *find_copy(const struct tail *tail, const struct promise *promise)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (is_copy(generation, promise)) {
            return generation;
        }
    }
    return NULL;
}

/* ---- compressed meanwhile ---- */

/* Its last write was before the promised file was made. */
static bool was_written_before(const struct generation *generation, const struct promise *promise)
{
    return generation->modified_ns < promise->file.born_ns;
}

static bool is_newest_meant(const struct tail *tail, const struct promise *promise)
{
    return promise->file.fingerprint_len >= COPY_PROOF_BYTES && has_file(tail, promise);
}

/* Several begin alike where each file has the same banner. The oldest that was written since the promised
 * one was begun is meant: what is older is removed first. A file that is still there was cut, often
 * perhaps, so that many were written since: then the newest is, if there are enough equal bytes. */
static struct generation *find_compressed(const struct tail *tail, const struct promise *promise)
{
    struct generation *generation;
    struct generation *found = NULL;
    struct generation *older = NULL;
    bool is_newest = is_newest_meant(tail, promise);
    bool is_proof = promise->file.fingerprint_len >= COPY_PROOF_BYTES;
    TAIL_FOR_EACH(tail, generation)
    {
        bool is_older = was_written_before(generation, promise);
        bool may_be = generation->is_gzip && promise->file.fingerprint_len > 0 &&
                      (is_older ? is_proof : is_newest || found == NULL);
        if (may_be && packed_holds(generation, &promise->file, &promise->guard)) {
            *(is_older ? &older : &found) = generation;
        }
    }
    return found != NULL ? found : older;
}

static bool is_listed_before(const struct tail *tail, const struct generation *a,
                             const struct generation *b)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation == a || generation == b) {
            return generation == a;
        }
    }
    return false;
}

/* The bytes of the promised file in another one. Where that was renamed, whatever begins alike and is
 * older is rather meant than what came later. */
static struct generation *find_bytes(const struct tail *tail, const struct promise *promise)
{
    struct generation *copy = find_copy(tail, promise);
    struct generation *packed =
        copy == NULL || !has_file(tail, promise) ? find_compressed(tail, promise) : NULL;
    if (copy == NULL || packed == NULL) {
        return copy != NULL ? copy : packed;
    }
    return is_listed_before(tail, packed, copy) && !was_written_before(packed, promise) ? packed : copy;
}

/* ---- where to begin ---- */

static void is_read(struct generation *generation)
{
    generation->state = GENERATION_DONE;
    generation->offset = generation->size;
}

/* One that was left before the promised one was begun, or interrupted: it is read on where it was
 * left, for a writer may have gone on in it. False if it is none that is known. A file of another
 * birth is not the same; without births only one that is not read otherwise, and is not compressed, is
 * believed to be. */
static bool was_left(struct generation *generation, bool is_older)
{
    uint64_t offset;
    bool may_be_another = generation->id.born_ns == 0 && (!is_older || generation->is_gzip);
    if (!checkpoint_past(generation->tail->stream.checkpoint, &generation->id, &offset) ||
        offset > generation->size || may_be_another) {
        return false;
    }
    bool is_done = is_older && offset == generation->size;
    generation->state = is_done ? GENERATION_DONE : GENERATION_WAITING;
    generation->offset = offset;
    return true;
}

/* What is promised was written on after it was begun, so if its last write is said to be earlier the clock
 * was set back: then no time of a last write tells, but one is compressed after the other. */
static bool was_compressed_later(const struct generation *generation, const struct generation *found,
                                 const struct promise *promise)
{
    return found->is_gzip && !promise->is_gzip && was_written_before(found, promise) &&
           found->id.born_ns != 0 && generation->id.born_ns > found->id.born_ns;
}

/* It was rotated by rename, so what was begun after it is newer, whatever its last write is said to be
 * (a clock that was set back, `cp -p`). A copy is born late, too, but then the promised file is live.
 * What it was compressed to tells no birth, but the promise does. Where no birth is told, one that is still
 * empty has a last write that is older than it is: if a writer still has it, it is the newest. */
static bool was_begun_later(const struct generation *generation, const struct generation *found,
                            const struct promise *promise)
{
    if (generation->is_gzip) {
        return was_compressed_later(generation, found, promise);
    }
    if (found->is_gzip) {
        return !promise->is_gzip && promise->file.born_ns != 0 &&
               generation->id.born_ns > promise->file.born_ns && !has_file(found->tail, promise);
    }
    if (found->is_live) {
        return false;
    }
    return found->id.born_ns != 0 ? generation->id.born_ns > found->id.born_ns : generation->size == 0;
}

/* What one that was left has been compressed to has another inode: its content tells, and how much more is
 * in it. One that is still there itself is read there. */
static bool holds_left(struct generation *packed, const struct checkpoint_past *past)
{
    const struct file_id id = {.inode = past->inode,
                               .born_ns = past->born_ns,
                               .fingerprint = past->fingerprint,
                               .fingerprint_len = past->fingerprint_len};
    const struct promise left = {.file = id};
    return past->fingerprint_len >= COPY_PROOF_BYTES && past->guard.len > 0 &&
           !has_file(packed->tail, &left) && packed_holds(packed, &id, &past->guard);
}

static bool was_left_and_packed(struct generation *packed)
{
    const struct checkpoint_past *past;
    struct checkpoint *checkpoint = packed->tail->stream.checkpoint;
    for (uint32_t i = 0; packed->is_gzip && (past = checkpoint_past_at(checkpoint, i)) != NULL; i++) {
        if (!holds_left(packed, past)) {
            continue;
        }
        packed->offset = past->offset;
        packed->size_before = past->offset;
        packed->id.fingerprint = past->fingerprint;
        packed->id.fingerprint_len = past->fingerprint_len;
        packed->state = packed_has_size(packed, past->offset) ? GENERATION_DONE : GENERATION_WAITING;
        if (packed->state == GENERATION_WAITING && generation_open(packed) == 0) {
            reader_learn_hash(packed, past->inode);
        }
        return true;
    }
    return false;
}

static void put_behind(struct generation *generation, struct list **place)
{
    list_remove(&generation->link);
    list_insert_after(*place, &generation->link);
    *place = &generation->link;
}

/* The promised file was empty, so whatever is empty may be taken for it: it may have been written to
 * since, and copied and cut, or its inode be another's. All that was written since then is unread. */
static bool may_hold_promised(const struct generation *generation, const struct promise *promise)
{
    return promise->file.fingerprint_len == 0 && generation->modified_ns >= promise->made_ns;
}

/* `found` is what the promise is about; the source is that of the stream's other files. */
static void go_on(struct tail *tail, struct generation *found, const struct promise *promise)
{
    struct list *newest_late = &found->link;
    bool is_older = true;
    for (struct list *link = tail->generations.next, *next; link != &tail->generations; link = next) {
        struct generation *generation = container_of(link, struct generation, link);
        next = link->next;
        is_older &= generation != found;
        bool is_late = is_older && was_begun_later(generation, found, promise);
        if (is_late) {
            put_behind(generation, &newest_late);
        }
        /* The promised file, found in its copy, holds other bytes now. */
        bool is_cut = generation != found && is_same_file(generation, promise);
        if (generation != found && !is_cut &&
            (was_left(generation, is_older && !is_late) || was_left_and_packed(generation))) {
            continue;
        }
        if (is_older && !is_late && !may_hold_promised(generation, promise)) {
            is_read(generation);
        } else {
            generation->state = GENERATION_WAITING;
            generation->offset = 0;
        }
    }
    if (found->id.inode != promise->file.inode && has_file(tail, promise)) {
        checkpoint_note_cut(tail->stream.checkpoint, &promise->file);
    }
    found->offset = promise->position.offset;
    found->number = promise->position.generation;
    found->size_known = found->is_gzip ? 0 : found->size;
    found->size_before = found->is_gzip ? promise->size : 0;
    found->id.fingerprint = promise->file.fingerprint;
    found->id.fingerprint_len = promise->file.fingerprint_len;
    if (found->id.inode != promise->file.inode && generation_open(found) == 0) {
        reader_learn_hash(found, promise->file.inode); /* the lines keep their log.record.uid */
    }
    generation_tell_name(found);
}

/* It may be in what clew does not read, and so may others be that came after it: of those nobody knows
 * how many bytes they hold. */
static void say_foreign(const struct tail *tail, uint64_t lost)
{
    const struct input_env *env = &tail->input->env;
    counters_add(env->counters, C_FILES_LOST, 1);
    log_event(env->log, LOG_WARN,
              "%s is gone with at least %llu unread bytes. There are *%s files next to it, which "
              "clew cannot read: compress with gzip, or later (delaycompress)",
              checkpoint_path(tail->stream.checkpoint), (unsigned long long)lost, tail->foreign);
}

/* What nobody can know is said, and counted as nothing. */
static void say_lost(const struct tail *tail, const struct promise *promise, bool is_cut)
{
    const struct log *log = tail->input->env.log;
    const char *path = checkpoint_path(tail->stream.checkpoint);
    uint64_t offset = promise->position.offset;
    uint64_t taken = checkpoint_taken(tail->stream.checkpoint); /* more is on its way, after a reload */
    uint64_t known = taken > offset ? taken : offset;
    uint64_t lost = promise->size > known ? promise->size - known : 0;
    tail_count_lost(tail, lost);
    checkpoint_note_lost(tail->stream.checkpoint, promise->position.generation);
    if (tail->foreign != NULL) {
        say_foreign(tail, lost);
        return;
    }
    if (lost > 0) {
        log_event(log, LOG_WARN,
                  "%s was rotated away while clew was not running: lost at least %llu bytes "
                  "(everything after byte %llu); continuing with newer files. Let the runtime keep "
                  "more or larger files (containerLogMaxFiles, containerLogMaxSize) to outlast such "
                  "a pause",
                  path, (unsigned long long)lost, (unsigned long long)(offset + lost));
    } else if (!is_cut) {
        log_event(log, LOG_INFO,
                  "%s is gone: clew had read all it had seen of it, but anything written after byte "
                  "%llu while clew was not running is lost; continuing with newer files. Let the "
                  "runtime keep more or larger files (containerLogMaxFiles, containerLogMaxSize) to "
                  "outlast such a pause",
                  path, (unsigned long long)offset);
    }
}

/* Their last write is older than they are: if a writer still has one, it is the newest. */
static void put_empty_ones_last(struct tail *tail)
{
    struct generation *generation;
    struct list *last = tail->generations.prev;
    while (last != &tail->generations && container_of(last, struct generation, link)->is_live) {
        last = last->prev;
    }
    struct list *end = last;
    TAIL_FOR_EACH(tail, generation)
    {
        bool is_last = &generation->link == end;
        if (generation->size == 0 && !generation->is_live && !generation->is_gzip && !is_last) {
            put_behind(generation, &last);
        }
        if (is_last) {
            return;
        }
    }
}

/* What is oldest is removed first: so whatever is left has come after the promised one. */
static void go_on_without(struct tail *tail, const struct promise *promise)
{
    struct generation *generation;
    bool is_cut = has_file(tail, promise);
    if (!tail->is_kubelet) {
        put_empty_ones_last(tail);
    }
    TAIL_FOR_EACH(tail, generation)
    {
        uint64_t born_ns = generation->id.born_ns;
        bool is_same = is_same_file(generation, promise);
        /* The promised file with other bytes in it may have been left before, too: with yet others. */
        if (!is_same && (was_left(generation, false) || was_left_and_packed(generation))) {
            continue;
        }
        bool is_older = generation->is_gzip ? was_written_before(generation, promise)
                                            : born_ns != 0 && born_ns < promise->file.born_ns;
        if (!is_same && !generation->is_live && is_older && !promise->is_gzip) {
            is_read(generation);
        } else {
            generation->state = GENERATION_WAITING;
            generation->offset = 0;
        }
    }
    counters_add(tail->input->env.counters, C_TRUNCATIONS, is_cut);
    if (is_cut) {
        checkpoint_note_cut(tail->stream.checkpoint, &promise->file);
    }
    say_lost(tail, promise, is_cut);
}

/* ---- read_from: end ---- */

/* Behind the last newline, so that no half line is shipped. */
static uint64_t last_line_start(const struct generation *generation)
{
    char bytes[LINE_LOOK_BYTES];
    uint64_t size = generation->size;
    size_t unit = text_form_unit(generation->form);
    size = size / unit * unit;
    size_t len = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
    const struct world *world = generation->tail->input->env.world;
    ssize_t n = world_read(world, generation->fd, bytes, len, size - len);
    const char *newline =
        n == (ssize_t)len ? text_form_find_last_newline(generation->form, bytes, len) : NULL;
    return newline != NULL ? size - len + (size_t)(newline - bytes) + unit : size;
}

/* Nothing of what is there. The place is promised at once: else a restart before the first line
 * would begin at a later end. */
static void begin_at_end(struct tail *tail)
{
    struct generation *generation;
    struct generation *newest = NULL;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state == GENERATION_WAITING) {
            is_read(generation);
            newest = generation;
        }
    }
    if (newest == NULL) {
        return;
    }
    newest->state = GENERATION_WAITING;
    if (generation_open(newest) == 0) {
        newest->offset = last_line_start(newest);
        newest->is_rewritten |= !generation_learn_guard(newest);
    }
    newest->number = ++tail->last_number;
    generation_grow_identity(newest);
    generation_tell_name(newest);
    checkpoint_advance(tail->stream.checkpoint,
                       (struct position){newest->number, newest->offset});
}

/* Promised at once as well: what is rotated away, or compressed, before the first line of it is
 * acknowledged is looked for after a restart. What was moved here was acknowledged elsewhere: that is
 * promised here from now on. */
static void begin_at_start(struct tail *tail)
{
    struct generation *generation = tail_current(tail);
    bool is_acked = true;
    for (; generation != NULL && is_acked; generation = tail_next(generation)) {
        generation_learn_beginning(generation);
        generation->number = ++tail->last_number;
        generation_tell_name(generation);
        checkpoint_advance(tail->stream.checkpoint,
                           (struct position){generation->number, generation->moved.acked});
        generation->moved.promised = generation->number;
        is_acked = generation->moved.acked > 0 && generation->moved.acked >= generation->size;
    }
}

static struct generation *find(const struct tail *tail, const struct promise *promise)
{
    struct generation *found = find_promised(tail, promise);
    return found != NULL ? found : find_bytes(tail, promise);
}

static bool is_left(struct generation *generation)
{
    const struct checkpoint_past *past;
    struct checkpoint *checkpoint = generation->tail->stream.checkpoint;
    uint64_t offset;
    bool is = checkpoint_past(checkpoint, &generation->id, &offset);
    for (uint32_t i = 0; !is && generation->is_gzip && (past = checkpoint_past_at(checkpoint, i)) != NULL;
         i++) {
        is = holds_left(generation, past);
    }
    return is;
}

/* The promised file may be in what is being compressed now: what there is of that does not tell yet. It is
 * not in what came behind others that were written since the promise was made. */
static bool may_be_compressed(const struct tail *tail, const struct promise *promise)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->is_gzip && packed_is_growing(generation)) {
            return true;
        }
        if (generation->modified_ns >= promise->made_ns + NS_PER_S && !is_left(generation)) {
            return false;
        }
    }
    return false;
}

bool resume_tail(struct tail *tail)
{
    const struct input *input = tail->input;
    struct checkpoint *checkpoint = tail->stream.checkpoint;
    struct promise promise;
    /* After a reload lines that were read before it may be on their way still. */
    tail->last_number = checkpoint_last_generation(checkpoint);
    if (!checkpoint_read(checkpoint, &promise.file, &promise.position)) {
        if (input_is_starting(input) && input->settings->read_from == READ_FROM_END) {
            begin_at_end(tail);
        } else {
            begin_at_start(tail);
        }
        return true;
    }
    promise.size = checkpoint_size(checkpoint);
    promise.made_ns = checkpoint_promised_s(checkpoint) * NS_PER_S;
    promise.guard = (struct guard){0};
    const char *path = checkpoint_path(checkpoint);
    promise.is_gzip = path != NULL && log_name_is_gzip(path);
    checkpoint_guard(checkpoint, &promise.guard);
    tail->has_stale_name = false;
    struct generation *found = find(tail, &promise);
    bool is_certain = !tail->has_stale_name || (found != NULL && is_born_same(found, &promise));
    bool is_cut = found == NULL && has_file(tail, &promise);
    uint32_t tries = !is_certain ? BEGIN_TRIES_MAX : is_cut ? CUT_TRIES : 0;
    if (tail->begin_tries < tries) {
        tail->begin_tries++;
        input_look_soon(tail);
        return false;
    }
    if (found == NULL && may_be_compressed(tail, &promise)) {
        return false; /* the next scan is soon enough */
    }
    if (found != NULL) {
        go_on(tail, found, &promise);
    } else {
        go_on_without(tail, &promise);
    }
    unread_look_for(tail);
    return true;
}
