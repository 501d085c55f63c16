/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include "kubernetes/json_split.h"
#include "kubernetes/lookup.h"
#include "kubernetes/pod_reader.h"

#define UID    "0b5a1d2e-7c0f-4b6a-9d8e-1f2a3b4c5d6e"
#define MIRROR "9f86d081884c7d659a2feaa0c55ad015"

static struct kubernetes_settings plain_settings(void)
{
    return (struct kubernetes_settings){.pod_annotations = true,
                                        .deleted_kept_ms = 1000,
                                        .pods_max = 1000,
                                        .pod_bytes_max = 16384,
                                        .object_bytes_max = 2 << 20};
}

/* ---- json_split ---- */

struct pieces {
    char text[4096];
};

static void take_piece(void *context, enum json_piece kind, struct slice piece, bool is_cut)
{
    struct pieces *pieces = context;
    size_t len = strlen(pieces->text);
    snprintf(pieces->text + len, sizeof(pieces->text) - len, "%s%s:%.*s\n",
             kind == JSON_ITEM ? "item" : "whole", is_cut ? " cut" : "", (int)piece.len,
             piece.data);
}

static const struct {
    const char *text;
    const char *pieces;
    bool is_good;
} split_cases[] = {
    {"{\"kind\":\"PodList\",\"metadata\":{\"a\":[1]},\"items\":[{\"x\":{\"items\":[{}]}},{\"y\":2}]}\n",
     "item:{\"x\":{\"items\":[{}]}}\nitem:{\"y\":2}\n"
     "whole:{\"kind\":\"PodList\",\"metadata\":{\"a\":[1]},\"items\":[]}\n",
     true},
    {"{\"items\":[ {\"s\":\"}]\\\"{\"} ],"
    "\"z\":1}", "item:{\"s\":\"}]\\\"{\"}\nwhole:{\"items\":[  ],\"z\":1}\n",
     true},
    {"{\"items\":null}{\"a\":\"items\",\"b\":[{}]}", "whole:{\"items\":null}\n"
     "whole:{\"a\":\"items\",\"b\":[{}]}\n",
     true},
    {"{\"it\\u0065ms\":[{}]}", "whole:{\"it\\u0065ms\":[{}]}\n", true},
    {" \r\n\t", "", true},
    {"", "", true},
    {"[{}]", "", false},
    {"x", "", false},
    {"{}}", "whole:{}\n", false},
    {"\"text\"", "", false},
};

static void a_stream_is_cut_the_same_however_it_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(split_cases); i++) {
        struct slice all = driver_guarded(slice_from_string(split_cases[i].text));
        print_message("%s\n", split_cases[i].text);
        for (size_t portion = 1; portion <= all.len + 1; portion++) {
            struct pieces pieces = {""};
            struct json_split split;
            bool is_good = true;
            json_split_init(&split, 4096);
            for (size_t at = 0; is_good && at < all.len; at += portion) {
                struct slice rest = slice_skip(all, at);
                rest.len = rest.len < portion ? rest.len : portion;
                is_good = json_split_feed(&split, rest, take_piece, &pieces);
            }
            assert_string_equal(pieces.text, split_cases[i].pieces);
            assert_int_equal(is_good, split_cases[i].is_good);
            assert_int_equal(json_split_is_between(&split), split_cases[i].is_good);
            json_split_fini(&split);
        }
    }
}

static void what_is_larger_than_a_piece_is_dropped_to_its_end(void **state)
{
    (void)state;
    struct pieces pieces = {""};
    struct json_split split;
    json_split_init(&split, 24);
    assert_true(json_split_feed(
        &split, SLICE("{\"items\":[{\"large\":\"0123456789abcdef\"},"
        "{\"b\":1}]}{\"large\":{\"x\":\"01234"
                      "56789abcdef\"}}{\"c\":1}"),
        take_piece, &pieces));
    assert_string_equal(pieces.text,
                        "item cut:\nitem:{\"b\":1}\nwhole:{\"items\":[]}\nwhole cut:\nwhole:{\"c\":1}\n");
    json_split_fini(&split);
}

/* ---- reading ---- */

/* A store that is filled by a reader, and what else the reader told. */
struct world {
    struct kubernetes_settings settings;
    struct counters counters;
    struct pod_store *store;
    struct pod_reader *reader;
    uint64_t now_ns;
    char version[64];
    char next[512];
    long status;
    unsigned ends;
};

