/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

/*
 * What a shipment promises has arrived. A seed draws lines of several streams that take several ways,
 * lines that are filtered out, moods of the backends, reloads and restarts; real outputs send to real
 * HTTP servers on the same loop. The servers know of each line whether and in which order they took it,
 * which is held against the checkpoints after every step:
 *
 *     required      no line before the promised place is missing, none comes twice within a run
 *     with a spool  the same; what the spool holds may still be on its way
 *     not required  may miss lines, which are counted
 */

#include <ev.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/http_server.h"
#include "config/config.h"
#include "delivery/shipment.h"
#include "outputs/addresses.h"

enum {
    OUTPUTS = 3,
    STREAMS = 4,
    STEPS = 800,
    SCHEDULES = 2,
    BURST_MAX = 12,
    LINES_MAX = STEPS * BURST_MAX + 1,
    PADDING_MAX = 6000,
    DEADLINE_S = 60,
};

enum { FIRST, SPOOLED, LOOSE }; /* outputs: the last is not required */

enum { EVERYWHERE = 1 << FIRST | 1 << SPOOLED | 1 << LOOSE };

/* The outputs that the puts of one record of each stream name. */
static const unsigned ways[STREAMS][2] = {
    {EVERYWHERE, 0},
    {1 << FIRST, 0},
    {1 << SPOOLED | 1 << LOOSE, 0},
    {1 << FIRST, 1 << SPOOLED | 1 << LOOSE},
};

struct stream_book {
    struct checkpoint *checkpoint;
    uint8_t *outputs; /* of each line; 0: filtered out */
    size_t count; /* that were read */
    size_t known; /* by any run */
    size_t resumed; /* where the present run began to read */
};

struct backend {
    struct world *world;
    struct http_server *server;
    unsigned output;
    unsigned failing_percent;
    size_t done[STREAMS];   /* no line before it is missing */
    size_t cursor[STREAMS]; /* the line behind the last that arrived in this run */
    bool has_begun[STREAMS]; /* something has arrived in this run */
    unsigned jumps[STREAMS]; /* … and so often what came was not what came next */
    uint64_t arrived; /* in this run */
};

enum { ALL_OUTPUTS, OTHER_OPTIONS, WITHOUT_LOOSE, CONFIGS };

struct world {
    char directory[64];
    uint64_t seed;
    struct settings *settings[CONFIGS];
    int config;
    uint8_t places[OUTPUTS];
    struct log log;
    struct counters counters;
    struct ev_loop *loop;
    struct checkpoint_store *store;
    struct addresses *addresses;
    struct shipment *shipment;
    struct source *source;
    struct backend backends[OUTPUTS];
    struct stream_book streams[STREAMS];
    uint64_t now_ns;
    uint64_t spooled;
    uint64_t restored;
    unsigned restarts;
};

static uint64_t draw(struct world *world, uint64_t below)
{
    world->seed = world->seed * 6364136223846793005u + 1442695040888963407u;
    return (world->seed >> 33) % below;
}

/* ---- the backends ---- */

/* The first line from `from` on that the output is to have. */
static size_t next_line(const struct world *world, unsigned output, size_t stream, size_t from)
{
    const struct stream_book *book = &world->streams[stream];
    while (from < book->known && (book->outputs[from] >> output & 1) == 0) {
        from++;
    }
    return from;
}

/*
 * Whether the order allows it. A run begins where it reads, and goes on without a gap. Before that a
 * spool sends what it has kept; of what was read by several runs it may have a copy of each.
 */
static bool is_in_order(struct backend *backend, size_t stream, size_t line)
{
    const struct world *world = backend->world;
    bool has_begun = backend->has_begun[stream];
    size_t next = has_begun ? backend->cursor[stream] : world->streams[stream].resumed;
    if (backend->output == LOOSE) {
        return line >= next;
    }
    if (line == next_line(world, backend->output, stream, next)) {
        return true;
    }
    return backend->output == SPOOLED && backend->jumps[stream]++ <= world->restarts &&
           line <= next_line(world, SPOOLED, stream, backend->done[stream]);
}

