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
#include "cli/help/topics.h"
#include "cli/manual.h"
#include "cli/options.h"
#include "config/config.h"
#include "config/options.h"

enum {
    NAMES_MAX = 1000,
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

static const char environment_head[] =
    "Variables in a config: ${VAR}, ${VAR:-default}, ${VAR:?message}; $$ is a dollar sign.\n"
    "\n"
    "  CLEW_CONFIG   config file to use without -c\n"
    "  NO_COLOR      disables colours\n"
    "\n"
    "Variables that set an option which the config does not set; empty ones are ignored:\n";

/* `size from 1KiB to 64MiB (default: 1MiB)`; a section has no such line. */
static void print_type(const struct option *option)
{
    char *type = option_type(option);
    char min[OPTION_NUMBER_MAX];
    char max[OPTION_NUMBER_MAX];
    if (type == NULL) {
        return;
    }
    printf("    %s", type);
    if (option->names == NULL && option->max > 0) {
        option_print_number(option->kind, option->min, min);
        option_print_number(option->kind, option->max, max);
        printf(" from %s to %s", min, max);
    }
    if (option->fallback != NULL) {
        printf(" (default: %s)", option->fallback);
    }
    printf("\n");
    free(type);
}

/* The option whole: what it takes, its default, its sentence, its variables. */
static void print_option(const struct option *option, const char *path)
{
    printf("%s\n", path);
    print_type(option);
    wrap_print(stdout, option->help, 4, "", COLUMNS);
    if (option->env != NULL) {
        char *env = mem_format("Environment: %s", option->env);
        wrap_print(stdout, env, 4, "", COLUMNS);
        free(env);
    }
}

/* The options below `option`. Those that it shares with another section stand there. */
static void print_below(const struct option *option, const char *path)
{
    const char *other = options_shared_with(option);
    if (other != NULL) {
        printf("\n%s.*\n    Same as %s.*\n", path, other);
        return;
    }
    for (const struct option *o = option->children; o != NULL && o->name != NULL; o++) {
        char *whole = mem_format("%s.%s", path, o->name);
        putchar('\n');
        print_option(o, whole);
        print_below(o, whole);
        free(whole);
    }
}

static char *join(const char *path, const char *name)
{
    return mem_format("%s%s%s", path, *path != '\0' ? "." : "", name);
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
         "`clew help config --reference` prints them as an annotated config file.");
    for (const struct option *option = options_root; option->name != NULL; option++) {
        putchar('\n');
        print_option(option, option->name);
        print_below(option, option->name);
    }
}

static bool print_exact(const char *name)
{
    const struct command *command = cli_find(name);
    const struct option *option = options_find(name);
    if (strcmp(name, "config") == 0) {
        print_config();
    } else if (strcmp(name, "environment") == 0) {
        fputs(environment_head, stdout);
        print_environment(options_root, "");
    } else if (command != NULL) {
        cli_print_help(command);
    } else if (option != NULL) {
        print_option(option, name);
        print_below(option, name);
    } else {
        return help_print_topic(name);
    }
    return true;
}

/* ---- search ---- */

struct search {
    const char *word;
    size_t hits;
    char *names[NAMES_MAX + 1]; /* of all entries, for the nearest one */
    size_t count;
};

static void look_at(const struct help_entry *entry, void *context)
{
    struct search *search = context;
    ENSURE(search->count < NAMES_MAX);
    search->names[search->count++] = mem_string(entry->name);
    if (strcasestr(entry->name, search->word) == NULL &&
        strcasestr(entry->text, search->word) == NULL) {
        return;
    }
    printf("%s%s (%s)\n", search->hits++ > 0 ? "\n" : "", entry->name, entry->kind);
    wrap_print(stdout, entry->text, 4, "", COLUMNS);
}

/* Names and texts that have the word in them; where there are none, the name that was meant. */
static int search_for(const char *word)
{
    struct search *search = mem_array(1, sizeof(*search));
    search->word = word;
    help_visit(look_at, search);
    int status = EXIT_GOOD;
    if (search->hits == 0) {
        status = cli_unknown_name("topic", word, (const char *const *)search->names);
    }
    for (size_t i = 0; i < search->count; i++) {
        free(search->names[i]);
    }
    free(search);
    return status;
}

static int print_topic(const char *name)
{
    return print_exact(name) ? EXIT_GOOD : search_for(name);
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
    .summary = "explain a command, a config option, a class or a hint",
    .usage = "usage: clew help [TOPIC]\n"
             "\n"
             "TOPIC is a command, `config`, an option such as outputs.batch.age, `classes` or a\n"
             "class, `hints` or a hint, `messages`, `environment`, `exit-status` or `units`. Any other\n"
             "word is searched for in the names and texts of all of these.\n",
    .options = options,
    .run = run,
};
