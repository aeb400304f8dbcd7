/* reading.c - passages cut into units; see reading.h. */
#include "answer/reading.h"

#include "text/sentences.h"

/* Neighbours shorter than this are read together, up to so many bytes. */
#define SHORT_BYTES 60
#define LINES_BYTES 240
/* ... unless they are sentences: what ends in a full stop and is not as short as "Gump Inc." */
#define SENTENCE_BYTES 30
/* Longer pieces are cut at a line end. */
#define LONG_BYTES 600

typedef struct Cutter {
    Reading *reading;
    size_t passage, capacity;
    Str text;       /* of the chunk */
    size_t start;   /* of it in the document's text */
    uint32_t table; /* of the last block */
    Str header;     /* of it */
} Cutter;

static void add_unit(Cutter *c, size_t start, size_t end, UnitKind kind, size_t block)
{
    Reading *reading = c->reading;
    Str text = str_slice(c->text, start - c->start, end - c->start);
    if (!str_trim(text).length || reading->unit_count == reading->unit_max)
        return;
    reading->units[reading->unit_count++] =
        (Unit){ .passage = c->passage,
                .start = start,
                .end = end,
                .text = text,
                .kind = kind,
                .block_first = block,
                .block_last = block,
                .header = kind == UNIT_ROW || str_equal(text, c->header) ? c->header : STR_NONE };
}

/* Lines of code, of a log or of a poem: as many together as LINES_BYTES allow. */
static void cut_lines(Cutter *c, size_t start, size_t end, size_t block)
{
    Str text = str_slice(c->text, start - c->start, end - c->start);
    size_t from = 0, at = 0;
    while (at < text.length) {
        ptrdiff_t line = str_find_char(str_from(text, at), '\n');
        size_t next = line < 0 ? text.length : at + (size_t)line + 1;
        if (next - from > LINES_BYTES && at > from) {
            add_unit(c, start + from, start + at - 1, UNIT_LINES, block);
            from = at;
        }
        at = next;
    }
    size_t last = text.length;
    while (last > from && text.at[last - 1] == '\n')
        last--;
    add_unit(c, start + from, start + last, UNIT_LINES, block);
}

static void cut_sentences(Cutter *c, size_t start, size_t end, UnitKind kind, size_t block)
{
    Str text = str_slice(c->text, start - c->start, end - c->start);
    size_t at = 0;
    Sentence sentence;
    while (sentence_next(text, &at, &sentence)) {
        Str one = str_slice(text, sentence.start, sentence.end);
        if (one.length > LONG_BYTES && str_find_char(one, '\n') >= 0)
            cut_lines(c, start + sentence.start, start + sentence.end, block);
        else
            add_unit(c, start + sentence.start, start + sentence.end, kind, block);
    }
}

typedef struct CutRule {
    const char *kind; /* library_block_kind() */
    UnitKind unit;
    bool by_lines, is_whole;
} CutRule;
static const CutRule cut_rules[] = {
    { "heading", UNIT_HEADING, .is_whole = true }, { "row", UNIT_ROW, .is_whole = true },
    { "code", UNIT_LINES, .by_lines = true },      { "list_item", UNIT_ITEM },
    { "meta", UNIT_LINES, .is_whole = true },
};

static void cut_block(Cutter *c, const StoredBlock *block, size_t index)
{
    size_t start = MAX((size_t)block->start, c->start);
    size_t end = MIN((size_t)(block->start + block->length), c->start + c->text.length);
    if (start >= end)
        return;
    Str text = str_slice(c->text, start - c->start, end - c->start);
    CutRule rule = { NULL, UNIT_SENTENCE, false, false };
    for (size_t i = 0; i < COUNT(cut_rules); i++)
        if (strcmp(library_block_kind(block->kind), cut_rules[i].kind) == 0)
            rule = cut_rules[i];
    if (block->table != c->table)
        c->header = STR_NONE;
    c->table = block->table;
    if (rule.unit == UNIT_ROW && block->is_header_row) {
        c->header = text;
        rule.unit = UNIT_HEADING;
    }
    if (rule.by_lines)
        cut_lines(c, start, end, index);
    else if (rule.is_whole)
        add_unit(c, start, end, rule.unit, index);
    else
        cut_sentences(c, start, end, rule.unit, index);
}

static bool is_joinable(const Unit *unit)
{
    bool is_sentence = unit->kind == UNIT_SENTENCE && unit->text.length >= SENTENCE_BYTES &&
                       HAS_CHAR(unit->text.at[unit->text.length - 1], ".!?");
    return unit->kind != UNIT_HEADING && unit->kind != UNIT_ROW && !is_sentence &&
           unit->end - unit->start < SHORT_BYTES;
}

/* Short neighbours of different blocks become one unit: a label and its value, the lines of an
 * address. */
