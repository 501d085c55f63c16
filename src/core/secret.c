/* SPDX-License-Identifier: Apache-2.0 */
#include "core/secret.h"

#include <stdint.h>
#include <string.h>
#include "base/mem.h"

static const char *const names[SECRETS] = {
    [SECRET_CARD] = "card",
    [SECRET_EMAIL] = "email",
    [SECRET_TOKEN] = "token",
    [SECRET_IPV4] = "ipv4",
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

/* How long the card is that begins at `at`, where a word begins; 0: none. */
static size_t card_len(struct slice text, size_t at)
{
    uint8_t digits[CARD_DIGITS_MAX];
    size_t count = 0;
    size_t i = at;
    while (i < text.len && (is_digit(text.data[i]) || (count > 0 && i + 1 < text.len &&
                                                       is_card_byte(text.data[i]) &&
                                                       is_digit(text.data[i + 1])))) {
        if (is_digit(text.data[i])) {
            if (count == CARD_DIGITS_MAX) {
                return 0;
            }
            digits[count++] = (uint8_t)(text.data[i] - '0');
        }
        i++;
    }
    bool ends = i == text.len || !is_alnum(text.data[i]);
    return ends && count >= CARD_DIGITS_MIN && is_network(digits, count) &&
                   has_check_digit(digits, count)
               ? i - at
               : 0;
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
        bool begins = is_digit(text.data[at]) &&
                      (at == 0 || (!is_alnum(text.data[at - 1]) && text.data[at - 1] != '.'));
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

static bool search_email(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    for (size_t i = from; i < text.len; i++) {
        const char *at = memchr(text.data + i, '@', text.len - i);
        if (at == NULL) {
            return false;
        }
        i = (size_t)(at - text.data);
        size_t begin = i;
        while (begin > from && is_local_byte(text.data[begin - 1])) {
            begin--;
        }
        size_t len = begin < i ? domain_len(slice_skip(text, i + 1)) : 0;
        if (len > 0) {
            *out_at = begin;
            *out_len = i + 1 + len - begin;
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
        {SLICE("ghp_"), 36},  {SLICE("gho_"), 36},        {SLICE("ghu_"), 36},
        {SLICE("ghs_"), 36},  {SLICE("github_pat_"), 40}, {SLICE("glpat-"), 20},
        {SLICE("xoxb-"), 20}, {SLICE("xoxp-"), 20},       {SLICE("xoxa-"), 20},
        {SLICE("AKIA"), 20},  {SLICE("ASIA"), 20},        {SLICE("AIza"), 35},
        {SLICE("ya29."), 30}, {SLICE("sk_live_"), 20},    {SLICE("rk_live_"), 20},
        {SLICE("sk-"), 32},   {SLICE("npm_"), 36},        {SLICE("dop_v1_"), 40},
        {SLICE("hvs."), 24},  {SLICE("SG."), 40},
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (word.len >= keys[i].min && slice_has_prefix(word, keys[i].prefix)) {
            return true;
        }
    }
    return false;
}

/* Three parts of base64url, the first a JSON object, which begins with `{"`. */
static bool is_json_web_token(struct slice word)
{
    size_t dots = 0;
    for (size_t i = 0; i < word.len; i++) {
        dots += word.data[i] == '.';
    }
    return word.len >= 24 && dots >= 2 && slice_has_prefix(word, SLICE("eyJ"));
}

/* `Bearer …`, `Basic …`: the credential behind the word, if it looks like one. */
static bool find_credential(struct slice rest, size_t *out_at, size_t *out_len)
{
    static const struct slice schemes[] = {SLICE("bearer "), SLICE("basic ")};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        struct slice head = slice_make(rest.data, rest.len < schemes[i].len ? rest.len
                                                                            : schemes[i].len);
        size_t len = slice_is_equal_nocase(head, schemes[i])
                         ? token_len(slice_skip(rest, schemes[i].len))
                         : 0;
        if (len >= 8) {
            *out_at = schemes[i].len;
            *out_len = len;
            return true;
        }
    }
    return false;
}

/* `://user:password@`: what stands between. */
static bool find_userinfo(struct slice rest, size_t *out_at, size_t *out_len)
{
    if (!slice_has_prefix(rest, SLICE("://"))) {
        return false;
    }
    bool has_colon = false;
    for (size_t i = 3; i < rest.len; i++) {
        char c = rest.data[i];
        if (c == '@') {
            *out_at = 3;
            *out_len = i - 3;
            return has_colon && i > 3;
        }
        if (c == '/' || c == ' ' || c == '"' || c == '?' || c == '#') {
            return false;
        }
        has_colon = has_colon || c == ':';
    }
    return false;
}

static bool find_token_at(struct slice rest, size_t *out_at, size_t *out_len)
{
    if (is_service_key(rest) && is_service_key(slice_make(rest.data, token_len(rest)))) {
        *out_at = 0;
        *out_len = token_len(rest);
        return true;
    }
    return find_credential(rest, out_at, out_len);
}

/* A word is looked at once for being a JSON web token: what begins inside one that is none has
 * still fewer dots. */
static bool search_token(struct slice text, size_t from, size_t *out_at, size_t *out_len)
{
    size_t dull_to = from;
    for (size_t i = from; i < text.len; i++) {
        size_t at = 0;
        bool begins = is_letter(text.data[i]) && (i == 0 || !is_alnum(text.data[i - 1]));
        struct slice rest = slice_skip(text, i);
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
                   : text.data[i] == ':' && find_userinfo(rest, &at, out_len)) {
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
        bool begins = is_digit(text.data[i]) &&
                      (i == 0 || (!is_alnum(text.data[i - 1]) && text.data[i - 1] != '.'));
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
    case SECRETS:
        break;
    }
    return false;
}
