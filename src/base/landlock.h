/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_LANDLOCK_H
#define CLEW_BASE_LANDLOCK_H

/*
 * Landlock (Linux 5.13): a process gives up every file but those it names, for good.
 *
 *     landlock_open()    a set of rules, empty
 *     landlock_allow()   … for each path that stays
 *     landlock_enter()   from now on, for this thread and those that it will make
 *
 * A rule belongs to the directory or file that the path leads to now, not to its name: everything below
 * such a directory may be opened, whatever comes and goes there, but what is put or mounted in place of
 * the directory itself may not. Only opening, making and removing is ruled: stat(2), readlink(2),
 * access(2) and inotify still see everything. Descriptors that are open stay as they are.
 */

#include <stdbool.h>

enum landlock_right {
    LANDLOCK_READ = 1,    /* files and directories */
    LANDLOCK_WRITE = 2,   /* … and make, fill, rename and remove them */
    LANDLOCK_SOCKETS = 4, /* make and remove sockets */
};

/* The version of the kernel's interface, 1 or more; 0: there is none, or it was switched off at boot
 * or by whoever started us. */
int landlock_version(void);

/* A descriptor, or -errno. The caller gives it to landlock_enter(), or closes it. */
int landlock_open(void);

/* `rights` are of enum landlock_right. 0 or -errno: the path does not exist, as a rule. */
int landlock_allow(int rules, const char *path, unsigned rights);

/* Closes `rules` in any case. 0 or -errno. Sets no_new_privs. */
int landlock_enter(int rules);

/* Opening `path` was refused to a process that has entered: is it for that? Then this user may read it
 * by the file's owner and mode, which access(2) judges by and Landlock does not touch. */
bool landlock_hides(const char *path, int error);

#endif
