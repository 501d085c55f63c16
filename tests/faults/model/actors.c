/* SPDX-License-Identifier: Apache-2.0 */
#include "actors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "pack.h"

enum { HOUR_COUNTS_FROM = 8 /* so that it soon has two digits */, NOISE = '%' };
enum { ROTATED_MAX = 32, MOVES_MAX = 96, JOBS_MAX = STEPS_MAX, CHORES_MAX = 4096 };

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define FIRST_LINE_NS (100 * MS)
#define COPIED_UP_NS (2500 * MS) /* clew has seen it before it is rotated */

#define TWO_NAMES_NS (3000 * MS) /* where whoever rotates takes his time */
#define GROWING_NS (900 * MS) /* what is compressed, and clew may see it grow */
#define SHREDDED_NS (3000 * MS) /* until it is deleted */

/* One system call, or a few that nothing can come between. */
enum move_what {
    MOVE_RENAME,  /* name to other */
    MOVE_UNLINK,  /* name */
    MOVE_CREATE,  /* name, empty */
    MOVE_REOPEN,  /* the writer goes on in name */
    MOVE_COPY,    /* name to other, the first half … */
    MOVE_COPY_REST, /* … and what is there of it by now */
    MOVE_CUT,     /* name */
    MOVE_EMPTY,   /* name, which was not copied */
    MOVE_PACK,    /* name to other, the first half … */
    MOVE_PACK_REST,
    MOVE_WAIT,    /* nothing */
    MOVE_LINK,    /* name gets the second name other */
    MOVE_AWAY,    /* name to other, in the directory of what was moved */
    MOVE_SHRED,   /* name is written over */
    MOVE_REPLACE, /* name by a copy of itself in another layer: another inode and device */
};

struct move {
    enum move_what what;
    uint64_t after_ns; /* the one before */
    char name[NAME_MAX_BYTES];
    char other[NAME_MAX_BYTES];
};

struct rotated {
    char name[NAME_MAX_BYTES];
    bool is_packed;
};

struct log_actor {
    const struct stream_setup *setup;
    struct node *directory;
    char live[NAME_MAX_BYTES];
    struct node *open;           /* the writer's */
    const struct node *lower;    /* the first file, while it lies in the lower layer */
    struct rotated rotated[ROTATED_MAX]; /* newest first */
    size_t rotated_count;
    uint64_t counter;            /* of SCHEME_UP, and restarts of a container */
    uint64_t hour;               /* that it counts the files of */
    struct node *moved;          /* the directory of what was moved */
    uint64_t writer_free_ns;
    enum what jobs[JOBS_MAX];    /* for the one who rotates */
    size_t job_count;
    size_t next_job;
    struct move moves[MOVES_MAX]; /* the job at hand */
    size_t move_count;
    size_t next_move;
    uint64_t move_ns;            /* when the next one is due */
};

/* Tokens to be written, and whether they end their line. */
struct chore {
    uint64_t at_ns;
    uint64_t tokens;
    int stream;
    bool ends_line;
};

struct actors {
    const struct schedule *schedule;
    struct disk *disk;
    struct ledger *ledger;
    struct draw draw;
    struct log_actor logs[STREAMS_MAX];
    struct chore chores[CHORES_MAX]; /* in the order of time for each stream */
    size_t chore_count;
    size_t first_chore;
};

static bool has_moved(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->world.streams; i++) {
        if (schedule->streams[i].scheme == SCHEME_MOVED) {
            return true;
        }
    }
    return false;
}

static const char *const patterns[] = {"/logs/*.log", "/var/log/pods/*/*/*.log",
                                       "/logs/moved/*.log"};

/* What the fewest need is the last, so that the others are played as if it were not there. */
const char *const *actors_patterns(const struct actors *actors, size_t *out_count)
{
    *out_count = has_moved(actors->schedule) ? ARRAY_LEN(patterns) : ARRAY_LEN(patterns) - 1;
    return patterns;
}

/* ---- names ---- */

static const char *const base_names[STREAMS_MAX] = {"alpha", "beta", "gamma"};

