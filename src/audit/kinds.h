/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_AUDIT_KINDS_H
#define CLEW_AUDIT_KINDS_H

/* What an audit tells apart, and what it tells of itself. */

#include <stdbool.h>
#include <stdint.h>

/* What a group can be broken down by. */
enum audit_dimension {
    AUDIT_BY_SERVICE,
    AUDIT_BY_NAMESPACE,
    AUDIT_BY_POD,
    AUDIT_BY_CONTAINER,
    AUDIT_BY_LOGGER,
    AUDIT_BY_CALLSITE, /* caller, function or file of the line, by the names that loggers use */
    AUDIT_BY_SEVERITY,
    AUDIT_BY_STREAM,
    AUDIT_BY_FILE,
    AUDIT_BY_NODE, /* these three by the metadata of Kubernetes … */
    AUDIT_BY_DEPLOYMENT,
    AUDIT_BY_WORKLOAD, /* … such as "deployment/checkout" or "job/report-28934567" */
    AUDIT_DIMENSIONS,
};

/* "service", "namespace", …; NULL behind the last, so it can be used for choices. */
extern const char *const audit_dimension_names[AUDIT_DIMENSIONS + 1];

/* What found no place of its own, ever; of all that are joined. */
struct audit_over {
    uint64_t records; /* of services beyond audit.groups_max */
    uint64_t origins; /* whose lines without a service are all unknown_service's */
};

/* The proof that nothing was stripped on the way through: what came in, and what filters have added,
 * has left or was in a record that a filter has dropped. */
struct audit_preservation {
    uint64_t ids_in; /* records with a trace id, as they were resolved … */
    uint64_t ids_out; /* … and where they left */
    uint64_t fields_in; /* of all records, whatever they hold counted too */
    uint64_t fields_out;
    bool has_filters;         /* without them the next three are 0 */
    uint64_t ids_filtered;    /* records with a trace id that a filter has dropped, whole */
    uint64_t ids_added;       /* … that got theirs from a filter */
    uint64_t fields_filtered; /* removed, less those added (it may wrap); dropped records' too */
};

#endif
