/* contract.h - what goes in and out of each route: query, bodies, answers, from the tables
 * parameters.def, bodies.def, answers.def and shapes.def (notation: schema_notation.h).
 *
 * A handler that serves several routes has one contract. /openapi.json is printed from these;
 * the whole-program tests hold the program to it. Threads: any. */
#pragma once

#include "api/api.h"

typedef struct ContractShape {
    const char *name, *notation;
} ContractShape;

typedef struct ContractParameter {
    const char *name, *notation, *title;
} ContractParameter;

typedef struct ContractAnswer {
    ApiHandler *handle;
    int status;
    const char *media_type; /* "": no body */
    const char *notation;
} ContractAnswer;

extern const ContractShape contract_shapes[];
extern const size_t contract_shape_count;
extern const ContractAnswer contract_answers[]; /* those of one handler in a row */
extern const size_t contract_answer_count;

/* Names of what its query may say, with spaces between, and "!" behind what it must say; "":
 * nothing. */
Str contract_queries(ApiHandler *handle);
/* NULL: there is none of this name. */
const ContractParameter *contract_parameter(Str name);
/* NULL: the body is not described beyond its kind, or there is none. */
const char *contract_body(ApiHandler *handle);
/* A body as JSON; NULL: none is shown. */
const char *contract_example(ApiHandler *handle);
