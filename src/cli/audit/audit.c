/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shown.h"
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "audit/audit.h"
#include "audit/baseline.h"
#include "audit/json.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/audit/pods.h"
#include "cli/audit/views.h"
#include "cli/config_options.h"
#include "cli/file_list.h"
#include "cli/options.h"
#include "cli/read_lines.h"
#include "config/config.h"
#include "daemon/pipeline.h"
#include "kubernetes/lookup.h"
#include "kubernetes/pod_file.h"
#include "parsers/assembler.h"

enum view {
    VIEW_TABLE,
    VIEW_JSON,
    VIEW_MARKDOWN,
    VIEW_HTML,
};

enum {
    SAMPLE_BYTES_MAX = 2 * 1024 * 1024,
    PROGRESS_BYTES_MIN = 16 * 1024 * 1024, /* less is done before anybody would read it */
    PROGRESS_INTERVAL_MS = 200,
    FOLLOW_POLL_MS = 200,
    SAVED_PODS_MAX = 1000000,
    BASELINE_BYTES_MAX = 256 * 1024 * 1024,
};

static const double not_given = -1;

struct arguments {
    struct config_arguments config;
    unsigned format;
    double min_coverage;
    uint64_t min_records;
    struct cli_texts fail_on;
    struct cli_texts by;
    const char *baseline;
    const char *pods;
    bool kubernetes;
    double margin;
    bool follow;
    uint64_t interval_s;
    bool no_hints;
    bool no_samples;
    bool no_redact;
    bool ids;
    bool quiet;
};

static const char *const formats[] = {"table", "json", "markdown", "html", NULL};

static const struct cli_option options[] = {
    CONFIG_OPTIONS(struct arguments, config),
    {"format", 0, CLI_CHOICE, offsetof(struct arguments, format), NULL,
     "a table, one JSON object, Markdown for a merge request, or one self-contained HTML page",
     formats},
    {"min-coverage", 0, CLI_RATIO, offsetof(struct arguments, min_coverage), "SHARE",
     "minimum coverage of every known traced service, such as 80%; fails if no service is traced",
     NULL},
    {"min-records", 0, CLI_COUNT, offsetof(struct arguments, min_records), "N",
     "do not judge a service with fewer records", NULL},
    {"fail-on", 0, CLI_TEXTS, offsetof(struct arguments, fail_on), "class=NAME[,NAME]",
     "fail if a record has one of these classes", NULL},
    {"by", 0, CLI_TEXTS, offsetof(struct arguments, by), "NAME[,NAME]",
     "break services down by namespace, pod, container, logger, callsite, severity, stream or file; "
     "with --pods or --kubernetes also by node, deployment or workload",
     NULL},
    {"pods", 0, CLI_TEXT, offsetof(struct arguments, pods), "FILE",
     "metadata of the pods: the output of `kubectl get pods -A -o json`, as a file or `-`", NULL},
    {"kubernetes", 0, CLI_FLAG, offsetof(struct arguments, kubernetes), NULL,
     "get the metadata of the pods from the API server or the kubelet (config section kubernetes)", NULL},
    {"baseline", 0, CLI_TEXT, offsetof(struct arguments, baseline), "FILE",
     "an earlier JSON report: exit with 3 if a service got worse", NULL},
    {"margin", 0, CLI_RATIO, offsetof(struct arguments, margin), "SHARE",
     "allowed drop in coverage (default 5%)", NULL},
    {"follow", 'f', CLI_FLAG, offsetof(struct arguments, follow), NULL,
     "print a report repeatedly while standard input is open, and one at its end", NULL},
    {"interval", 0, CLI_COUNT, offsetof(struct arguments, interval_s), "SECONDS",
     "interval of --follow in seconds (default 10)", NULL},
    {"no-hints", 0, CLI_FLAG, offsetof(struct arguments, no_hints), NULL,
     "omit causes and fixes", NULL},
    {"no-samples", 0, CLI_FLAG, offsetof(struct arguments, no_samples), NULL,
     "omit sample lines", NULL},
    {"no-redact", 0, CLI_FLAG, offsetof(struct arguments, no_redact), NULL,
     "show sample lines as they are, secrets included", NULL},
    {"ids", 0, CLI_FLAG, offsetof(struct arguments, ids), NULL,
     "also show the quality of the valid ids: shares that are unsampled, without flags, of 64 bits "
     "or UUIDs, and of the most frequent one",
     NULL},
    {"quiet", 'q', CLI_FLAG, offsetof(struct arguments, quiet), NULL, "show no progress", NULL},
    {0},
};

