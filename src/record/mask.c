/* SPDX-License-Identifier: Apache-2.0 */
#include "record/mask.h"

#include <string.h>
#include "base/shown.h"
#include "base/utf8.h"
#include "record/secret.h"

struct writer {
    char *out;
    size_t len;
    size_t max;
    bool is_full;
};

static const char mark[] = "[redacted]";
static const char ellipsis[] = "\xe2\x80\xa6";

/* All or nothing; room for the ellipsis is always left. */
static void put(struct writer *w, const char *bytes, size_t n)
{
    if (w->is_full || w->len + n + sizeof(ellipsis) - 1 > w->max) {
        w->is_full = true;
        return;
    }
    memcpy(w->out + w->len, bytes, n);
    w->len += n;
}

/* One character of `s` as it may be shown; how many bytes it took. */
static size_t put_character(struct writer *w, struct slice s)
{
    size_t whole = utf8_sequence_len(s.data, s.len);
    size_t n = shown_len(s.data, s.len);
    if (n > 0) {
        put(w, s.data, n);
    } else if (whole > 0) {
        put(w, " ", 1);
    } else {
        put(w, "\xef\xbf\xbd", 3);
    }
    return whole > 0 ? whole : 1;
}

static void put_all(struct writer *w, struct slice s)
{
    while (s.len > 0 && !w->is_full) {
        s = slice_skip(s, put_character(w, s));
    }
}

static size_t finish(struct writer *w, size_t out_max)
{
    if (w->is_full && w->len + sizeof(ellipsis) - 1 <= out_max) {
        memcpy(w->out + w->len, ellipsis, sizeof(ellipsis) - 1);
        w->len += sizeof(ellipsis) - 1;
    }
    return w->len;
}

/* The next secret of one kind. */
struct find {
    size_t begin;
    size_t end;
    bool is_there;
};

static struct find find_next(enum secret kind, struct slice line, size_t from)
{
    size_t at;
    size_t len;
    bool is_there = secret_search(kind, line, from, &at, &len);
    return is_there ? (struct find){at, at + len, true} : (struct find){.is_there = false};
}

/* The first secret from `from` on, of whatever kind, with those that it runs into. False: none. Each kind
 * is searched for again only when the last find of it is behind. */
static bool find_first(struct find finds[SECRETS], struct slice line, size_t from,
                       struct find *out_find)
{
    *out_find = (struct find){line.len, line.len, false};
    for (enum secret kind = 0; kind < SECRETS; kind++) {
        if (finds[kind].is_there && finds[kind].begin < from) {
            finds[kind] = find_next(kind, line, from);
        }
        if (finds[kind].is_there && finds[kind].begin < out_find->begin) {
            *out_find = finds[kind];
        }
    }
    bool grows = out_find->is_there;
    while (grows) {
        grows = false;
        for (enum secret kind = 0; kind < SECRETS; kind++) {
            const struct find *find = &finds[kind];
            if (find->is_there && find->begin < out_find->end && find->end > out_find->end) {
                out_find->end = find->end;
                grows = true;
            }
        }
    }
    return out_find->is_there;
}

size_t mask_secrets(struct slice line, char *out, size_t out_max)
{
    struct writer w = {.out = out, .max = out_max};
    struct find finds[SECRETS];
    struct find find;
    size_t at = 0;
    for (enum secret kind = 0; kind < SECRETS; kind++) {
        finds[kind] = find_next(kind, line, 0);
    }
    while (!w.is_full && find_first(finds, line, at, &find)) {
        put_all(&w, slice_make(line.data + at, find.begin - at));
        put(&w, mark, sizeof(mark) - 1);
        at = find.end;
    }
    put_all(&w, slice_skip(line, at));
    return finish(&w, out_max);
}

size_t mask_nothing(struct slice line, char *out, size_t out_max)
{
    struct writer w = {.out = out, .max = out_max};
    put_all(&w, line);
    return finish(&w, out_max);
}
