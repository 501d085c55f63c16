/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CHECKPOINTS_CHECKPOINT_H
#define CLEW_CHECKPOINTS_CHECKPOINT_H

/*
 * Checkpoints: how far into each stream delivery has been acknowledged.
 *
 * A checkpoint is a promise. Every byte before it has been accepted by the output, so a restart may
 * begin there without losing a line. Nothing is promised about the bytes after it: they may be sent
 * a second time.
 *
 * On disk: one JSON text that a person can read (`checkpoints.json` in the data directory, mode
 * 0600), written whole to a temporary file, fsync'ed, renamed over the old one, the directory
 * fsync'ed. So the file is the old or the new one, never a third; its checksum tells a damaged one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/file.h"
#include "record/position.h"

enum { CHECKPOINT_OUTPUTS_MAX = 64, CHECKPOINT_PAST_MAX = 4 };

/* A file that was left, and how far it had been read. */
struct checkpoint_past {
    uint64_t inode;
    uint64_t born_ns;
    uint64_t offset;
    uint64_t fingerprint; /* struct file_id's, as those above */
    uint32_t fingerprint_len;
    struct guard guard; /* at `offset` or before it; len 0: not known */
};

/* A file of a stream, newer than the acknowledged one, of which not all is acknowledged. */
struct checkpoint_unread {
    const char *path;
    uint64_t size;   /* as far as is known */
    uint64_t offset; /* from here on it is unread, or not acknowledged */
    uint64_t inode;
    uint64_t born_ns;
    uint64_t fingerprint; /* as struct file_id's */
    uint32_t fingerprint_len;
};

struct checkpoint_store;

/* One stream's entry. Owned by the store; good until checkpoint_release(). */
struct checkpoint;

/* Results the caller must handle. Negative results are -errno: pass them on unchanged. */
enum checkpoint_result {
    CHECKPOINT_OK = 0,
    CHECKPOINT_CORRUPT, /* the file exists, but is not one that was written whole */
    CHECKPOINT_LOCKED,  /* another process holds the data directory */
    CHECKPOINT_NEWER,   /* the file is of a version that this one cannot read */
    CHECKPOINT_REMADE,  /* saved, into a directory that somebody had removed */
    CHECKPOINT_NO_FILE, /* in its place, or that of the lock, is a pipe, a link, a directory, … */
};

/*
 * Open the store in directory `path` (made if missing, mode 0700) and read what it holds. A missing
 * file is an empty store. Takes a lock (flock) that lives as long as the store.
 *
 * On 0 the caller owns *out_store and gives it to checkpoint_close(). CHECKPOINT_LOCKED: *out_holder
 * is the process id of the other one, 0 if not known. CHECKPOINT_CORRUPT: the damaged file has been
 * renamed to `checkpoints.json.corrupt-<n>`, *out_store is an empty store, owned by the caller all
 * the same. CHECKPOINT_NEWER: likewise, and the name is `checkpoints.json.newer-<n>`.
 * CHECKPOINT_NO_FILE: nothing was touched or waited for, and there is no store.
 */
int checkpoint_open(const char *path, struct checkpoint_store **out_store, long *out_holder);
void checkpoint_close(struct checkpoint_store *store); /* does not commit; NULL is fine */

/*
 * Several threads use the store from now on. All but open, close and this may then be called at the
 * same time, with entries of different streams: a stream has one thread, which all of its readers and
 * batches belong to.
 */
void checkpoint_share(struct checkpoint_store *store);

/* Use these system calls for every commit from now on (tests let them fail). */
void checkpoint_use_calls(struct checkpoint_store *store, const struct file_calls *calls);

/* … and this clock (for tests, as well). */
void checkpoint_use_clock(struct checkpoint_store *store, uint64_t (*realtime_ns)(void *clock),
                          void *clock);

/* The store knows an acknowledged place of the stream with this key. */
bool checkpoint_has(struct checkpoint_store *store, const char *key);

/*
 * The entry of the stream with this key (its canonical path); made if there is none, then
 * checkpoint_read() is false. Each get and each hold wants one release; all of them before the
 * store is closed.
 */
struct checkpoint *checkpoint_get(struct checkpoint_store *store, const char *key);
void checkpoint_hold(struct checkpoint *checkpoint);
void checkpoint_release(struct checkpoint *checkpoint);

/* Of its key, the same over restarts. */
uint64_t checkpoint_hash(const struct checkpoint *checkpoint);

/* The key it was got by; good until the release. */
const char *checkpoint_key(const struct checkpoint *checkpoint);

/* A stream has one reader: false if another one has claimed it and not yet given it back. Two
 * readers would promise in each other's name. */
bool checkpoint_claim(struct checkpoint *checkpoint);
void checkpoint_unclaim(struct checkpoint *checkpoint);

/* Somebody else than the one who asks holds it: records of the stream are on their way, and the place that is
 * acknowledged will move. */
bool checkpoint_is_shared(struct checkpoint *checkpoint);

/* The acknowledged place as it was read or last moved: false while nothing is known. */
bool checkpoint_read(const struct checkpoint *checkpoint, struct file_id *out_file,
                     struct position *out_position);

/* Where the acknowledged generation's file was last seen, and how large it was known to be; NULL and
 * 0 while nothing is known. The path is good until the checkpoint is named or advanced. */