/* One run over all files. */
struct auditor {
    const struct settings *settings;
    const struct input_settings *input;
    struct counters counters;
    struct pipeline *pipeline;
    struct audit *audit;
    const struct audit_baseline *baseline; /* NULL: none */
    const struct audit_policy *policy;
    const struct arguments *arguments;
    struct pod_store *pods; /* NULL: nothing is known of pods */
    struct multiline_rules *rules; /* NULL: lines are not joined */
    struct assembler *assembler;
    uint64_t sources;
    uint64_t bytes_total;
    uint64_t bytes_before; /* of the files that are done */
    uint64_t started_ns;
    uint64_t shown_ns;
    bool has_progress;
    bool has_end; /* what is being read has a size */
    bool has_failed;
};

/* ---- options ---- */

/* Every name of lists such as `a,b` to `take`; false and a complaint at the first it refuses. */
static bool each_name(const struct cli_texts *texts, const char *option,
                      bool (*take)(void *context, const char *name), void *context)
{
    for (size_t i = 0; i < texts->count; i++) {
        char *copy = mem_string(texts->items[i]);
        char *rest = copy;
        char *name;
        bool is_taken = true;
        while (is_taken && (name = strsep(&rest, ",")) != NULL) {
            is_taken = take(context, name);
            if (!is_taken) {
                cli_usage_error(&command_audit, "--%s: there is no \"%s\"", option, name);
            }
        }
        free(copy);
        if (!is_taken) {
            return false;
        }
    }
    return true;
}

static bool take_class(void *context, const char *name)
{
    static const char prefix[] = "class=";
    bool has_prefix = strncmp(name, prefix, sizeof(prefix) - 1) == 0;
    enum trace_class c = trace_class_from_name(has_prefix ? name + sizeof(prefix) - 1 : name);
    struct audit_policy *policy = context;
    if (c == TRACE_CLASSES) {
        return false;
    }
    policy->fail_on |= 1u << c;
    return true;
}

struct dimensions {
    enum audit_dimension items[AUDIT_DIMENSIONS];
    size_t count;
};

static bool take_dimension(void *context, const char *name)
{
    struct dimensions *dimensions = context;
    for (unsigned d = 0; d < AUDIT_DIMENSIONS; d++) {
        if (strcmp(audit_dimension_names[d], name) == 0) {
            for (size_t i = 0; i < dimensions->count; i++) {
                if (dimensions->items[i] == (enum audit_dimension)d) {
                    return true;
                }
            }
            dimensions->items[dimensions->count++] = (enum audit_dimension)d;
            return true;
        }
    }
    return false;
}

/* ---- lines ---- */

static void count(struct auditor *auditor, const struct framed *framed)
{
    const struct record *record = pipeline_parse(auditor->pipeline, framed, auditor->input->format);
    audit_count(auditor->audit, record);
    audit_count_out(auditor->audit, record);
}

static void take_line(void *context, const struct line *line)
{
    struct auditor *auditor = context;
    struct framed framed;
    enum frame_verdict verdict = assembler_push(auditor->assembler, line, &framed);
    for (; verdict == FRAME_RECORD; verdict = assembler_next(auditor->assembler, &framed)) {
        count(auditor, &framed);
    }
}

