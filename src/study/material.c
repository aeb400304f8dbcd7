/* material.c - see material.h. */
#include "study/material_int.h"

#include "base/utf8.h"

#define BLOCKS_AT_ONCE 1000
#define TOPIC_HITS 24

typedef struct Reader {
    Db *db;
    Library *library;
    Searcher *searcher;
    const Scope *scope;
    const MaterialWish *wish;
    Gathering gathering;
} Reader;

/* --- One document --- */

static void begin_document(Gathering *g, const Document *document)
{
    *vec_push(g->arena, &g->documents) = (MaterialDocument){ .id = document->id,
                                                             .name = document->name,
                                                             .title = document->title,
                                                             .format = document->format,
                                                             .version = document->version };
    g->section = MATERIAL_NO_SECTION;
    g->heading = STR_NONE;
    g->from = g->after = 0;
    g->to = SIZE_MAX;
    g->headers = (StrList){ 0 };
    g->table = 0;
}

/* Blocks from ordinal `first` on, until there is enough. */
static bool read_blocks(Reader *reader, Str id, int64_t first, Error *err)
{
    Gathering *g = &reader->gathering;
    StoredBlockList blocks;
    do {
        Str text;
        if (!library_blocks(reader->library, reader->scope, g->arena, id, first, BLOCKS_AT_ONCE,
                            &blocks, &text, err))
            return false;
        for (size_t i = 0; i < blocks.count && !g->is_cut; i++) {
            const StoredBlock *block = &blocks.at[i];
            if (block->start >= g->to)
                return true;
            gather_block(g, block, text, (size_t)blocks.at[0].start);
            g->bytes += (size_t)block->length;
            g->is_cut = g->bytes > MATERIAL_BYTES_MAX;
        }
        first += BLOCKS_AT_ONCE;
    } while (blocks.count == BLOCKS_AT_ONCE && !g->is_cut);
    return true;
}

static bool read_document(Reader *reader, Error *err)
{
    const MaterialWish *wish = reader->wish;
    Gathering *g = &reader->gathering;
    DocumentView view;
    int64_t first = 0;
    if (!library_find(reader->library, reader->scope, g->arena, wish->document, &view, err) ||
        (wish->end && !library_block_at(reader->library, reader->scope, g->arena, wish->document,
                                        wish->start, &first, err)))
        return false;
    begin_document(g, &view.document);
    if (wish->end) {
        g->from = (size_t)wish->start;
        g->to = (size_t)wish->end;
    }
    return read_blocks(reader, wish->document, first, err);
}

/* --- A collection --- */

static bool read_collection(Reader *reader, Error *err)
{
    Gathering *g = &reader->gathering;
    DocumentFilter filter = { .collection = reader->wish->collection };
    Slice slice = { .limit = MATERIAL_DOCUMENTS_MAX };
    DocumentViewList list;
    if (!library_list(reader->library, reader->scope, g->arena, &filter, DOCUMENT_BY_NAME, false,
                      &slice, &list, err))
        return false;
    for (size_t i = 0; i < list.count && !g->is_cut; i++) {
        if (!list.at[i].is_searchable)
            continue;
        begin_document(g, &list.at[i].document);
        if (!read_blocks(reader, list.at[i].document.id, 0, err))
            return false;
    }
    g->is_cut |= list.next.length > 0;
    return g->documents.count ||
           fail(err, ERROR_NOT_FOUND, "no document of the collection '" STR_FMT "' can be read yet",
                STR_ARG(reader->wish->collection));
}

/* --- A topic --- */

