/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"

enum { DEADLINE_S = 10 };

/* ---- the sink ---- */

struct last {
    struct position end;
};

static enum line_answer take_line(void *context, const struct line *line)
{
    struct rig *rig = context;
    if (rig->count >= rig->room) {
        rig->refusals++;
        return LINE_NO_ROOM;
    }
    if (rig->held != NULL && strstr(line->source->path, rig->held) != NULL) {
        rig->holds++;
        return LINE_HELD;
    }
    if (rig->full != NULL && strstr(line->source->path, rig->full) != NULL) {
        rig->fulls++;
        return LINE_FULL;
    }
    if (line->stream->frame == NULL) {
        line->stream->frame = mem_alloc(sizeof(struct last));
    }
    struct last *last = line->stream->frame;
    assert_non_null(line->source);
    assert_true(line->begin.generation > 0);
    assert_false(position_is_before(line->begin, last->end));
    assert_true(position_is_before(line->begin, line->end) || line->is_unterminated);
    last->end = line->end;
    if ((rig->count & (rig->count + 1)) == 0) { /* grows at 0, 1, 3, 7, … */
        rig->lines = mem_resize(rig->lines, rig->count * 2 + 1, sizeof(*rig->lines));
    }
    rig->lines[rig->count++] = (struct rig_line){
        .text = mem_string_from(line->text),
        .path = mem_string(line->source->path),
        .len = line->text.len,
        .begin = line->begin,
        .end = line->end,
        .hash = line->file_hash,
        .is_piece = line->is_piece,
        .is_cut = line->is_cut,
        .is_unterminated = line->is_unterminated,
    };
    if (rig->count <= rig->acked_max) {
        checkpoint_advance(line->stream->checkpoint, line->end);
    }
    return LINE_TAKEN;
}

static bool take_idle(void *context, struct stream *stream, uint64_t now_ns)
{
    (void)stream;
    (void)now_ns;
    ((struct rig *)context)->idles++;
    return true;
}

static void take_gone(void *context, struct stream *stream)
{
    free(stream->frame);
    stream->frame = NULL;
    ((struct rig *)context)->gones++;
}

static void take_moved(void *context, struct stream *stream, void *former)
{
    (void)stream;
    assert_ptr_equal(context, former);
}

/* ---- life ---- */

int rig_set_up(void **state)
{
    struct rig *rig = mem_alloc(sizeof(*rig));
    strcpy(rig->root, "/tmp/clew-tail-XXXXXX");
    assert_non_null(mkdtemp(rig->root));
    rig->settings = (struct input_settings){
        .name = (char *)(uintptr_t)"test",
        .line_bytes_max = 1 << 20,
        .record_bytes_max = 1 << 20,
        .read_bytes = 64 * 1024,
        .scan_interval_ms = 100,
        .watched_scan_interval_ms = 30000,
        .partial_timeout_ms = 200,
        .unterminated_timeout_ms = 300,
        .open_files_max = 256,
        .inotify = true,
    };
    rig->settings.include.items = rig->include;
    rig->settings.exclude.items = rig->exclude;
    rig->room = SIZE_MAX;
    rig->acked_max = SIZE_MAX;
    rig->loop = ev_loop_new(0);
    rig->log = (struct log){open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_DEBUG};
    if (getenv("CLEW_TEST_LOG") != NULL) {
        rig->log.fd = dup(2);
    }
    rig->sink = (struct line_sink){take_line, take_idle, take_gone, take_moved, NULL, rig};
    *state = rig;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)ftw;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

int rig_tear_down(void **state)
{
    struct rig *rig = *state;
    rig_close(rig);
    rig_forget_lines(rig);
    for (size_t i = 0; i < ARRAY_LEN(rig->include); i++) {
        free(rig->include[i]);
        free(rig->exclude[i]);
    }
    free(rig->config.data_dir);
    ev_loop_destroy(rig->loop);
    close(rig->log.fd);
    nftw(rig->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(rig);
    return 0;
}

static struct input *open_input(struct rig *rig, const struct input_settings *settings)
{
    const struct input_env env = {.loop = rig->loop,
                                  .log = &rig->log,
                                  .counters = &rig->counters,
                                  .checkpoints = rig->store,
                                  .sink = &rig->sink,
                                  .config = &rig->config,
                                  .world = rig->world};
    char *error = NULL;
    struct input *input = input_open(settings, &env, &error);
    if (input == NULL) {
        print_error("%s\n", error);
    }
    assert_non_null(input);
    return input;
}

void rig_open(struct rig *rig, const char *include)
{
    char *data = rig_path(rig, ".state");
    long holder;
    assert_int_equal(checkpoint_open(data, &rig->store, &holder), CHECKPOINT_OK);
    free(rig->config.data_dir);
    rig->config.data_dir = data;
    free(rig->include[0]);
    rig->include[0] = rig_path(rig, include);
    rig->settings.include.count += rig->settings.include.count == 0;
    rig->input = open_input(rig, &rig->settings);
}

void rig_reload(struct rig *rig, const struct input_settings *settings)
{
    struct input *former = rig->input;
    rig->input = open_input(rig, settings);
    input_hand_over(former, rig->input);
    input_close(former);
}

void rig_kill(struct rig *rig)
{
    if (rig->input != NULL) {
        input_stop(rig->input);
    }
    input_close(rig->input);
    checkpoint_close(rig->store);
    rig->input = NULL;
    rig->store = NULL;
}

void rig_close(struct rig *rig)
{
    if (rig->store != NULL) {
        assert_int_equal(checkpoint_commit(rig->store), 0);
    }
    rig_kill(rig);
}

void rig_forget_lines(struct rig *rig)
{
    for (size_t i = 0; i < rig->count; i++) {
        free(rig->lines[i].text);
        free(rig->lines[i].path);
    }
    free(rig->lines);
    rig->lines = NULL;
    rig->count = 0;
}

/* ---- running ---- */

static void ring(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)timer;
    (void)revents;
    ev_break(loop, EVBREAK_ALL);
}

