/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_INPUT_TAIL_ENCODING_H
#define CLEW_INPUT_TAIL_ENCODING_H

/*
 * How a file's text is written: UTF-8 (or anything in which a newline is one byte), or UTF-16, whose
 * lines become UTF-8 before anybody else sees them. Offsets are always those of the file's bytes.
 */

#include "base/buf.h"
#include "record/settings.h"

enum text_form {
    TEXT_FORM_UNKNOWN, /* too few bytes to tell yet */
    TEXT_FORM_BYTES,
    TEXT_FORM_UTF16LE,
    TEXT_FORM_UTF16BE,
};

enum { BOM_BYTES_MAX = 3 };

/* By the setting, and where that leaves it open by a byte order mark: `bytes` are the first of the
 * file, as many as there are up to BOM_BYTES_MAX. A file of one byte is not known yet. */
enum text_form text_form_of(enum encoding setting, const char *bytes, size_t len);

/* How many of the first bytes are a byte order mark, which is no text. */
size_t text_form_bom_len(enum text_form form, const char *bytes, size_t len);

/* Bytes of one unit: 1 or 2. Newlines and offsets of lines are multiples of it. */
size_t text_form_unit(enum text_form form);

/* The first newline, NULL if there is none. `data` begins with a whole unit. */
const char *text_form_find_newline(enum text_form form, const char *data, size_t len);
const char *text_form_find_last_newline(enum text_form form, const char *data, size_t len);

/* UTF-16 is to be cut here rather than at `len`: at a unit, not within a surrogate pair, and so that
 * what becomes of it in UTF-8 is no longer than `len`. */
size_t text_form_cut(enum text_form form, const char *data, size_t len);

/* Append UTF-16 as UTF-8, U+FFFD for what is no character. False if there was such. */
bool text_form_append_utf8(enum text_form form, const char *data, size_t len, struct buf *out);

#endif
