/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_FILE_LIST_H
#define CLEW_CLI_FILE_LIST_H

/*
 * The files that a command line names, for reading each once from its first to its last byte:
 * `clew audit` and its like. Nothing is watched.
 *
 * Directories are walked, symbolic links followed; a file that is reached twice is listed once.
 * Generations of a container's log stand behind each other in the order in which they were written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listed_file {
    char *path;
    char
        *stream; /* files of one container have the same, so that lines can be joined across them */
    uint64_t bytes; /* on disk; 0 where that is not known */
};

struct file_list {
    struct listed_file *items;
    size_t count;
    struct seen_file *seen; /* private */
    size_t seen_count;
};

void file_list_fini(struct file_list *list); /* zeroed memory is an empty list */

/* Add what `path` names: a file, a directory, or a pattern of glob(7). On false *out_error is a
 * sentence that the caller frees; what was found until then is in the list. */
bool file_list_add(struct file_list *list, const char *path, char **out_error);

/* Bring the files into the order in which they are to be read. */
void file_list_sort(struct file_list *list);

uint64_t file_list_bytes(const struct file_list *list);

#endif