static void end_stream(struct auditor *auditor)
{
    struct framed framed;
    while (auditor->assembler != NULL && assembler_flush(auditor->assembler, UINT64_MAX, &framed)) {
        do {
            count(auditor, &framed);
        } while (assembler_next(auditor->assembler, &framed) == FRAME_RECORD);
    }
    assembler_free(auditor->assembler);
    auditor->assembler = NULL;
}

/* `412 of 1100 MB, 301 MB/s, 2 s left`, over and over in the same line; `412.3 MB, 301.0 MB/s` of
 * standard input, whose end nobody knows. */
static bool show_progress(void *context, uint64_t bytes)
{
    struct auditor *auditor = context;
    uint64_t now_ns = clock_monotonic_ns();
    if (now_ns - auditor->shown_ns < PROGRESS_INTERVAL_MS * UINT64_C(1000000)) {
        return true;
    }
    double done = (double)(auditor->bytes_before + bytes);
    double rate = done / ((double)(now_ns - auditor->started_ns) / 1e9);
    double left = rate > 0 ? ((double)auditor->bytes_total - done) / rate : 0;
    auditor->shown_ns = now_ns;
    if (auditor->has_end) {
        fprintf(stderr, "\r\033[K%.0f of %.0f MB, %.0f MB/s, %.0f s left", done / 1e6,
                (double)auditor->bytes_total / 1e6, rate / 1e6, left > 0 ? left : 0);
    } else {
        fprintf(stderr, "\r\033[K%.1f MB, %.1f MB/s", done / 1e6, rate / 1e6);
    }
    return true;
}

static void begin_progress(struct auditor *auditor)
{
    auditor->bytes_before = 0;
    auditor->started_ns = clock_monotonic_ns();
    auditor->shown_ns = auditor->started_ns;
}

static void clear_progress(const struct auditor *auditor)
{
    if (auditor->has_progress && auditor->shown_ns > auditor->started_ns) {
        fputs("\r\033[K", stderr);
    }
}

static void complain(struct auditor *auditor, char *sentence)
{
    clear_progress(auditor);
    shown_print(stderr, "clew audit: %s\n", sentence);
    free(sentence);
    auditor->has_failed = true;
}

static void print_now(struct auditor *auditor);

/* With --follow: a report an interval, as long as there is something new to say or not. */
static bool report_now_and_then(void *context, uint64_t bytes)
{
    (void)bytes;
    struct auditor *auditor = context;
    uint64_t now_ns = clock_monotonic_ns();
    if (now_ns - auditor->shown_ns >= auditor->arguments->interval_s * UINT64_C(1000000000)) {
        auditor->shown_ns = now_ns;
        print_now(auditor);
    }
    return true;
}

/* `path` NULL: standard input. A partial line may still point to the source afterwards: it lives as
 * long as the frame of its stream. */
static void read_file(struct auditor *auditor, const char *path, struct source *source)
{
    const char *service =
        auditor->input->service != NULL ? auditor->input->service : auditor->settings->service;
    char *error = NULL;
    if (source->default_service == NULL) {
        source->default_service = mem_string(service);
    }
    if (auditor->pods != NULL) {
        lookup_source(auditor->pods, source, &auditor->settings->kubernetes, &auditor->counters);
    }
    const struct read_lines_job job = {
        .path = path,
        .source = source,
        .generation = source->id,
        .line_bytes_max = auditor->input->line_bytes_max,
        .now_ns = clock_realtime_ns(),
        .line = take_line,
        .progress = auditor->arguments->follow ? report_now_and_then
                    : auditor->has_progress    ? show_progress
                                               : NULL,
        .follow_ms = auditor->arguments->follow ? FOLLOW_POLL_MS : 0,
        .context = auditor,
    };
    if (!read_lines(&job, &error)) {
        complain(auditor, error);
    }
}

