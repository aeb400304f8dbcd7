/* sources.c - see sources.h. */
#include "summary/sources.h"

#include "answer/answer_json.h"
#include "base/utf8.h"
#include "library/ingest.h"
#include "store/texts_store.h"
#include "text/planted.h"
#include "text/sentences.h"

#define UNIT_MIN 2 /* bytes */

typedef struct Cutter {
    Arena *arena;
    Sources *sources;
    VEC(SourceUnit) units;
    size_t sections;
    Str heading;
} Cutter;

/* --- Cutting --- */

static void add_unit(Cutter *c, SourceUnit unit)
{
    const Source *source = &c->sources->at[unit.source];
    unit.text = str_slice(source->text, unit.start, unit.end);
    if (unit.text.length < UNIT_MIN || c->units.count == UNITS_MAX) {
        c->sources->is_cut |= c->units.count == UNITS_MAX;
    } else if (planted_is(unit.text)) {
        c->sources->planted_count++;
    } else {
        unit.heading = c->heading;
        unit.section = c->heading.length ? c->sections : 0;
        *vec_push(c->arena, &c->units) = unit;
    }
}

/* `unit` says where and of which kind. */
static void add_sentences(Cutter *c, SourceUnit unit)
{
    const Source *source = &c->sources->at[unit.source];
    Str text = str_slice(source->text, unit.start, unit.end);
    Sentence sentence;
    SourceUnit one = unit;
    one.is_first = true;
    for (size_t at = 0; sentence_next(text, &at, &sentence); one.is_first = false) {
        one.start = unit.start + sentence.start;
        one.end = unit.start + sentence.end;
        add_unit(c, one);
    }
}

static void begin_section(Cutter *c, Str heading)
{
    c->heading = source_line(c->arena, heading);
    c->sections++;
}

static void cut_block(Cutter *c, size_t source_number, size_t index)
{
    const Source *source = &c->sources->at[source_number];
    const StoredBlock *block = &source->blocks[index];
    size_t end = MIN((size_t)(block->start + block->length), source->text.length);
    SourceUnit unit = { .source = source_number,
                        .start = (size_t)block->start,
                        .end = end,
                        .block = index,
                        .table = block->table,
                        .is_header_row = block->is_header_row };
    if (unit.start >= end)
        return;
    switch ((BlockKind)block->kind) {
    case BLOCK_HEADING: begin_section(c, str_slice(source->text, unit.start, end)); break;
    case BLOCK_ROW:
        unit.kind = SOURCE_ROW;
        add_unit(c, unit);
        break;
    case BLOCK_LIST_ITEM:
    case BLOCK_PARAGRAPH:
    case BLOCK_QUOTE:
        unit.kind = block->kind == BLOCK_LIST_ITEM ? SOURCE_ITEM : SOURCE_SENTENCE;
        add_sentences(c, unit);
        break;
    default: break; /* code, running headers, notes and what is said of the file */
    }
}

/* A paragraph of a given text. */
static void cut_paragraph(Cutter *c, size_t start, size_t end)
{
    Str text = str_slice(c->sources->at[0].text, start, end), rest = text, line;
    size_t at = start, open = start;
    while (str_next(&rest, '\n', &line)) {
        size_t next = at + line.length + 1;
        Str trimmed = str_trim(line);
        bool is_heading = str_starts(trimmed, S("#"));
        bool is_item = str_starts(trimmed, S("- ")) || str_starts(trimmed, S("* "));
        if (is_heading || is_item) {
            add_sentences(c, (SourceUnit){ .start = open, .end = at });
            open = MIN(next, end);
        }
        while (is_heading && trimmed.length && (trimmed.at[0] == '#' || trimmed.at[0] == ' '))
            trimmed = str_from(trimmed, 1);
        if (is_heading && trimmed.length)
            begin_section(c, trimmed);
        if (is_item)
            add_sentences(
                c, (SourceUnit){ .start = (size_t)(trimmed.at - c->sources->at[0].text.at) + 2,
                                 .end = at + line.length,
                                 .kind = SOURCE_ITEM });
        at = next;
    }
    add_sentences(c, (SourceUnit){ .start = open, .end = end });
}

static void finish(Cutter *c)
{
    c->sources->units = c->units.at;
    c->sources->unit_count = c->units.count;
}

void sources_of_text(Arena *arena, Str text, Sources *sources_r)
{
    Sources sources = { .at = arena_new_one(arena, Source), .count = 1 };
    Cutter cutter = { .arena = arena, .sources = &sources };
    sources.is_cut = text.length > SOURCES_TEXT_MAX;
    text = str_slice(text, 0, utf8_floor(text, MIN(text.length, SOURCES_TEXT_MAX)));
    *sources.at = (Source){ .text = text, .language = language_detect(text, LANGUAGE_ENGLISH) };
    for (size_t start = 0; start < text.length;) {
        ptrdiff_t gap = str_find(str_from(text, start), S("\n\n"));
        size_t end = gap < 0 ? text.length : start + (size_t)gap;
        cut_paragraph(&cutter, start, end);
        start = end + 2;
    }
    finish(&cutter);
    sources.at->unit_count = sources.unit_count;
    *sources_r = sources;
}

