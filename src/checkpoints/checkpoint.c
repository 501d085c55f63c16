/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoints/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "checkpoints/checkpoint_text.h"

/*
 * Entries live in a table by key. Each holds the acknowledged position and the names of the
 * generations from that one on: the reader names a generation when it begins it, and a promise may
 * come much later, when two more have been begun. An advance drops the names it has passed, so an
 * entry holds as many names as generations are in flight.
 *
 *     made by get or by reading the file --- advance ---> known, written at the next commit
 *     forget + last release --> gone          not known + last release --> gone
 *     known, claimed by nobody for FORGET_AFTER_S --> gone (the log went away while clew was down)
 *
 * Several threads may use one store, each its own entries: what an entry shows to its own thread only
 * that thread changes, so it is read without the lock; whatever a commit reads, and the table, is
 * changed under it. A commit writes to the disk without it. One thread alone locks nothing.
 */

enum {
    SIZE_STEP_BYTES = 64 * 1024, /* growth that is worth writing down by itself */
    FORGET_AFTER_S = 7 * 24 * 3600,
    PRUNE_UPTIME_S = 3600, /* by then every stream that still exists has been claimed */
};

#define STORE_NAME "checkpoints.json"
#define LOCK_NAME "lock"

/* Guards come with every turn of reading, acknowledgements later: of those that are not acknowledged
 * the oldest are kept, and the newest. */
enum { GUARDS_PENDING = 4 };

struct name {
    uint64_t generation;
    uint64_t begun;        /* where reading it began */
    uint64_t read;         /* how far */
    struct guard guard;    /* at or before the acknowledged place */
    struct guard pending[GUARDS_PENDING]; /* behind it, in order */
    uint32_t pending_count;
    uint64_t size;
    uint64_t written_size; /* as the file on disk has it */
    struct file_id file;
    char *path;
    uint32_t cut; /* the file holds other bytes since: how often it had been cut by then; 0: it does not */
    bool is_begun;
};

/* Owned: the paths as well. */
struct unread_list {
    struct checkpoint_unread *files;
    uint32_t count;
};

struct checkpoint {
    struct checkpoint_store *store;
    char *key;
    uint64_t hash; /* of the key */
    struct position acked;
    struct name *names; /* in the order of their generations */
    struct checkpoint_past past[CHECKPOINT_PAST_MAX]; /* newest last */
    uint32_t past_count;
    uint32_t name_count;
    uint32_t refs;
    uint32_t batches; /* that have lines of it … */
    unsigned track;   /* … all of which are on this one */
    uint32_t cuts; /* of its files, in this process */
    uint64_t seen_s; /* real time of the last change */
    struct unread_list waiting; /* in this process */
    struct unread_list unread;  /* of an earlier one, not yet looked for */
    char *others; /* what a later clew has written of it, as JSON; NULL: nothing */
    bool is_known;
    bool is_claimed;
    bool was_claimed; /* since the store was opened */
    bool is_forgotten; /* no longer in the table, but in store->forgotten */
    struct checkpoint *next_forgotten;
};

struct checkpoint_store {
    struct map entries;
    struct checkpoint *forgotten; /* the last one first; those that somebody still holds */
    char *directory;
    const struct file_calls *calls;
    uint64_t (*realtime_ns)(void *clock);
    void *clock;
    uint64_t opened_s;
    int lock_fd;
    bool is_changed;
    bool is_shared; /* by threads: then `mutex` guards the table, and what a commit reads of entries */
    pthread_mutex_t mutex;
};

static void lock(struct checkpoint_store *store)
{
    if (store->is_shared) {
        pthread_mutex_lock(&store->mutex);
    }
}

static void unlock(struct checkpoint_store *store)
{
    if (store->is_shared) {
        pthread_mutex_unlock(&store->mutex);
    }
}

static uint64_t read_clock(void *clock)
{
    (void)clock;
    return clock_realtime_ns();
}

static uint64_t now_s(const struct checkpoint_store *store)
{
    return store->realtime_ns(store->clock) / 1000000000u;
}

static bool is_entry(const void *value, const void *key)
{
    return strcmp(((const struct checkpoint *)value)->key, key) == 0;
}

static uint64_t hash_of(const char *key)
{
    return hash_bytes(key, strlen(key), 0);
}

static struct checkpoint *find(const struct checkpoint_store *store, const char *key)
{
    return map_find(&store->entries, hash_of(key), is_entry, key);
}

static struct checkpoint *add(struct checkpoint_store *store, const char *key)
{
    struct checkpoint *entry = mem_alloc(sizeof(*entry));
    entry->store = store;
    entry->key = mem_string(key);
    entry->hash = hash_of(key);
    map_add(&store->entries, entry->hash, entry);
    return entry;
}

