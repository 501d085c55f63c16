/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "input/tail/assignment.h"
#include "input/tail/gzip_reader.h"

/*
 * One file. It is found again by device, inode and birth wherever it is renamed to; its name is only
 * needed to open it. Files that wait to be read are kept open, so that what is deleted or rotated
 * away can still be read; files at their end are closed again when there are too many.
 */

enum { CLOSE_LOOKS = 32 };

#define REST_NS UINT64_C(1000000000) /* what is deleted is over when it has rested so long */

/* ---- the two tables ---- */

struct inode {
    uint64_t device;
    uint64_t inode;
};

static uint64_t hash_of_file(uint64_t device, uint64_t inode)
{
    const struct inode key = {device, inode};
    return hash_bytes(&key, sizeof(key), 0);
}

static bool is_file(const void *value, const void *key)
{
    return identity_is_same_inode(&((const struct generation *)value)->id, key);
}

struct generation *generation_find(const struct input *input, const struct file_stat *info)
{
    return map_find(&input->by_file, hash_of_file(info->device, info->inode), is_file, info);
}

struct place {
    const char *directory;
    const char *name;
};

static uint64_t hash_of_place(const char *directory, const char *name)
{
    uint64_t seed = hash_bytes(directory, strlen(directory), 0);
    return hash_bytes(name, strlen(name), seed);
}

static bool is_place(const void *value, const void *key)
{
    const struct generation *generation = value;
    const struct place *place = key;
    return strcmp(generation->name, place->name) == 0 &&
           strcmp(generation->tail->directory, place->directory) == 0;
}

static bool is_seen_place(const void *value, const void *key)
{
    return is_place(value, key) && ((const struct generation *)value)->unseen == 0;
}

/* One that has lost its name still goes by it: another may have it since. */
struct generation *generation_find_name(const struct input *input, const char *directory,
                                        const char *name)
{
    const struct place place = {directory, name};
    uint64_t hash = hash_of_place(directory, name);
    struct generation *seen = map_find(&input->by_name, hash, is_seen_place, &place);
    return seen != NULL ? seen : map_find(&input->by_name, hash, is_place, &place);
}

static void add_to_tables(struct generation *generation)
{
    struct input *input = generation->tail->input;
    map_add(&input->by_file, hash_of_file(generation->id.device, generation->id.inode),
            generation);
    map_add(&input->by_name, hash_of_place(generation->tail->directory, generation->name),
            generation);
}

static void remove_from_tables(struct generation *generation)
{
    struct input *input = generation->tail->input;
    map_remove(&input->by_file, hash_of_file(generation->id.device, generation->id.inode),
               generation);
    map_remove(&input->by_name, hash_of_place(generation->tail->directory, generation->name),
               generation);
}

void generation_leave(struct generation *generation)
{
    remove_from_tables(generation);
    if (generation->fd >= 0) {
        list_remove(&generation->open_link);
        generation->tail->input->open_count--;
    }
    pinned_leave(generation);
}

void generation_join(struct generation *generation)
{
    struct input *input = generation->tail->input;
    add_to_tables(generation);
    if (generation->fd >= 0) {
        list_append(&input->open, &generation->open_link);
        input->open_count++;
    }
    pinned_join(generation);
}

void generation_rename(struct generation *generation, const char *name)
{
    remove_from_tables(generation);
    free(generation->name);
    generation->name = mem_string(name);
    add_to_tables(generation);
    generation_tell_name(generation);
}

void generation_lose_inode(struct generation *generation)
{
    const struct input_env *env = &generation->tail->input->env;
    remove_from_tables(generation);
    if (env->assignment != NULL) {
        assignment_remove_file(env->assignment, env->share.worker, &generation->id);
    }
    generation->id.device = 0;
    generation->id.inode = 0;
    if (env->assignment != NULL) {
        assignment_add_file(env->assignment, env->share.worker, &generation->id);
    }
    add_to_tables(generation);
}

/* ---- life ---- */

struct generation *generation_new(struct tail *tail, const struct found *found,
                                  struct list *place)
{
    struct generation *generation = mem_alloc(sizeof(*generation));
    generation->tail = tail;
    generation->fd = -1;
    generation->name = mem_string(found->name);
    generation->id.device = found->info.device;
    generation->id.inode = found->info.inode;
    generation->id.born_ns = found->info.born_ns;
    generation->is_gzip = found->is_compressed;
    generation->size = found->is_compressed ? SIZE_UNKNOWN : found->info.size;
    generation->modified_ns = found->info.modified_ns;
    generation->is_live = found->age == LOG_LIVE;
    generation->is_seen = true;
    list_init(&generation->open_link);
    list_init(&generation->pinned_link);
    list_insert_after(place, &generation->link);
    add_to_tables(generation);
    if (tail->input->env.assignment != NULL) {
        assignment_add_file(tail->input->env.assignment, tail->input->env.share.worker,
                            &generation->id);
    }
    counters_add(tail->input->env.counters, C_FILES_FOUND, 1);
    return generation;
}