static void on_pod(void *context, struct pod *pod, bool is_deleted)
{
    struct world *world = context;
    if (is_deleted) {
        pod_store_delete(world->store, pod, world->now_ns);
    } else {
        pod_store_put(world->store, pod);
    }
}

static void on_version(void *context, const char *version)
{
    struct world *world = context;
    snprintf(world->version, sizeof(world->version), "%s", version);
}

static void on_end(void *context, const char *next)
{
    struct world *world = context;
    world->ends++;
    snprintf(world->next, sizeof(world->next), "%s", next != NULL ? next : "");
}

static void on_status(void *context, long code, const char *message)
{
    (void)message;
    ((struct world *)context)->status = code;
}

static void open_world(struct world *world)
{
    world->settings = plain_settings();
    world->store = pod_store_new(&world->settings, &world->counters);
    const struct pod_reader_events events = {on_pod, on_version, on_end, on_status, world};
    world->reader = pod_reader_new(&world->settings, &world->counters, &events);
    world->now_ns = 1000000000;
}

static void close_world(struct world *world)
{
    pod_reader_free(world->reader);
    pod_store_free(world->store);
}

static bool feed(struct world *world, const char *text)
{
    return pod_reader_feed(world->reader, slice_from_string(text));
}

static const char checkout[] =
    "{\"metadata\":{\"name\":\"checkout-7d9f8-x1\",\"namespace\":\"shop\",\"uid\":\"" UID "\","
    "\"resourceVersion\":\"11\",\"labels\":{\"app\":\"checkout\",\"pod-template-hash\":\"7d9f8\","
    "\"app.kubernetes.io/name\":\"co\",\"app.kubernetes.io/version\":\"v9\"},"
    "\"annotations\":{\"resource.opentelemetry.io/deployment.environment.name\":\"prod\","
    "\"resource.opentelemetry.io/k8s.namespace.name\":\"kube-system\",\"owner\":\"ann\","
    "\"secret\":\"s\"},"
    "\"ownerReferences\":[{\"kind\":\"Node\",\"name\":\"n\",\"uid\":\"u0\"},"
    "{\"kind\":\"ReplicaSet\",\"name\":\"checkout-7d9f8\",\"uid\":\"u1\",\"controller\":true}]},"
    "\"spec\":{\"nodeName\":\"node-1\",\"hostname\":\"h\",\"containers\":[{\"name\":\"app\","
    "\"image\":\"registry.example:5000/shop/checkout:1.42@sha256:ab\"},{\"name\":\"side\","
    "\"image\":\"envoy\"}],"
    "\"initContainers\":[{\"name\":\"init\",\"image\":\"busybox:1\"}]},"
    "\"status\":{\"podIP\":\"10.0.0.7\",\"startTime\":\"2026-05-11T02:14:33Z\",\"containerStatuses\":["
    "{\"name\":\"app\",\"restartCount\":2,\"containerID\":\"containerd://c2\","
    "\"imageID\":\"docker-pullable://registry.example:5000/shop/checkout@sha256:ab\","
    "\"lastState\":{\"terminated\":{\"containerID\":\"containerd://c1\"}}},"
    "{\"name\":\"side\",\"restartCount\":0,\"containerID\":\"\",\"imageID\":\"sha256:77\"}]}}";

static char *list_of(const char *items)
{
    return mem_format("{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"42\","
    "\"continue\":\"\"},"
                      "\"items\":[%s]}",
                      items);
}

static void put_checkout(struct world *world)
{
    char *list = list_of(checkout);
    assert_true(feed(world, list));
    free(list);
}

static const char *text_of(const struct source *source, const char *key)
{
    const struct attribute *attribute = source_get(source, key);
    return attribute != NULL && !attribute->is_int ? attribute->value : NULL;
}

static void assert_text(const struct source *source, const char *key, const char *expected)
{
    const char *actual = text_of(source, key);
    print_message("%s\n", key);
    if (expected == NULL) {
        assert_null(actual);
    } else {
        assert_non_null(actual);
        assert_string_equal(actual, expected);
    }
}

