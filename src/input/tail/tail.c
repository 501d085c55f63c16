/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "input/tail/assignment.h"

/*
 * A stream's list of generations, brought in line with what each look at its directory finds.
 *
 * A file that is known by device and inode is the same, whatever its name. One that is not known is
 * put behind the file that discovery lists before it. Nothing is dropped because it was missed once:
 * a listing that runs beside a rename may see neither name.
 */

enum {
    PROMISE_LOOKS_MAX = 500, /* looks that wait for promises: some seconds of them */
    UNSEEN_MAX = 2,        /* looks that miss a closed file before it is given up */
    NOISE_LOOK_BYTES = 1024,
    NOISE_SHARE = 16,      /* of random bytes one in ten is such */
    CUT_LOOKS = 3,         /* … that find no copy of what was cut away before that is lost */
};

#define FILE_TICK_NS UINT64_C(20000000) /* times of files lag behind the clock by a tick of the kernel's */

/* ---- the list ---- */

struct generation *tail_current(const struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state == GENERATION_UNCLEAR) {
            return NULL; /* if it is no copy, it comes first */
        }
        if (generation->state == GENERATION_WAITING) {
            return generation;
        }
    }
    return NULL;
}

bool tail_is_unclear(const struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state == GENERATION_UNCLEAR) {
            return true;
        }
    }
    return false;
}

struct generation *tail_next(const struct generation *current)
{
    const struct list *end = &current->tail->generations;
    for (struct list *link = current->link.next; link != end; link = link->next) {
        struct generation *generation = container_of(link, struct generation, link);
        if (generation->state == GENERATION_WAITING) {
            return generation;
        }
    }
    return NULL;
}

/* ---- life ---- */

static bool is_tail(const void *value, const void *key)
{
    return strcmp(((const struct tail *)value)->key, key) == 0;
}

struct tail *tail_find(const struct input *input, const char *key)
{
    return map_find(&input->tails, hash_bytes(key, strlen(key), 0), is_tail, key);
}

static struct tail *tail_new(struct input *input, const struct found_log *log)
{
    struct tail *tail = mem_alloc(sizeof(*tail));
    tail->input = input;
    tail->stream.checkpoint = checkpoint_get(input->env.checkpoints, log->key);
    tail->key = checkpoint_key(tail->stream.checkpoint);
    tail->own_directory = strcmp(log->key, log->directory) != 0 ? mem_string(log->directory) : NULL;
    tail->directory = tail->own_directory != NULL ? tail->own_directory : tail->key;
    tail->lot = mem_string(log->lot);
    tail->shown = mem_string(log->shown);
    tail->is_kubelet = log->is_kubelet;
    tail->opened_ns = world_realtime_ns(input->env.world);
    list_init(&tail->generations);
    list_init(&tail->ready);
    list_init(&tail->waiting);
    list_init(&tail->active);
    list_init(&tail->grown);
    list_init(&tail->inherited);
    map_add(&input->tails, hash_bytes(tail->key, strlen(tail->key), 0), tail);
    return tail;
}

void tail_close(struct tail *tail, bool is_over)
{
    struct input *input = tail->input;
    struct generation *generation;
    tail->is_closing = true;
    input->env.sink->gone(input->env.sink->context, &tail->stream);
    TAIL_FOR_EACH(tail, generation)
    {
        moved_hear(generation);
        generation_drop(generation, DROP_CLOSED);
    }
    list_remove(&tail->ready);
    list_remove(&tail->waiting);
    list_remove(&tail->active);
    list_remove(&tail->grown);
    list_remove(&tail->inherited);
    map_remove(&input->tails, hash_bytes(tail->key, strlen(tail->key), 0), tail);
    if (!tail->is_refused) {
        checkpoint_unclaim(tail->stream.checkpoint);
        if (is_over) {
            checkpoint_note_waiting(tail->stream.checkpoint, NULL, 0);
            checkpoint_forget(tail->stream.checkpoint);
        }
    }
    if (tail->lot != NULL) {
        assignment_release(input->env.assignment, tail->lot, is_over);
    }
    for (uint32_t i = 0; i < tail->source_count; i++) {
        source_free(tail->sources[i].source);
    }
    checkpoint_release(tail->stream.checkpoint);
    tail_forget_left(tail);
    free(tail->sources);
    pace_leave(input->pace, tail->paced);
    free(tail->own_directory);
    free(tail->lot);
    free(tail->shown);
    free(tail);
}

