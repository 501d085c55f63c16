/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_TOP_SCREEN_H
#define CLEW_CLI_TOP_SCREEN_H

/* What `clew top` shows of a running clew, made of the answers of its HTTP endpoint. */

#include <stdbool.h>
#include <stdio.h>

/* One look at it. Texts are borrowed. */
struct top_look {
    const char *endpoint;
    const char *metrics;  /* the text of /metrics, with a NUL */
    const char *coverage; /* the JSON of /coverage, with a NUL */
    double time_s;        /* monotonic, of this look */
    double real_s;        /* the same since 1970 */
};

/* Numbers of the look before, for rates; all zero: there was none. */
struct top_before {
    double time_s;
    double bytes;
    double records;
    double sent;
    double cpu_s;
};

/* How many services fit on so many rows. */
size_t top_services_shown(int rows);

/* At most `rows` lines of at most 100 columns; the numbers for the next look go to `before`. False if
 * the answers are not those of a clew. */
bool top_print_text(const struct top_look *look, struct top_before *before, int rows,
                    bool has_colour, FILE *out);

/* `{"endpoint":…,"metrics":{…},"backlog":{INPUT:{…}},"coverage":{…}}` in one line; of the metrics those
 * without labels.
 * False as above. */
bool top_print_json(const struct top_look *look, FILE *out);

#endif