int actors_stream_of(const struct actors *actors, const char *path)
{
    for (int i = 0; i < (int)actors->schedule->world.streams; i++) {
        if (strstr(path, base_names[i]) != NULL) {
            return i;
        }
    }
    return -1;
}

/* 20260302100523, or with something between day and time. */
static void name_of_date(const struct actors *actors, const char *between, char *out)
{
    time_t now = (time_t)(disk_realtime_ns(actors->disk) / 1000000000u);
    struct tm parts;
    char day[16];
    char hour[16];
    gmtime_r(&now, &parts);
    strftime(day, sizeof(day), "%Y%m%d", &parts);
    strftime(hour, sizeof(hour), "%H%M%S", &parts);
    snprintf(out, NAME_MAX_BYTES, "%s%s%s", day, between, hour);
}

static void name_of_hour(const struct log_actor *log, int stream, uint64_t number, char *out)
{
    snprintf(out, NAME_MAX_BYTES, "%s.2026-03-02_%02llu.%llu.log", base_names[stream],
             (unsigned long long)log->hour, (unsigned long long)number);
}

/* An hour of this takes twenty seconds, so that there are some. In each the count begins anew. */
static void see_hour(const struct actors *actors, struct log_actor *log)
{
    uint64_t hour = actors->disk->now_ns / (20000 * MS) % 24;
    if (log->setup->scheme == SCHEME_HOUR && hour != log->hour) {
        log->hour = hour;
        log->counter = HOUR_COUNTS_FROM;
    }
}

/* The name of the next rotated file, or of the one with this number. */
static void name_of(const struct actors *actors, int stream, uint64_t number, char *out)
{
    const struct log_actor *log = &actors->logs[stream];
    char date[NAME_MAX_BYTES];
    switch (log->setup->scheme) {
    case SCHEME_WITHIN:
        snprintf(out, NAME_MAX_BYTES, "%s.%llu.log", base_names[stream], (unsigned long long)number);
        break;
    case SCHEME_DATE:
        name_of_date(actors, "", date);
        snprintf(out, NAME_MAX_BYTES, "%.30s-%.40s", log->live, date);
        break;
    case SCHEME_KUBELET:
        name_of_date(actors, "-", date);
        snprintf(out, NAME_MAX_BYTES, "%.30s.%.40s", log->live, date);
        break;
    case SCHEME_HOUR:
        name_of_hour(log, stream, number, out);
        break;
    case SCHEME_MOVED:
        snprintf(out, NAME_MAX_BYTES, "%s%llu.log", base_names[stream], (unsigned long long)number);
        break;
    default:
        snprintf(out, NAME_MAX_BYTES, "%.60s.%llu", log->live, (unsigned long long)number);
        break;
    }
}

static bool is_numbered_down(const struct log_actor *log)
{
    return log->setup->scheme == SCHEME_BEHIND || log->setup->scheme == SCHEME_WITHIN;
}

/* ---- plans ---- */

static void plan_after(struct actors *actors, struct log_actor *log, enum move_what what,
                       uint64_t after_ns, const char *name, const char *other)
{
    ENSURE(log->move_count < MOVES_MAX);
    struct move *move = &log->moves[log->move_count++];
    move->what = what;
    move->after_ns = after_ns + draw_range(&actors->draw, 2 * US, 60 * US);
    snprintf(move->name, sizeof(move->name), "%s", name);
    snprintf(move->other, sizeof(move->other), "%s", other);
}

static void plan(struct actors *actors, struct log_actor *log, enum move_what what,
                 const char *name, const char *other)
{
    plan_after(actors, log, what, draw_chance(&actors->draw, 10) ? 3 * MS : 0, name, other);
}

/* The kubelet leaves that alone until it deletes it. */
static bool is_of_dead_container(const struct log_actor *log, const char *name)
{
    size_t len = strlen(name);
    return log->setup->scheme == SCHEME_KUBELET && len > 4 && strcmp(name + len - 4, ".log") == 0;
}

/* Each log has its own. */
static void name_in_work(const struct actors *actors, const struct log_actor *log, const char *what,
                         char *out)
{
    snprintf(out, NAME_MAX_BYTES, "%s%d.tmp", what, (int)(log - actors->logs));
}

