/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/output_queues.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"

enum { LANES_SHARE = 8 }; /* of memory_limit for the queues, as much for what outputs have in hand */

static uint64_t bit(size_t place)
{
    return UINT64_C(1) << place;
}

static uint64_t lane_bytes(const struct lanes *lanes, const struct settings *settings)
{
    uint64_t limit = share_of(&lanes->env.share, settings->memory_limit);
    return limit / LANES_SHARE / settings->output_count;
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
static void name_left_spools(const struct lanes *lanes)
{
    char *path = mem_format("%s/spool", lanes->settings->data_dir);
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.' && !is_output(lanes->settings, entry->d_name) &&
            unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR) < 0) { /* it is not empty */
            log_event(lanes->env.log, LOG_WARN,
                      "%s/%s is the spool of an output that the config no longer has: name an output "
                      "so to send what is in there, or remove it",
                      path, entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
}

/* ---- another config ---- */

/* The lane of that name, retired ones too; lanes->count if there is none. */
static size_t find(const struct lanes *lanes, const char *name)
{
    size_t i = 0;
    while (i < lanes->count &&
           (lanes->items[i] == NULL || strcmp(lane_settings(lanes->items[i])->name, name) != 0)) {
        i++;
    }
    return i;
}

static bool make(struct lanes *lanes, size_t number, size_t *out_place, char **out_error)
{
    size_t place = 0;
    while (place < lanes->count && lanes->items[place] != NULL) {
        place++;
    }
    if (place == CHECKPOINT_OUTPUTS_MAX) {
        *out_error = mem_format("there are more than %d outputs, those that are no longer in the "
                                "config but not yet done among them",
                                CHECKPOINT_OUTPUTS_MAX);
        return false;
    }
    lanes->items[place] = lane_new(lanes->next, number, (unsigned)place,
                                   lane_bytes(lanes, lanes->next), &lanes->env, out_error);
    if (lanes->items[place] == NULL) {
        return false;
    }
    lanes->count = place == lanes->count ? place + 1 : lanes->count;
    lanes->made |= bit(place);
    *out_place = place;
    return true;
}

static bool changes(const struct lanes *lanes, size_t place, const struct output_settings *settings)
{
    return !lanes->env.is_same_output(lane_settings(lanes->items[place]), settings);
}

static bool prepare_one(struct lanes *lanes, size_t number, char **out_error)
{
    const struct output_settings *settings = &lanes->next->outputs[number];
    size_t place = find(lanes, settings->name);
    if (place == lanes->count) {
        if (!make(lanes, number, &place, out_error)) {
            return false;
        }
    } else if (changes(lanes, place, settings) &&
               !lane_prepare(lanes->items[place], settings, out_error)) {
        return false;
    }
    lanes->next_places[number] = (uint8_t)place;
    return true;
}

bool lanes_prepare(struct lanes *lanes, const struct settings *settings, char **out_error)
{
    if (settings->output_count > CHECKPOINT_OUTPUTS_MAX) {
        *out_error = mem_format("there are %zu outputs, more than %d", settings->output_count,
                                CHECKPOINT_OUTPUTS_MAX);
        return false;
    }
    lanes->next = settings;
    lanes->made = 0;
    for (size_t i = 0; i < settings->output_count; i++) {
        if (!prepare_one(lanes, i, out_error)) {
            lanes_cancel(lanes);
            return false;
        }
    }
    return true;
}

void lanes_hold(struct lanes *lanes, const struct settings *settings)
{
    for (size_t i = 0; i < settings->output_count; i++) {
        size_t place = find(lanes, settings->outputs[i].name);
        if (place == lanes->count) {
            continue;
        }
        if (changes(lanes, place, &settings->outputs[i])) {
            lane_hold(lanes->items[place]);
        } else {
            lane_release(lanes->items[place]);
        }
    }
}

bool lanes_are_quiet(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL && !lane_is_quiet(lanes->items[i])) {
            return false;
        }
    }
    return true;
}

