/* expression_int.h - what the files of expressions share. Not for others. */
#pragma once

#include "workflow/expression.h"

typedef struct ExpressionRun ExpressionRun;
typedef struct ExpressionNode ExpressionNode;

typedef struct Args {
    json_t *at[9];
    size_t count;
} Args;

/* Gives a value that the run keeps (expression_keep()), or NULL after a failure. */
typedef json_t *ExpressionFunctionBody(ExpressionRun *run, const Args *args);

typedef struct ExpressionFunction {
    const char *name;
    size_t least, most; /* arguments */
    ExpressionFunctionBody *body;
    const char *usage, *meaning;
} ExpressionFunction;

/* NULL when there is none of this name. */
const ExpressionFunction *expression_function(Str name);

#define FUNCTION(name, least, most, usage, meaning) ExpressionFunctionBody function_##name;
#include "workflow/functions.def"
#undef FUNCTION

typedef enum NodeKind {
    NODE_CONSTANT, /* null, true, false, a number or a text */
    NODE_NAME,
    NODE_MEMBER, /* args[0].text */
    NODE_ITEM,   /* args[0][args[1]] */
    NODE_CALL,
    NODE_LIST,
    NODE_OBJECT, /* names[i]: args[i] */
    NODE_NOT,
    NODE_MINUS,
    NODE_TWO, /* an operator between args[0] and args[1] */
    NODE_CHOICE,
} NodeKind;

typedef enum Operator {
    OP_NONE,
    OP_OR,
    OP_AND,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_IN,
    OP_NOT_IN,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_DEFAULT,
} Operator;

struct ExpressionNode {
    NodeKind kind;
    Operator op;
    json_type type; /* of a constant */
    Str text;       /* of a constant, name or member */
    int64_t whole;  /* of an integer */
    double number;  /* of a real one */
    const ExpressionFunction *function;
    const Str *names;
    const ExpressionNode *const *args;
    size_t count;
    size_t start, end; /* in the source, bytes */
};

struct Expression {
    Str source;
    const ExpressionNode *root;
    size_t node_count;
};

/* --- Running --- */

struct ExpressionRun {
    const Expression *expression;
    const ExpressionNode *at; /* what runs: for messages */
    const json_t *names;
    int64_t now_ms;
    int64_t work;
    Arena *arena;
    VEC(json_t *) kept; /* released at the end */
    Error *err;
};

/* The run owns it from now on. */
json_t *expression_keep(ExpressionRun *run, json_t *value);
json_t *expression_text(ExpressionRun *run, Str text);
json_t *expression_flag(bool is_true);
/* A whole number where it is one. */
json_t *expression_number(ExpressionRun *run, double number);
/* Counts what a function looks at; false when it was too much. */
MUST_CHECK bool expression_spend(ExpressionRun *run, size_t count);
/* Says what is wrong with what runs; NULL. */
json_t *expression_fail(ExpressionRun *run, const char *format, ...) PRINTF(2, 3);

Str expression_str(const json_t *text);
/* "a text", "a list": for messages. */
const char *expression_kind(const json_t *value);
/* Equal numbers are equal whether they are written 1 or 1.0. */
bool expression_equal(const json_t *a, const json_t *b);

/* --- Arguments (expression_functions.c) --- */

/* Null is an answer; anything else that is not of the type a failure. */
typedef enum Taken { TAKEN, TAKEN_NULL, TAKEN_NOT } Taken;

Taken expression_take_text(ExpressionRun *run, const json_t *value, Str *text_r);
/* The first `count` of them. */
Taken expression_take_texts(ExpressionRun *run, const Args *args, size_t count, Str *texts_r);
Taken expression_take_list(ExpressionRun *run, const json_t *value);
Taken expression_take_number(ExpressionRun *run, const json_t *value, double *number_r);
/* What a function gives for an argument that it did not take. */
json_t *expression_nothing(Taken taken);
json_t *expression_list_new(ExpressionRun *run);