static void plan_packing(struct actors *actors, struct log_actor *log, struct rotated *rotated)
{
    char final[NAME_MAX_BYTES];
    char made[NAME_MAX_BYTES];
    char plain[NAME_MAX_BYTES];
    bool is_slow = draw_chance(&actors->draw, 30);
    uint64_t took_ns = !is_slow ? 200 * US : log->setup->early ? GROWING_NS : 30 * MS;
    if (rotated->is_packed || is_of_dead_container(log, rotated->name)) {
        return;
    }
    strcpy(plain, rotated->name);
    snprintf(final, sizeof(final), "%.60s%s", plain, pack_extension((unsigned)log->setup->format));
    snprintf(made, sizeof(made), "%.60s%s", plain, log->setup->via_tmp ? ".tmp" : final + strlen(plain));
    if (log->setup->early) {
        char hidden[NAME_MAX_BYTES];
        snprintf(hidden, sizeof(hidden), "packing-%.40s.tmp", log->live);
        plan(actors, log, MOVE_RENAME, plain, hidden);
        strcpy(plain, hidden);
    }
    plan(actors, log, MOVE_PACK, plain, made);
    plan_after(actors, log, MOVE_PACK_REST, took_ns, plain, made);
    if (log->setup->via_tmp) {
        plan(actors, log, MOVE_RENAME, made, final);
    }
    plan(actors, log, MOVE_UNLINK, plain, "");
    strcpy(rotated->name, final);
    rotated->is_packed = true;
}

static void plan_excess(struct actors *actors, struct log_actor *log, size_t keep)
{
    while (log->rotated_count > keep) {
        plan(actors, log, MOVE_UNLINK, log->rotated[--log->rotated_count].name, "");
    }
}

/* .2 becomes .3, then .1 becomes .2; what is packed keeps its extension. */
static void plan_moving_up(struct actors *actors, struct log_actor *log, int stream)
{
    for (size_t i = log->rotated_count; i > 0; i--) {
        struct rotated *rotated = &log->rotated[i - 1];
        char name[NAME_MAX_BYTES];
        char whole[NAME_MAX_BYTES];
        name_of(actors, stream, i + 1, name);
        snprintf(whole, sizeof(whole), "%.60s%s", name,
                 rotated->is_packed ? pack_extension((unsigned)log->setup->format) : "");
        plan(actors, log, MOVE_RENAME, rotated->name, whole);
        strcpy(rotated->name, whole);
    }
}

static bool is_taken(const struct log_actor *log, const char *name)
{
    for (size_t i = 0; i < log->rotated_count; i++) {
        if (strncmp(log->rotated[i].name, name, strlen(name)) == 0) {
            return true;
        }
    }
    return false;
}

static void push_rotated(struct log_actor *log, const char *name)
{
    ENSURE(log->rotated_count < ROTATED_MAX);
    memmove(log->rotated + 1, log->rotated, log->rotated_count * sizeof(log->rotated[0]));
    strcpy(log->rotated[0].name, name);
    log->rotated[0].is_packed = false;
    log->rotated_count++;
}

static void plan_live(struct actors *actors, struct log_actor *log, const char *name)
{
    if (log->setup->scheme == SCHEME_MOVED) {
        plan(actors, log, MOVE_AWAY, log->live, name);
        plan(actors, log, MOVE_CREATE, log->live, "");
        plan_after(actors, log, MOVE_REOPEN, log->setup->reopen_us * US, log->live, "");
        return;
    }
    if (log->setup->links) {
        char made[NAME_MAX_BYTES];
        name_in_work(actors, log, "new", made);
        plan(actors, log, MOVE_LINK, log->live, name);
        plan_after(actors, log, MOVE_WAIT, draw_chance(&actors->draw, 40) ? TWO_NAMES_NS : 0, name, "");
        plan(actors, log, MOVE_CREATE, made, "");
        plan(actors, log, MOVE_RENAME, made, log->live);
        plan_after(actors, log, MOVE_REOPEN, log->setup->reopen_us * US, log->live, "");
        return;
    }
    if (log->setup->copies) {
        plan(actors, log, MOVE_COPY, log->live, name);
        plan(actors, log, MOVE_COPY_REST, log->live, name);
        plan(actors, log, MOVE_CUT, log->live, "");
        return;
    }
    plan(actors, log, MOVE_RENAME, log->live, name);
    plan(actors, log, MOVE_CREATE, log->live, "");
    plan_after(actors, log, MOVE_REOPEN, log->setup->reopen_us * US, log->live, "");
}

