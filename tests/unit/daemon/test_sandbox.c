/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

/*
 * By trying: a child builds the walls around itself, tries something, and says with which errno it went.
 * Where the kernel has no such walls (or valgrind, an emulator or a sanitizer stands between), the child
 * says that, and the test says it and is content.
 */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "base/landlock.h"
#include "base/syscall_filter.h"
#include "daemon/sandbox.h"

enum { NO_WALLS = 255 };

/* ---- a folder to try things in ---- */

static int make_folder(void **state)
{
    char *folder = mem_string("/tmp/clew-sandbox-XXXXXX");
    *state = folder;
    if (mkdtemp(folder) == NULL || chdir(folder) < 0) {
        return -1;
    }
    mkdir("logs", 0755);
    mkdir("other", 0755);
    file_replace(&file_calls_system, "logs", "a.log", SLICE("a\n"));
    file_replace(&file_calls_system, "other", "secret", SLICE("s\n"));
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)ftw;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

static int remove_folder(void **state)
{
    int result = chdir("/");
    nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return result;
}

/* ---- children ---- */

/* What `attempt` says in a child behind `walls`: 0 or an errno; NO_WALLS. */
static int try_behind(int (*walls)(void), int (*attempt)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int result = walls();
        _exit(result < 0 ? NO_WALLS : attempt());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int of_call(long result)
{
    return result < 0 ? errno : 0;
}

/* ---- Landlock ---- */

static int wall_off(void)
{
    int rules = landlock_version() > 0 ? landlock_open() : -ENOSYS;
    if (rules < 0) {
        return rules;
    }
    bool is_good = landlock_allow(rules, "logs", LANDLOCK_READ) == 0 &&
                   landlock_allow(rules, "data", LANDLOCK_WRITE) == 0 &&
                   landlock_allow(rules, "missing", LANDLOCK_READ) == -ENOENT;
    int result = landlock_enter(rules);
    return is_good ? result : -EINVAL;
}

static int read_log(void)
{
    return of_call(open("logs/a.log", O_RDONLY | O_CLOEXEC));
}

static int read_secret(void)
{
    int error = of_call(open("other/secret", O_RDONLY | O_CLOEXEC));
    return landlock_hides("other/secret", error) ? error : 0;
}

static int read_secret_by_a_link(void)
{
    return of_call(open("logs/link", O_RDONLY | O_CLOEXEC));
}

static int list_secrets(void)
{
    return of_call(open("other", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int write_log(void)
{
    return of_call(open("logs/a.log", O_WRONLY | O_CLOEXEC));
}

static int make_log(void)
{
    return of_call(open("logs/new.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int keep_state(void)
{
    int result = file_replace(&file_calls_system, "data", "checkpoints.json", SLICE("{}"));
    return result < 0 ? -result : of_call(unlink("data/checkpoints.json"));
}

static int read_what_came_in_place(void)
{
    if (rename("data", "data.old") == 0 || errno != EACCES) {
        return ECANCELED;
    }
    return 0;
}

static int run_a_program(void)
{
    char *arguments[] = {(char[]){"true"}, NULL};
    execv("/bin/true", arguments);
    return errno;
}

static int trace_the_parent(void)
{
    return of_call(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

struct attempt {
    const char *what;
    int (*attempt)(void);
    int expected;
};

/* False: there are no walls here. */
static bool try_all(int (*walls)(void), const struct attempt *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int result = try_behind(walls, rows[i].attempt);
        if (result == NO_WALLS) {
            print_message("not here: the kernel, or what stands before it, has no such thing\n");
            return false;
        }
        print_message("%s: %s\n", rows[i].what, strerror(result));
        assert_int_equal(result, rows[i].expected);
    }
    return true;
}

static void only_what_is_allowed_is_opened(void **state)
{
    (void)state;
    static const struct attempt rows[] = {
        {"read a log", read_log, 0},
        {"read a secret", read_secret, EACCES},
        {"read a secret by a link among the logs", read_secret_by_a_link, EACCES},
        {"list other directories", list_secrets, EACCES},
        {"write to a log", write_log, EACCES},
        {"make a file among the logs", make_log, EACCES},
        {"write state", keep_state, 0},
        {"put something in place of the state", read_what_came_in_place, 0},
        {"run a program", run_a_program, EACCES},
        {"trace the parent", trace_the_parent, EPERM},
    };
    mkdir("data", 0700);
    assert_int_equal(symlink("../other/secret", "logs/link"), 0);
    try_all(wall_off, rows, ARRAY_LEN(rows));
}

/* ---- system calls ---- */

static int make_process(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return of_call(pid);
}

static int open_by_handle(void)
{
    return of_call(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY));
}

static int leave_the_namespace(void)
{
    return of_call(unshare(CLONE_NEWUSER));
}

static int make_packet_socket(void)
{
    return of_call(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int make_raw_socket(void)
{
    return of_call(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
}

static int make_audit_socket(void)
{
    return of_call(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 9));
}

static int make_good_sockets(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ||
                   socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) < 0 ||
                   socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ||
                   (socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno != EAFNOSUPPORT) ||
                   socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0
               ? errno
               : 0;
}

static int signal_the_parent(void)
{
    return of_call(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int signal_itself(void)
{
    return of_call(syscall(SYS_tgkill, getpid(), gettid(), 0));
}

static int type_for_the_terminal(void)
{
    return of_call(syscall(SYS_ioctl, 0, 0x5412, "x")); /* TIOCSTI */
}

static int call_the_future(void)
{
    return of_call(syscall(9999));
}

static void *be_a_thread(void *context)
{
    return context;
}

static int make_thread(void)
{
    pthread_t thread;
    int result = pthread_create(&thread, NULL, be_a_thread, NULL);
    return result == 0 ? pthread_join(thread, NULL) : result;
}

static void *try_in_a_thread(void *context)
{
    int *result = context;
    *result = run_a_program();
    return NULL;
}

static int run_a_program_in_a_thread(void)
{
    pthread_t thread;
    int result = 0;
    pthread_create(&thread, NULL, try_in_a_thread, &result);
    pthread_join(thread, NULL);
    return result;
}

static bool stands_valgrind_between(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

static void no_call_is_made_that_a_log_shipper_has_no_use_for(void **state)
{
    (void)state;
    if (stands_valgrind_between()) {
        print_message("not here: valgrind makes the calls in its own way, and ends at an execve refused\n");
        return;
    }
    static const struct attempt rows[] = {
        {"run a program", run_a_program, EPERM},
        {"run a program in a thread", run_a_program_in_a_thread, EPERM},
        {"make a process", make_process, EPERM},
        {"trace the parent", trace_the_parent, EPERM},
        {"open a file by its handle", open_by_handle, EPERM},
        {"leave the namespace", leave_the_namespace, EPERM},
        {"a socket that sees packets", make_packet_socket, ENOSYS},
        {"a raw socket", make_raw_socket, ENOSYS},
        {"a socket to the audit system", make_audit_socket, ENOSYS},
        {"signal another process", signal_the_parent, ENOSYS},
        {"type for the terminal", type_for_the_terminal, ENOSYS},
        {"a call that is newer than the filter", call_the_future, ENOSYS},
        {"sockets that it uses", make_good_sockets, 0},
        {"a thread", make_thread, 0},
        {"signal itself", signal_itself, 0},
        {"read a log", read_log, 0},
    };
    try_all(syscall_filter_enter, rows, ARRAY_LEN(rows));
}

/* ---- what settings need ---- */

static unsigned rights_of(const struct sandbox *sandbox, const char *path)
{
    char *real = realpath(path, NULL);
    unsigned rights = 0;
    for (size_t i = 0; i < sandbox_count(sandbox); i++) {
        const struct sandbox_path *item = sandbox_get(sandbox, i);
        if (strcmp(item->path, real != NULL ? real : path) == 0) {
            rights |= item->rights;
        }
    }
    free(real);
    return rights;
}

static struct sandbox *sandbox_of(struct settings *settings, char *include)
{
    static struct input_settings input;
    static char *items[1];
    items[0] = include;
    input = (struct input_settings){.type = (char[]){"tail"}, .include = {items, 1}};
    settings->inputs = &input;
    settings->input_count = 1;
    settings->kubernetes.source = KUBERNETES_OFF;
    return sandbox_new(settings, NULL);
}

static void an_include_opens_its_fixed_part_and_where_its_links_lead(void **state)
{
    const char *folder = *state;
    static const struct {
        const char *include;
        const char *opened;
    } rows[] = {
        {"logs/*.log", "logs"},
        {"logs/a.log", "logs"},             /* with what it is rotated to */
        {"logs", "logs"},                   /* a directory, and not what is beside it */
        {"logs/new/*/*.log", "logs"},       /* will be made in there */
        {"release/current/*.log", "release"}, /* a link that is turned to its neighbour */
        {"other/link.log", "logs"},         /* a file that is a link to elsewhere */
    };
    mkdir("release", 0755);
    mkdir("release/41", 0755);
    assert_int_equal(symlink("41", "release/current"), 0);
    assert_int_equal(symlink("../logs/a.log", "other/link.log"), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings settings = {.data_dir = (char[]){"data"}};
        char *include = mem_format("%s/%s", folder, rows[i].include);
        struct sandbox *sandbox = sandbox_of(&settings, include);
        print_message("%s\n", rows[i].include);
        assert_int_equal(rights_of(sandbox, rows[i].opened), LANDLOCK_READ);
        assert_int_equal(rights_of(sandbox, folder), 0);
        sandbox_free(sandbox);
        free(include);
    }
}

static void all_there_is_is_never_opened_for_a_path_that_is_missing(void **state)
{
    (void)state;
    struct settings settings = {.data_dir = (char[]){"data"}};
    struct sandbox *sandbox = sandbox_of(&settings, (char[]){"/clew-is-not-here/logs/*.log"});
    assert_int_equal(rights_of(sandbox, "/"), 0);
    assert_int_equal(rights_of(sandbox, "/clew-is-not-here/logs"), LANDLOCK_READ);
    sandbox_free(sandbox);
}

static void files_that_are_renewed_open_their_directory_and_secrets_of_others_stay(void **state)
{
    (void)state;
    struct output_settings output = {.ca_file = (char[]){"logs/a.log"},
                                     .spool_dir = (char[]){"other"}};
    struct settings settings = {.data_dir = (char[]){"data"}, .outputs = &output, .output_count = 1};
    struct sandbox *sandbox = sandbox_of(&settings, (char[]){"/nowhere-at-all/x.log"});
    assert_int_equal(rights_of(sandbox, "logs"), LANDLOCK_READ);
    assert_int_equal(rights_of(sandbox, "other"), LANDLOCK_WRITE);
    assert_int_equal(rights_of(sandbox, "data"), LANDLOCK_WRITE);
    assert_int_equal(rights_of(sandbox, "/etc"), geteuid() == 0 ? 0 : LANDLOCK_READ);
    assert_int_equal(rights_of(sandbox, "/etc/shadow"), 0);
    sandbox_free(sandbox);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_allowed_is_opened),
        TEST(no_call_is_made_that_a_log_shipper_has_no_use_for),
        TEST(an_include_opens_its_fixed_part_and_where_its_links_lead),
        TEST(all_there_is_is_never_opened_for_a_path_that_is_missing),
        TEST(files_that_are_renewed_open_their_directory_and_secrets_of_others_stay),
    };
    return driver_run("sandbox", tests, ARRAY_LEN(tests));
}
