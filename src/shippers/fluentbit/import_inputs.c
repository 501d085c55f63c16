/* SPDX-License-Identifier: Apache-2.0 */

/* Inputs: what clew reads itself, and what to do about the others. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import.h"

enum { PATHS_MAX = 64 };

static bool is_input_taken(const struct fb_import *import, const char *name)
{
    for (size_t i = 0; i < import->input_count; i++) {
        if (strcmp(import->inputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Unknown parts of a tag are stars. */
static const char *tag_pattern(struct fb_import *import, const char *tag)
{
    char out[256];
    size_t n = 0;
    for (const char *c = tag; *c != '\0' && n < sizeof(out) - 1; c++) {
        const char *end = NULL;
        if (c[0] == '$' && c[1] == '{') {
            end = strchr(c, '}');
        } else if (c[0] == '{' && c[1] == '{') {
            end = strstr(c, "}}");
            end = end != NULL ? end + 1 : NULL;
        } else if (c[0] == '<') {
            end = strchr(c, '>');
        }
        out[n++] = end != NULL ? '*' : *c;
        c = end != NULL ? end : c;
    }
    return foreign_copy(import_arena(import), slice_make(out, n));
}

/* ---- paths ---- */

static size_t split(struct fb_import *import, const char *value, const char **out)
{
    size_t count = 0;
    while (*value != '\0' && count < PATHS_MAX) {
        size_t len = strcspn(value, ",");
        struct slice path = slice_trim(slice_make(value, len));
        if (path.len > 0) {
            out[count++] = foreign_copy(import_arena(import), path);
        }
        value += len + (value[len] == ',' ? 1 : 0);
    }
    return count;
}

/* A path of which a variable is the beginning would be nothing where the variable is not set, which
 * clew refuses; and braces and backslashes mean more to clew's globs. */
static const char *path_text(struct fb_import *import, const char *path)
{
    struct arena *arena = import_arena(import);
    if (strncmp(path, "${", 2) == 0 && strstr(path, ":-") == NULL) {
        const char *end = strchr(path, '}');
        if (end != NULL) {
            return foreign_format(arena, "%.*s:-/var/log}%s", (int)(end - path), path, end + 1);
        }
    }
    return path;
}

static void put_paths(struct fb_import *import, struct draft_input *input, const char *option,
                      const char *const *paths, size_t count)
{
    const char *texts[PATHS_MAX];
    for (size_t i = 0; i < count; i++) {
        texts[i] = path_text(import, paths[i]);
    }
    buf_append_format(&input->yaml, "    %s: %s\n", option, yaml_list(import, texts, count));
}

static const char *folder_of(struct fb_import *import, const char *path)
{
    size_t len = strcspn(path, "*?[$");
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    return len > 1 && path[0] == '/' ? foreign_copy(import_arena(import),
                                                    slice_make(path, len - 1))
                                     : NULL;
}

static bool has_slash(const char *path)
{
    return strchr(path, '/') != NULL;
}

/* ---- tail ---- */

static bool tail_path(struct fb_import *import, struct draft_input *input)
{
    const struct fb_property *p = fb_get(input->section, "path");
    const char *paths[PATHS_MAX];
    size_t count = p != NULL && !text_has_template(p->raw) ? split(import, p->raw, paths) : 0;
    if (count == 0) {
        row_add_all(import, input->section, "path", IMPORT_NEEDS_YOU,
                    "not a path until something is filled in: name the files in `include`");
        return false;
    }
    put_paths(import, input, "include", paths, count);
    input->folder = count == 1 ? folder_of(import, paths[0]) : NULL;
    bool is_vague = strncmp(paths[0], "${", 2) == 0 && strstr(paths[0], ":-") == NULL;
    row_add(import, input->section, p, is_vague ? IMPORT_NEEDS_YOU : IMPORT_MAPPED, "include%s",
            is_vague ? ": set the variable; the default is /var/log" : "");
    return true;
}

static void tail_exclude(struct fb_import *import, struct draft_input *input)
{
    const struct fb_property *p = fb_get(input->section, "exclude_path");
    const char *paths[PATHS_MAX + 2] = {"*.gz", "*.tmp"};
    size_t count = p != NULL && !text_has_template(p->raw) ? split(import, p->raw, paths + 2) : 0;
    if (p == NULL) {
        return;
    }
    if (count == 0) {
        row_add(import, input->section, p, IMPORT_NEEDS_YOU,
                "not a path until something is filled in: name the files in `exclude`");
        return;
    }
    bool is_relative = false;
    for (size_t i = 2; i < count + 2; i++) {
        is_relative = is_relative || !has_slash(paths[i]);
    }
    put_paths(import, input, "exclude", paths, count + 2 < PATHS_MAX ? count + 2 : PATHS_MAX);
    row_add(import, input->section, p, is_relative ? IMPORT_CHANGED : IMPORT_MAPPED, "exclude%s",
            is_relative ? ": a pattern without a slash is matched against the file name; Fluent Bit "
                          "matched it against the whole path, where it never matched"
                        : ": a star does not cross a slash here");
}

