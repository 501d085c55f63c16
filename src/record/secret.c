/* SPDX-License-Identifier: Apache-2.0 */
#include "record/secret.h"

#include <stdint.h>
#include <string.h>
#include "base/mem.h"
#include "record/credential.h"

/*
 * Every search is one walk and no table of what was seen, so a text costs by its length, whatever is in
 * it. Texts are those of a log: a value, or a whole line whose quotes and line ends are still escaped.
 *
 * To add a kind: its row below and in secret.h, its search, its line in docs/filters.md. To add a key of
 * a service: its row in is_service_key(). A test asks for a line of each in every report.
 */

static const char *const names[SECRETS + 1] = {
    [SECRET_CARD] = "card",
    [SECRET_EMAIL] = "email",
    [SECRET_TOKEN] = "token",
    [SECRET_IPV4] = "ipv4",
    [SECRET_CREDENTIAL] = "credential",
};

enum secret secret_find_name(const char *name)
{
    enum secret secret = 0;
    while (secret < SECRETS && strcmp(names[secret], name) != 0) {
        secret++;
    }
    return secret;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_letter(c);
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Whether what stands in front of byte `i` is one character that was written with letters or digits:
 * `\n`, `\u003d`, `%20`, or the end of a colour's sequence. */
static bool is_behind_escape(struct slice text, size_t i)
{
    const char *end = text.data + i;
    if (i >= 2 && end[-2] == '\\' && strchr("bfnrt", end[-1]) != NULL) {
        return true;
    }
    if (i >= 3 && end[-3] == '%' && is_hex(end[-2]) && is_hex(end[-1])) {
        return true;
    }
    if (i >= 6 && end[-6] == '\\' && end[-5] == 'u') {
        return is_hex(end[-4]) && is_hex(end[-3]) && is_hex(end[-2]) && is_hex(end[-1]);
    }
    size_t n = i - 1;
    while (end[-1] == 'm' && n > 0 && n + 16 > i && (is_digit(text.data[n - 1]) || text.data[n - 1] == ';')) {
        n--;
    }
    return end[-1] == 'm' && n > 0 && text.data[n - 1] == '[';
}

static bool begins_word(struct slice text, size_t i)
{
    return i == 0 || !is_alnum(text.data[i - 1]) || is_behind_escape(text, i);
}

/* ---- cards ---- */

enum {
    CARD_DIGITS_MIN = 12,
    CARD_DIGITS_MAX = 19,
};

static bool is_card_byte(char c)
{
    return is_digit(c) || c == ' ' || c == '-';
}

static bool has_check_digit(const uint8_t *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digits[count - 1 - i];
        digit = i % 2 == 1 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

/* The ranges in use: what begins a number, and how long it may be. Times and counters, most of which
 * begin with 1, are in none of them. */
static bool is_network(const uint8_t *digits, size_t count)
{
    static const struct {
        unsigned from, to; /* of the first four digits */
        size_t min, max;
    } ranges[] = {
        {4000, 4999, 13, 19}, /* Visa */
        {5100, 5599, 16, 16}, /* Mastercard */
        {2221, 2720, 16, 16},
        {3400, 3499, 15, 15}, /* American Express */
        {3700, 3799, 15, 15},
        {3000, 3059, 14, 19}, /* Diners Club */
        {3600, 3699, 14, 19},
        {3800, 3999, 14, 19},
        {3528, 3589, 16, 19}, /* JCB */
        {6011, 6011, 16, 19}, /* Discover */
        {6440, 6599, 16, 19},
        {6200, 6299, 16, 19}, /* UnionPay */
        {5018, 5018, 12, 19}, /* Maestro */
        {5020, 5038, 12, 19},
        {6304, 6304, 12, 19},
        {6759, 6763, 12, 19},
    };
    unsigned first = digits[0] * 1000U + digits[1] * 100U + digits[2] * 10U + digits[3];
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (first >= ranges[i].from && first <= ranges[i].to && count >= ranges[i].min &&
            count <= ranges[i].max) {
            return true;
        }
    }
    return false;
}

/* How digits are grouped where more of them follow behind a blank: a date, an amount. */
struct groups {
    size_t count;
    size_t len[CARD_DIGITS_MAX];
};

/* All in one, or as they are embossed: 4-4-4-4 and longer, 4-6-4, 4-6-5. */
static bool is_card_grouping(const struct groups *groups)
{
    const size_t *len = groups->len;
    bool is_usual = groups->count == 3 && len[0] == 4 && len[1] == 6 && (len[2] == 4 || len[2] == 5);
    bool is_by_four = groups->count > 1 && len[groups->count - 1] <= 4;
    for (size_t i = 0; i + 1 < groups->count; i++) {
        is_by_four = is_by_four && len[i] == 4;
    }
    return groups->count == 1 || is_usual || is_by_four;
}

static bool is_card(const uint8_t *digits, size_t count)
{
    return count >= CARD_DIGITS_MIN && is_network(digits, count) && has_check_digit(digits, count);
}

/* How long the card is that begins at `at`, where a word begins; 0: none. The longest that there is, of
 * whole groups. */
static size_t card_len(struct slice text, size_t at)
{
    uint8_t digits[CARD_DIGITS_MAX];
    size_t count = 0;
    struct groups groups = {0};
    size_t found = 0;
    size_t i = at;
    while (i < text.len && is_digit(text.data[i])) {
        size_t begin = count;
        for (; i < text.len && is_digit(text.data[i]); i++) {
            if (count == CARD_DIGITS_MAX) {
                return found;
            }
            digits[count++] = (uint8_t)(text.data[i] - '0');
        }
        groups.len[groups.count++] = count - begin;
        bool ends = i == text.len || !is_alnum(text.data[i]);
        bool goes_on = i + 1 < text.len && is_card_byte(text.data[i]) && is_digit(text.data[i + 1]);
        if (ends && (!goes_on || is_card_grouping(&groups)) && is_card(digits, count)) {
            found = i - at;
        }
        i += goes_on;
    }
    return found;
}

/* No card lies across a byte that is part of none, so a look at every twelfth finds them all. */
static bool search_card(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    size_t at = from;
    while (at + CARD_DIGITS_MIN <= text.len) {
        size_t step = CARD_DIGITS_MIN;
        while (step > 0 && is_card_byte(text.data[at + step - 1])) {
            step--;
        }
        if (step > 0) {
            at += step;
            continue;
        }
        bool begins = is_digit(text.data[at]) && begins_word(text, at) &&
                      (at == 0 || text.data[at - 1] != '.');
        size_t len = begins ? card_len(text, at) : 0;
        if (len > 0) {
            *out_at = at;
            *out_len = len;
            return true;
        }
        at++;
    }
    return false;
}

/* ---- addresses ---- */

static bool is_local_byte(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("._%+-", c) != NULL);
}