const char *checkpoint_path(const struct checkpoint *checkpoint);
uint64_t checkpoint_size(const struct checkpoint *checkpoint);

/* When what is promised was acknowledged, as the disk has it: real time in seconds; 0: not yet. */
uint64_t checkpoint_promised_s(const struct checkpoint *checkpoint);

/* The newest generation that was named, or is promised: one with acknowledgements still to come must not
 * share its number with another file. 0: none. */
uint64_t checkpoint_last_generation(const struct checkpoint *checkpoint);

/* How far the acknowledged generation was read: what is behind the acknowledged place, up to here, is on
 * its way if this process has read it. */
uint64_t checkpoint_taken(const struct checkpoint *checkpoint);

/* A generation is another log's by now, or all that is not acknowledged of it has been counted: none of it is
 * missing in this one. */
void checkpoint_note_moved(struct checkpoint *checkpoint, uint64_t generation);

/* What is missing of a generation has been counted: it is not known of any more. */
void checkpoint_note_lost(struct checkpoint *checkpoint, uint64_t generation);

/* Tell which file a generation is, so that the promise can name it. Again whenever the file is
 * renamed or its fingerprint has grown. */
void checkpoint_name_generation(struct checkpoint *checkpoint, uint64_t generation,
                                const struct file_id *file, const char *path);

/* What generations have of this file is in another one from now on, and goes on there: in a copy, or in what
 * the file was compressed to. */
void checkpoint_note_copied(struct checkpoint *checkpoint, const struct file_id *from,
                            const struct file_id *to, const char *path);

/* A generation has at least this many bytes: if it is gone after a restart, what is missing can be
 * counted. Small growth is by itself no reason to write. */
void checkpoint_note_size(struct checkpoint *checkpoint, uint64_t generation, uint64_t size);

/* A generation has been read as far as guard->offset. What it says becomes part of the promise once
 * that is acknowledged. O(1). */
void checkpoint_note_read(struct checkpoint *checkpoint, uint64_t generation,
                          const struct guard *guard);

/* What stood somewhere before the acknowledged place, close to it. False if nothing is known. */
bool checkpoint_guard(const struct checkpoint *checkpoint, struct guard *out_guard);

/* How far a file was read and acknowledged that was left before the acknowledged generation was
 * begun; the last CHECKPOINT_PAST_MAX of them are known. False if it is none of those. */
bool checkpoint_past(const struct checkpoint *checkpoint, const struct file_id *file,
                     uint64_t *out_offset);

/* The same, by number, the newest first: for what has another inode by now. NULL: there are no more. Good
 * until the next call for this entry that is not a question. */
const struct checkpoint_past *checkpoint_past_at(const struct checkpoint *checkpoint, uint32_t number);

/* The file holds other bytes from now on: what was read of it says nothing of them. */
void checkpoint_note_cut(struct checkpoint *checkpoint, const struct file_id *file);

/* Tell which files of the stream wait and have had no generation yet, in place of those that were told
 * before. Copied. Those that have one are known by checkpoint_name_generation(). */
void checkpoint_note_waiting(struct checkpoint *checkpoint, const struct checkpoint_unread *files,
                             uint32_t count);

/* What an earlier process knew to be unread, by number; NULL: there are no more. They stay on the disk
 * until they have been looked for. Good until checkpoint_settle_unread(). */
const struct checkpoint_unread *checkpoint_unread_at(const struct checkpoint *checkpoint,
                                                     uint32_t number);

/* They have been looked for, and what is gone has been counted. */
void checkpoint_settle_unread(struct checkpoint *checkpoint);

/*
 * The streams of which an earlier process knew something unread, and which nobody has claimed in this one:
 * tells key and path of each, which are good during the call, in which the store must not be used.
 */
void checkpoint_each_unclaimed(struct checkpoint_store *store,
                               void (*tell)(void *context, const char *key, const char *path),
                               void *context);

/* How many bytes those are for the stream with this key, which is gone: known of no more. To one caller;
 * 0 for all others, and if somebody has claimed the stream meanwhile. */
uint64_t checkpoint_take_unclaimed(struct checkpoint_store *store, const char *key);

/* Everything before `position` has been acknowledged. Never moves back. O(1). */
void checkpoint_advance(struct checkpoint *checkpoint, struct position position);

/* A batch of the track (delivery/track.h) has lines of the stream in hand, until it leaves. While one has, no
 * batch of another track may. */
void checkpoint_join_track(struct checkpoint *checkpoint, unsigned track);
void checkpoint_leave_track(struct checkpoint *checkpoint);

/* False if no batch has lines of it: *out_track is then untouched. */
bool checkpoint_track(const struct checkpoint *checkpoint, unsigned *out_track);

/* The stream is gone for good: forget it at the last release. A get before that makes a new entry;
 * what is promised for the old one then is promised to nobody. Until the release the disk has it, if not all
 * of it is acknowledged: for the next start, if this process dies with its lines. */
void checkpoint_forget(struct checkpoint *checkpoint);

/*
 * Make the file on disk say what memory says. On failure (-errno) the file there is still a whole
 * one, the old or the new, and the next call tries again. Costs two fsync(2): call it on a timer,
 * not per batch. Does nothing when nothing has changed.
 *
 * CHECKPOINT_REMADE: the data directory, or the lock in it, was gone: it was made and locked again, and
 * all that is known was written.
 */
int checkpoint_commit(struct checkpoint_store *store);

#endif
