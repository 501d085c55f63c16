/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_API_REQUEST_H
#define CLEW_KUBERNETES_API_REQUEST_H

/*
 * GETs of the API server or the kubelet, one at a time: everything that libcurl has to be told. The
 * token is read again for each, since the kubelet renews its file; the authority's certificates for
 * each connection.
 */

#include <stdbool.h>
#include "base/slice.h"
#include "record/settings.h"

struct ev_loop;
struct api_request;

struct api_result {
    long status;             /* of HTTP; 0: there was no answer */
    bool is_whole;           /* the answer came to its end */
    uint64_t retry_after_ms; /* 0: not told */
    const char *error;       /* a sentence where there was no answer, or it broke off; else NULL */
};

struct api_request_events {
    /* Bytes of the answer's body, whatever its status. False: no more of it. */
    bool (*bytes)(void *context, struct slice bytes);
    void (*done)(void *context, const struct api_result *result); /* may start the next one */
    void *context;
};

/* `settings` must outlive it. */
struct api_request *api_request_new(const struct kubernetes_settings *settings,
                                    struct ev_loop *loop, const struct api_request_events *events);
void api_request_free(struct api_request *request); /* stops it without done(); NULL is fine */

/* `path` with its query, behind the endpoint. No answer is waited for longer than `timeout_ms`,
 * however it goes on. Not while one is running. 0, or -errno: the token cannot be read. */
int api_request_start(struct api_request *request, const char *path, uint64_t timeout_ms);

#endif
