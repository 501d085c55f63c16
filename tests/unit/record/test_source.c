/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include "record/counters.h"
#include "record/source.h"

#define UID "0b5a1d2e-7c0f-4b6a-9d8e-1f2a3b4c5d6e"
#define ID  "8f1c0de5b1a94c4f8a1be3f0c2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8"
#define NONE                                                                                       \
    {                                                                                              \
        NULL, 0                                                                                    \
    }

static void kubernetes_paths_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct kubernetes_path parts;
    } cases[] = {
        {"/var/log/pods/shop_checkout-7d9f8_" UID "/checkout/0.log",
         {SLICE("shop"), SLICE("checkout-7d9f8"), SLICE(UID), SLICE("checkout"), NONE, 0}},
        {"conf/samples/pods/shop_pay.v2_" UID "/pay/12.log.20260511-021433",
         {SLICE("shop"), SLICE("pay.v2"), SLICE(UID), SLICE("pay"), NONE, 12}},
        {"pods/shop_pay_" UID "/pay/3.log.20260511-021433.gz",
         {SLICE("shop"), SLICE("pay"), SLICE(UID), SLICE("pay"), NONE, 3}},
        {"pods/shop_pay_" UID "/pay/3.log.20260511-021433.tmp",
         {SLICE("shop"), SLICE("pay"), SLICE(UID), SLICE("pay"), NONE, 3}},
        {"kube-system_etcd-node1_9f86d081884c7d659a2feaa0c55ad015/etcd/0.log", /* a static pod */
         {SLICE("kube-system"), SLICE("etcd-node1"), SLICE("9f86d081884c7d659a2feaa0c55ad015"),
          SLICE("etcd"), NONE, 0}},
        {"/var/log/containers/checkout-7d9f8_shop_check-out-" ID ".log",
         {SLICE("shop"), SLICE("checkout-7d9f8"), NONE, SLICE("check-out"), SLICE(ID), -1}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kubernetes_path parts;
        print_message("%s\n", cases[i].path);
        assert_true(kubernetes_path_parse(cases[i].path, &parts));
        assert_slice_equal(parts.namespace_name, cases[i].parts.namespace_name);
        assert_slice_equal(parts.pod_name, cases[i].parts.pod_name);
        assert_slice_equal(parts.pod_uid, cases[i].parts.pod_uid);
        assert_slice_equal(parts.container_name, cases[i].parts.container_name);
        assert_slice_equal(parts.container_id, cases[i].parts.container_id);
        assert_int_equal(parts.restart_count, cases[i].parts.restart_count);
    }
}

static void other_paths_are_not_mistaken_for_kubernetes(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "/",
        "0.log",
        "/var/log/app/0.log",
        "/var/log/pods/shop_checkout_" UID "/checkout/app.log",
        "/var/log/pods/shop_checkout_" UID "/checkout/.log",
        "/var/log/pods/shop_checkout_" UID "/checkout/0.log.1",
        "/var/log/pods/shop_checkout_" UID "/checkout/0.log.20260511",
        "/var/log/pods/shop_checkout_" UID "//0.log",
        "/var/log/pods/shop_checkout_" UID "_x/checkout/0.log",
        "/var/log/pods/shop_checkout/checkout/0.log",
        "/var/log/pods/_checkout_" UID "/checkout/0.log",
        "/var/log/pods/Shop_checkout_" UID "/checkout/0.log",
        "/var/log/pods/shop_checkout_" UID "/checkout/1234567890123456789.log",
        "/var/log/containers/checkout_shop_checkout.log",
        "/var/log/containers/checkout_shop_checkout-v2.log",
        "/var/log/my_own_service-1.log",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kubernetes_path parts;
        print_message("%s\n", cases[i]);
        assert_false(kubernetes_path_parse(cases[i], &parts));
    }
}

static const char *text_of(const struct source *source, const char *key)
{
    const struct attribute *attribute = source_get(source, key);
    assert_non_null(attribute);
    assert_false(attribute->is_int);
    return attribute->value;
}

