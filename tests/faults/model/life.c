/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/mem.h"
#include "input/tail/input.h"
#include "record/losses.h"

enum { QUEUE_MAX = 4096, LOG_BYTES_MAX = 1 << 20 };

#define MS UINT64_C(1000000)
#define LATE_NS (2000 * MS)
#define STOP_NS (5000 * MS)   /* so long a stop waits for acknowledgements */

enum state {
    STATE_DOWN,
    STATE_UP,
    STATE_STOPPING,
};

/* A line on its way. */
struct parcel {
    struct checkpoint *checkpoint;
    struct position end;
    struct piece piece;
    uint64_t ready_ns;
};

struct life {
    const struct schedule *schedule;
    struct disk *disk;
    struct ledger *ledger;
    const struct actors *actors;
    const char *directory;
    struct draw draw;
    struct input_settings settings[2]; /* a reload goes to the other one */
    struct input *input;
    struct checkpoint_store *store;
    struct counters counters;
    struct losses losses;
    struct log log;
    struct line_sink sink;
    struct file_calls calls; /* the system's, but for fsync(2) */
    struct parcel queue[QUEUE_MAX]; /* from `first` on, round */
    size_t first;
    size_t count;
    uint64_t commit_ns;
    uint64_t deadline_ns;  /* of a stop */
    uint64_t taken;        /* lines, in this life */
    enum state state;
    bool turn;             /* which of the settings hold */
    bool is_blocked;       /* the backend answers nothing */
    bool is_late;
    bool is_held[STREAMS_MAX];
    bool was_refused;
};

/* ---- the sink ---- */

static uint64_t delay_of(const struct life *life)
{
    return life->is_late ? LATE_NS : life->schedule->world.ack_ms * MS;
}

static enum line_answer take_line(void *context, const struct line *line)
{
    struct life *life = context;
    int stream = actors_stream_of(life->actors, line->source->path);
    if (life->count >= life->schedule->world.room) {
        ledger_disturb(life->ledger, -1);
        life->was_refused = true;
        return LINE_NO_ROOM;
    }
    if (stream >= 0 && life->is_held[stream]) {
        ledger_disturb(life->ledger, stream);
        return LINE_HELD;
    }
    ENSURE(life->count < QUEUE_MAX);
    struct parcel *parcel = &life->queue[(life->first + life->count++) % QUEUE_MAX];
    *parcel = (struct parcel){
        .checkpoint = line->stream->checkpoint,
        .end = line->end,
        .piece = ledger_take(life->ledger, line->text, line->is_unterminated),
        .ready_ns = life->disk->now_ns + delay_of(life),
    };
    disk_say(life->disk, "line %d:%u tokens %u to %u, ends at %llu of generation %llu", parcel->piece.stream,
             parcel->piece.line, parcel->piece.first, parcel->piece.end,
             (unsigned long long)line->end.offset, (unsigned long long)line->end.generation);
    checkpoint_hold(parcel->checkpoint);
    life->taken++;
    return LINE_TAKEN;
}

static bool take_idle(void *context, struct stream *stream, uint64_t now_ns)
{
    (void)stream;
    (void)now_ns;
    const struct life *life = context;
    return life->count < life->schedule->world.room;
}

static void take_gone(void *context, struct stream *stream)
{
    (void)context;
    (void)stream;
}

static void take_moved(void *context, struct stream *stream, void *former)
{
    (void)stream;
    ENSURE(context == former);
}

static struct parcel *pop(struct life *life)
{
    struct parcel *parcel = &life->queue[life->first];
    life->first = (life->first + 1) % QUEUE_MAX;
    life->count--;
    return parcel;
}

static void acknowledge(struct life *life)
{
    while (life->count > 0 && !life->is_blocked &&
           life->queue[life->first].ready_ns <= life->disk->now_ns) {
        struct parcel *parcel = pop(life);
        checkpoint_advance(parcel->checkpoint, parcel->end);
        checkpoint_release(parcel->checkpoint);
        ledger_ack(life->ledger, &parcel->piece);
    }
}