static void tail_beginning(struct fb_import *import, struct draft_input *input)
{
    const struct fb_property *p = fb_get(input->section, "read_from_head");
    const char *value = p != NULL ? p->value : "off";
    buf_append_string(&input->yaml, "    read_from: beginning\n");
    if (p != NULL && fb_is_true(value)) {
        row_add(import, input->section, p, IMPORT_MAPPED, "read_from: beginning");
        return;
    }
    const char *what = "read_from: beginning, so that nothing written before the change-over is "
                       "missed; `end` where lines that are there already should not come again";
    if (p != NULL) {
        row_add(import, input->section, p, IMPORT_CHANGED, "%s", what);
    } else {
        row_add_unwritten(import, input->section, "read_from_head", IMPORT_CHANGED, what);
    }
}

static void tail_scan(struct fb_import *import, struct draft_input *input)
{
    row_add_all(import, input->section, "refresh_interval", IMPORT_CHANGED,
                "scan_interval, 1 s: a file that lives for less than the old interval is read too");
}

static unsigned long long size_of(const char *value)
{
    char *end = NULL;
    double n = strtod(value, &end);
    n *= strncasecmp(end, "k", 1) == 0 ? 1e3 : strncasecmp(end, "m", 1) == 0 ? 1e6
         : strncasecmp(end, "g", 1) == 0 ? 1e9 : 1;
    return n > 0 && n < 1e12 ? (unsigned long long)n : 0;
}

void input_longest(struct fb_import *import, struct draft_input *input, const char *const *keys)
{
    unsigned long long longest = 0;
    for (size_t i = 0; keys[i] != NULL; i++) {
        const struct fb_property *p = fb_get(input->section, keys[i]);
        unsigned long long size = p != NULL ? size_of(p->value) : 0;
        bool is_large = size > 1 << 20 && size <= 64 << 20;
        longest = is_large && size > longest ? size : longest;
        if (p != NULL && is_large) {
            row_add(import, input->section, p, IMPORT_MAPPED, "line_bytes_max: %llu", longest);
        } else if (p != NULL) {
            row_add(import, input->section, p, IMPORT_DEFAULT,
                    "line_bytes_max, 1 MiB; a longer line is shipped in pieces");
        }
    }
    if (longest > 0) {
        buf_append_format(&input->yaml, "    line_bytes_max: %llu\n", longest);
    }
    if (longest > 16 << 20) { /* its default: a record is no shorter than its line */
        buf_append_format(&input->yaml, "    record_bytes_max: %llu\n", longest);
    }
}

static bool convert_tail(struct fb_import *import, struct draft_input *input)
{
    static const char *const sizes[] = {"buffer_max_size", NULL};
    const struct fb_section *s = input->section;
    buf_append_string(&input->yaml, "    type: tail\n");
    if (!tail_path(import, input)) {
        return false;
    }
    tail_exclude(import, input);
    tail_beginning(import, input);
    tail_scan(import, input);
    input_longest(import, input, sizes);
    bool is_joined = fb_get(s, "multiline.parser") != NULL;
    const struct fb_property *parser = fb_get(s, "parser");
    if (parser != NULL && is_joined) {
        row_add(import, s, parser, IMPORT_IGNORED,
                "Fluent Bit ignores it where multiline.parser is set");
    } else if (parser != NULL) {
        input_parser(import, input, parser);
    }
    return true;
}

/* Those that clew reads too. False: nothing to read from is known. */
static const struct {
    const char *name;
    bool (*convert)(struct fb_import *import, struct draft_input *input);
    const char *missing;
} own_inputs[] = {
    {"tail", convert_tail, "an input without files reads nothing"},
    {"syslog", convert_syslog, "an input without an address reads nothing"},
    {"stdin", convert_stdin, "there is one standard input, which one input reads"},
    {"systemd", convert_systemd, "there is no journal to read"},
};

/* ---- the others ---- */

