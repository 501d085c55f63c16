/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "base/mem.h"
#include "input/tail/tail.h"

/*
 * What an input says once, when its first scan is over: how many files its patterns match, and which of
 * its paths do not exist or are no files. A mistyped path would be waited for in silence otherwise.
 */

enum { TOLD_BYTES_MAX = 1024 };

static void tell_absent(void *context, const char *path, bool is_there)
{
    const struct input *input = context;
    log_event(input->env.log, LOG_WARN, "input %s: %s %s", input->settings->name, path,
              is_there ? "is neither a file nor a directory and is not read; for a pipe use "
                         "standard input: `clew run -`"
                       : "does not exist yet; waiting for it");
}

/* Each worker its own files. */
void input_tell_found(struct input *input)
{
    const struct share *share = &input->env.share;
    const struct string_list *include = &input->settings->include;
    size_t files = discover_count_files(input->discover);
    struct buf paths = {.limit = TOLD_BYTES_MAX};
    for (size_t i = 0; i < include->count; i++) {
        buf_append_format(&paths, "%s%s", i > 0 ? ", " : "", include->items[i]);
    }
    char *worker = share->workers > 1 ? mem_format(" (worker %u of %u)", share->worker + 1, share->workers)
                                      : NULL;
    log_event(input->env.log, LOG_INFO, "input %s reads %.*s: %zu file%s match%s%s",
              input->settings->name, (int)paths.len, paths.len > 0 ? paths.data : "", files,
              files == 1 ? "" : "s", files == 1 ? "es" : "", worker != NULL ? worker : "");
    if (share->worker == 0) {
        input->is_lacking = discover_tell_absent(input->discover, tell_absent, input) > 0;
    }
    free(worker);
    buf_fini(&paths);
}
