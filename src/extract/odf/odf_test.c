/* odf_test.c - OpenDocument files built here, most of them flat. */
#include <openssl/evp.h>

#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"

extern const Extractor extractor_odt, extractor_ods, extractor_odp;

#define NS(name) "xmlns:" name "='urn:oasis:names:tc:opendocument:xmlns:" name ":1.0' "
#define FLAT(kind, inside)                                                                         \
    "<?xml version='1.0'?><office:document " NS("office") NS("text") NS("table") NS("style")       \
        NS("presentation")                                                                         \
            NS("meta") "xmlns:draw='urn:oasis:names:tc:opendocument:xmlns:drawing:1.0' "           \
                       "xmlns:svg='urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0' "     \
                       "xmlns:dc='http://purl.org/dc/elements/1.1/' "                              \
                       "office:mimetype='application/vnd.oasis.opendocument." kind "'>" inside     \
                       "</office:document>"
#define TEXT(inside)                                                                               \
    FLAT("text", "<office:body><office:text>" inside "</office:text></office:body>")

static const DumpCase text_cases[] = {
    { "headings, white space, breaks",
      TEXT(
          "<text:h text:outline-level='2'>A</text:h><text:p> a \n b<text:s text:c='2'/>c<text:tab/>"
          "d<text:line-break/>e</text:p>"),
      "h2 A\np a b  c\td\\ne\n" },
    { "the reading of a word follows it",
      TEXT("<text:p><text:ruby><text:ruby-base>漢字</text:ruby-base><text:ruby-text>かんじ"
           "</text:ruby-text></text:ruby>b<text:ruby><text:ruby-base>c</text:ruby-base>"
           "<text:ruby-text/></text:ruby></text:p>"),
      "p 漢字(かんじ)bc\n" },
    { "lists by their styles, nested",
      FLAT("text", "<office:automatic-styles><text:list-style style:name='L'>"
                   "<text:list-level-style-number text:level='1' style:num-format='1' "
                   "style:num-suffix='.'/><text:list-level-style-number text:level='2' "
                   "style:num-format='a' style:num-suffix=')'/></text:list-style>"
                   "</office:automatic-styles><office:body><office:text>"
                   "<text:list text:style-name='L'><text:list-item><text:p>one</text:p><text:list>"
                   "<text:list-item><text:p>in</text:p></text:list-item></text:list>"
                   "</text:list-item><text:list-item text:start-value='7'><text:p>two</text:p>"
                   "</text:list-item></text:list></office:text></office:body>"),
      "li1 1. one\nli2 a) in\nli1 7. two\n" },
    { "notes and comments stand after their paragraph; deleted text is a note",
      TEXT("<text:tracked-changes><text:changed-region><text:insertion><office:change-info>"
           "<dc:creator>Eve</dc:creator></office:change-info></text:insertion>"
           "</text:changed-region><text:changed-region><text:deletion><office:change-info>"
           "<dc:creator>Bob</dc:creator><dc:date>2020</dc:date></office:change-info><text:p>gone"
           "</text:p></text:deletion></text:changed-region></"
           "text:tracked-changes><text:p>a<text:note "
           "text:note-class='endnote'><text:note-citation>1</text:note-citation><text:note-body>"
           "<text:p>n</text:p></text:note-body></text:note>b<office:annotation><dc:creator>Ann"
           "</dc:creator><dc:date>2020</dc:date><text:p>c</text:p></office:annotation></text:p>"),
      "note(tracked change) Bob deleted: gone\np ab\nnote(endnote) n\nnote(comment) Ann on "
      "[ab]\\nc\n" },
    { "a comment quotes its range, or the words before it",
      TEXT("<text:p>One two <office:annotation office:name='n1'><dc:creator>Ann</dc:creator>"
           "<text:p>c</text:p></office:annotation>three<office:annotation-end office:name='n1'/> "
           "four</text:p><text:p><office:annotation><text:p>d</text:p></office:annotation>five"
           "</text:p><text:p>a b c d e f g h<office:annotation><text:p>e</text:p>"
           "</office:annotation></text:p>"),
      "p One two three four\nnote(comment) Ann on [three]\\nc\np five\nnote(comment) d\n"
      "p a b c d e f g h\nnote(comment) on [c d e f g h]\\ne\n" },
    { "tables: header rows, spans, repeated cells, a table inside",
      TEXT(
          "<table:table><table:table-header-rows><table:table-row><table:table-cell "
          "table:number-columns-spanned='2'><text:p>H</text:p></table:table-cell>"
          "<table:covered-table-cell/></table:table-row></table:table-header-rows><table:table-row>"
          "<table:table-cell table:number-columns-repeated='2'><text:p>x</text:p><table:table>"
          "<table:table-row><table:table-cell><text:p>y</text:p></table:table-cell>"
          "</table:table-row></table:table></table:table-cell></table:table-row></table:table>"),
      "rowh H\nrow x y | x y\n" },
    { "links say where they lead",
      TEXT("<text:p><text:a xlink:href='https://x.org/'>here</text:a> or <text:a "
           "xlink:href='#top'>there</text:a></text:p>"),
      "p here or there\nnote(link) https://x.org/\n" },
    { "a text box and a picture's description",
      TEXT("<text:p>out<draw:frame><draw:text-box><text:p>in</text:p></draw:text-box></draw:frame>"
           "<draw:frame><draw:image/><svg:title>A cat</svg:title></draw:frame></text:p>"),
      "p out\np in\nimg A cat\n" },
    { "meta data and a header",
      FLAT("text",
           "<office:meta><dc:title>T</dc:title><meta:initial-creator>A</meta:initial-creator>"
           "<meta:editing-duration>PT1H2M</meta:editing-duration><meta:user-defined "
           "meta:name='Key'>v</meta:user-defined></office:meta><office:master-styles>"
           "<style:master-page><style:header><text:p>top</text:p></style:header>"
           "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p>"
           "</style:footer></style:master-page></office:master-styles>"),
      "meta(title) T\nmeta(author) A\nmeta(editing_time) 3720.000000\nmeta(key) v\nheader top\n" },
    { "cut in the middle", "<office:document " NS("office") NS("text") "><text:p>half",
      "p half\n~ the XML is broken at line 1\n" },
};

