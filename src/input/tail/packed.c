/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"
#include "input/tail/gzip_reader.h"

/*
 * Compressed generations: whose bytes they hold.
 *
 * logrotate, the kubelet and logging libraries compress a generation some time after it was rotated:
 * that is another file with other bytes, and the one that was read is removed. What it unpacks to is
 * compared with how the generations begin that have lost their names, and tells what becomes of it:
 *
 *     the bytes of one that was read to its end          copy
 *     … of one that was not                              copy, until that can be read no more (gone.c)
 *     … of a copy                                        copy of the same
 *     … of one that was read, and is gone                waiting, from where that was left (left.c)
 *     of none, written since the stream is read          waiting, from its beginning
 *     of none, and older                                 ignored
 *
 * A file is removed only when what it was compressed to is whole, so one that still lies beside its
 * original is left alone (tail.c). Where libraries do otherwise it is read as it grows (input.c).
 */

enum likeness {
    IS_OTHER,
    IS_SAME,
    IS_TOO_SHORT, /* to tell, so far */
};

#define UNCLEAR_NS UINT64_C(10000000000) /* what is still being compressed grows within this time */
#define CLOCK_TICK_NS UINT64_C(1000000000) /* times of files are coarser than the clock */

static bool unpack(struct generation *packed, char *bytes, size_t len, uint64_t offset)
{
    return gzip_reader_read(packed->gzip, bytes, len, offset) == (ssize_t)len;
}

static bool begins_with(struct generation *packed, const struct file_id *id)
{
    char bytes[FINGERPRINT_BYTES];
    size_t len = id->fingerprint_len;
    return len <= sizeof(bytes) && unpack(packed, bytes, len, 0) &&
           (len == 0 || hash_bytes(bytes, len, 0) == id->fingerprint);
}

static bool has_guard(struct generation *packed, const struct guard *guard)
{
    char bytes[GUARD_BYTES];
    size_t len = guard->len;
    return len <= sizeof(bytes) &&
           (len == 0 || (unpack(packed, bytes, len, guard->offset - len) &&
                         hash_bytes(bytes, len, 0) == guard->hash));
}

static void learn_hint(struct generation *packed, int fd)
{
    uint32_t hint;
    packed->size_hint =
        gzip_size_hint(packed->tail->input->env.world, fd, &hint) ? hint : packed->size_hint;
}

void packed_learn_size(struct generation *packed)
{
    if (packed->is_gzip && packed->fd < 0 && packed->size_hint == 0) {
        int fd = generation_open_look(packed);
        if (fd >= 0) {
            learn_hint(packed, fd);
            world_close(packed->tail->input->env.world, fd);
        }
    }
}

/* For a look at it: it takes no part in how many files may be open. */
static bool open_for_look(struct generation *packed, int *out_fd)
{
    *out_fd = -1;
    if (packed->gzip != NULL) {
        return true;
    }
    *out_fd = generation_open_look(packed);
    if (*out_fd >= 0) {
        learn_hint(packed, *out_fd);
        packed->gzip = gzip_reader_new(packed->tail->input->env.world, *out_fd);
    }
    return *out_fd >= 0;
}

static void close_after_look(struct generation *packed, int fd)
{
    if (fd >= 0) {
        gzip_reader_free(packed->gzip);
        packed->gzip = NULL;
        world_close(packed->tail->input->env.world, fd);
    }
}

bool packed_holds(struct generation *packed, const struct file_id *id, const struct guard *guard)
{
    int fd;
    bool does = open_for_look(packed, &fd) && begins_with(packed, id) && has_guard(packed, guard);
    close_after_look(packed, fd);
    return does;
}

bool packed_is_other(const struct generation *packed, const char *directory, const char *name)
{
    const struct world *world = packed->tail->input->env.world;
    char bytes[FINGERPRINT_BYTES];
    size_t len = packed->id.fingerprint_len;
    uint32_t hint;
    char *path = mem_format("%s/%s", directory, name);
    int fd = world_open(world, path);
    bool is_other = false;
    free(path);
    if (fd >= 0) {
        struct gzip_reader *reader = gzip_reader_new(world, fd);
        ssize_t n = gzip_reader_read(reader, bytes, len, 0);
        bool is_whole = gzip_size_hint(world, fd, &hint);
        is_other = len > 0 ? n == (ssize_t)len && hash_bytes(bytes, len, 0) != packed->id.fingerprint
                           : is_whole && hint != packed->size_hint;
        bool is_cut = n < (ssize_t)len && gzip_reader_end(reader) == GZIP_CUT;
        is_other |= is_cut || (is_whole && hint < len); /* it is being made */
        gzip_reader_free(reader);
        world_close(world, fd);
    }
    return is_other;
}

