/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"

/*
 * The list in memory is the directory as it was read once and as it was changed since. Another
 * process may take files away (clew replay), so a spool that is full looks again before it says so.
 */

enum {
    NAME_DIGITS = 20, /* of 2^64 */
    NAME_BYTES = NAME_DIGITS + 1,
    BLOCK_BYTES = 4096,
    FILE_BYTES_MAX = PARCEL_UNPACKED_BYTES_MAX + PARCEL_HEAD_BYTES_MAX,
};

struct item {
    uint64_t number;
    uint64_t bytes; /* of its blocks */
};

struct spool {
    char *directory;
    const struct file_calls *calls;
    uint64_t bytes_max;
    uint64_t bytes;
    struct item *items; /* sorted */
    size_t count;
    size_t cap;
    uint64_t last; /* the largest number ever given */
    uint64_t *leftovers; /* numbers of files that could not be removed */
    size_t leftover_count;
    size_t leftover_cap;
    unsigned writer; /* of … */
    unsigned writers;
    bool sees_all; /* also what is the others' */
};

static uint64_t blocks_of(uint64_t bytes)
{
    return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

static void name_of(uint64_t number, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%0*" PRIu64, NAME_DIGITS, number);
}

static char *path_of(const struct spool *spool, uint64_t number)
{
    char name[NAME_BYTES];
    name_of(number, name);
    return mem_format("%s/%s", spool->directory, name);
}

static void append(struct spool *spool, uint64_t number, uint64_t bytes)
{
    if (spool->count == spool->cap) {
        spool->cap = spool->cap > 0 ? 2 * spool->cap : 64;
        spool->items = mem_resize(spool->items, spool->cap, sizeof(*spool->items));
    }
    spool->items[spool->count++] = (struct item){number, blocks_of(bytes)};
    spool->bytes += blocks_of(bytes);
    spool->last = number > spool->last ? number : spool->last;
}

/* ---- the directory ---- */

static int compare(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

static bool is_leftover(const struct spool *spool, uint64_t number)
{
    for (size_t i = 0; i < spool->leftover_count; i++) {
        if (spool->leftovers[i] == number) {
            return true;
        }
    }
    return false;
}

static bool is_seen(const struct spool *spool, uint64_t number)
{
    if (is_leftover(spool, number)) {
        return false;
    }
    return spool->sees_all || number % SPOOL_WRITERS % spool->writers == spool->writer;
}

static void take_file(struct spool *spool, int directory, const char *name)
{
    struct stat info;
    bool is_numbered = strspn(name, "0123456789") == NAME_DIGITS;
    if (is_numbered && name[NAME_DIGITS] == '\0' && is_seen(spool, strtoull(name, NULL, 10)) &&
        fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode)) {
        append(spool, strtoull(name, NULL, 10), (uint64_t)info.st_size);
    }
}

static int scan(struct spool *spool)
{
    DIR *directory = opendir(spool->directory);
    spool->count = 0;
    spool->bytes = 0;
    if (directory == NULL) {
        return errno == ENOENT ? 0 : -errno;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        take_file(spool, dirfd(directory), entry->d_name);
    }
    closedir(directory);
    if (spool->count > 0) {
        qsort(spool->items, spool->count, sizeof(*spool->items), compare);
    }
    return 0;
}

/* What a crash has left of a write. */
void spool_clean(struct spool *spool)
{
    DIR *directory = opendir(spool->directory);
    if (directory == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strspn(entry->d_name, "0123456789") == NAME_DIGITS &&
            strcmp(entry->d_name + NAME_DIGITS, ".tmp") == 0) {
            unlinkat(dirfd(directory), entry->d_name, 0);
        }
    }
    closedir(directory);
}

int spool_open(const char *directory, uint64_t bytes_max, struct spool **out)
{
    struct spool *spool = mem_alloc(sizeof(*spool));
    spool->directory = mem_string(directory);
    spool->bytes_max = bytes_max;
    spool->calls = &file_calls_system;
    spool->writers = 1;
    int result = scan(spool);
    if (result < 0) {
        spool_close(spool);
        return result;
    }
    *out = spool;
    return 0;
}

int spool_share(struct spool *spool, unsigned index, unsigned count, bool sees_all)
{
    ENSURE(index < count && count <= SPOOL_WRITERS);
    spool->writer = index;
    spool->writers = count;
    spool->sees_all = sees_all;
    return scan(spool);
}

void spool_close(struct spool *spool)
{
    if (spool != NULL) {
        spool_leftovers(spool);
        free(spool->leftovers);
        free(spool->directory);
        free(spool->items);
        free(spool);
    }
}

void spool_set_limit(struct spool *spool, uint64_t bytes_max)
{
    spool->bytes_max = bytes_max;
}

void spool_use_calls(struct spool *spool, const struct file_calls *calls)
{
    spool->calls = calls;
}

