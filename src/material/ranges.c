/* ranges.c - see ranges.h. */
#include "material/ranges.h"

#include "base/utf8.h"
#include "store/texts_store.h"

/* A range as it was read. */
typedef struct Part {
    const Document *document;
    int64_t version;
    StoredBlockList blocks;
    Str text; /* from the first block's beginning on */
} Part;

typedef struct ReadWork {
    const Scope *scope;
    Arena *arena;
    const MaterialRanges *ranges;
    Part *parts; /* one for each range */
    size_t bytes, blocks;
    bool is_cut;
} ReadWork;

/* --- Reading --- */

static bool find_document(DbTx *tx, const ReadWork *work, Str id, Part *part, Error *err)
{
    Document *document = arena_new_one(work->arena, Document);
    if (!document_find(tx, work->scope, work->arena, id, document, err))
        return false;
    if (document->deleted_at_ms)
        return fail(err, ERROR_CONFLICT, "'" STR_FMT "' is in the trash; restore it first",
                    STR_ARG(str_slice(document->name, 0, 100)));
    part->document = document;
    part->version = document->indexed_version ? document->indexed_version : document->version;
    return document_state_is_over(document->state) || document->indexed_version ||
           fail(err, ERROR_CONFLICT, "'" STR_FMT "' is still being read; try again in a moment",
                STR_ARG(str_slice(document->name, 0, 100)));
}

static bool list_blocks(DbTx *tx, ReadWork *work, const MaterialRange *range, Part *part,
                        Error *err)
{
    Str id = part->document->id;
    size_t places = MATERIAL_BLOCKS_MAX - work->blocks;
    if (range->end)
        return block_list_of_range(tx, work->scope, work->arena, id, part->version,
                                   (uint64_t)range->start, (uint64_t)(range->end - range->start),
                                   &part->blocks, err);
    if (!block_list(tx, work->scope, work->arena, id, part->version, 0, (int64_t)places,
                    &part->blocks, err))
        return false;
    work->blocks += part->blocks.count;
    work->is_cut |= part->blocks.count == places;
    return true;
}

/* As far as there is room. */
static bool read_text(DbTx *tx, ReadWork *work, Part *part, Error *err)
{
    if (!part->blocks.count)
        return true;
    const StoredBlock *first = part->blocks.at, *last = first + part->blocks.count - 1;
    size_t length = (size_t)(last->start + last->length - first->start);
    size_t room = work->ranges->bytes_max - work->bytes;
    if (!text_find_range(tx, work->scope, work->arena, part->document->id, part->version,
                         (int64_t)first->start, (int64_t)MIN(length, room), &part->text, err))
        return false;
    part->text.length = utf8_floor(part->text, part->text.length);
    work->bytes += part->text.length;
    work->is_cut |= length > room;
    return true;
}

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    const MaterialRanges *ranges = work->ranges;
    work->bytes = work->blocks = 0;
    work->is_cut = ranges->is_cut;
    for (size_t i = 0; i < ranges->at.count; i++) {
        const MaterialRange *range = &ranges->at.at[i];
        Part *part = &work->parts[i];
        *part = (Part){ 0 };
        if (i && str_equal(range->document, range[-1].document)) {
            part->document = part[-1].document;
            part->version = part[-1].version;
        } else if (!find_document(tx, work, range->document, part, err)) {
            return false;
        }
        if (!list_blocks(tx, work, range, part, err) || !read_text(tx, work, part, err))
            return false;
    }
    return true;
}

/* --- Cutting --- */

static void begin_document(Gathering *g, const Part *part)
{
    const Document *document = part->document;
    int64_t own_ms = document->document_date_ms;
    const MaterialDocument begun = { .id = document->id,
                                     .name = document->name,
                                     .title = document->title,
                                     .format = document->format,
                                     .version = part->version,
                                     .date_ms = own_ms ? own_ms : document->created_at_ms,
                                     .created_at_ms = document->created_at_ms,
                                     .text = part->text,
                                     .language = language_detect(part->text, LANGUAGE_ENGLISH) };
    gather_begin(g, &begun);
}

/* Passages overlap: what was read is not read again (Gathering.after). */
static void gather_part(Gathering *g, const MaterialRange *range, const Part *part)
{
    if (range->end) {
        g->from = (size_t)range->start;
        g->to = (size_t)range->end;
        g->section = 0;
        g->heading = range->heading;
    }
    for (size_t i = 0; i < part->blocks.count; i++)
        gather_block(g, &part->blocks.at[i], part->text, (size_t)part->blocks.at[0].start);
}

bool material_read_ranges(Db *db, const Scope *scope, const MaterialRanges *ranges,
                          Gathering *gathering, Error *err)
{
    Arena *arena = gathering->arena;
    ReadWork work = { .scope = scope,
                      .arena = arena,
                      .ranges = ranges,
                      .parts = arena_new_array(arena, Part, ranges->at.count + 1) };
    if (!store_read(db, scope, read_work, &work, err))
        return false;
    for (size_t i = 0; i < ranges->at.count; i++) {
        const Part *part = &work.parts[i];
        if (!i || part->document != part[-1].document)
            begin_document(gathering, part);
        gather_part(gathering, &ranges->at.at[i], part);
    }
    gathering->is_cut |= work.is_cut;
    return true;
}
