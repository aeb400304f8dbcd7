/* document.c - the writer between an extractor and a sink: cleans, splits, counts, stops. */
#include "extract/document.h"

#include "base/utf8.h"
#include "extract/document_text.h"
#include "extract/extractor.h"

/* Rows wait this long for doc_header_end(); no real table has more header rows. */
enum { HELD_ROWS_MAX = 8, WARNING_MAX = 50, BOMBS_MAX = 16 };

const DocLimits doc_limits_default = {
    .text_max = MB(256),
    .block_max = 2000000,
    .block_text_max = KB(64),
    .child_max = 10000,
    .child_bytes_max = GB(1),
    .depth_max = 5,
    .page_max = 20000,
};

/* What belongs to one document and is put aside while a child is written. */
typedef struct Current {
    Place place;
    Arena *place_arena; /* the strings of `place` */
    Arena *row_arena;   /* the row being filled and the rows held back */
    uint32_t table_count;
    bool in_table, header_done, row_began;
    Buf row;
    VEC(Cell) cells;
    VEC(Block) held;
    int warning_count;
} Current;

struct DocWriter {
    const DocSink *sink;
    DocLimits limits;
    Arena *arena, *scratch;
    Current now;
    int depth;
    Str password;
    const WordBox *words; /* of the next text block */
    size_t word_count;
    bool stopped;
    Error err; /* code ERROR_NONE when a limit stopped it: that is a warning, not a failure */
    size_t text_used, block_count, child_count, child_bytes;
    int bomb_count;
};

static const struct {
    const char *name;
} kinds[BLOCK_KIND_COUNT] = {
    [BLOCK_HEADING] = { "heading" },     [BLOCK_PARAGRAPH] = { "paragraph" },
    [BLOCK_LIST_ITEM] = { "list_item" }, [BLOCK_ROW] = { "row" },
    [BLOCK_CODE] = { "code" },           [BLOCK_QUOTE] = { "quote" },
    [BLOCK_IMAGE] = { "image" },         [BLOCK_NOTE] = { "note" },
    [BLOCK_HEADER] = { "header" },       [BLOCK_META] = { "meta" },
    [BLOCK_PAGE] = { "page" },
};

const char *block_kind_name(BlockKind kind)
{
    return kind < BLOCK_KIND_COUNT ? kinds[kind].name : "unknown";
}

/* --- Places --- */

void doc_place(DocWriter *doc, const Place *place)
{
    Current *now = &doc->now;
    arena_reset(now->place_arena);
    now->place = *place;
    if (place->page < 0 || place->page > doc->limits.page_max)
        now->place.page = 0; /* none that can be shown */
    now->place.sheet = str_copy(now->place_arena, place->sheet);
    now->place.cells = str_copy(now->place_arena, place->cells);
    now->place.part = str_copy(now->place_arena, place->part);
    now->place.anchor = str_copy(now->place_arena, place->anchor);
}

void doc_place_lines(DocWriter *doc, int first, int last)
{
    doc->now.place.line_first = first;
    doc->now.place.line_last = last;
}

void doc_place_box(DocWriter *doc, float x0, float y0, float x1, float y1)
{
    Place *place = &doc->now.place;
    place->x0 = x0;
    place->y0 = y0;
    place->x1 = x1;
    place->y1 = y1;
}

/* --- The writer --- */

static void begin_current(DocWriter *doc)
{
    doc->now = (Current){ .place_arena = arena_new(MB(1)), .row_arena = arena_new(GB(1)) };
}

static void end_current(DocWriter *doc)
{
    arena_free(doc->now.place_arena);
    arena_free(doc->now.row_arena);
}

DocWriter *doc_writer_new(Arena *arena, const DocSink *sink, const DocLimits *limits)
{
    DocWriter *doc = arena_new_one(arena, DocWriter);
    doc->sink = sink;
    doc->limits = limits ? *limits : doc_limits_default;
    doc->arena = arena;
    doc->scratch = arena_new(GB(1));
    begin_current(doc);
    return doc;
}

void doc_writer_free(DocWriter *doc)
{
    if (!doc)
        return;
    end_current(doc);
    arena_free(doc->scratch);
}

const DocLimits *doc_writer_limits(const DocWriter *doc) { return &doc->limits; }
void doc_writer_password(DocWriter *doc, Str password) { doc->password = password; }
bool doc_writer_ok(const DocWriter *doc) { return !doc->stopped; }

static bool stop(DocWriter *doc)
{
    doc->stopped = true;
    return false;
}

static bool flush_held(DocWriter *doc, bool as_header);

bool doc_writer_end(DocWriter *doc, Error *err)
{
    flush_held(doc, false);
    if (doc->err.code == ERROR_NONE)
        return true;
    *err = doc->err;
    return false;
}

