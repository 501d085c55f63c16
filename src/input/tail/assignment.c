/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/assignment.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

/*
 * Giving by need instead of by a hash of the name: eight files are four and four, not five and three
 * or worse. Lots that nobody holds, because their logs are over or were gone before their worker came
 * to look, are swept when they are as many as all others.
 */

enum { UNHELD_MIN = 1024 }; /* so many may always be there */

struct lot {
    char *name;
    unsigned worker;
    unsigned holders; /* streams, and the directory */
    bool is_kept;
    bool is_counted; /* among those that its worker has */
};

struct reader {
    uint64_t device;
    uint64_t inode;
    unsigned worker;
};

struct assignment {
    pthread_mutex_t mutex;
    struct map lots;
    struct map readers; /* of files */
    size_t unheld;      /* lots that nobody holds or keeps */
    size_t *given;      /* lots that each worker has, or is about to */
    unsigned workers;
};

struct assignment *assignment_new(unsigned workers)
{
    struct assignment *assignment = mem_alloc(sizeof(*assignment));
    pthread_mutex_init(&assignment->mutex, NULL);
    assignment->workers = workers;
    assignment->given = mem_array(workers, sizeof(*assignment->given));
    return assignment;
}

static void free_lot(struct lot *lot)
{
    if (lot != NULL) {
        free(lot->name);
        free(lot);
    }
}

void assignment_free(struct assignment *assignment)
{
    if (assignment == NULL) {
        return;
    }
    for (size_t i = 0; i < assignment->lots.cap; i++) {
        free_lot(assignment->lots.slots[i].value);
    }
    for (size_t i = 0; i < assignment->readers.cap; i++) {
        free(assignment->readers.slots[i].value);
    }
    map_fini(&assignment->lots);
    map_fini(&assignment->readers);
    pthread_mutex_destroy(&assignment->mutex);
    free(assignment->given);
    free(assignment);
}

/* ---- lots ---- */

static uint64_t hash_of(const char *name)
{
    return hash_bytes(name, strlen(name), 0);
}

static bool is_lot(const void *value, const void *key)
{
    return strcmp(((const struct lot *)value)->name, key) == 0;
}

static struct lot *find(const struct assignment *assignment, const char *name)
{
    return map_find(&assignment->lots, hash_of(name), is_lot, name);
}

static bool is_unheld(const struct lot *lot)
{
    return lot->holders == 0 && !lot->is_kept;
}

static void count_in(struct assignment *assignment, struct lot *lot, bool is_counted)
{
    assignment->given[lot->worker] += is_counted;
    assignment->given[lot->worker] -= lot->is_counted;
    lot->is_counted = is_counted;
}

static void take_out(struct assignment *assignment, struct lot *lot)
{
    map_remove(&assignment->lots, hash_of(lot->name), lot);
    count_in(assignment, lot, false);
    assignment->unheld -= is_unheld(lot);
    free_lot(lot);
}

static void sweep(struct assignment *assignment)
{
    if (assignment->unheld < UNHELD_MIN || assignment->unheld * 2 < assignment->lots.count) {
        return;
    }
    for (size_t i = 0; i < assignment->lots.cap; i++) {
        struct lot *lot = assignment->lots.slots[i].value;
        if (lot != NULL && is_unheld(lot)) {
            take_out(assignment, lot);
            i--; /* the removal may have moved another one here */
        }
    }
}

static struct lot *add(struct assignment *assignment, const char *name, unsigned worker)
{
    sweep(assignment);
    struct lot *lot = mem_alloc(sizeof(*lot));
    *lot = (struct lot){.name = mem_string(name), .worker = worker};
    map_add(&assignment->lots, hash_of(name), lot);
    count_in(assignment, lot, true);
    assignment->unheld++;
    return lot;
}

static unsigned idlest(const struct assignment *assignment)
{
    unsigned best = 0;
    for (unsigned i = 1; i < assignment->workers; i++) {
        best = assignment->given[i] < assignment->given[best] ? i : best;
    }
    return best;
}

