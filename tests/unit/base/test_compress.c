/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include "base/compress.h"

/* Read back with the libraries' own decoders; gzip with zlib, which did not write it. */
static void assert_expands(enum compression compression, struct slice in, struct slice expected)
{
    char *out = mem_alloc(expected.len + 1);
    size_t len = 0;
    if (compression == COMPRESSION_GZIP) {
        z_stream stream = {.avail_in = (uInt)in.len, .avail_out = (uInt)expected.len + 1};
        stream.next_in = (z_const Bytef *)(uintptr_t)in.data;
        stream.next_out = (Bytef *)out;
        assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.avail_in, 0);
        len = stream.total_out;
        inflateEnd(&stream);
    } else if (compression == COMPRESSION_ZSTD) {
        len = ZSTD_decompress(out, expected.len + 1, in.data, in.len);
    } else {
        len = in.len;
        memcpy(out, in.data, in.len);
    }
    assert_int_equal(len, expected.len);
    assert_memory_equal(out, expected.data, expected.len);
    free(out);
}

static char *make_text(size_t len, bool is_random)
{
    char *text = mem_alloc(len + 1);
    uint64_t seed = 3;
    for (size_t i = 0; i < len; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        text[i] = is_random ? (char)(seed >> 56) : "level=info msg=x "[i % 17];
    }
    return text;
}

static void what_was_compressed_can_be_read_back(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 5, 1000, 300000, 10};
    for (enum compression c = COMPRESSION_NONE; c <= COMPRESSION_ZSTD; c++) {
        struct compressor *compressor = compressor_new(c);
        struct buf out = {.limit = 1 << 20};
        /* One compressor and one buffer for all of them, as an output does it. */
        for (size_t i = 0; i < 2 * ARRAY_LEN(lens); i++) {
            size_t len = lens[i / 2];
            char *text = make_text(len, i % 2 != 0);
            struct slice in = driver_guarded(slice_make(text, len));
            assert_true(compressor_run(compressor, in, &out) || len == 0);
            assert_true(out.len <= compress_bound(c, len));
            if (len > 0) {
                assert_expands(c, driver_guarded(buf_slice(&out)), in);
            }
            free(text);
        }
        buf_fini(&out);
        compressor_free(compressor);
    }
}

static void logs_become_smaller(void **state)
{
    (void)state;
    for (enum compression c = COMPRESSION_GZIP; c <= COMPRESSION_ZSTD; c++) {
        struct compressor *compressor = compressor_new(c);
        struct buf out = {.limit = 1 << 20};
        char *text = make_text(100000, false);
        assert_true(compressor_run(compressor, slice_make(text, 100000), &out));
        assert_true(out.len < 5000);
        free(text);
        buf_fini(&out);
        compressor_free(compressor);
    }
}

static void a_limit_that_is_too_small_gives_nothing(void **state)
{
    (void)state;
    char *text = make_text(1000, true);
    for (enum compression c = COMPRESSION_NONE; c <= COMPRESSION_ZSTD; c++) {
        struct compressor *compressor = compressor_new(c);
        for (size_t limit = 0; limit < 1000; limit += 37) {
            struct buf out = {.limit = limit};
            assert_false(compressor_run(compressor, slice_make(text, 1000), &out));
            assert_int_equal(out.len, 0);
            buf_fini(&out);
        }
        compressor_free(compressor);
    }
    free(text);
}

static void each_has_its_name_in_http(void **state)
{
    (void)state;
    assert_null(compression_encoding(COMPRESSION_NONE));
    assert_string_equal(compression_encoding(COMPRESSION_GZIP), "gzip");
    assert_string_equal(compression_encoding(COMPRESSION_ZSTD), "zstd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_compressed_can_be_read_back),
        cmocka_unit_test(logs_become_smaller),
        cmocka_unit_test(a_limit_that_is_too_small_gives_nothing),
        cmocka_unit_test(each_has_its_name_in_http),
    };
    return driver_run("compression", tests, ARRAY_LEN(tests));
}
