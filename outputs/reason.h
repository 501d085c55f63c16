/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_REASON_H
#define CLEW_OUTPUTS_REASON_H

/* Why an address does not take a request, in words for the log and for `clew check --connect`. */

#include <stdbool.h>
#include "base/http_client.h"
#include "outputs/response.h"

enum { REASON_BYTES = 1536 };

/* Of an answer that is no success. `response` is what it means, NULL without one; `url` as of
 * http_client_url(). */
void reason_write(const struct http_answer *answer, const struct response *response,
                  const char *url, char out[REASON_BYTES]);

/* The same of an address that refuses also what has nothing of a log in it. */
void reason_write_refusal(long status, const struct response *response, const char *url,
                          char out[REASON_BYTES]);

#endif
