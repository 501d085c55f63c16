/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top/screen.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/shown.h"
#include "cli/audit/views.h"
#include "cli/print_json.h"

#define RED "\033[1;31m"
#define PLAIN "\033[0m"

enum {
    SERVICE_COLUMNS = 26,
    NAMESPACE_COLUMNS = 12,
    HEAD_ROWS = 10, /* above the services */
    AMOUNT_MAX = 32,
};

/* ---- numbers ---- */

/* The next sample without labels: its name and value. False at the end. */
static bool next_sample(const char **at, struct slice *out_name, double *out_value)
{
    while (**at != '\0') {
        const char *line = *at;
        size_t len = strcspn(line, "\n");
        *at = line + len + (line[len] == '\n');
        size_t name = strcspn(line, " {\n");
        if (line[0] != '#' && name > 0 && name < len && line[name] == ' ') {
            *out_name = slice_make(line, name);
            *out_value = strtod(line + name, NULL);
            return true;
        }
    }
    return false;
}

static double metric(const struct top_look *look, const char *name)
{
    const char *at = look->metrics;
    struct slice found;
    double value;
    while (next_sample(&at, &found, &value)) {
        if (slice_is_equal(found, slice_from_string(name))) {
            return value;
        }
    }
    return 0;
}

/* How far inputs are behind. */
struct top_backlog {
    double unread_bytes;
    double deleted_bytes;
    double oldest_s;
};

/* The value of the sample NAME{input="INPUT"} that the text begins with; false: it is another one. */
static bool input_sample(const char *line, const char *name, struct slice *out_input, double *out_value)
{
    static const char label[] = "{input=\"";
    size_t len = strlen(name);
    if (strncmp(line, name, len) != 0 || strncmp(line + len, label, strlen(label)) != 0) {
        return false;
    }
    const char *input = line + len + strlen(label);
    const char *end = strstr(input, "\"} ");
    if (end == NULL) {
        return false;
    }
    *out_input = slice_make(input, (size_t)(end - input));
    *out_value = strtod(end + strlen("\"} "), NULL);
    return true;
}

/* Calls `see` for each input that has a sample of that name. */
static void each_input(const struct top_look *look, const char *name,
                       void (*see)(void *context, struct slice input, double value), void *context)
{
    for (const char *line = look->metrics; line != NULL && *line != '\0';) {
        struct slice input;
        double value;
        if (input_sample(line, name, &input, &value)) {
            see(context, input, value);
        }
        line = strchr(line, '\n');
        line += line != NULL;
    }
}

static void add_value(void *context, struct slice input, double value)
{
    (void)input;
    *(double *)context += value;
}

static void take_most(void *context, struct slice input, double value)
{
    double *most = context;
    (void)input;
    *most = value > *most ? value : *most;
}

static struct top_backlog take_backlog(const struct top_look *look)
{
    struct top_backlog backlog = {0};
    each_input(look, "clew_input_unread_bytes", add_value, &backlog.unread_bytes);
    each_input(look, "clew_input_deleted_bytes", add_value, &backlog.deleted_bytes);
    each_input(look, "clew_input_oldest_unread_seconds", take_most, &backlog.oldest_s);
    return backlog;
}

static const char *bytes_text(double bytes, char out[AMOUNT_MAX])
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 1000 && unit + 1 < ARRAY_LEN(units); unit++) {
        bytes /= 1000;
    }
    snprintf(out, AMOUNT_MAX, unit > 0 && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return out;
}

static const char *duration_text(double seconds, char out[AMOUNT_MAX])
{
    unsigned long s = seconds > 0 ? (unsigned long)seconds : 0;
    if (s >= 86400) {
        snprintf(out, AMOUNT_MAX, "%lud %luh", s / 86400, s / 3600 % 24);
    } else if (s >= 3600) {
        snprintf(out, AMOUNT_MAX, "%luh %02lum", s / 3600, s / 60 % 60);
    } else {
        snprintf(out, AMOUNT_MAX, "%lum %02lus", s / 60, s % 60);
    }
    return out;
}

static uint64_t whole(double value)
{
    return value > 0 ? (uint64_t)(value + 0.5) : 0;
}

/* ---- the head ---- */

struct rates {
    bool is_known;
    double bytes, records, sent, cpu;
};

static struct rates take_rates(const struct top_look *look, struct top_before *before)
{
    const struct top_before now = {look->time_s, metric(look, "clew_received_bytes_total"),
                                   metric(look, "clew_received_records_total"),
                                   metric(look, "clew_sent_records_total"),
                                   metric(look, "process_cpu_seconds_total")};
    double s = now.time_s - before->time_s;
    /* Counters that went back are those of another clew, started since. */
    bool is_same = before->time_s > 0 && s > 0 && now.records >= before->records &&
                   now.bytes >= before->bytes && now.cpu_s >= before->cpu_s;
    struct rates rates = {is_same, 0, 0, 0, 0};
    if (is_same) {
        rates = (struct rates){true, (now.bytes - before->bytes) / s,
                               (now.records - before->records) / s, (now.sent - before->sent) / s,
                               (now.cpu_s - before->cpu_s) / s};
    }
    *before = now;
    return rates;
}

