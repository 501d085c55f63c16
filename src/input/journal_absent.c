/* SPDX-License-Identifier: Apache-2.0 */
#include "input/input_type.h"

#include "base/mem.h"

/* Where clew is built without libsystemd. */

#define ABSENT                                                                                    \
    "this clew was built without libsystemd: build it where libsystemd-dev is installed"

static void *refuse(const struct input_settings *settings, const struct input_env *env,
                    char **out_error)
{
    (void)env;
    *out_error = mem_format("input %s is of type journal, but " ABSENT, settings->name);
    return NULL;
}

static void ignore(void *feed)
{
    (void)feed;
}

static bool is_at_end(const void *feed)
{
    (void)feed;
    return true;
}

const struct input_type input_type_journal = {
    .name = "journal",
    .absent = ABSENT,
    .open = refuse,
    .resume = ignore,
    .is_at_end = is_at_end,
    .stop = ignore,
    .close = ignore,
};
