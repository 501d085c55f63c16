/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "input/tail/tail.h"
#include "input/tail/watch.h"
#include "input/tail/why.h"

/*
 * When what is done. Six things with a time each at which they are due, and inotify as a hint:
 *
 *     scan   every scan_interval_ms       look at what may have changed: the truth
 *     look   10 ms after an event         look at the directories that were marked
 *     work   at once while streams are ready, some ms after a write, so that a busy writer is not
 *            read line by line
 *     tick   while a stream waits         time-outs: ends that must stay, joined lines
 *     pinned every second while deleted files are held open: their limits
 *     news   a minute after a loss was said: those that came since
 *
 * What inotify watches and where all is settled is looked at once in watched_scan_interval_ms, a part
 * of it in each scan (discover.h); everything is by the first scan, when events were lost, and while
 * a stream's files are missing, because only that tells that they are nowhere. A scan goes on in
 * slices of SCAN_SLICE_NS, so that the first lines are read before the last file has been found.
 *
 * Ready streams take turns of read_bytes in a ring; after TURN_BYTES_MAX the loop goes round, so that
 * the output and the signals get their share. A stream the sink refused stays at the head of the
 * ring, and nothing is read until input_resume(). One for which alone it has no room is put aside until
 * then, and one whose lines it holds is offered again every HELD_RETRY_NS; the others go on.
 *
 * input_run() does what is due. It knows no event loop: shell.c calls it in one, a test that is its own
 * world does it itself.
 */

enum {
    TURNS_MAX = 256, /* before the event loop goes round … */
    TURN_BYTES_MAX = 2 << 20, /* … or so many bytes */
    SCAN_SHARE = 10, /* scanning takes at most one part in so many of the time */
    TICKS_PER_IDLE = 10,
};

#define MS UINT64_C(1000000)
#define WORK_DELAY_NS (5 * MS)
#define LOOK_DELAY_NS (10 * MS)
#define STARTING_RETRY_NS MS
#define TICK_NS (50 * MS)
#define ROTATED_QUIET_NS (300 * MS) /* a renamed file rests so long before its successor is read */
#define DELETED_QUIET_NS (1000 * MS)
#define HELD_RETRY_NS (100 * MS) /* the sink is asked again whether it wants a stream's lines */
#define CUT_QUIET_NS (10000 * MS) /* a compressed file that is not whole grows within this time, … */
#define CUT_RETRY_NS (250 * MS) /* … and is read again so often */
#define REFUSED_NS (60000 * MS) /* newer files wait so long for one that cannot be read */
#define FULL_RETRY_NS (50 * MS) /* no more files may be open */
#define SCAN_SLICE_NS MS

#define NEVER UINT64_MAX

static uint64_t now_of(const struct input *input)
{
    return world_monotonic_ns(input->env.world);
}

/* ---- what is due when ---- */

uint64_t input_due(const struct input *input)
{
    const struct input_plan *plan = &input->plan;
    uint64_t first = plan->scan_ns < plan->look_ns ? plan->scan_ns : plan->look_ns;
    uint64_t last = plan->work_ns < plan->tick_ns ? plan->work_ns : plan->tick_ns;
    uint64_t rare = plan->pinned_ns < plan->news_ns ? plan->pinned_ns : plan->news_ns;
    first = first < last ? first : last;
    return first < rare ? first : rare;
}

static void start_after(struct input *input, uint64_t *plan_ns, uint64_t delay_ns)
{
    bool is_look = plan_ns == &input->plan.scan_ns || plan_ns == &input->plan.look_ns;
    if (*plan_ns == NEVER && !input->is_stopped && !(input->is_ending && is_look)) {
        *plan_ns = now_of(input) + delay_ns;
        input_shell_arm(input->shell);
    }
}

static void start_at(struct input *input, uint64_t *plan_ns, uint64_t at_ns)
{
    if (at_ns < *plan_ns && !input->is_stopped && !input->is_ending) {
        *plan_ns = at_ns;
        input_shell_arm(input->shell);
    }
}

