/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/diag.h"
#include "base/mem.h"
#include "base/wrap.h"
#include "config/units.h"

enum {
    OPTIONS_MAX = 64,
    HELP_COLUMN = 28,
    COLUMNS = 96,
};

/* A run over argv. */
struct scan {
    const struct command *command;
    char **argv;
    int argc;
    int next; /* index of the argument to look at */
    void *arguments;
    int status;
};

const struct cli_option cli_help_option = {
    "help", 'h', CLI_FLAG, 0, NULL, "print this and exit", NULL,
};

void cli_texts_add(struct cli_texts *texts, const char *text)
{
    texts->items = mem_resize(texts->items, texts->count + 2, sizeof(*texts->items));
    texts->items[texts->count++] = text;
    texts->items[texts->count] = NULL;
}

void cli_texts_free(struct cli_texts *texts)
{
    free(texts->items);
    *texts = (struct cli_texts){0};
}

static const char *value_name(const struct cli_option *option)
{
    static const char *const names[] = {
        [CLI_FLAG] = NULL, [CLI_TEXT] = "TEXT", [CLI_TEXTS] = "TEXT",        [CLI_CHOICE] = NULL,
        [CLI_COUNT] = "N", [CLI_SIZE] = "SIZE", [CLI_DURATION] = "DURATION", [CLI_RATIO] = "RATIO",
    };
    return option->value != NULL ? option->value : names[option->kind];
}

void cli_option_print_value(const struct cli_option *option, FILE *out)
{
    if (option->kind == CLI_CHOICE && option->value == NULL) {
        for (size_t i = 0; option->choices[i] != NULL; i++) {
            fprintf(out, "%c%s", i == 0 ? ' ' : '|', option->choices[i]);
        }
    } else if (value_name(option) != NULL) {
        fprintf(out, " %s", value_name(option));
    }
}

static void print_option(const struct cli_option *option)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    ENSURE(memory != NULL);
    if (option->letter != 0) {
        fprintf(memory, "  -%c, --%s", option->letter, option->name);
    } else {
        fprintf(memory, "      --%s", option->name);
    }
    cli_option_print_value(option, memory);
    fclose(memory);
    const char *rest = option->help;
    if (len + 2 > HELP_COLUMN) {
        puts(text);
    } else {
        size_t first = wrap_line(rest, COLUMNS - HELP_COLUMN);
        printf("%-*s%.*s\n", HELP_COLUMN, text, (int)first, rest);
        rest += first + strspn(rest + first, " ");
    }
    wrap_print(stdout, rest, HELP_COLUMN, "", COLUMNS);
    free(text);
}

void cli_print_help(const struct command *command)
{
    fputs(command->usage, stdout);
    fputs("\nOptions:\n", stdout);
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        print_option(o);
    }
    print_option(&cli_help_option);
}

static const struct cli_option *find_long(const struct command *command, struct slice name)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (slice_is_equal(slice_from_string(o->name), name)) {
            return o;
        }
    }
    return slice_is_equal(name, SLICE("help")) ? &cli_help_option : NULL;
}

static const struct cli_option *find_letter(const struct command *command, char letter)
{
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (o->letter == letter) {
            return o;
        }
    }
    return letter == 'h' ? &cli_help_option : NULL;
}

static bool wrong_name(struct scan *scan, const char *name)
{
    const char *names[OPTIONS_MAX + 2];
    size_t count = 0;
    for (const struct cli_option *o = scan->command->options; o != NULL && o->name != NULL; o++) {
        ENSURE(count < OPTIONS_MAX);
        names[count++] = o->name;
    }
    names[count++] = "help";
    names[count] = NULL;
    const char *nearest = diag_nearest(name, names);
    if (nearest != NULL) {
        scan->status = cli_usage_error(scan->command, "unknown option --%s; did you mean --%s?",
                                       name, nearest);
    } else {
        scan->status = cli_usage_error(scan->command, "unknown option --%s", name);
    }
    return false;
}

static bool wrong_value(struct scan *scan, const struct cli_option *option, const char *value,
                        const char *expected)
{
    scan->status =
        cli_usage_error(scan->command, "--%s takes %s, not \"%s\"", option->name, expected, value);
    return false;
}

static bool wrong_choice(struct scan *scan, const struct cli_option *option, const char *value)
{
    char *list = mem_string(option->choices[0]);
    for (size_t i = 1; option->choices[i] != NULL; i++) {
        char *longer = mem_format("%s, %s", list, option->choices[i]);
        free(list);
        list = longer;
    }
    char *expected = mem_format("one of %s", list);
    wrong_value(scan, option, value, expected);
    free(expected);
    free(list);
    return false;
}

