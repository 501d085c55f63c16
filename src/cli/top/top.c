/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `clew top`: asks a running clew for its numbers, again and again, and shows them.
 *
 * On a terminal it draws over the last look, on the alternate screen; n and p turn the page of services,
 * q or Ctrl-C ends it. Into a file or pipe it prints one look. It asks for no more than it shows: a node
 * may have ten thousand services.
 */

#include "base/shown.h"
#include "cli/cli.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "cli/config_options.h"
#include "cli/http_get.h"
#include "cli/top/screen.h"
#include "config/config.h"

enum { ROWS_DEFAULT = 40, INTERVAL_MS_MIN = 100, SERVICES_MAX = 500 };

enum view {
    VIEW_TEXT,
    VIEW_JSON,
};

struct arguments {
    struct config_arguments config;
    const char *endpoint;
    uint64_t interval_ms;
    unsigned format;
    bool once;
};

static const char *const formats[] = {"text", "json", NULL};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"endpoint", 'e', CLI_TEXT, offsetof(struct arguments, endpoint), "ADDRESS:PORT",
     "address of the clew to watch (default: control.listen of the config)", NULL},
    {"interval", 'i', CLI_DURATION, offsetof(struct arguments, interval_ms), NULL,
     "refresh interval (default: 2s)", NULL},
    {"once", '1', CLI_FLAG, offsetof(struct arguments, once), NULL,
     "print one snapshot and exit (the default if stdout is not a terminal)", NULL},
    {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "json: one object per refresh, each on one line", formats},
    {0},
};

struct top {
    const struct arguments *arguments;
    char *endpoint; /* http://address:port */
    struct buf metrics;
    struct buf coverage;
    struct top_before before;
    size_t offset; /* of the page: services that are worse than its first */
    size_t shown;  /* how many it has */
};

/* False: *out_error is a sentence that the caller frees. */
static bool get(struct top *top, const char *path, struct buf *out, char **out_error)
{
    char *url = mem_format("%s%s", top->endpoint, path);
    char *error = NULL;
    bool is_good = http_get(url, out, &error);
    if (!is_good) {
        *out_error = mem_format("cannot read %s: %s; check that `clew run` is running, and that its "
                                "control.listen is this address",
                                url, error);
    }
    free(error);
    free(url);
    return is_good;
}

static int screen_rows(bool is_screen)
{
    struct winsize size = {0};
    if (!is_screen) {
        return INT32_MAX;
    }
    bool has_size = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    return has_size ? size.ws_row : ROWS_DEFAULT;
}

static bool get_page(struct top *top, char **out_error)
{
    char *path = mem_format("/coverage?limit=%zu&offset=%zu", top->shown, top->offset);
    bool is_good = get(top, path, &top->coverage, out_error);
    free(path);
    return is_good;
}

/* One look, printed to `out`. False as above. */
static bool look_once(struct top *top, bool is_screen, FILE *out, char **out_error)
{
    int rows = screen_rows(is_screen);
    size_t shown = top_services_shown(rows);
    top->shown = shown < SERVICES_MAX ? shown : SERVICES_MAX;
    if (!get(top, "/metrics?services=off", &top->metrics, out_error) || !get_page(top, out_error)) {
        return false;
    }
    const struct top_look look = {
        .endpoint = top->endpoint + strlen("http://"),
        .metrics = top->metrics.data,
        .coverage = top->coverage.data,
        .time_s = (double)clock_monotonic_ns() / 1e9,
        .real_s = (double)clock_realtime_ns() / 1e9,
    };
    bool is_clew = top->arguments->format == VIEW_JSON
                       ? top_print_json(&look, out)
                       : top_print_text(&look, &top->before, rows,
                                        cli_has_colour(STDOUT_FILENO), out);
    if (!is_clew) {
        *out_error = mem_format("the server at %s is not clew", top->endpoint);
    }
    return is_clew;
}

/* All of a look in one write, or the screen would flicker. On a screen what went wrong is shown there,
 * for clew may come back; else it is an error. */
static bool draw(struct top *top, bool is_screen)
{
    char *text = NULL;
    size_t len = 0;
    char *error = NULL;
    FILE *out = open_memstream(&text, &len);
    ENSURE(out != NULL);
    bool is_good = look_once(top, is_screen, out, &error);
    fclose(out);
    fputs(is_screen ? "\033[H\033[2J" : "", stdout);
    if (is_good) {
        fwrite(text, 1, len, stdout);
    } else {
        shown_print(is_screen ? stdout : stderr, "clew top: %s\n", error);
    }
    fflush(stdout);
    free(error);
    free(text);
    return is_good;
}

/* ---- the terminal ---- */

static void turn_page(struct top *top, char key)
{
    if (key == 'n') {
        top->offset += top->shown;
    } else if (key == 'p') {
        top->offset -= top->shown < top->offset ? top->shown : top->offset;
    }
}