static bool is_domain_byte(char c)
{
    return is_alnum(c) || c == '.' || c == '-';
}

/* The bytes behind the @ that are its domain: with a dot inside, and no digit behind the last. */
static size_t domain_len(struct slice rest)
{
    size_t len = 0;
    size_t dot = 0;
    while (len < rest.len && is_domain_byte(rest.data[len])) {
        dot = rest.data[len] == '.' && len > 0 && len + 1 < rest.len &&
                      is_domain_byte(rest.data[len + 1]) && rest.data[len + 1] != '.'
                  ? len
                  : dot;
        len++;
    }
    while (len > 0 && (rest.data[len - 1] == '.' || rest.data[len - 1] == '-')) {
        len--;
    }
    return dot > 0 && dot + 2 < len && !is_digit(rest.data[dot + 1]) ? len : 0;
}

/* The next `@`, or `%40` as a URL writes it, from `from` on; false: none. */
static bool find_at(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    const char *at = memchr(text.data + from, '@', text.len - from);
    size_t end = at != NULL ? (size_t)(at - text.data) : text.len;
    const char *percent = text.data + from;
    while ((percent = memchr(percent, '%', (size_t)(text.data + end - percent))) != NULL) {
        size_t i = (size_t)(percent - text.data);
        if (i + 2 < end && percent[1] == '4' && percent[2] == '0') {
            *out_at = i;
            *out_len = 3;
            return true;
        }
        percent++;
    }
    *out_at = end;
    *out_len = 1;
    return at != NULL;
}

static bool search_email(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    size_t at;
    size_t at_len;
    for (size_t i = from; i < text.len && find_at(text, i, &at, &at_len); i = at + at_len) {
        size_t begin = at;
        while (begin > i && is_local_byte(text.data[begin - 1]) &&
               (begin == at || !is_behind_escape(text, begin))) {
            begin--;
        }
        size_t len = begin < at ? domain_len(slice_skip(text, at + at_len)) : 0;
        if (len > 0) {
            *out_at = begin;
            *out_len = at + at_len + len - begin;
            return true;
        }
    }
    return false;
}

/* ---- tokens ---- */

static bool is_token_byte(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '+' || c == '/' || c == '=' ||
           c == '~';
}