static void plan_rotation(struct actors *actors, struct log_actor *log, int stream)
{
    char name[NAME_MAX_BYTES];
    const struct stream_setup *setup = log->setup;
    bool is_up = setup->scheme == SCHEME_UP || setup->scheme == SCHEME_HOUR ||
                 setup->scheme == SCHEME_MOVED;
    see_hour(actors, log);
    name_of(actors, stream, is_up ? log->counter + 1 : 1, name);
    if (!is_numbered_down(log) && is_taken(log, name)) {
        return; /* twice in a second */
    }
    plan_excess(actors, log, setup->keep > 0 ? setup->keep - 1 : 0);
    if (is_numbered_down(log)) {
        plan_moving_up(actors, log, stream);
    }
    log->counter += is_up;
    if (setup->packing == PACKING_DELAYED && log->rotated_count > 0 &&
        setup->scheme == SCHEME_KUBELET) {
        plan_packing(actors, log, &log->rotated[0]);
    }
    plan_live(actors, log, name);
    if (setup->scheme == SCHEME_MOVED) {
        return; /* it is there for good */
    }
    push_rotated(log, name);
    if (setup->packing == PACKING_AT_ONCE) {
        plan_packing(actors, log, &log->rotated[0]);
    } else if (setup->packing == PACKING_DELAYED && log->rotated_count > 1) {
        plan_packing(actors, log, &log->rotated[1]);
    }
}

static void plan_restart(struct actors *actors, struct log_actor *log)
{
    char name[NAME_MAX_BYTES];
    if (log->setup->scheme == SCHEME_KUBELET) {
        strcpy(name, log->live);
        push_rotated(log, name);
        snprintf(log->live, sizeof(log->live), "%llu.log", (unsigned long long)++log->counter);
        plan(actors, log, MOVE_CREATE, log->live, "");
        plan(actors, log, MOVE_REOPEN, log->live, "");
        plan_excess(actors, log, log->setup->keep);
    }
}

static void plan_shredding(struct actors *actors, struct log_actor *log)
{
    if (log->rotated_count > 0) {
        plan(actors, log, MOVE_SHRED, log->rotated[log->rotated_count - 1].name, "");
        plan_after(actors, log, MOVE_WAIT, SHREDDED_NS, log->live, "");
        plan_excess(actors, log, log->rotated_count - 1);
    }
}

static void plan_job(struct actors *actors, struct log_actor *log, int stream, enum what what)
{
    switch (what) {
    case STEP_ROTATE:
        log->lower = NULL; /* whoever renames or cuts it copies it up by that */
        plan_rotation(actors, log, stream);
        break;
    case STEP_PACK:
        for (size_t i = log->rotated_count; i > 0; i--) {
            if (!log->rotated[i - 1].is_packed) {
                plan_packing(actors, log, &log->rotated[i - 1]);
                break;
            }
        }
        break;
    case STEP_DROP:
        plan_excess(actors, log, log->rotated_count > 0 ? log->rotated_count - 1 : 0);
        break;
    case STEP_RESTART:
        plan_restart(actors, log);
        break;
    case STEP_SHRED:
        plan_shredding(actors, log);
        break;
    case STEP_CUT:
        log->lower = NULL;
        plan(actors, log, MOVE_EMPTY, log->live, "");
        break;
    default:
        plan(actors, log, MOVE_REPLACE, log->live, "");
        plan_after(actors, log, MOVE_WAIT, COPIED_UP_NS, log->live, "");
        break;
    }
}

/* ---- moves ---- */

/* It loses a name. */
static void hide(struct actors *actors, struct node *file)
{
    if (file != NULL && file->contents.is_visible && file->names == 1) {
        ledger_hide(actors->ledger, file);
    }
}