/* Copies of it are copies of nothing any more. */
static void forget_copies(struct generation *generation)
{
    struct list *all = &generation->tail->generations;
    for (struct list *link = all->next; link != all; link = link->next) {
        struct generation *other = container_of(link, struct generation, link);
        if (other->original == generation) {
            other->original = NULL;
        }
    }
}

/* What its state has to be for it to leave so. */
static bool may_drop(const struct generation *generation, enum drop_reason reason)
{
    switch (reason) {
    case DROP_READ:
        return generation->state == GENERATION_DONE || generation->offset >= generation->size;
    case DROP_UNWANTED:
        return generation->state == GENERATION_IGNORED;
    case DROP_COPIED:
        return generation->state == GENERATION_COPY;
    case DROP_LOST:
        return generation->is_loss_counted;
    case DROP_LIMIT:
        return generation->is_loss_counted && generation->pinned_since_ns > 0;
    case DROP_CLOSED:
        return generation->tail->is_closing;
    }
    return false;
}

void generation_drop(struct generation *generation, enum drop_reason reason)
{
    ENSURE(may_drop(generation, reason));
    if (reason == DROP_READ || reason == DROP_UNWANTED) {
        tail_remember(generation);
    }
    generation_close(generation);
    moved_end(generation);
    forget_copies(generation);
    const struct input_env *env = &generation->tail->input->env;
    remove_from_tables(generation);
    if (env->assignment != NULL) {
        assignment_remove_file(env->assignment, env->share.worker, &generation->id);
    }
    list_remove(&generation->link);
    counters_add(env->counters, C_FILES_GONE, 1);
    free(generation->name);
    free(generation);
}

