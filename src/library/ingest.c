/* ingest.c - see ingest.h. */
#include "library/ingest.h"

#include "base/arena_pass.h"
#include "base/clock.h"
#include "base/json.h"
#include "text/chunks.h"
#include "text/language.h"

/* Metadata that people search for; the rest is kept but makes no passage. */
static const char *const searched_keys[] = { "title",    "author",      "subject",
                                             "keywords", "description", "creator" };

static bool is_searched_meta(const Block *block)
{
    if (block->place.part.length)
        return true; /* the headers of a mail */
    for (size_t i = 0; i < COUNT(searched_keys); i++)
        if (str_equal_ignore_case(block->label, str(searched_keys[i])))
            return true;
    return false;
}

static ChunkKind chunk_kind(const Block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING: return CHUNK_HEADING;
    case BLOCK_ROW: return CHUNK_ROW;
    case BLOCK_CODE: return CHUNK_CODE;
    case BLOCK_META: return is_searched_meta(block) ? CHUNK_PARAGRAPH : CHUNK_SKIP;
    /* What a page hides was not meant for its readers; it is kept, not searched. */
    case BLOCK_NOTE: return str_is(block->label, "hidden") ? CHUNK_SKIP : CHUNK_PARAGRAPH;
    case BLOCK_PAGE:
    case BLOCK_KIND_COUNT: return CHUNK_SKIP;
    default: return block->text.length ? CHUNK_PARAGRAPH : CHUNK_SKIP;
    }
}

/* --- Blocks --- */

static void store_place(StoredBlock *stored, const Place *place)
{
    stored->page = place->page;
    stored->is_slide = place->is_slide;
    stored->x0 = place->x0;
    stored->y0 = place->y0;
    stored->x1 = place->x1;
    stored->y1 = place->y1;
    stored->line_first = place->line_first;
    stored->line_last = place->line_last;
    stored->start_ms = place->start_ms;
    stored->end_ms = place->end_ms;
    stored->sheet = place->sheet;
    stored->cells = place->cells;
    stored->part = place->part;
    stored->anchor = place->anchor;
}

static const StoredCell *store_cells(Arena *arena, const Block *block)
{
    StoredCell *cells = arena_new_array(arena, StoredCell, block->cell_count);
    for (size_t i = 0; i < block->cell_count; i++)
        cells[i] = (StoredCell){ block->cells[i].start, block->cells[i].length,
                                 block->cells[i].column_span, block->cells[i].row_span };
    return cells;
}

static const StoredWord *store_words(Arena *arena, const Block *block)
{
    StoredWord *words = arena_new_array(arena, StoredWord, block->word_count);
    for (size_t i = 0; i < block->word_count; i++) {
        const WordBox *word = &block->words[i];
        words[i] =
            (StoredWord){ word->start, word->length, word->x0, word->y0, word->x1, word->y1 };
    }
    return words;
}

/* The document's text: blocks apart by an empty line, rows of one table by a line end. A mail
 * header or property reads "Key: value", so that its name is found too. */
static void add_text(Buf *text, const Block *block, const StoredBlock *last)
{
    if (!block->text.length)
        return;
    if (last)
        buf_add(text,
                last->kind == BLOCK_ROW && block->kind == BLOCK_ROW && last->table == block->table
                    ? S("\n")
                    : S("\n\n"));
}

/* The blocks in the order they are stored: properties that nobody searches for go to the end, so
 * that no passage runs through them. */
static Block **order_blocks(Arena *arena, const DocNode *node)
{
    size_t count = 0;
    Block **ordered = arena_new_array(arena, Block *, node->blocks.count);
    for (int late = 0; late <= 1; late++)
        for (size_t i = 0; i < node->blocks.count; i++) {
            Block *block = &node->blocks.at[i];
            bool is_late = block->kind == BLOCK_META && !is_searched_meta(block);
            if (is_late == late)
                ordered[count++] = block;
        }
    return ordered;
}

/* So that the text, of up to 128 MiB, does not lie there twice while it grows. */
static size_t text_size(Block *const *blocks, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += blocks[i]->text.length ? blocks[i]->text.length + strlen("\n\n") : 0;
    for (size_t i = 0; i < count; i++)
        if (blocks[i]->kind == BLOCK_META)
            size += blocks[i]->label.length + strlen(": ");
    return size;
}

