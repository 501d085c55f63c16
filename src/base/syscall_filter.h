/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_SYSCALL_FILTER_H
#define CLEW_BASE_SYSCALL_FILTER_H

/*
 * A filter of system calls (seccomp): what a log shipper has no use for is refused, for good.
 *
 *     what                                                  result
 *     files, sockets of unix, IP and route netlink,         as ever
 *     memory, threads, time, waiting
 *     what only an intruder would call: execve, ptrace,     EPERM
 *     open_by_handle_at, mount, bpf, …
 *     everything else, also calls newer than the filter     ENOSYS
 *
 * ENOSYS is what an older kernel answers, for which libraries have another way; EPERM they take for the
 * end. Nothing is killed: a call that was forgotten here must not cost a line, and a loop of restarts
 * would. Each refusal is in the kernel's audit log (type 1326), if that is on.
 */

/* For this thread and those it will make. 0; -ENOSYS, -EINVAL: the kernel, or this build, has no such
 * thing; another -errno: it could not be done. Sets no_new_privs. */
int syscall_filter_enter(void);

#endif
