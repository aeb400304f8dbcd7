/* xlsx.c - Excel workbooks and templates since 2007, with or without macros (never run). */
#include "extract/sheet/xlsx_book.h"

static int xlsx_sniff(Str bytes)
{
    static const char *const types[] = {
        "spreadsheetml.sheet.main",         "spreadsheetml.template.main",
        "ms-excel.sheet.macroEnabled.main", "ms-excel.template.macroEnabled.main",
        "ms-excel.addin.macroEnabled.main", NULL
    };
    return ooxml_sniff(bytes, types);
}

static bool xlsx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    Book book = { .package = &package, .arena = arena, .doc = doc };
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    const Part *main_part = package_find(&package, ooxml_main_part(&package, "xl/workbook.xml"));
    if (!main_part)
        return fail(err, ERROR_DAMAGED, "the Excel file has no workbook part");
    if (!book_read(&book, main_part, err))
        return false;
    ooxml_write_meta(&package, doc);
    book_write_sheets(&book, book_write_sheet);
    doc_place(doc, &(Place){ 0 });
    ooxml_write_embedded(&package, doc, "xl/embeddings/");
    return true;
}

const Extractor extractor_xlsx = {
    .name = "xlsx",
    .title = "Excel workbook",
    .extensions = LIST("xlsx", "xlsm", "xltx", "xltm", "xlam"),
    .media_types = LIST("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                        "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
                        "application/vnd.ms-excel.sheet.macroenabled.12",
                        "application/vnd.ms-excel.template.macroenabled.12"),
    .sniff = xlsx_sniff,
    .extract = xlsx_extract,
};
