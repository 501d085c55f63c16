/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_PROBE_VRL_READER_H
#define CLEW_SHIPPERS_PROBE_VRL_READER_H

/* The words of a VRL program, one after the other. */

#include <stdbool.h>
#include "shippers/probe/vrl_path.h"

struct vrl_reader {
    struct arena *arena;
    const char *text; /* the whole program, NUL-terminated */
    const char *at;
};

void vrl_skip_comment(struct vrl_reader *reader); /* to the end of the line */
void vrl_skip_blank(struct vrl_reader *reader);   /* blanks and comments */
void vrl_skip_space(struct vrl_reader *reader);   /* … and what ends statements */

bool vrl_is_word_char(char c);
const char *vrl_read_word(struct vrl_reader *reader);

/* True, and `at` behind it, if exactly this mark or word is next. */
bool vrl_take(struct vrl_reader *reader, const char *mark);

/* The text of a string, at its quote. Raw ones (`s'…'`, `r'…'`) have no escapes. */
const char *vrl_read_string(struct vrl_reader *reader, bool is_raw);

/* The parts behind where a path begins, added to `path`. */
void vrl_read_parts(struct vrl_reader *reader, struct path *path);

/* `.`, `.a`, `%meta.a`: false if no such path begins here. */
bool vrl_read_path(struct vrl_reader *reader, struct path *path);

/* The operator that comes next if it binds as tight as `loosest` or tighter, else NULL; it is not
 * passed. It may stand at the beginning of the next line. */
const char *vrl_next_operator(struct vrl_reader *v, unsigned loosest);

/* How tight an operator binds: 1 is loosest. */
unsigned vrl_binding(const char *op);

#endif
