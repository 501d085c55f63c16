/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "checkpoints/checkpoint.h"

/* ---- a directory of its own for every test ---- */

struct place {
    char directory[64];
    char file[128];
};

static int set_up(void **state)
{
    struct place *place = mem_alloc(sizeof(*place));
    strcpy(place->directory, "/tmp/clew-checkpoint-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->file, sizeof(place->file), "%s/checkpoints.json", place->directory);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    DIR *directory = opendir(place->directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(place->directory);
    free(place);
    return 0;
}

static struct checkpoint_store *open_store(const struct place *place, int expected)
{
    struct checkpoint_store *store = NULL;
    long holder = 0;
    assert_int_equal(checkpoint_open(place->directory, &store, &holder), expected);
    return store;
}

static const struct file_id FILE_ID = {2049, 131074, 1770000000123456789, 0xfedcba9876543210, 1024};

static struct position at(uint64_t generation, uint64_t offset)
{
    return (struct position){generation, offset};
}

static void advance(struct checkpoint_store *store, const char *key, struct position position)
{
    struct checkpoint *entry = checkpoint_get(store, key);
    checkpoint_claim(entry);
    checkpoint_name_generation(entry, position.generation, &FILE_ID, key);
    checkpoint_note_size(entry, position.generation, position.offset + 5);
    const struct guard guard = {position.offset, 0xfedcba9876543210, (uint32_t)position.offset};
    checkpoint_note_read(entry, position.generation, &guard);
    checkpoint_advance(entry, position);
    checkpoint_unclaim(entry);
    checkpoint_release(entry);
}

static void assert_place(struct checkpoint_store *store, const char *key, struct position expected)
{
    struct checkpoint *entry = checkpoint_get(store, key);
    struct file_id file = {0};
    struct position position = {0};
    assert_true(checkpoint_read(entry, &file, &position));
    assert_memory_equal(&file, &FILE_ID, sizeof(file));
    assert_int_equal(position.generation, expected.generation);
    assert_int_equal(position.offset, expected.offset);
    assert_string_equal(checkpoint_path(entry), key);
    assert_int_equal(checkpoint_size(entry), expected.offset + 5);
    struct guard guard = {0};
    assert_true(checkpoint_guard(entry, &guard));
    assert_int_equal(guard.offset, expected.offset);
    assert_int_equal(guard.len, expected.offset);
    assert_int_equal(guard.hash, 0xfedcba9876543210);
    checkpoint_release(entry);
}

static void what_was_committed_is_read_again(void **state)
{
    static const char *const keys[] = {
        "/var/log/pods/shop_checkout-1_0b1c/app",
        "/logs/with \"quotes\" and 100% \\ strange\nnames",
        "/logs/not utf-8 \xff\xfe",
        "/logs/gr\xc3\xbc\xc3\x9f",
        "/%2F",
        "\xf0\x01\xfa", /* what is escaped may be the first byte, and end in any digit */
    };
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        advance(store, keys[i], at(3, 100 + i));
    }
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    store = open_store(*state, CHECKPOINT_OK);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_true(checkpoint_has(store, keys[i]));
        assert_place(store, keys[i], at(3, 100 + i));
    }
    checkpoint_close(store);
}

static void a_promise_never_moves_back(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    advance(store, "a", at(2, 50));
    advance(store, "a", at(2, 40));
    advance(store, "a", at(1, 900));
    struct checkpoint *entry = checkpoint_get(store, "a");
    struct file_id file;
    struct position position;
    assert_true(checkpoint_read(entry, &file, &position));
    assert_int_equal(position.generation, 2);
    assert_int_equal(position.offset, 50);
    checkpoint_release(entry);
    checkpoint_close(store);
}

static void the_promise_names_the_generation_it_is_about(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = checkpoint_get(store, "a");
    for (uint64_t generation = 1; generation <= 3; generation++) {
        struct file_id id = FILE_ID;
        id.inode = generation;
        checkpoint_name_generation(entry, generation, &id, "x");
    }
    checkpoint_advance(entry, at(2, 7));
    struct file_id file;
    struct position position;
    assert_true(checkpoint_read(entry, &file, &position));
    assert_int_equal(file.inode, 2);
    checkpoint_release(entry);
    checkpoint_close(store);
}