static bool see_name(void *context, const struct world_name *name)
{
    bool is_itself = strcmp(name->name, ".") == 0 || strcmp(name->name, "..") == 0;
    *(bool *)context = is_itself;
    return is_itself;
}

static bool is_empty_directory(const struct world *world, const char *path)
{
    bool is_empty = true;
    return world_list(world, path, see_name, &is_empty) < 0 || is_empty;
}

/* The nearest directory above the stream that still exists has something in it: so the log was
 * removed. If not, a file system may have been unmounted, and the promise is kept for its return. */
static bool was_removed(const struct tail *tail)
{
    const struct world *world = tail->input->env.world;
    char *path = mem_string(tail->directory);
    struct file_stat info;
    bool is_there = world_stat(world, path, &info) == 0;
    bool was_there = is_there;
    for (char *slash; !is_there && (slash = strrchr(path, '/')) != NULL && slash != path;) {
        *slash = '\0';
        is_there = world_stat(world, path, &info) == 0;
    }
    bool is_removed = was_there || !is_empty_directory(world, path);
    free(path);
    return is_removed;
}

/* What nobody will read does not keep a log from being over. */
static bool is_over(const struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        bool is_read = generation->state == GENERATION_DONE || generation->state == GENERATION_COPY ||
                       generation->state == GENERATION_IGNORED;
        if (!generation->is_gzip || !is_read) {
            return false;
        }
    }
    return true;
}

void tail_close_if_empty(struct tail *tail)
{
    if (is_over(tail)) {
        tail_close(tail, was_removed(tail));
    }
}

/* ---- sources ---- */

enum { SOURCES_KEPT = 16 }; /* a partial line of a container may outlive some of its restarts */

static void drop_oldest_source(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->source == tail->sources[0].source) {
            return;
        }
    }
    source_free(tail->sources[0].source);
    tail->source_count--;
    memmove(tail->sources, tail->sources + 1, tail->source_count * sizeof(*tail->sources));
}

/* The path of the live file: rotated ones were written under it. */
char *tail_source_path(const struct tail *tail, uint64_t restart)
{
    if (tail->is_kubelet) {
        return mem_format("%s/%llu.log", tail->directory, (unsigned long long)restart);
    }
    return mem_string(tail->shown != NULL ? tail->shown : tail->key);
}

static struct source *make_source(const struct tail *tail, uint64_t restart)
{
    const struct input_settings *settings = tail->input->settings;
    char *path = tail_source_path(tail, restart);
    uint64_t id = hash_bytes(path, strlen(path), tail->input->source_seed);
    struct source *source = source_new(path, settings->name, id);
    free(path);
    if (settings->service != NULL) {
        free(source->default_service);
        source->default_service = mem_string(settings->service);
        source->is_service_fixed = true;
    }
    return source;
}

void tail_renew_sources(struct tail *tail)
{
    for (uint32_t i = 0; i < tail->source_count; i++) {
        struct source *source = tail->sources[i].source;
        struct source *fresh = make_source(tail, tail->sources[i].restart);
        struct source before = *source;
        *source = *fresh;
        *fresh = before;
        source_free(fresh);
    }
}

struct source *tail_source(struct tail *tail, uint64_t restart)
{
    for (uint32_t i = 0; i < tail->source_count; i++) {
        if (tail->sources[i].restart == restart) {
            return tail->sources[i].source;
        }
    }
    if (tail->source_count >= SOURCES_KEPT) {
        drop_oldest_source(tail);
    }
    struct source *source = make_source(tail, restart);
    tail->sources = mem_resize(tail->sources, tail->source_count + 1u, sizeof(*tail->sources));
    tail->sources[tail->source_count++] = (struct tail_source){restart, source};
    return source;
}

