/* expression_functions.c - the functions of functions.def, and what their arguments must be. */
#include "workflow/expression_int.h"

static const ExpressionFunction functions[] = {
#define FUNCTION(name, least, most, usage, meaning)                                                \
    { #name, least, most, function_##name, usage, meaning },
#include "workflow/functions.def"
#undef FUNCTION
};

const ExpressionFunction *expression_function(Str name)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

bool expression_function_at(size_t index, const char **usage_r, const char **meaning_r)
{
    if (index >= COUNT(functions))
        return false;
    *usage_r = functions[index].usage;
    *meaning_r = functions[index].meaning;
    return true;
}

/* --- What arguments must be --- */

Taken expression_take_text(ExpressionRun *run, const json_t *value, Str *text_r)
{
    if (json_is_null(value))
        return TAKEN_NULL;
    if (!json_is_string(value)) {
        (void)expression_fail(run, "it takes a text, not a %s", expression_kind(value));
        return TAKEN_NOT;
    }
    *text_r = expression_str(value);
    return expression_spend(run, text_r->length) ? TAKEN : TAKEN_NOT;
}

Taken expression_take_texts(ExpressionRun *run, const Args *args, size_t count, Str *texts_r)
{
    Taken taken = TAKEN;
    for (size_t i = 0; i < count && taken == TAKEN; i++)
        taken = expression_take_text(run, args->at[i], &texts_r[i]);
    return taken;
}

Taken expression_take_list(ExpressionRun *run, const json_t *value)
{
    if (json_is_null(value))
        return TAKEN_NULL;
    if (json_is_array(value))
        return expression_spend(run, json_array_size(value)) ? TAKEN : TAKEN_NOT;
    (void)expression_fail(run, "it takes a list, not a %s", expression_kind(value));
    return TAKEN_NOT;
}

Taken expression_take_number(ExpressionRun *run, const json_t *value, double *number_r)
{
    if (json_is_null(value))
        return TAKEN_NULL;
    if (!json_is_number(value)) {
        (void)expression_fail(run, "it takes a number, not a %s", expression_kind(value));
        return TAKEN_NOT;
    }
    *number_r = json_number_value(value);
    return TAKEN;
}

json_t *expression_nothing(Taken taken) { return taken == TAKEN_NULL ? json_null() : NULL; }

json_t *expression_list_new(ExpressionRun *run) { return expression_keep(run, json_array()); }
