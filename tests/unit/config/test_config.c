/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "config/check.h"
#include "config/config.h"
#include "config/options.h"

#define INPUT "inputs: [{include: /x}]\n"

static char *no_environ[] = {NULL};

static char *printed(const struct diag *diag)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    diag_print(diag, memory);
    fclose(memory);
    return text;
}

/* The settings of a text that must be good; what is said about it must be `said`. */
static struct settings *load_with(const char *text, char **environ, const char *const *sets,
                                  const char *said)
{
    struct config_sources sources = {.sets = sets, .environ = environ};
    struct diag diag;
    diag_init(&diag);
    struct settings *settings = config_load_text(text, "c.yaml", &sources, &diag);
    char *found = printed(&diag);
    assert_string_equal(found, said);
    free(found);
    diag_fini(&diag);
    return settings;
}

static struct settings *load(const char *text)
{
    struct settings *settings = load_with(text, no_environ, NULL, "");
    assert_non_null(settings);
    return settings;
}

static char *print(const struct settings *settings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    config_print(settings, memory);
    fclose(memory);
    return text;
}

static void the_message_of_a_required_variable_is_shown(void **state)
{
    (void)state;
    assert_null(load_with("data_dir: ${D:?say where state is kept}\n" INPUT, no_environ, NULL,
                          "c.yaml:1:11: error: D: say where state is kept\n"));
}

static void an_empty_config_is_a_config(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "# nothing\n", "---\n",
                                        "{}", "~",           "inputs:\noutputs:\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct settings *settings = load(texts[i]);
        assert_int_equal(settings->output_count, 1);
        assert_string_equal(settings->outputs[0].endpoint, "http://localhost:4318/v1/logs");
        assert_string_equal(settings->outputs[0].name, "otlp_http");
        assert_int_equal(settings->outputs[0].compression, COMPRESSION_GZIP);
        assert_int_equal(settings->outputs[0].timeout_ms, 10000);
        assert_int_equal(settings->outputs[0].batch_bytes, 512 * 1024);
        assert_true(settings->outputs[0].verify);
        assert_true(settings->trace.repair);
        assert_true(settings->audit.min_coverage == 0.5);
        assert_string_equal(settings->control.listen, "127.0.0.1:9464");
        settings_free(settings);
    }
}

static void off_and_on_may_be_what_other_writers_of_yaml_make_of_them(void **state)
{
    (void)state;
    struct settings *s = load("sandbox: false\ntrace: {message_fallback: false}\n"
                              "kubernetes: {source: false}\n" INPUT);
    assert_false(s->sandbox);
    assert_int_equal(s->trace.message_fallback, MESSAGE_FALLBACK_OFF);
    assert_int_equal(s->kubernetes.source, KUBERNETES_OFF);
    settings_free(s);
    s = load("sandbox: true\n" INPUT);
    assert_true(s->sandbox);
    settings_free(s);
    assert_null(load_with("log_level: false\n" INPUT, no_environ, NULL,
                          "c.yaml:1:12: error: `log_level` must be debug, info, warn or error, "
                          "not \"false\"\n"));
}

