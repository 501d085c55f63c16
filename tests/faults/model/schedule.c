/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "draw.h"

/* ---- names ---- */

struct number_name {
    const char *name;
    size_t offset;
};

#define WORLD(member) {#member, offsetof(struct world_setup, member)}
#define STREAM(member) {#member, offsetof(struct stream_setup, member)}

static const struct number_name world_names[] = {
    WORLD(seed),       WORLD(births),   WORLD(reuse), WORLD(tick_ms), WORLD(inotify),
    WORLD(scan_ms),    WORLD(watched_ms), WORLD(open_max), WORLD(read_bytes), WORLD(room),
    WORLD(ack_ms),     WORLD(commit_ms), WORLD(streams), WORLD(late),
};

static const struct number_name stream_names[] = {
    STREAM(scheme),     STREAM(copies),  STREAM(packing), STREAM(format),
    STREAM(keeps_time), STREAM(via_tmp), STREAM(keep),    STREAM(reopen_us),
    STREAM(links),      STREAM(banner),  STREAM(apart),   STREAM(early),
};

static const char *const scheme_words[SCHEMES] = {"behind", "within",  "up",   "date",
                                                   "kubelet", "hour", "moved"};
static const char *const packing_words[PACKINGS] = {"none", "at_once", "delayed", "later"};
static const char *const format_words[FORMATS] = {"plain", "gz", "zst", "xz", "bz2"};

static const struct step_name {
    const char *name;
    unsigned numbers;
} step_names[STEPS] = {
    [STEP_WRITE] = {"write", 4}, [STEP_PART] = {"part", 2}, [STEP_ROTATE] = {"rotate", 1},
    [STEP_PACK] = {"pack", 1}, [STEP_DROP] = {"drop", 1}, [STEP_COPY_UP] = {"copy_up", 1},
    [STEP_RESTART] = {"restart", 1}, [STEP_SHRED] = {"shred", 1}, [STEP_DENY] = {"deny", 2},
    [STEP_ALLOW] = {"allow", 1}, [STEP_CUT] = {"cut", 1}, [STEP_STOP] = {"stop", 0},
    [STEP_KILL] = {"kill", 0}, [STEP_START] = {"start", 0}, [STEP_RELOAD] = {"reload", 0},
    [STEP_BLOCK] = {"block", 0}, [STEP_LATE] = {"late", 0}, [STEP_GO_ON] = {"go_on", 0},
    [STEP_HOLD] = {"hold", 1}, [STEP_WANT] = {"want", 1}, [STEP_OVERFLOW] = {"overflow", 0},
    [STEP_PAUSE] = {"pause", 3},
};

/* The words that a number of a stream has instead of digits; NULL: none. */
static const char *const *words_of(const char *name, size_t *out_count)
{
    if (strcmp(name, "scheme") == 0) {
        *out_count = SCHEMES;
        return scheme_words;
    }
    if (strcmp(name, "packing") == 0) {
        *out_count = PACKINGS;
        return packing_words;
    }
    *out_count = FORMATS;
    return strcmp(name, "format") == 0 ? format_words : NULL;
}

/* ---- the text ---- */

static uint64_t number_at(const void *numbers, const struct number_name *name)
{
    uint64_t number;
    memcpy(&number, (const char *)numbers + name->offset, sizeof(number));
    return number;
}

static void print_numbers(const void *numbers, const struct number_name *names, size_t count,
                          FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t number = number_at(numbers, &names[i]);
        size_t words;
        const char *const *word = words_of(names[i].name, &words);
        if (word != NULL) {
            fprintf(out, " %s=%s", names[i].name, word[number]);
        } else {
            fprintf(out, " %s=%llu", names[i].name, (unsigned long long)number);
        }
    }
    fputc('\n', out);
}

void schedule_print(const struct schedule *schedule, FILE *out)
{
    fputs("world", out);
    print_numbers(&schedule->world, world_names, ARRAY_LEN(world_names), out);
    for (size_t i = 0; i < schedule->world.streams; i++) {
        fprintf(out, "stream %zu", i);
        print_numbers(&schedule->streams[i], stream_names, ARRAY_LEN(stream_names), out);
    }
    for (size_t i = 0; i < schedule->count; i++) {
        const struct step *step = &schedule->steps[i];
        fprintf(out, "%llu.%03llu %s", (unsigned long long)step->at_us / 1000,
                (unsigned long long)step->at_us % 1000, step_names[step->what].name);
        for (unsigned k = 0; k < step_names[step->what].numbers; k++) {
            fprintf(out, " %llu", (unsigned long long)step->numbers[k]);
        }
        fputc('\n', out);
    }
}

