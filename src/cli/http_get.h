/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_HTTP_GET_H
#define CLEW_CLI_HTTP_GET_H

/* GET for commands that ask a running clew: they have nothing else to do, so it waits. */

#include <stdbool.h>
#include "base/buf.h"

enum {
    HTTP_GET_TIMEOUT_MS = 5000,
    HTTP_GET_BYTES_MAX = 256 * 1024 * 1024,
};

/* The answer's body, a NUL behind it, in place of what was in `out`, which the caller has initialised
 * with HTTP_GET_BYTES_MAX. False: *out_error is a sentence that the caller frees. Anything but status
 * 200 is a failure. */
bool http_get(const char *url, struct buf *out, char **out_error);

#endif