static void clear_list(struct unread_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        free((char *)(uintptr_t)list->files[i].path);
    }
    free(list->files);
    *list = (struct unread_list){0};
}

static void copy_list(struct unread_list *list, const struct checkpoint_unread *files, uint32_t count)
{
    clear_list(list);
    list->files = count > 0 ? mem_array(count, sizeof(*files)) : NULL;
    list->count = count;
    for (uint32_t i = 0; i < count; i++) {
        list->files[i] = files[i];
        list->files[i].path = mem_string(files[i].path);
    }
}

static void free_entry(struct checkpoint *entry)
{
    clear_list(&entry->waiting);
    clear_list(&entry->unread);
    for (uint32_t i = 0; i < entry->name_count; i++) {
        free(entry->names[i].path);
    }
    free(entry->names);
    free(entry->others);
    free(entry->key);
    free(entry);
}

static void take_out(struct checkpoint *entry)
{
    map_remove(&entry->store->entries, entry->hash, entry);
    entry->store->is_changed |= entry->is_known;
}

static struct name *find_name(const struct checkpoint *entry, uint64_t generation)
{
    /* From the newest: that is the one being read. */
    for (uint32_t i = entry->name_count; i > 0; i--) {
        if (entry->names[i - 1].generation == generation) {
            return &entry->names[i - 1];
        }
    }
    return NULL;
}

static struct name *add_name(struct checkpoint *entry, uint64_t generation)
{
    entry->names = mem_resize(entry->names, entry->name_count + 1u, sizeof(*entry->names));
    struct name *name = &entry->names[entry->name_count++];
    *name = (struct name){.generation = generation};
    return name;
}

static bool is_same_file(const struct file_id *file, uint64_t inode, uint64_t born_ns)
{
    return file->inode == inode && file->born_ns == born_ns;
}

/* past_count if it is none of those. */
static uint32_t find_past(const struct checkpoint *entry, const struct file_id *file)
{
    uint32_t at = 0;
    while (at < entry->past_count &&
           !is_same_file(file, entry->past[at].inode, entry->past[at].born_ns)) {
        at++;
    }
    return at;
}

static void forget_past(struct checkpoint *entry, uint32_t at)
{
    uint32_t newer = entry->past_count - at - 1;
    memmove(&entry->past[at], &entry->past[at + 1], newer * sizeof(entry->past[0]));
    entry->past_count--;
}

/* All that was read of it is acknowledged; it may grow all the same. */
static void remember_past(struct checkpoint *entry, const struct name *name)
{
    uint32_t at = find_past(entry, &name->file);
    if (name->cut > 0) {
        return;
    }
    if (at == CHECKPOINT_PAST_MAX) {
        at = 0;
    }
    entry->past_count += at == entry->past_count;
    uint32_t newer = entry->past_count - at - 1;
    memmove(&entry->past[at], &entry->past[at + 1], newer * sizeof(entry->past[0]));
    bool is_newer_known = name->pending_count > 0 && name->pending[name->pending_count - 1].len > 0;
    entry->past[entry->past_count - 1] = (struct checkpoint_past){
        .inode = name->file.inode,
        .born_ns = name->file.born_ns,
        .offset = name->read,
        .fingerprint = name->file.fingerprint,
        .fingerprint_len = name->file.fingerprint_len,
        .guard = is_newer_known ? name->pending[name->pending_count - 1] : name->guard,
    };
}

static void drop_names_before(struct checkpoint *entry, uint64_t generation)
{
    uint32_t passed = 0;
    while (passed < entry->name_count && entry->names[passed].generation < generation) {
        remember_past(entry, &entry->names[passed]);
        free(entry->names[passed++].path);
    }
    if (passed > 0) {
        entry->name_count -= passed;
        memmove(entry->names, entry->names + passed, entry->name_count * sizeof(*entry->names));
    }
}

/* ---- opening ---- */

static void load_entry(void *context, const struct checkpoint_row *row)
{
    struct checkpoint *entry = add(context, row->key);
    entry->acked = row->position;
    entry->is_known = true;
    entry->seen_s = row->seen_s;
    struct name *name = add_name(entry, row->position.generation);
    name->file = row->file;
    name->size = row->size;
    name->begun = row->position.offset;
    name->is_begun = true;
    name->read = row->position.offset;
    name->guard = row->guard;
    name->path = mem_string(row->path);
    entry->past_count = row->past_count;
    memcpy(entry->past, row->past, sizeof(entry->past));
    copy_list(&entry->unread, row->unread, row->unread_count);
    entry->others = row->others != NULL ? mem_string(row->others) : NULL;
}

static bool is_no_file(int result)
{
    return result == -EINVAL || result == -ELOOP || result == -EISDIR;
}

