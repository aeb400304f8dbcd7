/* many_test.c - see many_test.h. */
#include "search/many_test.h"

#include "base/hash.h"
#include "store/document_versions_store.h"

/* Numbers that are the same every time (splitmix64). */
uint64_t many_draw(Many *many, uint64_t below)
{
    uint64_t z = (many->random += 0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

static const char *const tags[] = { "ice", "rock", "tree", "sea" };
static const char *const formats[] = { "pdf", "txt", "html" };
static const char *const languages[] = { "en", "de-AT", "" };

static StrList some_of(Many *many, const char *const *texts, size_t count, uint64_t most)
{
    Str *list = arena_new_array(many->w->arena, Str, count);
    size_t taken = 0;
    for (size_t i = 0; i < count && taken < most; i++)
        if (many_draw(many, 2))
            list[taken++] = str(texts[i]);
    return (StrList){ list, taken };
}

StrList many_tags(Many *many, uint64_t most) { return some_of(many, tags, COUNT(tags), most); }
StrList many_formats(Many *many, uint64_t most)
{
    return some_of(many, formats, COUNT(formats), most);
}

static bool add_one(DbTx *tx, Many *many, int at, Error *err)
{
    World *w = many->w;
    bool is_new;
    Chunk chunks[3] = { 0 };
    Str name = str_format(w->arena, "%d_%s.txt", at, at % 3 ? "report" : "letter");
    Document given = { .name = name,
                       .media_type = S("text/plain"),
                       .format = str(formats[many_draw(many, COUNT(formats))]),
                       .blob = sha256_hex(w->arena, name),
                       .size_bytes = (int64_t)many_draw(many, 1000),
                       .tags = some_of(many, tags, COUNT(tags), 3),
                       .source = S("upload"),
                       .document_date_ms = (int64_t)many_draw(many, 1000) };
    uint64_t shelf = many_draw(many, 4);
    if (shelf < 3)
        given.collection = many->collections[shelf];
    if (at % 10 == 9)
        given.parent = many->ids[at - 1];
    DocumentFacts facts = { .language = str(languages[many_draw(many, COUNT(languages))]) };
    DocumentFact known[] = {
        { .key = S("author"), .text = at % 2 ? S("Ann") : S("Bob") },
        { .key = S("pages"), .text = S("7 pages"), .number = at, .has_number = true },
    };
    for (size_t i = 0; i < COUNT(chunks); i++)
        chunks[i] = (Chunk){ .length = 1, .text = S("words"), .place = S("line 1") };
    if (!document_add(tx, &w->scope, w->arena, &given, &given, &is_new, err) ||
        !document_set_facts(tx, &w->scope, given.id, &facts, err) ||
        !document_fact_replace(tx, &w->scope, given.id, known, (size_t)(at % 3), err) ||
        !chunk_replace(tx, &w->scope, w->arena, given.id, 1, chunks,
                       many_draw(many, COUNT(chunks) + 1), err))
        return false;
    many->ids[at] = given.id;
    return document_advance(tx, &w->scope, given.id, 1u << DOCUMENT_QUEUED, DOCUMENT_READY, err);
}

static bool add_many(DbTx *tx, void *argument, Error *err)
{
    Many *many = argument;
    for (size_t i = 0; i < COUNT(many->collections); i++) {
        Collection made = { .name = str_format(many->w->arena, "Shelf %zu", i) };
        if (!collection_add(tx, &many->w->scope, many->w->arena, &made, err))
            return false;
        many->collections[i] = made.id;
    }
    for (int i = 0; i < DOCUMENTS; i++)
        if (!add_one(tx, many, i, err))
            return false;
    return true;
}

/* One of the ways in which a document becomes another to a filter. */
static bool change_one(DbTx *tx, void *argument, Error *err)
{
    Many *many = argument;
    const Scope *scope = &many->w->scope;
    Str id = many->ids[many->at];
    Document document;
    DocumentFacts facts = { .format = S("html"), .language = S("fr"), .document_date_ms = 77 };
    DocumentVersion version = { .blob = sha256_hex(many->w->arena, id), .size_bytes = 4711 };
    Chunk chunk = { .length = 1, .text = S("other"), .place = S("line 1") };
    version.name = version.media_type = S("text/plain");
    if (!document_find(tx, scope, many->w->arena, id, &document, err))
        return false;
    switch (many->at % 11) {
    case 0: return document_set_tags(tx, scope, id, some_of(many, tags, COUNT(tags), 4), err);
    case 1: return document_move(tx, scope, id, many->collections[0], err);
    case 2: return document_set_facts(tx, scope, id, &facts, err);
    case 3:
        return document.deleted_at_ms || document.parent.length ||
               document_trash(tx, scope, id, 4711, err);
    case 4: return document_version_add(tx, scope, id, &version, err);
    case 5: return chunk_replace(tx, scope, many->w->arena, id, 1, &chunk, 1, err);
    case 6: return document_rename(tx, scope, id, S("Another REPORT.txt"), err);
    case 7: return document_set_title(tx, scope, id, S("A Letter"), err);
    case 8: return document_advance(tx, scope, id, ~0u, DOCUMENT_INDEXING, err);
    case 9: return document_advance(tx, scope, id, ~0u, DOCUMENT_READY, err);
    default:
        return many->at < 20 || !many->collections[1].length ||
               (collection_remove(tx, scope, many->collections[1], err) &&
                (many->collections[1] = STR_NONE, true));
    }
}

FactCondition many_fact(Many *many)
{
    static const FactCondition facts[] = {
        { .key = S_INIT("author"), .has = S_INIT("ann") },
        { .key = S_INIT("author") },
        { .key = S_INIT("pages"), .from = 20, .to = 60, .is_number = true },
        { .key = S_INIT("pages"), .has = S_INIT("7 P") },
        { .key = S_INIT("nothing") },
    };
    return facts[many_draw(many, COUNT(facts))];
}

bool many_add(Many *many, Error *err)
{
    return store_write(many->w->db, &many->w->scope, add_many, many, err);
}

bool many_change(Many *many, int at, Error *err)
{
    many->at = at;
    return store_write(many->w->db, &many->w->scope, change_one, many, err);
}
