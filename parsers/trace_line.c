/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/trace_line.h"

/*
 * The beginning of a trace has a colon in it, or ends in one of few ways: so a line is searched for
 * colons (memchr, many bytes at a time), and around each one some bytes are compared. A usual line
 * has two or three, in its time. JSON is told by its first byte: a logger that writes JSON has its
 * traces inside.
 */

static size_t count_blanks(struct slice line)
{
    size_t n = 0;
    while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t')) {
        n++;
    }
    return n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '_';
}

/* Of a class's whole name, in any of the languages. */
static bool is_name(char c)
{
    return is_word(c) || c == '.' || c == '$' || c == '/' || c == ':' || c == '\\';
}

static size_t count_digits(struct slice line, size_t at)
{
    size_t n = 0;
    while (at + n < line.len && is_digit(line.data[at + n])) {
        n++;
    }
    return n;
}

static bool has_at(struct slice line, size_t at, struct slice text)
{
    return at <= line.len && slice_has_prefix(slice_skip(line, at), text);
}

/* The bytes that end before `at` are `text`. */
static bool ends_at(struct slice line, size_t at, struct slice text)
{
    return at >= text.len && memcmp(line.data + at - text.len, text.data, text.len) == 0;
}

static bool ends_with(struct slice line, struct slice text)
{
    return ends_at(line, line.len, text);
}

static char last_of(struct slice line)
{
    return line.len > 0 ? line.data[line.len - 1] : '\0';
}

/* ---- how a trace begins ---- */

static bool is_exception_name(struct slice line, size_t end)
{
    return ends_at(line, end, SLICE("Exception")) || ends_at(line, end, SLICE("Error")) ||
           ends_at(line, end, SLICE("Throwable"));
}

