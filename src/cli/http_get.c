/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/http_get.h"

#include <curl/curl.h>
#include "base/mem.h"

static size_t take(char *data, size_t size, size_t count, void *context)
{
    size_t len = size * count;
    return buf_append(context, data, len) ? len : 0;
}

static bool perform(CURL *easy, const char *url, struct buf *out, char **out_error)
{
    char error[CURL_ERROR_SIZE] = "";
    long status = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)HTTP_GET_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, out);
    CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) {
        *out_error = mem_format("%s", error[0] != '\0' ? error : curl_easy_strerror(code));
        return false;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        *out_error = mem_format("%s answers with status %ld", url, status);
        return false;
    }
    return true;
}

bool http_get(const char *url, struct buf *out, char **out_error)
{
    CURL *easy = curl_easy_init();
    ENSURE(easy != NULL);
    buf_clear(out);
    bool is_done = perform(easy, url, out, out_error);
    curl_easy_cleanup(easy);
    if (is_done && !buf_append(out, "", 1)) {
        *out_error = mem_format("the answer of %s is too long", url);
        return false;
    }
    return is_done;
}