static bool is_of_log(const char *name)
{
    size_t len = strlen(name);
    return len < 4 || strcmp(name + len - 4, ".tmp") != 0;
}

static struct node *create(struct actors *actors, struct log_actor *log, int stream,
                           const char *name)
{
    struct node *old = disk_entry(log->directory, name);
    if (old != NULL) {
        hide(actors, old);
        disk_unlink(actors->disk, log->directory, name);
    }
    struct node *file = disk_create(actors->disk, log->directory, name);
    file->contents.stream = stream;
    if (is_of_log(name)) {
        ledger_show(actors->ledger, file, stream);
    }
    return file;
}

static void be_denied(struct node *file, bool is_denied)
{
    file->is_denied = is_denied;
    file->contents.is_denied = is_denied;
}

static void copy_all(struct actors *actors, const struct node *from, struct node *to)
{
    size_t had = to->len;
    disk_append(actors->disk, to, from->bytes + had, from->len > had ? from->len - had : 0);
    ledger_copied(actors->ledger, from, to);
}

/* The packed file, its first half or all of it. */
static void pack_part(struct actors *actors, const struct log_actor *log, const struct node *from,
                      struct node *to, bool is_all)
{
    struct buf bytes;
    buf_init(&bytes, 1 << 22);
    pack((unsigned)log->setup->format, slice_make(from->bytes, from->len), &bytes);
    to->len = is_all ? 0 : to->len; /* what was written before is the beginning of this */
    disk_append(actors->disk, to, bytes.data, is_all ? bytes.len : bytes.len / 2);
    to->contents.format = (unsigned)log->setup->format;
    be_denied(to, from->is_denied);
    if (is_all) {
        ledger_copied(actors->ledger, from, to);
        to->modified_ns = log->setup->keeps_time ? from->modified_ns : to->modified_ns;
    }
    buf_fini(&bytes);
}

static void make_move(struct actors *actors, struct log_actor *log, int stream,
                      const struct move *move)
{
    struct node *file = disk_entry(log->directory, move->name);
    struct node *other = move->other[0] != '\0' ? disk_entry(log->directory, move->other) : NULL;
    if (move->what == MOVE_CREATE) {
        create(actors, log, stream, move->name);
        return;
    }
    if (file == NULL) {
        return;
    }
    switch (move->what) {
    case MOVE_RENAME:
        hide(actors, other);
        if (is_of_log(move->other)) {
            ledger_show(actors->ledger, file, stream);
        } else {
            hide(actors, file);
        }
        disk_rename(actors->disk, log->directory, move->name, log->directory, move->other);
        break;
    case MOVE_LINK:
        disk_link(actors->disk, log->directory, move->name, move->other);
        break;
    case MOVE_AWAY:
        ledger_moved(actors->ledger, file);
        disk_rename(actors->disk, log->directory, move->name, log->moved, move->other);
        break;
    case MOVE_SHRED:
        ledger_shred(actors->ledger, file, file == log->open);
        disk_overwrite(actors->disk, file, NOISE);
        break;
    case MOVE_WAIT:
        break;
    case MOVE_UNLINK:
        hide(actors, file);
        disk_unlink(actors->disk, log->directory, move->name);
        break;
    case MOVE_REOPEN:
        log->open = file;
        break;
    case MOVE_COPY:
        other = create(actors, log, stream, move->other);
        be_denied(other, file->is_denied);
        disk_append(actors->disk, other, file->bytes, file->len / 2);
        break;
    case MOVE_COPY_REST:
        copy_all(actors, file, other);
        break;
    case MOVE_CUT:
        ledger_cut(actors->ledger, file);
        disk_truncate(actors->disk, file);
        break;
    case MOVE_EMPTY:
        ledger_empty(actors->ledger, file);
        disk_truncate(actors->disk, file);
        break;
    case MOVE_PACK:
        other = create(actors, log, stream, move->other);
        pack_part(actors, log, file, other, false);
        break;
    case MOVE_PACK_REST:
        pack_part(actors, log, file, other, true);
        break;
    default: {
        if (file != log->lower) {
            break; /* what was made since is in the upper layer */
        }
        log->lower = NULL;
        struct node *copy = disk_create(actors->disk, log->directory, "copying.tmp");
        uint64_t modified_ns = file->modified_ns;
        copy_all(actors, file, copy);
        copy->modified_ns = modified_ns;
        copy->is_upper = true;
        be_denied(copy, file->is_denied);
        copy->contents.since_ns = 0;
        hide(actors, file);
        disk_rename(actors->disk, log->directory, copy->name, log->directory, move->name);
        ledger_show(actors->ledger, copy, stream);
        log->open = log->open == file ? copy : log->open;
        break;
    }
    }
}

