/* SPDX-License-Identifier: Apache-2.0 */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Whatever the kernel can rule is ruled, so that a right that nobody thought of here is not given. What
 * later versions added has no name in the headers of Linux 6.1, against which this is built. glibc has
 * no functions for the calls.
 */

enum {
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    SOCKETS = LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
    TRUNCATE = 1 << 14, /* version 3 */
    WRITE = READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | TRUNCATE,
    OF_A_FILE = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE,
};

/* The first `version` of these, each with all before it: execute to make symlinks; rename or link to
 * another directory; truncate; (4 rules TCP); ioctl of devices. */
static const uint64_t ruled_by_version[] = {0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};

enum { VERSIONS = sizeof(ruled_by_version) / sizeof(*ruled_by_version) };

/* Version 6: processes outside get no signals and no connections to sockets without a file. */
enum { SCOPES_VERSION = 6, SCOPES = 3 };

/* As the kernel has it from version 6 on; an older one takes the beginning of it. */
struct attributes {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static uint64_t ruled(void)
{
    int version = landlock_version();
    return ruled_by_version[version < VERSIONS ? version : VERSIONS - 1];
}

int landlock_open(void)
{
    struct attributes attributes = {.files = ruled()};
    bool has_scopes = landlock_version() >= SCOPES_VERSION;
    attributes.scopes = has_scopes ? SCOPES : 0;
    long fd = syscall(SYS_landlock_create_ruleset, &attributes,
                      has_scopes ? sizeof(attributes) : sizeof(attributes.files), 0);
    return fd < 0 ? -errno : (int)fd;
}

static uint64_t translate(unsigned rights)
{
    return ((rights & LANDLOCK_READ) != 0 ? READ : 0u) |
           ((rights & LANDLOCK_WRITE) != 0 ? WRITE : 0u) |
           ((rights & LANDLOCK_SOCKETS) != 0 ? SOCKETS : 0u);
}

int landlock_allow(int rules, const char *path, unsigned rights)
{
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int result = fstat(fd, &status) < 0 ? -errno : 0;
    if (result == 0) {
        struct landlock_path_beneath_attr rule = {.parent_fd = fd};
        rule.allowed_access = translate(rights) & ruled();
        rule.allowed_access &= S_ISDIR(status.st_mode) ? UINT64_MAX : OF_A_FILE;
        long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        result = added < 0 ? -errno : 0;
    }
    close(fd);
    return result;
}

int landlock_enter(int rules)
{
    int result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
    if (result == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0) {
        result = -errno;
    }
    close(rules);
    return result;
}

bool landlock_hides(const char *path, int error)
{
    return error == EACCES && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}
