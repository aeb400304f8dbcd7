#include "text/whole_words.h"

#include <assert.h>

void whole_words_begin(WholeWords *words, size_t count, size_t bytes)
{
    size_t slots = 1024;
    while (slots < count * 2)
        slots *= 2;
    *words = (WholeWords){ .slots = heap_alloc(slots * sizeof *words->slots),
                           .mask = slots - 1,
                           .texts = heap_alloc(bytes + 1) };
}

void whole_words_end(WholeWords *words)
{
    free(words->slots);
    free(words->texts);
}

void whole_words_add(WholeWords *words, Str text, uint32_t id, float margin)
{
    uint32_t hash = whole_words_hash(text);
    WholeWord *slot = whole_words_slot(words, text, hash);
    assert(!slot->length);
    memcpy(words->texts + words->used, text.at, text.length);
    *slot = (WholeWord){ hash, id, (uint32_t)words->used, (uint32_t)text.length, margin };
    words->used += text.length;
}