static void every_kind_of_option_reaches_the_settings(void **state)
{
    (void)state;
    struct settings *s = load(
        "data_dir: /d\nlog_level: warn\nshutdown_timeout: 2m\nmemory_limit: 100MB\n"
        "resource: {deployment.environment.name: prod, n: 7}\nservice: s\n"
        "inputs:\n  - include: [/a, '/b*']\n    exclude: []\n    read_from: end\n"
        "    envelope: docker\n    format: logfmt\n    line_bytes_max: 64KiB\n    inotify: false\n"
        "    long_line: truncate\n  - {name: second, include: /c}\n"
        "outputs:\n  - endpoint: https://c.example\n    headers: {x-a: b}\n    compression: zstd\n"
        "    batch: {bytes: 1MB, age: 1s}\n    tls: {verify: false, ca_file: ca.pem}\n"
        "trace: {dd_decimal: attribute_only, message_fallback: off, keys: {trace_id: [t]}}\n"
        "audit: {min_coverage: 0.9, services: {checkout: 95%}, traced: [a, b]}\n"
        "control: {listen: off}\n");
    assert_string_equal(s->data_dir, "/d");
    assert_string_equal(s->log_level, "warn");
    assert_int_equal(s->shutdown_timeout_ms, 120000);
    assert_int_equal(s->memory_limit, 100000000);
    assert_int_equal(s->resource.count, 2);
    assert_string_equal(s->resource.items[1].value, "7");
    assert_int_equal(s->input_count, 2);
    assert_string_equal(s->inputs[0].name, "tail");
    assert_int_equal(s->inputs[0].include.count, 2);
    assert_int_equal(s->inputs[0].exclude.count, 0);
    assert_int_equal(s->inputs[0].read_from, READ_FROM_END);
    assert_int_equal(s->inputs[0].envelope, ENVELOPE_DOCKER);
    assert_int_equal(s->inputs[0].format, PARSE_FORMAT_LOGFMT);
    assert_int_equal(s->inputs[0].long_line, LONG_LINE_TRUNCATE);
    assert_false(s->inputs[0].inotify);
    assert_string_equal(s->inputs[1].name, "second");
    assert_int_equal(s->inputs[1].exclude.count, 2);
    assert_string_equal(s->inputs[1].include.items[0], "/c");
    assert_string_equal(s->outputs[0].endpoint, "https://c.example/v1/logs");
    assert_int_equal(s->outputs[0].compression, COMPRESSION_ZSTD);
    assert_int_equal(s->outputs[0].batch_age_ms, 1000);
    assert_false(s->outputs[0].verify);
    assert_string_equal(s->outputs[0].ca_file, "ca.pem");
    assert_false(s->trace.dd_decimal_pad);
    assert_int_equal(s->trace.message_fallback, MESSAGE_FALLBACK_OFF);
    assert_string_equal(s->trace.trace_id_keys.items[0], "t");
    assert_string_equal(s->audit.services[0].service, "checkout");
    assert_true(s->audit.services[0].min_coverage == 0.95);
    assert_int_equal(s->audit.traced.count, 2);
    assert_string_equal(s->control.listen, "off");
    settings_free(s);
}

static void every_mistake_is_shown_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said; /* behind `c.yaml:` */
    } cases[] = {
        {"data_dr: x\n", "1:1: error: unknown option `data_dr`; did you mean `data_dir`?"},
        {INPUT "outputs: [{timeout: 5}]\n", "2:21: error: `outputs[0].timeout` must be a duration "
                                            "such as 200ms, 5s or 1m, not \"5\""},
        {"inputs: [{include: /x, read_from: begining}]\n",
         "1:35: error: `inputs[0].read_from` must be beginning or end, not \"begining\"; did you mean "
         "\"beginning\"?"},
        {"memory_limit: 1B\n", "1:15: error: `memory_limit` must be from 8MiB to 64GiB, not \"1B\""},
        {"inputs: [{include: /x, inotify: yes}]\n",
         "1:33: error: `inputs[0].inotify` must be true or false, not \"yes\""},
        {"inputs: [{}]\n", "1:10: error: `inputs[0]` needs `include`: the files to read"},
        {"inputs: /x\n", "1:9: error: `inputs` must be a list of maps of options, not \"/x\""},
        {"trace: [a]\n", "1:8: error: `trace` must be a map of options, not a list"},
        {"data_dir: {a: b}\n", "1:11: error: `data_dir` must be a string, not a map"},
        {"audit: {services: {a: 90}}\n", "1:23: error: `audit.services.a` must be a share from 0% to "
                                         "100%, not \"90\""},
        {"outputs: [{endpoint: localhost}]\n",
         "1:22: error: `outputs[0].endpoint` must be a URL such as http://host:port"},
        {"outputs: [{endpoint: 'http://h:99999'}]\n",
         "1:22: error: `outputs[0].endpoint` has a port above 65535"},
        {"outputs: [{headers: {Content-Type: x}}]\n",
         "1:36: error: `outputs[0].headers.Content-Type` is set by clew itself"},
        {"outputs: [{headers: {x: \"a\\nb\"}}]\n",
         "1:25: error: `outputs[0].headers.x` contains a control character, which headers cannot have"},
        {"outputs: [{tls: {key_file: k}}]\n",
         "1:11: error: `outputs[0]` needs both or neither of `tls.certificate_file` and "
         "`tls.key_file`"},
        {"outputs: [{retry: {initial: 1m}}]\n",
         "1:11: error: `outputs[0]` has a `retry.max` below its `retry.initial`"},
        {"control: {listen: 9464}\n", "1:19: error: `control.listen` must be ADDRESS:PORT, such as "
                                      "127.0.0.1:9464 or [::1]:9464, or `off`"},
        {"a: 1\na: 2\n", "2:1: error: `a` is given twice"},
        {"a: [b\n", "2:1: error: not valid YAML: while parsing a flow sequence, did not find "
                    "expected ',' or ']'; inside [ ] and { } a value with ${…} needs quotes"},
        {"- a\n", "1:1: error: a config must be a map of options"},
        {"data_dir: \"a\\0b\"\n", "1:11: error: a value cannot contain a NUL"},
        {"data_dir: *a\n", "1:11: error: an alias without its anchor"},
        {"inputs: &a [*a]\n", "1:13: error: an alias is inside its own anchor"},
        {"{a: b}\n---\n{}\n", "3:1: error: a second YAML document; a config must be one document"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
         "1:34: error: too deeply nested"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_sources sources = {.environ = no_environ};
        struct diag diag;
        diag_init(&diag);
        assert_null(config_load_text(cases[i].text, "c.yaml", &sources, &diag));
        char *found = printed(&diag);
        char *expected = mem_format("c.yaml:%s\n", cases[i].said);
        if (strstr(found, expected) == NULL) {
            fail_msg("%s: expected %sbut got %s", cases[i].text, expected, found);
        }
        free(expected);
        free(found);
        diag_fini(&diag);
    }
}