void input_check_pinned_at(struct input *input, uint64_t at_ns)
{
    start_at(input, &input->plan.pinned_ns, at_ns);
}

void input_tell_losses_at(struct input *input, uint64_t at_ns)
{
    start_at(input, &input->plan.news_ns, at_ns);
}

/* ---- waking ---- */

void input_wake(struct tail *tail)
{
    struct input *input = tail->input;
    list_remove(&tail->waiting);
    if (list_is_empty(&tail->ready)) {
        list_append(&input->ready, &tail->ready);
    }
    if (!input->is_blocked) {
        start_after(input, &input->plan.work_ns, input->was_scanned ? WORK_DELAY_NS : 0);
    }
}

void input_wake_at(struct tail *tail, uint64_t deadline_ns)
{
    if (list_is_empty(&tail->waiting)) {
        list_append(&tail->input->waiting, &tail->waiting);
        tail->deadline_ns = deadline_ns;
    } else if (deadline_ns < tail->deadline_ns) {
        tail->deadline_ns = deadline_ns;
    }
    start_after(tail->input, &tail->input->plan.tick_ns, TICK_NS);
}

void input_look_soon(struct tail *tail)
{
    struct input *input = tail->input;
    discover_mark_path(input->discover, tail->directory);
    start_after(input, &input->plan.look_ns, LOOK_DELAY_NS);
}

void input_look_for_end(struct tail *tail)
{
    tail->input->is_missing = true;
    input_look_soon(tail);
}

bool input_is_lacking(const struct input *input)
{
    return input->is_lacking;
}

bool input_is_starting(const struct input *input)
{
    return !input->was_scanned;
}

bool input_has_spare_room(const struct input *input)
{
    return input->open_count < input->open_files_max / 2;
}

/* ---- reading ---- */

void input_complain(struct generation *generation, int error)
{
    struct input *input = generation->tail->input;
    if (generation->has_complained) {
        return;
    }
    generation->has_complained = true;
    discover_want(input->discover, generation->tail->directory);
    char *path = mem_format("%s/%s", generation->tail->directory, generation->name);
    counters_add(input->env.counters, C_FILE_ERRORS, 1);
    log_event(input->env.log, LOG_WARN, "cannot read %s: %s; retrying at every scan", path,
              why_not_opened(path, error, input->env.is_sandboxed, input->env.counters));
    free(path);
}

/* Read to its end: what comes next is the next generation. */
static void finish(struct generation *generation)
{
    struct tail *tail = generation->tail;
    enum gzip_end end = generation_packed_end(generation);
    if (end == GZIP_CUT || end == GZIP_BROKEN) {
        tail_say_damaged(generation);
    }
    struct generation *next = tail_next(generation);
    counters_add(tail->input->env.counters, C_ROTATIONS, next != NULL);
    generation->state = GENERATION_DONE;
    generation_close(generation);
    if (generation->unseen > 0 && !tail_is_unclear(tail)) { /* what is unclear may be what became of it */
        generation_drop(generation, DROP_READ);
    }
    if (next != NULL || tail->input->is_ending) {
        input_wake(tail);
    } else {
        input_look_for_end(tail); /* with no name left the stream ends */
    }
}

/* The writer may go on in a file that was renamed: until its successor has something, nobody has
 * begun to write there. Once there are two newer ones, or it has rested long, it is over. */
static bool is_over(const struct generation *generation, uint64_t quiet_ns)
{
    const struct generation *next = tail_next(generation);
    if (generation->unseen > 0 &&
        (quiet_ns >= DELETED_QUIET_NS || generation->tail->input->is_ending)) {
        return true;
    }
    if (next == NULL) {
        return false;
    }
    if (generation->is_gzip || tail_next(next) != NULL) {
        return true;
    }
    struct file_stat info;
    if (next->size == 0) {
        return false;
    }
    const struct world *world = generation->tail->input->env.world;
    uint64_t rested_since = world_realtime_ns(world) - ROTATED_QUIET_NS;
    return quiet_ns >= ROTATED_QUIET_NS ||
           (generation->fd >= 0 && world_stat_open(world, generation->fd, &info) == 0 &&
            info.modified_ns < rested_since && info.size == generation->size);
}

