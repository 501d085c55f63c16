/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command and tells what it took.
 *
 * usage: meter COMMAND...
 *
 * Prints the command's process id in a line as soon as it runs, and at its end a line of its exit
 * status (128 and the signal's number where one ended it), the nanoseconds of CPU of all its
 * threads, and the instructions that they executed in user mode: the figure that other work on the
 * machine hardly moves, 0 where the kernel does not count it. Counting starts with the command's
 * exec(2).
 */

#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counts in `pid` from its next exec on, and in the threads that it starts. */
static int open_counter(pid_t pid)
{
    struct perf_event_attr what = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(what),
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .inherit = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .enable_on_exec = 1,
    };
    return (int)syscall(SYS_perf_event_open, &what, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* The child waits until its counter is there, which the closing of the pipe tells. */
static pid_t start(char **command, int *out_counter)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        char go;
        close(ends[1]);
        (void)!read(ends[0], &go, 1);
        close(ends[0]);
        dup2(STDERR_FILENO, STDOUT_FILENO); /* the first is ours */
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(ends[0]);
    *out_counter = pid > 0 ? open_counter(pid) : -1;
    close(ends[1]);
    return pid;
}

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: meter COMMAND...\n", stderr);
        return 2;
    }
    int counter, status;
    struct rusage used;
    uint64_t instructions = 0;
    pid_t pid = start(argv + 1, &counter);
    if (pid < 0) {
        perror("meter");
        return 1;
    }
    printf("%d\n", (int)pid);
    fflush(stdout);
    if (wait4(pid, &status, 0, &used) != pid) {
        perror("meter");
        return 1;
    }
    if (counter >= 0 && read(counter, &instructions, sizeof(instructions)) < 0) {
        instructions = 0;
    }
    printf("%d %" PRIu64 " %" PRIu64 "\n",
           WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
           nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime), instructions);
    return 0;
}
