/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_TAIL_H
#define CLEW_INPUT_TAIL_TAIL_H

/*
 * The inside of the file input: streams, their generations, and who does what with them.
 *
 *     discover.c   which files there are            input.c       what when, fairness, back-pressure
 *     tail.c       a stream's list of generations   reader.c      bytes to lines
 *     resume.c     where a stream begins            generation.c  one file: opening, identity
 *     copy.c       which files are copies           packed.c      which are compressed
 *     gone.c       what is lost, and said           left.c        what was read, and is gone
 *     moved.c      what came from another stream    inherit.c     from one input to another
 *     backlog.c    how far it is behind
 *     pinned.c     deleted, and held open       loss_news.c   what is lost, once a minute
 *     unread.c     what the next start finds    shell.c       all this in an event loop
 *
 * A stream's generations are one list, oldest first. The first that is GENERATION_WAITING is the
 * current one; only it is read, so lines come in the order of writing.
 *
 *     state     meaning                                  left by
 *     waiting   to be read, or being read                its end was reached and stayed --> done
 *     done      read to its end                          it grows --> waiting; its name goes --> dropped
 *     copy      the same bytes as another generation     the original is cut --> waiting in its place
 *     unclear   too young to tell whether it is a copy   --> waiting, copy or ignored
 *     ignored   nobody asked for it                      its name goes --> dropped
 *
 * A file that is compressed is a generation like others. It begins as unclear if it is found while the
 * stream is read: what it unpacks to tells whose bytes it has, and where they are to be read on.
 *
 * Numbers (struct position) are given when a generation becomes the current one, so they count up in
 * the order of reading whatever is found late. One that is interrupted, because an older one was
 * found or has grown, gets a new number when it is current again.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/list.h"
#include "base/map.h"
#include "input/tail/discover.h"
#include "input/tail/encoding.h"
#include "input/tail/gzip_reader.h"
#include "input/tail/input.h"
#include "input/tail/pace.h"

enum {
    /* In front of the offset, compared at every read: tells a file written anew. Enough to hold the
     * time or number of a line, for the ends of lines are often all the same. */
    GUARD_BYTES = 256,
    COPY_PROOF_BYTES = 16, /* fewer equal first bytes prove no copy */
};

#define SIZE_UNKNOWN UINT64_MAX

enum generation_state {
    GENERATION_WAITING,
    GENERATION_DONE,
    GENERATION_COPY,
    GENERATION_UNCLEAR,
    GENERATION_IGNORED,
};

/* Why a generation is no longer needed: it leaves through generation_drop() alone. */
enum drop_reason {
    DROP_READ,     /* its end was read */
    DROP_UNWANTED, /* nobody asked for it */
    DROP_COPIED,   /* another generation has its bytes, and how far they were read */
    DROP_LOST,     /* not all of it was read: that was counted, and said */
    DROP_LIMIT,    /* likewise, though it could be read: deleted files hold the disk beyond a limit */
    DROP_CLOSED,   /* the stream is closed: the checkpoint has how far it was read */
};

/* What was acknowledged of a file before it came into its stream. */
struct moved {
    struct checkpoint *from; /* of the stream that it was in, held; NULL: nothing is to come from there */
    uint64_t offset;         /* up to here it was read there … */
    uint64_t acked;          /* … and acknowledged */
    uint64_t number;         /* there */
    uint64_t promised;       /* here, as it began; 0: another generation was promised */
};

