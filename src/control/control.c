/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include <stdlib.h>
#include "base/http_server.h"
#include "base/mem.h"
#include "control/metrics.h"

enum {
    CONNECTIONS_MAX = 32,
    IDLE_TIMEOUT_S = 60,
    BODY_BYTES_MAX = 4096, /* nobody has a reason to send one */
    ANSWER_BYTES_MAX = 8 << 20,
};

struct control {
    struct http_server *server;
    const struct counters *counters;
    struct control_hooks hooks;
};

struct page {
    const char *path;
    void (*show)(const struct control *control, struct http_answer *answer);
};

static void answer_text(struct http_answer *answer, unsigned status, const char *text)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    buf_append_string(&answer->body, text);
}

static void show_health(const struct control *control, struct http_answer *answer)
{
    (void)control;
    answer_text(answer, 200, "ok\n");
}

static void show_readiness(const struct control *control, struct http_answer *answer)
{
    if (control->hooks.is_ready(control->hooks.context)) {
        answer_text(answer, 200, "ready\n");
    } else {
        answer_text(answer, 503, "not ready\n");
    }
}

static void show_metrics(const struct control *control, struct http_answer *answer)
{
    struct process_usage usage;
    struct buf *out = &answer->body;
    bool fits = metrics_write_build(out) && metrics_write_counters(control->counters, out);
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
    /* A cut text would be read as a whole one but for its end: better none. */
    buf_clear(out);
    answer_text(answer, 500, "the metrics are too large\n");
}

static void show_coverage(const struct control *control, struct http_answer *answer)
{
    if (control->hooks.append_coverage == NULL) {
        answer_text(answer, 404, "nothing is audited here\n");
    } else if (control->hooks.append_coverage(control->hooks.context, &answer->body)) {
        answer->content_type = "application/json";
    } else {
        buf_clear(&answer->body);
        answer_text(answer, 500, "the report is too large; lower audit.groups_max\n");
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

static void show(const struct control *control, const struct page *page, struct http_answer *answer)
{
    const struct control_hooks *hooks = &control->hooks;
    if (hooks->begin != NULL) {
        hooks->begin(hooks->context);
    }
    page->show(control, answer);
    if (hooks->end != NULL) {
        hooks->end(hooks->context);
    }
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
        show(context, page, answer);
    }
}

struct control *control_open(const struct control_settings *settings, struct ev_loop *loop,
                             const struct log *log, const struct counters *counters,
                             const struct control_hooks *hooks, char **out_error)
{
    struct control *control = mem_alloc(sizeof(*control));
    control->counters = counters;
    control->hooks = *hooks;
    const struct http_server_settings http = {
        .listen = settings->listen,
        .body_bytes_max = BODY_BYTES_MAX,
        .bodies_bytes_max = BODY_BYTES_MAX * CONNECTIONS_MAX,
        .connections_max = CONNECTIONS_MAX,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .handle = handle,
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
