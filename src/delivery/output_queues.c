/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/output_queues.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"

enum {
    QUEUES_SHARE = 8
}; /* of memory_limit for the queues, as much for what outputs have in hand */

static uint64_t bit(size_t place)
{
    return UINT64_C(1) << place;
}

static uint64_t queue_bytes(const struct output_queues *queues, const struct settings *settings)
{
    uint64_t limit = share_of(&queues->env.share, settings->memory_limit);
    return limit / QUEUES_SHARE / settings->output_count;
}

/* ---- left spools ---- */

static bool is_output(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->output_count; i++) {
        if (strcmp(settings->outputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What waits in the spool of an output that the config no longer has would wait for ever unsaid. */
static void name_left_spools(const struct output_queues *queues)
{
    char *path = mem_format("%s/spool", queues->settings->data_dir);
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.' && !is_output(queues->settings, entry->d_name) &&
            unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR) < 0) { /* it is not empty */
            log_event(
                queues->env.log, LOG_WARN,
                "%s/%s is the spool of an output that the config no longer has: add an output with "
                "this name to send its requests, or remove it",
                path, entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
}

/* ---- another config ---- */

/* The output queue of that name, retired ones too; output queues->count if there is none. */
static size_t find(const struct output_queues *queues, const char *name)
{
    size_t i = 0;
    while (i < queues->count &&
           (queues->items[i] == NULL ||
            strcmp(output_queue_settings(queues->items[i])->name, name) != 0)) {
        i++;
    }
    return i;
}

static bool make(struct output_queues *queues, size_t number, size_t *out_place, char **out_error)
{
    size_t place = 0;
    while (place < queues->count && queues->items[place] != NULL) {
        place++;
    }
    if (place == CHECKPOINT_OUTPUTS_MAX) {
        *out_error = mem_format("more than %d outputs, including removed ones that are still "
                                "delivering",
                                CHECKPOINT_OUTPUTS_MAX);
        return false;
    }
    queues->items[place] =
        output_queue_new(queues->next, number, (unsigned)place, queue_bytes(queues, queues->next),
                         &queues->env, out_error);
    if (queues->items[place] == NULL) {
        return false;
    }
    queues->count = place == queues->count ? place + 1 : queues->count;
    queues->made |= bit(place);
    *out_place = place;
    return true;
}

static bool changes(const struct output_queues *queues, size_t place,
                    const struct output_settings *settings)
{
    return !queues->env.is_same_output(output_queue_settings(queues->items[place]), settings);
}

static bool prepare_one(struct output_queues *queues, size_t number, char **out_error)
{
    const struct output_settings *settings = &queues->next->outputs[number];
    size_t place = find(queues, settings->name);
    if (place == queues->count) {
        if (!make(queues, number, &place, out_error)) {
            return false;
        }
    } else if (changes(queues, place, settings) &&
               !output_queue_prepare(queues->items[place], settings, out_error)) {
        return false;
    }
    queues->next_places[number] = (uint8_t)place;
    return true;
}

bool output_queues_prepare(struct output_queues *queues, const struct settings *settings,
                           char **out_error)
{
    if (settings->output_count > CHECKPOINT_OUTPUTS_MAX) {
        *out_error = mem_format("%zu outputs are more than the maximum of %d", settings->output_count,
                                CHECKPOINT_OUTPUTS_MAX);
        return false;
    }
    queues->next = settings;
    queues->made = 0;
    for (size_t i = 0; i < settings->output_count; i++) {
        if (!prepare_one(queues, i, out_error)) {
            output_queues_cancel(queues);
            return false;
        }
    }
    return true;
}

void output_queues_hold(struct output_queues *queues, const struct settings *settings)
{
    for (size_t i = 0; i < settings->output_count; i++) {
        size_t place = find(queues, settings->outputs[i].name);
        if (place == queues->count) {
            continue;
        }
        if (changes(queues, place, &settings->outputs[i])) {
            output_queue_hold(queues->items[place]);
        } else {
            output_queue_release(queues->items[place]);
        }
    }
}

bool output_queues_are_quiet(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL && !output_queue_is_quiet(queues->items[i])) {
            return false;
        }
    }
    return true;
}

void output_queues_release(struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL) {
            output_queue_release(queues->items[i]);
        }
    }
}

