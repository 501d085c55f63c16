/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "parsers/number.h"

static uint64_t bits_of(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    return bits;
}

static struct number parse(struct slice text)
{
    return number_parse(driver_guarded(text));
}

static void what_neither_int64_nor_a_double_holds_is_text(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        enum number_kind kind;
        int64_t value;
    } cases[] = {
        {SLICE("0"), NUMBER_INT, 0},
        {SLICE("-1"), NUMBER_INT, -1},
        {SLICE("9007199254740993"), NUMBER_INT, INT64_C(9007199254740993)},
        {SLICE("999999999999999999"), NUMBER_INT, INT64_C(999999999999999999)},
        {SLICE("1000000000000000000"), NUMBER_INT, INT64_C(1000000000000000000)},
        {SLICE("9223372036854775807"), NUMBER_INT, INT64_MAX},
        {SLICE("-9223372036854775807"), NUMBER_INT, -INT64_MAX},
        {SLICE("-9223372036854775808"), NUMBER_INT, INT64_MIN},
        {SLICE("9223372036854775808"), NUMBER_TEXT, 0},
        {SLICE("-9223372036854775809"), NUMBER_TEXT, 0},
        {SLICE("9999999999999999999"), NUMBER_TEXT, 0},
        {SLICE("18446744073709551615"), NUMBER_TEXT, 0},
        {SLICE("18446744073709551616"), NUMBER_TEXT, 0},
        {SLICE("100000000000000000000"), NUMBER_TEXT, 0},
        {SLICE("1e999"), NUMBER_TEXT, 0},
        {SLICE("-1.8e308"), NUMBER_TEXT, 0},
        {SLICE("1e99999999999999999999999"), NUMBER_TEXT, 0},
        {SLICE("123e-10000000"), NUMBER_TEXT, 0},
        {SLICE("-1e-99999999999999999999999"), NUMBER_TEXT, 0},
        {SLICE("1e-400"), NUMBER_TEXT, 0},
        {SLICE("2e-324"), NUMBER_TEXT, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct number number = parse(cases[i].text);
        assert_int_equal(number.kind, cases[i].kind);
        assert_int_equal(number.len, cases[i].text.len);
        assert_int_equal(number.i, cases[i].value);
    }
}

static void only_the_grammar_of_json_is_a_number(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        size_t len; /* 0: none */
    } cases[] = {
        {SLICE(""), 0},      {SLICE("-"), 0},    {SLICE("+1"), 0},   {SLICE(".5"), 0},
        {SLICE("5."), 0},    {SLICE("5.e1"), 0}, {SLICE("1e"), 0},   {SLICE("1e+"), 0},
        {SLICE("-e1"), 0},   {SLICE("NaN"), 0},  {SLICE("inf"), 0},  {SLICE("-.1"), 0},
        {SLICE("01"), 1},    {SLICE("-01"), 2},  {SLICE("0x1"), 1},  {SLICE("1.5.6"), 3},
        {SLICE("1e5e"), 3},  {SLICE("1 2"), 1},  {SLICE("0.0"), 3},  {SLICE("0e0"), 3},
        {SLICE("1E+05"), 5}, {SLICE("1-2"), 1},  {SLICE("12,"), 2},  {SLICE("0}"), 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct number number = parse(cases[i].text);
        assert_int_equal(number.len, cases[i].len);
        assert_int_equal(number.kind == NUMBER_NONE, cases[i].len == 0);
    }
}

static void assert_like_strtod(const char *text)
{
    struct number number = number_parse(slice_from_string(text));
    double expected = strtod(text, NULL);
    bool is_small = expected == 0.0 && strcspn(text, "123456789") < strcspn(text, "eE");
    if (isinf(expected) || is_small) {
        assert_int_equal(number.kind, NUMBER_TEXT);
        return;
    }
    if (number.kind != NUMBER_DOUBLE || bits_of(number.d) != bits_of(expected)) {
        print_error("%s: kind %d, %.17g instead of %.17g\n", text, number.kind, number.d, expected);
        fail();
    }
}

