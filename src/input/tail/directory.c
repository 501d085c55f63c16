/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/directory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/mem.h"
#include "input/tail/assignment.h"
#include "record/source.h"

/*
 * From names to logs. Listing collects every name that may be a file of a log, sorted by base and
 * age; each run of one base becomes one log, if something of it was asked for or is known from
 * before. Whether app.log.1 is a generation of app.log or a log of its own is decided here: the first
 * if app.log is there too or was read before, the second otherwise.
 */

struct candidate {
    struct log_name parsed;
    char *name;
    const char *shown;
    uint64_t inode;
    bool is_included;
    bool is_kubelet;
};
struct listing {
    struct discover *discover;
    struct directory *directory;
    struct candidate *items;
    size_t count;
    uint64_t inode; /* of the name at hand */
    uint64_t names; /* struct directory's, as the two below */
    char **bases; /* names of links to a rotated file here: `app.log` to `app-2026-03-02.log` */
    size_t base_count;
    bool has_links;
    bool is_kubelet_directory;
};

/* ---- names ---- */

static void add_candidate(struct listing *listing, const char *name, bool is_included,
                          const char *shown)
{
    if ((listing->count & (listing->count + 1)) == 0) { /* grows at 0, 1, 3, 7, … */
        listing->items = mem_resize(listing->items, listing->count * 2 + 1,
                                    sizeof(*listing->items));
    }
    struct candidate *candidate = &listing->items[listing->count++];
    *candidate = (struct candidate){
        .is_included = is_included, .shown = shown, .inode = listing->inode};
    candidate->is_kubelet =
        listing->is_kubelet_directory && log_name_parse_kubelet(name, &candidate->parsed);
    if (!candidate->is_kubelet) {
        log_name_parse_plain(name, &candidate->parsed);
    }
    candidate->name = mem_string(name);
}

static const struct alias *find_alias(const struct directory *directory, const char *name)
{
    for (uint32_t i = 0; i < directory->alias_count; i++) {
        if (strcmp(directory->aliases[i].name, name) == 0) {
            return &directory->aliases[i];
        }
    }
    return NULL;
}

static bool rule_matches(const struct rule *rule, const char *name)
{
    return rule->index == RULE_EVERYTHING ? name[0] != '.'
           : glob_is_any_depth(rule->glob->components[rule->index])
               ? name[0] != '.'
               : glob_matches_name(rule->glob->components[rule->index], name);
}

/* What a child directory is to be entered with; `**` stays. */
static size_t next_index(const struct rule *rule)
{
    if (rule->index == RULE_EVERYTHING ||
        glob_is_any_depth(rule->glob->components[rule->index])) {
        return rule->index;
    }
    return rule->index + 1;
}

static bool rule_includes_file(const struct rule *rule, const char *name)
{
    if (rule->index == RULE_EVERYTHING) {
        return log_name_looks_like_log(name);
    }
    return rule->index + 1 == rule->glob->count && rule_matches(rule, name) &&
           !glob_is_any_depth(rule->glob->components[rule->index]);
}

static bool includes(const struct directory *directory, const char *name)
{
    bool is_included = find_alias(directory, name) != NULL;
    for (uint32_t i = 0; i < directory->rule_count && !is_included; i++) {
        is_included = rule_includes_file(&directory->rules[i], name);
    }
    return is_included;
}

static void see_file(struct listing *listing, const char *name)
{
    const struct alias *alias = find_alias(listing->directory, name);
    add_candidate(listing, name, includes(listing->directory, name),
                  alias != NULL ? alias->shown : NULL);
}

static void see_directory(struct listing *listing, const char *path, const char *name)
{
    const struct directory *directory = listing->directory;
    for (uint32_t i = 0; i < directory->rule_count; i++) {
        const struct rule rule = directory->rules[i];
        if (rule_matches(&rule, name)) {
            discover_enter(listing->discover, path, rule.glob, next_index(&rule));
        }
    }
}

/* ---- symlinks ---- */