static void the_last_files_that_were_left_are_remembered(void **state)
{
    enum { FILES = 9 };
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = checkpoint_get(store, "a");
    struct file_id id = FILE_ID;
    for (uint64_t generation = 1; generation <= FILES; generation++) {
        /* The second to last is left twice: it had grown. */
        id.inode = generation == FILES - 1 ? FILES - 3 : generation;
        const struct guard guard = {10 * generation, 1, 1};
        checkpoint_name_generation(entry, generation, &id, "a");
        checkpoint_note_read(entry, generation, &guard);
        checkpoint_advance(entry, at(generation, 10 * generation));
    }
    checkpoint_release(entry);
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    store = open_store(*state, CHECKPOINT_OK);
    entry = checkpoint_get(store, "a");
    static const uint64_t expected[FILES + 1] = {
        [4] = 40, [5] = 50, [FILES - 2] = 70, [FILES - 3] = 80};
    for (uint64_t inode = 1; inode <= FILES; inode++) {
        uint64_t offset = 0;
        id.inode = inode;
        assert_int_equal(checkpoint_past(entry, &id, &offset), expected[inode] != 0);
        assert_int_equal(offset, expected[inode]);
        id.born_ns++;
        assert_false(checkpoint_past(entry, &id, &offset));
        id.born_ns--;
    }
    checkpoint_release(entry);
    checkpoint_close(store);
}

static void what_stood_in_front_is_told_of_a_place_that_is_acknowledged(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = checkpoint_get(store, "a");
    struct guard guard = {0};
    checkpoint_name_generation(entry, 1, &FILE_ID, "a");
    for (uint64_t turn = 1; turn <= 50; turn++) {
        guard = (struct guard){turn * 100, turn, 10};
        checkpoint_note_read(entry, 1, &guard);
    }
    assert_false(checkpoint_guard(entry, &guard));
    checkpoint_advance(entry, at(1, 99));
    assert_false(checkpoint_guard(entry, &guard));
    checkpoint_advance(entry, at(1, 250));
    assert_true(checkpoint_guard(entry, &guard));
    assert_int_equal(guard.offset, 200);
    assert_int_equal(guard.hash, 2);
    checkpoint_advance(entry, at(1, 5000));
    assert_true(checkpoint_guard(entry, &guard));
    assert_int_equal(guard.offset, 5000);
    checkpoint_release(entry);
    checkpoint_close(store);
}

/* Each turn notes its place, whether it has read anything or not. */
static void a_place_that_is_noted_again_pushes_no_other_out(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = checkpoint_get(store, "a");
    struct guard guard = {0};
    static const uint64_t offsets[] = {100, 100, 100, 200, 200, 300, 300};
    checkpoint_name_generation(entry, 1, &FILE_ID, "a");
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        guard = (struct guard){offsets[i], i, 10};
        checkpoint_note_read(entry, 1, &guard);
    }
    for (uint64_t acked = 100; acked <= 300; acked += 100) {
        checkpoint_advance(entry, at(1, acked + 50));
        assert_true(checkpoint_guard(entry, &guard));
        assert_int_equal(guard.offset, acked);
        assert_int_equal(offsets[guard.hash], acked);
    }
    assert_int_equal(guard.hash, ARRAY_LEN(offsets) - 1); /* the newest note of a place counts */
    checkpoint_release(entry);
    checkpoint_close(store);
}

/* Leaves CHECKPOINT_PAST_MAX files with the inodes 1, 2, …, the first `offset` bytes of each read. */
static struct checkpoint *leave_files(struct checkpoint_store *store, uint64_t offset)
{
    struct checkpoint *entry = checkpoint_get(store, "a");
    for (uint64_t generation = 1; generation <= CHECKPOINT_PAST_MAX + 1; generation++) {
        struct file_id id = FILE_ID;
        id.inode = generation;
        const struct guard guard = {offset + generation, 1, 1};
        checkpoint_name_generation(entry, generation, &id, "a");
        checkpoint_note_read(entry, generation, &guard);
        checkpoint_advance(entry, at(generation, offset + generation));
    }
    return entry;
}

static void of_a_file_that_was_cut_nothing_is_remembered_but_of_the_others(void **state)
{
    for (uint64_t cut = 1; cut <= CHECKPOINT_PAST_MAX; cut++) {
        struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
        struct checkpoint *entry = leave_files(store, 70);
        struct file_id id = FILE_ID;
        id.inode = cut;
        assert_int_equal(checkpoint_commit(store), 0);
        checkpoint_note_cut(entry, &id);
        checkpoint_release(entry);
        assert_int_equal(checkpoint_commit(store), 0);
        checkpoint_close(store);
        store = open_store(*state, CHECKPOINT_OK);
        entry = checkpoint_get(store, "a");
        for (id.inode = 1; id.inode <= CHECKPOINT_PAST_MAX; id.inode++) {
            uint64_t offset = 0;
            assert_int_equal(checkpoint_past(entry, &id, &offset), id.inode != cut);
            assert_int_equal(offset, id.inode != cut ? 70 + id.inode : 0);
        }
        checkpoint_release(entry);
        checkpoint_close(store);
        assert_int_equal(unlink(((struct place *)*state)->file), 0);
    }
}

