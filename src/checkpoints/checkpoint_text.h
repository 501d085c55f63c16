/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CHECKPOINTS_CHECKPOINT_TEXT_H
#define CLEW_CHECKPOINTS_CHECKPOINT_TEXT_H

/*
 * The checkpoint file's form: JSON that a person can read.
 *
 *     {"version": 1, "form": 2, "checksum": "<16 hex digits>", "checksum_all": "<16 hex digits>",
 *      "streams": {"<key>": {"path": …, "device": …, "inode": …, "born": …, "fingerprint": "<hex>",
 *      "fingerprint_bytes": …, "generation": …, "offset": …, "size": …, "seen": …,
 *      "guard": [offset, bytes, "<hex>"], "past": [[inode, born, offset], …],
 *      "past_content": [[bytes, "<fingerprint>", offset, bytes, "<guard>"], …],
 *      "unread": [["<path>", size, offset, inode, born, bytes, "<fingerprint>"], …]}}}
 *
 * `guard` (what stood in front of an offset) and `past` (files that were left, and how far they had
 * been read) are not there if nothing is known. `past_content` tells of the same files how they begin
 * and what stood in front of an offset of them. `unread` are the newer files of which not all is
 * acknowledged, from an offset of theirs on: what the next start cannot find of them it counts as lost.
 *
 * Forms and versions. `form` is what the writer knew, `version` the oldest form whose readers may read
 * this text; so a clew that goes back one form loses nothing and sends nothing twice. A new form adds
 * members to streams that an older clew may do without: that one ignores them or, from form 2 on, keeps
 * them and writes them back. What an older clew may not do without counts `version` up to the new form:
 * then that one says that a newer clew wrote it, and sets it aside.
 *
 *     form   what was new
 *     1      all but what follows; it has no member `form`
 *     2      `form`, `checksum_all`, `past_content`, `unread`; members that are not known are kept
 *
 * `checksum` is over what form 1 says, `checksum_all` over all that the streams say, not over how it is
 * printed, so an editor that only reformats does no harm. Keys and paths may hold any byte: what is not
 * UTF-8, what JSON would escape, and `%` are written as %XX.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"
#include "checkpoints/checkpoint.h"
#include "record/position.h"

enum { CHECKPOINT_TEXT_BYTES_MAX = 1 << 28 }; /* a larger file is not one of ours */

struct checkpoint_row {
    const char *key;
    const char *path;
    struct file_id file;
    struct position position;
    uint64_t size;
    uint64_t seen_s;
    struct guard guard; /* len 0: not known */
    struct checkpoint_past past[CHECKPOINT_PAST_MAX];
    uint32_t past_count;
    const struct checkpoint_unread *unread;
    uint32_t unread_count;
    const char *others; /* the members of the stream that a later form has, as JSON; NULL: none */
};

struct checkpoint_text;

struct checkpoint_text *checkpoint_text_new(void);
void checkpoint_text_add(struct checkpoint_text *text, const struct checkpoint_row *row);

/* The whole text, to be freed by the caller; `text` is gone. */
struct slice checkpoint_text_finish(struct checkpoint_text *text);

/* CHECKPOINT_OK: every row was given to `load`, good during the call. Else none was:
 * CHECKPOINT_NEWER, the text says it is of a later version; CHECKPOINT_CORRUPT, it was not written
 * whole. */
enum checkpoint_result checkpoint_text_read(struct slice text,
                                            void (*load)(void *context,
                                                         const struct checkpoint_row *row),
                                            void *context);

#endif
