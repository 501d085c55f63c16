/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <stdlib.h>
#include "outputs/addresses.h"
#include "outputs/endpoint.h"

#define BELOW                                                                                      \
    "many backends accept logs below their own path, such as /insert/opentelemetry/v1/logs "        \
    "(VictoriaLogs), /api/ORGANISATION/v1/logs (OpenObserve) or /otlp/v1/logs (Loki): use theirs"
#define GRPC                                                                                       \
    "port 4317 is normally OTLP/gRPC; clew sends OTLP/HTTP: use "
#define FRONT "check the path in front of /v1/logs, such as the organisation or tenant"

static const struct {
    const char *url;
    const char *advice;
} cases[] = {
    {"http://host:4317/v1/logs", GRPC "http://host:4318/v1/logs"},
    {"http://[::1]:4317/", GRPC "http://[::1]:4318/v1/logs"},
    {"http://host:9428/v1/logs", "port 9428 is normally VictoriaLogs, which accepts logs at "
                                 "http://host:9428/insert/opentelemetry/v1/logs"},
    {"http://host:5080/v1/logs", "port 5080 is normally OpenObserve, which accepts logs at "
                                 "http://host:5080/api/ORGANISATION/v1/logs"},
    {"http://host:5080/api/v1/logs", FRONT},
    {"http://host:5080/api/shop", "write http://host:5080/api/shop/v1/logs"},
    {"https://host/api/shop/", "write https://host/api/shop/v1/logs"},
    {"https://host", "write https://host/v1/logs"},
    {"https://host/", "write https://host/v1/logs"},
    {"https://[fe80::1]:8080/a?b=c", "write https://[fe80::1]:8080/a/v1/logs"},
    {"http://host:4318/v1/traces", "write http://host:4318/v1/logs"},
    {"http://host:4318/a/v1/metrics/", "write http://host:4318/a/v1/logs"},
    {"http://host:4318/v1/logs/", "write http://host:4318/v1/logs"},
    {"http://host:4318/v1/logs", BELOW},
    {"http://host/a/v1/logs", FRONT},
};

static void each_endpoint_has_its_advice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *advice = endpoint_advise(cases[i].url);
        assert_string_equal(advice, cases[i].advice);
        free(advice);
    }
}

static void a_path_for_logs_is_known_whatever_follows_it(void **state)
{
    (void)state;
    assert_true(endpoint_is_for_logs("http://host/v1/logs"));
    assert_true(endpoint_is_for_logs("http://host/a/v1/logs?token=x"));
    assert_false(endpoint_is_for_logs("http://host/a?b=/v1/logs"));
    assert_false(endpoint_is_for_logs("http://host/v1/logs/"));
    assert_false(endpoint_is_for_logs("http://host/"));
}

static struct output_settings make(char *endpoint, struct key_value *header)
{
    return (struct output_settings){.endpoint = endpoint, .headers = {header, header != NULL}};
}

static void an_address_is_all_that_a_request_carries_beside_its_records(void **state)
{
    (void)state;
    char here[] = "http://host/v1/logs";
    char there[] = "http://host/v1/log";
    struct key_value header = {(char[]){"s"}, (char[]){"a"}};
    struct key_value other = {(char[]){"s"}, (char[]){"b"}};
    const struct output_settings all[] = {make(here, NULL), make(there, NULL), make(here, &header),
                                          make(here, &other)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        for (size_t j = 0; j < ARRAY_LEN(all); j++) {
            assert_int_equal(address_of(&all[i]) == address_of(&all[j]), i == j);
        }
    }
    struct output_settings slower = all[2];
    slower.timeout_ms = 1;
    slower.in_flight_max = 7;
    assert_true(address_of(&slower) == address_of(&all[2]));
    slower.compression = COMPRESSION_ZSTD;
    assert_false(address_of(&slower) == address_of(&all[2]));
}

static void the_newest_addresses_are_remembered(void **state)
{
    (void)state;
    struct addresses *addresses = addresses_new();
    for (uint64_t i = 1; i <= ADDRESSES_MAX + 3; i++) {
        assert_false(addresses_has(addresses, i));
        addresses_add(addresses, i);
        addresses_add(addresses, i);
        assert_true(addresses_has(addresses, i));
    }
    assert_false(addresses_has(addresses, 3));
    assert_true(addresses_has(addresses, 4));
    addresses_free(addresses);
    addresses_add(NULL, 1);
    assert_false(addresses_has(NULL, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_endpoint_has_its_advice),
        cmocka_unit_test(a_path_for_logs_is_known_whatever_follows_it),
        cmocka_unit_test(an_address_is_all_that_a_request_carries_beside_its_records),
        cmocka_unit_test(the_newest_addresses_are_remembered),
    };
    return driver_run("endpoints", tests, ARRAY_LEN(tests));
}
