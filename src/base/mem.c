/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *have(void *memory)
{
    if (memory == NULL) {
        fputs("clew: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    return have(calloc(1, size > 0 ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
    return have(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *mem_resize(void *old, size_t count, size_t size)
{
    ENSURE(size == 0 || count <= SIZE_MAX / size);
    return have(realloc(old, count * size > 0 ? count * size : 1));
}

char *mem_string(const char *string)
{
    return string != NULL ? mem_string_from(slice_from_string(string)) : NULL;
}

char *mem_string_from(struct slice s)
{
    char *copy = mem_alloc(s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.data, s.len);
    }
    return copy;
}

char *mem_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return have(len >= 0 ? text : NULL);
}

void ensure_failed(const char *belief, const char *file, int line)
{
    fprintf(stderr, "clew: assertion failed: %s (%s:%d)\n", belief, file, line);
    abort();
}