/* --- Reading documents --- */

typedef struct ReadWork {
    const Scope *scope;
    Arena *arena;
    StrList documents;
    Sources *sources;
    size_t bytes, blocks;
} ReadWork;

static bool read_one(DbTx *tx, ReadWork *work, Str id, Source *source, Error *err)
{
    Document document;
    StoredBlockList blocks;
    if (!document_find(tx, work->scope, work->arena, id, &document, err))
        return false;
    if (!document_state_is_over(document.state) && !document.indexed_version)
        return fail(err, ERROR_CONFLICT, "'" STR_FMT "' is still being read; try again in a moment",
                    STR_ARG(str_slice(document.name, 0, 100)));
    int64_t version = document.indexed_version ? document.indexed_version : document.version;
    size_t room = SOURCES_TEXT_MAX - work->bytes, places = SOURCES_BLOCKS_MAX - work->blocks;
    int64_t length;
    Str text;
    if (!text_length(tx, work->scope, id, version, &length, err) ||
        !text_find_range(tx, work->scope, work->arena, id, version, 0, (int64_t)room, &text, err) ||
        !block_list(tx, work->scope, work->arena, id, version, 0, (int64_t)places, &blocks, err))
        return false;
    text.length = utf8_floor(text, text.length);
    work->bytes += text.length;
    work->blocks += blocks.count;
    *source = (Source){
        .id = document.id,
        .name = document.name,
        .title = document.title,
        .format = document.format,
        .version_key = str_format(work->arena, STR_FMT "@%" PRId64, STR_ARG(id), version),
        .date_ms = document.document_date_ms ? document.document_date_ms : document.created_at_ms,
        .created_at_ms = document.created_at_ms,
        .text = text,
        .blocks = blocks.at,
        .block_count = blocks.count,
        .language = language_detect(text, LANGUAGE_ENGLISH),
        .is_cut = (int64_t)text.length < length || blocks.count == places,
    };
    work->sources->is_cut |= source->is_cut;
    return true;
}

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    work->bytes = work->blocks = 0;
    for (size_t i = 0; i < work->documents.count; i++)
        if (!read_one(tx, work, work->documents.at[i], &work->sources->at[i], err))
            return false;
    return true;
}

bool sources_of_documents(Db *db, const Scope *scope, Arena *arena, StrList documents,
                          Sources *sources_r, Error *err)
{
    Sources sources = { .count = documents.count };
    ReadWork work = { scope, arena, documents, &sources, 0, 0 };
    Cutter cutter = { .arena = arena, .sources = &sources };
    if (documents.count > SOURCES_MAX)
        return fail_field(err, "documents", "at most %d documents at once", SOURCES_MAX);
    sources.at = arena_new_array(arena, Source, documents.count + 1);
    if (!store_read(db, scope, read_work, &work, err))
        return false;
    for (size_t i = 0; i < sources.count; i++) {
        sources.at[i].unit_first = cutter.units.count;
        cutter.heading = STR_NONE;
        for (size_t block = 0; block < sources.at[i].block_count; block++)
            cut_block(&cutter, i, block);
        sources.at[i].unit_count = cutter.units.count - sources.at[i].unit_first;
    }
    finish(&cutter);
    *sources_r = sources;
    return true;
}

/* --- Places --- */

Citation source_citation(Arena *arena, const Source *source, size_t start, size_t end, Str heading)
{
    Citation citation = { .document = source->id,
                          .name = source->name,
                          .format = source->format,
                          .heading = heading,
                          .start = (int64_t)start,
                          .end = (int64_t)end,
                          .quote = str_slice(source->text, start, end),
                          .score = 1 };
    size_t low = 0, high = source->block_count;
    while (low < high) { /* the first block that ends behind `start` */
        size_t middle = (low + high) / 2;
        const StoredBlock *block = &source->blocks[middle];
        if (block->start + block->length <= start)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < source->block_count) {
        citation.page = source->blocks[low].page;
        citation.place = ingest_place(arena, &source->blocks[low], 1, heading);
    }
    return citation;
}

void source_put_citation(JsonWriter *json, const Citation *citation)
{
    if (citation->document.length) {
        put_citation(json, citation);
        return;
    }
    put_object(json, NULL);
    put_int(json, "number", citation->number);
    put_null(json, "document");
    put_text(json, "heading", citation->heading);
    put_int(json, "start", citation->start);
    put_int(json, "end", citation->end);
    put_text(json, "quote", citation->quote);
    put_end(json);
}

Str source_line(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    text = str_trim(text);
    for (size_t i = 0; i < text.length; i++) {
        bool is_space = (unsigned char)text.at[i] <= ' ';
        if (!is_space)
            buf_add_char(&out, text.at[i]);
        else if (out.length && out.at[out.length - 1] != ' ')
            buf_add_char(&out, ' ');
    }
    return buf_str(&out);
}
