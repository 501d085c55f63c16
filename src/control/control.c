/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/http_server.h"
#include "base/mem.h"
#include "control/metrics.h"

enum {
    REQUEST_BYTES_MAX = 32 * 1024, /* its headers */
    BODY_BYTES_MAX = 4096,         /* nobody has a reason to send one */
    BODIES_BYTES_MAX = 64 * 1024,
    ANSWER_BYTES_MAX = 8 << 20,
    ANSWERS_BYTES_MAX = 2 * ANSWER_BYTES_MAX,
    ARGUMENT_DIGITS_MAX = 18,
};

#define SAY_INTERVAL_NS UINT64_C(60000000000)

struct control {
    struct http_server *server;
    const struct log *log;
    const struct counters *counters;
    struct control_hooks hooks;
    uint64_t closed; /* connections, not yet said */
    uint64_t said_ns; /* when the last were; 0: never */
};

struct page {
    const char *path;
    void (*show)(struct control *control, const struct http_request *request,
                 struct http_answer *answer);
};

static void answer_text(struct http_answer *answer, unsigned status, const char *text)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    buf_append_string(&answer->body, text);
}

static void show_health(struct control *control, const struct http_request *request,
                        struct http_answer *answer)
{
    (void)control;
    (void)request;
    answer_text(answer, 200, "ok\n");
}

static void show_readiness(struct control *control, const struct http_request *request,
                           struct http_answer *answer)
{
    (void)request;
    if (control->hooks.is_ready(control->hooks.context)) {
        answer_text(answer, 200, "ready\n");
    } else {
        answer_text(answer, 503, "not ready\n");
    }
}

/* ---- what is made in pieces ---- */

/* An answer on its way; the client may be gone before it is whole. */
struct answering {
    struct control *control;
    void *look;
    bool is_coverage;
};

static void begin(const struct control *control)
{
    const struct control_hooks *hooks = &control->hooks;
    counters_set(hooks->own, C_CONTROL_CONNECTIONS, http_server_connections(control->server));
    if (hooks->begin != NULL) {
        hooks->begin(hooks->context);
    }
}

static void end(const struct control *control)
{
    if (control->hooks.end != NULL) {
        control->hooks.end(control->hooks.context);
    }
}

/* What is looked at stands still for this, too: a look holds on to it. */
static void give_up(void *work)
{
    struct answering *answering = work;
    begin(answering->control);
    answering->control->hooks.free_look(answering->look);
    end(answering->control);
    free(answering);
}

/* What is not by service, of one moment. A cut text would be read as a whole one but for its end: better
 * none. */
static void end_metrics(const struct control *control, bool fits, struct http_answer *answer)
{
    struct process_usage usage;
    struct buf *out = &answer->body;
    fits = fits && metrics_write_build(out) && metrics_write_counters(control->counters, out);
    if (fits && process_usage_read(&usage)) {
        fits = metrics_write_process(&usage, out);
    }
    if (fits && control->hooks.append_metrics != NULL) {
        fits = control->hooks.append_metrics(control->hooks.context, out);
    }
    if (fits && metrics_write_end(out)) {
        answer->content_type = METRICS_CONTENT_TYPE;
        return;
    }
    buf_clear(out);
    answer_text(answer, 500, "the metrics are too large\n");
}

static void end_coverage(bool fits, struct http_answer *answer)
{
    if (fits) {
        answer->content_type = "application/json";
        return;
    }
    buf_clear(&answer->body);
    answer_text(answer, 500, "the report is too large; ask for less, with ?limit=\n");
}

static bool go_on(void *work, struct http_answer *answer)
{
    struct answering *answering = work;
    const struct control *control = answering->control;
    begin(control);
    enum control_step step =
        control->hooks.step_look(control->hooks.context, answering->look, &answer->body);
    bool is_over = step != CONTROL_GOES_ON;
    if (is_over && answering->is_coverage) {
        end_coverage(step == CONTROL_DONE, answer);
    } else if (is_over) {
        end_metrics(control, step == CONTROL_DONE, answer);
    }
    if (is_over) {
        give_up(work);
    }
    end(control);
    return is_over;
}

static void show_in_pieces(struct control *control, const struct control_look *look,
                           struct http_answer *answer)
{
    struct answering *answering = mem_alloc(sizeof(*answering));
    *answering = (struct answering){control, NULL, look->is_coverage};
    answering->look = control->hooks.begin_look(control->hooks.context, look);
    answer->work = answering;
    answer->go_on = go_on;
    answer->give_up = give_up;
}

static void show_metrics(struct control *control, const struct http_request *request,
                         struct http_answer *answer)
{
    const char *services = http_request_argument(request, "services");
    if (control->hooks.begin_look == NULL || (services != NULL && strcmp(services, "off") == 0)) {
        end_metrics(control, true, answer);
    } else {
        show_in_pieces(control, &(struct control_look){.is_coverage = false}, answer);
    }
}

