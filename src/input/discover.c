/* SPDX-License-Identifier: Apache-2.0 */
#include "input/discover.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "input/directory.h"
#include "input/watch.h"

/*
 * The known directories are one flat array; scanning is a walk over it, and what is found on the way
 * is appended and so visited in the same walk. A directory carries rules: "component i of pattern p
 * applies to your names". Rules are handed down when a directory is listed, and stay; so an
 * unchanged directory needs no listing to know what is in it.
 *
 *     root of a pattern  --- every full scan: found (again) --->  directory with the rule (p, 0)
 *     listed             --- a name matches component i ------->  its child with (p, i + 1), or a file
 *     does not exist     --- at any scan ---------------------->  its logs are told gone, it is dropped
 *
 * The time of last modification tells whether to list: a rename, a new name and a removal all change
 * it. Its clock ticks coarsely (4 ms, on some file systems 2 s), so a directory that was modified
 * shortly before it was listed is listed once more.
 */

enum { LISTINGS_MAX = 8 };

#define RACY_NS UINT64_C(2000000000)

/* Nothing but logs is in there. Below the other places of runtimes and of the kubelet are volumes,
 * secrets and whole file systems of containers. */
static const char *const runtime_roots[] = {"/var/log/pods", "/var/log/containers"};

/* Docker keeps logs, ID/ID-json.log, beside what it started the container with: its environment. */
#define DOCKER_ROOT "/var/lib/docker/containers/"

/* ---- the table of directories ---- */

static bool is_directory(const void *value, const void *key)
{
    return strcmp(((const struct directory *)value)->path, key) == 0;
}

static uint64_t hash_of(const char *path)
{
    return hash_bytes(path, strlen(path), 0);
}

static struct directory *find(const struct discover *discover, const char *path)
{
    return map_find(&discover->by_path, hash_of(path), is_directory, path);
}

static struct directory *find_or_add(struct discover *discover, const char *path)
{
    struct directory *directory = find(discover, path);
    if (directory != NULL) {
        if (directory->is_dropped) {
            directory->is_dropped = false; /* it came back before it was swept away */
            discover_mark(discover, directory);
        }
        return directory;
    }
    directory = mem_alloc(sizeof(*directory));
    directory->path = mem_string(path);
    directory->watch = -1;
    map_add(&discover->by_path, hash_of(path), directory);
    discover->directories = mem_resize(discover->directories, discover->count + 1,
                                       sizeof(struct directory *));
    discover->directories[discover->count++] = directory;
    discover_mark(discover, directory);
    return directory;
}

static void free_directory(struct directory *directory)
{
    directory_free_logs(directory->logs, directory->log_count);
    for (size_t i = 0; i < directory->alias_count; i++) {
        free(directory->aliases[i].name);
        free(directory->aliases[i].shown);
    }
    free(directory->aliases);
    free(directory->rules);
    free(directory->path);
    free(directory);
}

void discover_mark(struct discover *discover, struct directory *directory)
{
    discover->marked += !directory->is_marked;
    directory->is_marked = true;
}

static void unmark(struct discover *discover, struct directory *directory)
{
    discover->marked -= directory->is_marked;
    directory->is_marked = false;
}

void discover_mark_path(struct discover *discover, const char *path)
{
    struct directory *directory = find(discover, path);
    if (directory != NULL) {
        discover_mark(discover, directory);
    }
}

bool discover_has_marked(const struct discover *discover)
{
    return discover->marked > 0;
}

const char *directory_path(const struct directory *directory)
{
    return directory->path;
}

void discover_lose_watch(struct directory *directory)
{
    directory->watch = -1;
}

/* ---- rules ---- */

static void add_rule(struct discover *discover, struct directory *directory,
                     const struct glob *glob, size_t index)
{
    for (size_t i = 0; i < directory->rule_count; i++) {
        if (directory->rules[i].glob == glob && directory->rules[i].index == index) {
            return;
        }
    }
    directory->rules = mem_resize(directory->rules, directory->rule_count + 1u,
                                  sizeof(*directory->rules));
    directory->rules[directory->rule_count++] = (struct rule){glob, index};
    discover_mark(discover, directory);
    if (index < glob->count && glob_is_any_depth(glob->components[index])) {
        /* `**` may stand for no directory at all. */
        add_rule(discover, directory, glob, index + 1 < glob->count ? index + 1 : RULE_EVERYTHING);
    }
}

void discover_enter(struct discover *discover, const char *path, const struct glob *glob,
                    size_t index)
{
    add_rule(discover, find_or_add(discover, path), glob,
             index < glob->count ? index : RULE_EVERYTHING);
}

