/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "audit/json.h"
#include "audit_case.h"

static struct audit_settings settings_of(double min_coverage, uint64_t min_records)
{
    return (struct audit_settings){
        .min_coverage = min_coverage, .min_records = min_records, .groups_max = 100};
}

static const struct audit_policy no_policy;

static void every_class_is_counted_and_the_truth_of_coverage_is_the_shipped_id(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        audit_lines(audit, &(struct audit_line){source, "shop", (enum trace_class)c, 0, 0, 0, 0},
                    c);
        audit_lines(audit, &(struct audit_line){source, "shop", (enum trace_class)c, 9, 0, 0, 0},
                    1);
    }
    struct audit_report *report = audit_report_new(audit, &no_policy);
    const struct audit_entry *entry = audit_entry_of(report, "shop");
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        assert_int_equal(entry->group->book.classes[c], c + 1);
    }
    assert_int_equal(entry->group->book.records, 14 * 13 / 2 + 14);
    assert_int_equal(entry->group->book.valid, 14);
    assert_int_equal(report->total.records, entry->group->book.records);
    assert_int_equal(report->preservation.ids_in, 14);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void what_names_no_service_goes_to_the_one_that_all_others_from_there_name(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    /* The order of the lines must not matter. */
    static const size_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct audit *audit = audit_new(&settings);
        struct source *pod = source_new("shop_pay-1_aa11/pay/0.log", "files", 1);
        struct source *rotated =
            source_new("shop_pay-1_aa11/pay/0.log.20260511-021433", "files", 2);
        const struct audit_line lines[] = {
            {pod, NULL, TRACE_ABSENT, 0, 0, 0, 0},
            {rotated, "payment", TRACE_OK, 1, 0, 0, 0}, /* another file of the same container */
            {pod, NULL, TRACE_ABSENT, 0, 0, 0, 0},
        };
        for (size_t k = 0; k < ARRAY_LEN(lines); k++) {
            audit_lines(audit, &lines[orders[i][k]], 1);
        }
        struct audit_report *report = audit_report_new(audit, &no_policy);
        assert_int_equal(report->count, 1);
        assert_string_equal(report->entries[0].group->service, "payment");
        assert_string_equal(report->entries[0].group->name_space, "shop");
        assert_int_equal(report->entries[0].group->book.records, 3);
        audit_report_free(report);
        audit_free(audit);
        source_free(rotated);
        source_free(pod);
    }
}

static void what_names_no_service_beside_two_goes_to_the_default_one(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct source *pod = source_new("shop_pay-1_aa11/sidecar/0.log", "files", 1);
    struct source *plain = source_new("app.log", "files", 2);
    audit_lines(audit, &(struct audit_line){pod, "a", TRACE_OK, 1, 0, 0, 0}, 1);
    audit_lines(audit, &(struct audit_line){pod, "b", TRACE_OK, 1, 0, 0, 0}, 1);
    audit_lines(audit, &(struct audit_line){pod, NULL, TRACE_ABSENT, 0, 0, 0, 0}, 4);
    audit_lines(audit, &(struct audit_line){plain, NULL, TRACE_ABSENT, 0, 0, 0, 0}, 5);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_int_equal(report->count, 4);
    assert_int_equal(audit_entry_of(report, "sidecar")->group->book.records, 4);
    assert_int_equal(audit_entry_of(report, "unknown_service")->group->book.records, 5);
    assert_null(audit_entry_of(report, "unknown_service")->group->name_space);
    audit_report_free(report);
    audit_free(audit);
    source_free(plain);
    source_free(pod);
}

