/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ev.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "config/config.h"
#include "delivery/shipment.h"

/* A shipment whose far ends listen, but never answer: what is sent stays under way. */
struct world {
    char directory[64];
    int far_end;
    struct settings *settings;
    struct log log;
    struct counters counters;
    struct ev_loop *loop;
    struct checkpoint_store *store;
    struct checkpoint *checkpoint;
    struct shipment *shipment;
    struct source *source;
    struct record record;
    unsigned rooms;
};

static bool is_same_output(const struct output_settings *a, const struct output_settings *b)
{
    return config_is_same_item("outputs", a, b);
}

static void count_room(void *context)
{
    ((struct world *)context)->rooms++;
}

static unsigned listen_somewhere(struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    world->far_end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(world->far_end, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(world->far_end, 8), 0);
    assert_int_equal(getsockname(world->far_end, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static struct settings *load(const char *directory, unsigned port)
{
    char *text = mem_format("data_dir: %s\n"
                            "inputs: [{include: [/tmp/none]}]\n"
                            "outputs: [{endpoint: \"http://127.0.0.1:%u\"}]\n",
                            directory, port);
    struct diag diag;
    diag_init(&diag);
    struct settings *settings =
        config_load_text(text, "test", &(struct config_sources){0}, &diag);
    assert_non_null(settings);
    diag_fini(&diag);
    free(text);
    return settings;
}

static int set_up(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    long holder = 0;
    char *error = NULL;
    strcpy(world->directory, "/tmp/clew-shipment-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    world->settings = load(world->directory, listen_somewhere(world));
    world->log = (struct log){2, LOG_ERROR};
    world->loop = ev_loop_new(EVFLAG_AUTO);
    assert_int_equal(checkpoint_open(world->directory, &world->store, &holder), CHECKPOINT_OK);
    world->checkpoint = checkpoint_get(world->store, "/tmp/a.log");
    checkpoint_name_generation(world->checkpoint, 1, &(struct file_id){1, 2, 3, 4, 5},
                               "/tmp/a.log");
    const struct shipment_env env = {world->loop, &world->log, &world->counters, count_room, world,
                                     .is_same_output = is_same_output};
    world->shipment = shipment_new(world->settings, &env, &error);
    assert_non_null(world->shipment);
    world->source = source_new("/tmp/a.log", "tail", 1);
    world->record = (struct record){.source = world->source,
                                    .body_field = NO_FIELD,
                                    .has_body_text = true,
                                    .body_text = SLICE("hello")};
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    shipment_free(world->shipment);
    source_free(world->source);
    checkpoint_release(world->checkpoint);
    checkpoint_close(world->store);
    settings_free(world->settings);
    ev_loop_destroy(world->loop);
    close(world->far_end);
    DIR *directory = opendir(world->directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(world->directory);
    free(world);
    return 0;
}

static void add(struct world *world, uint64_t offset, uint64_t now_ns)
{
    shipment_add(world->shipment, &world->record, world->checkpoint, (struct position){1, offset},
                 now_ns);
}

static void filter_out(struct world *world, uint64_t offset, uint64_t now_ns)
{
    shipment_skip(world->shipment, world->checkpoint, (struct position){1, offset}, now_ns);
}

/* How far the stream is promised; 0: not at all. */
static uint64_t promised(const struct world *world)
{
    struct file_id file;
    struct position position = {0, 0};
    checkpoint_read(world->checkpoint, &file, &position);
    return position.offset;
}

static void what_was_filtered_is_promised_without_a_request(void **state)
{
    struct world *world = *state;
    filter_out(world, 100, 1);
    filter_out(world, 200, 1);
    assert_int_equal(promised(world), 0);
    shipment_flush(world->shipment, UINT64_MAX);
    assert_int_equal(promised(world), 200);
    assert_true(shipment_is_empty(world->shipment));
    assert_int_equal(world->counters.values[C_REQUESTS], 0);
    assert_int_equal(world->counters.values[C_BATCHES], 0);
}

static void what_was_filtered_waits_for_the_records_before_it(void **state)
{
    struct world *world = *state;
    add(world, 100, 1);
    shipment_flush(world->shipment, UINT64_MAX);
    filter_out(world, 200, 2);
    shipment_flush(world->shipment, UINT64_MAX);
    assert_int_equal(promised(world), 0);
    assert_false(shipment_is_empty(world->shipment));
    assert_int_equal(world->counters.values[C_BATCHES], 1);
}

static void an_outage_does_not_gather_batches_of_what_was_filtered(void **state)
{
    struct world *world = *state;
    add(world, 100, 1);
    shipment_flush(world->shipment, UINT64_MAX);
    struct mallinfo2 before = mallinfo2();
    for (uint64_t i = 0; i < 10000; i++) {
        filter_out(world, 200 + i, 2 + i);
        shipment_flush(world->shipment, UINT64_MAX);
    }
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(promised(world), 0);
    assert_true(after.uordblks < before.uordblks + 100000);
}

static void a_stream_that_fills_what_it_may_leaves_room_for_others(void **state)
{
    struct world *world = *state;
    struct checkpoint *quiet = checkpoint_get(world->store, "/tmp/quiet.log");
    uint64_t offset = 0;
    while (shipment_has_room(world->shipment, world->checkpoint)) {
        add(world, ++offset, 1);
    }
    assert_true(shipment_has_room(world->shipment, quiet));
    shipment_add(world->shipment, &world->record, quiet, (struct position){1, 1}, 2);
    assert_true(shipment_has_room(world->shipment, quiet));
    assert_false(shipment_has_room(world->shipment, world->checkpoint));
    assert_true(shipment_has_room(world->shipment, NULL));
    /* The hot one's first request is under way, what has room behind it is open, and the quiet line is
     * not behind either. */
    assert_int_equal(world->counters.values[C_BATCHES], 1);
    shipment_flush(world->shipment, UINT64_MAX);
    assert_int_equal(world->counters.values[C_BATCHES], 2);
    checkpoint_release(quiet);
}

static void a_batch_leaves_when_it_is_old_enough(void **state)
{
    struct world *world = *state;
    const uint64_t begin_ns = 5000000000;
    const uint64_t age_ns = shipment_batch_age_ms(world->shipment) * 1000000;
    assert_true(shipment_is_empty(world->shipment));
    add(world, 100, begin_ns);
    assert_false(shipment_is_empty(world->shipment));
    shipment_flush(world->shipment, begin_ns + age_ns - 1);
    assert_int_equal(world->counters.values[C_BATCHES], 0);
    shipment_flush(world->shipment, begin_ns + age_ns);
    assert_int_equal(world->counters.values[C_BATCHES], 1);
}

static void what_leads_waits_as_long_as_a_batch_may_get_old(void **state)
{
    struct world *world = *state;
    const uint64_t begin_ns = 5000000000;
    const uint64_t age_ns = shipment_batch_age_ms(world->shipment) * 1000000;
    add(world, 100, begin_ns);
    shipment_flush(world->shipment, UINT64_MAX);
    assert_int_equal(shipment_leads_in_ns(world->shipment, begin_ns), age_ns);
    assert_int_equal(shipment_leads_in_ns(world->shipment, begin_ns + 1000), age_ns - 1000);
    assert_int_equal(shipment_leads_in_ns(world->shipment, begin_ns + age_ns), 0);
    assert_int_equal(shipment_leads_in_ns(world->shipment, begin_ns + 3 * age_ns), 0);
}

static void who_found_no_room_is_told_of_room_once(void **state)
{
    struct world *world = *state;
    uint64_t offset = 0;
    assert_true(shipment_has_room(world->shipment, world->checkpoint));
    add(world, ++offset, 1);
    shipment_part(world->shipment);
    shipment_flush(world->shipment, 1);
    assert_int_equal(world->rooms, 0); /* nobody was refused */
    while (shipment_has_room(world->shipment, world->checkpoint)) {
        add(world, ++offset, 1);
    }
    shipment_flush(world->shipment, 1);
    assert_int_equal(world->rooms, 0);
    shipment_part(world->shipment);
    shipment_flush(world->shipment, 1);
    shipment_flush(world->shipment, 1);
    assert_int_equal(world->rooms, 1);
}

static void a_mark_is_behind_what_was_added_and_before_what_comes(void **state)
{
    struct world *world = *state;
    uint64_t mark = shipment_mark(world->shipment);
    assert_true(shipment_is_settled(world->shipment, mark));
    add(world, 100, 1);
    uint64_t behind = shipment_mark(world->shipment);
    assert_int_equal(world->counters.values[C_BATCHES], 1);
    assert_true(shipment_is_settled(world->shipment, mark));
    assert_false(shipment_is_settled(world->shipment, behind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_leaves_when_it_is_old_enough, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_leads_waits_as_long_as_a_batch_may_get_old, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_found_no_room_is_told_of_room_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mark_is_behind_what_was_added_and_before_what_comes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_filtered_is_promised_without_a_request, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_filtered_waits_for_the_records_before_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stream_that_fills_what_it_may_leaves_room_for_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_outage_does_not_gather_batches_of_what_was_filtered,
                                        set_up, tear_down),
    };
    return driver_run("shipment", tests, ARRAY_LEN(tests));
}