Test(extract, opendocument_texts_become_blocks)
{
    DUMP_CASES(extractor_odt, text_cases, 0);
    cr_expect(extractor_choose(str(text_cases[0].input), STR_NONE, STR_NONE) == &extractor_odt);
}

Test(extract, opendocument_sheets_have_cells_and_bounded_repeats)
{
    static const DumpCase cases[] = {
        { "two tables with an empty row between; hidden",
          FLAT(
              "spreadsheet",
              "<office:automatic-styles><style:style style:name='s' style:family='table'>"
              "<style:table-properties table:display='false'/></style:style>"
              "</office:automatic-styles><office:body><office:spreadsheet><table:table "
              "table:name='S' table:style-name='s'><table:table-row><table:table-cell/>"
              "<table:table-cell office:value='2'/><table:table-cell "
              "table:number-columns-repeated='16000'/></table:table-row><table:table-row "
              "table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>"
              "<table:table-row table:number-rows-repeated='2'><table:table-cell><text:p>z</text:p>"
              "<office:annotation><text:p>c</text:p></office:annotation></table:table-cell>"
              "</table:table-row></table:table></office:spreadsheet></office:body>"),
          "h1 S (hidden) @S\nrow  | 2 @S!B1\nrow z @S!A1048002\nrow z @S!A1048003\n"
          "note(comment) c @S!A1048002\n" },
    };
    DUMP_CASES(extractor_ods, cases, .places = true);
}

Test(extract, opendocument_repeats_that_are_cut_are_said)
{
    static const struct {
        const char *columns, *rows;
        bool is_said;
    } cases[] = { { "200", "900", false }, { "16000", "1", true }, { "1", "1048000", true } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        Str file = str_format(
            arena,
            FLAT("spreadsheet",
                 "<office:body><office:spreadsheet><table:table table:name='S'><table:table-row "
                 "table:number-rows-repeated='%s'><table:table-cell table:number-columns-repeated="
                 "'%s'><text:p>z</text:p></table:table-cell></table:table-row></table:table>"
                 "</office:spreadsheet></office:body>"),
            cases[i].rows, cases[i].columns);
        const char *got = dump(arena, &extractor_ods, file, (DumpOptions){ 0 });
        cr_expect_eq(strstr(got, "that repeat are shown in part") != NULL, cases[i].is_said,
                     "%s rows of %s", cases[i].rows, cases[i].columns);
    }
}