static void a_file_that_was_cut_while_it_was_read_is_not_remembered_when_it_is_left(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = leave_files(store, 70);
    struct file_id id = FILE_ID;
    uint64_t offset = 0;
    id.inode = CHECKPOINT_PAST_MAX + 1;
    checkpoint_note_cut(entry, &id);
    id.inode++;
    checkpoint_name_generation(entry, CHECKPOINT_PAST_MAX + 2, &id, "a");
    checkpoint_advance(entry, at(CHECKPOINT_PAST_MAX + 2, 1));
    id.inode--;
    assert_false(checkpoint_past(entry, &id, &offset));
    checkpoint_release(entry);
    checkpoint_close(store);
}

static uint64_t read_clock(void *clock)
{
    return *(const uint64_t *)clock * 1000000000u;
}

static void what_nobody_has_read_for_a_week_is_forgotten_an_hour_after_the_start(void **state)
{
    enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };
    static const struct {
        uint64_t away_s; /* between two runs */
        uint64_t up_s;   /* of the second one */
        bool is_claimed; /* in the second one */
        bool is_kept;
    } cases[] = {
        {6 * DAY_S, 2 * HOUR_S, false, true},
        {8 * DAY_S, HOUR_S / 2, false, true},
        {8 * DAY_S, 2 * HOUR_S, true, true},
        {8 * DAY_S, 2 * HOUR_S, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t now_s = 1000 * DAY_S;
        struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
        checkpoint_use_clock(store, read_clock, &now_s);
        advance(store, "old", at(1, 5));
        assert_int_equal(checkpoint_commit(store), 0);
        checkpoint_close(store);
        store = open_store(*state, CHECKPOINT_OK);
        now_s += cases[i].away_s;
        checkpoint_use_clock(store, read_clock, &now_s);
        struct checkpoint *entry = cases[i].is_claimed ? checkpoint_get(store, "old") : NULL;
        if (entry != NULL) {
            assert_true(checkpoint_claim(entry));
            checkpoint_unclaim(entry);
            checkpoint_release(entry);
        }
        now_s += cases[i].up_s;
        advance(store, "new", at(1, 1 + i));
        assert_int_equal(checkpoint_commit(store), 0);
        checkpoint_close(store);
        store = open_store(*state, CHECKPOINT_OK);
        assert_int_equal(checkpoint_has(store, "old"), cases[i].is_kept);
        assert_true(checkpoint_has(store, "new"));
        checkpoint_close(store);
        assert_int_equal(unlink(((struct place *)*state)->file), 0);
    }
}

/* ---- several threads ---- */

struct worker {
    pthread_t thread;
    struct checkpoint_store *store;
    char key[16];
};

enum { WORKERS = 4, WORKER_TURNS = 500, WORKER_GENERATION = 7 };

/* Every call that a thread may make, again and again. */
static void *use_store(void *context)
{
    const struct worker *worker = context;
    for (uint64_t turn = 1; turn <= WORKER_TURNS; turn++) {
        struct checkpoint *entry = checkpoint_get(worker->store, worker->key);
        checkpoint_hold(entry);
        checkpoint_claim(entry);
        checkpoint_name_generation(entry, WORKER_GENERATION - 1, &FILE_ID, worker->key);
        checkpoint_name_generation(entry, WORKER_GENERATION, &FILE_ID, worker->key);
        checkpoint_note_size(entry, WORKER_GENERATION, turn + 5);
        const struct guard guard = {turn, 0xfedcba9876543210, (uint32_t)turn};
        checkpoint_note_read(entry, WORKER_GENERATION, &guard);
        checkpoint_advance(entry, at(WORKER_GENERATION, turn));
        checkpoint_note_cut(entry, &(struct file_id){.inode = 1});
        checkpoint_note_lost(entry, WORKER_GENERATION);
        checkpoint_note_size(entry, WORKER_GENERATION, turn + 5);
        checkpoint_unclaim(entry);
        checkpoint_release(entry);
        checkpoint_release(entry);
        checkpoint_has(worker->store, worker->key);
        struct checkpoint *fleeting = checkpoint_get(worker->store, "gone at once");
        checkpoint_release(fleeting);
    }
    return NULL;
}