/* The files from `first` on that are of one stream; returns how many. */
static size_t read_stream(struct auditor *auditor, const struct file_list *files, size_t first)
{
    size_t n = 0;
    const struct listed_file *items = &files->items[first];
    while (first + n < files->count && strcmp(items[n].stream, items[0].stream) == 0) {
        n++;
    }
    struct source **sources = mem_array(n, sizeof(struct source *));
    auditor->assembler = assembler_new(auditor->input, auditor->rules, &auditor->counters);
    for (size_t i = 0; i < n; i++) {
        sources[i] = source_new(items[i].path, auditor->input->name, ++auditor->sources);
        read_file(auditor, items[i].path, sources[i]);
        auditor->bytes_before += items[i].bytes;
    }
    end_stream(auditor);
    for (size_t i = 0; i < n; i++) {
        source_free(sources[i]);
    }
    free(sources);
    return n;
}

static void read_standard_input(struct auditor *auditor)
{
    struct source *source = source_new(NULL, auditor->input->name, ++auditor->sources);
    auditor->assembler = assembler_new(auditor->input, auditor->rules, &auditor->counters);
    read_file(auditor, NULL, source);
    end_stream(auditor);
    source_free(source);
}

static void read_everything(struct auditor *auditor, const struct cli_texts *paths, bool quiet)
{
    struct file_list files = {0};
    bool wants_input = paths->count == 0;
    for (size_t i = 0; i < paths->count; i++) {
        char *error = NULL;
        if (strcmp(paths->items[i], "-") == 0) {
            wants_input = true;
        } else if (!file_list_add(&files, paths->items[i], &error)) {
            complain(auditor, error);
        }
    }
    file_list_sort(&files);
    auditor->bytes_total = file_list_bytes(&files);
    begin_progress(auditor);
    bool may_show = !quiet && isatty(STDERR_FILENO);
    auditor->has_end = true;
    auditor->has_progress = may_show && auditor->bytes_total >= PROGRESS_BYTES_MIN;
    for (size_t i = 0; i < files.count;) {
        i += read_stream(auditor, &files, i);
    }
    clear_progress(auditor);
    if (wants_input) {
        begin_progress(auditor);
        auditor->has_end = false;
        auditor->has_progress = may_show && !auditor->arguments->follow;
        read_standard_input(auditor);
        clear_progress(auditor);
    }
    file_list_fini(&files);
}

/* ---- the report ---- */

static void print_report(const struct audit_report *report, const struct settings *settings,
                         const struct arguments *arguments)
{
    const struct audit_view view = {
        .report = report,
        .settings = &settings->audit,
        .has_colour = cli_has_colour(STDOUT_FILENO),
        .has_hints = !arguments->no_hints,
        .has_parts = arguments->by.count > 0,
        .has_ids = arguments->ids,
    };
    if (arguments->format == VIEW_JSON) {
        char *text = audit_json(report, &settings->audit, NULL);
        shown_put_json(stdout, slice_from_string(text));
        free(text);
    } else if (arguments->format == VIEW_MARKDOWN) {
        audit_markdown_print(&view, stdout);
    } else if (arguments->format == VIEW_HTML) {
        audit_html_print(&view, stdout);
    } else {
        audit_table_print(&view, stdout);
    }
}

/* NULL after a complaint, or when there is none to compare with. */
static struct audit_baseline *read_baseline(const char *path)
{
    struct buf text;
    char *error = NULL;
    struct audit_baseline *baseline = NULL;
    if (path == NULL) {
        return NULL;
    }
    buf_init(&text, BASELINE_BYTES_MAX);
    int result = file_read_given(path, &text);
    if (result < 0) {
        shown_print(stderr, "clew audit: the baseline %s cannot be read: %s\n", path,
                file_error(result));
    } else if ((baseline = audit_baseline_new(text.data, text.len, &error)) == NULL) {
        shown_print(stderr, "clew audit: the baseline %s %s\n", path, error);
        free(error);
    }
    buf_fini(&text);
    return baseline;
}

