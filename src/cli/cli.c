/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
    &command_version,
    NULL,
};

int cli_usage_error(const struct command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "clew %s: ", command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\ntry 'clew %s --help'\n", command->name);
    va_end(args);
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && commands[i] != NULL; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    fputs("usage: clew COMMAND\n", stderr);
    return EXIT_USAGE;
}
