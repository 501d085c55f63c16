/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "audit/hints.h"
#include "base/mem.h"
#include "base/wrap.h"
#include "cli/cli.h"
#include "cli/help/messages.h"
#include "config/options.h"
#include "record/trace_class.h"

enum { COLUMNS = 96 };

static void print_classes(void);
static void print_hints(void);
static void print_messages(void);

static const struct topic {
    const char *name;
    const char *summary;
    const char *page;    /* NULL: `print` writes it */
    void (*print)(void);
} topics[] = {
    {"classes", "The classes of trace context, one for each record.", NULL, print_classes},
    {"config", "Every option of the config.", NULL, NULL},
    {"environment", "Environment variables that clew reads.", NULL, NULL},
    {"exit-status", "Exit status of every command.",
     "Exit status of every command:\n"
     "\n"
     "  0  success\n"
     "  1  runtime error\n"
     "  2  wrong usage or invalid config\n"
     "  3  a policy is not met, such as coverage below the minimum\n",
     NULL},
    {"hints", "Causes of missing trace ids, with fixes.", NULL, print_hints},
    {"messages", "Log messages, with their causes and what to do.", NULL, print_messages},
    {"units", "Sizes, durations and shares in values.",
     "Values with units, in the config and on the command line:\n"
     "\n"
     "  size      64KiB  10MB  1.5GiB  4096     B, KB, MB, GB; KiB, MiB, GiB\n"
     "  duration  200ms  5s  1m30s  2h  0       a number other than 0 needs its unit\n"
     "  share     50%  0.5                      from 0% to 100%\n"
     "  bool      true  false\n",
     NULL},
};

static void print_item(const char *name, const char *text)
{
    printf("\n%s\n", name);
    wrap_print(stdout, text, 4, "", COLUMNS);
}

static void print_classes(void)
{
    puts("The class of a record is the first of these that applies. docs/coverage.md has the rules.");
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        print_item(trace_class_name((enum trace_class)c), trace_class_meaning((enum trace_class)c));
    }
}

static void print_hints(void)
{
    struct audit_hint hint;
    puts("The hints of `clew audit`. docs/coverage.md has each fix with its code, by language.");
    for (size_t i = 0; audit_hint_describe(i, &hint); i++) {
        print_item(hint.rule, hint.cause);
    }
}

/* A message without the conversions of printf: `refused … records`. To be freed. */
static char *message_name(const struct help_message *message)
{
    char *name = mem_string(message->words);
    char *to = name;
    for (const char *from = message->words; *from != '\0'; to++) {
        if (*from == '%') {
            from += strcspn(from, "sdu") + 1;
            *to = 'N';
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return name;
}

static void print_messages(void)
{
    puts("What clew logs: the words that stay the same, the cause, and what to do.");
    for (size_t i = 0; help_message_at(i) != NULL; i++) {
        char *name = message_name(help_message_at(i));
        print_item(name, help_message_at(i)->text);
        free(name);
    }
}

static bool print_page(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        bool is_it = strcmp(topics[i].name, name) == 0;
        if (is_it && topics[i].print != NULL) {
            topics[i].print();
        }
        if (is_it && topics[i].page != NULL) {
            fputs(topics[i].page, stdout);
        }
        if (is_it) {
            return true;
        }
    }
    return false;
}

/* A hint may bear the name of the class that it is about: both are shown. */
static bool print_class(const char *name)
{
    enum trace_class class = trace_class_from_name(name);
    if (class == TRACE_CLASSES) {
        return false;
    }
    printf("%s (class)\n", name);
    wrap_print(stdout, trace_class_meaning(class), 4, "", COLUMNS);
    struct audit_hint hint;
    for (size_t i = 0; audit_hint_describe(i, &hint); i++) {
        if (hint.about == class && strcmp(hint.rule, name) != 0) {
            printf("    Hint: %s\n", hint.rule);
        }
    }
    return true;
}

static bool print_hint(const char *name, bool is_second)
{
    struct audit_hint hint;
    size_t i = 0;
    while (audit_hint_describe(i, &hint) && strcmp(hint.rule, name) != 0) {
        i++;
    }
    if (!audit_hint_describe(i, &hint)) {
        return false;
    }
    char *cause = mem_format("Cause: %s.", hint.cause);
    char *fix = mem_format("Fix: %s.", hint.fix);
    printf("%s%s (hint)\n", is_second ? "\n" : "", name);
    wrap_print(stdout, cause, 4, "", COLUMNS);
    wrap_print(stdout, fix, 4, "", COLUMNS);
    printf("    Code by language: docs/coverage.md\n");
    free(cause);
    free(fix);
    return true;
}

bool help_print_topic(const char *name)
{
    bool is_class = print_class(name);
    return print_hint(name, is_class) || is_class || print_page(name);
}

static void visit_options(const struct option *among, const char *path, help_visitor visit,
                          void *context)
{
    for (; among != NULL && among->name != NULL; among++) {
        char *whole = mem_format("%s%s%s", path, *path != '\0' ? "." : "", among->name);
        visit(&(struct help_entry){"option", whole, among->help}, context);
        if (options_shared_with(among) == NULL) {
            visit_options(among->children, whole, visit, context);
        }
        free(whole);
    }
}

void help_visit(help_visitor visit, void *context)
{
    struct audit_hint hint;
    for (size_t i = 0; commands[i] != NULL; i++) {
        visit(&(struct help_entry){"command", commands[i]->name, commands[i]->summary}, context);
    }
    visit_options(options_root, "", visit, context);
    for (unsigned c = 0; c < TRACE_CLASSES; c++) {
        enum trace_class class = (enum trace_class)c;
        visit(&(struct help_entry){"class", trace_class_name(class), trace_class_meaning(class)},
              context);
    }
    for (size_t i = 0; audit_hint_describe(i, &hint); i++) {
        visit(&(struct help_entry){"hint", hint.rule, hint.cause}, context);
    }
    for (size_t i = 0; help_message_at(i) != NULL; i++) {
        char *name = message_name(help_message_at(i));
        visit(&(struct help_entry){"message", name, help_message_at(i)->text}, context);
        free(name);
    }
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        visit(&(struct help_entry){"topic", topics[i].name, topics[i].summary}, context);
    }
}