static void every_attribute_comes_from_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        bool is_list;
    } expected[] = {
        {"k8s.cluster.name", "prod-1", false},
        {"k8s.node.name", "node-1", false},
        {"k8s.namespace.name", "shop", false},
        {"k8s.pod.name", "checkout-7d9f8-x1", false},
        {"k8s.pod.uid", UID, false},
        {"k8s.pod.ip", "10.0.0.7", false},
        {"k8s.pod.hostname", "h", false},
        {"k8s.pod.start_time", "2026-05-11T02:14:33Z", false},
        {"k8s.container.name", "app", false},
        {"k8s.replicaset.name", "checkout-7d9f8", false},
        {"k8s.replicaset.uid", "u1", false},
        {"k8s.deployment.name", "checkout", false},
        {"container.id", "c2", false},
        {"container.image.name", "registry.example:5000/shop/checkout", false},
        {"container.image.tags", "1.42", true},
        {"container.image.repo_digests", "registry.example:5000/shop/checkout@sha256:ab", true},
        {"k8s.pod.label.app", "checkout", false},
        {"k8s.pod.annotation.owner", "ann", false},
        {"service.namespace", "shop", false},
        {"service.version", "1.42@sha256:ab", false},
        {"service.instance.id", "shop.checkout-7d9f8-x1.app", false},
        {"deployment.environment.name", "prod", false},
    };
    char *chosen_labels[] = {(char *)(uintptr_t)"ap*"};
    char *chosen_annotations[] = {(char *)(uintptr_t)"owner"};
    struct world world = {0};
    open_world(&world);
    world.settings.cluster = (char *)(uintptr_t)"prod-1";
    world.settings.labels = (struct string_list){chosen_labels, 1};
    world.settings.annotations = (struct string_list){chosen_annotations, 1};
    put_checkout(&world);
    struct source *source =
        source_new("/var/log/pods/shop_checkout-7d9f8-x1_" UID "/app/2.log", "tail", 7);
    assert_int_equal(lookup_source(world.store, source, &world.settings, &world.counters),
                     LOOKUP_KNOWN);
    size_t count = 1; /* restart_count */
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_text(source, expected[i].key, expected[i].value);
        assert_int_equal(source_get(source, expected[i].key)->is_list, expected[i].is_list);
        count++;
    }
    /* app.kubernetes.io/… match ap* too */
    assert_int_equal(source->attribute_count, count + 2);
    assert_int_equal(source_get(source, "k8s.container.restart_count")->number, 2);
    assert_string_equal(source->default_service, "checkout");
    assert_true(source->id != 7);
    source_free(source);
    close_world(&world);
}

static void a_run_has_the_id_of_its_own_container(void **state)
{
    (void)state;
    static const struct {
        const char *file, *id;
    } cases[] = {
        {"app/2.log", "c2"},
        {"app/1.log", "c1"},
        {"app/0.log", NULL},
        {"app/2.log.20260511-021433", "c2"},
        {"side/0.log", NULL},
        {"init/0.log", NULL},
        {"unheard-of/0.log", NULL},
    };
    struct world world = {0};
    open_world(&world);
    put_checkout(&world);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *path = mem_format("/p/shop_checkout-7d9f8-x1_" UID "/%s", cases[i].file);
        struct source *source = source_new(path, "tail", 7);
        print_message("%s\n", cases[i].file);
        lookup_source(world.store, source, &world.settings, &world.counters);
        assert_text(source, "container.id", cases[i].id);
        assert_text(source, "k8s.deployment.name", "checkout");
        source_free(source);
        free(path);
    }
    close_world(&world);
}