/* Nothing but a class's name before `end`, or what runtimes say before one. */
static bool begins_with_exception(struct slice line, size_t end)
{
    static const struct slice leads[] = {
        {"Unhandled exception. ", 21}, {"Uncaught ", 9}, {"Exception in thread \"", 21},
    };
    for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
        if (slice_has_prefix(line, leads[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < end; i++) {
        if (!is_name(line.data[i])) {
            return false;
        }
    }
    return true;
}

static void add(struct trace_starts *starts, enum trace_start start, bool is_at_begin)
{
    starts->anywhere |= start;
    starts->at_begin |= is_at_begin ? start : 0;
}

static void add_exception(struct slice line, size_t end, struct trace_starts *starts)
{
    bool is_first = (starts->anywhere & START_EXCEPTION) == 0;
    if (is_first && is_exception_name(line, end)) {
        add(starts, START_EXCEPTION, begins_with_exception(line, end));
    }
}

/* `(most recent call last):`, `(report_on_exception is true):` */
static void look_behind_bracket(struct slice line, size_t colon, struct trace_starts *starts)
{
    static const struct slice traceback = {"Traceback (most recent call last)", 33};
    if (ends_at(line, colon, traceback)) {
        size_t begin = colon - traceback.len;
        bool is_group = ends_at(line, begin, SLICE("+ Exception Group "));
        add(starts, is_group ? START_GROUP : START_TRACEBACK,
            is_group || count_blanks(line) == begin);
    } else if (ends_at(line, colon, SLICE("(report_on_exception is true)"))) {
        add(starts, START_RUBY_ERROR, true);
    }
}

/* `a.rb:3:in ` */
static bool is_ruby_in(struct slice line, size_t colon)
{
    return colon > 2 && colon + 1 < line.len && line.data[colon + 1] == 'i' &&
           is_digit(line.data[colon - 1]) &&
           (has_at(line, colon, SLICE(":in `")) || has_at(line, colon, SLICE(":in '")));
}

static bool has_blank_before(struct slice line, size_t end)
{
    return memchr(line.data, ' ', end) != NULL || memchr(line.data, '\t', end) != NULL;
}

/* `fail: Category[13]` */
static bool is_console(struct slice line)
{
    static const char levels[][5] = {"fail", "info", "warn", "crit", "dbug", "trce"};
    for (size_t i = 0; last_of(line) == ']' && i < sizeof(levels) / sizeof(*levels); i++) {
        if (memcmp(line.data, levels[i], 4) == 0) {
            return line.data[5] == ' ';
        }
    }
    return false;
}

static void look_at_error(struct slice line, size_t colon, struct trace_starts *starts)
{
    if (ends_at(line, colon, SLICE("atal error")) &&
        (has_at(line, colon, SLICE(": Uncaught ")) || has_at(line, colon, SLICE(":  Uncaught ")))) {
        add(starts, START_PHP,
            slice_has_prefix(line, SLICE("PHP ")) || slice_has_prefix(line, SLICE("Fatal ")));
    } else if (ends_at(line, colon, SLICE("fatal error")) && colon == 11) {
        add(starts, START_PANIC, true);
    }
    add_exception(line, colon, starts);
}

static void look_at_panic(struct slice line, size_t colon, struct trace_starts *starts)
{
    if (has_at(line, colon, SLICE(": ")) && ends_at(line, colon, SLICE("panic")) &&
        (colon == 5 || !is_word(line.data[colon - 6]))) {
        add(starts, START_PANIC, colon == 5);
    }
}

static void look_at_colon(struct slice line, size_t colon, struct trace_starts *starts)
{
    switch (colon > 0 ? line.data[colon - 1] : '\0') {
    case 'r':
        look_at_error(line, colon, starts);
        break;
    case 'n':
    case 'e':
        add_exception(line, colon, starts);
        break;
    case 'c':
        look_at_panic(line, colon, starts);
        break;
    case 'p':
        if (has_at(line, colon, SLICE(": panic serving "))) {
            add(starts, START_PANIC, false);
        }
        break;
    case ')':
        look_behind_bracket(line, colon, starts);
        break;
    case ']':
        if (colon == line.len - 1 && trace_is_goroutine(line)) {
            add(starts, START_GOROUTINE, true);
        }
        break;
    case '"':
        if (has_at(line, colon, SLICE(":\"[object] ("))) {
            add(starts, START_LARAVEL, false);
        }
        break;
    default:
        if ((starts->anywhere & START_RUBY_PLACE) == 0 && is_ruby_in(line, colon)) {
            add(starts, START_RUBY_PLACE, !has_blank_before(line, colon));
        }
    }
}

/* `… why (Some::Error)` */
static bool ends_with_ruby_error(struct slice line)
{
    const char *open = memrchr(line.data, '(', line.len);
    if (open == NULL) {
        return false;
    }
    size_t begin = (size_t)(open - line.data) + 1;
    struct slice name = slice_make(line.data + begin, line.len - begin - 1);
    for (size_t i = 0; i < name.len; i++) {
        if (!is_word(name.data[i]) && name.data[i] != ':') {
            return false;
        }
    }
    return name.len > 0 && is_exception_name(name, name.len);
}

/* `/app/a.js:3`, `file:///app/a.mjs:3`, `node:internal/a:3`, `[eval]:1` */
static bool is_node_place(struct slice line)
{
    size_t end = line.len;
    bool is_place = line.data[0] == '/' || slice_has_prefix(line, SLICE("file:///")) ||
                    slice_has_prefix(line, SLICE("node:")) ||
                    slice_has_prefix(line, SLICE("[eval"));
    while (is_place && end > 0 && is_digit(line.data[end - 1])) {
        end--;
    }
    return is_place && end > 0 && line.data[end - 1] == ':' && !has_blank_before(line, end);
}

static void look_at_end(struct slice line, struct trace_starts *starts)
{
    switch (last_of(line)) {
    case 'r':
    case 'n':
    case 'e':
        add_exception(line, line.len, starts);
        break;
    case ')':
        if (ends_with_ruby_error(line)) {
            add(starts, START_RUBY_ERROR, false);
        }
        break;
    case ']':
        if (line.len > 8 && line.data[4] == ':' && is_console(line)) {
            add(starts, START_CONSOLE, false);
        }
        break;
    default:
        if (is_digit(last_of(line)) && is_node_place(line)) {
            add(starts, START_NODE_PLACE, true);
        }
    }
}

/* What a runtime says of an exception that nobody has caught, whatever its name is. */
static void look_at_uncaught(struct slice line, struct trace_starts *starts)
{
    if (slice_has_prefix(line, SLICE("Exception in thread \""))) {
        add(starts, START_EXCEPTION, true);
    } else if (slice_is_equal(line, SLICE("Unhandled Exception:"))) {
        *starts = (struct trace_starts){START_UNHANDLED, START_UNHANDLED};
    }
}

static void look_at_thread(struct slice line, struct trace_starts *starts)
{
    static const struct slice panicked = {" panicked at ", 13};
    const char *found = memmem(line.data, line.len, panicked.data, panicked.len);
    if (found != NULL) {
        bool is_old = found + panicked.len < line.data + line.len && found[panicked.len] == '\'';
        add(starts, is_old ? START_RUST_OLD : START_RUST, true);
    }
}

struct trace_starts trace_line_starts(struct slice line)
{
    struct trace_starts starts = {0, 0};
    if (line.len < 5 || line.data[0] == '{') {
        return starts;
    }
    const char *end = line.data + line.len;
    for (const char *p = line.data; (p = memchr(p, ':', (size_t)(end - p))) != NULL; p++) {
        look_at_colon(line, (size_t)(p - line.data), &starts);
    }
    look_at_end(line, &starts);
    if (line.data[0] == 'E' || line.data[0] == 'U') {
        look_at_uncaught(line, &starts);
    }
    if (line.data[0] == 't' && slice_has_prefix(line, SLICE("thread '"))) {
        look_at_thread(line, &starts);
    }
    return starts;
}

/* ---- how it goes on ---- */

bool trace_is_blank(struct slice line)
{
    return count_blanks(line) == line.len;
}

bool trace_is_indented(struct slice line)
{
    size_t blanks = count_blanks(line);
    return blanks > 0 && blanks < line.len;
}

bool trace_is_indented_deeply(struct slice line)
{
    return line.len == 0 || slice_has_prefix(line, SLICE("      "));
}

bool trace_is_exception(struct slice line)
{
    return (trace_line_starts(line).at_begin & START_EXCEPTION) != 0;
}

bool trace_is_message(struct slice line)
{
    return line.len == 0 || (line.data[0] != '{' && line.data[0] != '[' &&
                             !is_digit(line.data[0]) && !trace_is_exception(line));
}

bool trace_is_nonblank(struct slice line)
{
    return count_blanks(line) < line.len && line.data[0] != '{';
}

/* Blanks, at least `min` of them, and then `text`. */
static bool is_behind_blanks(struct slice line, size_t min, struct slice text)
{
    size_t blanks = count_blanks(line);
    return blanks >= min && has_at(line, blanks, text);
}

bool trace_is_at(struct slice line)
{
    return is_behind_blanks(line, 1, SLICE("at "));
}

bool trace_is_at_open(struct slice line)
{
    return last_of(line) == '{' && trace_is_at(line);
}

bool trace_is_cause(struct slice line)
{
    size_t blanks = count_blanks(line);
    return has_at(line, blanks, SLICE("Caused by: ")) ||
           has_at(line, blanks, SLICE("Suppressed: ")) ||
           has_at(line, blanks, SLICE("Wrapped by: "));
}

bool trace_is_ellipsis(struct slice line)
{
    size_t blanks = count_blanks(line);
    return blanks > 0 && has_at(line, blanks, SLICE("... ")) && count_digits(line, blanks + 4) > 0;
}

bool trace_is_circular(struct slice line)
{
    return is_behind_blanks(line, 1, SLICE("[CIRCULAR REFERENCE"));
}

bool trace_is_indented_exception(struct slice line)
{
    size_t blanks = count_blanks(line);
    return blanks > 0 && trace_is_exception(slice_skip(line, blanks));
}

bool trace_is_inner(struct slice line)
{
    return is_behind_blanks(line, 0, SLICE("---> "));
}

bool trace_is_end_of(struct slice line)
{
    return is_behind_blanks(line, 0, SLICE("--- End of "));
}

bool trace_is_file(struct slice line)
{
    return is_behind_blanks(line, 1, SLICE("File \""));
}

bool trace_is_python_final(struct slice line)
{
    size_t n = 0;
    while (n < line.len && (is_word(line.data[n]) || line.data[n] == '.')) {
        n++;
    }
    return n > 0 && !is_digit(line.data[0]) && (n == line.len || line.data[n] == ':');
}

bool trace_is_python_chain(struct slice line)
{
    return slice_has_prefix(line, SLICE("During handling of the above exception")) ||
           slice_has_prefix(line, SLICE("The above exception was the direct cause"));
}

bool trace_is_python_group(struct slice line)
{
    size_t blanks = count_blanks(line);
    return blanks > 0 && blanks < line.len &&
           (line.data[blanks] == '|' || line.data[blanks] == '+');
}

bool trace_is_traceback(struct slice line)
{
    return slice_has_prefix(line, SLICE("Traceback (most recent call last):"));
}

bool trace_is_goroutine(struct slice line)
{
    static const struct slice word = {"goroutine ", 10};
    if (slice_has_prefix(line, SLICE("runtime stack:"))) {
        return true;
    }
    size_t digits = slice_has_prefix(line, word) ? count_digits(line, word.len) : 0;
    return digits > 0 && has_at(line, word.len + digits, SLICE(" ")) && ends_with(line, SLICE("]:"));
}

bool trace_is_go_call(struct slice line)
{
    if (slice_has_prefix(line, SLICE("created by "))) {
        return true;
    }
    if (last_of(line) != ')' || line.data[0] == '{' || count_blanks(line) > 0) {
        return false;
    }
    const char *open = memrchr(line.data, '(', line.len);
    size_t name = open != NULL ? (size_t)(open - line.data) : 0;
    return name > 0 && !has_blank_before(line, name) &&
           (memchr(line.data, '.', name) != NULL || slice_is_equal(slice_make(line.data, name),
                                                                   SLICE("panic")));
}

bool trace_is_go_elided(struct slice line)
{
    return slice_has_prefix(line, SLICE("...")) && ends_with(line, SLICE("frames elided..."));
}

bool trace_is_go_panic(struct slice line)
{
    return is_behind_blanks(line, 0, SLICE("panic: ")) || slice_has_prefix(line, SLICE("[signal "));
}

bool trace_is_exit_status(struct slice line)
{
    static const struct slice words = {"exit status ", 12};
    return slice_has_prefix(line, words) && count_digits(line, words.len) == line.len - words.len;
}

bool trace_is_register(struct slice line)
{
    size_t n = 0;
    while (n < line.len && n < 7 && is_word(line.data[n])) {
        n++;
    }
    size_t blanks = count_blanks(slice_skip(line, n));
    return n >= 2 && blanks > 0 && has_at(line, n + blanks, SLICE("0x"));
}

bool trace_is_from(struct slice line)
{
    return is_behind_blanks(line, 1, SLICE("from "));
}

bool trace_is_ruby_place(struct slice line)
{
    struct slice text = slice_skip(line, count_blanks(line));
    return (trace_line_starts(text).at_begin & START_RUBY_PLACE) != 0;
}

bool trace_is_node_caret(struct slice line)
{
    size_t at = count_blanks(line);
    size_t begin = at;
    while (at < line.len && (line.data[at] == '^' || line.data[at] == '~')) {
        at++;
    }
    return at == line.len && at > begin;
}

bool trace_is_node_open(struct slice line)
{
    return last_of(line) == '{' && line.data[0] != '{';
}

bool trace_is_node_close(struct slice line)
{
    return line.len == 1 && line.data[0] == '}';
}

bool trace_is_node_version(struct slice line)
{
    return slice_has_prefix(line, SLICE("Node.js v"));
}

bool trace_is_node_use(struct slice line)
{
    return slice_has_prefix(line, SLICE("(Use `node --trace-"));
}

bool trace_is_php_stack(struct slice line)
{
    return slice_is_equal(line, SLICE("Stack trace:"));
}

bool trace_is_php_frame(struct slice line)
{
    size_t digits = line.len > 0 && line.data[0] == '#' ? count_digits(line, 1) : 0;
    return digits > 0 && has_at(line, 1 + digits, SLICE(" "));
}

bool trace_is_php_thrown(struct slice line)
{
    return is_behind_blanks(line, 1, SLICE("thrown in "));
}

bool trace_is_php_next(struct slice line)
{
    return slice_has_prefix(line, SLICE("Next "));
}

bool trace_is_laravel_stack(struct slice line)
{
    return slice_is_equal(line, SLICE("[stacktrace]")) ||
           slice_has_prefix(line, SLICE("[previous exception]"));
}

bool trace_is_laravel_end(struct slice line)
{
    return slice_has_prefix(line, SLICE("\"}"));
}

bool trace_is_rust_note(struct slice line)
{
    return slice_has_prefix(line, SLICE("note: "));
}

bool trace_is_rust_stack(struct slice line)
{
    return slice_is_equal(line, SLICE("stack backtrace:")) ||
           slice_is_equal(line, SLICE("Stack backtrace:"));
}

bool trace_is_rust_sides(struct slice line)
{
    size_t blanks = count_blanks(line);
    return blanks > 0 &&
           (has_at(line, blanks, SLICE("left: ")) || has_at(line, blanks, SLICE("right: ")));
}

bool trace_is_rust_caused(struct slice line)
{
    return slice_is_equal(line, SLICE("Caused by:"));
}
