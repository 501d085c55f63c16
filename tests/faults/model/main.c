/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Plays schedules with the real file input, and says which promise did not hold.
 *
 * usage: model [--cases FOLDER] [--vary FOLDER] [--seeds N] [--first SEED] [--fresh] [--plain]
 *              [--loud] [FILE…]
 *
 * Schedules in the FILEs, and in the files of --cases, are played first, then N of them that are drawn
 * from the seeds from SEED on (--fresh: from one that is drawn itself), every fourth from a file of
 * --vary. What fails is shrunk (not with --plain) and printed so that it can be saved and given as a
 * FILE. --loud tells all that happens. The last line is `N passed, N failed`.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "play.h"
#include "vary.h"

enum { FAILURES_SHOWN_MAX = 10 };

struct run {
    char state[64];
    struct play how;
    struct cases *cases; /* to vary; NULL: none */
    unsigned long seeds;
    unsigned long first;
    unsigned long passed;
    unsigned long failed;
    bool is_plain;
};

static void judge(struct run *run, struct schedule *schedule, const char *name)
{
    struct verdict verdict;
    play(schedule, &run->how, &verdict);
    if (verdict.invariant == NULL) {
        run->passed++;
        return;
    }
    run->failed++;
    printf("FAILED %s: %s: %s\n", name, verdict.invariant, verdict.why);
    if (!run->is_plain && !run->how.is_loud && run->failed <= FAILURES_SHOWN_MAX) {
        shrink(schedule, &run->how, &verdict);
        printf("# %s: %s\n", verdict.invariant, verdict.why);
        schedule_print(schedule, stdout);
    }
    fflush(stdout);
}

static void judge_seed(struct run *run, unsigned long seed)
{
    struct schedule schedule;
    char name[96];
    if (run->cases != NULL && vary_draws(seed)) {
        vary_draw(run->cases, &schedule, seed);
    } else {
        schedule_draw(&schedule, seed);
    }
    snprintf(name, sizeof(name), "seed %lu (again: tests/faults/model/run --seeds 1 --first %lu)",
             seed, seed);
    judge(run, &schedule, name);
}

static void judge_file(struct run *run, const char *path)
{
    struct schedule schedule;
    unsigned line = 0;
    FILE *in = fopen(path, "re");
    if (in == NULL || !schedule_read(&schedule, in, &line)) {
        printf("FAILED %s: line %u says nothing\n", path, line);
        run->failed++;
    } else {
        judge(run, &schedule, path);
    }
    if (in != NULL) {
        fclose(in);
    }
}

static int is_case(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

static void judge_folder(struct run *run, const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_case, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", folder, names[i]->d_name);
        judge_file(run, path);
        free(path);
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
}

static unsigned long draw_fresh(void)
{
    uint32_t seed = 0;
    ENSURE(getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
    return seed;
}

static bool read_arguments(struct run *run, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--fresh") == 0) {
            run->first = draw_fresh();
        } else if (strcmp(argv[i], "--plain") == 0) {
            run->is_plain = true;
        } else if (strcmp(argv[i], "--loud") == 0) {
            run->how.is_loud = true;
        } else if (strcmp(argv[i], "--seeds") == 0 && value != NULL) {
            run->seeds = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--first") == 0 && value != NULL) {
            run->first = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--cases") == 0 && value != NULL) {
            judge_folder(run, argv[++i]);
        } else if (strcmp(argv[i], "--vary") == 0 && value != NULL) {
            cases_free(run->cases);
            run->cases = cases_read(argv[++i]);
        } else if (argv[i][0] != '-') {
            judge_file(run, argv[i]);
        } else {
            return false;
        }
    }
    return true;
}

static void remove_state(const char *state)
{
    char *command = mem_format("rm -rf %s", state);
    ENSURE(system(command) == 0);
    free(command);
}

int main(int argc, char **argv)
{
    struct run run = {.first = 1};
    struct timespec begin;
    struct timespec end;
    snprintf(run.state, sizeof(run.state), "%s/clew-model-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ENSURE(mkdtemp(run.state) != NULL);
    run.how.state = run.state;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (!read_arguments(&run, argc, argv)) {
        fprintf(stderr, "usage: model [--cases FOLDER] [--vary FOLDER] [--seeds N] [--first SEED] "
                        "[--fresh] [--plain] [--loud] [FILE…]\n");
        rmdir(run.state);
        return 2;
    }
    for (unsigned long i = 0; i < run.seeds; i++) {
        judge_seed(&run, run.first + i);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    remove_state(run.state);
    cases_free(run.cases);
    printf("seeds %lu to %lu, %.1f s\n", run.first, run.first + run.seeds - (run.seeds > 0),
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    printf("%lu passed, %lu failed\n", run.passed, run.failed);
    return run.failed > 0;
}
