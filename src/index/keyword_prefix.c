/* keyword_prefix.c - words that begin with what has been typed so far. */
#include "base/map.h"
#include "index/keyword.h"
#include "index/keyword_segment.h"

typedef struct Found {
    Str word;
    double documents;
} Found;

typedef struct FoundList {
    Arena *arena;
    Map places;
    VEC(Found) found;
} FoundList;

static int by_documents(const void *a, const void *b)
{
    const Found *left = a, *right = b;
    if (left->documents != right->documents)
        return left->documents < right->documents ? 1 : -1;
    return str_compare(left->word, right->word);
}

static void collect(FoundList *list, const KeywordView *view, Str prefix)
{
    uint32_t term = keyword_term_from(view, prefix), first = term;
    for (; term < view->head->term_count && term - first < KEYWORD_PREFIX_SCAN; term++) {
        Str text = keyword_term_text(view, term);
        bool is_new;
        if (!str_starts(text, prefix))
            return;
        MapEntry *entry = map_find(&list->places, text);
        if (!entry) {
            Str word = str_copy(list->arena, text); /* the segment may go */
            entry = map_add(&list->places, word, &is_new);
            entry->number = (int64_t)list->found.count;
            *vec_push(list->arena, &list->found) = (Found){ .word = word };
        }
        list->found.at[entry->number].documents += view->infos[term].document_count;
    }
}

size_t keyword_prefixed(KeywordIndex *index, Str prefix, Arena *arena, Str *words, size_t most,
                        double *rarity_r)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    FoundList list = { .arena = arena, .places = map_new(arena) };
    double documents = 0;
    for (size_t i = 0; i < now->count; i++)
        collect(&list, now->at[i]->view, prefix);
    size_t count = MIN(most, list.found.count);
    if (count)
        qsort(list.found.at, list.found.count, sizeof(Found), by_documents);
    for (size_t i = 0; i < count; i++) {
        words[i] = list.found.at[i].word;
        documents += list.found.at[i].documents;
    }
    *rarity_r = keyword_rarity_together(now->at, now->count, documents);
    return count;
}