static void all_mistakes_are_shown_in_one_run_in_order(void **state)
{
    (void)state;
    assert_null(load_with("log_level: loud\n" INPUT "data_dir: ${NOPE}\nouputs: []\n"
                          "trace: {repair: maybe}\n",
                          no_environ, NULL,
                          "c.yaml:1:12: error: `log_level` must be debug, info, warn or error, not "
                          "\"loud\"\n"
                          "c.yaml:3:11: error: the environment variable NOPE is not set; write ${NOPE:-} "
                          "for an empty value\n"
                          "c.yaml:4:1: error: unknown option `ouputs`; did you mean "
                          "`outputs`?\n"
                          "c.yaml:5:17: error: `trace.repair` must be true or false, not "
                          "\"maybe\"\n"));
}

#define TWO INPUT "outputs: [{name: a}, {name: b}]\n"

static void a_route_that_cannot_be_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *routes;
        const char *said; /* behind `c.yaml:3:` */
    } cases[] = {
        {"[{outputs: [a, bb]}]", "24: error: `routes[0]` names the output \"bb\", which does "
                                 "not exist; did you mean \"b\"?"},
        {"[{outputs: other}]", "20: error: `routes[0]` names the output \"other\", which does "
                               "not exist; there is a or b"},
        {"[{match: {input: tial}}]", "26: error: `routes[0]` names the input \"tial\", which "
                                     "does not exist; did you mean \"tail\"?"},
        {"[{outputs: []}]", "20: error: `routes[0].outputs` is empty; remove it to send to all outputs"},
        {"[{match: {pod: x}, otherwise: true}]",
         "10: error: `routes[0]` has both `match` and `otherwise`; use one of them"},
        {"[{name: r}, {name: r}]",
         "21: error: `routes[0]` and `routes[1]` have the same name \"r\""},
        {"[{match: {pods: x}}]",
         "19: error: unknown option `pods` in `routes[0].match`; did you mean `pod`?"},
        {"[{match: {labels: {'': x}}}]",
         "32: error: `routes[0].match.labels.` has a label without a name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = mem_format(TWO "routes: %s\n", cases[i].routes);
        char *said = mem_format("c.yaml:3:%s\n", cases[i].said);
        assert_null(load_with(text, no_environ, NULL, said));
        free(text);
        free(said);
    }
}

static void an_output_that_no_route_leads_to_is_named(void **state)
{
    (void)state;
    settings_free(load_with(TWO "routes: [{outputs: a}]\n", no_environ, NULL,
                            "c.yaml:3:9: warning: no route sends records to the output "
                            "\"b\"\n"));
    struct settings *s = load(TWO "routes: [{outputs: b}, {match: {pod: x}}]\n");
    assert_int_equal(s->route_count, 2);
    assert_string_equal(s->routes[0].name, "route");
    assert_string_equal(s->routes[1].name, "route_2");
    settings_free(s);
}

