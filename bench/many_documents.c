/* many_documents.c - fills a library with documents of one passage each, for measuring large ones.
 *
 * usage: many_documents DATABASE COUNT < TEXTS
 *
 * Each has words of two lines of TEXTS in turn, a name, a format, a language, one to three tags of
 * 200, a size and a date of ten years, all drawn from the same numbers every time. No server may
 * have the library open; tile_vectors gives the passages their vectors. The originals are not
 * there. */
#include "must.h"

#include <inttypes.h>

#include "store/collections_store.h"
#include "store/documents_store.h"
#include "store/workspaces_store.h"

#define AT_ONCE 200
/* Where a document lies in an index of sizes or dates is random. */
#define CACHE_KB (1 << 20)
#define TAGS 200
#define TEXTS_MAX 100000
#define COLLECTIONS 20
#define DAY_MS 86400000LL

typedef struct Filling {
    Arena *arena, *batch;
    Scope scope;
    WorkspaceList workspaces;
    Str *texts;
    size_t text_count;
    Str collections[COLLECTIONS];
    uint64_t random;
    int64_t done, wanted;
} Filling;

/* Marsaglia's xorshift64 */
static uint64_t draw(Filling *in, uint64_t below)
{
    in->random ^= in->random << 13;
    in->random ^= in->random >> 7;
    in->random ^= in->random << 17;
    return in->random % below;
}

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Filling *in = argument;
    return workspace_list(tx, &in->scope, in->arena, &in->workspaces, err);
}

static bool make_collections(DbTx *tx, void *argument, Error *err)
{
    Filling *in = argument;
    for (size_t i = 0; i < COLLECTIONS; i++) {
        Collection made = { .name = str_format(in->arena, "Shelf %zu", i + 1) };
        if (!collection_add(tx, &in->scope, in->arena, &made, err))
            return false;
        in->collections[i] = made.id;
    }
    return true;
}

static Str draw_text(Filling *in)
{
    Buf text = buf_new(in->batch, KB(64));
    for (int part = 0; part < 2; part++) {
        Str line = in->texts[draw(in, in->text_count)], word;
        while (str_next(&line, ' ', &word))
            if (word.length && draw(in, 4)) {
                buf_add(&text, word);
                buf_add_char(&text, ' ');
            }
    }
    buf_addf(&text, "number%" PRId64, in->done);
    return buf_str(&text);
}

static bool add_document(DbTx *tx, Filling *in, Error *err)
{
    static const char *const formats[] = { "pdf", "docx", "txt", "html", "xlsx", "eml" };
    static const DocumentState steps[] = { DOCUMENT_EXTRACTING, DOCUMENT_INDEXING, DOCUMENT_READY };
    Str tags[3], text = draw_text(in);
    size_t tag_count = 1 + draw(in, 3);
    for (size_t i = 0; i < tag_count; i++)
        tags[i] = str_format(in->batch, "tag-%d", (int)draw(in, TAGS));
    const char *format = formats[draw(in, COUNT(formats))];
    bool is_new;
    Document document = {
        .name = str_format(in->batch, "%d/report %" PRId64 ".%s", 2015 + (int)draw(in, 10),
                           in->done, format),
        .collection = in->collections[draw(in, COLLECTIONS)],
        .media_type = S("application/octet-stream"),
        .format = str(format),
        .size_bytes = (int64_t)draw(in, 10000000),
        .blob = str_format(in->batch, "%064" PRIx64, (uint64_t)in->done + 1),
        .tags = { tags, tag_count },
        .source = S("upload"),
        .document_date_ms = 1420070400000 + (int64_t)draw(in, 3650) * DAY_MS,
    };
    Chunk chunk = { .length = (int64_t)text.length, .place = S("page 1"), .page = 1, .text = text };
    if (!document_add(tx, &in->scope, in->batch, &document, &document, &is_new, err) ||
        !chunk_replace(tx, &in->scope, in->batch, document.id, 1, &chunk, 1, err))
        return false;
    for (size_t i = 0; i < COUNT(steps); i++)
        if (!document_advance(tx, &in->scope, document.id, ~0u, steps[i], err))
            return false;
    in->done++;
    return true;
}

static bool add_some(DbTx *tx, void *argument, Error *err)
{
    Filling *in = argument;
    for (int i = 0; i < AT_ONCE && in->done < in->wanted; i++)
        if (!add_document(tx, in, err))
            return false;
    return true;
}

static void read_texts(Filling *in)
{
    char *line = NULL;
    size_t room = 0;
    in->texts = arena_new_array(in->arena, Str, TEXTS_MAX);
    for (ssize_t length; in->text_count < TEXTS_MAX && (length = getline(&line, &room, stdin)) > 1;)
        in->texts[in->text_count++] = str_copy(in->arena, (Str){ line, (size_t)length - 1 });
    free(line);
    if (!in->text_count) {
        fputs("many_documents: no texts came\n", stderr);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Filling in = { .arena = arena, .scope = scope_system(), .random = 88172645463325252 };
    Error err = { 0 };
    Db *db;
    if (argc != 3 || !str_to_int(str(argv[2]), 1, 100000000, &in.wanted)) {
        fputs("usage: many_documents DATABASE COUNT < TEXTS\n", stderr);
        return 2;
    }
    read_texts(&in);
    must(db_open(argv[1], &(DbOptions){ .connection_max = 1, .cache_kb = CACHE_KB }, &db, &err),
         &err);
    must(store_read(db, &in.scope, list_workspaces, &in, &err), &err);
    in.scope = (Scope){ .workspace = in.workspaces.at[0].id, .role = ROLE_OWNER };
    must(store_write(db, &in.scope, make_collections, &in, &err), &err);
    while (in.done < in.wanted) {
        AUTO_ARENA Arena *batch = arena_new(GB(1));
        in.batch = batch;
        must(store_write(db, &in.scope, add_some, &in, &err), &err);
    }
    printf("{\"documents\":%" PRId64 "}\n", in.done);
    db_close(db);
    return 0;
}
