/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check/connect.h"

#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/utf8.h"
#include "outputs/output.h"

struct asking {
    struct ev_loop *loop;
    size_t open;
};

/* One output's. */
struct asked {
    struct asking *asking;
    struct connect_result *result;
    const struct output_type *type;
    struct output_question *question; /* NULL: it has no address, or cannot be asked */
};

/* Words of a backend are in it: nothing of them speaks to a terminal, and all of it is UTF-8. */
static char *clean(const char *text)
{
    char *copy = mem_string(text);
    for (size_t left = strlen(copy), n; left > 0; left -= n) {
        char *at = copy + strlen(copy) - left;
        unsigned char c = (unsigned char)*at;
        n = utf8_sequence_len(at, left);
        bool is_control = c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)at[1] < 0xa0);
        if (n == 0 || is_control) {
            n = n == 0 ? 1 : n;
            memset(at, '?', n);
        }
    }
    return copy;
}

static void on_asked(void *context, const struct output_finding *finding)
{
    struct asked *asked = context;
    struct connect_result *result = asked->result;
    result->url = mem_string(finding->url);
    result->text = clean(finding->text);
    result->status = finding->status;
    result->is_good = finding->is_good;
    asked->asking->open--;
    if (asked->asking->open == 0) {
        ev_break(asked->asking->loop, EVBREAK_ALL);
    }
}

static void ask(struct asked *asked, const struct output_settings *settings)
{
    struct connect_result *result = asked->result;
    char *error = NULL;
    result->output = settings->name;
    asked->type = output_type_find(settings->type);
    ENSURE(asked->type != NULL); /* the config knows the types of outputs */
    if (asked->type->ask == NULL) {
        result->is_good = true;
        result->text = mem_string("it has no address");
        return;
    }
    asked->question = asked->type->ask(settings, asked->asking->loop, on_asked, asked, &error);
    if (asked->question == NULL) {
        result->text = error;
    } else {
        asked->asking->open++;
    }
}

struct connect_result *check_connect(const struct settings *settings)
{
    size_t count = settings->output_count;
    struct asking asking = {.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOSIGMASK)};
    struct connect_result *results = mem_array(count, sizeof(*results));
    struct asked *all = mem_array(count, sizeof(*all));
    ENSURE(asking.loop != NULL);
    signal(SIGPIPE, SIG_IGN); /* a backend that goes away is an answer too */
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct asked){.asking = &asking, .result = &results[i]};
        ask(&all[i], &settings->outputs[i]);
    }
    if (asking.open > 0) {
        ev_run(asking.loop, 0);
    }
    for (size_t i = 0; i < count; i++) {
        if (all[i].question != NULL) {
            all[i].type->ask_end(all[i].question);
        }
    }
    free(all);
    ev_loop_destroy(asking.loop);
    return results;
}

void connect_results_free(struct connect_result *results, size_t count)
{
    for (size_t i = 0; results != NULL && i < count; i++) {
        free(results[i].url);
        free(results[i].text);
    }
    free(results);
}