/* ---- files ---- */

static uint64_t hash_of_file(const struct reader *reader)
{
    const uint64_t key[] = {reader->device, reader->inode};
    return hash_bytes(key, sizeof(key), 0);
}

static bool is_reader(const void *value, const void *key)
{
    const struct reader *reader = value;
    const struct reader *wanted = key;
    return reader->device == wanted->device && reader->inode == wanted->inode;
}

static bool is_same_reader(const void *value, const void *key)
{
    return is_reader(value, key) &&
           ((const struct reader *)value)->worker == ((const struct reader *)key)->worker;
}

static const struct reader *find_reader(const struct assignment *assignment,
                                        const struct file_stat *files, size_t count)
{
    const struct reader *found = NULL;
    for (size_t i = 0; i < count && found == NULL; i++) {
        const struct reader key = {files[i].device, files[i].inode, 0};
        found = map_find(&assignment->readers, hash_of_file(&key), is_reader, &key);
    }
    return found;
}

/* ---- for all ---- */

bool assignment_find(struct assignment *assignment, const char *name, unsigned *out_worker)
{
    pthread_mutex_lock(&assignment->mutex);
    const struct lot *lot = find(assignment, name);
    bool is_there = lot != NULL;
    if (is_there) {
        *out_worker = lot->worker;
    }
    pthread_mutex_unlock(&assignment->mutex);
    return is_there;
}

unsigned assignment_give(struct assignment *assignment, const char *name,
                         const struct file_stat *files, size_t count)
{
    pthread_mutex_lock(&assignment->mutex);
    const struct lot *lot = find(assignment, name);
    if (lot == NULL) {
        const struct reader *reader = find_reader(assignment, files, count);
        lot = add(assignment, name, reader != NULL ? reader->worker : idlest(assignment));
    }
    unsigned worker = lot->worker;
    pthread_mutex_unlock(&assignment->mutex);
    return worker;
}

/* It may have been swept since it was given. */
bool assignment_hold(struct assignment *assignment, unsigned worker, const char *name)
{
    pthread_mutex_lock(&assignment->mutex);
    struct lot *lot = find(assignment, name);
    lot = lot != NULL ? lot : add(assignment, name, worker);
    bool is_ours = lot->worker == worker;
    if (is_ours) {
        assignment->unheld -= is_unheld(lot);
        lot->holders++;
        lot->is_kept = false;
        count_in(assignment, lot, true);
    }
    pthread_mutex_unlock(&assignment->mutex);
    return is_ours;
}

void assignment_release(struct assignment *assignment, const char *name, bool is_over)
{
    pthread_mutex_lock(&assignment->mutex);
    struct lot *lot = find(assignment, name);
    ENSURE(lot != NULL && lot->holders > 0);
    lot->holders--;
    lot->is_kept = lot->is_kept || !is_over;
    if (lot->holders == 0 && is_over) {
        lot->is_kept = false;
        assignment->unheld++;
        count_in(assignment, lot, false);
    }
    pthread_mutex_unlock(&assignment->mutex);
}

void assignment_add_file(struct assignment *assignment, unsigned worker, const struct file_id *file)
{
    struct reader *reader = mem_alloc(sizeof(*reader));
    *reader = (struct reader){file->device, file->inode, worker};
    pthread_mutex_lock(&assignment->mutex);
    map_add(&assignment->readers, hash_of_file(reader), reader);
    pthread_mutex_unlock(&assignment->mutex);
}

void assignment_remove_file(struct assignment *assignment, unsigned worker,
                            const struct file_id *file)
{
    const struct reader key = {file->device, file->inode, worker};
    pthread_mutex_lock(&assignment->mutex);
    struct reader *reader =
        map_find(&assignment->readers, hash_of_file(&key), is_same_reader, &key);
    ENSURE(reader != NULL);
    map_remove(&assignment->readers, hash_of_file(&key), reader);
    pthread_mutex_unlock(&assignment->mutex);
    free(reader);
}
