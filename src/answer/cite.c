/* cite.c - a passage as a citation: exact bytes, and the place that these bytes have. */
#include "answer/answer_int.h"
#include "library/ingest.h"
#include "store/texts_store.h"

/* Of short lines, and of the rows of a small table, so many bytes are quoted together. */
#define LINES_QUOTED_BYTES 480
/* A sentence is quoted with those beside it, as far as they fit. */
#define SENTENCES_QUOTED_BYTES 420
/* Lines are counted in texts up to so many bytes. */
#define COUNTED_BYTES MB(4)
/* A sentence that begins so needs the one before it to be understood. */
static const char *const leaning[] = { "it ",    "this ", "that ",    "these ", "those ",
                                       "he ",    "she ",  "they ",    "his ",   "her ",
                                       "their ", "its ",  "however,", "but ",   "such " };

/* --- Headings --- */

/* The heading right above a block: the last one inside the passage before it, else the chunk's. */
static Str heading_above(const Passage *passage, size_t start)
{
    const Chunk *chunk = &passage->hit->row.chunk;
    Str heading = chunk->heading;
    for (size_t i = 0; i < passage->blocks.count; i++) {
        const StoredBlock *block = &passage->blocks.at[i];
        if (block->start > start)
            break;
        if (strcmp(library_block_kind(block->kind), "heading") == 0 &&
            block->start >= (uint64_t)chunk->start)
            heading = str_slice(chunk->text, block->start - (size_t)chunk->start,
                                block->start + block->length - (size_t)chunk->start);
    }
    return heading;
}

/* --- Places --- */

static void blocks_of(const Passage *passage, size_t start, size_t end, size_t *first_r,
                      size_t *count_r)
{
    *first_r = *count_r = 0;
    for (size_t i = 0; i < passage->blocks.count; i++) {
        const StoredBlock *block = &passage->blocks.at[i];
        if (!block->length || block->start >= end || block->start + block->length <= start)
            continue;
        if (!*count_r)
            *first_r = i;
        *count_r = i - *first_r + 1;
    }
}

/* Some formats know neither pages nor lines: then a line of the extracted text is better than no
 * place. */
typedef struct LineWork {
    AnswerRun *run;
    const Chunk *chunk;
    int64_t start;
    int64_t line; /* from 1, empty ones not counted */
} LineWork;

static bool line_work(DbTx *tx, void *argument, Error *err)
{
    LineWork *work = argument;
    Str text, line;
    if (!text_find_range(tx, work->run->scope, work->run->arena, work->chunk->document,
                         work->chunk->version, 0, work->start, &text, err))
        return false;
    work->line = 1;
    while (str_next(&text, '\n', &line))
        work->line += text.length > 0 && str_trim(line).length > 0;
    return true;
}

static Str line_of_text(AnswerRun *run, const Chunk *chunk, int64_t start)
{
    LineWork work = { run, chunk, start, 0 };
    Error ignored;
    if (start > (int64_t)COUNTED_BYTES ||
        !store_read(run->answers->db, run->scope, line_work, &work, &ignored))
        return S("");
    return str_format(run->arena, "line %" PRId64, work.line);
}

static void set_place(AnswerRun *run, const Passage *passage, Citation *citation)
{
    const Chunk *chunk = &passage->hit->row.chunk;
    size_t first, count;
    blocks_of(passage, (size_t)citation->start, (size_t)citation->end, &first, &count);
    citation->heading = heading_above(passage, (size_t)citation->start);
    citation->place = chunk->place;
    citation->page = chunk->page;
    if (count) {
        citation->place =
            ingest_place(run->arena, passage->blocks.at + first, count, citation->heading);
        citation->page = passage->blocks.at[first].page;
    }
    if (!citation->place.length)
        citation->place = line_of_text(run, chunk, citation->start);
}

/* --- Citations --- */

