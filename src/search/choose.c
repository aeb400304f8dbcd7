/* choose.c - see choose.h. */
#include "search/choose.h"

#include "search/alike.h"
#include "search/search.h"

#define DIVERSE_RESULTS 10

typedef struct Candidate {
    size_t hit;
    const ChunkHit *row;
    WordSet words; /* when copies are folded */
} Candidate;

typedef struct Choosing {
    Choice *choice;
    Candidate *shown; /* of the chosen */
    Candidate *put_off;
    size_t put_off_count, put_off_at;
} Choosing;

static void add(Choosing *in, const Candidate *candidate)
{
    Choice *choice = in->choice;
    in->shown[choice->count] = *candidate;
    choice->chosen[choice->count++] = (Chosen){ .hit = candidate->hit };
}

static size_t chosen_of(const Choosing *in, Str document)
{
    size_t count = 0;
    for (size_t i = 0; i < in->choice->count; i++)
        count += str_equal(in->shown[i].row->chunk.document, document);
    return count;
}

/* Under the result that says the same, if there is one. */
static bool fold(Choosing *in, Candidate *candidate)
{
    if (!in->choice->folds)
        return false;
    candidate->words = word_set(in->choice->arena, candidate->row->chunk.text);
    for (size_t i = 0; i < in->choice->count; i++) {
        Chosen *chosen = &in->choice->chosen[i];
        if (!word_sets_alike(&candidate->words, &in->shown[i].words))
            continue;
        if (chosen->copy_count < CHOSEN_COPIES_MAX)
            chosen->copies[chosen->copy_count++] = candidate->hit;
        return true;
    }
    return false;
}

/* Into the result that its document has already. */
static bool group(Choosing *in, const Candidate *candidate)
{
    for (size_t i = 0; in->choice->groups && i < in->choice->count; i++) {
        Chosen *chosen = &in->choice->chosen[i];
        if (!str_equal(in->shown[i].row->chunk.document, candidate->row->chunk.document))
            continue;
        if (chosen->passage_count < CHOSEN_PASSAGES_MAX)
            chosen->passages[chosen->passage_count++] = candidate->hit;
        return true;
    }
    return false;
}

/* Hits that were put off come before one that is not half as good. */
static void show_put_off(Choosing *in, float than)
{
    Choice *choice = in->choice;
    for (; in->put_off_at < in->put_off_count && choice->count < choice->limit; in->put_off_at++) {
        const Candidate *candidate = &in->put_off[in->put_off_at];
        if (choice->hits[candidate->hit].score / 2 <= than)
            break;
        add(in, candidate);
    }
}

static void choose(Choosing *in, Candidate *candidate)
{
    const Choice *choice = in->choice;
    bool is_crowd = choice->spreads && !choice->groups && choice->count < DIVERSE_RESULTS &&
                    chosen_of(in, candidate->row->chunk.document) >= SEARCH_SAME_DOCUMENT;
    if (group(in, candidate) || fold(in, candidate))
        return;
    if (is_crowd)
        in->put_off[in->put_off_count++] = *candidate;
    else
        add(in, candidate);
}

bool choose_results(Choice *choice, Error *err)
{
    Arena *arena = choice->arena;
    Choosing in = { .choice = choice,
                    .shown = arena_new_array(arena, Candidate, choice->limit),
                    .put_off = arena_new_array(arena, Candidate, choice->hit_count) };
    choice->chosen = arena_new_array(arena, Chosen, choice->limit);
    choice->count = 0;
    for (size_t i = 0; i < choice->hit_count; i++) {
        Candidate candidate = { .hit = i };
        if (choice->count >= DIVERSE_RESULTS)
            show_put_off(&in, -1);
        show_put_off(&in, choice->hits[i].score);
        if (choice->count >= choice->limit)
            return true;
        if (!choice->row(choice->self, i, &candidate.row, err))
            return false;
        if (candidate.row)
            choose(&in, &candidate);
    }
    show_put_off(&in, -1);
    return true;
}
