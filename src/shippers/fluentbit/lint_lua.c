/* SPDX-License-Identifier: Apache-2.0 */

/* The lua filter: the script is looked for beside the config, the callback's outcomes are judged
 * one by one. Some outcomes that keep and some that lose: it depends on the record. */

#include <string.h>
#include "base/mem.h"
#include "shippers/fluentbit/lint.h"
#include "shippers/probe/lua.h"

struct script {
    struct slice text;
    const char *file;
    unsigned first_line; /* where its line 1 is in `file` */
};

static bool find_script(struct fb_config *config, const struct fb_section *filter,
                        struct script *out)
{
    const struct fb_property *code = fb_get(filter, "code");
    const struct fb_property *path = fb_get(filter, "script");
    struct foreign_text text;
    if (code != NULL) {
        *out = (struct script){slice_from_string(code->value), code->place.file,
                               code->place.line + (strchr(code->value, '\n') != NULL ? 1 : 0)};
        return true;
    }
    if (path != NULL && foreign_find(config->foreign, config->path, path->value, &text)) {
        *out = (struct script){text.text, text.path, 1};
        return true;
    }
    unsigned line = 0;
    struct slice block = path != NULL ? fb_block(config, path->value, &line) : SLICE("");
    *out = (struct script){block, config->path, line};
    return block.len > 0;
}

static const char why_new[] = "the callback returns a new record without the ids";
static const char fix_new[] = "change the record in place and return it, or copy trace_id and "
                              "span_id";

static void judge(struct fb_config *config, const struct fb_section *filter,
                  const struct script *script, const struct lua_outcome *o, bool is_conditional,
                  struct trail *trail)
{
    struct stage stage = fb_stage(config, filter, fb_get(filter, "call"), why_new, fix_new);
    unsigned before = trail->places;
    enum lint_verdict verdict_before = fb_lint(config)->verdict;
    size_t count = fb_lint(config)->finding_count;
    trail->record = o->record;
    trail->is_conditional = is_conditional;
    stage.place = (struct foreign_place){script->file, script->first_line + o->line - 1, 1};
    trail_judge(trail, &stage);
    bool is_judged = trail->is_over || fb_lint(config)->finding_count != count ||
                     fb_lint(config)->verdict != verdict_before;
    if (!is_judged || before == trail->places) {
        return;
    }
    enum lint_effect effect = fb_lint(config)->verdict == LINT_STRIPS ? LINT_LOST : LINT_MAY_BE_LOST;
    if (o->table_line > 0) {
        stage.place.line = script->first_line + o->table_line - 1;
        lint_report(fb_lint(config), &stage, effect, trail->probe->is_note ? LINT_KEEPS : LINT_DEPENDS,
                    trail->probe->when);
    }
    stage.place = fb_stage(config, filter, fb_get(filter, "call"), "", "").place;
    lint_report(fb_lint(config), &stage, effect, trail->probe->is_note ? LINT_KEEPS : LINT_DEPENDS,
                    trail->probe->when);
}

void fb_lua(struct fb_config *config, const struct fb_section *filter, struct trail *trail)
{
    struct script script;
    struct lua_outcome outcomes[LUA_OUTCOMES_MAX];
    bool is_found = false;
    size_t count = 0;
    if (trail->places == 0) {
        return;
    }
    if (find_script(config, filter, &script)) {
        count = lua_outcomes(&fb_lint(config)->scratch, script.text, fb_value(filter, "call", ""),
                             trail->record, outcomes, &is_found);
    }
    if (!is_found) {
        struct stage stage = fb_stage(config, filter, fb_get(filter, "script"),
                                      "the script or its function is not to be found", "");
        lint_report(fb_lint(config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
        return;
    }
    bool keeps = false;
    bool is_by_name = false;
    for (size_t i = 0; i < count; i++) {
        is_by_name = is_by_name || outcomes[i].is_by_name;
        unsigned any = PLACE_TRACE_FIELD | PLACE_TRACE_TEXT;
        keeps = keeps || (item_places(outcomes[i].record) & any) != 0;
    }
    if (is_by_name) {
        struct stage stage = fb_stage(config, filter, fb_get(filter, "call"),
                                      "the callback removes keys by a name that it computes",
                                      "leave trace_id and span_id out of the loop");
        lint_report(fb_lint(config), &stage, LINT_MAY_BE_LOST, LINT_DEPENDS, "cannot be proved");
    }
    struct trail before = *trail;
    bool goes_on = count == 0;
    for (size_t i = 0; i < count; i++) {
        struct trail branch = before;
        judge(config, filter, &script, &outcomes[i], keeps, &branch);
        if (!branch.is_over && (!goes_on || outcomes[i].kind != LUA_SAME)) {
            *trail = branch;
            goes_on = true;
        }
    }
    trail->is_over = !goes_on;
}