const char *spool_directory(const struct spool *spool)
{
    return spool->directory;
}

size_t spool_count(const struct spool *spool)
{
    return spool->count;
}

uint64_t spool_bytes(const struct spool *spool)
{
    return spool->bytes;
}

uint64_t spool_number(const struct spool *spool, size_t index)
{
    ENSURE(index < spool->count);
    return spool->items[index].number;
}

/* ---- parcels ---- */

static bool has_room(struct spool *spool, uint64_t bytes)
{
    return spool->bytes <= spool->bytes_max && blocks_of(bytes) <= spool->bytes_max - spool->bytes;
}

/* A file whose write has failed may be there all the same, if only its directory could not be
 * synced: then it must not be sent, for nobody was promised that it is. */
static int write_file(struct spool *spool, const struct parcel *parcel, struct slice head,
                      uint64_t number)
{
    char name[NAME_BYTES];
    const struct slice parts[] = {head, parcel->body};
    name_of(number, name);
    int result = file_make_directory(spool->directory);
    if (result == 0) {
        result = file_replace_parts(spool->calls, spool->directory, name, parts, ARRAY_LEN(parts));
    }
    if (result < 0) {
        char *path = path_of(spool, number);
        spool->calls->unlink(path);
        free(path);
    }
    return result;
}

/* Ours, and larger than all that were. */
static uint64_t next_number(const struct spool *spool, uint64_t now_ns)
{
    uint64_t first = now_ns > spool->last ? now_ns : spool->last + 1;
    uint64_t number = first - first % SPOOL_WRITERS + spool->writer;
    return number >= first ? number : number + SPOOL_WRITERS;
}

int spool_write(struct spool *spool, const struct parcel *parcel, uint64_t now_ns,
                uint64_t *out_number)
{
    struct buf head = {0};
    spool_leftovers(spool);
    parcel_write_head(parcel, &head);
    uint64_t bytes = head.len + parcel->body.len;
    int result = SPOOL_FULL;
    if (spool->sees_all) {
        scan(spool); /* a failure shows in the write */
    }
    uint64_t number = next_number(spool, now_ns);
    if (has_room(spool, bytes) || (scan(spool) == 0 && has_room(spool, bytes))) {
        result = write_file(spool, parcel, buf_slice(&head), number);
    }
    buf_fini(&head);
    if (result == 0) {
        append(spool, number, bytes);
        *out_number = number;
    }
    return result;
}

int spool_read(const struct spool *spool, uint64_t number, struct buf *file, struct parcel *out)
{
    char *path = path_of(spool, number);
    buf_clear(file);
    file->limit = FILE_BYTES_MAX;
    int result = file_read_own(path, file);
    free(path);
    if (result == -ENOENT || result == -EFBIG || result == -ELOOP || result == -EINVAL) {
        return SPOOL_GONE;
    }
    return result < 0 ? result : parcel_read(buf_slice(file), out) ? SPOOL_OK : SPOOL_CORRUPT;
}

static void take_out(struct spool *spool, uint64_t number)
{
    const struct item key = {.number = number};
    struct item *item = spool->count > 0 ? bsearch(&key, spool->items, spool->count,
                                                   sizeof(*spool->items), compare)
                                         : NULL;
    if (item != NULL) {
        size_t behind = spool->count - (size_t)(item - spool->items) - 1;
        spool->bytes -= item->bytes;
        memmove(item, item + 1, behind * sizeof(*item));
        spool->count--;
    }
}

/* 0 if it is not there any more, else -errno. */
static int remove_file(const struct spool *spool, uint64_t number)
{
    char *path = path_of(spool, number);
    int result = spool->calls->unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
    free(path);
    return result;
}

size_t spool_leftovers(struct spool *spool)
{
    size_t kept = 0;
    for (size_t i = 0; i < spool->leftover_count; i++) {
        if (remove_file(spool, spool->leftovers[i]) < 0) {
            spool->leftovers[kept++] = spool->leftovers[i];
        }
    }
    spool->leftover_count = kept;
    return kept;
}

int spool_remove(struct spool *spool, uint64_t number)
{
    spool_leftovers(spool);
    int result = remove_file(spool, number);
    if (result < 0) {
        if (spool->leftover_count == spool->leftover_cap) {
            spool->leftover_cap = spool->leftover_cap > 0 ? 2 * spool->leftover_cap : 16;
            spool->leftovers = mem_resize(spool->leftovers, spool->leftover_cap,
                                          sizeof(*spool->leftovers));
        }
        spool->leftovers[spool->leftover_count++] = number;
    }
    take_out(spool, number);
    return result;
}

void spool_set_aside(struct spool *spool, uint64_t number)
{
    char *path = path_of(spool, number);
    file_set_aside(path, "corrupt");
    free(path);
    take_out(spool, number);
}
