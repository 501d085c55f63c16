/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "config/config.h"
#include "delivery/route_match.h"

#define IN_OUT                                                                                     \
    "inputs: [{name: pods, include: /x}, {name: files, include: /y}]\n"                            \
    "outputs: [{name: a}, {name: b}, {name: c}]\n"

#define POD(namespace, pod, container)                                                             \
    "/var/log/pods/" namespace "_" pod "_0a1b2c3d/" container "/0.log"

static struct settings *load(const char *text)
{
    struct diag diag;
    diag_init(&diag);
    struct settings *settings =
        config_load_text(text, "test", &(struct config_sources){0}, &diag);
    assert_non_null(settings);
    diag_fini(&diag);
    return settings;
}

/* The way of a source of this input and path, asked of a matcher of these routes. */
static struct way find(const char *routes, const char *input, const char *path)
{
    static uint64_t id;
    char *text = mem_format("%s%s", IN_OUT, routes);
    char *error = NULL;
    struct settings *settings = load(text);
    struct route_match *matcher = route_match_new(settings, NULL, &error);
    assert_non_null(matcher);
    struct source *source = source_new(path, input, ++id);
    source_set(source, "k8s.pod.label.team", "payments");
    source_set(source, "k8s.pod.label.app.kubernetes.io/name", "cart");
    struct way way = route_match_find(matcher, source);
    struct way again = route_match_find(matcher, source);
    assert_int_equal(way.routes, again.routes);
    assert_int_equal(way.outputs, again.outputs);
    source_free(source);
    route_match_free(matcher);
    settings_free(settings);
    free(text);
    return way;
}

static void a_route_takes_what_all_of_its_match_holds_for(void **state)
{
    (void)state;
    static const char shop[] = POD("shop", "cart-7d9-x2", "app");
    static const struct {
        const char *match;
        const char *input;
        const char *path;
        bool is_taken;
    } cases[] = {
        {"{}", "pods", shop, true},
        {"{}", "files", NULL, true},
        {"{input: pods}", "pods", shop, true},
        {"{input: files}", "pods", shop, false},
        {"{input: [files, pods]}", "pods", shop, true},
        {"{namespace: shop}", "pods", shop, true},
        {"{namespace: sho}", "pods", shop, false},
        {"{namespace: 'sh*'}", "pods", shop, true},
        {"{namespace: [x, '?hop']}", "pods", shop, true},
        {"{namespace: '{x,shop}'}", "pods", shop, true},
        {"{namespace: '*'}", "pods", shop, true},
        {"{namespace: '*'}", "files", "/var/log/a.log", false},
        {"{pod: 'cart-*'}", "pods", shop, true},
        {"{pod: cart}", "pods", shop, false},
        {"{container: app}", "pods", shop, true},
        {"{container: '[b-z]*'}", "pods", shop, false},
        {"{namespace: shop, container: app}", "pods", shop, true},
        {"{namespace: shop, container: db}", "pods", shop, false},
        {"{path: /var/log/pods/*/*/*.log}", "pods", shop, true},
        {"{path: /var/log/pods/**}", "pods", shop, true},
        {"{path: /var/log/*.log}", "pods", shop, false},
        {"{path: '*.log'}", "files", "/srv/x/a.log", true},
        {"{path: /srv/**/a.log}", "files", "/srv/x/y/a.log", true},
        {"{path: [/a.log, /srv/x/a.log]}", "files", "/srv/x/a.log", true},
        {"{path: '*'}", "files", NULL, false},
        {"{labels: {team: payments}}", "pods", shop, true},
        {"{labels: {team: 'pay*'}}", "pods", shop, true},
        {"{labels: {team: search}}", "pods", shop, false},
        {"{labels: {squad: '*'}}", "pods", shop, false},
        {"{labels: {app.kubernetes.io/name: cart, team: '*'}}", "pods", shop, true},
        {"{labels: {app.kubernetes.io/name: cart, team: x}}", "pods", shop, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *routes = mem_format("routes: [{match: %s}]\n", cases[i].match);
        struct way way = find(routes, cases[i].input, cases[i].path);
        if ((way.routes == 1) != cases[i].is_taken) {
            fail_msg("%s of %s %s: %d", cases[i].match, cases[i].input,
                     cases[i].path != NULL ? cases[i].path : "-", (int)way.routes);
        }
        assert_int_equal(way.outputs, cases[i].is_taken ? 7 : 0);
        free(routes);
    }
}

static void a_record_takes_every_route_that_matches(void **state)
{
    (void)state;
    static const char routes[] = "routes:\n"
                                 "- {match: {namespace: shop}, outputs: [b]}\n"
                                 "- {match: {container: app}, outputs: [b, c]}\n"
                                 "- {otherwise: true, outputs: [a]}\n"
                                 "- {match: {container: lost}, outputs: [a, b, c]}\n";
    static const struct {
        const char *path;
        uint64_t routes;
        uint64_t outputs;
    } cases[] = {
        {POD("shop", "p", "db"), 1, 2},
        {POD("x", "p", "app"), 2, 6},
        {POD("shop", "p", "app"), 3, 6},
        {POD("x", "p", "db"), 4, 1},
        {POD("shop", "p", "lost"), 9, 7},
        {"/var/log/syslog", 4, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct way way = find(routes, "pods", cases[i].path);
        assert_int_equal(way.routes, cases[i].routes);
        assert_int_equal(way.outputs, cases[i].outputs);
    }
}

static void what_no_route_takes_has_no_way(void **state)
{
    (void)state;
    struct way way = find("routes: [{match: {namespace: shop}}]\n", "pods", "/var/log/syslog");
    assert_int_equal(way.routes, 0);
    assert_int_equal(way.outputs, 0);
}

static void sources_that_share_a_place_have_their_own_ways(void **state)
{
    (void)state;
    char *error = NULL;
    struct settings *settings =
        load(IN_OUT "routes: [{match: {path: /a}, outputs: [a]}, {match: {path: /b}, outputs: [b]}]");
    struct route_match *matcher = route_match_new(settings, NULL, &error);
    struct source *a = source_new("/a", "files", 5);
    struct source *b = source_new("/b", "files", 5 + (UINT64_C(1) << 32));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(route_match_find(matcher, a).outputs, 1);
        assert_int_equal(route_match_find(matcher, b).outputs, 2);
    }
    source_free(a);
    source_free(b);
    route_match_free(matcher);
    settings_free(settings);
}

static void new_metadata_make_a_new_way(void **state)
{
    (void)state;
    char *error = NULL;
    struct settings *settings = load(
        IN_OUT "routes: [{match: {labels: {team: a}}, outputs: [a]}, {otherwise: true, outputs: [b]}]");
    struct route_match *matcher = route_match_new(settings, NULL, &error);
    struct source *source = source_new(POD("x", "p", "app"), "pods", 5);
    assert_int_equal(route_match_find(matcher, source).outputs, 2);
    source_set(source, "k8s.pod.label.team", "a");
    source->id++;
    assert_int_equal(route_match_find(matcher, source).outputs, 1);
    source_free(source);
    route_match_free(matcher);
    settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_takes_what_all_of_its_match_holds_for),
        cmocka_unit_test(a_record_takes_every_route_that_matches),
        cmocka_unit_test(what_no_route_takes_has_no_way),
        cmocka_unit_test(sources_that_share_a_place_have_their_own_ways),
        cmocka_unit_test(new_metadata_make_a_new_way),
    };
    return driver_run("routes", tests, ARRAY_LEN(tests));
}