static void hold(struct tail *tail)
{
    tail->held_until_ns = now_of(tail->input) + HELD_RETRY_NS;
    input_wake_at(tail, tail->held_until_ns);
}

/* Until there is room again: input_resume(). */
static void put_aside(struct tail *tail)
{
    list_remove(&tail->ready);
    list_append(&tail->input->full, &tail->ready);
}

static bool has_room(const struct tail *tail)
{
    const struct line_sink *sink = tail->input->env.sink;
    return sink->room == NULL || sink->room(sink->context, &tail->stream);
}

/* Something was written to a stream whose lines the sink holds: nothing to do yet. */
static bool is_held(struct tail *tail)
{
    if (tail->held_until_ns == 0) {
        return false;
    }
    if (now_of(tail->input) < tail->held_until_ns) {
        input_wake_at(tail, tail->held_until_ns);
        return true;
    }
    tail->held_until_ns = 0;
    return false;
}

/* All containers of a pod; a log that is no pod's is by itself. */
static struct paced *join_pod(struct tail *tail)
{
    char *pod = mem_string(tail->directory);
    char *slash = strrchr(pod, '/');
    if (tail->is_kubelet && slash != NULL) {
        *slash = '\0';
    }
    struct paced *paced = pace_join(tail->input->pace, tail->is_kubelet ? pod : tail->key);
    free(pod);
    return paced;
}

static void say_paced(const struct input *input, struct paced *paced)
{
    counters_add(input->env.counters, C_POD_PAUSES, 1);
    if (paced_is_news(paced)) {
        log_event(input->env.log, LOG_WARN,
                  "input %s: %s writes more than pod_bytes_per_second (%llu) allows: clew reads it "
                  "at that rate, the rest waits in its files",
                  input->settings->name, paced_pod(paced),
                  (unsigned long long)input->settings->pod_bytes_per_second);
    }
}

static void note_read(struct tail *tail, uint64_t bytes)
{
    struct input *input = tail->input;
    if (input->pace == NULL || bytes == 0) {
        return;
    }
    tail->paced = tail->paced != NULL ? tail->paced : join_pod(tail);
    pace_note(input->pace, tail->paced, bytes, now_of(input));
}

/* Its pod has been read as fast as it may be. */
static bool is_paced(struct tail *tail)
{
    uint64_t until_ns = tail->paced != NULL ? paced_until_ns(tail->paced, now_of(tail->input)) : 0;
    if (until_ns > 0) {
        tail->held_until_ns = until_ns;
        input_wake_at(tail, until_ns);
        say_paced(tail->input, tail->paced);
    }
    return until_ns > 0;
}

/* A compressed file ends in the middle: it may still be being written, for as long as it grows. */
static bool is_growing(const struct generation *generation, uint64_t quiet_ns)
{
    return generation_packed_end(generation) == GZIP_CUT && quiet_ns < CUT_QUIET_NS;
}

