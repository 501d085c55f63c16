/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_DOCKER_H
#define CLEW_PARSERS_DOCKER_H

/*
 * The line format of the Docker engine's json-file driver:
 *
 *     {"log":"the text\n","stream":"stdout","attrs":{"tag":"web"},"time":"2026-05-11T02:14:33.22Z"}
 *
 * The engine cuts what an application writes into pieces of 16 KiB; a piece whose text does not end
 * with a newline is continued by the next one of its stream.
 *
 * `attrs` (labels, environment and tag of the container, when the driver was told to write them)
 * tell of the container, not of the record. They are not shipped; has_more says that there was
 * something, and the caller counts it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "parsers/cri.h"

struct docker_line {
    struct slice text; /* of the pushed line, or in `unescaped`; without its newline */
    uint64_t time_ns;
    enum iostream iostream;
    bool is_partial;
    bool has_more; /* members other than log, stream and time */
};

/*
 * False: not such a line, and an application's own JSON may well be not: log, stream and time have
 * to be there, each as the engine writes it. `unescaped` is overwritten if the text has escapes;
 * false too if they do not fit its limit.
 */
bool docker_parse(struct cri_clock *clock, struct slice line, struct buf *unescaped,
                  struct docker_line *out);

#endif