/* The buffer does not grow: there is room for all of it. */
static void move_text(Buf *text, Block *block, ArenaPassed *passed)
{
    size_t start = text->length;
    buf_add(text, block->text);
    arena_pass(passed, block->text);
    block->text = str_slice(buf_str(text), start, text->length);
}

/* The tree's blocks have their text in the whole one from then on. */
static Str make_blocks(Arena *arena, Block *const *blocks, size_t count, Ingested *out)
{
    ArenaPassed passed = { 0 };
    Buf text = buf_new(arena, UINT32_MAX);
    const StoredBlock *last = NULL;
    buf_reserve(&text, text_size(blocks, count));
    out->block_count = count;
    out->blocks = arena_new_array(arena, StoredBlock, count);
    for (size_t i = 0; i < count; i++) {
        Block *block = blocks[i];
        StoredBlock *stored = &out->blocks[i];
        add_text(&text, block, last);
        *stored = (StoredBlock){ .kind = (int32_t)block->kind,
                                 .level = block->level,
                                 .start = text.length,
                                 .label = block->label,
                                 .is_header_row = block->is_header_row,
                                 .table = block->table,
                                 .cell_count = block->cell_count,
                                 .word_count = block->word_count };
        store_place(stored, &block->place);
        stored->cell = store_cells(arena, block);
        stored->word = store_words(arena, block);
        if (block->kind == BLOCK_META && block->text.length) {
            buf_add(&text, block->label);
            buf_add(&text, S(": "));
        }
        move_text(&text, block, &passed);
        stored->length = text.length - stored->start;
        if (stored->length)
            last = stored;
    }
    arena_pass_end(&passed);
    return buf_str(&text);
}

/* --- Places --- */

static void add_range(Buf *out, const char *one, const char *many, int32_t first, int32_t last)
{
    if (last > first)
        buf_addf(out, "%s %d-%d", many, first, last);
    else
        buf_addf(out, "%s %d", one, first);
}

/* The cell before or after the colon of "A4:F4". */
static Str cell_end(Str cells, bool last)
{
    ptrdiff_t colon = str_find_char(cells, ':');
    if (colon < 0)
        return cells;
    return last ? str_from(cells, (size_t)colon + 1) : str_slice(cells, 0, (size_t)colon);
}

static Str last_heading(Str headings)
{
    for (;;) {
        ptrdiff_t at = str_find(headings, S(" > "));
        if (at < 0)
            return headings;
        headings = str_from(headings, (size_t)at + 3);
    }
}

/* A title or author stands nowhere in the document; a mail's header does. */
static bool is_property(const StoredBlock *block)
{
    return block->kind == BLOCK_META && !block->part.length;
}

/* "12:03-12:09" of a recording. A chapter's heading lasts as long as the chapter: only its begin
 * counts. */
static void add_times(Buf *out, Arena *arena, const StoredBlock *blocks, size_t count)
{
    Place place = { 0 };
    bool has_time = false;
    for (size_t i = 0; i < count; i++) {
        const StoredBlock *block = &blocks[i];
        if (!block->length || (block->start_ms <= 0 && block->end_ms <= 0))
            continue;
        bool is_heading = block->kind == BLOCK_HEADING && count > 1;
        place.start_ms = has_time ? MIN(place.start_ms, block->start_ms) : block->start_ms;
        place.end_ms = MAX(place.end_ms, is_heading ? block->start_ms : block->end_ms);
        has_time = true;
    }
    if (has_time) {
        buf_add(out, out->length ? S(", ") : STR_NONE);
        buf_add(out, place_text(arena, &place));
    }
}

