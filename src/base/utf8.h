/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_UTF8_H
#define CLEW_BASE_UTF8_H

/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_is_ascii(const char *data, size_t len);
bool utf8_is_valid(const char *data, size_t len);

/* How many bytes the valid sequence at `data` takes (1 to 4); 0 if none begins there. */
size_t utf8_sequence_len(const char *data, size_t len);

/* Write code point `c` (a scalar value) to `out`; the bytes written, 1 to 4. */
size_t utf8_encode(uint32_t c, char out[4]);

#endif
