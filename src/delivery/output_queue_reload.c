/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A lane that gets other settings, or goes. Its tickets do not notice: requests are encoded without
 * regard to the output, so what was meant for the old connection is as good for the new one.
 */

#include "delivery/output_queue_inside.h"

#include <inttypes.h>
#include <string.h>
#include "base/mem.h"

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *place(const char *spool_dir)
{
    return spool_dir != NULL ? spool_dir : "in data_dir";
}

bool lane_prepare(struct lane *lane, const struct output_settings *settings, char **out_error)
{
    if (!is_same_text(lane->settings->spool_dir, settings->spool_dir)) {
        *out_error = mem_format("output %s: `spool.dir` is %s and cannot become %s while clew runs: "
                                "requests may wait there; restart clew for it, or take it back to have "
                                "the rest now",
                                settings->name, place(lane->settings->spool_dir),
                                place(settings->spool_dir));
        return false;
    }
    lane->next_settings = settings;
    lane->next_output = lane_open_output(lane, settings, out_error);
    return lane->next_output != NULL;
}

void lane_cancel(struct lane *lane)
{
    if (lane->next_output != NULL) {
        lane->next_output->type->close(lane->next_output);
    }
    lane->next_output = NULL;
    lane->next_settings = NULL;
}

void lane_hold(struct lane *lane)
{
    lane->is_held = true;
}

bool lane_is_quiet(const struct lane *lane)
{
    return !lane->is_held || lane->output->type->is_quiet(lane->output);
}

void lane_release(struct lane *lane)
{
    if (lane->is_held) {
        lane->is_held = false;
        lane_send_next(lane);
    }
}

static void promise_all(struct lane *lane)
{
    for (struct ticket *ticket = lane->first; ticket != NULL; ticket = ticket->next) {
        if (ticket->batch != NULL) {
            lane_promise(lane, ticket->batch);
        }
    }
}

static void replace_output(struct lane *lane)
{
    lane->is_replacing = true;
    lane->output->type->close(lane->output);
    lane->is_replacing = false;
    lane->output = lane->next_output;
    lane->settings = lane->next_settings;
    lane->next_output = NULL;
    lane->next_settings = NULL;
    packer_free(lane->packer);
    lane->packer = packer_new(lane->settings->compression);
    spool_set_limit(lane->spool, share_of(&lane->env.share, lane->settings->spool_bytes_max));
}

void lane_commit(struct lane *lane, const struct settings *settings, uint64_t bytes_max)
{
    if (lane->next_output != NULL) {
        replace_output(lane);
    }
    lane->is_held = false;
    lane->bytes_max = bytes_max;
    letters_use(lane->letters, settings, lane->settings->name);
    if (!lane->settings->required) {
        promise_all(lane); /* checkpoints wait for it no more */
    }
    lane->write_at_ns = 0;
    lane->read_at_ns = 0;
    lane_send_next(lane);
}

void lane_give_up(struct lane *lane)
{
    lane->write_at_ns = 0;
    lane_spill(lane, 0);
    uint64_t records = 0;
    for (const struct ticket *ticket = lane->first; ticket != NULL; ticket = ticket->next) {
        records += ticket->file == 0 ? ticket->records : 0;
    }
    if (records > 0) {
        counters_add(lane->env.counters, C_RECORDS_DROPPED, records);
        log_event(lane->env.log, LOG_WARN,
                  "output %s is not in the config any more, and %" PRIu64
                  " records that its far end has not taken are dropped",
                  lane->settings->name, records);
    }
    promise_all(lane);
    lane->is_given_up = true;
}

const struct output_settings *lane_settings(const struct lane *lane)
{
    return lane->settings;
}
