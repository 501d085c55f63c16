/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include "base/mem.h"
#include "shippers/lint.h"

/*
 * Whatever is in a foreign config, each of the readers takes it or leaves it without harm, and every
 * finding has its place. The first byte chooses by which name, and so by which reader.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.conf", "a.yaml", "a.toml"};
    enum { SIZE_MAX_BYTES = 8192 }; /* what a program does grows with it */
    if (size == 0 || size > SIZE_MAX_BYTES) {
        return 0;
    }
    struct lint *lint = lint_new(NULL);
    size_t count = 0;
    (void)lint_text(lint, names[data[0] % ARRAY_LEN(names)], (const char *)data + 1, size - 1);
    const struct lint_finding *findings = lint_findings(lint, &count);
    for (size_t i = 0; i < count; i++) {
        ENSURE(findings[i].place.file != NULL && findings[i].stage != NULL);
        ENSURE(findings[i].why != NULL && findings[i].when != NULL && findings[i].fix != NULL);
    }
    lint_free(lint);
    return 0;
}
