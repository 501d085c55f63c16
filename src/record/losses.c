/* SPDX-License-Identifier: Apache-2.0 */
#include "record/losses.h"

#include <stdlib.h>
#include "base/mem.h"

static struct loss *find_or_add(struct losses *losses, const char *path)
{
    for (size_t i = 0; i < losses->count; i++) {
        if (strcmp(losses->items[i].path, path) == 0) {
            return &losses->items[i];
        }
    }
    if (losses->count == LOSSES_MAX) {
        return NULL;
    }
    struct loss *loss = &losses->items[losses->count++];
    *loss = (struct loss){.path = mem_string(path)};
    return loss;
}

void losses_add(struct losses *losses, const char *path, uint64_t bytes)
{
    struct loss *loss = bytes > 0 ? find_or_add(losses, path) : NULL;
    if (loss != NULL) {
        loss->bytes += bytes;
    } else {
        losses->others += bytes;
    }
}

void losses_merge(struct losses *losses, const struct losses *from)
{
    for (size_t i = 0; i < from->count; i++) {
        losses_add(losses, from->items[i].path, from->items[i].bytes);
    }
    losses->others += from->others;
}

void losses_fini(struct losses *losses)
{
    while (losses->count > 0) {
        free(losses->items[--losses->count].path);
    }
}
