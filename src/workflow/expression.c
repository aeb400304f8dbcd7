/* expression.c - what an expression is worth: see expression.h. */
#include "workflow/expression_int.h"

#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>

/* Whole numbers up to here are exact as doubles. */
#define WHOLE_MAX 9007199254740992.0

/* --- Values --- */

json_t *expression_keep(ExpressionRun *run, json_t *value)
{
    *vec_push(run->arena, &run->kept) = value;
    return value;
}

json_t *expression_text(ExpressionRun *run, Str text)
{
    if (text.length > EXPRESSION_TEXT_MAX)
        return expression_fail(run, "the text would have more than %zu bytes", EXPRESSION_TEXT_MAX);
    return expression_keep(run, json_stringn_nocheck(text.at ? text.at : "", text.length));
}

json_t *expression_flag(bool is_true) { return is_true ? json_true() : json_false(); }

json_t *expression_number(ExpressionRun *run, double number)
{
    if (!isfinite(number))
        return expression_fail(run, "the number is too large");
    if (number == floor(number) && fabs(number) < WHOLE_MAX)
        return expression_keep(run, json_integer((json_int_t)number));
    return expression_keep(run, json_real(number));
}

bool expression_spend(ExpressionRun *run, size_t count)
{
    run->work += (int64_t)MIN(count, (size_t)EXPRESSION_WORK_MAX) + 1;
    if (run->work <= EXPRESSION_WORK_MAX)
        return true;
    (void)expression_fail(run, "it is too much work: more than %d characters and items",
                          EXPRESSION_WORK_MAX);
    return false;
}

json_t *expression_fail(ExpressionRun *run, const char *format, ...)
{
    const ExpressionNode *at = run->at;
    Str source = run->expression->source, part = str_slice(source, at->start, at->end);
    char text[240];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    part = str_slice(part, 0, utf8_floor(part, MIN(part.length, 100)));
    (void)fail(run->err, ERROR_INVALID, STR_FMT ": %s", STR_ARG(part), text);
    (void)fail_at(run->err, utf8_utf16_units(source, at->start), utf8_utf16_units(source, at->end));
    return NULL;
}

Str expression_str(const json_t *text)
{
    return (Str){ json_string_value(text), json_string_length(text) };
}

const char *expression_kind(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "object";
    case JSON_ARRAY: return "list";
    case JSON_STRING: return "text";
    case JSON_INTEGER:
    case JSON_REAL: return "number";
    case JSON_TRUE:
    case JSON_FALSE: return "boolean";
    case JSON_NULL: break;
    }
    return "null";
}

bool expression_is_true(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return json_object_size(value) > 0;
    case JSON_ARRAY: return json_array_size(value) > 0;
    case JSON_STRING: return json_string_length(value) > 0;
    case JSON_INTEGER:
    case JSON_REAL: return json_number_value(value) != 0;
    case JSON_TRUE: return true;
    case JSON_FALSE:
    case JSON_NULL: break;
    }
    return false;
}

bool expression_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_is_integer(a) && json_is_integer(b)
                   ? json_integer_value(a) == json_integer_value(b)
                   : json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

/* --- Parts --- */

static json_t *value_of(ExpressionRun *run, const ExpressionNode *node);

static json_t *or_null(json_t *value) { return value ? value : json_null(); }

static json_t *constant(ExpressionRun *run, const ExpressionNode *node)
{
    switch (node->type) {
    case JSON_TRUE: return json_true();
    case JSON_FALSE: return json_false();
    case JSON_STRING: return expression_text(run, node->text);
    case JSON_INTEGER: return expression_keep(run, json_integer(node->whole));
    case JSON_REAL: return expression_keep(run, json_real(node->number));
    default: return json_null();
    }
}

static json_t *member(const json_t *object, Str name)
{
    return or_null(json_object_getn(object, name.at, name.length));
}

/* list[0], list[-1] or object["name"]; null where there is nothing. */
static json_t *item(ExpressionRun *run, const ExpressionNode *node)
{
    json_t *of = value_of(run, node->args[0]), *which = of ? value_of(run, node->args[1]) : NULL;
    if (!which)
        return NULL;
    if (json_is_null(of) || json_is_null(which))
        return json_null();
    if (json_is_object(of) && json_is_string(which))
        return member(of, expression_str(which));
    if (!json_is_array(of) || !json_is_integer(which)) {
        run->at = node;
        return expression_fail(run,
                               "[...] takes the number of an item of a list or the name of a "
                               "member of an object, not a %s of a %s",
                               expression_kind(which), expression_kind(of));
    }
    json_int_t at = json_integer_value(which), count = (json_int_t)json_array_size(of);
    at += at < 0 ? count : 0;
    return at < 0 || at >= count ? json_null() : json_array_get(of, (size_t)at);
}

