/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_ENDPOINT_H
#define CLEW_OUTPUTS_ENDPOINT_H

/*
 * What is likely wrong with an endpoint that takes nothing, judged by its URL alone: the port of
 * another protocol, a path that is no receiver's, the path of another signal.
 */

#include <stdbool.h>

/* Does its path end as one for logs does, in /v1/logs? */
bool endpoint_is_for_logs(const char *url);

/* Has it the port that OTLP over gRPC has by custom? */
bool endpoint_is_of_grpc(const char *url);

/* What to write instead, as a clause that begins in lower case, for the caller to free. `url` goes into
 * it: it must hold no secret, and neither user nor query. */
char *endpoint_advise(const char *url);

#endif
