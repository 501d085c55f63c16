/* SPDX-License-Identifier: Apache-2.0 */

/*
 * conf/clew.yaml: each option with its sentence, its limits and its default. What has no default is
 * shown as a comment with an example, so that the file as it stands says what no file would say.
 */

#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/wrap.h"
#include "config/options.h"

enum { COLUMNS = 96 };

static char *limits(const struct option *option)
{
    char min[OPTION_NUMBER_MAX];
    char max[OPTION_NUMBER_MAX];
    if (option->names != NULL) {
        char *names = option_join_names(option->names);
        char *text = option->names[1] != NULL ? mem_format(" One of %s.", names) : mem_string("");
        free(names);
        return text;
    }
    if (option->max == 0) {
        return mem_string("");
    }
    option_print_number(option->kind, option->min, min);
    option_print_number(option->kind, option->max, max);
    return mem_format(" From %s to %s.", min, max);
}

static void print_help(FILE *out, unsigned indent, const struct option *option)
{
    char *limit = limits(option);
    char *text =
        mem_format("%s%s%s%s", option->help, limit, option->env != NULL ? " When left out: " : "",
                   option->env != NULL ? option->env : "");
    wrap_print(out, text, indent, "# ", COLUMNS);
    free(text);
    free(limit);
}

/* A list's default as YAML; any other is written as it is. */
static char *default_text(const struct option *option)
{
    if (option->kind != OPTION_TEXTS) {
        return mem_string(option->fallback);
    }
    char *text = mem_string("[");
    for (const char *at = option->fallback; *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        char *longer = mem_format("%s%s\"%.*s\"", text, text[1] != '\0' ? ", " : "", (int)len, at);
        free(text);
        text = longer;
        at += len;
    }
    char *whole = mem_format("%s]", text);
    free(text);
    return whole;
}

static void print_options(FILE *out, unsigned indent, const struct option *options, bool in_list);

/* A list of sections that has no default: what one may hold, in comments, and an example. */
static void print_example(FILE *out, unsigned indent, const struct option *option)
{
    for (const struct option *child = option->children; child->name != NULL; child++) {
        char *help = mem_format("%s: %s", child->name, child->help);
        wrap_print(out, help, indent, "#   ", COLUMNS);
        free(help);
    }
    fprintf(out, "%*s# %s: %s\n", (int)indent, "", option->name, option->example);
}

static void print_value(FILE *out, unsigned indent, const struct option *option)
{
    if (option->is_example) {
        print_example(out, indent, option);
    } else if (option->kind == OPTION_SECTION || option->kind == OPTION_SECTIONS) {
        fprintf(out, "%*s%s:\n", (int)indent, "", option->name);
        bool in_list = option->kind == OPTION_SECTIONS;
        print_options(out, indent + (in_list ? 4 : 2), option->children, in_list);
    } else if (option->fallback != NULL) {
        char *text = default_text(option);
        fprintf(out, "%*s%s: %s\n", (int)indent, "", option->name, text);
        free(text);
    } else {
        fprintf(out, "%*s%s%s: %s\n", (int)indent, "", option->is_required ? "" : "# ",
                option->name, option->example);
    }
}

static void print_options(FILE *out, unsigned indent, const struct option *options, bool in_list)
{
    if (in_list) {
        fprintf(out, "%*s-\n", (int)indent - 2, "");
    }
    for (const struct option *option = options; option->name != NULL; option++) {
        if (option != options) {
            fputc('\n', out);
        }
        print_help(out, indent, option);
        print_value(out, indent, option);
    }
}

void config_print_reference(FILE *out)
{
    fputs(
        "# SPDX-License-Identifier: Apache-2.0\n"
        "#\n"
        "# Every option of clew with its default. Your config needs only the options that you "
        "change;\n"
        "# they take precedence over OTEL_* variables. This file was made by\n"
        "# `clew help config --reference`.\n"
        "#\n"
        "# Values can contain environment variables: ${VAR}, ${VAR:-default}, ${VAR:?message}; $$ "
        "is a\n"
        "# dollar sign. `clew check -c FILE` reports errors in a config and prints the config in\n"
        "# effect.\n"
        "\n",
        out);
    print_options(out, 0, options_root, false);
}
