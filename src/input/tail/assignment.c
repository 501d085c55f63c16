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

struct allotment {
    pthread_mutex_t mutex;
    struct map lots;
    struct map readers; /* of files */
    size_t unheld;      /* lots that nobody holds or keeps */
    size_t *given;      /* lots that each worker has, or is about to */
    unsigned workers;
};

struct allotment *allotment_new(unsigned workers)
{
    struct allotment *allotment = mem_alloc(sizeof(*allotment));
    pthread_mutex_init(&allotment->mutex, NULL);
    allotment->workers = workers;
    allotment->given = mem_array(workers, sizeof(*allotment->given));
    return allotment;
}

static void free_lot(struct lot *lot)
{
    if (lot != NULL) {
        free(lot->name);
        free(lot);
    }
}

void allotment_free(struct allotment *allotment)
{
    if (allotment == NULL) {
        return;
    }
    for (size_t i = 0; i < allotment->lots.cap; i++) {
        free_lot(allotment->lots.slots[i].value);
    }
    for (size_t i = 0; i < allotment->readers.cap; i++) {
        free(allotment->readers.slots[i].value);
    }
    map_fini(&allotment->lots);
    map_fini(&allotment->readers);
    pthread_mutex_destroy(&allotment->mutex);
    free(allotment->given);
    free(allotment);
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

static struct lot *find(const struct allotment *allotment, const char *name)
{
    return map_find(&allotment->lots, hash_of(name), is_lot, name);
}

static bool is_unheld(const struct lot *lot)
{
    return lot->holders == 0 && !lot->is_kept;
}

static void count_in(struct allotment *allotment, struct lot *lot, bool is_counted)
{
    allotment->given[lot->worker] += is_counted;
    allotment->given[lot->worker] -= lot->is_counted;
    lot->is_counted = is_counted;
}

static void take_out(struct allotment *allotment, struct lot *lot)
{
    map_remove(&allotment->lots, hash_of(lot->name), lot);
    count_in(allotment, lot, false);
    allotment->unheld -= is_unheld(lot);
    free_lot(lot);
}

static void sweep(struct allotment *allotment)
{
    if (allotment->unheld < UNHELD_MIN || allotment->unheld * 2 < allotment->lots.count) {
        return;
    }
    for (size_t i = 0; i < allotment->lots.cap; i++) {
        struct lot *lot = allotment->lots.slots[i].value;
        if (lot != NULL && is_unheld(lot)) {
            take_out(allotment, lot);
            i--; /* the removal may have moved another one here */
        }
    }
}

static struct lot *add(struct allotment *allotment, const char *name, unsigned worker)
{
    sweep(allotment);
    struct lot *lot = mem_alloc(sizeof(*lot));
    *lot = (struct lot){.name = mem_string(name), .worker = worker};
    map_add(&allotment->lots, hash_of(name), lot);
    count_in(allotment, lot, true);
    allotment->unheld++;
    return lot;
}

static unsigned idlest(const struct allotment *allotment)
{
    unsigned best = 0;
    for (unsigned i = 1; i < allotment->workers; i++) {
        best = allotment->given[i] < allotment->given[best] ? i : best;
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

static const struct reader *find_reader(const struct allotment *allotment,
                                        const struct file_stat *files, size_t count)
{
    const struct reader *found = NULL;
    for (size_t i = 0; i < count && found == NULL; i++) {
        const struct reader key = {files[i].device, files[i].inode, 0};
        found = map_find(&allotment->readers, hash_of_file(&key), is_reader, &key);
    }
    return found;
}

/* ---- for all ---- */

bool allotment_find(struct allotment *allotment, const char *name, unsigned *out_worker)
{
    pthread_mutex_lock(&allotment->mutex);
    const struct lot *lot = find(allotment, name);
    bool is_there = lot != NULL;
    if (is_there) {
        *out_worker = lot->worker;
    }
    pthread_mutex_unlock(&allotment->mutex);
    return is_there;
}

unsigned allotment_give(struct allotment *allotment, const char *name,
                        const struct file_stat *files, size_t count)
{
    pthread_mutex_lock(&allotment->mutex);
    const struct lot *lot = find(allotment, name);
    if (lot == NULL) {
        const struct reader *reader = find_reader(allotment, files, count);
        lot = add(allotment, name, reader != NULL ? reader->worker : idlest(allotment));
    }
    unsigned worker = lot->worker;
    pthread_mutex_unlock(&allotment->mutex);
    return worker;
}

/* It may have been swept since it was given. */
bool allotment_hold(struct allotment *allotment, unsigned worker, const char *name)
{
    pthread_mutex_lock(&allotment->mutex);
    struct lot *lot = find(allotment, name);
    lot = lot != NULL ? lot : add(allotment, name, worker);
    bool is_ours = lot->worker == worker;
    if (is_ours) {
        allotment->unheld -= is_unheld(lot);
        lot->holders++;
        lot->is_kept = false;
        count_in(allotment, lot, true);
    }
    pthread_mutex_unlock(&allotment->mutex);
    return is_ours;
}

void allotment_release(struct allotment *allotment, const char *name, bool is_over)
{
    pthread_mutex_lock(&allotment->mutex);
    struct lot *lot = find(allotment, name);
    ENSURE(lot != NULL && lot->holders > 0);
    lot->holders--;
    lot->is_kept = lot->is_kept || !is_over;
    if (lot->holders == 0 && is_over) {
        lot->is_kept = false;
        allotment->unheld++;
        count_in(allotment, lot, false);
    }
    pthread_mutex_unlock(&allotment->mutex);
}

void allotment_add_file(struct allotment *allotment, unsigned worker, const struct file_id *file)
{
    struct reader *reader = mem_alloc(sizeof(*reader));
    *reader = (struct reader){file->device, file->inode, worker};
    pthread_mutex_lock(&allotment->mutex);
    map_add(&allotment->readers, hash_of_file(reader), reader);
    pthread_mutex_unlock(&allotment->mutex);
}

void allotment_remove_file(struct allotment *allotment, unsigned worker,
                           const struct file_id *file)
{
    const struct reader key = {file->device, file->inode, worker};
    pthread_mutex_lock(&allotment->mutex);
    struct reader *reader =
        map_find(&allotment->readers, hash_of_file(&key), is_same_reader, &key);
    ENSURE(reader != NULL);
    map_remove(&allotment->readers, hash_of_file(&key), reader);
    pthread_mutex_unlock(&allotment->mutex);
    free(reader);
}