static void verdicts_follow_the_policy(void **state)
{
    (void)state;
    char listed_name[] = "listed";
    char strict_name[] = "strict";
    char *listed[] = {listed_name};
    struct service_policy own[] = {{strict_name, 0.95}};
    struct audit_settings settings = settings_of(0.5, 10);
    settings.traced = (struct string_list){listed, 1};
    settings.services = own;
    settings.service_count = 1;
    static const struct {
        const char *service;
        size_t with_id;
        size_t without;
        enum audit_verdict verdict;
    } cases[] = {
        {"good", 5, 5, AUDIT_MET}, /* exactly half is enough */
        {"bad", 49, 51, AUDIT_BELOW},      {"untraced", 0, 100, AUDIT_NOT_TRACED},
        {"listed", 0, 100, AUDIT_BELOW},   {"strict", 90, 10, AUDIT_BELOW},
        {"few", 1, 8, AUDIT_SMALL_SAMPLE},
    };
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *s = cases[i].service;
        audit_lines(audit, &(struct audit_line){source, s, TRACE_OK, 1, 0, 0, 0}, cases[i].with_id);
        audit_lines(audit, &(struct audit_line){source, s, TRACE_ABSENT, 0, 0, 0, 0},
                    cases[i].without);
    }
    struct audit_report *report = audit_report_new(audit, &no_policy);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].service);
        assert_int_equal(audit_entry_of(report, cases[i].service)->verdict, cases[i].verdict);
    }
    assert_false(report->is_met);
    static const char *const worst_first[] = {"listed", "bad", "strict", "untraced", "few", "good"};
    for (size_t i = 0; i < ARRAY_LEN(worst_first); i++) {
        assert_string_equal(report->entries[i].group->service, worst_first[i]);
    }
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void the_whole_policy_knows_classes_and_logs_without_any_id(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_ABSENT, 0, 0, 0, 0}, 10);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_true(report->is_met);
    audit_report_free(report);
    report = audit_report_new(audit, &(struct audit_policy){.must_be_traced = true});
    assert_false(report->is_met);
    assert_true(report->is_nothing_traced);
    audit_report_free(report);
    report = audit_report_new(audit, &(struct audit_policy){.fail_on = 1u << TRACE_NON_HEX});
    assert_true(report->is_met);
    audit_report_free(report);
    report = audit_report_new(audit, &(struct audit_policy){.fail_on = 1u << TRACE_ABSENT});
    assert_false(report->is_met);
    assert_int_equal(report->failed_on, 1u << TRACE_ABSENT);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void hostile_names_cannot_make_it_grow(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    const enum audit_dimension by[] = {AUDIT_BY_LOGGER};
    struct source *source = source_new("a.log", "files", 1);
    char *long_name = mem_alloc(100001);
    memset(long_name, 'x', 100000);
    audit_break_down(audit, by, 1);
    audit_keep_samples(audit, 5000, true);
    for (int i = 0; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "service-%d", i);
        audit_lines(audit, &(struct audit_line){source, name, TRACE_ABSENT, 0, name, name, 0}, 1);
    }
    audit_lines(audit, &(struct audit_line){source, long_name, TRACE_ABSENT, 0, 0, long_name, 0},
                1);
    for (int i = 0; i < 5000; i++) { /* as many files that name no service */
        char path[32];
        snprintf(path, sizeof(path), "%d.log", i);
        struct source *file = source_new(path, "files", (uint64_t)i + 2);
        audit_lines(audit, &(struct audit_line){file, NULL, TRACE_ABSENT, 0, path, path, 0}, 1);
        source_free(file);
    }
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_int_equal(report->total.records, 10001);
    assert_true(report->count <= 102);
    const struct audit_entry *others = audit_entry_of(report, "(others)");
    assert_true(others->group->is_overflow);
    /* The files of the last hundred have no service yet; those before made room for them. */
    assert_int_equal(others->group->book.records, 4901 + 4900);
    assert_in_range(distinct_estimate(others->group->distinct), 4902 - 150, 4902 + 150);
    assert_int_equal(audit_entry_of(report, "unknown_service")->group->book.records, 100);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
    free(long_name);
}

static void a_name_with_a_nul_is_one_name(void **state)
{
    (void)state;
    struct audit_settings settings = {.groups_max = 3};
    struct audit *audit = audit_new(&settings);
    const enum audit_dimension by[] = {AUDIT_BY_LOGGER};
    struct source *source = source_new("a.log", "files", 1);
    struct record record = {.source = source,
                            .line = SLICE("x"),
                            .service = {"a\0b", 3},
                            .logger = {"c\0d", 3},
                            .trace_class = TRACE_ABSENT};
    audit_break_down(audit, by, 1);
    for (int i = 0; i < 100; i++) {
        audit_count(audit, &record);
    }
    record.service = SLICE("shop");
    record.logger = SLICE("web");
    audit_count(audit, &record);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_int_equal(report->count, 2);
    const struct audit_entry *shop = audit_entry_of(report, "shop");
    assert_int_equal(shop->part_count, 1);
    assert_string_equal(shop->parts[0]->values[0], "web");
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void how_many_there_were_is_told_in_constant_memory(void **state)
{
    (void)state;
    static const uint64_t counts[] = {1, 2, 10, 1000, 20000, 1000000};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        struct distinct a = {{0}};
        struct distinct b = {{0}};
        for (uint64_t n = 0; n < counts[i] * 2; n++) { /* each twice, half of them elsewhere too */
            distinct_add(n % 3 == 0 ? &a : &b, n % counts[i]);
        }
        distinct_merge(&a, &b);
        uint64_t slack = counts[i] / 20;
        assert_in_range(distinct_estimate(&a), counts[i] - slack, counts[i] + slack);
    }
}

