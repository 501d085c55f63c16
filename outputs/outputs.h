/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OUTPUTS_OUTPUTS_H
#define CLEW_OUTPUTS_OUTPUTS_H

#include "core/output.h"

/* OTLP/HTTP with protobuf bodies. */
extern const struct output_type output_otlp_http;

#endif
