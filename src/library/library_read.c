/* library_read.c - looking inside a document: its original, text, blocks, passages. */
#include "base/file.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "extract/document.h"
#include "library/ingest.h"
#include "library/library_int.h"
#include "net/http.h"
#include "store/texts_store.h"

/* What is sent at once; more is read by blocks. The arena holds the rows and the tree beside it. */
#define TEXT_MAX MB(60)
#define BLOCKS_MAX 200000
#define PRINT_MEMORY_MAX GB(2)
#define BLOCKS_AT_ONCE 2000
/* A longer document is shown from so many blocks before the passage to so many after. */
#define VIEW_BLOCKS 400

typedef struct ReadWork {
    const Scope *scope;
    Arena *arena;
    Str id;
    int64_t version; /* 0: the one that is shown */
    int64_t first, count, start, end;
    Document document;
    Str text;
    int64_t text_start; /* of `text` in the document's text */
    StoredBlockList blocks;
    ChunkList chunks;
} ReadWork;

static ReadWork read_of(const Scope *scope, Arena *arena, Str id, int64_t version)
{
    return (ReadWork){ .scope = scope, .arena = arena, .id = id, .version = version };
}

/* --- The original --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    return document_version_find(tx, work->scope, work->arena, work->id, work->version,
                                 &work->document, err);
}

bool library_open_original(Library *library, const Scope *scope, Arena *arena, Str id,
                           int64_t version, Document *document_r, int *fd_r, Error *err)
{
    ReadWork work = read_of(scope, arena, id, version);
    uint64_t size;
    if (!store_read(library->db, scope, find_work, &work, err) ||
        !blob_open(library->blobs, scope->workspace, work.document.blob, fd_r, &size, err))
        return false;
    work.document.size_bytes = (int64_t)size; /* what is there, should it be less */
    *document_r = work.document;
    return true;
}

bool library_open_part(Library *library, const Scope *scope, const Document *document,
                       const BlobPart *part, int *fd_r, uint64_t *from_r, Error *err)
{
    return blob_open_part(library->blobs, scope->workspace, document->blob, part,
                          (uint64_t)document->size_bytes, fd_r, from_r, err);
}

bool library_original_url(Library *library, const Scope *scope, Arena *arena, Str id,
                          int64_t version, int64_t seconds, Str *url_r, Error *err)
{
    ReadWork work = read_of(scope, arena, id, version);
    const Document *document = &work.document;
    if (!store_read(library->db, scope, find_work, &work, err))
        return false;
    BlobUrl wanted = { .seconds = seconds,
                       .media_type = document->media_type.length ? document->media_type
                                                                 : S("application/octet-stream"),
                       .disposition = http_disposition(arena, path_name(document->name), false) };
    return blob_url(library->blobs, arena, scope->workspace, document->blob, &wanted, url_r, err);
}

/* --- The whole text --- */

static bool find_read(DbTx *tx, ReadWork *work, Error *err)
{
    return find_work(tx, work, err) &&
           (document_state_is_over(work->document.state) || work->document.indexed_version ||
            fail(err, ERROR_CONFLICT, "the document is still being read"));
}

static bool beginning_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    return find_read(tx, work, err) &&
           text_find_range(tx, work->scope, work->arena, work->id, shown_version(&work->document),
                           0, work->end, &work->text, err);
}

bool library_beginning(Library *library, const Scope *scope, Arena *arena, Str id, size_t most,
                       Str *text_r, Error *err)
{
    ReadWork work = { .scope = scope, .arena = arena, .id = id, .end = (int64_t)most };
    if (!store_read(library->db, scope, beginning_work, &work, err))
        return false;
    *text_r = str_slice(work.text, 0, utf8_valid_length(work.text));
    return true;
}

static bool whole_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    if (!find_read(tx, work, err))
        return false;
    int64_t version = shown_version(&work->document);
    int64_t bytes, blocks;
    if (!text_length(tx, work->scope, work->id, version, &bytes, err) ||
        !block_count(tx, work->scope, work->id, version, &blocks, err))
        return false;
    if (bytes > (int64_t)TEXT_MAX || (work->count && blocks > work->count))
        return fail(err, ERROR_TOO_LARGE,
                    "the document is too long to send at once; read its blocks instead");
    if (!text_find(tx, work->scope, work->arena, work->id, version, TEXT_MAX, &work->text, err))
        return false;
    return !work->count || block_list(tx, work->scope, work->arena, work->id, version, 0,
                                      work->count, &work->blocks, err);
}

static DocNode *restored(const ReadWork *work)
{
    return ingest_restore(work->arena, work->document.name, work->text, (size_t)work->text_start,
                          work->blocks.at, work->blocks.count);
}

