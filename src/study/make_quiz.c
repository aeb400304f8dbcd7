/* make_quiz.c - questions and cards by rules: each from one sentence or one row, which is cited. */
#include <ctype.h>

#include "study/make_int.h"
#include "study/quiz.h"

#define ROWS_MAX 60
#define CARD_GAP_BEFORE "{{c1::"
#define CARD_GAP_AFTER "}}"

typedef struct Draft {
    QuestionKind kind;
    Str question, answer;
    Str wrong[3];
    size_t wrong_count;
    double difficulty;
} Draft;

static const char *const kind_names[] = {
#define QUESTION_KIND(name, text) text,
#include "study/question_kinds.def"
#undef QUESTION_KIND
};

/* --- Writing --- */

static int by_text(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    bool numbers = isdigit((unsigned char)x->at[0]) && isdigit((unsigned char)y->at[0]);
    if (numbers && x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return str_compare(*x, *y);
}

/* In the order of their texts, so that the place of the right one says nothing. */
static void put_options(JsonWriter *json, const Draft *draft)
{
    Str options[4] = { draft->answer };
    size_t count = 1;
    for (size_t i = 0; i < draft->wrong_count; i++)
        options[count++] = draft->wrong[i];
    qsort(options, count, sizeof(*options), by_text);
    put_array(json, "options");
    for (size_t i = 0; i < count && draft->kind == QUESTION_CHOICE; i++)
        put_text(json, NULL, options[i]);
    put_end(json);
}

static bool add_question(Making *making, const Draft *draft, const Piece *piece, Error *err)
{
    Buf out;
    Citation source = material_cite(making->arena, &making->material, piece);
    JsonWriter json = item_begin(making, &out);
    put_text(&json, "kind", str(kind_names[draft->kind]));
    put_text(&json, "question", draft->question);
    put_options(&json, draft);
    put_text(&json, "answer", draft->answer);
    put_text(&json, "explanation", piece->kind == PIECE_ROW ? STR_NONE : piece->plain);
    ItemEnd end = { draft->question, draft->difficulty, &source };
    return item_end(making, &out, &json, &end, NULL, err);
}

/* --- One sentence --- */

static bool draft_choice(Making *making, const Fact *fact, Draft *draft)
{
    Language language = making->material.language;
    draft->kind = QUESTION_CHOICE;
    if (fact->term.length && ask_what_is(making->arena, language, fact, &draft->question) &&
        (draft->wrong_count = wrong_definitions(making, fact, draft->wrong))) {
        draft->answer = fact->definition;
        draft->difficulty = item_difficulty(fact, NULL, false);
        return true;
    }
    for (size_t i = 0; i < fact->key_count; i++) {
        const FactKey *key = &fact->keys[i];
        draft->wrong_count = wrong_options(making, fact, key, draft->wrong);
        if (!draft->wrong_count)
            continue;
        draft->answer = key->text;
        draft->difficulty = item_difficulty(fact, key, false);
        if (key->kind == KEY_TERM)
            draft->question = ask_term(making->arena, language, fact);
        else if (!ask_for(making->arena, language, fact, key, &draft->question))
            draft->question = ask_gap(making->arena, fact, key, S(QUIZ_GAP));
        return true;
    }
    return false;
}

static bool draft_short(Making *making, const Fact *fact, Draft *draft)
{
    Language language = making->material.language;
    draft->kind = QUESTION_SHORT;
    for (size_t i = 0; i < fact->key_count; i++) {
        const FactKey *key = &fact->keys[i];
        if (key->kind == KEY_TERM)
            draft->question = ask_term(making->arena, language, fact);
        else if (!ask_for(making->arena, language, fact, key, &draft->question))
            continue;
        draft->answer = key->text;
        draft->difficulty = item_difficulty(fact, key, true);
        return true;
    }
    return false;
}

static bool draft_cloze(Making *making, const Fact *fact, Draft *draft)
{
    if (!fact->key_count)
        return false;
    draft->kind = QUESTION_CLOZE;
    draft->question = ask_gap(making->arena, fact, &fact->keys[0], S(QUIZ_GAP));
    draft->answer = fact->keys[0].text;
    draft->difficulty = item_difficulty(fact, &fact->keys[0], true);
    return true;
}

typedef bool Drafter(Making *making, const Fact *fact, Draft *draft);
static Drafter *const drafters[] = {
    [QUESTION_CHOICE] = draft_choice, [QUESTION_SHORT] = draft_short, [QUESTION_CLOZE] = draft_cloze
};

/* The form that is wanted; when any will do, each in turn, else what the sentence gives. */
static bool draft_any(Making *making, const Fact *fact, Draft *draft)
{
    size_t turn = making->items.count;
    for (size_t i = 0; i < COUNT(drafters); i++) {
        size_t kind = (turn + i) % COUNT(drafters);
        if (making->wish->form.length && !str_is(making->wish->form, kind_names[kind]))
            continue;
        *draft = (Draft){ 0 };
        if (drafters[kind](making, fact, draft))
            return true;
    }
    return false;
}

/* --- One row --- */

static bool add_row(Making *making, const RowFact *row, Error *err)
{
    Draft draft = { .kind = QUESTION_CHOICE, .question = row->question, .answer = row->answer };
    Str form = making->wish->form;
    draft.difficulty = 0.5;
    if (str_is(form, "cloze"))
        return true;
    if (!str_is(form, "short"))
        draft.wrong_count = wrong_cells(making, row, draft.wrong);
    if (!draft.wrong_count) {
        if (str_is(form, "choice"))
            return true;
        draft.kind = QUESTION_SHORT;
    }
    return add_question(making, &draft, row->piece, err);
}

bool make_quiz(Making *making, Error *err)
{
    const Fact **facts = arena_new_array(making->arena, const Fact *, making->facts.count + 1);
    RowFact rows[ROWS_MAX];
    size_t count = facts_spread(making, facts), row_count = rows_find(making, rows, ROWS_MAX);
    size_t r = 0;
    for (size_t i = 0; (i < count || r < row_count) && !making_is_full(making); i++) {
        Draft draft;
        if (i < count && draft_any(making, facts[i], &draft) &&
            !add_question(making, &draft, facts[i]->piece, err))
            return false;
        /* Every third is of a table where there are any; all, when nothing else is left. */
        if (r < row_count && (i >= count || i % 2 == 1) && !making_is_full(making) &&
            !add_row(making, &rows[r++], err))
            return false;
    }
    return true;
}

/* --- Cards --- */

static bool add_card(Making *making, Str front, Str back, double difficulty, const Piece *piece,
                     Error *err)
{
    Buf out;
    Citation source = material_cite(making->arena, &making->material, piece);
    JsonWriter json = item_begin(making, &out);
    put_text(&json, "front", front);
    put_text(&json, "back", back);
    ItemEnd end = { front, difficulty, &source };
    return item_end(making, &out, &json, &end, NULL, err);
}

static bool add_card_of(Making *making, const Fact *fact, Error *err)
{
    Str front;
    Language language = making->material.language;
    if (fact->definition.length && ask_what_is(making->arena, language, fact, &front))
        return add_card(making, front, fact->definition, item_difficulty(fact, NULL, false),
                        fact->piece, err);
    for (size_t i = 0; i < fact->key_count; i++) {
        const FactKey *key = &fact->keys[i];
        if (ask_for(making->arena, language, fact, key, &front))
            return add_card(making, front, key->text, item_difficulty(fact, key, true), fact->piece,
                            err);
    }
    if (!fact->key_count)
        return true;
    Str gap = str_format(making->arena, CARD_GAP_BEFORE STR_FMT CARD_GAP_AFTER,
                         STR_ARG(fact->keys[0].text));
    return add_card(making, ask_gap(making->arena, fact, &fact->keys[0], gap), fact->plain,
                    item_difficulty(fact, &fact->keys[0], true), fact->piece, err);
}

bool make_cards(Making *making, Error *err)
{
    const Fact **facts = arena_new_array(making->arena, const Fact *, making->facts.count + 1);
    RowFact rows[ROWS_MAX];
    size_t count = facts_spread(making, facts), row_count = rows_find(making, rows, ROWS_MAX);
    size_t r = 0;
    for (size_t i = 0; (i < count || r < row_count) && !making_is_full(making); i++) {
        if (i < count && !add_card_of(making, facts[i], err))
            return false;
        if (r < row_count && (i >= count || i % 2 == 1) && !making_is_full(making)) {
            const RowFact *row = &rows[r++];
            if (!add_card(making, row->question, row->answer, 0.5, row->piece, err))
                return false;
        }
    }
    return true;
}