Str ingest_place(Arena *arena, const StoredBlock *blocks, size_t count, Str headings)
{
    Buf out = buf_new(arena, KB(1));
    const StoredBlock *first = NULL, *last = NULL;
    for (size_t i = 0; i < count; i++)
        if (blocks[i].kind != BLOCK_PAGE && blocks[i].length && !is_property(&blocks[i])) {
            first = first ? first : &blocks[i];
            last = &blocks[i];
        }
    if (!first)
        return S("");
    if (first->page)
        add_range(&out, first->is_slide ? "slide" : "page", first->is_slide ? "slides" : "pages",
                  first->page, last->page);
    if (first->sheet.length) {
        buf_addf(&out, STR_FMT, STR_ARG(first->sheet));
        if (first->cells.length) {
            Str to = str_equal(first->sheet, last->sheet) ? cell_end(last->cells, true) : S("");
            buf_addf(&out, "!" STR_FMT, STR_ARG(cell_end(first->cells, false)));
            if (to.length)
                buf_addf(&out, ":" STR_FMT, STR_ARG(to));
        }
    }
    if (first->part.length)
        buf_addf(&out, "%s%s" STR_FMT, out.length ? ", " : "",
                 first->part.at[0] >= '0' && first->part.at[0] <= '9' ? "part " : "",
                 STR_ARG(first->part));
    if (!first->page && !first->sheet.length && first->line_first) {
        if (out.length)
            buf_add(&out, S(", "));
        add_range(&out, "line", "lines", first->line_first,
                  MAX(last->line_last, first->line_first));
    }
    add_times(&out, arena, blocks, count);
    Str heading = last_heading(headings);
    if (heading.length && !first->page && !first->sheet.length)
        buf_addf(&out, "%sheading " STR_FMT, out.length ? ", " : "",
                 STR_ARG(str_slice(heading, 0, 200)));
    return buf_str(&out);
}

/* --- Chunks --- */

/* Where a passage is shown; a title before the first page is on none. */
static int32_t first_page(const StoredBlock *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (blocks[i].page)
            return (int32_t)blocks[i].page;
    return 0;
}

static void make_chunks(Arena *arena, const DocNode *node, Block *const *blocks,
                        const IngestSettings *settings, Ingested *out)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    AUTO_ARENA Arena *place = arena_new(KB(64)); /* of one chunk: what is kept of it is short */
    ChunkBlock *inputs = arena_new_array(scratch, ChunkBlock, out->block_count);
    bool is_source = str_is(node->format, "code");
    for (size_t i = 0; i < out->block_count; i++) {
        const StoredBlock *stored = &out->blocks[i];
        inputs[i] = (ChunkBlock){ .text = str_slice(out->text, stored->start,
                                                    stored->start + stored->length),
                                  .kind = chunk_kind(blocks[i]),
                                  .level = stored->level,
                                  .page = stored->page,
                                  .table = stored->table,
                                  .is_header_row = stored->is_header_row,
                                  .start = stored->start };
        if (is_source && blocks[i]->kind == BLOCK_CODE)
            inputs[i].name = stored->anchor;
    }
    ChunkSettings limits = { .chars_max = settings->chunk_chars,
                             .overlap = settings->chunk_overlap,
                             .tokens_max = settings->tokens_max,
                             .count_tokens = settings->count_tokens,
                             .self = settings->self };
    ChunkRanges ranges = chunks_make(arena, out->text, inputs, out->block_count, &limits);
    out->chunk_count = ranges.chunks.count;
    out->chunks = arena_new_array(arena, Chunk, out->chunk_count);
    for (size_t i = 0; i < out->chunk_count; i++) {
        const ChunkRange *range = &ranges.chunks.at[i];
        const StoredBlock *first = &out->blocks[range->block_first];
        size_t count = range->block_last - range->block_first + 1;
        arena_reset(place);
        out->chunks[i] =
            (Chunk){ .ordinal = (int64_t)i,
                     .start = (int64_t)range->start,
                     .length = (int64_t)(range->end - range->start),
                     .first_block = range->block_first,
                     .last_block = range->block_last,
                     .heading = range->headings,
                     .page = first_page(first, count),
                     .place = str_copy(arena, ingest_place(place, first, count, range->headings)),
                     .text = str_slice(out->text, range->start, range->end) };
    }
}

/* --- Facts --- */

static bool is_key(Str label, const char *name) { return str_equal_ignore_case(label, str(name)); }

static Str metadata_json(Arena *arena, const DocNode *node)
{
    Buf out = buf_new(arena, KB(256));
    JsonWriter json = put_begin(&out);
    size_t count = 0;
    for (size_t i = 0; i < node->blocks.count && count < 200; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind != BLOCK_META || !block->label.length || block->text.length > KB(2))
            continue;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = node->blocks.at[j].kind == BLOCK_META &&
                   str_equal(node->blocks.at[j].label, block->label);
        if (seen)
            continue;
        put_text(&json, str_c(arena, block->label), block->text);
        count++;
    }
    put_end(&json);
    return out.overflowed ? S("{}") : buf_str(&out);
}

static Str warnings_json(Arena *arena, const DocNode *node)
{
    if (!node->warnings.count)
        return S("");
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < MIN(node->warnings.count, 50); i++)
        put_text(&json, NULL, str_slice(node->warnings.at[i], 0, 500));
    put_end(&json);
    return buf_str(&out);
}

