/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/ecosystem.h"

#include <string.h>
#include "base/mem.h"

/*
 * A sign is a text that has to be in a line, and how much it says: 3, only this ecosystem writes
 * it; 2, mostly; 1, tips the balance. Several signs of one line add up. Less than 2 is no answer.
 */

enum { SCORE_MIN = 2 };

static const struct {
    enum ecosystem ecosystem;
    int weight;
    const char *text;
} signs[] = {
    {ECOSYSTEM_PYTHON, 3, "otelTraceID"},
    {ECOSYSTEM_PYTHON, 3, "resource.service.name="},
    {ECOSYSTEM_PYTHON, 3, "Traceback (most recent call last)"},
    {ECOSYSTEM_PYTHON, 3, "\"levelname\""},
    {ECOSYSTEM_PYTHON, 3, "\"asctime\""},
    {ECOSYSTEM_PYTHON, 2, "\"funcName\""},
    {ECOSYSTEM_PYTHON, 2, ".py:"},
    {ECOSYSTEM_PYTHON, 2, ".py\""},
    {ECOSYSTEM_PYTHON, 2, "\"exc_info\""},
    {ECOSYSTEM_PYTHON, 2, "celery"},
    {ECOSYSTEM_PYTHON, 2, "uvicorn"},
    {ECOSYSTEM_PYTHON, 2, " WARNING  "}, /* %(levelname)-8s */
    {ECOSYSTEM_PYTHON, 2, " INFO     "},
    {ECOSYSTEM_NODE, 3, "\"level\":30,\"time\":1"}, /* pino */
    {ECOSYSTEM_NODE, 3, "\"level\":20,\"time\":1"},
    {ECOSYSTEM_NODE, 3, "\"level\":40,\"time\":1"},
    {ECOSYSTEM_NODE, 3, "\"level\":50,\"time\":1"},
    {ECOSYSTEM_NODE, 3, "\"level\":60,\"time\":1"},
    {ECOSYSTEM_NODE, 2, "\"level\":30,"},
    {ECOSYSTEM_NODE, 3, "node:internal/"},
    {ECOSYSTEM_NODE, 3, "node_modules/"},
    {ECOSYSTEM_NODE, 2, ".js:"},
    {ECOSYSTEM_NODE, 2, ".ts:"},
    {ECOSYSTEM_NODE, 1, "\"level\":\"info\",\"message\":"}, /* winston */
    {ECOSYSTEM_NODE, 1, "\"hostname\":"},
    {ECOSYSTEM_GO, 3, "goroutine "},
    {ECOSYSTEM_GO, 3, ".go:"},
    {ECOSYSTEM_GO, 2, "\"level\":\"INFO\",\"msg\":"}, /* slog */
    {ECOSYSTEM_GO, 2, "\"level\":\"INFO+"},
    {ECOSYSTEM_GO, 2, "\"level\":\"WARN\",\"msg\":"},
    {ECOSYSTEM_GO, 2, "\"level\":\"ERROR\",\"msg\":"},
    {ECOSYSTEM_GO, 2, "\"level\":\"DEBUG\",\"msg\":"},
    {ECOSYSTEM_GO, 2, " level=INFO msg="},
    {ECOSYSTEM_GO, 2, " level=INFO+"},
    {ECOSYSTEM_GO, 2, " level=WARN msg="},
    {ECOSYSTEM_GO, 2, " level=ERROR msg="},
    {ECOSYSTEM_GO, 2, " level=DEBUG msg="},
    {ECOSYSTEM_GO, 2, " level=info msg="}, /* logrus */
    {ECOSYSTEM_GO, 2, " level=error msg="},
    {ECOSYSTEM_GO, 2, "\"level\":\"info\",\"ts\":"}, /* zap */
    {ECOSYSTEM_JAVA, 3, ".java:"},
    {ECOSYSTEM_JAVA, 3, "\"logger_name\""},
    {ECOSYSTEM_JAVA, 3, "\"thread_name\""},
    {ECOSYSTEM_JAVA, 3, "\"loggerFqcn\""},
    {ECOSYSTEM_JAVA, 3, "\"loggerName\""},
    {ECOSYSTEM_JAVA, 2, "\"level_value\""},
    {ECOSYSTEM_JAVA, 2, "\"log.logger\""},
    {ECOSYSTEM_JAVA, 2, "\"mdc\""},
    {ECOSYSTEM_JAVA, 2, " --- ["}, /* Spring Boot */
    {ECOSYSTEM_JAVA, 2, "[main] "},
    {ECOSYSTEM_JAVA, 2, "[http-nio-"},
    {ECOSYSTEM_JAVA, 2, "org.springframework"},
    {ECOSYSTEM_JAVA, 1, "java.lang."},
    {ECOSYSTEM_DOTNET, 3, "\"@mt\""},
    {ECOSYSTEM_DOTNET, 3, "\"@t\""},
    {ECOSYSTEM_DOTNET, 3, "\"SourceContext\""},
    {ECOSYSTEM_DOTNET, 3, "\"MessageTemplate\""},
    {ECOSYSTEM_DOTNET, 3, ".cs:line"},
    {ECOSYSTEM_DOTNET, 2, "\"EventId\""},
    {ECOSYSTEM_DOTNET, 2, "\"LogLevel\":\"Information\""},
    {ECOSYSTEM_DOTNET, 2, "Microsoft.AspNetCore"},
    {ECOSYSTEM_DOTNET, 2, "info: "},
    {ECOSYSTEM_RUBY, 3, ".rb:"},
    {ECOSYSTEM_RUBY, 3, "\"progname\""},
    {ECOSYSTEM_RUBY, 3, "I, ["},
    {ECOSYSTEM_RUBY, 3, "W, ["},
    {ECOSYSTEM_RUBY, 3, "E, ["},
    {ECOSYSTEM_RUBY, 2, "ActionController"},
    {ECOSYSTEM_RUBY, 2, "\"level_index\""}, /* semantic_logger */
    {ECOSYSTEM_PHP, 3, "\"level_name\""},   /* Monolog */
    {ECOSYSTEM_PHP, 3, ".php:"},
    {ECOSYSTEM_PHP, 3, ".php("},
    {ECOSYSTEM_PHP, 3, "PHP Fatal error"},
    {ECOSYSTEM_PHP, 3, "PHP Warning"},
    {ECOSYSTEM_PHP, 3, "app.INFO:"},
    {ECOSYSTEM_PHP, 3, "app.ERROR:"},
    {ECOSYSTEM_PHP, 2, "request.INFO:"},
    {ECOSYSTEM_RUST, 3, ".rs:"},
    {ECOSYSTEM_RUST, 3, "' panicked at "},
    {ECOSYSTEM_RUST, 3, "\"fields\":{\"message\":"}, /* tracing-subscriber */
    {ECOSYSTEM_RUST, 2, "\"target\":\""},
    {ECOSYSTEM_RUST, 1, "::"},
};

