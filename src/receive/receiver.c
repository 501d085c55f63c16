/* SPDX-License-Identifier: Apache-2.0 */
#include "receive/receiver.h"

/*
 * One request at a time, from its bytes to its answer; nothing is kept between two but memory.
 *
 *     body → encoding undone → decoded and checked → one line → written → tallied → 200
 *
 * Each step may refuse, and the first that does answers. What is on disk is whole: a line that
 * could only be written in part is cut off again.
 */

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/http_server.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/uncompress.h"
#include "otlp.pb-c.h"
#include "otlp/decode.h"
#include "otlp/measure.h"
#include "otlp/write_json.h"

enum {
    CONNECTIONS_MAX = 512,
    IDLE_TIMEOUT_MS = 120 * 1000,
    REQUEST_BYTES_MAX = 64 * 1024, /* its headers, or a piece of its body */
    ANSWERS_BYTES_MAX = 8 << 20,
    BODIES_FACTOR = 4,  /* all bodies in hand, in units of the largest one */
    DECODED_FACTOR = 8, /* memory for what a body decodes to */
    LINE_FACTOR = 16,   /* a body's line of JSON, at most */
    RETRY_AFTER_S = 1,
    KEPT_BYTES_MAX = 64 << 20, /* a buffer larger than this is given back after its request */
};

/* google.rpc.Code */
enum rpc_code {
    RPC_INVALID_ARGUMENT = 3,
    RPC_RESOURCE_EXHAUSTED = 8,
    RPC_UNAVAILABLE = 14,
};

struct receiver {
    struct http_server *server;
    struct decoder *decoder;
    struct uncompressor *uncompressor;
    const struct log *log;
    int out_fd;
    bool is_deaf;
    struct buf plain; /* the body, its content encoding undone */
    struct buf line;
    struct tally tally;
};

/* ---- answers ---- */

static void answer_text(struct http_answer *answer, unsigned status, const char *text)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    buf_append_string(&answer->body, text);
    buf_append_string(&answer->body, "\n");
}

static const char *content_type_name(enum content_type type)
{
    return type == CONTENT_PROTOBUF ? "application/x-protobuf" : "application/json";
}