/* The caller frees it. */
static struct audit_report *make_report(const struct auditor *auditor)
{
    struct audit_report *report = audit_report_new(auditor->audit, auditor->policy);
    if (auditor->baseline != NULL) {
        audit_baseline_compare(auditor->baseline, auditor->arguments->margin,
                               auditor->settings->audit.min_records, report);
    }
    return report;
}

static void print_now(struct auditor *auditor)
{
    struct audit_report *report = make_report(auditor);
    print_report(report, auditor->settings, auditor->arguments);
    fputc('\n', stdout);
    fflush(stdout);
    audit_report_free(report);
}

static int conclude(struct auditor *auditor, const struct arguments *arguments)
{
    struct audit_report *report = make_report(auditor);
    print_report(report, auditor->settings, arguments);
    bool is_met = report->is_met;
    audit_report_free(report);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain(auditor, mem_string("the report could not be written"));
    }
    if (!is_met) {
        return EXIT_POLICY;
    }
    return auditor->has_failed ? EXIT_FAILED : EXIT_GOOD;
}

static bool read_pods(struct auditor *auditor)
{
    const char *path = auditor->arguments->pods;
    const struct kubernetes_settings *settings = &auditor->settings->kubernetes;
    char *error = NULL;
    if (path == NULL && !auditor->arguments->kubernetes) {
        return true;
    }
    auditor->pods = pod_store_new(settings, &auditor->counters);
    bool is_read = path != NULL ? pod_file_read(path, auditor->pods, settings,
                                                &auditor->counters, &error)
                                : audit_pods_ask(settings, auditor->pods, &auditor->counters,
                                                 &error);
    if (is_read) {
        return true;
    }
    complain(auditor, error);
    return false;
}

static int audit_paths(const struct settings *settings, const struct cli_texts *paths,
                       const struct arguments *arguments, const struct audit_policy *policy,
                       const struct dimensions *by, const struct audit_baseline *baseline)
{
    struct auditor auditor = {.settings = settings,
                              .input = &settings->inputs[0],
                              .baseline = baseline,
                              .policy = policy,
                              .arguments = arguments};
    char *error = NULL;
    auditor.pipeline = pipeline_new(settings, &auditor.counters, &error);
    if (auditor.pipeline == NULL) {
        complain(&auditor, error);
        return EXIT_USAGE;
    }
    auditor.rules = multiline_rules_new(settings, auditor.input);
    auditor.audit = audit_new(&settings->audit);
    audit_break_down(auditor.audit, by->items, by->count);
    audit_keep_samples(auditor.audit, arguments->no_samples ? 0 : SAMPLE_BYTES_MAX,
                       !arguments->no_redact);
    if (arguments->format == VIEW_HTML) {
        audit_keep_trend(auditor.audit);
    }
    if (!read_pods(&auditor)) {
        auditor.has_failed = true;
    }
    read_everything(&auditor, paths, arguments->quiet);
    int status = conclude(&auditor, arguments);
    pod_store_free(auditor.pods);
    audit_free(auditor.audit);
    multiline_rules_free(auditor.rules);
    pipeline_free(auditor.pipeline);
    return status;
}

static bool is_set(const struct config_arguments *config, const char *name)
{
    for (size_t i = 0; i < config->sets.count; i++) {
        if (strncmp(config->sets.items[i], name, strlen(name)) == 0) {
            return true;
        }
    }
    return config_arguments_file(config) != NULL;
}

/* What the command line says goes before the config. Here every record there is was read, so unless
 * asked for no sample is too small. */
