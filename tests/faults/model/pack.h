/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_PACK_H
#define CLEW_TESTS_PACK_H

#include "base/buf.h"
#include "base/slice.h"

/* Append the bytes as a program for this format (enum format) packs them. Of those that clew cannot
 * read there is only what they begin with, and nonsense. */
void pack(unsigned format, struct slice bytes, struct buf *out);

const char *pack_extension(unsigned format); /* ".gz" */

#endif