void discover_add_alias(struct discover *discover, const char *path, const char *name,
                        const char *shown)
{
    struct directory *directory = find_or_add(discover, path);
    for (size_t i = 0; i < directory->alias_count; i++) {
        if (strcmp(directory->aliases[i].name, name) == 0) {
            return;
        }
    }
    directory->aliases = mem_resize(directory->aliases, directory->alias_count + 1u,
                                    sizeof(*directory->aliases));
    directory->aliases[directory->alias_count++] =
        (struct alias){mem_string(name), mem_string(shown)};
    discover_mark(discover, directory);
}

/* ---- what may be followed ---- */

static bool is_below(const char *path, const char *root)
{
    size_t len = strlen(root);
    return strncmp(path, root, len) == 0 &&
           (path[len] == '/' || path[len] == '\0' || (len > 0 && root[len - 1] == '/'));
}

static bool is_docker_log(const char *target)
{
    size_t root_len = strlen(DOCKER_ROOT);
    const char *id = target + root_len;
    if (strncmp(target, DOCKER_ROOT, root_len) != 0) {
        return false;
    }
    size_t id_len = strspn(id, "0123456789abcdef");
    const char *name = id + id_len + 1;
    const char *rest = name + id_len;
    return id_len > 0 && id[id_len] == '/' && strncmp(name, id, id_len) == 0 &&
           strncmp(rest, "-json.log", 9) == 0 && strchr(rest, '/') == NULL &&
           (rest[9] == '\0' || rest[9] == '.');
}

bool discover_may_follow(const struct discover *discover, const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(runtime_roots); i++) {
        if (is_below(target, runtime_roots[i])) {
            return true;
        }
    }
    if (is_docker_log(target)) {
        return true;
    }
    for (size_t i = 0; i < discover->include.count; i++) {
        char *root = realpath(discover->include.items[i].root, NULL);
        bool is_inside = root != NULL && is_below(target, root);
        free(root);
        if (is_inside) {
            return true;
        }
    }
    return false;
}

/* ---- one directory ---- */

static void complain(struct discover *discover, struct directory *directory, int error)
{
    if (directory->has_complained) {
        return;
    }
    directory->has_complained = true;
    counters_add(discover->env.counters, C_FILE_ERRORS, 1);
    log_event(discover->env.log, LOG_WARN, "cannot list directory %s: %s; trying again at every scan",
              directory->path, strerror(error));
}

static void tell_gone(struct discover *discover, const struct found_log *log)
{
    struct found_log gone = *log;
    gone.files = NULL;
    gone.count = 0;
    discover->env.events.log(discover->env.events.context, &gone);
}

static bool has_log(const struct directory *directory, const char *key)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        if (strcmp(directory->logs[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* List it; logs that were there and are no more are told gone. False: it may not be read now, and
 * what is known of it stays. */
static bool list(struct discover *discover, struct directory *directory)
{
    struct found_log *old = directory->logs;
    size_t old_count = directory->log_count;
    unmark(discover, directory);
    directory->listed_ns = clock_realtime_ns();
    int result = directory_list(discover, directory);
    if (result < 0) {
        complain(discover, directory, -result);
        directory->listed_ns = 0; /* so every full scan tries again */
        return false;
    }
    directory->has_complained = false;
    for (size_t i = 0; i < old_count; i++) {
        if (!has_log(directory, old[i].key)) {
            tell_gone(discover, &old[i]);
        }
    }
    directory_settle(directory, old, old_count);
    directory_free_logs(old, old_count);
    return true;
}

/* List it and look at its files, with nothing renamed meanwhile. A rename that runs beside a listing
 * can hide a file from it under both its names, or put its successor in its place before it is looked
 * at; the successor would then be read, and promised, before it. If it does not rest, what is certain is
 * taken. */
static bool list_at_rest(struct discover *discover, struct directory *directory)
{
    for (int tries = 0; tries < LISTINGS_MAX; tries++) {
        if (!list(discover, directory)) {
            return false;
        }
        directory_stat_files(directory);
        if (directory_is_as_listed(directory)) {
            return true;
        }
    }
    directory_keep_certain(directory);
    discover_mark(discover, directory); /* again soon */
    return true;
}

static bool must_list(const struct directory *directory, const struct file_stat *info)
{
    return directory->is_marked || info->modified_ns != directory->modified_ns ||
           info->inode != directory->inode ||
           directory->modified_ns + RACY_NS > directory->listed_ns;
}

static void watch_it(struct discover *discover, struct directory *directory)
{
    if (discover->env.watch != NULL && directory->watch < 0) {
        directory->watch = watch_add(discover->env.watch, directory->path, directory);
    }
}

static void drop(struct discover *discover, struct directory *directory)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        tell_gone(discover, &directory->logs[i]);
    }
    directory_free_logs(directory->logs, directory->log_count);
    directory->logs = NULL;
    directory->log_count = 0;
    directory->is_dropped = true;
    discover->has_dropped = true;
    unmark(discover, directory);
}

static void tell_logs(struct discover *discover, struct directory *directory, bool is_hidden)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        directory->logs[i].is_hidden |= is_hidden;
        discover->env.events.log(discover->env.events.context, &directory->logs[i]);
    }
}