/* The last path on the way that has the kubelet's form, the target's own not counted: with Docker
 * /var/log/pods/…/0.log leads to a file whose name tells nothing. */
static char *find_telling_path(const struct world *world, const char *link)
{
    char *telling = NULL;
    char *path = mem_string(link);
    for (int hops = 0; hops < 16; hops++) {
        char target[PATH_MAX];
        ssize_t len = world->read_link(world->context, path, target, sizeof(target));
        if (len < 0) {
            break;
        }
        struct kubernetes_path parts;
        if (kubernetes_path_parse(path, &parts)) {
            free(telling);
            telling = mem_string(path);
        }
        const char *slash = strrchr(path, '/');
        int directory_len = target[0] == '/' || slash == NULL ? 0 : (int)(slash + 1 - path);
        char *next = mem_format("%.*s%.*s", directory_len, path, (int)len, target);
        free(path);
        path = next;
    }
    free(path);
    return telling;
}

static void refuse(struct listing *listing, const char *path, const char *target)
{
    if (listing->directory->has_refused) {
        return;
    }
    listing->directory->has_refused = true;
    counters_add(listing->discover->env.counters, C_FILE_ERRORS, 1);
    log_event(listing->discover->env.log, LOG_WARN,
              "symlink %s points to %s, outside the configured directories: not followed, nor "
              "others like it in its directory; add the target to `include` if you want it",
              path, target);
}

/* cronolog and others write to a file with a date, and keep a link to it. */
static void note_base(struct listing *listing, const char *name, const char *target)
{
    const char *slash = strrchr(target, '/');
    const char *directory = listing->directory->path;
    size_t len = (size_t)(slash - target);
    struct log_name parsed;
    if (strlen(slash + 1) > LOG_NAME_MAX || strlen(directory) != (len > 0 ? len : 1) ||
        strncmp(directory, target, len > 0 ? len : 1) != 0) {
        return;
    }
    log_name_parse_plain(slash + 1, &parsed);
    if (parsed.age == LOG_DATED && strcmp(parsed.base, name) == 0) {
        listing->bases = mem_resize(listing->bases, listing->base_count + 1, sizeof(char *));
        listing->bases[listing->base_count++] = mem_string(name);
    }
}

static void follow_to_file(struct listing *listing, const char *link, char *target)
{
    char *telling = find_telling_path(listing->discover->env.world, link);
    struct kubernetes_path parts;
    char *slash = strrchr(target, '/');
    bool target_tells = kubernetes_path_parse(target, &parts);
    *slash = '\0';
    discover_add_alias(listing->discover, slash == target ? "/" : target, slash + 1,
                       target_tells ? NULL : telling);
    free(telling);
}

/* A rule that would take it as a file, and whether the whole path was written by the user. */
static bool wants_link(const struct listing *listing, const char *name, bool is_directory,
                       bool *out_is_literal)
{
    for (uint32_t i = 0; i < listing->directory->rule_count; i++) {
        const struct rule *rule = &listing->directory->rules[i];
        bool may_descend = rule->index != RULE_EVERYTHING &&
                           !glob_is_any_depth(rule->glob->components[rule->index]);
        if (is_directory ? may_descend && rule_matches(rule, name)
                         : rule_includes_file(rule, name)) {
            *out_is_literal = rule->glob->is_literal && rule->index != RULE_EVERYTHING;
            return true;
        }
    }
    return false;
}

static void enter_link(struct listing *listing, const char *name, const char *target)
{
    for (uint32_t i = 0; i < listing->directory->rule_count; i++) {
        const struct rule rule = listing->directory->rules[i];
        if (rule.index != RULE_EVERYTHING &&
            !glob_is_any_depth(rule.glob->components[rule.index]) && rule_matches(&rule, name)) {
            discover_enter(listing->discover, target, rule.glob, rule.index + 1);
        }
    }
}

