/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/discover.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "input/tail/assignment.h"
#include "input/tail/directory.h"
#include "input/tail/runtime_roots.h"
#include "input/tail/watch.h"
#include "input/tail/why.h"

/*
 * The known directories are one flat array; scanning is a walk over it, and what is found on the way
 * is appended and visited before the walk goes on: the first file of a thousand directories is found
 * before the last of them is listed. A directory carries rules: "component i of pattern p
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
 *
 * Where inotify tells of every change, a directory whose logs are all settled is quiet: scans look at
 * it seldom, in case they are wrong about that. They may be: files in the upper directory of an
 * overlay are written without a word. So when a log has grown that inotify did not tell of, and still
 * has not a moment later, its directory is deaf and is looked at by every scan from then on.
 */

enum { LISTINGS_MAX = 8 };

#define RACY_NS UINT64_C(2000000000)
#define HEAR_NS UINT64_C(50000000) /* by then an event has been read */

static const char *const runtime_roots[] = {RUNTIME_PODS, RUNTIME_CONTAINERS};

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

/* All that is in a container's directory is one lot: who has not got it need not look into it, and who
 * has it keeps it for as long as the directory is there, for nobody else would. */
static bool take_lot(const struct discover *discover, const char *path)
{
    const struct discover_env *env = &discover->env;
    return assignment_give(env->assignment, path, NULL, 0) == env->worker &&
           assignment_hold(env->assignment, env->worker, path);
}

static void release_lot(const struct discover *discover, const struct directory *directory,
                        bool is_over)
{
    if (directory->holds_lot) {
        assignment_release(discover->env.assignment, directory->path, is_over);
    }
}

static bool is_own(const struct discover *discover, const char *path)
{
    for (size_t i = 0; i < discover->own_count; i++) {
        size_t len = strlen(discover->own[i]);
        if (strncmp(path, discover->own[i], len) == 0 && (path[len] == '/' || path[len] == '\0')) {
            return true;
        }
    }
    return false;
}

/* NULL: it is another worker's, or clew's own. */
static struct directory *find_or_add(struct discover *discover, const char *path)
{
    bool is_lot = discover->env.assignment != NULL && log_name_is_kubelet_directory(path);
    struct directory *directory = find(discover, path);
    if (directory != NULL) {
        if (directory->is_dropped) {
            directory->is_dropped = false; /* it came back before it was swept away */
            discover_mark(discover, directory);
        }
        return directory;
    }
    if (is_own(discover, path) || (is_lot && !take_lot(discover, path))) {
        return NULL;
    }
    directory = mem_alloc(sizeof(*directory));
    directory->path = mem_string(path);
    directory->holds_lot = is_lot;
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
    struct directory *directory = find_or_add(discover, path);
    if (directory != NULL) {
        add_rule(discover, directory, glob, index < glob->count ? index : RULE_EVERYTHING);
    }
}

void discover_add_alias(struct discover *discover, const char *path, const char *name,
                        const char *shown)
{
    struct directory *directory = find_or_add(discover, path);
    if (directory == NULL) {
        return;
    }
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
    static const char root[] = RUNTIME_DOCKER "/";
    size_t root_len = sizeof(root) - 1;
    const char *id = target + root_len;
    if (strncmp(target, root, root_len) != 0) {
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
        char *root = world_canonical(discover->env.world, discover->include.items[i].root);
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
    log_event(discover->env.log, LOG_WARN, "cannot list directory %s: %s; retrying at every scan",
              directory->path,
              why_not_opened(directory->path, error, discover->env.is_sandboxed,
                             discover->env.counters));
}

void discover_want(struct discover *discover, const char *path)
{
    struct directory *directory = find(discover, path);
    if (directory != NULL) {
        directory->is_restless = true;
    }
}

void discover_hear(struct directory *directory)
{
    directory->doubted_ns = 0;
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
    directory->listed_ns = world_realtime_ns(discover->env.world);
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

/* What was missed because a name could not be looked at is sought again by the next scan. */
static void note_blurred(struct discover *discover, struct directory *directory)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        if (directory->logs[i].is_blurred) {
            discover_mark(discover, directory);
        }
    }
}

/* List it and look at its files, with nothing renamed meanwhile. A rename that runs beside a listing
 * can hide a file from it under both its names, or put its successor in its place before it is looked
 * at; the successor would then be read, and promised, before it. If it does not rest, what is certain is
 * taken. A name that could not be looked at is tried once more: it would seem to be gone. */
