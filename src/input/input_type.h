/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_INPUT_TYPE_H
#define CLEW_INPUT_INPUT_TYPE_H

/*
 * The kinds of inputs, as the daemon sees them: what a config calls `type`.
 *
 * To add one: write src/input/<name>.c with a `const struct input_type input_type_<name>` and add
 * it to the table in input_type.c and to config/input_types.c, with the options that are its own.
 *
 * What a kind owes is in record/line.h. One without checkpoints gives lines of a stream whose
 * `checkpoint` is NULL: nothing is promised of them, since nobody could read them again.
 */

#include "input/tail/input.h"

struct input_type {
    const char *name;
    const char *absent; /* why inputs of this type cannot be opened by this clew; NULL: they can */
    bool is_shared; /* each worker may read a part of it; else all of it is the first one's */
    bool ends; /* it comes to an end by itself, and then gives nothing more */
    bool has_checkpoints; /* what is not promised is read again by the next one */
    void *(*open)(const struct input_settings *settings, const struct input_env *env,
                  char **out_error);
    void (*resume)(void *feed);
    bool (*is_at_end)(const void *feed); /* all there is now has been taken */
    bool (*is_lacking)(const void *feed); /* something that it is to read was not there; NULL: never */
    void (*hand_over)(void *feed, void *to); /* input_hand_over(); NULL: it has nothing to give */
    void (*end)(void *feed); /* input_end(), and what comes of it; NULL: it has nothing that is lost else */
    bool (*has_ended)(const void *feed);
    void (*backlog)(const void *feed, struct backlog *out_backlog); /* NULL: nobody knows */
    void (*stop)(void *feed);
    void (*close)(void *feed); /* NULL is fine; tells the sink `gone` for every stream */
};

extern const struct input_type input_type_tail;
extern const struct input_type input_type_stdin;
extern const struct input_type input_type_syslog;
extern const struct input_type input_type_journal;

/* Of a name that the config has checked. */
const struct input_type *input_type_find(const char *name);

#endif
