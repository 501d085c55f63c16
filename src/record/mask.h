/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_MASK_H
#define CLEW_RECORD_MASK_H

/*
 * A log line that may be shown to people who were not meant to read the log: for the samples of reports
 * and whatever of a record clew's own log quotes.
 *
 * Whatever the detector of secrets (record/secret.h) finds, of any kind, becomes `[redacted]`.
 */

#include "base/slice.h"

/*
 * Write at most `out_max` bytes of `line`, masked, to `out`: always valid UTF-8 without control
 * characters, `…` at its end where it was cut. Returns the bytes written; no NUL.
 */
size_t mask_secrets(struct slice line, char *out, size_t out_max);

/* The same, secrets included: for those who asked for it. */
size_t mask_nothing(struct slice line, char *out, size_t out_max);

#endif
