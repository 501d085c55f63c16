/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What stands before the resolve and audit stages in clew-twice, a program of the benchmark alone:
 * each record goes through both a second time. It is sent as clew sends it, so what the program
 * costs more is the stages' cost and nothing else; a little less than that, the second time finding
 * all in the cache. As in bypass.c, the linker leads the calls here.
 */

#include "audit/audit.h"
#include "resolve/resolve.h"

void __real_resolver_resolve(struct resolver *resolver, struct record *record);
void __real_audit_count(struct audit *audit, const struct record *record);
void __real_audit_count_out(struct audit *audit, const struct record *record);
void __wrap_resolver_resolve(struct resolver *resolver, struct record *record);
void __wrap_audit_count(struct audit *audit, const struct record *record);
void __wrap_audit_count_out(struct audit *audit, const struct record *record);

void __wrap_resolver_resolve(struct resolver *resolver, struct record *record)
{
    __real_resolver_resolve(resolver, record);
    __real_resolver_resolve(resolver, record);
}

void __wrap_audit_count(struct audit *audit, const struct record *record)
{
    __real_audit_count(audit, record);
    __real_audit_count(audit, record);
}

void __wrap_audit_count_out(struct audit *audit, const struct record *record)
{
    __real_audit_count_out(audit, record);
    __real_audit_count_out(audit, record);
}