/* False: it is no number. */
static bool read_argument(const struct http_request *request, const char *name, uint64_t *number)
{
    const char *text = http_request_argument(request, name);
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    if (text == NULL) {
        return true;
    }
    if (digits == 0 || digits > ARGUMENT_DIGITS_MAX || text[digits] != '\0') {
        return false;
    }
    *number = strtoull(text, NULL, 10);
    return true;
}

static void show_coverage(struct control *control, const struct http_request *request,
                          struct http_answer *answer)
{
    struct control_look look = {.is_coverage = true, .count = UINT64_MAX};
    if (control->hooks.begin_look == NULL) {
        answer_text(answer, 404, "the audit does not run here\n");
    } else if (!read_argument(request, "offset", &look.first) ||
               !read_argument(request, "limit", &look.count)) {
        answer_text(answer, 400, "limit and offset are numbers\n");
    } else {
        show_in_pieces(control, &look, answer);
    }
}

/* To add one: its function above, its row here, its line in control.h. */
static const struct page pages[] = {
    {"/healthz", show_health},
    {"/readyz", show_readiness},
    {"/metrics", show_metrics},
    {"/coverage", show_coverage},
};

static const struct page *find_page(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (strcmp(pages[i].path, path) == 0) {
            return &pages[i];
        }
    }
    return NULL;
}

static void show_list(struct http_answer *answer)
{
    answer_text(answer, 404, "there is:\n");
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        buf_append_format(&answer->body, "  %s\n", pages[i].path);
    }
}

static void show(struct control *control, const struct page *page,
                 const struct http_request *request, struct http_answer *answer)
{
    begin(control);
    page->show(control, request, answer);
    end(control);
}

static void handle(void *context, const struct http_request *request, struct http_answer *answer)
{
    answer->body.limit = ANSWER_BYTES_MAX;
    const struct page *page = find_page(request->path);
    if (page == NULL) {
        show_list(answer);
    } else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        answer->allow = "GET, HEAD";
        answer_text(answer, 405, "use GET\n");
    } else {
        show(context, page, request, answer);
    }
}

/* ---- limits ---- */

/* Once a minute: whoever opens connections chooses how often this happens. */
static void say_closed(struct control *control)
{
    uint64_t now_ns = clock_monotonic_ns();
    if (control->said_ns != 0 && now_ns - control->said_ns < SAY_INTERVAL_NS) {
        return;
    }
    log_event(control->log, LOG_WARN,
              "the HTTP endpoint closed %" PRIu64 " connection%s that sent no request or read no answer in "
              "time, or that newer ones displaced; check which clients besides probes and scrapers can "
              "connect (see clew_control_connections_late_total and "
              "clew_control_connections_displaced_total)",
              control->closed, control->closed == 1 ? "" : "s");
    control->closed = 0;
    control->said_ns = now_ns;
}

static void count_limit(void *context, enum http_limit limit)
{
    static const enum counter of[] = {
        [HTTP_LIMIT_TIME] = C_CONTROL_LATE,
        [HTTP_LIMIT_PLACES] = C_CONTROL_DISPLACED,
        [HTTP_LIMIT_ANSWERS] = C_CONTROL_ANSWERS,
        [HTTP_LIMIT_HOST] = C_CONTROL_HOSTS,
    };
    struct control *control = context;
    counters_add(control->hooks.own, of[limit], 1);
    if (limit == HTTP_LIMIT_TIME || limit == HTTP_LIMIT_PLACES) {
        control->closed++;
        say_closed(control);
    }
}

struct control *control_open(const struct control_settings *settings, const struct control *before,
                             struct ev_loop *loop, const struct log *log,
                             const struct counters *counters, const struct control_hooks *hooks,
                             char **out_error)
{
    struct control *control = mem_alloc(sizeof(*control));
    control->log = log;
    control->counters = counters;
    control->hooks = *hooks;
    const struct http_server_settings http = {
        .listen = settings->listen,
        .before = before != NULL ? before->server : NULL,
        .body_bytes_max = BODY_BYTES_MAX,
        .bodies_bytes_max = BODIES_BYTES_MAX,
        .answers_bytes_max = ANSWERS_BYTES_MAX,
        .connection_bytes_max = REQUEST_BYTES_MAX,
        .connections_max = (size_t)settings->connections_max,
        .peer_connections_max = (size_t)settings->peer_connections_max,
        .request_timeout_ms = settings->request_timeout_ms,
        .idle_timeout_ms = settings->idle_timeout_ms,
        .handle = handle,
        .limit_hit = count_limit,
        .context = control,
    };
    control->server = http_server_open(&http, loop, out_error);
    if (control->server == NULL) {
        free(control);
        return NULL;
    }
    log_event(log, LOG_INFO, "health and metrics are at http://%s",
              http_server_address(control->server));
    return control;
}

const char *control_address(const struct control *control)
{
    return http_server_address(control->server);
}

void control_close(struct control *control)
{
    if (control != NULL) {
        http_server_close(control->server);
        free(control);
    }
}
