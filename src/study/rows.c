/* rows.c - rows of tables as questions: "What does the table give as "Cases" for "Ardal"?" */
#include <ctype.h>

#include "study/make_int.h"

#define CELL_BYTES_MAX 60
#define TABLE_ROWS_MAX 5000
#define OF_ONE_TABLE_MAX 6

#define NONE(...)
#define ASK NONE
#define WHAT_IS NONE
#define DETERMINER NONE
#define FITS NONE
#define IN_ROW(language, before, between, after)                                                   \
    { LANGUAGE_##language, S_INIT(before), S_INIT(between), S_INIT(after) },
static const struct {
    Language language;
    Str before, between, after;
} forms[] = {
#include "study/asking.def"
};

/* English where we have no form of the language. */
static Str question_of(const Making *making, Str header, Str subject)
{
    size_t form = 0;
    for (size_t i = 0; i < COUNT(forms); i++)
        if (forms[i].language == making->material.language)
            form = i;
    return str_format(making->arena, STR_FMT STR_FMT STR_FMT STR_FMT STR_FMT,
                      STR_ARG(forms[form].before), STR_ARG(header), STR_ARG(forms[form].between),
                      STR_ARG(subject), STR_ARG(forms[form].after));
}

static bool has_letter(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (isalpha((unsigned char)text.at[i]) || (unsigned char)text.at[i] >= 0x80)
            return true;
    return false;
}

static bool is_cell(Str cell) { return cell.length > 0 && cell.length <= CELL_BYTES_MAX; }

/* Names one row of its table and no other. */
static bool is_subject(const Piece *first, const Piece *end, const Piece *row)
{
    Str subject = row->cells.at[0];
    if (!is_cell(subject) || !has_letter(subject) || !has_letter(row->headers.at[0]))
        return false;
    for (const Piece *piece = first; piece < end; piece++)
        if (piece != row && str_equal_ignore_case(piece->cells.at[0], subject))
            return false;
    return true;
}

static const Piece *end_of_table(const Material *material, const Piece *first)
{
    const Piece *end = material->pieces + material->piece_count, *piece = first;
    while (piece < end && piece - first < TABLE_ROWS_MAX && piece->kind == PIECE_ROW &&
           piece->headers.at == first->headers.at)
        piece++;
    return piece;
}

/* Another column for each row, so that a quiz does not ask for one alone. */
static size_t ask_table(Making *making, const Piece *first, const Piece *end, RowFact *rows,
                        size_t max)
{
    size_t count = 0, step = MAX((size_t)(end - first) / OF_ONE_TABLE_MAX, 1);
    for (const Piece *row = first; row < end && count < max;
         row += MIN(step, (size_t)(end - row))) {
        size_t column = 1 + (size_t)(row - first) / step % (row->cells.count - 1);
        if (!is_subject(first, end, row) || !is_cell(row->cells.at[column]) ||
            !has_letter(row->headers.at[column]) || !is_cell(row->headers.at[column]) ||
            str_equal(row->cells.at[column], row->headers.at[column]))
            continue;
        rows[count++] =
            (RowFact){ .piece = row,
                       .question = question_of(making, row->headers.at[column], row->cells.at[0]),
                       .answer = row->cells.at[column],
                       .table_first = first,
                       .column = column };
    }
    return count;
}

size_t rows_find(Making *making, RowFact *rows, size_t max)
{
    const Material *material = &making->material;
    const Piece *end = material->pieces + material->piece_count;
    size_t count = 0;
    for (const Piece *piece = material->pieces; piece < end && count < max;) {
        if (piece->kind != PIECE_ROW || piece->headers.count < 2) {
            piece++;
            continue;
        }
        const Piece *last = end_of_table(material, piece);
        if (last - piece >= 2)
            count += ask_table(making, piece, last, rows + count,
                               MIN(max - count, (size_t)OF_ONE_TABLE_MAX));
        piece = last;
    }
    return count;
}
