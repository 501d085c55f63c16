/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Marks in a file which blocks of a program have run, for `reached.py`. The file is mapped before main(), so
 * that neither a sandbox nor kill -9 keeps a mark from it.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern char __executable_start[], etext[];

static unsigned char *marks; /* one for each byte of code; NULL: nobody asks */

void __sanitizer_cov_trace_pc(void);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("MUTANTS_REACHED");
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    size_t size = (size_t)(etext - __executable_start);
    if (fd < 0) {
        return;
    }
    if (ftruncate(fd, (off_t)size) == 0) {
        void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        marks = map != MAP_FAILED ? map : NULL;
    }
    close(fd);
}

void __sanitizer_cov_trace_pc(void)
{
    if (marks != NULL) {
        marks[(char *)__builtin_return_address(0) - __executable_start] = 1;
    }
}