static bool set_choice(struct scan *scan, const struct cli_option *option, const char *value,
                       void *target)
{
    for (unsigned i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            *(unsigned *)target = i;
            return true;
        }
    }
    return wrong_choice(scan, option, value);
}

static bool set_ratio(const char *value, double *target)
{
    double ratio;
    if (!units_parse_ratio(value, &ratio) || ratio > 1) {
        return false;
    }
    *target = ratio;
    return true;
}

static bool set(struct scan *scan, const struct cli_option *option, const char *value)
{
    void *target = (char *)scan->arguments + option->offset;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)target = true;
        return true;
    case CLI_TEXT:
        *(const char **)target = value;
        return true;
    case CLI_TEXTS:
        cli_texts_add(target, value);
        return true;
    case CLI_CHOICE:
        return set_choice(scan, option, value, target);
    case CLI_COUNT:
        return units_parse_count(value, target) ||
               wrong_value(scan, option, value, "a whole number");
    case CLI_SIZE:
        return units_parse_size(value, target) ||
               wrong_value(scan, option, value, "a size such as 64KiB or 10MB");
    case CLI_DURATION:
        return units_parse_duration(value, target) ||
               wrong_value(scan, option, value, "a duration such as 200ms, 5s or 1m");
    case CLI_RATIO:
        return set_ratio(value, target) ||
               wrong_value(scan, option, value, "a share from 0 to 1 or 0% to 100%");
    }
    return false;
}

static bool answer_help(struct scan *scan)
{
    cli_print_help(scan->command);
    scan->status = EXIT_GOOD;
    return false;
}

/* `attached` is the value behind `=` or the letter, or NULL. */
static bool take_value(struct scan *scan, const struct cli_option *option, const char *attached)
{
    if (attached == NULL) {
        if (scan->next == scan->argc) {
            scan->status = cli_usage_error(scan->command, "--%s needs a value", option->name);
            return false;
        }
        attached = scan->argv[scan->next++];
    }
    return set(scan, option, attached);
}

static bool take_long(struct scan *scan, const char *text)
{
    size_t len = strcspn(text, "=");
    const char *attached = text[len] == '=' ? text + len + 1 : NULL;
    const struct cli_option *option = find_long(scan->command, slice_make(text, len));
    if (option == NULL) {
        char *name = mem_string_from(slice_make(text, len));
        wrong_name(scan, name);
        free(name);
        return false;
    }
    if (option == &cli_help_option) {
        return answer_help(scan);
    }
    if (option->kind == CLI_FLAG && attached != NULL) {
        scan->status = cli_usage_error(scan->command, "--%s takes no value", option->name);
        return false;
    }
    return option->kind == CLI_FLAG ? set(scan, option, NULL) : take_value(scan, option, attached);
}

static bool take_letters(struct scan *scan, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        const struct cli_option *option = find_letter(scan->command, *letters);
        if (option == NULL) {
            scan->status = cli_usage_error(scan->command, "unknown option -%c", *letters);
            return false;
        }
        if (option == &cli_help_option) {
            return answer_help(scan);
        }
        if (option->kind != CLI_FLAG) {
            return take_value(scan, option, letters[1] != '\0' ? letters + 1 : NULL);
        }
        set(scan, option, NULL);
    }
    return true;
}

static bool take(struct scan *scan, struct cli_texts *operands, bool *only_operands)
{
    const char *text = scan->argv[scan->next++];
    if (*only_operands || text[0] != '-' || text[1] == '\0') {
        cli_texts_add(operands, text);
        return true;
    }
    if (strcmp(text, "--") == 0) {
        *only_operands = true;
        return true;
    }
    return text[1] == '-' ? take_long(scan, text + 2) : take_letters(scan, text + 1);
}

bool cli_parse(const struct command *command, int argc, char **argv, void *arguments,
               struct cli_texts *operands, size_t operands_max, int *out_status)
{
    struct scan scan = {command, argv, argc, 1, arguments, EXIT_GOOD};
    bool only_operands = false;
    *operands = (struct cli_texts){0};
    while (scan.next < argc) {
        if (!take(&scan, operands, &only_operands)) {
            *out_status = scan.status;
            return false;
        }
    }
    if (operands->count > operands_max) {
        *out_status = cli_usage_error(command, "unexpected \"%s\"", operands->items[operands_max]);
        return false;
    }
    return true;
}
