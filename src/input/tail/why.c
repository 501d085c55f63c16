/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/why.h"

#include <string.h>
#include "base/landlock.h"
#include "record/counters.h"

const char *why_not_opened(const char *path, int error, bool is_sandboxed,
                           struct counters *counters)
{
    if (is_sandboxed && landlock_hides(path, error)) {
        counters_add(counters, C_SANDBOX_HIDDEN, 1);
        return "the sandbox hides it, because it did not exist at the start; restart clew";
    }
    return strerror(error);
}
