/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/response.h"

#include <jansson.h>
#include <stdlib.h>
#include "base/mem.h"
#include "otlp/read.h"
#include "record/mask.h"

/* A backend quotes what it does not like of a record: it is shown as a sample is. */
static void set_message(struct response *out, struct slice text)
{
    out->message[mask_secrets(text, out->message, sizeof(out->message) - 1)] = '\0';
}

/* ExportLogsPartialSuccess: 1 rejected_log_records, 2 error_message. */
static bool read_partial_success(struct slice in, struct response *out)
{
    struct wire_field field;
    enum wire_result result;
    while ((result = wire_next(&in, &field)) == WIRE_FIELD) {
        if (field.number == 1 && field.type == WIRE_VARINT) {
            /* An int64: less than nothing cannot have been rejected. */
            out->rejected = field.value > INT64_MAX ? 0 : field.value;
        } else if (field.number == 2 && field.type == WIRE_BYTES) {
            set_message(out, field.bytes);
        }
    }
    return result == WIRE_END;
}

/* ExportLogsServiceResponse: 1 partial_success. */
static bool read_protobuf_success(struct slice in, struct response *out)
{
    struct wire_field field;
    enum wire_result result;
    while ((result = wire_next(&in, &field)) == WIRE_FIELD) {
        if (field.number == 1 && field.type == WIRE_BYTES &&
            !read_partial_success(field.bytes, out)) {
            return false;
        }
    }
    return result == WIRE_END;
}

/* google.rpc.Status: 1 code, 2 message, 3 details. */
static void read_protobuf_status(struct slice in, struct response *out)
{
    struct wire_field field;
    while (wire_next(&in, &field) == WIRE_FIELD) {
        if (field.number == 2 && field.type == WIRE_BYTES) {
            set_message(out, field.bytes);
        }
    }
}

/* Numbers of 64 bits are strings in OTLP/JSON; numbers are taken as well. */
static uint64_t json_count(const json_t *value)
{
    json_int_t n = json_is_string(value) ? strtoll(json_string_value(value), NULL, 10)
                                         : json_integer_value(value);
    return n > 0 ? (uint64_t)n : 0;
}

static void set_json_message(struct response *out, const json_t *value)
{
    if (json_is_string(value)) {
        set_message(out, slice_make(json_string_value(value), json_string_length(value)));
    }
}

/* Some back ends answer with JSON of their own: what is not there is not told. */
static void read_json_success(struct slice body, struct response *out)
{
    json_t *root = json_loadb(body.data, body.len, 0, NULL);
    const json_t *partial = json_object_get(root, "partialSuccess");
    out->rejected = json_count(json_object_get(partial, "rejectedLogRecords"));
    set_json_message(out, json_object_get(partial, "errorMessage"));
    json_decref(root);
}

static void read_json_status(struct slice body, struct response *out)
{
    json_t *root = json_loadb(body.data, body.len, 0, NULL);
    set_json_message(out, json_object_get(root, "message"));
    json_decref(root);
}

static bool is_type(struct slice content_type, struct slice type)
{
    return content_type.len >= type.len &&
           slice_is_equal_nocase(slice_make(content_type.data, type.len), type);
}