bool packed_is_cut_before(struct generation *packed, uint64_t offset)
{
    char byte;
    return offset > 0 && !unpack(packed, &byte, 1, offset - 1) &&
           gzip_reader_end(packed->gzip) == GZIP_CUT;
}

bool packed_is_growing(struct generation *packed)
{
    char bytes[FINGERPRINT_BYTES];
    uint64_t now_ns = world_realtime_ns(packed->tail->input->env.world);
    int fd;
    bool is_cut = packed->modified_ns + UNCLEAR_NS > now_ns && open_for_look(packed, &fd);
    if (is_cut) {
        uint64_t offset = 0;
        ssize_t n;
        while ((n = gzip_reader_read(packed->gzip, bytes, sizeof(bytes), offset)) > 0) {
            offset += (uint64_t)n;
        }
        is_cut = gzip_reader_end(packed->gzip) == GZIP_CUT;
        close_after_look(packed, fd);
    }
    return is_cut;
}

bool packed_has_size(const struct generation *packed, uint64_t size)
{
    return (uint32_t)size == (uint32_t)packed->size_hint && size > 0;
}

/* ---- whose bytes ---- */

static bool is_candidate(const struct generation *original, const struct generation *packed)
{
    bool may = original->state == GENERATION_WAITING || original->state == GENERATION_DONE ||
               original->state == GENERATION_IGNORED ||
               (original->state == GENERATION_COPY && original->unseen > 0 &&
                original->id.fingerprint_len > 0); /* of an empty one it could not be told */
    return original != packed && may && !original->is_gzip && !original->is_packed;
}

/* It ends as the original goes on there. */
static bool ends_alike(struct generation *packed, const struct generation *original)
{
    const struct world *world = packed->tail->input->env.world;
    char bytes[GUARD_BYTES];
    char other[GUARD_BYTES];
    int fd = original->fd >= 0 ? original->fd : generation_open_look(original);
    uint64_t offset = packed->size_hint - sizeof(bytes);
    bool is = fd >= 0 && packed->size_hint >= sizeof(bytes) &&
              unpack(packed, bytes, sizeof(bytes), offset) &&
              world_read(world, fd, other, sizeof(other), offset) == (ssize_t)sizeof(other) &&
              memcmp(bytes, other, sizeof(bytes)) == 0;
    if (fd >= 0 && fd != original->fd) {
        world_close(world, fd);
    }
    return is;
}

/* Nothing of the original was read, and its beginning may be a banner: then this has to hold what was seen of
 * it last. One that is too short for that was copied before that was written. */
static enum likeness compare_seen(struct generation *packed, const struct generation *original)
{
    char bytes[GUARD_BYTES];
    const struct guard *seen = &original->seen;
    if (original->offset > 0 || seen->len == 0) {
        return IS_SAME;
    }
    if (unpack(packed, bytes, sizeof(bytes), seen->offset - sizeof(bytes))) {
        return hash_bytes(bytes, sizeof(bytes), 0) == seen->hash ? IS_SAME : IS_OTHER;
    }
    if (gzip_reader_end(packed->gzip) == GZIP_CUT) {
        return IS_TOO_SHORT;
    }
    return ends_alike(packed, original) ? IS_SAME : IS_OTHER;
}

