/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_TESTS_LEDGER_H
#define CLEW_TESTS_LEDGER_H

/*
 * The oracle: for each line when it lay where, and what became of it. It is told by those who write
 * and move the files, and by the backend; it asks clew nothing, and shares no code with it.
 *
 * A line is a number of tokens, and each token names its log, its line and its place in that, so any
 * piece of a line tells what it is a piece of.
 *
 * What must be so (docs/reliability.md, "The model"):
 *
 *     invented    every byte that arrives is one that was written
 *     overtaken   within one run of clew a stream's tokens arrive in the order of writing
 *     doubled     what was acknowledged before a start comes no second time: after a kill, what was saved
 *     left        what lies readable at the end, and clew had the time, has arrived
 *     missed      what lay readable for the documented time while nothing held clew up has arrived
 *     silent      what lay readable for that time, but was gone before clew could read it, is counted
 *     alarm       not more is counted as lost than has not arrived, and nothing that lies readable then;
 *                 and no loss of 0 bytes is told
 *                 what is counted when the checkpoint is saved is not counted again
 *     unsaid      a loss that is counted is told in clew's log
 *     books       what clew counts is what it did
 */

#include "base/slice.h"
#include "disk.h"
#include "schedule.h"

enum { TOKEN_BYTES = 10, LINES_MAX = 2000, TOKENS_MAX = 400, LIVES_MAX = STEPS_MAX };

struct token {
    uint16_t delivered_life; /* the last one in which it arrived; 0: it has not */
    uint16_t saved_life;     /* in which its acknowledgement was saved; 0: it was not */
    uint16_t acked_life;      /* in which it was acknowledged; 0: it was not */
};

struct written_line {
    uint64_t written_ns; /* its newline was; 0: it has none yet */
    uint64_t hard_ns;    /* has arrived if nothing holds clew up until then; 0: need not */
    const struct node *file; /* that it began in, … */
    uint64_t since_ns;   /* … when that held nothing older */
    uint32_t tokens;
    uint32_t banner;     /* bytes of what its files begin with */
    bool is_due;         /* has arrived, or its loss is counted */
    bool is_held_back;   /* it went while its stream waited for what may not be read: clew has it open */
    bool was_packed;     /* when it lay somewhere for the last time */
    bool may_be_late; /* clew could not see it where it was before it was cut: it comes from the copy */
    bool may_double;  /* too little of its file had been read to know the copy: that is read whole */
    bool may_be_counted; /* it may come from another log, though this one has lost it */
    bool is_old;      /* it was rotated before the first life: nobody asks for it */
    bool may_lack_newline; /* it was given before that came */
    struct token *each;
};

struct stream_ledger {
    struct written_line *lines;
    unsigned count;           /* the last one may not be whole */
    unsigned last_line;       /* the last token taken in this run … */
    unsigned last_token;
    bool has_taken;
    bool is_promised;         /* a checkpoint was saved after clew had found it */
    bool was_emptied;         /* a file was cut of which there is no copy */
    uint64_t noise_bytes;     /* written over what is deleted: they may be missed, too */
    uint64_t calm_since_ns;   /* nothing has held clew up since */
    uint64_t counted[LIVES_MAX]; /* bytes that clew counted as lost, by its lives */
    uint64_t counted_saved[LIVES_MAX]; /* … and had when its checkpoint was saved last */
};

struct ledger {
    struct disk *disk;
    const struct schedule *schedule;
    struct stream_ledger streams[STREAMS_MAX];
    uint64_t up_since_ns;     /* 0: clew is down */
    uint64_t stopped_ns;      /* it looks at nothing any more, though it is up; 0: it does */
    uint16_t life;            /* its number, from 1 */
    bool is_blocked;          /* the backend answers nothing */
    bool has_lost_files;      /* clew has counted some, of unknown size */
    bool may_be_noise;        /* a file was written over that had not been read */
    const char *invariant;    /* the first that did not hold; NULL: all did */
    char why[400];
};

struct ledger *ledger_new(struct disk *disk, const struct schedule *schedule);
void ledger_free(struct ledger *ledger);

/* Say what is wrong; the first one stays. */
void ledger_blame(struct ledger *ledger, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- from those who write ---- */

/* Append what each file of the stream begins with, if anything: part of the line that comes next. */
void ledger_write_banner(struct ledger *ledger, int stream, struct buf *out);

/* Append the next tokens of the stream's line to `out`; a new line begins if the last one is whole. */
void ledger_write_tokens(struct ledger *ledger, int stream, uint64_t tokens,
                         const struct node *file, struct buf *out);
void ledger_end_line(struct ledger *ledger, int stream, struct node *file); /* its newline is there */

/* The file has a name of the log, or has none any more, or all that was in it is gone. */
void ledger_show(struct ledger *ledger, struct node *file, int stream);
void ledger_hide(struct ledger *ledger, struct node *file);
void ledger_cut(struct ledger *ledger, struct node *file);
void ledger_empty(struct ledger *ledger, struct node *file); /* the same, and nobody has a copy */
void ledger_moved(struct ledger *ledger, struct node *file); /* it is a log of its own now */
void ledger_shred(struct ledger *ledger, struct node *file, bool is_written); /* … by others, still */
void ledger_deny(struct ledger *ledger, struct node *file);  /* clew may not read it … */
void ledger_allow(struct ledger *ledger, struct node *file); /* … or may again */
void ledger_copied(struct ledger *ledger, const struct node *from, struct node *to);

/* ---- from clew and its backend ---- */

/* Bytes of one line, or of a piece of it. */
struct piece {
    int stream;       /* -1: of none */
    unsigned line;
    unsigned first;   /* tokens */
    unsigned end;
};

void ledger_stopped(struct ledger *ledger); /* it waits for answers only */
void ledger_came_up(struct ledger *ledger);
void ledger_went_down(struct ledger *ledger, bool is_killed);
void ledger_disturb(struct ledger *ledger, int stream); /* clew cannot read it now; -1: nor any */
void ledger_block(struct ledger *ledger, bool is_blocked);

/* What clew hands over; blames whatever is not what it should be. */
struct piece ledger_take(struct ledger *ledger, struct slice text, bool is_unterminated);
void ledger_deliver(struct ledger *ledger, const struct piece *piece);
/* It arrives, and clew ends before it knows: it may count that as lost, if nobody can read it again. */
void ledger_deliver_unanswered(struct ledger *ledger, const struct piece *piece);
void ledger_ack(struct ledger *ledger, const struct piece *piece);
void ledger_save(struct ledger *ledger); /* what is acknowledged is on the disk now */

/* Clew counts, by now, so many bytes of the stream as lost in this life. */
void ledger_count(struct ledger *ledger, int stream, uint64_t bytes);

/* At the end of everything. */
void ledger_judge(struct ledger *ledger);

#endif
