/* onenote.c - sections and notebooks of OneNote ([MS-ONE]): pages with titles, paragraphs, lists,
 * tables, pictures, files. Objects are kinds (JCID, 2.1.13) with properties (2.1.12). */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"
#include "extract/office/one_store.h"

enum { DEPTH_MAX = 40, LEVEL_MAX = 9, PAGES_MAX = 100000, CELLS_MAX = 1000, EARLIER_MAX = 3 };

enum {
    KIND_SECTION = 0x00060007,
    KIND_PAGE = 0x0006000B,
    KIND_OUTLINE = 0x0006000C,
    KIND_ELEMENT = 0x0006000D,
    KIND_TEXT = 0x0006000E,
    KIND_IMAGE = 0x00060011,
    KIND_TABLE = 0x00060022,
    KIND_ROW = 0x00060023,
    KIND_CELL = 0x00060024,
    KIND_TITLE = 0x0006002C,
    KIND_FILE = 0x00060035,
};

enum {
    PROPERTY_CONTENT = 0x24001C1F,
    PROPERTY_ELEMENTS = 0x24001C20,
    PROPERTY_STRUCTURE = 0x24001D5F,
    PROPERTY_SPACES = 0x2C001D63,
    PROPERTY_LISTS = 0x24001C26,
    PROPERTY_LIST_FORMAT = 0x1C001C1A,
    PROPERTY_TEXT = 0x1C001C22,
    PROPERTY_TEXT_BYTES = 0x1C003498,
    PROPERTY_STYLE = 0x2000342C,
    PROPERTY_STYLE_NAME = 0x1C00345A,
    PROPERTY_PAGE_TITLE = 0x1C001CF3,
    PROPERTY_PAGE_TITLE_2 = 0x1C001D3C,
    PROPERTY_CREATED = 0x18001C65,
    PROPERTY_CREATED_32 = 0x14001D09,
    PROPERTY_MODIFIED_32 = 0x14001D7A,
    PROPERTY_AUTHOR = 0x1C001D75,
    PROPERTY_AUTHOR_FIRST = 0x20001D78,
    PROPERTY_AUTHOR_LAST = 0x20001D79,
    PROPERTY_ALT_TEXT = 0x1C001E58,
    PROPERTY_ALT_TITLE = 0x1C001E57,
    PROPERTY_FILE = 0x20001D9B,
    PROPERTY_FILE_NAME = 0x1C001D9C,
    PROPERTY_HEADER_ROW = 0x08001D1E,
};

typedef struct Reader {
    DocWriter *doc;
    Arena *arena; /* of a page */
    const OneStore *store;
    int pages, pictures, depth, numbers[LEVEL_MAX + 1];
    bool has_author, in_cell;
    Buf cell;
} Reader;

static void write_object(Reader *r, const OneSpace *space, OneObject *object, int level);

static Str text_of(const Reader *r, const OneObject *object, uint32_t id)
{
    OneProperty property;
    if (!object || !one_property(object, id, &property))
        return STR_NONE;
    Str text = text_from_utf16(r->arena, property.bytes);
    while (text.length && text.at[text.length - 1] == '\0')
        text.length--;
    return text;
}

static OneObject *object_of(const OneSpace *space, const OneObject *object, uint32_t id)
{
    OneProperty property;
    return one_property(object, id, &property) && property.id_count
               ? one_object(space, property.ids[0])
               : NULL;
}

/* --- Text --- */

/* A link is a hidden field: U+FDDF HYPERLINK "address", then the words that are shown. */
static Str without_fields(Arena *arena, Str text)
{
    static const char mark[] = "\xEF\xB7\x9F";
    Buf out = buf_new(arena, text.length + 1);
    ptrdiff_t at;
    while ((at = str_find(text, str(mark))) >= 0) {
        buf_add(&out, str_slice(text, 0, (size_t)at));
        text = str_from(text, (size_t)at + 3);
        ptrdiff_t open = str_find_char(text, '"');
        ptrdiff_t close = open < 0 ? -1 : str_find_char(str_from(text, (size_t)open + 1), '"');
        if (!str_starts(text, S("HYPERLINK")) || close < 0)
            continue;
        text = str_from(text, (size_t)(open + close) + 2);
    }
    buf_add(&out, text);
    for (size_t i = 0; i < out.length; i++)
        if (out.at[i] == '\v' || out.at[i] == '\r')
            out.at[i] = '\n';
    return str_trim(buf_str(&out));
}

