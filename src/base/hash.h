/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_HASH_H
#define CLEW_BASE_HASH_H

/*
 * A fast 64-bit hash for tables and fingerprints. Not for secrets; tables that hostile input can
 * fill are bounded in size instead. The value is stable across versions and machines: checkpoints
 * and `log.record.uid` hold it.
 */

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

#endif