bool doc_warning(DocWriter *doc, Str text)
{
    if (doc->stopped || doc->now.warning_count++ >= WARNING_MAX)
        return !doc->stopped;
    if (!doc->sink->warning)
        return true;
    bool ok = doc->sink->warning(doc->sink->self, utf8_clean(doc->scratch, text), &doc->err);
    return ok || stop(doc);
}

static bool stop_saying(DocWriter *doc, const char *text)
{
    if (doc->stopped)
        return false;
    doc->now.warning_count = 0; /* this one is never dropped */
    doc_warning(doc, str(text));
    return stop(doc);
}

static bool cut(DocWriter *doc, const char *what, size_t limit)
{
    char text[160];
    snprintf(text, sizeof text, "only the first part was read: the document has more than %zu %s",
             limit, what);
    return stop_saying(doc, text);
}

void doc_bomb(DocWriter *doc)
{
    if (++doc->bomb_count == BOMBS_MAX)
        stop_saying(doc, "only the first part was read: many members grow out of all proportion, "
                         "as in an archive made to exhaust memory");
}

bool doc_format(DocWriter *doc, const char *format, const char *media_type)
{
    if (doc->stopped || !doc->sink->format)
        return !doc->stopped;
    return doc->sink->format(doc->sink->self, str(format), str(media_type), &doc->err) || stop(doc);
}

bool doc_later(DocWriter *doc, const char *worker, int page)
{
    char text[160];
    if (doc->stopped || !flush_held(doc, false))
        return false;
    if (doc->sink->later)
        return doc->sink->later(doc->sink->self, worker, page, &doc->err) || stop(doc);
    int length = snprintf(text, sizeof text,
                          "its reader is lectern-worker-%s, which is not asked here", worker);
    if (page)
        snprintf(text + length, sizeof text - (size_t)length, " (page %d)", page);
    return doc_warning(doc, str(text));
}

bool doc_progress(DocWriter *doc, const char *stage, int64_t done, int64_t total)
{
    if (doc->stopped)
        return false;
    if (!doc->sink->progress)
        return true;
    return doc->sink->progress(doc->sink->self, stage, done, total, &doc->err) || stop(doc);
}

static bool send(DocWriter *doc, const Block *block)
{
    if (doc->stopped)
        return false;
    if (doc->block_count >= doc->limits.block_max)
        return cut(doc, "blocks", doc->limits.block_max);
    if (block->text.length > doc->limits.text_max - doc->text_used)
        return cut(doc, "bytes of text", doc->limits.text_max);
    doc->block_count++;
    doc->text_used += block->text.length;
    return doc->sink->block(doc->sink->self, block, &doc->err) || stop(doc);
}

static bool flush_held(DocWriter *doc, bool as_header)
{
    Current *now = &doc->now;
    bool ok = !doc->stopped;
    for (size_t i = 0; ok && i < now->held.count; i++) {
        now->held.at[i].is_header_row = as_header;
        ok = send(doc, &now->held.at[i]);
    }
    now->held.count = now->held.capacity = 0;
    if (!now->row_began)
        arena_reset(now->row_arena);
    return ok;
}

/* --- Text --- */

void doc_words(DocWriter *doc, const WordBox *words, size_t count)
{
    WordBox *copy = arena_new_array(doc->scratch, WordBox, count);
    if (count)
        memcpy(copy, words, count * sizeof *copy);
    doc->words = copy;
    doc->word_count = count;
}

static bool words_fit(const DocWriter *doc, Str text)
{
    uint64_t end = 0;
    for (size_t i = 0; i < doc->word_count; i++) {
        const WordBox *word = &doc->words[i];
        if (word->start < end)
            return false;
        end = (uint64_t)word->start + word->length;
        if (end > text.length || utf8_floor(text, word->start) != word->start ||
            utf8_floor(text, (size_t)end) != end)
            return false;
    }
    return doc->word_count > 0;
}

/* Offsets hold only where the text goes out as it came in. */
static void add_words(DocWriter *doc, Block *block, Str text)
{
    bool is_same = str_equal(text, block->text) && text.length <= doc->limits.block_text_max;
    if (is_same && words_fit(doc, text)) {
        block->words = doc->words;
        block->word_count = doc->word_count;
    }
    doc->words = NULL;
    doc->word_count = 0;
}

static bool write(DocWriter *doc, Block block, bool one_line)
{
    if (doc->stopped)
        return false;
    bool is_code = block.kind == BLOCK_CODE;
    Str text = document_tidy(doc->scratch, block.text, one_line);
    text = is_code ? document_trim_lines(text) : str_trim(text);
    add_words(doc, &block, text);
    bool ok = true;
    if (text.length && doc->now.held.count)
        ok = flush_held(doc, false);
    if (text.length)
        block.label = str_trim(document_tidy(doc->scratch, block.label, true));
    block.place = doc->now.place;
    while (ok && text.length) {
        size_t end = document_split_at(text, doc->limits.block_text_max);
        block.text = str_slice(text, 0, end);
        block.text = is_code ? document_trim_lines(block.text) : str_trim(block.text);
        if (block.text.length)
            ok = send(doc, &block);
        text = str_from(text, end);
        text = is_code ? text : str_trim(text);
    }
    arena_reset(doc->scratch);
    return ok;
}