Citation *cite(AnswerRun *run, const Reading *reading, size_t passage_index, size_t start,
               size_t end, double score)
{
    const Passage *passage = &reading->passages[passage_index];
    const ChunkHit *row = &passage->hit->row;
    for (size_t i = 0; i < run->answer.citation_count; i++) {
        Citation *known = &run->citations[i];
        if (str_equal(known->document, row->chunk.document) && (size_t)known->start < end &&
            start < (size_t)known->end)
            return known;
    }
    if (run->answer.citation_count == run->citation_max)
        return NULL;
    Citation *citation = &run->citations[run->answer.citation_count++];
    *citation = (Citation){ .number = (int)run->answer.citation_count,
                            .document = row->chunk.document,
                            .version = row->chunk.version,
                            .name = row->name,
                            .format = row->format,
                            .start = (int64_t)start,
                            .end = (int64_t)end,
                            .quote = str_slice(row->chunk.text, start - (size_t)row->chunk.start,
                                               end - (size_t)row->chunk.start),
                            .score = score };
    set_place(run, passage, citation);
    return citation;
}

static bool leans(Str text)
{
    for (size_t i = 0; i < COUNT(leaning); i++) {
        Str word = str(leaning[i]);
        if (str_equal_ignore_case(str_slice(text, 0, word.length), word))
            return true;
    }
    return false;
}

/* The rest of a sentence that a page or a column has cut. */
static bool goes_on(const Unit *before, Str text)
{
    Str end = str_trim(before->text);
    return text.length && text.at[0] >= 'a' && text.at[0] <= 'z' && end.length &&
           !HAS_CHAR(end.at[end.length - 1], ".!?:;");
}

static bool needs_before(const Reading *reading, size_t index)
{
    const Unit *unit = &reading->units[index];
    const Unit *before = index > reading->passages[unit->passage].unit_first ? unit - 1 : NULL;
    if (!before || unit->kind != UNIT_SENTENCE || before->kind != UNIT_SENTENCE)
        return false;
    return goes_on(before, unit->text) ||
           (leans(unit->text) && before->block_last == unit->block_first);
}

static bool is_prose(const Unit *unit)
{
    return unit->kind == UNIT_SENTENCE || unit->kind == UNIT_ITEM || unit->kind == UNIT_LINES;
}

static bool is_of_table(const Unit *unit) { return unit->kind == UNIT_ROW || unit->header.length; }

/* Short lines say little alone, and what a sentence is about stands beside it as often as in it:
 * what stands on a card, at the head of a mail or on a receipt is quoted with the lines beside it,
 * a sentence that does not say enough with its neighbours, a row with its small table; those behind
 * it first. */
static void widen(const Reading *reading, size_t index, bool (*joins)(const Unit *unit),
                  size_t bytes_max, size_t *start, size_t *end)
{
    const Passage *passage = &reading->passages[reading->units[index].passage];
    size_t last = passage->unit_first + passage->unit_count;
    for (size_t i = index + 1;
         i < last && joins(&reading->units[i]) && reading->units[i].end - *start <= bytes_max; i++)
        *end = reading->units[i].end;
    for (size_t i = index; i > passage->unit_first && joins(&reading->units[i - 1]) &&
                           *end - reading->units[i - 1].start <= bytes_max;
         i--)
        *start = reading->units[i - 1].start;
}

/* A sentence that has all that is asked about, and something of the form of an answer, needs nobody
 * beside it. */
static bool says_enough(const Reading *reading, const Unit *unit)
{
    const Question *question = &reading->question;
    if ((unit->kind != UNIT_SENTENCE && unit->kind != UNIT_ITEM) ||
        (question->form != FORM_ANY && unit->features[FEATURE_FORM] <= 0))
        return false;
    for (size_t i = 0; i < question->word_count; i++)
        if (!question->words[i].is_weak && !(unit->words >> i & 1))
            return false;
    return true;
}

Citation *cite_unit(AnswerRun *run, const Reading *reading, size_t index, double score)
{
    const Unit *unit = &reading->units[index];
    size_t start = unit->start, end = unit->end;
    if (needs_before(reading, index))
        start = unit[-1].start;
    if (is_of_table(unit))
        widen(reading, index, is_of_table, LINES_QUOTED_BYTES, &start, &end);
    else if (is_prose(unit) && !says_enough(reading, unit))
        widen(reading, index, is_prose,
              unit->kind == UNIT_LINES ? LINES_QUOTED_BYTES : SENTENCES_QUOTED_BYTES, &start, &end);
    return cite(run, reading, unit->passage, start, end, score);
}

Citation *cite_answer(AnswerRun *run, Reading *reading, size_t index, double score)
{
    size_t start, end;
    return reading_piece(reading, index, &start, &end)
               ? cite(run, reading, reading->units[index].passage, start, end, score)
               : cite_unit(run, reading, index, score);
}