/* Its end was reached, perhaps with a line that has no newline. False: the sink has no room. */
static bool at_end(struct generation *generation)
{
    struct tail *tail = generation->tail;
    const struct input_settings *settings = tail->input->settings;
    uint64_t now = now_of(tail->input);
    bool has_rest = generation_rest(generation) > 0;
    bool is_last = tail_next(generation) == NULL && generation->unseen == 0;
    pinned_note_end(generation);
    if (tail->end_size != generation->size || tail->end_since_ns == 0) {
        tail->end_size = generation->size;
        tail->end_since_ns = now;
    }
    uint64_t quiet_ns = now - tail->end_since_ns;
    if (is_growing(generation, quiet_ns)) {
        input_wake_at(tail, now + CUT_RETRY_NS);
        return true;
    }
    bool over = !is_last && is_over(generation, quiet_ns);
    if (has_rest && (over || quiet_ns >= settings->unterminated_timeout_ms * MS)) {
        enum turn turn = reader_flush(generation);
        if (turn == TURN_HELD) {
            hold(tail);
            return true;
        }
        if (turn == TURN_FULL) {
            put_aside(tail);
            return true;
        }
        if (turn != TURN_END) {
            input_wake(tail);
            return turn != TURN_BLOCKED;
        }
        has_rest = false;
    }
    if (over) {
        tail->end_since_ns = 0;
        finish(generation);
        return true;
    }
    if (has_rest) {
        input_wake_at(tail, tail->end_since_ns + settings->unterminated_timeout_ms * MS);
    }
    if (!is_last) {
        uint64_t quiet = generation->unseen > 0 ? DELETED_QUIET_NS : ROTATED_QUIET_NS;
        const struct generation *next = tail_next(generation);
        if (generation->unseen > 0 || (next != NULL && next->size > 0)) {
            input_wake_at(tail, tail->end_since_ns + quiet);
        }
    }
    return true;
}

void input_be_active(struct tail *tail)
{
    if (list_is_empty(&tail->active)) {
        list_append(&tail->input->active, &tail->active);
        start_after(tail->input, &tail->input->plan.tick_ns, TICK_NS);
    }
}

/* All that is in it was read: so nobody waits until it may be opened again. */
static bool is_at_known_end(const struct generation *generation)
{
    return generation->size <= generation->offset && tail_next(generation) != NULL;
}

/* It cannot be read: what comes after it does not wait for that for ever. */
static void refuse(struct generation *generation, int error)
{
    struct tail *tail = generation->tail;
    const struct generation *next = tail_next(generation);
    uint64_t now = now_of(tail->input);
    input_complain(generation, error);
    generation_close(generation);
    if (next == NULL || next->size == 0) {
        return; /* a writer may be in it still */
    }
    if (generation->refused_since_ns == 0) {
        generation->refused_since_ns = now;
    }
    if (now - generation->refused_since_ns >= REFUSED_NS) {
        tail_say_unreadable(generation);
        input_wake(tail);
    } else {
        input_wake_at(tail, generation->refused_since_ns + REFUSED_NS);
    }
}

/* Ready to be read; false: not now. */
static bool prepare(struct generation *generation)
{
    struct tail *tail = generation->tail;
    int result = generation_open(generation);
    if (result == -ESTALE) {
        input_look_soon(tail); /* renamed: found by its inode */
        return false;
    }
    if (result == -EMFILE || result == -ENFILE) {
        input_wake_at(tail, now_of(tail->input) + FULL_RETRY_NS); /* others come to their end */
        return false;
    }
    if (result == -EACCES && is_at_known_end(generation)) {
        at_end(generation);
        return false;
    }
    if (result < 0) {
        refuse(generation, -result);
        return false;
    }
    generation->has_complained = false;
    if (generation->number == 0) {
        generation->number = ++tail->last_number;
        generation_tell_name(generation);
    }
    return true;
}

/* What it waits with in the sink is given, for nobody will read that again. */
static bool is_done_ending(struct tail *tail)
{
    const struct line_sink *sink = tail->input->env.sink;
    bool is_done = !ending_is_last_chance(tail);
    if (is_done) {
        sink->idle(sink->context, &tail->stream, UINT64_MAX);
    }
    return is_done;
}

