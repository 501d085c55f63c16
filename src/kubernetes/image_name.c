/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/image_name.h"

/* The place of the last `c`; the end if there is none. */
static size_t find_last(struct slice s, char c)
{
    for (size_t i = s.len; i > 0; i--) {
        if (s.data[i - 1] == c) {
            return i - 1;
        }
    }
    return s.len;
}

struct image_name image_name_parse(const char *text)
{
    struct image_name image = {.name = slice_from_string(text)};
    size_t at = find_last(image.name, '@');
    if (at < image.name.len) {
        image.digest = slice_skip(image.name, at + 1);
        image.name.len = at;
    }
    /* A colon before a slash is that of a port. */
    size_t colon = find_last(image.name, ':');
    size_t slash = find_last(image.name, '/');
    if (colon < image.name.len && (slash == image.name.len || slash < colon)) {
        image.tag = slice_skip(image.name, colon + 1);
        image.name.len = colon;
    }
    return image;
}