bool doc_page(DocWriter *doc, int number, bool is_slide, float width, float height)
{
    if (doc->stopped || !flush_held(doc, false))
        return false;
    if (number > doc->limits.page_max)
        return cut(doc, "pages", (size_t)doc->limits.page_max);
    doc_place(doc, &(Place){ .page = number, .is_slide = is_slide });
    Block block = { .kind = BLOCK_PAGE, .place = doc->now.place };
    block.place.x1 = width;
    block.place.y1 = height;
    return send(doc, &block);
}

bool doc_heading(DocWriter *doc, int level, Str text)
{
    return write(
        doc, (Block){ .kind = BLOCK_HEADING, .level = MAX(1, MIN(level, 6)), .text = text }, true);
}

bool doc_paragraph(DocWriter *doc, Str text)
{
    return write(doc, (Block){ .kind = BLOCK_PARAGRAPH, .text = text }, false);
}

bool doc_list_item(DocWriter *doc, int level, Str marker, Str text)
{
    Block block = {
        .kind = BLOCK_LIST_ITEM, .level = MAX(1, level), .label = marker, .text = text
    };
    return write(doc, block, false);
}

bool doc_code(DocWriter *doc, Str language, Str text)
{
    return write(doc, (Block){ .kind = BLOCK_CODE, .label = language, .text = text }, false);
}

bool doc_quote(DocWriter *doc, Str text)
{
    return write(doc, (Block){ .kind = BLOCK_QUOTE, .text = text }, false);
}

bool doc_image(DocWriter *doc, Str alternative_text)
{
    return write(doc, (Block){ .kind = BLOCK_IMAGE, .text = alternative_text }, true);
}

bool doc_note(DocWriter *doc, const char *label, Str text)
{
    return write(doc, (Block){ .kind = BLOCK_NOTE, .label = str(label), .text = text }, false);
}

bool doc_header(DocWriter *doc, Str text)
{
    return write(doc, (Block){ .kind = BLOCK_HEADER, .text = text }, false);
}

bool doc_meta(DocWriter *doc, const char *key, Str value)
{
    return write(doc, (Block){ .kind = BLOCK_META, .label = str(key), .text = value }, true);
}

/* --- Tables --- */

/* A row may be held until its table's header is known. One that is over the limit goes on in
 * another, and words have no place any more. */
static void take_row_words(DocWriter *doc, Block *row)
{
    if (words_fit(doc, row->text)) {
        WordBox *words = arena_new_array(doc->now.row_arena, WordBox, doc->word_count);
        memcpy(words, doc->words, doc->word_count * sizeof *words);
        row->words = words;
        row->word_count = doc->word_count;
    }
    doc->words = NULL;
    doc->word_count = 0;
}

static bool end_row(DocWriter *doc)
{
    Current *now = &doc->now;
    if (!now->row_began)
        return !doc->stopped;
    Block row = { .kind = BLOCK_ROW,
                  .table = now->table_count,
                  .text = buf_str(&now->row),
                  .place = now->place,
                  .cells = now->cells.at,
                  .cell_count = now->cells.count };
    take_row_words(doc, &row);
    bool has_text = false, ok = !doc->stopped;
    for (size_t i = 0; i < now->cells.count; i++)
        has_text |= now->cells.at[i].length > 0;
    now->row_began = false;
    now->cells.count = now->cells.capacity = 0;
    if (has_text && !now->header_done) {
        row.place.sheet = str_copy(now->row_arena, row.place.sheet);
        row.place.cells = str_copy(now->row_arena, row.place.cells);
        row.place.part = str_copy(now->row_arena, row.place.part);
        row.place.anchor = str_copy(now->row_arena, row.place.anchor);
        *vec_push(now->row_arena, &now->held) = row;
        if (now->held.count < HELD_ROWS_MAX)
            return ok;
        now->header_done = true;
        return flush_held(doc, false);
    }
    if (has_text && ok)
        ok = send(doc, &row);
    if (now->held.count == 0)
        arena_reset(now->row_arena);
    return ok;
}

void doc_table_begin(DocWriter *doc)
{
    doc_table_end(doc);
    doc->now.table_count++;
    doc->now.in_table = true;
    doc->now.header_done = false;
}

void doc_table_end(DocWriter *doc)
{
    end_row(doc);
    flush_held(doc, false);
    doc->now.in_table = false;
}