bool library_print(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                   TextForm form, Buf *out, Error *err)
{
    static const DocFormat formats[] = { DOC_TEXT, DOC_MARKDOWN, DOC_JSON, DOC_HTML };
    AUTO_ARENA Arena *inner = arena_new(PRINT_MEMORY_MAX); /* freed before the answer is sent */
    ReadWork work = read_of(scope, inner, id, version);
    (void)arena;
    work.count = form == TEXT_PLAIN ? 0 : BLOCKS_MAX;
    if (!store_read(library->db, scope, whole_work, &work, err))
        return false;
    if (form == TEXT_PLAIN) {
        buf_add(out, work.text); /* byte for byte: offsets of citations count in it */
    } else {
        doc_print(restored(&work), formats[form], out);
    }
    return !out->overflowed || fail(err, ERROR_TOO_LARGE, "the text is too long to send at once");
}

/* --- Blocks and chunks --- */

static bool blocks_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    if (!find_work(tx, argument, err))
        return false;
    int64_t version = shown_version(&work->document);
    if (!block_list(tx, work->scope, work->arena, work->id, version, work->first, work->count,
                    &work->blocks, err))
        return false;
    if (!work->blocks.count)
        return true;
    const StoredBlock *last = &work->blocks.at[work->blocks.count - 1];
    work->text_start = (int64_t)work->blocks.at[0].start;
    return text_find_range(tx, work->scope, work->arena, work->id, version, work->text_start,
                           (int64_t)(last->start + last->length) - work->text_start, &work->text,
                           err);
}

bool library_blocks(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                    int64_t first, int64_t count, StoredBlockList *list_r, Str *text_r, Error *err)
{
    ReadWork work = read_of(scope, arena, id, version);
    work.first = first;
    work.count = count;
    if (!store_read(library->db, scope, blocks_work, &work, err))
        return false;
    *list_r = work.blocks;
    *text_r = work.text;
    return true;
}

static bool at_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    return find_work(tx, argument, err) &&
           block_list_of_range(tx, work->scope, work->arena, work->id,
                               shown_version(&work->document), (uint64_t)work->start, 4,
                               &work->blocks, err);
}

bool library_block_at(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                      int64_t byte, int64_t *ordinal_r, Error *err)
{
    ReadWork work = read_of(scope, arena, id, version);
    work.start = byte;
    if (!store_read(library->db, scope, at_work, &work, err))
        return false;
    *ordinal_r = work.blocks.count ? work.blocks.at[0].ordinal : 0;
    return true;
}

static bool chunks_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    return find_work(tx, argument, err) &&
           chunk_list(tx, work->scope, work->arena, work->id, shown_version(&work->document),
                      work->first, work->count, &work->chunks, err);
}

bool library_chunks(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                    int64_t first, int64_t count, ChunkList *list_r, Error *err)
{
    ReadWork work = read_of(scope, arena, id, version);
    work.first = first;
    work.count = count;
    if (!store_read(library->db, scope, chunks_work, &work, err))
        return false;
    *list_r = work.chunks;
    return true;
}

/* --- HTML with a passage marked --- */

static bool near_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    if (!find_work(tx, argument, err))
        return false;
    int64_t version = shown_version(&work->document), total;
    StoredBlockList here;
    if (!block_count(tx, work->scope, work->id, version, &total, err) ||
        !block_list_of_range(tx, work->scope, work->arena, work->id, version, (uint64_t)work->start,
                             (uint64_t)MAX(work->end - work->start, 1), &here, err))
        return false;
    int64_t middle = here.count ? here.at[0].ordinal : 0;
    work->first = total <= 2 * VIEW_BLOCKS ? 0 : MAX(middle - VIEW_BLOCKS, 0);
    work->count = 2 * VIEW_BLOCKS;
    return blocks_work(tx, argument, err);
}

bool library_view(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                  int64_t start, int64_t end, Buf *out, Error *err)
{
    AUTO_ARENA Arena *inner = arena_new(PRINT_MEMORY_MAX);
    ReadWork work = read_of(scope, inner, id, version);
    work.start = start;
    work.end = end;
    (void)arena;
    if (!store_read(library->db, scope, near_work, &work, err))
        return false;
    doc_print_marked(restored(&work), (DocSpan){ (size_t)start, (size_t)end }, out);
    return !out->overflowed || fail(err, ERROR_TOO_LARGE, "the text is too long to send at once");
}

/* --- Kinds, places and pages of stored blocks --- */

const char *library_block_kind(int32_t kind)
{
    return kind >= 0 && kind < BLOCK_KIND_COUNT ? block_kind_name((BlockKind)kind) : "unknown";
}

Str library_block_place(Arena *arena, const StoredBlock *block)
{
    return ingest_place(arena, block, 1, S(""));
}

static bool pages_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    return find_work(tx, argument, err) &&
           block_list(tx, work->scope, work->arena, work->id, shown_version(&work->document),
                      work->first, work->count, &work->blocks, err);
}

typedef void SeeBlock(void *self, const StoredBlock *block);