/* ---- truncation ---- */

/* What may not be read can stay so for ever. */
static bool has_readable_unclear(const struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state == GENERATION_UNCLEAR && !generation->has_complained) {
            return true;
        }
    }
    return false;
}

/* What was cut away may be in a copy that lost its name between being listed and being opened: it was
 * renamed, or it is compressed. Another look finds it. */
static bool may_have_copy(struct generation *generation)
{
    struct tail *tail = generation->tail;
    if (generation->state != GENERATION_WAITING || !tail_would_lose(generation)) {
        return false;
    }
    generation->cut_looks++;
    if (generation->cut_looks > CUT_LOOKS && !has_readable_unclear(tail)) {
        return false;
    }
    input_look_soon(tail);
    return true;
}

/* No text, as shred(1) writes it over what is removed: bytes that no line has, here and there. Zeroes are
 * there where a writer went on in a file that was cut. */
static bool is_noise(const struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    unsigned char bytes[NOISE_LOOK_BYTES];
    int fd = generation_open_look(generation);
    ssize_t n = fd >= 0 ? world_read(world, fd, bytes, sizeof(bytes), 0) : 0;
    ssize_t strange = 0;
    for (ssize_t i = 0; i < n; i++) {
        bool is_usual = (bytes[i] >= '\a' && bytes[i] <= '\r') || bytes[i] == 0x1B;
        strange += bytes[i] > 0 && bytes[i] < ' ' && !is_usual;
    }
    if (fd >= 0) {
        world_close(world, fd);
    }
    return text_form_unit(generation->form) == 1 && strange > n / NOISE_SHARE;
}

/* A rotated file is overwritten before it is removed. */
static void ignore_noise(struct generation *generation)
{
    log_event(generation->tail->input->env.log, LOG_INFO,
              "%s/%s was overwritten with data that is not text, as shred does: skipping it",
              generation->tail->directory, generation->name);
    generation->state = GENERATION_IGNORED;
    generation->size = 0;
}

/* What the file holds now is a new generation. */
static void begin_anew(struct generation *generation)
{
    const struct input_env *env = &generation->tail->input->env;
    struct generation *copy = copy_find(generation);
    counters_add(env->counters, C_TRUNCATIONS, 1);
    if (generation->state == GENERATION_WAITING) {
        tail_say_truncated(generation, copy != NULL);
    }
    if (copy != NULL) {
        copy_read_on(copy, generation);
    }
    checkpoint_note_cut(generation->tail->stream.checkpoint, &generation->id);
    bool is_shredded = !generation->is_live && is_noise(generation);
    generation_close(generation);
    generation->is_rewritten = false;
    generation->cut_looks = 0;
    generation->state = generation->is_live ? GENERATION_WAITING : GENERATION_UNCLEAR;
    generation->number = 0;
    generation->offset = 0;
    generation->size = SIZE_UNKNOWN; /* worth a look */
    generation->size_known = 0;
    generation->searched = 0;
    generation->unread_since_ns = 0;
    generation->guard_len = 0;
    generation->seen = (struct guard){0};
    generation->id.fingerprint_len = 0;
    generation->id.fingerprint = 0;
    generation->is_hash_final = false;
    generation->is_mid_line = false;
    generation->is_skipping = false;
    generation->is_blank = false;
    generation->form = TEXT_FORM_UNKNOWN;
    if (is_shredded) {
        ignore_noise(generation);
    } else {
        generation_learn_beginning(generation);
    }
}

/* ---- what a look has found ---- */

/* A rotated file does not become the live one; of one that is empty no bytes can tell. What has some and
 * another name may as well be taken for another file: none of those was read. */