void doc_header_end(DocWriter *doc)
{
    end_row(doc);
    flush_held(doc, true);
    doc->now.header_done = true;
}

static void add_cell(DocWriter *doc, Str text, int column_span, int row_span)
{
    Current *now = &doc->now;
    if (!now->row_began) {
        now->row = buf_new(now->row_arena, SIZE_MAX / 2);
        now->row_began = true;
    }
    if (now->cells.count)
        buf_add(&now->row, S(" | "));
    *vec_push(now->row_arena, &now->cells) =
        (Cell){ .start = (uint32_t)now->row.length,
                .length = (uint32_t)text.length,
                .column_span = (uint16_t)MAX(1, MIN(column_span, 1000)),
                .row_span = (uint16_t)MAX(1, MIN(row_span, 10000)) };
    buf_add(&now->row, text);
}

void doc_cell_span(DocWriter *doc, Str text, int column_span, int row_span)
{
    size_t max = doc->limits.block_text_max;
    if (doc->stopped)
        return;
    if (!doc->now.in_table)
        doc_table_begin(doc);
    text = str_trim(document_tidy(doc->scratch, text, true));
    /* A row over the limit goes on in further rows of the same table. */
    if (doc->now.row_began && doc->now.row.length + text.length + 3 > max)
        end_row(doc);
    while (text.length > max && !doc->stopped) {
        size_t end = document_split_at(text, max);
        add_cell(doc, str_trim(str_slice(text, 0, end)), column_span, row_span);
        end_row(doc);
        text = str_trim(str_from(text, end));
    }
    add_cell(doc, text, column_span, row_span);
    arena_reset(doc->scratch);
}

void doc_cell(DocWriter *doc, Str text) { doc_cell_span(doc, text, 1, 1); }
bool doc_row_end(DocWriter *doc) { return end_row(doc); }

/* --- Children --- */

/* Programs of other classes are linked without it: they leave members for later. */
extern __attribute__((weak)) __typeof__(extract_document) extract_document;

static bool check_child(const DocWriter *doc, Str bytes, Error *err)
{
    const DocLimits *limits = &doc->limits;
    if (doc->depth >= limits->depth_max)
        return fail(err, ERROR_TOO_LARGE, "it is nested more than %d levels deep",
                    limits->depth_max);
    if (bytes.length == 0)
        return fail(err, ERROR_INVALID, "it is empty");
    return true;
}

static bool write_child(DocWriter *doc, Str name, Str media_type, Str bytes, Error *failure)
{
    Current saved = doc->now;
    begin_current(doc);
    ExtractSource source = { .bytes = bytes,
                             .name = name,
                             .media_type = media_type,
                             .password = doc->password,
                             .depth = ++doc->depth };
    bool ok = extract_document ? extract_document(&source, doc, failure)
                               : doc_later(doc, DOC_MAIN_WORKER, 0);
    doc_table_end(doc);
    doc->depth--;
    end_current(doc);
    doc->now = saved;
    return ok;
}

static bool begin_child(DocWriter *doc, Str name, Str media_type, Str bytes)
{
    const DocLimits *limits = &doc->limits;
    if (doc->stopped || !flush_held(doc, false))
        return false;
    if (doc->child_count >= limits->child_max)
        return cut(doc, "members", limits->child_max);
    if (bytes.length > limits->child_bytes_max - doc->child_bytes)
        return cut(doc, "bytes when unpacked", limits->child_bytes_max);
    doc->child_count++;
    doc->child_bytes += bytes.length;
    return !doc->sink->child_begin ||
           doc->sink->child_begin(doc->sink->self, name, media_type, bytes, &doc->err) || stop(doc);
}

bool doc_child(DocWriter *doc, Str name, Str media_type, Str bytes)
{
    Error failure = { 0 };
    name = str_copy(doc->arena, document_tidy(doc->scratch, name, true));
    if (!utf8_is_valid(media_type) || str_find_char(media_type, '\0') >= 0)
        media_type = str_copy(doc->arena, document_tidy(doc->scratch, media_type, true));
    if (!begin_child(doc, name, media_type, bytes))
        return false;
    if (!doc->sink->child_begin)
        return true;
    bool was_read =
        check_child(doc, bytes, &failure) && write_child(doc, name, media_type, bytes, &failure);
    if (doc->err.code != ERROR_NONE)
        return false;
    if (!doc->sink->child_end(doc->sink->self, was_read ? NULL : &failure, &doc->err))
        return stop(doc);
    return !doc->stopped;
}

bool doc_child_failed(DocWriter *doc, Str name, const Error *failure)
{
    name = str_copy(doc->arena, document_tidy(doc->scratch, name, true));
    if (!begin_child(doc, name, STR_NONE, STR_NONE))
        return false;
    return !doc->sink->child_begin || doc->sink->child_end(doc->sink->self, failure, &doc->err) ||
           stop(doc);
}
