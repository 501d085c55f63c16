/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_KUBERNETES_OPTIONS_H
#define CLEW_CONFIG_KUBERNETES_OPTIONS_H

/* The options of the section `kubernetes`; a part of the table in config/options.c. */

#include "config/option.h"

extern const struct option options_kubernetes[];

#endif