static void an_id_is_refused_as_a_resource_attribute(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_id;
    } cases[] = {
        {"trace_id", true},      {"span_id", true},          {"traceId", true},
        {"Trace-Id", true},      {"otelTraceID", true},      {"dd.trace_id", true},
        {"app.span_id", true},   {"trace.id", true},         {"traceparent", true},
        {"service.name", false}, {"host.id", false},         {"k8s.pod.uid", false},
        {"trace", false},        {"tracing.enabled", false}, {"cloud.account.id", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(is_id_name(cases[i].name), cases[i].is_id);
    }
    static char attributes[] = "OTEL_RESOURCE_ATTRIBUTES=trace_id=1";
    char *environ[] = {attributes, NULL};
    struct config_sources sources = {.environ = environ};
    struct diag diag;
    diag_init(&diag);
    assert_null(config_load_text("", "c.yaml", &sources, &diag));
    assert_non_null(strstr(diag.entries[0].text, "ids cannot be resource attributes"));
    assert_string_equal(diag.entries[0].file, "OTEL_RESOURCE_ATTRIBUTES");
    diag_fini(&diag);
}

/* Up to four variables, and what the first output then has. */
struct env_case {
    char *environ[5];
    const char *yaml;
    const char *expected; /* endpoint compression timeout headers */
    const char *said;
};

static char *summary(const struct settings *settings)
{
    const struct output_settings *output = &settings->outputs[0];
    char *text =
        mem_format("%s %d %d", output->endpoint, (int)output->compression, (int)output->timeout_ms);
    for (size_t i = 0; i < output->headers.count; i++) {
        char *longer = mem_format("%s %s=%s", text, output->headers.items[i].key,
                                  output->headers.items[i].value);
        free(text);
        text = longer;
    }
    return text;
}

#define VAR(name, value) ((char[]){"OTEL_EXPORTER_OTLP_" name "=" value})

