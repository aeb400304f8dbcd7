/* material_cut.c - blocks cut into pieces. */
#include "library/ingest.h"
#include "study/material_int.h"
#include "text/planted.h"
#include "text/sentences.h"

#define PIECES_MAX 20000
#define CELL_GAP " | "

/* On one line, with single spaces; the text itself where it is so already. */
static Str one_line(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    bool is_gap = false, is_other = false;
    for (size_t i = 0; i < text.length; i++) {
        if (HAS_CHAR(text.at[i], " \t\r\n\f\v")) {
            is_other |= is_gap || text.at[i] != ' ';
            is_gap = out.length > 0;
            continue;
        }
        if (is_gap)
            buf_add_char(&out, ' ');
        is_gap = false;
        buf_add_char(&out, text.at[i]);
    }
    return is_other || out.length < text.length ? buf_str(&out) : text;
}

/* A list's mark that its reader has left in the text. */
static Str without_mark(Str text)
{
    static const Str marks[] = { S_INIT("•"), S_INIT("▪"), S_INIT("‣"), S_INIT("·"),
                                 S_INIT("–"), S_INIT("—"), S_INIT("►"), S_INIT("- ") };
    text = str_trim(text);
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(text, marks[i]))
            return str_trim(str_from(text, marks[i].length));
    return text;
}

static Piece *add_piece(Gathering *g, PieceKind kind, Str text, size_t start)
{
    Str trimmed = without_mark(text);
    if (!trimmed.length || g->pieces.count == PIECES_MAX)
        return NULL;
    start += (size_t)(trimmed.at - text.at);
    if (start < g->after || start >= g->to || start + trimmed.length <= g->from)
        return NULL;
    g->after = start + trimmed.length;
    if (planted_is(trimmed)) {
        g->planted++;
        return NULL;
    }
    Piece *piece = vec_push(g->arena, &g->pieces);
    *piece = (Piece){ .kind = kind,
                      .document = g->documents.count - 1,
                      .start = (int64_t)start,
                      .end = (int64_t)(start + trimmed.length),
                      .text = trimmed,
                      .plain = one_line(g->arena, trimmed),
                      .section = g->section,
                      .heading = g->heading };
    return piece;
}

static void set_place(Gathering *g, Piece *piece, const StoredBlock *block)
{
    if (!piece)
        return;
    piece->place = ingest_place(g->arena, block, 1, piece->heading);
    piece->page = block->page;
}

static void add_sentences(Gathering *g, PieceKind kind, Str text, size_t start,
                          const StoredBlock *block)
{
    size_t at = 0;
    Sentence sentence;
    while (sentence_next(text, &at, &sentence)) {
        Piece *piece = add_piece(g, kind, str_slice(text, sentence.start, sentence.end),
                                 start + sentence.start);
        if (block)
            set_place(g, piece, block);
    }
}

static void add_heading(Gathering *g, Str text, size_t start, int level, const StoredBlock *block)
{
    Piece *piece = add_piece(g, PIECE_HEADING, text, start);
    if (!piece)
        return;
    piece->level = MAX(level, 1);
    piece->section = MATERIAL_NO_SECTION;
    piece->heading = g->heading = piece->plain;
    g->section = g->pieces.count - 1;
    if (block)
        set_place(g, piece, block);
}

/* --- Rows --- */

static StrList cells_of(Arena *arena, const StoredBlock *block, Str text)
{
    VEC(Str) cells = { 0 };
    for (size_t i = 0; i < block->cell_count; i++) {
        const StoredCell *cell = &block->cell[i];
        *vec_push(arena, &cells) =
            one_line(arena, str_slice(text, cell->start, cell->start + cell->length));
    }
    for (Str rest = text; !block->cell_count && rest.length;) {
        ptrdiff_t gap = str_find(rest, S(CELL_GAP));
        Str cell = gap < 0 ? rest : str_slice(rest, 0, (size_t)gap);
        rest = gap < 0 ? STR_NONE : str_from(rest, (size_t)gap + strlen(CELL_GAP));
        *vec_push(arena, &cells) = one_line(arena, str_trim(cell));
    }
    return (StrList){ cells.at, cells.count };
}

static void add_row(Gathering *g, const StoredBlock *block, Str text, size_t start)
{
    StrList cells = cells_of(g->arena, block, text);
    if (block->table != g->table)
        g->headers = (StrList){ 0 };
    g->table = block->table;
    if (block->is_header_row) {
        g->headers = cells;
        return;
    }
    Piece *piece = add_piece(g, PIECE_ROW, text, start);
    if (!piece)
        return;
    piece->cells = cells;
    if (g->headers.count == cells.count)
        piece->headers = g->headers;
    set_place(g, piece, block);
}

/* --- Blocks --- */

void gather_block(Gathering *g, const StoredBlock *block, Str text, size_t text_start)
{
    const char *kind = library_block_kind(block->kind);
    size_t from = (size_t)block->start, to = from + (size_t)block->length;
    if (from < text_start || to > text_start + text.length)
        return;
    Str own = str_slice(text, from - text_start, to - text_start);
    if (strcmp(kind, "heading") == 0)
        add_heading(g, own, from, block->level, block);
    else if (strcmp(kind, "row") == 0)
        add_row(g, block, own, from);
    else if (strcmp(kind, "list_item") == 0)
        add_sentences(g, PIECE_ITEM, own, from, block);
    else if (strcmp(kind, "paragraph") == 0 || strcmp(kind, "quote") == 0)
        add_sentences(g, PIECE_SENTENCE, own, from, block);
}

/* --- Texts that were given --- */

static bool is_item(Str line, size_t *mark_r)
{
    if (str_starts(line, S("- ")) || str_starts(line, S("* ")) || str_starts(line, S("• "))) {
        *mark_r = (size_t)str_find_char(line, ' ') + 1;
        return true;
    }
    return false;
}

static bool gather_line(Gathering *g, Str line, size_t at)
{
    size_t mark = 0;
    while (mark < line.length && line.at[mark] == '#')
        mark++;
    if (mark && mark <= 6 && mark < line.length && line.at[mark] == ' ')
        add_heading(g, str_from(line, mark + 1), at + mark + 1, (int)mark, NULL);
    else if (is_item(line, &mark))
        add_sentences(g, PIECE_ITEM, str_from(line, mark), at + mark, NULL);
    else
        return false;
    return true;
}

void gather_text(Gathering *g, Str text)
{
    size_t paragraph = 0, at = 0, mark;
    while (at < text.length) {
        ptrdiff_t end = str_find_char(str_from(text, at), '\n');
        size_t next = end < 0 ? text.length : at + (size_t)end + 1;
        Str line = str_slice(text, at, next);
        if (line.at[0] == '#' || is_item(line, &mark)) {
            add_sentences(g, PIECE_SENTENCE, str_slice(text, paragraph, at), paragraph, NULL);
            paragraph = gather_line(g, line, at) ? next : at;
        }
        at = next;
    }
    add_sentences(g, PIECE_SENTENCE, str_slice(text, paragraph, text.length), paragraph, NULL);
}
