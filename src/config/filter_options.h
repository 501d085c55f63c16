/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_FILTER_OPTIONS_H
#define CLEW_CONFIG_FILTER_OPTIONS_H

#include "base/diag.h"
#include "config/option.h"
#include "record/filter_settings.h"

/* What one item of a list of filters may hold, a row without name at the end. The struct is struct
 * filter_settings, with check_filter() as its check_section and has_place set. */
extern const struct option filter_options[];

/* Once a list has been read: names for items without one (`drop`, `drop_2`, …), and no two of one
 * name. `path` is the list's, for messages. */
void settle_filters(struct filter_settings *items, size_t count, const char *path,
                    struct diag *diag);

#endif
