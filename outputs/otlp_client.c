/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/otlp_client.h"

#include <stdlib.h>
#include "base/mem.h"

enum { OWN_HEADERS = 2 };

/* Those of the config come last. */
static size_t list_headers(const struct output_settings *settings, struct http_header *out)
{
    const char *encoding = compression_encoding(settings->compression);
    size_t count = 0;
    out[count++] = (struct http_header){"Content-Type", "application/x-protobuf"};
    if (encoding != NULL) {
        out[count++] = (struct http_header){"Content-Encoding", encoding};
    }
    for (size_t i = 0; i < settings->headers.count; i++) {
        const struct key_value *header = &settings->headers.items[i];
        out[count++] = (struct http_header){header->key, header->value};
    }
    return count;
}

struct http_client *otlp_client_new(const struct output_settings *settings, struct ev_loop *loop,
                                    char **out_error)
{
    struct http_header *headers =
        mem_array(OWN_HEADERS + settings->headers.count, sizeof(*headers));
    const struct http_settings of_client = {
        .url = settings->endpoint,
        .user_agent = "OTel-OTLP-Exporter-clew/" CLEW_VERSION,
        .ca_file = settings->ca_file,
        .certificate_file = settings->certificate_file,
        .key_file = settings->key_file,
        .proxy = settings->proxy,
        .headers = headers,
        .header_count = list_headers(settings, headers),
        .verify = settings->verify,
        .timeout_ms = settings->timeout_ms,
        .wait_max_ms = settings->retry_max_ms,
        .response_bytes_max = settings->response_bytes_max,
    };
    struct http_client *client = http_client_new(&of_client, loop, out_error);
    free(headers);
    return client;
}
