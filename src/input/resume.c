/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "input/gzip_reader.h"

/*
 * Where a stream begins.
 *
 * The checkpoint names a generation by identity. Found, wherever it was renamed to: older ones were
 * read, but for what was written to the last few since they were left; it is read on from the offset,
 * newer ones from their beginning. Not found, it may be there as
 * a copy (copytruncate) or compressed. Not there at all: what is older than it by time of birth was
 * read, all else is read from its beginning, since reading twice is better than not at all, and what
 * is known to be missing is counted.
 */

enum {
    LIKENESS_BYTES = 256,    /* so many equal first bytes in another inode are the same content */
    PROOF_BYTES = 64,        /* … and in a compressed file, whose name is a sign as well */
    LINE_LOOK_BYTES = 4096,  /* how far back from the end the last newline is looked for */
};

struct promise {
    struct file_id file;
    struct position position;
    struct guard guard; /* len 0: not known */
    uint64_t size;
};

static int open_path(const struct tail *tail, const char *name)
{
    char *path = mem_format("%s/%s", tail->directory, name);
    int fd = world_open(tail->input->env.world, path);
    free(path);
    return fd;
}

static bool has_guard(const struct world *world, const struct guard *guard, int fd)
{
    char bytes[GUARD_BYTES];
    size_t len = guard->len;
    return len <= sizeof(bytes) &&
           world_read(world, fd, bytes, len, guard->offset - len) == (ssize_t)len &&
           (len == 0 || hash_bytes(bytes, len, 0) == guard->hash);
}

/* It begins with the same bytes, and has the same bytes in front of where it was read to: files that
 * begin alike may have been written anew. */
static bool has_content(const struct generation *generation, const struct promise *promise)
{
    const struct world *world = generation->tail->input->env.world;
    int fd = open_path(generation->tail, generation->name);
    if (fd < 0) {
        /* Who may not read it cannot tell; the inode has to do. */
        return fd == -EACCES && generation->id.inode == promise->file.inode;
    }
    bool has = identity_matches_content(world, &promise->file, fd) &&
               has_guard(world, &promise->guard, fd);
    world_close(world, fd);
    return has;
}

/* The same inode with the same bytes. The device may have another number after a reboot. */
static bool is_promised(const struct generation *generation, const struct promise *promise)
{
    const struct file_id *id = &generation->id;
    bool is_other_birth = id->born_ns != 0 && promise->file.born_ns != 0 &&
                          id->born_ns != promise->file.born_ns;
    return id->inode == promise->file.inode && !is_other_birth &&
           generation->size >= promise->position.offset && has_content(generation, promise);
}

static bool is_copy(const struct generation *generation, const struct promise *promise)
{
    return promise->file.fingerprint_len >= LIKENESS_BYTES &&
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
    TAIL_FOR_EACH(tail, generation)
    {
        if (is_copy(generation, promise)) {
            return generation;
        }
    }
    return NULL;
}

/* ---- compressed meanwhile ---- */

static bool unpacks_to(const struct tail *tail, const struct found *found,
                       const struct promise *promise)
{
    const struct world *world = tail->input->env.world;
    int fd = open_path(tail, found->name);
    if (fd < 0) {
        return false;
    }
    char bytes[FINGERPRINT_BYTES];
    size_t want = promise->file.fingerprint_len;
    struct gzip_reader *reader = gzip_reader_new(world, fd);
    bool is_it = want <= sizeof(bytes) &&
                 gzip_reader_read(reader, bytes, want, 0) == (ssize_t)want &&
                 hash_bytes(bytes, want, 0) == promise->file.fingerprint;
    gzip_reader_free(reader);
    world_close(world, fd);
    return is_it;
}

/* Everything listed before `found` is older: put it behind those. */
static struct list *place_of(struct tail *tail, const struct found_log *log, size_t index)
{
    struct list *place = &tail->generations;
    for (size_t i = 0; i < index; i++) {
        struct generation *older = generation_find(tail->input, &log->files[i].info);
        place = older != NULL && older->tail == tail ? &older->link : place;
    }
    return place;
}

/* To be unpacked and read. */
static struct generation *add_compressed(struct tail *tail, const struct found_log *log,
                                         size_t index)
{
    const struct found *found = &log->files[index];
    struct generation *generation = generation_new(tail, found, place_of(tail, log, index));
    generation->source = tail_source(tail, found->restart);
    generation->size = UINT64_MAX; /* unpacked: only its end tells */
    return generation;
}

/* Of the files from `index` on, those that were compressed while clew was down, too. */
static void add_all_compressed(struct tail *tail, const struct found_log *log, size_t index,
                               uint64_t born_after_ns)
{
    for (; index < log->count; index++) {
        const struct found *found = &log->files[index];
        if (log_name_is_gzip(found->name) && found->info.born_ns > born_after_ns) {
            add_compressed(tail, log, index);
        }
    }
}

static struct generation *find_compressed(struct tail *tail, const struct found_log *log,
                                          const struct promise *promise)
{
    for (size_t i = log->count; i > 0; i--) {
        const struct found *found = &log->files[i - 1];
        if (!found->is_compressed || promise->file.fingerprint_len < PROOF_BYTES ||
            !unpacks_to(tail, found, promise)) {
            continue;
        }
        struct generation *generation = add_compressed(tail, log, i - 1);
        add_all_compressed(tail, log, i, 0);
        return generation;
    }
    return NULL;
}

