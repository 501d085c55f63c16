/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/lint.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/shown.h"
#include "base/wrap.h"
#include "cli/cli.h"
#include "cli/lint/sarif.h"
#include "cli/options.h"
#include "cli/print_json.h"

enum view {
    VIEW_TEXT,
    VIEW_JSON,
    VIEW_SARIF,
};

enum policy {
    FAIL_ON_STRIPS,
    FAIL_ON_DEPENDS,
    FAIL_ON_NOT_PROMOTED,
    FAIL_ON_NOTHING,
};

enum { FOLDER_FILES_MAX = 1024 };

struct arguments {
    unsigned format;
    unsigned fail_on;
};

static const char *const formats[] = {"text", "json", "sarif", NULL};
static const char *const policies[] = {"strips", "depends", "not-promoted", "nothing", NULL};

static const struct cli_option options[] = {
    {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "text, one JSON object, or SARIF for merge requests", formats},
    {"fail-on", 0, CLI_CHOICE, offsetof(struct arguments, fail_on), NULL,
     "what exits with status 3: a certain loss only (strips), also a conditional one (depends, the "
     "default), also an id that does not become the record's own (not-promoted), or nothing",
     policies},
    {0},
};

/* ---- reading ---- */

static int complain(const char *path, int result)
{
    shown_print(stderr, "clew lint: %s: %s\n", path,
            result < 0 ? strerror(-result)
                       : "not a config of Fluent Bit, Vector or Logstash that clew can read");
    return EXIT_USAGE;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every file of a folder that is a config; others are passed over. At least one has to be. */
static int lint_folder(struct lint *lint, const char *path)
{
    struct dirent **entries;
    bool is_any = false;
    int count = scandir(path, &entries, NULL, by_name);
    if (count < 0) {
        return complain(path, -errno);
    }
    for (int i = 0; i < count; i++) {
        char *file = mem_format("%s/%s", path, entries[i]->d_name);
        struct stat status;
        if (i < FOLDER_FILES_MAX && entries[i]->d_name[0] != '.' && stat(file, &status) == 0 &&
            S_ISREG(status.st_mode)) {
            is_any = lint_file(lint, file) == LINT_READ || is_any;
        }
        free(file);
        free(entries[i]);
    }
    free(entries);
    return is_any ? EXIT_GOOD : complain(path, LINT_NOT_A_CONFIG);
}

static int lint_one(struct lint *lint, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return lint_folder(lint, path);
    }
    int result = lint_file(lint, path);
    return result == LINT_READ ? EXIT_GOOD : complain(path, result);
}

/* ---- showing ---- */

static json_t *finding_json(const struct lint_finding *f)
{
    return json_pack("{s:o, s:i, s:i, s:o, s:s, s:o, s:o, s:o}", "file",
                     cli_json_text(f->place.file), "line", (int)f->place.line, "column",
                     (int)f->place.column, "stage", cli_json_text(f->stage), "effect",
                     lint_effect_names[f->effect], "when", cli_json_text(f->when), "why",
                     cli_json_text(f->why), "fix", cli_json_text(f->fix));
}

static void print_json(struct lint *lint)
{
    size_t count;
    const struct lint_finding *findings = lint_findings(lint, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, finding_json(&findings[i]));
    }
    json_t *report = json_pack("{s:s, s:b, s:o}", "verdict",
                               lint_verdict_names[lint_verdict(lint)], "promoted",
                               lint_is_promoted(lint), "findings", list);
    cli_print_json(report, JSON_INDENT(2), stdout);
    json_decref(report);
}

static const char *effect_sentence(enum lint_effect effect)
{
    static const char *const sentences[] = {"the ids are lost", "the ids may be lost",
                                            "the ids are only inside a text"};
    return sentences[effect];
}

static void print_text(struct lint *lint)
{
    static const char *const verdicts[] = {
        "keeps: no route loses the ids",
        "depends: ids are lost, or no longer fields, under the conditions above",
        "strips: a route loses the ids",
    };
    size_t count;
    const struct lint_finding *findings = lint_findings(lint, &count);
    for (size_t i = 0; i < count; i++) {
        const struct lint_finding *f = &findings[i];
        shown_print(stdout, "%s:%u:%u: %s: %s", f->place.file, f->place.line, f->place.column, f->stage,
               effect_sentence(f->effect));
        if (strcmp(f->when, "always") != 0) {
            shown_print(stdout, " (%s)", f->when);
        }
        fputc('\n', stdout);
        wrap_print(stdout, f->why, 4, "", 96);
        if (*f->fix != '\0') {
            shown_print(stdout, "    fix: %s\n", f->fix);
        }
    }
    fputs(count > 0 ? "\n" : "", stdout);
    shown_print(stdout, "verdict   %s\n", verdicts[lint_verdict(lint)]);
    shown_print(stdout, "promoted  %s\n", lint_is_promoted(lint)
                                 ? "yes: the id arrives as a value of its own"
                                 : "no: on some route the id does not become the record's trace id");
}

static int status_of(const struct lint *lint, unsigned fail_on)
{
    enum lint_verdict verdict = lint_verdict(lint);
    bool fails = (fail_on <= FAIL_ON_NOT_PROMOTED && verdict == LINT_STRIPS) ||
                 (fail_on >= FAIL_ON_DEPENDS && fail_on <= FAIL_ON_NOT_PROMOTED &&
                  verdict == LINT_DEPENDS) ||
                 (fail_on == FAIL_ON_NOT_PROMOTED && !lint_is_promoted(lint));
    return fails ? EXIT_POLICY : EXIT_GOOD;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {.format = VIEW_TEXT, .fail_on = FAIL_ON_DEPENDS};
    struct cli_texts files = {0};
    int status;
    if (!cli_parse(&command_lint, argc, argv, &arguments, &files, SIZE_MAX, &status)) {
        cli_texts_free(&files);
        return status;
    }
    if (files.count == 0) {
        return cli_usage_error(&command_lint, "no file to read");
    }
    struct lint *lint = lint_new(environ);
    status = EXIT_GOOD;
    for (size_t i = 0; i < files.count && status == EXIT_GOOD; i++) {
        status = lint_one(lint, files.items[i]);
    }
    if (status == EXIT_GOOD) {
        if (arguments.format == VIEW_JSON) {
            print_json(lint);
        } else if (arguments.format == VIEW_SARIF) {
            lint_print_sarif(lint, stdout);
        } else {
            print_text(lint);
        }
        status = status_of(lint, arguments.fail_on);
    }
    lint_free(lint);
    cli_texts_free(&files);
    return status;
}

const struct command command_lint = {
    .name = "lint",
    .summary = "check whether a log-shipper config preserves trace ids",
    .usage = "usage: clew lint [OPTION]… FILE…\n"
             "\n"
             "Reads configs of Fluent Bit (classic, YAML, in ConfigMaps and Helm values), Vector "
             "and\n"
             "Logstash, follows records with trace ids through every route, and reports where the "
             "ids\n"
             "are lost, may be lost, or are only in a text. A FILE may be a directory.\n",
    .options = options,
    .run = run,
};
