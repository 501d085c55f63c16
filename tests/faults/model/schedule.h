/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_SCHEDULE_H
#define CLEW_TESTS_SCHEDULE_H

/*
 * What happens to clew and its logs, as a list: drawn from a seed, or read from a text.
 *
 * The text is what is printed when something was found, so it can be played again as it is: one line
 * a thing, `#` begins a remark.
 *
 *     world seed=7 births=1 …           the machine and clew's settings, all of them optional
 *     stream 0 scheme=behind keep=3 …   one line for each log
 *     3120.250 write 0 5 12 800         at so many milliseconds: what, and its numbers
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/buf.h"

enum { STREAMS_MAX = 3, STEPS_MAX = 256, STEP_NUMBERS = 4 };

/* How the names of rotated files are made. */
enum scheme {
    SCHEME_BEHIND,  /* app.log.1 is the newest */
    SCHEME_WITHIN,  /* app.1.log is */
    SCHEME_UP,      /* app.log.7 is newer than app.log.6 */
    SCHEME_DATE,    /* app.log-20260302100000 */
    SCHEME_KUBELET, /* 0.log.20260302-100000 */
    SCHEME_HOUR,    /* app.2026-03-02_10.7.log: the hour, here of seconds, and a count in it */
    SCHEME_MOVED,   /* moved/app7.log: a log of its own from then on */
    SCHEMES,
};

enum packing {
    PACKING_NONE,
    PACKING_AT_ONCE, /* with the rotation */
    PACKING_DELAYED, /* … of the next one */
    PACKING_LATER,   /* by the step `pack` only */
    PACKINGS,
};

enum format {
    FORMAT_PLAIN,
    FORMAT_GZ,
    FORMAT_ZST,
    FORMAT_XZ,
    FORMAT_BZ2,
    FORMATS,
};

struct stream_setup {
    uint64_t scheme;
    uint64_t copies;     /* copytruncate */
    uint64_t packing;
    uint64_t format;
    uint64_t keeps_time; /* the packed file has the time of the plain one */
    uint64_t via_tmp;    /* it is made under another name */
    uint64_t keep;       /* so many rotated files */
    uint64_t reopen_us;  /* the writer goes on in the renamed file for so long */
    uint64_t links;      /* rotated by a second name (link(2), savelog), not by rename */
    uint64_t banner;     /* each file begins with the same so many bytes … */
    uint64_t apart;      /* … which are a line of their own */
    uint64_t early;      /* what is compressed loses its name before that is done */
};

struct world_setup {
    uint64_t seed;       /* of what is too small to be a step: durations of calls, gaps */
    uint64_t births;     /* the file system tells times of birth */
    uint64_t reuse;      /* … and gives numbers of inodes out again */
    uint64_t tick_ms;    /* of its clock */
    uint64_t inotify;
    uint64_t scan_ms;
    uint64_t watched_ms;
    uint64_t open_max;   /* open_files_max */
    uint64_t read_bytes;
    uint64_t room;       /* lines that the backend and what is before it hold */
    uint64_t ack_ms;     /* until a line is acknowledged */
    uint64_t commit_ms;
    uint64_t streams;
    uint64_t late;       /* the first life begins with the first `start`, when there are files already */
};

enum what {
    STEP_WRITE,    /* stream, lines, tokens a line, microseconds between */
    STEP_PART,     /* stream, tokens of a line that the next write ends */
    STEP_ROTATE,   /* stream */
    STEP_PACK,     /* stream: the oldest that is not packed */
    STEP_DROP,     /* stream: the oldest is deleted */
    STEP_COPY_UP,  /* stream: the live file is copied to the upper layer of its file system */
    STEP_RESTART,  /* stream: the container begins its next file */
    STEP_SHRED,    /* stream: the oldest is written over with noise, and deleted later */
    STEP_DENY,     /* stream, 0: the live file may not be opened, 1: the newest that is rotated */
    STEP_ALLOW,    /* stream: all of its files may be */
    STEP_CUT,      /* stream: the live file is emptied, and nobody has a copy */
    STEP_STOP,
    STEP_KILL,
    STEP_START,
    STEP_RELOAD,
    STEP_BLOCK,    /* the backend answers nothing … */
    STEP_LATE,     /* … or late … */
    STEP_GO_ON,    /* … or at once again */
    STEP_HOLD,     /* stream: its lines are not wanted … */
    STEP_WANT,     /* … or are again */
    STEP_OVERFLOW, /* inotify loses events */
    STEP_PAUSE,    /* number, milliseconds, 1: open: the call of that number from now on takes so long */
    STEPS,
};

struct step {
    uint64_t at_us;
    uint64_t what;
    uint64_t numbers[STEP_NUMBERS];
};

struct schedule {
    struct world_setup world;
    struct stream_setup streams[STREAMS_MAX];
    struct step steps[STEPS_MAX];
    size_t count;
};

void schedule_draw(struct schedule *schedule, uint64_t seed);
/* In the order of time; not into one that is full. */
void schedule_insert(struct schedule *schedule, const struct step *step);
void schedule_print(const struct schedule *schedule, FILE *out);

/* False: *out_line is the number of the line that says nothing. */
bool schedule_read(struct schedule *schedule, FILE *in, unsigned *out_line);

#endif
