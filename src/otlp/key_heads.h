/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_OTLP_KEY_HEADS_H
#define CLEW_OTLP_KEY_HEADS_H

/*
 * What stands on the wire before a value, kept with the shape of the line (record/shape_answers.h):
 * lines of one shape have the same names at the same places, so all of an attribute but its value
 * and its lengths is copied as it stands here.
 */

#include <stdbool.h>
#include <stdint.h>
#include "record/fields.h"

enum {
    KEY_HEAD_BYTES = 32, /* always copied whole */
    /* Before and behind the key. */
    KEY_HEAD_BEFORE = 4, /* tag of the attribute, its length; tag of the key, its length */
    KEY_HEAD_BEHIND = 4, /* tag of the value, its length; tag of its text, its length */
    KEY_HEAD_KEY_MAX = KEY_HEAD_BYTES - KEY_HEAD_BEFORE - KEY_HEAD_BEHIND,
};

struct key_head {
    uint32_t field; /* index into the field table */
    uint8_t len;    /* KEY_HEAD_BEFORE + key_len + KEY_HEAD_BEHIND; 0: the key is too long */
    uint8_t key_len;
    uint8_t text_below; /* shorter texts have lengths of one byte each; 0: the key is too long */
    char bytes[KEY_HEAD_BYTES];
};

/* All top-level fields of a line; none, where those are too many. */
struct key_heads {
    uint32_t count;
    bool may_be_extra; /* one has a key like those of record/extra_attributes.h */
    struct key_head items[];
};

/* NULL where the line has no shape, or one of too many names. The shape owns them. */
const struct key_heads *key_heads_get(const struct fields *fields);

#endif
