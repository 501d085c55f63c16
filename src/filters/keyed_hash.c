/* SPDX-License-Identifier: Apache-2.0 */
#include "filters/keyed_hash.h"

#include <endian.h>

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void mix(struct state *s, unsigned rounds)
{
    uint64_t *v = s->v;
    for (; rounds > 0; rounds--) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void take(struct state *s, uint64_t word)
{
    s->v[3] ^= word;
    mix(s, 2);
    s->v[0] ^= word;
}

uint64_t keyed_hash(const struct hash_key *key, struct slice text)
{
    struct state s = {{
        key->words[0] ^ UINT64_C(0x736f6d6570736575),
        key->words[1] ^ UINT64_C(0x646f72616e646f6d),
        key->words[0] ^ UINT64_C(0x6c7967656e657261),
        key->words[1] ^ UINT64_C(0x7465646279746573),
    }};
    uint64_t last = (uint64_t)text.len << 56;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, sizeof(word));
        take(&s, le64toh(word));
    }
    for (unsigned shift = 0; i < text.len; i++, shift += 8) {
        last |= (uint64_t)(unsigned char)text.data[i] << shift;
    }
    take(&s, last);
    s.v[2] ^= 0xff;
    mix(&s, 4);
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

struct hash_key hash_key_make(struct slice salt)
{
    const struct hash_key first = {{1, 2}};
    const struct hash_key second = {{3, 4}};
    return (struct hash_key){{keyed_hash(&first, salt), keyed_hash(&second, salt)}};
}