static int set_aside(const char *path, int why)
{
    int result = file_set_aside(path, why == CHECKPOINT_NEWER ? "newer" : "corrupt");
    return result == 0 ? why : result;
}

static int load(struct checkpoint_store *store)
{
    char *path = mem_format("%s/%s", store->directory, STORE_NAME);
    struct buf text;
    buf_init(&text, CHECKPOINT_TEXT_BYTES_MAX);
    int result = file_read_own(path, &text);
    if (result == -ENOENT) {
        result = 0;
    } else if (is_no_file(result)) {
        result = CHECKPOINT_NO_FILE;
    } else if (result == -EFBIG) {
        result = set_aside(path, CHECKPOINT_CORRUPT);
    } else if (result == 0) {
        result = checkpoint_text_read(buf_slice(&text), load_entry, store);
        result = result != CHECKPOINT_OK ? set_aside(path, result) : result;
    }
    buf_fini(&text);
    free(path);
    return result;
}

static long read_holder(int fd)
{
    char text[32] = {0};
    return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

/* Only for people to read: the lock itself is the kernel's. */
static void write_holder(const char *path)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        dprintf(fd, "%ld\n", (long)getpid());
        close(fd);
    }
}

/* Held by a descriptor that cannot write, so that it does not keep anybody from remounting the file
 * system read-only. */
static int take_lock(struct checkpoint_store *store, long *out_holder)
{
    char *path = mem_format("%s/%s", store->directory, LOCK_NAME);
    int flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    struct stat status;
    store->lock_fd = open(path, flags, 0600);
    int result = store->lock_fd < 0 || fstat(store->lock_fd, &status) < 0 ? -errno : 0;
    if (result == -ENXIO || is_no_file(result) || (result == 0 && !S_ISREG(status.st_mode))) {
        result = CHECKPOINT_NO_FILE;
    }
    if (result == 0 && flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        result = errno == EWOULDBLOCK ? CHECKPOINT_LOCKED : -errno;
        *out_holder = read_holder(store->lock_fd);
    }
    if (result == 0) {
        write_holder(path);
    }
    free(path);
    return result;
}

int checkpoint_open(const char *path, struct checkpoint_store **out_store, long *out_holder)
{
    struct checkpoint_store *store = mem_alloc(sizeof(*store));
    store->directory = mem_string(path);
    store->calls = &file_calls_system;
    store->lock_fd = -1;
    store->realtime_ns = read_clock;
    store->opened_s = now_s(store);
    pthread_mutex_init(&store->mutex, NULL);
    int result = file_make_directory(path);
    if (result == 0) {
        result = take_lock(store, out_holder);
    }
    if (result == 0) {
        result = load(store);
    }
    bool has_store = result == CHECKPOINT_OK || result == CHECKPOINT_CORRUPT ||
                     result == CHECKPOINT_NEWER;
    if (!has_store) {
        checkpoint_close(store);
        return result;
    }
    *out_store = store;
    return result;
}

void checkpoint_close(struct checkpoint_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->entries.cap; i++) {
        struct checkpoint *entry = store->entries.slots[i].value;
        if (entry != NULL) {
            free_entry(entry);
        }
    }
    map_fini(&store->entries);
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    pthread_mutex_destroy(&store->mutex);
    free(store->directory);
    free(store);
}

void checkpoint_share(struct checkpoint_store *store)
{
    store->is_shared = true;
}

void checkpoint_use_calls(struct checkpoint_store *store, const struct file_calls *calls)
{
    store->calls = calls;
}

void checkpoint_use_clock(struct checkpoint_store *store, uint64_t (*realtime_ns)(void *clock),
                          void *clock)
{
    store->realtime_ns = realtime_ns;
    store->clock = clock;
    store->opened_s = now_s(store);
}

/* ---- entries ---- */

bool checkpoint_has(struct checkpoint_store *store, const char *key)
{
    lock(store);
    const struct checkpoint *entry = find(store, key);
    bool is_known = entry != NULL && entry->is_known;
    unlock(store);
    return is_known;
}

struct checkpoint *checkpoint_get(struct checkpoint_store *store, const char *key)
{
    lock(store);
    struct checkpoint *entry = find(store, key);
    if (entry == NULL) {
        entry = add(store, key);
    }
    entry->refs++;
    unlock(store);
    return entry;
}

void checkpoint_hold(struct checkpoint *checkpoint)
{
    lock(checkpoint->store);
    checkpoint->refs++;
    unlock(checkpoint->store);
}

static void remove_forgotten(struct checkpoint *entry)
{
    struct checkpoint **place = &entry->store->forgotten;
    while (*place != entry) {
        place = &(*place)->next_forgotten;
    }
    *place = entry->next_forgotten;
    entry->store->is_changed |= entry->is_known;
}

