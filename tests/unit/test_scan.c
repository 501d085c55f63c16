/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "parsers/scan.h"

enum { LENGTH_MAX = 150 };

/* What the contract says, byte by byte. */
static const char *scan_plainly(const char *p, const char *end, uint64_t *io_high)
{
    while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\') {
        *io_high |= (unsigned char)*p >= 0x80;
        p++;
    }
    return p;
}

static void assert_same(scan_kernel_fn *scan, struct slice text)
{
    const char *end = text.data + text.len;
    uint64_t high = 0;
    uint64_t expected_high = 0;
    const char *expected = scan_plainly(text.data, end, &expected_high);
    assert_ptr_equal(scan(text.data, end, &high), expected);
    assert_int_equal(high != 0, expected_high != 0);
}

static const char *scan_in_line(const char *p, const char *end, uint64_t *io_high)
{
    return scan_string(p, end, io_high);
}

/* One byte of every value at every place of texts of every length, with a byte >= 0x80 at another. */
static void try_kernel(scan_kernel_fn *scan)
{
    char plain[LENGTH_MAX];
    memset(plain, 'a', sizeof(plain));
    struct slice room = driver_guarded(slice_make(plain, sizeof(plain)));
    char *end = (char *)(uintptr_t)room.data + room.len;
    for (size_t len = 0; len <= LENGTH_MAX; len++) {
        struct slice text = slice_make(end - len, len);
        assert_same(scan, text);
        for (size_t i = 0; i < len; i++) {
            for (int byte = 0; byte < 256; byte += i % 16 == 3 ? 1 : 17) {
                end[-1 - (ptrdiff_t)i] = (char)byte;
                assert_same(scan, text);
            }
            end[-1 - (ptrdiff_t)i] = '"';
            char *other = end - len + (i * 7) % len;
            char kept = *other;
            *other = '\xc3';
            assert_same(scan, text);
            *other = kept;
            end[-1 - (ptrdiff_t)i] = 'a';
        }
    }
}

static void every_kernel_finds_what_a_loop_finds(void **state)
{
    (void)state;
    size_t tried = 0;
    for (const struct scan_kernel *kernel = scan_kernels; kernel->name != NULL; kernel++) {
        if (kernel->is_supported()) {
            try_kernel(kernel->scan);
            tried++;
        }
    }
    assert_in_range(tried, 3, 10);
}

static void the_scan_in_line_finds_what_a_loop_finds(void **state)
{
    (void)state;
    try_kernel(scan_in_line);
    try_kernel(scan_string_long);
}

/* Neighbours of the special bytes, where a borrow or a signed compare would go wrong. */
static void random_bytes_are_scanned_alike_by_all(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0x00, 0x01, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B,
                                          0x5C, 0x5D, 0x7F, 0x80, 0x9F, 0xA0, 0xA2, 0xDC, 0xFF};
    uint32_t random = 1;
    char text[64];
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            random = random * 1664525u + 1013904223u;
            bool is_plain = (random >> 20) % 8 != 0;
            text[i] = is_plain ? 'x' : (char)bytes[(random >> 24) % sizeof(bytes)];
        }
        for (const struct scan_kernel *kernel = scan_kernels; kernel->name != NULL; kernel++) {
            if (kernel->is_supported()) {
                assert_same(kernel->scan, slice_make(text, sizeof(text)));
            }
        }
        assert_same(scan_in_line, slice_make(text, sizeof(text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_finds_what_a_loop_finds),
        cmocka_unit_test(the_scan_in_line_finds_what_a_loop_finds),
        cmocka_unit_test(random_bytes_are_scanned_alike_by_all),
    };
    return driver_run("scan", tests, ARRAY_LEN(tests));
}
