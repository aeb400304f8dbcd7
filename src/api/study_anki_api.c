/* study_anki_api.c - cards from Anki's packages. They are foreign bytes, an archive with a
 * database: a sandboxed worker reads them, and what arrives here is a tree of texts. */
#include "api/convert.h"
#include "api/study_json.h"
#include "library/extraction.h"
#include "study/anki_notes.h"

#define NOTES_MAX STUDY_CARDS_MAX
#define COLUMN_NONE SIZE_MAX

typedef struct AnkiWork {
    ApiRequest *request;
    Arena *arena;
    ConvertFile file;
    VEC(StudyCard) cards;
    size_t notes; /* that there are */
} AnkiWork;

/* --- The tree --- */

/* A package has its collection as a file; newer programs put an older form beside theirs, which has
 * one note that says so. */
static const DocNode *find_member(const DocNode *node, Str name)
{
    if (str_ends(node->name, name))
        return node;
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *found = find_member(node->children.at[i], name);
        if (found)
            return found;
    }
    return NULL;
}

static Str cell_of(const Block *row, size_t column)
{
    if (column >= row->cell_count)
        return STR_NONE;
    const Cell *cell = &row->cells[column];
    return str_slice(row->text, cell->start, cell->start + cell->length);
}

static size_t column_named(const Block *header, const char *name)
{
    for (size_t i = 0; i < header->cell_count; i++)
        if (str_is(cell_of(header, i), name))
            return i;
    return COLUMN_NONE;
}

/* The rows below the heading "notes". */
static void read_notes(AnkiWork *work, const DocNode *node)
{
    size_t fields = COLUMN_NONE, tags = COLUMN_NONE;
    bool is_inside = false;
    for (size_t i = 0; i < node->blocks.count && work->cards.count < NOTES_MAX; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind == BLOCK_HEADING)
            is_inside = str_is(block->text, "notes");
        if (!is_inside || block->kind != BLOCK_ROW)
            continue;
        if (block->is_header_row) {
            fields = column_named(block, "flds");
            tags = column_named(block, "tags");
            continue;
        }
        StudyCard card;
        work->notes++;
        if (anki_note_read(work->request->arena, cell_of(block, fields), cell_of(block, tags),
                           &card))
            *vec_push(work->request->arena, &work->cards) = card;
    }
}

static bool read_package(AnkiWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    const ConvertOptions options = { .languages = S(LANGUAGES_NONE), .skips_member_facts = true };
    Extraction extraction;
    if (!convert_read(request->api, work->arena, &work->file, &options, &extraction, err))
        return false;
    const DocNode *newest = find_member(extraction.root, S("collection.anki21b"));
    const DocNode *found = find_member(extraction.root, S("collection.anki21"));
    if (!found)
        found = find_member(extraction.root, S("collection.anki2"));
    if (newest)
        return fail(err, ERROR_UNSUPPORTED,
                    "the package is of Anki's newest form: export it with \"Support older Anki "
                    "versions\"");
    if (!found)
        return fail(err, ERROR_INVALID, "this is no package of Anki: it has no collection");
    read_notes(work, found);
    return work->cards.count ||
           fail(err, ERROR_INVALID, "the package has no notes with a front and a back in words");
}

/* In a place of its own: such a file can be large. */
static bool read_file(AnkiWork *work, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(CONVERT_MEMORY_MAX);
    struct Conversions *places = work->request->api->conversions;
    work->arena = arena;
    if (!convert_open(work->request, &work->file, err))
        return false;
    AUTO_CLOSE int fd = work->file.fd;
    (void)fd;
    if (!conversion_begin(places, false, err))
        return false;
    bool good = read_package(work, err);
    conversion_end(places, false);
    return good;
}

bool study_decks_anki(ApiRequest *request, HttpResponse *response, Error *err)
{
    AnkiWork work = { .request = request };
    if (!read_file(&work, err))
        return false;
    StudyCardList cards = { work.cards.at, work.cards.count };
    return study_import(request, &cards, (int64_t)(work.notes - cards.count), response, err);
}