static void groups_are_broken_down_by_what_was_asked_for(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    const enum audit_dimension by[] = {AUDIT_BY_LOGGER, AUDIT_BY_CONTAINER};
    struct source *a = source_new("shop_pay-1_aa11/pay/0.log", "files", 1);
    struct source *b = source_new("shop_pay-1_aa11/proxy/0.log", "files", 2);
    audit_break_down(audit, by, 2);
    audit_lines(audit, &(struct audit_line){a, "pay", TRACE_OK, 1, "web", 0, 0}, 3);
    audit_lines(audit, &(struct audit_line){a, "pay", TRACE_PLACEHOLDER, 0, "worker", 0, 0}, 2);
    audit_lines(audit, &(struct audit_line){a, NULL, TRACE_ABSENT, 0, "web", 0, 0}, 1);
    audit_lines(audit, &(struct audit_line){b, "pay", TRACE_OK, 1, NULL, 0, 0}, 1);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_int_equal(report->count, 1);
    const struct audit_entry *entry = &report->entries[0];
    static const struct {
        const char *logger;
        const char *container;
        uint64_t records;
        uint64_t valid;
    } expected[] = {{"worker", "pay", 2, 0}, {"web", "pay", 4, 3}, {NULL, "proxy", 1, 1}};
    assert_int_equal(entry->part_count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const struct audit_part *part = entry->parts[i];
        assert_slice_equal(slice_from_string(part->values[0]),
                           slice_from_string(expected[i].logger));
        assert_string_equal(part->values[1], expected[i].container);
        assert_int_equal(part->book.records, expected[i].records);
        assert_int_equal(part->book.valid, expected[i].valid);
    }
    audit_report_free(report);
    audit_free(audit);
    source_free(b);
    source_free(a);
}

static void the_most_frequent_trace_id_is_found_and_never_overstated(void **state)
{
    (void)state;
    struct book book = {0};
    uint8_t id[16];
    for (uint64_t i = 1; i <= 10000; i++) {
        struct record record =
            audit_record(&(struct audit_line){.trace_class = TRACE_OK, .trace = 1000 + i});
        book_count(&book, &record);
    }
    assert_in_range(book_top_trace(&book, id), 1, 1);
    struct record constant =
        audit_record(&(struct audit_line){.trace_class = TRACE_OK, .trace = 7});
    for (uint64_t i = 1; i <= 20000; i++) {
        struct record record =
            audit_record(&(struct audit_line){.trace_class = TRACE_OK, .trace = 50000 + i});
        book_count(&book, i % 2 == 0 ? &constant : &record);
    }
    assert_in_range(book_top_trace(&book, id), 1, 10000);
    assert_int_equal(id[0], 7);
    assert_true(book_top_trace(&book, id) > 4000);

    struct book half = {0};
    book_merge(&half, &book);
    book_merge(&half, &book);
    assert_int_equal(half.records, 60000);
    assert_in_range(book_top_trace(&half, id), 8000, 20000);
}

