/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include "base/curl_loop.h"
#include "base/mem.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    ERROR_BYTES = 768,
    DATE_BYTES = 64, /* of a longer one it is no date */
    /* What libcurl gives to the kernel at once, of a body that is larger. Four times its default: for a
     * body that is not compressed that saves a fifth of the time in the kernel. */
    SEND_BYTES = 256 << 10,
};

/* A name is asked for again when a connection is made so much later: far ends move. */
static const long DNS_CACHE_S = 10;

struct http_client {
    struct http_settings settings;
    struct curl_loop *curl_loop;
    struct curl_slist *headers;
    char *shown_url;
};

struct http_exchange {
    struct curl_task task; /* first: done() comes back by it */
    struct http_client *client;
    http_done_fn *done;
    void *context;
    struct buf answer;
    bool is_running;
    bool is_cut;
    bool has_head; /* the answer's head came to its end */
    char date[DATE_BYTES];        /* as the answer says; empty: it does not */
    char retry_after[DATE_BYTES]; /* likewise */
    char *redirect; /* of the last answer */
    char curl_error[CURL_ERROR_SIZE];
    char error[ERROR_BYTES];
};

/* What is likely wrong, by libcurl's code. Its own text is printed before this. */
static const struct advice {
    CURLcode code;
    const char *text;
} advices[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "check the host name of the endpoint, and DNS"},
    {CURLE_COULDNT_RESOLVE_PROXY, "check the host name of the proxy, and DNS"},
    {CURLE_COULDNT_CONNECT,
     "check that the backend is running, and host and port of the endpoint"},
    {CURLE_OPERATION_TIMEDOUT, "check whether it is overloaded, or a firewall drops the packets"},
    {CURLE_SSL_CONNECT_ERROR, "check that this port uses TLS; otherwise the endpoint begins with "
                              "http://"},
    {CURLE_SSL_CERTPROBLEM, "check certificate_file and key_file"},
    {CURLE_SSL_CACERT_BADFILE, "check ca_file"},
    {CURLE_GOT_NOTHING, "it closed the connection without an answer: check that the port is "
                        "OTLP/HTTP (4318), not gRPC (4317) or TLS"},
    {CURLE_UNSUPPORTED_PROTOCOL, "the server does not speak HTTP: check that the port is OTLP/HTTP "
                                 "(4318), not gRPC (4317)"},
    {CURLE_PARTIAL_FILE, "its answer broke off"},
    {CURLE_WEIRD_SERVER_REPLY, "its answer broke off, or is not HTTP"},
};

static char *wrong_url(const char *endpoint, const char *why)
{
    /* With a user in it there may be a password, and this goes to a log. */
    return mem_format("endpoint%s%s%s is not a URL like http://host:4318/v1/logs (%s)",
                      strchr(endpoint, '@') == NULL ? " \"" : "",
                      strchr(endpoint, '@') == NULL ? endpoint : "",
                      strchr(endpoint, '@') == NULL ? "\"" : "", why);
}

/* Scheme, host, port and path: a user, a password or a query may be secret. */
static char *show_url(CURLU *url)
{
    char *shown = NULL;
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(url, CURLUPART_QUERY, NULL, 0);
    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    curl_url_get(url, CURLUPART_URL, &shown, 0);
    char *copy = mem_string(shown);
    curl_free(shown);
    return copy;
}

/* NULL when it is good: *out_shown is then the URL as it may be logged. */
static char *check_url(const char *endpoint, char **out_shown)
{
    endpoint = endpoint != NULL ? endpoint : "";
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *error = NULL;
    CURLUcode result = curl_url_set(url, CURLUPART_URL, endpoint, 0);
    if (result == CURLUE_OK) {
        result = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    }
    if (result != CURLUE_OK) {
        error = wrong_url(endpoint, curl_url_strerror(result));
    } else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) {
        error = wrong_url(endpoint, "it must begin with http:// or https://");
    } else {
        *out_shown = show_url(url);
    }
    curl_free(scheme);
    curl_url_cleanup(url);
    return error;
}

static char *check_file(const char *option, const char *path)
{
    if (path == NULL || access(path, R_OK) == 0) {
        return NULL;
    }
    return mem_format("cannot read %s \"%s\": %s", option, path, strerror(errno));
}

/* A line break in a header would begin another one. */
static char *check_headers(const struct http_settings *settings)
{
    for (size_t i = 0; i < settings->header_count; i++) {
        const struct http_header *header = &settings->headers[i];
        if (header->name[0] == '\0' || strpbrk(header->name, "\r\n: ") != NULL ||
            strpbrk(header->value, "\r\n") != NULL) {
            return mem_format("header \"%s\": its name or value has a character that headers cannot "
                              "contain",
                              header->name);
        }
    }
    return NULL;
}

static char *check(const struct http_settings *settings)
{
    char *error = check_headers(settings);
    error = error != NULL ? error : check_file("ca_file", settings->ca_file);
    error = error != NULL ? error : check_file("certificate_file", settings->certificate_file);
    return error != NULL ? error : check_file("key_file", settings->key_file);
}