static void otel_variables_are_read_as_the_specification_says(void **state)
{
    (void)state;
    const struct env_case cases[] = {
        {{NULL}, "", "http://localhost:4318/v1/logs 1 10000", ""},
        {{VAR("ENDPOINT", "http://c:1")}, "", "http://c:1/v1/logs 1 10000", ""},
        {{VAR("ENDPOINT", "http://c:1/base/")}, "", "http://c:1/base/v1/logs 1 10000", ""},
        {{VAR("LOGS_ENDPOINT", "http://c:1/in")}, "", "http://c:1/in 1 10000", ""},
        {{VAR("LOGS_ENDPOINT", "http://c:1")}, "", "http://c:1/ 1 10000", ""},
        {{VAR("ENDPOINT", "http://a"), VAR("LOGS_ENDPOINT", "http://b/x")},
         "",
         "http://b/x 1 10000",
         ""},
        {{VAR("ENDPOINT", "http://a"), VAR("LOGS_ENDPOINT", "")},
         "",
         "http://a/v1/logs 1 10000",
         ""},
        {{VAR("ENDPOINT", "http://a")},
         "outputs: [{endpoint: 'http://y/z'}]",
         "http://y/z 1 10000",
         ""},
        {{VAR("ENDPOINT", "http://a")}, "outputs: [{timeout: 1s}]", "http://a/v1/logs 1 1000", ""},
        {{VAR("HEADERS", "a=b%20c, Authorization=Basic%20eA==")},
         "",
         "http://localhost:4318/v1/logs 1 10000 a=b c Authorization=Basic eA==",
         ""},
        {{VAR("HEADERS", "a=1"), VAR("LOGS_HEADERS", "b=2")},
         "",
         "http://localhost:4318/v1/logs 1 10000 b=2",
         ""},
        {{VAR("HEADERS", "secret")},
         "",
         "http://localhost:4318/v1/logs 1 10000",
         "OTEL_EXPORTER_OTLP_HEADERS: warning: entry 1 is not key=value and is ignored\n"},
        {{VAR("COMPRESSION", "none"), VAR("TIMEOUT", "2500")},
         "",
         "http://localhost:4318/v1/logs 0 2500",
         ""},
        {{VAR("COMPRESSION", "lzma")},
         "",
         "http://localhost:4318/v1/logs 1 10000",
         "OTEL_EXPORTER_OTLP_COMPRESSION: warning: must be gzip, none or zstd, not \"lzma\"; ignored\n"},
        {{VAR("TIMEOUT", "10s")},
         "",
         "http://localhost:4318/v1/logs 1 10000",
         "OTEL_EXPORTER_OTLP_TIMEOUT: warning: must be milliseconds from 1 to 3600000, not \"10s\"; "
         "ignored\n"},
        {{VAR("PROTOCOL", "http/protobuf")}, "", "http://localhost:4318/v1/logs 1 10000", ""},
        {{VAR("PROTOCOL", "grpc")},
         "",
         "http://localhost:4318/v1/logs 1 10000",
         "OTEL_EXPORTER_OTLP_PROTOCOL: warning: clew sends http/protobuf, not \"grpc\"; the endpoint "
         "must be OTLP/HTTP (normally port 4318; gRPC is 4317)\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *environ[5];
        memcpy(environ, cases[i].environ, sizeof(environ));
        struct settings *settings = load_with(cases[i].yaml, environ, NULL, cases[i].said);
        assert_non_null(settings);
        char *found = summary(settings);
        assert_string_equal(found, cases[i].expected);
        free(found);
        settings_free(settings);
    }
}

static void resource_and_service_of_the_environment_and_the_file_add_up(void **state)
{
    (void)state;
    static char attributes[] = "OTEL_RESOURCE_ATTRIBUTES=a=1,b=2%2C3";
    static char service[] = "OTEL_SERVICE_NAME=shop";
    static char ca[] = "OTEL_EXPORTER_OTLP_CERTIFICATE=ca.pem";
    char *environ[] = {attributes, service, ca, NULL};
    struct settings *settings = load_with("resource: {a: x, c: y}\n", environ, NULL, "");
    assert_int_equal(settings->resource.count, 3);
    assert_string_equal(settings->resource.items[0].value, "x");
    assert_string_equal(settings->resource.items[1].value, "2,3");
    assert_string_equal(settings->service, "shop");
    assert_string_equal(settings->outputs[0].ca_file, "ca.pem");
    settings_free(settings);
}

static void set_goes_before_the_file_and_the_environment(void **state)
{
    (void)state;
    char *environ[] = {VAR("ENDPOINT", "http://env"), NULL};
    static const char *const sets[] = {
        "outputs.0.timeout=7s",   "outputs.endpoint=http://set/l",
        "resource.host.name=h",   "inputs.0.exclude=[a, b]",
        "inputs.1.include=/y",    "trace.keys.trace_id=[q]",
        "audit.services.a.b=10%", NULL,
    };
    struct settings *s = load_with("inputs: [{include: /x, exclude: [c]}]\n"
                                   "outputs: [{timeout: 1s, endpoint: 'http://file'}]\n",
                                   environ, sets, "");
    assert_non_null(s);
    assert_int_equal(s->outputs[0].timeout_ms, 7000);
    assert_string_equal(s->outputs[0].endpoint, "http://set/l");
    assert_string_equal(s->resource.items[0].key, "host.name");
    assert_int_equal(s->inputs[0].exclude.count, 2);
    assert_string_equal(s->inputs[0].include.items[0], "/x");
    assert_string_equal(s->inputs[1].include.items[0], "/y");
    assert_string_equal(s->trace.trace_id_keys.items[0], "q");
    assert_string_equal(s->audit.services[0].service, "a.b");
    settings_free(s);
}

static void a_set_of_one_alias_leaves_the_other_as_it_was(void **state)
{
    (void)state;
    static const char *const sets[] = {"inputs.0.format=json", NULL};
    struct settings *s = load_with("inputs: [&a {include: /x}, *a]\n", no_environ, sets, "");
    assert_int_equal(s->inputs[0].format, PARSE_FORMAT_JSON);
    assert_int_equal(s->inputs[1].format, PARSE_FORMAT_AUTO);
    settings_free(s);
}

static void a_wrong_set_is_named_as_it_was_given(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        const char *said;
    } cases[] = {
        {"outputs.tmeout=1s", "--set outputs.tmeout: error: unknown option `tmeout` in "
                              "`outputs[0]`; did you mean `timeout`?\n"},
        {"outputs.3.timeout=1s", "--set outputs.3.timeout: error: there are only 0; places count "
                                 "from 0\n"},
        {"timeout", "--set: error: \"timeout\" is not name=value, such as outputs.timeout=5s\n"},
        {"data_dir.x=1", "--set data_dir.x: error: `data_dir` has no options of its own\n"},
        {"log_level=x", "--set log_level: error: `log_level` must be debug, info, warn or error, not "
                        "\"x\"\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *const sets[] = {cases[i].set, NULL};
        assert_null(load_with("", no_environ, sets, cases[i].said));
    }
}

static void paths_of_the_command_line_take_the_place_of_the_inputs(void **state)
{
    (void)state;
    static const char *const paths[] = {"/a", "/b", NULL};
    static const char *const sets[] = {"inputs.read_from=end", NULL};
    struct config_sources sources = {.paths = paths, .sets = sets, .environ = no_environ};
    struct diag diag;
    diag_init(&diag);
    struct settings *s =
        config_load_text("inputs: [{include: /x}, {include: /y}]", "c", &sources, &diag);
    assert_non_null(s);
    assert_int_equal(s->input_count, 1);
    assert_int_equal(s->inputs[0].include.count, 2);
    assert_string_equal(s->inputs[0].include.items[1], "/b");
    assert_int_equal(s->inputs[0].read_from, READ_FROM_END);
    settings_free(s);
    diag_fini(&diag);
}

static void names_of_inputs_are_made_and_must_differ(void **state)
{
    (void)state;
    struct settings *s = load("inputs: [{include: /x}, {include: /y}]");
    assert_string_equal(s->inputs[0].name, "tail");
    assert_string_equal(s->inputs[1].name, "tail_2");
    settings_free(s);
    assert_null(load_with("inputs: [{include: /x, name: a}, {include: /y, name: a}]", no_environ,
                          NULL,
                          "clew: error: `inputs[0]` and `inputs[1]` have the same name "
                          "\"a\"\n"));
}

static void what_check_prints_can_be_read_back(void **state)
{
    (void)state;
    struct settings *first = load(
        "inputs: [{include: ['/a b', \"\\x01\\n\\u00e9\\u0085\", 'null', '# x', 'a: b', '$${X}']}]\n"
        "resource: {'a: b': 'on', \"${x}\": '', 'x': '- y'}\n"
        "trace: {patterns: ['^(?<trace_id>\\w+)$'], zone: '+02:00'}\n"
        "audit: {services: {'9': 33.3%}}\n");
    char *text = print(first);
    struct settings *second = load(text);
    char *again = print(second);
    assert_string_equal(text, again);
    assert_string_equal(second->inputs[0].include.items[1], "\x01\n\xc3\xa9\xc2\x85");
    assert_string_equal(second->inputs[0].include.items[5], "${X}");
    assert_string_equal(second->resource.items[1].key, "${x}");
    free(text);
    free(again);
    settings_free(first);
    settings_free(second);
}

static void secrets_are_never_printed(void **state)
{
    (void)state;
    struct settings *settings =
        load("outputs:\n  - endpoint: https://user:hunter2@c.example:4318/x?api_key=hunter2&a=b\n"
             "    proxy: http://u:hunter2@p:3128\n"
             "    headers: {Authorization: Bearer hunter2, x-api-key: hunter2, X-Scope-OrgID: shown,\n"
             "              x-honeycomb-team: hunter2, uptrace-dsn: hunter2,\n"
             "              Cookie: hunter2, DD-API-KEY: hunter2, x-token: hunter2}\n");
    char *text = print(settings);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "X-Scope-OrgID: shown"));
    assert_non_null(strstr(text, "https://[hidden]@c.example:4318/x?api_key=[hidden]&a=b"));
    assert_non_null(strstr(text, "http://[hidden]@p:3128"));
    free(text);
    settings_free(settings);
    struct config_sources sources = {.environ = no_environ};
    struct diag diag;
    diag_init(&diag);
    assert_null(config_load_text("outputs: [{endpoint: 'ftp://u:hunter2@h', headers: [hunter2], "
                                 "proxy: 'hunter2'}]",
                                 "c", &sources, &diag));
    char *said = printed(&diag);
    assert_null(strstr(said, "hunter2"));
    free(said);
    diag_fini(&diag);
}

