/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <endian.h>
#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static uint64_t load8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* RFC 3629 section 4: only the second byte of a sequence has bounds of its own. */
static size_t length_of_lead(unsigned char lead, unsigned char second)
{
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    if (lead < 0xE0) {
        return is_continuation(second) ? 2 : 0;
    }
    if (lead < 0xF0) {
        unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
        unsigned char high = lead == 0xED ? 0x9F : 0xBF;
        return second >= low && second <= high ? 3 : 0;
    }
    unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high ? 4 : 0;
}

size_t utf8_sequence_len(const char *data, size_t len)
{
    const unsigned char *s = (const unsigned char *)data;
    if (len == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    size_t need = len > 1 ? length_of_lead(s[0], s[1]) : 0;
    if (need == 0 || need > len) {
        return 0;
    }
    for (size_t i = 2; i < need; i++) {
        if (!is_continuation(s[i])) {
            return 0;
        }
    }
    return need;
}

/* How many of the first eight bytes are ASCII, by the high bits of all, of which one is set. */
static size_t count_ascii(uint64_t high)
{
    return (size_t)__builtin_ctzll(le64toh(high)) / 8;
}

/* 32 bytes at a time while they are ASCII, which log text nearly always is, then eight. What is left
 * then ends with eight bytes of which some were seen. */
static size_t skip_ascii(const char *data, size_t len)
{
    size_t i = 0;
    for (; len - i >= 32; i += 32) {
        const char *p = data + i;
        if (((load8(p) | load8(p + 8) | load8(p + 16) | load8(p + 24)) & HIGH_BITS) != 0) {
            break;
        }
    }
    for (; len - i >= 8; i += 8) {
        uint64_t high = load8(data + i) & HIGH_BITS;
        if (high != 0) {
            return i + count_ascii(high);
        }
    }
    if (i < len && len >= 8) {
        uint64_t seen = len - 8;
        uint64_t high = le64toh(load8(data + seen) & HIGH_BITS) >> 8 * (i - seen);
        return high != 0 ? i + count_ascii(htole64(high)) : len;
    }
    while (i < len && (unsigned char)data[i] < 0x80) {
        i++;
    }
    return i;
}

bool utf8_is_ascii(const char *data, size_t len)
{
    return skip_ascii(data, len) == len;
}

bool utf8_is_valid(const char *data, size_t len)
{
    size_t i = skip_ascii(data, len);
    while (i < len) {
        size_t n = utf8_sequence_len(data + i, len - i);
        if (n == 0) {
            return false;
        }
        i += n;
        if (i < len && (unsigned char)data[i] < 0x80) {
            i += skip_ascii(data + i, len - i);
        }
    }
    return true;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}
