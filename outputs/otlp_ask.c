/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/otlp_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "outputs/otlp_client.h"
#include "outputs/probe.h"
#include "outputs/reason.h"

struct output_question {
    struct http_client *client;
    struct probe *probe;
    struct counters counters; /* nobody reads them */
    output_asked_fn *asked;
    void *context;
};

static void on_probed(void *context, const struct probe_result *result)
{
    struct output_question *question = context;
    char text[REASON_BYTES];
    const char *url = http_client_url(question->client);
    const struct output_finding finding = {
        .url = url,
        .status = result->answer->status,
        .is_good = result->verdict == PROBE_TAKEN,
        .text = text,
    };
    if (result->verdict == PROBE_TAKEN) {
        snprintf(text, sizeof(text), "HTTP status %ld", finding.status);
    } else if (result->verdict == PROBE_REFUSED) {
        reason_write_refusal(finding.status, result->response, url, text);
    } else {
        reason_write(result->answer, result->response, url, text);
    }
    question->asked(question->context, &finding);
}

struct output_question *otlp_ask(const struct output_settings *settings, struct ev_loop *loop,
                                 output_asked_fn *asked, void *context, char **out_error)
{
    struct http_client *client = otlp_client_new(settings, loop, out_error);
    if (client == NULL) {
        return NULL;
    }
    struct output_question *question = mem_alloc(sizeof(*question));
    question->client = client;
    question->asked = asked;
    question->context = context;
    question->probe = probe_new(client, settings, &question->counters, on_probed, question);
    probe_start(question->probe);
    return question;
}

void otlp_ask_end(struct output_question *question)
{
    if (question != NULL) {
        probe_free(question->probe);
        http_client_free(question->client);
        free(question);
    }
}
