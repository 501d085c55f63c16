/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "otlp/read.h"
#include "outputs/response.h"

#define PROTOBUF "application/x-protobuf"
#define JSON     "application/json"
#define TEXT     "text/plain; charset=utf-8"

struct test_case {
    long status;
    const char *content_type;
    struct slice body;
    enum response_verdict verdict;
    uint64_t rejected;
    const char *message;
};

#define BODY(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const struct test_case cases[] = {
    /* success, and partial success */
    {200, PROTOBUF, BODY(""), RESPONSE_ACCEPTED, 0, ""},
    {200, NULL, BODY(""), RESPONSE_ACCEPTED, 0, ""},
    {204, NULL, BODY(""), RESPONSE_ACCEPTED, 0, ""},
    {202, TEXT, BODY("ok"), RESPONSE_ACCEPTED, 0, ""},
    {200, PROTOBUF, BODY("\x0a\x00"), RESPONSE_ACCEPTED, 0, ""},
    {200, PROTOBUF, BODY("\x0a\x02\x08\x07"), RESPONSE_ACCEPTED, 7, ""},
    {200, PROTOBUF, BODY("\x0a\x0c\x08\xac\x02\x12\x07too old"), RESPONSE_ACCEPTED, 300, "too old"},
    {200, PROTOBUF, BODY("\x0a\x04\x12\x02hi"), RESPONSE_ACCEPTED, 0, "hi"},
    {200, PROTOBUF, BODY("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), RESPONSE_ACCEPTED,
     0, ""},
    /* fields of a later version are skipped */
    {200, PROTOBUF, BODY("\x10\x05\x0a\x0e\x08\x02\x1d\x01\x02\x03\x04\x21\x01\x02\x03\x04\x05"),
     RESPONSE_RETRY, 0, "its answer is damaged"},
    {200, PROTOBUF, BODY("\x10\x05\x0a\x07\x1d\x01\x02\x03\x04\x08\x02"), RESPONSE_ACCEPTED, 2, ""},
    {200, JSON, BODY("{}"), RESPONSE_ACCEPTED, 0, ""},
    {200, JSON "; charset=utf-8",
     BODY("{\"partialSuccess\":{\"rejectedLogRecords\":\"3\",\"errorMessage\":\"old\"}}"),
     RESPONSE_ACCEPTED, 3, "old"},
    {200, JSON, BODY("{\"partialSuccess\":{\"rejectedLogRecords\":4}}"), RESPONSE_ACCEPTED, 4, ""},
    {200, JSON, BODY("{\"partialSuccess\":{\"rejectedLogRecords\":-4}}"), RESPONSE_ACCEPTED, 0, ""},
    {200, JSON, BODY("{\"code\":200,\"message\":\"fine\"}"), RESPONSE_ACCEPTED, 0, ""},
    {200, JSON, BODY("[1]"), RESPONSE_ACCEPTED, 0, ""},
    {200, JSON, BODY("{\"partialSuccess\":"), RESPONSE_ACCEPTED, 0, ""},
    /* not an answer of OTLP */
    {200, "text/html; charset=utf-8", BODY("<html>"), RESPONSE_HOLD, 0, ""},
    {200, TEXT, BODY("\r\n <!DOCTYPE HTML>"), RESPONSE_HOLD, 0, ""},
    {200, NULL, BODY("<html lang=en>"), RESPONSE_HOLD, 0, ""},
    {200, "application/xhtml+xml", BODY("<?xml?>"), RESPONSE_HOLD, 0, ""},
    {200, TEXT, BODY("<htm"), RESPONSE_ACCEPTED, 0, ""},
    {200, PROTOBUF, BODY("\xff\xff"), RESPONSE_RETRY, 0, "its answer is damaged"},
    {200, PROTOBUF, BODY("\x0a\x7f"), RESPONSE_RETRY, 0, "its answer is damaged"},
    {200, "Application/X-Protobuf", BODY("garbage"), RESPONSE_RETRY, 0, "its answer is damaged"},
    {301, NULL, BODY(""), RESPONSE_HOLD, 0, ""},
    {308, TEXT, BODY("moved"), RESPONSE_HOLD, 0, "moved"},
    /* retry: these four and no others */
    {429, PROTOBUF, BODY("\x08\x08\x12\x04slow"), RESPONSE_RETRY, 0, "slow"},
    {502, "text/html", BODY("<html>bad gateway"), RESPONSE_RETRY, 0, ""},
    {503, JSON, BODY("{\"code\":14,\"message\":\"later\"}"), RESPONSE_RETRY, 0, "later"},
    {504, NULL, BODY(""), RESPONSE_RETRY, 0, ""},
    {502, "text/html", BODY("<html><head><title> 502 Bad Gateway</title>"), RESPONSE_RETRY, 0,
     "502 Bad Gateway"},
    {503, TEXT, BODY("<!doctype html><TITLE>Down"), RESPONSE_RETRY, 0, ""},
    {500, TEXT, BODY("broken\r\n"), RESPONSE_REFUSED, 0, "broken"},
    {501, NULL, BODY(""), RESPONSE_REFUSED, 0, ""},
    {402, NULL, BODY(""), RESPONSE_REFUSED, 0, ""},
    {422, JSON, BODY("no JSON"), RESPONSE_REFUSED, 0, ""},
    /* a smaller piece may do */
    {400, PROTOBUF,
     BODY("\x12\x03"
          "bad"),
     RESPONSE_TOO_MUCH, 0, "bad"},
    {400, PROTOBUF, BODY("\x12\x7f"), RESPONSE_TOO_MUCH, 0, ""},
    {413, NULL, BODY(""), RESPONSE_TOO_MUCH, 0, ""},
    /* mistakes of an operator */
    {401, JSON, BODY("{\"message\":\"who?\"}"), RESPONSE_HOLD, 0, "who?"},
    {403, NULL, BODY(""), RESPONSE_HOLD, 0, ""},
    {404, TEXT, BODY("404 page not found\n"), RESPONSE_HOLD, 0, "404 page not found"},
    {405, NULL, BODY(""), RESPONSE_HOLD, 0, ""},
    {407, NULL, BODY(""), RESPONSE_HOLD, 0, ""},
    {415, TEXT, BODY("unsupported"), RESPONSE_HOLD, 0, "unsupported"},
};

