/* SPDX-License-Identifier: Apache-2.0 */
#include "base/syscall_filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

/*
 * The lists are what clew, libcurl, libmicrohttpd, libev, libsystemd and glibc call, on all
 * architectures and by older and newer versions, and what is harmless beside it. A number that an
 * architecture does not have is left out by libseccomp.
 */

static const int allowed[] = {
    /* files and directories */
    SCMP_SYS(access), SCMP_SYS(chdir), SCMP_SYS(close), SCMP_SYS(close_range),
    SCMP_SYS(copy_file_range), SCMP_SYS(creat), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64), SCMP_SYS(fallocate),
    SCMP_SYS(fchdir), SCMP_SYS(fchmod), SCMP_SYS(fcntl), SCMP_SYS(fdatasync), SCMP_SYS(flock),
    SCMP_SYS(fstat), SCMP_SYS(fstatfs), SCMP_SYS(fsync), SCMP_SYS(ftruncate), SCMP_SYS(getcwd),
    SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_init),
    SCMP_SYS(inotify_init1), SCMP_SYS(inotify_rm_watch), SCMP_SYS(lseek), SCMP_SYS(lstat),
    SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(newfstatat), SCMP_SYS(open), SCMP_SYS(openat),
    SCMP_SYS(openat2), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(preadv2), SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev), SCMP_SYS(pwritev2), SCMP_SYS(read), SCMP_SYS(readahead),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(rmdir), SCMP_SYS(sendfile), SCMP_SYS(splice),
    SCMP_SYS(stat), SCMP_SYS(statfs), SCMP_SYS(statx), SCMP_SYS(sync_file_range), SCMP_SYS(tee),
    SCMP_SYS(truncate), SCMP_SYS(umask), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(write),
    SCMP_SYS(writev),
    /* connections, and waiting for events */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(connect),
    SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd), SCMP_SYS(eventfd2),
    SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(listen),
    SCMP_SYS(pause), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(pselect6), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg), SCMP_SYS(recvmsg),
    SCMP_SYS(select), SCMP_SYS(sendmmsg), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
    SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(signalfd), SCMP_SYS(signalfd4),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_settime),
    /* memory and threads */
    SCMP_SYS(brk), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(futex_waitv),
    SCMP_SYS(get_mempolicy), SCMP_SYS(get_robust_list), SCMP_SYS(getcpu), SCMP_SYS(gettid),
    SCMP_SYS(madvise), SCMP_SYS(membarrier), SCMP_SYS(mincore), SCMP_SYS(mlock), SCMP_SYS(mlock2),
    SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(msync), SCMP_SYS(munlock),
    SCMP_SYS(munmap), SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getattr),
    SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list), SCMP_SYS(set_tid_address),
    /* signals, time, and what a process is told about itself and the machine */
    SCMP_SYS(alarm), SCMP_SYS(arch_prctl), SCMP_SYS(capget), SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(getegid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getgroups), SCMP_SYS(getitimer), SCMP_SYS(getpgid),
    SCMP_SYS(getpgrp), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getpriority),
    SCMP_SYS(getrandom), SCMP_SYS(getresgid), SCMP_SYS(getresuid), SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage), SCMP_SYS(getsid), SCMP_SYS(gettimeofday), SCMP_SYS(getuid),
    SCMP_SYS(nanosleep), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(setitimer), SCMP_SYS(setrlimit), SCMP_SYS(sigaltstack),
    SCMP_SYS(sigreturn), SCMP_SYS(sysinfo), SCMP_SYS(time), SCMP_SYS(times), SCMP_SYS(uname),
};

