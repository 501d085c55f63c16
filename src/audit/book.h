/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_BOOK_H
#define CLEW_AUDIT_BOOK_H

/*
 * The audit's books: what is counted of one group of records, and the group's parts by the
 * dimensions that were asked for. For audit.c, which writes them, and report.c, which reads.
 */

#include "audit/distinct.h"
#include "audit/kinds.h"
#include "audit/trend.h"
#include "base/list.h"
#include "base/map.h"
#include "record/record.h"
#include "record/settings.h"

/*
 * The most frequent trace ids, by the space-saving algorithm (Metwally et al., 2005): a new id
 * takes the place of the rarest and inherits its count, noted as `excess`. So count - excess is
 * certain, and an id of more than a quarter of all records is always found.
 */
enum { FREQUENT_IDS = 4 };

struct frequent_ids {
    uint64_t id[FREQUENT_IDS][2];
    uint64_t count[FREQUENT_IDS];
    uint64_t excess[FREQUENT_IDS];
};

struct book {
    uint64_t records;
    uint64_t valid;      /* with a trace id that is shipped … */
    uint64_t flagged[2]; /* … and flags: not sampled, sampled */
    uint64_t classes[TRACE_CLASSES];
    uint64_t notes[TRACE_NOTES_END - TRACE_CLASSES]; /* by enum trace_note */
    struct frequent_ids frequent;
};

void book_count(struct book *book, const struct record *record);
void book_merge(struct book *into, const struct book *from);

/* Of the valid records, those with this note. */
double book_note_share(const struct book *book, enum trace_note note);

/* At least so many records carried the most frequent trace id; its bytes to out_id if not NULL. */
uint64_t book_top_trace(const struct book *book, uint8_t out_id[16]);

/* What the flags of the valid records say, if each has them and all say the same: a real decision,
 * or a layout that writes a constant. */
enum book_flags {
    BOOK_FLAGS_VARY, /* or are missing somewhere */
    BOOK_FLAGS_NEVER_SAMPLED,
    BOOK_FLAGS_ALWAYS_SAMPLED,
};

enum book_flags book_constant_flags(const struct book *book);

/* A combination of the dimensions' values. */
struct audit_part {
    char **values; /* as many as there are dimensions; NULL where the record had none */
    bool is_overflow;
    struct book book;
};

/* What is asked of a group by where its records come from; negative: nothing yet. */
struct audit_floor {
    double last;    /* in the round before … */
    double now;     /* … and in this one … */
    uint64_t round; /* … which is that of the last record */
};

/* In this round of the audit's. */
static inline double audit_floor_get(const struct audit_floor *floor, uint64_t round)
{
    bool is_over = floor->round != round && floor->now >= 0;
    return is_over || floor->now > floor->last ? floor->now : floor->last;
}

struct audit_group {
    struct list link; /* of the audit's, in the order in which they were made */
    char *service;
    char *name_space;          /* NULL: not known */
    bool is_overflow;          /* of all groups beyond groups_max … */
    struct distinct *distinct; /* … and about how many those are; NULL of any other group */
    uint64_t adopted_records;  /* of an overflow group: those that were counted for others before … */
    uint64_t adopted_valid;    /* … and the valid ones of them */
    size_t refs;               /* of origins that lead to it */
    uint64_t swept_records;    /* how many it had when it was looked at last … */
    uint64_t seen_ns;          /* … and when that was a new number; 0: never looked at */
    struct audit_floor floor;
    struct book book;
    char *samples[TRACE_CLASSES]; /* NULL: none yet */
    struct audit_trend *trend;    /* NULL: not kept, or no record with a time */
    struct map parts;
    struct audit_part *last_part;
    struct audit_part *overflow_part;
};

/* Where lines come from: one container, one file, standard input. */
struct audit_origin {
    struct list link;   /* of all, in the order in which they came */
    struct list unheld; /* of those that no log holds */
    size_t refs;        /* logs that hold it */
    bool is_leaving;    /* the last one has let it go, while a report is made */
    uint64_t round;     /* of the last group */
    char *key;
    char *names[AUDIT_DIMENSIONS]; /* namespace, pod, container, file, as far as it tells them */
    char *default_service;
    double min_coverage;       /* that it asks for */
    struct audit_group *last;  /* the group of the last record that named a service … */
    struct slice last_service; /* … and what it was named by; empty: none */
    struct slice last_namespace;
    struct audit_group *only;    /* the one group of all that did … */
    bool is_mixed;               /* … unless there are several */
    struct audit_group *unnamed; /* records that name no service; NULL: none */
};

struct audit {
    struct audit *next; /* whose records are in our reports as well; NULL: none */
    const struct audit_settings *settings;
    enum audit_dimension dimensions[AUDIT_DIMENSIONS];
    size_t dimension_count;
    size_t sample_bytes_left;
    bool has_secrets; /* samples are not redacted */
    bool has_trend;
    size_t parts_left;
    struct counters *counters; /* NULL: none */
    struct audit_over over;
    uint64_t round;
    size_t pins; /* reports that are being made: meanwhile nothing leaves */
    struct map groups;
    struct list group_ring;
    struct list *swept; /* the next group to look at; NULL: the first */
    struct map origins;
    struct list origin_ring;
    struct list unheld;
    struct audit_group *overflow;   /* NULL: never needed */
    struct audit_origin *strangers; /* the origin of all that came after the limit; NULL */
    uint64_t last_source_id;
    struct audit_origin *last_origin; /* NULL: none yet */
    struct audit_preservation preservation;
};

/* While a report is made of it in several turns: records are counted on, and each in one place, which
 * is still there at the end. */
void audit_pin(struct audit *audit);
void audit_unpin(struct audit *audit);

/* The service that the records without one of `origin` are given to, as things stand. */
struct audit_name {
    const char *service;
    const char *name_space; /* NULL: not known */
};

struct audit_name audit_origin_name(const struct audit_origin *origin);

/* Groups of a name, outside of the books: for reports. */
uint64_t audit_group_hash(struct slice service, struct slice name_space);
struct audit_group *audit_group_new(struct slice service, struct slice name_space);
void audit_group_free(struct audit_group *group, size_t dimension_count); /* NULL is fine */

/* The part with these values (an empty one: the record had none), made while *left, which then goes
 * down; else the part of all that came too late. */
struct audit_part *audit_group_part(struct audit_group *group, const struct slice *values,
                                    size_t dimension_count, size_t *left);
struct audit_part *audit_group_overflow(struct audit_group *group, size_t dimension_count);

/* Adds book, samples and parts, not the floor; `from` is left as it is. `dimension_count` values a
 * part. */
void audit_group_merge(struct audit_group *into, const struct audit_group *from,
                       size_t dimension_count);

#endif
