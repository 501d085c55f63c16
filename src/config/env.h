/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_ENV_H
#define CLEW_CONFIG_ENV_H

/*
 * The OTEL_* variables, as the OpenTelemetry specification has them ("OpenTelemetry Protocol
 * Exporter", "SDK environment variables"): OTEL_EXPORTER_OTLP_LOGS_X goes before
 * OTEL_EXPORTER_OTLP_X, an empty variable is one that is not set, and one that cannot be understood
 * is warned about and left aside.
 */

#include "config/tree.h"

/* Add what the environment says to `fallbacks` (a map): `resource`, `service`, and `outputs`, which
 * is one section. */
void env_read(struct tree *tree, struct node *fallbacks, char *const *environ, struct diag *diag);

#endif