static Str rich_text(const Reader *r, const OneObject *object)
{
    OneProperty property;
    Str text = text_of(r, object, PROPERTY_TEXT);
    if (!text.length && one_property(object, PROPERTY_TEXT_BYTES, &property))
        text = text_decode_known(r->arena, property.bytes, NULL);
    while (text.length && text.at[text.length - 1] == '\0')
        text.length--;
    return without_fields(r->arena, text);
}

/* "h1" to "h6"; 0 for other styles. */
static int heading_level(const Reader *r, const OneSpace *space, const OneObject *text)
{
    const OneObject *style = object_of(space, text, PROPERTY_STYLE);
    Str name = text_of(r, style, PROPERTY_STYLE_NAME);
    return name.length == 2 && name.at[0] == 'h' && name.at[1] >= '1' && name.at[1] <= '6'
               ? name.at[1] - '0' + 1
               : 0;
}

/* The marker of a list: the format's first character is its length; U+FFFD stands for the number,
 * and the character after it says how that is written (2.2.25). */
static bool list_marker(Reader *r, const OneSpace *space, const OneObject *element, int level,
                        char marker[16])
{
    OneProperty lists, format;
    if (!one_property(element, PROPERTY_LISTS, &lists) || !lists.id_count)
        return false;
    const OneObject *list = one_object(space, lists.ids[0]);
    bool is_numbered = false;
    if (list && one_property(list, PROPERTY_LIST_FORMAT, &format))
        for (size_t i = 0; i + 2 <= format.bytes.length; i += 2)
            is_numbered |= memcmp(format.bytes.at + i, "\xFD\xFF", 2) == 0;
    snprintf(marker, 16, "-");
    if (is_numbered)
        snprintf(marker, 16, "%d.", ++r->numbers[level]);
    return true;
}

static void add_to_cell(Reader *r, Str text)
{
    if (r->cell.length && text.length)
        buf_add_char(&r->cell, '\n');
    buf_add(&r->cell, text);
}

/* Is one of the texts the other while it was being typed or mended? */
static bool is_draft_of(Str a, Str b)
{
    size_t shorter = MIN(a.length, b.length), same = 0;
    while (same < shorter && a.at[same] == b.at[same])
        same++;
    return same * 2 >= shorter || str_find(b, a) >= 0;
}

/* What the paragraph said before it was replaced: the file keeps its revisions (2.1.8 of
 * [MS-ONESTORE]). */
static void write_earlier(Reader *r, const OneObject *text, Str words)
{
    int written = 0;
    for (const OneObject *old = text->earlier; old && written < EARLIER_MAX; old = old->earlier) {
        Str said = rich_text(r, old);
        if (!said.length || is_draft_of(said, words))
            continue;
        doc_note(r->doc, "earlier text", said);
        words = said;
        written++;
    }
}

/* --- Objects --- */

static void write_list(Reader *r, const OneSpace *space, const OneObject *object, uint32_t id,
                       int level)
{
    OneProperty property;
    if (!one_property(object, id, &property))
        return;
    for (size_t i = 0; i < property.id_count && doc_writer_ok(r->doc); i++) {
        OneObject *child = one_object(space, property.ids[i]);
        if (child)
            write_object(r, space, child, level);
    }
}

static void write_text(Reader *r, const OneSpace *space, const OneObject *text,
                       const OneObject *element, int level)
{
    char marker[16];
    Str words = rich_text(r, text);
    int heading = heading_level(r, space, text);
    level = MAX(1, MIN(level, LEVEL_MAX));
    if (!words.length)
        return;
    bool is_item = element && list_marker(r, space, element, level, marker);
    for (int i = is_item ? level + 1 : level; i <= LEVEL_MAX; i++)
        r->numbers[i] = 0;
    if (r->in_cell)
        add_to_cell(r, words);
    else if (is_item)
        doc_list_item(r->doc, level, str(marker), words);
    else if (heading)
        doc_heading(r->doc, MIN(heading, 6), words);
    else
        doc_paragraph(r->doc, words);
    if (!r->in_cell)
        write_earlier(r, text, words);
}