static int by_place(const void *a, const void *b)
{
    const Chunk *x = &(*(SearchHit *const *)a)->row.chunk,
                *y = &(*(SearchHit *const *)b)->row.chunk;
    int order = str_compare(x->document, y->document);
    return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* Passages overlap: what was read is not read again. */
static bool read_hits(Reader *reader, const SearchResults *results, Error *err)
{
    Gathering *g = &reader->gathering;
    SearchHit **hits = arena_new_array(g->arena, SearchHit *, results->count + 1);
    for (size_t i = 0; i < results->count; i++)
        hits[i] = &results->at[i];
    qsort(hits, results->count, sizeof(*hits), by_place);
    for (size_t i = 0; i < results->count; i++) {
        const ChunkHit *row = &hits[i]->row;
        const Chunk *chunk = &row->chunk;
        if (!i || !str_equal(chunk->document, hits[i - 1]->row.chunk.document))
            begin_document(g, &(Document){ .id = chunk->document,
                                           .name = row->name,
                                           .title = row->title,
                                           .format = row->format,
                                           .version = chunk->version });
        g->from = (size_t)chunk->start;
        g->to = (size_t)(chunk->start + chunk->length);
        g->section = MATERIAL_NO_SECTION;
        g->heading = chunk->heading;
        if (!read_blocks(reader, chunk->document, chunk->first_block, err))
            return false;
    }
    return true;
}

static bool read_topic(Reader *reader, Error *err)
{
    const MaterialWish *wish = reader->wish;
    SearchRequest request = { .query = wish->topic, .limit = TOPIC_HITS, .folds_copies = true };
    SearchResults results;
    if (wish->collection.length)
        request.collections = (StrList){ &wish->collection, 1 };
    if (wish->document.length)
        request.documents = (StrList){ &wish->document, 1 };
    if (!search_run(reader->searcher, reader->scope, reader->gathering.arena, &request, &results,
                    err))
        return false;
    if (!results.count)
        return fail(err, ERROR_NOT_FOUND, "the library has nothing about '" STR_FMT "'",
                    STR_ARG(str_slice(wish->topic, 0, 100)));
    return read_hits(reader, &results, err);
}

/* --- All of them --- */

static bool check_wish(const MaterialWish *wish, Error *err)
{
    int count = (wish->document.length > 0) + (wish->collection.length > 0);
    if (wish->text.length ? count || wish->topic.length : count + (wish->topic.length > 0) == 0)
        return fail_field(err, "source",
                          "say what to make it from: a document, a collection, a topic or a text");
    if (count > 1)
        return fail_field(err, "source", "give a document or a collection, not both");
    if (wish->text.length > MATERIAL_TEXT_MAX)
        return fail_field(err, "text", "'text' has more than %zu bytes: add it as a document",
                          MATERIAL_TEXT_MAX);
    if (wish->topic.length > MATERIAL_TOPIC_MAX)
        return fail_field(err, "topic", "'topic' has more than %zu bytes", MATERIAL_TOPIC_MAX);
    if (wish->start < 0 || wish->end < 0 || (wish->end && wish->start >= wish->end))
        return fail_field(err, "end", "a passage ends behind its start");
    return !wish->end || wish->document.length ||
           fail_field(err, "start", "bytes are those of a document");
}

static Str title_of(const Reader *reader)
{
    const Gathering *g = &reader->gathering;
    if (reader->wish->topic.length)
        return reader->wish->topic;
    if (!g->documents.count)
        return STR_NONE;
    const MaterialDocument *first = &g->documents.at[0];
    return first->title.length ? first->title : first->name;
}

/* Of what people read, not of tables. */
static Language language_of(const Gathering *g)
{
    Buf text = buf_new(g->arena, KB(16));
    for (size_t i = 0; i < g->pieces.count && !text.overflowed; i++)
        if (g->pieces.at[i].kind != PIECE_ROW) {
            buf_add(&text, g->pieces.at[i].plain);
            buf_add_char(&text, '\n');
        }
    return language_detect(buf_str(&text), LANGUAGE_ENGLISH);
}

static Material material_from(const Gathering *g, Str title)
{
    return (Material){ .title = title,
                       .language = language_of(g),
                       .documents = g->documents.at,
                       .document_count = g->documents.count,
                       .pieces = g->pieces.at,
                       .piece_count = g->pieces.count,
                       .bytes = g->bytes,
                       .planted = g->planted,
                       .is_cut = g->is_cut };
}

void material_of_text(Arena *arena, Str text, Material *material_r)
{
    Gathering g = { .arena = arena, .bytes = text.length };
    begin_document(&g, &(Document){ 0 });
    gather_text(&g, text);
    Str title = g.pieces.count ? g.pieces.at[0].plain : STR_NONE;
    *material_r = material_from(&g, str_slice(title, 0, utf8_floor(title, MIN(title.length, 80))));
}

bool material_read(Db *db, Library *library, Searcher *searcher, const Scope *scope, Arena *arena,
                   const MaterialWish *wish, Material *material_r, Error *err)
{
    Reader reader = { db, library, searcher, scope, wish, { .arena = arena } };
    if (!check_wish(wish, err))
        return false;
    if (wish->text.length) {
        material_of_text(arena, wish->text, material_r);
        return true;
    }
    bool good = wish->topic.length      ? read_topic(&reader, err)
                : wish->document.length ? read_document(&reader, err)
                                        : read_collection(&reader, err);
    if (good)
        *material_r = material_from(&reader.gathering, title_of(&reader));
    return good;
}

Citation material_cite(const Material *material, const Piece *piece)
{
    const MaterialDocument *document = &material->documents[piece->document];
    return (Citation){ .number = 1,
                       .document = document->id,
                       .name = document->name,
                       .format = document->format,
                       .place = piece->place,
                       .heading = piece->heading,
                       .page = piece->page,
                       .start = piece->start,
                       .end = piece->end,
                       .quote = piece->text,
                       .score = 1 };
}
