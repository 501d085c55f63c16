/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <string.h>
#include "cli/options.h"

/* ---- bash ---- */

static void bash_words(const struct command *command, FILE *out)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        fprintf(out, "--%s ", o->name);
    }
    fputs("--help", out);
}

static void bash_values(const struct command *command, FILE *out)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (o->kind != CLI_CHOICE) {
            continue;
        }
        fprintf(out, "        %s:--%s) words=\"", command->name, o->name);
        for (size_t i = 0; o->choices[i] != NULL; i++) {
            fprintf(out, "%s%s", i > 0 ? " " : "", o->choices[i]);
        }
        fputs("\" ;;\n", out);
    }
}

static void print_bash(FILE *out)
{
    fputs("# bash completion of clew\n"
          "_clew()\n"
          "{\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "%s%s", i > 0 ? " " : "", commands[i]->name);
    }
    fputs("\" -- \"$current\"))\n"
          "        return\n"
          "    fi\n"
          "    case ${COMP_WORDS[1]}:$before in\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        bash_values(commands[i], out);
    }
    fputs("        help:help) words=\"", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "%s ", commands[i]->name);
    }
    fputs("classes config environment exit-status hints messages units\" ;;\n"
          "    esac\n"
          "    if [ -z \"$words\" ] && [ \"${current#-}\" != \"$current\" ]; then\n"
          "        case ${COMP_WORDS[1]} in\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "            %s) words=\"", commands[i]->name);
        bash_words(commands[i], out);
        fputs("\" ;;\n", out);
    }
    fputs("        esac\n"
          "    fi\n"
          "    if [ -n \"$words\" ]; then\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "    fi\n"
          "}\n"
          "complete -o default -F _clew clew\n",
          out);
}

/* ---- zsh and fish ---- */

/* A sentence within single quotes of a shell; for zsh also without what ends a description. */
static void print_quoted(const char *text, const char *also, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else if (strchr(also, *text) != NULL) {
            fprintf(out, "\\%c", *text);
        } else {
            fputc(*text, out);
        }
    }
}

static void zsh_option(const struct cli_option *option, FILE *out)
{
    const char *many = option->kind == CLI_TEXTS ? "*" : "";
    fprintf(out, "            '%s--%s%s[", many, option->name, option->kind == CLI_FLAG ? "" : "=");
    print_quoted(option->help, "[]:", out);
    fputc(']', out);
    if (option->kind == CLI_CHOICE) {
        fputs(":value:(", out);
        for (size_t i = 0; option->choices[i] != NULL; i++) {
            fprintf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
        }
        fputc(')', out);
    } else if (option->kind != CLI_FLAG) {
        bool is_file = option->value != NULL && (strcmp(option->value, "FILE") == 0 ||
                                                 strcmp(option->value, "DIR") == 0);
        fprintf(out, ":value:%s", is_file ? "_files" : "");
    }
    fputs("' \\\n", out);
}

static void print_zsh(FILE *out)
{
    fputs("#compdef clew\n"
          "_clew() {\n"
          "    local -a commands\n"
          "    commands=(\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "        '%s:", commands[i]->name);
        print_quoted(commands[i]->summary, ":", out);
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $command in\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "        %s) _arguments \\\n", commands[i]->name);
        for (const struct cli_option *o = commands[i]->options; o != NULL && o->name != NULL; o++) {
            zsh_option(o, out);
        }
        fputs("            '--help[print this and exit]' \\\n            '*:file:_files' ;;\n", out);
    }
    fputs("    esac\n}\n_clew \"$@\"\n", out);
}

static void fish_option(const struct command *command, const struct cli_option *option, FILE *out)
{
    fprintf(out, "complete -c clew -n '__fish_seen_subcommand_from %s' -l %s", command->name,
            option->name);
    if (option->letter != 0) {
        fprintf(out, " -s %c", option->letter);
    }
    if (option->kind == CLI_CHOICE) {
        fputs(" -x -a '", out);
        for (size_t i = 0; option->choices[i] != NULL; i++) {
            fprintf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
        }
        fputc('\'', out);
    } else if (option->kind != CLI_FLAG) {
        fputs(" -r", out);
    }
    fputs(" -d '", out);
    print_quoted(option->help, "\\", out);
    fputs("'\n", out);
}

static void print_fish(FILE *out)
{
    fputs("# fish completion of clew\n", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "complete -c clew -f -n __fish_use_subcommand -a %s -d '", commands[i]->name);
        print_quoted(commands[i]->summary, "\\", out);
        fputs("'\n", out);
        for (const struct cli_option *o = commands[i]->options; o != NULL && o->name != NULL; o++) {
            fish_option(commands[i], o, out);
        }
    }
}

void completion_print(enum completion_shell shell, FILE *out)
{
    switch (shell) {
    case COMPLETION_BASH:
        print_bash(out);
        break;
    case COMPLETION_ZSH:
        print_zsh(out);
        break;
    case COMPLETION_FISH:
        print_fish(out);
        break;
    }
}
