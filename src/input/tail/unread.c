/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include "base/mem.h"

/*
 * What a start has to find. The checkpoint knows, besides the place it promises, which newer files of a
 * stream were not acknowledged to their end: so what is gone when the next process starts is counted, after a
 * crash too. A file that is there under any name, and one whose bytes another may hold, is not gone: rather
 * nothing is said than something wrong. Of a stream whose files are all gone there is nothing to be found, so
 * nobody claims its checkpoint; those are gone through when all inputs have looked.
 */

/* ---- told to the checkpoint ---- */

/* Those with a number are known by that. Of one that was written anew nobody knows how much was in it. */
static bool is_waiting(const struct generation *generation)
{
    return generation->state == GENERATION_WAITING && generation->number == 0 &&
           !generation->is_rewritten && generation_behind(generation, generation->offset) > 0;
}

static struct checkpoint_unread describe(const struct generation *generation)
{
    return (struct checkpoint_unread){
        .path = generation_path(generation),
        .size = generation->offset + generation_behind(generation, generation->offset),
        .offset = generation->offset,
        .inode = generation->id.inode,
        .born_ns = generation->id.born_ns,
        .fingerprint = generation->id.fingerprint,
        .fingerprint_len = generation->id.fingerprint_len,
    };
}

static uint32_t count_waiting(const struct tail *tail)
{
    struct generation *generation;
    uint32_t count = 0;
    TAIL_FOR_EACH(tail, generation)
    {
        count += is_waiting(generation);
    }
    return count;
}

void unread_tell(struct tail *tail)
{
    struct generation *generation;
    uint32_t room = count_waiting(tail);
    uint32_t count = 0;
    struct checkpoint_unread *files = room > 0 ? mem_array(room, sizeof(*files)) : NULL;
    if (room > 0) {
        TAIL_FOR_EACH(tail, generation)
        {
            if (is_waiting(generation)) {
                files[count++] = describe(generation);
            }
        }
    }
    checkpoint_note_waiting(tail->stream.checkpoint, files, count);
    for (uint32_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)files[i].path);
    }
    free(files);
}

/* ---- looked for ---- */

/* What cannot be looked at may. */
static bool may_begin_like(struct generation *generation, const struct checkpoint_unread *file)
{
    const struct world *world = generation->tail->input->env.world;
    const struct file_id id = {.fingerprint = file->fingerprint,
                               .fingerprint_len = file->fingerprint_len};
    const struct guard none = {0};
    int fd = generation_open_look(generation);
    if (fd < 0) {
        return true;
    }
    bool may = generation->is_gzip || identity_matches_content(world, &id, fd);
    world_close(world, fd);
    return may && (!generation->is_gzip || packed_holds(generation, &id, &none));
}

static bool is_itself(struct generation *generation, const struct checkpoint_unread *file)
{
    const struct file_id *id = &generation->id;
    bool is_other_birth = id->born_ns != 0 && file->born_ns != 0 && id->born_ns != file->born_ns;
    return id->inode == file->inode && !is_other_birth && may_begin_like(generation, file);
}

/* A copy, or compressed. Few bytes prove nothing, so then any may be. */
static bool may_hold(struct generation *generation, const struct checkpoint_unread *file)
{
    bool is_short = !generation->is_gzip && generation->size < file->size;
    return !is_short && (file->fingerprint_len < COPY_PROOF_BYTES ? !generation->is_live
                                                                  : may_begin_like(generation, file));
}

static bool is_any(const struct tail *tail, const struct checkpoint_unread *file,
                   bool (*is_meant)(struct generation *generation, const struct checkpoint_unread *file))
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (is_meant(generation, file)) {
            return true;
        }
    }
    return false;
}

struct search {
    uint64_t inode;
    bool is_found;
};

static bool see_inode(void *context, const struct world_name *name)
{
    struct search *search = context;
    search->is_found |= name->inode == search->inode;
    return !search->is_found;
}

/* Under a name that is none of the log's, as while it is being compressed. */
static bool has_other_name(const struct tail *tail, const struct checkpoint_unread *file)
{
    struct search search = {.inode = file->inode};
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (generation->id.inode == file->inode) {
            return false; /* which was given to another file, or is cut */
        }
    }
    world_list(tail->input->env.world, tail->directory, see_inode, &search);
    return search.is_found;
}

static void say_gone(struct tail *tail, uint32_t files, uint64_t lost)
{
    tail_count_lost(tail, lost);
    if (!loss_news_is_first(tail, LOSS_GONE, lost)) {
        return;
    }
    log_event(tail->input->env.log, LOG_WARN,
              "%s: lost %llu unacknowledged bytes with %u of its files, which were removed before "
              "clew was started again. Let the runtime keep more or larger files "
              "(containerLogMaxFiles, containerLogMaxSize), or give the output a spool",
              tail->shown != NULL ? tail->shown : tail->key, (unsigned long long)lost, files);
}

static bool is_missing(const struct tail *tail, const struct checkpoint_unread *file)
{
    return !is_any(tail, file, is_itself) && !is_any(tail, file, may_hold) &&
           !has_other_name(tail, file);
}

