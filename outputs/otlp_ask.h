/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_OTLP_ASK_H
#define CLEW_OUTPUTS_OTLP_ASK_H

/* ask() and ask_end() of the otlp_http output: outputs/output.h has their contract. */

#include "outputs/output.h"

struct output_question *otlp_ask(const struct output_settings *settings, struct ev_loop *loop,
                                 output_asked_fn *asked, void *context, char **out_error);
void otlp_ask_end(struct output_question *question);

#endif
