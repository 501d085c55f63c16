/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_BASE_CURL_LOOP_H
#define CLEW_BASE_CURL_LOOP_H

/*
 * libcurl's transfers on libev: the multi socket interface, so that a transfer never blocks the
 * loop.
 *
 *     owner                          curl loop
 *        |-- curl_loop_start(task) ---->|   the transfer runs while the loop does
 *        |<---- task->done(result) -----|   once; the transfer is then out of the loop again
 *     or |-- curl_loop_stop(task) ----->|   given up; done is not called
 *
 * The owner makes the easy handle, sets what it likes on it but CURLOPT_PRIVATE, which belongs to
 * this module, and cleans it up. Handles keep their connections, as does the loop.
 */

struct ev_loop;
struct curl_loop;

struct curl_task {
    void *easy; /* libcurl's CURL */
    /* `result` is a CURLcode. May start this task or others again, and may stop others. */
    void (*done)(struct curl_task *task, int result);
};

struct curl_loop *curl_loop_new(struct ev_loop *loop);

/* No task may be running. NULL is fine. */
void curl_loop_free(struct curl_loop *curl_loop);

void curl_loop_start(struct curl_loop *curl_loop, struct curl_task *task);
void curl_loop_stop(struct curl_loop *curl_loop, struct curl_task *task);

#endif
