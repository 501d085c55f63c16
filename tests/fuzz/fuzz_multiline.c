/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "parsers/assembler.h"

/*
 * A whole file through the frame stage and the joining of lines, with every built-in rule set and
 * one of the config's own. The first byte sets the limits. What has to hold for any bytes: `safe`
 * never goes back, never passes what was pushed, and reaches its end once nothing waits any more; no
 * line is lost and none comes twice.
 */

struct walk {
    struct assembler *assembler;
    struct position end;
    struct position safe;
    uint64_t lines_in;
    uint64_t lines_out;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct walk *walk, const struct framed *out)
{
    ENSURE(!position_is_before(out->safe, walk->safe));
    ENSURE(!position_is_before(walk->end, out->safe));
    ENSURE(out->more.len == 0 || (out->more.data == out->line.data + out->line.len));
    walk->safe = out->safe;
    walk->lines_out++;
    for (size_t i = 0; i < out->more.len; i++) {
        walk->lines_out += out->more.data[i] == '\n';
    }
}

static void push(struct walk *walk, struct slice text)
{
    struct line line = {.text = text, .begin = walk->end};
    struct framed out;
    walk->end.offset += text.len + 1;
    walk->lines_in++;
    line.end = walk->end;
    line.steady_ns = walk->end.offset;
    enum frame_verdict verdict = assembler_push(walk->assembler, &line, &out);
    for (; verdict == FRAME_RECORD; verdict = assembler_next(walk->assembler, &out)) {
        check(walk, &out);
    }
}

static void flush(struct walk *walk, uint64_t now_ns)
{
    struct framed out;
    while (assembler_flush(walk->assembler, now_ns, &out)) {
        do {
            check(walk, &out);
        } while (assembler_next(walk->assembler, &out) == FRAME_RECORD);
    }
}

static void push_all(struct walk *walk, struct slice rest)
{
    while (rest.len > 0) {
        const char *newline = memchr(rest.data, '\n', rest.len);
        size_t len = newline != NULL ? (size_t)(newline - rest.data) : rest.len;
        push(walk, slice_make(rest.data, len));
        if (len == 5) { /* now and then some time passes */
            flush(walk, walk->end.offset + 10000001);
        }
        rest = slice_skip(rest, len + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    static char own[] = "own", all[] = "all", start[] = "^S", go_on[] = "^[a-z]", end[] = "E$";
    char *names[] = {all, own};
    struct multiline_rule_settings rule = {.name = own, .start = start, .go_on = go_on, .end = end};
    struct settings settings = {.multiline = &rule, .multiline_count = 1};
    struct input_settings input = {
        .envelope = (data[0] & 1) != 0 ? ENVELOPE_CRI : ENVELOPE_PLAIN,
        .line_bytes_max = 1 << 20,
        .record_bytes_max = 1 << 20,
        .multiline = {.rules = {names, (data[0] & 2) != 0 ? 2 : 1},
                      .timeout_ms = 10,
                      .attach = (data[0] & 4) != 0,
                      .lines_max = (data[0] & 8) != 0 ? 4 : 1000,
                      .bytes_max = (data[0] & 16) != 0 ? 40 : 100000}};
    struct counters counters = {0};
    struct multiline_rules *rules = multiline_rules_new(&settings, &input);
    struct walk walk = {.assembler = assembler_new(&input, rules, &counters), .end = {1, 0}};
    push_all(&walk, slice_make((const char *)data + 1, size - 1));
    flush(&walk, UINT64_MAX);
    ENSURE(walk.safe.offset == walk.end.offset || walk.lines_in == 0);
    ENSURE(input.envelope == ENVELOPE_CRI || walk.lines_in == walk.lines_out);
    assembler_free(walk.assembler);
    multiline_rules_free(rules);
    return 0;
}