static bool read_value(const char *name, const char *value, uint64_t *out)
{
    size_t count;
    const char *const *words = words_of(name, &count);
    char *end;
    if (words == NULL) {
        *out = strtoull(value, &end, 10);
        return end != value && *end == '\0';
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], value) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_numbers(void *numbers, const struct number_name *names, size_t count, char *text)
{
    char *save;
    for (char *word = strtok_r(text, " \n", &save); word != NULL;
         word = strtok_r(NULL, " \n", &save)) {
        char *value = strchr(word, '=');
        size_t i = 0;
        if (value == NULL) {
            return false;
        }
        *value++ = '\0';
        while (i < count && strcmp(names[i].name, word) != 0) {
            i++;
        }
        uint64_t number;
        if (i == count || !read_value(word, value, &number)) {
            return false;
        }
        memcpy((char *)numbers + names[i].offset, &number, sizeof(number));
    }
    return true;
}

static bool read_step(struct schedule *schedule, const char *text)
{
    unsigned long long ms;
    unsigned long long us;
    unsigned long long n[STEP_NUMBERS] = {0};
    char name[16];
    int found = sscanf(text, "%llu.%3llu %15s %llu %llu %llu %llu", &ms, &us, name, &n[0], &n[1],
                       &n[2], &n[3]);
    for (unsigned i = 0; i < STEPS && found >= 3 && schedule->count < STEPS_MAX; i++) {
        if (strcmp(step_names[i].name, name) == 0 && (unsigned)found == step_names[i].numbers + 3) {
            struct step *step = &schedule->steps[schedule->count++];
            *step = (struct step){ms * 1000 + us, i, {n[0], n[1], n[2], n[3]}};
            return step_names[i].numbers == 0 || i == STEP_PAUSE || n[0] < STREAMS_MAX;
        }
    }
    return false;
}

static bool read_line(struct schedule *schedule, char *line)
{
    if (line[0] == '#' || line[0] == '\n') {
        return true;
    }
    if (strncmp(line, "world ", 6) == 0) {
        return read_numbers(&schedule->world, world_names, ARRAY_LEN(world_names), line + 6);
    }
    if (strncmp(line, "stream ", 7) == 0 && line[7] >= '0' && line[7] < '0' + STREAMS_MAX) {
        return read_numbers(&schedule->streams[line[7] - '0'], stream_names,
                            ARRAY_LEN(stream_names), line + 8);
    }
    return read_step(schedule, line);
}

static void set_defaults(struct schedule *schedule)
{
    *schedule = (struct schedule){
        .world = {.births = 1, .tick_ms = 4, .inotify = 1, .scan_ms = 1000, .watched_ms = 30000,
                  .open_max = 256, .read_bytes = 65536, .room = 1000, .ack_ms = 5,
                  .commit_ms = 1000, .streams = 1},
    };
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        schedule->streams[i] = (struct stream_setup){.format = FORMAT_GZ, .keeps_time = 1,
                                                     .keep = 4};
    }
}

bool schedule_read(struct schedule *schedule, FILE *in, unsigned *out_line)
{
    char line[512];
    set_defaults(schedule);
    for (unsigned number = 1; fgets(line, sizeof(line), in) != NULL; number++) {
        if (!read_line(schedule, line) || schedule->world.streams > STREAMS_MAX) {
            *out_line = number;
            return false;
        }
    }
    return true;
}

/* ---- drawing ---- */

static uint64_t draw_of(struct draw *draw, const uint64_t *items, size_t count)
{
    return items[draw_range(draw, 0, count - 1)];
}