static const struct {
    const char *metadata; /* beside name, namespace and uid */
    bool labels;
    const char *service, *workload_key, *workload;
} service_cases[] = {
    {"", false, "p-1", NULL, NULL},
    {"\"labels\":{\"app.kubernetes.io/name\":\"n\",\"app.kubernetes.io/instance\":\"i\"},"
    "", false, "p-1",
     NULL, NULL},
    {"\"labels\":{\"app.kubernetes.io/name\":\"n\",\"app.kubernetes.io/instance\":\"i\"},"
    "", true, "i", NULL,
     NULL},
    {"\"labels\":{\"app.kubernetes.io/name\":\"n\"},", true, "n", NULL, NULL},
    {"\"annotations\":{\"resource.opentelemetry.io/service.name\":\"a\"},"
     "\"labels\":{\"app.kubernetes.io/name\":\"n\"},",
     true, "a", NULL, NULL},
    {"\"ownerReferences\":[{\"kind\":\"StatefulSet\",\"name\":\"db\",\"controller\":true}],"
    "", true, "db",
     "k8s.statefulset.name", "db"},
    {"\"ownerReferences\":[{\"kind\":\"DaemonSet\",\"name\":\"ds\",\"controller\":true}],", false, "ds",
     "k8s.daemonset.name", "ds"},
    {"\"ownerReferences\":[{\"kind\":\"Job\",\"name\":\"report-28934567\",\"controller\":true}],"
    "", false,
     "report", "k8s.cronjob.name", "report"},
    {"\"ownerReferences\":[{\"kind\":\"Job\",\"name\":\"report-2893\",\"controller\":true}],", false,
     "report-2893", "k8s.cronjob.name", NULL},
    {"\"ownerReferences\":[{\"kind\":\"Job\",\"name\":\"report-1736074020\","
    "\"controller\":true}],", false,
     "report", "k8s.job.name", "report-1736074020"},
    /* A ReplicaSet that no Deployment made: the hash is not the end of its name, or there is none. */
    {"\"labels\":{\"pod-template-hash\":\"77\"},"
     "\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"rs-78\",\"controller\":true}],",
     false, "rs-78", "k8s.deployment.name", NULL},
    {"\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"rs-77\",\"controller\":true}],", false,
     "rs-77", "k8s.deployment.name", NULL},
    {"\"labels\":{\"pod-template-hash\":\"77\"},"
     "\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"my-rs-77\",\"controller\":true}],",
     false, "my-rs", "k8s.deployment.name", "my-rs"},
    /* Somebody owns it, but does not control it. */
    {"\"ownerReferences\":[{\"kind\":\"DaemonSet\",\"name\":\"ds\"}],"
    "", false, "p-1", "k8s.daemonset.name",
     NULL},
};

static void a_service_is_named_by_the_rules_of_opentelemetry(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(service_cases); i++) {
        struct world world = {0};
        open_world(&world);
        world.settings.service_labels = service_cases[i].labels;
        char *pod = mem_format("{\"kind\":\"Pod\",\"metadata\":{%s\"name\":\"p-1\",\"namespace\":\"s\","
                               "\"uid\":\"" UID "\"},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}",
                               service_cases[i].metadata);
        print_message("%s\n", service_cases[i].metadata);
        assert_true(feed(&world, pod));
        struct source *source = source_new("/p/s_p-1_" UID "/c/0.log", "tail", 1);
        lookup_source(world.store, source, &world.settings, &world.counters);
        assert_string_equal(source->default_service, service_cases[i].service);
        if (service_cases[i].workload_key != NULL) {
            assert_text(source, service_cases[i].workload_key, service_cases[i].workload);
        }
        source_free(source);
        free(pod);
        close_world(&world);
    }
}

static void a_static_pod_is_found_by_the_hash_of_its_file(void **state)
{
    (void)state;
    struct world world = {0};
    open_world(&world);
    assert_true(feed(&world, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"etcd-n1\","
                             "\"namespace\":\"kube-system\",\"uid\":\"" UID "\",\"annotations\":"
                             "{\"kubernetes.io/config.mirror\":\"" MIRROR "\"}}}}"));
    struct source *source =
        source_new("/var/log/pods/kube-system_etcd-n1_" MIRROR "/etcd/0.log", "tail", 1);
    assert_int_equal(lookup_source(world.store, source, &world.settings, &world.counters),
                     LOOKUP_KNOWN);
    assert_text(source, "k8s.pod.uid", UID);
    source_free(source);
    close_world(&world);
}

static void a_name_alone_finds_the_pod_that_is_there(void **state)
{
    (void)state;
    struct world world = {0};
    open_world(&world);
    assert_true(feed(&world, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"db-0\","
                             "\"namespace\":\"s\",\"uid\":\"old\"}}}"
                             "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"db-0\","
                             "\"namespace\":\"s\",\"uid\":\"new\"}}}"));
    struct source *source = source_new("/var/log/containers/db-0_s_db-aabbccddeeff.log", "t", 1);
    assert_int_equal(lookup_source(world.store, source, &world.settings, &world.counters),
                     LOOKUP_KNOWN);
    assert_text(source, "k8s.pod.uid", "new");
    assert_text(source, "container.id", "aabbccddeeff");
    source_free(source);
    close_world(&world);
}