char *generation_path(const struct generation *generation)
{
    const char *directory = generation->tail->directory;
    return mem_format("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, generation->name);
}

void generation_tell_name(struct generation *generation)
{
    if (generation->number == 0) {
        return;
    }
    struct checkpoint *checkpoint = generation->tail->stream.checkpoint;
    char *path = generation_path(generation);
    checkpoint_name_generation(checkpoint, generation->number, &generation->id, path);
    free(path);
    generation_tell_read(generation);
}

void generation_tell_read(const struct generation *generation)
{
    const struct guard guard = {generation->offset, generation->guard, generation->guard_len};
    checkpoint_note_read(generation->tail->stream.checkpoint, generation->number, &guard);
}

uint64_t generation_behind(const struct generation *generation, uint64_t offset)
{
    uint64_t size = generation->size;
    if (size == SIZE_UNKNOWN) {
        bool is_known = generation->size_hint > generation->size_before;
        size = is_known ? generation->size_hint : generation->size_before;
    }
    return size > offset ? size - offset : 0;
}

/* ---- open and close ---- */

static void set_fd(struct generation *generation, int fd)
{
    struct input *input = generation->tail->input;
    generation->fd = fd;
    if (fd >= 0) {
        list_append(&input->open, &generation->open_link);
        input->open_count++;
        counters_add(input->env.counters, C_FILES_OPEN, 1);
    } else {
        list_remove(&generation->open_link);
        pinned_forget(generation);
        input->open_count--;
        counters_subtract(input->env.counters, C_FILES_OPEN, 1);
    }
}

void generation_close(struct generation *generation)
{
    gzip_reader_free(generation->gzip);
    generation->gzip = NULL;
    if (generation->fd >= 0) {
        world_close(generation->tail->input->env.world, generation->fd);
        set_fd(generation, -1);
    }
}

static int open_by_name(const struct generation *generation)
{
    char *path = generation_path(generation);
    int fd = world_open(generation->tail->input->env.world, path);
    free(path);
    return fd;
}

int generation_open_look(const struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    struct file_stat info;
    int fd = open_by_name(generation);
    int result = fd == -ENOENT || fd == -ELOOP ? -ESTALE : fd;
    if (fd >= 0) {
        int error = world_stat_open(world, fd, &info);
        bool is_other = error == 0 && !identity_is_same_inode(&generation->id, &info);
        result = error < 0 ? error : is_other ? -ESTALE : fd;
    }
    if (fd >= 0 && result < 0) {
        world_close(world, fd);
    }
    generation->tail->has_stale_name |= result == -ESTALE;
    return result;
}

/* At its end, under its name, nothing written anywhere newer: whatever is written to it is found by its
 * name. A rotated one whose successor is empty may stay so for days. */
static bool may_close(const struct generation *generation)
{
    const struct generation *next = tail_next(generation);
    return generation->unseen == 0 && generation->size <= generation->offset &&
           list_is_empty(&generation->tail->ready) && !generation->is_rewritten &&
           (next == NULL || next->size == 0);
}

/* Its turn has not come, or nobody wants its lines now. It is open in case its name goes, but nobody may
 * wait for that. */
static bool may_wait_closed(const struct generation *generation)
{
    const struct tail *tail = generation->tail;
    return generation->unseen == 0 && !generation->is_rewritten &&
           (generation != tail_current(tail) || tail->held_until_ns > 0);
}

/* It has no name and was read to its end, and nobody has written to it for a while. */
static bool may_leave(const struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    struct file_stat info;
    return generation->unseen > 0 && !generation->is_gzip && !generation->is_rewritten &&
           generation->size <= generation->offset &&
           world_stat_open(world, generation->fd, &info) == 0 && info.size <= generation->offset &&
           info.modified_ns + REST_NS < world_realtime_ns(world);
}

static bool close_one(struct input *input, bool (*may)(const struct generation *generation))
{
    for (uint64_t looks = 0; looks < CLOSE_LOOKS && looks < input->open_count; looks++) {
        struct generation *generation =
            container_of(input->open.next, struct generation, open_link);
        if (may(generation)) {
            generation_close(generation);
            return true;
        }
        list_remove(&generation->open_link);
        list_append(&input->open, &generation->open_link);
    }
    return false;
}

/* Close one that has not been read for long; false if there is none. A few are looked at, so that a
 * thousand pinned ones do not cost a walk each time; the next call looks at others. */
static bool make_room(struct input *input)
{
    return close_one(input, may_close) || close_one(input, may_wait_closed) ||
           close_one(input, may_leave);
}

void generation_make_fit(struct input *input)
{
    while (input->open_count > input->open_files_max && make_room(input)) {
    }
}

static int check_identity(struct generation *generation, int fd)
{
    const struct world *world = generation->tail->input->env.world;
    struct file_stat info;
    int result = world_stat_open(world, fd, &info);
    if (result < 0) {
        return result;
    }
    if (info.type != FILE_REGULAR || !identity_is_same_inode(&generation->id, &info)) {
        return -ESTALE;
    }
    generation->is_rewritten |=
        !generation->is_gzip && !identity_matches_content(world, &generation->id, fd);
    return 0;
}

/* One more than may be may be open for it: all others may be deleted ones that wait, this one's successors
 * among them. */
static bool has_turn(const struct generation *generation)
{
    return generation == tail_current(generation->tail);
}

int generation_open(struct generation *generation)
{
    struct input *input = generation->tail->input;
    const struct world *world = input->env.world;
    if (generation->fd >= 0) {
        return 0;
    }
    while (input->open_count >= input->open_files_max) {
        if (!make_room(input)) {
            break;
        }
    }
    if (input->open_count >= input->open_files_max + has_turn(generation)) {
        return -EMFILE;
    }
    int fd = open_by_name(generation);
    if ((fd == -EMFILE || fd == -ENFILE) && make_room(input)) {
        fd = open_by_name(generation);
    }
    if (fd == -ENOENT || fd == -ELOOP) {
        return -ESTALE;
    }
    if (fd < 0) {
        return fd;
    }
    int result = check_identity(generation, fd);
    if (result < 0) {
        world_close(world, fd);
        return result;
    }
    set_fd(generation, fd);
    if (generation->is_gzip) {
        uint32_t hint;
        generation->gzip = gzip_reader_new(world, fd);
        generation->size_hint = gzip_size_hint(world, fd, &hint) ? hint : 0;
    } else if (generation->offset == 0) {
        generation_learn_beginning(generation);
    }
    generation_learn_form(generation);
    /* Of what was written anew it would be another's. */
    if (generation->offset > 0 && generation->guard_len == 0 && !generation->is_rewritten) {
        generation->is_rewritten = !generation_learn_guard(generation);
    }
    return 0;
}

/* ---- content ---- */

static bool has_guard(const struct generation *generation, int fd)
{
    char bytes[GUARD_BYTES];
    size_t len = generation->guard_len;
    return len == 0 || (world_read(generation->tail->input->env.world, fd, bytes, len,
                                   generation->offset - len) == (ssize_t)len &&
                        hash_bytes(bytes, len, 0) == generation->guard);
}

bool generation_has_content(const struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    int fd = generation->fd >= 0 ? generation->fd : generation_open_look(generation);
    bool has = fd < 0 || (identity_matches_content(world, &generation->id, fd) &&
                          has_guard(generation, fd));
    if (fd >= 0 && fd != generation->fd) {
        world_close(world, fd);
    }
    return has;
}

ssize_t generation_read(struct generation *generation, char *bytes, size_t len, uint64_t offset)
{
    if (generation->gzip != NULL) {
        return gzip_reader_read(generation->gzip, bytes, len, offset);
    }
    return world_read(generation->tail->input->env.world, generation->fd, bytes, len, offset);
}

void generation_learn_form(struct generation *generation)
{
    char bytes[BOM_BYTES_MAX];
    if (generation->form == TEXT_FORM_UNKNOWN) {
        ssize_t n = generation_read(generation, bytes, sizeof(bytes), 0);
        generation->form = text_form_of(generation->tail->input->settings->encoding, bytes,
                                        n > 0 ? (size_t)n : 0);
    }
}

uint64_t generation_rest(const struct generation *generation)
{
    uint64_t rest = generation->size > generation->offset ? generation->size - generation->offset : 0;
    return rest / text_form_unit(generation->form) * text_form_unit(generation->form);
}

/* Behind the byte order mark a line begins, too. */
static bool is_end_of_line(const struct generation *generation, const char *bytes, size_t len)
{
    size_t unit = text_form_unit(generation->form);
    return (len >= unit && text_form_find_newline(generation->form, bytes + len - unit, unit) != NULL) ||
           (generation->offset == len && text_form_bom_len(generation->form, bytes, len) == len);
}

bool generation_learn_guard(struct generation *generation)
{
    char bytes[GUARD_BYTES];
    size_t len = generation->offset < GUARD_BYTES ? (size_t)generation->offset : GUARD_BYTES;
    if (generation_read(generation, bytes, len, generation->offset - len) != (ssize_t)len) {
        return false;
    }
    generation->guard_len = (uint16_t)len;
    generation->guard = hash_bytes(bytes, len, 0);
    generation->is_mid_line = len > 0 && !is_end_of_line(generation, bytes, len);
    return true;
}

enum gzip_end generation_packed_end(const struct generation *generation)
{
    return generation->gzip != NULL ? gzip_reader_end(generation->gzip) : GZIP_GOES_ON;
}

/* What is behind the fingerprint. */
static void learn_seen(struct generation *generation, int fd, uint64_t size)
{
    char bytes[GUARD_BYTES];
    uint64_t offset = size - sizeof(bytes);
    if (size > FINGERPRINT_BYTES && world_read(generation->tail->input->env.world, fd, bytes,
                                               sizeof(bytes), offset) == (ssize_t)sizeof(bytes)) {
        generation->seen = (struct guard){size, hash_bytes(bytes, sizeof(bytes), 0), sizeof(bytes)};
    }
}

void generation_learn_beginning(struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    struct file_id *id = &generation->id;
    uint64_t known = id->fingerprint_len < FINGERPRINT_BYTES ? id->fingerprint_len
                                                             : generation->seen.offset;
    if (generation->is_gzip || generation->size <= known || generation->offset > 0) {
        return;
    }
    int fd = generation->fd >= 0 ? generation->fd : generation_open_look(generation);
    struct file_stat info;
    if (fd >= 0 && world_stat_open(world, fd, &info) == 0 &&
        identity_matches_content(world, id, fd)) {
        identity_fingerprint(world, fd, FINGERPRINT_BYTES, &id->fingerprint, &id->fingerprint_len);
        learn_seen(generation, fd, info.size);
        generation->size_known = info.size;
        generation_tell_name(generation);
    }
    if (fd >= 0 && fd != generation->fd) {
        world_close(world, fd);
    }
}

/* Only bytes in front of the offset are hashed: they have been read and do not change any more. */
void generation_grow_identity(struct generation *generation)
{
    struct file_id *id = &generation->id;
    if (id->fingerprint_len >= FINGERPRINT_BYTES || generation->offset <= id->fingerprint_len) {
        return;
    }
    char bytes[FINGERPRINT_BYTES];
    size_t want = generation->offset < sizeof(bytes) ? (size_t)generation->offset : sizeof(bytes);
    ssize_t n = generation_read(generation, bytes, want, 0);
    if (n == (ssize_t)want) {
        id->fingerprint = hash_bytes(bytes, want, 0);
        id->fingerprint_len = (uint32_t)want;
        generation_tell_name(generation);
    }
}