static size_t token_len(struct slice text)
{
    size_t len = 0;
    while (len < text.len && is_token_byte(text.data[len])) {
        len++;
    }
    return len;
}

/* What keys of well-known services begin with, and how long they are at least. */
static bool is_service_key(struct slice word)
{
    static const struct {
        struct slice prefix;
        size_t min;
    } keys[] = {
        {SLICE("ghp_"), 36},     {SLICE("gho_"), 36},        {SLICE("ghu_"), 36},
        {SLICE("ghs_"), 36},     {SLICE("ghr_"), 36},        {SLICE("github_pat_"), 40},
        {SLICE("glpat-"), 20},   {SLICE("gldt-"), 20},       {SLICE("glrt-"), 20},
        {SLICE("glptt-"), 20},   {SLICE("xoxb-"), 20},       {SLICE("xoxp-"), 20},
        {SLICE("xoxa-"), 20},    {SLICE("xoxs-"), 20},       {SLICE("xoxr-"), 20},
        {SLICE("xapp-"), 20},    {SLICE("AKIA"), 20},        {SLICE("ASIA"), 20},
        {SLICE("AIza"), 35},     {SLICE("ya29."), 30},       {SLICE("GOCSPX-"), 28},
        {SLICE("sk_live_"), 20}, {SLICE("rk_live_"), 20},    {SLICE("whsec_"), 32},
        {SLICE("sk-"), 32},      {SLICE("npm_"), 36},        {SLICE("pypi-"), 40},
        {SLICE("dop_v1_"), 40},  {SLICE("hvs."), 24},        {SLICE("SG."), 40},
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (word.len >= keys[i].min && word.data[0] == keys[i].prefix.data[0] &&
            slice_has_prefix(word, keys[i].prefix)) {
            return true;
        }
    }
    return false;
}

/* What a key above, a JSON web token, a scheme, a user of a URL or a block of PEM begins with. */
static const bool token_starts[256] = {
    ['g'] = true, ['x'] = true, ['A'] = true, ['y'] = true, ['G'] = true, ['s'] = true, ['r'] = true,
    ['w'] = true, ['n'] = true, ['p'] = true, ['d'] = true, ['h'] = true, ['S'] = true, ['e'] = true,
    ['b'] = true, ['B'] = true, [':'] = true, ['-'] = true,
};

/* Three parts of base64url, the first a JSON object, which begins with `{"`. */
static bool is_json_web_token(struct slice word)
{
    size_t dots = 0;
    for (size_t i = 0; i < word.len; i++) {
        dots += word.data[i] == '.';
    }
    return word.len >= 24 && dots >= 2 && slice_has_prefix(word, SLICE("eyJ"));
}

static size_t count_blanks(struct slice s)
{
    size_t n = 0;
    while (n < s.len && (s.data[n] == ' ' || s.data[n] == '\t')) {
        n++;
    }
    return n;
}

/* `Bearer …`, `Basic …`: the credential behind the word, if it looks like one. */
static bool find_scheme(struct slice rest, size_t *out_at, size_t *out_len)
{
    static const struct slice schemes[] = {SLICE("bearer"), SLICE("basic")};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t name_len = schemes[i].len;
        if (rest.len <= name_len ||
            !slice_is_equal_nocase(slice_make(rest.data, name_len), schemes[i])) {
            continue;
        }
        struct slice behind = slice_skip(rest, name_len);
        size_t blanks = count_blanks(behind);
        blanks = blanks == 0 && slice_has_prefix(behind, SLICE("%20")) ? 3 : blanks;
        size_t len = blanks > 0 ? token_len(slice_skip(behind, blanks)) : 0;
        if (len >= 8) {
            *out_at = name_len + blanks;
            *out_len = len;
            return true;
        }
    }
    return false;
}

/* A slash, and the backslashes that JSON puts in front of it; 0: none. */
static size_t slash_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] == '\\') {
        n++;
    }
    return n < s.len && s.data[n] == '/' ? n + 1 : 0;
}

/* `://user:password@`: what stands between. The last @ in front of the path counts. */
static bool find_userinfo(struct slice rest, size_t *out_at, size_t *out_len)
{
    size_t first = slash_len(slice_skip(rest, 1));
    size_t second = first > 0 ? slash_len(slice_skip(rest, 1 + first)) : 0;
    size_t begin = second > 0 ? 1 + first + second : 0;
    size_t end = 0;
    for (size_t i = begin; begin > 0 && i < rest.len && strchr("/ \t\"'?#\\<>", rest.data[i]) == NULL;
         i++) {
        end = rest.data[i] == '@' ? i : end;
    }
    if (end <= begin) {
        return false;
    }
    *out_at = begin;
    *out_len = end - begin;
    return true;
}