static bool was_rotated_empty(const struct generation *generation, const struct found *found)
{
    bool is_empty = generation->size == 0 && generation->offset == 0;
    bool is_known = generation->id.born_ns != 0 && found->info.born_ns != 0;
    bool is_other = found->info.size > 0 && strcmp(generation->name, found->name) != 0;
    return is_empty && !is_known && generation->fd < 0 && !generation->is_live &&
           (found->age == LOG_LIVE || is_other);
}

/* What is compressed may have the inode of another that was: it has another name and time then. */
static bool is_reused_by_packed(const struct tail *tail, const struct generation *generation,
                                const struct found *found)
{
    bool is_known = generation->id.born_ns != 0 && found->info.born_ns != 0;
    return !is_known && generation->is_gzip && found->is_compressed && generation->gzip == NULL &&
           generation->modified_ns != found->info.modified_ns &&
           strcmp(generation->name, found->name) != 0 &&
           packed_is_other(generation, tail->directory, found->name);
}

/* Without a time of birth a reused inode shows in the bytes only. `tail` is where it was found. */
static bool is_reused_inode(const struct tail *tail, const struct generation *generation,
                            const struct found *found)
{
    bool is_there = generation->tail == tail && strcmp(generation->name, found->name) == 0;
    /* The next rotated file may have the inode and the name of the one before. */
    bool is_touched = !generation->is_live && generation->modified_ns != found->info.modified_ns;
    bool is_unpacked = generation->is_gzip && !found->is_compressed; /* what was compressed stays so */
    if (was_rotated_empty(generation, found) || is_unpacked ||
        is_reused_by_packed(tail, generation, found)) {
        return true;
    }
    if (generation->fd >= 0 || generation->id.fingerprint_len == 0 || generation->is_gzip ||
        (generation->id.born_ns != 0 && found->info.born_ns != 0) ||
        (is_there && !is_touched && found->info.size >= generation->offset)) {
        return false;
    }
    const struct world *world = tail->input->env.world;
    char *path = mem_format("%s/%s", tail->directory, found->name);
    int fd = world_open(world, path);
    struct file_stat info;
    /* A chain of names may be being renamed: then another file has the name by now. */
    bool is_found = fd >= 0 && world_stat_open(world, fd, &info) == 0 &&
                    identity_is_same_inode(&generation->id, &info);
    bool is_other = is_found && !identity_matches_content(world, &generation->id, fd);
    if (fd >= 0) {
        world_close(world, fd);
    }
    free(path);
    return is_other;
}

static void refresh_name(struct generation *generation, const struct found *found)
{
    bool was_live = generation->is_live;
    generation->unseen = 0;
    generation->is_seen = true;
    pinned_forget(generation);
    generation->is_live = found->age == LOG_LIVE && !found->is_compressed;
    if (strcmp(generation->name, found->name) != 0) {
        generation_rename(generation, found->name);
    }
    if (was_live && !generation->is_live) {
        generation_learn_beginning(generation);
    }
}

/* What was not read yet may be cut away behind the offset; what is new there may be in its place. */
static bool may_be_cut(const struct generation *generation, const struct found *found,
                       bool is_touched)
{
    bool shrank = generation->size != SIZE_UNKNOWN && found->info.size < generation->size;
    bool has_more = found->info.size > generation->offset &&
                    (is_touched || found->info.size > generation->size_known);
    return shrank || has_more ||
           (is_touched && found->info.size == generation->offset && generation->fd >= 0);
}

static void be_as_large_as(struct generation *generation, uint64_t size)
{
    generation->size = size;
    generation->size_known = size;
    backlog_note(generation);
    if (generation->offset == 0) {
        generation_learn_beginning(generation); /* a copy of it is known by that */
    }
    if (generation->number > 0) {
        checkpoint_note_size(generation->tail->stream.checkpoint, generation->number, size);
    }
}

static bool stat_it(const struct generation *generation, struct file_stat *out_info)
{
    const struct world *world = generation->tail->input->env.world;
    if (generation->fd >= 0) {
        return world_stat_open(world, generation->fd, out_info) == 0;
    }
    char *path = generation_path(generation);
    bool is_there = world_stat(world, path, out_info) == 0 &&
                    identity_is_same_inode(&generation->id, out_info);
    free(path);
    return is_there;
}

