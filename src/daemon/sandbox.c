/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/glob.h"
#include "base/landlock.h"
#include "base/mem.h"
#include "base/syscall_filter.h"
#include "input/tail/runtime_roots.h"

/*
 * A rule of Landlock belongs to a directory, not to a name, so what is allowed has to be there at the
 * start, and a file that is renewed by a rename (a token, a certificate, a config) is allowed by the
 * directory it is in. Of a path that is not there yet it is the nearest directory above; but never
 * all there is: then the path stays hidden until the next start, which is said.
 *
 * Root without capabilities still owns root's files, so to root /etc is allowed by single files: its
 * other ones are secrets. To anybody else the modes of its files say what is one, and all of it is
 * allowed: resolv.conf is often renewed by a rename.
 */

struct sandbox {
    struct sandbox_path *items;
    size_t count;
    bool hides_files;
    int own_process; /* /proc/self: held open, or the kernel would forget which one was allowed */
};

static const char *const system_paths[] = {
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", /* what dlopen(3) loads for names */
    "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
    "/sys/devices/system/cpu", "/proc/sys", "/dev/urandom", "/dev/random",
};

/* Of /etc, as root; names that do not exist are passed over. */
static const char *const system_files[] = {
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
    "/etc/services", "/etc/protocols", "/etc/localtime", "/etc/machine-id", "/etc/ld.so.cache",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted", "/etc/ca-certificates", "/etc/crypto-policies",
};

static const char *const journal_directories[] = {"/run/log/journal", "/var/log/journal"};

/* ---- paths ---- */

static bool is_below(const char *path, const char *directory)
{
    size_t len = strlen(directory);
    return strncmp(path, directory, len) == 0 &&
           (path[len] == '/' || path[len] == '\0' || strcmp(directory, "/") == 0);
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Of `path` as it is written; the caller frees it. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL   ? mem_string(".")
           : slash == path ? mem_string("/")
                           : mem_string_from(slice_make(path, (size_t)(slash - path)));
}

/* The path, or the nearest directory above that is there, free of links; the caller frees it. NULL: that
 * would be all there is. */
static char *find_nearest(const char *path)
{
    char *found = realpath(path, NULL);
    char *above = mem_string(path);
    bool is_climbing = found == NULL;
    while (found == NULL && strcmp(above, "/") != 0 && strcmp(above, ".") != 0) {
        char *next = directory_of(above);
        free(above);
        above = next;
        found = realpath(above, NULL);
    }
    free(above);
    if (found != NULL && is_climbing && strcmp(found, "/") == 0) {
        free(found);
        found = NULL;
    }
    return found;
}

/* ---- the list ---- */

static bool has_rights(unsigned given, unsigned wanted)
{
    given |= (given & LANDLOCK_WRITE) != 0 ? LANDLOCK_READ : 0u;
    return (given & wanted) == wanted;
}

static bool covers(const struct sandbox *sandbox, const char *path, unsigned rights)
{
    for (size_t i = 0; i < sandbox->count; i++) {
        const struct sandbox_path *item = &sandbox->items[i];
        if (has_rights(item->rights, rights) && is_below(path, item->path)) {
            return true;
        }
    }
    return false;
}

/* Takes `path`; NULL is fine. */
static void take(struct sandbox *sandbox, char *path, const struct sandbox_path *like)
{
    if (path == NULL || covers(sandbox, path, like->rights)) {
        free(path);
        return;
    }
    sandbox->items = mem_resize(sandbox->items, sandbox->count + 1, sizeof(*sandbox->items));
    struct sandbox_path *item = &sandbox->items[sandbox->count++];
    *item = *like;
    item->path = path;
    item->asked = mem_string(like->asked);
}

/* Only if it is there. */
static void add(struct sandbox *sandbox, const char *path, const struct sandbox_path *like)
{
    take(sandbox, realpath(path, NULL), like);
}

static bool holds_much(const char *directory)
{
    return strcmp(directory, "/") == 0 || strcmp(directory, "/etc") == 0;
}

/* The directory that a file is in, free of links, or the file itself if that directory holds much else. */
static void add_place(struct sandbox *sandbox, const char *file, const struct sandbox_path *like)
{
    char *directory = directory_of(file);
    char *real = realpath(directory, NULL);
    if (real == NULL || holds_much(real)) {
        add(sandbox, file, like);
    } else {
        add(sandbox, directory, like);
    }
    free(real);
    free(directory);
}

/* One that is renewed by a rename, and perhaps a link; NULL is fine. */
static void add_file(struct sandbox *sandbox, const char *file)
{
    if (file == NULL) {
        return;
    }
    struct sandbox_path like = {.asked = (char *)(uintptr_t)file, .rights = LANDLOCK_READ};
    char *target = realpath(file, NULL);
    add_place(sandbox, file, &like);
    if (target != NULL) {
        add_place(sandbox, target, &like);
    }
    free(target);
}

