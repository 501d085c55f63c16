/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_SECRET_H
#define CLEW_CORE_SECRET_H

/*
 * Secrets that are known by their shape, found without a pattern.
 *
 *     card    12 to 19 digits, with single blanks or dashes between, that begin and are as long as the
 *             numbers of a payment network are and have the right check digit (ISO/IEC 7812, Luhn)
 *     email   a local part, @, and a domain with a dot in it
 *     token   JSON web tokens; keys with the prefixes of well-known services; what follows `Bearer`
 *             and `Basic`; what stands before the @ of a URL
 *     ipv4    four numbers up to 255 with dots between
 *
 * Digits inside a longer word (an id, a hash) are no card.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/slice.h"

enum secret {
    SECRET_CARD,
    SECRET_EMAIL,
    SECRET_TOKEN,
    SECRET_IPV4,
    SECRETS,
};

/* The one of that name; SECRETS: none. */
enum secret secret_find_name(const char *name);

/* The first one in `text` from byte `from` on: its place. False: there is none. */
bool secret_search(enum secret secret, struct slice text, size_t from, size_t *out_at,
                   size_t *out_len);

#endif
