/* gnumeric_test.c - a workbook of Gnumeric, packed and not. */
#include <zlib.h>

#include "extract/formats/dump.h"

extern const Extractor extractor_gnumeric;

static const char sample[] =
    "<?xml version='1.0' encoding='UTF-8'?><gnm:Workbook "
    "xmlns:gnm='http://www.gnumeric.org/v10.dtd' "
    "xmlns:office='o' xmlns:dc='dc'><office:document-meta><office:meta><dc:title>Costs</dc:title>"
    "</office:meta></office:document-meta><gnm:Sheets><gnm:Sheet><gnm:Name>One</gnm:Name>"
    "<gnm:Objects><gnm:CellComment Author='Ann' Text='Why?' ObjectBound='B1'/></gnm:Objects>"
    "<gnm:Cells><gnm:Cell Row='1' Col='1' ValueType='40' ValueFormat='0.00'>2.5</gnm:Cell>"
    "<gnm:Cell Row='1' Col='0'>=A1+1</gnm:Cell><gnm:Cell Row='0' Col='0' ValueType='60'>wide"
    "</gnm:Cell></gnm:Cells><gnm:MergedRegions><gnm:Merge>A1:B1</gnm:Merge></gnm:MergedRegions>"
    "</gnm:Sheet><gnm:Sheet Visibility='GNM_SHEET_VISIBILITY_HIDDEN'><gnm:Name>Two</gnm:Name>"
    "<gnm:Cells><gnm:Cell Row='0' Col='0' ValueType='20'>true</gnm:Cell></gnm:Cells></gnm:Sheet>"
    "</gnm:Sheets></gnm:Workbook>";

static Str packed(Arena *arena)
{
    unsigned char *out = arena_alloc(arena, KB(16));
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)sample,
                        .avail_in = sizeof sample - 1,
                        .next_out = out,
                        .avail_out = KB(16) };
    cr_assert(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    cr_assert(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&stream);
    return (Str){ (const char *)out, stream.total_out };
}

Test(extract, gnumeric_workbooks_have_sheets_of_rows)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const Str files[] = { str(sample), packed(arena) };
    for (size_t i = 0; i < COUNT(files); i++) {
        cr_expect_str_eq(dump(arena, &extractor_gnumeric, files[i], (DumpOptions){ 0 }),
                         "meta(title) Costs\nh1 One\nrow wide\nrow =A1+1 | 2.50\n"
                         "note(comment) Ann: Why?\nh1 Two (hidden)\nrow TRUE\nmeta(sheets) 2\n");
        cr_expect(extractor_choose(files[i], S("a"), STR_NONE) == &extractor_gnumeric);
        for (size_t cut = 0; cut < files[i].length; cut += 7)
            (void)dump(arena, &extractor_gnumeric, str_slice(files[i], 0, cut), (DumpOptions){ 0 });
    }
}