const char *ecosystem_name(enum ecosystem ecosystem)
{
    static const char *const names[ECOSYSTEMS] = {
        [ECOSYSTEM_UNKNOWN] = "",  [ECOSYSTEM_PYTHON] = "Python", [ECOSYSTEM_NODE] = "Node.js",
        [ECOSYSTEM_GO] = "Go",     [ECOSYSTEM_JAVA] = "Java",     [ECOSYSTEM_DOTNET] = ".NET",
        [ECOSYSTEM_RUBY] = "Ruby", [ECOSYSTEM_PHP] = "PHP",       [ECOSYSTEM_RUST] = "Rust",
    };
    return names[ecosystem];
}

static void score(const char *line, int scores[ECOSYSTEMS])
{
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (strstr(line, signs[i].text) != NULL) {
            scores[signs[i].ecosystem] += signs[i].weight;
        }
    }
}

enum ecosystem ecosystem_of_lines(const char *const *lines, size_t count)
{
    int scores[ECOSYSTEMS] = {0};
    for (size_t i = 0; i < count; i++) {
        if (lines[i] != NULL) {
            score(lines[i], scores);
        }
    }
    enum ecosystem best = ECOSYSTEM_UNKNOWN;
    for (enum ecosystem e = ECOSYSTEM_PYTHON; e < ECOSYSTEMS; e++) {
        if (scores[e] >= SCORE_MIN && scores[e] > scores[best]) {
            best = e;
        }
    }
    return best;
}
