/* links.h - links in what a model writes.
 *
 * A document may tell a model to write an address that carries off what the model has read; a
 * picture's address is even fetched without anybody's doing. So an address is left whole only when
 * it stands, letter for letter, in what the model was given; pictures, links under other words and
 * HTML never are. A blank breaks them, and they stay as words that can be read. models_chat() and
 * models_structured() see to it; a stream is given out word by word. */
#pragma once

#include "models/models.h"

#define LINK_WORD_MAX KB(4)

typedef struct LinkBreaker {
    Str given; /* what the model was given */
    Buf word;  /* the word that is not finished yet */
    Buf out;
} LinkBreaker;

/* What the model was told by others than itself. */
Str links_given(Arena *arena, const ChatMessage *messages, size_t count);
LinkBreaker link_breaker(Arena *arena, Str given);
/* What can be given out of the words so far; valid until the next call. */
Str links_break(LinkBreaker *breaker, Str text);
/* The last word. */
Str links_end(LinkBreaker *breaker);
/* The whole text at once. */
Str links_broken(Arena *arena, Str text, Str given);
/* The same for every text inside the value. */
void links_break_json(Arena *arena, json_t *value, Str given);
