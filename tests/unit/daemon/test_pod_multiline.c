/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdio.h>
#include "base/buf.h"
#include "base/diag.h"
#include "config/config.h"
#include "daemon/pod_multiline.h"

/* `wide` has 19 states, `dated` and `query` two each. */
static const char config[] =
    "multiline:\n"
    "- {name: dated, start: '^\\d{4}-'}\n"
    "- {name: query, start: '^BEGIN', continue: '', end: '^COMMIT'}\n"
    "- name: wide\n"
    "  states:\n"
    "  - {from: start, regex: '^a', to: s0}\n";

static struct settings *load(void)
{
    char *environment[] = {NULL};
    const struct config_sources sources = {.environ = environment};
    struct diag diag;
    struct buf text;
    buf_init(&text, 1 << 16);
    buf_append_string(&text, config);
    for (int i = 1; i < 19; i++) {
        buf_append_format(&text, "  - {from: s%d, regex: '^b', to: s%d}\n", i - 1, i);
    }
    buf_append(&text, "", 1);
    diag_init(&diag);
    struct settings *settings = config_load_text(text.data, "test", &sources, &diag);
    diag_print(&diag, stderr);
    diag_fini(&diag);
    buf_fini(&text);
    assert_non_null(settings);
    return settings;
}

enum answer { FALLBACK, OFF, OWN_RULES };

static const struct {
    const char *value;
    enum answer answer;
    const char *starts; /* a line with which a record begins then */
} cases[] = {
    {"", FALLBACK, NULL},
    {"off", OFF, NULL},
    {"java", OWN_RULES, "java.lang.IllegalStateException: no"},
    {"python, java", OWN_RULES, "java.lang.IllegalStateException: no"},
    {"all", OWN_RULES, "java.lang.IllegalStateException: no"},
    {"dated", OWN_RULES, "2026-05-11 begins"},
    {"java,dated", OWN_RULES, "2026-05-11 begins"},
    {"dated,all,query", OWN_RULES, "2026-05-11 begins"},
    {"wide", OWN_RULES, "a"},
    {"all,wide", OWN_RULES, "a"},
    {"wide,dated", FALLBACK, NULL}, /* 21 states */
    {"java,cobol", FALLBACK, NULL},
    {"java,java", FALLBACK, NULL},
    {"dated,dated", FALLBACK, NULL},
    {"all,java", FALLBACK, NULL},
    {"java,all", FALLBACK, NULL},
    {"java,,dated", FALLBACK, NULL},
    {",", FALLBACK, NULL},
    {"off,java", FALLBACK, NULL},
};

static void check(struct pod_multiline *pod_multiline, const struct multiline_rules *fallback,
                  size_t i)
{
    struct source *source = source_new(NULL, "test", 1);
    ENSURE(strlen(cases[i].value) < sizeof(source->policy.multiline));
    strcpy(source->policy.multiline, cases[i].value);
    const struct multiline_rules *rules = pod_multiline_rules(pod_multiline, source, fallback);
    if (cases[i].answer == OWN_RULES) {
        bool is_maybe;
        assert_non_null(rules);
        assert_ptr_not_equal(rules, fallback);
        assert_int_not_equal(
            multiline_rules_start(rules, slice_from_string(cases[i].starts), true, &is_maybe), 0);
    } else {
        assert_ptr_equal(rules, cases[i].answer == OFF ? NULL : fallback);
    }
    assert_ptr_equal(pod_multiline_rules(pod_multiline, source, fallback), rules); /* made once */
    source_free(source);
}

static void a_pod_names_built_in_rule_sets_and_those_of_the_config(void **state)
{
    (void)state;
    struct settings *settings = load();
    struct counters counters = {0};
    struct pod_multiline *pod_multiline = pod_multiline_new(settings, &counters);
    const struct multiline_rules *fallback = (const struct multiline_rules *)&counters;
    uint64_t ignored = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(pod_multiline, fallback, i);
        ignored += cases[i].answer == FALLBACK && cases[i].value[0] != '\0' ? 2 : 0;
        assert_int_equal(counters.values[C_KUBERNETES_ANNOTATIONS_IGNORED], ignored);
    }
    pod_multiline_free(pod_multiline);
    settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_names_built_in_rule_sets_and_those_of_the_config),
    };
    return driver_run("pod_multiline", tests, ARRAY_LEN(tests));
}