/* One file of a stream. */
struct generation {
    struct list link;      /* in tail->generations */
    struct list open_link; /* in input->open, least recently read first, while fd >= 0 */
    struct list pinned_link; /* in input->pinned, oldest first, while it is deleted and open */
    struct tail *tail;
    struct source *source; /* the tail's */
    struct generation *original; /* of a copy */
    struct gzip_reader *gzip; /* NULL: the file is read as it lies */
    char *name;            /* in tail->directory */
    struct moved moved;
    struct file_id id;
    uint64_t number;       /* struct position's generation; 0 until it is current */
    uint64_t offset;       /* of the next line */
    uint64_t size;         /* as last seen; SIZE_UNKNOWN: compressed, or cut, and its end not reached */
    uint64_t size_known;   /* … when it last held, for certain, the bytes that are known of it: what is
                            * seen later may be the size of what was written to it anew */
    struct guard seen;     /* in front of what was seen of it while nothing was read: files that begin with
                            * one banner are told apart by that; len 0: its beginning is all */
    uint64_t size_hint;    /* of one that is compressed: what it unpacks to, as its end tells; or 0 */
    uint64_t size_before;  /* … and how much was in it before it was compressed, as far as is known */
    uint64_t modified_ns;
    uint64_t hash;         /* struct line's file_hash */
    uint64_t guard;        /* hash of guard_len bytes in front of offset */
    uint64_t refused_since_ns; /* monotonic: newer ones wait for it, but it cannot be read; 0: it can */
    uint64_t pinned_since_ns; /* monotonic: found deleted, or read to its end since; 0: it is not deleted */
    uint64_t pinned_bytes; /* its size then; what the disk holds because it is open */
    uint64_t unread_since_ns; /* monotonic: what is unread was found then, or later; 0: all is read */
    uint64_t unread_mark;  /* how far it reached … */
    uint64_t unread_mark_ns; /* … then, monotonic */
    uint64_t searched;     /* bytes behind offset known to hold no newline, if they are many */
    int fd;
    enum generation_state state;
    enum text_form form;
    uint16_t guard_len;
    uint32_t unseen;       /* looks in a row that did not find its name */
    uint32_t cut_looks;    /* looks since is_rewritten that found no copy of what it held */
    bool is_seen;          /* by the look that goes on */
    bool is_grown;         /* inotify has told so, and it is not read now: how far is looked at */
    bool is_live;          /* has the name that the application writes to */
    bool is_hash_final;    /* the first line has been seen as far as `hash` goes */
    bool is_mid_line;      /* the byte before offset is no newline */
    bool is_skipping;      /* the rest of a truncated line */
    bool is_blank;         /* nothing but zeroes was in it so far */
    bool is_rewritten;     /* shrank, or other bytes in front of offset: begins anew */
    bool has_complained;
    bool is_gzip;          /* read through `gzip` when open */
    bool is_packed;        /* what it was compressed to has been found */
    bool is_loss_counted;  /* what was not read of it */
};

struct left_file;

struct tail_source {
    uint64_t restart;
    struct source *source;
};

/* One stream. */
struct tail {
    struct stream stream; /* what the sink sees */
    struct input *input;
    const char *key;       /* the checkpoint's */
    const char *directory; /* `own_directory`, or the key where that is the same */
    char *own_directory;
    char *lot; /* by which it was allotted; NULL: there is one worker */
    char *shown;
    struct list generations;
    struct list ready;   /* in input->ready while there may be something to read */
    struct list waiting; /* in input->waiting until deadline_ns */
    struct list active;  /* in input->active while the sink may hold a partial line */
    struct list grown;     /* in input->grown: something was written to a file that is not read now */
    struct list inherited; /* in the family's list until a scan finds it: it is not read */
    struct tail_source *sources; /* newest last */
    uint32_t source_count;
    uint64_t last_number;
    uint64_t deadline_ns;   /* monotonic, as the three below */
    uint64_t end_since_ns;  /* since when the end of the current one has been at … */
    uint64_t end_size;      /* … this size */
    uint64_t last_line_ns;
    uint64_t held_until_ns; /* the sink is not asked again before; 0: it holds nothing */
    uint64_t opened_ns;     /* real time */
    uint64_t scan;          /* number of the last full scan that found it */
    struct paced *paced;    /* its pod; NULL: not read yet, or there is no limit */
    struct left_file *left; /* newest first; NULL: there was none yet */
    uint32_t left_count;
    uint32_t begin_tries;
    uint32_t promise_looks; /* looks that found records of it on their way, from before it was opened */
    const char *foreign;  /* the last file seen that is compressed as clew does not read it: .EXTENSION */
    bool is_kubelet;
    bool is_refused; /* another input reads it */
    bool is_begun;   /* where it is to be read is decided */
    bool has_stale_name; /* a generation's name was found to lead elsewhere than when it was listed */
    bool is_closing;
};

