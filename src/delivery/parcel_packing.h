/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_DELIVERY_PARCEL_PACKING_H
#define CLEW_DELIVERY_PARCEL_PACKING_H

/*
 * Requests into the form they have on disk, and back: compressed as they are sent, so that what was
 * spooled goes out as it lies.
 */

#include "delivery/parcel.h"

struct parcel_packing;

struct parcel_packing *parcel_packing_new(enum compression compression);
void parcel_packing_rest(struct parcel_packing *packing); /* hold no memory until the next use */
void parcel_packing_free(struct parcel_packing *packing); /* NULL is fine */

/* A parcel with this request; nothing else is set. Its body is good until the next pack. */
void parcel_packing_pack(struct parcel_packing *packing, struct slice request, uint32_t records,
                         struct parcel *out);

/* The request of the parcel, however it is compressed, instead of what was in `out`. False if the
 * body is not a request of so many bytes and records: `out` is then rubbish. */
bool parcel_packing_unpack(struct parcel_packing *packing, const struct parcel *parcel,
                           struct buf *out);

#endif