static enum likeness compare(struct generation *packed, const struct generation *original)
{
    uint32_t len = original->id.fingerprint_len;
    if (len == 0) {
        return IS_OTHER; /* anything begins so */
    }
    if (!begins_with(packed, &original->id)) {
        char bytes[FINGERPRINT_BYTES];
        bool is_short = len <= sizeof(bytes) && !unpack(packed, bytes, len, 0);
        return is_short && gzip_reader_end(packed->gzip) == GZIP_CUT ? IS_TOO_SHORT : IS_OTHER;
    }
    const struct guard guard = {original->offset, original->guard, original->guard_len};
    bool is_proof = len >= COPY_PROOF_BYTES ||
                    log_name_is_packed_of(packed->name, original->name) ||
                    packed_has_size(packed, original->size) ||
                    (original->unseen > 0 && packed->size_hint >= original->size);
    if (has_guard(packed, &guard)) {
        /* What was read before the start has no guard: then the size tells, for a banner does not. */
        bool is_told = original->state != GENERATION_DONE || guard.len > 0 || guard.offset <= len ||
                       packed_has_size(packed, guard.offset);
        return is_proof && is_told ? compare_seen(packed, original) : IS_OTHER;
    }
    /* Files may begin alike and be of one size; what is compressed still has not all bytes yet. */
    return gzip_reader_end(packed->gzip) == GZIP_CUT ? IS_TOO_SHORT : IS_OTHER;
}

/* One that has lost its name is rather meant than one that has it. */
static enum likeness find_original(struct generation *packed, struct generation **out_original)
{
    struct generation *original;
    enum likeness found = IS_OTHER;
    for (int has_name = 0; has_name < 2; has_name++) {
        TAIL_FOR_EACH(packed->tail, original)
        {
            if (!is_candidate(original, packed) || (original->unseen == 0) != (has_name == 1)) {
                continue;
            }
            enum likeness likeness = compare(packed, original);
            if (likeness == IS_SAME) {
                *out_original = original;
                return IS_SAME;
            }
            found = likeness == IS_OTHER ? found : likeness;
        }
    }
    return found;
}

/* ---- of what nothing is known ---- */

/* It was empty, or never looked at, and it is gone: what takes its place holds its bytes. */
static bool is_successor(const struct generation *packed, const struct generation *original)
{
    bool is_other = original->fd >= 0 && original->size == 0 && packed->size_hint > 0;
    return original->unseen > 0 && !is_other && original->offset == 0 &&
           packed->link.prev == &original->link && packed->size_hint >= original->size;
}

/* It was listed, and renamed and compressed before it was opened: only its size is known, and its name. */
static bool was_only_listed(const struct generation *original)
{
    return original->unseen > 0 && original->fd < 0 && original->id.fingerprint_len == 0 &&
           original->size > 0 && original->size != SIZE_UNKNOWN;
}

/* What was listed is in something that was made since, and has as many bytes; of what is to be read it may
 * have more, for a writer may have been in it. */
static bool may_be_made_of(const struct generation *packed, const struct generation *original)
{
    bool is_unread = original->state == GENERATION_WAITING || original->state == GENERATION_UNCLEAR;
    bool is_later = packed->modified_ns >= original->modified_ns &&
                    (packed->id.born_ns == 0 || packed->id.born_ns >= original->modified_ns);
    bool fits = is_unread ? packed->size_hint >= original->size : packed_has_size(packed, original->size);
    return fits && (is_later || log_name_is_packed_of(packed->name, original->name));
}

/* Several may have been compressed since: what has its name, then what was the largest. */
static bool is_better(const struct generation *packed, const struct generation *a,
                      const struct generation *b)
{
    bool has_name = log_name_is_packed_of(packed->name, a->name);
    bool has_other = b != NULL && log_name_is_packed_of(packed->name, b->name);
    return b == NULL || (has_name && !has_other) || (has_name == has_other && a->size > b->size);
}

/* There is one, and what there is of this does not tell yet how much it unpacks to. */
static bool may_become_known(struct generation *packed)
{
    struct generation *original;
    TAIL_FOR_EACH(packed->tail, original)
    {
        if (!original->is_gzip && !original->is_packed && was_only_listed(original)) {
            return packed_is_growing(packed);
        }
    }
    return false;
}

static struct generation *find_unknown(const struct generation *packed)
{
    struct generation *original;
    struct generation *best = NULL;
    TAIL_FOR_EACH(packed->tail, original)
    {
        if (original == packed || original->is_gzip || original->is_packed ||
            original->state == GENERATION_COPY) {
            continue;
        }
        bool is_unknown = original->id.fingerprint_len == 0 && original->state != GENERATION_UNCLEAR;
        bool may = was_only_listed(original) ? may_be_made_of(packed, original)
                                             : is_unknown && is_successor(packed, original);
        best = may && is_better(packed, original, best) ? original : best;
    }
    return best;
}