/* ---- where to begin ---- */

static void is_read(struct generation *generation)
{
    generation->state = GENERATION_DONE;
    generation->offset = generation->size;
}

/* One that was left before the promised one was begun, or interrupted: it is read on where it was
 * left, for a writer may have gone on in it. False if it is none that is known. A file of another
 * birth is not the same; without births only one that is not read otherwise is believed to be. */
static bool was_left(struct generation *generation, bool is_older)
{
    uint64_t offset;
    if (!checkpoint_past(generation->tail->stream.checkpoint, &generation->id, &offset) ||
        offset > generation->size || (!is_older && generation->id.born_ns == 0)) {
        return false;
    }
    bool is_done = is_older && offset == generation->size;
    generation->state = is_done ? GENERATION_DONE : GENERATION_WAITING;
    generation->offset = offset;
    return true;
}

/* It was rotated by rename, so what was begun after it is newer, whatever its last write is said to be
 * (a clock that was set back, `cp -p`). A copy is born late, too, but then the promised file is live. */
static bool was_begun_later(const struct generation *generation, const struct generation *found)
{
    return !found->is_live && found->id.born_ns != 0 && generation->id.born_ns > found->id.born_ns;
}

/* `found` is what the promise is about; the source is that of the stream's other files. */
static void go_on(struct tail *tail, struct generation *found, const struct promise *promise)
{
    struct generation *generation;
    bool is_older = true;
    TAIL_FOR_EACH(tail, generation)
    {
        is_older &= generation != found;
        if (generation != found && was_left(generation, is_older)) {
            continue;
        }
        if (is_older && !was_begun_later(generation, found)) {
            is_read(generation);
        } else {
            generation->state = GENERATION_WAITING;
            generation->offset = 0;
        }
    }
    found->offset = promise->position.offset;
    found->number = promise->position.generation;
    found->id.fingerprint = promise->file.fingerprint;
    found->id.fingerprint_len = promise->file.fingerprint_len;
    if (found->id.inode != promise->file.inode && generation_open(found) == 0) {
        reader_learn_hash(found, promise->file.inode); /* the lines keep their log.record.uid */
    }
    generation_tell_name(found);
}

static void say_lost(const struct tail *tail, const struct promise *promise)
{
    const struct input_env *env = &tail->input->env;
    uint64_t lost = promise->size > promise->position.offset
                        ? promise->size - promise->position.offset
                        : 0;
    tail_count_lost(tail, lost);
    log_event(env->log, LOG_WARN,
              "%s was rotated away while clew was not running: at least %llu bytes of it are lost, "
              "and what was written to it behind byte %llu; reading its newer files. "
              "Let the runtime keep more or larger files "
              "(containerLogMaxFiles, containerLogMaxSize) to outlast such a pause",
              checkpoint_path(tail->stream.checkpoint), (unsigned long long)lost,
              (unsigned long long)(promise->position.offset + lost));
}

static bool has_inode(const struct tail *tail, uint64_t inode)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->id.inode == inode) {
            return true;
        }
    }
    return false;
}

/* What is oldest is removed first: so whatever is left has come after the promised one. */
static void go_on_without(struct tail *tail, const struct found_log *log,
                          const struct promise *promise)
{
    struct generation *generation;
    bool is_cut = has_inode(tail, promise->file.inode);
    if (!is_cut) {
        add_all_compressed(tail, log, 0, promise->file.born_ns);
    }
    TAIL_FOR_EACH(tail, generation)
    {
        uint64_t born_ns = generation->id.born_ns;
        bool is_same_file = generation->id.inode == promise->file.inode;
        /* The promised file with other bytes in it may have been left before, too: with yet others. */
        if (!is_same_file && was_left(generation, false)) {
            continue;
        }
        if (!is_same_file && !generation->is_live && born_ns != 0 &&
            born_ns < promise->file.born_ns) {
            is_read(generation);
        } else {
            generation->state = GENERATION_WAITING;
            generation->offset = 0;
        }
    }
    counters_add(tail->input->env.counters, C_TRUNCATIONS, is_cut);
    if (promise->size > promise->position.offset || !is_cut) {
        say_lost(tail, promise);
    }
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

void resume_tail(struct tail *tail, const struct found_log *log)
{
    const struct input *input = tail->input;
    struct checkpoint *checkpoint = tail->stream.checkpoint;
    struct promise promise;
    if (!checkpoint_read(checkpoint, &promise.file, &promise.position)) {
        if (input_is_starting(input) && input->settings->read_from == READ_FROM_END) {
            begin_at_end(tail);
        }
        return;
    }
    promise.size = checkpoint_size(checkpoint);
    promise.guard = (struct guard){0};
    checkpoint_guard(checkpoint, &promise.guard);
    tail->last_number = promise.position.generation;
    struct generation *found = find_promised(tail, &promise);
    if (found == NULL) {
        found = find_compressed(tail, log, &promise);
    }
    if (found != NULL) {
        go_on(tail, found, &promise);
    } else {
        go_on_without(tail, log, &promise);
    }
}