static void arrive(struct backend *backend, size_t stream, size_t line)
{
    const struct stream_book *book = &backend->world->streams[stream];
    assert_true(line < book->known);
    assert_true((book->outputs[line] >> backend->output & 1) != 0);
    assert_true(is_in_order(backend, stream, line));
    backend->has_begun[stream] = true;
    backend->cursor[stream] = line + 1;
    if (next_line(backend->world, backend->output, stream, backend->done[stream]) == line) {
        backend->done[stream] = line + 1;
    }
    backend->arrived++;
}

static void answer(void *context, const struct http_request *request, struct http_answer *out)
{
    struct backend *backend = context;
    struct slice rest = request->body;
    assert_int_equal(request->body_state, HTTP_BODY_WHOLE);
    if (draw(backend->world, 100) < backend->failing_percent) {
        out->status = 503;
        return;
    }
    for (const char *at; (at = memmem(rest.data, rest.len, "@line ", 6)) != NULL;) {
        size_t stream = 0;
        size_t line = 0;
        char mark[48] = "";
        size_t len = (size_t)(rest.data + rest.len - at);
        memcpy(mark, at, len < sizeof(mark) ? len : sizeof(mark) - 1);
        assert_int_equal(sscanf(mark, "@line %zu/%zu.", &stream, &line), 2);
        arrive(backend, stream, line);
        rest = slice_skip(rest, (size_t)(at - rest.data) + 6);
    }
}

static void open_backend(struct world *world, unsigned output)
{
    struct backend *backend = &world->backends[output];
    char *error = NULL;
    const struct http_server_settings settings = {
        .listen = "127.0.0.1:0",
        .body_bytes_max = 4 << 20,
        .bodies_bytes_max = 64 << 20,
        .answers_bytes_max = 1 << 20,
        .connection_bytes_max = 32 * 1024,
        .connections_max = 64,
        .peer_connections_max = 64,
        .request_timeout_ms = DEADLINE_S * 1000,
        .idle_timeout_ms = DEADLINE_S * 1000,
        .handle = answer,
        .context = backend,
    };
    backend->world = world;
    backend->output = output;
    backend->server = http_server_open(&settings, world->loop, &error);
    assert_non_null(backend->server);
}

/* ---- a world for every schedule ---- */

static struct settings *load(const struct world *world, int config)
{
    struct buf text = {.limit = 8192};
    struct diag diag;
    static const char *const more[OUTPUTS] = {"", ", spool: {max_bytes: 64MiB}", ", required: false"};
    buf_append_format(&text,
                      "data_dir: %s\nmemory_limit: 8MiB\nshutdown_timeout: 50ms\n"
                      "inputs: [{include: [/tmp/none]}]\noutputs:\n",
                      world->directory);
    for (unsigned i = 0; i < (config == WITHOUT_LOOSE ? LOOSE : OUTPUTS); i++) {
        buf_append_format(&text,
                          "- {name: far%u, endpoint: \"http://%s\", compression: none, in_flight: %d,\n"
                          "   batch: {bytes: 8KiB, age: 20ms}, retry: {initial: 1ms, max: 4ms}%s}\n",
                          i, http_server_address(world->backends[i].server),
                          config == OTHER_OPTIONS ? 2 : 4, more[i]);
    }
    diag_init(&diag);
    char *yaml = buf_take(&text);
    struct settings *settings = config_load_text(yaml, "test", &(struct config_sources){0}, &diag);
    assert_non_null(settings);
    diag_fini(&diag);
    free(yaml);
    return settings;
}

static void ignore_room(void *context)
{
    (void)context;
}

static void take_places(struct world *world)
{
    memcpy(world->places, shipment_next_places(world->shipment), sizeof(world->places));
}

