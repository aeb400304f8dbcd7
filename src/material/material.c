/* material.c - see material.h: what is read, and what comes of it. */
#include "base/utf8.h"
#include "library/ingest.h"
#include "material/gather.h"
#include "material/ranges.h"

#define WISH_BYTES_MAX MB(2)
#define WISH_DOCUMENTS_MAX 40 /* of a collection */
#define TOPIC_HITS 24
#define TITLE_BYTES 80

/* --- What is wished for --- */

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

static bool range_of_collection(Library *library, const Scope *scope, Arena *arena, Str collection,
                                MaterialRanges *ranges, Error *err)
{
    DocumentFilter filter = { .collection = collection };
    Slice slice = { .limit = WISH_DOCUMENTS_MAX };
    DocumentViewList list;
    if (!library_list(library, scope, arena, &filter, DOCUMENT_BY_NAME, false, &slice, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].is_searchable)
            *vec_push(arena, &ranges->at) = (MaterialRange){ .document = list.at[i].document.id };
    ranges->is_cut = list.next.length > 0;
    return ranges->at.count ||
           fail(err, ERROR_NOT_FOUND, "no document of the collection '" STR_FMT "' can be read yet",
                STR_ARG(collection));
}

static int by_place(const void *a, const void *b)
{
    const Chunk *x = &((const SearchHit *)a)->row.chunk, *y = &((const SearchHit *)b)->row.chunk;
    int order = str_compare(x->document, y->document);
    return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static bool ranges_of_topic(Searcher *searcher, const Scope *scope, Arena *arena,
                            const MaterialWish *wish, MaterialRanges *ranges, Error *err)
{
    SearchRequest request = { .query = wish->topic, .limit = TOPIC_HITS, .folds_copies = true };
    SearchResults results;
    if (wish->collection.length)
        request.collections = (StrList){ &wish->collection, 1 };
    if (wish->document.length)
        request.documents = (StrList){ &wish->document, 1 };
    if (!search_run(searcher, scope, arena, &request, &results, err))
        return false;
    if (!results.count)
        return fail(err, ERROR_NOT_FOUND, "the library has nothing about '" STR_FMT "'",
                    STR_ARG(str_slice(wish->topic, 0, 100)));
    qsort(results.at, results.count, sizeof *results.at, by_place);
    for (size_t i = 0; i < results.count; i++) {
        const Chunk *chunk = &results.at[i].row.chunk;
        *vec_push(arena, &ranges->at) = (MaterialRange){ .document = chunk->document,
                                                         .start = chunk->start,
                                                         .end = chunk->start + chunk->length,
                                                         .heading = chunk->heading };
    }
    return true;
}

static bool ranges_of(Library *library, Searcher *searcher, const Scope *scope, Arena *arena,
                      const MaterialWish *wish, MaterialRanges *ranges, Error *err)
{
    if (wish->topic.length)
        return ranges_of_topic(searcher, scope, arena, wish, ranges, err);
    if (wish->collection.length)
        return range_of_collection(library, scope, arena, wish->collection, ranges, err);
    *vec_push(arena, &ranges->at) =
        (MaterialRange){ .document = wish->document, .start = wish->start, .end = wish->end };
    return true;
}

/* --- What comes of it --- */

static Language language_of(const Gathering *g)
{
    Buf text = buf_new(g->arena, KB(16));
    for (size_t i = 0; i < g->pieces.count && !text.overflowed; i++)
        if (g->pieces.at[i].kind != PIECE_ROW && g->pieces.at[i].kind != PIECE_COLUMNS) {
            buf_add(&text, g->pieces.at[i].plain);
            buf_add_char(&text, '\n');
        }
    return language_detect(buf_str(&text), LANGUAGE_ENGLISH);
}

static Material material_from(const Gathering *g, Str title)
{
    const MaterialDocument *first = g->documents.count ? g->documents.at : NULL;
    if (!title.length && first)
        title = first->title.length ? first->title : first->name;
    return (Material){ .title = title,
                       .language = language_of(g),
                       .documents = g->documents.at,
                       .document_count = g->documents.count,
                       .pieces = g->pieces.at,
                       .piece_count = g->pieces.count,
                       .planted = g->planted,
                       .is_cut = g->is_cut };
}

void material_of_text(Arena *arena, Str text, bool keeps_headings, Material *material_r)
{
    Gathering g = { .arena = arena,
                    .keeps_headings = keeps_headings,
                    .is_cut = text.length > MATERIAL_BYTES_MAX };
    text = str_slice(text, 0, utf8_floor(text, MIN(text.length, MATERIAL_BYTES_MAX)));
    const MaterialDocument document = { .text = text,
                                        .language = language_detect(text, LANGUAGE_ENGLISH) };
    gather_begin(&g, &document);
    gather_text(&g, text);
    Str title = g.pieces.count ? g.pieces.at[0].plain : STR_NONE;
    *material_r =
        material_from(&g, str_slice(title, 0, utf8_floor(title, MIN(title.length, TITLE_BYTES))));
}

bool material_of_documents(Db *db, const Scope *scope, Arena *arena, StrList documents,
                           Material *material_r, Error *err)
{
    Gathering g = { .arena = arena };
    MaterialRanges ranges = { .bytes_max = MATERIAL_BYTES_MAX };
    if (documents.count > MATERIAL_DOCUMENTS_MAX)
        return fail_field(err, "documents", "at most %d documents at once", MATERIAL_DOCUMENTS_MAX);
    for (size_t i = 0; i < documents.count; i++)
        *vec_push(arena, &ranges.at) = (MaterialRange){ .document = documents.at[i] };
    if (!material_read_ranges(db, scope, &ranges, &g, err))
        return false;
    *material_r = material_from(&g, STR_NONE);
    return true;
}

bool material_read(Db *db, Library *library, Searcher *searcher, const Scope *scope, Arena *arena,
                   const MaterialWish *wish, Material *material_r, Error *err)
{
    Gathering g = { .arena = arena, .keeps_headings = true };
    MaterialRanges ranges = { .bytes_max = WISH_BYTES_MAX };
    if (!check_wish(wish, err))
        return false;
    if (wish->text.length) {
        material_of_text(arena, wish->text, true, material_r);
        return true;
    }
    if (!ranges_of(library, searcher, scope, arena, wish, &ranges, err) ||
        !material_read_ranges(db, scope, &ranges, &g, err))
        return false;
    *material_r = material_from(&g, wish->topic);
    return true;
}

Material material_of_one(Arena *arena, const Material *all, size_t document)
{
    MaterialDocument *one = arena_new_one(arena, MaterialDocument);
    *one = all->documents[document];
    Material material = { .title = one->title.length ? one->title : one->name,
                          .language = one->language,
                          .documents = one,
                          .document_count = 1,
                          .pieces = arena_new_array(arena, Piece, one->count + 1),
                          .piece_count = one->count };
    for (size_t i = 0; i < one->count; i++) {
        material.pieces[i] = all->pieces[one->first + i];
        material.pieces[i].document = 0;
    }
    one->first = 0;
    return material;
}

/* --- Places --- */

Str material_place(Arena *arena, const Piece *piece)
{
    return piece->block ? ingest_place(arena, piece->block, 1, piece->heading) : STR_NONE;
}

Citation material_cite(Arena *arena, const Material *material, const Piece *piece)
{
    const MaterialDocument *document = &material->documents[piece->document];
    return (Citation){ .number = 1,
                       .document = document->id,
                       .name = document->name,
                       .format = document->format,
                       .place = material_place(arena, piece),
                       .heading = piece->heading,
                       .page = piece->block ? piece->block->page : 0,
                       .start = piece->start,
                       .end = piece->end,
                       .quote = piece->text,
                       .score = 1 };
}
