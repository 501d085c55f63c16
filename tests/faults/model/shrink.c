/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include <string.h>

/*
 * Delta debugging: leave out a part of the steps, halves first and single ones last, for as long as
 * it goes wrong in the same way; then make what is left plainer.
 */

static bool still_fails(const struct schedule *schedule, const struct play *how, struct verdict *verdict)
{
    struct verdict now;
    play(schedule, how, &now);
    if (now.invariant == NULL || strcmp(now.invariant, verdict->invariant) != 0) {
        return false;
    }
    *verdict = now;
    return true;
}

static void leave_out(const struct schedule *from, size_t at, size_t count, struct schedule *to)
{
    *to = *from;
    memmove(&to->steps[at], &to->steps[at + count], (from->count - at - count) * sizeof(to->steps[0]));
    to->count -= count;
}

/* True if something could be left out. */
static bool leave_out_parts(struct schedule *schedule, size_t size, const struct play *how,
                            struct verdict *verdict)
{
    bool has_changed = false;
    for (size_t at = 0; at + size <= schedule->count;) {
        struct schedule less;
        leave_out(schedule, at, size, &less);
        if (still_fails(&less, how, verdict)) {
            *schedule = less;
            has_changed = true;
        } else {
            at += size;
        }
    }
    return has_changed;
}

/* Try another number in this place. */
static void try_number(struct schedule *schedule, uint64_t *number, uint64_t plain,
                       const struct play *how, struct verdict *verdict)
{
    uint64_t before = *number;
    if (before != plain) {
        *number = plain;
        *number = still_fails(schedule, how, verdict) ? plain : before;
    }
}

static void make_plainer(struct schedule *schedule, const struct play *how, struct verdict *verdict)
{
    struct world_setup *world = &schedule->world;
    try_number(schedule, &world->streams, 1, how, verdict);
    try_number(schedule, &world->open_max, 256, how, verdict);
    try_number(schedule, &world->births, 1, how, verdict);
    try_number(schedule, &world->reuse, 0, how, verdict);
    try_number(schedule, &world->tick_ms, 4, how, verdict);
    try_number(schedule, &world->read_bytes, 65536, how, verdict);
    try_number(schedule, &world->room, 1000, how, verdict);
    try_number(schedule, &world->ack_ms, 5, how, verdict);
    try_number(schedule, &world->scan_ms, 1000, how, verdict);
    try_number(schedule, &world->watched_ms, 30000, how, verdict);
    for (size_t i = 0; i < world->streams; i++) {
        struct stream_setup *stream = &schedule->streams[i];
        try_number(schedule, &stream->reopen_us, 0, how, verdict);
        try_number(schedule, &stream->via_tmp, 0, how, verdict);
        try_number(schedule, &stream->keeps_time, 1, how, verdict);
        try_number(schedule, &stream->keep, 5, how, verdict);
        try_number(schedule, &stream->packing, PACKING_NONE, how, verdict);
        try_number(schedule, &stream->scheme, SCHEME_BEHIND, how, verdict);
        try_number(schedule, &stream->links, 0, how, verdict);
        try_number(schedule, &stream->banner, 0, how, verdict);
        try_number(schedule, &stream->apart, 0, how, verdict);
        try_number(schedule, &stream->early, 0, how, verdict);
    }
    for (size_t i = 0; i < schedule->count; i++) {
        struct step *step = &schedule->steps[i];
        if (step->what == STEP_WRITE) {
            try_number(schedule, &step->numbers[1], 1, how, verdict);
            try_number(schedule, &step->numbers[2], 3, how, verdict);
            try_number(schedule, &step->numbers[3], 10, how, verdict);
        }
    }
}

void shrink(struct schedule *schedule, const struct play *how, struct verdict *verdict)
{
    size_t size = schedule->count / 2;
    while (size > 0) {
        bool has_changed = leave_out_parts(schedule, size, how, verdict);
        size = has_changed && size == 1 ? 1 : size / 2;
    }
    make_plainer(schedule, how, verdict);
    while (leave_out_parts(schedule, 1, how, verdict)) {
    }
}