static void release(struct checkpoint *checkpoint)
{
    ENSURE(checkpoint->refs > 0);
    checkpoint->refs--;
    if (checkpoint->refs > 0) {
        return;
    }
    if (checkpoint->is_forgotten) {
        remove_forgotten(checkpoint);
        free_entry(checkpoint);
    } else if (!checkpoint->is_known) {
        take_out(checkpoint);
        free_entry(checkpoint);
    }
}

void checkpoint_release(struct checkpoint *checkpoint)
{
    struct checkpoint_store *store = checkpoint->store;
    lock(store);
    release(checkpoint);
    unlock(store);
}

uint64_t checkpoint_hash(const struct checkpoint *checkpoint)
{
    return checkpoint->hash;
}

const char *checkpoint_key(const struct checkpoint *checkpoint)
{
    return checkpoint->key;
}

bool checkpoint_claim(struct checkpoint *checkpoint)
{
    lock(checkpoint->store);
    bool is_free = !checkpoint->is_claimed;
    checkpoint->is_claimed = true;
    checkpoint->was_claimed = true;
    unlock(checkpoint->store);
    return is_free;
}

void checkpoint_unclaim(struct checkpoint *checkpoint)
{
    lock(checkpoint->store);
    checkpoint->is_claimed = false;
    unlock(checkpoint->store);
}

bool checkpoint_is_shared(struct checkpoint *checkpoint)
{
    lock(checkpoint->store);
    bool is_shared = checkpoint->refs > 1;
    unlock(checkpoint->store);
    return is_shared;
}

bool checkpoint_read(const struct checkpoint *checkpoint, struct file_id *out_file,
                     struct position *out_position)
{
    const struct name *name = find_name(checkpoint, checkpoint->acked.generation);
    if (!checkpoint->is_known || name == NULL) {
        return false;
    }
    *out_file = name->file;
    *out_position = checkpoint->acked;
    return true;
}

const char *checkpoint_path(const struct checkpoint *checkpoint)
{
    const struct name *name = find_name(checkpoint, checkpoint->acked.generation);
    return name != NULL ? name->path : NULL;
}

uint64_t checkpoint_size(const struct checkpoint *checkpoint)
{
    const struct name *name = find_name(checkpoint, checkpoint->acked.generation);
    return name != NULL ? name->size : 0;
}

uint64_t checkpoint_promised_s(const struct checkpoint *checkpoint)
{
    return checkpoint->seen_s;
}

uint64_t checkpoint_last_generation(const struct checkpoint *checkpoint)
{
    uint64_t last = checkpoint->is_known ? checkpoint->acked.generation : 0;
    for (uint32_t i = 0; i < checkpoint->name_count; i++) {
        last = checkpoint->names[i].generation > last ? checkpoint->names[i].generation : last;
    }
    return last;
}

uint64_t checkpoint_taken(const struct checkpoint *checkpoint)
{
    const struct name *name = find_name(checkpoint, checkpoint->acked.generation);
    return name != NULL ? name->read : 0;
}

void checkpoint_note_moved(struct checkpoint *checkpoint, uint64_t generation)
{
    struct name *name = find_name(checkpoint, generation);
    if (name == NULL) {
        return;
    }
    lock(checkpoint->store);
    name->size = 0;
    checkpoint->store->is_changed |= checkpoint->is_known;
    unlock(checkpoint->store);
}

void checkpoint_note_lost(struct checkpoint *checkpoint, uint64_t generation)
{
    struct name *name = find_name(checkpoint, generation);
    if (name == NULL) {
        return;
    }
    lock(checkpoint->store);
    name->size = name->read;
    checkpoint->store->is_changed |= checkpoint->is_known;
    unlock(checkpoint->store);
}

/* It is known by its generation from now on. */
static void drop_waiting(struct checkpoint *entry, const struct file_id *file)
{
    struct unread_list *list = &entry->waiting;
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_same_file(file, list->files[i].inode, list->files[i].born_ns)) {
            free((char *)(uintptr_t)list->files[i].path);
            list->count--;
            memmove(&list->files[i], &list->files[i + 1], (list->count - i) * sizeof(*list->files));
            return;
        }
    }
}

void checkpoint_name_generation(struct checkpoint *checkpoint, uint64_t generation,
                                const struct file_id *file, const char *path)
{
    if (generation < checkpoint->acked.generation) {
        return;
    }
    lock(checkpoint->store);
    struct name *name = find_name(checkpoint, generation);
    if (name == NULL) {
        name = add_name(checkpoint, generation);
    }
    name->cut = is_same_file(&name->file, file->inode, file->born_ns) ? name->cut : 0;
    drop_waiting(checkpoint, file);
    bool is_renamed = name->path == NULL || strcmp(name->path, path) != 0;
    name->file = *file;
    free(name->path);
    name->path = mem_string(path);
    checkpoint->store->is_changed |=
        checkpoint->is_known && (generation == checkpoint->acked.generation || is_renamed);
    unlock(checkpoint->store);
}