/* … is made at the start, so it may be missing now. */
static void add_written(struct sandbox *sandbox, const char *directory)
{
    struct sandbox_path like = {.asked = (char *)(uintptr_t)directory, .rights = LANDLOCK_WRITE};
    char *real = realpath(directory, NULL);
    take(sandbox, real != NULL ? real : mem_string(directory), &like);
}

/* ---- what inputs read ---- */

static struct sandbox_path input_path(const char *asked)
{
    return (struct sandbox_path){
        .asked = (char *)(uintptr_t)asked, .rights = LANDLOCK_READ, .is_input = true};
}

/* `current` of /srv/app/current, a link to a release beside it, is turned to the next one: so what it is
 * in is allowed. */
static void add_neighbours(struct sandbox *sandbox, const char *path,
                           const struct sandbox_path *like)
{
    char *prefix = mem_string(path);
    for (char *end = strchr(prefix + 1, '/');; end = strchr(end + 1, '/')) {
        struct stat status;
        if (end != NULL) {
            *end = '\0';
        }
        char *directory = directory_of(prefix);
        char *home = realpath(directory, NULL);
        char *target = realpath(prefix, NULL);
        if (lstat(prefix, &status) == 0 && S_ISLNK(status.st_mode) && home != NULL &&
            target != NULL && !holds_much(home) && is_below(target, home)) {
            add(sandbox, home, like);
        }
        free(target);
        free(home);
        free(directory);
        if (end == NULL) {
            break;
        }
        *end = '/';
    }
    free(prefix);
}

static void add_root(struct sandbox *sandbox, const char *root, const struct sandbox_path *like)
{
    char *found = find_nearest(root);
    add_neighbours(sandbox, root, like);
    take(sandbox, found != NULL ? found : mem_string(root), like);
}

/* A path without patterns: a directory, or a file with what it is rotated to. */
static void add_literal(struct sandbox *sandbox, const struct glob *glob,
                        const struct sandbox_path *like)
{
    char *whole = mem_format("%s/%s", strcmp(glob->root, "/") == 0 ? "" : glob->root,
                             glob->components[0]);
    char *target = realpath(whole, NULL);
    if (is_directory(whole)) {
        add_root(sandbox, whole, like);
    } else {
        add_root(sandbox, glob->root, like);
        if (target != NULL) {
            add_place(sandbox, target, like);
        }
    }
    free(target);
    free(whole);
}

static const char *const runtime_paths[] = {RUNTIME_PODS, RUNTIME_CONTAINERS, RUNTIME_DOCKER};

/* Links of one lead to the next. */
static void add_runtime_of(struct sandbox *sandbox, const char *path,
                           const struct sandbox_path *like)
{
    bool is_runtime = false;
    for (size_t i = 0; i < ARRAY_LEN(runtime_paths); i++) {
        char *real = realpath(runtime_paths[i], NULL);
        is_runtime = is_runtime || (real != NULL && (is_below(path, real) || is_below(real, path)));
        free(real);
    }
    for (size_t i = 0; is_runtime && i < ARRAY_LEN(runtime_paths); i++) {
        add(sandbox, runtime_paths[i], like);
    }
}

/* Links among the files that are there now: where they lead outside the includes, they are followed to
 * the runtimes' directories only (discover.c). */
static void add_links(struct sandbox *sandbox, const struct glob *include,
                      const struct sandbox_path *like)
{
    char *pattern = mem_string(include->root);
    glob_t found = {0};
    bool is_bounded = true;
    for (size_t i = 0; i < include->count; i++) {
        char *longer = mem_format("%s/%s", pattern, include->components[i]);
        is_bounded = is_bounded && !glob_is_any_depth(include->components[i]);
        free(pattern);
        pattern = longer;
    }
    bool is_found = is_bounded && glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    for (size_t i = 0; is_found && i < found.gl_pathc; i++) {
        struct stat status;
        bool is_link = lstat(found.gl_pathv[i], &status) == 0 && S_ISLNK(status.st_mode);
        char *target = is_link ? realpath(found.gl_pathv[i], NULL) : NULL;
        if (target != NULL && !covers(sandbox, target, LANDLOCK_READ)) {
            add_runtime_of(sandbox, target, like);
        }
        free(target);
    }
    globfree(&found);
    free(pattern);
}

static void add_include(struct sandbox *sandbox, const struct glob *glob, const char *asked)
{
    struct sandbox_path like = input_path(asked);
    bool is_literal = glob->is_literal && glob->count == 1;
    if (is_literal) {
        add_literal(sandbox, glob, &like);
    } else {
        add_root(sandbox, glob->root, &like);
    }
    char *root = realpath(glob->root, NULL);
    if (root != NULL) {
        add_runtime_of(sandbox, root, &like);
    }
    if (!is_literal) {
        add_links(sandbox, glob, &like);
    }
    free(root);
}