/* What is due when (monotonic); UINT64_MAX: not at all. */
struct input_plan {
    uint64_t scan_ns;
    uint64_t look_ns;
    uint64_t work_ns;
    uint64_t tick_ns;
    uint64_t pinned_ns; /* deleted files and their limits */
    uint64_t news_ns;   /* what else was lost in the minute */
    unsigned ticks;
};

/* What is said of losses in the same way, and summed up together. */
enum loss_kind {
    LOSS_GONE,
    LOSS_CUT,
    LOSS_GIVEN_UP,
    LOSS_KINDS,
};

/* Since one was said by itself. */
struct loss_news {
    uint64_t until_ns; /* monotonic: then these are said; 0: the next one is said by itself */
    uint64_t files;
    uint64_t bytes;
    struct losses logs;
};

struct input {
    const struct input_settings *settings;
    struct input_env env;
    struct discover *discover;
    struct watch *watch;
    struct input_shell *shell; /* NULL: whoever opened it runs it */
    struct input_plan plan;
    struct map tails;    /* by key */
    struct map by_file;  /* generations by device and inode */
    struct map by_name;  /* generations by directory and name */
    struct pace *pace; /* NULL: pods may be read as fast as they write */
    struct list ready;
    struct list full; /* ready ones for which the sink has no room */
    struct list waiting;
    struct list active;
    struct list grown;
    struct list open;
    struct list pinned;
    uint64_t open_count;
    uint64_t open_files_max;
    uint64_t deleted_bytes_max; /* 0: no limit */
    struct loss_news loss_news[LOSS_KINDS];
    uint64_t opened_ns; /* real time */
    uint64_t scan; /* number of the last full one */
    uint64_t scan_took_ns; /* the one that goes on, so far */
    uint64_t scan_before_ns; /* … and how long the last one took */
    struct list starting;  /* in family->starting until the first scan is over */
    struct input_family *family;
    struct input_family own_family; /* … where there is no other */
    uint64_t source_seed;
    struct buf converted; /* a line of UTF-16, as UTF-8 */
    char *buffer;        /* for every file: what is not taken is read again */
    size_t buffer_bytes;
    bool is_blocked;
    bool is_stopped;
    bool is_ending; /* only what would be lost by the end is read */
    bool was_scanned;
    bool is_lacking; /* a path that it is to read did not exist then */
    bool is_whole_scan; /* the one that goes on */
    bool is_overflowed; /* events were lost since it began */
    bool is_missing; /* a stream's files are gone: the next scan looks at everything */
};

/* ---- tail.c ---- */

/* Oldest first; the one at hand may be freed meanwhile. */
#define TAIL_FOR_EACH(tail, item)                                                                  \
    for (struct list *next_, *link_ = (tail)->generations.next;                                    \
         next_ = link_->next, item = container_of(link_, struct generation, link),                 \
         link_ != &(tail)->generations; link_ = next_)

/* Make a stream's list say what this look has found; begins the stream if it is new. */
enum found_answer tail_found(struct input *input, const struct found_log *log);

/* Learn how far what inotify told of has grown: if it goes before it is read, that is known to be lost. */
void tail_look_at_grown(struct tail *tail);

/* This look has not found the stream. */
void tail_not_found(struct tail *tail);

