# SPDX-License-Identifier: Apache-2.0
"""Which errors each system call may end with: the ERRORS sections of section 2 of the manual.

Left out are those that only a programming mistake brings (EBADF, EFAULT, EINVAL, ENOTSOCK) or that the
kernel cannot give for the call as clew makes it (EISDIR of a read from a regular file).
"""

DISK = ["EIO", "ENOSPC", "EDQUOT", "EROFS"]
NO_ROOM = ["EMFILE", "ENFILE", "ENOMEM"]

ERRORS = {
    # files
    "openat": ["EACCES", "ENOENT", "EINTR", "ELOOP", *NO_ROOM, *DISK],
    "openat2": ["EACCES", "ENOENT", "EINTR", "ELOOP", "EXDEV", "EAGAIN", *NO_ROOM],
    "read": ["EINTR", "EIO", "EAGAIN"],
    "readv": ["EINTR", "EIO", "EAGAIN"],
    "pread64": ["EINTR", "EIO", "ENXIO"],
    "write": ["EINTR", "EAGAIN", "EFBIG", "EIO", "ENOSPC", "EDQUOT"],
    "writev": ["EINTR", "EAGAIN", "EFBIG", "EIO", "ENOSPC", "EDQUOT"],
    "pwrite64": ["EINTR", "EFBIG", "EIO", "ENOSPC", "EDQUOT"],
    "close": ["EINTR", "EIO", "ENOSPC", "EDQUOT"],
    "fsync": ["EINTR", *DISK],
    "fdatasync": ["EINTR", *DISK],
    "ftruncate": ["EINTR", "EIO", "EFBIG", "EPERM"],
    "lseek": ["ENXIO", "EOVERFLOW"],
    "rename": ["EACCES", "EBUSY", "ENOENT", "ENOMEM", *DISK],
    "renameat2": ["EACCES", "EBUSY", "ENOENT", "ENOMEM", *DISK],
    "unlink": ["EACCES", "EBUSY", "EIO", "EROFS", "ENOMEM"],
    "unlinkat": ["EACCES", "EBUSY", "EIO", "EROFS", "ENOMEM"],
    "mkdir": ["EACCES", "EEXIST", "ENOENT", "ENOMEM", "ENOSPC", "EROFS", "EDQUOT"],
    "rmdir": ["EACCES", "EBUSY", "ENOTEMPTY"],
    "readlink": ["EACCES", "ENOENT", "EIO", "ENOMEM", "ELOOP"],
    "newfstatat": ["EACCES", "ENOENT", "ENOMEM", "ELOOP", "EOVERFLOW"],
    "statx": ["EACCES", "ENOENT", "ENOMEM", "ELOOP"],
    "statfs": ["EACCES", "ENOENT", "EINTR", "EIO", "ENOMEM", "ENOSYS"],
    "fstatfs": ["EINTR", "EIO", "ENOMEM", "ENOSYS"],
    "access": ["EACCES", "ENOENT", "EROFS", "EIO", "ENOMEM"],
    "faccessat2": ["EACCES", "ENOENT", "EROFS", "EIO", "ENOMEM"],
    "getdents64": ["ENOENT", "EIO"],
    "flock": ["EINTR", "ENOLCK", "EWOULDBLOCK"],
    "fcntl": ["EAGAIN", "EINTR", "ENOLCK", "EMFILE"],
    "ioctl": ["ENOTTY", "EIO"],
    "fallocate": ["EINTR", "EFBIG", "EIO", "ENOSPC", "EOPNOTSUPP"],
    "fadvise64": ["ESPIPE"],
    "chmod": ["EACCES", "EROFS", "EIO"],
    "fchmod": ["EROFS", "EIO"],
    "fstat": ["ENOMEM", "EOVERFLOW"],
    "getcwd": ["EACCES", "ENOENT", "ENOMEM"],
    "mmap": ["EAGAIN", "EACCES", "ENFILE", "ENODEV"],
    # waiting
    "epoll_create1": NO_ROOM,
    "epoll_ctl": ["ENOMEM", "ENOSPC"],
    "epoll_wait": ["EINTR"],
    "epoll_pwait": ["EINTR"],
    "poll": ["EINTR", "ENOMEM"],
    "ppoll": ["EINTR", "ENOMEM"],
    "eventfd2": NO_ROOM,
    "pipe2": ["EMFILE", "ENFILE"],
    "timerfd_create": NO_ROOM,
    "signalfd4": NO_ROOM,
    "inotify_init1": NO_ROOM,
    "inotify_add_watch": ["EACCES", "ENOENT", "ENOMEM", "ENOSPC"],
    "inotify_rm_watch": ["EINVAL"],
    # the sandbox
    "landlock_create_ruleset": ["EOPNOTSUPP", "ENOMSG"],
    "landlock_add_rule": ["EOPNOTSUPP", "ENOMSG", "EPERM"],
    "landlock_restrict_self": ["EOPNOTSUPP", "EPERM", "E2BIG"],
    # sockets
    "socket": ["EACCES", "EAFNOSUPPORT", "ENOBUFS", *NO_ROOM],
    "socketpair": ["EAFNOSUPPORT", *NO_ROOM],
    "bind": ["EACCES", "EADDRINUSE", "EADDRNOTAVAIL"],
    "listen": ["EADDRINUSE"],
    "accept": ["EAGAIN", "ECONNABORTED", "EINTR", "EPROTO", "EPERM", "ENOBUFS", *NO_ROOM],
    "accept4": ["EAGAIN", "ECONNABORTED", "EINTR", "EPROTO", "EPERM", "ENOBUFS", *NO_ROOM],
    "connect": ["EACCES", "EPERM", "EADDRINUSE", "EADDRNOTAVAIL", "EAGAIN", "ECONNREFUSED", "EINTR",
                "ENETUNREACH", "ETIMEDOUT"],
    "sendto": ["EAGAIN", "ECONNRESET", "EINTR", "ENOBUFS", "ENOMEM", "EPIPE"],
    "sendmsg": ["EAGAIN", "ECONNRESET", "EINTR", "ENOBUFS", "ENOMEM", "EPIPE"],
    "sendmmsg": ["EAGAIN", "EINTR", "ENOBUFS", "ENOMEM"],
    "recvfrom": ["EAGAIN", "ECONNREFUSED", "ECONNRESET", "EINTR", "ENOMEM"],
    "recvmsg": ["EAGAIN", "ECONNREFUSED", "ECONNRESET", "EINTR", "ENOMEM"],
    "shutdown": ["ENOTCONN"],
    "setsockopt": ["ENOPROTOOPT", "ENOMEM"],
    "getsockopt": ["ENOPROTOOPT"],
    "getsockname": ["ENOBUFS"],
    "getpeername": ["ENOBUFS", "ENOTCONN"],
}

# Not refused to anybody who runs: the program itself is started by it.
NEVER = {"execve"}