/* What is no plain growth is left to a look at the directory. */
static void look_at_grown(struct generation *generation)
{
    struct file_stat info;
    bool may_grow = generation->state == GENERATION_WAITING && !generation->is_gzip &&
                    !generation->is_rewritten;
    if (may_grow && generation->size != SIZE_UNKNOWN && stat_it(generation, &info) &&
        info.size > generation->size && generation_has_content(generation)) {
        be_as_large_as(generation, info.size);
    } else if (may_grow) {
        input_look_soon(generation->tail);
    }
}

void tail_look_at_grown(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->is_grown) {
            generation->is_grown = false;
            look_at_grown(generation);
        }
    }
    unread_tell(tail);
}

static void refresh(struct generation *generation, const struct found *found)
{
    refresh_name(generation, found);
    bool is_touched = generation->modified_ns != found->info.modified_ns;
    generation->modified_ns = found->info.modified_ns;
    if (generation->is_gzip) {
        return; /* only its reader knows what it unpacks to */
    }
    switch (generation->state) {
    case GENERATION_WAITING:
    case GENERATION_DONE:
        if (generation->is_rewritten || found->info.size < generation->offset ||
            (may_be_cut(generation, found, is_touched) && !generation_has_content(generation))) {
            generation->is_rewritten = true; /* size_known stays: it tells how much is lost */
            return;
        }
        be_as_large_as(generation, found->info.size);
        if (generation->state == GENERATION_DONE && generation->size > generation->offset) {
            /* What was empty may be another file by now, with the same inode: a copy. What was there at the
             * start may be one that is still being made. */
            bool is_unread = generation->offset == 0 || generation->guard_len == 0;
            bool may_be_copy = is_unread && !generation->is_live && !generation->tail->is_kubelet;
            generation->state = may_be_copy ? GENERATION_UNCLEAR : GENERATION_WAITING;
            generation->number = 0;
        }
        break;
    case GENERATION_UNCLEAR:
    case GENERATION_COPY:
        generation->size = found->info.size;
        generation_learn_beginning(generation);
        break;
    case GENERATION_IGNORED:
        generation->offset = found->info.size;
        generation->size = found->info.size;
        break;
    }
}

/* Another stream has this inode. If its name there still leads to it, this is a second name for a
 * file that is read already; else it has been moved here, and is read on where the other came to. */
static bool is_second_name(const struct generation *known)
{
    char *path = generation_path(known);
    struct file_stat info;
    bool is_there = world_stat(known->tail->input->env.world, path, &info) == 0 &&
                    identity_is_same_inode(&known->id, &info);
    free(path);
    return is_there;
}

/* A compressed file stays what it was, unless it was taken for a log while it was being made. */
static enum generation_state state_of_moved(const struct generation *known,
                                            const struct found *found)
{
    if (!found->is_compressed) {
        return GENERATION_WAITING;
    }
    return known->is_gzip ? known->state : GENERATION_UNCLEAR;
}

/* Only files that come later can be copies of what was read. */
static enum generation_state state_of_new(const struct tail *tail, const struct found *found)
{
    bool is_first_look = list_is_empty(&tail->generations) || tail->last_number == 0;
    bool is_of_now = found->info.modified_ns > tail->input->opened_ns; /* rotated before the first look */
    bool is_fresh = found->info.modified_ns + FILE_TICK_NS > tail->opened_ns;
    if (found->is_compressed) {
        return GENERATION_UNCLEAR;
    }
    if (is_first_look || tail->is_kubelet || found->age == LOG_LIVE) {
        return found->is_included || is_of_now ? GENERATION_WAITING : GENERATION_IGNORED;
    }
    return is_fresh || found->is_included ? GENERATION_UNCLEAR : GENERATION_IGNORED;
}

/* The file that had this name until now, if it was copied up into another layer: it is read on in what
 * has the name now. */