static void scan_directory(struct discover *discover, struct directory *directory)
{
    struct file_stat info;
    int result = file_stat_path(directory->path, &info);
    if (result == -ENOENT || result == -ENOTDIR || (result == 0 && info.type != FILE_DIRECTORY)) {
        drop(discover, directory);
        return;
    }
    if (result < 0) {
        complain(discover, directory, -result);
        tell_logs(discover, directory, true);
        return;
    }
    watch_it(discover, directory);
    bool is_readable = true;
    if (must_list(directory, &info)) {
        directory->modified_ns = info.modified_ns;
        directory->inode = info.inode;
        is_readable = list_at_rest(discover, directory);
    } else if (!directory_stat_files(directory)) {
        is_readable = list_at_rest(discover, directory);
    }
    tell_logs(discover, directory, !is_readable);
}

/* ---- the whole ---- */

static void sweep(struct discover *discover)
{
    if (!discover->has_dropped) {
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < discover->count; i++) {
        struct directory *directory = discover->directories[i];
        if (!directory->is_dropped) {
            discover->directories[kept++] = directory;
            if (directory->has_links) {
                /* A link may have led to what was dropped; if it still does, it is found again. */
                discover_mark(discover, directory);
            }
            continue;
        }
        if (directory->watch >= 0) {
            watch_remove(discover->env.watch, directory->watch);
        }
        map_remove(&discover->by_path, hash_of(directory->path), directory);
        free_directory(directory);
    }
    discover->count = kept;
    discover->has_dropped = false;
}

/* A path without patterns may be a directory: then everything in it is meant. */
static void enter_literal(struct discover *discover, const struct glob *glob, const char *root)
{
    char *whole = mem_format("%s/%s", root, glob->components[0]);
    char *canonical = realpath(whole, NULL);
    struct file_stat info;
    if (canonical != NULL && file_stat_path(canonical, &info) == 0 &&
        info.type == FILE_DIRECTORY) {
        discover_enter(discover, canonical, glob, RULE_EVERYTHING);
    } else {
        discover_enter(discover, root, glob, 0);
    }
    free(canonical);
    free(whole);
}

static void enter_roots(struct discover *discover)
{
    for (size_t i = 0; i < discover->include.count; i++) {
        const struct glob *glob = &discover->include.items[i];
        char *root = realpath(glob->root, NULL);
        if (root != NULL && glob->is_literal && glob->count == 1) {
            enter_literal(discover, glob, root);
        } else if (root != NULL) {
            discover_enter(discover, root, glob, 0);
        }
        free(root);
    }
}

void discover_scan(struct discover *discover)
{
    enter_roots(discover);
    for (size_t i = 0; i < discover->count; i++) {
        scan_directory(discover, discover->directories[i]);
    }
    sweep(discover);
}

void discover_scan_marked(struct discover *discover)
{
    for (size_t i = 0; i < discover->count && discover->marked > 0; i++) {
        struct directory *directory = discover->directories[i];
        if (directory->is_marked && !directory->has_complained) {
            scan_directory(discover, directory);
        }
    }
    sweep(discover);
}

static bool add_patterns(struct glob_list *list, const struct string_list *patterns,
                         char **out_error)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (!glob_list_add(list, patterns->items[i])) {
            *out_error = mem_format("the path %s stands for too many: at most %d patterns in all",
                                    patterns->items[i], GLOBS_MAX);
            return false;
        }
    }
    return true;
}

struct discover *discover_new(const struct input_settings *settings,
                              const struct discover_env *env, char **out_error)
{
    struct discover *discover = mem_alloc(sizeof(*discover));
    discover->env = *env;
    if (!add_patterns(&discover->include, &settings->include, out_error) ||
        !add_patterns(&discover->exclude, &settings->exclude, out_error)) {
        discover_free(discover);
        return NULL;
    }
    return discover;
}

void discover_free(struct discover *discover)
{
    if (discover == NULL) {
        return;
    }
    for (size_t i = 0; i < discover->count; i++) {
        free_directory(discover->directories[i]);
    }
    free(discover->directories);
    map_fini(&discover->by_path);
    glob_list_fini(&discover->include);
    glob_list_fini(&discover->exclude);
    free(discover);
}
