/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "actors.h"
#include "base/mem.h"
#include "disk.h"
#include "ledger.h"
#include "life.h"

enum { TURNS_MAX = 400000 };

#define MS UINT64_C(1000000)
#define END_NS (8000 * MS) /* of quiet, in which clew comes to its end */

struct stage {
    const struct schedule *schedule;
    struct disk *disk;
    struct ledger *ledger;
    struct actors *actors;
    struct life *life;
    size_t next;      /* step */
    uint64_t end_ns;  /* 0: not known yet */
};

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t step_due(const struct stage *stage)
{
    return stage->next < stage->schedule->count
               ? stage->schedule->steps[stage->next].at_us * 1000
               : UINT64_MAX;
}

static void begin_steps(struct stage *stage)
{
    while (step_due(stage) <= stage->disk->now_ns) {
        const struct step *step = &stage->schedule->steps[stage->next++];
        if (actors_is_theirs((enum what)step->what)) {
            actors_begin(stage->actors, step);
        } else {
            life_begin(stage->life, step);
        }
    }
}

/* A call of clew's takes long: whatever is for it waits until that is over. */
static void pass(void *context)
{
    struct stage *stage = context;
    ledger_disturb(stage->ledger, -1);
    while (step_due(stage) <= stage->disk->now_ns &&
           actors_is_theirs((enum what)stage->schedule->steps[stage->next].what)) {
        actors_begin(stage->actors, &stage->schedule->steps[stage->next++]);
    }
}

/* False: that was the end. */
static bool turn(struct stage *stage)
{
    uint64_t now = stage->disk->now_ns;
    uint64_t theirs = sooner(step_due(stage), actors_due(stage->actors));
    if (theirs == UINT64_MAX && stage->end_ns == 0) {
        life_end_well(stage->life);
        stage->end_ns = now + END_NS + 3 * stage->schedule->world.scan_ms * MS;
    }
    uint64_t due = sooner(sooner(theirs, life_due(stage->life)),
                          stage->end_ns > 0 ? stage->end_ns : UINT64_MAX);
    stage->disk->now_ns = (due > now ? due : now) + 1000;
    actors_happen(stage->actors);
    begin_steps(stage);
    life_run(stage->life);
    if (stage->end_ns > 0 && life_is_busy(stage->life)) {
        uint64_t quiet_until = stage->disk->now_ns + END_NS;
        stage->end_ns = quiet_until > stage->end_ns ? quiet_until : stage->end_ns;
    }
    return stage->end_ns == 0 || stage->disk->now_ns < stage->end_ns;
}

static void play_through(const struct schedule *schedule, const char *state, bool is_loud,
                         struct verdict *out)
{
    struct stage stage = {.schedule = schedule};
    stage.disk = disk_new(schedule->world.seed);
    stage.disk->tick_ns = schedule->world.tick_ms * MS;
    stage.disk->tells_births = schedule->world.births != 0;
    stage.disk->reuses_numbers = schedule->world.reuse != 0;
    stage.ledger = ledger_new(stage.disk, schedule);
    stage.actors = actors_new(schedule, stage.disk, stage.ledger);
    stage.life = life_new(schedule, stage.disk, stage.ledger, stage.actors, state);
    stage.disk->pass = pass;
    stage.disk->pass_context = &stage;
    stage.disk->is_loud = is_loud;
    life_be_loud(stage.life, is_loud);
    unsigned turns = 0;
    while (turn(&stage) && ++turns < TURNS_MAX) {
    }
    if (turns == TURNS_MAX) {
        ledger_blame(stage.ledger, "stuck", "something is due again and again");
    }
    ledger_judge(stage.ledger); /* before the end of the life, which forgives what a new one cannot know */
    life_free(stage.life);
    out->invariant = stage.ledger->invariant;
    strcpy(out->why, stage.ledger->why);
    actors_free(stage.actors);
    ledger_free(stage.ledger);
    disk_free(stage.disk);
}

/* ---- crashes ---- */

static sigjmp_buf crashed;

static void on_crash(int signal)
{
    siglongjmp(crashed, signal);
}

void play(const struct schedule *schedule, const struct play *how, struct verdict *out)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
    static unsigned crashes; /* each leaves its lock behind, so the next needs another directory */
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_NODEFER};
    char directory[256];
    snprintf(directory, sizeof(directory), "%s/%u", how->state, crashes);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
    int signal = sigsetjmp(crashed, 1);
    if (signal == 0) {
        play_through(schedule, directory, how->is_loud, out);
        return;
    }
    crashes++;
    out->invariant = "crashed";
    snprintf(out->why, sizeof(out->why), "by signal %d", signal);
}
