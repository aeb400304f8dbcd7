/* gather.c - blocks and plain texts cut into pieces. */
#include "material/gather.h"

#include "text/planted.h"
#include "text/sentences.h"

#define SENTENCE_MIN 2 /* bytes */
#define CELL_GAP " | "

Str material_line(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    bool is_gap = false, is_other = false;
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.at[i] <= ' ') {
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

void gather_begin(Gathering *g, const MaterialDocument *document)
{
    MaterialDocument *added = vec_push(g->arena, &g->documents);
    *added = *document;
    added->first = g->pieces.count;
    g->section = 0;
    g->heading = STR_NONE;
    g->from = g->after = 0;
    g->to = SIZE_MAX;
    g->headers = (StrList){ 0 };
    g->table = 0;
}

/* False: it is not among what is read, was read before, speaks to a model, or is too much. */
static bool is_wanted(Gathering *g, Str text, size_t start)
{
    if (!text.length || start < g->after || start >= g->to || start + text.length <= g->from)
        return false;
    g->after = start + text.length;
    if (planted_is(text)) {
        g->planted++;
        return false;
    }
    g->is_cut |= g->pieces.count == MATERIAL_PIECES_MAX;
    return g->pieces.count < MATERIAL_PIECES_MAX;
}

static Piece *add_piece(Gathering *g, PieceKind kind, Str text, size_t start,
                        const StoredBlock *block)
{
    Str trimmed = without_mark(text);
    start += (size_t)(trimmed.at - text.at);
    if (!is_wanted(g, trimmed, start))
        return NULL;
    Piece *piece = vec_push(g->arena, &g->pieces);
    *piece = (Piece){ .kind = kind,
                      .document = g->documents.count - 1,
                      .start = (int64_t)start,
                      .end = (int64_t)(start + trimmed.length),
                      .text = trimmed,
                      .plain = material_line(g->arena, trimmed),
                      .section = g->section,
                      .heading = g->heading,
                      .block = block };
    g->documents.at[g->documents.count - 1].count++;
    return piece;
}

static void add_sentences(Gathering *g, PieceKind kind, Str text, size_t start,
                          const StoredBlock *block)
{
    size_t at = 0;
    bool is_first = true;
    Sentence sentence;
    while (sentence_next(text, &at, &sentence)) {
        if (sentence.end - sentence.start < SENTENCE_MIN)
            continue;
        Piece *piece = add_piece(g, kind, str_slice(text, sentence.start, sentence.end),
                                 start + sentence.start, block);
        if (piece)
            piece->is_first = is_first;
        is_first = false;
    }
}

static void add_heading(Gathering *g, Str text, size_t start, int level, const StoredBlock *block)
{
    Str plain = material_line(g->arena, str_trim(text));
    if (!plain.length || planted_is(plain)) {
        g->planted += plain.length > 0;
        return;
    }
    g->section = ++g->sections;
    g->heading = plain;
    Piece *piece = g->keeps_headings ? add_piece(g, PIECE_HEADING, text, start, block) : NULL;
    if (piece)
        piece->level = MAX(level, 1);
}

/* --- Rows --- */

static StrList cells_of(Arena *arena, const StoredBlock *block, Str text)
{
    VEC(Str) cells = { 0 };
    for (size_t i = 0; i < block->cell_count; i++) {
        const StoredCell *cell = &block->cell[i];
        *vec_push(arena, &cells) =
            material_line(arena, str_slice(text, cell->start, cell->start + cell->length));
    }
    for (Str rest = text; !block->cell_count && rest.length;) {
        ptrdiff_t gap = str_find(rest, S(CELL_GAP));
        Str cell = gap < 0 ? rest : str_slice(rest, 0, (size_t)gap);
        rest = gap < 0 ? STR_NONE : str_from(rest, (size_t)gap + strlen(CELL_GAP));
        *vec_push(arena, &cells) = material_line(arena, cell);
    }
    return (StrList){ cells.at, cells.count };
}

static void add_row(Gathering *g, const StoredBlock *block, Str text, size_t start)
{
    StrList cells = cells_of(g->arena, block, text);
    PieceKind kind = block->is_header_row ? PIECE_COLUMNS : PIECE_ROW;
    if (block->table != g->table || kind == PIECE_COLUMNS)
        g->headers = kind == PIECE_COLUMNS ? cells : (StrList){ 0 };
    g->table = block->table;
    Piece *piece = add_piece(g, kind, text, start, block);
    if (!piece)
        return;
    piece->table = block->table;
    piece->cells = cells;
    if (g->headers.count == cells.count)
        piece->headers = g->headers;
}

/* --- Blocks --- */

void gather_block(Gathering *g, const StoredBlock *block, Str text, size_t text_start)
{
    size_t from = (size_t)block->start;
    size_t to = MIN(from + (size_t)block->length, text_start + text.length);
    if (from < text_start || from >= to)
        return;
    Str own = str_slice(text, from - text_start, to - text_start);
    switch ((BlockKind)block->kind) {
    case BLOCK_HEADING: add_heading(g, own, from, block->level, block); break;
    case BLOCK_ROW: add_row(g, block, own, from); break;
    case BLOCK_LIST_ITEM: add_sentences(g, PIECE_ITEM, own, from, block); break;
    case BLOCK_PARAGRAPH:
    case BLOCK_QUOTE: add_sentences(g, PIECE_SENTENCE, own, from, block); break;
    default: break; /* code, running headers, notes and what is said of the file */
    }
}

/* --- Texts that were given --- */

/* How many bytes of a line are a heading's or an item's mark. */
static size_t heading_mark(Str line)
{
    size_t mark = 0;
    while (mark < line.length && line.at[mark] == '#')
        mark++;
    return mark && mark <= 6 && mark < line.length && line.at[mark] == ' ' ? mark : 0;
}

static size_t item_mark(Str line)
{
    static const Str marks[] = { S_INIT("- "), S_INIT("* "), S_INIT("• ") };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(line, marks[i]))
            return marks[i].length;
    return 0;
}

/* A heading, an item, or the empty line between two paragraphs. */
static bool stands_apart(Str line) { return !line.length || heading_mark(line) || item_mark(line); }

static void gather_line(Gathering *g, Str line, size_t start)
{
    size_t heading = heading_mark(line), item = item_mark(line);
    if (heading)
        add_heading(g, str_from(line, heading), start + heading, (int)heading, NULL);
    else if (item)
        add_sentences(g, PIECE_ITEM, str_from(line, item), start + item, NULL);
}

void gather_text(Gathering *g, Str text)
{
    size_t paragraph = 0, at = 0;
    while (at < text.length) {
        ptrdiff_t end = str_find_char(str_from(text, at), '\n');
        size_t next = end < 0 ? text.length : at + (size_t)end + 1;
        Str line = str_trim(str_slice(text, at, next));
        if (stands_apart(line)) {
            add_sentences(g, PIECE_SENTENCE, str_slice(text, paragraph, at), paragraph, NULL);
            gather_line(g, line, (size_t)(line.at - text.at));
            paragraph = next;
        }
        at = next;
    }
    add_sentences(g, PIECE_SENTENCE, str_slice(text, paragraph, text.length), paragraph, NULL);
}