static bool is_same_output(const struct output_settings *a, const struct output_settings *b)
{
    return config_is_same_item("outputs", a, b);
}

static void start(struct world *world)
{
    char *error = NULL;
    const struct shipment_env env = {world->loop, &world->log, &world->counters, ignore_room,
                                     NULL, {0}, world->addresses, is_same_output};
    world->shipment = shipment_new(world->settings[world->config], &env, &error);
    assert_non_null(world->shipment);
    take_places(world);
}

static int set_up(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    long holder = 0;
    strcpy(world->directory, "/tmp/clew-promises-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    world->log = (struct log){2, LOG_ERROR + 1};
    world->loop = ev_loop_new(EVFLAG_AUTO);
    world->addresses = addresses_new();
    world->source = source_new("/tmp/a.log", "tail", 1);
    assert_int_equal(checkpoint_open(world->directory, &world->store, &holder), CHECKPOINT_OK);
    for (unsigned i = 0; i < OUTPUTS; i++) {
        open_backend(world, i);
    }
    for (int i = 0; i < CONFIGS; i++) {
        world->settings[i] = load(world, i);
    }
    for (size_t i = 0; i < STREAMS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "/logs/%zu", i);
        world->streams[i].checkpoint = checkpoint_get(world->store, key);
        world->streams[i].outputs = mem_alloc(LINES_MAX);
        checkpoint_name_generation(world->streams[i].checkpoint, 1, &(struct file_id){1, i, 3, 4, 5}, key);
    }
    world->now_ns = 1000000000;
    start(world);
    *state = world;
    return 0;
}

/* Servers read what is left of their connections, so that nothing of this run comes in the next. */
static void end_run(struct world *world)
{
    uint64_t deadline_ns = clock_monotonic_ns() + DEADLINE_S * UINT64_C(1000000000);
    shipment_free(world->shipment);
    world->shipment = NULL;
    assert_int_equal(world->counters.values[C_SPOOL_REQUESTS], 0); /* they wait for the next run */
    assert_int_equal(world->counters.values[C_SPOOL_BYTES], 0);
    for (unsigned i = 0; i < OUTPUTS; i++) {
        while (http_server_connections(world->backends[i].server) > 0) {
            assert_true(clock_monotonic_ns() < deadline_ns);
            ev_run(world->loop, EVRUN_NOWAIT);
        }
    }
}

static int tear_down(void **state)
{
    struct world *world = *state;
    end_run(world);
    for (size_t i = 0; i < STREAMS; i++) {
        checkpoint_release(world->streams[i].checkpoint);
        free(world->streams[i].outputs);
    }
    checkpoint_close(world->store);
    for (unsigned i = 0; i < OUTPUTS; i++) {
        http_server_close(world->backends[i].server);
    }
    for (int i = 0; i < CONFIGS; i++) {
        settings_free(world->settings[i]);
    }
    addresses_free(world->addresses);
    source_free(world->source);
    ev_loop_destroy(world->loop);
    char *command = mem_format("rm -r %s", world->directory);
    assert_int_equal(system(command), 0);
    free(command);
    free(world);
    return 0;
}

/* ---- what must hold ---- */

static size_t promised(const struct world *world, size_t stream)
{
    struct file_id file;
    struct position position = {0, 0};
    checkpoint_read(world->streams[stream].checkpoint, &file, &position);
    return position.offset;
}

/* What lies in a spool is safe as well. */
static void check_promises(const struct world *world, bool is_running)
{
    bool is_spool_empty = is_running && world->counters.values[C_SPOOL_REQUESTS] == 0;
    for (size_t i = 0; i < STREAMS; i++) {
        size_t first = world->backends[FIRST].done[i];
        size_t spooled = world->backends[SPOOLED].done[i];
        assert_true(next_line(world, FIRST, i, first) >= promised(world, i));
        assert_true(!is_spool_empty || next_line(world, SPOOLED, i, spooled) >= promised(world, i));
    }
}