/* One turn of one stream, which has been taken off the ring. False: the sink has no room. */
static bool work_on(struct tail *tail)
{
    struct input *input = tail->input;
    struct generation *generation = tail_current(tail);
    if (inherit_waits(tail) || is_held(tail) || (input->is_ending && is_done_ending(tail)) ||
        generation == NULL || (!input->is_ending && is_paced(tail))) {
        return true;
    }
    if (!has_room(tail)) {
        put_aside(tail);
        return true;
    }
    if (!prepare(generation)) {
        return true;
    }
    list_remove(&generation->open_link);
    list_append(&input->open, &generation->open_link);
    uint64_t offset = generation->offset;
    enum turn turn = generation->is_rewritten ? TURN_REWRITTEN : reader_turn(generation);
    backlog_note(generation);
    generation->refused_since_ns = turn == TURN_FAILED ? generation->refused_since_ns : 0;
    if (generation->offset != offset) {
        note_read(tail, generation->offset - offset);
        input_be_active(tail);
    }
    switch (turn) {
    case TURN_MORE:
        list_append(&input->ready, &tail->ready);
        return true;
    case TURN_END:
        return at_end(generation);
    case TURN_BLOCKED:
        return false;
    case TURN_FULL:
        put_aside(tail);
        return true;
    case TURN_HELD:
        hold(tail);
        return true;
    case TURN_REWRITTEN:
        generation->is_rewritten = true;
        input_look_soon(tail);
        return true;
    case TURN_FAILED:
        refuse(generation, errno);
        return true;
    }
    return true;
}

static void work(struct input *input)
{
    uint64_t enough = input->env.counters->values[C_BYTES_READ] + TURN_BYTES_MAX;
    for (int turns = 0; turns < TURNS_MAX && !list_is_empty(&input->ready) &&
                        input->env.counters->values[C_BYTES_READ] < enough;
         turns++) {
        struct tail *tail = container_of(input->ready.next, struct tail, ready);
        list_remove(&tail->ready);
        if (!work_on(tail)) {
            list_remove(&tail->ready);
            list_insert_after(&input->ready, &tail->ready);
            input->is_blocked = true;
            input->plan.work_ns = NEVER;
            return;
        }
    }
    input->plan.work_ns = NEVER;
    if (!list_is_empty(&input->ready)) {
        start_after(input, &input->plan.work_ns, 0);
    }
}

/* ---- time-outs ---- */

static void wake_expired(struct input *input, uint64_t now)
{
    for (struct list *link = input->waiting.next, *next; link != &input->waiting; link = next) {
        struct tail *tail = container_of(link, struct tail, waiting);
        next = link->next;
        if (tail->deadline_ns <= now) {
            if (tail_is_unclear(tail)) {
                input_look_soon(tail);
            }
            input_wake(tail);
        }
    }
}

/* Until some time after the last line: by then the sink has let go of what it held. */
static void tell_idle(struct input *input, uint64_t now)
{
    const struct line_sink *sink = input->env.sink;
    uint64_t wait_ms = input->settings->partial_timeout_ms + input->settings->multiline.timeout_ms;
    uint64_t kept_ns = (wait_ms + 2000) * MS;
    for (struct list *link = input->active.next, *next; link != &input->active; link = next) {
        struct tail *tail = container_of(link, struct tail, active);
        next = link->next;
        if (sink->idle(sink->context, &tail->stream, now) && now > tail->last_line_ns + kept_ns) {
            list_remove(&tail->active);
        }
    }
}

/* Taken from the system untouched: pages that nothing was read into are never there. So while nothing
 * is read, there are none. */
static void renew_buffer(struct input *input)
{
    free(input->buffer);
    input->buffer = mem_alloc(input->buffer_bytes);
}

static void tick(struct input *input)
{
    uint64_t now = now_of(input);
    input->plan.tick_ns = now + TICK_NS;
    wake_expired(input, now);
    if (++input->plan.ticks % TICKS_PER_IDLE == 0 && !input->is_blocked) {
        tell_idle(input, now);
    }
    if (list_is_empty(&input->waiting) && list_is_empty(&input->active)) {
        input->plan.tick_ns = NEVER;
        renew_buffer(input);
    }
}

/* ---- looking ---- */

static enum found_answer on_found(void *context, const struct found_log *log)
{
    return tail_found(context, log);
}

static bool on_is_known(void *context, const char *key)
{
    const struct input *input = context;
    return tail_find(input, key) != NULL || checkpoint_has(input->env.checkpoints, key);
}