/* Nobody waits for the answers any more; some of it may have arrived all the same. */
static void give_up_queue(struct life *life)
{
    size_t arrived = draw_range(&life->draw, 0, life->count);
    for (size_t i = 0; life->count > 0; i++) {
        struct parcel *parcel = pop(life);
        if (i < arrived) {
            ledger_deliver_unanswered(life->ledger, &parcel->piece);
        }
        checkpoint_release(parcel->checkpoint);
    }
}

/* ---- what clew says ---- */

void life_be_loud(struct life *life, bool is_loud)
{
    life->log.level = is_loud ? LOG_DEBUG : LOG_INFO;
}

static void judge_words(struct life *life, uint64_t lost)
{
    off_t len = lseek(life->log.fd, 0, SEEK_END);
    char *text = mem_alloc((size_t)len + 1);
    ENSURE(pread(life->log.fd, text, (size_t)len, 0) == len && ftruncate(life->log.fd, 0) == 0);
    lseek(life->log.fd, 0, SEEK_SET);
    if (life->disk->is_loud) {
        fputs(text, stderr);
    }
    if (strstr(text, " 0 bytes of it") != NULL) {
        ledger_blame(life->ledger, "alarm", "a loss of 0 bytes is told");
    }
    if (lost > 0 && strstr(text, "level=warn") == NULL) {
        ledger_blame(life->ledger, "unsaid", "%llu bytes are counted as lost, and the log says nothing",
                     (unsigned long long)lost);
    }
    free(text);
}

/* In bytes, so far. */
static uint64_t look_at_losses(struct life *life)
{
    uint64_t sum = life->losses.others;
    life->ledger->has_lost_files |= life->counters.values[C_FILES_LOST] > 0;
    for (size_t i = 0; i < life->losses.count; i++) {
        int stream = actors_stream_of(life->actors, life->losses.items[i].path);
        sum += life->losses.items[i].bytes;
        if (stream >= 0) {
            ledger_count(life->ledger, stream, life->losses.items[i].bytes);
        }
    }
    if (sum != life->counters.values[C_BYTES_LOST]) {
        ledger_blame(life->ledger, "books", "%llu bytes are counted as lost, %llu by log",
                     (unsigned long long)life->counters.values[C_BYTES_LOST],
                     (unsigned long long)sum);
    }
    return sum;
}

static void look_at_books(struct life *life)
{
    const uint64_t *values = life->counters.values;
    if (values[C_LINES_READ] != life->taken) {
        ledger_blame(life->ledger, "books", "%llu lines are counted as read, %llu were given",
                     (unsigned long long)values[C_LINES_READ], (unsigned long long)life->taken);
    }
    if (values[C_FILES_OPEN] != life->disk->handle_count) {
        ledger_blame(life->ledger, "books", "%llu files are counted as open, %zu are",
                     (unsigned long long)values[C_FILES_OPEN], life->disk->handle_count);
    }
    look_at_losses(life);
    input_check(life->input);
}

/* ---- up and down ---- */

static int skip_sync(int fd)
{
    (void)fd;
    return 0;
}

static uint64_t read_clock(void *clock)
{
    return disk_realtime_ns(clock);
}

static struct input *open_input(struct life *life, const struct input_settings *settings)
{
    char *error = NULL;
    const struct input_env env = {
        .log = &life->log,
        .counters = &life->counters,
        .checkpoints = life->store,
        .sink = &life->sink,
        .losses = &life->losses,
        .world = disk_world(life->disk),
    };
    struct input *input = input_open(settings, &env, &error);
    ENSURE(input != NULL);
    return input;
}