static void add_header(struct http_client *client, const char *name, const char *value)
{
    /* libcurl's way to say "this header, with nothing in it"; `Name:` alone would take it away. */
    char *line = value[0] != '\0' ? mem_format("%s: %s", name, value) : mem_format("%s;", name);
    struct curl_slist *longer = curl_slist_append(client->headers, line);
    ENSURE(longer != NULL);
    client->headers = longer;
    free(line);
}

static void add_headers(struct http_client *client)
{
    for (size_t i = 0; i < client->settings.header_count; i++) {
        add_header(client, client->settings.headers[i].name, client->settings.headers[i].value);
    }
    /* Without this libcurl waits a second for the far end's leave to send a larger body. */
    struct curl_slist *longer = curl_slist_append(client->headers, "Expect:");
    ENSURE(longer != NULL);
    client->headers = longer;
}

struct http_client *http_client_new(const struct http_settings *settings, struct ev_loop *loop,
                                    char **out_error)
{
    char *shown_url = NULL;
    char *error = check(settings);
    error = error != NULL ? error : check_url(settings->url, &shown_url);
    if (error != NULL) {
        *out_error = error;
        return NULL;
    }
    struct http_client *client = mem_alloc(sizeof(*client));
    client->shown_url = shown_url;
    client->settings = *settings;
    client->curl_loop = curl_loop_new(loop);
    add_headers(client);
    client->settings.headers = NULL; /* libcurl's list has them */
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client != NULL) {
        curl_slist_free_all(client->headers);
        curl_loop_free(client->curl_loop);
        free(client->shown_url);
        free(client);
    }
}

const char *http_client_url(const struct http_client *client)
{
    return client->shown_url;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_exchange *exchange = context;
    size_t n = size * count;
    size_t room = exchange->answer.limit - exchange->answer.len;
    exchange->is_cut = n > room;
    buf_append(&exchange->answer, bytes, n < room ? n : room);
    return exchange->is_cut ? CURL_WRITEFUNC_ERROR : n;
}

/* The value of a header, if the line is that one. */
static void keep_value(struct slice line, struct slice name, char out[DATE_BYTES])
{
    if (line.len <= name.len || strncasecmp(line.data, name.data, name.len) != 0) {
        return;
    }
    struct slice value = slice_trim(slice_make(line.data + name.len, line.len - name.len));
    size_t len = value.len < DATE_BYTES ? value.len : 0;
    memcpy(out, value.data, len);
    out[len] = '\0';
}

static void keep_head_line(struct http_exchange *exchange, struct slice line)
{
    if (slice_has_prefix(line, SLICE("HTTP/"))) {
        exchange->has_head = false; /* after 100 Continue and the like comes another head */
        exchange->date[0] = '\0';
        exchange->retry_after[0] = '\0';
    } else if (line.len > 0 && (line.data[0] == '\r' || line.data[0] == '\n')) {
        exchange->has_head = true;
    } else {
        keep_value(line, SLICE("Date:"), exchange->date);
        keep_value(line, SLICE("Retry-After:"), exchange->retry_after);
    }
}

/* libcurl takes an answer whose head breaks off for one without a body. A success that nobody has
 * finished saying is none, so look for the empty line. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    size_t n = size * count;
    keep_head_line(context, slice_make(bytes, n));
    return n;
}

static void set_tls(CURL *easy, const struct http_settings *settings)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (settings->certificate_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, settings->certificate_file);
    }
    if (settings->key_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_SSLKEY, settings->key_file);
    }
}

static void set_request(CURL *easy, const struct http_client *client)
{
    const struct http_settings *settings = &client->settings;
    long timeout_ms = (long)settings->timeout_ms;
    curl_easy_setopt(easy, CURLOPT_URL, settings->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     timeout_ms > 0 && timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms
                                                                       : CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
    if (settings->proxy != NULL) {
        curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy);
    }
}

static void on_done(struct curl_task *task, int result);

struct http_exchange *http_exchange_new(struct http_client *client, http_done_fn *done,
                                        void *context)
{
    struct http_exchange *exchange = mem_alloc(sizeof(*exchange));
    CURL *easy = curl_easy_init();
    ENSURE(easy != NULL);
    exchange->task.easy = easy;
    exchange->task.done = on_done;
    exchange->client = client;
    exchange->done = done;
    exchange->context = context;
    buf_init(&exchange->answer, client->settings.response_bytes_max);
    set_request(easy, client);
    set_tls(easy, &client->settings);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->curl_error);
    return exchange;
}

void http_exchange_free(struct http_exchange *exchange)
{
    if (exchange != NULL) {
        if (exchange->is_running) {
            curl_loop_stop(exchange->client->curl_loop, &exchange->task);
        }
        curl_easy_cleanup(exchange->task.easy);
        buf_fini(&exchange->answer);
        free(exchange->redirect);
        free(exchange);
    }
}

void http_exchange_start(struct http_exchange *exchange, struct slice body)
{
    ENSURE(!exchange->is_running);
    exchange->is_running = true;
    exchange->is_cut = false;
    exchange->has_head = false;
    exchange->date[0] = '\0';
    exchange->retry_after[0] = '\0';
    exchange->curl_error[0] = '\0';
    buf_clear(&exchange->answer);
    /* A pointer only: libcurl sends from our memory. Without one it would read from standard input. */
    curl_easy_setopt(exchange->task.easy, CURLOPT_POSTFIELDS, body.len > 0 ? body.data : "");
    curl_easy_setopt(exchange->task.easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_loop_start(exchange->client->curl_loop, &exchange->task);
}