#define DRAW_OF(draw, ...)                                                                         \
    draw_of(draw, (const uint64_t[]){__VA_ARGS__},                                                 \
            sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void draw_world(struct draw *draw, struct world_setup *world, uint64_t seed)
{
    world->seed = seed;
    world->births = draw_chance(draw, 75);
    world->reuse = draw_chance(draw, 35);
    world->tick_ms = DRAW_OF(draw, 1, 4, 4, 10);
    world->inotify = draw_chance(draw, 70);
    world->scan_ms = DRAW_OF(draw, 100, 300, 1000, 1000);
    world->watched_ms = DRAW_OF(draw, 2000, 30000);
    world->open_max = draw_chance(draw, 75) ? 256 : DRAW_OF(draw, 1, 1, 2, 3, 4);
    world->read_bytes = DRAW_OF(draw, 512, 4096, 65536);
    world->room = DRAW_OF(draw, 3, 20, 1000, 1000);
    world->ack_ms = DRAW_OF(draw, 1, 5, 50, 400);
    world->commit_ms = DRAW_OF(draw, 200, 1000, 1000);
    world->streams = draw_chance(draw, 80) ? 1 : draw_range(draw, 2, STREAMS_MAX);
}

static void draw_stream(struct draw *draw, struct stream_setup *stream)
{
    stream->scheme = draw_range(draw, 0, SCHEME_KUBELET);
    stream->copies = stream->scheme != SCHEME_KUBELET && draw_chance(draw, 25);
    stream->packing = draw_range(draw, 0, PACKINGS - 1);
    stream->format = draw_chance(draw, 85) ? FORMAT_GZ : draw_range(draw, FORMAT_ZST, FORMAT_BZ2);
    stream->keeps_time = draw_chance(draw, 70);
    stream->via_tmp = draw_chance(draw, 30);
    stream->keep = draw_range(draw, 1, 6);
    stream->reopen_us = DRAW_OF(draw, 0, 100, 5000, 50000, 400000);
    if (stream->scheme == SCHEME_KUBELET) {
        stream->packing = PACKING_DELAYED;
        stream->format = FORMAT_GZ;
        stream->via_tmp = true;
        stream->keeps_time = false;
        stream->keep = draw_range(draw, 2, 6);
    }
}

static uint64_t draw_gap_us(struct draw *draw)
{
    unsigned long percent = draw_range(draw, 0, 99);
    return percent < 15   ? draw_range(draw, 100, 5000)
           : percent < 40 ? draw_range(draw, 5000, 50000)
           : percent < 75 ? draw_range(draw, 50000, 600000)
                          : draw_range(draw, 600000, 4000000);
}

/* How often each comes, in parts of the sum; `down`: while clew is. */
static const struct share {
    enum what what;
    unsigned up;
    unsigned down;
} shares[] = {
    {STEP_WRITE, 34, 38},  {STEP_PART, 3, 3},    {STEP_ROTATE, 20, 28}, {STEP_PACK, 5, 8},
    {STEP_DROP, 3, 3},     {STEP_COPY_UP, 1, 1}, {STEP_RESTART, 1, 1},  {STEP_STOP, 4, 0},
    {STEP_KILL, 5, 0},     {STEP_START, 0, 18},  {STEP_RELOAD, 2, 0},   {STEP_BLOCK, 4, 1},
    {STEP_LATE, 2, 1},     {STEP_GO_ON, 8, 2},   {STEP_HOLD, 1, 0},     {STEP_WANT, 2, 1},
    {STEP_OVERFLOW, 1, 0},
};

static enum what draw_what(struct draw *draw, bool is_up)
{
    unsigned sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        sum += is_up ? shares[i].up : shares[i].down;
    }
    unsigned long at = draw_range(draw, 0, sum - 1);
    for (size_t i = 0;; i++) {
        unsigned part = is_up ? shares[i].up : shares[i].down;
        if (at < part) {
            return shares[i].what;
        }
        at -= part;
    }
}

static void draw_numbers(struct draw *draw, struct step *step, uint64_t streams)
{
    step->numbers[0] = draw_range(draw, 0, streams - 1);
    if (step->what == STEP_WRITE) {
        bool is_big = draw_chance(draw, 7);
        step->numbers[1] = draw_chance(draw, 50) ? 1 : draw_range(draw, 2, 12);
        step->numbers[2] = is_big ? draw_range(draw, 60, 240) : DRAW_OF(draw, 1, 3, 3, 8, 30);
        step->numbers[3] = DRAW_OF(draw, 10, 300, 4000, 60000);
    } else if (step->what == STEP_PART) {
        step->numbers[1] = draw_range(draw, 1, 5);
    }
}

/* ---- what every second seed has besides ---- */

/* Without births the first 1,024 bytes tell which file is which (docs/tailing.md, "Who a file is"). */
static void draw_more_of_stream(struct draw *draw, struct stream_setup *stream, bool tells_births)
{
    bool is_kubelet = stream->scheme == SCHEME_KUBELET;
    if (draw_chance(draw, 30)) {
        stream->banner = tells_births ? DRAW_OF(draw, 70, 200, 300, 900, 1100, 3000)
                                      : DRAW_OF(draw, 70, 200, 300, 900);
        stream->apart = draw_chance(draw, 50) && !stream->copies;
    }
    unsigned long percent = draw_range(draw, 0, 99);
    if (!is_kubelet && percent < 15) {
        stream->scheme = SCHEME_HOUR;
    } else if (!is_kubelet && percent < 27) {
        stream->scheme = SCHEME_MOVED;
        stream->copies = 0;
        stream->packing = PACKING_NONE;
    } else if (!is_kubelet && percent < 40) {
        stream->copies = 0;
        stream->links = 1;
    }
}

