/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_ECOSYSTEM_H
#define CLEW_AUDIT_ECOSYSTEM_H

/* Which language's loggers wrote a few lines: told by the names and shapes that they alone use, so
 * that a hint can name the fix that fits. */

#include "base/slice.h"

enum ecosystem {
    ECOSYSTEM_UNKNOWN,
    ECOSYSTEM_PYTHON,
    ECOSYSTEM_NODE,
    ECOSYSTEM_GO,
    ECOSYSTEM_JAVA,
    ECOSYSTEM_DOTNET,
    ECOSYSTEM_RUBY,
    ECOSYSTEM_PHP,
    ECOSYSTEM_RUST,
    ECOSYSTEMS,
};

/* "Python", "Node.js", …; "" for unknown. */
const char *ecosystem_name(enum ecosystem ecosystem);

/* The one that most signs speak for. `lines` may hold NULLs. */
enum ecosystem ecosystem_of_lines(const char *const *lines, size_t count);

#endif