static void what_a_pod_no_longer_tells_is_gone(void **state)
{
    (void)state;
    char *chosen[] = {(char *)(uintptr_t)"*"};
    struct world world = {0};
    open_world(&world);
    world.settings.labels = (struct string_list){chosen, 1};
    static const char with[] = "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"p\","
    "\"namespace\":\"s\","
                               "\"uid\":\"" UID "\",\"labels\":{\"a\":\"1\"}}}}";
    static const char without[] = "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"p\","
                                  "\"namespace\":\"s\",\"uid\":\"" UID "\"}}}";
    struct source *source = source_new("/p/s_p_" UID "/c/0.log", "tail", 1);
    assert_int_equal(lookup_source(world.store, source, &world.settings, &world.counters),
                     LOOKUP_UNKNOWN);
    assert_true(feed(&world, with));
    lookup_source(world.store, source, &world.settings, &world.counters);
    assert_text(source, "k8s.pod.label.a", "1");
    uint64_t id = source->id;
    assert_true(feed(&world, with)); /* the same again changes nothing */
    lookup_source(world.store, source, &world.settings, &world.counters);
    assert_true(source->id == id);
    assert_true(feed(&world, without));
    lookup_source(world.store, source, &world.settings, &world.counters);
    assert_text(source, "k8s.pod.label.a", NULL);
    assert_true(source->id != id);
    source_free(source);
    close_world(&world);
}

static void a_deleted_pod_is_kept_for_a_while(void **state)
{
    (void)state;
    struct world world = {0};
    struct kubernetes_path path = {.pod_uid = SLICE(UID)};
    open_world(&world);
    put_checkout(&world);
    pod_store_begin_list(world.store);
    pod_store_end_list(world.store, world.now_ns); /* a list without it */
    pod_store_expire(world.store, world.now_ns + 999999999);
    assert_non_null(pod_store_find(world.store, &path));
    pod_store_expire(world.store, world.now_ns + 1000000000);
    assert_null(pod_store_find(world.store, &path));
    assert_int_equal(world.counters.values[C_KUBERNETES_PODS], 0);
    close_world(&world);
}

static void the_store_has_limits(void **state)
{
    (void)state;
    static const char pod[] = "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"p%d\","
                              "\"namespace\":\"s\",\"uid\":\"u%d\","
                              "\"annotations\":{\"clew.dev/a\":\"%0*d\"}}}}";
    struct world world = {0};
    open_world(&world);
    world.settings.pods_max = 2;
    world.settings.pod_bytes_max = 1024;
    for (int i = 0; i < 3; i++) {
        char *text = mem_format(pod, i, i, i == 0 ? 2000 : 1, 0);
        assert_true(feed(&world, text));
        free(text);
    }
    assert_int_equal(world.counters.values[C_KUBERNETES_PODS], 2);
    assert_int_equal(world.counters.values[C_KUBERNETES_PODS_REFUSED], 1);
    assert_int_equal(world.counters.values[C_KUBERNETES_POD_LIMITS], 1);
    close_world(&world);
}

static void a_watch_tells_where_it_is(void **state)
{
    (void)state;
    struct world world = {0};
    open_world(&world);
    assert_true(feed(&world, "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":"
                             "{\"resourceVersion\":\"77\"}}}\n"));
    assert_string_equal(world.version, "77");
    assert_true(feed(&world, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
                             "\"message\":\"too old\"}}\n"));
    assert_int_equal(world.status, 410);
    assert_int_equal(world.ends, 0);
    assert_true(feed(&world, "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"abc\"},"
    "\"items\":[]}"));
    assert_int_equal(world.ends, 1);
    assert_string_equal(world.next, "abc");
    assert_false(feed(&world, "{\"what\":1}"));
    pod_reader_reset(world.reader);
    assert_false(feed(&world, "<html>"));
    close_world(&world);
}

static void feed_recorded(struct world *world, const char *name)
{
    char *path = mem_format("tests/corpus/kubernetes/%s.json", name);
    size_t len;
    char *text = driver_read_file(path, &len);
    world->status = 0;
    world->version[0] = '\0';
    pod_reader_reset(world->reader);
    assert_true(pod_reader_feed(world->reader, slice_make(text, len)));
    assert_true(pod_reader_is_whole(world->reader));
    free(text);
    free(path);
}