static void a_shared_store_takes_the_calls_of_several_threads(void **state)
{
    struct worker workers[WORKERS];
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct timespec deadline;
    checkpoint_share(store);
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i].store = store;
        snprintf(workers[i].key, sizeof(workers[i].key), "/logs/%zu", i);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, use_store, &workers[i]), 0);
    }
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 60;
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(checkpoint_commit(store), 0);
        assert_int_equal(pthread_timedjoin_np(workers[i].thread, NULL, &deadline), 0);
    }
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    store = open_store(*state, CHECKPOINT_OK);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_place(store, workers[i].key, at(WORKER_GENERATION, WORKER_TURNS));
    }
    assert_false(checkpoint_has(store, "gone at once"));
    checkpoint_close(store);
}

static void a_stream_without_an_acknowledgement_is_not_kept(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = checkpoint_get(store, "a");
    struct file_id file;
    struct position position;
    checkpoint_name_generation(entry, 1, &FILE_ID, "a");
    assert_false(checkpoint_read(entry, &file, &position));
    checkpoint_release(entry);
    assert_false(checkpoint_has(store, "a"));
    checkpoint_close(store);
}

static void a_forgotten_stream_begins_anew_though_old_promises_come_in(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    advance(store, "a", at(4, 10));
    struct checkpoint *old = checkpoint_get(store, "a");
    checkpoint_forget(old);
    advance(store, "a", at(1, 3));
    checkpoint_advance(old, at(4, 99));
    checkpoint_release(old);
    assert_place(store, "a", at(1, 3));
    checkpoint_close(store);
}

static struct checkpoint_unread unread_file(uint64_t inode, uint64_t size)
{
    return (struct checkpoint_unread){.path = "/a/%b \"c\"", .size = size, .offset = 3, .inode = inode,
                                      .born_ns = 7, .fingerprint = 9, .fingerprint_len = 100};
}

static struct checkpoint_store *commit_and_open(struct checkpoint_store *store, struct place *place)
{
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    return open_store(place, CHECKPOINT_OK);
}

static void assert_unread(struct checkpoint_store *store, const char *key, size_t count,
                          const struct checkpoint_unread *expected)
{
    struct checkpoint *entry = checkpoint_get(store, key);
    for (uint32_t i = 0; i < count; i++) {
        const struct checkpoint_unread *file = checkpoint_unread_at(entry, i);
        assert_non_null(file);
        assert_string_equal(file->path, expected[i].path);
        assert_int_equal(file->size, expected[i].size);
        assert_int_equal(file->offset, expected[i].offset);
        assert_int_equal(file->inode, expected[i].inode);
        assert_int_equal(file->born_ns, expected[i].born_ns);
        assert_int_equal(file->fingerprint, expected[i].fingerprint);
        assert_int_equal(file->fingerprint_len, expected[i].fingerprint_len);
    }
    assert_null(checkpoint_unread_at(entry, (uint32_t)count));
    checkpoint_release(entry);
}

/* First what was begun, then what waits; what has been begun meanwhile waits no more. */
static void what_is_unread_is_told_to_the_next_start_until_it_has_been_looked_for(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    advance(store, "a", at(1, 50));
    struct checkpoint *entry = checkpoint_get(store, "a");
    const struct checkpoint_unread waiting[] = {unread_file(11, 40), unread_file(12, 50)};
    checkpoint_note_waiting(entry, waiting, 2);
    const struct file_id begun = {.inode = 11, .born_ns = 7, .fingerprint = 9, .fingerprint_len = 100};
    const struct guard guard = {3, 1, 1};
    checkpoint_name_generation(entry, 2, &begun, waiting[0].path);
    checkpoint_note_read(entry, 2, &guard);
    checkpoint_note_size(entry, 2, 45);
    checkpoint_release(entry);
    store = commit_and_open(store, *state);
    const struct checkpoint_unread expected[] = {unread_file(11, 45), unread_file(12, 50)};
    assert_unread(store, "a", 2, expected);
    advance(store, "b", at(1, 5));
    store = commit_and_open(store, *state);
    assert_unread(store, "a", 2, expected);
    entry = checkpoint_get(store, "a");
    checkpoint_settle_unread(entry);
    checkpoint_release(entry);
    store = commit_and_open(store, *state);
    assert_unread(store, "a", 0, NULL);
    checkpoint_close(store);
}

/* Each content by itself, as far as it was read: the rest was counted when it was cut. One that was
 * interrupted is one file, and the promise tells of its own. */
