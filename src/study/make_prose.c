/* make_prose.c - explanation, summary, examples and practice by rules: sentences of the source as
 * they stand, chosen and ordered. */
#include "study/make_int.h"

/* --- Explanation and summary --- */

typedef struct Prose {
    Making *making;
    Str heading; /* of the item before */
    bool is_list;
} Prose;

static bool is_first_of_heading(Prose *prose, Str heading)
{
    bool is_first = heading.length && !str_equal(heading, prose->heading);
    prose->heading = heading;
    return is_first;
}

/* "## Heading", "- " or a paragraph that goes on. */
static void add_to_text(Prose *prose, Str sentence, bool begins_part, Str heading)
{
    Buf *text = &prose->making->text;
    size_t number = prose->making->items.count;
    if (begins_part)
        buf_addf(text, "%s### " STR_FMT "\n\n", text->length ? "\n\n" : "", STR_ARG(heading));
    else if (text->length)
        buf_add_char(text, prose->is_list ? '\n' : ' ');
    buf_addf(text, "%s" STR_FMT " [%zu]", prose->is_list ? "- " : "", STR_ARG(sentence), number);
}

static bool add_sentence(Prose *prose, const Fact *fact, Error *err)
{
    Making *making = prose->making;
    Buf out;
    bool is_added;
    Str heading = fact->piece->heading;
    Citation source = material_cite(making->arena, &making->material, fact->piece);
    source.number = (int)making->items.count + 1;
    source.score = fact->centrality;
    JsonWriter json = item_begin(making, &out);
    put_text(&json, "text", fact->plain);
    put_text(&json, "heading", heading);
    ItemEnd end = { fact->plain, item_difficulty(fact, NULL, false), &source };
    if (!item_end(making, &out, &json, &end, &is_added, err))
        return false;
    if (is_added)
        add_to_text(prose, fact->plain, is_first_of_heading(prose, heading), heading);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* What is central, and of it no two that say the same, in the order of the source. */
bool make_prose(Making *making, Error *err)
{
    const Facts *facts = &making->facts;
    Prose prose = { .making = making };
    bool is_summary = making->wish->kind == MAKE_SUMMARY;
    prose.is_list = is_summary && str_is(making->wish->form, "bullets");
    if (!facts->count)
        return true;
    size_t *chosen = arena_new_array(making->arena, size_t, making->wanted + 1);
    CentralWish wish = { .count_max = making->wanted };
    size_t count = central_choose(making->arena, &facts->central, &wish, chosen);
    qsort(chosen, count, sizeof(*chosen), by_place);
    for (size_t i = 0; i < count; i++)
        if (!add_sentence(&prose, &facts->at[facts->compared[chosen[i]]], err))
            return false;
    return true;
}

/* --- Examples --- */

static bool add_example(Making *making, const Fact *fact, Error *err)
{
    Buf out;
    Str title = fact->term.length ? fact->term : fact->piece->heading;
    Citation source = material_cite(making->arena, &making->material, fact->piece);
    JsonWriter json = item_begin(making, &out);
    put_text(&json, "title", str_slice(title, 0, 290));
    put_text(&json, "text", fact->plain);
    ItemEnd end = { fact->plain, item_difficulty(fact, NULL, false), &source };
    return item_end(making, &out, &json, &end, NULL, err);
}

/* Sentences that say that they are one; none is thought up. */
bool make_examples(Making *making, Error *err)
{
    const Fact **facts = arena_new_array(making->arena, const Fact *, making->facts.count + 1);
    size_t count = facts_spread(making, facts);
    for (size_t i = 0; i < count && !making_is_full(making); i++)
        if (facts[i]->gives_example && !add_example(making, facts[i], err))
            return false;
    return true;
}

/* --- Practice --- */

typedef struct Exercise {
    Str task, hint, solution;
    double difficulty;
    Citation source;
} Exercise;

static bool add_exercise(Making *making, const Exercise *exercise, Error *err)
{
    Buf out;
    JsonWriter json = item_begin(making, &out);
    put_text(&json, "task", exercise->task);
    put_text(&json, "hint", exercise->hint);
    put_text(&json, "solution", exercise->solution);
    ItemEnd end = { exercise->task, exercise->difficulty, &exercise->source };
    return item_end(making, &out, &json, &end, NULL, err);
}

#define NONE(...)
#define OWN_WORDS(language, before) { LANGUAGE_##language, S_INIT(before) },
#define WHY NONE
#define ALL_POINTS NONE
static const struct {
    Language language;
    Str before;
} own_words[] = {
#include "study/practice.def"
};
#undef OWN_WORDS
#define OWN_WORDS NONE
#undef WHY
#define WHY(language, cue, before) { LANGUAGE_##language, S_INIT(cue), S_INIT(before) },
static const struct {
    Language language;
    Str cue, before;
} why[] = {
#include "study/practice.def"
};
#undef WHY
#define WHY NONE
#undef ALL_POINTS
#define ALL_POINTS(language, before, after) { LANGUAGE_##language, S_INIT(before), S_INIT(after) },
static const struct {
    Language language;
    Str before, after;
} all_points[] = {
#include "study/practice.def"
};

/* "Explain in your own words: what is a forest?" */
static bool exercise_of_term(Making *making, const Fact *fact, Exercise *exercise)
{
    Str question;
    if (!ask_what_is(making->arena, making->material.language, fact, &question))
        return false;
    for (size_t i = 0; i < COUNT(own_words); i++)
        if (own_words[i].language == making->material.language) {
            exercise->task = str_format(making->arena, STR_FMT STR_FMT,
                                        STR_ARG(own_words[i].before), STR_ARG(question));
            exercise->solution = fact->plain;
            exercise->difficulty = 0.5;
            return true;
        }
    return false;
}

/* "The quarry closed because ..." -> give the reason for: "The quarry closed". */
static bool exercise_of_reason(Making *making, const Fact *fact, Exercise *exercise)
{
    for (size_t i = 0; i < COUNT(why); i++) {
        ptrdiff_t at =
            why[i].language == making->material.language ? str_find(fact->plain, why[i].cue) : -1;
        if (at < 20)
            continue;
        Str said = str_trim(str_slice(fact->plain, 0, (size_t)at));
        if (said.length && said.at[said.length - 1] == ',')
            said.length--;
        exercise->task = str_format(making->arena, STR_FMT "“" STR_FMT "”", STR_ARG(why[i].before),
                                    STR_ARG(said));
        exercise->solution = fact->plain;
        exercise->difficulty = 0.7;
        return true;
    }
    return false;
}

static bool exercise_of_key(Making *making, const Fact *fact, Exercise *exercise)
{
    for (size_t i = 0; i < fact->key_count; i++)
        if (ask_for(making->arena, making->material.language, fact, &fact->keys[i],
                    &exercise->task)) {
            exercise->solution = fact->plain;
            exercise->difficulty = item_difficulty(fact, &fact->keys[i], true);
            return true;
        }
    return false;
}

/* "Name the 4 points under "Safety"": items that stand one after the other below one heading. */
static bool exercise_of_list(Making *making, const Piece **at, Exercise *exercise)
{
    const Piece *first = *at, *end = making->material.pieces + making->material.piece_count;
    Buf solution = buf_new(making->arena, KB(2));
    size_t count = 0;
    for (; *at < end && (*at)->kind == PIECE_ITEM && (*at)->section == first->section; (*at)++) {
        buf_addf(&solution, "%s" STR_FMT, count ? "\n" : "", STR_ARG((*at)->plain));
        count++;
    }
    size_t form = 0;
    for (size_t i = 0; i < COUNT(all_points); i++)
        if (all_points[i].language == making->material.language)
            form = i;
    if (count < 3 || count > 9 || !first->heading.length || solution.overflowed ||
        solution.length > 1800)
        return false;
    Citation source = material_cite(making->arena, &making->material, first);
    *exercise =
        (Exercise){ .task = str_format(making->arena, STR_FMT "%zu" STR_FMT "“" STR_FMT "”.",
                                       STR_ARG(all_points[form].before), count,
                                       STR_ARG(all_points[form].after), STR_ARG(first->heading)),
                    .solution = buf_str(&solution),
                    .difficulty = 0.6,
                    .source = source };
    return true;
}

static bool practise_lists(Making *making, size_t max, Error *err)
{
    const Piece *at = making->material.pieces, *end = at + making->material.piece_count;
    while (at < end && making->items.count < max) {
        Exercise exercise;
        if (at->kind != PIECE_ITEM)
            at++;
        else if (exercise_of_list(making, &at, &exercise) && !add_exercise(making, &exercise, err))
            return false;
    }
    return true;
}

bool make_practice(Making *making, Error *err)
{
    const Fact **facts = arena_new_array(making->arena, const Fact *, making->facts.count + 1);
    size_t count = facts_spread(making, facts);
    if (!practise_lists(making, making->wanted / 3, err))
        return false;
    for (size_t i = 0; i < count && !making_is_full(making); i++) {
        Exercise exercise = { .hint = facts[i]->piece->heading,
                              .source = material_cite(making->arena, &making->material,
                                                      facts[i]->piece) };
        if ((exercise_of_reason(making, facts[i], &exercise) ||
             exercise_of_term(making, facts[i], &exercise) ||
             exercise_of_key(making, facts[i], &exercise)) &&
            !add_exercise(making, &exercise, err))
            return false;
    }
    return true;
}
