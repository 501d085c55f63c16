/* SPDX-License-Identifier: Apache-2.0 */
#include "shippers/lint.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "shippers/dialects.h"

enum {
    CONFIG_BYTES_MAX = 256 << 20,
    SCRATCH_BYTES_MAX = 512 << 20,
};

const char *const lint_verdict_names[] = {"keeps", "depends", "strips"};
const char *const lint_effect_names[] = {"lost", "may_be_lost", "only_in_text"};

struct lint *lint_new(char *const *environ)
{
    struct lint *lint = mem_alloc(sizeof(*lint));
    arena_init(&lint->foreign.arena, CONFIG_BYTES_MAX);
    arena_init(&lint->scratch, SCRATCH_BYTES_MAX);
    lint->foreign.environ = environ;
    return lint;
}

void lint_free(struct lint *lint)
{
    if (lint != NULL) {
        arena_fini(&lint->foreign.arena);
        arena_fini(&lint->scratch);
        free(lint);
    }
}

static int lint_it(struct lint *lint, const struct foreign_text *text)
{
    lint->steps = 0;
    lint->foreign.files = 0;
    bool is_known = false;
    for (size_t i = 0; dialects[i] != NULL && !is_known; i++) {
        is_known = dialects[i]->lint(lint, text);
    }
    arena_clear(&lint->scratch);
    return is_known ? LINT_READ : LINT_NOT_A_CONFIG;
}

int lint_file(struct lint *lint, const char *path)
{
    struct foreign_text text;
    int result = foreign_read(&lint->foreign, path, &text);
    return result < 0 ? result : lint_it(lint, &text);
}

int lint_text(struct lint *lint, const char *name, const char *text, size_t len)
{
    struct foreign_text whole;
    int result = foreign_take(&lint->foreign, name, slice_make(text, len), &whole);
    return result < 0 ? result : lint_it(lint, &whole);
}

enum lint_verdict lint_verdict(const struct lint *lint)
{
    return lint->verdict;
}

bool lint_is_promoted(const struct lint *lint)
{
    return lint->has_arrived && !lint->is_unpromoted && lint->verdict != LINT_STRIPS;
}

static int by_place(const void *a, const void *b)
{
    const struct lint_finding *x = a;
    const struct lint_finding *y = b;
    int order = strcmp(x->place.file, y->place.file);
    if (order == 0) {
        order = (x->place.line > y->place.line) - (x->place.line < y->place.line);
    }
    return order != 0 ? order : (int)x->effect - (int)y->effect;
}

const struct lint_finding *lint_findings(struct lint *lint, size_t *out_count)
{
    qsort(lint->findings, lint->finding_count, sizeof(lint->findings[0]), by_place);
    *out_count = lint->finding_count;
    return lint->findings;
}

bool lint_step(struct lint *lint)
{
    if (lint->steps < LINT_STEPS_MAX) {
        lint->steps++;
        return true;
    }
    if (lint->verdict == LINT_KEEPS) {
        lint->verdict = LINT_DEPENDS;
    }
    return false;
}

static struct lint_finding *find_finding(struct lint *lint, const struct foreign_place *place,
                                         enum lint_effect effect)
{
    for (size_t i = 0; i < lint->finding_count; i++) {
        struct lint_finding *f = &lint->findings[i];
        if (f->place.line == place->line && strcmp(f->place.file, place->file) == 0 &&
            (f->effect == effect || (f->effect <= LINT_MAY_BE_LOST && effect <= LINT_MAY_BE_LOST))) {
            return f;
        }
    }
    return NULL;
}

void lint_report(struct lint *lint, const struct stage *stage, enum lint_effect effect,
                 enum lint_verdict verdict, const char *when)
{
    lint->verdict = verdict > lint->verdict ? verdict : lint->verdict;
    struct lint_finding *f = find_finding(lint, &stage->place, effect);
    if (f != NULL && f->effect <= effect) {
        return;
    }
    if (f == NULL) {
        if (lint->finding_count == LINT_FINDINGS_MAX) {
            return;
        }
        f = &lint->findings[lint->finding_count++];
    }
    *f = (struct lint_finding){
        .place = stage->place,
        .effect = effect,
        .stage = foreign_copy(&lint->foreign.arena, slice_from_string(stage->name)),
        .when = foreign_copy(&lint->foreign.arena, slice_from_string(when)),
        .why = foreign_copy(&lint->foreign.arena, slice_from_string(stage->why)),
        .fix = foreign_copy(&lint->foreign.arena, slice_from_string(stage->fix)),
    };
}

/* ---- trails ---- */

void trail_begin(struct trail *trail, struct item *record)
{
    trail->record = record;
    trail->places = item_places(record);
    trail->is_over = false;
}

struct trail trail_fork(const struct trail *trail)
{
    struct trail fork = *trail;
    fork.record = item_copy(&trail->lint->scratch, trail->record);
    return fork;
}

static bool has_any(unsigned places)
{
    return (places & (PLACE_TRACE_FIELD | PLACE_TRACE_TEXT)) != 0;
}

/* What was a field of its own is so no more. */
static bool has_demoted(unsigned before, unsigned after)
{
    bool trace = (before & PLACE_TRACE_FIELD) != 0 && (after & PLACE_TRACE_FIELD) == 0;
    bool span = (before & PLACE_SPAN_FIELD) != 0 && (after & PLACE_SPAN_FIELD) == 0;
    return trace || span;
}

/* Of a variant's text only the trace id is asked for. */
static bool has_lost_span(const struct probe *probe, unsigned before, unsigned after)
{
    unsigned any = PLACE_SPAN_FIELD | PLACE_SPAN_TEXT;
    return (before & (probe->is_variant ? PLACE_SPAN_FIELD : any)) != 0 && (after & any) == 0;
}

void trail_judge(struct trail *trail, const struct stage *stage)
{
    unsigned before = trail->places;
    unsigned after = item_places(trail->record);
    bool is_sure = !trail->probe->is_variant && !trail->is_conditional;
    bool is_told = trail->probe->is_note && !(trail->probe->is_text && stage->is_removal);
    enum lint_verdict depends = is_told ? LINT_KEEPS : LINT_DEPENDS;
    if (has_any(before) && !has_any(after)) {
        lint_report(trail->lint, stage, is_sure ? LINT_LOST : LINT_MAY_BE_LOST,
                    is_sure ? LINT_STRIPS : depends, is_sure ? "always" : trail->probe->when);
        trail->is_over = true;
    } else if (has_lost_span(trail->probe, before, after)) {
        lint_report(trail->lint, stage, LINT_MAY_BE_LOST, depends, trail->probe->when);
    } else if (has_demoted(before, after) && !trail->is_encoding) {
        lint_report(trail->lint, stage, LINT_ONLY_IN_TEXT, depends, trail->probe->when);
    }
    trail->places = after;
    trail->is_conditional = false;
    trail->is_encoding = false;
}

void trail_end(struct trail *trail, bool is_promoted, const struct stage *stage)
{
    struct lint *lint = trail->lint;
    if (trail->is_over || trail->probe->is_variant || !has_any(trail->places)) {
        return;
    }
    lint->has_arrived = true;
    if (!is_promoted) {
        lint->is_unpromoted = true;
        struct stage source = {
            .place = trail->source,
            .name = trail->source_name,
            .why = "the id travels inside a text and never becomes the record's trace id",
            .fix = trail->source_fix,
        };
        lint_report(lint, stage != NULL ? stage : &source, LINT_ONLY_IN_TEXT, LINT_KEEPS, "always");
    }
}
