/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_CREDENTIAL_H
#define CLEW_RECORD_CREDENTIAL_H

/* Credentials by the names in front of them: the part of record/secret.h that knows names. */

#include <stdbool.h>
#include <stddef.h>
#include "base/slice.h"

/* Whether this is the name of a credential: whatever has such a word in it, in any case. */
bool credential_is_name(struct slice name);

/* The first value behind such a name in `text`, from byte `from` on, without its quotes. False: none. */
bool credential_search(struct slice text, size_t from, size_t *out_at, size_t *out_len);

#endif