/* An outline element: what it holds, then the elements below it. */
static void write_element(Reader *r, const OneSpace *space, const OneObject *element, int level)
{
    OneProperty content;
    if (one_property(element, PROPERTY_CONTENT, &content))
        for (size_t i = 0; i < content.id_count && doc_writer_ok(r->doc); i++) {
            OneObject *child = one_object(space, content.ids[i]);
            if (child && child->kind == KIND_TEXT)
                write_text(r, space, child, element, level);
            else if (child)
                write_object(r, space, child, level);
        }
    write_list(r, space, element, PROPERTY_ELEMENTS, level + 1);
}

static void write_row(Reader *r, const OneSpace *space, const OneObject *row)
{
    OneProperty cells;
    if (!one_property(row, PROPERTY_ELEMENTS, &cells))
        return;
    for (size_t i = 0; i < cells.id_count && i < CELLS_MAX; i++) {
        OneObject *cell = one_object(space, cells.ids[i]);
        r->cell = buf_new(r->arena, MB(16));
        r->in_cell = true;
        if (cell && cell->kind == KIND_CELL)
            write_list(r, space, cell, PROPERTY_ELEMENTS, 1);
        r->in_cell = false;
        doc_cell(r->doc, buf_str(&r->cell));
    }
    doc_row_end(r->doc);
}

static void write_table(Reader *r, const OneSpace *space, const OneObject *table, int level)
{
    OneProperty rows, header;
    if (r->in_cell) { /* a table inside a cell: its texts belong to the cell */
        write_list(r, space, table, PROPERTY_ELEMENTS, level);
        return;
    }
    if (!one_property(table, PROPERTY_ELEMENTS, &rows))
        return;
    bool has_header = one_property(table, PROPERTY_HEADER_ROW, &header) && header.number;
    doc_table_begin(r->doc);
    for (size_t i = 0; i < rows.id_count && doc_writer_ok(r->doc); i++) {
        OneObject *row = one_object(space, rows.ids[i]);
        if (row && row->kind == KIND_ROW && !row->is_written) {
            row->is_written = true;
            write_row(r, space, row);
        }
        if (i == 0 && has_header)
            doc_header_end(r->doc);
    }
    doc_table_end(r->doc);
}

static void write_picture(Reader *r, const OneObject *image)
{
    Str alternative = text_of(r, image, PROPERTY_ALT_TEXT);
    if (!alternative.length)
        alternative = text_of(r, image, PROPERTY_ALT_TITLE);
    r->pictures += !alternative.length;
    if (r->in_cell)
        add_to_cell(r, alternative);
    else
        doc_image(r->doc, alternative);
}

static void write_file(Reader *r, const OneSpace *space, const OneObject *file)
{
    Str name = text_of(r, file, PROPERTY_FILE_NAME);
    const OneObject *data = object_of(space, file, PROPERTY_FILE);
    if (r->in_cell)
        add_to_cell(r, name);
    if (data && data->file.length)
        doc_child(r->doc, name.length ? name : S("file"), STR_NONE, data->file);
    else if (!r->in_cell)
        doc_paragraph(r->doc, name);
}

/* Each object once, so that a crafted ring ends. */
static void write_object(Reader *r, const OneSpace *space, OneObject *object, int level)
{
    if (object->is_written || r->depth >= DEPTH_MAX || arena_room(r->arena) < MB(32))
        return;
    object->is_written = true;
    r->depth++;
    switch (object->kind) {
    case KIND_TEXT: write_text(r, space, object, NULL, level); break;
    case KIND_ELEMENT: write_element(r, space, object, level); break;
    case KIND_TABLE: write_table(r, space, object, level); break;
    case KIND_IMAGE: write_picture(r, object); break;
    case KIND_FILE: write_file(r, space, object); break;
    case KIND_TITLE: /* written as the page's heading */ break;
    case KIND_OUTLINE:
        memset(r->numbers, 0, sizeof r->numbers);
        write_list(r, space, object, PROPERTY_ELEMENTS, 1);
        break;
    default:
        write_list(r, space, object, PROPERTY_CONTENT, level);
        write_list(r, space, object, PROPERTY_ELEMENTS, level);
    }
    r->depth--;
}

