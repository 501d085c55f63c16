/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/severity.h"

#include "base/mem.h"

struct word {
    char name[8]; /* zero-padded: compared as one number; longer words by their first 8 letters … */
    uint8_t len; /* … and their length */
    uint8_t number;
};

/* The frequent ones first: the table is walked. */
static const struct word words[] = {
    {"info", 4, 9},      {"debug", 5, 5},     {"warn", 4, 13},     {"error", 5, 17},
    {"warning", 7, 13},  {"informat", 11, 9}, {"trace", 5, 1},     {"fatal", 5, 21},
    {"critical", 8, 18}, {"notice", 6, 10},   {"err", 3, 17},      {"inf", 3, 9},
    {"dbg", 3, 5},       {"wrn", 3, 13},      {"i", 1, 9},         {"w", 1, 13},
    {"e", 1, 17},        {"d", 1, 5},         {"f", 1, 21},        {"t", 1, 1},
    {"n", 1, 9},         {"trce", 4, 1},      {"trc", 3, 1},       {"trac", 4, 1},
    {"finest", 6, 1},    {"verbose", 7, 1},   {"vrb", 3, 1},       {"silly", 5, 1},
    {"dbug", 4, 5},      {"debu", 4, 5},      {"finer", 5, 5},     {"fine", 4, 6},
    {"config", 6, 7},    {"http", 4, 7},      {"informat", 13, 9}, {"log", 3, 9},
    {"success", 7, 10},  {"eror", 4, 17},     {"erro", 4, 17},     {"fail", 4, 17},
    {"severe", 6, 17},   {"crit", 4, 18},     {"dpanic", 6, 18},   {"alert", 5, 19},
    {"panic", 5, 19},    {"pani", 4, 19},     {"ftl", 3, 21},      {"fata", 4, 21},
    {"emerg", 5, 21},    {"emergenc", 9, 21}, {"note", 4, 9},
};

#define WORD_LETTERS_MAX 13

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The length of the escape sequence (`ESC [ … letter`) at `p`, 0 if there is none. */
static size_t escape_len(const char *p, size_t len)
{
    if (len < 3 || p[0] != '\x1b' || p[1] != '[') {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (is_letter(p[i])) {
            return i + 1;
        }
    }
    return 0;
}

/* `s` without the escape sequence it ends with. */
static struct slice cut_last_escape(struct slice s)
{
    for (size_t i = s.len; i-- > 0 && s.len - i <= 16;) {
        if (s.data[i] == '\x1b' && escape_len(s.data + i, s.len - i) == s.len - i) {
            return slice_make(s.data, i);
        }
    }
    return s;
}

struct slice severity_clean(struct slice text)
{
    text = slice_trim(text);
    if (text.len > 0 && text.data[0] != '\x1b' && text.data[text.len - 1] != 'm') {
        return text;
    }
    for (size_t n; (n = escape_len(text.data, text.len)) > 0;) {
        text = slice_trim(slice_skip(text, n));
    }
    while (text.len > 0 && text.data[text.len - 1] == 'm') {
        struct slice shorter = slice_trim(cut_last_escape(text));
        if (shorter.len == text.len) {
            break;
        }
        text = shorter;
    }
    return text;
}

static uint8_t find_word(const char *word, size_t len)
{
    char name[8] = {0};
    uint64_t wanted;
    for (size_t i = 0; i < len && i < sizeof(name); i++) {
        name[i] = (char)(word[i] | 0x20);
    }
    memcpy(&wanted, name, sizeof(wanted));
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        uint64_t candidate;
        memcpy(&candidate, words[i].name, sizeof(candidate));
        if (candidate == wanted && words[i].len == len) {
            return words[i].number;
        }
    }
    return 0;
}

/* The words whose number the dialect or the spelling decides. */
static uint8_t adjust(struct slice word, uint8_t number, enum severity_dialect dialect)
{
    if (number == 18 && (word.data[0] | 0x20) == 'c' && dialect == SEVERITY_CRITICAL_IS_FATAL) {
        return 21;
    }
    if (number == 1 && slice_is_equal(word, SLICE("verbose"))) {
        return 6;
    }
    return number;
}

static uint8_t clamp(int number)
{
    return (uint8_t)(number < 1 ? 1 : number > 24 ? 24 : number);
}

/* `+2`, `-4` of slog, and the digit of `INFO2`. */
static uint8_t add_suffix(uint8_t number, struct slice suffix)
{
    if (number % 4 != 1) {
        return 0;
    }
    if (suffix.len == 1) {
        int step = suffix.data[0] - '1';
        return step < 0 || step > 4 ? 0 : step > 3 ? number : clamp(number + step);
    }
    int offset = 0;
    for (size_t i = 1; i < suffix.len; i++) {
        if (!is_digit(suffix.data[i]) || i > 4) {
            return 0;
        }
        offset = offset * 10 + (suffix.data[i] - '0');
    }
    switch (suffix.data[0]) {
    case '+':
        return clamp(number + offset);
    case '-':
        return clamp(number - offset);
    default:
        return 0;
    }
}

