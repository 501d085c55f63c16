/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/mem.h"
#include "resolve/trace/text.h"

/*
 * Any text through the scan, and through every normaliser. What counts as valid is never all zero,
 * what is verbatim is exactly the hex of its bytes, and there is never more than fits.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(const struct id_value *id, size_t bytes)
{
    ENSURE(id->state < TRACE_CLASSES);
    ENSURE(id->notes < UINT64_C(1) << TRACE_NOTES_END);
    unsigned any = 0;
    for (size_t i = 0; i < bytes; i++) {
        any |= id->bytes[i];
    }
    ENSURE(!id->is_valid || any != 0);
    ENSURE(!id->is_verbatim || (id->is_valid && id->state == TRACE_OK));
}

static void normalise(struct slice text)
{
    for (int form = FORM_HEX; form <= FORM_NR_LINKING; form++) {
        for (unsigned options = 0; options < 8; options++) {
            struct context_value context;
            struct id_value span;
            normalise_trace(text, (enum id_form)form, options, &context);
            normalise_span(text, (enum id_form)form, options, &span);
            check_id(&context.trace, 16);
            check_id(&context.span, 8);
            check_id(&span, 8);
        }
    }
    struct flags_value flags;
    normalise_flags(text, false, &flags);
    normalise_flags(text, true, &flags);
    normalise_b3_flags(text, &flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* An exact copy on the heap: the sanitizer sees a read behind its end. */
    char *copy = malloc(size + (size == 0));
    ENSURE(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    struct slice text = slice_make(copy, size);
    struct key_cache *keys = key_cache_new();
    struct trace_text scanner;
    struct trace_candidates found;
    trace_text_init(&scanner, keys, NULL, ID_REPAIR | ID_UUID | ID_DECIMAL_PAD);
    for (int is_message = 0; is_message < 2; is_message++) {
        candidates_clear(&found);
        trace_text_scan(&scanner, text, is_message != 0, &found);
        ENSURE(found.trace_count <= CANDIDATES_MAX && found.span_count <= CANDIDATES_MAX);
        for (uint32_t i = 0; i < found.trace_count; i++) {
            check_id(&found.traces[i].id, 16);
        }
        for (uint32_t i = 0; i < found.span_count; i++) {
            check_id(&found.spans[i].id, 8);
        }
    }
    if (size < 300) {
        normalise(text);
    }
    key_cache_free(keys);
    free(copy);
    return 0;
}
