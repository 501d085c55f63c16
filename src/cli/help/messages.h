/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CLI_HELP_MESSAGES_H
#define CLEW_CLI_HELP_MESSAGES_H

/* The log messages that need an explanation. */

#include <stddef.h>

struct help_message {
    const char *words; /* of the message as the source has it, conversions of printf included */
    const char *text;  /* its cause, and what to do */
};

/* The message number `index`; NULL at the end. */
const struct help_message *help_message_at(size_t index);

#endif