/* By its type, or by its first bytes where no type or a plain one is told. */
static bool is_page(struct slice content_type, struct slice body)
{
    static const struct slice heads[] = {{"<!doctype html", 14}, {"<html", 5}};
    while (body.len > 0 && strchr(" \t\r\n", body.data[0]) != NULL) {
        body = slice_skip(body, 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (body.len >= heads[i].len &&
            slice_is_equal_nocase(slice_make(body.data, heads[i].len), heads[i])) {
            return true;
        }
    }
    return is_type(content_type, SLICE("text/html")) ||
           is_type(content_type, SLICE("application/xhtml"));
}

static bool is_protobuf(struct slice content_type)
{
    return is_type(content_type, SLICE("application/x-protobuf")) ||
           is_type(content_type, SLICE("application/protobuf"));
}

static const char hold_page[] =
    "the answer is a web page (HTML) of a proxy or user interface, not of an OTLP backend: check "
    "the endpoint, which is the whole URL and usually ends in /v1/logs";

static void judge_success(struct slice content_type, struct slice body, bool is_cut,
                          struct response *out)
{
    bool is_read = true;
    out->verdict = RESPONSE_ACCEPTED;
    if (is_page(content_type, body)) {
        out->verdict = RESPONSE_HOLD;
        out->advice = hold_page;
        out->is_of_address = true;
    } else if (is_protobuf(content_type)) {
        is_read = read_protobuf_success(body, out);
    } else if (is_type(content_type, SLICE("application/json"))) {
        read_json_success(body, out);
    }
    if (!is_read && !is_cut) {
        out->verdict = RESPONSE_RETRY;
        out->rejected = 0;
        set_message(out, SLICE("its answer is damaged"));
    }
}

/* Servers end a plain text with a line break. */
static struct slice trim_end(struct slice text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL) {
        text.len--;
    }
    return text;
}

/* Of an error that is a web page: what stands in its head is all there is to say. */
static void read_title(struct slice page, struct response *out)
{
    static const struct slice begin = {"<title>", 7};
    while (page.len >= begin.len &&
           !slice_is_equal_nocase(slice_make(page.data, begin.len), begin)) {
        page = slice_skip(page, 1);
    }
    page = slice_skip(page, begin.len);
    const char *end = page.len > 0 ? memchr(page.data, '<', page.len) : NULL;
    if (end != NULL) {
        set_message(out, slice_trim(slice_make(page.data, (size_t)(end - page.data))));
    }
}

static void read_words(struct slice content_type, struct slice body, struct response *out)
{
    if (is_protobuf(content_type)) {
        read_protobuf_status(body, out);
    } else if (is_type(content_type, SLICE("application/json"))) {
        read_json_status(body, out);
    } else if (is_page(content_type, body)) {
        read_title(body, out);
    } else {
        set_message(out, trim_end(body));
    }
}

struct rule {
    long status;
    enum response_verdict verdict;
    const char *advice;
    bool is_of_address;
};

static const struct rule rules[] = {
    {400, RESPONSE_TOO_MUCH, NULL, false},
    {401, RESPONSE_HOLD, "check the output's headers: the credentials must allow writing logs", false},
    {403, RESPONSE_HOLD, "check the output's headers: the credentials must allow writing logs", false},
    {404, RESPONSE_HOLD, "check the path of the endpoint, which usually ends in /v1/logs", true},
    {405, RESPONSE_HOLD, "check the path of the endpoint, which usually ends in /v1/logs", true},
    {407, RESPONSE_HOLD, "the proxy needs a user and a password: set them in the output's proxy", false},
    {413, RESPONSE_TOO_MUCH, NULL, false},
    {415, RESPONSE_HOLD,
     "the backend does not support this compression or protobuf: try compression: gzip or none", false},
    {429, RESPONSE_RETRY, NULL, false},
    {502, RESPONSE_RETRY, NULL, false},
    {503, RESPONSE_RETRY, NULL, false},
    {504, RESPONSE_RETRY, NULL, false},
};

static void judge_failure(long status, struct response *out)
{
    out->verdict = RESPONSE_REFUSED;
    if (status < 400) {
        out->verdict = RESPONSE_HOLD;
        out->advice = "clew does not follow redirects: set the endpoint to the backend's own URL";
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].status == status) {
            out->verdict = rules[i].verdict;
            out->advice = rules[i].advice;
            out->is_of_address = rules[i].is_of_address;
        }
    }
}

void response_judge(long status, struct slice content_type, struct slice body, bool is_cut,
                    struct response *out)
{
    *out = (struct response){0};
    if (status >= 200 && status < 300) {
        judge_success(content_type, body, is_cut, out);
    } else {
        read_words(content_type, body, out);
        judge_failure(status, out);
    }
}

bool response_is_refusal(const struct response *response)
{
    return response->verdict == RESPONSE_TOO_MUCH || response->verdict == RESPONSE_REFUSED;
}
