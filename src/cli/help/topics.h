/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_HELP_TOPICS_H
#define CLEW_CLI_HELP_TOPICS_H

/* What `clew help` explains: everything that has a name and a sentence. */

#include <stdbool.h>

struct help_entry {
    const char *kind; /* "command", "option", "class", "hint", "message" or "topic" */
    const char *name; /* as one asks for it: `outputs.retry.max`, `lost_hop` */
    const char *text; /* sentences */
};

/* The entry and its strings live for the call. */
typedef void (*help_visitor)(const struct help_entry *entry, void *context);

/* Each entry once, in the order of `clew help`; options that two sections share under the first. */
void help_visit(help_visitor visit, void *context);

/* Print the page of a topic, a class or a hint; false if `name` is none of these. */
bool help_print_topic(const char *name);

#endif
