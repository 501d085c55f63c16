/* SPDX-License-Identifier: Apache-2.0 */

/* Tags and the patterns of Match: `*` is any run of characters, dots too; letters count as written. */

#include <string.h>
#include "shippers/fluentbit/read.h"

enum {
    TAG_BYTES_MAX = 512,
    TRIES_MAX = 20000,
};

bool fb_tag_matches(const char *pattern, const char *tag)
{
    const char *star = NULL;
    const char *again = NULL;
    while (*tag != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            again = tag;
        } else if (*pattern == *tag) {
            pattern++;
            tag++;
        } else if (star != NULL) {
            pattern = star;
            tag = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

struct merge {
    char out[TAG_BYTES_MAX];
    unsigned tries;
};

/* A text that `a` and `b` both match, from out[n] on. A star takes nothing, or what the other side
 * has next. */
static bool merge(struct merge *m, const char *a, const char *b, size_t n)
{
    if (n + 2 >= sizeof(m->out) || ++m->tries > TRIES_MAX) {
        return false;
    }
    if (*a == '\0' && *b == '\0') {
        m->out[n] = '\0';
        return true;
    }
    if (*a == '*' && *b == '*') {
        m->out[n] = 'x';
        if (merge(m, a + 1, b, n + 1)) {
            return true;
        }
        m->out[n] = 'x'; /* the first try has written over it */
        return merge(m, a, b + 1, n + 1);
    }
    if (*a == '*') {
        if (merge(m, a + 1, b, n)) {
            return true;
        }
        m->out[n] = *b;
        return *b != '\0' && merge(m, a, b + 1, n + 1);
    }
    if (*b == '*') {
        if (merge(m, a, b + 1, n)) {
            return true;
        }
        m->out[n] = *a;
        return *a != '\0' && merge(m, a + 1, b, n + 1);
    }
    m->out[n] = *a;
    return *a == *b && merge(m, a + 1, b + 1, n + 1);
}

const char *fb_tag_common(struct arena *arena, const char *a, const char *b)
{
    struct merge m = {.tries = 0};
    return merge(&m, a, b, 0) ? foreign_copy(arena, slice_from_string(m.out)) : NULL;
}
