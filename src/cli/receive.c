/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/cli.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "cli/options.h"
#include "receive/receiver.h"

enum {
    BODY_MIB_DEFAULT = 64, /* what the OTLP specification recommends */
    BODY_BYTES_MAX = 1 << 30,
    REQUEST_TIMEOUT_MS_DEFAULT = 10 * 1000,
    OUT_MODE = 0600, /* logs are not for everybody */
};

struct arguments {
    const char *listen;
    const char *out;
    bool discard;
    uint64_t max_body;
    uint64_t request_timeout;
    unsigned format;
};

enum {
    FORMAT_TEXT_TABLE,
    FORMAT_JSON_OBJECT
};

static const char *const formats[] = {"text", "json", NULL};

static const struct cli_option options[] = {
    {"listen", 'l', CLI_TEXT, offsetof(struct arguments, listen), "ADDRESS:PORT",
     "where to listen (127.0.0.1:4318); port 0 takes a free one"},
    {"out", 'o', CLI_TEXT, offsetof(struct arguments, out), "FILE",
     "append the lines to FILE, before each request is answered (default -, standard output)"},
    {"discard", 0, CLI_FLAG, offsetof(struct arguments, discard), NULL,
     "only count requests and records; for measurements"},
    {"max-body", 0, CLI_SIZE, offsetof(struct arguments, max_body), NULL,
     "maximum size of a request, before or after decompression (64MiB)"},
    {"request-timeout", 0, CLI_DURATION, offsetof(struct arguments, request_timeout), NULL,
     "timeout of a request; a body gets one more second for every 64 KiB (10s)"},
    {"format", 'f', CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "format of the final counts (text)", formats},
    {0},
};

struct receive {
    struct receiver *receiver;
    struct ev_loop *loop;
    ev_signal interrupt;
    ev_signal terminate;
    ev_timer tick;
    bool shows_progress;
};

/* The descriptor to write lines to, -1 for none; false if it cannot be opened. */
static bool open_out(const struct arguments *arguments, int *out_fd)
{
    bool is_stdout = arguments->out == NULL || strcmp(arguments->out, "-") == 0;
    if (arguments->discard || is_stdout) {
        *out_fd = arguments->discard ? -1 : STDOUT_FILENO;
        return true;
    }
    *out_fd = open(arguments->out, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, OUT_MODE);
    if (*out_fd < 0) {
        shown_print(stderr, "clew receive: cannot open %s: %s\n", arguments->out, strerror(errno));
    }
    return *out_fd >= 0;
}

static void when_signalled(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void when_ticking(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)events;
    struct receive *receive = container_of(watcher, struct receive, tick);
    const struct tally *tally = receiver_tally(receive->receiver);
    if (receive->shows_progress && tally->requests + tally->refused > 0) {
        fprintf(stderr, "\r%" PRIu64 " records in %" PRIu64 " requests, %.1f %% with a trace id ",
                tally->records, tally->requests,
                100.0 * tally_coverage(tally->traced, tally->records));
    }
    if (receiver_is_deaf(receive->receiver)) {
        ev_break(loop, EVBREAK_ALL);
    }
}

static void run_loop(struct receive *receive)
{
    ev_signal_init(&receive->interrupt, when_signalled, SIGINT);
    ev_signal_init(&receive->terminate, when_signalled, SIGTERM);
    ev_timer_init(&receive->tick, when_ticking, 0.5, 0.5);
    ev_signal_start(receive->loop, &receive->interrupt);
    ev_signal_start(receive->loop, &receive->terminate);
    ev_timer_start(receive->loop, &receive->tick);
    ev_run(receive->loop, 0);
    ev_timer_stop(receive->loop, &receive->tick);
    ev_signal_stop(receive->loop, &receive->terminate);
    ev_signal_stop(receive->loop, &receive->interrupt);
    if (receive->shows_progress) {
        fputs("\n", stderr);
    }
}

static int serve(struct receive *receive, const struct arguments *arguments, int out_fd)
{
    const struct log log = {.fd = STDERR_FILENO, .level = LOG_INFO};
    const struct receiver_settings settings = {
        .listen = arguments->listen,
        .body_bytes_max = (size_t)arguments->max_body,
        .request_timeout_ms = arguments->request_timeout,
        .out_fd = out_fd,
        .log = &log,
    };
    char *error = NULL;
    receive->receiver = receiver_open(&settings, receive->loop, &error);
    if (receive->receiver == NULL) {
        shown_print(stderr, "clew receive: %s\n", error);
        free(error);
        return EXIT_FAILED;
    }
    shown_print(stderr, "listening on http://%s\n", receiver_address(receive->receiver));
    fflush(stderr);
    run_loop(receive);
    FILE *out = out_fd == STDOUT_FILENO ? stderr : stdout;
    struct tally *tally = receiver_tally(receive->receiver);
    (arguments->format == FORMAT_JSON_OBJECT ? tally_print_json : tally_print)(tally, out);
    int status = receiver_is_deaf(receive->receiver) || fflush(out) != 0 ? EXIT_FAILED : EXIT_GOOD;
    receiver_close(receive->receiver);
    return status;
}

static int receive_logs(const struct arguments *arguments)
{
    int out_fd = -1;
    if (!open_out(arguments, &out_fd)) {
        return EXIT_FAILED;
    }
    /* A reader that goes away is an error of write(2), not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    struct receive receive = {.shows_progress = isatty(STDERR_FILENO) == 1};
    receive.loop = ev_loop_new(EVFLAG_AUTO);
    ENSURE(receive.loop != NULL);
    int status = serve(&receive, arguments, out_fd);
    ev_loop_destroy(receive.loop);
    if (out_fd > STDERR_FILENO) {
        close(out_fd);
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {
        .listen = "127.0.0.1:4318",
        .max_body = (uint64_t)BODY_MIB_DEFAULT << 20,
        .request_timeout = REQUEST_TIMEOUT_MS_DEFAULT,
    };
    struct cli_texts operands;
    int status = EXIT_GOOD;
    if (cli_parse(&command_receive, argc, argv, &arguments, &operands, 0, &status)) {
        if (arguments.max_body == 0 || arguments.max_body > BODY_BYTES_MAX) {
            status = cli_usage_error(&command_receive, "--max-body is at most 1GiB, and not 0");
        } else if (arguments.request_timeout == 0) {
            status = cli_usage_error(&command_receive, "--request-timeout is not 0");
        } else if (arguments.discard && arguments.out != NULL) {
            status = cli_usage_error(&command_receive, "--out and --discard cannot be used together");
        } else {
            status = receive_logs(&arguments);
        }
    }
    cli_texts_free(&operands);
    return status;
}

const struct command command_receive = {
    .name = "receive",
    .summary = "a minimal OTLP/HTTP receiver that writes OTLP/JSON lines",
    .usage =
        "usage: clew receive [--listen ADDRESS:PORT] [--out FILE | --discard]\n"
        "\n"
        "Receives logs by OTLP/HTTP (POST /v1/logs; protobuf or JSON, plain, gzip or zstd) "
        "and\n"
        "writes one line of OTLP/JSON per request, until SIGINT or SIGTERM; then it prints "
        "the\n"
        "number of records per service and how many have a trace id, to standard output, or "
        "to\n"
        "standard error if the lines go to standard output. The first line on standard error "
        "is\n"
        "the address that it listens on. To ship to it:\n"
        "\n"
        "  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 clew run\n",
    .options = options,
    .run = run,
};