static void settle(struct settings *settings, const struct arguments *arguments,
                   struct audit_policy *policy)
{
    if (arguments->min_coverage >= 0) {
        settings->audit.min_coverage = arguments->min_coverage;
        policy->must_be_traced = arguments->min_coverage > 0;
    }
    if (arguments->min_records != UINT64_MAX) {
        settings->audit.min_records = arguments->min_records;
    } else if (!is_set(&arguments->config, "audit.min_records")) {
        settings->audit.min_records = 1;
    }
    settings->kubernetes.pods_max = SAVED_PODS_MAX; /* of a whole cluster, not of one node */
}

static bool reads_input(const struct cli_texts *paths)
{
    bool reads = paths->count == 0;
    for (size_t i = 0; i < paths->count; i++) {
        reads = reads || strcmp(paths->items[i], "-") == 0;
    }
    return reads;
}

static int audit_with(const struct arguments *arguments, const struct cli_texts *paths)
{
    static const char *const standard_input[] = {"-", NULL};
    if (arguments->follow &&
        (paths->count > 1 || (paths->count == 1 && strcmp(paths->items[0], "-") != 0))) {
        return cli_usage_error(&command_audit, "--follow reads standard input: pipe the log in, "
                                               "such as `tail -F FILE | clew audit --follow`");
    }
    if (arguments->pods != NULL && strcmp(arguments->pods, "-") == 0 && reads_input(paths)) {
        return cli_usage_error(&command_audit, "--pods - reads standard input: name the logs to "
                                               "audit, such as /var/log/pods");
    }
    if (arguments->follow && arguments->format == VIEW_HTML) {
        return cli_usage_error(&command_audit, "--follow cannot print HTML: choose another --format");
    }
    struct audit_policy policy = {0};
    struct dimensions by = {0};
    if (!each_name(&arguments->fail_on, "fail-on", take_class, &policy) ||
        !each_name(&arguments->by, "by", take_dimension, &by)) {
        return EXIT_USAGE;
    }
    /* The paths stand for the inputs, so that the config need not name one. */
    struct settings *settings =
        config_arguments_load(&arguments->config, paths->count > 0 ? paths->items : standard_input);
    if (settings == NULL) {
        return EXIT_USAGE;
    }
    struct audit_baseline *baseline = read_baseline(arguments->baseline);
    if (baseline == NULL && arguments->baseline != NULL) {
        settings_free(settings);
        return EXIT_USAGE;
    }
    settle(settings, arguments, &policy);
    if (by.count == 0) { /* not shown, but one hint goes by it */
        take_dimension(&by, audit_dimension_names[AUDIT_BY_LOGGER]);
    }
    int status = audit_paths(settings, paths, arguments, &policy, &by, baseline);
    audit_baseline_free(baseline);
    settings_free(settings);
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {
        .min_coverage = not_given, .min_records = UINT64_MAX, .margin = 0.05, .interval_s = 10};
    struct cli_texts paths = {0};
    int status = EXIT_USAGE;
    if (cli_parse(&command_audit, argc, argv, &arguments, &paths, SIZE_MAX, &status)) {
        status = audit_with(&arguments, &paths);
    }
    cli_texts_free(&arguments.config.sets);
    cli_texts_free(&arguments.fail_on);
    cli_texts_free(&arguments.by);
    cli_texts_free(&paths);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "report trace coverage per service, with causes and fixes",
    .usage =
        "usage: clew audit [OPTION]... [PATH...|-]\n"
        "\n"
        "Reads files, directories, globs, compressed files (.gz) or standard input and reports\n"
        "for each service how many records carry a valid trace id, why the others do not, and\n"
        "how to fix them. docs/coverage.md defines the numbers.\n"
        "\n"
        "Exit status: 0 good, 1 something could not be read, 2 wrong usage or config, 3 the\n"
        "policy is not met: a service that is known to be traced (any valid id, or listed in\n"
        "the config) is below its minimum, 50 % unless set, or, with --baseline, the coverage of\n"
        "a service dropped by more than the margin.\n",
    .options = options,
    .run = run,
};