/* Every block in its order, some at a time; `see` keeps none. */
static bool each_block(Library *library, const Scope *scope, Str id, int64_t version, SeeBlock *see,
                       void *self, Error *err)
{
    ReadWork work = { .scope = scope, .id = id, .version = version, .count = BLOCKS_AT_ONCE };
    do {
        AUTO_ARENA Arena *part = arena_new(MB(256));
        work.arena = part;
        if (!store_read(library->db, scope, pages_work, &work, err))
            return false;
        for (size_t i = 0; i < work.blocks.count; i++)
            see(self, &work.blocks.at[i]);
        work.first += BLOCKS_AT_ONCE;
    } while (work.blocks.count == BLOCKS_AT_ONCE);
    return true;
}

typedef struct PageSizes {
    Arena *arena;
    VEC(PageSize) sizes;
} PageSizes;

static void see_page(void *self, const StoredBlock *block)
{
    PageSizes *pages = self;
    if (block->kind == BLOCK_PAGE && !block->is_slide)
        *vec_push(pages->arena, &pages->sizes) =
            (PageSize){ block->x1 - block->x0, block->y1 - block->y0 };
}

bool library_page_sizes(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                        PageSizeList *list_r, Error *err)
{
    PageSizes pages = { .arena = arena };
    bool has_any;
    if (!library_has_pages(library, scope, arena, id, version, &has_any, err) ||
        (has_any && !each_block(library, scope, id, version, see_page, &pages, err)))
        return false;
    *list_r = (PageSizeList){ pages.sizes.at, pages.sizes.count };
    return true;
}

/* --- What it is made of --- */

typedef struct Structure {
    DocumentStructure made_of;
    uint32_t sheet; /* CRC-32C of the name of the last one */
} Structure;

static void see_structure(void *self, const StoredBlock *block)
{
    Structure *structure = self;
    DocumentStructure *made_of = &structure->made_of;
    if (block->kind >= 0 && block->kind < BLOCK_KIND_COUNT)
        made_of->blocks[block->kind]++;
    made_of->tables = MAX(made_of->tables, block->table);
    if (!block->sheet.length)
        return;
    uint32_t sheet = crc32c(0, block->sheet.at, block->sheet.length);
    made_of->sheets += sheet != structure->sheet;
    structure->sheet = sheet;
}

bool library_structure(Library *library, const Scope *scope, Str id, int64_t version,
                       DocumentStructure *structure_r, Error *err)
{
    _Static_assert(BLOCK_KIND_COUNT <= BLOCK_KINDS_MAX, "a block of each kind is counted");
    Structure structure = { 0 };
    if (!each_block(library, scope, id, version, see_structure, &structure, err))
        return false;
    *structure_r = structure.made_of;
    return true;
}

/* --- The outline --- */

typedef struct Outline {
    Arena *arena;
    VEC(OutlineEntry) entries;
    Str sheet; /* the one that the last blocks belong to */
    const StoredBlock *block;
    Str text; /* of the block */
} Outline;

static void outline_add(Outline *outline, const char *kind, Str text)
{
    const StoredBlock *block = outline->block;
    if (outline->entries.count >= OUTLINE_MAX)
        return;
    *vec_push(outline->arena, &outline->entries) =
        (OutlineEntry){ .kind = kind,
                        .ordinal = block->ordinal,
                        .level = block->kind == BLOCK_HEADING ? block->level : 0,
                        .text = str_copy(outline->arena, str_slice(text, 0, 300)),
                        .place = library_block_place(outline->arena, block),
                        .is_hidden = str_ends(outline->text, S("(hidden)")) };
}

/* A sheet begins with a heading of its name; that is one entry. */
static void outline_block(Outline *outline)
{
    const StoredBlock *block = outline->block;
    if (block->sheet.length && !str_equal(block->sheet, outline->sheet)) {
        outline->sheet = str_copy(outline->arena, block->sheet);
        outline_add(outline, "sheet", block->sheet);
    } else if (block->kind == BLOCK_PAGE && block->is_slide) {
        outline_add(outline, "slide", S(""));
    } else if (block->kind == BLOCK_HEADING) {
        outline_add(outline, "heading", outline->text);
    }
}

bool library_outline(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                     OutlineList *list_r, Error *err)
{
    ReadWork work = { .scope = scope, .id = id, .version = version, .count = BLOCKS_AT_ONCE };
    Outline outline = { .arena = arena };
    do {
        AUTO_ARENA Arena *part = arena_new(MB(512));
        work.arena = part;
        if (!store_read(library->db, scope, blocks_work, &work, err))
            return false;
        for (size_t i = 0; i < work.blocks.count; i++) {
            const StoredBlock *block = &work.blocks.at[i];
            size_t start = (size_t)((int64_t)block->start - work.text_start);
            outline.block = block;
            outline.text = str_slice(work.text, start, start + block->length);
            outline_block(&outline);
        }
        work.first += BLOCKS_AT_ONCE;
    } while (work.blocks.count == BLOCKS_AT_ONCE && outline.entries.count < OUTLINE_MAX);
    *list_r = (OutlineList){ outline.entries.at, outline.entries.count };
    return true;
}
