/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "cli/options.h"
#include "config/options.h"

/* Text that man(7) must not take for requests or escapes. Hyphens are those that people type. */
static void print_text(const char *text, size_t len, FILE *out)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_line_start = i == 0 || text[i - 1] == '\n';
        if (is_line_start && (c == '.' || c == '\'')) {
            fputs("\\&", out);
        }
        if (c == '\\') {
            fputs("\\e", out);
        } else if (c == '-') {
            fputs("\\-", out);
        } else {
            fputc(c, out);
        }
    }
}

static void print_string(const char *text, FILE *out)
{
    print_text(text, strlen(text), out);
}

static void print_title(const char *name, const char *section, FILE *out)
{
    fprintf(out, ".TH \"%s\" \"%s\" \"\" \"clew %s\" \"clew\"\n.SH NAME\n", name, section, CLEW_VERSION);
}

static void print_status(FILE *out)
{
    fputs(".SH EXIT STATUS\n"
          ".TP\n"
          "0\n"
          "success\n"
          ".TP\n"
          "1\n"
          "runtime error\n"
          ".TP\n"
          "2\n"
          "wrong usage or invalid config\n"
          ".TP\n"
          "3\n"
          "a policy is not met, such as coverage below the minimum\n",
          out);
}

/* Paragraphs as they are; one whose first line is indented is not filled. */
static void print_paragraphs(const char *text, FILE *out)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t len = end != NULL ? (size_t)(end + 1 - text) : strlen(text);
        bool is_literal = *text == ' ';
        fputs(is_literal ? ".PP\n.nf\n" : ".PP\n", out);
        print_text(text, len, out);
        fputs(is_literal ? ".fi\n" : "", out);
        text += len;
        text += strspn(text, "\n");
    }
}

static void print_option(const struct cli_option *option, FILE *out)
{
    fputs(".TP\n", out);
    if (option->letter != 0) {
        fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    }
    fputs("\\fB\\-\\-", out);
    print_string(option->name, out);
    fputs("\\fR", out);
    cli_option_print_value(option, out);
    fputc('\n', out);
    print_string(option->help, out);
    fputc('\n', out);
}

void manual_print_command(const struct command *command, FILE *out)
{
    const char *usage = command->usage;
    const char *rest = strstr(usage, "\n\n");
    size_t len = rest != NULL ? (size_t)(rest + 1 - usage) : strlen(usage);
    char *name = mem_format("clew-%s", command->name);
    print_title(name, "1", out);
    print_string(name, out);
    fputs(" \\- ", out);
    print_string(command->summary, out);
    fputs("\n.SH SYNOPSIS\n.nf\n", out);
    size_t skip = strlen("usage: ");
    ENSURE(strncmp(usage, "usage: ", skip) == 0);
    print_text(usage + skip, len - skip, out);
    fputs(".fi\n", out);
    if (rest != NULL) {
        fputs(".SH DESCRIPTION\n", out);
        print_paragraphs(rest + 2, out);
    }
    fputs(".SH OPTIONS\n", out);
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        print_option(o, out);
    }
    print_option(&cli_help_option, out);
    print_status(out);
    fputs(".SH SEE ALSO\n\\fBclew\\fR(1), \\fBclew.yaml\\fR(5)\n", out);
    free(name);
}

void manual_print_program(FILE *out)
{
    print_title("clew", "1", out);
    fputs("clew \\- ships logs without losing trace ids\n"
          ".SH SYNOPSIS\n"
          "\\fBclew\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n"
          ".SH DESCRIPTION\n"
          "clew tails log files, puts the trace id, span id and flags of every line into the "
          "OTLP\n"
          "record's own fields, keeps every other field with its type, reports for each service "
          "how\n"
          "many records carry a trace id, and ships OTLP/HTTP.\n"
          ".SH COMMANDS\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, ".TP\n\\fBclew\\-%s\\fR(1)\n", commands[i]->name);
        print_string(commands[i]->summary, out);
        fputc('\n', out);
    }
    print_status(out);
    fputs(".SH FILES\n"
          ".TP\n"
          "/etc/clew/clew.yaml\n"
          "the config, unless \\-c or $CLEW_CONFIG name another; see "
          "\\fBclew.yaml\\fR(5)\n"
          ".TP\n"
          "/var/lib/clew\n"
          "checkpoints, spool and dead letters, unless data_dir says otherwise\n"
          ".SH ENVIRONMENT\n"
          "The OTEL_* variables of the OpenTelemetry specification; \\fBclew help "
          "environment\\fR\n"
          "lists them. $CLEW_CONFIG names the config; $NO_COLOR turns colours off.\n"
          ".SH SEE ALSO\n"
          "\\fBclew.yaml\\fR(5)\n",
          out);
}

static void print_limits(const struct option *option, FILE *out)
{
    char min[OPTION_NUMBER_MAX];
    char max[OPTION_NUMBER_MAX];
    if (option->names != NULL) {
        char *names = option_join_names(option->names);
        fputs("One of ", out);
        print_string(names, out);
        fputs(".\n", out);
        free(names);
    } else if (option->max > 0) {
        option_print_number(option->kind, option->min, min);
        option_print_number(option->kind, option->max, max);
        fprintf(out, "From %s to %s.\n", min, max);
    }
}

static void print_config_options(const struct option *among, const char *path, FILE *out)
{
    for (; among != NULL && among->name != NULL; among++) {
        char *whole = mem_format("%s%s%s", path, *path != '\0' ? "." : "", among->name);
        fputs(".TP\n\\fB", out);
        print_string(whole, out);
        fputs("\\fR", out);
        if (among->fallback != NULL) {
            fputs(" (default ", out);
            print_string(among->fallback, out);
            fputc(')', out);
        }
        fputc('\n', out);
        print_string(among->help, out);
        fputc('\n', out);
        print_limits(among, out);
        if (among->env != NULL) {
            fputs("Environment: ", out);
            print_string(among->env, out);
            fputs(".\n", out);
        }
        if (options_shared_with(among) == NULL) {
            print_config_options(among->children, whole, out);
        } else {
            fprintf(out, "Its options are those of \\fB%s\\fR.\n", options_shared_with(among));
        }
        free(whole);
    }
}

void manual_print_config(FILE *out)
{
    print_title("clew.yaml", "5", out);
    fputs("clew.yaml \\- the config of clew\n"
          ".SH DESCRIPTION\n"
          "A YAML file, read from the path in \\-c or $CLEW_CONFIG, otherwise "
          "from\n"
          "/etc/clew/clew.yaml. Every option has a default, and clew runs without a config. "
          "Values\n"
          "can contain environment variables: ${VAR}, ${VAR:\\-default}, ${VAR:?message}; $$ is "
          "a\n"
          "dollar sign. \\fBclew\\-check\\fR(1) reports errors and prints the config in "
          "effect;\n"
          "\\fBclew help config \\-\\-reference\\fR prints a config to start from.\n"
          ".SH OPTIONS\n",
          out);
    print_config_options(options_root, "", out);
    fputs(".SH SEE ALSO\n\\fBclew\\fR(1), \\fBclew\\-check\\fR(1)\n", out);
}
