/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/file_list.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "record/source.h"

struct seen_file {
    dev_t device;
    ino_t inode;
};

void file_list_fini(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].stream);
    }
    free(list->items);
    free(list->seen);
    *list = (struct file_list){0};
}

static bool is_seen(const struct file_list *list, const struct stat *status)
{
    for (size_t i = 0; i < list->seen_count; i++) {
        if (list->seen[i].device == status->st_dev && list->seen[i].inode == status->st_ino) {
            return true;
        }
    }
    return false;
}

static bool is_power_of_two(size_t n)
{
    return (n & (n - 1)) == 0;
}

/* Room for one more: the arrays double at every power of two. */
static void *grow(void *items, size_t count, size_t size)
{
    return is_power_of_two(count) ? mem_resize(items, count > 0 ? 2 * count : 1, size) : items;
}

/* A container's directory, else the file itself. The caller frees it. */
static char *stream_of(const char *path)
{
    struct kubernetes_path parts;
    const char *slash = strrchr(path, '/');
    bool is_container = kubernetes_path_parse(path, &parts) && parts.pod_uid.len > 0;
    return mem_string_from(
        slice_make(path, is_container && slash != NULL ? (size_t)(slash - path) : strlen(path)));
}

static void add(struct file_list *list, const char *path, const struct stat *status)
{
    if (is_seen(list, status)) {
        return;
    }
    list->seen = grow(list->seen, list->seen_count, sizeof(*list->seen));
    list->seen[list->seen_count++] = (struct seen_file){status->st_dev, status->st_ino};
    list->items = grow(list->items, list->count, sizeof(*list->items));
    list->items[list->count++] =
        (struct listed_file){mem_string(path), stream_of(path),
                             S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0};
}

/* In a directory that was given whole: not hidden, not half-written, no archive. */
static bool looks_like_log(const char *name)
{
    static const char *const others[] = {".tmp", ".zip", ".tar", ".tgz", ".bz2", ".xz", ".zst"};
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        size_t n = strlen(others[i]);
        if (len >= n && strcmp(name + len - n, others[i]) == 0) {
            return false;
        }
    }
    return name[0] != '.';
}

/* One step of the walk; false: *out_error says what cannot be read. */
static bool visit(struct file_list *list, FTS *walk, FTSENT *entry, char **out_error)
{
    switch (entry->fts_info) {
    case FTS_F:
        if (looks_like_log(entry->fts_name)) {
            add(list, entry->fts_path, entry->fts_statp);
        }
        return true;
    case FTS_D:
        if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
            fts_set(walk, entry, FTS_SKIP);
        }
        return true;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        free(*out_error); /* the last one is told */
        *out_error = mem_format("cannot read %s: %s", entry->fts_path, strerror(entry->fts_errno));
        return false;
    default:
        return true; /* links to nowhere, sockets, cycles */
    }
}

static bool add_directory(struct file_list *list, const char *path, char **out_error)
{
    char *root = mem_string(path);
    char *roots[] = {root, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    bool is_whole = walk != NULL;
    FTSENT *entry;
    while (walk != NULL && (entry = fts_read(walk)) != NULL) {
        is_whole = visit(list, walk, entry, out_error) && is_whole;
    }
    if (walk == NULL) {
        *out_error = mem_format("cannot read %s: %s", path, strerror(errno));
    } else {
        fts_close(walk);
    }
    free(root);
    return is_whole;
}

static bool add_existing(struct file_list *list, const char *path, char **out_error)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        *out_error = mem_format("cannot read %s: %s", path, strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        return add_directory(list, path, out_error);
    }
    add(list, path, &status);
    return true;
}

static bool add_pattern(struct file_list *list, const char *path, char **out_error)
{
    glob_t found;
    bool is_whole = glob(path, GLOB_BRACE | GLOB_TILDE, NULL, &found) == 0;
    if (!is_whole) {
        *out_error = mem_format("no file matches %s", path);
        globfree(&found);
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        is_whole = add_existing(list, found.gl_pathv[i], out_error) && is_whole;
    }
    globfree(&found);
    return is_whole;
}

bool file_list_add(struct file_list *list, const char *path, char **out_error)
{
    struct stat status;
    *out_error = NULL;
    bool is_pattern = strpbrk(path, "*?[{") != NULL && lstat(path, &status) < 0;
    return is_pattern ? add_pattern(list, path, out_error) : add_existing(list, path, out_error);
}

/* Of one container: by restart count, then the rotated by their times, then the live one. */
static int compare_generations(const char *a, const char *b)
{
    struct kubernetes_path x;
    struct kubernetes_path y;
    if (!kubernetes_path_parse(a, &x) || !kubernetes_path_parse(b, &y)) {
        return strcmp(a, b);
    }
    if (x.restart_count != y.restart_count) {
        return x.restart_count < y.restart_count ? -1 : 1;
    }
    bool is_a_live = strcmp(a + strlen(a) - 4, ".log") == 0;
    bool is_b_live = strcmp(b + strlen(b) - 4, ".log") == 0;
    return is_a_live != is_b_live ? is_a_live - is_b_live : strcmp(a, b);
}

static int compare_files(const void *left, const void *right)
{
    const struct listed_file *a = left;
    const struct listed_file *b = right;
    int order = strcmp(a->stream, b->stream);
    return order != 0 ? order : compare_generations(a->path, b->path);
}

void file_list_sort(struct file_list *list)
{
    if (list->count > 0) {
        qsort(list->items, list->count, sizeof(*list->items), compare_files);
    }
}

uint64_t file_list_bytes(const struct file_list *list)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < list->count; i++) {
        bytes += list->items[i].bytes;
    }
    return bytes;
}
