/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

/*
 * An output's queue by what others see of it: what real HTTP servers on the same loop get, the counters,
 * and the log. Each server takes requests, refuses them, or keeps them waiting, as a test says.
 */

#include <ev.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/http_server.h"
#include "config/config.h"
#include "delivery/shipment.h"
#include "outputs/addresses.h"

enum { BACKENDS_MAX = 3, STREAMS = 4, CONFIGS_MAX = 4, WORKERS = 3, DEADLINE_S = 60 };

#define NS_PER_MS UINT64_C(1000000)

struct backend {
    struct http_server *server;
    unsigned status;   /* of each answer; 0: none yet */
    uint64_t delay_ms; /* from a request to its answer */
    unsigned asked;    /* requests that came … */
    unsigned waiting;  /* … and have no answer yet */
    unsigned requests; /* that were answered */
    unsigned lines;    /* in those that were taken */
};

struct world {
    char directory[64];
    int said; /* what was logged */
    struct log log;
    struct counters counters;
    struct ev_loop *loop;
    struct checkpoint_store *store;
    struct checkpoint *streams[STREAMS];
    uint64_t offset;
    struct addresses *addresses;
    struct source *source;
    struct backend backends[BACKENDS_MAX];
    struct settings *settings[CONFIGS_MAX];
    size_t config_count;
    struct shipment *shipment;
    unsigned rooms; /* how often it was told that there is room again */
};

/* ---- the backends ---- */

struct waiting {
    struct backend *backend;
    uint64_t until_ns;
    unsigned lines;
};

static bool answer_in_time(void *work, struct http_answer *answer)
{
    struct waiting *waiting = work;
    struct backend *backend = waiting->backend;
    if (backend->status == 0 || clock_monotonic_ns() < waiting->until_ns) {
        return false;
    }
    answer->status = backend->status;
    backend->requests++;
    backend->waiting--;
    backend->lines += backend->status == 200 ? waiting->lines : 0;
    free(waiting);
    return true;
}

static void give_up(void *work)
{
    struct waiting *waiting = work;
    waiting->backend->waiting--;
    free(waiting);
}

static unsigned count_lines(struct slice body)
{
    unsigned count = 0;
    for (const char *at; (at = memmem(body.data, body.len, "@line", 5)) != NULL; count++) {
        body = slice_skip(body, (size_t)(at - body.data) + 5);
    }
    return count;
}

static void answer(void *context, const struct http_request *request, struct http_answer *out)
{
    struct backend *backend = context;
    struct waiting *waiting = mem_alloc(sizeof(*waiting));
    *waiting = (struct waiting){backend, clock_monotonic_ns() + backend->delay_ms * NS_PER_MS,
                                count_lines(request->body)};
    backend->asked++;
    backend->waiting++;
    out->go_on = answer_in_time;
    out->give_up = give_up;
    out->work = waiting;
}

static void open_backend(struct world *world, struct backend *backend)
{
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
    backend->server = http_server_open(&settings, world->loop, &error);
    assert_non_null(backend->server);
}

/* ---- the world ---- */