static void contents_that_were_cut_before_they_were_acknowledged_are_told_one_by_one(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct file_id file = {.inode = 11, .born_ns = 7, .fingerprint_len = 100};
    struct checkpoint *entry = checkpoint_get(store, "a");
    for (uint64_t generation = 1; generation <= 5; generation++) {
        file.fingerprint = generation == 3 ? 2 : generation; /* the second is interrupted */
        checkpoint_name_generation(entry, generation, &file, "/a/log");
        checkpoint_note_read(entry, generation, &(struct guard){0, 0, 0});
        checkpoint_note_size(entry, generation, 60 + generation);
        checkpoint_note_read(entry, generation, &(struct guard){generation * 10, 1, 1});
        if (generation != 2 && generation != 5) {
            checkpoint_note_cut(entry, &file);
        }
    }
    checkpoint_advance(entry, at(1, 5));
    checkpoint_release(entry);
    store = commit_and_open(store, *state);
    struct checkpoint_unread expected[] = {unread_file(11, 30), unread_file(11, 40), unread_file(11, 65)};
    const uint64_t fingerprints[] = {2, 4, 5};
    for (size_t i = 0; i < 3; i++) {
        expected[i].path = "/a/log";
        expected[i].offset = 0;
        expected[i].fingerprint = fingerprints[i];
    }
    assert_unread(store, "a", 3, expected);
    checkpoint_close(store);
}

/* What a compressed file holds may not be known: no number is written that the next start would not read. */
static void a_size_that_nobody_knows_is_not_told(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    advance(store, "a", at(1, 50));
    struct checkpoint *entry = checkpoint_get(store, "a");
    const struct checkpoint_unread waiting[] = {unread_file(11, UINT64_MAX), unread_file(12, 2),
                                                unread_file(13, 50)};
    checkpoint_note_waiting(entry, waiting, 3);
    const struct file_id begun = {.inode = 14, .born_ns = 7, .fingerprint = 9, .fingerprint_len = 100};
    checkpoint_name_generation(entry, 2, &begun, "/logs/a.1.gz");
    checkpoint_note_size(entry, 2, UINT64_MAX);
    checkpoint_release(entry);
    store = commit_and_open(store, *state);
    assert_unread(store, "a", 1, &waiting[2]);
    checkpoint_close(store);
}

static void count_unclaimed(void *context, const char *key, const char *path)
{
    assert_string_equal(key, path);
    ++*(int *)context;
}

static int unclaimed(struct checkpoint_store *store)
{
    int count = 0;
    checkpoint_each_unclaimed(store, count_unclaimed, &count);
    return count;
}

/* `advance` notes five bytes more than are acknowledged. */
static void what_nobody_claims_is_given_to_one_and_is_known_no_more(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    advance(store, "a", at(1, 50));
    struct checkpoint *entry = checkpoint_get(store, "a");
    const struct checkpoint_unread waiting = unread_file(11, 40);
    checkpoint_note_waiting(entry, &waiting, 1);
    checkpoint_release(entry);
    advance(store, "b", at(1, 50));
    assert_int_equal(unclaimed(store), 0);
    store = commit_and_open(store, *state);
    entry = checkpoint_get(store, "b");
    assert_int_equal(unclaimed(store), 2);
    checkpoint_claim(entry);
    assert_int_equal(unclaimed(store), 1);
    assert_int_equal(checkpoint_take_unclaimed(store, "b"), 0);
    assert_int_equal(checkpoint_take_unclaimed(store, "a"), 5 + 37);
    assert_int_equal(checkpoint_take_unclaimed(store, "a"), 0);
    checkpoint_release(entry);
    store = commit_and_open(store, *state);
    assert_int_equal(checkpoint_take_unclaimed(store, "a"), 0);
    checkpoint_close(store);
}

static size_t read_bytes(const char *path, char *bytes, size_t max)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, max, file);
    fclose(file);
    return len;
}

/* A log is gone while its lines are on their way: that is on the disk as long as they are. */
static void a_forgotten_stream_is_kept_while_somebody_holds_what_is_not_acknowledged(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    advance(store, "a", at(4, 10));
    struct checkpoint *old = checkpoint_get(store, "a");
    checkpoint_forget(old);
    assert_int_equal(checkpoint_commit(store), 0);
    assert_false(checkpoint_has(store, "a"));
    char text[4096] = "";
    read_bytes(((struct place *)*state)->file, text, sizeof(text) - 1);
    assert_non_null(strstr(text, "\"a\": {"));
    checkpoint_release(old);
    store = commit_and_open(store, *state);
    assert_false(checkpoint_has(store, "a"));
    checkpoint_close(store);
}

static void a_stream_has_one_reader(void **state)
{
    struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
    struct checkpoint *entry = checkpoint_get(store, "a");
    assert_true(checkpoint_claim(entry));
    assert_false(checkpoint_claim(entry));
    checkpoint_unclaim(entry);
    assert_true(checkpoint_claim(entry));
    checkpoint_release(entry);
    checkpoint_close(store);
}

