/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_UNITS_H
#define CLEW_CONFIG_UNITS_H

/*
 * Numbers with units, as people write them. Each parser takes the whole text or nothing: false
 * leaves the result as it was. Fractions are exact where the unit makes them whole (`1.5KiB`).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Plain decimal digits. */
bool units_parse_count(const char *text, uint64_t *out_count);

/* `1048576`, `64KiB`, `10MB`, `1.5 GiB`: B, KB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024.
 */
bool units_parse_size(const char *text, uint64_t *out_bytes);

/* `200ms`, `5s`, `1m`, `2h`, `1m30s`; a bare `0` needs no unit, any other number does. */
bool units_parse_duration(const char *text, uint64_t *out_ms);

/* `50%`, `0.5`. */
bool units_parse_ratio(const char *text, double *out_ratio);

/* The shortest form that reads back as the same. */
enum { UNITS_TEXT_MAX = 32 };
void units_print_size(uint64_t bytes, char text[UNITS_TEXT_MAX]);
void units_print_duration(uint64_t ms, char text[UNITS_TEXT_MAX]);
void units_print_ratio(double ratio, char text[UNITS_TEXT_MAX]);

#endif
