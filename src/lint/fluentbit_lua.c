/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/fluentbit.h"
void fb_lua(struct fb_config *config, const struct fb_section *filter, struct trail *trail)
{
    (void)config;
    (void)filter;
    (void)trail;
}