Test(extract, opendocument_slides_have_titles_notes_and_master_footers)
{
    static const DumpCase cases[] = {
        { "a hidden slide",
          FLAT(
              "presentation",
              "<office:automatic-styles><style:style style:name='d' style:family='drawing-page'>"
              "<style:drawing-page-properties presentation:visibility='hidden'/></style:style>"
              "</office:automatic-styles><office:master-styles><style:master-page><draw:frame "
              "presentation:class='title'><draw:text-box><text:p>Click</text:p></draw:text-box>"
              "</draw:frame><draw:frame presentation:class='footer'><draw:text-box><text:p>foot"
              "</text:p></draw:text-box></draw:frame></style:master-page></office:master-styles>"
              "<office:body><office:presentation><draw:page draw:style-name='d'><draw:frame "
              "presentation:class='title'><draw:text-box><text:p>T</text:p></draw:text-box>"
              "</draw:frame><presentation:notes><draw:frame presentation:class='page-number'>"
              "<draw:text-box><text:p>9</text:p></draw:text-box></draw:frame><draw:frame "
              "presentation:class='notes'><draw:text-box><text:p>say</text:p></draw:text-box>"
              "</draw:frame></presentation:notes></draw:page></office:presentation></office:body>"),
          "header foot\npage \nheader (hidden slide)\nh1 T\nnote(speaker note) say\n"
          "meta(slides) 1\n" },
    };
    DUMP_CASES(extractor_odp, cases, 0);
}