/* Streams that this full scan did not find; and a word to the sink for all others. */
static void sweep(struct input *input)
{
    size_t count = 0;
    struct tail **missed = mem_array(input->tails.count, sizeof(struct tail *));
    for (size_t i = 0; i < input->tails.cap; i++) {
        struct tail *tail = input->tails.slots[i].value;
        if (tail == NULL || inherit_waits(tail)) {
            continue;
        }
        if (tail->scan != input->scan) {
            missed[count++] = tail;
        } else if (!input->is_blocked) {
            input->env.sink->idle(input->env.sink->context, &tail->stream, now_of(input));
        }
    }
    for (size_t i = 0; i < count; i++) {
        tail_not_found(missed[i]);
    }
    input->is_missing |= count > 0;
    free(missed);
}

/* The interval begins at the end of a scan, and grows if scans are slow (a network file system, very
 * many files), so that there is always time to read. */
static void plan_next_scan(struct input *input, uint64_t took_ns)
{
    uint64_t before_ns = input->scan_before_ns;
    input->scan_before_ns = took_ns;
    took_ns = took_ns < before_ns ? took_ns : before_ns; /* it may have been the process that was stopped */
    uint64_t interval_ns = input->settings->scan_interval_ms * MS;
    interval_ns = interval_ns > took_ns * SCAN_SHARE ? interval_ns : took_ns * SCAN_SHARE;
    interval_ns = input->is_overflowed ? 0 : interval_ns;
    start_after(input, &input->plan.scan_ns, interval_ns);
}

static void begin_scan(struct input *input)
{
    const struct input_settings *settings = input->settings;
    bool is_whole = !input->was_scanned || input->is_missing || input->is_overflowed ||
                    settings->watched_scan_interval_ms <= settings->scan_interval_ms;
    double part = is_whole ? 1
                           : (double)settings->scan_interval_ms /
                                 (double)settings->watched_scan_interval_ms;
    input->is_overflowed = false;
    input->is_missing = false;
    input->is_whole_scan = discover_begin_scan(input->discover, part);
    input->scan += input->is_whole_scan;
    input->scan_took_ns = 0;
    counters_add(input->env.counters, C_SCANS, 1);
}

static void end_scan(struct input *input)
{
    bool is_first = !input->was_scanned;
    if (is_first) {
        input_tell_found(input);
    }
    if (input->is_whole_scan) {
        sweep(input);
    }
    if (discover_has_marked(input->discover)) {
        start_after(input, &input->plan.look_ns, LOOK_DELAY_NS);
    }
    /* The first one makes everything; the others tell what a scan costs. */
    plan_next_scan(input, input->was_scanned ? input->scan_took_ns : 0);
    input->was_scanned = true;
    if (input->is_whole_scan) {
        list_remove(&input->starting);
        inherit_settle(input->family);
    }
    if (is_first && list_is_empty(&input->family->starting)) {
        unread_count_gone(input);
    }
}

/* An earlier one has not yet found all that is its own. */
static bool is_my_turn(const struct input *input)
{
    return input->was_scanned || input->family->starting.next == &input->starting;
}

static void scan(struct input *input)
{
    input->plan.scan_ns = NEVER;
    if (!is_my_turn(input)) {
        start_after(input, &input->plan.scan_ns, STARTING_RETRY_NS);
        return;
    }
    uint64_t began_ns = now_of(input);
    if (!discover_is_scanning(input->discover)) {
        begin_scan(input);
    }
    bool is_over = discover_scan_until(input->discover, began_ns + SCAN_SLICE_NS);
    input->scan_took_ns += now_of(input) - began_ns;
    if (is_over) {
        end_scan(input);
    } else {
        start_after(input, &input->plan.scan_ns, 0);
    }
}

static void look_at_grown(struct input *input)
{
    while (!list_is_empty(&input->grown)) {
        struct tail *tail = container_of(input->grown.next, struct tail, grown);
        list_remove(&tail->grown);
        tail_look_at_grown(tail);
    }
}

