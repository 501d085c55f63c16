/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/dead_letters.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "delivery/spool.h"

struct dead_letters {
    const char *output;
    const struct log *log;
    struct counters *counters;
    struct spool *spool;
    uint64_t bytes_max;
    bool is_trouble_said;
};

char *dead_letters_directory(const char *data_dir, const char *output)
{
    return mem_format("%s/dead-letters/%s", data_dir, output);
}

struct dead_letters *dead_letters_open(const struct settings *settings, const char *output,
                                       const struct log *log, struct counters *counters,
                                       const struct share *share, char **out_error)
{
    struct spool *spool = NULL;
    char *directory = dead_letters_directory(settings->data_dir, output);
    struct dead_letters *letters = NULL;
    int result = spool_open(directory, settings->dead_letter_bytes_max, &spool);
    if (result == 0 && share->workers > 1) {
        result = spool_share(spool, share->worker, share->workers, true);
    }
    if (result < 0) {
        *out_error = mem_format("cannot read the dead letters of output %s in %s: %s", output,
                                directory, strerror(-result));
        spool_close(spool);
    } else {
        spool_clean(spool);
        letters = mem_alloc(sizeof(*letters));
        letters->output = output;
        letters->log = log;
        letters->counters = counters;
        letters->spool = spool;
        letters->bytes_max = settings->dead_letter_bytes_max;
    }
    free(directory);
    return letters;
}

void dead_letters_use(struct dead_letters *letters, const struct settings *settings,
                      const char *output)
{
    letters->output = output;
    letters->bytes_max = settings->dead_letter_bytes_max;
    spool_set_limit(letters->spool, settings->dead_letter_bytes_max);
}

void dead_letters_close(struct dead_letters *letters)
{
    if (letters != NULL) {
        spool_close(letters->spool);
        free(letters);
    }
}

void dead_letters_make(struct parcel_packing *packing, const struct refusal *refusal,
                       const char *output, struct parcel *out)
{
    parcel_packing_pack(packing, refusal->request, refusal->records, out);
    out->time_ns = clock_realtime_ns();
    out->status = (uint64_t)refusal->status;
    parcel_set_text(out->output, slice_from_string(output));
    parcel_set_text(out->message, slice_from_string(refusal->message));
}

static void say(struct dead_letters *letters, int result)
{
    bool is_trouble = result != SPOOL_OK;
    if (is_trouble == letters->is_trouble_said) {
        return;
    }
    letters->is_trouble_said = is_trouble;
    if (is_trouble) {
        log_event(letters->log, LOG_ERROR,
                  "output %s: cannot write a dead letter in %s: %s; output paused, records are "
                  "held. Free space or run `clew replay`",
                  letters->output, spool_directory(letters->spool),
                  result == SPOOL_FULL ? "dead_letters.max_bytes is reached" : strerror(-result));
    } else {
        log_event(letters->log, LOG_INFO, "output %s: dead letters can be written again",
                  letters->output);
    }
}

enum refusal_end dead_letters_keep(struct dead_letters *letters, struct parcel_packing *packing,
                                   const struct refusal *refusal)
{
    struct parcel parcel;
    uint64_t number;
    if (letters->bytes_max == 0) {
        return REFUSAL_GIVEN_UP;
    }
    dead_letters_make(packing, refusal, letters->output, &parcel);
    int result = spool_write(letters->spool, &parcel, parcel.time_ns, &number);
    say(letters, result);
    if (result != SPOOL_OK) {
        counters_add(letters->counters, C_DEAD_LETTER_FAILURES, 1);
        return REFUSAL_HELD;
    }
    counters_add(letters->counters, C_RECORDS_DEAD, refusal->records);
    return REFUSAL_KEPT;
}