void checkpoint_note_copied(struct checkpoint *checkpoint, const struct file_id *from,
                            const struct file_id *to, const char *path)
{
    lock(checkpoint->store);
    for (uint32_t i = 0; i < checkpoint->name_count; i++) {
        struct name *name = &checkpoint->names[i];
        /* An empty one that an earlier process promised may have been cut since. */
        bool is_same = name->cut == 0 && name->file.fingerprint_len > 0;
        if (is_same && is_same_file(&name->file, from->inode, from->born_ns)) {
            name->file = *to;
            free(name->path);
            name->path = mem_string(path);
            checkpoint->store->is_changed |= checkpoint->is_known;
        }
    }
    unlock(checkpoint->store);
}

void checkpoint_note_size(struct checkpoint *checkpoint, uint64_t generation, uint64_t size)
{
    struct name *name = find_name(checkpoint, generation);
    if (name == NULL || size <= name->size) {
        return;
    }
    lock(checkpoint->store);
    name->size = size;
    checkpoint->store->is_changed |=
        checkpoint->is_known && size - name->written_size >= SIZE_STEP_BYTES;
    unlock(checkpoint->store);
}

static void take_guards(struct name *name, uint64_t acked_offset)
{
    uint32_t taken = 0;
    while (taken < name->pending_count && name->pending[taken].offset <= acked_offset) {
        name->guard = name->pending[taken++];
    }
    name->pending_count -= taken;
    memmove(name->pending, name->pending + taken, name->pending_count * sizeof(name->pending[0]));
}

void checkpoint_note_read(struct checkpoint *checkpoint, uint64_t generation,
                          const struct guard *guard)
{
    struct name *name = find_name(checkpoint, generation);
    if (name == NULL) {
        return;
    }
    lock(checkpoint->store);
    name->begun = name->is_begun ? name->begun : guard->offset;
    name->is_begun = true;
    name->read = guard->offset;
    if (guard->len == 0 && guard->offset > 0) { /* not looked at: what was known of the place stays */
        unlock(checkpoint->store);
        return;
    }
    uint32_t count = name->pending_count;
    if (count == GUARDS_PENDING || (count > 0 && name->pending[count - 1].offset == guard->offset)) {
        name->pending_count--;
    }
    name->pending[name->pending_count++] = *guard;
    if (checkpoint->is_known && generation == checkpoint->acked.generation) {
        take_guards(name, checkpoint->acked.offset);
    }
    unlock(checkpoint->store);
}

bool checkpoint_guard(const struct checkpoint *checkpoint, struct guard *out_guard)
{
    const struct name *name = find_name(checkpoint, checkpoint->acked.generation);
    if (name == NULL || name->guard.len == 0 || name->guard.offset > checkpoint->acked.offset) {
        return false;
    }
    *out_guard = name->guard;
    return true;
}

void checkpoint_note_cut(struct checkpoint *checkpoint, const struct file_id *file)
{
    uint32_t at = find_past(checkpoint, file);
    lock(checkpoint->store);
    if (at < checkpoint->past_count) {
        forget_past(checkpoint, at);
        checkpoint->store->is_changed |= checkpoint->is_known;
    }
    checkpoint->cuts++;
    for (uint32_t i = 0; i < checkpoint->name_count; i++) {
        struct name *name = &checkpoint->names[i];
        if (name->cut == 0 && is_same_file(&name->file, file->inode, file->born_ns)) {
            name->cut = checkpoint->cuts;
            checkpoint->store->is_changed |= checkpoint->is_known;
        }
    }
    unlock(checkpoint->store);
}

bool checkpoint_past(const struct checkpoint *checkpoint, const struct file_id *file,
                     uint64_t *out_offset)
{
    for (uint32_t i = checkpoint->past_count; i > 0; i--) {
        const struct checkpoint_past *past = &checkpoint->past[i - 1];
        if (past->inode == file->inode && past->born_ns == file->born_ns) {
            *out_offset = past->offset;
            return true;
        }
    }
    return false;
}

const struct checkpoint_past *checkpoint_past_at(const struct checkpoint *checkpoint, uint32_t number)
{
    uint32_t count = checkpoint->past_count;
    return number < count ? &checkpoint->past[count - 1 - number] : NULL;
}

/* ---- what is unread ---- */

