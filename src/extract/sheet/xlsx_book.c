/* xlsx_book.c - workbook.xml, sharedStrings.xml and styles.xml (ECMA-376 part 1, 18). */
#include "extract/sheet/xlsx_book.h"

#include "extract/sheet/number_format.h"

enum { SHEETS_MAX = 10000, STRINGS_MAX = 20000000, FORMATS_MAX = 100000 };

/* --- The workbook --- */

static bool book_start(void *self, const XmlElement *element)
{
    Book *book = self;
    if (str_is(element->name, "workbookPr")) {
        Str value = xml_attribute(element, "date1904");
        book->is_1904 = str_is(value, "1") || str_is(value, "true");
    } else if (str_is(element->name, "sheet") && book->sheets.count < SHEETS_MAX) {
        Str state = xml_attribute(element, "state");
        *vec_push(book->arena, &book->sheets) =
            (SheetEntry){ .name = str_copy(book->arena, xml_attribute(element, "name")),
                          .relation = str_copy(book->arena, xml_relation(element, "id")),
                          .is_hidden = str_is(state, "hidden") || str_is(state, "veryHidden") };
    }
    return true;
}

typedef struct StringReader {
    Book *book;
    Buf text, phonetic;
    bool in_text, in_phonetic;
} StringReader;

static bool string_start(void *self, const XmlElement *element)
{
    StringReader *reader = self;
    if (str_is(element->name, "si"))
        reader->text.length = reader->phonetic.length = 0;
    else if (str_is(element->name, "rPh"))
        reader->in_phonetic = true;
    reader->in_text = str_is(element->name, "t");
    return true;
}

static bool string_end(void *self, Str name)
{
    StringReader *reader = self;
    Book *book = reader->book;
    reader->in_text = false;
    if (str_is(name, "rPh"))
        reader->in_phonetic = false;
    if (!str_is(name, "si"))
        return true;
    sheet_reading(&book->readings, buf_str(&reader->text), buf_str(&reader->phonetic));
    *vec_push(book->arena, &book->strings) = str_copy(book->arena, buf_str(&reader->text));
    return book->strings.count < STRINGS_MAX && arena_used(book->arena) < MB(512);
}

static bool string_text(void *self, Str text)
{
    StringReader *reader = self;
    if (reader->in_text)
        buf_add(reader->in_phonetic ? &reader->phonetic : &reader->text, text);
    return true;
}

/* --- Number formats --- */

typedef struct CustomFormat {
    int id;
    Str code;
} CustomFormat;

typedef struct StyleReader {
    Book *book;
    VEC(CustomFormat) custom;
    bool in_cells;
} StyleReader;

static bool style_start(void *self, const XmlElement *element)
{
    StyleReader *reader = self;
    Arena *arena = reader->book->arena;
    if (str_is(element->name, "numFmt") && reader->custom.count < FORMATS_MAX) {
        *vec_push(arena, &reader->custom) =
            (CustomFormat){ xml_attribute_int(element, "numFmtId", 0),
                            str_copy(arena, xml_attribute(element, "formatCode")) };
    } else if (str_is(element->name, "cellXfs")) {
        reader->in_cells = true;
    } else if (str_is(element->name, "xf") && reader->in_cells &&
               reader->book->formats.count < FORMATS_MAX) {
        int id = xml_attribute_int(element, "numFmtId", 0);
        Str code = str(number_format_builtin(id));
        for (size_t i = 0; i < reader->custom.count; i++)
            if (reader->custom.at[i].id == id)
                code = reader->custom.at[i].code;
        *vec_push(arena, &reader->book->formats) = code;
    }
    return true;
}

static bool style_end(void *self, Str name)
{
    StyleReader *reader = self;
    if (str_is(name, "cellXfs"))
        reader->in_cells = false;
    return true;
}

const Part *book_part(const Book *book, const char *type)
{
    return relation_part(book->package, relation_by_type(&book->relations, type, 0));
}

static void read_shared(Book *book, const char *type, const XmlEvents *events, void *reader)
{
    const Part *part = book_part(book, type);
    Error err;
    if (part && !package_parse(book->package, part, events, reader, &err))
        ooxml_warn(book->doc, &err);
}

bool book_read(Book *book, const Part *main_part, Error *err)
{
    static const XmlEvents book_events = { .start = book_start };
    static const XmlEvents string_events = { string_start, string_end, string_text };
    static const XmlEvents style_events = { style_start, style_end, NULL };
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    StringReader strings = { .book = book,
                             .text = buf_new(scratch, MB(16)),
                             .phonetic = buf_new(scratch, MB(1)) };
    StyleReader styles = { .book = book };
    book->readings = buf_new(book->arena, SHEET_READINGS_MAX);
    book->relations = ooxml_relations(book->package, main_part->name);
    if (!package_parse(book->package, main_part, &book_events, book, err))
        return false;
    read_shared(book, "sharedStrings", &string_events, &strings);
    read_shared(book, "styles", &style_events, &styles);
    return true;
}

void book_write_sheets(Book *book,
                       void (*write)(Book *book, const SheetEntry *sheet, const Part *part))
{
    for (size_t i = 0; i < book->sheets.count && doc_writer_ok(book->doc); i++) {
        const SheetEntry *sheet = &book->sheets.at[i];
        const Relation *relation = relation_by_id(&book->relations, sheet->relation);
        const Part *part = relation_part(book->package, relation);
        sheet_heading(book->doc, sheet->name, sheet->is_hidden);
        if (part)
            write(book, sheet, part);
        doc_progress(book->doc, "sheets", (int64_t)i + 1, (int64_t)book->sheets.count);
    }
    sheet_readings_write(book->doc, &book->readings);
}
