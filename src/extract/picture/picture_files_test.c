/* picture_files_test.c - what picture files say about themselves, from files of a few bytes. */
#include "extract/formats/dump.h"
#include "extract/picture/picture_files.h"

/* A TIFF block, little-endian: IFD0 with make, orientation, EXIF and GPS directories. */
static const char exif_bytes[] = "II*\0\x08\0\0\0"
                                 /* 8: four entries */
                                 "\x04\0"
                                 "\x0F\x01\x02\0\x04\0\0\0Ado\0"
                                 "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
                                 "\x69\x87\x04\0\x01\0\0\0\x3E\0\0\0"
                                 "\x25\x88\x04\0\x01\0\0\0\x5C\0\0\0"
                                 "\0\0\0\0"
                                 /* 62: taken, ISO */
                                 "\x02\0"
                                 "\x03\x90\x02\0\x14\0\0\0\x92\0\0\0"
                                 "\x27\x88\x03\0\x01\0\0\0\x40\x01\0\0"
                                 "\0\0\0\0"
                                 /* 92: N 3 deg 30 min, W 12 deg */
                                 "\x04\0"
                                 "\x01\0\x02\0\x02\0\0\0N\0\0\0"
                                 "\x02\0\x05\0\x03\0\0\0\xA6\0\0\0"
                                 "\x03\0\x02\0\x02\0\0\0W\0\0\0"
                                 "\x04\0\x05\0\x03\0\0\0\xBE\0\0\0"
                                 "\0\0\0\0"
                                 /* 146 */
                                 "2008:05:30 15:56:01\0"
                                 /* 166 */
                                 "\x03\0\0\0\x01\0\0\0\x1E\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0"
                                 /* 190 */
                                 "\x0C\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0";

static const char xmp_text[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
                               "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
                               "<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' "
                               "xmlns:xmp='http://ns.adobe.com/xap/1.0/' "
                               "xmp:CreatorTool='Brush 2'><dc:title><rdf:Alt><rdf:li "
                               "xml:lang='x-default'>Harbour</rdf:li></rdf:Alt>"
                               "</dc:title><dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>boats</"
                               "rdf:li></rdf:Bag></dc:subject>"
                               "<xmp:CreateDate>2020-01-02T03:04:05.60+02:00</xmp:CreateDate></"
                               "rdf:Description></rdf:RDF></x:xmpmeta>";

static void add_be(Buf *out, uint32_t value, int size)
{
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(value >> shift));
}

static void add_segment(Buf *out, char marker, Str before, Str body)
{
    buf_add_char(out, (char)0xFF);
    buf_add_char(out, marker);
    add_be(out, (uint32_t)(2 + before.length + body.length), 2);
    buf_add(out, before);
    buf_add(out, body);
}

static void add_chunk(Buf *out, const char *type, Str body)
{
    add_be(out, (uint32_t)body.length, 4);
    buf_add(out, str(type));
    buf_add(out, body);
    add_be(out, 0, 4);
}

static void add_box(Buf *out, const char *type, Str body)
{
    add_be(out, (uint32_t)body.length + 8, 4);
    buf_add(out, str(type));
    buf_add(out, body);
}

/* "width=3 height=2 orientation=6 frames=0; key=value; ..." */
static Str facts_of(Arena *arena, Str bytes)
{
    PictureFacts facts = { .arena = arena };
    Buf out = buf_new(arena, KB(64));
    const PictureFile *file = picture_file_find(bytes);
    if (!file)
        return S("no picture");
    if (!file->facts(bytes, &facts))
        return S("damaged");
    buf_addf(&out, "%s %" PRId64 "x%" PRId64 " o%d f%" PRId64, file->extractor->name, facts.width,
             facts.height, facts.orientation, facts.frames);
    for (size_t i = 0; i < facts.facts.count; i++)
        buf_addf(&out, "; %s=" STR_FMT, facts.facts.at[i].key, STR_ARG(facts.facts.at[i].value));
    return buf_str(&out);
}