static json_t *member_of(ExpressionRun *run, const ExpressionNode *node)
{
    json_t *of = value_of(run, node->args[0]);
    if (!of || json_is_null(of))
        return of;
    if (json_is_object(of))
        return member(of, node->text);
    run->at = node;
    return expression_fail(run, "a %s has no members", expression_kind(of));
}

static json_t *group(ExpressionRun *run, const ExpressionNode *node)
{
    bool is_list = node->kind == NODE_LIST;
    json_t *made = expression_keep(run, is_list ? json_array() : json_object());
    for (size_t i = 0; i < node->count; i++) {
        json_t *part = value_of(run, node->args[i]);
        if (!part)
            return NULL;
        if (is_list)
            json_array_append(made, part);
        else
            json_object_setn_nocheck(made, node->names[i].at, node->names[i].length, part);
    }
    return made;
}

static json_t *call(ExpressionRun *run, const ExpressionNode *node)
{
    Args args = { .count = node->count };
    assert(node->count <= COUNT(args.at));
    for (size_t i = 0; i < node->count; i++)
        if (!(args.at[i] = value_of(run, node->args[i])))
            return NULL;
    run->at = node;
    return node->function->body(run, &args);
}

/* --- Operators --- */

static json_t *add_lists(ExpressionRun *run, const json_t *a, const json_t *b)
{
    size_t count = json_array_size(a) + json_array_size(b);
    if (count > EXPRESSION_LIST_MAX)
        return expression_fail(run, "the list would have more than %d items", EXPRESSION_LIST_MAX);
    if (!expression_spend(run, count))
        return NULL;
    json_t *made = expression_keep(run, json_array());
    json_array_extend(made, (json_t *)(uintptr_t)a);
    json_array_extend(made, (json_t *)(uintptr_t)b);
    return made;
}

static json_t *add_texts(ExpressionRun *run, Str a, Str b)
{
    if (!expression_spend(run, a.length + b.length))
        return NULL;
    return expression_text(run, str_join(run->arena, (Str[]){ a, b }, 2, STR_NONE));
}

static bool whole_result(Operator op, json_int_t a, json_int_t b, json_int_t *result_r)
{
    switch (op) {
    case OP_ADD: return !__builtin_add_overflow(a, b, result_r);
    case OP_SUBTRACT: return !__builtin_sub_overflow(a, b, result_r);
    case OP_MULTIPLY: return !__builtin_mul_overflow(a, b, result_r);
    default: return false;
    }
}

static json_t *calculate(ExpressionRun *run, Operator op, const json_t *a, const json_t *b)
{
    json_int_t whole;
    if (json_is_integer(a) && json_is_integer(b) &&
        whole_result(op, json_integer_value(a), json_integer_value(b), &whole))
        return expression_keep(run, json_integer(whole));
    double x = json_number_value(a), y = json_number_value(b);
    switch (op) {
    case OP_ADD: return expression_number(run, x + y);
    case OP_SUBTRACT: return expression_number(run, x - y);
    case OP_MULTIPLY: return expression_number(run, x * y);
    default: break;
    }
    if (y == 0)
        return expression_fail(run, "it is divided by 0");
    return expression_number(run, op == OP_DIVIDE ? x / y : fmod(x, y));
}

static json_t *arithmetic(ExpressionRun *run, Operator op, const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return calculate(run, op, a, b);
    if (op == OP_ADD && json_is_array(a) && json_is_array(b))
        return add_lists(run, a, b);
    if (op == OP_ADD && json_is_string(a) && json_is_string(b))
        return add_texts(run, expression_str(a), expression_str(b));
    return expression_fail(run,
                           "a %s and a %s cannot be calculated with; write text(...), "
                           "number(...) or ?? for what is null",
                           expression_kind(a), expression_kind(b));
}

static bool holds(Operator op, int order)
{
    switch (op) {
    case OP_LESS: return order < 0;
    case OP_LESS_EQUAL: return order <= 0;
    case OP_GREATER: return order > 0;
    default: return order >= 0;
    }
}

/* Nothing is smaller or greater than null. Texts are in the order of their characters, so times as
 * time() gives them are in theirs. */
