/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "same_record.h"

/* Lines of loggers, each with the values that its fields are seen to have: `%` takes the next of
 * them. What the names tell is the same in all of one template, what the values tell is not. */
struct template {
    const char *text;
    const char *values[8];
};

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"

static const struct template templates[] = {
    /* levels */
    {"{\"level\":%,\"msg\":\"m\"}",
     {"\"info\"", "\"WARN\"", "\" warn \"", "\"loud\"", "30", "null", "\"\"", "{\"a\":1}"}},
    {"{\"level\":%,\"levelname\":\"ERROR\",\"msg\":\"m\"}",
     {"\"info\"", "\"\"", "\"verbose\"", "20", "true", "\"CRITICAL\"", "\"crit\"", "\"40\""}},
    {"{\"severity_number\":%,\"level\":\"info\",\"msg\":\"m\"}",
     {"17", "0", "99", "\"SEVERITY_NUMBER_WARN2\"", "\"x\"", "null"}},
    {"{\"level_name\":\"INFO\",\"level\":%,\"channel\":\"c\",\"message\":\"m\"}",
     {"200", "\"debug\"", "400", "\"9\""}},
    {"{\"@l\":\"%\",\"@t\":\"2026-05-11T00:00:00Z\",\"@m\":\"m\"}", {"Verbose", "verbose", "Error"}},
    {"level=% msg=m", {"info", "ERROR", "\"\"", "30", "\"warn\"", "x"}},
    /* times */
    {"{\"time\":%,\"msg\":\"m\"}",
     {"\"2026-05-11T00:00:01.5Z\"", "\"2026-05-11 00:00:01\"", "\"[2026-05-11T00:00:01Z]\"",
      "1778465000123", "1778465000.25", "\"soon\"", "null", "{\"seconds\":1}"}},
    {"{\"ts\":%,\"time\":\"2026-05-11T01:02:03Z\",\"msg\":\"m\"}",
     {"1778465000.25", "\"\"", "\"10:11:12\"", "0", "-1", "\"1778465000\"", "true"}},
    {"{\"time_unix_nano\":%,\"msg\":\"m\"}", {"1778465000123456789", "\"1778465000123456789\"", "\"x\""}},
    {"{\"timestamp\":%,\"nanos\":5,\"msg\":\"m\"}", {"1778465000", "{\"seconds\":1778465000,\"nanos\":5}"}},
    {"time=% level=info", {"2026-05-11T00:00:01.000000001Z", "1778465000", "now", "\"May 11 10:11:12\""}},
    /* services and loggers */
    {"{\"service.name\":%,\"logger\":\"l\",\"msg\":\"m\"}",
     {"\"shop\"", "\" shop \"", "\"\"", "\"unknown_service:java\"", "7", "\"-\"", "\"none\"", "{}"}},
    {"{\"service\":%,\"name\":\"n\",\"msg\":\"m\"}",
     {"\"shop\"", "{\"name\":\"inner\"}", "\"${SERVICE}\"", "null"}},
    {"{\"name\":\"%\",\"v\":0,\"pid\":1,\"msg\":\"m\"}", {"app", ""}},
    {"{\"name\":\"app\",\"v\":%,\"pid\":1,\"msg\":\"m\"}", {"0", "\"1\""}},
    {"{\"host\":\"%\",\"short_message\":\"m\",\"version\":\"1.1\"}", {"h", "-"}},
    {"{\"service.namespace\":\"%\",\"service.name\":\"s\",\"msg\":\"m\"}", {"n", "-", ""}},
    {"{\"logger_name\":%,\"msg\":\"m\"}", {"\"a.b.C\"", "\"\"", "1", "null"}},
    /* messages */
    {"{\"message\":%,\"msg\":\"second\",\"level\":\"info\"}",
     {"\"first\"", "\"\"", "7", "null", "{\"message\":\"inner\"}", "\"\\ud800\"", "\"a\\nb\""}},
    {"{\"text\":\"t\",\"record\":%,\"level\":\"info\"}", {"{\"message\":\"inner\"}", "1", "{}"}},
    {"{\"text\":\"%\"}", {"t", ""}},
    {"{\"event\":\"%\",\"level\":\"info\"}", {"trace_id=" TRACE " span_id=" SPAN, "e", "\xc3\xbc"}},
    /* ids */
    {"{\"trace_id\":\"%\",\"span_id\":\"" SPAN "\",\"trace_flags\":\"01\",\"msg\":\"m\"}",
     {TRACE, "0", "00000000000000000000000000000000", "0AF7651916CD43DD8448EB211C80319C", "", "x"}},
    {"{\"trace_id\":\"" TRACE "\",\"span_id\":%,\"msg\":\"m\"}",
     {"\"" SPAN "\"", "null", "\"0\"", "12", "[]"}},
    {"{\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN "\",\"trace_flags\":%,\"msg\":\"m\"}",
     {"\"00\"", "\"01\"", "1", "true", "\"x\"", "null"}},
    {"{\"otelTraceID\":\"%\",\"otelSpanID\":\"" SPAN "\",\"otelTraceSampled\":true,\"message\":\"m\"}",
     {TRACE, "0", ""}},
    {"{\"trace_id\":\"" TRACE "\",\"otelSpanID\":\"%\",\"msg\":\"m\"}", {SPAN, "0"}},
    {"{\"trace_id\":\"%\",\"traceId\":\"" TRACE "\",\"span_id\":\"" SPAN "\"}", {TRACE, "0"}},
    {"{\"trace_id\":\"%\",\"span_id\":\"" SPAN "\",\"dd\":{\"trace_id\":\"5\",\"span_id\":\"6\"}}",
     {TRACE, "0"}},
    {"{\"traceparent\":\"%\",\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN "\"}",
     {"00-" TRACE "-" SPAN "-01", "x"}},
    {"trace_id=% span_id=" SPAN " msg=\"a b\"", {TRACE, "0", "\"" TRACE "\""}},
    {"{\"request_id\":\"%\",\"msg\":\"m\"}", {"r", ""}},
    /* attributes */
    {"{\"a\":%,\"msg\":\"m\"}",
     {"1", "-1.5e300", "true", "null", "\"text\"", "[1,\"b\",{\"c\":2}]", "{\"d\":{}}",
      "18446744073709551616"}},
    {"{\"log.file.path\":\"%\",\"log.iostream\":1,\"msg\":\"m\"}", {"/x", ""}},
    {"{\"a name that has more bytes than a head\":\"%\",\"b\":1}", {"v", "\xff", "\xc3\xbc"}},
    {"{\"a\":\"%\",\"b\":\"x\"}",
     {"sixty-four bytes of text and then as many again, which is a hundred",
      "one hundred and twenty bytes of text, which is as much as one byte of length has room for "
      "together with the key, it is.",
      "one hundred and twenty-eight bytes and more of text, so that no single byte can tell how long "
      "the attribute is, nor how long its value is, whatever the key",
      "", "x"}},
    {"a=% b=\"x y\"", {"1", "\"\"", "\"q\\\"q\"", "x,y", "\xc3\xbc", "\xff"}},
    {"plain text with % in it", {"nothing", "trace_id=" TRACE " span_id=" SPAN, "level=info"}},
};

