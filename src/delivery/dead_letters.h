/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_DEAD_LETTERS_H
#define CLEW_DELIVERY_DEAD_LETTERS_H

/*
 * Dead letters: records that a far end will never take, on disk with the reason, for `clew replay`.
 *
 * When none can be written the records are held and tried again: nothing is lost while the config
 * wants letters at all.
 */

#include "base/log.h"
#include "base/share.h"
#include "delivery/parcel_packing.h"
#include "outputs/output.h"
#include "record/counters.h"
#include "record/settings.h"

struct dead_letters;

/* Those of the output with this name. `settings`, `output`, `log` and `counters` must outlive them.
 * NULL on failure, with *out_error a sentence that the caller frees. Workers write to one folder, whose
 * limit is that of all. */
struct dead_letters *dead_letters_open(const struct settings *settings, const char *output,
                                       const struct log *log, struct counters *counters,
                                       const struct share *share, char **out_error);
/* The same output under other settings, which must outlive them; the old ones need not. */
void dead_letters_use(struct dead_letters *letters, const struct settings *settings,
                      const char *output);

void dead_letters_close(struct dead_letters *letters); /* NULL is fine */

/* Write one; blocks for two fsync(2). Counts and logs. */
enum refusal_end dead_letters_keep(struct dead_letters *letters, struct parcel_packing *packing,
                                   const struct refusal *refusal);

/* The letter for this refusal; its body is good until the packer's next pack. */
void dead_letters_make(struct parcel_packing *packing, const struct refusal *refusal,
                       const char *output, struct parcel *out);

/* Where the letters of an output are; the caller frees it. */
char *dead_letters_directory(const char *data_dir, const char *output);

#endif
