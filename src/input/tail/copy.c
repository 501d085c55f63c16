/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

/*
 * Copies, as logrotate's copytruncate makes them: told from files of their own by what is in them.
 */

#define UNCLEAR_NS UINT64_C(1000000000) /* a copy grows; what rests this long is none */

enum likeness {
    IS_OTHER,
    IS_COPY,
    IS_TOO_SHORT, /* to tell, so far */
};

static bool guard_matches(const struct generation *original, int fd)
{
    char bytes[GUARD_BYTES];
    size_t len = original->guard_len;
    if (len == 0) { /* nothing of it was read, or before clew was started: then copies are of what is live */
        return original->is_live || original->offset <= original->id.fingerprint_len;
    }
    return world_read(original->tail->input->env.world, fd, bytes, len, original->offset - len) ==
               (ssize_t)len &&
           hash_bytes(bytes, len, 0) == original->guard;
}

/* Nothing of it was read, so only its beginning is known, and that may be a banner: it goes on otherwise
 * than the file does. */
static bool goes_on_otherwise(const struct generation *original, int fd, uint64_t size)
{
    const struct world *world = original->tail->input->env.world;
    char bytes[GUARD_BYTES];
    char other[GUARD_BYTES];
    int own = original->fd >= 0 ? original->fd : generation_open_look(original);
    struct file_stat info;
    bool differs = false;
    if (own >= 0 && world_stat_open(world, own, &info) == 0 && info.size > 0) {
        uint64_t both = info.size < size ? info.size : size;
        size_t len = both < GUARD_BYTES ? (size_t)both : GUARD_BYTES;
        differs = world_read(world, own, bytes, len, both - len) == (ssize_t)len &&
                  world_read(world, fd, other, len, both - len) == (ssize_t)len &&
                  memcmp(bytes, other, len) != 0;
    }
    if (own >= 0 && own != original->fd) {
        world_close(world, own);
    }
    return differs;
}

/* It holds what was seen last of the original, if it is that long. */
static bool has_seen(const struct generation *original, int fd, uint64_t size)
{
    char bytes[GUARD_BYTES];
    const struct guard *seen = &original->seen;
    return original->offset > 0 || seen->len == 0 || size < seen->offset ||
           (world_read(original->tail->input->env.world, fd, bytes, sizeof(bytes),
                       seen->offset - sizeof(bytes)) == (ssize_t)sizeof(bytes) &&
            hash_bytes(bytes, sizeof(bytes), 0) == seen->hash);
}

static enum likeness compare(const struct generation *original, int fd, uint32_t proof_bytes)
{
    const struct world *world = original->tail->input->env.world;
    struct file_stat info;
    if (original->is_gzip || world_stat_open(world, fd, &info) < 0) {
        return IS_OTHER;
    }
    bool is_as_long = info.size == original->size; /* then few bytes are proof */
    if (original->id.fingerprint_len < (is_as_long ? 1 : proof_bytes)) {
        return IS_OTHER;
    }
    if (info.size < original->id.fingerprint_len) {
        return IS_TOO_SHORT;
    }
    if (!identity_matches_content(world, &original->id, fd)) {
        return IS_OTHER;
    }
    if (info.size < original->offset) {
        return IS_TOO_SHORT;
    }
    bool is_unproven = original->offset == 0 && original->id.fingerprint_len >= FINGERPRINT_BYTES;
    if (is_unproven && info.size < original->seen.offset) {
        return IS_TOO_SHORT; /* what both begin with may be a banner */
    }
    bool is_other = !guard_matches(original, fd) || !has_seen(original, fd, info.size) ||
                    (is_unproven && goes_on_otherwise(original, fd, info.size));
    return is_other ? IS_OTHER : IS_COPY;
}

/* Who is to be known takes no part in how many files may be open: else a stream would wait for what
 * it is about to end. */
static int open_for_look(struct generation *file)
{
    int result = generation_open(file);
    if (result != -EMFILE) {
        return result < 0 ? result : file->fd;
    }
    return generation_open_look(file);
}

static void close_after_look(const struct generation *file, int fd)
{
    if (fd != file->fd) {
        world_close(file->tail->input->env.world, fd);
    }
}

bool copy_is_of(const struct generation *original, struct generation *file)
{
    int fd = open_for_look(file);
    bool is_copy = fd >= 0 && compare(original, fd, 1) == IS_COPY;
    if (fd >= 0) {
        close_after_look(file, fd);
    }
    return is_copy;
}

static enum likeness find_original(struct generation *file, int fd)
{
    struct generation *original;
    enum likeness found = IS_OTHER;
    TAIL_FOR_EACH(file->tail, original)
    {
        if (original == file || (original->state != GENERATION_WAITING &&
                                 original->state != GENERATION_DONE)) {
            continue;
        }
        enum likeness likeness = compare(original, fd, COPY_PROOF_BYTES);
        if (likeness == IS_COPY) {
            file->original = original;
            return IS_COPY;
        }
        found = likeness == IS_OTHER ? found : likeness;
    }
    return found;
}