struct generation *tail_current(const struct tail *tail);        /* NULL: nothing to read */
struct generation *tail_next(const struct generation *current);  /* the one to be read after it */
struct source *tail_source(struct tail *tail, uint64_t restart); /* kept by the stream */
struct tail *tail_find(const struct input *input, const char *key);
void tail_close(struct tail *tail, bool is_over);   /* is_over: it will not come back */
bool tail_is_unclear(const struct tail *tail);  /* a look is needed to go on */
void tail_close_if_empty(struct tail *tail);
char *tail_source_path(const struct tail *tail, uint64_t restart); /* the caller frees it */
void tail_renew_sources(struct tail *tail); /* as the input has it now: those who point to one still do */

/* ---- inherit.c ---- */

/* Take the stream of this log over if a closed input left one: it is *tail then; before, what was known
 * of it, or NULL. False: it was left, but nobody has asked for it. */
bool inherit_claim(struct input *input, const struct found_log *log, struct tail **tail);

/* If all have looked: what nobody has found is left, or, if no file of it has a name, read to its end. */
void inherit_settle(struct input_family *family);
bool inherit_waits(const struct tail *tail); /* nobody's scan has found it yet */

/* ---- ending.c ---- */

bool ending_is_last_chance(const struct tail *tail); /* unread bytes of it are in deleted files */

/* The process ends: count and say what goes with it. */
void ending_say_lost(struct tail *tail);

/* ---- unread.c ---- */

/* Tell the checkpoint which files wait, so that the next start can count what is gone by then. */
void unread_tell(struct tail *tail);

/* Look for what an earlier process knew to be unread: count and say what is gone. */
void unread_look_for(struct tail *tail);

/* All inputs have looked: count and say what was unread of streams that are gone. */
void unread_count_gone(struct input *input);

/* ---- gone.c ---- */

void tail_count_lost(const struct tail *tail, uint64_t bytes);

/* It holds other bytes now, and some that it held before were not read and are in no file that is known. */
bool tail_would_lose(const struct generation *generation);

/* It holds other bytes now: count and say what was not read of those before, and is in no other file. */
void tail_say_truncated(const struct generation *generation, bool has_copy);

/* It is gone, or nobody can read it: drop it; count and say what was not read of it. */
void tail_give_up(struct generation *generation);

/* The stream is closed though its files are not over: count and say what is lost by that. */
void tail_say_closed(struct tail *tail);

/* Nobody may read it, and newer ones have waited long enough: count and say what was not read of it. It is
 * ignored from now on. */
void tail_say_unreadable(struct generation *generation);

/* It is compressed, and cannot be read to its end: count and say what is lost. */
void tail_say_damaged(struct generation *generation);

/* It is deleted and open, and the disk is to have its bytes back: drop it; count and say what was not
 * read of it. */
void tail_give_up_deleted(struct generation *generation);

/* ---- pinned.c ---- */

/* Its name is gone: if only its descriptor leads to it, it counts from now on. */
void pinned_note(struct generation *generation);
void pinned_note_end(struct generation *generation); /* it was read to its end, and counts from then */
void pinned_forget(struct generation *generation);   /* it has a name again, or is closed */

/* The tail goes from one input to another: it is in the list of neither in between. */
void pinned_leave(struct generation *generation);
void pinned_join(struct generation *generation);

/* Give up the oldest while there is more than the limits allow. One stat each; once a second. */
void pinned_check(struct input *input, uint64_t now_ns);

uint64_t pinned_bytes(const struct input *input); /* as of the last check */

/* ---- backlog.c ---- */

/* Its size or its offset may have changed. */
void backlog_note(struct generation *generation);

/* ---- loss_news.c ---- */

/* The caller says by itself what was lost, and of which file. False: it was noted for the sentence at the
 * end of the minute. */
bool loss_news_is_first(struct tail *tail, enum loss_kind kind, uint64_t bytes);

