/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_FILTERS_TEMPLATE_H
#define CLEW_FILTERS_TEMPLATE_H

/*
 * A value to be set: a constant, the value of another name (`%{name}` and nothing else, with its
 * type), or a text with names in it (`%{user}@%{host}`). `%%{` is a `%{` that is none.
 */

#include "filters/name.h"
#include "record/filter_settings.h"

struct template;

/* NULL when a `%{` has no `}` or no name, or names what is not there: *out_error is a sentence that
 * the caller frees. */
struct template *template_new(const struct constant *constant, struct name_index *index,
                              char **out_error);
void template_free(struct template *template); /* NULL is fine */

enum template_result {
    TEMPLATE_OK,
    TEMPLATE_MISSING, /* something that it names is not there, or has no text */
    TEMPLATE_LIMIT,   /* the arena is full */
};

/* The value as edit_set() takes it. */
enum template_result template_make(const struct template *template, const struct record *record,
                                   const struct settings *settings, struct value *out);

#endif
