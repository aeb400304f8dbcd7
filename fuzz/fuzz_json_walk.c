/* fuzz_json_walk.c - JSON without a tree: it takes what Jansson takes, and each value that it hands
 * out lies in the text and is one value itself. */
#include <jansson.h>

#include "base/json_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(Arena *arena, Str whole, Str value)
{
    Str name, inner, text;
    if (value.at < whole.at || value.at + value.length > whole.at + whole.length)
        abort();
    if (json_is_text(value))
        (void)!json_unquote(arena, value, &text);
    JsonWalk walk = json_walk_begin(value);
    while (json_walk_next(&walk, &name, &inner)) {
        if (!json_walk_is_valid(inner))
            abort();
        visit(arena, whole, inner);
    }
}

/* Jansson goes deeper, and takes a zero byte for the end. */
static bool is_for_both(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += HAS_CHAR(text.at[i], "[{");
    return count < JSON_WALK_DEPTH_MAX && (!text.length || !memchr(text.at, 0, text.length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str text = { (const char *)data, MIN(size, KB(4)) };
    bool is_valid = json_walk_is_valid(text);
    json_t *tree = json_loadb(text.at ? text.at : "", text.length, JSON_DECODE_ANY, NULL);
    if (tree && !is_valid && is_for_both(text))
        abort();
    json_decref(tree);
    visit(arena, text, text);
    return 0;
}
