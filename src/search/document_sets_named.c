/* document_sets_named.c - sets of the documents of a table, by parts of their names: what frequent
 * words tell is taken without a look at the names, the rest is looked at. */
#include "search/document_table_int.h"

typedef void SureOnes(const DocumentNames *names, uint64_t *words, size_t count, Str part);

/* Those of `looked` that have the part, as far as the words tell, go over to `sure`. */
static void take_sure(const DocumentTable *table, DocumentSet *looked, DocumentSet *sure, Str part,
                      SureOnes *add)
{
    add(table->names, sure->words, sure->count, part);
    for (size_t i = 0; i < looked->count; i++) {
        uint64_t both = looked->words[i] & sure->words[i];
        looked->words[i] &= ~both;
        sure->words[i] = both;
    }
}

bool document_set_keep_part(const DocumentTable *table, DocumentSet *set, Str part, size_t most)
{
    document_names_may_have(table->names, set->words, set->count, part);
    AUTO_FREE uint64_t *words = heap_alloc(2 * set->count * sizeof *words + 1);
    DocumentSet looked = { words, set->count }, sure = { words + set->count, set->count };
    if (set->count)
        memcpy(words, set->words, set->count * sizeof *words);
    take_sure(table, &looked, &sure, part, document_names_surely_have);
    size_t kept = document_set_count(&sure);
    if (kept > most)
        return false;
    NameBlock block = { 0 };
    while (document_names_next(table->names, words, set->count, &block))
        for (size_t i = 0; i < block.count; i++) {
            uint32_t place = block.at[i];
            if (!document_names_have(table->names, place, part))
                set->words[place / 64] &= ~(UINT64_C(1) << place % 64);
            else if (++kept > most)
                return false;
        }
    return true;
}

static void add_named(const DocumentTable *table, DocumentSet *set, Str part, Arena *arena)
{
    DocumentSet looked = document_set_live(table, arena), sure = document_set_new(table, arena);
    document_names_may_have(table->names, looked.words, looked.count, part);
    if (!memchr(part.at, ' ', part.length)) /* words are not spaced */
        take_sure(table, &looked, &sure, part, document_names_surely_named);
    for (size_t i = 0; i < set->count; i++)
        set->words[i] |= sure.words[i];
    NameBlock block = { 0 };
    while (document_names_next(table->names, looked.words, looked.count, &block))
        for (size_t n = 0; n < block.count; n++)
            if (document_names_have_spaced(table->names, block.at[n], part))
                set->words[block.at[n] / 64] |= UINT64_C(1) << block.at[n] % 64;
}

void document_set_add_named(const DocumentTable *table, DocumentSet *set, StrList parts,
                            Arena *arena)
{
    for (size_t i = 0; i < parts.count; i++)
        add_named(table, set, parts.at[i], arena);
}