static void start(struct life *life)
{
    long holder;
    ENSURE(checkpoint_open(life->directory, &life->store, &holder) == CHECKPOINT_OK);
    checkpoint_use_calls(life->store, &life->calls);
    checkpoint_use_clock(life->store, read_clock, life->disk);
    life->counters = (struct counters){0};
    life->losses = (struct losses){0};
    life->taken = 0;
    disk_say(life->disk, "start");
    life->state = STATE_UP;
    life->commit_ns = life->disk->now_ns + life->schedule->world.commit_ms * MS;
    ledger_came_up(life->ledger);
    life->input = open_input(life, &life->settings[0]);
}

static void commit(struct life *life)
{
    ENSURE(checkpoint_commit(life->store) == 0);
    ledger_save(life->ledger);
}

static void go_down(struct life *life, bool is_killed)
{
    disk_say(life->disk, is_killed ? "kill" : "stopped");
    look_at_books(life);
    give_up_queue(life);
    uint64_t lost = look_at_losses(life);
    input_stop(life->input);
    input_close(life->input);
    if (!is_killed) { /* a killed one counts nothing more */
        lost = look_at_losses(life);
        commit(life);
    }
    checkpoint_close(life->store);
    life->input = NULL;
    life->store = NULL;
    life->state = STATE_DOWN;
    if (life->counters.values[C_FILES_FOUND] != life->counters.values[C_FILES_GONE] ||
        life->disk->handle_count != 0) {
        ledger_blame(life->ledger, "books", "%llu files were found, %llu are gone, %zu still open",
                     (unsigned long long)life->counters.values[C_FILES_FOUND],
                     (unsigned long long)life->counters.values[C_FILES_GONE],
                     life->disk->handle_count);
    }
    judge_words(life, lost);
    losses_fini(&life->losses);
    ledger_went_down(life->ledger, is_killed);
}

static void stop(struct life *life)
{
    input_stop(life->input);
    life->state = STATE_STOPPING;
    life->deadline_ns = life->disk->now_ns + STOP_NS;
    ledger_stopped(life->ledger);
}

/* The new one is opened first, as src/daemon/reload.c does it: it may be refused. */
static void change_input(struct life *life)
{
    struct input *old = life->input;
    ledger_disturb(life->ledger, -1);
    life->turn = !life->turn;
    life->input = open_input(life, &life->settings[life->turn]);
    input_hand_over(old, life->input);
    input_close(old);
    look_at_books(life);
}

/* A stop waits for what is on its way. */
static void settle(struct life *life)
{
    bool is_over = life->count == 0 || life->disk->now_ns >= life->deadline_ns;
    if (life->state == STATE_STOPPING && is_over) {
        go_down(life, false);
    }
}

static void resume(struct life *life)
{
    if (life->was_refused && life->state == STATE_UP && life->count < life->schedule->world.room) {
        life->was_refused = false;
        input_resume(life->input);
    }
}

/* ---- steps ---- */

static void set_mood(struct life *life, bool is_blocked, bool is_late)
{
    ledger_block(life->ledger, is_blocked || is_late);
    life->is_blocked = is_blocked;
    life->is_late = is_late;
}

void life_begin(struct life *life, const struct step *step)
{
    bool is_up = life->state == STATE_UP;
    size_t stream = step->numbers[0] % STREAMS_MAX;
    switch ((enum what)step->what) {
    case STEP_STOP:
        if (is_up) {
            stop(life);
        }
        break;
    case STEP_KILL:
        if (life->state != STATE_DOWN) {
            go_down(life, true);
        }
        break;
    case STEP_START:
        if (life->state == STATE_STOPPING) {
            go_down(life, false);
        }
        if (life->state == STATE_DOWN) {
            start(life);
        }
        break;
    case STEP_RELOAD:
        if (is_up) {
            change_input(life);
        }
        break;
    case STEP_BLOCK:
        set_mood(life, true, false);
        break;
    case STEP_LATE:
        set_mood(life, false, true);
        break;
    case STEP_GO_ON:
        set_mood(life, false, false);
        break;
    case STEP_HOLD:
    case STEP_WANT:
        life->is_held[stream] = step->what == STEP_HOLD;
        break;
    case STEP_PAUSE:
        life->disk->pause_calls = step->numbers[0];
        life->disk->pause_ns = step->numbers[1] * MS;
        life->disk->is_pause_open = step->numbers[2] != 0;
        break;
    default:
        disk_lose_words(life->disk);
        break;
    }
}