/* ---- what becomes of it ---- */

static void be_copy(struct generation *packed, struct generation *original)
{
    packed->state = GENERATION_COPY;
    packed->original = original;
    if (original != NULL) { /* so it is told from another that gets its inode */
        packed->id.fingerprint = original->id.fingerprint;
        packed->id.fingerprint_len = original->id.fingerprint_len;
    }
}

static void follow(struct generation *packed, struct generation *original)
{
    original->is_packed = original->unseen > 0;
    if (original->state == GENERATION_IGNORED) {
        packed->state = GENERATION_IGNORED;
    } else if (original->state == GENERATION_COPY) {
        be_copy(packed, original->original); /* perhaps of what is gone by now */
    } else {
        be_copy(packed, original);
    }
}

static void be_its_own(struct generation *packed)
{
    bool is_new = packed->modified_ns + CLOCK_TICK_NS > packed->tail->opened_ns;
    packed->state = is_new ? GENERATION_WAITING : GENERATION_IGNORED;
}

/* A file that was compressed before anything was known of it is what this one is. */
static void retire_unknown(const struct generation *packed)
{
    struct generation *original;
    TAIL_FOR_EACH(packed->tail, original)
    {
        bool is_unknown = original->state == GENERATION_UNCLEAR && !original->is_gzip &&
                          original->unseen > 0 && original->fd < 0 && original->id.fingerprint_len == 0;
        if (is_unknown && (log_name_is_packed_of(packed->name, original->name) ||
                           is_successor(packed, original))) {
            original->state = GENERATION_COPY;
            original->is_packed = true;
        }
    }
}

/* It was compressed before it was known whether it is a copy: it is this one, and was none. */
static void retire_unclear(struct generation *packed)
{
    struct generation *original;
    TAIL_FOR_EACH(packed->tail, original)
    {
        bool is_unclear = original->state == GENERATION_UNCLEAR && !original->is_gzip &&
                          original->unseen > 0 && original->fd < 0 && original->id.fingerprint_len > 0;
        if (is_unclear && packed->state == GENERATION_WAITING && begins_with(packed, &original->id)) {
            packed->size_before = original->size;
            original->state = GENERATION_COPY;
            original->is_packed = true;
            return;
        }
    }
}

static void judge(struct generation *packed, int fd)
{
    const struct world *world = packed->tail->input->env.world;
    uint32_t hint;
    struct generation *original = NULL;
    packed->size_hint = gzip_size_hint(world, fd, &hint) ? hint : 0;
    retire_unknown(packed);
    enum likeness likeness = find_original(packed, &original);
    bool is_left = likeness == IS_OTHER && tail_follows_left(packed);
    if (likeness == IS_OTHER && !is_left && (tail_may_follow_left(packed) || may_become_known(packed))) {
        likeness = IS_TOO_SHORT;
    }
    if (likeness == IS_OTHER && !is_left && (original = find_unknown(packed)) != NULL) {
        likeness = IS_SAME;
    }
    bool is_late = packed->unseen > 0 || packed->modified_ns + UNCLEAR_NS < world_realtime_ns(world);
    if (likeness == IS_SAME) {
        follow(packed, original);
    } else if (likeness == IS_TOO_SHORT && !is_late) {
        input_wake_at(packed->tail, world_monotonic_ns(world) + UNCLEAR_NS / 40);
    } else if (!is_left) {
        be_its_own(packed);
        retire_unclear(packed);
    }
}

void packed_judge(struct generation *packed)
{
    int fd;
    if (open_for_look(packed, &fd)) {
        packed->has_complained = false;
        judge(packed, fd >= 0 ? fd : packed->fd);
        close_after_look(packed, fd);
    } else if (fd == -EACCES) {
        input_complain(packed, EACCES); /* what was read of it before can be told once it may be read */
    } else if (fd != -ESTALE && fd != -EMFILE && fd != -ENFILE) {
        be_its_own(packed); /* whoever is to read it says why that cannot be done */
    }
}
