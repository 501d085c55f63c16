/* SPDX-License-Identifier: Apache-2.0 */
#include "kubernetes/pod_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "kubernetes/pod_reader.h"

enum { READ_BYTES = 64 * 1024 };

struct filling {
    struct pod_store *store;
    uint64_t pods;
};

static void on_pod(void *context, struct pod *pod, bool is_deleted)
{
    (void)is_deleted;
    struct filling *filling = context;
    filling->pods++;
    pod_store_put(filling->store, pod);
}

static void on_version(void *context, const char *version)
{
    (void)context;
    (void)version;
}

static void on_end(void *context, const char *next)
{
    (void)context;
    (void)next;
}

static void on_status(void *context, long code, const char *message)
{
    (void)context;
    (void)code;
    (void)message;
}

/* 0, -errno, or 1: it is no list of pods. */
static int read_all(int fd, struct pod_reader *reader)
{
    char bytes[READ_BYTES];
    for (;;) {
        ssize_t n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            return pod_reader_is_whole(reader) ? 0 : 1;
        }
        if (n > 0 && !pod_reader_feed(reader, slice_make(bytes, (size_t)n))) {
            return 1;
        }
    }
}

bool pod_file_read(const char *path, struct pod_store *store,
                   const struct kubernetes_settings *settings, struct counters *counters,
                   char **out_error)
{
    struct filling filling = {.store = store};
    const struct pod_reader_events events = {on_pod, on_version, on_end, on_status, &filling};
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *out_error = mem_format("cannot read the pods in %s: %s", path, strerror(errno));
        return false;
    }
    struct pod_reader *reader = pod_reader_new(settings, counters, &events);
    int result = read_all(fd, reader);
    pod_reader_free(reader);
    if (!is_input) {
        close(fd);
    }
    if (result < 0) {
        *out_error = mem_format("cannot read the pods in %s: %s", path, strerror(-result));
    } else if (result > 0 || filling.pods == 0) {
        *out_error = mem_format("%s is not a list of pods: save one with `kubectl get pods -A -o "
                                "json`",
                                is_input ? "standard input" : path);
    }
    return result == 0 && filling.pods > 0;
}