void life_end_well(struct life *life)
{
    set_mood(life, false, false);
    memset(life->is_held, 0, sizeof(life->is_held));
    life_begin(life, &(struct step){.what = STEP_START});
}

bool life_is_busy(const struct life *life)
{
    return life->count > 0;
}

/* ---- time ---- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t life_due(const struct life *life)
{
    uint64_t due = UINT64_MAX;
    if (life->state == STATE_DOWN) {
        return due;
    }
    if (life->count > 0 && !life->is_blocked) {
        due = life->queue[life->first].ready_ns;
    }
    if (life->state != STATE_UP) {
        due = sooner(due, life->count > 0 ? life->deadline_ns : 0);
    }
    if (life->state != STATE_STOPPING) {
        due = sooner(due, input_due(life->input));
        due = sooner(due, life->disk->told_count > 0 || life->disk->has_overflowed ? 0 : UINT64_MAX);
    }
    return sooner(due, life->commit_ns);
}

void life_run(struct life *life)
{
    if (life->state == STATE_DOWN) {
        return;
    }
    acknowledge(life);
    resume(life);
    disk_tell(life->disk);
    if (input_due(life->input) <= life->disk->now_ns) {
        input_run(life->input);
        look_at_books(life);
    }
    if (life->commit_ns <= life->disk->now_ns) {
        commit(life);
        life->commit_ns = life->disk->now_ns + life->schedule->world.commit_ms * MS;
    }
    settle(life);
}

/* ---- the whole ---- */

static void empty_directory(const char *directory)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/checkpoints.json", directory);
    ENSURE(unlink(path) == 0 || errno == ENOENT);
}

struct life *life_new(const struct schedule *schedule, struct disk *disk, struct ledger *ledger,
                      const struct actors *actors, const char *state)
{
    const struct world_setup *world = &schedule->world;
    struct life *life = mem_alloc(sizeof(*life));
    life->schedule = schedule;
    life->disk = disk;
    life->ledger = ledger;
    life->actors = actors;
    life->directory = state;
    life->draw.state = world->seed ^ UINT64_C(0x3c6ef372fe94f82b);
    life->log = (struct log){memfd_create("clew-model-log", MFD_CLOEXEC), LOG_INFO};
    life->sink = (struct line_sink){take_line, take_idle, take_gone, take_moved, NULL, life};
    life->settings[0] = (struct input_settings){
        .name = (char *)(uintptr_t) "model",
        .line_bytes_max = 16384,
        .record_bytes_max = 1 << 20,
        .read_bytes = world->read_bytes,
        .scan_interval_ms = world->scan_ms,
        .watched_scan_interval_ms = world->watched_ms,
        .partial_timeout_ms = 200,
        .unterminated_timeout_ms = 1000,
        .open_files_max = world->open_max,
        .inotify = world->inotify != 0,
    };
    struct string_list *include = &life->settings[0].include;
    include->items = (char **)(uintptr_t)actors_patterns(actors, &include->count);
    life->settings[1] = life->settings[0];
    life->settings[1].read_bytes = world->read_bytes * 2;
    life->calls = file_calls_system;
    life->calls.fsync = skip_sync;
    empty_directory(state);
    if (world->late == 0) {
        start(life);
    }
    return life;
}

void life_free(struct life *life)
{
    if (life->state != STATE_DOWN) {
        go_down(life, true);
    }
    close(life->log.fd);
    free(life);
}
