/* SPDX-License-Identifier: Apache-2.0 */
#include "control/output_metrics.h"

#include <inttypes.h>
#include "base/mem.h"

static const struct {
    const char *name;
    const char *suffix;
    const char *type;
    const char *help;
    size_t offset; /* in struct output_books */
} families[] = {
    {"clew_output_given_records", "_total", "counter",
     "Records put into requests for an output; given + restored = sent + rejected + refused + "
     "dropped + damaged + in flight.",
     offsetof(struct output_books, given)},
    {"clew_output_restored_records", "_total", "counter",
     "Records that an earlier run left in the output's spool.",
     offsetof(struct output_books, restored)},
    {"clew_output_sent_records", "_total", "counter", "Records that the output's backend has "
                                                      "accepted.",
     offsetof(struct output_books, sent)},
    {"clew_output_rejected_records", "_total", "counter",
     "Records that the output's backend rejected in a partial success.",
     offsetof(struct output_books, rejected)},
    {"clew_output_refused_records", "_total", "counter", "Records that the output's backend refused "
                                                         "for good.",
     offsetof(struct output_books, refused)},
    {"clew_output_dropped_records", "_total", "counter",
     "Records dropped for the output because it is not required and its queue was full.",
     offsetof(struct output_books, dropped)},
    {"clew_output_damaged_records", "_total", "counter",
     "Records whose file in the output's spool was damaged or missing.",
     offsetof(struct output_books, damaged)},
    {"clew_output_in_flight_records", "", "gauge",
     "Records in the output's queue, its spool, and on their way.",
     offsetof(struct output_books, in_flight)},
    {"clew_output_mistaken", "", "gauge",
     "1 while the output's address has never accepted a request and its answers show that the "
     "config is wrong: it refuses even requests without log data, or answers 401, 403, 404 and the "
     "like. Its records are held, and if the output is required, /readyz reports it.",
     offsetof(struct output_books, is_mistaken)},
};

static uint64_t value(const struct output_books *books, size_t offset)
{
    return *(const uint64_t *)(const void *)((const char *)books + offset);
}

bool output_metrics_write(const struct output_books *books, size_t count, struct buf *out)
{
    bool fits = true;
    for (size_t i = 0; i < ARRAY_LEN(families) && fits; i++) {
        fits = buf_append_format(out, "# TYPE %s %s\n# HELP %s %s\n", families[i].name,
                                 families[i].type, families[i].name, families[i].help);
        for (size_t j = 0; j < count && fits; j++) {
            fits = buf_append_format(out, "%s%s{output=\"%s\"} %" PRIu64 "\n", families[i].name,
                                     families[i].suffix, books[j].output,
                                     value(&books[j], families[i].offset));
        }
    }
    return fits;
}

bool output_metrics_write_reference(struct buf *out)
{
    bool fits = true;
    for (size_t i = 0; i < ARRAY_LEN(families) && fits; i++) {
        fits = buf_append_format(out, "| `%s%s` | %s | %s |\n", families[i].name,
                                 families[i].suffix, families[i].type, families[i].help);
    }
    return fits;
}
