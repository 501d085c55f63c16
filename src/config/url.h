/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_CONFIG_URL_H
#define CLEW_CONFIG_URL_H

/* The parts of an http or https URL, as far as a config has to know them. libcurl is the judge of
 * the rest. */

#include <stdbool.h>
#include "base/slice.h"

struct url {
    struct slice scheme;
    struct slice user;  /* `name:password`, without the @ */
    struct slice host;  /* with the brackets of an IPv6 address */
    struct slice port;  /* digits; empty: none */
    struct slice path;  /* from its slash up to the query; empty: none */
    struct slice query; /* without the `?` */
};

/* The slices point into `text`. False: it is no URL with a scheme and a host. */
bool url_parse(const char *text, struct url *out_url);

/* A copy with user, password and what looks like a secret in the query shown as `[hidden]`. */
char *url_hide_secrets(const char *text);

/* Does a header or query parameter of that name hold a secret, judged by the name? */
bool is_secret_name(struct slice name);

#endif
