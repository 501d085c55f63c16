/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_SECRET_H
#define CLEW_RECORD_SECRET_H

/*
 * The one detector of secrets: what `redact` hides by its built-in patterns, and what no sample shows
 * (record/mask.h).
 *
 *     card         12 to 19 digits, with single blanks or dashes between, that begin and are as long
 *                  as the numbers of a payment network are and have the right check digit (ISO/IEC
 *                  7812, Luhn)
 *     email        a local part, @ or %40, and a domain with a dot in it
 *     token        JSON web tokens; keys with the prefixes of well-known services; what follows `Bearer`
 *                  and `Basic`; what stands before the @ of a URL; private keys in PEM
 *     ipv4         four numbers up to 255 with dots between
 *     credential   the value behind a name such as password, secret, token, authorization, cookie:
 *                  `password=…`, `"api_key":"…"`, `<secret>…`, `--token …`
 *
 * Digits inside a longer word (an id, a hash) are no card. It is a net, not a proof.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/slice.h"

enum secret {
    SECRET_CARD,
    SECRET_EMAIL,
    SECRET_TOKEN,
    SECRET_IPV4,
    SECRET_CREDENTIAL,
    SECRETS,
};

/* The one of that name; SECRETS: none. */
enum secret secret_find_name(const char *name);

/* The first one in `text` from byte `from` on: its place. False: there is none. */
bool secret_search(enum secret secret, struct slice text, size_t from, size_t *out_at,
                   size_t *out_len);

#endif