static void see_link(struct listing *listing, const char *path, const char *name)
{
    const struct world *world = listing->discover->env.world;
    char *target = world_canonical(world, path);
    struct file_stat info;
    bool is_literal = false;
    listing->has_links = true;
    if (target == NULL || world_stat(world, target, &info) < 0) {
        listing->directory->listed_ns = 0; /* leads nowhere yet: look again at every scan */
    } else if (wants_link(listing, name, info.type == FILE_DIRECTORY, &is_literal) &&
               !glob_list_matches(&listing->discover->exclude, target)) {
        if (!is_literal && !discover_may_follow(listing->discover, target)) {
            refuse(listing, path, target);
        } else if (info.type == FILE_DIRECTORY) {
            enter_link(listing, name, target);
        } else if (info.type == FILE_REGULAR) {
            note_base(listing, name, target);
            follow_to_file(listing, path, target);
        }
    }
    free(target);
}

/* ---- reading the directory ---- */

/* A .gz is never a log of its own, so `exclude: "*.gz"` has nothing to keep away; it is listed all the
 * same, because it may be what is left of a generation that was rotated while clew was down. So is what it
 * is being made of, under a temporary name. */
static void see(struct listing *listing, const struct world_name *entry)
{
    const char *name = entry->name;
    const char *directory = listing->directory->path;
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", strcmp(directory, "/") == 0 ? "" : directory,
                       name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || len < 0 ||
        (size_t)len >= sizeof(path) || strlen(name) > LOG_NAME_MAX ||
        (listing->is_kubelet_directory && log_name_is_kubelet_temporary(name))) {
        return;
    }
    if (glob_list_matches(&listing->discover->exclude, path)) {
        bool may_be_rotated = log_name_is_gzip(name) || log_name_is_temporary(name);
        if (may_be_rotated && entry->type == FILE_REGULAR) {
            add_candidate(listing, name, false, NULL);
        }
        return;
    }
    switch (entry->type) {
    case FILE_REGULAR:
        see_file(listing, name);
        break;
    case FILE_DIRECTORY:
        see_directory(listing, path, name);
        break;
    case FILE_SYMLINK:
        see_link(listing, path, name);
        break;
    case FILE_OTHER:
        break;
    }
}

static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    int order = a->is_kubelet != b->is_kubelet ? (a->is_kubelet ? -1 : 1)
                                               : strcmp(a->parsed.base, b->parsed.base);
    order = order == 0 ? log_name_compare(&a->parsed, &b->parsed) : order;
    return order == 0 ? strcmp(a->name, b->name) : order;
}

/* ---- from candidates to logs ---- */