static void print_process(const struct top_look *look, const struct rates *rates, FILE *out)
{
    char up[AMOUNT_MAX];
    char memory[AMOUNT_MAX];
    duration_text(look->real_s - metric(look, "process_start_time_seconds"), up);
    bytes_text(metric(look, "process_resident_memory_bytes"), memory);
    shown_print(out, "clew at %s   up %s   memory %s", look->endpoint, up, memory);
    if (rates->is_known) {
        fprintf(out, "   CPU %.1f %%", 100 * rates->cpu);
    }
    fputs("\n\n", out);
}

static void print_amount(const char *name, uint64_t amount, bool is_bad, bool has_colour, FILE *out)
{
    char text[AMOUNT_MAX];
    bool is_marked = is_bad && amount > 0 && has_colour;
    fputs(is_marked ? "   " RED : "   ", out);
    shown_print(out, "%s %s", name, audit_number_text(amount, text));
    fputs(is_marked ? PLAIN : "", out);
}

static void print_flow(const struct top_look *look, const struct rates *rates, bool has_colour,
                       FILE *out)
{
    char records[AMOUNT_MAX];
    char bytes[AMOUNT_MAX];
    if (rates->is_known) {
        shown_print(out, "read     %10s records/s   %s/s",
                audit_number_text(whole(rates->records), records), bytes_text(rates->bytes, bytes));
    } else {
        shown_print(out, "read     %10s records     %s",
                audit_number_text(whole(metric(look, "clew_received_records_total")), records),
                bytes_text(metric(look, "clew_received_bytes_total"), bytes));
    }
    print_amount("open files", whole(metric(look, "clew_open_files")), false, has_colour, out);
    print_amount("lost bytes", whole(metric(look, "clew_lost_bytes_total")), true, has_colour, out);
    double sent = rates->is_known ? rates->sent : metric(look, "clew_sent_records_total");
    shown_print(out, "\nsent     %10s records%s", audit_number_text(whole(sent), records),
            rates->is_known ? "/s" : "  ");
    print_amount("in flight", whole(metric(look, "clew_in_flight_records")), false, has_colour, out);
    print_amount("spooled", whole(metric(look, "clew_spool_requests")), false, has_colour, out);
    print_amount("failed requests", whole(metric(look, "clew_request_failures_total")), true,
                 has_colour, out);
    print_amount("refused",
                 whole(metric(look, "clew_refused_records_total") +
                       metric(look, "clew_rejected_records_total") +
                       metric(look, "clew_oversized_records_total")),
                 true, has_colour, out);
    fputc('\n', out);
}

static void print_backlog(const struct top_look *look, FILE *out)
{
    struct top_backlog backlog = take_backlog(look);
    char unread[AMOUNT_MAX];
    char deleted[AMOUNT_MAX];
    char age[AMOUNT_MAX];
    shown_print(out, "unread   %10s   in deleted files %s   oldest line %s\n",
                bytes_text(backlog.unread_bytes, unread), bytes_text(backlog.deleted_bytes, deleted),
                duration_text(backlog.oldest_s, age));
}

/* ---- the services ---- */

static double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void print_share(const json_t *book, FILE *out)
{
    char share[16];
    shown_print(out, " %8s", number(book, "records") > 0
                             ? audit_share_text(number(book, "coverage"), share)
                             : "-");
}

static void print_shares(const json_t *of, FILE *out)
{
    static const char *const windows[] = {"1m", "5m", "1h"};
    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        print_share(json_object_get(json_object_get(of, "windows"), windows[i]), out);
    }
    print_share(of, out);
}

static void print_service(const json_t *group, bool has_colour, FILE *out)
{
    char records[AMOUNT_MAX];
    const char *namespace = json_string_value(json_object_get(group, "namespace"));
    const char *service = json_string_value(json_object_get(group, "service"));
    const char *verdict = json_string_value(json_object_get(group, "verdict"));
    bool is_below = verdict != NULL && strcmp(verdict, "below") == 0;
    audit_print_cell(service != NULL ? service : "-", SERVICE_COLUMNS, true, out);
    fputc(' ', out);
    audit_print_cell(namespace != NULL ? namespace : "-", NAMESPACE_COLUMNS, true, out);
    shown_print(out, " %10s", audit_number_text(whole(number(group, "records")), records));
    print_shares(group, out);
    fputs(is_below && has_colour ? "  " RED : "  ", out);
    shown_print(out, "%s", verdict != NULL ? verdict : "");
    fputs(is_below && has_colour ? PLAIN "\n" : "\n", out);
}

size_t top_services_shown(int rows)
{
    return rows > HEAD_ROWS ? (size_t)(rows - HEAD_ROWS) : 1;
}

static bool is_overflow(const json_t *group)
{
    return json_is_true(json_object_get(group, "overflow"));
}

