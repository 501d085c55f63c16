/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_OUTPUT_BOOKS_H
#define CLEW_RECORD_OUTPUT_BOOKS_H

/*
 * The records of one output since the start:
 *
 *     given + restored = sent + rejected + refused + dropped + damaged + in_flight
 */

#include <stdint.h>

struct output_books {
    const char *output; /* its name */
    uint64_t given;     /* that were read and routed to it */
    uint64_t restored;  /* that an earlier run left in its spool */
    uint64_t sent;
    uint64_t rejected;
    uint64_t refused;
    uint64_t dropped;
    uint64_t damaged; /* whose file in the spool was damaged or gone */
    uint64_t in_flight;
    uint64_t is_mistaken; /* 1: as of struct output_type; not a number of records */
};

#endif
