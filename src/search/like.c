/* like.c - more like a document, or like one passage of it; see search_like(). */
#include "search/search.h"

#include "base/utf8.h"
#include "store/documents_store.h"

/* A document is told by its beginning. */
#define LIKE_CHUNKS 4
#define LIKE_BYTES KB(4)

typedef struct Source {
    const Scope *scope;
    Arena *arena;
    Str id;
    int64_t ordinal;
    Document document;
    ChunkList chunks;
} Source;

static bool source_work(DbTx *tx, void *argument, Error *err)
{
    Source *in = argument;
    bool whole = in->ordinal < 0;
    return document_find(tx, in->scope, in->arena, in->id, &in->document, err) &&
           chunk_list(tx, in->scope, in->arena, in->id, in->document.indexed_version,
                      whole ? 0 : in->ordinal, whole ? LIKE_CHUNKS : 1, &in->chunks, err);
}

/* Nothing in it is an operator. */
static Str plain(Arena *arena, Str text)
{
    char *at = str_c(arena, text);
    for (char *c = at; *c; c++) {
        bool begins = c == at || c[-1] == ' ';
        if (HAS_CHAR(*c, "\"*~()|:") || (*c == '-' && begins))
            *c = ' ';
        else if (begins && c[0] == 'O' && c[1] == 'R' && c[2] == ' ')
            *c = 'o';
    }
    return str(at);
}

bool search_like(Searcher *searcher, Db *db, const Scope *scope, Arena *arena, Str document,
                 int64_t ordinal, const SearchRequest *request, SearchResults *results_r,
                 Error *err)
{
    Source in = { .scope = scope, .arena = arena, .id = document, .ordinal = ordinal };
    SearchRequest like = *request;
    Buf text = buf_new(arena, LIKE_BYTES + KB(1));
    if (!store_read(db, scope, source_work, &in, err))
        return false;
    if (!in.chunks.count)
        return fail(err, ERROR_NOT_FOUND, "document '" STR_FMT "' has no such passage",
                    STR_ARG(document));
    buf_add(&text, str_slice(in.document.title, 0, 200));
    for (size_t i = 0; i < in.chunks.count && text.length < LIKE_BYTES; i++) {
        Str part = in.chunks.at[i].text;
        size_t room = MIN(part.length, LIKE_BYTES - text.length);
        buf_add_char(&text, '\n');
        buf_add(&text, str_slice(part, 0, utf8_floor(part, room)));
    }
    like.query = like.words = plain(arena, buf_str(&text));
    like.except_document = document;
    like.except_text = in.chunks.at[0].text;
    like.is_telling = true;
    like.is_remembered = like.is_typing = false;
    return search_run(searcher, scope, arena, &like, results_r, err);
}