/* ---- writing ---- */

static void write_chore(struct actors *actors, const struct chore *chore)
{
    struct log_actor *log = &actors->logs[chore->stream];
    struct buf bytes;
    buf_init(&bytes, 1 << 16);
    if (log->open->len == 0) {
        ledger_write_banner(actors->ledger, chore->stream, &bytes);
    }
    ledger_write_tokens(actors->ledger, chore->stream, chore->tokens, log->open, &bytes);
    if (chore->ends_line) {
        buf_append(&bytes, "\n", 1);
    }
    disk_append(actors->disk, log->open, bytes.data, bytes.len);
    if (chore->ends_line) {
        ledger_end_line(actors->ledger, chore->stream, log->open);
    }
    buf_fini(&bytes);
}

static void add_chore(struct actors *actors, int stream, uint64_t tokens, bool ends_line,
                      uint64_t after_ns)
{
    struct log_actor *log = &actors->logs[stream];
    uint64_t now = actors->disk->now_ns;
    log->writer_free_ns = (log->writer_free_ns > now ? log->writer_free_ns : now) + after_ns;
    ENSURE(actors->chore_count < CHORES_MAX);
    actors->chores[actors->chore_count++] =
        (struct chore){log->writer_free_ns, tokens, stream, ends_line};
}

/* ---- what is due ---- */

static struct chore *next_chore(struct actors *actors)
{
    struct chore *next = NULL;
    while (actors->first_chore < actors->chore_count &&
           actors->chores[actors->first_chore].at_ns == UINT64_MAX) {
        actors->first_chore++;
    }
    for (size_t i = actors->first_chore; i < actors->chore_count; i++) {
        struct chore *chore = &actors->chores[i];
        next = chore->at_ns != UINT64_MAX && (next == NULL || chore->at_ns < next->at_ns) ? chore
                                                                                        : next;
    }
    return next;
}

static bool has_move(const struct log_actor *log)
{
    return log->next_move < log->move_count;
}

uint64_t actors_due(const struct actors *actors)
{
    const struct chore *chore = next_chore((struct actors *)(uintptr_t)actors);
    uint64_t due = chore != NULL ? chore->at_ns : UINT64_MAX;
    for (size_t i = 0; i < actors->schedule->world.streams; i++) {
        const struct log_actor *log = &actors->logs[i];
        due = has_move(log) && log->move_ns < due ? log->move_ns : due;
    }
    return due;
}

/* The job at hand is done: on to the next that has something to do. */
static void begin_job(struct actors *actors, int stream)
{
    struct log_actor *log = &actors->logs[stream];
    while (!has_move(log) && log->next_job < log->job_count) {
        log->move_count = 0;
        log->next_move = 0;
        plan_job(actors, log, stream, log->jobs[log->next_job++]);
    }
    if (has_move(log)) {
        log->move_ns = actors->disk->now_ns + log->moves[log->next_move].after_ns;
    }
}

static bool move_one(struct actors *actors)
{
    for (int i = 0; i < (int)actors->schedule->world.streams; i++) {
        struct log_actor *log = &actors->logs[i];
        if (has_move(log) && log->move_ns <= actors->disk->now_ns) {
            make_move(actors, log, i, &log->moves[log->next_move++]);
            begin_job(actors, i);
            return true;
        }
    }
    return false;
}

void actors_happen(struct actors *actors)
{
    uint64_t now = actors->disk->now_ns;
    bool has_happened;
    do {
        struct chore *chore = next_chore(actors);
        has_happened = chore != NULL && chore->at_ns <= now;
        if (has_happened) {
            write_chore(actors, chore);
            chore->at_ns = UINT64_MAX;
        }
        has_happened |= move_one(actors);
    } while (has_happened);
}