static void a_pod_s_source_has_everything_its_path_tells(void **state)
{
    (void)state;
    struct source *source =
        source_new("/var/log/pods/shop_checkout-1_" UID "/app/2.log", "kubernetes", 7);
    assert_string_equal(text_of(source, "k8s.namespace.name"), "shop");
    assert_string_equal(text_of(source, "k8s.pod.name"), "checkout-1");
    assert_string_equal(text_of(source, "k8s.pod.uid"), UID);
    assert_string_equal(text_of(source, "k8s.container.name"), "app");
    assert_true(source_get(source, "k8s.container.restart_count")->is_int);
    assert_int_equal(source_get(source, "k8s.container.restart_count")->number, 2);
    assert_null(source_get(source, "container.id"));
    assert_string_equal(source->default_service, "app");
    assert_string_equal(source->input, "kubernetes");
    assert_int_equal(source->id, 7);
    source_free(source);

    source = source_new("/var/log/containers/checkout-1_shop_app-" ID ".log", "kubernetes", 8);
    assert_string_equal(text_of(source, "container.id"), ID);
    assert_string_equal(source->default_service, "app");
    assert_null(source_get(source, "k8s.container.restart_count"));
    assert_null(source_get(source, "k8s.pod.uid"));
    source_free(source);
}

static void a_plain_file_has_no_service_of_its_own(void **state)
{
    (void)state;
    struct source *source = source_new("/var/log/app.log", "files", 1);
    assert_int_equal(source->attribute_count, 0);
    assert_null(source->default_service);
    assert_string_equal(source->path, "/var/log/app.log");
    source_free(source);

    source = source_new(NULL, NULL, 2);
    assert_null(source->path);
    assert_null(source->input);
    source_free(source);

    source = source_new("/var/lib/docker/containers/" ID "/" ID "-json.log.1", "files", 3);
    assert_string_equal(text_of(source, "container.id"), ID);
    source_free(source);
    source_free(NULL);
}

static void an_attribute_set_twice_is_replaced_in_its_place(void **state)
{
    (void)state;
    struct source *source = source_new(NULL, "files", 1);
    source_set(source, "a", "1");
    source_set(source, "b", "2");
    source_set(source, "a", "3");
    assert_string_equal(text_of(source, "a"), "3");
    source_set_int(source, "b", -4);
    assert_true(source_get(source, "b")->is_int);
    assert_null(source_get(source, "b")->value);
    source_set(source, "b", "text again");
    assert_string_equal(text_of(source, "b"), "text again");
    assert_int_equal(source->attribute_count, 2);
    assert_string_equal(source->attributes[0].key, "a");
    source_free(source);
}

static void every_counter_has_a_name_of_its_own_and_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTERS; i++) {
        const struct counter_info *info = &counter_table[i];
        assert_non_null(info->name);
        assert_non_null(info->help);
        assert_int_equal(strncmp(info->name, "clew_", 5), 0);
        assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(info->name));
        assert_null(strstr(info->name, "_total"));
        assert_int_equal(info->help[strlen(info->help) - 1], '.');
        if (info->unit != NULL) { /* OpenMetrics: a name ends with its unit */
            assert_string_equal(info->name + strlen(info->name) - strlen(info->unit), info->unit);
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(info->name, counter_table[k].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kubernetes_paths_are_taken_apart),
        cmocka_unit_test(other_paths_are_not_mistaken_for_kubernetes),
        cmocka_unit_test(a_pod_s_source_has_everything_its_path_tells),
        cmocka_unit_test(a_plain_file_has_no_service_of_its_own),
        cmocka_unit_test(an_attribute_set_twice_is_replaced_in_its_place),
        cmocka_unit_test(every_counter_has_a_name_of_its_own_and_a_sentence),
    };
    return driver_run("source", tests, ARRAY_LEN(tests));
}
