/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "input/tail/discover.h"
#include "input/tail/watch.h"

enum { CALL_NS_MIN = 500, CALL_NS_MAX = 6000, PAUSE_STEP_NS = 500000 };

#define REALTIME_AT_0 UINT64_C(1772445600000000000) /* 2026-03-02T10:00:00Z */

uint64_t disk_realtime_ns(const struct disk *disk)
{
    return REALTIME_AT_0 + disk->now_ns;
}

static uint64_t file_time(const struct disk *disk)
{
    return disk_realtime_ns(disk) / disk->tick_ns * disk->tick_ns;
}

void disk_say(const struct disk *disk, const char *format, ...)
{
    if (disk->is_loud) {
        va_list arguments;
        va_start(arguments, format);
        fprintf(stderr, "%12.3f ms  ", (double)disk->now_ns / 1e6);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
}

/* ---- nodes ---- */

static uint64_t new_number(struct disk *disk)
{
    return disk->reuses_numbers && disk->free_count > 0 ? disk->free_numbers[--disk->free_count]
                                                        : ++disk->last_number;
}

static struct node *new_node(struct disk *disk, bool is_directory)
{
    ENSURE(disk->count < NODES_MAX);
    struct node *node = mem_alloc(sizeof(*node));
    disk->nodes[disk->count++] = node;
    node->number = new_number(disk);
    node->born_ns = disk->tells_births ? file_time(disk) : 0;
    node->modified_ns = file_time(disk);
    node->is_directory = is_directory;
    node->entries = is_directory ? mem_array(ENTRIES_MAX, sizeof(struct entry)) : NULL;
    node->is_upper = disk->makes_upper;
    node->contents.stream = -1;
    return node;
}

static void release(struct disk *disk, struct node *node)
{
    if (node->names == 0 && node->handles == 0 && !node->is_gone) {
        node->is_gone = true;
        disk->free_numbers[disk->free_count++] = node->number;
        free(node->bytes);
        node->bytes = NULL;
        node->cap = 0;
    }
}

struct disk *disk_new(uint64_t seed)
{
    struct disk *disk = mem_alloc(sizeof(*disk));
    disk->draw.state = seed ^ UINT64_C(0x6a09e667f3bcc909);
    disk->tick_ns = 4000000;
    disk->last_number = 100;
    new_node(disk, true); /* the root */
    return disk;
}

void disk_free(struct disk *disk)
{
    for (size_t i = 0; i < disk->count; i++) {
        free(disk->nodes[i]->bytes);
        free(disk->nodes[i]->entries);
        free(disk->nodes[i]);
    }
    free(disk);
}

/* ---- names ---- */

static struct entry *find_entry(const struct node *directory, const char *name)
{
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &directory->entries[i];
        if (entry->node != NULL && strcmp(entry->name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

struct node *disk_entry(const struct node *directory, const char *name)
{
    const struct entry *entry = find_entry(directory, name);
    return entry != NULL ? entry->node : NULL;
}

static void put(struct disk *disk, struct node *directory, struct node *node, const char *name)
{
    size_t at = draw_range(&disk->draw, 0, ENTRIES_MAX - 1);
    for (size_t tries = 0; directory->entries[at].node != NULL; tries++) {
        ENSURE(tries < ENTRIES_MAX && strlen(name) < NAME_MAX_BYTES);
        at = (at + 1) % ENTRIES_MAX;
    }
    directory->entries[at].node = node;
    strcpy(directory->entries[at].name, name);
    directory->modified_ns = file_time(disk);
    node->names++;
}

static void name_node(struct node *node, struct node *directory, const char *name)
{
    node->parent = directory;
    strcpy(node->name, name);
}

static struct node *take(struct disk *disk, struct node *directory, const char *name)
{
    struct entry *entry = find_entry(directory, name);
    struct node *node = entry->node;
    entry->node = NULL;
    node->names--;
    directory->modified_ns = file_time(disk);
    return node;
}

static bool is_watched(const struct node *directory)
{
    return directory->watchers[0] != NULL || directory->watchers[1] != NULL;
}

static void tell(struct disk *disk, struct node *directory, const char *name, enum told_what what)
{
    struct told *last = disk->told_count > 0 ? &disk->told[disk->told_count - 1] : NULL;
    if (directory == NULL || !is_watched(directory) || disk->has_overflowed ||
        (last != NULL && last->directory == directory && last->what == what &&
         strcmp(last->name, name) == 0)) { /* the kernel merges what is said twice, too */
        return;
    }
    ENSURE(disk->told_count < TOLD_MAX);
    struct told *told = &disk->told[disk->told_count++];
    told->directory = directory;
    told->what = what;
    strcpy(told->name, name);
}

struct node *disk_make_directory(struct disk *disk, const char *path)
{
    struct node *at = disk->nodes[0];
    char *copy = mem_string(path);
    char *save;
    for (char *name = strtok_r(copy, "/", &save); name != NULL; name = strtok_r(NULL, "/", &save)) {
        struct node *next = disk_entry(at, name);
        if (next == NULL) {
            next = new_node(disk, true);
            put(disk, at, next, name);
            name_node(next, at, name);
            tell(disk, at, name, TOLD_CHANGED);
        }
        at = next;
    }
    free(copy);
    return at;
}

struct node *disk_find(const struct disk *disk, const char *path)
{
    struct node *at = disk->nodes[0];
    char name[NAME_MAX_BYTES];
    while (at != NULL && *(path += strspn(path, "/")) != '\0') {
        size_t len = strcspn(path, "/");
        if (!at->is_directory || len >= sizeof(name)) {
            return NULL;
        }
        memcpy(name, path, len);
        name[len] = '\0';
        path += len;
        at = disk_entry(at, name);
    }
    return at;
}

/* ---- what others do ---- */

struct node *disk_create(struct disk *disk, struct node *directory, const char *name)
{
    struct node *node = new_node(disk, false);
    put(disk, directory, node, name);
    name_node(node, directory, name);
    disk_say(disk, "create %s (%llu)", name, (unsigned long long)node->number);
    tell(disk, directory, name, TOLD_CHANGED);
    return node;
}

/* Nobody is told of a file that has lost the name by which it was opened (IN_EXCL_UNLINK). */
static void tell_written(struct disk *disk, struct node *file)
{
    file->modified_ns = file_time(disk);
    if (disk_entry(file->parent, file->name) == file) {
        tell(disk, file->parent, file->name, TOLD_WRITTEN);
    }
}

void disk_append(struct disk *disk, struct node *file, const char *bytes, size_t len)
{
    if (file->len + len > file->cap) {
        file->cap = 2 * (file->len + len);
        file->bytes = mem_resize(file->bytes, file->cap, 1);
    }
    if (len > 0) {
        memcpy(file->bytes + file->len, bytes, len);
    }
    file->len += len;
    disk_say(disk, "append %zu bytes to %s (%llu), which has %zu", len, file->name,
             (unsigned long long)file->number, file->len);
    tell_written(disk, file);
}

void disk_truncate(struct disk *disk, struct node *file)
{
    disk_say(disk, "cut %s (%llu), which had %zu", file->name, (unsigned long long)file->number,
             file->len);
    file->len = 0;
    tell_written(disk, file);
}

void disk_overwrite(struct disk *disk, struct node *file, char byte)
{
    enum { LINE_BYTES = 64 };
    disk_say(disk, "overwrite %s (%llu)", file->name, (unsigned long long)file->number);
    for (size_t i = 0; i < file->len; i++) {
        file->bytes[i] = i % LINE_BYTES == LINE_BYTES - 1 ? '\n' : byte;
    }
    tell_written(disk, file);
}

void disk_link(struct disk *disk, struct node *directory, const char *name, const char *second)
{
    struct node *file = disk_entry(directory, name);
    disk_say(disk, "link %s to %s (%llu)", name, second, (unsigned long long)file->number);
    put(disk, directory, file, second);
    tell(disk, directory, second, TOLD_CHANGED);
}

void disk_unlink(struct disk *disk, struct node *directory, const char *name)
{
    struct node *file = take(disk, directory, name);
    disk_say(disk, "unlink %s (%llu)", name, (unsigned long long)file->number);
    tell(disk, directory, name, TOLD_CHANGED);
    release(disk, file);
}

void disk_rename(struct disk *disk, struct node *directory, const char *name, struct node *to,
                 const char *new_name)
{
    struct node *file = disk_entry(directory, name);
    bool is_writers = file->parent == directory && strcmp(file->name, name) == 0;
    disk_say(disk, "rename %s to %s (%llu)", name, new_name, (unsigned long long)file->number);
    if (disk_entry(to, new_name) != NULL) {
        release(disk, take(disk, to, new_name));
    }
    tell(disk, directory, name, TOLD_CHANGED);
    take(disk, directory, name);
    put(disk, to, file, new_name);
    if (is_writers) {
        name_node(file, to, new_name);
    }
    tell(disk, to, new_name, TOLD_CHANGED);
}

/* ---- clew's calls ---- */

/* Others go on meanwhile. */
static void pause_call(struct disk *disk)
{
    disk->paused_since_ns = disk->now_ns;
    disk->paused_until_ns = disk->now_ns + disk->pause_ns;
    disk_say(disk, "  a call takes %llu ms", (unsigned long long)disk->pause_ns / 1000000);
    while (disk->now_ns < disk->paused_until_ns) {
        disk->now_ns += PAUSE_STEP_NS;
        disk->pass(disk->pass_context);
        disk->happen(disk->happen_context);
    }
}

static void pass_time_in(struct disk *disk, bool is_open)
{
    disk->now_ns += draw_range(&disk->draw, CALL_NS_MIN, CALL_NS_MAX);
    disk->happen(disk->happen_context);
    bool is_counted = disk->pause_calls > 0 && (is_open || !disk->is_pause_open);
    if (is_counted && --disk->pause_calls == 0) {
        pause_call(disk);
    }
}

static void pass_time(struct disk *disk)
{
    pass_time_in(disk, false);
}

static uint64_t world_realtime(void *context)
{
    return disk_realtime_ns(context);
}

static uint64_t world_monotonic(void *context)
{
    return ((struct disk *)context)->now_ns;
}

static void fill_stat(const struct disk *disk, const struct node *node, struct file_stat *out)
{
    *out = (struct file_stat){
        .device = node->is_upper ? 2 : 1,
        .inode = node->number,
        .born_ns = disk->tells_births ? node->born_ns : 0,
        .modified_ns = node->modified_ns,
        .size = node->len,
        .links = node->names,
        .type = node->is_directory ? FILE_DIRECTORY : FILE_REGULAR,
    };
}

static int stat_path(void *context, const char *path, struct file_stat *out)
{
    struct disk *disk = context;
    pass_time(disk);
    const struct node *node = disk_find(disk, path);
    if (node == NULL) {
        return -ENOENT;
    }
    fill_stat(disk, node, out);
    return 0;
}

static int open_file(void *context, const char *path)
{
    struct disk *disk = context;
    pass_time_in(disk, true);
    struct node *node = disk_find(disk, path);
    if (node == NULL || node->is_denied) {
        return node == NULL ? -ENOENT : -EACCES;
    }
    for (int i = 0; i < HANDLES_MAX; i++) {
        if (disk->handles[i] == NULL) {
            disk->handles[i] = node;
            disk->handle_count++;
            disk_say(disk, "  open %s (%llu)", node->name, (unsigned long long)node->number);
            node->handles++;
            return i;
        }
    }
    return -EMFILE;
}

static void close_file(void *context, int file)
{
    struct disk *disk = context;
    struct node *node = disk->handles[file];
    ENSURE(node != NULL);
    disk->handles[file] = NULL;
    disk_say(disk, "  close %s (%llu)", node->name, (unsigned long long)node->number);
    disk->handle_count--;
    node->handles--;
    release(disk, node);
}

static int stat_open(void *context, int file, struct file_stat *out)
{
    struct disk *disk = context;
    pass_time(disk);
    fill_stat(disk, disk->handles[file], out);
    return 0;
}

static ssize_t read_file(void *context, int file, void *bytes, size_t len, uint64_t offset)
{
    struct disk *disk = context;
    pass_time(disk);
    const struct node *node = disk->handles[file];
    if (node->is_directory) {
        return -EISDIR;
    }
    size_t n = offset < node->len ? node->len - (size_t)offset : 0;
    n = n < len ? n : len;
    if (n > 0) {
        memcpy(bytes, node->bytes + offset, n);
    }
    return (ssize_t)n;
}

static int list(void *context, const char *path, world_see *see, void *see_context)
{
    struct disk *disk = context;
    pass_time(disk);
    const struct node *directory = disk_find(disk, path);
    if (directory == NULL || !directory->is_directory) {
        return directory == NULL ? -ENOENT : -ENOTDIR;
    }
    const struct world_name self = {".", directory->number, FILE_DIRECTORY};
    bool wants_more = see(see_context, &self);
    for (size_t i = 0; i < ENTRIES_MAX && wants_more; i++) {
        const struct node *node = directory->entries[i].node;
        if (node != NULL) {
            char copy[NAME_MAX_BYTES];
            strcpy(copy, directory->entries[i].name);
            const struct world_name name = {copy, node->number,
                                            node->is_directory ? FILE_DIRECTORY : FILE_REGULAR};
            wants_more = see(see_context, &name);
            pass_time(disk);
        }
    }
    return 0;
}

static char *canonical(void *context, const char *path)
{
    struct disk *disk = context;
    pass_time(disk);
    return disk_find(disk, path) != NULL ? mem_string(path) : NULL;
}

static ssize_t read_link(void *context, const char *path, char *target, size_t len)
{
    (void)context;
    (void)path;
    (void)target;
    (void)len;
    return -EINVAL; /* there are none */
}

/* ---- inotify ---- */

struct model_watch {
    struct watch watch;
    struct watch_events events;
    struct disk *disk;
    size_t index;
};

static void close_watch(struct watch *watch)
{
    struct model_watch *model = container_of(watch, struct model_watch, watch);
    for (size_t i = 0; i < model->disk->count; i++) {
        model->disk->nodes[i]->watchers[model->index] = NULL;
    }
    model->disk->events[model->index] = NULL;
    free(model);
}

static int add_watch(struct watch *watch, const char *path, struct directory *directory)
{
    struct model_watch *model = container_of(watch, struct model_watch, watch);
    pass_time(model->disk);
    struct node *node = disk_find(model->disk, path);
    for (size_t i = 0; node != NULL && i < model->disk->count; i++) {
        if (model->disk->nodes[i] == node) {
            node->watchers[model->index] = directory;
            return (int)i;
        }
    }
    return -1;
}

static void remove_watch(struct watch *watch, int descriptor)
{
    struct model_watch *model = container_of(watch, struct model_watch, watch);
    model->disk->nodes[descriptor]->watchers[model->index] = NULL;
}

static bool tells_all(struct watch *watch, const char *path)
{
    (void)watch;
    (void)path;
    return true;
}

static struct watch *open_watch(void *context, struct ev_loop *loop, const struct log *log,
                                struct counters *counters, const struct watch_events *events)
{
    (void)loop;
    (void)log;
    (void)counters;
    struct disk *disk = context;
    struct model_watch *model = mem_alloc(sizeof(*model));
    model->index = disk->events[0] == NULL ? 0 : 1;
    ENSURE(disk->events[model->index] == NULL);
    model->watch = (struct watch){close_watch, add_watch, remove_watch, tells_all};
    model->events = *events;
    model->disk = disk;
    disk->events[model->index] = &model->events;
    return &model->watch;
}

static void tell_one(const struct disk *disk, const struct told *told, size_t index)
{
    const struct watch_events *events = disk->events[index];
    struct directory *watcher = told->directory->watchers[index];
    if (events == NULL || watcher == NULL) {
        return;
    }
    if (told->what == TOLD_WRITTEN) {
        events->written(events->context, watcher, told->name);
    } else {
        events->changed(events->context, watcher);
    }
}

void disk_tell(struct disk *disk)
{
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (disk->has_overflowed && disk->events[i] != NULL) {
            disk->events[i]->overflowed(disk->events[i]->context);
        }
    }
    disk->has_overflowed = false;
    for (size_t i = 0; i < disk->told_count; i++) {
        for (size_t w = 0; w < WATCHES_MAX; w++) {
            tell_one(disk, &disk->told[i], w);
        }
    }
    disk->told_count = 0;
}

void disk_lose_words(struct disk *disk)
{
    disk->has_overflowed = disk->events[0] != NULL || disk->events[1] != NULL;
    disk->told_count = 0;
}

const struct world *disk_world(struct disk *disk)
{
    disk->world = (struct world){world_realtime, world_monotonic, stat_path, open_file, close_file,
                                 stat_open,      read_file,       list,      canonical, read_link,
                                 open_watch,     disk};
    return &disk->world;
}
