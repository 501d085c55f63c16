/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_KUBERNETES_IMAGE_NAME_H
#define CLEW_KUBERNETES_IMAGE_NAME_H

/*
 * The parts of an image's name, by the grammar of distribution/reference:
 *
 *     [host[:port]/]path[:tag][@algorithm:digest]
 *
 * The slices point into the text; parts that it does not have are empty.
 */

#include "base/slice.h"

struct image_name {
    struct slice name; /* without tag and digest */
    struct slice tag;
    struct slice digest; /* with its algorithm */
};

struct image_name image_name_parse(const char *text); /* NULL has no parts */

#endif