/* A new file with a rotated name: it may be a copy of the live one, perhaps still being made. */
void copy_judge(struct generation *file)
{
    const struct world *world = file->tail->input->env.world;
    if (file->is_gzip) {
        packed_judge(file);
        return;
    }
    int fd = open_for_look(file);
    if (fd == -EACCES) {
        input_complain(file, EACCES);
    }
    if (fd < 0) {
        return; /* the next look tries again */
    }
    file->has_complained = false;
    enum likeness likeness = find_original(file, fd);
    close_after_look(file, fd);
    if (likeness == IS_COPY) {
        file->state = GENERATION_COPY;
        generation_close(file);
    } else if (likeness == IS_OTHER || file->unseen > 0 ||
               file->modified_ns + UNCLEAR_NS < world_realtime_ns(world)) {
        file->state = GENERATION_WAITING;
    } else {
        input_wake_at(file->tail, world_monotonic_ns(world) + UNCLEAR_NS / 4);
    }
    if (file->unseen == 0 && !input_has_spare_room(file->tail->input)) {
        generation_close(file); /* who is being read needs the descriptor more */
    }
}

struct generation *copy_find(const struct generation *original)
{
    struct generation *generation;
    TAIL_FOR_EACH(original->tail, generation)
    {
        bool is_there = generation->unseen == 0 || generation->fd >= 0; /* not compressed since */
        if (generation->original == original && generation->state == GENERATION_COPY && is_there &&
            generation->size >= original->offset) {
            return generation;
        }
    }
    return NULL;
}

/* The copy has the bytes that the original has lost: it is the rest of that generation. */
void copy_read_on(struct generation *copy, const struct generation *original)
{
    copy->state = GENERATION_WAITING;
    copy->original = NULL;
    copy->number = original->number;
    copy->offset = original->offset;
    copy->guard = original->guard;
    copy->guard_len = original->guard_len;
    copy->hash = original->hash;
    copy->is_hash_final = original->is_hash_final;
    copy->is_mid_line = original->is_mid_line;
    copy->is_skipping = original->is_skipping;
    copy->form = original->form;
    copy->id.fingerprint = original->id.fingerprint;
    copy->id.fingerprint_len = original->id.fingerprint_len;
    copy->size_known = copy->is_gzip ? 0 : copy->size;
    copy->size_before = copy->is_gzip ? original->size : 0;
    char *path = generation_path(copy);
    checkpoint_note_copied(copy->tail->stream.checkpoint, &original->id, &copy->id, path);
    free(path);
    generation_tell_name(copy);
}

/* ---- what is not lost ---- */

/* What is live may begin alike, but is nobody's copy, and so may what was there before the original was. */
static bool may_hold(const struct generation *original, const struct generation *file)
{
    bool is_older = file->id.born_ns != 0 && file->id.born_ns < original->id.born_ns;
    return file != original && !file->is_live && file->state != GENERATION_IGNORED && !is_older;
}

/* It is too short for what was seen last of the original, and was told as a copy of another file: both may
 * have a banner, and no more of it. */
static bool is_anothers(const struct generation *original, const struct generation *packed)
{
    bool is_unproven = original->offset == 0 && original->id.fingerprint_len >= FINGERPRINT_BYTES;
    return is_unproven && packed->size_hint < original->seen.offset &&
           packed->state == GENERATION_COPY && packed->original != original;
}

static uint64_t held_bytes(const struct generation *original, struct generation *file)
{
    const struct guard guard = {original->offset, original->guard, original->guard_len};
    if (!may_hold(original, file)) {
        return 0;
    }
    if (file->is_gzip) {
        bool is_short = file->size_hint < original->seen.offset;
        bool holds = !is_anothers(original, file) && packed_holds(file, &original->id, &guard) &&
                     (original->offset > 0 || original->seen.len == 0 || is_short ||
                      packed_holds(file, &original->id, &original->seen));
        return holds ? UINT64_MAX : 0;
    }
    const struct world *world = original->tail->input->env.world;
    struct file_stat info;
    uint64_t held = 0;
    bool was_open = file->fd >= 0;
    int fd = open_for_look(file);
    if (fd >= 0) {
        bool holds = identity_matches_content(world, &original->id, fd) &&
                     guard_matches(original, fd) && world_stat_open(world, fd, &info) == 0 &&
                     has_seen(original, fd, info.size);
        held = holds ? info.size : 0;
        close_after_look(file, fd);
    } else if (file->original == original) {
        held = file->size; /* it was found to, and has lost its name: it is compressed, or renamed */
    }
    if (!was_open) {
        generation_close(file);
    }
    return held;
}

uint64_t copy_held_bytes(const struct generation *original)
{
    struct generation *file;
    uint64_t most = 0;
    if (original->id.fingerprint_len == 0) {
        return 0; /* anything begins so */
    }
    TAIL_FOR_EACH(original->tail, file)
    {
        uint64_t held = held_bytes(original, file);
        most = held > most ? held : most;
    }
    return most;
}