static void the_file_is_private_and_so_is_its_directory(void **state)
{
    struct place *place = *state;
    struct place inner;
    snprintf(inner.directory, sizeof(inner.directory), "%.50s/d", place->directory);
    struct checkpoint_store *store = open_store(&inner, CHECKPOINT_OK);
    advance(store, "a", at(1, 1));
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    char path[128];
    struct stat info;
    assert_int_equal(stat(inner.directory, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    static const char *const names[] = {"checkpoints.json", "lock"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", inner.directory, names[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
        unlink(path);
    }
    rmdir(inner.directory);
}

static void the_second_process_is_told_who_holds_the_directory(void **state)
{
    struct place *place = *state;
    struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
    struct checkpoint_store *second = NULL;
    long holder = 0;
    assert_int_equal(checkpoint_open(place->directory, &second, &holder), CHECKPOINT_LOCKED);
    assert_null(second);
    assert_int_equal(holder, getpid());
    checkpoint_close(store);
    store = open_store(place, CHECKPOINT_OK);
    checkpoint_close(store);
}

/* ---- damage ---- */

static void write_bytes(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

/* Old state or set aside: a damaged file is never believed to say something else. */
static void assert_old_or_corrupt(struct place *place, struct position expected)
{
    struct checkpoint_store *store = NULL;
    long holder;
    int result = checkpoint_open(place->directory, &store, &holder);
    assert_true(result == CHECKPOINT_OK || result == CHECKPOINT_CORRUPT);
    if (result == CHECKPOINT_OK) {
        assert_place(store, "a", expected);
    } else {
        assert_false(checkpoint_has(store, "a"));
        char aside[160];
        snprintf(aside, sizeof(aside), "%s.corrupt-1", place->file);
        assert_int_equal(access(aside, F_OK), 0);
        assert_int_equal(unlink(aside), 0);
        assert_int_equal(access(place->file, F_OK), -1);
    }
    checkpoint_close(store);
}

static void every_torn_or_flipped_file_is_old_or_set_aside(void **state)
{
    struct place *place = *state;
    struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
    advance(store, "a", at(1, 50)); /* … which is past then */
    advance(store, "a", at(2, 77));
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    char whole[4096];
    size_t len = read_bytes(place->file, whole, sizeof(whole));
    for (size_t i = 0; i < len; i++) {
        write_bytes(place->file, whole, i);
        assert_old_or_corrupt(place, at(2, 77));
        char flipped[4096];
        memcpy(flipped, whole, len);
        flipped[i] = (char)(flipped[i] ^ (1 << (i % 8)));
        write_bytes(place->file, flipped, len);
        assert_old_or_corrupt(place, at(2, 77));
    }
    write_bytes(place->file, "", 0); /* what a power failure leaves on some file systems */
    assert_old_or_corrupt(place, at(2, 77));
}

static void copy_with(const struct place *place, const char *from, const char *to)
{
    char text[4096] = "";
    char changed[4200];
    size_t len = read_bytes(place->file, text, sizeof(text) - 1);
    char *at = strstr(text, from);
    assert_true(len > 0 && at != NULL);
    snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    write_bytes(place->file, changed, strlen(changed));
}

static void what_a_newer_version_wrote_is_kept_aside_under_that_name(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *from;
        const char *to;
        const char *also_from; /* NULL: nothing else */
        const char *also_to;
        int expected;
    } cases[] = {
        /* The number alone: the checksum, which holds the version, tells that it is damage. */
        {"\"version\": 1", "\"version\": 2", NULL, NULL, CHECKPOINT_CORRUPT},
        {"\"version\": 1", "\"version\": 0", "\"streams\"", "\"logs\"", CHECKPOINT_CORRUPT},
        {"\"version\": 1", "\"version\": \"2\"", NULL, NULL, CHECKPOINT_CORRUPT},
        {"\"version\": 1", "\"version\": 2", "\"offset\": 50", "\"offset\": 51", CHECKPOINT_NEWER},
        {"\"version\": 1", "\"version\": 12", "\"streams\"", "\"logs\"", CHECKPOINT_NEWER},
        {"\"version\": 1", "\"version\": 3", "\"checksum\"", "\"signature\"", CHECKPOINT_NEWER},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
        advance(store, "a", at(1, 50));
        assert_int_equal(checkpoint_commit(store), 0);
        checkpoint_close(store);
        copy_with(place, cases[i].from, cases[i].to);
        if (cases[i].also_from != NULL) {
            copy_with(place, cases[i].also_from, cases[i].also_to);
        }
        store = open_store(place, cases[i].expected);
        assert_false(checkpoint_has(store, "a"));
        checkpoint_close(store);
        char aside[160];
        bool is_newer = cases[i].expected == CHECKPOINT_NEWER;
        snprintf(aside, sizeof(aside), "%s.%s-1", place->file, is_newer ? "newer" : "corrupt");
        assert_int_equal(unlink(aside), 0);
        assert_int_equal(access(place->file, F_OK), -1);
    }
}

static int make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int result = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    close(fd);
    return result;
}

static int make_fifo(const char *path)
{
    return mkfifo(path, 0600);
}

static int make_directory(const char *path)
{
    return mkdir(path, 0700);
}

static int make_link(const char *path)
{
    return symlink("/etc/hostname", path);
}

static int make_device_link(const char *path)
{
    return symlink("/dev/tty", path);
}

/* Neither waited for, nor read, nor replaced. */
static void what_is_no_file_in_its_place_is_refused_at_once(void **state)
{
    struct place *place = *state;
    static int (*const makers[])(const char *) = {make_fifo, make_socket, make_directory, make_link,
                                                  make_device_link};
    static const char *const names[] = {"checkpoints.json", "lock"};
    for (size_t i = 0; i < ARRAY_LEN(makers) * ARRAY_LEN(names); i++) {
        char path[128];
        struct stat before;
        struct stat after;
        snprintf(path, sizeof(path), "%s/%s", place->directory, names[i % ARRAY_LEN(names)]);
        remove(path);
        assert_int_equal(makers[i / ARRAY_LEN(names)](path), 0);
        assert_int_equal(lstat(path, &before), 0);
        assert_null(open_store(place, CHECKPOINT_NO_FILE));
        assert_int_equal(lstat(path, &after), 0);
        assert_int_equal(after.st_ino, before.st_ino);
        assert_int_equal(remove(path), 0);
    }
}

static void a_pipe_in_the_place_of_the_temporary_file_is_not_waited_for(void **state)
{
    struct place *place = *state;
    struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
    char path[160];
    snprintf(path, sizeof(path), "%s.tmp", place->file);
    assert_int_equal(mkfifo(path, 0600), 0);
    advance(store, "a", at(1, 5));
    assert_true(checkpoint_commit(store) < 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK); /* nor is it written to, if somebody reads it */
    assert_true(reader >= 0);
    assert_int_equal(checkpoint_commit(store), -EINVAL);
    close(reader);
    assert_int_equal(checkpoint_commit(store), 0);
    struct stat status;
    assert_int_equal(lstat(place->file, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    checkpoint_close(store);
}

static void empty_directory(const struct place *place)
{
    char path[128];
    unlink(place->file);
    snprintf(path, sizeof(path), "%s/lock", place->directory);
    unlink(path);
    assert_int_equal(rmdir(place->directory), 0);
}

static void a_directory_that_was_removed_is_made_again_with_all_that_is_known(void **state)
{
    struct place *place = *state;
    struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
    advance(store, "a", at(1, 7));
    assert_int_equal(checkpoint_commit(store), 0);
    empty_directory(place);
    assert_int_equal(checkpoint_commit(store), CHECKPOINT_REMADE); /* though nothing has changed */
    assert_int_equal(checkpoint_commit(store), 0);
    struct checkpoint_store *second = NULL;
    long holder;
    assert_int_equal(checkpoint_open(place->directory, &second, &holder), CHECKPOINT_LOCKED);
    checkpoint_close(store);
    store = open_store(place, CHECKPOINT_OK);
    assert_place(store, "a", at(1, 7));
    empty_directory(place); /* … and another clew takes the place: it is not written over */
    second = open_store(place, CHECKPOINT_OK);
    assert_int_equal(checkpoint_commit(store), -EBUSY);
    assert_int_equal(access(place->file, F_OK), -1);
    checkpoint_close(second);
    assert_int_equal(checkpoint_commit(store), CHECKPOINT_REMADE);
    checkpoint_close(store);
}

/* ---- failing and dying system calls ---- */

static struct {
    int countdown; /* the call at which it happens */
    bool dies;
} fault;

static bool strikes(void)
{
    if (fault.countdown-- != 0) {
        return false;
    }
    if (fault.dies) {
        _exit(0);
    }
    errno = ENOSPC;
    return true;
}

static int faulty_open(const char *path, int flags, mode_t mode)
{
    return strikes() ? -1 : open(path, flags, mode);
}

static ssize_t faulty_write(int fd, const void *bytes, size_t len)
{
    size_t part = len > 100 ? 100 : len; /* short writes, so that there are many */
    return strikes() ? -1 : write(fd, bytes, part);
}

static int faulty_fsync(int fd)
{
    return strikes() ? -1 : fsync(fd);
}

static int faulty_close(int fd)
{
    bool failed = strikes();
    int result = close(fd);
    return failed ? -1 : result;
}

static int faulty_rename(const char *from, const char *to)
{
    return strikes() ? -1 : rename(from, to);
}

static int faulty_unlink(const char *path)
{
    return unlink(path);
}

static const struct file_calls faulty = {faulty_open,  faulty_write,  faulty_fsync,
                                         faulty_close, faulty_rename, faulty_unlink};

static void a_failed_commit_leaves_a_whole_file_and_is_tried_again(void **state)
{
    int failures = 0;
    for (int call = 0; call < 30; call++) {
        struct checkpoint_store *store = open_store(*state, CHECKPOINT_OK);
        advance(store, "a", at(1, 10u + (unsigned)call));
        fault.countdown = call;
        fault.dies = false;
        checkpoint_use_calls(store, &faulty);
        int result = checkpoint_commit(store);
        failures += result == -ENOSPC;
        assert_int_equal(checkpoint_commit(store), 0);
        checkpoint_close(store);
        store = open_store(*state, CHECKPOINT_OK);
        assert_place(store, "a", at(1, 10u + (unsigned)call));
        checkpoint_close(store);
    }
    assert_true(failures > 8);
}

static void death_at_any_call_leaves_the_old_or_the_new_file(void **state)
{
    struct place *place = *state;
    struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
    advance(store, "a", at(1, 1));
    assert_int_equal(checkpoint_commit(store), 0);
    checkpoint_close(store);
    for (int call = 0; call < 30; call++) {
        pid_t child = fork();
        if (child == 0) {
            store = open_store(place, CHECKPOINT_OK);
            advance(store, "a", at(1, 2));
            fault.countdown = call;
            fault.dies = true;
            checkpoint_use_calls(store, &faulty);
            checkpoint_commit(store);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        store = open_store(place, CHECKPOINT_OK);
        struct checkpoint *entry = checkpoint_get(store, "a");
        struct file_id file;
        struct position position;
        assert_true(checkpoint_read(entry, &file, &position));
        assert_in_range(position.offset, 1, 2);
        checkpoint_release(entry);
        checkpoint_close(store);
    }
}

static void nothing_is_written_when_nothing_has_changed(void **state)
{
    struct place *place = *state;
    struct checkpoint_store *store = open_store(place, CHECKPOINT_OK);
    assert_int_equal(checkpoint_commit(store), 0);
    assert_int_equal(access(place->file, F_OK), -1);
    advance(store, "a", at(1, 1));
    assert_int_equal(checkpoint_commit(store), 0);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(checkpoint_commit(store), 0);
    assert_int_equal(access(place->file, F_OK), -1);
    checkpoint_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_committed_is_read_again),
        TEST(a_promise_never_moves_back),
        TEST(the_promise_names_the_generation_it_is_about),
        TEST(the_last_files_that_were_left_are_remembered),
        TEST(what_stood_in_front_is_told_of_a_place_that_is_acknowledged),
        TEST(a_place_that_is_noted_again_pushes_no_other_out),
        TEST(of_a_file_that_was_cut_nothing_is_remembered_but_of_the_others),
        TEST(a_file_that_was_cut_while_it_was_read_is_not_remembered_when_it_is_left),
        TEST(what_nobody_has_read_for_a_week_is_forgotten_an_hour_after_the_start),
        TEST(a_shared_store_takes_the_calls_of_several_threads),
        TEST(a_stream_without_an_acknowledgement_is_not_kept),
        TEST(a_forgotten_stream_begins_anew_though_old_promises_come_in),
        TEST(what_is_unread_is_told_to_the_next_start_until_it_has_been_looked_for),
        TEST(contents_that_were_cut_before_they_were_acknowledged_are_told_one_by_one),
        TEST(a_size_that_nobody_knows_is_not_told),
        TEST(what_nobody_claims_is_given_to_one_and_is_known_no_more),
        TEST(a_forgotten_stream_is_kept_while_somebody_holds_what_is_not_acknowledged),
        TEST(a_stream_has_one_reader),
        TEST(the_file_is_private_and_so_is_its_directory),
        TEST(the_second_process_is_told_who_holds_the_directory),
        TEST(every_torn_or_flipped_file_is_old_or_set_aside),
        TEST(what_a_newer_version_wrote_is_kept_aside_under_that_name),
        TEST(what_is_no_file_in_its_place_is_refused_at_once),
        TEST(a_pipe_in_the_place_of_the_temporary_file_is_not_waited_for),
        TEST(a_directory_that_was_removed_is_made_again_with_all_that_is_known),
        TEST(a_failed_commit_leaves_a_whole_file_and_is_tried_again),
        TEST(death_at_any_call_leaves_the_old_or_the_new_file),
        TEST(nothing_is_written_when_nothing_has_changed),
    };
    return driver_run("checkpoint", tests, ARRAY_LEN(tests));
}