static bool is_same_unread(const struct checkpoint_unread *a, const struct checkpoint_unread *b)
{
    return a->inode == b->inode && a->born_ns == b->born_ns && a->size == b->size &&
           a->offset == b->offset && a->fingerprint_len == b->fingerprint_len &&
           a->fingerprint == b->fingerprint && strcmp(a->path, b->path) == 0;
}

static bool has_same_unread(const struct unread_list *list, const struct checkpoint_unread *files,
                            uint32_t count)
{
    for (uint32_t i = 0; i < list->count && i < count; i++) {
        if (!is_same_unread(&list->files[i], &files[i])) {
            return false;
        }
    }
    return list->count == count;
}

void checkpoint_note_waiting(struct checkpoint *checkpoint, const struct checkpoint_unread *files,
                             uint32_t count)
{
    if (has_same_unread(&checkpoint->waiting, files, count)) {
        return;
    }
    lock(checkpoint->store);
    copy_list(&checkpoint->waiting, files, count);
    checkpoint->store->is_changed |= checkpoint->is_known;
    unlock(checkpoint->store);
}

const struct checkpoint_unread *checkpoint_unread_at(const struct checkpoint *checkpoint,
                                                     uint32_t number)
{
    return number < checkpoint->unread.count ? &checkpoint->unread.files[number] : NULL;
}

void checkpoint_settle_unread(struct checkpoint *checkpoint)
{
    lock(checkpoint->store);
    checkpoint->store->is_changed |= checkpoint->unread.count > 0;
    clear_list(&checkpoint->unread);
    unlock(checkpoint->store);
}

static void forget_unread(struct checkpoint *entry)
{
    for (uint32_t i = 0; i < entry->name_count; i++) {
        entry->names[i].size = 0;
    }
    clear_list(&entry->waiting);
    clear_list(&entry->unread);
    entry->store->is_changed |= entry->is_known;
}

static uint64_t count_unread(const struct checkpoint *entry)
{
    uint64_t size = checkpoint_size(entry);
    uint64_t bytes = size > entry->acked.offset ? size - entry->acked.offset : 0;
    for (uint32_t i = 0; i < entry->unread.count; i++) {
        bytes += entry->unread.files[i].size - entry->unread.files[i].offset;
    }
    return bytes;
}

static bool is_unclaimed(const struct checkpoint *entry)
{
    return entry->is_known && !entry->was_claimed && count_unread(entry) > 0;
}

void checkpoint_each_unclaimed(struct checkpoint_store *store,
                               void (*tell)(void *context, const char *key, const char *path),
                               void *context)
{
    lock(store);
    for (size_t i = 0; i < store->entries.cap; i++) {
        const struct checkpoint *entry = store->entries.slots[i].value;
        if (entry != NULL && is_unclaimed(entry)) {
            tell(context, entry->key, checkpoint_path(entry));
        }
    }
    unlock(store);
}

uint64_t checkpoint_take_unclaimed(struct checkpoint_store *store, const char *key)
{
    uint64_t bytes = 0;
    lock(store);
    struct checkpoint *entry = find(store, key);
    if (entry != NULL && is_unclaimed(entry)) {
        bytes = count_unread(entry);
        forget_unread(entry);
    }
    unlock(store);
    return bytes;
}

void checkpoint_advance(struct checkpoint *checkpoint, struct position position)
{
    if (checkpoint->is_known && !position_is_before(checkpoint->acked, position)) {
        return;
    }
    lock(checkpoint->store);
    checkpoint->acked = position;
    checkpoint->is_known = true;
    checkpoint->seen_s = 0; /* "now", written at the next commit */
    checkpoint->store->is_changed |= !checkpoint->is_forgotten;
    drop_names_before(checkpoint, position.generation);
    struct name *name = find_name(checkpoint, position.generation);
    if (name != NULL) {
        take_guards(name, position.offset);
    }
    unlock(checkpoint->store);
}

void checkpoint_join_track(struct checkpoint *checkpoint, unsigned track)
{
    ENSURE(checkpoint->batches == 0 || checkpoint->track == track);
    checkpoint->track = track;
    checkpoint->batches++;
}

void checkpoint_leave_track(struct checkpoint *checkpoint)
{
    ENSURE(checkpoint->batches > 0);
    checkpoint->batches--;
}

bool checkpoint_track(const struct checkpoint *checkpoint, unsigned *out_track)
{
    if (checkpoint->batches == 0) {
        return false;
    }
    *out_track = checkpoint->track;
    return true;
}

void checkpoint_forget(struct checkpoint *checkpoint)
{
    lock(checkpoint->store);
    if (!checkpoint->is_forgotten) {
        take_out(checkpoint);
        checkpoint->is_forgotten = true;
        checkpoint->next_forgotten = checkpoint->store->forgotten;
        checkpoint->store->forgotten = checkpoint;
    }
    unlock(checkpoint->store);
}