/* Say what is due: at `now_ns` UINT64_MAX, all that was noted. */
void loss_news_tell(struct input *input, uint64_t now_ns);

/* ---- moved.c ---- */

/* `generation` is the same file as `known` of another stream, which is dropped: it is read on. */
void moved_take_place(struct generation *generation, struct generation *known);

/* Promise what has been acknowledged to the other stream by now. */
void moved_hear(struct generation *generation);
void moved_end(struct generation *generation);

/* ---- left.c ---- */

/* Remember one that is dropped, for what it may be compressed to later. */
void tail_remember(const struct generation *generation);

/* It holds the bytes of one that is remembered: it is read on where that was left, if it has more. */
bool tail_follows_left(struct generation *packed);

/* … or may, once there is more of it. */
bool tail_may_follow_left(struct generation *packed);

void tail_forget_left(struct tail *tail);

/* ---- resume.c ---- */

/* Decide what of a new stream's generations is to be read and from where. False: their names were given on
 * meanwhile, and what is promised may be among them, or in what is being compressed now: they have to be
 * listed again. */
bool resume_tail(struct tail *tail);

/* ---- copy.c ---- */

/* Decide about a new file with a rotated name: it may be a copy of the live one, perhaps still being
 * made. Until it is known it stays GENERATION_UNCLEAR. */
void copy_judge(struct generation *file);

/* It holds the bytes that were read of the original, and perhaps more. */
bool copy_is_of(const struct generation *original, struct generation *file);

/* The copy that has what of the original was not read; NULL: there is none. It takes its place. */
struct generation *copy_find(const struct generation *original);
void copy_read_on(struct generation *copy, const struct generation *original);

/* How many bytes, counted from the beginning, of what `original` held are in other files that are read.
 * Fewer equal bytes do than prove a copy: what may still be read is not counted as lost. */
uint64_t copy_held_bytes(const struct generation *original);

/* ---- packed.c ---- */

/* Decide about a compressed file that was found: what it unpacks to may be known already. Until there
 * is enough of it to tell it stays GENERATION_UNCLEAR. */
void packed_judge(struct generation *packed);

/* It unpacks to what begins so, and has these bytes in front of the guard's offset. */
bool packed_holds(struct generation *packed, const struct file_id *id, const struct guard *guard);

/* Learn what it unpacks to as its end tells: if it goes before it is read, that is known to be lost. */
void packed_learn_size(struct generation *packed);

/* What has its inode now, under this name, unpacks to what begins otherwise, or to something where it was
 * empty. */
bool packed_is_other(const struct generation *packed, const char *directory, const char *name);

/* It is open for a look, not whole, and unpacks to less than this so far. */
bool packed_is_cut_before(struct generation *packed, uint64_t offset);

/* It is not whole, but was written to a short time ago. */
bool packed_is_growing(struct generation *packed);

/* It unpacks to so many bytes, as far as its end tells. */
bool packed_has_size(const struct generation *packed, uint64_t size);

/* ---- generation.c ---- */

struct generation *generation_new(struct tail *tail, const struct found *found,
                                  struct list *place);
void generation_drop(struct generation *generation, enum drop_reason reason);
struct generation *generation_find(const struct input *input, const struct file_stat *info);
struct generation *generation_find_name(const struct input *input, const char *directory,
                                        const char *name);
void generation_rename(struct generation *generation, const char *name);

/* The tail goes from one input to another: it is in the tables of neither in between. */
void generation_leave(struct generation *generation);
void generation_join(struct generation *generation);

/* Close some that are not needed now, if there are more than may be open. */
void generation_make_fit(struct input *input);

/* Its inode is another file's by now: it is gone, and found by that no more. */
void generation_lose_inode(struct generation *generation);

/* 0; -ESTALE: the name leads to another file now; else -errno. Nothing if it is open. */
int generation_open(struct generation *generation);
void generation_close(struct generation *generation);