void lanes_release(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL) {
            lane_release(lanes->items[i]);
        }
    }
}

static void free_lane(struct lanes *lanes, size_t place)
{
    lane_free(lanes->items[place]);
    lanes->items[place] = NULL;
    lanes->retired &= ~bit(place);
}

void lanes_cancel(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if ((lanes->made & bit(i)) != 0) {
            free_lane(lanes, i);
        } else if (lanes->items[i] != NULL) {
            lane_cancel(lanes->items[i]);
        }
    }
    lanes->made = 0;
    lanes->next = NULL;
}

void lanes_commit(struct lanes *lanes)
{
    const struct settings *settings = lanes->next;
    uint64_t before = lanes->all;
    lanes->next = NULL;
    lanes->settings = settings;
    lanes->all = 0;
    lanes->required = 0;
    memcpy(lanes->places, lanes->next_places, sizeof(lanes->places));
    for (size_t i = 0; i < settings->output_count; i++) {
        size_t place = lanes->places[i];
        lane_commit(lanes->items[place], settings, lane_bytes(lanes, settings));
        lanes->all |= bit(place);
        lanes->required |= (uint64_t)settings->outputs[i].required << place;
    }
    lanes->retired = (lanes->retired | before) & ~lanes->all;
    lanes->retire_ns = clock_monotonic_ns() + settings->shutdown_timeout_ms * UINT64_C(1000000);
}

bool lanes_use(const struct lanes *lanes, const struct settings *settings)
{
    for (size_t i = 0; i < lanes->count; i++) {
        const struct output_settings *own =
            lanes->items[i] != NULL ? lane_settings(lanes->items[i]) : NULL;
        for (size_t j = 0; own != NULL && j < settings->output_count; j++) {
            if (own == &settings->outputs[j]) {
                return true;
            }
        }
    }
    return false;
}

/* ---- begin and end ---- */

bool lanes_init(struct lanes *lanes, const struct settings *settings, const struct lane_env *env,
                char **out_error)
{
    *lanes = (struct lanes){.env = *env, .settings = settings};
    if (!lanes_prepare(lanes, settings, out_error)) {
        return false;
    }
    lanes_commit(lanes);
    name_left_spools(lanes);
    return true;
}

void lanes_fini(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        free_lane(lanes, i);
    }
}

/* ---- all of them ---- */

static void end_retired(struct lanes *lanes)
{
    bool is_late = clock_monotonic_ns() >= lanes->retire_ns;
    bool has_ended = false;
    for (size_t i = 0; i < lanes->count; i++) {
        if ((lanes->retired & bit(i)) != 0 && (is_late || lane_is_safe(lanes->items[i]))) {
            lane_give_up(lanes->items[i]);
            free_lane(lanes, i);
            has_ended = true;
        }
    }
    if (has_ended) {
        name_left_spools(lanes);
    }
}

void lanes_tick(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL) {
            lane_tick(lanes->items[i]);
        }
    }
    if (lanes->retired != 0) {
        end_retired(lanes);
    }
}

void lanes_rest(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL) {
            lane_rest(lanes->items[i]);
        }
    }
}

bool lanes_are_empty(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL && !lane_is_empty(lanes->items[i])) {
            return false;
        }
    }
    return lanes->retired == 0;
}

bool lanes_are_safe(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL && !lane_is_safe(lanes->items[i])) {
            return false;
        }
    }
    return true;
}

bool lanes_are_far(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if ((lanes->all >> i & 1) != 0 && lane_is_far(lanes->items[i])) {
            return true;
        }
    }
    return false;
}

bool lanes_have_spool(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL && lane_has_spool(lanes->items[i])) {
            return true;
        }
    }
    return false;
}

bool lanes_have_failed(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i] != NULL && lane_has_failed(lanes->items[i])) {
            return true;
        }
    }
    return false;
}

bool lanes_are_mistaken(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if ((lanes->required >> i & 1) != 0 && lane_is_mistaken(lanes->items[i])) {
            return true;
        }
    }
    return false;
}