static void write_status(struct buf *out, enum content_type type, enum rpc_code code,
                         const char *text)
{
    if (type == CONTENT_JSON) {
        buf_append_format(out, "{\"code\":%d,\"message\":", (int)code);
        json_write_string(out, slice_from_string(text));
        buf_append_string(out, "}");
        return;
    }
    Otlp__Status status = OTLP__STATUS__INIT;
    status.code = (int32_t)code;
    status.message = (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
    size_t len = otlp__status__get_packed_size(&status);
    if (buf_reserve(out, len)) {
        out->len += otlp__status__pack(&status, (uint8_t *)out->data + out->len);
    }
}

/* A refusal as OTLP/HTTP wants it: a google.rpc.Status in the type of the request. */
static bool refuse(struct http_answer *answer, unsigned status, enum content_type type,
                   enum rpc_code code, const char *text)
{
    answer->status = status;
    answer->content_type = content_type_name(type);
    answer->retry_after_s = status == 503 ? RETRY_AFTER_S : 0;
    write_status(&answer->body, type, code, text);
    return false;
}

/* An ExportLogsServiceResponse without partial success: all of it was taken. */
static void accept_request(struct http_answer *answer, enum content_type type)
{
    answer->status = 200;
    answer->content_type = content_type_name(type);
    if (type == CONTENT_JSON) {
        buf_append_string(&answer->body, "{}");
    }
}

/* ---- writing ---- */

/* True if all of it was written; a part is taken back where the file allows it. */
static bool write_all(int fd, struct slice bytes)
{
    off_t before = lseek(fd, 0, SEEK_END);
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);
        if (n < 0 && errno != EINTR) {
            int error = errno;
            if (done > 0 && before >= 0) {
                int ignored = ftruncate(fd, before);
                (void)ignored;
            }
            errno = error;
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool keep_line(struct receiver *receiver, enum content_type type,
                      const Otlp__ExportLogsServiceRequest *request, struct http_answer *answer)
{
    buf_clear(&receiver->line);
    if (!write_request(&receiver->line, request)) {
        return refuse(answer, 413, type, RPC_RESOURCE_EXHAUSTED,
                      "the request is too large to be written as JSON");
    }
    if (!write_all(receiver->out_fd, buf_slice(&receiver->line))) {
        receiver->is_deaf = errno == EPIPE;
        log_event(receiver->log, LOG_ERROR, "cannot write received logs: %s; answered 503",
                  strerror(errno));
        return refuse(answer, 503, type, RPC_UNAVAILABLE, "the receiver cannot write its file");
    }
    return true;
}

/* ---- a request ---- */

static bool count_only(struct receiver *receiver, struct slice body, struct http_answer *answer)
{
    struct wire_counts counts;
    if (wire_count(body, &counts) != WIRE_OK) {
        return refuse(answer, 400, CONTENT_PROTOBUF, RPC_INVALID_ARGUMENT,
                      "the body is not a protobuf ExportLogsServiceRequest");
    }
    receiver->tally.records += counts.records;
    receiver->tally.traced += counts.traced;
    return true;
}

static bool take_plain(struct receiver *receiver, enum content_type type, struct slice body,
                       struct http_answer *answer)
{
    if (receiver->out_fd < 0 && type == CONTENT_PROTOBUF) {
        return count_only(receiver, body, answer);
    }
    Otlp__ExportLogsServiceRequest *request = NULL;
    enum decode_result result = decoder_read(receiver->decoder, type, body, &request);
    if (result != DECODE_OK) {
        bool is_large = result == DECODE_TOO_LARGE;
        return refuse(answer, is_large ? 413 : 400, type,
                      is_large ? RPC_RESOURCE_EXHAUSTED : RPC_INVALID_ARGUMENT,
                      decoder_error(receiver->decoder));
    }
    if (receiver->out_fd >= 0 && !keep_line(receiver, type, request, answer)) {
        return false;
    }
    tally_add(&receiver->tally, request);
    return true;
}

static bool take_compressed(struct receiver *receiver, enum content_type type,
                            enum content_encoding encoding, struct slice body,
                            struct http_answer *answer)
{
    switch (uncompress(receiver->uncompressor, encoding, body, &receiver->plain)) {
    case UNCOMPRESS_OK:
        return take_plain(receiver, type, buf_slice(&receiver->plain), answer);
    case UNCOMPRESS_MALFORMED:
        return refuse(answer, 400, type, RPC_INVALID_ARGUMENT,
                      "the body is not what its Content-Encoding says");
    case UNCOMPRESS_TOO_LARGE:
        break;
    }
    return refuse(answer, 413, type, RPC_RESOURCE_EXHAUSTED,
                  "the body is over the limit when its Content-Encoding is undone");
}

/* The media type without its parameters. */
static bool find_content_type(const char *header, enum content_type *out)
{
    struct slice name = slice_from_string(header);
    const char *semicolon = name.len > 0 ? memchr(name.data, ';', name.len) : NULL;
    if (semicolon != NULL) {
        name.len = (size_t)(semicolon - name.data);
    }
    name = slice_trim(name);
    if (slice_is_equal_nocase(name, SLICE("application/x-protobuf"))) {
        *out = CONTENT_PROTOBUF;
        return true;
    }
    *out = CONTENT_JSON;
    return slice_is_equal_nocase(name, SLICE("application/json"));
}

static bool take_request(struct receiver *receiver, const struct http_request *request,
                         struct http_answer *answer)
{
    enum content_type type;
    if (!find_content_type(http_request_header(request, "Content-Type"), &type)) {
        answer_text(answer, 415,
                    "the Content-Type must be application/x-protobuf or application/json");
        return false;
    }
    enum content_encoding encoding =
        content_encoding_from_name(http_request_header(request, "Content-Encoding"));
    if (encoding == ENCODING_UNKNOWN) {
        return refuse(answer, 415, type, RPC_INVALID_ARGUMENT,
                      "the Content-Encoding must be gzip, zstd or identity");
    }
    if (request->body_state == HTTP_BODY_TOO_LARGE) {
        return refuse(answer, 413, type, RPC_RESOURCE_EXHAUSTED, "the body is over the limit");
    }
    if (request->body_state == HTTP_BODY_NO_ROOM) {
        return refuse(answer, 503, type, RPC_UNAVAILABLE, "too many concurrent requests");
    }
    bool is_taken = encoding == ENCODING_IDENTITY
                        ? take_plain(receiver, type, request->body, answer)
                        : take_compressed(receiver, type, encoding, request->body, answer);
    if (is_taken) {
        accept_request(answer, type);
    }
    return is_taken;
}

static void trim(struct buf *buf)
{
    if (buf->cap > KEPT_BYTES_MAX) {
        buf_fini(buf);
    }
}

static void take_logs(struct receiver *receiver, const struct http_request *request,
                      struct http_answer *answer)
{
    if (strcmp(request->method, "POST") != 0) {
        answer->allow = "POST";
        answer_text(answer, 405, "logs are sent with POST");
        return;
    }
    if (take_request(receiver, request, answer)) {
        receiver->tally.requests++;
        receiver->tally.body_bytes += request->body.len;
    } else {
        receiver->tally.refused++;
    }
    trim(&receiver->plain);
    trim(&receiver->line);
}

static void tell_health(const struct http_request *request, struct http_answer *answer)
{
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        answer->allow = "GET, HEAD";
        answer_text(answer, 405, "use GET");
        return;
    }
    answer_text(answer, 200, "ok");
}

static void handle(void *context, const struct http_request *request, struct http_answer *answer)
{
    if (strcmp(request->path, "/v1/logs") == 0) {
        take_logs(context, request, answer);
    } else if (strcmp(request->path, "/healthz") == 0) {
        tell_health(request, answer);
    } else {
        answer_text(answer, 404, "there is /v1/logs and /healthz");
    }
}

/* ---- clients ---- */

static void count_limit(void *context, enum http_limit limit)
{
    struct receiver *receiver = context;
    struct tally *tally = &receiver->tally;
    switch (limit) {
    case HTTP_LIMIT_TIME:
        tally->late++;
        break;
    case HTTP_LIMIT_PLACES:
    case HTTP_LIMIT_ANSWERS:
        tally->displaced++;
        break;
    case HTTP_LIMIT_HOST:
        tally->refused++;
        break;
    }
    if (tally->late + tally->displaced == 1) {
        log_event(receiver->log, LOG_WARN,
                  "a connection was closed: %s (logged once; the final counts have the number)",
                  limit == HTTP_LIMIT_TIME ? "its request did not come in time"
                                           : "new connections displaced it");
    }
}

struct receiver *receiver_open(const struct receiver_settings *settings, struct ev_loop *loop,
                               char **out_error)
{
    struct receiver *receiver = mem_alloc(sizeof(*receiver));
    const struct http_server_settings http = {
        .listen = settings->listen,
        .body_bytes_max = settings->body_bytes_max,
        .bodies_bytes_max = settings->body_bytes_max * BODIES_FACTOR,
        .answers_bytes_max = ANSWERS_BYTES_MAX,
        .connection_bytes_max = REQUEST_BYTES_MAX,
        .connections_max = CONNECTIONS_MAX,
        .peer_connections_max = CONNECTIONS_MAX / 2,
        .request_timeout_ms = settings->request_timeout_ms,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .handle = handle,
        .limit_hit = count_limit,
        .context = receiver,
    };
    receiver->server = http_server_open(&http, loop, out_error);
    if (receiver->server == NULL) {
        free(receiver);
        return NULL;
    }
    receiver->log = settings->log;
    receiver->out_fd = settings->out_fd;
    receiver->decoder = decoder_new(settings->body_bytes_max * DECODED_FACTOR);
    receiver->uncompressor = uncompressor_new();
    buf_init(&receiver->plain, settings->body_bytes_max);
    buf_init(&receiver->line, settings->body_bytes_max * LINE_FACTOR);
    tally_init(&receiver->tally);
    return receiver;
}

void receiver_close(struct receiver *receiver)
{
    if (receiver == NULL) {
        return;
    }
    http_server_close(receiver->server);
    decoder_free(receiver->decoder);
    uncompressor_free(receiver->uncompressor);
    buf_fini(&receiver->plain);
    buf_fini(&receiver->line);
    tally_fini(&receiver->tally);
    free(receiver);
}

const char *receiver_address(const struct receiver *receiver)
{
    return http_server_address(receiver->server);
}

struct tally *receiver_tally(struct receiver *receiver)
{
    return &receiver->tally;
}

bool receiver_is_deaf(const struct receiver *receiver)
{
    return receiver->is_deaf;
}