static void join_short(Cutter *c, size_t first)
{
    Reading *reading = c->reading;
    size_t kept = first;
    for (size_t i = first; i < reading->unit_count; i++) {
        Unit *last = kept > first ? &reading->units[kept - 1] : NULL;
        const Unit *unit = &reading->units[i];
        bool joins = last && is_joinable(unit) && unit->block_first > last->block_first &&
                     (is_joinable(last) || last->kind == UNIT_LINES) &&
                     unit->end - last->start < LINES_BYTES;
        if (!joins) {
            reading->units[kept++] = *unit;
            continue;
        }
        last->end = unit->end;
        last->block_last = unit->block_last;
        last->kind = UNIT_LINES;
        last->text = str_slice(c->text, last->start - c->start, last->end - c->start);
    }
    reading->unit_count = kept;
}

static void cut_passage(Reading *reading, size_t index)
{
    Passage *passage = &reading->passages[index];
    const Chunk *chunk = &passage->hit->row.chunk;
    Cutter c = {
        .reading = reading, .passage = index, .text = chunk->text, .start = (size_t)chunk->start
    };
    passage->unit_first = reading->unit_count;
    for (size_t i = 0; i < passage->blocks.count; i++)
        cut_block(&c, &passage->blocks.at[i], i);
    if (!passage->blocks.count)
        cut_sentences(&c, c.start, c.start + c.text.length, UNIT_SENTENCE, 0);
    join_short(&c, passage->unit_first);
    passage->unit_count = reading->unit_count - passage->unit_first;
}

/* Chunks overlap: a unit counts where it stood first. */
static void mark_repeated(Reading *reading)
{
    for (size_t i = 0; i < reading->unit_count; i++)
        for (size_t j = 0; j < i && !reading->units[i].is_repeated; j++) {
            const Unit *a = &reading->units[i], *b = &reading->units[j];
            if (a->passage != b->passage && a->start < b->end && b->start < a->end &&
                reading->passages[a->passage].group == reading->passages[b->passage].group &&
                a->end - a->start <= b->end - b->start)
                reading->units[i].is_repeated = true;
        }
}

/* Passages of one document have one number. */
static void number_documents(Passage *passages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        passages[i].group = i;
        for (size_t j = 0; j < i; j++)
            if (str_equal(passages[i].hit->row.chunk.document,
                          passages[j].hit->row.chunk.document)) {
                passages[i].group = passages[j].group;
                break;
            }
    }
}

Reading *reading_new(Arena *arena, Words *words, const Question *question, Passage *passages,
                     size_t count)
{
    Reading *reading = arena_new_one(arena, Reading);
    *reading = (Reading){ .arena = arena,
                          .words = words,
                          .question = *question,
                          .passages = passages,
                          .passage_count = count,
                          .unit_max = MAX(READING_UNITS_MAX, count * READING_PASSAGE_UNITS) };
    reading->units = arena_new_array(arena, Unit, reading->unit_max);
    for (size_t i = 0; i < question->word_count; i++)
        reading->rarity += question->words[i].rarity;
    number_documents(passages, count);
    for (size_t i = 0; i < count; i++)
        cut_passage(reading, i);
    mark_repeated(reading);
    return reading;
}

Str reading_surroundings(const Reading *reading, size_t index)
{
    const Unit *unit = &reading->units[index];
    const Passage *passage = &reading->passages[unit->passage];
    size_t last = passage->unit_first + passage->unit_count - 1;
    Buf out = buf_new(reading->arena, KB(64));
    buf_add(&out, passage->hit->row.chunk.heading);
    buf_add_char(&out, '\n');
    buf_add(&out, unit->header);
    for (size_t i = index > passage->unit_first ? index - 1 : index; i <= MIN(index + 1, last);
         i++) {
        buf_add_char(&out, '\n');
        buf_add(&out, reading->units[i].text);
    }
    return buf_str(&out);
}

/* --- Rows --- */

static const char cell_gap[] = " | ";

static Str next_cell(Str *rest)
{
    ptrdiff_t at = str_find(*rest, str(cell_gap));
    Str cell = at < 0 ? *rest : str_slice(*rest, 0, (size_t)at);
    *rest = at < 0 ? STR_NONE : str_from(*rest, (size_t)at + strlen(cell_gap));
    return str_trim(cell);
}

static size_t cell_count(Str row)
{
    size_t count = 1;
    for (ptrdiff_t at; (at = str_find(row, str(cell_gap))) >= 0; count++)
        row = str_from(row, (size_t)at + strlen(cell_gap));
    return count;
}

Str row_text(Arena *arena, Str row, Str header)
{
    Buf out = buf_new(arena, row.length + header.length + 4 * cell_count(row) + 1);
    size_t count = cell_count(row);
    if (!header.length || count < 2 || cell_count(header) != count)
        return row;
    for (size_t i = 0; i < count; i++) {
        Str name = next_cell(&header), value = next_cell(&row);
        if (!value.length || str_equal(value, S("|")))
            continue;
        if (out.length)
            buf_add(&out, S("; "));
        if (name.length) {
            buf_add(&out, name);
            buf_add(&out, S(": "));
        }
        buf_add(&out, value);
    }
    return buf_str(&out);
}
