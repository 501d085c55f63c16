/* SPDX-License-Identifier: Apache-2.0 */

/* [SERVICE], and what is a section of no plugin. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "shippers/fluentbit/import.h"

static void log_level(struct fb_import *import, const struct fb_section *s)
{
    static const struct {
        const char *theirs;
        const char *ours;
    } levels[] = {{"off", "error"}, {"error", "error"}, {"warn", "warn"}, {"warning", "warn"},
                  {"info", "info"}, {"debug", "debug"}, {"trace", "debug"}};
    const struct fb_property *p = fb_get(s, "log_level");
    for (size_t i = 0; p != NULL && i < ARRAY_LEN(levels); i++) {
        if (strcasecmp(p->value, levels[i].theirs) == 0) {
            buf_append_format(&import->top, "log_level: %s\n", levels[i].ours);
            row_add(import, s, p, IMPORT_MAPPED, "log_level: %s", levels[i].ours);
            return;
        }
    }
    if (p != NULL) {
        bool is_open = fb_is_unknown(p->value) || text_has_template(p->value);
        row_add(import, s, p, is_open ? IMPORT_CHANGED : IMPORT_NEEDS_YOU, "%s",
                is_open ? "log_level is info, of clew's own log alone; --set log_level=… for another"
                        : "not a level that is known here: set log_level");
    }
}

static void grace(struct fb_import *import, const struct fb_section *s)
{
    const struct fb_property *p = fb_get(s, "grace");
    const char *duration = p != NULL ? duration_text(import, p->value) : NULL;
    if (duration != NULL && strtod(p->value, NULL) <= 3600) {
        buf_append_format(&import->top, "shutdown_timeout: %s\n", duration);
        row_add(import, s, p, IMPORT_MAPPED, "shutdown_timeout: %s", duration);
    } else if (p != NULL) {
        row_add(import, s, p, IMPORT_NEEDS_YOU, "not a time that is known here: set shutdown_timeout");
    }
}

static void flush(struct fb_import *import, const struct fb_section *s)
{
    row_add_all(import, s, "flush", IMPORT_DEFAULT,
                "a batch is sent when its first record is outputs.batch.age old, 100 ms");
}

static bool is_address(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789.") == strlen(text);
}

/* Health and metrics. An operator's probes know the port. */
static void http_server(struct fb_import *import, const struct fb_section *s)
{
    const struct fb_property *p = fb_get(s, "http_server");
    const char *listen = fb_value(s, "http_listen", "0.0.0.0");
    const char *port = fb_value(s, "http_port", "2020");
    if (!fb_bool(s, "http_server", false, NULL)) {
        row_add_all(import, s, "http_server", IMPORT_DEFAULT,
                    "control.listen is 127.0.0.1:9464, for this machine only; `off` for none");
        row_add_all(import, s, "http_listen", IMPORT_IGNORED, "http_server is off");
        row_add_all(import, s, "http_port", IMPORT_IGNORED, "http_server is off");
        return;
    }
    if (!is_address(listen) || !text_is_number(port) || atoi(port) > 65535 || atoi(port) < 1) {
        row_add_all(import, s, "http_server", IMPORT_NEEDS_YOU,
                    "an address that is not known here: set control.listen");
        row_add_all(import, s, "http_listen", IMPORT_NEEDS_YOU, "set control.listen");
        row_add_all(import, s, "http_port", IMPORT_NEEDS_YOU, "set control.listen");
        return;
    }
    buf_append_format(&import->top, "control:\n  listen: %s:%s\n", listen, port);
    row_add(import, s, p, IMPORT_MAPPED, "control.listen: %s:%s, with /metrics, /healthz, /readyz",
            listen, port);
    row_add_all(import, s, "http_listen", IMPORT_MAPPED, "control.listen");
    row_add_all(import, s, "http_port", IMPORT_MAPPED, "control.listen");
}

static void retries(struct fb_import *import, const struct fb_section *s)
{
    const struct fb_property *base = fb_get(s, "scheduler.base");
    const struct fb_property *cap = fb_get(s, "scheduler.cap");
    long initial = base != NULL && text_is_number(base->value) ? atol(base->value) : 1;
    long max = cap != NULL && text_is_number(cap->value) ? atol(cap->value) : 30;
    bool is_good = initial >= 1 && max >= initial && max <= 3600;
    if (base == NULL && cap == NULL) {
        return;
    }
    if (is_good) {
        buf_append_format(&import->retry, "    retry: {initial: %lds, max: %lds}\n", initial, max);
    }
    enum import_fate fate = is_good ? IMPORT_MAPPED : IMPORT_NEEDS_YOU;
    row_add_all(import, s, "scheduler.base", fate, "outputs.retry.initial, the pause before a retry");
    row_add_all(import, s, "scheduler.cap", fate, "outputs.retry.max, the longest pause");
}

void import_service(struct fb_import *import)
{
    const struct fb_section *s = import->config->first[FB_SERVICE];
    bool is_first = true;
    for (; s != NULL; s = s->next) {
        yaml_comment_section(import, &import->top, s, "");
        row_add(import, s, NULL, IMPORT_MAPPED, "options of the whole");
        if (is_first) {
            log_level(import, s);
            grace(import, s);
            http_server(import, s);
            retries(import, s);
            is_first = false;
        }
        flush(import, s);
        buf_append_string(&import->top, "\n");
    }
    for (s = import->config->first[FB_OTHER]; s != NULL; s = s->next) {
        row_add(import, s, NULL, IMPORT_NEEDS_YOU, "clew has no such section: check what it was for");
        for (const struct fb_property *p = s->first; p != NULL; p = p->next) {
            row_add(import, s, p, IMPORT_NEEDS_YOU, "part of a section that clew does not have");
        }
    }
    for (const struct fb_note *n = import->config->notes; n != NULL; n = n->next) {
        row_add_note(import, n);
    }
}
