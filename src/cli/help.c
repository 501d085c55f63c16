/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the program says about itself: commands from their table, options of the config from theirs,
 * and a few pages that belong to neither.
 */

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/wrap.h"
#include "cli/manual.h"
#include "cli/options.h"
#include "config/config.h"
#include "config/options.h"

enum {
    NAMES_MAX = 64,
    COLUMNS = 96,
};

struct arguments {
    bool reference;
    bool man;
    unsigned completion; /* 0: none, else an enum completion_shell + 1 */
};

static const char *const shells[] = {"none", "bash", "zsh", "fish", NULL};

static const struct cli_option options[] = {
    {"reference", 0, CLI_FLAG, offsetof(struct arguments, reference), NULL,
     "with `config`: print the annotated reference config", NULL},
    {"man", 0, CLI_FLAG, offsetof(struct arguments, man), NULL,
     "print the man page: of clew, of a command, or of `config`", NULL},
    {"completion", 0, CLI_CHOICE, offsetof(struct arguments, completion), "SHELL",
     "print the completions of a shell: bash, zsh or fish", shells},
    {0},
};

struct topic {
    const char *name;
    const char *text;
};

static const struct topic topics[] = {
    {"exit-status", "Exit status of every command:\n"
                    "\n"
                    "  0  it is good\n"
                    "  1  it was tried and failed\n"
                    "  2  wrong usage, or a mistake in the config\n"
                    "  3  a policy was not met, such as coverage below the threshold\n"},
    {"units", "Values with units, in the config and on the command line:\n"
              "\n"
              "  size      64KiB  10MB  1.5GiB  4096     B, KB, MB, GB; KiB, MiB, GiB\n"
              "  duration  200ms  5s  1m30s  2h  0       a number other than 0 needs its unit\n"
              "  share     50%  0.5                      from 0% to 100%\n"
              "  bool      true  false\n"},
    {0},
};

static const char environment_head[] =
    "Variables that a config may name: ${VAR}, ${VAR:-default}, ${VAR:?message}; $$ is a dollar "
    "sign.\n"
    "\n"
    "  CLEW_CONFIG   the config to read where -c names none\n"
    "  NO_COLOR      no colours, whatever the terminal can\n"
    "\n"
    "Variables that give an option which the config leaves out; an empty one is not set:\n";

static char *join(const char *path, const char *name)
{
    return mem_format("%s%s%s", path, *path != '\0' ? "." : "", name);
}

static void print_limits(const struct option *option)
{
    char min[OPTION_NUMBER_MAX];
    char max[OPTION_NUMBER_MAX];
    if (option->names != NULL) {
        char *names = option_join_names(option->names);
        printf(", %s", names);
        free(names);
    } else if (option->max > 0) {
        option_print_number(option->kind, option->min, min);
        option_print_number(option->kind, option->max, max);
        printf(", from %s to %s", min, max);
    }
}

/* The option whole: what it takes, its default, its sentence, its variables. */
static void print_option(const struct option *option, const char *path)
{
    printf("%s\n    %s", path, option_expects(option->kind));
    print_limits(option);
    if (option->fallback != NULL) {
        printf("; default %s", option->fallback);
    }
    printf("\n");
    wrap_print(stdout, option->help, 4, "", COLUMNS);
    if (option->env != NULL) {
        char *env = mem_format("Environment: %s", option->env);
        wrap_print(stdout, env, 4, "", COLUMNS);
        free(env);
    }
}

static void print_children(const struct option *among, const char *path)
{
    for (; among != NULL && among->name != NULL; among++) {
        char *whole = join(path, among->name);
        putchar('\n');
        print_option(among, whole);
        print_children(among->children, whole);
        free(whole);
    }
}

static void print_environment(const struct option *among, const char *path)
{
    for (; among != NULL && among->name != NULL; among++) {
        char *whole = join(path, among->name);
        if (among->env != NULL) {
            printf("\n  %s\n", whole);
            wrap_print(stdout, among->env, 6, "", COLUMNS);
        }
        print_environment(among->children, whole);
        free(whole);
    }
}

static void print_config(void)
{
    puts("Every option of the config, a YAML file. `clew help OPTION` shows one of them,\n"
         "`clew help config --reference` the same as a config to start from.");
    print_children(options_root, "");
}

static int unknown_topic(const char *name)
{
    const char *names[NAMES_MAX + 1] = {"config", "environment"};
    size_t count = 2;
    for (size_t i = 0; topics[i].name != NULL; i++) {
        names[count++] = topics[i].name;
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        names[count++] = commands[i]->name;
    }
    for (size_t i = 0; options_root[i].name != NULL; i++) {
        ENSURE(count < NAMES_MAX);
        names[count++] = options_root[i].name;
    }
    return cli_unknown_name("topic", name, names);
}

static const struct topic *find_topic(const char *name)
{
    size_t i = 0;
    while (topics[i].name != NULL && strcmp(topics[i].name, name) != 0) {
        i++;
    }
    return topics[i].name != NULL ? &topics[i] : NULL;
}

static int print_topic(const char *name)
{
    const struct command *command = cli_find(name);
    const struct option *option = options_find(name);
    const struct topic *topic = find_topic(name);
    if (strcmp(name, "config") == 0) {
        print_config();
    } else if (strcmp(name, "environment") == 0) {
        fputs(environment_head, stdout);
        print_environment(options_root, "");
    } else if (command != NULL) {
        cli_print_help(command);
    } else if (topic != NULL) {
        fputs(topic->text, stdout);
    } else if (option != NULL) {
        print_option(option, name);
        print_children(option->children, name);
    } else {
        return unknown_topic(name);
    }
    return EXIT_GOOD;
}

static int print_man(const char *topic)
{
    const struct command *command = topic != NULL ? cli_find(topic) : NULL;
    if (topic == NULL) {
        manual_print_program(stdout);
    } else if (strcmp(topic, "config") == 0) {
        manual_print_config(stdout);
    } else if (command != NULL) {
        manual_print_command(command, stdout);
    } else {
        return cli_usage_error(&command_help, "--man goes with a command, `config` or nothing");
    }
    return EXIT_GOOD;
}

static int help(const struct arguments *arguments, const char *topic)
{
    if (arguments->completion > 0) {
        completion_print((enum completion_shell)(arguments->completion - 1), stdout);
        return EXIT_GOOD;
    }
    if (arguments->man) {
        return print_man(topic);
    }
    if (arguments->reference) {
        if (topic == NULL || strcmp(topic, "config") != 0) {
            return cli_usage_error(&command_help, "--reference goes with `clew help config`");
        }
        config_print_reference(stdout);
        return EXIT_GOOD;
    }
    if (topic == NULL) {
        cli_print_usage(stdout);
        return EXIT_GOOD;
    }
    return print_topic(topic);
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct cli_texts operands;
    int status = EXIT_GOOD;
    if (cli_parse(&command_help, argc, argv, &arguments, &operands, 1, &status)) {
        status = help(&arguments, operands.count > 0 ? operands.items[0] : NULL);
    }
    cli_texts_free(&operands);
    return status;
}

const struct command command_help = {
    .name = "help",
    .summary = "tell about a command, an option of the config or a topic",
    .usage = "usage: clew help [TOPIC]\n"
             "\n"
             "TOPIC is a command, `config`, an option such as outputs.batch.age, `environment`,\n"
             "`exit-status` or `units`.\n",
    .options = options,
    .run = run,
};