static const int forbidden[] = {
    /* other programs, other processes */
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(kill), SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_open), SCMP_SYS(process_madvise), SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(ptrace), SCMP_SYS(tkill), SCMP_SYS(vfork),
    /* files by another way than their path, other file systems, what cannot be taken back */
    SCMP_SYS(chroot), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fsopen), SCMP_SYS(fspick),
    SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(mount),
    SCMP_SYS(mount_setattr), SCMP_SYS(move_mount), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open_tree), SCMP_SYS(pivot_root), SCMP_SYS(setns), SCMP_SYS(swapoff),
    SCMP_SYS(swapon), SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    /* the kernel itself */
    SCMP_SYS(acct), SCMP_SYS(add_key), SCMP_SYS(adjtimex), SCMP_SYS(bpf), SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime), SCMP_SYS(delete_module), SCMP_SYS(finit_module),
    SCMP_SYS(init_module), SCMP_SYS(kexec_file_load), SCMP_SYS(kexec_load), SCMP_SYS(keyctl),
    SCMP_SYS(perf_event_open), SCMP_SYS(reboot), SCMP_SYS(request_key), SCMP_SYS(setdomainname),
    SCMP_SYS(sethostname), SCMP_SYS(settimeofday), SCMP_SYS(syslog), SCMP_SYS(userfaultfd),
    /* to be somebody else */
    SCMP_SYS(capset), SCMP_SYS(chmod), SCMP_SYS(chown), SCMP_SYS(fchmodat), SCMP_SYS(fchown),
    SCMP_SYS(fchownat), SCMP_SYS(lchown), SCMP_SYS(personality), SCMP_SYS(setfsgid),
    SCMP_SYS(setfsuid), SCMP_SYS(setgid), SCMP_SYS(setgroups), SCMP_SYS(setregid),
    SCMP_SYS(setresgid), SCMP_SYS(setresuid), SCMP_SYS(setreuid), SCMP_SYS(setuid),
};

/* Allowed where an argument (the first is 0), as far as `mask` shows it, is `value`; where there are
 * two such rows of one call, one is enough. */
struct allowed_if {
    int call;
    unsigned argument;
    uint64_t mask;
    uint64_t value;
};

enum {
    PR_SET_VMA_ = 0x53564d41, /* glibc names its mappings; Linux 5.17 */
    ROUTE_NETLINK = 0,        /* NETLINK_ROUTE: which addresses this machine has */
    SOCKET_KIND = 0xf,        /* of socket(2)'s type; above it are flags */
};

static const struct allowed_if allowed_if[] = {
    {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, TIOCGWINSZ},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_NAME},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_VMA_},
    {SCMP_SYS(prlimit64), 0, UINT32_MAX, 0}, /* 0: this process */
    {SCMP_SYS(socket), 0, UINT32_MAX, AF_UNIX},
    {SCMP_SYS(socketpair), 0, UINT32_MAX, AF_UNIX},
};

static int add_internet(scmp_filter_ctx filter, unsigned family, unsigned kind)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                            SCMP_A0_32(SCMP_CMP_EQ, family),
                            SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCKET_KIND, kind));
}

static int add_sockets(scmp_filter_ctx filter)
{
    static const unsigned families[] = {AF_INET, AF_INET6};
    int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                  SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK),
                                  SCMP_A2_32(SCMP_CMP_EQ, ROUTE_NETLINK));
    for (size_t i = 0; i < ARRAY_LEN(families) && result == 0; i++) {
        result = add_internet(filter, families[i], SOCK_STREAM);
        result = result == 0 ? add_internet(filter, families[i], SOCK_DGRAM) : result;
    }
    return result;
}

/* To end itself by abort(3) and raise(3), and no other process. */
static int add_own_signals(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()));
}

static int add_conditions(scmp_filter_ctx filter)
{
    int result = 0;
    for (size_t i = 0; i < ARRAY_LEN(allowed_if) && result == 0; i++) {
        const struct allowed_if *row = &allowed_if[i];
        result = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, row->call, 1,
            SCMP_CMP(row->argument, SCMP_CMP_MASKED_EQ, row->mask, row->value));
    }
    if (result == 0) { /* fork(2), as the C library makes it */
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    }
    result = result == 0 ? add_sockets(filter) : result;
    return result == 0 ? add_own_signals(filter) : result;
}

/* -EDOM: this architecture has no such call. */
static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = seccomp_rule_add(filter, action, calls[i], 0);
        result = result == -EDOM ? 0 : result;
    }
    return result;
}

/* Refusals go to the audit log. What the processor might guess ahead is left as it is (SSB): on kernels
 * before 5.16 a filter would else slow everything down. A tree finds a call in few steps. Kernels and
 * libraries that do not know one of these do without. */
static void set_attributes(scmp_filter_ctx filter)
{
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

int syscall_filter_enter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL) {
        return -ENOSYS;
    }
    seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* errors are the kernel's own */
    set_attributes(filter);
    int result = add_all(filter, SCMP_ACT_ALLOW, allowed, ARRAY_LEN(allowed));
    result = result == 0 ? add_all(filter, SCMP_ACT_ERRNO(EPERM), forbidden, ARRAY_LEN(forbidden))
                         : result;
    result = result == 0 ? add_conditions(filter) : result;
    result = result == 0 ? seccomp_load(filter) : result;
    seccomp_release(filter);
    return result;
}
