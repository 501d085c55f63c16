/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CORE_CHECKPOINT_H
#define CLEW_CORE_CHECKPOINT_H

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

#include <stddef.h>
#include <stdint.h>
#include "core/position.h"

struct checkpoint_store;

/* One stream's entry. Owned by the store; good until checkpoint_release(). */
struct checkpoint;

/* Results the caller must handle. Negative results are -errno: pass them on unchanged. */
enum checkpoint_result {
    CHECKPOINT_OK = 0,
    CHECKPOINT_CORRUPT, /* the file exists, but is not one that was written whole */
    CHECKPOINT_LOCKED,  /* another process holds the data directory */
};

/*
 * Open the store in directory `path` (made if missing, mode 0700) and read what it holds. A missing
 * file is an empty store. Takes a lock (flock) that lives as long as the store.
 *
 * On 0 the caller owns *out_store and gives it to checkpoint_close(). CHECKPOINT_LOCKED: *out_holder
 * is the process id of the other one, 0 if not known. CHECKPOINT_CORRUPT: the damaged file has been
 * renamed to `checkpoints.json.corrupt-<n>`, *out_store is an empty store, owned by the caller all
 * the same.
 */
int checkpoint_open(const char *path, struct checkpoint_store **out_store, long *out_holder);
void checkpoint_close(struct checkpoint_store *store); /* does not commit */

/*
 * The entry of the stream with this key (its canonical path); made if there is none, then its
 * offset is 0 and checkpoint_is_new(). Each get wants one release.
 */
struct checkpoint *checkpoint_get(struct checkpoint_store *store, const char *key);
void checkpoint_hold(struct checkpoint *checkpoint);
void checkpoint_release(struct checkpoint *checkpoint);

/* The acknowledged place as it was read or last moved: false while nothing is known. */
bool checkpoint_read(const struct checkpoint *checkpoint, struct file_id *out_file,
                     struct position *out_position);

/* Tell which file a generation is, so that the promise can name it. */
void checkpoint_name_generation(struct checkpoint *checkpoint, uint64_t generation,
                                const struct file_id *file, const char *path);

/* Everything before `position` has been acknowledged. Never moves back. O(1). */
void checkpoint_advance(struct checkpoint *checkpoint, struct position position);

/* The stream is gone for good and all of it was acknowledged: forget it at the last release. */
void checkpoint_forget(struct checkpoint *checkpoint);

/*
 * Make the file on disk say what memory says. On failure (-errno) the file there is still a whole
 * one, the old or the new, and the next call tries again. Costs two fsync(2): call it on a timer,
 * not per batch. Does nothing when nothing has changed.
 */
int checkpoint_commit(struct checkpoint_store *store);

#endif
