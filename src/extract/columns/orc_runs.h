/* orc_runs.h - the run-length encodings of ORC (orc.apache.org, "ORC Specification v1", Run Length
 * Encoding), read one value after another. What lies past the end reads as zeros and sets
 * is_broken. */
#pragma once

#include "base/base.h"

enum { ORC_RUN_MAX = 512 };

typedef enum OrcRunKind { ORC_BYTES, ORC_WHOLE_1, ORC_WHOLE_2 } OrcRunKind;

typedef struct OrcRuns {
    Str bytes;
    size_t at;
    OrcRunKind kind;
    bool is_signed, is_broken;
    unsigned bits_left; /* of a byte of booleans */
    unsigned held;
    size_t count, taken; /* of the run */
    int64_t values[ORC_RUN_MAX];
} OrcRuns;

void orc_runs_begin(OrcRuns *runs, Str bytes, OrcRunKind kind, bool is_signed);
int64_t orc_runs_next(OrcRuns *runs);
/* Of runs of bytes: each has eight booleans, the highest bit first. */
bool orc_runs_next_boolean(OrcRuns *runs);
/* A number of seven bits a byte, the lowest first, at *at. */
uint64_t orc_varint(Str bytes, size_t *at);
