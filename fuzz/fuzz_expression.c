/* fuzz_expression.c - expressions of workflows, compiled and run, alone and inside templates. */
#include "workflow/template.h"

#define NAMES "{\"input\":{\"n\":3,\"t\":\"text\",\"l\":[1,\"b\",{\"k\":2}],\"o\":{\"a\":null}}}"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_JSON json_t *names = json_loads(NAMES, 0, NULL);
    AUTO_JSON json_t *value = NULL;
    AUTO_JSON json_t *filled = NULL;
    const Expression *expression;
    Str text = { (const char *)bytes, size };
    Error err;
    if (size > EXPRESSION_BYTES_MAX)
        return 0;
    if (expression_compile(arena, text, &expression, &err) &&
        expression_value(expression, names, 0, &value, &err))
        (void)expression_is_true(value);
    AUTO_JSON json_t *template = json_stringn(text.at, text.length);
    if (template && template_fill(template, names, 0, &filled, &err))
        (void)json_print(arena, filled);
    return 0;
}
