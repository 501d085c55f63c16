/* SPDX-License-Identifier: Apache-2.0 */
#include "control/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The fields behind the name in /proc/self/stat, which may itself hold blanks and parentheses; see
 * proc(5): the name is field 2, starttime is field 22. */
static bool read_start_ticks(unsigned long long *out_ticks)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "r");
    if (file == NULL) {
        return false;
    }
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *rest = strrchr(text, ')');
    for (unsigned field = 2; rest != NULL && field < 22; field++) {
        rest = strchr(rest + 1, ' ');
    }
    return rest != NULL && sscanf(rest, " %llu", out_ticks) == 1;
}

static double seconds_of(struct timespec time)
{
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool read_start_time(double *out)
{
    unsigned long long ticks = 0;
    struct timespec now;
    struct timespec since_boot;
    if (!read_start_ticks(&ticks) || clock_gettime(CLOCK_REALTIME, &now) != 0 ||
        clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) {
        return false;
    }
    double boot = seconds_of(now) - seconds_of(since_boot);
    *out = boot + (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static bool read_memory(struct process_usage *usage)
{
    unsigned long long pages = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return false;
    }
    int n = fscanf(file, "%llu %llu", &pages, &resident);
    fclose(file);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    usage->virtual_bytes = pages * page;
    usage->resident_bytes = resident * page;
    return n == 2;
}

/* Since 6.2 the kernel says how many there are as the size of the directory; before that each one has to be
 * looked at, which takes milliseconds where there are thousands. */
static bool count_open_files(uint64_t *out)
{
    struct stat info;
    if (stat("/proc/self/fd", &info) == 0 && info.st_size > 0) {
        *out = (uint64_t)info.st_size;
        return true;
    }
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        return false;
    }
    uint64_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(directory);
    *out = count - 1; /* not the one that is reading */
    return true;
}

bool process_usage_read(struct process_usage *out_usage)
{
    struct rusage used;
    struct process_usage usage;
    if (getrusage(RUSAGE_SELF, &used) != 0 || !read_start_time(&usage.start_time) ||
        !read_memory(&usage) || !count_open_files(&usage.open_files)) {
        return false;
    }
    usage.cpu_seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                        (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    *out_usage = usage;
    return true;
}
