/* SPDX-License-Identifier: Apache-2.0 */
#include "record/same_record.h"

#include <string.h>

/* Whatever lines came before a line, its record is what it is without them. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct two_chains chains;
    const char *p = (const char *)data;
    const char *end = p + size;
    two_chains_init(&chains);
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline != NULL ? newline : end;
        ENSURE(two_chains_agree(&chains, slice_make(p, (size_t)(stop - p))));
        p = stop + 1;
    }
    two_chains_fini(&chains);
    return 0;
}
