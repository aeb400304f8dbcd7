/* choose.c - see choose.h. */
#include "search/choose.h"

#include "search/alike.h"
#include "search/search.h"

#define DIVERSE_RESULTS 10

typedef struct Choosing {
    Choice *choice;
    const ChunkHit **rows; /* of the chosen */
    WordSet *words;        /* likewise, when copies are folded */
    size_t *put_off, put_off_count, put_off_at;
    const ChunkHit **put_off_rows;
} Choosing;

static void add(Choosing *in, size_t hit, const ChunkHit *row)
{
    Choice *choice = in->choice;
    if (choice->folds)
        in->words[choice->count] = word_set(choice->arena, row->chunk.text);
    in->rows[choice->count] = row;
    choice->chosen[choice->count++] = (Chosen){ .hit = hit };
}

static size_t chosen_of(const Choosing *in, Str document)
{
    size_t count = 0;
    for (size_t i = 0; i < in->choice->count; i++)
        count += str_equal(in->rows[i]->chunk.document, document);
    return count;
}

/* Under the result that says the same, if there is one. */
static bool fold(Choosing *in, size_t hit, const ChunkHit *row)
{
    if (!in->choice->folds)
        return false;
    AUTO_ARENA Arena *scratch = arena_new(MB(4));
    WordSet words = word_set(scratch, row->chunk.text);
    for (size_t i = 0; i < in->choice->count; i++) {
        Chosen *chosen = &in->choice->chosen[i];
        if (!word_sets_alike(&words, &in->words[i]))
            continue;
        if (chosen->copy_count < CHOSEN_COPIES_MAX)
            chosen->copies[chosen->copy_count++] = hit;
        return true;
    }
    return false;
}

/* Into the result that its document has already. */
static bool group(Choosing *in, size_t hit, const ChunkHit *row)
{
    for (size_t i = 0; in->choice->groups && i < in->choice->count; i++) {
        Chosen *chosen = &in->choice->chosen[i];
        if (!str_equal(in->rows[i]->chunk.document, row->chunk.document))
            continue;
        if (chosen->passage_count < CHOSEN_PASSAGES_MAX)
            chosen->passages[chosen->passage_count++] = hit;
        return true;
    }
    return false;
}

/* Hits that were put off come before one that is not half as good. */
static void show_put_off(Choosing *in, float than)
{
    Choice *choice = in->choice;
    for (; in->put_off_at < in->put_off_count && choice->count < choice->limit; in->put_off_at++) {
        size_t hit = in->put_off[in->put_off_at];
        if (choice->hits[hit].score / 2 <= than)
            break;
        add(in, hit, in->put_off_rows[in->put_off_at]);
    }
}

static void choose(Choosing *in, size_t hit, const ChunkHit *row)
{
    const Choice *choice = in->choice;
    bool is_crowd = choice->spreads && !choice->groups && choice->count < DIVERSE_RESULTS &&
                    chosen_of(in, row->chunk.document) >= SEARCH_SAME_DOCUMENT;
    if (group(in, hit, row) || fold(in, hit, row))
        return;
    if (!is_crowd) {
        add(in, hit, row);
        return;
    }
    in->put_off_rows[in->put_off_count] = row;
    in->put_off[in->put_off_count++] = hit;
}

bool choose_results(Choice *choice, Error *err)
{
    Arena *arena = choice->arena;
    Choosing in = { .choice = choice,
                    .rows = arena_new_array(arena, const ChunkHit *, choice->limit),
                    .words = arena_new_array(arena, WordSet, choice->limit),
                    .put_off = arena_new_array(arena, size_t, choice->hit_count),
                    .put_off_rows = arena_new_array(arena, const ChunkHit *, choice->hit_count) };
    choice->chosen = arena_new_array(arena, Chosen, choice->limit);
    choice->count = 0;
    for (size_t i = 0; i < choice->hit_count; i++) {
        const ChunkHit *row;
        if (choice->count >= DIVERSE_RESULTS)
            show_put_off(&in, -1);
        show_put_off(&in, choice->hits[i].score);
        if (choice->count >= choice->limit)
            return true;
        if (!choice->row(choice->self, i, &row, err))
            return false;
        if (row)
            choose(&in, i, row);
    }
    show_put_off(&in, -1);
    return true;
}