/* ---- committing ---- */

/* What nobody has claimed for long has gone while clew was not running. */
static bool is_stale(const struct checkpoint *entry, uint64_t now)
{
    return !entry->was_claimed && entry->refs == 0 && now > entry->seen_s + FORGET_AFTER_S;
}

static void prune(struct checkpoint_store *store, uint64_t now)
{
    if (now < store->opened_s + PRUNE_UPTIME_S) {
        return;
    }
    for (size_t i = 0; i < store->entries.cap; i++) {
        struct checkpoint *entry = store->entries.slots[i].value;
        if (entry != NULL && is_stale(entry, now)) {
            take_out(entry);
            free_entry(entry);
            i--; /* the removal may have moved another one here */
        }
    }
}

/* A generation that was interrupted has two names, and one file. */
static bool is_file_of(const struct name *name, const struct checkpoint_unread *file)
{
    return is_same_file(&name->file, file->inode, file->born_ns);
}

static bool has_name_of(const struct checkpoint *entry, const struct checkpoint_unread *file)
{
    for (uint32_t i = 0; i < entry->name_count; i++) {
        if (is_file_of(&entry->names[i], file) && entry->names[i].cut == 0) {
            return true;
        }
    }
    return false;
}

/* Not one that was cut, and holds other bytes by now. */
static bool is_same_content(const struct name *a, const struct name *b)
{
    return is_same_file(&a->file, b->file.inode, b->file.born_ns) && a->cut == 0 && b->cut == 0 &&
           a->file.fingerprint_len == b->file.fingerprint_len &&
           a->file.fingerprint == b->file.fingerprint;
}

/* Of the acknowledged generation's file, which may have been begun a second time. */
static uint64_t largest_size(const struct checkpoint *entry)
{
    const struct name *acked = find_name(entry, entry->acked.generation);
    uint64_t size = checkpoint_size(entry);
    for (uint32_t i = 0; i < entry->name_count; i++) {
        const struct name *name = &entry->names[i];
        size = is_same_content(name, acked) && name->size > size ? name->size : size;
    }
    return size;
}

/* Of what was cut only what is on its way is told: the rest was counted then, or another file holds it. */
static struct checkpoint_unread unread_of_name(const struct name *name)
{
    return (struct checkpoint_unread){
        .path = name->path,
        .size = name->cut > 0 && name->read < name->size ? name->read : name->size,
        .offset = name->begun,
        .inode = name->file.inode,
        .born_ns = name->file.born_ns,
        .fingerprint = name->file.fingerprint,
        .fingerprint_len = name->file.fingerprint_len,
    };
}

/* A file that is cut holds one content after the other: those that it had are told one by one. */
static bool is_same_until_cut(const struct name *a, const struct name *b)
{
    return is_same_file(&a->file, b->file.inode, b->file.born_ns) && a->cut == b->cut;
}

/* What a compressed file holds may not be known, and no number of its bytes can be told. */
static bool is_countable(const struct checkpoint_unread *file)
{
    return file->size <= INT64_MAX && file->size > file->offset;
}

/* Of each of `files` the name that told of it. */
struct told {
    struct checkpoint_unread *files;
    const struct name **names;
    uint32_t count;
};

/* Once for each file: one that was interrupted has two names. */
static void tell_name(struct told *told, const struct name *name)
{
    struct checkpoint_unread file = unread_of_name(name);
    uint32_t at = 0;
    while (at < told->count && !is_same_until_cut(told->names[at], name)) {
        at++;
    }
    if (at == told->count) {
        told->names[at] = name;
        told->files[at] = file;
        told->count++;
    } else if (file.size > told->files[at].size) {
        told->files[at].size = file.size;
    }
}

/* The promise itself tells of its own file. `files` has room for all. */
static uint32_t gather_named(struct checkpoint *entry, struct checkpoint_unread *files)
{
    const struct name *acked = find_name(entry, entry->acked.generation);
    struct told told = {files, mem_array(entry->name_count, sizeof(*told.names)), 0};
    for (uint32_t i = 0; i < entry->name_count; i++) {
        struct name *name = &entry->names[i];
        const struct checkpoint_unread file = unread_of_name(name);
        name->written_size = name->size;
        bool is_newer = name->generation > acked->generation;
        if (is_newer && is_countable(&file) && !is_same_until_cut(acked, name)) {
            tell_name(&told, name);
        }
    }
    free(told.names);
    return told.count;
}

/* Newer than what is promised, oldest first: begun ones, then those that wait, then what an earlier process
 * knew and nobody has looked for. To be freed; the paths are the entry's. */
