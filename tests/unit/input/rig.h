/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_RIG_H
#define CLEW_TESTS_RIG_H

/*
 * The real input on real files: a directory of its own, a real event loop, a real checkpoint store,
 * and a sink that writes down what it is given and checks that each stream comes in order.
 *
 * Nothing sleeps for luck: rig_run_*() turn the loop until what is waited for has happened, and fail
 * the test if it has not within ten seconds.
 */

#include "driver.h"

#include "base/log.h"
#include "checkpoints/checkpoint.h"
#include "input/tail/input.h"
#include "record/counters.h"
#include "record/settings.h"

struct rig_line {
    char *text;
    char *path; /* of its source */
    size_t len;
    struct position begin;
    struct position end;
    uint64_t hash;
    bool is_piece;
    bool is_cut;
    bool is_unterminated;
};

struct rig {
    char root[64];
    char *include[4];
    char *exclude[4];
    struct input_settings settings;
    struct settings config; /* its data_dir is the rig's state */
    struct ev_loop *loop;
    struct log log;
    struct counters counters;
    struct checkpoint_store *store;
    struct line_sink sink;
    const struct world *world; /* NULL: the system */
    struct input *input;
    struct rig_line *lines;
    size_t count;
    size_t room;     /* lines the sink takes before it refuses */
    size_t refusals;
    const char *held; /* lines of paths with this in them are held; NULL: none */
    size_t holds;
    const char *full; /* likewise: there is no room for them */
    size_t fulls;
    size_t idles;
    size_t gones;
    size_t acked_max; /* lines acknowledged to the checkpoints */
};

int rig_set_up(void **state);
int rig_tear_down(void **state);

/* `include` below the rig's root. */
void rig_open(struct rig *rig, const char *include);
void rig_reload(struct rig *rig, const struct input_settings *settings); /* as SIGHUP, with these */
void rig_close(struct rig *rig);                      /* as a shutdown: commits */
void rig_kill(struct rig *rig);                       /* as kill -9: nothing since the last commit */
void rig_forget_lines(struct rig *rig);

void rig_run_until(struct rig *rig, size_t lines);    /* exactly so many are there at the end */
void rig_run_to_end(struct rig *rig);
void rig_run_ms(struct rig *rig, unsigned ms);        /* to see that nothing happens */

/* Files below the root; directories are made. */
char *rig_path(const struct rig *rig, const char *name);
void rig_write(struct rig *rig, const char *name, const char *text);  /* truncates, or makes */
void rig_append(struct rig *rig, const char *name, const char *text);
void rig_append_numbers(struct rig *rig, const char *name, int from, int to); /* "line 17\n" … */
void rig_rename(struct rig *rig, const char *from, const char *to);
void rig_remove(struct rig *rig, const char *name);
void rig_link(struct rig *rig, const char *target, const char *name); /* a symlink */

/* All lines are "line <from>" to "line <to>", in order, once each. */
void rig_assert_numbers(const struct rig *rig, int from, int to);
void rig_assert_line(const struct rig *rig, size_t index, const char *text);

#endif