static const struct {
    const char *name;
    enum import_fate fate;
    const char *why;
} foreign_inputs[] = {
    {"forward", IMPORT_NEEDS_YOU,
     "clew does not support the forward protocol: let it read the containers' log files "
     "(/var/log/pods, /var/lib/docker/containers), or put a Collector's fluentforward receiver "
     "there"},
    {"http", IMPORT_NEEDS_YOU,
     "clew does not receive records over HTTP: send OTLP to the backend, or log to a file"},
    {"tcp", IMPORT_NEEDS_YOU,
     "clew does not receive records over TCP: let the application log to a file or stdout"},
    {"udp", IMPORT_NEEDS_YOU,
     "clew does not receive records over UDP: let the application log to a file or stdout"},
    {"opentelemetry", IMPORT_NEEDS_YOU,
     "records that are OTLP already go to the backend or a Collector directly"},
    {"dummy", IMPORT_IGNORED,
     "made-up records, for tests: `clew parse` shows what becomes of a line"},
    {"fluentbit_metrics", IMPORT_DEFAULT, "clew's own metrics are at /metrics of control.listen"},
    {"fluentbit_logs", IMPORT_DEFAULT, "clew logs to standard error"},
    {"kmsg", IMPORT_NEEDS_YOU, "the kernel's messages are in the journal"},
    {"exec", IMPORT_NEEDS_YOU, "let the command write a file that clew follows"},
    {"winlog", IMPORT_NEEDS_YOU, "clew runs on Linux"},
    {"winevtlog", IMPORT_NEEDS_YOU, "clew runs on Linux"},
    {"kafka", IMPORT_NEEDS_YOU, "clew does not read Kafka: a Collector's kafka receiver does"},
    {"", IMPORT_NEEDS_YOU, "clew ships logs only: an OpenTelemetry Collector has receivers for "
                           "metrics and the like"},
};

static void refuse(struct fb_import *import, const struct fb_section *s)
{
    size_t i = 0;
    while (*foreign_inputs[i].name != '\0' && strcasecmp(foreign_inputs[i].name, fb_name(s)) != 0) {
        i++;
    }
    row_add(import, s, NULL, foreign_inputs[i].fate, "%s", foreign_inputs[i].why);
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        if (!fb_is_key(p, "name")) {
            row_add(import, s, p, foreign_inputs[i].fate, "part of an input that is not converted");
        }
    }
}

static const char *own_tag(struct fb_import *import, const struct fb_section *s, unsigned number)
{
    const char *tag = fb_value(s, "tag", NULL);
    if (tag != NULL) {
        return tag_pattern(import, tag);
    }
    bool is_any = strcasecmp(fb_name(s), "forward") == 0;
    return is_any ? "*" : foreign_format(import_arena(import), "%s.%u", fb_name(s), number);
}

/* An input that clew does not read still has a tag that filters and outputs go by. */
static void add_flow(struct fb_import *import, size_t input, const char *tag)
{
    if (import->flow_count < IMPORT_FLOWS_MAX) {
        import->flows[import->flow_count++] = (struct flow){.input = input, .tag = tag};
    }
}

/* Of an input that cannot be converted: what no table knows. */
static void tell_rest(struct fb_import *import, const struct fb_section *s)
{
    for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
        if (!*p->is_told && !fb_is_key(p, "name") && known_find(s->kind, fb_name(s), p->key) == NULL) {
            row_add(import, s, p, IMPORT_NEEDS_YOU, "part of an input that is not converted");
        }
    }
}

static void convert_input(struct fb_import *import, const struct fb_section *s, unsigned number)
{
    size_t type = 0;
    while (type < ARRAY_LEN(own_inputs) && strcasecmp(fb_name(s), own_inputs[type].name) != 0) {
        type++;
    }
    if (type == ARRAY_LEN(own_inputs) || import->input_count == IMPORT_INPUTS_MAX) {
        refuse(import, s);
        return;
    }
    struct draft_input *input = &import->inputs[import->input_count];
    const char *tag = own_tag(import, s, number);
    const char *label = fb_value(s, "alias", NULL);
    label = label != NULL && !fb_is_unknown(label) ? label : tag;
    const char *wanted = label[strspn(label, "*.")] != '\0' ? label : fb_name(s);
    *input = (struct draft_input){.section = s, .tag = tag};
    input->name = draft_name(import, wanted, is_input_taken);
    buf_init(&input->yaml, IMPORT_YAML_BYTES_MAX);
    if (!own_inputs[type].convert(import, input)) {
        row_add(import, s, NULL, IMPORT_NEEDS_YOU, "%s", own_inputs[type].missing);
        tell_rest(import, s);
        buf_fini(&input->yaml);
        return;
    }
    row_add(import, s, NULL, IMPORT_MAPPED, "inputs: %s", input->name);
    add_flow(import, import->input_count, tag);
    import->input_count++;
}

void import_inputs(struct fb_import *import)
{
    struct {
        const char *plugin;
        unsigned count;
    } numbers[PATHS_MAX] = {{NULL, 0}};
    for (const struct fb_section *s = import->config->first[FB_INPUT]; s != NULL; s = s->next) {
        size_t i = 0;
        while (i < PATHS_MAX - 1 && numbers[i].plugin != NULL &&
               strcasecmp(numbers[i].plugin, fb_name(s)) != 0) {
            i++;
        }
        numbers[i].plugin = fb_name(s);
        convert_input(import, s, numbers[i].count++);
    }
}