static struct checkpoint_unread *gather_unread(struct checkpoint *entry, uint32_t *out_count)
{
    uint32_t room = entry->name_count + entry->waiting.count + entry->unread.count;
    struct checkpoint_unread *files = mem_array(room, sizeof(*files));
    uint32_t count = gather_named(entry, files);
    for (uint32_t i = 0; i < entry->waiting.count; i++) {
        if (is_countable(&entry->waiting.files[i]) && !has_name_of(entry, &entry->waiting.files[i])) {
            files[count++] = entry->waiting.files[i];
        }
    }
    for (uint32_t i = 0; i < entry->unread.count; i++) {
        files[count++] = entry->unread.files[i];
    }
    *out_count = count;
    return files;
}

static void add_row(struct checkpoint_text *text, struct checkpoint *entry, uint64_t now)
{
    struct checkpoint_row row = {.key = entry->key};
    if (!checkpoint_read(entry, &row.file, &row.position)) {
        return;
    }
    entry->seen_s = entry->seen_s == 0 ? now : entry->seen_s;
    row.path = checkpoint_path(entry);
    row.size = largest_size(entry);
    row.seen_s = entry->seen_s;
    row.past_count = entry->past_count;
    row.others = entry->others;
    checkpoint_guard(entry, &row.guard);
    memcpy(row.past, entry->past, sizeof(row.past));
    struct checkpoint_unread *unread = gather_unread(entry, &row.unread_count);
    row.unread = unread;
    checkpoint_text_add(text, &row);
    free(unread);
}

/* Its log is gone, but lines of it are on their way: if the process dies they are missing. One that was
 * forgotten later, or has come back, has the key. */
static bool is_missing_if_killed(const struct checkpoint *entry)
{
    const struct checkpoint *later = entry->store->forgotten;
    while (later != entry && strcmp(later->key, entry->key) != 0) {
        later = later->next_forgotten;
    }
    bool has_key = later == entry && find(entry->store, entry->key) == NULL;
    uint64_t last = checkpoint_last_generation(entry);
    return has_key && (last > entry->acked.generation || checkpoint_size(entry) > entry->acked.offset);
}

static struct checkpoint_text *make_text(struct checkpoint_store *store, uint64_t now)
{
    struct checkpoint_text *text = checkpoint_text_new();
    for (size_t i = 0; i < store->entries.cap; i++) {
        struct checkpoint *entry = store->entries.slots[i].value;
        if (entry != NULL) {
            add_row(text, entry, now);
        }
    }
    for (struct checkpoint *entry = store->forgotten; entry != NULL; entry = entry->next_forgotten) {
        if (is_missing_if_killed(entry)) {
            add_row(text, entry, now);
        }
    }
    return text;
}

/* The directory was removed or renamed, or the lock was, and so somebody else could take it. */
static bool is_gone(const struct checkpoint_store *store)
{
    struct stat ours;
    struct stat there;
    char *path = mem_format("%s/%s", store->directory, LOCK_NAME);
    int result = stat(path, &there) < 0 ? -errno : 0;
    free(path);
    if (result < 0) {
        return result == -ENOENT;
    }
    return fstat(store->lock_fd, &ours) == 0 &&
           (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev);
}

static int make_again(struct checkpoint_store *store)
{
    long holder;
    int before = store->lock_fd;
    int result = file_make_directory(store->directory);
    result = result == 0 ? take_lock(store, &holder) : result;
    if (result == 0) {
        close(before);
        return 0;
    }
    if (store->lock_fd != before && store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    store->lock_fd = before;
    return result == CHECKPOINT_LOCKED ? -EBUSY : result < 0 ? result : -EINVAL;
}

static int commit(struct checkpoint_store *store, bool is_all_new)
{
    struct checkpoint_text *text = NULL;
    lock(store);
    store->is_changed |= is_all_new && store->entries.count > 0;
    if (store->is_changed) {
        uint64_t now = now_s(store);
        prune(store, now);
        text = make_text(store, now);
        store->is_changed = false; /* what changes from here on is for the next commit */
    }
    unlock(store);
    if (text == NULL) {
        return 0;
    }
    struct slice bytes = checkpoint_text_finish(text);
    int result = file_replace(store->calls, store->directory, STORE_NAME, bytes);
    free((char *)(uintptr_t)bytes.data);
    if (result < 0) {
        lock(store);
        store->is_changed = true;
        unlock(store);
    }
    return result;
}

int checkpoint_commit(struct checkpoint_store *store)
{
    if (!is_gone(store)) {
        return commit(store, false);
    }
    int result = make_again(store);
    result = result == 0 ? commit(store, true) : result;
    return result == 0 ? CHECKPOINT_REMADE : result;
}