/* Of the dates that a document has the first here is its own: when it went out or was taken says
 * more than when a file of it was made, which may be that of a copy. */
static int64_t own_date(const DocNode *node)
{
    static const char *const names[] = { "sent",     "received", "published", "taken",
                                         "recorded", "created",  "date" };
    for (size_t n = 0; n < COUNT(names); n++)
        for (size_t i = 0; i < node->blocks.count; i++) {
            const Block *block = &node->blocks.at[i];
            int64_t date = 0;
            Error ignored;
            if (block->kind == BLOCK_META && is_key(block->label, names[n]) &&
                time_parse(block->text, &date, &ignored) && date)
                return date;
        }
    return 0;
}

static void find_facts(Arena *arena, const DocNode *node, Ingested *out)
{
    DocumentFacts *facts = &out->facts;
    facts->document_date_ms = own_date(node);
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind == BLOCK_META && !facts->title.length &&
            (is_key(block->label, "title") || is_key(block->label, "subject")))
            facts->title = str_slice(block->text, 0, 500);
        if (block->place.page > facts->page_count)
            facts->page_count = block->place.page;
    }
    for (size_t i = 0; i < node->blocks.count && !facts->title.length; i++)
        if (node->blocks.at[i].kind == BLOCK_HEADING && node->blocks.at[i].level <= 1)
            facts->title = str_slice(node->blocks.at[i].text, 0, 500);
    facts->metadata = metadata_json(arena, node);
    facts->warnings = warnings_json(arena, node);
    facts->text_bytes = (int64_t)out->text.length;
    Quality quality;
    quality_measure(arena, node, &quality);
    facts->quality = quality_json(arena, &quality);
    out->fact_list = facts_of(arena, node, &quality);
    facts->language = str(language_about(language_of_document(out->text))->code);
}

void ingest_node(Arena *arena, const DocNode *node, const IngestSettings *settings,
                 Ingested *ingested_r)
{
    Ingested out = { 0 };
    Block **blocks = order_blocks(arena, node);
    out.text = make_blocks(arena, blocks, node->blocks.count, &out);
    make_chunks(arena, node, blocks, settings, &out);
    out.facts.format = node->format;
    out.facts.media_type = node->media_type;
    find_facts(arena, node, &out);
    *ingested_r = out;
}

/* --- Back again --- */

static Block restore_block(Arena *arena, Str text, size_t text_start, const StoredBlock *stored)
{
    size_t start = stored->start - text_start;
    Block block = { .kind = (BlockKind)stored->kind,
                    .level = stored->level,
                    .is_header_row = stored->is_header_row,
                    .table = stored->table,
                    .label = stored->label,
                    .text = str_slice(text, start, start + stored->length),
                    .cell_count = stored->cell_count };
    block.place = (Place){ .page = stored->page,
                           .is_slide = stored->is_slide,
                           .x0 = stored->x0,
                           .y0 = stored->y0,
                           .x1 = stored->x1,
                           .y1 = stored->y1,
                           .line_first = stored->line_first,
                           .line_last = stored->line_last,
                           .start_ms = stored->start_ms,
                           .end_ms = stored->end_ms,
                           .sheet = stored->sheet,
                           .cells = stored->cells,
                           .part = stored->part,
                           .anchor = stored->anchor };
    if (block.kind == BLOCK_META && block.text.length)
        block.text = str_from(block.text, stored->label.length + 2);
    Cell *cells = arena_new_array(arena, Cell, stored->cell_count);
    for (size_t i = 0; i < stored->cell_count; i++)
        cells[i] = (Cell){ stored->cell[i].start, stored->cell[i].length,
                           stored->cell[i].column_span, stored->cell[i].row_span };
    block.cells = cells;
    return block;
}

DocNode *ingest_restore(Arena *arena, Str name, Str text, size_t text_start,
                        const StoredBlock *blocks, size_t count)
{
    DocSink unused;
    DocNode *node = doc_tree_new(arena, name, false, &unused);
    for (size_t i = 0; i < count; i++) {
        Block block = restore_block(arena, text, text_start, &blocks[i]);
        doc_node_add(arena, node, &block);
        node->starts.at[i] = (uint32_t)(text_start + (size_t)(block.text.at - text.at));
    }
    return node;
}