/* ---- steps ---- */

bool actors_is_theirs(enum what what)
{
    return what <= STEP_CUT;
}

/* For whatever is made of them as well. */
static void deny(struct actors *actors, int stream, bool is_rotated)
{
    const struct log_actor *log = &actors->logs[stream];
    bool has_rotated = log->rotated_count > 0;
    struct node *file = is_rotated && has_rotated ? disk_entry(log->directory, log->rotated[0].name)
                                                  : disk_entry(log->directory, log->live);
    if (file != NULL && !file->is_denied) {
        disk_say(actors->disk, "deny %s (%llu)", file->name, (unsigned long long)file->number);
        ledger_deny(actors->ledger, file);
        be_denied(file, true);
    }
}

static void allow(struct actors *actors, int stream)
{
    for (size_t i = 0; i < actors->disk->count; i++) {
        struct node *file = actors->disk->nodes[i];
        if (file->contents.stream == stream && file->is_denied) {
            disk_say(actors->disk, "allow %s (%llu)", file->name, (unsigned long long)file->number);
            be_denied(file, false);
            ledger_allow(actors->ledger, file);
        }
    }
}

void actors_begin(struct actors *actors, const struct step *step)
{
    int stream = (int)(step->numbers[0] % actors->schedule->world.streams);
    struct log_actor *log = &actors->logs[stream];
    if (step->what == STEP_WRITE) {
        for (uint64_t i = 0; i < step->numbers[1]; i++) {
            add_chore(actors, stream, step->numbers[2], true, step->numbers[3] * US);
        }
    } else if (step->what == STEP_PART) {
        add_chore(actors, stream, step->numbers[1], false, 0);
    } else if (step->what == STEP_DENY) {
        deny(actors, stream, step->numbers[1] > 0);
    } else if (step->what == STEP_ALLOW) {
        allow(actors, stream);
    } else {
        bool is_idle = !has_move(log);
        ENSURE(log->job_count < JOBS_MAX);
        log->jobs[log->job_count++] = (enum what)step->what;
        if (is_idle) {
            begin_job(actors, stream);
        }
    }
}

static void happen(void *context)
{
    actors_happen(context);
}

static bool has_layers(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++) {
        if (schedule->steps[i].what == STEP_COPY_UP) {
            return true;
        }
    }
    return false;
}

struct actors *actors_new(const struct schedule *schedule, struct disk *disk, struct ledger *ledger)
{
    struct actors *actors = mem_alloc(sizeof(*actors));
    actors->schedule = schedule;
    actors->disk = disk;
    actors->ledger = ledger;
    actors->draw.state = schedule->world.seed ^ UINT64_C(0xbb67ae8584caa73b);
    disk->happen = happen;
    disk->happen_context = actors;
    disk_make_directory(disk, "/logs");
    disk_make_directory(disk, "/var/log/pods");
    struct node *moved = has_moved(schedule) ? disk_make_directory(disk, "/logs/moved") : NULL;
    for (int i = 0; i < (int)schedule->world.streams; i++) {
        struct log_actor *log = &actors->logs[i];
        bool is_kubelet = schedule->streams[i].scheme == SCHEME_KUBELET;
        char path[NAME_MAX_BYTES];
        log->setup = &schedule->streams[i];
        snprintf(path, sizeof(path), "/var/log/pods/shop_%s_0f1e/app", base_names[i]);
        log->directory = disk_make_directory(disk, is_kubelet ? path : "/logs");
        snprintf(log->live, sizeof(log->live), is_kubelet ? "0.log" : "%s.log", base_names[i]);
        log->open = create(actors, log, i, log->live);
        log->lower = log->open;
        log->moved = moved;
        log->counter = log->setup->scheme == SCHEME_HOUR ? HOUR_COUNTS_FROM : 0;
        add_chore(actors, i, 4, true, FIRST_LINE_NS);
    }
    disk->makes_upper = has_layers(schedule);
    return actors;
}

void actors_free(struct actors *actors)
{
    free(actors);
}