static void expect_facts(Str bytes, const char *expected)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str found = facts_of(arena, bytes);
    cr_expect(str_is(found, expected), "found    " STR_FMT "\nexpected %s", STR_ARG(found),
              expected);
    /* Cut anywhere, nothing is read that is not there. */
    for (size_t length = 0; length < bytes.length; length++) {
        AUTO_ARENA Arena *scratch = arena_new(MB(16));
        AUTO_FREE char *part = heap_alloc(MAX(length, (size_t)1));
        memcpy(part, bytes.at, length);
        (void)facts_of(scratch, (Str){ part, length });
    }
}

static Str exif(void) { return (Str){ exif_bytes, sizeof exif_bytes }; }

Test(extract, a_jpeg_says_exif_iptc_xmp_and_comments)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf out = buf_new(arena, KB(64));
    buf_add(&out, S("\xFF\xD8"));
    add_segment(&out, (char)0xE1, S("http://ns.adobe.com/xap/1.0/\0"), str(xmp_text));
    add_segment(&out, (char)0xE1, S("Exif\0\0"), exif());
    add_segment(&out, (char)0xED, S("Photoshop 3.0\0"),
                S("8BIM\x04\x04\0\0\0\0\0\x0E\x1C\x02\x74\0\x09"
                  "(c) Grace"
                  "\0\0"));
    add_segment(&out, (char)0xFE, S(""), S("hello"));
    add_segment(&out, (char)0xC0, S(""), S("\x08\0\x02\0\x03\x01\x01\x11\0"));
    add_segment(&out, (char)0xDA, S(""), S("pixels"));
    expect_facts(buf_str(&out),
                 "jpeg 3x2 o6 f0; camera_make=Ado; taken=2008-05-30T15:56:01; iso=320; "
                 "latitude=3.5; longitude=-12; bit_depth=8; software=Brush 2; title=Harbour; "
                 "keywords=sea; keywords=boats; created=2020-01-02T03:04:05+02:00; "
                 "copyright=(c) Grace; comment=hello");
}

Test(extract, a_png_says_its_texts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf out = buf_new(arena, KB(64));
    buf_add(&out, S("\x89PNG\r\n\x1A\n"));
    add_chunk(&out, "IHDR", S("\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0"));
    add_chunk(&out, "pHYs", S("\0\0\x2E\x23\0\0\x2E\x23\x01"));
    add_chunk(&out, "tEXt", S("Comment\0caf\xE9"));
    add_chunk(&out, "iTXt",
              S("Title\0\0\0\0\0"
                "Caf\xC3\xA9"));
    add_chunk(&out, "tIME", S("\x07\xE1\x06\x02\x10\x34\x08"));
    add_chunk(&out, "eXIf", exif());
    add_chunk(&out, "IEND", S(""));
    expect_facts(buf_str(&out), "png 3x2 o6 f0; bit_depth=8; resolution=300; comment=caf\xC3\xA9; "
                                "title=Caf\xC3\xA9; modified=2017-06-02T16:52:08Z; "
                                "camera_make=Ado; taken=2008-05-30T15:56:01; "
                                "iso=320; latitude=3.5; longitude=-12");
}