/* Open it for a look: the descriptor is the caller's, and takes no part in how many files may be open.
 * -ESTALE: its name leads to no file, or to another one; a chain of names may be being renamed. */
int generation_open_look(const struct generation *generation);
char *generation_path(const struct generation *generation); /* the caller frees it */

/* Tell the checkpoint who it is and how far it has been read; or only the second. */
void generation_tell_name(struct generation *generation);
void generation_tell_read(const struct generation *generation);

/* It holds the bytes that are known of it, as far as can be seen. */
bool generation_has_content(const struct generation *generation);

/* Its bytes, unpacked, as world_read(). */
ssize_t generation_read(struct generation *generation, char *bytes, size_t len, uint64_t offset);

/* Hash what is known to be its beginning, once more of it is known. */
void generation_grow_identity(struct generation *generation);

/* Learn what it begins with before any of it was read: so it is known again once it is compressed. More
 * of it when there is more. */
void generation_learn_beginning(struct generation *generation);

/* How many bytes there are behind `offset` as far as is known. */
uint64_t generation_behind(const struct generation *generation, uint64_t offset);

/* Of one that is compressed and open: how the last read of it ended. */
enum gzip_end generation_packed_end(const struct generation *generation);

/* Learn `form` if enough of the file is there. */
void generation_learn_form(struct generation *generation);

/* Bytes behind the offset that may become a line: half a character does not. */
uint64_t generation_rest(const struct generation *generation);

/* Learn `guard` and is_mid_line at the offset. False: the file does not reach that far. */
bool generation_learn_guard(struct generation *generation);

/* ---- reader.c ---- */

enum turn {
    TURN_MORE,      /* there may be more to read at once */
    TURN_END,       /* its end; size - offset bytes of a line without newline are left */
    TURN_BLOCKED,   /* the sink has no room */
    TURN_FULL,      /* … for this stream; others may have some */
    TURN_HELD,      /* … or does not want this stream's lines yet */
    TURN_REWRITTEN, /* is not the file that was read before */
    TURN_FAILED,    /* errno tells why */
};

/* Read one turn of the current generation, give its lines to the sink. */
enum turn reader_turn(struct generation *generation);

/* Its last line has no newline and will not get one soon: give it as it is. */
enum turn reader_flush(struct generation *generation);

/* Learn file_hash from the first line, as of a file with this inode. */
void reader_learn_hash(struct generation *generation, uint64_t inode);

size_t reader_buffer_bytes(const struct input_settings *settings);

/* ---- input.c ---- */

/* After the first scan: how many files match, and what does not exist. */
void input_tell_found(struct input *input);

void input_wake(struct tail *tail);             /* read it soon */
void input_wake_at(struct tail *tail, uint64_t deadline_ns); /* … then (monotonic) */
void input_look_soon(struct tail *tail);        /* list its directory again */
void input_look_for_end(struct tail *tail);     /* … and see whether the stream is over */
void input_look_at_all(struct input *input);    /* scan at once, everything */
void input_be_active(struct tail *tail);        /* the sink may hold a partial line of it */
struct tail *input_any_tail(const struct input *input); /* NULL: there is none */
void input_complain(struct generation *generation, int error); /* once, until it can be read again */
void input_watch_no_more(struct input *input);  /* nor look */
void input_check_pinned_at(struct input *input, uint64_t at_ns); /* monotonic, or sooner */
void input_tell_losses_at(struct input *input, uint64_t at_ns);  /* likewise */
bool input_is_starting(const struct input *input); /* the first full scan */
bool input_has_spare_room(const struct input *input); /* files may be open whose turn has not come */

/* ---- shell.c ---- */

/* Runs it in its event loop. */
struct input_shell *input_shell_new(struct input *input);
void input_shell_free(struct input_shell *shell); /* NULL is fine */
void input_shell_arm(struct input_shell *shell); /* what is due may have changed; NULL is fine */

#endif
