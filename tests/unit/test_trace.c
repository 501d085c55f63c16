/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/resolve.h"
#include "parsers/parsers.h"

/*
 * Lines go through the real parsers, in the order in which clew tries them, and the real resolve
 * stage. The corpus says for each line which ids, flags and class must come out.
 */

struct bench {
    struct trace_settings settings;
    struct resolver *resolver;
    struct arena arena;
    struct record record;
    struct source source;
};

static struct trace_settings default_settings(void)
{
    return (struct trace_settings){.repair = true,
                                   .message_fallback = MESSAGE_FALLBACK_LABELLED,
                                   .uuid = true,
                                   .dd_decimal_pad = true};
}

static struct bench *bench_new(struct trace_settings settings)
{
    struct bench *bench = mem_alloc(sizeof(*bench));
    char *error = NULL;
    bench->settings = settings;
    bench->resolver = resolver_new(&bench->settings, &error);
    assert_non_null(bench->resolver);
    arena_init(&bench->arena, 1 << 20);
    fields_init(&bench->record.fields, 10000);
    bench->record.arena = &bench->arena;
    bench->record.source = &bench->source;
    return bench;
}

static void bench_free(struct bench *bench)
{
    resolver_free(bench->resolver);
    fields_fini(&bench->record.fields);
    arena_fini(&bench->arena);
    free(bench);
}

static struct record *resolve(struct bench *bench, struct slice line)
{
    static const struct parser *const parsers[] = {&parser_json, &parser_logfmt, &parser_text};
    static const struct parse_limits limits = {.depth_max = 64};
    struct record *record = &bench->record;
    for (size_t i = 0; i < ARRAY_LEN(parsers); i++) {
        record_begin(record);
        record->line = line;
        record->source = &bench->source;
        record->format = parsers[i]->format;
        if (parsers[i]->parse(line, &limits, record) == PARSE_OK) {
            break;
        }
    }
    resolver_resolve(bench->resolver, record);
    return record;
}

static const char *hex(const uint8_t *bytes, size_t n, bool has, char out[33])
{
    for (size_t i = 0; i < n; i++) {
        snprintf(out + i * 2, 3, "%02x", bytes[i]);
    }
    return has ? out : "-";
}

/* "trace span flags class", - for what is not set. */
static void describe(const struct record *record, char out[128])
{
    char trace[33];
    char span[33];
    char flags[33];
    snprintf(out, 128, "%s %s %s %s", hex(record->trace_id, 16, record->has_trace_id, trace),
             hex(record->span_id, 8, record->has_span_id, span),
             hex(&record->flags, 1, record->has_flags, flags),
             trace_class_name(record->trace_class));
}

static const char *text_of(const json_t *test, const char *name)
{
    const json_t *value = json_object_get(test, name);
    return json_is_string(value) ? json_string_value(value) : "-";
}

static void list_notes(uint64_t also, char out[512])
{
    out[0] = '\0';
    for (unsigned bit = 0; bit < TRACE_NOTES_END; bit++) {
        if ((also >> bit & 1) != 0) {
            strncat(out, " ", 511 - strlen(out));
            strncat(out, trace_note_name(bit), 511 - strlen(out));
        }
    }
}

/* `notes` of a test are names that must be in `also`. */
static bool has_notes(const struct record *record, const json_t *test)
{
    size_t i;
    json_t *note;
    char notes[512];
    list_notes(record->also, notes);
    strcat(notes, " ");
    json_array_foreach(json_object_get(test, "notes"), i, note)
    {
        char word[64];
        snprintf(word, sizeof(word), " %s ", json_string_value(note));
        if (strstr(notes, word) == NULL) {
            return false;
        }
    }
    return true;
}

static size_t check_line(struct bench *bench, const json_t *test)
{
    char expected[128];
    char actual[128];
    char notes[512];
    const json_t *line = json_object_get(test, "line");
    struct slice text = slice_make(json_string_value(line), json_string_length(line));
    snprintf(expected, sizeof(expected), "%s %s %s %s", text_of(test, "trace_id"),
             text_of(test, "span_id"), text_of(test, "flags"), text_of(test, "class"));
    const struct record *record = resolve(bench, driver_guarded(text));
    describe(record, actual);
    list_notes(record->also, notes);
    if (strcmp(expected, actual) == 0 && has_notes(record, test)) {
        return 0;
    }
    print_error("%s: %.*s\n  expected %s\n  but got  %s (also%s)\n", text_of(test, "name"),
                (int)(text.len < 300 ? text.len : 300), text.data, expected, actual, notes);
    return 1;
}

static void run_corpus(const char *path, size_t wanted)
{
    size_t len;
    char *bytes = driver_read_file(path, &len);
    struct bench *bench = bench_new(default_settings());
    size_t failed = 0;
    size_t count = 0;
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_error_t error;
        json_t *test = json_loads(line, JSON_ALLOW_NUL, &error);
        if (test == NULL) {
            fail_msg("%s: line %zu: %s", path, count + 1, error.text);
        }
        failed += check_line(bench, test);
        count++;
        json_decref(test);
    }
    bench_free(bench);
    free(bytes);
    if (failed > 0 || count < wanted) {
        fail_msg("%s: %zu of %zu lines failed", path, failed, count);
    }
}

static void the_conventions_resolve_as_the_corpus_says(void **state)
{
    (void)state;
    run_corpus("tests/corpus/trace/trace_context.jsonl", 126);
}

static void the_rules_hold_for_every_family_and_every_defect(void **state)
{
    (void)state;
    run_corpus("tests/corpus/trace/more.jsonl", 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_conventions_resolve_as_the_corpus_says),
        cmocka_unit_test(the_rules_hold_for_every_family_and_every_defect),
    };
    return driver_run("trace", tests, ARRAY_LEN(tests));
}
