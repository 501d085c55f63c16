/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_FILTER_CHECK_H
#define CLEW_CONFIG_FILTER_CHECK_H

/* What is asked of the values of filters, in the shape of `check` of config/option.h. */

/* A field, or a value of the record's own that is there (record/own_value.h). */
char *check_field(const char *key, const char *value);
char *check_plain_field(const char *key, const char *value);  /* … a field */
char *check_target(const char *key, const char *value);       /* … one that can be changed */
char *check_redact_key(const char *key, const char *value);   /* a field, or $body */

/* Pairs of names, each for its filter. */
char *check_rename(const char *key, const char *value);
char *check_copy(const char *key, const char *value);
char *check_move(const char *key, const char *value);

char *check_assignment(const char *key, const char *value); /* a name, and a text with %{names} */
char *check_convert(const char *key, const char *value);    /* a field, and a type */
char *check_expected(const char *key, const char *value);   /* a name to look at */
char *check_type(const char *key, const char *value);
char *check_groups(const char *key, const char *value);     /* a pattern with named groups */
char *check_secret(const char *key, const char *value);     /* a pattern, or a secret's name */

#endif