/* Where in the list of all services this is. */
static void print_place(const json_t *coverage, size_t shown, FILE *out)
{
    const json_t *page = json_object_get(coverage, "page");
    size_t services = (size_t)whole(number(page, "services"));
    size_t offset = (size_t)whole(number(page, "offset"));
    if (offset > 0) {
        fprintf(out, "services %zu to %zu of %zu; n: next page, p: page before\n", offset + 1,
                offset + shown, services);
    } else if (services > shown) {
        fprintf(out, "%zu more services; n: next page\n", services - shown);
    }
}

static void print_services(const json_t *coverage, int rows, bool has_colour, FILE *out)
{
    const json_t *groups = json_object_get(coverage, "groups");
    char records[AMOUNT_MAX];
    size_t count = json_array_size(groups);
    size_t shown = 0;
    shown_print(out, "%-*s %-*s %10s %8s %8s %8s %8s  VERDICT\n", SERVICE_COLUMNS, "SERVICE",
            NAMESPACE_COLUMNS, "NAMESPACE", "RECORDS", "1 MIN", "5 MIN", "1 HOUR", "START");
    for (size_t i = 0; i < count && shown < top_services_shown(rows); i++) {
        const json_t *group = json_array_get(groups, i);
        if (!is_overflow(group)) {
            print_service(group, has_colour, out);
            shown++;
        }
    }
    shown_print(out, "%-*s %10s", SERVICE_COLUMNS + 1 + NAMESPACE_COLUMNS, "TOTAL",
            audit_number_text(whole(number(coverage, "records")), records));
    print_shares(coverage, out);
    fputc('\n', out);
    print_place(coverage, shown, out);
}

static void print_preservation(const json_t *coverage, bool has_colour, FILE *out)
{
    const json_t *kept = json_object_get(coverage, "preservation");
    uint64_t in = whole(number(kept, "ids_in"));
    uint64_t ids_out = whole(number(kept, "ids_out"));
    char text[AMOUNT_MAX];
    fputs("ids      ", out);
    if (in == ids_out) {
        shown_print(out, "%10s records with a trace id read, all of them kept\n",
                audit_number_text(in, text));
    } else {
        fputs(has_colour ? RED : "", out);
        shown_print(out, "%10s trace ids removed by this clew's own config",
                    audit_number_text(in - ids_out, text));
        fputs(has_colour ? PLAIN "\n" : "\n", out);
    }
}

static json_t *load(const struct top_look *look)
{
    json_t *coverage = json_loads(look->coverage, 0, NULL);
    if (coverage != NULL && !json_is_array(json_object_get(coverage, "groups"))) {
        json_decref(coverage);
        return NULL;
    }
    return coverage;
}

bool top_print_text(const struct top_look *look, struct top_before *before, int rows,
                    bool has_colour, FILE *out)
{
    json_t *coverage = load(look);
    if (coverage == NULL) {
        return false;
    }
    struct rates rates = take_rates(look, before);
    print_process(look, &rates, out);
    print_flow(look, &rates, has_colour, out);
    print_backlog(look, out);
    print_preservation(coverage, has_colour, out);
    fputc('\n', out);
    print_services(coverage, rows, has_colour, out);
    json_decref(coverage);
    return true;
}

struct backlog_member {
    json_t *inputs;
    const char *name;
};

static void set_member(void *context, struct slice input, double value)
{
    const struct backlog_member *member = context;
    json_t *of = json_object_getn(member->inputs, input.data, input.len);
    if (of == NULL) {
        of = json_object();
        json_object_setn_new(member->inputs, input.data, input.len, of);
    }
    json_object_set_new(of, member->name, json_real(value));
}

static json_t *backlog_json(const struct top_look *look)
{
    struct backlog_member member = {json_object(), "unread_bytes"};
    each_input(look, "clew_input_unread_bytes", set_member, &member);
    member.name = "deleted_bytes";
    each_input(look, "clew_input_deleted_bytes", set_member, &member);
    member.name = "oldest_unread_seconds";
    each_input(look, "clew_input_oldest_unread_seconds", set_member, &member);
    return member.inputs;
}

bool top_print_json(const struct top_look *look, FILE *out)
{
    json_t *coverage = load(look);
    if (coverage == NULL) {
        return false;
    }
    json_t *metrics = json_object();
    const char *at = look->metrics;
    struct slice name;
    double value;
    while (next_sample(&at, &name, &value)) {
        bool is_whole = value >= 0 && value < 9e15 && value == (double)(json_int_t)value;
        json_object_setn_new(metrics, name.data, name.len,
                             is_whole ? json_integer((json_int_t)value) : json_real(value));
    }
    json_t *root = json_pack("{s:s, s:o, s:o, s:o}", "endpoint", look->endpoint, "metrics", metrics,
                             "backlog", backlog_json(look), "coverage", coverage);
    cli_print_json(root, JSON_COMPACT, out);
    json_decref(root);
    return true;
}
