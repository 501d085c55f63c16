/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_DAEMON_H
#define CLEW_DAEMON_DAEMON_H

/*
 * `clew run`: builds the graph from the settings, owns the loop, and ends it well.
 *
 *     state      left by
 *     running    SIGTERM, SIGINT; with `once`: everything was read; SIGHUP: running, perhaps otherwise
 *     draining   all delivered, the deadline, or a second signal
 *     ended
 */

#include <stdbool.h>
#include "audit/audit.h"
#include "base/diag.h"
#include "record/counters.h"
#include "record/settings.h"

struct daemon_options {
    bool once; /* end when everything that is there has been read and delivered */

    /* The config as it is now, for SIGHUP: NULL if it has a mistake, which is in `diag` then. The
     * daemon frees it. NULL: there is no config to reload. */
    struct settings *(*load)(void *context, struct diag *diag);
    void *load_context;
    const char *config_file; /* that it is read from; or NULL */
};

struct daemon_report {
    struct audit *audit;
    const struct counters *counters;
    bool is_complete; /* all that was to be read was there, and accepted by the far end */
};

/*
 * Run until it ends; blocks. `report` is called once, at the end, while everything is still there.
 * False if it could not start: *out_error is a sentence that the caller frees.
 */
bool daemon_run(const struct settings *settings, const struct daemon_options *options,
                void (*report)(void *context, const struct daemon_report *report), void *context,
                char **out_error);

#endif
