/* SPDX-License-Identifier: Apache-2.0 */
#include "record/stream_set.h"

static const char digits_of[] = "0123456789abcdef";

void stream_set_add(struct stream_set *set, uint64_t hash)
{
    uint64_t bit = hash % (STREAM_SET_WORDS * 64);
    set->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

void stream_set_add_all(struct stream_set *set, const struct stream_set *more)
{
    for (int i = 0; i < STREAM_SET_WORDS; i++) {
        set->words[i] |= more->words[i];
    }
}

bool stream_sets_meet(const struct stream_set *a, const struct stream_set *b)
{
    uint64_t common = 0;
    for (int i = 0; i < STREAM_SET_WORDS; i++) {
        common |= a->words[i] & b->words[i];
    }
    return common != 0;
}

void stream_set_write(const struct stream_set *set, char out[STREAM_SET_DIGITS + 1])
{
    for (int i = 0; i < STREAM_SET_DIGITS; i++) {
        out[i] = digits_of[set->words[i / 16] >> i % 16 * 4 & 15];
    }
    out[STREAM_SET_DIGITS] = '\0';
}

bool stream_set_read(struct slice digits, struct stream_set *out)
{
    struct stream_set set = {{0}};
    if (digits.len != STREAM_SET_DIGITS) {
        return false;
    }
    for (int i = 0; i < STREAM_SET_DIGITS; i++) {
        char c = digits.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
        uint64_t value = (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        set.words[i / 16] |= value << i % 16 * 4;
    }
    *out = set;
    return true;
}
