/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A fuzz target without a fuzzer: every file of its corpus, each cut at many lengths and with bytes
 * changed, the same ones on each run. A crash once found lies in the corpus and stays found.
 *
 * usage: replay_NAME CORPUS
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

enum {
    INPUT_BYTES_MAX = 1 << 20,
    CHANGES = 300, /* of each input */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly its size, so that a sanitizer sees a read behind it. */
static void try_bytes(const uint8_t *data, size_t size)
{
    uint8_t *exact = mem_alloc(size);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void try_changes(const uint8_t *data, size_t size)
{
    uint32_t random = (uint32_t)size + 1;
    uint8_t *changed = mem_alloc(size);
    for (unsigned i = 0; i < CHANGES && size > 0; i++) {
        memcpy(changed, data, size);
        for (unsigned n = next_random(&random) % 4; n > 0; n--) {
            changed[next_random(&random) % size] = (uint8_t)next_random(&random);
        }
        try_bytes(changed, i % 2 == 0 ? size : next_random(&random) % (size + 1));
    }
    free(changed);
}

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        printf("FAILED cannot open %s: %s\n", path, strerror(errno));
        return false;
    }
    uint8_t *data = mem_alloc(INPUT_BYTES_MAX);
    size_t size = fread(data, 1, INPUT_BYTES_MAX, file);
    fclose(file);
    try_bytes(data, size);
    try_changes(data, size);
    free(data);
    return true;
}

static int by_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int failed = 0;
    int count = argc == 2 ? scandir(argv[1], &entries, by_name, alphasort) : -1;
    if (count <= 0) {
        printf("FAILED there is no corpus in %s\n0 passed, 1 failed\n", argc > 1 ? argv[1] : "?");
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", argv[1], entries[i]->d_name);
        failed += !replay_file(path);
        free(path);
        free(entries[i]);
    }
    free(entries);
    printf("%d passed, %d failed\n", count - failed, failed);
    return failed == 0 ? 0 : 1;
}
