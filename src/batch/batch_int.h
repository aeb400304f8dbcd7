/* batch_int.h - what the files of src/batch share. */
#pragma once

#include "base/file.h"
#include "base/hash.h"
#include "batch/batches.h"

#define JOB_BATCH "batch"
#define BATCH_OPEN "validating in_progress finalizing cancelling"

struct Batches {
    BatchesOptions options;
};

/* files.c: a file of our making on its way to be kept. */
typedef struct NewBytes {
    char *path;
    int fd;
    Sha256 sha;
    uint64_t size;
    Str digest; /* after bytes_end() */
} NewBytes;
MUST_CHECK bool bytes_begin(Batches *batches, Arena *arena, NewBytes *bytes, Error *err);
MUST_CHECK bool bytes_add(NewBytes *bytes, Str piece, Error *err);
void bytes_end(NewBytes *bytes, Arena *arena);
void bytes_auto(NewBytes *bytes); /* what was not kept goes */
#define AUTO_BYTES AUTO(bytes_auto)

/* batch_lines.c: the input, line by line. */
typedef struct BatchRequest {
    int64_t line; /* from 1 */
    Str custom_id, body;
} BatchRequest;

typedef struct BatchReader {
    Str rest;
    int64_t line; /* of the one that was read last */
} BatchReader;

/* The next line that is not empty. False: there is none. */
bool batch_next_line(BatchReader *reader, Str *line_r);
/* A line that has been found valid. */
bool batch_read_line(Arena *arena, Str line, BatchRequest *request_r);

/* What a look at all lines has found. */
typedef struct BatchCheck {
    int64_t total;
    Str model;    /* of all lines, when it is the same */
    Str problems; /* JSON items with commas between them; "": it is fine */
} BatchCheck;
void batch_check(Arena *arena, Str input, Str endpoint, BatchCheck *check_r);
/* One item for the list of problems; line 0: of no line. */
Str batch_problem(Arena *arena, const char *code, Str message, int64_t line);

/* batch_results.c: what stands in a result file. */
Str batch_answer(Arena *arena, const Batch *batch, const BatchRequest *request,
                 const GatewayReply *reply);
/* Write the result files, end the batch. Lines of the input that
 * have no answer are told of; it may be empty. */
MUST_CHECK bool batch_finish(Batches *batches, Job *job, Batch *batch, Str input, Error *err);
