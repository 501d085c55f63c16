/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECEIVE_TALLY_H
#define CLEW_RECEIVE_TALLY_H

/*
 * What a receiver has taken: requests, records, and by service how many of them carry a trace id.
 * Bounded: beyond TALLY_SERVICES_MAX services, the rest is counted as one, named "(other)".
 */

#include <stdint.h>
#include <stdio.h>

struct Otlp__ExportLogsServiceRequest;

enum {
    TALLY_SERVICES_MAX = 1000
};

struct tally_service {
    char *name; /* service.name of the resource; "" where it has none */
    uint64_t hash;
    uint64_t records;
    uint64_t traced; /* with a trace id that is valid: 16 bytes, not all zero */
};

struct tally {
    uint64_t requests; /* taken */
    uint64_t refused;  /* requests answered with an error */
    uint64_t late;     /* connections closed because their request did not come in time */
    uint64_t displaced; /* … or others came for their places */
    uint64_t records;
    uint64_t traced;
    uint64_t body_bytes; /* of the requests taken, as they were sent */
    struct tally_service *services;
    size_t service_count;
};

void tally_init(struct tally *tally);
void tally_fini(struct tally *tally);

/* Count one request that was taken. */
void tally_add(struct tally *tally, const struct Otlp__ExportLogsServiceRequest *request);

/* traced ÷ records; 0 for no records. */
double tally_coverage(uint64_t traced, uint64_t records);

/* For a person: a table, the service with most records first. */
void tally_print(struct tally *tally, FILE *out);

/* For a machine: one JSON object and a newline. */
void tally_print_json(struct tally *tally, FILE *out);

#endif
