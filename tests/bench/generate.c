/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pod logs for the benchmarks: as four services write them and containerd wraps them.
 *
 * usage: generate DIR MIB [FILES] [SHAPE] [SEED]
 *
 * SHAPE is `mixed` (three JSON loggers and one key=value, about 290 bytes a line), `short` (100
 * bytes), `long` (10 KiB), `narrow` (5 fields), `wide` (100 fields), or `text` (plain text with stack
 * traces). The same arguments give the same bytes. Prints how many lines there are, how many of them
 * have ids, and how many are further lines of a stack trace.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct generator {
    uint64_t state; /* of the random numbers */
    uint64_t now_ns;
    unsigned frames; /* that a stack trace still has to come */
    uint64_t with_ids; /* lines, of all that were written … */
    uint64_t further;  /* … and such of a stack trace */
};

/* splitmix64: the field's usual small generator (Steele, Lea, Flood 2014). */
static uint64_t next(struct generator *g)
{
    uint64_t z = g->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static unsigned below(struct generator *g, unsigned n)
{
    return (unsigned)(next(g) % n);
}

static const char *pick(struct generator *g, const char *const *words, unsigned n)
{
    return words[below(g, n)];
}

static const char *const messages[] = {
    "order received", "payment authorised", "cache miss", "retrying upstream call",
    "user logged in", "cart updated", "GET /api/v1/products/42 200", "slow query",
};
static const char *const levels[] = {"info", "info", "info", "info", "warn", "error", "debug"};
static const int pino_levels[] = {30, 30, 30, 40, 50, 20};

static void print_time(FILE *out, uint64_t ns, const char *end)
{
    unsigned second = (unsigned)(ns / 1000000000u % 86400u);
    fprintf(out, "2026-05-11T%02u:%02u:%02u.%09u%s", second / 3600, second / 60 % 60, second % 60,
            (unsigned)(ns % 1000000000u), end);
}

/* 70 of 100 lines are written inside a span. */
static bool has_ids(struct generator *g)
{
    bool has = below(g, 100) < 70;
    g->with_ids += has;
    return has;
}

static void pino(struct generator *g, FILE *out)
{
    fprintf(out, "{\"level\":%d,\"time\":%" PRIu64 ",\"pid\":17,\"hostname\":\"payment-66b7f9d5c-9vjhw\",",
            pino_levels[below(g, 6)], UINT64_C(1778465000000) + g->now_ns / 1000000u);
    if (has_ids(g)) {
        fprintf(out, "\"trace_id\":\"%016" PRIx64 "%016" PRIx64 "\",\"span_id\":\"%016" PRIx64
                     "\",\"trace_flags\":\"01\",",
                next(g), next(g), next(g) | 1);
    }
    fprintf(out, "\"req\":{\"method\":\"POST\",\"url\":\"/pay/%u\"},\"amount\":%u.%02u,\"msg\":\"%s\"}",
            below(g, 100000), below(g, 900), below(g, 100), pick(g, messages, 8));
}

static void slog(struct generator *g, FILE *out)
{
    fputs("{\"time\":\"", out);
    print_time(out, g->now_ns, "Z\",");
    fprintf(out, "\"level\":\"INFO\",\"msg\":\"%s\",\"service.name\":\"shipping\",\"parcel\":%u,"
                 "\"weight\":%u.%u,\"to\":\"Z\xc3\xbcrich %u\"",
            pick(g, messages, 8), below(g, 1000000), below(g, 90), below(g, 10), below(g, 9999));
    if (has_ids(g)) {
        fprintf(out, ",\"trace_id\":\"%016" PRIx64 "%016" PRIx64 "\",\"span_id\":\"%016" PRIx64 "\"",
                next(g), next(g), next(g) | 1);
    }
    fputc('}', out);
}

static void python(struct generator *g, FILE *out)
{
    bool ids = has_ids(g);
    fprintf(out, "{\"asctime\": \"2026-05-11 02:14:%02u,%03u\", \"levelname\": \"INFO\", \"name\": "
                 "\"shop.checkout\", \"message\": \"%s \\\"%u\\\"\", ",
            below(g, 60), below(g, 1000), pick(g, messages, 8), below(g, 1000));
    if (ids) {
        fprintf(out, "\"otelTraceID\": \"%016" PRIx64 "%016" PRIx64 "\", \"otelSpanID\": \"%016" PRIx64
                     "\", \"otelTraceSampled\": true, ",
                next(g), next(g), next(g) | 1);
    } else {
        fputs("\"otelTraceID\": \"0\", \"otelSpanID\": \"0\", \"otelTraceSampled\": false, ", out);
    }
    fprintf(out, "\"otelServiceName\": \"checkout\", \"order_total\": %u.5, \"user\": %u}",
            below(g, 9000), below(g, 100000));
}

static void logfmt(struct generator *g, FILE *out)
{
    fputs("time=", out);
    print_time(out, g->now_ns, "Z");
    fprintf(out, " level=%s msg=\"%s\" service.name=inventory caller=stock/stock.go:%u sku=A-%u qty=%u",
            pick(g, levels, 7), pick(g, messages, 8), below(g, 900), below(g, 100000),
            below(g, 100));
    if (has_ids(g)) {
        fprintf(out, " trace_id=%016" PRIx64 "%016" PRIx64 " span_id=%016" PRIx64, next(g), next(g),
                next(g) | 1);
    }
    fprintf(out, " duration=%u.%ums", below(g, 500), below(g, 10));
}

static void mixed(struct generator *g, FILE *out, unsigned file)
{
    void (*const services[])(struct generator *, FILE *) = {pino, slog, python, logfmt};
    services[file % 4](g, out);
}

static void short_line(struct generator *g, FILE *out, unsigned file)
{
    (void)file;
    fprintf(out, "{\"level\":%d,\"time\":%" PRIu64 ",\"n\":%u,\"msg\":\"%s\"}", 30,
            UINT64_C(1778465000000) + g->now_ns / 1000000u, below(g, 1000), pick(g, messages, 8));
}

static void long_line(struct generator *g, FILE *out, unsigned file)
{
    (void)file;
    fprintf(out, "{\"level\":\"info\",\"msg\":\"%s\",\"payload\":\"", pick(g, messages, 8));
    for (unsigned i = 0; i < 1250; i++) {
        fprintf(out, "%08x", (unsigned)next(g));
    }
    fputs("\"}", out);
}

static void many_fields(struct generator *g, FILE *out, unsigned count)
{
    fprintf(out, "{\"level\":\"info\",\"msg\":\"%s\"", pick(g, messages, 8));
    for (unsigned i = 2; i < count; i++) {
        if (i % 2 == 0) {
            fprintf(out, ",\"metric_%u\":%u", i / 2, below(g, 10000));
        } else {
            fprintf(out, ",\"label_%u\":\"%x\"", i / 2, below(g, 65536));
        }
    }
    fputc('}', out);
}

static void narrow_line(struct generator *g, FILE *out, unsigned file)
{
    (void)file;
    many_fields(g, out, 5);
}

static void wide_line(struct generator *g, FILE *out, unsigned file)
{
    (void)file;
    many_fields(g, out, 100);
}

/* The next line of a stack trace that was begun. */
static void frame_line(struct generator *g, FILE *out)
{
    g->frames--;
    g->further++;
    if (g->frames == 3) {
        fprintf(out, "Caused by: java.sql.SQLException: no connection in %u ms", below(g, 9000));
        return;
    }
    fprintf(out, "\tat com.example.shop.Cart.total(Cart.java:%u)", below(g, 900));
}

static void text_line(struct generator *g, FILE *out, unsigned file)
{
    (void)file;
    if (g->frames > 0) {
        frame_line(g, out);
        return;
    }
    if (below(g, 40) == 0) {
        g->frames = 5 + below(g, 10);
        fprintf(out, "java.lang.IllegalStateException: cart %u is locked", below(g, 100000));
        return;
    }
    g->with_ids++;
    fprintf(out, "2026-05-11 02:14:%02u.%03u  INFO 1 --- [shop] [nio-8080-exec-%u] "
                 "[%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "] c.example.shop.Cart : %s in %u ms",
            below(g, 60), below(g, 1000), below(g, 20), next(g), next(g), next(g) | 1,
            pick(g, messages, 8), below(g, 900));
}