static void check_books(const struct world *world, bool is_at_end)
{
    struct output_books books[2 * OUTPUTS];
    size_t count = shipment_books(world->shipment, books, ARRAY_LEN(books));
    assert_true(count >= world->settings[world->config]->output_count);
    assert_int_equal(shipment_books(world->shipment, books, 1), 1);
    for (size_t i = 0; i < count; i++) {
        const struct output_books *one = &books[i];
        assert_int_equal(one->given + one->restored, one->sent + one->dropped + one->in_flight);
        assert_int_equal(one->rejected + one->refused + one->damaged, 0);
        unsigned output = (unsigned)(one->output[3] - '0');
        if (is_at_end && output != LOOSE) {
            assert_int_equal(one->in_flight, 0);
            assert_int_equal(one->dropped, 0);
            assert_int_equal(one->sent, world->backends[output].arrived);
        }
    }
}

/* ---- steps ---- */

static void turn(struct world *world)
{
    world->now_ns += draw(world, 10) * 1000000;
    ev_run(world->loop, EVRUN_NOWAIT);
    shipment_lead(world->shipment, world->now_ns);
    shipment_flush(world->shipment, world->now_ns);
    check_promises(world, true);
    check_books(world, false);
}

static void give_line(struct world *world, size_t stream)
{
    struct stream_book *book = &world->streams[stream];
    size_t line = book->count++;
    book->known = book->count > book->known ? book->count : book->known;
    struct position safe = {1, line + 1};
    if ((line + stream) % 5 == 0) { /* the same whenever it is read */
        book->outputs[line] = 0;
        shipment_skip(world->shipment, book->checkpoint, safe, world->now_ns);
        return;
    }
    char text[PADDING_MAX + 64];
    int head = snprintf(text, sizeof(text), "@line %zu/%zu.", stream, line);
    size_t padding = draw(world, PADDING_MAX);
    memset(text + head, 'x', padding);
    const struct record record = {.source = world->source,
                                  .body_field = NO_FIELD,
                                  .has_body_text = true,
                                  .body_text = slice_make(text, (size_t)head + padding)};
    book->outputs[line] = 0;
    for (size_t way = 0; way < 2 && ways[stream][way] != 0; way++) {
        uint64_t places = 0;
        for (unsigned i = 0; i < world->settings[world->config]->output_count; i++) {
            places |= (uint64_t)(ways[stream][way] >> i & 1) << world->places[i];
            book->outputs[line] |= (uint8_t)(ways[stream][way] & 1u << i);
        }
        shipment_put(world->shipment, &record, places, book->checkpoint, safe, world->now_ns);
    }
    shipment_put_end(world->shipment);
}

static void give_lines(struct world *world)
{
    size_t stream = draw(world, STREAMS);
    const struct checkpoint *checkpoint = world->streams[stream].checkpoint;
    for (uint64_t left = draw(world, BURST_MAX);
         left > 0 && shipment_has_room(world->shipment, checkpoint); left--) {
        give_line(world, stream);
    }
}

static void reload(struct world *world)
{
    int config = (int)draw(world, CONFIGS);
    char *error = NULL;
    uint64_t deadline_ns = clock_monotonic_ns() + DEADLINE_S * UINT64_C(1000000000);
    if (config == world->config) {
        return;
    }
    assert_true(shipment_prepare(world->shipment, world->settings[config], &error));
    if (draw(world, 3) == 0) {
        shipment_cancel(world->shipment);
        return;
    }
    uint8_t places[OUTPUTS];
    memcpy(places, shipment_next_places(world->shipment), sizeof(places));
    shipment_hold(world->shipment, world->settings[config]);
    while (!shipment_is_quiet(world->shipment)) {
        assert_true(clock_monotonic_ns() < deadline_ns);
        ev_run(world->loop, EVRUN_ONCE);
    }
    shipment_commit(world->shipment, world->settings[config]);
    memcpy(world->places, places, sizeof(places));
    world->config = config;
}

