/* cite.c - a passage as a citation: exact bytes, and the place that these bytes have. */
#include "answer/answer_int.h"
#include "library/ingest.h"

#define HEADINGS_MAX 8
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

static void set_place(AnswerRun *run, const Passage *passage, Citation *citation)
{
    const Chunk *chunk = &passage->hit->row.chunk;
    size_t first, count;
    blocks_of(passage, (size_t)citation->start, (size_t)citation->end, &first, &count);
    citation->heading = heading_above(passage, (size_t)citation->start);
    citation->place = chunk->place;
    citation->page = chunk->page;
    if (!count)
        return;
    citation->place =
        ingest_place(run->arena, passage->blocks.at + first, count, citation->heading);
    citation->page = passage->blocks.at[first].page;
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

Citation *cite_unit(AnswerRun *run, const Reading *reading, size_t index, double score)
{
    const Unit *unit = &reading->units[index];
    size_t start = unit->start;
    if (index > 0 && unit->kind == UNIT_SENTENCE && leans(unit->text)) {
        const Unit *before = unit - 1;
        if (before->passage == unit->passage && before->block_last == unit->block_first &&
            before->kind == UNIT_SENTENCE)
            start = before->start;
    }
    return cite(run, reading, unit->passage, start, unit->end, score);
}