struct shape {
    const char *name;
    void (*line)(struct generator *g, FILE *out, unsigned file);
};

static const struct shape shapes[] = {
    {"mixed", mixed}, {"short", short_line}, {"long", long_line}, {"narrow", narrow_line},
    {"wide", wide_line}, {"text", text_line},
};

static FILE *create(const char *dir, unsigned file)
{
    static const char *const services[] = {"payment", "shipping", "checkout", "inventory"};
    char path[4096];
    const char *service = services[file % 4];
    snprintf(path, sizeof(path), "%s/shop_%s-%u_00000000-0000-4000-8000-%012u", dir, service, file,
             file);
    mkdir(path, 0755);
    snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", service);
    mkdir(path, 0755);
    snprintf(path + strlen(path), sizeof(path) - strlen(path), "/0.log");
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        fprintf(stderr, "generate: cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return out;
}

static uint64_t write_file(struct generator *g, const struct shape *shape, const char *dir,
                           unsigned file, uint64_t bytes)
{
    FILE *out = create(dir, file);
    uint64_t lines = 0;
    g->frames = 0;
    for (; (uint64_t)ftell(out) < bytes; lines++) {
        g->now_ns += 1000 + below(g, 1000000);
        print_time(out, g->now_ns, "Z stdout F ");
        shape->line(g, out, file);
        fputc('\n', out);
    }
    fclose(out);
    return lines;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: generate DIR MIB [FILES] [mixed|short|long|narrow|wide|text] [SEED]\n", stderr);
        return 2;
    }
    uint64_t bytes = strtoull(argv[2], NULL, 10) << 20;
    unsigned files = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 4;
    const struct shape *shape = &shapes[0];
    struct generator g = {.state = argc > 5 ? strtoull(argv[5], NULL, 10) : 1};
    for (size_t i = 0; argc > 4 && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        shape = strcmp(argv[4], shapes[i].name) == 0 ? &shapes[i] : shape;
    }
    mkdir(argv[1], 0755);
    uint64_t lines = 0;
    for (unsigned file = 0; file < files; file++) {
        lines += write_file(&g, shape, argv[1], file, bytes / files);
    }
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", lines, g.with_ids, g.further);
    return 0;
}
