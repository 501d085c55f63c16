/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_AUDIT_H
#define CLEW_CORE_AUDIT_H

/*
 * The audit: how many records of each service carry trace context, and why the others do not.
 *
 * Counted before the filters and before shipping, so that clew can prove that it stripped nothing
 * itself. docs/coverage.md defines each number. Bounded: at most audit.groups_max groups, the rest
 * in one overflow group.
 */

#include <stdio.h>
#include "core/record.h"
#include "core/settings.h"

struct audit;

struct audit *audit_new(const struct audit_settings *settings);
void audit_free(struct audit *audit);

/* Count one record, right after the resolve stage. */
void audit_count(struct audit *audit, const struct record *record);

#endif
