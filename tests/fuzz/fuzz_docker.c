/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "base/mem.h"
#include "parsers/docker.h"

/*
 * The Docker envelope against jansson: what clew's scanner takes and is JSON at all has the same
 * `log`, but for U+0000, lone surrogates and repeated members, where the two differ by design.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_comparable(struct slice line)
{
    return memmem(line.data, line.len, "\\u", 2) == NULL;
}

static void compare(struct slice line, const struct docker_line *docker)
{
    json_t *root = json_loadb(line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *log = json_object_get(root, "log");
    if (log != NULL && is_comparable(line)) {
        ENSURE(json_string_length(log) >= docker->text.len);
        ENSURE(memcmp(json_string_value(log), docker->text.data, docker->text.len) == 0);
    }
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice line = slice_make((const char *)data, size);
    struct cri_clock clock = {0};
    struct docker_line docker;
    struct buf unescaped;
    buf_init(&unescaped, 1 << 20);
    if (docker_parse(&clock, line, &unescaped, &docker)) {
        ENSURE(docker.text.len < line.len);
        compare(line, &docker);
    }
    buf_fini(&unescaped);
    return 0;
}
