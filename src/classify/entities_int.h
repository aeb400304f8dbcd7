/* entities_int.h - what the files of entities.h share; for this folder only. */
#pragma once

#include "base/ascii.h"
#include "classify/entities.h"

/* The search through one text. */
typedef struct EntitySearch {
    Arena *arena;
    Str text;
    int64_t today;
    const StopCheck *stop; /* may be NULL */
    size_t pieces;         /* of the text that are done, for entity_go_on() */
    EntityList list;
    bool *is_taken; /* of each byte: it belongs to an entity */
} EntitySearch;

/* Adds what begins in no other entity; false when some of its bytes are taken. */
bool entity_add(EntitySearch *search, EntityKind kind, size_t start, size_t end, Str value,
                double confidence, bool is_verified);

/* Before each small piece of a text: false when nobody wants more (list.is_stopped). */
static inline bool entity_go_on(EntitySearch *search)
{
    if (search->pieces++ % 256 == 0 && stop_is_wished(search->stop))
        search->list.is_stopped = true;
    return !search->list.is_stopped;
}

/* entity_numbers.c: amounts, percentages, web addresses, numbers of banks and of tax. */
void entity_find_numbers(EntitySearch *search);
/* entity_names.c: people, organisations, places. */
void entity_find_names(EntitySearch *search);
/* entity_fields.c: of the entities there are and what stands behind captions. */
void entity_find_fields(EntitySearch *search);

static inline unsigned char entity_byte(Str text, size_t at)
{
    return at < text.length ? (unsigned char)text.at[at] : 0;
}
static inline bool entity_is_upper(unsigned char c) { return c >= 'A' && c <= 'Z'; }
static inline bool entity_is_letter(unsigned char c)
{
    return (unsigned char)((c | 32) - 'a') < 26 || c >= 0x80;
}
static inline bool entity_is_alnum(unsigned char c) { return is_digit(c) || entity_is_letter(c); }
