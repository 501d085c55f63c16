/* SPDX-License-Identifier: Apache-2.0 */
#include "record/multiline_names.h"

#include <stddef.h>

const char *const multiline_builtin_names[] = {"java",   "python", "go",  "ruby", "dotnet",
                                               "node",   "php",    "rust", NULL};
