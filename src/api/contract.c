/* contract.c - the tables of contract.h. */
#include "api/contract.h"

const ContractShape contract_shapes[] = {
#define SHAPE(name, notation) { #name, notation },
#include "api/shapes.def"
#undef SHAPE
};
const size_t contract_shape_count = COUNT(contract_shapes);

const ContractAnswer contract_answers[] = {
#define ANSWER(handler, status, media_type, notation) { handler, status, media_type, notation },
#include "api/answers.def"
#undef ANSWER
};
const size_t contract_answer_count = COUNT(contract_answers);

typedef struct Line {
    ApiHandler *handle;
    const char *text;
} Line;

static const ContractParameter parameters[] = {
#define PARAMETER(name, notation, title) { name, notation, title },
#define QUERIES(handler, names)
#include "api/parameters.def"
#undef PARAMETER
#undef QUERIES
};

static const Line queries[] = {
#define PARAMETER(name, notation, title)
#define QUERIES(handler, names) { handler, names },
#include "api/parameters.def"
#undef PARAMETER
#undef QUERIES
};

static const Line bodies[] = {
#define BODY(handler, notation) { handler, notation },
#define EXAMPLE(handler, text)
#include "api/bodies.def"
#undef BODY
#undef EXAMPLE
};

static const Line examples[] = {
#define BODY(handler, notation)
#define EXAMPLE(handler, text) { handler, text },
#include "api/bodies.def"
#undef BODY
#undef EXAMPLE
};

static const char *line_of(const Line *lines, size_t count, ApiHandler *handle)
{
    for (size_t i = 0; i < count; i++)
        if (lines[i].handle == handle)
            return lines[i].text;
    return NULL;
}

Str contract_queries(ApiHandler *handle) { return str(line_of(queries, COUNT(queries), handle)); }

const char *contract_body(ApiHandler *handle) { return line_of(bodies, COUNT(bodies), handle); }

const char *contract_example(ApiHandler *handle)
{
    return line_of(examples, COUNT(examples), handle);
}

const ContractParameter *contract_parameter(Str name)
{
    for (size_t i = 0; i < COUNT(parameters); i++)
        if (str_is(name, parameters[i].name))
            return &parameters[i];
    return NULL;
}