static void the_reference_config_is_the_table_of_options(void **state)
{
    (void)state;
    size_t len;
    char *file = driver_read_file("conf/clew.yaml", &len);
    char *text = NULL;
    size_t text_len = 0;
    FILE *memory = open_memstream(&text, &text_len);
    config_print_reference(memory);
    fclose(memory);
    assert_string_equal(file, text); /* else: clew help config --reference >conf/clew.yaml */
    free(text);
    free(file);
}

static void the_reference_config_says_what_no_config_would(void **state)
{
    (void)state;
    size_t len;
    char *file = driver_read_file("conf/clew.yaml", &len);
    struct settings *reference = load(file);
    struct settings *none = load("inputs: [{include: [/var/log/pods/*/*/*.log]}]\n");
    char *reference_text = print(reference);
    char *none_text = print(none);
    assert_string_equal(reference_text, none_text);
    free(reference_text);
    free(none_text);
    settings_free(reference);
    settings_free(none);
    free(file);
}

static void check_options(const struct option *options)
{
    for (; options->name != NULL; options++) {
        bool is_section = options->kind == OPTION_SECTION || options->kind == OPTION_SECTIONS ||
                          options->kind == OPTION_OPTIONAL;
        assert_non_null(options->help);
        assert_true(options->help[strlen(options->help) - 1] == '.');
        assert_int_equal(is_section, options->children != NULL);
        assert_true(is_section || options->fallback != NULL || options->example != NULL);
        bool has_size = options->kind == OPTION_SECTIONS || options->kind == OPTION_OPTIONAL;
        assert_int_equal(has_size, options->size != 0);
        if (is_section) {
            check_options(options->children);
        }
    }
}