static void go_on_in_layer(struct generation *generation, struct generation *before)
{
    if (generation->is_gzip || before->is_gzip || before->is_seen ||
        (before->state != GENERATION_WAITING && before->state != GENERATION_DONE) ||
        !identity_is_other_layer(&generation->id, &before->id) || !copy_is_of(before, generation)) {
        return;
    }
    copy_read_on(generation, before);
    before->state = GENERATION_COPY;
    generation_close(before);
}

static struct generation *add(struct tail *tail, const struct found *found,
                              struct generation *known, struct list *place)
{
    if (known != NULL && is_second_name(known)) {
        return NULL;
    }
    if (known != NULL && is_reused_inode(tail, known, found)) {
        generation_lose_inode(known); /* its own stream looks for its bytes */
        known = NULL;
    }
    enum generation_state state = state_of_new(tail, found);
    struct generation *before = generation_find_name(tail->input, tail->directory, found->name);
    struct generation *generation = generation_new(tail, found, place);
    generation->source = tail_source(tail, found->restart);
    generation->state = known != NULL ? state_of_moved(known, found) : state;
    if (known != NULL) {
        moved_take_place(generation, known);
    } else if (found->age != LOG_LIVE) {
        generation_learn_beginning(generation);
    }
    if (known == NULL && before != NULL && before->tail == tail) {
        go_on_in_layer(generation, before);
    }
    if (generation->state == GENERATION_IGNORED) {
        generation->offset = generation->size;
    }
    return generation;
}

/* Had inotify told of this growth, it would have been read or be about to. */
static bool is_untold(const struct generation *generation, const struct found *found)
{
    const struct tail *tail = generation->tail;
    return generation->fd >= 0 && found->info.size > generation->size &&
           generation == tail_current(tail) && list_is_empty(&tail->ready) &&
           list_is_empty(&tail->waiting);
}

/* True if inotify should have told of something. */
static bool refresh_known(struct tail *tail, const struct found_log *log)
{
    bool was_untold = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct found *found = &log->files[i];
        struct generation *generation = generation_find(tail->input, &found->info);
        if (generation == NULL || generation->tail != tail) {
            continue;
        }
        was_untold |= is_untold(generation, found);
        if (found->is_compressed != generation->is_gzip || is_reused_inode(tail, generation, found)) {
            generation_lose_inode(generation); /* what has its bytes may not have been seen yet */
        } else {
            refresh(generation, found);
        }
    }
    return was_untold;
}

/* What has no name any more is older than what has come since. */
static struct list *skip_unseen(const struct tail *tail, struct list *place)
{
    while (place->next != &tail->generations &&
           !container_of(place->next, struct generation, link)->is_seen) {
        place = place->next;
    }
    return place;
}

/* It lies beside what it is compressed from, so it may not be whole yet; that one is read. */
static bool is_beside_original(const struct found_log *log, const struct found *packed)
{
    for (size_t i = 0; i < log->count; i++) {
        if (log_name_is_packed_of(packed->name, log->files[i].name)) {
            return true;
        }
    }
    return false;
}

/* Compressed so that clew cannot read it, or perhaps not yet. */
static bool is_unreadable(struct tail *tail, const struct found_log *log, const struct found *found)
{
    const char *foreign = found->is_compressed ? log_name_foreign(found->name) : NULL;
    tail->foreign = foreign != NULL ? foreign : tail->foreign;
    return foreign != NULL || (found->is_compressed && is_beside_original(log, found));
}

static bool is_before(const struct list *link, const struct list *other, const struct list *end)
{
    while (link != end && link != other) {
        link = link->next;
    }
    return link == other;
}

/* Where the next unknown one goes: behind all that are listed before it, in whatever order those are
 * known. By the time of the last write a file that is still empty looks older than it is. */
static struct list *move_place(struct tail *tail, struct list *place, struct list *link)
{
    bool is_begin = place == &tail->generations;
    return is_begin || is_before(place, link, &tail->generations) ? link : place;
}

