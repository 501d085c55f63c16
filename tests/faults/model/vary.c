/* SPDX-License-Identifier: Apache-2.0 */
#include "vary.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"
#include "draw.h"

#define MS UINT64_C(1000) /* of steps, which are in microseconds */

struct named_case {
    char *name;
    struct schedule schedule;
};

struct cases {
    struct named_case *all;
    size_t count;
};

/* ---- the folder ---- */

static int is_case(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

/* One that cannot be read is told of where it is played itself. */
static void add(struct cases *cases, const char *folder, const char *name)
{
    struct named_case *one = &cases->all[cases->count];
    unsigned line;
    char *path = mem_format("%s/%s", folder, name);
    FILE *in = fopen(path, "re");
    if (in != NULL && schedule_read(&one->schedule, in, &line) && one->schedule.count > 0) {
        one->name = mem_string(name);
        cases->count++;
    }
    if (in != NULL) {
        fclose(in);
    }
    free(path);
}

struct cases *cases_read(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_case, alphasort);
    if (count <= 0) {
        return NULL;
    }
    struct cases *cases = mem_alloc(sizeof(*cases));
    cases->all = mem_array((size_t)count, sizeof(*cases->all));
    for (int i = 0; i < count; i++) {
        add(cases, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return cases;
}

void cases_free(struct cases *cases)
{
    for (size_t i = 0; cases != NULL && i < cases->count; i++) {
        free(cases->all[i].name);
    }
    if (cases != NULL) {
        free(cases->all);
    }
    free(cases);
}

/* ---- changes ---- */

static void move_step(struct draw *draw, struct schedule *schedule)
{
    size_t at = draw_range(draw, 0, schedule->count - 1);
    struct step step = schedule->steps[at];
    uint64_t least_us = at > 0 ? schedule->steps[at - 1].at_us : step.at_us;
    uint64_t most_us =
        at + 1 < schedule->count ? schedule->steps[at + 1].at_us : step.at_us + 3000 * MS;
    schedule->steps[at].at_us = draw_range(draw, least_us, most_us);
}

/* From one on all come so much later. */
static void delay_rest(struct draw *draw, struct schedule *schedule)
{
    size_t at = draw_range(draw, 0, schedule->count - 1);
    uint64_t later_us = draw_range(draw, 1, 40) * draw_range(draw, 1, 40) * MS;
    for (size_t i = at; i < schedule->count; i++) {
        schedule->steps[i].at_us += later_us;
    }
}

static void write_more(struct draw *draw, struct schedule *schedule)
{
    struct step step = {
        .at_us = draw_range(draw, 1000 * MS, schedule->steps[schedule->count - 1].at_us + 1000 * MS),
        .what = STEP_WRITE,
        .numbers = {draw_range(draw, 0, schedule->world.streams - 1), draw_range(draw, 1, 3),
                    draw_range(draw, 1, 8), 300},
    };
    schedule_insert(schedule, &step);
}

static void change_world(struct draw *draw, struct world_setup *world)
{
    switch (draw_range(draw, 0, 5)) {
    case 0:
        world->tick_ms = draw_chance(draw, 50) ? 1 : 10;
        break;
    case 1:
        world->scan_ms = draw_chance(draw, 50) ? 100 : 300;
        break;
    case 2:
        world->read_bytes = draw_chance(draw, 50) ? 512 : 4096;
        break;
    case 3:
        world->ack_ms = draw_chance(draw, 50) ? 1 : 50;
        break;
    case 4:
        world->commit_ms = draw_chance(draw, 50) ? 200 : 1000;
        break;
    default:
        world->inotify = !world->inotify;
        break;
    }
}

static void change(struct draw *draw, struct schedule *schedule)
{
    switch (draw_range(draw, 0, 3)) {
    case 0:
        move_step(draw, schedule);
        break;
    case 1:
        delay_rest(draw, schedule);
        break;
    case 2:
        write_more(draw, schedule);
        break;
    default:
        change_world(draw, &schedule->world);
        break;
    }
}

/* ---- drawing ---- */

bool vary_draws(uint64_t seed)
{
    return seed % 4 == 1;
}

static const struct named_case *choose(const struct cases *cases, uint64_t seed)
{
    const struct named_case *chosen = NULL;
    uint64_t most = 0;
    for (size_t i = 0; i < cases->count; i++) {
        struct draw draw = {hash_bytes(cases->all[i].name, strlen(cases->all[i].name), seed)};
        uint64_t weight = draw_number(&draw);
        if (chosen == NULL || weight > most) {
            chosen = &cases->all[i];
            most = weight;
        }
    }
    return chosen;
}

void vary_draw(const struct cases *cases, struct schedule *schedule, uint64_t seed)
{
    struct draw draw = {seed * UINT64_C(0xd1342543de82ef95)};
    *schedule = choose(cases, seed)->schedule;
    schedule->world.seed = seed;
    for (uint64_t i = draw_range(&draw, 0, 3); i > 0; i--) {
        change(&draw, schedule);
    }
}