static int set_up(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    long holder = 0;
    strcpy(world->directory, "/tmp/clew-output-queue-XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    world->said = memfd_create("log", MFD_CLOEXEC);
    world->log = (struct log){world->said, LOG_INFO};
    world->loop = ev_loop_new(EVFLAG_AUTO);
    world->addresses = addresses_new();
    world->source = source_new("/tmp/a.log", "tail", 1);
    assert_int_equal(checkpoint_open(world->directory, &world->store, &holder), CHECKPOINT_OK);
    for (uint64_t i = 0; i < STREAMS; i++) {
        char key[32];
        snprintf(key, sizeof(key), "/logs/%d", (int)i);
        world->streams[i] = checkpoint_get(world->store, key);
        checkpoint_name_generation(world->streams[i], 1, &(struct file_id){1, i, 3, 4, 5}, key);
    }
    for (unsigned i = 0; i < BACKENDS_MAX; i++) {
        open_backend(world, &world->backends[i]);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    shipment_free(world->shipment);
    for (size_t i = 0; i < STREAMS; i++) {
        checkpoint_release(world->streams[i]);
    }
    checkpoint_close(world->store);
    for (unsigned i = 0; i < BACKENDS_MAX; i++) {
        http_server_close(world->backends[i].server);
    }
    for (size_t i = 0; i < world->config_count; i++) {
        settings_free(world->settings[i]);
    }
    addresses_free(world->addresses);
    source_free(world->source);
    ev_loop_destroy(world->loop);
    close(world->said);
    char *command = mem_format("rm -r %s", world->directory);
    assert_int_equal(system(command), 0);
    free(command);
    free(world);
    return 0;
}

/* A config with one output for each text, which is more options of it; the world frees it. */
static const struct settings *load(struct world *world, const char *const *outputs, size_t count)
{
    struct buf text = {.limit = 8192};
    struct diag diag;
    buf_append_format(&text,
                      "data_dir: %s\nmemory_limit: 8MiB\nshutdown_timeout: 50ms\n"
                      "inputs: [{include: [/tmp/none]}]\noutputs:\n",
                      world->directory);
    for (size_t i = 0; i < count; i++) {
        buf_append_format(&text,
                          "- {name: far%zu, endpoint: \"http://%s\", compression: none,\n"
                          "   batch: {bytes: 8KiB, age: 20ms}, retry: {initial: 1ms, max: 4ms}%s}\n",
                          i, http_server_address(world->backends[i].server), outputs[i]);
    }
    diag_init(&diag);
    char *yaml = buf_take(&text);
    struct settings *settings = config_load_text(yaml, "test", &(struct config_sources){0}, &diag);
    assert_non_null(settings);
    diag_fini(&diag);
    free(yaml);
    assert_true(world->config_count < CONFIGS_MAX);
    world->settings[world->config_count++] = settings;
    return settings;
}

static bool is_same_output(const struct output_settings *a, const struct output_settings *b)
{
    return config_is_same_item("outputs", a, b);
}

static void count_room(void *context)
{
    ((struct world *)context)->rooms++;
}

static struct shipment *open_share(struct world *world, const struct settings *settings,
                                   struct share share)
{
    char *error = NULL;
    const struct shipment_env env = {world->loop, &world->log, &world->counters, count_room,
                                     world, share, world->addresses, is_same_output};
    struct shipment *shipment = shipment_new(settings, &env, &error);
    assert_non_null(shipment);
    return shipment;
}

static void start(struct world *world, const char *const *outputs, size_t count)
{
    world->shipment = open_share(world, load(world, outputs, count), (struct share){0});
}

static void turn(struct world *world)
{
    ev_run(world->loop, EVRUN_NOWAIT);
    if (world->shipment != NULL) {
        shipment_flush(world->shipment, UINT64_MAX);
    }
}

#define wait_until(world, condition)                                                               \
    for (uint64_t late_ns = clock_monotonic_ns() + DEADLINE_S * 1000 * NS_PER_MS; !(condition);) { \
        assert_true(clock_monotonic_ns() < late_ns);                                               \
        turn(world);                                                                               \
    }

/* No request of this shipment is taken any more. */
static void stop(struct world *world)
{
    shipment_free(world->shipment);
    world->shipment = NULL;
    for (unsigned i = 0; i < BACKENDS_MAX; i++) {
        unsigned status = world->backends[i].status;
        world->backends[i].status = 503;
        wait_until(world, world->backends[i].waiting == 0);
        world->backends[i].status = status;
    }
}

/* Lines of one request each. */
static void give(struct world *world, size_t stream, unsigned lines)
{
    const struct record record = {.source = world->source,
                                  .body_field = NO_FIELD,
                                  .has_body_text = true,
                                  .body_text = SLICE("@line")};
    for (unsigned i = 0; i < lines; i++) {
        shipment_add(world->shipment, &record, world->streams[stream],
                     (struct position){1, ++world->offset}, 1);
        shipment_part(world->shipment);
    }
}

static uint64_t counted(const struct world *world, enum counter counter)
{
    return world->counters.values[counter];
}

static bool has_said(const struct world *world, const char *words)
{
    struct stat info;
    assert_int_equal(fstat(world->said, &info), 0);
    char *text = mem_alloc((size_t)info.st_size + 1);
    assert_int_equal(pread(world->said, text, (size_t)info.st_size, 0), info.st_size);
    bool has = strstr(text, words) != NULL;
    free(text);
    return has;
}

static void forget_said(const struct world *world)
{
    assert_int_equal(ftruncate(world->said, 0), 0);
    assert_int_equal(lseek(world->said, 0, SEEK_SET), 0);
}

/* ---- at the end ---- */

static void what_is_left_at_the_end_is_kept_dropped_or_read_again(void **state)
{
    static const struct {
        const char *output;
        unsigned dropped;
        const char *said; /* NULL: nothing, for the next start reads them again */
    } rows[] = {
        {"", 0, NULL},
        {", spool: {max_bytes: 1MiB}", 0, "3 records not accepted by the backend are kept in"},
        {", required: false", 3, "dropping 3 records"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = *state;
        const char *outputs[] = {"", rows[i].output};
        world->backends[0].status = 200;
        start(world, outputs, 2);
        give(world, 0, 3);
        wait_until(world, world->backends[0].lines == 3);
        stop(world);
        assert_int_equal(counted(world, C_RECORDS_DROPPED), rows[i].dropped);
        assert_int_equal(counted(world, C_RECORDS_IN_FLIGHT), 0);
        assert_int_equal(counted(world, C_SPOOL_REQUESTS), 0);
        assert_int_equal(counted(world, C_SPOOL_BYTES), 0);
        assert_int_equal(has_said(world, " records"), rows[i].said != NULL);
        assert_true(rows[i].said == NULL || has_said(world, rows[i].said));
        tear_down(state);
        set_up(state);
    }
}

static void what_a_spool_kept_is_sent_by_the_next_start(void **state)
{
    struct world *world = *state;
    const char *outputs[] = {", spool: {max_bytes: 1MiB}"};
    start(world, outputs, 1);
    give(world, 0, 3);
    wait_until(world, world->backends[0].asked == 1);
    stop(world);
    forget_said(world);
    start(world, outputs, 1);
    assert_int_equal(counted(world, C_SPOOL_REQUESTS), 3);
    assert_true(has_said(world, "3 requests of an earlier run"));
    wait_until(world, world->backends[0].asked == 2);
    stop(world);
    assert_int_equal(counted(world, C_SPOOL_REQUESTS), 0);
    world->counters = (struct counters){0};
    start(world, outputs, 1);
    world->backends[0].status = 200;
    wait_until(world, shipment_is_empty(world->shipment));
    assert_int_equal(world->backends[0].lines, 3);
    assert_int_equal(counted(world, C_RECORDS_RESTORED), 3);
    assert_int_equal(counted(world, C_RECORDS_SENT), 3);
    assert_int_equal(counted(world, C_SPOOL_REQUESTS), 0);
    assert_true(has_said(world, "have been sent"));
}

/* ---- several workers ---- */

static void every_file_of_a_spool_belongs_to_one_worker(void **state)
{
    struct world *world = *state;
    const char *outputs[] = {", spool: {max_bytes: 1MiB}"};
    struct shipment *workers[WORKERS];
    start(world, outputs, 1);
    give(world, 0, 7);
    stop(world);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = open_share(world, world->settings[0], (struct share){i, WORKERS});
    }
    assert_int_equal(counted(world, C_SPOOL_REQUESTS), 7);
    for (unsigned i = 0; i < WORKERS; i++) {
        shipment_free(workers[i]);
    }
    assert_int_equal(counted(world, C_SPOOL_REQUESTS), 0);
}

/* ---- what a backend answers ---- */

static void only_a_required_output_makes_the_config_mistaken(void **state)
{
    static const struct {
        const char *outputs[2];
        unsigned status[2];
        bool is_mistaken;
    } rows[] = {
        {{"", ""}, {200, 404}, true},
        {{"", ""}, {404, 200}, true},
        {{"", ""}, {200, 200}, false},
        {{"", ", required: false"}, {200, 404}, false},
        {{"", ", required: false"}, {404, 200}, true},
        {{", required: false", ""}, {404, 200}, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = *state;
        world->backends[0].status = rows[i].status[0];
        world->backends[1].status = rows[i].status[1];
        start(world, rows[i].outputs, 2);
        give(world, 0, 1);
        wait_until(world, world->backends[0].requests > 0 && world->backends[1].requests > 0);
        /* What the server has written the output has still to read. */
        uint64_t end_ns = clock_monotonic_ns() + 100 * NS_PER_MS;
        wait_until(world, shipment_is_mistaken(world->shipment) || clock_monotonic_ns() >= end_ns);
        assert_int_equal(shipment_is_mistaken(world->shipment), rows[i].is_mistaken);
        tear_down(state);
        set_up(state);
    }
}

static void a_refused_request_is_a_failure_of_every_start(void **state)
{
    struct world *world = *state;
    const char *outputs[] = {"", ""};
    world->backends[0].status = world->backends[1].status = 200;
    start(world, outputs, 2);
    give(world, 0, 1);
    wait_until(world, shipment_is_empty(world->shipment));
    assert_false(shipment_has_failed(world->shipment));
    world->backends[1].status = 400;
    give(world, 0, 2);
    wait_until(world, shipment_is_empty(world->shipment));
    assert_true(shipment_has_failed(world->shipment));
    assert_int_equal(counted(world, C_RECORDS_SENT), 4);
    assert_int_equal(counted(world, C_RECORDS_REFUSED), 2);
    struct output_books books[2];
    assert_int_equal(shipment_books(world->shipment, books, 2), 2);
    assert_int_equal(books[0].sent, 3);
    assert_int_equal(books[0].refused, 0);
    assert_int_equal(books[1].sent, 1);
    assert_int_equal(books[1].refused, 2);
}

static size_t fill(struct world *world)
{
    char text[512];
    memset(text, 'x', sizeof(text));
    const struct record record = {.source = world->source,
                                  .body_field = NO_FIELD,
                                  .has_body_text = true,
                                  .body_text = slice_make(text, sizeof(text))};
    size_t count = 0;
    while (shipment_has_room(world->shipment, world->streams[0])) {
        shipment_add(world->shipment, &record, world->streams[0],
                     (struct position){1, ++world->offset}, 1);
        count++;
    }
    return count;
}

/* Of a backend that is far away: what waits for its answer may as well grow. */
static void what_waits_for_a_backend_that_is_far_grows(void **state)
{
    static const struct {
        uint64_t delay_ms;
        bool is_far;
    } rows[] = {{0, false}, {200, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = *state;
        const char *outputs[] = {", in_flight: 4"};
        world->backends[0].status = 200;
        world->backends[0].delay_ms = rows[i].delay_ms;
        start(world, outputs, 1);
        for (int j = 0; j < 20 && (j == 0 || !rows[i].is_far); j++) { /* one that is quick will do */
            give(world, 0, 1);
            wait_until(world, shipment_is_empty(world->shipment));
        }
        world->backends[0].status = 0;
        give(world, 0, 1);
        size_t lines = fill(world);
        assert_int_equal(lines > 32, rows[i].is_far);
        tear_down(state);
        set_up(state);
    }
}

/* A batch that is larger than what is kept to be used again: what is freed is the output's. */
static void an_output_needs_less_memory_when_it_rests(void **state)
{
    struct world *world = *state;
    const char *outputs[] = {""};
    static char text[64 * 1024];
    memset(text, 'x', sizeof(text));
    const struct record record = {.source = world->source,
                                  .body_field = NO_FIELD,
                                  .has_body_text = true,
                                  .body_text = slice_make(text, sizeof(text))};
    world->backends[0].status = 200;
    start(world, outputs, 1);
    shipment_add(world->shipment, &record, world->streams[0], (struct position){1, 1}, 1);
    wait_until(world, shipment_is_empty(world->shipment));
    struct mallinfo2 before = mallinfo2();
    shipment_rest(world->shipment);
    struct mallinfo2 after = mallinfo2();
    assert_true(after.uordblks < before.uordblks || before.uordblks == 0); /* sanitizers count nothing */
    give(world, 0, 1);
    wait_until(world, shipment_is_empty(world->shipment));
    assert_int_equal(world->backends[0].lines, 1);
}

/* ---- batches ---- */

static void a_batch_that_is_full_leaves(void **state)
{
    static const char *const rows[] = {"", ", spool: {max_bytes: 1MiB}"};
    char text[512];
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = *state;
        const struct record record = {.source = world->source,
                                      .body_field = NO_FIELD,
                                      .has_body_text = true,
                                      .body_text = slice_make(text, sizeof(text))};
        start(world, &rows[i], 1);
        while (counted(world, C_BATCHES) == 0) {
            assert_true(world->offset < 100);
            shipment_add(world->shipment, &record, world->streams[0],
                         (struct position){1, ++world->offset}, 1);
        }
        assert_in_range(counted(world, C_BYTES_ENCODED), 8 * 1024, 8 * 1024 + 2 * sizeof(text));
        tear_down(state);
        set_up(state);
    }
}

static uint64_t way_to(const struct world *world, unsigned output)
{
    return UINT64_C(1) << shipment_next_places(world->shipment)[output];
}

static void put(struct world *world, size_t stream, struct slice body, unsigned output)
{
    const struct record record = {.source = world->source,
                                  .body_field = NO_FIELD,
                                  .has_body_text = true,
                                  .body_text = body,
                                  .line = body};
    shipment_put(world->shipment, &record, way_to(world, output), world->streams[stream],
                 (struct position){1, ++world->offset}, 1);
    shipment_put_end(world->shipment);
}

static uint64_t promised(const struct world *world, size_t stream)
{
    struct file_id file;
    struct position position = {0, 0};
    checkpoint_read(world->streams[stream], &file, &position);
    return position.offset;
}

/* Another stream, for which nothing is under way, promises nothing for it. */
static void what_was_filtered_out_waits_for_its_own_stream(void **state)
{
    struct world *world = *state;
    const char *outputs[] = {"", ""};
    world->backends[0].status = 200;
    start(world, outputs, 2);
    put(world, 1, SLICE("@line"), 1);
    shipment_part(world->shipment);
    put(world, 0, SLICE("@line"), 0);
    wait_until(world, promised(world, 0) == 2);
    shipment_skip(world->shipment, world->streams[1], (struct position){1, 3}, 1);
    shipment_flush(world->shipment, UINT64_MAX);
    assert_int_equal(promised(world, 1), 0);
    world->backends[1].status = 200;
    wait_until(world, shipment_is_empty(world->shipment));
    assert_int_equal(promised(world, 1), 3);
}

static bool has_letter(const struct world *world, unsigned output)
{
    char *command = mem_format("ls %s/dead-letters/far%u/* >/dev/null 2>&1", world->directory, output);
    bool has = system(command) == 0;
    free(command);
    return has;
}

static void a_record_no_request_can_hold_is_a_letter_of_its_output(void **state)
{
    const size_t len = 65 << 20;
    char *text = mem_alloc(len);
    memset(text, 'x', len);
    for (unsigned output = 0; output < 2; output++) {
        struct world *world = *state;
        const char *outputs[] = {"", ""};
        start(world, outputs, 2);
        put(world, 0, slice_make(text, len), output);
        assert_int_equal(counted(world, C_RECORDS_TOO_LARGE), 1);
        assert_true(shipment_has_failed(world->shipment));
        assert_true(has_said(world, "exceeds the maximum size of a request"));
        assert_true(has_said(world, "but kept as a dead letter"));
        assert_int_equal(has_letter(world, 0), output == 0);
        assert_int_equal(has_letter(world, 1), output == 1);
        wait_until(world, promised(world, 0) == 1); /* what comes behind it is not held up */
        tear_down(state);
        set_up(state);
    }
    free(text);
}

/* ---- other settings ---- */

static void reload(struct world *world, const struct settings *settings)
{
    char *error = NULL;
    assert_true(shipment_prepare(world->shipment, settings, &error));
    shipment_commit(world->shipment, settings);
}

static void nothing_leaves_for_an_output_that_is_held_until_it_is_released(void **state)
{
    struct world *world = *state;
    const char *before[] = {"", ""};
    const char *after[] = {", in_flight: 2", ""};
    char *error = NULL;
    world->backends[0].status = world->backends[1].status = 200;
    start(world, before, 2);
    const struct settings *next = load(world, after, 2);
    assert_true(shipment_prepare(world->shipment, next, &error));
    shipment_hold(world->shipment, next);
    give(world, 0, 1);
    wait_until(world, world->backends[1].lines == 1); /* the other one is as it was */
    assert_true(shipment_is_quiet(world->shipment));
    assert_int_equal(world->backends[0].requests, 0);
    shipment_release(world->shipment);
    shipment_cancel(world->shipment);
    wait_until(world, shipment_is_empty(world->shipment));
    assert_int_equal(world->backends[0].lines, 1);
}

static void say_spool(const struct world *world, char *text, size_t size, int mebibytes, const char *name)
{
    int len = snprintf(text, size, ", spool: {max_bytes: %dMiB", mebibytes);
    if (name != NULL) {
        len += snprintf(text + len, size - (size_t)len, ", dir: %s/%s", world->directory, name);
    }
    snprintf(text + len, size - (size_t)len, "}");
}

static void a_spool_stays_where_it_is_while_clew_runs(void **state)
{
    static const struct {
        const char *before; /* below the directory of the test; NULL: in data_dir */
        const char *after;
        bool is_fine;
    } rows[] = {
        {NULL, NULL, true}, {"a", "a", true}, {"a", "b", false}, {"a", NULL, false}, {NULL, "a", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = *state;
        char before[160];
        char after[160];
        char *error = NULL;
        const char *outputs[] = {before};
        const char *others[] = {after};
        say_spool(world, before, sizeof(before), 1, rows[i].before);
        say_spool(world, after, sizeof(after), 2, rows[i].after);
        start(world, outputs, 1);
        const struct settings *next = load(world, others, 1);
        assert_int_equal(shipment_prepare(world->shipment, next, &error), rows[i].is_fine);
        assert_int_equal(error == NULL, rows[i].is_fine);
        if (error == NULL) {
            shipment_cancel(world->shipment);
        }
        free(error);
        tear_down(state);
        set_up(state);
    }
}

static void an_output_that_left_the_config_says_what_is_left_of_it(void **state)
{
    static const struct {
        const char *output;
        unsigned dropped;
        const char *said;
    } rows[] = {
        {"", 2, "output far1 was removed from the config; dropping 2 records"},
        {", spool: {max_bytes: 1MiB}", 0, "far1 is the spool of an output that the config no longer has"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world *world = *state;
        const char *outputs[] = {"", rows[i].output};
        world->backends[0].status = 200;
        start(world, outputs, 2);
        give(world, 0, 1);
        give(world, 1, 1);
        reload(world, load(world, outputs, 1));
        assert_true(shipment_uses(world->shipment, world->settings[0]));
        wait_until(world, shipment_is_empty(world->shipment));
        assert_true(has_said(world, rows[i].said));
        assert_int_equal(counted(world, C_RECORDS_DROPPED), rows[i].dropped);
        struct output_books books[2];
        assert_int_equal(shipment_books(world->shipment, books, 2), 1);
        tear_down(state);
        set_up(state);
    }
}

/* Where one that is done was, the next finds its place. */
static void an_output_comes_after_others_have_gone(void **state)
{
    struct world *world = *state;
    const char *outputs[] = {"", "", ""};
    for (unsigned i = 0; i < BACKENDS_MAX; i++) {
        world->backends[i].status = 200;
    }
    start(world, outputs, 2);
    reload(world, load(world, outputs, 1));
    wait_until(world, shipment_is_empty(world->shipment));
    reload(world, load(world, outputs, 3));
    give(world, 0, 1);
    wait_until(world, shipment_is_empty(world->shipment));
    for (unsigned i = 0; i < BACKENDS_MAX; i++) {
        assert_int_equal(world->backends[i].lines, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_left_at_the_end_is_kept_dropped_or_read_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_spool_kept_is_sent_by_the_next_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_file_of_a_spool_belongs_to_one_worker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_a_required_output_makes_the_config_mistaken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_request_is_a_failure_of_every_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_for_a_backend_that_is_far_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_output_needs_less_memory_when_it_rests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_is_full_leaves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_filtered_out_waits_for_its_own_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_no_request_can_hold_is_a_letter_of_its_output, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_leaves_for_an_output_that_is_held_until_it_is_released,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spool_stays_where_it_is_while_clew_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_output_that_left_the_config_says_what_is_left_of_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_output_comes_after_others_have_gone, set_up, tear_down),
    };
    return driver_run("output_queue", tests, ARRAY_LEN(tests));
}