/* A private key in PEM, whose lines may be one by `\n`; to the end of the text where that comes first. */
static bool find_private_key(struct slice rest, size_t *out_at, size_t *out_len)
{
    static const struct slice head = SLICE("-----BEGIN ");
    static const struct slice kind = SLICE("PRIVATE KEY");
    static const struct slice tail = SLICE("-----END ");
    size_t line = rest.len < 64 ? rest.len : 64;
    if (!slice_has_prefix(rest, head) || memmem(rest.data, line, kind.data, kind.len) == NULL) {
        return false;
    }
    const char *end = memmem(rest.data, rest.len, tail.data, tail.len);
    const char *dashes = end != NULL ? memmem(end + tail.len, rest.len - (size_t)(end - rest.data) - tail.len,
                                              "-----", 5)
                                     : NULL;
    *out_at = 0;
    *out_len = dashes != NULL ? (size_t)(dashes - rest.data) + 5 : rest.len;
    return true;
}

static bool find_token_at(struct slice rest, size_t *out_at, size_t *out_len)
{
    if (is_service_key(rest) && is_service_key(slice_make(rest.data, token_len(rest)))) {
        *out_at = 0;
        *out_len = token_len(rest);
        return true;
    }
    return find_scheme(rest, out_at, out_len);
}

static bool find_mark_at(struct slice rest, size_t *out_at, size_t *out_len)
{
    return rest.data[0] == ':' ? find_userinfo(rest, out_at, out_len)
                               : find_private_key(rest, out_at, out_len);
}

/* A word is looked at once for being a JSON web token: what begins inside one that is none has
 * still fewer dots. */
static bool search_token(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    size_t dull_to = from;
    for (size_t i = from; i < text.len; i++) {
        if (!token_starts[(unsigned char)text.data[i]]) {
            continue;
        }
        size_t at = 0;
        struct slice rest = slice_skip(text, i);
        bool begins = is_letter(text.data[i]) && begins_word(text, i);
        if (begins && i >= dull_to && slice_has_prefix(rest, SLICE("eyJ"))) {
            struct slice word = slice_make(rest.data, token_len(rest));
            if (is_json_web_token(word)) {
                *out_at = i;
                *out_len = word.len;
                return true;
            }
            dull_to = i + word.len;
        }
        if (begins ? find_token_at(rest, &at, out_len)
                   : !is_letter(text.data[i]) && find_mark_at(rest, &at, out_len)) {
            *out_at = i + at;
            return true;
        }
    }
    return false;
}

/* ---- addresses of machines ---- */

static size_t ipv4_len(struct slice rest)
{
    size_t len = 0;
    for (unsigned part = 0; part < 4; part++) {
        unsigned number = 0;
        size_t digits = 0;
        while (len < rest.len && is_digit(rest.data[len]) && digits < 4) {
            number = number * 10 + (unsigned)(rest.data[len++] - '0');
            digits++;
        }
        if (digits == 0 || digits > 3 || number > 255) {
            return 0;
        }
        if (part < 3 && (len == rest.len || rest.data[len++] != '.')) {
            return 0;
        }
    }
    bool goes_on = len < rest.len && (is_alnum(rest.data[len]) ||
                                      (rest.data[len] == '.' && len + 1 < rest.len &&
                                       is_digit(rest.data[len + 1])));
    return goes_on ? 0 : len;
}

static bool search_ipv4(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    for (size_t i = from; i + 7 <= text.len; i++) {
        bool begins = is_digit(text.data[i]) && begins_word(text, i) &&
                      (i == 0 || text.data[i - 1] != '.');
        size_t len = begins ? ipv4_len(slice_skip(text, i)) : 0;
        if (len > 0) {
            *out_at = i;
            *out_len = len;
            return true;
        }
    }
    return false;
}

bool secret_search(enum secret secret, struct slice text, size_t from, size_t *out_at,
                   size_t *out_len)
{
    switch (secret) {
    case SECRET_CARD:
        return search_card(text, from, out_at, out_len);
    case SECRET_EMAIL:
        return search_email(text, from, out_at, out_len);
    case SECRET_TOKEN:
        return search_token(text, from, out_at, out_len);
    case SECRET_IPV4:
        return search_ipv4(text, from, out_at, out_len);
    case SECRET_CREDENTIAL:
        return credential_search(text, from, out_at, out_len);
    case SECRETS:
        break;
    }
    return false;
}
