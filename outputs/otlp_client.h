/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_OTLP_CLIENT_H
#define CLEW_OUTPUTS_OTLP_CLIENT_H

#include "base/http_client.h"
#include "record/settings.h"

/* A client for requests of OTLP with protobuf bodies, as an output's settings say. NULL on failure (wrong
 * URL, unreadable certificate, …), with *out_error a sentence that the caller frees. `settings` must
 * outlive the client. */
struct http_client *otlp_client_new(const struct output_settings *settings, struct ev_loop *loop,
                                    char **out_error);

#endif
