/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* U+007F to U+009F are control characters to some terminals; JSON lets them be written either way. */
static bool needs_escape(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

static bool is_control_pair(const char *text, size_t len)
{
    unsigned char second = len >= 2 ? (unsigned char)text[1] : 0;
    return second >= 0x80 && second < 0xA0 && (unsigned char)text[0] == 0xC2;
}

static bool write_escape(struct buf *out, char c)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = c != '\0' ? strchr(named, c) : NULL;
    if (found != NULL) {
        char escape[2] = {'\\', letters[found - named]};
        return buf_append(out, escape, sizeof(escape));
    }
    char escape[6] = {'\\', 'u', '0', '0', hex_digits[(c >> 4) & 15], hex_digits[c & 15]};
    return buf_append(out, escape, sizeof(escape));
}

bool json_write_string(struct buf *out, struct slice text)
{
    bool fits = buf_append(out, "\"", 1);
    size_t plain = 0;
    for (size_t i = 0; i < text.len && fits; i++) {
        bool is_pair = is_control_pair(text.data + i, text.len - i);
        if (is_pair || needs_escape(text.data[i])) {
            fits = buf_append(out, text.data + plain, i - plain) &&
                   write_escape(out, text.data[i + is_pair]);
            i += is_pair;
            plain = i + 1;
        }
    }
    return fits && buf_append_slice(out, slice_skip(text, plain)) && buf_append(out, "\"", 1);
}

bool json_write_int64(struct buf *out, int64_t number)
{
    return buf_append_format(out, "\"%" PRId64 "\"", number);
}

bool json_write_uint64(struct buf *out, uint64_t number)
{
    return buf_append_format(out, "\"%" PRIu64 "\"", number);
}

/*
 * Every decimal of up to DBL_DIG digits survives the way through a double and back, so if the
 * shortest one has no more digits than that, %.15g finds it. Subnormal doubles hold fewer.
 */
static void format_shortest(double number, char text[32])
{
    int digits = fabs(number) < DBL_MIN ? 1 : DBL_DIG;
    for (; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, 32, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            return;
        }
    }
}

bool json_write_double(struct buf *out, double number)
{
    if (isnan(number)) {
        return buf_append_string(out, "\"NaN\"");
    }
    if (isinf(number)) {
        return buf_append_string(out, number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    }
    if (number == 0.0) {
        /* "-0" would be read as an integer, which has no sign at zero. */
        return buf_append_string(out, signbit(number) ? "-0.0" : "0");
    }
    char text[32] = "";
    format_shortest(number, text);
    return buf_append_string(out, text);
}

static void encode_base64(const unsigned char *in, size_t n, char out[4])
{
    unsigned second = n > 1 ? in[1] : 0;
    unsigned third = n > 2 ? in[2] : 0;
    unsigned bits = (unsigned)in[0] << 16 | second << 8 | third;
    out[0] = base64_digits[bits >> 18];
    out[1] = base64_digits[bits >> 12 & 63];
    out[2] = n > 1 ? base64_digits[bits >> 6 & 63] : '=';
    out[3] = n > 2 ? base64_digits[bits & 63] : '=';
}

bool json_write_base64(struct buf *out, struct slice bytes)
{
    bool fits = buf_append(out, "\"", 1);
    for (size_t i = 0; i < bytes.len && fits; i += 3) {
        char group[4];
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        encode_base64((const unsigned char *)bytes.data + i, n, group);
        fits = buf_append(out, group, sizeof(group));
    }
    return fits && buf_append(out, "\"", 1);
}

bool json_write_hex(struct buf *out, struct slice bytes)
{
    bool fits = buf_append(out, "\"", 1);
    for (size_t i = 0; i < bytes.len && fits; i++) {
        char pair[2] = {hex_digits[(bytes.data[i] >> 4) & 15], hex_digits[bytes.data[i] & 15]};
        fits = buf_append(out, pair, sizeof(pair));
    }
    return fits && buf_append(out, "\"", 1);
}