static void look(struct input *input)
{
    input->plan.look_ns = NEVER;
    look_at_grown(input);
    discover_scan_marked(input->discover);
    if (discover_has_marked(input->discover)) {
        start_after(input, &input->plan.look_ns, LOOK_DELAY_NS);
    }
}

static void run_rare(struct input *input, uint64_t now)
{
    if (input->plan.pinned_ns <= now) {
        input->plan.pinned_ns = NEVER;
        pinned_check(input, now);
    }
    if (input->plan.news_ns <= now) {
        input->plan.news_ns = NEVER;
        loss_news_tell(input, now);
    }
}

void input_run(struct input *input)
{
    const struct input_plan *plan = &input->plan;
    uint64_t now = now_of(input);
    if (plan->tick_ns <= now) {
        tick(input);
    }
    if (plan->scan_ns <= now) {
        scan(input);
    }
    if (plan->look_ns <= now) {
        look(input);
    }
    if (plan->work_ns <= now) {
        work(input);
    }
    run_rare(input, now);
}

/* ---- inotify ---- */

/* It is open, and the sink takes its lines. */
static bool is_read_now(const struct generation *generation)
{
    const struct tail *tail = generation->tail;
    return generation->fd >= 0 && !tail->input->is_blocked && tail->held_until_ns == 0 &&
           !inherit_waits(tail);
}

static void grow(struct generation *generation)
{
    struct tail *tail = generation->tail;
    generation->is_grown = true;
    if (list_is_empty(&tail->grown)) {
        list_append(&tail->input->grown, &tail->grown);
    }
    start_after(tail->input, &tail->input->plan.look_ns, LOOK_DELAY_NS);
}

static void on_written(void *context, struct directory *directory, const char *name)
{
    struct input *input = context;
    struct generation *generation =
        generation_find_name(input, directory_path(directory), name);
    discover_hear(directory);
    if (generation == NULL || generation->state == GENERATION_IGNORED) {
        return;
    }
    bool is_current = generation == tail_current(generation->tail);
    if (is_current) {
        input_wake(generation->tail);
    }
    if (generation->state == GENERATION_WAITING && !(is_current && is_read_now(generation))) {
        grow(generation);
    }
    if (!is_current && (generation->state != GENERATION_WAITING || generation->size == 0)) {
        /* A finished one grows, a copy is being made, or the writer has begun its next file. */
        input_look_soon(generation->tail);
    }
}

static void on_changed(void *context, struct directory *directory)
{
    struct input *input = context;
    discover_hear(directory);
    discover_mark(input->discover, directory);
    start_after(input, &input->plan.look_ns, LOOK_DELAY_NS);
}

static void scan_now(struct input *input)
{
    input->plan.scan_ns = NEVER;
    start_after(input, &input->plan.scan_ns, 0);
}

void input_look_at_all(struct input *input)
{
    input->is_missing = true;
    scan_now(input);
}

static void on_ended(void *context, struct directory *directory)
{
    (void)context;
    discover_lose_watch(directory);
}

static void on_overflowed(void *context)
{
    struct input *input = context;
    log_event(input->env.log, LOG_INFO, "inotify lost events: scanning everything");
    input->is_overflowed = true;
    scan_now(input);
}

/* ---- the whole ---- */

struct tail *input_any_tail(const struct input *input)
{
    for (size_t i = 0; i < input->tails.cap; i++) {
        if (input->tails.slots[i].value != NULL) {
            return input->tails.slots[i].value;
        }
    }
    return NULL;
}

static void plan_nothing(struct input *input)
{
    input->plan.scan_ns = NEVER;
    input->plan.look_ns = NEVER;
    input->plan.work_ns = NEVER;
    input->plan.tick_ns = NEVER;
    input->plan.pinned_ns = NEVER;
    input->plan.news_ns = NEVER;
    input_shell_arm(input->shell);
}

void input_family_init(struct input_family *family)
{
    list_init(&family->starting);
    list_init(&family->inherited);
}

