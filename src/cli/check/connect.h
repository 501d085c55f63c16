/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_CHECK_CONNECT_H
#define CLEW_CLI_CHECK_CONNECT_H

/* `clew check --connect`: does the address of each output take requests, and if not, why? */

#include <stdbool.h>
#include <stddef.h>
#include "record/settings.h"

struct connect_result {
    const char *output; /* its name, of the settings */
    char *url;          /* without what may be secret; NULL: it could not be asked */
    char *text;         /* what was answered, or what is wrong and what to do */
    long status;        /* of HTTP; 0: there was no answer */
    bool is_good;
};

/* Asks all outputs at the same time, each for at most its `timeout`; blocks. One result an output, in the
 * order of the config, for connect_results_free(). */
struct connect_result *check_connect(const struct settings *settings);
void connect_results_free(struct connect_result *results, size_t count); /* NULL is fine */

#endif
