/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint/sarif.h"

#include <jansson.h>
#include <stdlib.h>
#include "base/mem.h"
#include "cli/print_json.h"
#include "shippers/lint.h"

static json_t *rules(void)
{
    static const struct {
        enum lint_effect effect;
        const char *text;
    } table[] = {
        {LINT_LOST, "Trace ids are lost"},
        {LINT_MAY_BE_LOST, "Trace ids may be lost"},
        {LINT_ONLY_IN_TEXT, "Trace ids are only inside a text"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        json_array_append_new(list, json_pack("{s:s, s:{s:s}}", "id",
                                              lint_effect_names[table[i].effect],
                                              "shortDescription", "text", table[i].text));
    }
    return list;
}

static json_t *result(const struct lint_finding *f)
{
    static const char *const levels[] = {"error", "warning", "note"};
    char *message = mem_format("%s: %s (when: %s)%s%s", f->stage, f->why, f->when,
                               *f->fix != '\0' ? ". Fix: " : "", f->fix);
    int line = f->place.line > 0 ? (int)f->place.line : 1;
    int column = f->place.column > 0 ? (int)f->place.column : 1;
    json_t *location = json_pack("{s:{s:{s:o}, s:{s:i, s:i}}}", "physicalLocation",
                                 "artifactLocation", "uri", cli_json_text(f->place.file), "region",
                                 "startLine", line, "startColumn", column);
    json_t *json = json_pack("{s:s, s:s, s:{s:o}, s:[o]}", "ruleId", lint_effect_names[f->effect],
                             "level", levels[f->effect], "message", "text",
                             cli_json_text(message), "locations", location);
    free(message);
    return json;
}

void lint_print_sarif(struct lint *lint, FILE *out)
{
    size_t count;
    const struct lint_finding *findings = lint_findings(lint, &count);
    json_t *results = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(results, result(&findings[i]));
    }
    json_t *log = json_pack(
        "{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}", "$schema",
        "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool",
        "driver", "name", "clew lint", "version", CLEW_VERSION, "rules", rules(), "results",
        results);
    cli_print_json(log, JSON_INDENT(2), out);
    json_decref(log);
}