static uint32_t load_folded(const char *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof(word));
    return word | UINT32_C(0x20202020);
}

uint8_t severity_from_usual_word(struct slice text)
{
    if (text.len != 4 && text.len != 5) {
        return 0;
    }
    uint32_t word = load_folded(text.data);
    if (text.len == 4) {
        return word == load_folded("info") ? 9 : word == load_folded("warn") ? 13 : 0;
    }
    char last = (char)(text.data[4] | 0x20);
    return word == load_folded("erro") && last == 'r'   ? 17
           : word == load_folded("debu") && last == 'g' ? 5
                                                        : 0;
}

uint8_t severity_from_text(struct slice text, enum severity_dialect dialect)
{
    uint8_t usual = severity_from_usual_word(text);
    if (usual != 0) {
        return usual;
    }
    size_t letters = 0;
    while (letters < text.len && letters <= WORD_LETTERS_MAX && is_letter(text.data[letters])) {
        letters++;
    }
    if (letters == 0 || letters > WORD_LETTERS_MAX) {
        return 0;
    }
    struct slice word = slice_make(text.data, letters);
    uint8_t number = adjust(word, find_word(word.data, letters), dialect);
    if (number == 0 || letters == text.len) {
        return number;
    }
    return letters >= 4 ? add_suffix(number, slice_skip(text, letters)) : 0;
}

/* ------------------------------------------------------------------ numbers */

struct step {
    int32_t level;
    uint8_t number;
};

struct scale {
    struct step steps[9]; /* rising levels */
    uint8_t count;
    bool exact; /* nothing between the steps, nothing outside */
};

static const struct scale scales[SEVERITY_SCALES] = {
    [SCALE_PINO] = {{{10, 1}, {20, 5}, {30, 9}, {40, 13}, {50, 17}, {60, 21}}, 6, false},
    [SCALE_PYTHON] = {{{5, 1}, {10, 5}, {20, 9}, {25, 10}, {30, 13}, {40, 17}, {50, 21}}, 7, false},
    [SCALE_SYSLOG] = {{{0, 21}, {1, 19}, {2, 18}, {3, 17}, {4, 13}, {5, 10}, {6, 9}, {7, 5}},
                      8,
                      true},
    [SCALE_MONOLOG] =
        {{{100, 5}, {200, 9}, {250, 10}, {300, 13}, {400, 17}, {500, 18}, {550, 19}, {600, 21}},
         8,
         false},
    [SCALE_LOGBACK] = {{{5000, 1}, {10000, 5}, {20000, 9}, {30000, 13}, {40000, 17}, {50000, 21}},
                       6,
                       false},
    [SCALE_GOOGLE] = {{{0, 0},
                       {100, 5},
                       {200, 9},
                       {300, 10},
                       {400, 13},
                       {500, 17},
                       {600, 18},
                       {700, 19},
                       {800, 21}},
                      9,
                      false},
    [SCALE_SEMANTIC_LOGGER] = {{{0, 1}, {1, 5}, {2, 9}, {3, 13}, {4, 17}, {5, 21}}, 6, true},
    [SCALE_AZURE] = {{{0, 5}, {1, 9}, {2, 13}, {3, 17}, {4, 21}}, 5, true},
    [SCALE_LOG4J] = {{{100, 1}, {200, 5}, {300, 9}, {400, 13}, {500, 17}, {600, 21}}, 6, false},
};

/* A third of the way up is one step, two thirds are two; never 0, never the next one's number. */
static uint8_t between(const struct step *low, int64_t level)
{
    const struct step *high = low + 1;
    int64_t up = (level - low->level) * 3 / (high->level - low->level);
    int64_t number = low->number + (up > 0 ? up : 1);
    return (uint8_t)(number < high->number ? number : low->number);
}

static uint8_t read_scale(const struct scale *scale, int64_t level)
{
    const struct step *first = &scale->steps[0];
    const struct step *last = &scale->steps[scale->count - 1];
    if (level < first->level) {
        return scale->exact || level <= 0 ? 0 : first->number;
    }
    if (level > last->level) {
        return scale->exact ? 0 : last->number;
    }
    const struct step *step = last;
    while (step->level > level) {
        step--;
    }
    return step->level == level ? step->number : between(step, level);
}

uint8_t severity_from_number(int64_t level, enum severity_scale scale)
{
    if (scale == SCALE_OTLP) {
        return (uint8_t)(level >= 1 && level <= 24 ? level : 0);
    }
    if (scale == SCALE_LOG4J) {
        return level > 0 && level < 700 ? read_scale(&scales[scale], 700 - level) : 0;
    }
    return read_scale(&scales[scale], level);
}
