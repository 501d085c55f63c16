/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <stdlib.h>
#include "base/mem.h"

/*
 * What is lost. Whatever nobody can read any more is counted, in bytes where those are known and in
 * files where they are not, and said: with the file's name and what would have kept it.
 */

void tail_count_lost(const struct tail *tail, uint64_t bytes)
{
    const struct input_env *env = &tail->input->env;
    counters_add(env->counters, C_BYTES_LOST, bytes);
    if (env->losses != NULL) {
        char *path = tail_source_path(tail, 0);
        losses_add(env->losses, path, bytes);
        free(path);
    }
}

/* Nobody can read it any more: what was in it for certain, has not been read, and is nowhere else. */
static uint64_t cut_bytes(const struct generation *generation)
{
    uint64_t size = generation->size_known;
    if (size <= generation->offset) {
        return 0;
    }
    uint64_t held = copy_held_bytes(generation);
    uint64_t from = held > generation->offset ? held : generation->offset;
    return size > from ? size - from : 0;
}

bool tail_would_lose(const struct generation *generation)
{
    return cut_bytes(generation) > 0;
}

void tail_say_truncated(const struct generation *generation, bool has_copy)
{
    uint64_t lost = cut_bytes(generation);
    const struct input_env *env = &generation->tail->input->env;
    if (lost == 0 && has_copy) {
        return;
    }
    if (lost == 0) {
        log_event(env->log, LOG_INFO,
                  "%s/%s was truncated or rewritten: reading it from its beginning",
                  generation->tail->directory, generation->name);
        return;
    }
    tail_count_lost(generation->tail, lost);
    checkpoint_note_lost(generation->tail->stream.checkpoint, generation->number);
    if (!loss_news_is_first(generation->tail, LOSS_CUT, lost)) {
        return;
    }
    log_event(env->log, LOG_WARN,
              "%s/%s was truncated or rewritten: reading it from its beginning; %llu bytes in it "
              "had not been read. Rotate by rename instead of copytruncate to avoid this",
              generation->tail->directory, generation->name, (unsigned long long)lost);
}

/* ---- gone ---- */

static void say_lost(struct generation *generation)
{
    const struct input_env *env = &generation->tail->input->env;
    uint64_t lost = generation_behind(generation, generation->offset);
    generation->is_loss_counted = true;
    tail_count_lost(generation->tail, lost);
    checkpoint_note_lost(generation->tail->stream.checkpoint, generation->number);
    counters_add(env->counters, C_FILES_LOST, lost == 0);
    if (!loss_news_is_first(generation->tail, LOSS_GONE, lost)) {
        return;
    }
    if (lost == 0) {
        log_event(env->log, LOG_WARN,
                  "%s/%s is gone; everything after byte %llu had not been read",
                  generation->tail->directory, generation->name,
                  (unsigned long long)generation->offset);
        return;
    }
    const char *foreign = generation->tail->foreign;
    if (foreign != NULL) {
        log_event(env->log, LOG_WARN,
                  "%s/%s is gone; %llu bytes of it had not been read. There are *%s files next to "
                  "it, which clew cannot read: compress with gzip, or later (delaycompress)",
                  generation->tail->directory, generation->name, (unsigned long long)lost, foreign);
        return;
    }
    log_event(env->log, LOG_WARN,
              "%s/%s is gone; %llu bytes of it had not been read. Let the runtime keep more or "
              "larger files (containerLogMaxFiles, containerLogMaxSize), or raise open_files_max",
              generation->tail->directory, generation->name, (unsigned long long)lost);
}

void tail_say_unreadable(struct generation *generation)
{
    const struct input_env *env = &generation->tail->input->env;
    uint64_t lost = generation_behind(generation, generation->offset);
    tail_count_lost(generation->tail, lost);
    checkpoint_note_lost(generation->tail->stream.checkpoint, generation->number);
    counters_add(env->counters, C_FILES_LOST, lost == 0);
    log_event(env->log, LOG_WARN,
              "%s/%s could not be read for a minute, and newer files wait: skipping it after byte "
              "%llu (%llu bytes are known of). Let clew's user read rotated files, too",
              generation->tail->directory, generation->name, (unsigned long long)generation->offset,
              (unsigned long long)lost);
    generation->is_loss_counted = true;
    generation->state = GENERATION_IGNORED;
    generation_close(generation);
}

