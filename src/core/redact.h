/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_REDACT_H
#define CLEW_CORE_REDACT_H

/*
 * A log line that may be shown to people who were not meant to read the log: for the samples of
 * reports.
 *
 * What looks like a secret is replaced by `[redacted]`: values behind names such as password,
 * token, api_key, authorization and cookie, bearer and basic credentials, JSON web tokens, keys of
 * well-known clouds, the user part of URLs, numbers of payment cards. It is a net, not a proof.
 */

#include "base/slice.h"

/*
 * Write at most `out_max` bytes of `line`, redacted, to `out`: always valid UTF-8 without control
 * characters, `…` at its end where it was cut. Returns the bytes written; no NUL.
 */
size_t redact(struct slice line, char *out, size_t out_max);

/* The same, secrets included: for those who asked for it. */
size_t redact_nothing(struct slice line, char *out, size_t out_max);

#endif