static void draw_early(struct draw *draw, struct stream_setup *stream)
{
    bool may = stream->scheme != SCHEME_KUBELET && !stream->copies && stream->packing != PACKING_NONE &&
               stream->format == FORMAT_GZ;
    if (may && draw_chance(draw, 30)) {
        stream->early = 1;
        stream->via_tmp = 0;
    }
}

void schedule_insert(struct schedule *schedule, const struct step *step)
{
    size_t at = schedule->count;
    if (schedule->count == STEPS_MAX) {
        return;
    }
    while (at > 0 && schedule->steps[at - 1].at_us > step->at_us) {
        schedule->steps[at] = schedule->steps[at - 1];
        at--;
    }
    schedule->steps[at] = *step;
    schedule->count++;
}

/* Now and then, from the third second to some after the last step. */
static void draw_more_steps(struct draw *draw, struct schedule *schedule, enum what what,
                            uint64_t count)
{
    uint64_t end_us = schedule->steps[schedule->count - 1].at_us + 2000000;
    for (uint64_t i = 0; i < count; i++) {
        const struct step step = {
            .at_us = draw_range(draw, 3000000, end_us),
            .what = what,
            .numbers = {draw_range(draw, 0, schedule->world.streams - 1), draw_range(draw, 0, 1)},
        };
        schedule_insert(schedule, &step);
    }
}

static void put_step(struct schedule *schedule, uint64_t at_us, enum what what)
{
    schedule_insert(schedule, &(struct step){.at_us = at_us, .what = what});
}

/* Nothing is acknowledged before the first kill. */
static void draw_deaf_start(struct draw *draw, struct schedule *schedule)
{
    uint64_t at_us = draw_range(draw, 1000000, 2500000);
    put_step(schedule, 50000, STEP_BLOCK);
    put_step(schedule, at_us, STEP_KILL);
    for (uint64_t i = draw_range(draw, 0, 2); i > 0; i--) {
        put_step(schedule, at_us + i * 100000, STEP_ROTATE);
    }
    put_step(schedule, at_us + 400000, STEP_START);
    put_step(schedule, at_us + draw_range(draw, 400000, 3000000), STEP_GO_ON);
}

/* More is rotated away than is kept while nobody takes it; then comes another life. */
static void draw_flood(struct draw *draw, struct schedule *schedule)
{
    uint64_t last_us = schedule->steps[schedule->count - 1].at_us;
    uint64_t at_us = draw_range(draw, 4000000, last_us > 4000000 ? last_us : 4000000);
    schedule->world.open_max = draw_range(draw, 1, 2);
    put_step(schedule, at_us, STEP_BLOCK);
    for (uint64_t i = 1; i <= schedule->streams[0].keep + 2; i++) {
        const struct step write = {at_us + i * 1500000, STEP_WRITE, {0, 2, 3, 10}};
        schedule_insert(schedule, &write);
        put_step(schedule, at_us + i * 1500000 + 700000, STEP_ROTATE);
    }
    at_us += (schedule->streams[0].keep + 3) * 1500000;
    put_step(schedule, at_us + 1500000, draw_chance(draw, 50) ? STEP_KILL : STEP_STOP);
    put_step(schedule, at_us + 7500000, STEP_START);
}

/* Before the first life a log has been rotated, and that may end before anything is acknowledged. */
static void draw_late_start(struct draw *draw, struct schedule *schedule)
{
    uint64_t at_us = 200000;
    schedule->world.late = 1;
    for (uint64_t i = draw_range(draw, 1, 4); i > 0; i--) {
        const struct step write = {at_us, STEP_WRITE, {0, draw_range(draw, 1, 3), 3, 10}};
        schedule_insert(schedule, &write);
        put_step(schedule, at_us + 100000, STEP_ROTATE);
        at_us += draw_range(draw, 300000, 1500000);
    }
    put_step(schedule, at_us + draw_range(draw, 0, 2000000), STEP_START);
    if (draw_chance(draw, 50)) {
        put_step(schedule, 50000, STEP_BLOCK);
        put_step(schedule, at_us + 2500000, STEP_ROTATE);
        put_step(schedule, at_us + 3000000, STEP_KILL);
        put_step(schedule, at_us + 3100000, STEP_ROTATE);
        put_step(schedule, at_us + 3500000, STEP_START);
        put_step(schedule, at_us + 4000000, STEP_GO_ON);
    }
}