static void every_option_has_its_help_and_a_default_or_an_example(void **state)
{
    (void)state;
    check_options(options_root);
    assert_string_equal(options_find("outputs.batch.age")->fallback, "100ms");
    assert_string_equal(options_find("outputs.0.batch.age")->fallback, "100ms");
    assert_null(options_find("outputs.batch.nope"));
    assert_null(options_find("data_dir.x"));
    assert_null(options_find(""));
}

static void a_hostile_text_is_refused_within_its_limits(void **state)
{
    (void)state;
    struct buf text;
    struct config_sources sources = {.environ = no_environ};
    struct diag diag;
    diag_init(&diag);
    buf_init(&text, 1 << 20);
    buf_append_string(&text, "a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'm'; c++) { /* each ten times the one before */
        buf_append_format(&text, "%c: &%c [", c, c);
        for (int i = 0; i < 10; i++) {
            buf_append_format(&text, "*%c,", c - 1);
        }
        buf_append_string(&text, "]\n");
    }
    buf_append_string(&text, "inputs: *l\noutputs: *l\n");
    char *string = buf_take(&text);
    assert_null(config_load_text(string, "c", &sources, &diag));
    free(string);
    diag_fini(&diag);
    diag_init(&diag);
    for (int i = 0; i < 100000; i++) {
        buf_append_string(&text, "- x\n");
    }
    string = buf_take(&text);
    assert_null(config_load_text(string, "c", &sources, &diag));
    char *said = printed(&diag);
    assert_non_null(strstr(said, "too many values"));
    free(said);
    free(string);
    diag_fini(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_of_a_required_variable_is_shown),
        cmocka_unit_test(an_empty_config_is_a_config),
        cmocka_unit_test(off_and_on_may_be_what_other_writers_of_yaml_make_of_them),
        cmocka_unit_test(every_kind_of_option_reaches_the_settings),
        cmocka_unit_test(every_mistake_is_shown_with_its_place),
        cmocka_unit_test(all_mistakes_are_shown_in_one_run_in_order),
        cmocka_unit_test(a_route_that_cannot_be_is_named_with_its_place),
        cmocka_unit_test(an_output_that_no_route_leads_to_is_named),
        cmocka_unit_test(an_id_is_refused_as_a_resource_attribute),
        cmocka_unit_test(otel_variables_are_read_as_the_specification_says),
        cmocka_unit_test(resource_and_service_of_the_environment_and_the_file_add_up),
        cmocka_unit_test(set_goes_before_the_file_and_the_environment),
        cmocka_unit_test(a_set_of_one_alias_leaves_the_other_as_it_was),
        cmocka_unit_test(a_wrong_set_is_named_as_it_was_given),
        cmocka_unit_test(paths_of_the_command_line_take_the_place_of_the_inputs),
        cmocka_unit_test(names_of_inputs_are_made_and_must_differ),
        cmocka_unit_test(what_check_prints_can_be_read_back),
        cmocka_unit_test(secrets_are_never_printed),
        cmocka_unit_test(the_reference_config_is_the_table_of_options),
        cmocka_unit_test(the_reference_config_says_what_no_config_would),
        cmocka_unit_test(every_option_has_its_help_and_a_default_or_an_example),
        cmocka_unit_test(a_hostile_text_is_refused_within_its_limits),
    };
    return driver_run("config", tests, ARRAY_LEN(tests));
}