static void add_unknown(struct tail *tail, const struct found_log *log)
{
    struct list *place = &tail->generations;
    for (size_t i = 0; i < log->count; i++) {
        const struct found *found = &log->files[i];
        struct generation *generation = generation_find(tail->input, &found->info);
        bool is_known = generation != NULL && generation->tail == tail;
        if (!is_known && is_unreadable(tail, log, found)) {
            continue;
        }
        if (!is_known) {
            generation = add(tail, found, generation, skip_unseen(tail, place));
        }
        place = generation != NULL ? move_place(tail, place, &generation->link) : place;
    }
}

/* What is unclear and can be looked at may turn out to have the bytes of what is gone. */
static bool may_become_clear(const struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state == GENERATION_UNCLEAR &&
            (generation->unseen < UNSEEN_MAX || generation->fd >= 0)) {
            return true;
        }
    }
    return false;
}

/* It lost its name before anything was known to be in it: what came since is known by its descriptor. */
static void look_once_more(struct generation *generation)
{
    const struct world *world = generation->tail->input->env.world;
    struct file_stat info;
    if (generation->fd >= 0 && !generation->is_gzip && generation->size == 0 &&
        world_stat_open(world, generation->fd, &info) == 0) {
        generation->size = info.size;
        generation_learn_beginning(generation); /* what it is compressed to is known by that */
    }
    if (generation->fd >= 0 && !generation->is_gzip && generation->number > 0 &&
        world_stat_open(world, generation->fd, &info) == 0 && info.links == 0 &&
        info.size >= generation->size_known) {
        be_as_large_as(generation, info.size); /* the next start cannot look any more */
    }
}

/* Its name is no longer there. What is open is read to its end first. */
static void miss(struct generation *generation)
{
    look_once_more(generation);
    generation_tell_name(generation); /* so that how large it was is saved */
    generation->unseen = generation->unseen < UNSEEN_MAX ? generation->unseen + 1 : UNSEEN_MAX;
    if (generation->fd >= 0 && (generation->state == GENERATION_WAITING ||
                                generation->state == GENERATION_UNCLEAR)) {
        pinned_note(generation);
        return;
    }
    if (generation->unseen < UNSEEN_MAX || may_become_clear(generation->tail)) {
        input_look_soon(generation->tail);
        return;
    }
    tail_give_up(generation);
}

static void mark_unseen(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        generation->is_seen = false;
    }
}

static void miss_unseen(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (!generation->is_seen) {
            miss(generation);
        }
    }
}

/* The list is right again: give out what follows from it. */
static void settle(struct tail *tail)
{
    const struct input *input = tail->input;
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->state == GENERATION_UNCLEAR) {
            copy_judge(generation);
        }
    }
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->is_rewritten && !may_have_copy(generation)) {
            begin_anew(generation);
        }
    }
    struct generation *current = tail_current(tail);
    TAIL_FOR_EACH(tail, generation)
    {
        moved_hear(generation);
        if (generation->state != GENERATION_WAITING) {
            continue;
        }
        bool keeps_number = generation == current || generation->is_rewritten; /* what is lost has that */
        generation->number = keeps_number ? generation->number : 0;
        bool is_new = generation->offset == 0 && input->was_scanned;
        bool is_unread = generation->size > generation->offset;
        if ((generation != current || is_new || is_unread) && input_has_spare_room(input)) {
            generation_open(generation); /* it may be deleted before it is read */
        }
        generation_learn_beginning(generation); /* or compressed */
        packed_learn_size(generation);
        backlog_note(generation);
    }
    unread_tell(tail);
    if (current != NULL && (current->size > current->offset || current->unseen > 0 ||
                            current->has_complained || tail_next(current) != NULL)) {
        input_wake(tail);
    }
}

/* Whether what is compressed when the stream begins is to be read only a promise tells. */
static void ignore_compressed(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        generation->state = generation->is_gzip ? GENERATION_IGNORED : generation->state;
    }
}