/* A start that takes long, or what clew does then: what it has listed is rotated before it is opened. */
static void draw_pause(struct draw *draw, struct schedule *schedule)
{
    uint64_t last_us = schedule->steps[schedule->count - 1].at_us;
    uint64_t at_us = draw_range(draw, 3000000, last_us > 3000000 ? last_us : 3000000);
    uint64_t rotations = draw_range(draw, 1, 3);
    bool is_start = draw_chance(draw, 70);
    if (is_start) {
        put_step(schedule, at_us, STEP_KILL);
    }
    for (uint64_t i = 0; i < 1 + rotations; i++) {
        const struct step write = {at_us + 1000, STEP_WRITE, {0, draw_range(draw, 1, 4), 3, 10}};
        schedule_insert(schedule, &write);
        put_step(schedule, at_us + 50000, STEP_ROTATE);
        at_us += i == 0 ? 300000 : 1100000;
        if (i == 0) {
            bool is_open = draw_chance(draw, 70);
            const struct step pause = {
                at_us,
                STEP_PAUSE,
                {draw_range(draw, 1, is_open ? 12 : 60), 500 + 1100 * rotations, is_open},
            };
            schedule_insert(schedule, &pause);
            put_step(schedule, at_us, is_start ? STEP_START : STEP_OVERFLOW);
        }
    }
}

static bool is_copied(const struct schedule *schedule)
{
    bool is_copied = false;
    for (size_t i = 0; i < schedule->world.streams; i++) {
        is_copied |= schedule->streams[i].copies != 0;
    }
    for (size_t i = 0; i < schedule->count; i++) {
        is_copied |= schedule->steps[i].what == STEP_COPY_UP;
    }
    return is_copied;
}

/* A copy that may not be read cannot be told from a file of its own, so nothing is denied where logs are
 * copied. */
static void draw_more(struct schedule *schedule, uint64_t seed)
{
    struct draw draw = {seed * UINT64_C(0x9e6c63d0876a9a47)};
    for (size_t i = 0; i < schedule->world.streams; i++) {
        draw_more_of_stream(&draw, &schedule->streams[i], schedule->world.births != 0);
    }
    if (draw_chance(&draw, 15) && schedule->world.births != 0) {
        draw_more_steps(&draw, schedule, STEP_SHRED, draw_range(&draw, 1, 3));
    }
    if (draw_chance(&draw, 20) && !is_copied(schedule) && schedule->world.births != 0) {
        draw_more_steps(&draw, schedule, STEP_DENY, draw_range(&draw, 1, 3));
        draw_more_steps(&draw, schedule, STEP_ALLOW, draw_range(&draw, 0, 3));
    }
    for (size_t i = 0; i < schedule->world.streams; i++) {
        draw_early(&draw, &schedule->streams[i]);
    }
    if (draw_chance(&draw, 12)) {
        draw_more_steps(&draw, schedule, STEP_CUT, draw_range(&draw, 1, 4));
    }
    if (draw_chance(&draw, 12)) {
        draw_deaf_start(&draw, schedule);
    }
    if (draw_chance(&draw, 12)) {
        draw_flood(&draw, schedule);
    }
    if (draw_chance(&draw, 12)) {
        draw_more_steps(&draw, schedule, STEP_RELOAD, draw_range(&draw, 3, 12));
    }
    if (draw_chance(&draw, 10)) {
        draw_late_start(&draw, schedule);
    }
    for (uint64_t i = draw_chance(&draw, 25) ? draw_range(&draw, 1, 3) : 0; i > 0; i--) {
        draw_pause(&draw, schedule);
    }
}

/* Odd seeds play what is drawn first, alone, but for when the first life begins. */
void schedule_draw(struct schedule *schedule, uint64_t seed)
{
    struct draw draw = {seed * UINT64_C(0x2545f4914f6cdd1d)};
    bool is_up = true;
    uint64_t at_us = 3000000;
    set_defaults(schedule);
    draw_world(&draw, &schedule->world, seed);
    for (size_t i = 0; i < schedule->world.streams; i++) {
        draw_stream(&draw, &schedule->streams[i]);
    }
    schedule->count = draw_range(&draw, 6, 60);
    for (size_t i = 0; i < schedule->count; i++) {
        struct step *step = &schedule->steps[i];
        at_us += draw_gap_us(&draw);
        step->at_us = at_us;
        step->what = draw_what(&draw, is_up);
        draw_numbers(&draw, step, schedule->world.streams);
        is_up = step->what == STEP_START ||
                (is_up && step->what != STEP_STOP && step->what != STEP_KILL);
    }
    if (seed % 2 == 0) {
        draw_more(schedule, seed);
    } else if (draw_chance(&draw, 25)) {
        draw_late_start(&draw, schedule);
    }
}