/* As a kube-apiserver has really answered; see tests/corpus/kubernetes/README.md. */
static void recorded_answers_are_understood(void **state)
{
    (void)state;
    struct world world = {0};
    open_world(&world);
    feed_recorded(&world, "list");
    assert_int_equal(world.counters.values[C_KUBERNETES_PODS], 2);
    assert_string_equal(world.version, "202");
    assert_int_equal(world.ends, 1);
    struct kubernetes_path db = {.namespace_name = SLICE("shop"), .pod_name = SLICE("db-0")};
    assert_int_equal(pod_store_find(world.store, &db)->deleted_ns, 0);
    feed_recorded(&world, "watch");
    assert_int_equal(world.counters.values[C_KUBERNETES_PODS], 3);
    assert_int_equal(world.counters.values[C_KUBERNETES_EVENTS], 5);
    assert_true(pod_store_find(world.store, &db)->deleted_ns != 0);
    assert_string_equal(pod_store_find(world.store, &db)->owner_name, "db");
    assert_true(atoi(world.version) > 202);
    feed_recorded(&world, "expired");
    assert_int_equal(world.status, 410);
    feed_recorded(&world, "unauthorized");
    assert_int_equal(world.status, 401);
    feed_recorded(&world, "page");
    assert_true(strlen(world.next) > 20);
    close_world(&world);
}

/* ---- memory ---- */

/* 250 pods of 20 KB of JSON each, with large annotations that nobody asked for. */
static void two_hundred_and_fifty_pods_take_less_than_a_megabyte(void **state)
{
    (void)state;
    struct world world = {0};
    open_world(&world);
    char *ballast = mem_alloc(20001);
    memset(ballast, 'x', 20000);
    size_t before = mallinfo2().uordblks;
    assert_true(feed(&world, "{\"kind\":\"PodList\",\"items\":["));
    for (int i = 0; i < 250; i++) {
        char *pod = mem_format(
            "%s{\"metadata\":{\"name\":\"checkout-7d9f8b6c5-%05d\",\"namespace\":\"shop\","
            "\"uid\":\"0b5a1d2e-7c0f-4b6a-"
            "9d8e-1f2a3b4c%04d\",\"labels\":{\"app\":\"checkout\",\"pod-template-hash\":\"7d9f8b6c5\"},"
            "\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"%s\"},"
            "\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"checkout-7d9f8b6c5\","
            "\"uid\":\"" UID "\","
            "\"controller\":true}]},\"spec\":{\"nodeName\":\"node-1\","
            "\"containers\":[{\"name\":\"checkout\","
            "\"image\":\"registry.example/shop/checkout:1.42.0\"},{\"name\":\"proxy\","
            "\"image\":\"registry.example/"
            "mesh/proxy:1.20\"}]},\"status\":{\"podIP\":\"10.0.0.7\","
            "\"startTime\":\"2026-05-11T02:14:33Z\","
            "\"containerStatuses\":[{\"name\":\"checkout\","
            "\"restartCount\":1,\"containerID\":\"containerd://%064d\","
            "\"imageID\":\"registry.example/shop/checkout@sha256:%064d\",\"lastState\":{\"terminated\":"
            "{\"containerID\":\"containerd://%064d\"}}},{\"name\":\"proxy\","
            "\"restartCount\":0,\"containerID\":"
            "\"containerd://%064d\",\"imageID\":\"registry.example/mesh/proxy@sha256:%064d\"}]}}",
            i > 0 ? "," : "", i, i, ballast, i, i, i, i, i);
        assert_true(feed(&world, pod));
        free(pod);
    }
    assert_true(feed(&world, "]}"));
    size_t kept = mallinfo2().uordblks - before;
    print_message("250 pods: %zu bytes\n", kept);
    assert_int_equal(world.counters.values[C_KUBERNETES_PODS], 250);
    assert_true(kept < 1000000);
    free(ballast);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_cut_the_same_however_it_comes),
        cmocka_unit_test(what_is_larger_than_a_piece_is_dropped_to_its_end),
        cmocka_unit_test(every_attribute_comes_from_its_place),
        cmocka_unit_test(a_run_has_the_id_of_its_own_container),
        cmocka_unit_test(a_service_is_named_by_the_rules_of_opentelemetry),
        cmocka_unit_test(a_static_pod_is_found_by_the_hash_of_its_file),
        cmocka_unit_test(a_name_alone_finds_the_pod_that_is_there),
        cmocka_unit_test(what_a_pod_no_longer_tells_is_gone),
        cmocka_unit_test(a_deleted_pod_is_kept_for_a_while),
        cmocka_unit_test(the_store_has_limits),
        cmocka_unit_test(a_watch_tells_where_it_is),
        cmocka_unit_test(recorded_answers_are_understood),
        cmocka_unit_test(two_hundred_and_fifty_pods_take_less_than_a_megabyte),
    };
    return driver_run("kubernetes", tests, ARRAY_LEN(tests));
}
