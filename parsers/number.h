/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_NUMBER_H
#define CLEW_PARSERS_NUMBER_H

/*
 * Numbers as RFC 8259 writes them, with nothing lost.
 *
 *     integer that fits int64            NUMBER_INT
 *     fraction, exponent, or "-0"        NUMBER_DOUBLE, the nearest double, ties to even
 *     integer beyond int64, fraction
 *     beyond the largest double, or
 *     that the nearest double has as 0   NUMBER_TEXT: only its text tells it
 *
 * Independent of the locale.
 */

#include <stdint.h>
#include "base/slice.h"

enum number_kind {
    NUMBER_NONE, /* no number begins here */
    NUMBER_INT,
    NUMBER_DOUBLE,
    NUMBER_TEXT,
};

/* Fewer digits than this fit int64 whatever they are. */
enum { NUMBER_DIGITS_FAST = 19 };

struct number {
    enum number_kind kind;
    size_t len; /* bytes of the token */
    int64_t i;
    double d;
};

/* The longest number at the start of `text`; what follows it is not judged. */
struct number number_parse(struct slice text);

#endif