static void samples_are_redacted_and_one_a_class(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    audit_keep_samples(audit, 1000, true);
    audit_lines(audit,
                &(struct audit_line){source, "a", TRACE_ABSENT, 0, 0, "login password=hunter2", 0},
                1);
    audit_lines(audit, &(struct audit_line){source, "a", TRACE_ABSENT, 0, 0, "second", 0}, 1);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_string_equal(report->entries[0].group->samples[TRACE_ABSENT],
                        "login password=[redacted]");
    assert_null(report->entries[0].group->samples[TRACE_OK]);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

static void the_json_report_keeps_its_contract(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("shop_pay-1_aa11/pay/0.log", "files", 1);
    audit_keep_samples(audit, 1000, true);
    const struct audit_line good = {source, "p\xff", TRACE_OK, 1, 0, "fine", 0};
    audit_lines(audit, &good, 1);
    audit_lines(audit, &(struct audit_line){source, "p\xff", TRACE_PLACEHOLDER, 0, 0, "gap", 0}, 2);
    struct record record = audit_record(&good);
    audit_count_out(audit, &record);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    char *text = audit_json(report, &settings, NULL);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(root, "records")), 3);
    assert_true(json_number_value(json_object_get(root, "coverage")) == 0.3333);
    assert_int_equal(json_object_size(json_object_get(root, "classes")), TRACE_CLASSES);
    const json_t *preservation = json_object_get(root, "preservation");
    assert_int_equal(json_integer_value(json_object_get(preservation, "ids_in")), 1);
    assert_int_equal(json_integer_value(json_object_get(preservation, "ids_out")), 1);
    const json_t *group = json_array_get(json_object_get(root, "groups"), 0);
    assert_string_equal(json_string_value(json_object_get(group, "service")), "p\xef\xbf\xbd");
    assert_string_equal(json_string_value(json_object_get(group, "namespace")), "shop");
    assert_string_equal(json_string_value(json_object_get(group, "verdict")), "below");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(group, "classes"), "placeholder")), 2);
    const json_t *hint = json_array_get(json_object_get(group, "hints"), 0);
    assert_string_equal(json_string_value(json_object_get(hint, "rule")), "no_active_span");
    assert_string_equal(json_string_value(json_object_get(hint, "sample")), "gap");
    json_decref(root);
    free(text);
    audit_report_free(report);
    audit_free(audit);
    source_free(source);
}

/* Containers a and b log as `shop`; each may ask for a minimum of its own. */
static void nobody_lowers_what_is_asked_of_another(void **state)
{
    (void)state;
    static const struct {
        double a, b; /* negative: asks for nothing */
        double expected;
    } cases[] = {
        {-1, -1, 0.5}, {0.2, -1, 0.5}, {0.2, 0.3, 0.3}, {0.9, -1, 0.9}, {0, 0, 0}, {0.9, 0.1, 0.9},
    };
    const struct audit_settings settings = {.min_coverage = 0.5, .groups_max = 100};
    const struct audit_policy policy = {0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source *a = source_new("/p/s_a_0a/a/0.log", "tail", 1);
        struct source *b = source_new("/p/s_b_0b/b/0.log", "tail", 2);
        a->policy =
            (struct source_policy){.has_min_coverage = cases[i].a >= 0, .min_coverage = cases[i].a};
        b->policy =
            (struct source_policy){.has_min_coverage = cases[i].b >= 0, .min_coverage = cases[i].b};
        struct audit *audit = audit_new(&settings);
        /* Three rounds of both, then two of a alone: then only a is asked. */
        for (int round = 0; round < 5; round++) {
            audit_begin_round(audit);
            audit_lines(audit, &(struct audit_line){.source = a, .service = "shop"}, 1);
            if (round < 3) {
                audit_lines(audit, &(struct audit_line){.source = b, .service = "shop"}, 1);
            }
            struct audit_report *report = audit_report_new(audit, &policy);
            double alone = cases[i].a >= 0 ? cases[i].a : 0.5;
            double expected = round < 4 ? cases[i].expected : alone;
            double found = audit_entry_of(report, "shop")->min_coverage;
            print_message("case %zu, round %d: %g\n", i, round, found);
            assert_true(found - expected < 1e-9 && expected - found < 1e-9);
            audit_report_free(report);
        }
        audit_free(audit);
        source_free(a);
        source_free(b);
    }
}

/* A container comes, logs two lines without a service, and goes. */
static void a_container_comes_and_goes(struct audit *audit, unsigned number, const char *container)
{
    struct audit_origin *held = NULL;
    char *path = mem_format("/var/log/pods/jobs_run-%u_%08x/%s/0.log", number, number, container);
    struct source *source = source_new(path, "files", 1);
    audit_lines(audit, &(struct audit_line){source, NULL, TRACE_OK, 1, 0, 0, 0}, 1);
    audit_hold(audit, &held);
    audit_lines(audit, &(struct audit_line){source, NULL, TRACE_ABSENT, 0, 0, 0, 0}, 1);
    audit_hold(audit, &held);
    audit_let_go(audit, &held);
    assert_null(held);
    source_free(source);
    free(path);
}

static void ten_thousand_containers_later_one_is_still_booked_on_its_own_service(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    for (unsigned i = 0; i < 10100; i++) {
        a_container_comes_and_goes(audit, i, "report");
    }
    a_container_comes_and_goes(audit, 10100, "late");
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_null(audit_entry_of(report, "unknown_service"));
    assert_int_equal(audit_entry_of(report, "report")->group->book.records, 20200);
    assert_string_equal(audit_entry_of(report, "report")->group->name_space, "jobs");
    assert_int_equal(audit_entry_of(report, "late")->group->book.valid, 1);
    assert_int_equal(report->total.records, 20202);
    assert_int_equal(audit_get_over(audit).origins, 0);
    audit_report_free(report);
    audit_free(audit);
}

