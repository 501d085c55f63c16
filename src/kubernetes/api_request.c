/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/api_request.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/curl_loop.h"
#include "base/file.h"
#include "base/mem.h"

enum { CONNECT_TIMEOUT_MS = 10000, TOKEN_BYTES_MAX = 64 * 1024, KEEPALIVE_S = 30 };

struct api_request {
    struct curl_task task;
    const struct kubernetes_settings *settings;
    struct api_request_events events;
    struct curl_loop *curl_loop;
    struct curl_slist *headers;
    bool is_running;
    char error[CURL_ERROR_SIZE];
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct api_request *request = context;
    size_t n = size * count;
    return request->events.bytes(request->events.context, slice_make(bytes, n))
               ? n
               : CURL_WRITEFUNC_ERROR;
}

static void on_done(struct curl_task *task, int result)
{
    struct api_request *request = container_of(task, struct api_request, task);
    struct api_result answer = {.is_whole = result == CURLE_OK};
    curl_off_t retry_after_s = 0;
    request->is_running = false;
    curl_easy_getinfo(task->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(task->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    answer.retry_after_ms = retry_after_s > 0 ? (uint64_t)retry_after_s * 1000 : 0;
    if (result != CURLE_OK) {
        answer.error = request->error[0] != '\0' ? request->error
                                                 : curl_easy_strerror((CURLcode)result);
    }
    request->events.done(request->events.context, &answer);
}

static void set_tls(CURL *easy, const struct kubernetes_settings *settings)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* the authority is renewed there too */
}

struct api_request *api_request_new(const struct kubernetes_settings *settings,
                                    struct ev_loop *loop, const struct api_request_events *events)
{
    struct api_request *request = mem_alloc(sizeof(*request));
    CURL *easy = curl_easy_init();
    ENSURE(easy != NULL);
    request->task.easy = easy;
    request->task.done = on_done;
    request->settings = settings;
    request->events = *events;
    request->curl_loop = curl_loop_new(loop);
    set_tls(easy, settings);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* the API is near; proxies lead out */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "clew/" CLEW_VERSION);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L); /* a watch may be silent for long */
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S / 3);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
    return request;
}

void api_request_free(struct api_request *request)
{
    if (request != NULL) {
        if (request->is_running) {
            curl_loop_stop(request->curl_loop, &request->task);
        }
        curl_easy_cleanup(request->task.easy);
        curl_loop_free(request->curl_loop);
        curl_slist_free_all(request->headers);
        free(request);
    }
}

static void add_header(struct api_request *request, const char *line)
{
    struct curl_slist *longer = curl_slist_append(request->headers, line);
    ENSURE(longer != NULL);
    request->headers = longer;
}

/* A token is one word; whatever else is in the file would end up in the request's head. */
static int add_token(struct api_request *request)
{
    struct buf token;
    buf_init(&token, TOKEN_BYTES_MAX);
    int result = file_read_given(request->settings->token_file, &token);
    struct slice word = slice_trim(buf_slice(&token));
    while (word.len > 0 && (unsigned char)word.data[word.len - 1] <= ' ') {
        word.len--;
    }
    for (size_t i = 0; result == 0 && i < word.len; i++) {
        result = (unsigned char)word.data[i] <= ' ' ? -EINVAL : 0;
    }
    if (result == 0 && word.len > 0) {
        char *line = mem_format("Authorization: Bearer %.*s", (int)word.len, word.data);
        add_header(request, line);
        explicit_bzero(line, strlen(line));
        free(line);
    }
    buf_fini(&token);
    return result;
}

int api_request_start(struct api_request *request, const char *path, uint64_t timeout_ms)
{
    ENSURE(!request->is_running);
    curl_slist_free_all(request->headers);
    request->headers = NULL;
    add_header(request, "Accept: application/json");
    int result = add_token(request);
    if (result < 0) {
        return result;
    }
    char *url = mem_format("%s%s", request->settings->endpoint, path);
    curl_easy_setopt(request->task.easy, CURLOPT_URL, url);
    curl_easy_setopt(request->task.easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(request->task.easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    free(url);
    request->error[0] = '\0';
    request->is_running = true;
    curl_loop_start(request->curl_loop, &request->task);
    return 0;
}