static bool list_at_rest(struct discover *discover, struct directory *directory)
{
    for (int tries = 0; tries < LISTINGS_MAX; tries++) {
        if (!list(discover, directory)) {
            return false;
        }
        bool is_whole = directory_stat_files(discover, directory);
        if (directory_is_as_listed(discover, directory) && (is_whole || tries > 0)) {
            note_blurred(discover, directory);
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

/* Nothing that every scan must look at. */
static bool is_quiet(const struct directory *directory)
{
    return directory->watch >= 0 && directory->is_local && !directory->is_deaf &&
           !directory->is_restless && !directory->is_marked && !directory->has_complained;
}

static bool is_local(struct discover *discover, const char *path, uint64_t device)
{
    if (discover->device != device) {
        discover->device = device;
        discover->is_local = watch_tells_all(discover->env.watch, path);
    }
    return discover->is_local;
}

static void watch_it(struct discover *discover, struct directory *directory, uint64_t device)
{
    if (discover->env.watch != NULL && directory->watch < 0) {
        directory->watch = watch_add(discover->env.watch, directory->path, directory);
        directory->is_local = is_local(discover, directory->path, device);
        directory->doubted_ns = 0;
    }
}

/* A log has grown by itself. Its event may still be on its way. */
static void doubt(const struct discover *discover, struct directory *directory)
{
    if (directory->watch >= 0 && directory->doubted_ns == 0) {
        directory->doubted_ns = world_monotonic_ns(discover->env.world);
    }
}

static void judge_doubt(const struct discover *discover, struct directory *directory)
{
    if (directory->doubted_ns == 0 || directory->is_deaf ||
        world_monotonic_ns(discover->env.world) - directory->doubted_ns < HEAR_NS) {
        return;
    }
    directory->is_deaf = true;
    log_event(discover->env.log, LOG_DEBUG,
              "no inotify events for %s; polling it at every scan", directory->path);
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
        enum found_answer answer =
            discover->env.events.log(discover->env.events.context, &directory->logs[i]);
        directory->is_restless |= answer != FOUND_SETTLED;
        if (answer == FOUND_UNTOLD) {
            doubt(discover, directory);
        }
    }
}

static void scan_directory(struct discover *discover, struct directory *directory)
{
    struct file_stat info;
    int result = world_stat(discover->env.world, directory->path, &info);
    if (result == -ENOENT || result == -ENOTDIR || (result == 0 && info.type != FILE_DIRECTORY)) {
        drop(discover, directory);
        return;
    }
    if (result < 0) {
        complain(discover, directory, -result);
        tell_logs(discover, directory, true);
        return;
    }
    watch_it(discover, directory, info.device);
    judge_doubt(discover, directory);
    bool is_readable = true;
    if (must_list(directory, &info)) {
        directory->modified_ns = info.modified_ns;
        directory->inode = info.inode;
        is_readable = list_at_rest(discover, directory);
    } else if (!directory_stat_files(discover, directory)) {
        is_readable = list_at_rest(discover, directory);
    }
    directory->is_restless = directory->modified_ns + RACY_NS > directory->listed_ns;
    tell_logs(discover, directory, !is_readable);
}

/* ---- the whole ---- */

static void sweep(struct discover *discover)
{
    if (!discover->has_dropped || discover->is_scanning) {
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
        release_lot(discover, directory, true);
        free_directory(directory);
    }
    discover->count = kept;
    discover->has_dropped = false;
}

/* A path without patterns may be a directory: then everything in it is meant. */
static void enter_literal(struct discover *discover, const struct glob *glob, const char *root)
{
    char *whole = mem_format("%s/%s", root, glob->components[0]);
    char *canonical = world_canonical(discover->env.world, whole);
    struct file_stat info;
    if (canonical != NULL && world_stat(discover->env.world, canonical, &info) == 0 &&
        info.type == FILE_DIRECTORY) {
        discover_enter(discover, canonical, glob, RULE_EVERYTHING);
    } else {
        discover_enter(discover, root, glob, 0);
    }
    free(canonical);
    free(whole);
}

static void note_root(struct discover *discover, const char *root, uint64_t *roots)
{
    struct directory *directory = root != NULL ? find(discover, root) : NULL;
    *roots = *roots * 31 + (root != NULL ? hash_of(root) : 0);
    if (directory != NULL) {
        directory->is_root = true;
    }
}

/* False if they are not where they were. */
static bool enter_roots(struct discover *discover)
{
    uint64_t roots = 1;
    for (size_t i = 0; i < discover->include.count; i++) {
        const struct glob *glob = &discover->include.items[i];
        char *root = world_canonical(discover->env.world, glob->root);
        if (root != NULL && glob->is_literal && glob->count == 1) {
            enter_literal(discover, glob, root);
        } else if (root != NULL) {
            discover_enter(discover, root, glob, 0);
        }
        note_root(discover, root, &roots);
        free(root);
    }
    bool is_as_before = roots == discover->roots;
    discover->roots = roots;
    return is_as_before;
}

bool discover_begin_scan(struct discover *discover, double quiet_part)
{
    bool is_as_before = enter_roots(discover);
    discover->is_whole = quiet_part >= 1 || !is_as_before;
    discover->is_scanning = true;
    discover->scan++;
    discover->cursor = 0;
    discover->fresh_begin = 0;
    discover->fresh_end = 0;
    discover->quiet_begin = discover->quiet_end < discover->count ? discover->quiet_end : 0;
    discover->quiet_end = discover->quiet_begin + 1;
    if (!discover->is_whole) {
        discover->quiet_end += (size_t)((double)discover->count * quiet_part);
    }
    return discover->is_whole;
}

bool discover_is_scanning(const struct discover *discover)
{
    return discover->is_scanning;
}

/* A file system may have been mounted on it: that, no watch tells. */
static bool is_another(const struct discover *discover, const struct directory *directory)
{
    struct file_stat info;
    return world_stat(discover->env.world, directory->path, &info) < 0 || info.inode != directory->inode ||
           info.modified_ns != directory->modified_ns;
}

static bool is_to_be_seen(const struct discover *discover, size_t index)
{
    const struct directory *directory = discover->directories[index];
    if (directory->is_dropped || directory->scan == discover->scan) {
        return false;
    }
    return discover->is_whole || !is_quiet(directory) ||
           (index >= discover->quiet_begin && index < discover->quiet_end) ||
           (directory->is_root && is_another(discover, directory));
}

static bool has_more(const struct discover *discover)
{
    return discover->fresh_end > discover->fresh_begin || discover->cursor < discover->count;
}

static size_t next_index(struct discover *discover)
{
    if (discover->fresh_end > discover->fresh_begin) {
        return --discover->fresh_end;
    }
    discover->fresh_begin = discover->count;
    discover->fresh_end = discover->count;
    return discover->cursor++;
}

bool discover_scan_until(struct discover *discover, uint64_t until_ns)
{
    while (has_more(discover)) {
        size_t index = next_index(discover);
        size_t count = discover->count;
        if (!is_to_be_seen(discover, index)) {
            continue;
        }
        discover->directories[index]->scan = discover->scan;
        scan_directory(discover, discover->directories[index]);
        discover->fresh_end = discover->count > count ? discover->count : discover->fresh_end;
        if (world_monotonic_ns(discover->env.world) >= until_ns) {
            break;
        }
    }
    discover->is_scanning = has_more(discover);
    sweep(discover);
    return !discover->is_scanning;
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

size_t discover_count_files(const struct discover *discover)
{
    size_t count = 0;
    for (size_t i = 0; i < discover->count; i++) {
        const struct directory *directory = discover->directories[i];
        for (size_t j = 0; j < directory->log_count; j++) {
            const struct found_log *log = &directory->logs[j];
            for (size_t k = 0; k < log->count; k++) {
                count += log->files[k].is_included;
            }
        }
    }
    return count;
}

size_t discover_tell_absent(const struct discover *discover,
                            void (*tell)(void *context, const char *path, bool is_there), void *context)
{
    size_t count = 0;
    for (size_t i = 0; i < discover->include.count; i++) {
        const struct glob *glob = &discover->include.items[i];
        struct file_stat info;
        bool is_file = glob->is_literal && glob->count == 1;
        bool is_in_root = strcmp(glob->root, "/") == 0;
        char *path = is_file ? mem_format("%s/%s", is_in_root ? "" : glob->root, glob->components[0])
                             : mem_string(glob->root);
        int result = world_stat(discover->env.world, path, &info);
        bool is_absent = result == -ENOENT || result == -ENOTDIR;
        if (is_absent || (is_file && result == 0 && info.type == FILE_OTHER)) {
            tell(context, path, !is_absent);
            count++;
        }
        free(path);
    }
    return count;
}

static bool add_patterns(struct glob_list *list, const struct string_list *patterns,
                         char **out_error)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (!glob_list_add(list, patterns->items[i])) {
            *out_error = mem_format("the path %s expands to too many patterns (maximum %d in all)",
                                    patterns->items[i], GLOBS_MAX);
            return false;
        }
    }
    return true;
}

static void add_own(struct discover *discover, const char *path)
{
    if (path != NULL) {
        char *canonical = world_canonical(discover->env.world, path);
        discover->own = mem_resize(discover->own, discover->own_count + 1, sizeof(*discover->own));
        discover->own[discover->own_count++] = canonical != NULL ? canonical : mem_string(path);
    }
}

static void add_own_directories(struct discover *discover)
{
    const struct settings *config = discover->env.config;
    if (config != NULL) {
        add_own(discover, config->data_dir);
        for (size_t i = 0; i < config->output_count; i++) {
            add_own(discover, config->outputs[i].spool_dir);
        }
    }
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
    add_own_directories(discover);
    return discover;
}

void discover_free(struct discover *discover)
{
    if (discover == NULL) {
        return;
    }
    for (size_t i = 0; i < discover->count; i++) {
        release_lot(discover, discover->directories[i], false);
        free_directory(discover->directories[i]);
    }
    free(discover->directories);
    map_fini(&discover->by_path);
    glob_list_fini(&discover->include);
    glob_list_fini(&discover->exclude);
    for (size_t i = 0; i < discover->own_count; i++) {
        free(discover->own[i]);
    }
    free(discover->own);
    free(discover);
}