struct input *input_open(const struct input_settings *settings, const struct input_env *env,
                         char **out_error)
{
    struct input *input = mem_alloc(sizeof(*input));
    input->settings = settings;
    input->env = *env;
    input->env.world = env->world != NULL ? env->world : &world_system;
    input->opened_ns = world_realtime_ns(input->env.world);
    input->open_files_max = share_of(&env->share, settings->open_files_max);
    input->open_files_max += input->open_files_max == 0;
    if (env->open_files_max > 0 && env->open_files_max < input->open_files_max) {
        input->open_files_max = env->open_files_max;
    }
    input->deleted_bytes_max = share_of(&env->share, settings->deleted_bytes_max);
    input->deleted_bytes_max += input->deleted_bytes_max == 0 && settings->deleted_bytes_max > 0;
    input->source_seed = world_realtime_ns(input->env.world);
    input->buffer_bytes = reader_buffer_bytes(settings);
    buf_init(&input->converted, 3 * input->buffer_bytes);
    list_init(&input->ready);
    list_init(&input->full);
    list_init(&input->waiting);
    list_init(&input->active);
    list_init(&input->grown);
    list_init(&input->open);
    list_init(&input->pinned);
    list_init(&input->starting);
    input_family_init(&input->own_family);
    input->family = env->family != NULL ? env->family : &input->own_family;
    list_append(&input->family->starting, &input->starting);
    plan_nothing(input);
    input->shell = env->loop != NULL ? input_shell_new(input) : NULL;
    if (settings->inotify) {
        const struct watch_events events = {on_written, on_changed, on_ended, on_overflowed, input};
        const struct world *world = input->env.world;
        input->watch = world->watch(world->context, env->loop, env->log, env->counters, &events);
    }
    const struct discover_env discover_env = {
        .log = env->log,
        .counters = env->counters,
        .world = input->env.world,
        .watch = input->watch,
        .assignment = env->assignment,
        .worker = env->share.worker,
        .config = env->config,
        .events = {on_found, on_is_known, input},
        .is_sandboxed = env->is_sandboxed,
    };
    input->discover = discover_new(settings, &discover_env, out_error);
    if (input->discover == NULL) {
        input_close(input);
        return NULL;
    }
    if (settings->pod_bytes_per_second > 0) {
        input->pace = pace_new(settings->pod_bytes_per_second);
    }
    renew_buffer(input);
    scan_now(input);
    return input;
}

void input_resume(struct input *input)
{
    input->is_blocked = false;
    while (!list_is_empty(&input->full)) {
        struct list *last = input->full.prev; /* in their order, and before the others */
        list_remove(last);
        list_insert_after(&input->ready, last);
    }
    if (!list_is_empty(&input->ready)) {
        start_after(input, &input->plan.work_ns, 0);
    }
}

bool input_is_at_end(const struct input *input)
{
    return input->was_scanned && !input->is_blocked && list_is_empty(&input->ready) &&
           list_is_empty(&input->full) && list_is_empty(&input->waiting) &&
           !discover_has_marked(input->discover);
}

void input_watch_no_more(struct input *input)
{
    plan_nothing(input);
    watch_close(input->watch);
    input->watch = NULL;
}

void input_stop(struct input *input)
{
    input->is_stopped = true;
    input_watch_no_more(input);
}

static void close_tails(struct input *input)
{
    for (struct tail *tail; (tail = input_any_tail(input)) != NULL;) {
        if (input->is_stopped) {
            ending_say_lost(tail);
        } else {
            tail_say_closed(tail);
        }
        tail_close(tail, false);
    }
}

void input_close(struct input *input)
{
    if (input == NULL) {
        return;
    }
    list_remove(&input->starting);
    close_tails(input); /* which asks whether it has been stopped */
    loss_news_tell(input, NEVER);
    input_stop(input);
    pace_free(input->pace);
    discover_free(input->discover);
    map_fini(&input->tails);
    map_fini(&input->by_file);
    map_fini(&input->by_name);
    buf_fini(&input->converted);
    free(input->buffer);
    input_shell_free(input->shell);
    free(input);
}