Test(extract, packages_of_openoffice_1_are_read_in_spite_of_their_document_type)
{
    static const Member members[] = {
        { "mimetype", "application/vnd.sun.xml.writer", 0 },
        { "content.xml",
          "<!DOCTYPE office:document-content PUBLIC '-//OpenOffice.org//DTD' 'office.dtd'>"
          "<office:document-content xmlns:office='http://openoffice.org/2000/office' "
          "xmlns:text='http://openoffice.org/2000/text'><text:h text:level='3'>H</text:h>"
          "<text:ordered-list><text:list-item><text:p>x</text:p></text:list-item>"
          "</text:ordered-list></office:document-content>",
          0 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = package_of(arena, members, COUNT(members));
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_odt);
    cr_expect_str_eq(dump(arena, &extractor_odt, bytes, (DumpOptions){ 0 }), "h3 H\nli1 1. x\n");
}

/* --- Locked packages; made by other libraries than those that open them here --- */

static const struct {
    const char *about, *base64;
} locked_packages[] = {
    { "Blowfish",
      "UEsDBBQAAAAAAAAAIVhexjIMJwAAACcAAAAIAAAAbWltZXR5cGVhcHBsaWNhdGlvbi92bmQub2FzaXMub3Bl"
      "bmRvY3VtZW50LnRleHRQSwMEFAAAAAAAAAAhWFQSkenHAAAAxwAAAAsAAABjb250ZW50LnhtbKbha9AJ31rc"
      "EUu5ZljCgTB6NUQcY4vyEfxX4X8ROji8QmcBEvKhT/RyOwfe0kpnLMHxkyyWyZWBX4TlMbIY7biS7BfTvF+2"
      "tioJmhbIv0tmUTG7ilxVpjM3MrdivUqMfsGyVAu1BKBZ379t9Pj5hZO9Y2LbLocTOgQtF3U75oks6/OfCcM4"
      "YkhBbuMolSSf2mBHcvXX+6OBlBmtkj80ic2PEriQi5Yh5qB9sn6kBh6/smLDgRzt5I8qOgvCEWAj2z+bFL9H"
      "unBQSwMEFAAAAAAAAAAhWNVCZeqZAAAAmQAAAAgAAABtZXRhLnhtbJcZkeWx/3WVfZcInVOA2+s25vBL8nhR"
      "lp3K90+gcPnXsmKvFAHhPVsaxqpHaS/FN6SbPc7TDQX7XTqRzsumyjiftjNEtaP+DNZj5pxeC+IGxnhaMAry"
      "BhpwY85nSzZ+Y0rxpdtQiuFwmylPe1uh2V5/SIPGijF8j7ngoSQ/2w3uJLJIi9Dt9ZzfK+1Ooecu1kHHiBDN"
      "Dzuz/FBLAwQUAAAACAAAACFYtduqVoIBAABaBAAAFQAAAE1FVEEtSU5GL21hbmlmZXN0LnhtbL2RW0+DQBCF"
      "/wrZV4MUxBtxTUBFY22sVbT1bV0WWdlL3YtCf71YL2CMiTHq28yZkzmT+XY4ErQg2kRvhVNzJvR7C4FVIpJI"
      "Ux0JxImODI7knIhcYsuJMNFHf+SvDsDuzntbUEbc1qYap9MsY+4cmRICLIVpp6vtEtAZOMkpck0zJxAYUhvv"
      "41jTRTtY2w76QURg1cwNlcLNkUGdG5cEV9ry133nR7Hv+UPw2QDB9cV0q85mlKRtcVzSaYgPm8l0OJID2M9C"
      "7FYqakrufJbc5y9BkDD5WFBdOntp0suighqKGNVoeekDwUYqCIogPAgvLUv2MAReL6kijZsTRR+WfucL/TVz"
      "nAz306CfZoh6MWBpRcvSHwRh/5GItWJ2sD3ipzf52iC1Fd0Yp+lZoGK4PMT76r/9Ucf4++A5Megn1IMw/G3q"
      "8chmp1eHM2/hZZthXKU+r4OrkxM9nP0t9Vlxlt/d2PXRpPp/6t7GpDkSyeJ+fL4Sq3qiLiqcPf6Qeqe+FbtP"
      "UEsBAhQDFAAAAAAAAAAhWF7GMgwnAAAAJwAAAAgAAAAAAAAAAAAAAIABAAAAAG1pbWV0eXBlUEsBAhQDFAAA"
      "AAAAAAAhWFQSkenHAAAAxwAAAAsAAAAAAAAAAAAAAIABTQAAAGNvbnRlbnQueG1sUEsBAhQDFAAAAAAAAAAh"
      "WNVCZeqZAAAAmQAAAAgAAAAAAAAAAAAAAIABPQEAAG1ldGEueG1sUEsBAhQDFAAAAAgAAAAhWLXbqlaCAQAA"
      "WgQAABUAAAAAAAAAAAAAAIAB/AEAAE1FVEEtSU5GL21hbmlmZXN0LnhtbFBLBQYAAAAABAAEAOgAAACxAwAA"
      "AAA=" },
    { "AES-GCM",
      "UEsDBBQAAAAAAAAAIVhexjIMJwAAACcAAAAIAAAAbWltZXR5cGVhcHBsaWNhdGlvbi92bmQub2FzaXMub3Bl"
      "bmRvY3VtZW50LnRleHRQSwMEFAAAAAAAAAAhWEM1jaHAAgAAwAIAABEAAABlbmNyeXB0ZWQtcGFja2FnZXR3"
      "ZWx2ZSBieXRlc52KfoY3uAYKgydlFMpZm/AKNu52TfC+uqjn4Xlv0vDacEoO8TVOiqCWWQXhmaU22mJcrs37"
      "Iv1YsYw6s1U0dOU6+iuTtjyis55PN/VRuwpcufNqCQbP3UyKpwJwjrsViWv3xyR/lR0IDXAKRyjlF7lNg41X"
      "5YPyIrLAVJNYLLY2e2HSAM+vKi3wMZ1MyulLfylmGzz8GjlKJXEbCEmZ+YNOeY1DLg1NtvsJ9pKwtBSN9/Zm"
      "n5IqyFSj4tJBVKdSmkcUQwtcitSnSZrYNiivEkPWl69T7khDZrZ7fTIfS0dJwC7mw26H7407Ahx3KnmKeIBf"
      "Ajut5hd9eCJ6W5ogHVtn447aCiSKZbXQSPsP8m6/gyn6pKE3UH12bbARVSweKM0qRhaO+j3t9G+RH2WoRJbK"
      "oJ1QrIurdIyPcLD+7K6DlRwg/SPcnxdSG0siyhxIECWjEbpkmsHdBdKLoTXwwss49qoO1Y9Bj3LkRXNfNlpI"
      "ucuwajNW3En2gcQysIWYf4dp3ubt40VSk+fH22bN4BNYZ5/ZxfljlZJZ8TX27281CtVZRw+dTFjqzirA3s9a"
      "nWd5NKdiJnvMyFK0pm/QTNlKDMuMK7N3Y2rsZszmazFx3aKdG59bXAKlXLWsvUqLJoNSaNi/QHX8n7hfBIYH"
      "42VIuOpWiAkBaNC8gAS2uTzORKZdSAn+zj0CaVOf8GdXM0VReLppA/3SVdCJ7joCIEzd9XYTSajguAWp0n8P"
      "stUhWLwiW5mvUtmiQp2+1WQF3IQx4yseW/vrCs9cdv7lEO+lcbLTFifa2/ufOCUG2p0vQjss9v53FvuAwO3M"
      "hcNIkvleq6imwtayORRemQT08rEaEWV7D20Z8BzyG0bIK4jEpuT4tAY4aci0FkbVSFjpN3qQHZbSEO+Sw1R5"
      "DJGAUZiQNY74UEsDBBQAAAAIAAAAIVhjY/1ytgEAAPMDAAAVAAAATUVUQS1JTkYvbWFuaWZlc3QueG1snVPL"
      "btswELz3KwTmTEmWnT6IyAFyaJLeCrQpmhsjruRF+BBIWrb89aUejum0yaE3coc7OzNaXV3vlUw6sA6NLski"
      "zUkCujICdVOSnz++0s/kev3hSnGNNTjPjock9Gn3ci3J1mpmuEPHNFfgmK+YaUELU20VaM/O37Nx0lSTBvZH"
      "AtuwY0dttlpwH3TNjLBvweIAcclMXWMFLGKYKF8GRJ5WZH0yUKMEGjhsf3pbb6WkLfebkgTztm89iHCvnnkD"
      "EaXDAwS+vPgUFRUI5NT3bYB420qsRs1Zp0U65pHGMaQ+KI3lzPNCBw1meYRw2RiLfqOSv0t0SKQkG+9blmW7"
      "3S7dLdMQXlbk+ZcshBJoF4sLDq64/EibSkWCUaNHLtGNOmkHlTe2JOJOyKe7R3l/++1S3D4cSBZpcZ5bT5+h"
      "pw1osGNn8i76nsJFlq9mkRduw4PESN5AMwW9LM40DIAIC9C9mn5en+f+1zKdcraN0QWKt2Ql08JNzyj62bMr"
      "yWtMgTK2D/XB4xkiuYbQsIz3i8vwH1SFXIUPIJ/wpnvEm8PvX/v8/ntZDmFkb+9N9o8Nj6vHw/oPUEsBAhQD"
      "FAAAAAAAAAAhWF7GMgwnAAAAJwAAAAgAAAAAAAAAAAAAAIABAAAAAG1pbWV0eXBlUEsBAhQDFAAAAAAAAAAh"
      "WEM1jaHAAgAAwAIAABEAAAAAAAAAAAAAAIABTQAAAGVuY3J5cHRlZC1wYWNrYWdlUEsBAhQDFAAAAAgAAAAh"
      "WGNj/XK2AQAA8wMAABUAAAAAAAAAAAAAAIABPAMAAE1FVEEtSU5GL21hbmlmZXN0LnhtbFBLBQYAAAAAAwAD"
      "ALgAAAAlBQAAAAA=" },
};

static Str decoded(Arena *arena, Str text)
{
    unsigned char *out = arena_alloc(arena, text.length);
    int length = EVP_DecodeBlock(out, (const unsigned char *)text.at, (int)text.length);
    while (text.length && text.at[text.length - 1] == '=')
        text.length--, length--;
    return (Str){ (const char *)out, (size_t)length };
}

Test(extract, packages_of_each_encryption_open_with_their_password_only)
{
    for (size_t i = 0; i < COUNT(locked_packages); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str bytes = decoded(arena, str(locked_packages[i].base64));
        const char *about = locked_packages[i].about;
        const char *got =
            dump(arena, &extractor_odt, bytes, (DumpOptions){ .password = "lantern" });
        const char *expected =
            str_c(arena, str_format(arena,
                                    "meta(encryption) %s\nmeta(title) Boxes\nh1 The locked box\n"
                                    "p A key lies under the third stone.\n",
                                    about));
        cr_expect_str_eq(got, expected, "%s: %s", about, got);
        got = dump(arena, &extractor_odt, bytes, (DumpOptions){ .password = "torch" });
        cr_expect(strstr(got, "! encrypted\n") && !strstr(got, "stone"), "%s: %s", about, got);
        got = dump(arena, &extractor_odt, bytes, (DumpOptions){ .password = "" });
        cr_expect_str_eq(got, "! encrypted\n", "%s: %s", about, got);
    }
}
