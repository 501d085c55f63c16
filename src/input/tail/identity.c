/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/identity.h"

#include <sys/sysmacros.h>
#include "base/hash.h"

int identity_fingerprint(const struct world *world, int file, uint32_t len, uint64_t *out_hash,
                         uint32_t *out_len)
{
    char bytes[FINGERPRINT_BYTES];
    ssize_t n = world_read(world, file, bytes, len < sizeof(bytes) ? len : sizeof(bytes), 0);
    if (n < 0) {
        return (int)n;
    }
    *out_hash = hash_bytes(bytes, (size_t)n, 0);
    *out_len = (uint32_t)n;
    return 0;
}

bool identity_matches_content(const struct world *world, const struct file_id *id, int file)
{
    uint64_t hash;
    uint32_t len;
    if (id->fingerprint_len == 0) {
        return true;
    }
    return identity_fingerprint(world, file, id->fingerprint_len, &hash, &len) == 0 &&
           len == id->fingerprint_len && hash == id->fingerprint;
}

bool identity_is_same_inode(const struct file_id *id, const struct file_stat *info)
{
    return id->device == info->device && id->inode == info->inode &&
           (id->born_ns == 0 || info->born_ns == 0 || id->born_ns == info->born_ns);
}

bool identity_is_other_layer(const struct file_id *id, const struct file_id *before)
{
    if (id->device != before->device) {
        return true;
    }
    return major(id->device) == 0 && id->inode == before->inode && id->born_ns != before->born_ns;
}
