/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <stdlib.h>
#include <string.h>
#include "base/diag.h"
#include "base/mem.h"
#include "base/shown.h"

/* In the order of `clew help`, one a line. */
/* clang-format off */
const struct command *const commands[] = {
    &command_audit,
    &command_check,
    &command_import,
    &command_lint,
    &command_parse,
    &command_receive,
    &command_replay,
    &command_run,
    &command_top,
    &command_help,
    &command_version,
    NULL,
};
/* clang-format on */

enum { COMMANDS_MAX = 32 };

bool cli_has_colour(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(fd) && (no_color == NULL || no_color[0] == '\0');
}

int cli_usage_error(const struct command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    shown_print(stderr, "clew %s: ", command->name);
    shown_print_list(stderr, format, args);
    shown_print(stderr, "\ntry 'clew %s --help'\n", command->name);
    va_end(args);
    return EXIT_USAGE;
}

const struct command *cli_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

void cli_print_usage(FILE *out)
{
    fputs("usage: clew COMMAND [OPTION]…\n"
          "\n"
          "clew ships logs without losing trace ids.\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        shown_print(out, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
    }
    fputs(
        "\n"
        "'clew COMMAND --help' explains a command, 'clew help config' the config.\n"
        "Other topics: classes, environment, exit-status, hints, messages, units; 'clew help WORD' "
        "searches.\n",
        out);
}

int cli_unknown_name(const char *kind, const char *name, const char *const *names)
{
    const char *nearest = diag_nearest(name, names);
    if (nearest != NULL) {
        shown_print(stderr, "clew: unknown %s \"%s\"; did you mean \"%s\"?\n", kind, name, nearest);
    } else {
        shown_print(stderr, "clew: unknown %s \"%s\"\n", kind, name);
    }
    fputs("try 'clew help'\n", stderr);
    return EXIT_USAGE;
}

static int unknown_command(const char *name)
{
    const char *names[COMMANDS_MAX + 1];
    size_t count = 0;
    for (; commands[count] != NULL; count++) {
        ENSURE(count < COMMANDS_MAX);
        names[count] = commands[count]->name;
    }
    names[count] = NULL;
    return cli_unknown_name("command", name, names);
}

/* What was printed counts only if it arrived; a reader who went away has seen enough. */
static int flush_output(int status)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE) {
        return status;
    }
    shown_print(stderr, "clew: cannot write to standard output: %s\n", strerror(errno));
    return status == EXIT_GOOD ? EXIT_FAILED : status;
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        cli_print_usage(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = command_help.name;
    } else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        name = command_version.name;
    }
    const struct command *command = cli_find(name);
    int status = command != NULL ? command->run(argc - 1, argv + 1) : unknown_command(name);
    return flush_output(status);
}