/* As a stop that could not wait: what is promised is all that the next run knows. */
static void restart(struct world *world)
{
    end_run(world);
    check_promises(world, false);
    world->spooled += world->counters.values[C_RECORDS_SPOOLED];
    world->restored += world->counters.values[C_RECORDS_RESTORED];
    world->counters = (struct counters){0};
    world->restarts++;
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream_book *book = &world->streams[i];
        assert_true(promised(world, i) <= book->count);
        book->resumed = book->count = promised(world, i);
        for (unsigned j = 0; j < OUTPUTS; j++) {
            struct backend *backend = &world->backends[j];
            backend->has_begun[i] = false;
            backend->jumps[i] = 0;
            backend->arrived = 0;
        }
    }
    start(world);
}

static void change_mood(struct world *world)
{
    static const unsigned percents[] = {0, 0, 50, 100};
    world->backends[draw(world, OUTPUTS)].failing_percent = percents[draw(world, ARRAY_LEN(percents))];
}

static void step(struct world *world)
{
    uint64_t choice = draw(world, 300);
    if (choice < 200) {
        give_lines(world);
    } else if (choice < 210) {
        change_mood(world);
    } else if (choice < 214) {
        shipment_part(world->shipment);
    } else if (choice < 218) {
        shipment_rest(world->shipment);
    } else if (choice < 222) {
        reload(world);
    } else if (choice < 224) {
        restart(world);
    }
    turn(world);
}

/* Every backend takes what comes until nothing is left. */
static void deliver_all(struct world *world)
{
    uint64_t deadline_ns = clock_monotonic_ns() + DEADLINE_S * UINT64_C(1000000000);
    uint64_t mark = shipment_mark(world->shipment);
    for (unsigned i = 0; i < OUTPUTS; i++) {
        world->backends[i].failing_percent = 0;
    }
    while (!shipment_is_empty(world->shipment)) {
        assert_true(clock_monotonic_ns() < deadline_ns);
        ev_run(world->loop, EVRUN_ONCE);
        shipment_flush(world->shipment, UINT64_MAX);
        check_promises(world, true);
    }
    assert_true(shipment_is_settled(world->shipment, mark));
    assert_true(shipment_is_safe(world->shipment));
}

static void what_is_promised_has_arrived(void **state)
{
    uint64_t spooled = 0;
    uint64_t restored = 0;
    for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
        struct world *world = *state;
        world->seed = seed;
        for (int i = 0; i < STEPS; i++) {
            step(world);
        }
        deliver_all(world);
        check_books(world, true);
        for (size_t i = 0; i < STREAMS; i++) {
            size_t count = world->streams[i].count;
            assert_int_equal(promised(world, i), count);
            assert_true(next_line(world, FIRST, i, world->backends[FIRST].done[i]) >= count);
            assert_true(next_line(world, SPOOLED, i, world->backends[SPOOLED].done[i]) >= count);
        }
        const uint64_t *counters = world->counters.values;
        assert_int_equal(counters[C_RECORDS_IN_FLIGHT], 0);
        assert_int_equal(counters[C_SPOOL_REQUESTS], 0);
        assert_int_equal(counters[C_SPOOL_BYTES], 0);
        assert_false(shipment_has_failed(world->shipment));
        spooled += world->spooled + counters[C_RECORDS_SPOOLED];
        restored += world->restored + counters[C_RECORDS_RESTORED];
        tear_down(state);
        set_up(state);
    }
    assert_true(spooled > 0 && restored > 0); /* or the schedules have tried nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_promised_has_arrived, set_up, tear_down),
    };
    return driver_run("promises", tests, ARRAY_LEN(tests));
}