/* --- Pages --- */

/* Seconds since 1980 (2.3.1). */
static void write_time(Reader *r, const OneObject *object, uint32_t id, const char *key)
{
    static const int64_t epoch_1980_s = 315532800;
    OneProperty property;
    if (one_property(object, id, &property) && property.number)
        doc_meta_time(r->doc, key, ((int64_t)property.number + epoch_1980_s) * 1000);
}

/* The words in a page's title box, and its date: text objects below it. */
static void collect_title(Reader *r, const OneSpace *space, OneObject *object, int depth, Buf *out,
                          Buf *date)
{
    static const uint32_t lists[] = { PROPERTY_CONTENT, PROPERTY_ELEMENTS };
    OneProperty property;
    if (object->is_written || depth > 8)
        return;
    object->is_written = true;
    if (object->kind == KIND_TEXT) {
        Str words = rich_text(r, object);
        Str style = text_of(r, object_of(space, object, PROPERTY_STYLE), PROPERTY_STYLE_NAME);
        if (str_is(style, "PageDateTime")) {
            if (date->length && words.length)
                buf_add_char(date, ' ');
            buf_add(date, words);
        } else if (words.length && out->length == 0) {
            buf_add(out, words);
        }
    }
    for (size_t i = 0; i < COUNT(lists); i++)
        if (one_property(object, lists[i], &property))
            for (size_t k = 0; k < property.id_count; k++) {
                OneObject *child = one_object(space, property.ids[k]);
                if (child)
                    collect_title(r, space, child, depth + 1, out, date);
            }
}

static Str page_title(Reader *r, const OneSpace *space, const OneObject *page, Buf *date)
{
    Buf title = buf_new(r->arena, MB(1));
    OneProperty elements;
    static const uint32_t lists[] = { PROPERTY_STRUCTURE, PROPERTY_ELEMENTS };
    for (size_t k = 0; k < COUNT(lists); k++)
        for (size_t i = 0; one_property(page, lists[k], &elements) && i < elements.id_count; i++) {
            OneObject *child = one_object(space, elements.ids[i]);
            if (child && child->kind == KIND_TITLE)
                collect_title(r, space, child, 0, &title, date);
        }
    if (!title.length)
        buf_add(&title, without_fields(r->arena, text_of(r, page, PROPERTY_PAGE_TITLE)));
    if (!title.length)
        buf_add(&title, without_fields(r->arena, text_of(r, page, PROPERTY_PAGE_TITLE_2)));
    return buf_str(&title);
}

static void write_author(Reader *r, const OneSpace *space, const OneObject *page)
{
    const OneObject *author = object_of(space, page, PROPERTY_AUTHOR_FIRST);
    Str name = text_of(r, author ? author : page, PROPERTY_AUTHOR);
    if (r->has_author || !name.length)
        return;
    doc_meta(r->doc, "author", name);
    author = object_of(space, page, PROPERTY_AUTHOR_LAST);
    doc_meta(r->doc, "last_author", text_of(r, author, PROPERTY_AUTHOR));
    r->has_author = true;
}

static void write_page(Reader *r, const OneSpace *space, OneObject *page)
{
    if (page->is_written || r->pages >= PAGES_MAX)
        return;
    page->is_written = true;
    OneProperty created;
    doc_page(r->doc, ++r->pages, false, 0, 0);
    Buf date = buf_new(r->arena, KB(4));
    doc_heading(r->doc, 1, page_title(r, space, page, &date));
    doc_paragraph(r->doc, buf_str(&date));
    write_author(r, space, page);
    if (r->pages == 1 && one_property(page, PROPERTY_CREATED, &created))
        doc_meta_filetime(r->doc, "created", created.number);
    else if (r->pages == 1)
        write_time(r, page, PROPERTY_CREATED_32, "created");
    if (r->pages == 1)
        write_time(r, page, PROPERTY_MODIFIED_32, "modified");
    write_list(r, space, page, PROPERTY_ELEMENTS, 1);
    write_list(r, space, page, PROPERTY_CONTENT, 1);
}

