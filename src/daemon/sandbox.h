/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DAEMON_SANDBOX_H
#define CLEW_DAEMON_SANDBOX_H

/*
 * The walls that `clew run` puts around itself once it has read its config: docs/security.md.
 *
 *     sandbox_new()     which paths these settings need, on this machine as it is now
 *     sandbox_enter()   … and nothing else from now on, nor calls that a log shipper has no use for
 *     sandbox_check()   what was put in place of such a path since is out of reach: it is said
 *
 * It holds for the process until its end. A config that is read again has to do within.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/log.h"
#include "record/counters.h"
#include "record/settings.h"

struct sandbox;

/* `config_file` may be NULL. Nothing is changed, neither on disk nor in the process. */
struct sandbox *sandbox_new(const struct settings *settings, const char *config_file);
void sandbox_free(struct sandbox *sandbox); /* NULL is fine; what was entered stays */

/*
 * Before there are other threads. Makes the directories that it is to write to, where they are missing.
 * What this kernel cannot do is said in the log and left out.
 */
void sandbox_enter(struct sandbox *sandbox, const struct log *log);

/* Files are out of reach since sandbox_enter(). NULL: they are not. */
bool sandbox_hides_files(const struct sandbox *sandbox);

/*
 * The first path that `next` needs and that was not allowed at the start, as its config names it; the
 * caller frees it. NULL: there is none.
 */
char *sandbox_find_outside(const struct sandbox *sandbox, const struct settings *next,
                           const char *config_file);

/* To be called now and then: what is allowed by its path and was replaced since is told once, and
 * counted. Not what inputs read: they tell themselves. NULL is fine. */
void sandbox_check(struct sandbox *sandbox, const struct log *log, struct counters *counters);

/* One path that may be opened, and everything below it. */
struct sandbox_path {
    char *path;      /* free of links; or not there yet */
    char *asked;     /* as the config has it */
    unsigned rights; /* of base/landlock.h */
    bool is_system;  /* what the C library, libcurl and OpenSSL read */
    bool is_input;   /* logs */
    bool was_there;  /* when it was entered, as … */
    bool is_hidden;  /* … something else is there now, which was told */
    uint64_t device;
    uint64_t inode;
};

size_t sandbox_count(const struct sandbox *sandbox);
const struct sandbox_path *sandbox_get(const struct sandbox *sandbox, size_t index);

#endif
