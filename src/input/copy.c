/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail.h"

#include <errno.h>
#include <stdlib.h>
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
    if (len == 0) {
        return true; /* nothing of it was read */
    }
    return world_read(original->tail->input->env.world, fd, bytes, len, original->offset - len) ==
               (ssize_t)len &&
           hash_bytes(bytes, len, 0) == original->guard;
}

static enum likeness compare(const struct generation *original, const struct generation *file)
{
    const struct world *world = original->tail->input->env.world;
    struct file_stat info;
    if (original->id.fingerprint_len < COPY_PROOF_BYTES || original->is_gzip ||
        world_stat_open(world, file->fd, &info) < 0) {
        return IS_OTHER;
    }
    if (info.size < original->id.fingerprint_len) {
        return IS_TOO_SHORT;
    }
    if (!identity_matches_content(world, &original->id, file->fd)) {
        return IS_OTHER;
    }
    if (info.size < original->offset) {
        return IS_TOO_SHORT;
    }
    return guard_matches(original, file->fd) ? IS_COPY : IS_OTHER;
}

static enum likeness find_original(struct generation *file)
{
    struct generation *original;
    enum likeness found = IS_OTHER;
    TAIL_FOR_EACH(file->tail, original)
    {
        if (original == file || (original->state != GENERATION_WAITING &&
                                 original->state != GENERATION_DONE)) {
            continue;
        }
        enum likeness likeness = compare(original, file);
        if (likeness == IS_COPY) {
            file->original = original;
            return IS_COPY;
        }
        found = likeness == IS_OTHER ? found : likeness;
    }
    return found;
}

/* Only to compare it: that takes no part in how many files may be open, for who has them open may be the
 * very one it is a copy of. */
static bool open_for_look(struct generation *file)
{
    const struct world *world = file->tail->input->env.world;
    struct file_stat info;
    char *path = generation_path(file);
    int fd = world_open(world, path);
    free(path);
    if (fd >= 0 && world_stat_open(world, fd, &info) == 0 &&
        identity_is_same_inode(&file->id, &info)) {
        file->fd = fd;
        return true;
    }
    if (fd >= 0) {
        world_close(world, fd);
    }
    return false;
}

/* A new file with a rotated name: it may be a copy of the live one, perhaps still being made. */
void copy_judge(struct generation *file)
{
    const struct world *world = file->tail->input->env.world;
    if (file->is_gzip) {
        packed_judge(file);
        return;
    }
    int result = generation_open(file);
    bool is_look = result == -EMFILE && open_for_look(file);
    if (result < 0 && !is_look) {
        return; /* the next look tries again */
    }
    enum likeness likeness = find_original(file);
    if (is_look) {
        world_close(world, file->fd);
        file->fd = -1;
    }
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
        if (generation->original == original && generation->state == GENERATION_COPY &&
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
    generation_tell_name(copy);
}
