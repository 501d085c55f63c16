/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return cli_usage_error(&command_version, "it takes no arguments");
    }
    puts("clew " CLEW_VERSION);
    return EXIT_GOOD;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .usage = "usage: clew version\n",
    .run = run,
};