static void every_answer_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct test_case *c = &cases[i];
        struct response response;
        response_judge(c->status, slice_from_string(c->content_type), driver_guarded(c->body),
                       false, &response);
        if (response.verdict != c->verdict || response.rejected != c->rejected) {
            print_error("case %zu: status %ld, verdict %d, rejected %d\n", i, c->status,
                        (int)response.verdict, (int)response.rejected);
        }
        assert_int_equal(response.verdict, c->verdict);
        assert_int_equal(response.rejected, c->rejected);
        assert_string_equal(response.message, c->message);
        assert_int_equal(response.advice != NULL, c->verdict == RESPONSE_HOLD);
    }
}

static void an_answer_cut_at_any_length_is_no_damage(void **state)
{
    (void)state;
    struct slice body = SLICE("\x0a\x0c\x08\xac\x02\x12\x07too old");
    for (size_t len = 0; len <= body.len; len++) {
        struct response response;
        response_judge(200, SLICE(PROTOBUF), driver_guarded(slice_make(body.data, len)), true,
                       &response);
        assert_int_equal(response.verdict, RESPONSE_ACCEPTED);
        assert_true(response.rejected == 0 || response.rejected == 300);
    }
}

static void a_long_message_is_cut(void **state)
{
    (void)state;
    char *text = mem_alloc(5000);
    memset(text, 'x', 5000);
    struct response response;
    response_judge(500, SLICE(TEXT), slice_make(text, 5000), false, &response);
    assert_int_equal(strlen(response.message), RESPONSE_MESSAGE_BYTES - 1);
    free(text);
}

static void random_answers_are_read_without_harm(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 3000; round++) {
        char body[48];
        for (size_t i = 0; i < sizeof(body); i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            body[i] = (char)((seed >> 40) % (round % 2 != 0 ? 256 : 24));
        }
        struct response response;
        /* Copied to the end of the buffer, so that the sanitizers see a read behind it. */
        size_t len = (size_t)round % sizeof(body);
        response_judge(200, SLICE(PROTOBUF), slice_make(body + sizeof(body) - len, len), false,
                       &response);
        response_judge(400, SLICE(PROTOBUF), slice_make(body + sizeof(body) - len, len), false,
                       &response);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_its_verdict),
        cmocka_unit_test(an_answer_cut_at_any_length_is_no_damage),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(random_answers_are_read_without_harm),
    };
    return driver_run("responses", tests, ARRAY_LEN(tests));
}