static char *join(const char *directory, const char *name)
{
    return mem_format("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name);
}

/* What a log is allotted by: a container's directory is one lot. */
static const char *lot_of(const struct listing *listing, const char *key)
{
    return listing->is_kubelet_directory ? listing->directory->path : key;
}

static unsigned give(const struct listing *listing, const char *lot,
                     const struct candidate *items, size_t count)
{
    size_t known = 0;
    struct file_stat *files = mem_array(count, sizeof(*files));
    for (size_t i = 0; i < count; i++) {
        char *path = join(listing->directory->path, items[i].name);
        known += world_stat(listing->discover->env.world, path, &files[known]) == 0;
        free(path);
    }
    unsigned worker = assignment_give(listing->discover->env.assignment, lot, files, known);
    free(files);
    return worker;
}

static bool is_ours(const struct listing *listing, const char *lot, const struct candidate *items,
                    size_t count)
{
    const struct discover_env *env = &listing->discover->env;
    unsigned worker;
    if (env->assignment == NULL) {
        return true;
    }
    if (!assignment_find(env->assignment, lot, &worker)) {
        worker = give(listing, lot, items, count);
    }
    return worker == env->worker;
}

static struct found_log *add_log(const struct listing *listing, const char *lot, char *key,
                                 bool is_kubelet, bool is_asked_for)
{
    struct directory *directory = listing->directory;
    if ((directory->log_count & (directory->log_count + 1)) == 0) {
        directory->logs = mem_resize(directory->logs, directory->log_count * 2 + 1,
                                     sizeof(*directory->logs));
    }
    struct found_log *log = &directory->logs[directory->log_count++];
    *log = (struct found_log){
        .key = key,
        .directory = directory->path,
        .is_kubelet = is_kubelet,
        .is_asked_for = is_asked_for};
    log->lot = mem_string(listing->discover->env.assignment != NULL ? lot : NULL);
    return log;
}

static void take_files(struct found_log *log, struct candidate *items, size_t count)
{
    log->files = mem_array(count, sizeof(*log->files));
    for (size_t i = 0; i < count; i++) {
        struct candidate *item = &items[i];
        if (item->name == NULL) {
            continue; /* became a log of its own */
        }
        log->files[log->count++] = (struct found){
            .name = item->name,
            .restart = item->parsed.restart,
            .number = item->parsed.number,
            .age = item->parsed.age,
            .listed_inode = item->inode,
            .is_compressed = item->parsed.is_compressed,
            .is_included = item->is_included,
        };
        item->name = NULL;
        if (item->shown != NULL && log->shown == NULL) {
            log->shown = mem_string(item->shown);
        }
    }
}

static bool is_known(const struct listing *listing, const char *key)
{
    const struct discover_events *events = &listing->discover->env.events;
    return events->is_known(events->context, key);
}

static bool is_live(const struct candidate *item)
{
    return item->parsed.age == LOG_LIVE && !item->parsed.is_compressed;
}

/* Items that have one name but for the extension of what is compressed: they are neighbours. */
static size_t count_of_name(const struct candidate *items, size_t count, size_t plain_len)
{
    size_t n = 1;
    while (n < count && log_name_plain_len(items[n].name) == plain_len &&
           strncmp(items[n].name, items[0].name, plain_len) == 0) {
        n++;
    }
    return n;
}

/* A rotated-looking file becomes a log of its own if its base is not there; what it is compressed to is
 * the same log. */
static void split_off(struct listing *listing, const char *lot, struct candidate *items,
                      size_t count)
{
    for (size_t i = 0, next; i < count; i = next) {
        next = i + count_of_name(&items[i], count - i, log_name_plain_len(items[i].name));
        if (items[i].parsed.age != LOG_LIVE && !items[i].parsed.is_compressed &&
            items[i].is_included) {
            char *key = join(listing->directory->path, items[i].name);
            take_files(add_log(listing, lot, key, false, true), &items[i], next - i);
        }
    }
}

/* The log that rotated files are generations of. */
static bool is_base(const struct listing *listing, const char *base, const struct candidate *items,
                    size_t count)
{
    char *key = join(listing->directory->path, base);
    bool is = is_known(listing, key);
    free(key);
    for (size_t i = 0; i < count && !is; i++) {
        is = is_live(&items[i]);
    }
    for (size_t i = 0; i < listing->base_count && !is; i++) {
        is = strcmp(listing->bases[i], base) == 0;
    }
    return is;
}

/* Its live file is meant, be it there or not. */
static bool asks_for(const struct listing *listing, const char *path, const char *name)
{
    return !glob_list_matches(&listing->discover->exclude, path) &&
           includes(listing->directory, name);
}

static bool asks_for_run(const struct listing *listing, uint64_t restart)
{
    char *name = mem_format("%llu.log", (unsigned long long)restart);
    char *path = join(listing->directory->path, name);
    bool asks = asks_for(listing, path, name);
    free(path);
    free(name);
    return asks;
}

static void make_plain_log(struct listing *listing, struct candidate *items, size_t count)
{
    char *key = join(listing->directory->path, items[0].parsed.base);
    bool has_base = is_base(listing, items[0].parsed.base, items, count);
    bool is_wanted = is_known(listing, key);
    bool is_asked_for = asks_for(listing, key, items[0].parsed.base);
    for (size_t i = 0; i < count; i++) {
        is_wanted |= items[i].is_included && !items[i].parsed.is_compressed;
        is_asked_for |= items[i].is_included && !items[i].parsed.is_compressed;
    }
    const char *lot = lot_of(listing, key);
    is_wanted = is_wanted && is_ours(listing, lot, items, count);
    if (is_wanted && !has_base) {
        split_off(listing, lot, items, count);
    }
    if (is_wanted && has_base) {
        take_files(add_log(listing, lot, key, false, is_asked_for), items, count);
    } else {
        free(key);
    }
}

static void make_kubelet_log(struct listing *listing, struct candidate *items, size_t count)
{
    bool is_asked_for = false;
    for (size_t i = 0; i < count; i++) {
        is_asked_for |= items[i].is_included || asks_for_run(listing, items[i].parsed.restart);
    }
    bool is_wanted = is_asked_for || is_known(listing, listing->directory->path);
    const char *lot = listing->directory->path;
    if (!is_wanted || !is_ours(listing, lot, items, count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        items[i].is_included = true; /* the container's directory is one log */
    }
    take_files(add_log(listing, lot, listing->directory->path, true, is_asked_for), items, count);
}

/* The end of the items that are of one log, as far as their names tell. */
static size_t end_of_base(const struct listing *listing, size_t first)
{
    const struct candidate *items = listing->items;
    size_t end = first + 1;
    while (end < listing->count && items[end].is_kubelet == items[first].is_kubelet &&
           strcmp(items[end].parsed.base, items[first].parsed.base) == 0) {
        end++;
    }
    return end;
}

/* What became a log of its own stays one, and so does what it is compressed to. */
static void read_as_known(const struct listing *listing, struct candidate *item)
{
    if (item->is_kubelet || item->parsed.age == LOG_LIVE) {
        return;
    }
    char *name = mem_string_from(slice_make(item->name, log_name_plain_len(item->name)));
    char *key = join(listing->directory->path, name);
    if (is_known(listing, key)) {
        item->parsed = (struct log_name){.age = LOG_LIVE, .is_compressed = item->parsed.is_compressed};
        memcpy(item->parsed.base, name, strlen(name));
    }
    free(key);
    free(name);
}

static void sort(struct listing *listing)
{
    if (listing->count > 0) {
        qsort(listing->items, listing->count, sizeof(*listing->items), compare_candidates);
    }
}

/* Names that have another reading are read so where their base is no log. */
static bool read_deeper(struct listing *listing, size_t first, size_t end)
{
    struct candidate *items = &listing->items[first];
    bool has_changed = false;
    if (items->is_kubelet || is_base(listing, items->parsed.base, items, end - first)) {
        return false;
    }
    for (size_t i = 0; i < end - first; i++) {
        has_changed |= log_name_parse_deeper(&items[i].parsed);
    }
    return has_changed;
}

static void sort_by_log(struct listing *listing)
{
    bool has_changed = false;
    for (size_t i = 0; i < listing->count; i++) {
        read_as_known(listing, &listing->items[i]);
    }
    sort(listing);
    for (size_t i = 0, end; i < listing->count; i = end) {
        end = end_of_base(listing, i);
        has_changed |= read_deeper(listing, i, end);
    }
    if (has_changed) {
        sort(listing);
    }
}

static void make_logs(struct listing *listing)
{
    listing->directory->logs = NULL;
    listing->directory->log_count = 0;
    for (size_t i = 0, end; i < listing->count; i = end) {
        end = end_of_base(listing, i);
        if (listing->items[i].is_kubelet) {
            make_kubelet_log(listing, &listing->items[i], end - i);
        } else {
            make_plain_log(listing, &listing->items[i], end - i);
        }
    }
}

/* Whatever the order they come in, the sum is the same. */
static uint64_t hash_entry(const struct world_name *entry)
{
    return hash_bytes(entry->name, strlen(entry->name), entry->inode);
}

static bool add_to_hash(void *context, const struct world_name *entry)
{
    *(uint64_t *)context += hash_entry(entry);
    return true;
}

bool directory_is_as_listed(const struct discover *discover, const struct directory *directory)
{
    uint64_t names = 0;
    int result = world_list(discover->env.world, directory->path, add_to_hash, &names);
    return result < 0 || names == directory->names; /* if it cannot be read the next look tells why */
}

static bool see_next(void *context, const struct world_name *entry)
{
    struct listing *listing = context;
    listing->names += hash_entry(entry);
    listing->inode = entry->inode;
    see(listing, entry);
    return true;
}

int directory_list(struct discover *discover, struct directory *directory)
{
    struct listing listing = {
        .discover = discover,
        .directory = directory,
        .is_kubelet_directory = log_name_is_kubelet_directory(directory->path),
    };
    int result = world_list(discover->env.world, directory->path, see_next, &listing);
    if (result < 0) {
        return result;
    }
    directory->names = listing.names;
    directory->has_links = listing.has_links;
    sort_by_log(&listing);
    make_logs(&listing);
    for (size_t i = 0; i < listing.count; i++) {
        free(listing.items[i].name);
    }
    for (size_t i = 0; i < listing.base_count; i++) {
        free(listing.bases[i]);
    }
    free(listing.bases);
    free(listing.items);
    return 0;
}

/* ---- stat ---- */

/* Numbered names are given in both directions (logrotate: .1 is the newest; log4j2 by default: the
 * oldest), so for them the time of the last write decides, where it tells. That of an empty file is when
 * it was made; that of a compressed one may be when it was compressed, and so too late. Where it does not
 * tell the number does, in the direction in which the others go. */
static bool time_tells(const struct found *a, const struct found *b)
{
    const struct found *later = a->info.modified_ns > b->info.modified_ns ? a : b;
    const struct found *earlier = later == a ? b : a;
    return a->info.modified_ns != b->info.modified_ns && a->info.size > 0 && b->info.size > 0 &&
           (!later->is_compressed || earlier->is_compressed);
}

static bool is_older(const struct found *a, const struct found *b, bool counts_up)
{
    if (a->age != LOG_NUMBERED || b->age != LOG_NUMBERED) {
        return false;
    }
    if (time_tells(a, b)) {
        return a->info.modified_ns < b->info.modified_ns;
    }
    return counts_up ? a->number < b->number : a->number > b->number;
}

/* Where no time tells: the older ones are compressed first. */
static bool do_compressed_count_up(const struct found_log *log)
{
    size_t up = 0;
    size_t down = 0;
    for (size_t i = 1; i < log->count && log->files[i].age == LOG_NUMBERED; i++) {
        const struct found *a = &log->files[i - 1];
        const struct found *b = &log->files[i];
        if (a->is_compressed != b->is_compressed && a->number != b->number) {
            bool is_up = a->is_compressed == (a->number < b->number);
            up += is_up;
            down += !is_up;
        }
    }
    return up > down;
}

static bool do_numbers_count_up(const struct found_log *log)
{
    size_t up = 0;
    size_t down = 0;
    const struct found *a = NULL; /* the last one that is not empty */
    for (size_t i = 0; i < log->count && log->files[i].age == LOG_NUMBERED; i++) {
        const struct found *b = &log->files[i];
        if (a != NULL && time_tells(a, b) && a->number != b->number) {
            bool is_up = (a->info.modified_ns < b->info.modified_ns) == (a->number < b->number);
            up += is_up;
            down += !is_up;
        }
        a = b->info.size > 0 ? b : a;
    }
    return up > down || (up == 0 && down == 0 && do_compressed_count_up(log));
}

static void sort_numbered(struct found_log *log)
{
    bool counts_up = do_numbers_count_up(log);
    for (size_t i = 1; i < log->count; i++) {
        for (size_t j = i; j > 0 && is_older(&log->files[j], &log->files[j - 1], counts_up); j--) {
            struct found swap = log->files[j];
            log->files[j] = log->files[j - 1];
            log->files[j - 1] = swap;
        }
    }
}

/* Of two names of one file here (rotation by link(2), as savelog does it) the newer tells what it is. */
static void drop_second_names(struct found_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++) {
        struct found *file = &log->files[i];
        bool is_second = false;
        for (size_t j = i + 1; j < log->count && file->info.links > 1 && !is_second; j++) {
            is_second = file->info.device == log->files[j].info.device &&
                        file->info.inode == log->files[j].info.inode;
        }
        if (is_second) {
            free(file->name);
        } else {
            log->files[kept++] = *file;
        }
    }
    log->count = kept;
}

/* What a link says that leads nowhere, too. */
static bool is_absent(int result)
{
    return result == -ENOENT || result == -ENOTDIR || result == -ELOOP || result == -ENAMETOOLONG;
}

/* False if a name is gone, or leads to another file than when it was looked at before. */
static bool stat_log(const struct world *world, struct found_log *log)
{
    size_t kept = 0;
    bool is_as_before = true;
    char path[PATH_MAX];
    log->is_hidden = false;
    log->is_blurred = false;
    for (size_t i = 0; i < log->count; i++) {
        struct found *file = &log->files[i];
        uint64_t inode = file->info.inode;
        snprintf(path, sizeof(path), "%s/%s",
                 strcmp(log->directory, "/") == 0 ? "" : log->directory, file->name);
        int result = world_stat(world, path, &file->info);
        bool is_hidden = result == -EACCES && file->info.inode != 0; /* was seen before */
        log->is_blurred |= result < 0 && !is_absent(result) && !is_hidden;
        log->is_hidden |= is_hidden;
        if (is_hidden || (result == 0 && file->info.type == FILE_REGULAR)) {
            is_as_before &= inode == 0 || inode == file->info.inode;
            log->files[kept++] = *file;
        } else {
            free(file->name);
        }
    }
    bool is_whole = kept == log->count && is_as_before;
    log->count = kept;
    sort_numbered(log);
    drop_second_names(log);
    return is_whole;
}

bool directory_stat_files(const struct discover *discover, struct directory *directory)
{
    bool is_whole = true;
    for (size_t i = 0; i < directory->log_count; i++) {
        is_whole &= stat_log(discover->env.world, &directory->logs[i]);
    }
    return is_whole;
}

/* The newest name that the listing before had for the same file. */
static void settle_newest(struct found_log *log, const struct found_log *before)
{
    for (size_t i = log->count; i > 0; i--) {
        struct found *file = &log->files[i - 1];
        for (size_t k = before->count; k > 0; k--) {
            const struct found *old = &before->files[k - 1];
            if (old->listed_inode == file->listed_inode && strcmp(old->name, file->name) == 0) {
                file->is_settled = true;
                return;
            }
        }
    }
}

void directory_settle(struct directory *directory, const struct found_log *before, size_t count)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (strcmp(directory->logs[i].key, before[k].key) == 0) {
                settle_newest(&directory->logs[i], &before[k]);
            }
        }
    }
}

