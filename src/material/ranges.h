/* ranges.h - documents, or ranges of them, read in one look at the database; for this folder only.
 */
#pragma once

#include "material/gather.h"

typedef struct MaterialRange {
    Str document;
    int64_t start, end; /* bytes of its text; both 0: all of it */
    Str heading;        /* that it begins under; empty: none, or it stands in the range */
} MaterialRange;

typedef struct MaterialRanges {
    VEC(MaterialRange) at; /* those of one document one after the other */
    size_t bytes_max;
    bool is_cut; /* there are more that are not listed */
} MaterialRanges;

/* ERROR_NOT_FOUND; ERROR_CONFLICT: a document is still being read. */
MUST_CHECK bool material_read_ranges(Db *db, const Scope *scope, const MaterialRanges *ranges,
                                     Gathering *gathering, Error *err);