static void free_queue(struct output_queues *queues, size_t place)
{
    output_queue_free(queues->items[place]);
    queues->items[place] = NULL;
    queues->retired &= ~bit(place);
}

void output_queues_cancel(struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if ((queues->made & bit(i)) != 0) {
            free_queue(queues, i);
        } else if (queues->items[i] != NULL) {
            output_queue_cancel(queues->items[i]);
        }
    }
    queues->made = 0;
    queues->next = NULL;
}

void output_queues_commit(struct output_queues *queues)
{
    const struct settings *settings = queues->next;
    uint64_t before = queues->all;
    queues->next = NULL;
    queues->settings = settings;
    queues->all = 0;
    queues->required = 0;
    memcpy(queues->places, queues->next_places, sizeof(queues->places));
    for (size_t i = 0; i < settings->output_count; i++) {
        size_t place = queues->places[i];
        output_queue_commit(queues->items[place], settings, queue_bytes(queues, settings));
        queues->all |= bit(place);
        queues->required |= (uint64_t)settings->outputs[i].required << place;
    }
    queues->retired = (queues->retired | before) & ~queues->all;
    queues->retire_ns = clock_monotonic_ns() + settings->shutdown_timeout_ms * UINT64_C(1000000);
}

bool output_queues_use(const struct output_queues *queues, const struct settings *settings)
{
    for (size_t i = 0; i < queues->count; i++) {
        const struct output_settings *own =
            queues->items[i] != NULL ? output_queue_settings(queues->items[i]) : NULL;
        for (size_t j = 0; own != NULL && j < settings->output_count; j++) {
            if (own == &settings->outputs[j]) {
                return true;
            }
        }
    }
    return false;
}

/* ---- begin and end ---- */

bool output_queues_init(struct output_queues *queues, const struct settings *settings,
                        const struct output_queue_env *env, char **out_error)
{
    *queues = (struct output_queues){.env = *env, .settings = settings};
    if (!output_queues_prepare(queues, settings, out_error)) {
        return false;
    }
    output_queues_commit(queues);
    name_left_spools(queues);
    return true;
}

void output_queues_fini(struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        free_queue(queues, i);
    }
}

/* ---- all of them ---- */

static void end_retired(struct output_queues *queues)
{
    bool is_late = clock_monotonic_ns() >= queues->retire_ns;
    bool has_ended = false;
    for (size_t i = 0; i < queues->count; i++) {
        if ((queues->retired & bit(i)) != 0 &&
            (is_late || output_queue_is_safe(queues->items[i]))) {
            output_queue_give_up(queues->items[i]);
            free_queue(queues, i);
            has_ended = true;
        }
    }
    if (has_ended) {
        name_left_spools(queues);
    }
}

void output_queues_tick(struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL) {
            output_queue_tick(queues->items[i]);
        }
    }
    if (queues->retired != 0) {
        end_retired(queues);
    }
}

void output_queues_rest(struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL) {
            output_queue_rest(queues->items[i]);
        }
    }
}

bool output_queues_are_empty(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL && !output_queue_is_empty(queues->items[i])) {
            return false;
        }
    }
    return queues->retired == 0;
}

bool output_queues_are_safe(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL && !output_queue_is_safe(queues->items[i])) {
            return false;
        }
    }
    return true;
}

bool output_queues_are_far(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if ((queues->all >> i & 1) != 0 && output_queue_is_far(queues->items[i])) {
            return true;
        }
    }
    return false;
}

bool output_queues_have_spool(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL && output_queue_has_spool(queues->items[i])) {
            return true;
        }
    }
    return false;
}

bool output_queues_have_failed(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->items[i] != NULL && output_queue_has_failed(queues->items[i])) {
            return true;
        }
    }
    return false;
}

bool output_queues_are_mistaken(const struct output_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        if ((queues->required >> i & 1) != 0 && output_queue_is_mistaken(queues->items[i])) {
            return true;
        }
    }
    return false;
}