/* A listing that runs beside renames may miss a file under both its names, but not one that had its
 * last name before it began. So whatever is older than a name that was listed before is all there.
 * Behind it, or behind a name that leads elsewhere by now, there may be one that nobody has seen.
 * Numbered files all move up at once, so of those nothing is certain. */
static void keep_certain(struct found_log *log)
{
    size_t settled = 0;
    size_t certain = 0;
    for (size_t i = 0; i < log->count; i++) {
        settled = log->files[i].is_settled ? i + 1 : settled;
        log->is_hidden |= log->files[i].age == LOG_NUMBERED;
    }
    while (certain < settled && log->files[certain].info.inode == log->files[certain].listed_inode) {
        certain++;
    }
    log->is_partial = true;
    for (size_t i = certain; i < log->count; i++) {
        free(log->files[i].name);
    }
    log->count = certain;
}

void directory_keep_certain(struct directory *directory)
{
    for (size_t i = 0; i < directory->log_count; i++) {
        keep_certain(&directory->logs[i]);
    }
}

void directory_free_logs(struct found_log *logs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t f = 0; f < logs[i].count; f++) {
            free(logs[i].files[f].name);
        }
        free(logs[i].files);
        free(logs[i].shown);
        free(logs[i].lot);
        if (logs[i].key != logs[i].directory) {
            free(logs[i].key);
        }
    }
    free(logs);
}
