/* make_items.c - items: begun, ended, checked, told. */
#include "answer/answer_json.h"
#include "base/json_schema.h"
#include "search/alike.h"
#include "study/make_int.h"

#define ITEM_BYTES_MAX KB(64)
#define SAME_SAID 0.8 /* of two sentences' words */
#define SPREAD_MAX 400
#define LEVEL_BONUS 0.25

JsonWriter item_begin(Making *making, Buf *out)
{
    *out = buf_new(making->arena, ITEM_BYTES_MAX);
    return put_begin(out);
}

static void put_source(JsonWriter *json, const Citation *source)
{
    if (source)
        put_citation(json, "source", source);
    else
        put_null(json, "source");
}

static bool is_there(Making *making, Str main)
{
    WordSet own = word_set(making->arena, main);
    for (size_t i = 0; i < making->mains.count; i++) {
        WordSet other = word_set(making->arena, making->mains.at[i]);
        if (word_sets_alike(&own, &other))
            return true;
    }
    return false;
}

static bool check(Making *making, Str item, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    return json_parse(item, ITEM_BYTES_MAX, &json, err) &&
           json_schema_holds(making->schema, json, err);
}

bool item_end(Making *making, Buf *out, JsonWriter *json, const ItemEnd *end, bool *is_added_r,
              Error *err)
{
    bool is_added = false;
    if (!is_added_r)
        is_added_r = &is_added;
    *is_added_r = false;
    if (is_there(making, end->main))
        return true;
    put_text(json, "difficulty", str(difficulty_name(end->difficulty)));
    put_source(json, end->source);
    put_end(json);
    if (out->overflowed)
        return true; /* a quote as long as a book: no item */
    if (!check(making, buf_str(out), err))
        return fail_in(err, "an item of the %s", making->row->word);
    *vec_push(making->arena, &making->items) = buf_str(out);
    *vec_push(making->arena, &making->mains) = str_copy(making->arena, end->main);
    *is_added_r = true;
    const MakeSink *sink = making->sink;
    return !sink || !sink->item || sink->item(sink->self, buf_str(out)) ||
           fail(err, ERROR_CANCELLED, "nobody waits for it any more");
}

bool making_is_full(const Making *making) { return making->items.count >= making->wanted; }

/* --- Difficulty --- */

double item_difficulty(const Fact *fact, const FactKey *key, bool is_open)
{
    double difficulty = is_open ? 0.5 : 0.3;
    if (key && (key->kind == KEY_NUMBER || key->kind == KEY_PERCENT || key->kind == KEY_MONEY ||
                key->kind == KEY_DATE))
        difficulty += 0.15;
    if (fact->plain.length > 160)
        difficulty += 0.1;
    if (fact->gives_reason)
        difficulty += 0.15;
    return MIN(difficulty, 1);
}

#define EASY_BELOW 0.4
#define HARD_FROM 0.6

const char *difficulty_name(double difficulty)
{
    return difficulty < EASY_BELOW ? "easy" : difficulty < HARD_FROM ? "medium" : "hard";
}

/* --- Which sentences --- */

/* What is wanted: -1 easy, 1 hard, 0 neither. */
static int wanted_side(const Making *making)
{
    Str wanted = making->wish->difficulty, level = making->learner.level;
    if (wanted.length)
        return str_is(wanted, "easy") ? -1 : str_is(wanted, "hard");
    return str_is(level, "beginner") ? -1 : str_is(level, "advanced");
}

static double adjusted(const Fact *fact, int side)
{
    const FactKey *key = fact->key_count ? fact->keys : NULL;
    double difficulty = item_difficulty(fact, key, !fact->term.length);
    return fact->score - LEVEL_BONUS * side * (0.5 - difficulty);
}

typedef struct Candidate {
    const Fact *fact;
    double score;
} Candidate;

static int by_score(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    return x->score > y->score   ? -1
           : x->score < y->score ? 1
                                 : (x->fact > y->fact) - (x->fact < y->fact);
}

/* How many are taken already from the section of this one. */
static size_t taken_beside(const Fact **taken, size_t count, const Fact *fact)
{
    size_t beside = 0;
    for (size_t i = 0; i < count; i++)
        beside += taken[i]->piece->section == fact->piece->section &&
                  taken[i]->piece->document == fact->piece->document;
    return beside;
}

static bool says_the_same(const Fact **taken, size_t count, const Fact *fact)
{
    for (size_t i = 0; i < count; i++)
        if (taken[i] == fact || facts_overlap(taken[i], fact) > SAME_SAID)
            return true;
    return false;
}

size_t facts_spread(Making *making, const Fact **spread)
{
    const Facts *facts = &making->facts;
    Candidate *candidates = arena_new_array(making->arena, Candidate, facts->count + 1);
    int side = wanted_side(making);
    size_t count = 0, open = facts->count;
    for (size_t i = 0; i < facts->count; i++)
        candidates[i] = (Candidate){ &facts->at[i], adjusted(&facts->at[i], side) };
    qsort(candidates, facts->count, sizeof(*candidates), by_score);
    /* In each round a section may give one more. */
    for (size_t round = 1; open && count < SPREAD_MAX && round <= facts->count; round++) {
        open = 0;
        for (size_t i = 0; i < facts->count && count < SPREAD_MAX; i++) {
            const Fact *fact = candidates[i].fact;
            if (!fact)
                continue;
            if (taken_beside(spread, count, fact) >= round) {
                open++;
                continue;
            }
            candidates[i].fact = NULL;
            if (!says_the_same(spread, count, fact))
                spread[count++] = fact;
        }
    }
    return count;
}