static void a_log_that_is_held_keeps_its_place_and_those_without_one_are_counted(void **state)
{
    (void)state;
    enum { LOGS = 150 };
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct audit_origin *held[LOGS] = {NULL};
    struct source *sources[LOGS];
    for (unsigned i = 0; i < LOGS; i++) {
        char *path = mem_format("/var/log/pods/jobs_run-%u_%08x/c%u/0.log", i, i, i);
        sources[i] = source_new(path, "files", i + 1);
        audit_lines(audit, &(struct audit_line){sources[i], NULL, TRACE_OK, 1, 0, 0, 0}, 1);
        audit_hold(audit, &held[i]);
        free(path);
    }
    assert_int_equal(audit_get_over(audit).origins, 50);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_int_equal(audit_entry_of(report, "unknown_service")->group->book.records, 50);
    assert_int_equal(audit_entry_of(report, "c99")->group->book.records, 1);
    audit_report_free(report);
    for (unsigned i = 0; i < LOGS; i++) {
        audit_let_go(audit, &held[i]);
        source_free(sources[i]);
    }
    a_container_comes_and_goes(audit, 1000, "late");
    report = audit_report_new(audit, &no_policy);
    assert_int_equal(audit_entry_of(report, "c0")->group->book.records, 1);
    assert_int_equal(report->total.records, 152);
    audit_report_free(report);
    audit_free(audit);
}

static void a_report_in_pieces_has_each_record_once_whatever_leaves_meanwhile(void **state)
{
    (void)state;
    enum { LOGS = 40 };
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct audit_origin *held[LOGS] = {NULL};
    struct source *sources[LOGS];
    for (unsigned i = 0; i < LOGS; i++) {
        char *path = mem_format("/var/log/pods/jobs_run-%u_%08x/c%u/0.log", i, i, i);
        sources[i] = source_new(path, "files", i + 1);
        audit_lines(audit, &(struct audit_line){sources[i], NULL, TRACE_OK, 1, 0, 0, 0}, 2);
        audit_lines(audit, &(struct audit_line){sources[i], "named", TRACE_OK, 1, 0, 0, 0}, i % 2);
        audit_hold(audit, &held[i]);
        free(path);
    }
    struct audit_draft *draft = audit_draft_new(audit, &no_policy, &(struct audit_page){0, 1000});
    size_t steps = 0;
    for (; !audit_draft_step(draft, 1); steps++) {
        if (steps < LOGS) {
            audit_let_go(audit, &held[(steps * 7) % LOGS]);
        }
    }
    struct audit_report *report = audit_draft_take(draft);
    audit_draft_free(draft);
    assert_int_equal(report->total.records, 2 * LOGS + LOGS / 2);
    assert_true(steps > LOGS);
    audit_report_free(report);
    report = audit_report_new(audit, &no_policy); /* what they had stayed, and once */
    assert_int_equal(report->total.records, 2 * LOGS + LOGS / 2);
    assert_int_equal(audit_entry_of(report, "named")->group->book.records, 3 * (LOGS / 2));
    assert_int_equal(report->services, 1 + LOGS / 2);
    audit_report_free(report);
    /* One that is given up half-way leaves nothing behind, and lets what has left leave. */
    for (size_t units = 1; units < 100; units += 7) {
        draft = audit_draft_new(audit, &no_policy, &(struct audit_page){3, 5});
        audit_draft_step(draft, units);
        audit_draft_free(draft);
    }
    audit_free(audit);
    for (unsigned i = 0; i < LOGS; i++) {
        source_free(sources[i]);
    }
}