static void add_files(struct sandbox *sandbox, const struct string_list *include)
{
    for (size_t i = 0; i < include->count; i++) {
        struct glob_list list = {0};
        glob_list_add(&list, include->items[i]); /* too many: the input is refused when it is opened */
        for (size_t k = 0; k < list.count; k++) {
            add_include(sandbox, &list.items[k], include->items[i]);
        }
        glob_list_fini(&list);
    }
}

/* Sockets of files are made in their directory. */
static void add_listen(struct sandbox *sandbox, const struct string_list *listen)
{
    for (size_t i = 0; i < listen->count; i++) {
        const char *address = strstr(listen->items[i], "://");
        if (address != NULL && strncmp(listen->items[i], "unix", 4) == 0) {
            char *directory = directory_of(address + 3);
            struct sandbox_path like = {.asked = directory, .rights = LANDLOCK_SOCKETS};
            add(sandbox, directory, &like);
            free(directory);
        }
    }
}

static void add_journal(struct sandbox *sandbox, const struct input_settings *input)
{
    if (input->directory != NULL) {
        struct sandbox_path like = input_path(input->directory);
        add_root(sandbox, input->directory, &like);
    }
    for (size_t i = 0; input->directory == NULL && i < ARRAY_LEN(journal_directories); i++) {
        struct sandbox_path like = input_path(journal_directories[i]);
        add(sandbox, journal_directories[i], &like);
    }
}

static void add_input(struct sandbox *sandbox, const struct input_settings *input)
{
    if (strcmp(input->type, "tail") == 0) {
        add_files(sandbox, &input->include);
    } else if (strcmp(input->type, "syslog") == 0) {
        add_listen(sandbox, &input->listen);
    } else if (strcmp(input->type, "journal") == 0) {
        add_journal(sandbox, input);
    }
}

/* ---- everything else ---- */

static void add_output(struct sandbox *sandbox, const struct output_settings *output)
{
    add_file(sandbox, output->ca_file);
    add_file(sandbox, output->certificate_file);
    add_file(sandbox, output->key_file);
    if (output->spool_dir != NULL) {
        add_written(sandbox, output->spool_dir);
    }
}

static void add_system(struct sandbox *sandbox)
{
    struct sandbox_path like = {.asked = NULL, .rights = LANDLOCK_READ, .is_system = true};
    if (geteuid() != 0) {
        add(sandbox, "/etc", &like);
    }
    for (size_t i = 0; i < ARRAY_LEN(system_paths); i++) {
        add(sandbox, system_paths[i], &like);
    }
    for (size_t i = 0; i < ARRAY_LEN(system_files); i++) {
        add(sandbox, system_files[i], &like);
    }
    char *resolver = realpath("/etc/resolv.conf", NULL);
    if (resolver != NULL && !is_below(resolver, "/etc")) { /* systemd-resolved, NetworkManager, … */
        add_place(sandbox, resolver, &like);
    }
    free(resolver);
    take(sandbox, mem_string("/proc/self"), &like); /* whose number it is, the start tells */
    like.rights = LANDLOCK_WRITE;
    add(sandbox, "/dev/null", &like);
}

struct sandbox *sandbox_new(const struct settings *settings, const char *config_file)
{
    struct sandbox *sandbox = mem_alloc(sizeof(*sandbox));
    sandbox->own_process = -1;
    for (size_t i = 0; i < settings->input_count; i++) {
        add_input(sandbox, &settings->inputs[i]);
    }
    add_written(sandbox, settings->data_dir);
    for (size_t i = 0; i < settings->output_count; i++) {
        add_output(sandbox, &settings->outputs[i]);
    }
    if (settings->kubernetes.source != KUBERNETES_OFF) {
        add_file(sandbox, settings->kubernetes.token_file);
        add_file(sandbox, settings->kubernetes.ca_file);
    }
    add_file(sandbox, config_file);
    add_system(sandbox);
    return sandbox;
}

void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL) {
        return;
    }
    for (size_t i = 0; i < sandbox->count; i++) {
        free(sandbox->items[i].path);
        free(sandbox->items[i].asked);
    }
    if (sandbox->own_process >= 0) {
        close(sandbox->own_process);
    }
    free(sandbox->items);
    free(sandbox);
}

size_t sandbox_count(const struct sandbox *sandbox)
{
    return sandbox->count;
}

const struct sandbox_path *sandbox_get(const struct sandbox *sandbox, size_t index)
{
    return &sandbox->items[index];
}