static json_t *compare(ExpressionRun *run, Operator op, const json_t *a, const json_t *b)
{
    if (json_is_null(a) || json_is_null(b))
        return json_false();
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);
        return expression_flag(holds(op, (x > y) - (x < y)));
    }
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a), y = json_number_value(b);
        return expression_flag(holds(op, (x > y) - (x < y)));
    }
    if (json_is_string(a) && json_is_string(b))
        return expression_flag(holds(op, str_compare(expression_str(a), expression_str(b))));
    return expression_fail(run, "a %s and a %s cannot be compared", expression_kind(a),
                           expression_kind(b));
}

static json_t *is_in(ExpressionRun *run, bool is_wanted, const json_t *part, const json_t *whole)
{
    bool is_there = false;
    if (json_is_null(whole))
        return expression_flag(!is_wanted);
    if (json_is_string(whole) && json_is_string(part)) {
        if (!expression_spend(run, json_string_length(whole)))
            return NULL;
        is_there = str_find(expression_str(whole), expression_str(part)) >= 0;
    } else if (json_is_array(whole)) {
        if (!expression_spend(run, json_array_size(whole)))
            return NULL;
        for (size_t i = 0; i < json_array_size(whole) && !is_there; i++)
            is_there = expression_equal(part, json_array_get(whole, i));
    } else if (json_is_object(whole) && json_is_string(part)) {
        Str name = expression_str(part);
        is_there = json_object_getn(whole, name.at, name.length) != NULL;
    } else {
        return expression_fail(run, "a %s cannot be in a %s", expression_kind(part),
                               expression_kind(whole));
    }
    return expression_flag(is_there == is_wanted);
}

static json_t *two(ExpressionRun *run, const ExpressionNode *node)
{
    json_t *a = value_of(run, node->args[0]), *b;
    Operator op = node->op;
    if (!a || (op == OP_DEFAULT && !json_is_null(a)))
        return a;
    if ((op == OP_AND && !expression_is_true(a)) || (op == OP_OR && expression_is_true(a)))
        return expression_flag(op == OP_OR);
    if (!(b = value_of(run, node->args[1])) || op == OP_DEFAULT)
        return b;
    run->at = node;
    switch (op) {
    case OP_OR:
    case OP_AND: return expression_flag(expression_is_true(b));
    case OP_EQUAL:
    case OP_UNEQUAL: return expression_flag(expression_equal(a, b) == (op == OP_EQUAL));
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL: return compare(run, op, a, b);
    case OP_IN:
    case OP_NOT_IN: return is_in(run, op == OP_IN, a, b);
    default: return arithmetic(run, op, a, b);
    }
}

static json_t *minus(ExpressionRun *run, const ExpressionNode *node)
{
    json_t *value = value_of(run, node->args[0]);
    run->at = node;
    return value ? arithmetic(run, OP_SUBTRACT, expression_keep(run, json_integer(0)), value)
                 : NULL;
}

static json_t *choice(ExpressionRun *run, const ExpressionNode *node)
{
    json_t *question = value_of(run, node->args[0]);
    return question ? value_of(run, node->args[expression_is_true(question) ? 1 : 2]) : NULL;
}

static json_t *negation(ExpressionRun *run, const ExpressionNode *node)
{
    json_t *value = value_of(run, node->args[0]);
    return value ? expression_flag(!expression_is_true(value)) : NULL;
}

/* Borrowed from the names or kept by the run; NULL after a failure. */
static json_t *value_of(ExpressionRun *run, const ExpressionNode *node)
{
    switch (node->kind) {
    case NODE_CONSTANT: return constant(run, node);
    case NODE_NAME: return member(run->names, node->text);
    case NODE_MEMBER: return member_of(run, node);
    case NODE_ITEM: return item(run, node);
    case NODE_CALL: return call(run, node);
    case NODE_LIST:
    case NODE_OBJECT: return group(run, node);
    case NODE_NOT: return negation(run, node);
    case NODE_MINUS: return minus(run, node);
    case NODE_TWO: return two(run, node);
    case NODE_CHOICE: return choice(run, node);
    }
    return NULL;
}

bool expression_value(const Expression *expression, const json_t *names, int64_t now_ms,
                      json_t **value_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    ExpressionRun run = { .expression = expression,
                          .at = expression->root,
                          .names = names,
                          .now_ms = now_ms,
                          .arena = arena,
                          .err = err };
    json_t *value = json_incref(value_of(&run, expression->root));
    for (size_t i = 0; i < run.kept.count; i++)
        json_decref(run.kept.at[i]);
    if (!value)
        return false;
    *value_r = value;
    return true;
}