/* What can be known: of a file that is damaged in the middle its end tells how long it was. */
static uint64_t missing_bytes(const struct generation *generation)
{
    bool has_end = generation_packed_end(generation) == GZIP_BROKEN && generation->offset > 0;
    uint64_t size = generation->size_before;
    size = has_end && generation->size_hint > size ? generation->size_hint : size;
    return size > generation->offset ? size - generation->offset : 0;
}

void tail_say_damaged(struct generation *generation)
{
    const struct input_env *env = &generation->tail->input->env;
    uint64_t lost = missing_bytes(generation);
    tail_count_lost(generation->tail, lost);
    checkpoint_note_lost(generation->tail->stream.checkpoint, generation->number);
    counters_add(env->counters, C_FILES_LOST, lost == 0);
    log_event(env->log, LOG_WARN,
              "%s/%s is damaged: everything after byte %llu of its unpacked data is lost (%llu "
              "bytes are known of); continuing with newer files",
              generation->tail->directory, generation->name, (unsigned long long)generation->offset,
              (unsigned long long)lost);
}

/* Another file has its bytes. */
static bool goes_on_in_copy(struct generation *generation)
{
    struct generation *copy = copy_find(generation);
    if (copy == NULL) {
        return false;
    }
    copy_read_on(copy, generation);
    generation->state = GENERATION_COPY;
    generation_drop(generation, DROP_COPIED);
    return true;
}

/* It was cut and is taken for another file since: what was written to it before that is in its copy. */
static bool has_longer_copy(const struct generation *generation)
{
    const struct generation *copy = copy_find(generation);
    return copy != NULL && copy->size > generation->offset &&
           !(copy->is_gzip && packed_has_size(copy, generation->offset));
}

void tail_give_up(struct generation *generation)
{
    if (has_longer_copy(generation) && goes_on_in_copy(generation)) {
        return;
    }
    switch (generation->state) {
    case GENERATION_DONE:
        generation_drop(generation, DROP_READ);
        return;
    case GENERATION_COPY:
        generation_drop(generation, DROP_COPIED);
        return;
    case GENERATION_IGNORED:
        generation_drop(generation, DROP_UNWANTED);
        return;
    case GENERATION_WAITING:
    case GENERATION_UNCLEAR:
        break;
    }
    if (generation->size <= generation->offset) {
        generation_drop(generation, DROP_READ);
        return;
    }
    say_lost(generation);
    generation_drop(generation, DROP_LOST);
}

/* ---- held open ---- */

static void say_given_up(struct generation *generation)
{
    const struct input_settings *settings = generation->tail->input->settings;
    uint64_t lost = generation_behind(generation, generation->offset);
    generation->is_loss_counted = true;
    tail_count_lost(generation->tail, lost);
    checkpoint_note_lost(generation->tail->stream.checkpoint, generation->number);
    counters_add(generation->tail->input->env.counters, C_FILES_LOST, lost == 0);
    if (loss_news_is_first(generation->tail, LOSS_GIVEN_UP, lost)) {
        log_event(generation->tail->input->env.log, LOG_WARN,
                  "input %s: deleted, unread files exceed deleted_bytes_max or deleted_time_max: "
                  "closing the oldest, %s/%s, with %llu unread bytes. Raise the limits, or give the "
                  "output a spool",
                  settings->name, generation->tail->directory, generation->name, (unsigned long long)lost);
    }
}

void tail_give_up_deleted(struct generation *generation)
{
    if (has_longer_copy(generation) && goes_on_in_copy(generation)) {
        return;
    }
    if (!generation->is_gzip && !generation->is_rewritten) {
        generation->size = generation->pinned_bytes;
    }
    if (generation->size <= generation->offset) {
        generation_drop(generation, DROP_READ);
        return;
    }
    say_given_up(generation);
    generation_drop(generation, DROP_LIMIT);
}

/* Only the descriptor still leads to it. */
static bool has_no_name(struct generation *generation)
{
    struct file_stat info;
    bool is_gone = generation->fd >= 0 &&
                   world_stat_open(generation->tail->input->env.world, generation->fd, &info) == 0 &&
                   info.links == 0;
    if (is_gone && !generation->is_gzip) {
        generation->size = info.size;
    }
    return is_gone;
}

void tail_say_closed(struct tail *tail)
{
    struct generation *generation;
    TAIL_FOR_EACH(tail, generation)
    {
        if (has_no_name(generation)) {
            tail_give_up(generation);
        }
    }
    unread_tell(tail);
}