/* ---- entering ---- */

static void make_directories(const struct sandbox *sandbox)
{
    for (size_t i = 0; i < sandbox->count; i++) {
        const struct sandbox_path *item = &sandbox->items[i];
        if ((item->rights & LANDLOCK_WRITE) != 0 && !item->is_system) {
            file_make_directory(item->path); /* whoever opens it says what is wrong */
        }
    }
}

static void note_place(struct sandbox_path *item)
{
    struct stat status;
    item->was_there = stat(item->path, &status) == 0;
    if (item->was_there) {
        item->device = status.st_dev;
        item->inode = status.st_ino;
    }
}

static void allow(int rules, struct sandbox_path *item, const struct log *log)
{
    note_place(item);
    int result = landlock_allow(rules, item->path, item->rights);
    if (result < 0 && item->is_input) {
        log_event(log, LOG_WARN,
                  "sandbox: %s does not exist yet (%s): restart clew when it does, or set `sandbox: "
                  "off`",
                  item->path, strerror(-result));
    }
}

static int enter_files(struct sandbox *sandbox, const struct log *log)
{
    int rules = landlock_open();
    if (rules < 0) {
        return rules;
    }
    sandbox->own_process = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < sandbox->count; i++) {
        allow(rules, &sandbox->items[i], log);
    }
    return landlock_enter(rules);
}

/* `/var/log/pods, /etc/clew`; the caller frees it. */
static char *list(const struct sandbox *sandbox, unsigned right)
{
    char *text = mem_string("");
    for (size_t i = 0; i < sandbox->count; i++) {
        const struct sandbox_path *item = &sandbox->items[i];
        if ((item->rights & right) != 0 && !item->is_system) {
            char *longer = mem_format("%s%s%s", text, *text != '\0' ? ", " : "", item->path);
            free(text);
            text = longer;
        }
    }
    return text;
}

static void tell(const struct sandbox *sandbox, const struct log *log)
{
    char *read = list(sandbox, LANDLOCK_READ);
    char *written = list(sandbox, LANDLOCK_WRITE | LANDLOCK_SOCKETS);
    log_event(log, LOG_INFO, "sandbox: reads %s%sand what the system's libraries need; writes %s", read,
              *read != '\0' ? ", " : "", written);
    free(read);
    free(written);
}

void sandbox_enter(struct sandbox *sandbox, const struct log *log)
{
    make_directories(sandbox);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int result = landlock_version() > 0 ? enter_files(sandbox, log) : -ENOSYS;
    sandbox->hides_files = result == 0;
    if (result == 0) {
        tell(sandbox, log);
    } else {
        log_event(log, LOG_INFO, "sandbox: file access is not restricted: no Landlock in this "
                                 "kernel (%s)",
                  strerror(-result));
    }
    result = syscall_filter_enter();
    if (result < 0) {
        log_event(log, LOG_INFO, "sandbox: system calls are not filtered: no seccomp here (%s)",
                  strerror(-result));
    }
}

bool sandbox_hides_files(const struct sandbox *sandbox)
{
    return sandbox != NULL && sandbox->hides_files;
}

/* ---- afterwards ---- */

char *sandbox_find_outside(const struct sandbox *sandbox, const struct settings *next,
                           const char *config_file)
{
    char *outside = NULL;
    struct sandbox *wanted = sandbox_hides_files(sandbox) ? sandbox_new(next, config_file) : NULL;
    for (size_t i = 0; wanted != NULL && outside == NULL && i < wanted->count; i++) {
        const struct sandbox_path *item = &wanted->items[i];
        if (!item->is_system && !covers(sandbox, item->path, item->rights)) {
            outside = mem_string(item->asked);
        }
    }
    sandbox_free(wanted);
    return outside;
}

static bool was_replaced(const struct sandbox_path *item, struct stat *out_status)
{
    return stat(item->path, out_status) == 0 &&
           (out_status->st_dev != item->device || out_status->st_ino != item->inode);
}

static bool can_be_opened(const char *path, int *out_error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *out_error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

void sandbox_check(struct sandbox *sandbox, const struct log *log, struct counters *counters)
{
    for (size_t i = 0; sandbox_hides_files(sandbox) && i < sandbox->count; i++) {
        struct sandbox_path *item = &sandbox->items[i];
        struct stat status;
        int error = 0;
        if (item->is_input || !item->was_there || item->is_hidden || !was_replaced(item, &status) ||
            can_be_opened(item->path, &error) || !landlock_hides(item->path, error)) {
            continue;
        }
        item->is_hidden = true;
        counters_add(counters, C_SANDBOX_HIDDEN, 1);
        log_event(log, LOG_ERROR,
                  "the sandbox hides %s, which was replaced after the start; restart clew", item->path);
    }
}