/* What a page's space holds: a manifest, and below it the page. */
static void write_page_space(Reader *r, const OneSpace *space, OneObject *object, int depth)
{
    static const uint32_t lists[] = { PROPERTY_CONTENT, PROPERTY_ELEMENTS };
    OneProperty property;
    if (!object || object->is_written || depth > 8)
        return;
    if (object->kind == KIND_PAGE) {
        write_page(r, space, object);
        return;
    }
    object->is_written = true;
    for (size_t i = 0; i < COUNT(lists); i++)
        if (one_property(object, lists[i], &property))
            for (size_t k = 0; k < property.id_count; k++)
                write_page_space(r, space, one_object(space, property.ids[k]), depth + 1);
}

static void write_space(Reader *r, const OneSpace *space)
{
    arena_reset(r->arena);
    write_page_space(r, space, one_object(space, space->root), 0);
}

/* A section's series list the spaces of their pages, in order. */
static void write_section(Reader *r, const OneSpace *space, OneObject *object, int depth)
{
    OneProperty children, spaces;
    if (!object || object->is_written || depth > 8)
        return;
    object->is_written = true;
    if (one_property(object, PROPERTY_SPACES, &spaces))
        for (size_t i = 0; i < spaces.id_count && doc_writer_ok(r->doc); i++) {
            const OneSpace *page = one_space(r->store, spaces.ids[i]);
            if (page)
                write_space(r, page);
        }
    if (one_property(object, PROPERTY_ELEMENTS, &children))
        for (size_t i = 0; i < children.id_count; i++)
            write_section(r, space, one_object(space, children.ids[i]), depth + 1);
}

/* --- The table of contents of a notebook --- */

static void write_contents(Reader *r, const OneSpace *space, OneObject *object, int depth)
{
    enum { PROPERTY_NAME = 0x1C001D6B, PROPERTY_CHILDREN = 0x24001CF6 };
    OneProperty children;
    if (!object || object->is_written || depth > 8)
        return;
    object->is_written = true;
    Str name = text_of(r, object, PROPERTY_NAME);
    if (name.length)
        doc_list_item(r->doc, MAX(1, depth), S("-"), name);
    if (one_property(object, PROPERTY_CHILDREN, &children))
        for (size_t i = 0; i < children.id_count; i++)
            write_contents(r, space, one_object(space, children.ids[i]), depth + 1);
}

static bool onenote_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *page_arena = arena_new(GB(1));
    OneStore store;
    if (!one_open(arena, source->bytes, &store, err))
        return false;
    Reader r = { .doc = doc, .arena = page_arena, .store = &store };
    for (size_t i = 0; i < store.spaces.count; i++) {
        const OneSpace *space = store.spaces.at[i];
        OneObject *root = one_object(space, space->root);
        if (root && root->kind == KIND_SECTION)
            write_section(&r, space, root, 0);
        else if (space == store.root)
            write_contents(&r, space, root, 0);
    }
    /* Pages that the section does not name, as in a damaged file. */
    for (size_t i = 0; i < store.spaces.count && doc_writer_ok(doc); i++)
        write_space(&r, store.spaces.at[i]);
    char warning[64];
    snprintf(warning, sizeof warning, "%d picture%s without text", r.pictures,
             r.pictures == 1 ? "" : "s");
    if (r.pictures)
        doc_warning(doc, str(warning));
    if (r.pages == 0 && store.is_encrypted)
        return fail(err, ERROR_ENCRYPTED,
                    "the section is protected by a password; unlock it in OneNote first");
    return true;
}

static int onenote_sniff(Str bytes) { return one_is_file(bytes) ? 95 : 0; }

const Extractor extractor_onenote = {
    .name = "onenote",
    .title = "OneNote section",
    .extensions = LIST("one", "onetoc2"),
    .media_types = LIST("application/msonenote", "application/onenote"),
    .sniff = onenote_sniff,
    .extract = onenote_extract,
};
