/* piece.c - the one line or sentence of a unit that answers: "Total: EUR 910.35" of an invoice. */
#include "answer/reading.h"
#include "text/sentences.h"

typedef struct Piece {
    size_t start, end; /* bytes of the document's text */
    uint64_t words;    /* bit i: has question word i */
    bool is_answer;    /* of the form that is asked for, and whole */
} Piece;

/* More pieces are no form and no list of facts. */
#define PIECES_MAX 32

typedef struct Pieces {
    Piece at[PIECES_MAX + 1]; /* the last is one too many */
    size_t count;
} Pieces;

/* "Due date: 4 November": the label, or nothing. */
static Str label_of(Str line)
{
    ptrdiff_t colon = str_find(line, S(": "));
    if (colon <= 0 || !str_trim(str_from(line, (size_t)colon + 2)).length)
        return STR_NONE;
    return str_slice(line, 0, (size_t)colon);
}

/* A labelled value answers what its label is asked for; a sentence has to be whole. */
static bool is_whole_answer(Reading *reading, const Unit *unit)
{
    Str label = label_of(unit->text);
    if (reading_form(reading, unit) <= 0)
        return false;
    if (label.length)
        return reading_match(reading, label) != 0;
    return HAS_CHAR(unit->text.at[unit->text.length - 1], ".!");
}

static void add_piece(Reading *reading, const Unit *unit, size_t start, size_t end, Pieces *pieces)
{
    Unit piece = *unit;
    piece.text = str_slice(unit->text, start, end);
    if (!piece.text.length || pieces->count > PIECES_MAX)
        return;
    pieces->at[pieces->count++] = (Piece){
        .start = unit->start + start,
        .end = unit->start + end,
        .words = reading_match(reading, piece.text),
        .is_answer = is_whole_answer(reading, &piece),
    };
}

static void cut_pieces(Reading *reading, const Unit *unit, Pieces *pieces)
{
    Str rest = unit->text, line;
    while (str_next(&rest, '\n', &line)) {
        size_t from = (size_t)(line.at - unit->text.at), at = 0;
        Sentence sentence;
        if (label_of(line).length)
            add_piece(reading, unit, from, from + str_trim(line).length, pieces);
        else
            while (sentence_next(line, &at, &sentence))
                add_piece(reading, unit, from + sentence.start, from + sentence.end, pieces);
    }
}

/* The only piece that has these words and answers; NULL when there is none, or several. */
static const Piece *only_piece_with(const Pieces *pieces, uint64_t words)
{
    const Piece *found = NULL;
    for (size_t i = 0; i < pieces->count && words; i++) {
        if (!pieces->at[i].is_answer || (words & ~pieces->at[i].words))
            continue;
        if (found)
            return NULL;
        found = &pieces->at[i];
    }
    return found;
}

/* What names the thing itself, as "Invoice number: INV-20931" does: its words need not stand in the
 * line that answers as well. */
static uint64_t words_of_name(const Question *question, const Pieces *pieces)
{
    uint64_t names = 0;
    for (size_t i = 0; i < question->word_count; i++)
        if (question->words[i].is_name || question->words[i].is_number)
            names |= (uint64_t)1 << i;
    for (size_t i = 0; i < pieces->count && names; i++)
        if (!(names & ~pieces->at[i].words))
            return pieces->at[i].words;
    return 0;
}

bool reading_piece(Reading *reading, size_t index, size_t *start_r, size_t *end_r)
{
    const Unit *unit = &reading->units[index];
    const Question *question = &reading->question;
    Pieces pieces = { .count = 0 };
    uint64_t asked = 0;
    if (unit->kind != UNIT_LINES && str_find_char(unit->text, '\n') < 0)
        return false;
    for (size_t i = 0; i < question->word_count; i++)
        if (!question->words[i].is_weak)
            asked |= (uint64_t)1 << i;
    cut_pieces(reading, unit, &pieces);
    if (pieces.count < 2 || pieces.count > PIECES_MAX)
        return false;
    const Piece *found = only_piece_with(&pieces, asked);
    if (!found)
        found = only_piece_with(&pieces, asked & ~words_of_name(question, &pieces));
    if (!found)
        return false;
    *start_r = found->start;
    *end_r = found->end;
    return true;
}