/* Why the certificate is not believed, by OpenSSL's code. libcurl itself looks at the names in it, before
 * it asks for that: it is what libcurl begins with then. */
static const char *advise_certificate(const struct http_exchange *exchange)
{
    enum { NOT_ASKED = 1, NOT_YET_VALID = 9, EXPIRED = 10, WRONG_NAME = 62 };
    long why = NOT_ASKED;
    curl_easy_getinfo(exchange->task.easy, CURLINFO_SSL_VERIFYRESULT, &why);
    switch (why) {
    case NOT_ASKED:
    case WRONG_NAME:
        return "the certificate is for another host: the endpoint's host must be one of the names "
               "in it";
    case NOT_YET_VALID:
    case EXPIRED:
        return "the certificate is expired or not yet valid: renew it, or set this machine's clock";
    default:
        return "the certificate's authority is unknown: if it is your own CA, set ca_file";
    }
}

static const char *explain(struct http_exchange *exchange, CURLcode code)
{
    const char *what =
        exchange->curl_error[0] != '\0' ? exchange->curl_error : curl_easy_strerror(code);
    const char *advice = NULL;
    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        advice = advices[i].code == code ? advices[i].text : advice;
    }
    advice = code == CURLE_PEER_FAILED_VERIFICATION ? advise_certificate(exchange) : advice;
    snprintf(exchange->error, sizeof(exchange->error), "%s%s%s%s", what, advice != NULL ? " (" : "",
             advice != NULL ? advice : "", advice != NULL ? ")" : "");
    return exchange->error;
}

/* A refusal is believed even if it broke off: a far end that finds a request too large may say so
 * and close before it has read it all. Success is not, unless it was us who broke it off. */
static int effective_result(const struct http_exchange *exchange, int result, long status)
{
    if (result == CURLE_OK && !exchange->has_head) {
        return CURLE_WEIRD_SERVER_REPLY;
    }
    return exchange->is_cut || (exchange->has_head && status >= 400) ? CURLE_OK : result;
}

/* Where it points, if that is told; the exchange keeps it. */
static const char *read_redirect(struct http_exchange *exchange)
{
    char *target = NULL;
    free(exchange->redirect);
    exchange->redirect = NULL;
    curl_easy_getinfo(exchange->task.easy, CURLINFO_REDIRECT_URL, &target);
    if (target != NULL) {
        char *error = check_url(target, &exchange->redirect);
        free(error); /* what is no URL of HTTP is not told */
    }
    return exchange->redirect;
}

static bool has_sent(CURL *easy)
{
    curl_off_t bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &bytes);
    return bytes > 0;
}

/* A time is meant by the clock of who names it, which the answer's Date tells: ours may be an hour off.
 * Without one nobody knows, so it is at most as long as we would wait of ourselves. */
static uint64_t read_retry_after_ms(const struct http_exchange *exchange)
{
    const char *text = exchange->retry_after;
    if (text[0] >= '0' && text[0] <= '9') {
        uint64_t seconds = strtoull(text, NULL, 10);
        return seconds < UINT64_MAX / 1000 ? seconds * 1000 : UINT64_MAX;
    }
    uint64_t longest_ms = exchange->client->settings.wait_max_ms;
    time_t until = curl_getdate(text, NULL);
    time_t now = curl_getdate(exchange->date, NULL);
    bool is_own_clock = now < 0;
    now = is_own_clock ? time(NULL) : now;
    uint64_t wait_ms = until > now ? (uint64_t)(until - now) * 1000 : 0;
    return is_own_clock && wait_ms > longest_ms ? longest_ms : wait_ms;
}

static void on_done(struct curl_task *task, int result)
{
    struct http_exchange *exchange = container_of(task, struct http_exchange, task);
    struct http_answer answer = {.is_cut = exchange->is_cut || result != CURLE_OK};
    char *content_type = NULL;
    exchange->is_running = false;
    curl_easy_getinfo(task->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(task->easy, CURLINFO_CONTENT_TYPE, &content_type);
    result = effective_result(exchange, result, answer.status);
    if (result != CURLE_OK) {
        answer.status = 0;
        answer.error_code = result;
        answer.error = explain(exchange, (CURLcode)result);
        answer.is_late = result == CURLE_OPERATION_TIMEDOUT && has_sent(task->easy);
        answer.is_foreign = result == CURLE_UNSUPPORTED_PROTOCOL;
    }
    answer.redirect = read_redirect(exchange);
    answer.content_type = slice_from_string(content_type);
    answer.body = buf_slice(&exchange->answer);
    answer.retry_after_ms = read_retry_after_ms(exchange);
    exchange->done(exchange->context, &answer);
}
