/* fuzz_planted.c - any text: what is blanked is as long as before, and nothing else is changed. */
#include "text/planted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str text = { (const char *)data, MIN(size, KB(64)) };
    Str blanked = planted_blank(arena, text);
    if (blanked.length != text.length)
        abort();
    for (size_t i = 0; i < text.length; i++)
        if (blanked.at[i] != text.at[i] && blanked.at[i] != ' ')
            abort();
    return 0;
}