static void drop_all(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        generation->state = GENERATION_IGNORED;
        generation_drop(generation, DROP_UNWANTED);
    }
}

/* One reload closed it and the next asks for it again: what was read of it is on its way, and would be read
 * a second time. In an outage that is the lesser evil, for its files may go. */
static bool waits_for_promises(struct tail *tail)
{
    bool waits = tail->promise_looks < PROMISE_LOOKS_MAX &&
                 checkpoint_is_shared(tail->stream.checkpoint);
    if (waits) {
        tail->promise_looks++;
        input_look_soon(tail);
    }
    return waits;
}

static void begin(struct tail *tail, const struct found_log *log)
{
    if (waits_for_promises(tail)) {
        return;
    }
    for (size_t i = 0; i < log->count; i++) {
        const struct found *found = &log->files[i];
        struct generation *known = generation_find(tail->input, &found->info);
        if (!is_unreadable(tail, log, found)) {
            struct list *newest = tail->generations.prev;
            add(tail, found, known, newest);
        }
    }
    ignore_compressed(tail);
    tail->is_begun = resume_tail(tail);
    if (tail->is_begun) {
        settle(tail);
    } else {
        drop_all(tail);
    }
}

/* Something may come of another look, though nothing tells when. */
static bool is_unsettled(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->has_complained || generation->is_rewritten || generation->unseen > 0 ||
            generation->state == GENERATION_UNCLEAR || generation->moved.from != NULL) {
            return true;
        }
    }
    return tail->is_refused;
}

static bool claim(struct tail *tail)
{
    bool was_refused = tail->is_refused;
    tail->is_refused = !checkpoint_claim(tail->stream.checkpoint);
    if (tail->is_refused && !was_refused) {
        counters_add(tail->input->env.counters, C_FILE_ERRORS, 1);
        log_event(tail->input->env.log, LOG_WARN,
                  "%s is already read by another input: input %s ignores it", tail->key,
                  tail->input->settings->name);
    }
    return !tail->is_refused;
}

enum found_answer tail_found(struct input *input, const struct found_log *log)
{
    struct tail *tail = tail_find(input, log->key);
    if (log->count == 0 && !log->is_partial) {
        input->is_missing |= tail != NULL;
        return FOUND_UNSETTLED; /* the end of a scan tells whether it came back elsewhere */
    }
    if (!inherit_claim(input, log, &tail)) {
        return FOUND_UNSETTLED;
    }
    bool is_new = tail == NULL;
    if (is_new && (log->is_hidden || log->is_partial)) {
        return FOUND_UNSETTLED; /* where to begin is decided with all of it in view */
    }
    if (is_new && log->lot != NULL &&
        !assignment_hold(input->env.assignment, input->env.share.worker, log->lot)) {
        return FOUND_SETTLED; /* nothing to us */
    }
    if (is_new) {
        tail = tail_new(input, log);
    }
    tail->scan = input->scan;
    if (log->is_hidden || (tail->is_refused && log->is_partial)) {
        return FOUND_UNSETTLED; /* neither seen nor missed */
    }
    if (!tail->is_begun) {
        bool is_ours = is_new || tail->is_refused ? claim(tail) : true;
        if (is_ours && !log->is_partial) {
            begin(tail, log);
        }
        return !tail->is_begun || is_unsettled(tail) ? FOUND_UNSETTLED : FOUND_SETTLED;
    }
    mark_unseen(tail);
    bool was_untold = refresh_known(tail, log);
    add_unknown(tail, log);
    if (!log->is_partial) {
        miss_unseen(tail);
    }
    settle(tail);
    return was_untold                              ? FOUND_UNTOLD
           : log->is_partial || is_unsettled(tail) ? FOUND_UNSETTLED
                                                   : FOUND_SETTLED;
}

void tail_not_found(struct tail *tail)
{
    mark_unseen(tail);
    miss_unseen(tail);
    if (!list_is_empty(&tail->generations)) {
        settle(tail);
    }
    tail_close_if_empty(tail);
}
