/* members.h - members of a client's request that its own dialect alone can say: what no front reads
 * and no dialect writes. Most only make an answer better, cheaper or faster, and are left out
 * elsewhere; those that would make it another answer are refused by name.
 *
 * docs/members.md is the whole table, written by members_test.c. */
#pragma once

#include "gateway/dialect.h"

/* A service that does not take the request's extra members can do without them. */
MUST_CHECK bool members_check(const ModelRequest *request, const DialectTarget *target, Error *err);
/* A service that fails with some members of its dialect can do without those of this body. */
MUST_CHECK bool members_check_body(Str body, const DialectQuirks *quirks, Error *err);