static bool turn(struct rig *rig, double at_most_s)
{
    ev_timer timer;
    ev_timer_init(&timer, ring, at_most_s, 0.);
    ev_timer_start(rig->loop, &timer);
    ev_run(rig->loop, EVRUN_ONCE);
    bool is_late = !ev_is_active(&timer);
    ev_timer_stop(rig->loop, &timer);
    return !is_late;
}

void rig_run_until(struct rig *rig, size_t lines)
{
    const uint64_t patience_ns = DEADLINE_S * UINT64_C(1000000000); /* without a further line */
    uint64_t deadline = clock_monotonic_ns() + patience_ns;
    while (rig->count < lines && clock_monotonic_ns() < deadline) {
        size_t before = rig->count;
        turn(rig, 0.05);
        deadline = rig->count > before ? clock_monotonic_ns() + patience_ns : deadline;
    }
    if (rig->count != lines) {
        print_error("%zu lines, not %zu; the last is \"%s\"\n", rig->count, lines,
                    rig->count > 0 ? rig->lines[rig->count - 1].text : "");
    }
    assert_int_equal(rig->count, lines);
}

void rig_run_to_end(struct rig *rig)
{
    uint64_t deadline = clock_monotonic_ns() + DEADLINE_S * UINT64_C(1000000000);
    do {
        turn(rig, 0.05);
    } while (!input_is_at_end(rig->input) && clock_monotonic_ns() < deadline);
    assert_true(input_is_at_end(rig->input));
}

void rig_run_ms(struct rig *rig, unsigned ms)
{
    uint64_t deadline = clock_monotonic_ns() + ms * UINT64_C(1000000);
    while (clock_monotonic_ns() < deadline) {
        turn(rig, 0.01);
    }
}

/* ---- files ---- */

char *rig_path(const struct rig *rig, const char *name)
{
    return mem_format("%s/%s", rig->root, name);
}

static void make_parents(const struct rig *rig, char *path)
{
    for (char *s = path + strlen(rig->root) + 1; (s = strchr(s, '/')) != NULL; s++) {
        *s = '\0';
        mkdir(path, 0755);
        *s = '/';
    }
}

static void write_file(struct rig *rig, const char *name, const char *text, int flags)
{
    char *path = rig_path(rig, name);
    make_parents(rig, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    free(path);
}

void rig_write(struct rig *rig, const char *name, const char *text)
{
    write_file(rig, name, text, O_TRUNC);
}

void rig_append(struct rig *rig, const char *name, const char *text)
{
    write_file(rig, name, text, O_APPEND);
}

void rig_append_numbers(struct rig *rig, const char *name, int from, int to)
{
    struct buf text;
    buf_init(&text, 1 << 26);
    for (int i = from; i <= to; i++) {
        buf_append_format(&text, "line %d\n", i);
    }
    buf_append(&text, "", 1);
    rig_append(rig, name, text.data);
    buf_fini(&text);
}

void rig_rename(struct rig *rig, const char *from, const char *to)
{
    char *old = rig_path(rig, from);
    char *new = rig_path(rig, to);
    assert_int_equal(rename(old, new), 0);
    free(old);
    free(new);
}

void rig_remove(struct rig *rig, const char *name)
{
    char *path = rig_path(rig, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

void rig_link(struct rig *rig, const char *target, const char *name)
{
    char *path = rig_path(rig, name);
    make_parents(rig, path);
    assert_int_equal(symlink(target, path), 0);
    free(path);
}

/* ---- asserting ---- */

void rig_assert_line(const struct rig *rig, size_t index, const char *text)
{
    assert_in_range(index, 0, rig->count - 1);
    assert_string_equal(rig->lines[index].text, text);
    assert_int_equal(rig->lines[index].len, strlen(text));
}

void rig_assert_numbers(const struct rig *rig, int from, int to)
{
    for (size_t i = 0; i < rig->count; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "line %d", from + (int)i);
        rig_assert_line(rig, i, expected);
    }
    assert_int_equal(rig->count, to - from + 1);
}
