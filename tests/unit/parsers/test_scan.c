/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "parsers/scan.h"

enum { LENGTH_MAX = 150 };

static bool is_special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static bool ends_value(char c)
{
    return (unsigned char)c <= 0x20 || c == '"' || c == 0x7F;
}

/* What the contract says, byte by byte. */
static void assert_filled(scan_kernel_fn *fill, bool (*is_marked)(char), struct slice text)
{
    struct scan_window window;
    window.high = 0;
    fill(text.data, text.data + text.len, &window);
    bool has_high = false;
    for (size_t i = 0; i < SCAN_WINDOW_BYTES && i / 64 <= text.len / 64; i++) {
        bool bit = window.words[i / 64] >> (i % 64) & 1;
        bool expected = i >= text.len || is_marked(text.data[i]);
        if (bit != expected) {
            print_error("byte %zu of %zu: %d\n", i, text.len, bit);
        }
        assert_int_equal(bit, expected);
        assert_int_equal(scan_from(&window, i) & 1, expected);
        has_high |= i < text.len && (unsigned char)text.data[i] >= 0x80;
    }
    assert_int_equal(window.high != 0, has_high);
}

static void assert_found(struct slice text)
{
    const char *end = text.data + text.len;
    const char *expected = text.data;
    while (expected < end && !is_special(*expected)) {
        expected++;
    }
    assert_ptr_equal(scan_string(text.data, end), expected);
}

static void assert_all(struct slice text)
{
    for (const struct scan_kernel *kernel = scan_kernels; kernel->name != NULL; kernel++) {
        if (kernel->is_supported()) {
            assert_filled(kernel->fill, is_special, text);
            assert_filled(kernel->fill_pairs, ends_value, text);
        }
    }
    assert_filled(scan_fill, is_special, text);
    assert_filled(scan_fill_pairs, ends_value, text);
    assert_found(text);
}

static void every_byte_at_every_place_is_seen_by_all(void **state)
{
    (void)state;
    char plain[LENGTH_MAX];
    memset(plain, 'a', sizeof(plain));
    struct slice room = driver_guarded(slice_make(plain, sizeof(plain)));
    char *end = (char *)(uintptr_t)room.data + room.len;
    for (size_t len = 0; len <= LENGTH_MAX; len++) {
        struct slice text = slice_make(end - len, len);
        assert_all(text);
        for (size_t i = 0; i < len; i += 1 + len / 20) {
            for (int byte = 0; byte < 256; byte += i % 16 == 3 ? 1 : 17) {
                end[-1 - (ptrdiff_t)i] = (char)byte;
                assert_all(text);
            }
            end[-1 - (ptrdiff_t)i] = 'a';
        }
    }
}

/* Neighbours of the special bytes, where a borrow or a signed compare would go wrong. */
static void random_bytes_are_seen_alike_by_all(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0x00, 0x01, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B,
                                          0x5C, 0x5D, 0x7F, 0x80, 0x9F, 0xA0, 0xA2, 0xDC, 0xFF};
    uint32_t random = 1;
    char text[200];
    for (size_t round = 0; round < 5000; round++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            random = random * 1664525u + 1013904223u;
            bool is_plain = (random >> 20) % 8 == 0;
            text[i] = is_plain ? 'x' : (char)bytes[(random >> 24) % sizeof(bytes)];
        }
        assert_all(slice_make(text, round % sizeof(text)));
    }
}

static void a_window_ends_where_it_is_full(void **state)
{
    (void)state;
    char *text = mem_alloc(SCAN_WINDOW_BYTES + 1);
    memset(text, 'x', SCAN_WINDOW_BYTES + 1);
    text[SCAN_WINDOW_BYTES - 1] = '\\';
    assert_all(driver_guarded(slice_make(text, SCAN_WINDOW_BYTES + 1)));
    assert_all(driver_guarded(slice_make(text, SCAN_WINDOW_BYTES)));
    assert_all(driver_guarded(slice_make(text, SCAN_WINDOW_BYTES - 1)));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place_is_seen_by_all),
        cmocka_unit_test(random_bytes_are_seen_alike_by_all),
        cmocka_unit_test(a_window_ends_where_it_is_full),
    };
    return driver_run("scan", tests, ARRAY_LEN(tests));
}
