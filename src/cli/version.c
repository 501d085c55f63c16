/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>
#include "cli/options.h"

static int run(int argc, char **argv)
{
    struct cli_texts operands;
    int status = EXIT_GOOD;
    if (cli_parse(&command_version, argc, argv, NULL, &operands, 0, &status)) {
        puts("clew " CLEW_VERSION);
    }
    cli_texts_free(&operands);
    return status;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .usage = "usage: clew version\n",
    .run = run,
};
