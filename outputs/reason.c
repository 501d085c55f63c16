/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"
#include "outputs/endpoint.h"

/* `HTTP status 400, "its words"` */
static size_t write_status(long status, const struct response *response, char out[REASON_BYTES])
{
    bool has_words = response->message[0] != '\0';
    int len = snprintf(out, REASON_BYTES, "HTTP status %ld%s%s%s", status, has_words ? ", \"" : "",
                       response->message, has_words ? "\"" : "");
    return (size_t)len;
}

static void add_advice(const char *before, const char *url, size_t len, char out[REASON_BYTES])
{
    char *advice = endpoint_advise(url);
    snprintf(out + len, REASON_BYTES - len, "%s%s", before, advice);
    free(advice);
}

void reason_write(const struct http_answer *answer, const struct response *response,
                  const char *url, char out[REASON_BYTES])
{
    if (response == NULL) {
        int len = snprintf(out, REASON_BYTES, "%s", answer->error);
        if (answer->is_foreign && endpoint_is_of_grpc(url)) {
            add_advice("; ", url, (size_t)len, out);
        }
        return;
    }
    size_t len = write_status(answer->status, response, out);
    if (answer->redirect != NULL) {
        len += (size_t)snprintf(out + len, REASON_BYTES - len, ", to %.512s", answer->redirect);
    }
    if (response->advice != NULL) {
        len += (size_t)snprintf(out + len, REASON_BYTES - len, ", %s", response->advice);
    }
    if (response->is_of_address) {
        add_advice("; ", url, len, out);
    }
}

void reason_write_refusal(long status, const struct response *response, const char *url,
                          char out[REASON_BYTES])
{
    size_t len = write_status(status, response, out);
    add_advice(", to a made-up record and to a request without records, so the address is wrong and "
               "not the records: ",
               url, len, out);
}