Test(extract, small_picture_files_say_their_size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf jp2 = buf_new(arena, KB(4)), heif = buf_new(arena, KB(4)), head = buf_new(arena, KB(4));
    buf_add(&jp2, S("\0\0\0\x0CjP  \r\n\x87\n"));
    add_box(&head, "ihdr", S("\0\0\0\x02\0\0\0\x03\0\x03\x07\x07\0\0"));
    add_box(&jp2, "jp2h", buf_str(&head));

    Buf sizes = buf_new(arena, KB(1)), properties = buf_new(arena, KB(1)),
        meta = buf_new(arena, KB(4));
    add_box(&sizes, "ispe", S("\0\0\0\0\0\0\0\x03\0\0\0\x02"));
    add_box(&properties, "ipco", buf_str(&sizes));
    add_box(&properties, "ipma", S("\0\0\0\0\0\0\0\x01\0\x01\x01\x01"));
    buf_add(&meta, S("\0\0\0\0"));
    add_box(&meta, "pitm", S("\0\0\0\0\0\x01"));
    add_box(&meta, "iprp", buf_str(&properties));
    add_box(&heif, "ftyp", S("heic\0\0\0\0"));
    add_box(&heif, "meta", buf_str(&meta));

    const struct {
        Str bytes;
        const char *expected;
    } cases[] = {
        { S("GIF89a\x03\0\x02\0\0\0\0!\xFE\x05hello\0,\0\0\0\0\x03\0\x02\0\0\x02\x01\0\0;"),
          "gif 3x2 o0 f1; comment=hello" },
        { S("RIFF\x16\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\x02\0\0\x01\0\0"), "webp 3x2 o0 f0" },
        { S("RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0/\x02\x40\0\0"), "webp 3x2 o0 f0" },
        { S("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x03\0\0\0\xFE\xFF\xFF\xFF\x01\0\x18\0"),
          "bmp 3x2 o0 f0; bit_depth=24" },
        { S("\xFF\x4F\xFF\x51\0\x29\0\0\0\0\0\x03\0\0\0\x02\0\0\0\0\0\0\0\0"), "jp2 3x2 o0 f0" },
        { buf_str(&jp2), "jp2 3x2 o0 f0; bit_depth=8" },
        { buf_str(&heif), "heif 3x2 o0 f0" },
        { S("8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x02\0\0\0\x03\0\x08\0\x03"),
          "psd 3x2 o0 f0; bit_depth=8" },
        { S("\0\0\1\0\1\0\x10\x20\0\0\1\0\x20\0\4\0\0\0\x16\0\0\0abcd"), "ico 16x32 o0 f1" },
        /* 16 rows, as wide as high */
        { S("\xFF\x0A\x43\0\0"), "jxl 16x16 o0 f0" },
        { S("P6 # made by hand\n3 2\n255\nabc"), "pnm 3x2 o0 f0" },
        { S("P7\nWIDTH 3\nHEIGHT 2\nDEPTH 1\nENDHDR\n"), "pnm 3x2 o0 f0" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_facts(cases[i].bytes, cases[i].expected);
}

Test(extract, a_tiff_counts_its_pages_once)
{
    /* Two directories that lead to one another. */
    static const char ring[] = "MM\0*\0\0\0\x08"
                               "\0\2\1\0\0\3\0\0\0\1\0\3\0\0\1\1\0\3\0\0\0\1\0\2\0\0\0\0\0\x26"
                               "\0\1\1\x0E\0\2\0\0\0\3no\0\0\0\0\0\x08";
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str found = facts_of(arena, (Str){ ring, sizeof ring - 1 });
    cr_expect(str_starts(found, S("tiff 3x2 o0 f")), STR_FMT, STR_ARG(found));
    cr_expect(!str_ends(found, S("f10000")), STR_FMT, STR_ARG(found));
}

Test(extract, text_is_no_picture)
{
    static const char *const texts[] = { "BM is a name", "P1 is the first", "P3 plan 2", "II*",
                                         "" };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(texts); i++) {
        Str found = facts_of(arena, str(texts[i]));
        cr_expect(str_is(found, "no picture") || str_is(found, "damaged"), "%s: " STR_FMT, texts[i],
                  STR_ARG(found));
    }
}

Test(extract, dates_of_pictures_become_iso)
{
    static const struct {
        const char *date, *zone, *expected;
    } cases[] = {
        { "2008:05:30 15:56:01", "", "2008-05-30T15:56:01" },
        { "2008:05:30 15:56:01", "+02:00", "2008-05-30T15:56:01+02:00" },
        { "20080530T155601+0200", "", "2008-05-30T15:56:01+02:00" },
        { "20080530", "", "2008-05-30" },
        { "2008-05", "", "2008-05" },
        { "2008", "", "2008" },
        { "2008-05-30T15:56:01.25Z", "", "2008-05-30T15:56:01Z" },
        { "0000:00:00 00:00:00", "", NULL },
        { "    :  :     :  :  ", "", NULL },
        { "yesterday", "", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        PictureFacts facts = { .arena = arena };
        picture_fact_date(&facts, "taken", str(cases[i].date), str(cases[i].zone));
        if (!cases[i].expected)
            cr_expect_eq(facts.facts.count, 0, "%s", cases[i].date);
        else
            cr_expect(facts.facts.count == 1 && str_is(facts.facts.at[0].value, cases[i].expected),
                      "%s: " STR_FMT, cases[i].date,
                      STR_ARG(facts.facts.count ? facts.facts.at[0].value : STR_NONE));
    }
}