static void pages_have_the_worst_first_and_all_others_are_one(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    settings.groups_max = 500;
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    for (unsigned i = 0; i < 1000; i++) { /* s0 has the least; half of them find no place */
        char name[16];
        snprintf(name, sizeof(name), "s%03u", i);
        audit_lines(audit, &(struct audit_line){source, name, TRACE_OK, 1, 0, 0, 0}, 1 + i);
        audit_lines(audit, &(struct audit_line){source, name, TRACE_ABSENT, 0, 0, 0, 0}, 1000 - i);
    }
    uint64_t total = 1000 * 1001;
    unsigned seen = 0;
    for (size_t first = 0; first < 500; first += 60) {
        struct audit_page page = {first, 60};
        struct audit_draft *draft = audit_draft_new(audit, &no_policy, &page);
        while (!audit_draft_step(draft, 50)) {
        }
        struct audit_report *report = audit_draft_take(draft);
        audit_draft_free(draft);
        uint64_t sum = 0;
        for (size_t i = 0; i < report->count; i++) {
            char name[16];
            snprintf(name, sizeof(name), "s%03u", seen);
            sum += report->entries[i].group->book.records;
            if (i + 1 < report->count) {
                assert_string_equal(report->entries[i].group->service, name);
                seen++;
            }
        }
        assert_int_equal(sum, total);
        assert_int_equal(report->total.records, total);
        assert_int_equal(report->services, 500);
        const struct audit_group *others = report->entries[report->count - 1].group;
        assert_true(others->is_overflow);
        uint64_t not_here = 1000 - (report->count - 1);
        assert_in_range(distinct_estimate(others->distinct), not_here - not_here / 20,
                        not_here + not_here / 20);
        audit_report_free(report);
    }
    assert_int_equal(seen, 500);
    audit_free(audit);
    source_free(source);
}

#define MINUTE UINT64_C(60000000000)

static void services_that_are_not_seen_make_room_and_their_records_stay(void **state)
{
    (void)state;
    struct audit_settings settings = settings_of(0.5, 1);
    struct audit *audit = audit_new(&settings);
    struct source *source = source_new("a.log", "files", 1);
    struct source *other = source_new("b.log", "files", 2);
    struct audit_origin *held = NULL;
    audit_lines(audit, &(struct audit_line){other, "quiet", TRACE_OK, 1, 0, 0, 0}, 5);
    audit_hold(audit, &held); /* its file is still there */
    for (unsigned i = 0; i < 99; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%u", i);
        audit_lines(audit, &(struct audit_line){source, name, TRACE_OK, 1, 0, 0, 0}, 1);
    }
    for (unsigned minute = 1; minute <= 65; minute++) {
        audit_lines(audit, &(struct audit_line){source, "busy", TRACE_OK, 1, 0, 0, 0}, 1);
        audit_begin_round(audit);
        audit_sweep(audit, minute * MINUTE, 60 * MINUTE, 1000);
    }
    assert_int_equal(audit_get_over(audit).records, 65 - 3);
    audit_lines(audit, &(struct audit_line){source, "new", TRACE_OK, 1, 0, 0, 0}, 1);
    struct audit_report *report = audit_report_new(audit, &no_policy);
    assert_non_null(audit_entry_of(report, "quiet"));
    assert_non_null(audit_entry_of(report, "new"));
    assert_non_null(audit_entry_of(report, "busy"));
    assert_int_equal(report->total.records, 5 + 99 + 65 + 1);
    assert_in_range(report->count, 50, 54); /* half of the places are nobody's to take */
    audit_report_free(report);
    audit_free(audit);
    source_free(other);
    source_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_containers_later_one_is_still_booked_on_its_own_service),
        cmocka_unit_test(a_log_that_is_held_keeps_its_place_and_those_without_one_are_counted),
        cmocka_unit_test(a_report_in_pieces_has_each_record_once_whatever_leaves_meanwhile),
        cmocka_unit_test(pages_have_the_worst_first_and_all_others_are_one),
        cmocka_unit_test(services_that_are_not_seen_make_room_and_their_records_stay),
        cmocka_unit_test(every_class_is_counted_and_the_truth_of_coverage_is_the_shipped_id),
        cmocka_unit_test(what_names_no_service_goes_to_the_one_that_all_others_from_there_name),
        cmocka_unit_test(what_names_no_service_beside_two_goes_to_the_default_one),
        cmocka_unit_test(verdicts_follow_the_policy),
        cmocka_unit_test(nobody_lowers_what_is_asked_of_another),
        cmocka_unit_test(the_whole_policy_knows_classes_and_logs_without_any_id),
        cmocka_unit_test(hostile_names_cannot_make_it_grow),
        cmocka_unit_test(a_name_with_a_nul_is_one_name),
        cmocka_unit_test(how_many_there_were_is_told_in_constant_memory),
        cmocka_unit_test(groups_are_broken_down_by_what_was_asked_for),
        cmocka_unit_test(the_most_frequent_trace_id_is_found_and_never_overstated),
        cmocka_unit_test(samples_are_redacted_and_one_a_class),
        cmocka_unit_test(the_json_report_keeps_its_contract),
    };
    return driver_run("audit", tests, ARRAY_LEN(tests));
}
