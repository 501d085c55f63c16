/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_MEM_H
#define CLEW_BASE_MEM_H

/*
 * Heap memory, and what the house believes.
 *
 * Out of memory ends the process with a sentence: no caller checks for it. How much is asked for is
 * never chosen by what was read; growable things have a limit of their own (base/buf.h,
 * base/arena.h) and reaching that is an ordinary, counted error.
 */

#include <stddef.h>
#include "base/slice.h"

void *mem_alloc(size_t size);                  /* zeroed; free() it */
void *mem_array(size_t count, size_t size);    /* zeroed; free() it */
void *mem_resize(void *old, size_t count, size_t size); /* realloc(3), overflow checked */
char *mem_string(const char *string);          /* a copy; NULL stays NULL */
char *mem_string_from(struct slice s);         /* a NUL-terminated copy */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checked in release builds too: says what was believed and aborts. For the house's own mistakes,
 * never for input. */
#define ENSURE(belief)                                                                             \
    do {                                                                                           \
        if (__builtin_expect(!(belief), 0)) {                                                      \
            ensure_failed(#belief, __FILE__, __LINE__);                                            \
        }                                                                                          \
    } while (0)

_Noreturn void ensure_failed(const char *belief, const char *file, int line);

/* The struct that `pointer` is the member `member` of. */
#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