/* True: it is time for the next look. False: a signal, a q, or nobody types any more. */
static bool wait_for_next(struct top *top, int signals, int interval_ms)
{
    struct pollfd polls[] = {{.fd = signals, .events = POLLIN},
                             {.fd = isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN}};
    char key = 0;
    if (poll(polls, ARRAY_LEN(polls), interval_ms) <= 0) {
        return true;
    }
    if (polls[0].revents != 0) {
        struct signalfd_siginfo info; /* taken, or it would end us once it is let through */
        return read(signals, &info, sizeof(info)) < 0;
    }
    if (read(STDIN_FILENO, &key, 1) != 1) {
        return false;
    }
    turn_page(top, key);
    return key != 'q' && key != 'Q';
}

static int block_signals(sigset_t *out_old)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, out_old);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static int look_again_and_again(struct top *top, bool is_screen)
{
    sigset_t old;
    struct termios was;
    int interval_ms = (int)top->arguments->interval_ms;
    int signals = block_signals(&old);
    bool has_keys = is_screen && tcgetattr(STDIN_FILENO, &was) == 0;
    if (has_keys) {
        struct termios raw = was;
        raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    bool is_good = draw(top, false); /* where nobody answers, no screen is opened */
    bool goes_on = is_good;
    if (is_screen && is_good) {
        fputs("\033[?1049h\033[?25l", stdout);
        draw(top, true);
    }
    while (goes_on && wait_for_next(top, signals, interval_ms)) {
        is_good = draw(top, is_screen);
        goes_on = is_good || is_screen;
    }
    if (is_screen && goes_on) {
        fputs("\033[?25h\033[?1049l", stdout);
        fflush(stdout);
    }
    if (has_keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &was);
    }
    close(signals);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return goes_on ? EXIT_GOOD : EXIT_FAILED;
}

/* Who listens on every address of IPv6 listens on those of IPv4 too, which a kernel without IPv6 has. */
static char *make_endpoint(const char *address)
{
    static const char any[] = "[::]:";
    bool has_scheme = strncmp(address, "http://", 7) == 0;
    const char *rest = has_scheme ? address + 7 : address;
    bool is_any = strncmp(rest, any, strlen(any)) == 0;
    char *endpoint = is_any ? mem_format("http://127.0.0.1:%s", rest + strlen(any))
                            : mem_format("http://%s", rest);
    size_t len = strlen(endpoint);
    while (len > 0 && endpoint[len - 1] == '/') {
        endpoint[--len] = '\0';
    }
    return endpoint;
}

static int show(const struct arguments *arguments, const char *address)
{
    bool is_terminal = isatty(STDOUT_FILENO) != 0;
    struct top top = {.arguments = arguments, .endpoint = make_endpoint(address)};
    buf_init(&top.metrics, HTTP_GET_BYTES_MAX);
    buf_init(&top.coverage, HTTP_GET_BYTES_MAX);
    int status;
    if (arguments->once || (!is_terminal && arguments->format == VIEW_TEXT)) {
        status = draw(&top, false) ? EXIT_GOOD : EXIT_FAILED;
    } else {
        status = look_again_and_again(&top, is_terminal && arguments->format == VIEW_TEXT);
    }
    buf_fini(&top.metrics);
    buf_fini(&top.coverage);
    free(top.endpoint);
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {.interval_ms = 2000};
    struct cli_texts none = {0};
    int status = EXIT_USAGE;
    if (cli_parse(&command_top, argc, argv, &arguments, &none, 0, &status)) {
        const char *const no_paths[] = {"/", NULL}; /* nothing is read: the config need not say what */
        struct settings *settings = config_arguments_load(&arguments.config, no_paths);
        const char *address = arguments.endpoint;
        if (settings == NULL) {
            status = EXIT_USAGE;
        } else if (arguments.interval_ms < INTERVAL_MS_MIN || arguments.interval_ms > INT32_MAX) {
            status = cli_usage_error(&command_top, "--interval is from 100ms to 24d");
        } else if (address == NULL && strcmp(settings->control.listen, "off") == 0) {
            status = cli_usage_error(&command_top, "control.listen is off in the config; name the "
                                                   "address with --endpoint");
        } else {
            status = show(&arguments, address != NULL ? address : settings->control.listen);
        }
        settings_free(settings);
    }
    cli_texts_free(&arguments.config.sets);
    cli_texts_free(&none);
    return status;
}

const struct command command_top = {
    .name = "top",
    .summary = "watch a running clew: rates, problems, coverage by service",
    .usage = "usage: clew top [-c FILE] [--endpoint ADDRESS:PORT] [--interval TIME] [--once]\n"
             "                [--format text|json]\n"
             "\n"
             "Reads the HTTP endpoint of a running clew (control.listen) and shows what it reads "
             "and\n"
             "sends, its problems, and the coverage of each service over one minute, five minutes, "
             "an\n"
             "hour and since its start, the worst first. n and p turn the page, q quits. At most "
             "500\n"
             "services are shown at once; /coverage?offset=500 has the next.\n",
    .options = options,
    .run = run,
};