/* One that began alike was larger, or came first: it may be what this one is a copy of. */
static bool is_told_by_another(const struct checkpoint *checkpoint, uint32_t number)
{
    const struct checkpoint_unread *file = checkpoint_unread_at(checkpoint, number);
    const struct checkpoint_unread *other;
    for (uint32_t i = 0; (other = checkpoint_unread_at(checkpoint, i)) != NULL; i++) {
        bool is_alike = i != number && file->fingerprint_len > 0 &&
                        other->fingerprint_len == file->fingerprint_len &&
                        other->fingerprint == file->fingerprint;
        if (is_alike && (other->size > file->size || (other->size == file->size && i < number))) {
            return true;
        }
    }
    return false;
}

void unread_look_for(struct tail *tail)
{
    struct checkpoint *checkpoint = tail->stream.checkpoint;
    const struct checkpoint_unread *file;
    uint32_t gone = 0;
    uint64_t lost = 0;
    for (uint32_t i = 0; (file = checkpoint_unread_at(checkpoint, i)) != NULL; i++) {
        if (!is_told_by_another(checkpoint, i) && is_missing(tail, file)) {
            lost += file->size - file->offset;
            gone++;
        }
    }
    checkpoint_settle_unread(checkpoint);
    if (gone > 0) {
        say_gone(tail, gone, lost);
    }
}

/* ---- streams that nobody has found ---- */

enum {
    ANCESTORS_MAX = 2, /* of a pod's container: the pod's directory, and that of all pods */
    STREAMS_SAID = 10, /* one by one */
};

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash > path ? mem_format("%.*s", (int)(slash - path), path) : NULL;
}

/* What lies close above it is there: a file system that is not mounted takes more than a pod with it. */
static bool is_above_there(const struct world *world, const char *directory)
{
    struct file_stat info;
    char *path = parent_of(directory);
    int result = -ENOENT;
    for (int i = 0; i < ANCESTORS_MAX && path != NULL && result == -ENOENT; i++) {
        result = world_stat(world, path, &info);
        char *above = parent_of(path);
        free(path);
        path = above;
    }
    free(path);
    return result == 0;
}

struct sight {
    const char *stem;
    size_t stem_len;
    bool is_any;
};

static bool see_name(void *context, const struct world_name *name)
{
    struct sight *sight = context;
    bool is_dots = strcmp(name->name, ".") == 0 || strcmp(name->name, "..") == 0;
    sight->is_any |= !is_dots && strncmp(name->name, sight->stem, sight->stem_len) == 0;
    return !sight->is_any;
}

/* Nothing in its directory has a name that begins like its own; of a container, nothing is there. */
static bool is_gone(const struct world *world, const char *key, const char *path)
{
    struct file_stat info;
    char *directory = parent_of(path);
    if (directory == NULL) {
        return false;
    }
    int result = world_stat(world, directory, &info);
    bool is_gone = result == -ENOENT && is_above_there(world, directory);
    if (result == 0) {
        const char *name = path + strlen(directory) + 1;
        struct sight sight = {name, strcmp(key, directory) == 0 ? 0 : strcspn(name, "."), false};
        is_gone = world_list(world, directory, see_name, &sight) == 0 && !sight.is_any;
    }
    free(directory);
    return is_gone;
}

struct unclaimed {
    char *key;
    char *path;
};

struct unclaimed_list {
    struct unclaimed *items;
    size_t count;
};

static void add_unclaimed(void *context, const char *key, const char *path)
{
    struct unclaimed_list *list = context;
    list->items = mem_resize(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct unclaimed){mem_string(key), mem_string(path)};
}

/* What was lost; 0 if it is not gone, or another counts it. */
static uint64_t count_gone(const struct input_env *env, const struct world *world,
                           const struct unclaimed *stream)
{
    uint64_t lost = is_gone(world, stream->key, stream->path)
                        ? checkpoint_take_unclaimed(env->checkpoints, stream->key)
                        : 0;
    counters_add(env->counters, C_BYTES_LOST, lost);
    if (env->losses != NULL) {
        losses_add(env->losses, stream->path, lost);
    }
    return lost;
}

static void say_stream(const struct log *log, const struct unclaimed *stream, uint64_t lost)
{
    log_event(log, LOG_WARN,
              "%s: all of its files were removed before clew was started again; lost %llu "
              "unacknowledged bytes. Give the output a spool to keep them",
              stream->key, (unsigned long long)lost);
}

void unread_count_gone(struct input *input)
{
    struct unclaimed_list list = {NULL, 0};
    uint64_t streams = 0;
    uint64_t others = 0;
    checkpoint_each_unclaimed(input->env.checkpoints, add_unclaimed, &list);
    for (size_t i = 0; i < list.count; i++) {
        uint64_t lost = count_gone(&input->env, input->env.world, &list.items[i]);
        streams += lost > 0;
        if (lost > 0 && streams <= STREAMS_SAID) {
            say_stream(input->env.log, &list.items[i], lost);
        } else {
            others += lost;
        }
        free(list.items[i].key);
        free(list.items[i].path);
    }
    free(list.items);
    if (others > 0) {
        log_event(input->env.log, LOG_WARN, "… and %llu bytes of %llu other logs, likewise",
                  (unsigned long long)others, (unsigned long long)(streams - STREAMS_SAID));
    }
}
