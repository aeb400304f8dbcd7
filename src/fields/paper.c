/* paper.c - see paper.h. */
#include "fields/paper.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "text/date.h"

#define BLOCKS_READ 20000

bool paper_of_text(Str text, Paper *paper_r, Error *err)
{
    Paper paper = { .input = { .text = text } };
    if (!date_local(now_ms(), STR_NONE, &paper.input.today, err))
        return false;
    *paper_r = paper;
    return true;
}

bool paper_open(Library *library, const Scope *scope, Arena *arena, Str id, Paper *paper_r,
                Error *err)
{
    DocumentView view;
    StoredBlockList blocks;
    Paper paper;
    Str text;
    if (!library_find(library, scope, arena, id, &view, err) ||
        !library_blocks(library, scope, arena, id, 0, 0, BLOCKS_READ, &blocks, &text, err) ||
        !paper_of_text(text, &paper, err))
        return false;
    if (!blocks.count && !document_state_is_over(view.document.state))
        return fail(err, ERROR_CONFLICT, "'" STR_FMT "' is still being read; ask again later",
                    STR_ARG(str_slice(view.document.name, 0, 100)));
    paper.document = view.document;
    paper.text_start = blocks.count ? blocks.at[0].start : 0;
    for (size_t i = 0; i < blocks.count; i++)
        blocks.at[i].start -= paper.text_start;
    paper.input.blocks = blocks.at;
    paper.input.block_count = blocks.count;
    paper.input.language = view.document.language;
    *paper_r = paper;
    return true;
}

/* --- As JSON --- */

static const StoredBlock *block_at(const Paper *paper, size_t byte)
{
    for (size_t i = 0; i < paper->input.block_count; i++) {
        const StoredBlock *block = &paper->input.blocks[i];
        if (block->length && byte < block->start + block->length)
            return block;
    }
    return NULL;
}

static Citation citation_of(Arena *arena, const Paper *paper, const FieldValue *value, int number)
{
    const StoredBlock *block = block_at(paper, value->start);
    return (Citation){ .number = number,
                       .document = paper->document.id,
                       .name = paper->document.name,
                       .format = paper->document.format,
                       .place = block ? library_block_place(arena, block) : STR_NONE,
                       .page = block ? block->page : 0,
                       .start = (int64_t)(value->start + paper->text_start),
                       .end = (int64_t)(value->end + paper->text_start),
                       .quote = str_slice(paper->input.text, value->start, value->end),
                       .score = value->confidence };
}

static void put_value(JsonWriter *json, Arena *arena, const Paper *paper, const FieldValue *value,
                      int number)
{
    put_object(json, NULL);
    put_text(json, "path", value->path);
    put_raw(json, "value", fields_print(arena, value->value));
    put_number(json, "confidence", (double)(int)(value->confidence * 100 + 0.5) / 100);
    put_bool(json, "verified", value->is_verified);
    put_text(json, "made_by", value->made_by);
    if (value->end > value->start) {
        Citation citation = citation_of(arena, paper, value, number);
        put_citation(json, "source", &citation);
    } else {
        put_null(json, "source");
    }
    put_end(json);
}

void paper_put(JsonWriter *json, Arena *arena, const Paper *paper, Str schema,
               const FieldsResult *result)
{
    put_text_or_null(json, "document", paper->document.id);
    put_text_or_null(json, "schema", schema);
    put_raw(json, "values", fields_print(arena, result->tree));
    put_array(json, "fields");
    for (size_t i = 0; i < result->values.count; i++)
        put_value(json, arena, paper, &result->values.at[i], (int)i + 1);
    put_end(json);
    put_array(json, "missing");
    for (size_t i = 0; i < result->missing.count; i++)
        put_text(json, NULL, result->missing.at[i]);
    put_end(json);
    put_array(json, "checks");
    for (size_t i = 0; i < result->checks.count; i++) {
        put_object(json, NULL);
        put_text(json, "what", result->checks.at[i].what);
        put_bool(json, "holds", result->checks.at[i].holds);
        put_end(json);
    }
    put_end(json);
    put_bool(json, "valid", result->is_valid);
    put_text_or_null(json, "problem", result->problem);
    put_text(json, "made_by", result->made_by);
    put_text_or_null(json, "notice", result->notice);
    put_bool(json, "cut", result->is_cut);
}
