/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_REGISTRY_H
#define CLEW_REGISTRY_H

/*
 * The tables of what can be plugged in.
 *
 * To add a parser: write parsers/<name>.c with a `const struct parser parser_<name>`, declare it in
 * parsers/parsers.h, add it to the table in registry.c, in the order in which they are tried.
 * To add an output: the same with outputs/<name>.c, outputs/outputs.h and `struct output_type`.
 */

#include "core/output.h"
#include "record/parser.h"

/* NULL at the end. */
extern const struct parser *const registry_parsers[];
extern const struct output_type *const registry_outputs[];

const struct output_type *registry_find_output(const char *name); /* NULL: no such output */

#endif
