/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/buf.h"

/*
 * What is lost is said at once, with its file; what is lost in the minute after that is said at its end in
 * one sentence, with the logs that lost the most. A node that loses a file a second says one line a minute.
 */

enum { LOGS_NAMED = 3, NAMES_BYTES_MAX = 4096 };

#define NEWS_NS UINT64_C(60000000000)

static const struct {
    const char *what;
    const char *remedy;
} kinds[LOSS_KINDS] = {
    [LOSS_GONE] = {"were removed before they were read to their ends",
                   "Let the runtime keep more or larger files (containerLogMaxFiles, "
                   "containerLogMaxSize), or raise open_files_max"},
    [LOSS_CUT] = {"were truncated or rewritten before they were read",
                  "Rotate by rename instead of copytruncate to lose none"},
    [LOSS_GIVEN_UP] = {"that were deleted and unread were closed",
                       "Raise deleted_bytes_max and deleted_time_max, or give the output a spool"},
};

/* The largest first; those named are taken out. */
static struct loss *take_largest(struct losses *logs)
{
    struct loss *largest = NULL;
    for (size_t i = 0; i < logs->count; i++) {
        struct loss *log = &logs->items[i];
        if (log->bytes > 0 && (largest == NULL || log->bytes > largest->bytes)) {
            largest = log;
        }
    }
    return largest;
}

static void name_logs(struct losses *logs, struct buf *out)
{
    for (int i = 0; i < LOGS_NAMED; i++) {
        struct loss *log = take_largest(logs);
        if (log == NULL) {
            return;
        }
        buf_append_format(out, "%s%s (%" PRIu64 " bytes)", i == 0 ? ", most of them of " : ", ", log->path,
                          log->bytes);
        log->bytes = 0;
    }
}

static void tell(struct input *input, enum loss_kind kind)
{
    struct loss_news *news = &input->loss_news[kind];
    struct buf names;
    buf_init(&names, NAMES_BYTES_MAX);
    name_logs(&news->logs, &names);
    log_event(input->env.log, LOG_WARN,
              "input %s: within a minute %" PRIu64 " more file%s %s, with %" PRIu64 " bytes that are "
              "lost%.*s. %s",
              input->settings->name, news->files, news->files == 1 ? "" : "s", kinds[kind].what,
              news->bytes, (int)names.len, names.len > 0 ? names.data : "", kinds[kind].remedy);
    buf_fini(&names);
    losses_fini(&news->logs);
    *news = (struct loss_news){.until_ns = news->until_ns};
}

bool loss_news_is_first(struct tail *tail, enum loss_kind kind, uint64_t bytes)
{
    struct input *input = tail->input;
    struct loss_news *news = &input->loss_news[kind];
    uint64_t now = world_monotonic_ns(input->env.world);
    if (news->until_ns == 0) {
        news->until_ns = now + NEWS_NS;
        input_tell_losses_at(input, news->until_ns);
        return true;
    }
    char *path = tail_source_path(tail, 0);
    losses_add(&news->logs, path, bytes);
    free(path);
    news->files++;
    news->bytes += bytes;
    return false;
}

void loss_news_tell(struct input *input, uint64_t now)
{
    for (enum loss_kind kind = 0; kind < LOSS_KINDS; kind++) {
        struct loss_news *news = &input->loss_news[kind];
        bool is_due = news->until_ns > 0 && now >= news->until_ns;
        bool has_more = news->files > 0;
        if (is_due && has_more) {
            tell(input, kind);
        }
        if (is_due) {
            news->until_ns = has_more && now < UINT64_MAX ? now + NEWS_NS : 0;
        }
        if (news->until_ns > 0) {
            input_tell_losses_at(input, news->until_ns);
        }
    }
}