static size_t value_count(const struct template *template)
{
    size_t count = 0;
    while (count < ARRAY_LEN(template->values) && template->values[count] != NULL) {
        count++;
    }
    return count;
}

static struct slice make_line(const struct template *template, size_t value, struct buf *out)
{
    const char *mark = strchr(template->text, '%');
    out->len = 0;
    buf_append_slice(out, slice_make(template->text, (size_t)(mark - template->text)));
    buf_append_string(out, template->values[value % value_count(template)]);
    buf_append_string(out, mark + 1);
    return buf_slice(out);
}

/* Each value behind each other one of its template, so that the first seen decides nothing. */
static void a_shape_tells_nothing_of_values(void **state)
{
    (void)state;
    struct buf line = {.limit = 4096};
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        size_t count = value_count(&templates[i]);
        for (size_t first = 0; first < count; first++) {
            struct two_chains chains;
            two_chains_init(&chains);
            for (size_t n = 0; n < 2 * count; n++) {
                struct slice text = make_line(&templates[i], first + n, &line);
                if (!two_chains_agree(&chains, text)) {
                    fail_msg("not the same with what lines before it taught: %.*s", (int)text.len,
                             text.data);
                }
            }
            two_chains_fini(&chains);
        }
    }
    buf_fini(&line);
}

/* All templates among each other, in an order that is the same each time. */
static void shapes_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct two_chains chains;
    struct buf line = {.limit = 4096};
    uint32_t draw = 1;
    two_chains_init(&chains);
    for (int n = 0; n < 40000; n++) {
        draw = draw * 1664525 + 1013904223;
        struct slice text =
            make_line(&templates[(draw >> 16) % ARRAY_LEN(templates)], draw >> 8, &line);
        assert_true(two_chains_agree(&chains, text));
    }
    assert_true(chains.shaped > 20000); /* or nothing was compared */
    two_chains_fini(&chains);
    buf_fini(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shape_tells_nothing_of_values),
        cmocka_unit_test(shapes_do_not_disturb_each_other),
    };
    return driver_run("same_record", tests, ARRAY_LEN(tests));
}
