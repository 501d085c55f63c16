/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "kubernetes/image_name.h"
#include "kubernetes/pod_policy.h"
#include "record/record.h"

static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static void a_pod_may_ask_for_its_own_lines(void **state)
{
    (void)state;
    enum { OUT = 1 << IOSTREAM_STDOUT, ERR = 1 << IOSTREAM_STDERR, ALL = OUT | ERR | 1 << IOSTREAM_NONE };
    static const struct {
        const char *key, *value;
        unsigned excluded;
        int format; /* -1: not set */
        double min_coverage;
        unsigned ignored;
    } cases[] = {
        {"clew.dev/exclude", "true", ALL, -1, -1, 0},
        {"clew.dev/exclude", "false", 0, -1, -1, 0},
        {"clew.dev/exclude", "other, app", ALL, -1, -1, 0},
        {"clew.dev/exclude", "other", 0, -1, -1, 0},
        {"clew.dev/parser", "json", 0, PARSE_FORMAT_JSON, -1, 0},
        {"clew.dev/parser-app", "text", 0, PARSE_FORMAT_TEXT, -1, 0},
        {"clew.dev/parser-other", "text", 0, -1, -1, 0},
        {"clew.dev/parser", "nginx", 0, -1, -1, 1},
        {"clew.dev/min-coverage", "80%", 0, -1, 0.8, 0},
        {"clew.dev/min-coverage", "0.25", 0, -1, 0.25, 0},
        {"clew.dev/min-coverage", "0", 0, -1, 0, 0},
        {"clew.dev/min-coverage", "120%", 0, -1, -1, 1},
        {"clew.dev/min-coverage", "nan", 0, -1, -1, 1},
        {"clew.dev/min-coverage", "", 0, -1, -1, 1},
        {"clew.dev/min-coverage", "8x", 0, -1, -1, 1},
        {"clew.dev/timezone", "Europe/Berlin", 0, -1, -1, 0},
        {"clew.dev/timezone-app", "+05:45", 0, -1, -1, 0},
        {"clew.dev/timezone", "Mars/Olympus", 0, -1, -1, 1},
        {"clew.dev/timezone", "../../../etc/passwd", 0, -1, -1, 1},
        {"clew.dev/timezone", "", 0, -1, -1, 1},
        {"clew.dev/excluded", "true", 0, -1, -1, 1},
        {"fluentbit.io/exclude", "true", ALL, -1, -1, 0},
        {"fluentbit.io/exclude-app", "True", ALL, -1, -1, 0},
        {"fluentbit.io/exclude-other", "true", 0, -1, -1, 0},
        {"fluentbit.io/exclude_stderr", "true", ERR, -1, -1, 0},
        {"fluentbit.io/exclude_stdout-app", "true", OUT, -1, -1, 0},
        {"fluentbit.io/exclude", "perhaps", 0, -1, -1, 1},
        {"fluentbit.io/parser", "json", 0, PARSE_FORMAT_JSON, -1, 0},
        {"fluentbit.io/parser_stdout-app", "logfmt", 0, PARSE_FORMAT_LOGFMT, -1, 0},
        {"fluentbit.io/parser", "apache2", 0, -1, -1, 1},
        {"vector.dev/exclude-containers", "app", ALL, -1, -1, 0},
        {"vector.dev/exclude-containers", "side,other", 0, -1, -1, 0},
    };
    struct kubernetes_settings settings = {.pod_annotations = true};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct counters counters = {0};
        struct key_value pair = {(char *)(uintptr_t)cases[i].key, (char *)(uintptr_t)cases[i].value};
        const struct pod pod = {.annotations = {&pair, 1}};
        print_message("%s: %s\n", cases[i].key, cases[i].value);
        struct source_policy policy = pod_policy_read(&pod, SLICE("app"), &settings, &counters);
        assert_int_equal(policy.excluded, cases[i].excluded);
        assert_int_equal(policy.has_format ? policy.format : -1, cases[i].format);
        double share = policy.has_min_coverage ? policy.min_coverage : -1;
        assert_true(share - cases[i].min_coverage < 1e-9 && cases[i].min_coverage - share < 1e-9);
        assert_int_equal(counters.values[C_KUBERNETES_ANNOTATIONS_IGNORED], cases[i].ignored);
    }
    struct key_value both[] = {{text("fluentbit.io/exclude"), text("true")},
                               {text("clew.dev/exclude"), text("false")}};
    const struct pod handed_over = {.annotations = {both, 2}};
    const struct pod not_yet = {.annotations = {both, 0}};
    for (int only = 0; only < 2; only++) {
        struct counters none = {0};
        settings.only_annotated = only == 1;
        assert_int_equal(pod_policy_read(&handed_over, SLICE("a"), &settings, &none).excluded, 0);
        assert_int_equal(pod_policy_read(&not_yet, SLICE("a"), &settings, &none).excluded,
                         only == 1 ? ALL : 0);
    }
    settings.only_annotated = false;
    struct key_value joins[] = {{text("clew.dev/multiline"), text("java,python")},
                                {text("clew.dev/multiline-b"), text("off")}};
    const struct pod joined = {.annotations = {joins, 2}};
    struct counters unused = {0};
    assert_string_equal(pod_policy_read(&joined, SLICE("a"), &settings, &unused).multiline,
                        "java,python");
    assert_string_equal(pod_policy_read(&joined, SLICE("b"), &settings, &unused).multiline, "off");
    struct key_value zones[] = {{text("clew.dev/timezone"), text("Asia/Tokyo")},
                                {text("clew.dev/timezone-b"), text("-0330")}};
    const struct pod far = {.annotations = {zones, 2}};
    assert_string_equal(pod_policy_read(&far, SLICE("a"), &settings, &unused).zone, "Asia/Tokyo");
    assert_string_equal(pod_policy_read(&far, SLICE("b"), &settings, &unused).zone, "-0330");
    struct key_value label = {(char *)(uintptr_t)"vector.dev/exclude", (char *)(uintptr_t)"true"};
    const struct pod pod = {.labels = {&label, 1}};
    struct counters counters = {0};
    assert_int_equal(pod_policy_read(&pod, SLICE("app"), &settings, &counters).excluded, ALL);
    settings.pod_annotations = false;
    assert_int_equal(pod_policy_read(&pod, SLICE("app"), &settings, &counters).excluded, 0);
}

static void an_image_has_its_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *tag, *digest;
    } cases[] = {
        {"nginx", "nginx", "", ""},
        {"nginx:1.27", "nginx", "1.27", ""},
        {"host:5000/a/b", "host:5000/a/b", "", ""},
        {"host:5000/a/b:t", "host:5000/a/b", "t", ""},
        {"a/b@sha256:0f", "a/b", "", "sha256:0f"},
        {"host:5000/b:t@sha256:0f", "host:5000/b", "t", "sha256:0f"},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct image_name image = image_name_parse(cases[i].text);
        print_message("%s\n", cases[i].text);
        assert_slice_equal(image.name, slice_from_string(cases[i].name));
        assert_slice_equal(image.tag, slice_from_string(cases[i].tag));
        assert_slice_equal(image.digest, slice_from_string(cases[i].digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_may_ask_for_its_own_lines),
        cmocka_unit_test(an_image_has_its_parts),
    };
    return driver_run("pod_policy", tests, ARRAY_LEN(tests));
}