static void hard_doubles_are_bit_exact(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "-0", "-0.0", "0.0", "0e5", "-0e-400", "1e308", "1.7976931348623157e308",
        "1.7976931348623158e308", "1.7976931348623159e308", "5e-324", "2.5e-324", "2e-324",
        "4.9406564584124654e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
        "1626175065.5934923", "0.1", "0.2", "0.30000000000000004", "1e22", "1e23", "9e22",
        "9007199254740993.0", "9007199254740992.5", "9007199254740993e0", "9007199254740991e1",
        "18446744073709551615e0", "18446744073709551615e19", "1e-19", "18446744073709551615e-19",
        "9999999999999999999e-19", "123456789012345678901234567890e-10", "1e-400", "1e400",
        "8.5e-5", "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017"
        "977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273"
        "854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704"
        "342711559699508093042880e0",
        "0.0000000000000000000000000000000000000000000000000000000000001e61",
        "100000000000000000000000000000000000000000000000000000000000000e-62",
        "6.02214076e23", "1.602176634e-19", "0.00012300", "1234567.0",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_like_strtod(cases[i]);
    }
}

/* The 768th digit may decide, the ten thousandth by being there. */
static void thousands_of_digits_are_read_to_the_last(void **state)
{
    (void)state;
    enum { ZEROS = 10000 };
    static char text[ZEROS + 64];
    int len = sprintf(text, "1.00000000000000011102230246251565404236316680908203125");
    memset(text + len, '0', ZEROS);
    strcpy(text + len + ZEROS, "1e0");
    assert_like_strtod(text);
    text[len + ZEROS] = '0';
    assert_like_strtod(text);
    memset(text, '9', ZEROS);
    strcpy(text + ZEROS, "e-10000");
    assert_like_strtod(text);
    memset(text, '0', ZEROS);
    memcpy(text, "0.", 2);
    strcpy(text + ZEROS, "123e9998");
    assert_like_strtod(text);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void random_doubles_come_back_bit_exact(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&random);
        double value;
        memcpy(&value, &bits, sizeof(value));
        char text[64];
        snprintf(text, sizeof(text), "%.*e", i % 20, value);
        if (isfinite(value)) {
            assert_like_strtod(text);
        }
        /* of the size that logs have: 17, and the fewest digits that are enough */
        value = ldexp((double)(bits >> 11), (int)(bits % 80) - 70);
        snprintf(text, sizeof(text), "%.17e", value);
        assert_like_strtod(text);
        for (int digits = 1; digits < 18; digits++) {
            snprintf(text, sizeof(text), "%.*e", digits - 1, value);
            if (strtod(text, NULL) == value) {
                break;
            }
        }
        assert_like_strtod(text);
        snprintf(text, sizeof(text), "%llu.%llu", (unsigned long long)(bits >> 40),
                 (unsigned long long)(bits % 100000000));
        assert_like_strtod(text);
    }
}

static void the_locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    for (size_t i = 0; i < ARRAY_LEN(locales) && setlocale(LC_ALL, locales[i]) == NULL; i++) {
    }
    struct number number = number_parse(SLICE("123456789.12345678901234567890e-30"));
    setlocale(LC_ALL, "C");
    assert_true(bits_of(number.d) == bits_of(strtod("123456789.12345678901234567890e-30", NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_neither_int64_nor_a_double_holds_is_text),
        cmocka_unit_test(only_the_grammar_of_json_is_a_number),
        cmocka_unit_test(hard_doubles_are_bit_exact),
        cmocka_unit_test(thousands_of_digits_are_read_to_the_last),
        cmocka_unit_test(random_doubles_come_back_bit_exact),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    return driver_run("number", tests, ARRAY_LEN(tests));
}
