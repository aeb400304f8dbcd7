/* kinds_test.c - kinds of documents that are seldom met: Visio, Publisher, Hangul, DjVu, OneNote.
 * Samples are built here. */
#include "extract/djvu/djvu.h"
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"
#include "extract/ole/ole_sample.h"

extern const Extractor extractor_vsdx, extractor_vdx, extractor_pub, extractor_hwp, extractor_hwpx,
    extractor_djvu;

/* What is cut anywhere must end in one way or another. */
static void expect_cut_files_to_end(Arena *arena, const Extractor *extractor, Str bytes)
{
    for (size_t cut = 1; cut < bytes.length; cut += 1 + bytes.length / 97)
        dump(arena, extractor, str_slice(bytes, 0, cut), (DumpOptions){ 0 });
}

/* --- Visio --- */

#define RELATION(type) "http://schemas.microsoft.com/visio/2010/relationships/" type

static const Member visio[] = {
    { "[Content_Types].xml",
      "<Types><Override PartName='/visio/document.xml' "
      "ContentType='application/vnd.ms-visio.drawing.main+xml'/></Types>",
      0 },
    { "_rels/.rels",
      "<Relationships><Relationship Id='a' Type='" RELATION(
          "document") "' "
                      "Target='visio/document.xml'/></Relationships>",
      0 },
    { "visio/document.xml", "<VisioDocument/>", 0 },
    { "visio/_rels/document.xml.rels",
      "<Relationships><Relationship Id='m' Type='" RELATION(
          "masters") "' "
                     "Target='masters/masters.xml'/><Relationship Id='p' Type='" RELATION(
                         "pages") "' "
                                  "Target='pages/pages.xml'/></Relationships>",
      0 },
    { "visio/masters/masters.xml",
      "<Masters xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'>"
      "<Master ID='4' Name='Router'><Rel r:id='r1'/></Master></Masters>",
      0 },
    { "visio/masters/_rels/masters.xml.rels",
      "<Relationships><Relationship Id='r1' Type='x/master' Target='master1.xml'/>"
      "</Relationships>",
      0 },
    { "visio/masters/master1.xml",
      "<MasterContents><Shapes><Shape ID='5'><Text>Router</Text></Shape></Shapes>"
      "</MasterContents>",
      0 },
    { "visio/pages/pages.xml",
      "<Pages xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'>"
      "<Page ID='0' Name='Net'><PageSheet><Cell N='PageWidth' V='2'/></PageSheet>"
      "<Rel r:id='r1'/></Page></Pages>",
      0 },
    { "visio/pages/_rels/pages.xml.rels",
      "<Relationships><Relationship Id='r1' Type='x/page' Target='page1.xml'/></Relationships>",
      0 },
    { "visio/pages/page1.xml",
      "<PageContents><Shapes><Shape ID='1' Master='4'/><Shape ID='2' Master='4'><Section "
      "N='Property'><Row><Cell N='Value' V='10.0.0.1'/><Cell N='Label' V='Address'/></Row>"
      "</Section><Text><cp IX='0'/>Own</Text></Shape></Shapes></PageContents>",
      0 },
};

Test(extract, a_visio_shape_without_text_shows_that_of_its_master)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = package_of(arena, visio, COUNT(visio));
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_vsdx);
    const char *got = dump(arena, &extractor_vsdx, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "page \nh1 Net\np Router\np Address: 10.0.0.1\np Own\n", "%s", got);
}

Test(extract, visio_xml_has_pages_and_facts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = S("<?xml version='1.0'?><VisioDocument><DocumentProperties><Title>Plan</Title>"
                  "</DocumentProperties><Masters><Master ID='1'><Shapes><Shape ID='5'><Text>M"
                  "</Text></Shape></Shapes></Master></Masters><Pages><Page ID='0' NameU='One'>"
                  "<Shapes><Shape ID='1' Master='1'/><Shape ID='2'><Text>Box</Text></Shape>"
                  "</Shapes></Page></Pages></VisioDocument>");
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_vdx);
    const char *got = dump(arena, &extractor_vdx, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "meta(title) Plan\npage \nh1 One\np M\np Box\n", "%s", got);
}

/* --- Publisher --- */

static void add_utf16(Buf *out, const char *ascii)
{
    for (; *ascii; ascii++)
        sample_number(out, (unsigned char)*ascii, 2);
}

Test(extract, the_text_of_a_publisher_document_is_a_piece_of_its_stream)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf quill = buf_new(arena, KB(4)), escher = buf_new(arena, KB(4));
    buf_add(&quill, S("CHNKINK "));
    sample_fill(&quill, 0x20, 0);
    sample_number(&quill, 24, 2);
    buf_add(&quill, S("TEXT\0\0\0\0\0\0TEXT"));
    sample_number(&quill, 0x38, 4);
    sample_number(&quill, 18, 4);
    add_utf16(&quill, "One\rTwo\fX");
    sample_number(&escher, 0x1F, 2); /* one property */
    sample_number(&escher, 0xF000, 2);
    sample_number(&escher, 0, 4);
    sample_number(&escher, 0x13, 2);
    sample_number(&escher, 0xF00B, 2);
    sample_number(&escher, 14, 4);
    sample_number(&escher, 0x80C0, 2);
    sample_number(&escher, 8, 4);
    add_utf16(&escher, "Art!");
    OleMember members[] = { { "Quill/", { 0 } },
                            { "Quill/QuillSub/", { 0 } },
                            { "Quill/QuillSub/CONTENTS", buf_str(&quill) },
                            { "Escher/", { 0 } },
                            { "Escher/EscherStm", buf_str(&escher) } };
    Str bytes = ole_sample(arena, members, COUNT(members));
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_pub);
    const char *got = dump(arena, &extractor_pub, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "p One\np Two\np X\np Art!\n", "%s", got);
    expect_cut_files_to_end(arena, &extractor_pub, bytes);
}

/* --- Hangul --- */

static void add_record(Buf *out, unsigned tag, unsigned level, Str bytes)
{
    sample_number(out, tag | level << 10 | (uint32_t)bytes.length << 20, 4);
    buf_add(out, bytes);
}

static void add_hangul_text(Buf *out, unsigned level, const char *text)
{
    Buf words = buf_new(out->arena, KB(1));
    add_utf16(&words, text);
    add_record(out, 0x42, level, S("\0\0\0\0\0\0\0\0\0\0\0\0"));
    add_record(out, 0x43, level + 1, buf_str(&words));
}

static Str hangul(Arena *arena, uint32_t flags)
{
    Buf header = buf_new(arena, KB(1)), info = buf_new(arena, KB(1)), text = buf_new(arena, KB(4));
    buf_add(&header, S("HWP Document File"));
    sample_fill(&header, 32, 0);
    sample_number(&header, 0x05000000, 4);
    sample_number(&header, flags, 4);
    add_record(&info, 0x1A, 0, S("\0\0"));
    add_hangul_text(&text, 0, "A\x09........B");
    add_record(&text, 0x47, 1, S(" lbt"));
    add_record(&text, 0x48, 2, S("\1\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0"));
    add_hangul_text(&text, 2, "cell");
    add_record(&text, 0x48, 2, S("\1\0\0\0\0\0\0\0\0\0\1\0\1\0\1\0"));
    add_hangul_text(&text, 2, "next");
    add_record(&text, 0x47, 3, S("  nf"));
    add_hangul_text(&text, 4, "note");
    add_hangul_text(&text, 0, "End");
    OleMember members[] = { { "FileHeader", buf_str(&header) },
                            { "DocInfo", buf_str(&info) },
                            { "BodyText/", { 0 } },
                            { "BodyText/Section0", buf_str(&text) } };
    return ole_sample(arena, members, COUNT(members));
}

Test(extract, a_hangul_document_has_tables_and_notes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str bytes = hangul(arena, 0);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_hwp);
    const char *got = dump(arena, &extractor_hwp, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "p A\t.B\nrow cell\nrow next\nnote(footnote) note\np End\n", "%s", got);
    got = dump(arena, &extractor_hwp, hangul(arena, 2), (DumpOptions){ 0 });
    cr_expect(str_starts(str(got), S("! encrypted")), "%s", got);
    expect_cut_files_to_end(arena, &extractor_hwp, bytes);
}

Test(extract, a_hangul_package_has_headings_tables_and_notes)
{
    static const Member members[] = {
        { "mimetype", "application/hwp+zip", 0 },
        { "Contents/content.hpf",
          "<package><metadata><title>T</title><meta name='creator'>Kim</meta></metadata></package>",
          0 },
        { "Contents/header.xml", "<head><style id='2' engName='Outline 2'/></head>", 0 },
        { "Contents/section0.xml",
          "<sec><p styleIDRef='2'><run><t>Head</t></run></p><p><run><t>Before</t><tbl><tr><tc>"
          "<subList><p><run><t>a</t><tbl><tr><tc><subList><p><t>in</t></p></subList></tc></tr>"
          "</tbl></run></p></subList><cellSpan colSpan='2' rowSpan='1'/></tc><tc><subList><p><t>b"
          "</t></p></subList></tc></tr></tbl><ctrl><footNote><subList><p><t>note</t></p></subList>"
          "</footNote></ctrl></run></p></sec>",
          0 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = package_of(arena, members, COUNT(members));
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_hwpx);
    const char *got = dump(arena, &extractor_hwpx, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "meta(title) T\nmeta(author) Kim\nh2 Head\np Before\nrow a in | b\n"
                     "note(footnote) note\n",
                     "%s", got);
}

/* --- DjVu --- */

static void add_big(Buf *out, uint64_t number, int width)
{
    while (width-- > 0)
        buf_add_char(out, (char)(number >> (8 * width)));
}

static void add_chunk(Buf *out, const char *id, Str bytes)
{
    buf_add(out, str(id));
    add_big(out, bytes.length, 4);
    buf_add(out, bytes);
    if (bytes.length & 1)
        buf_add_char(out, 0);
}

static void add_zone(Buf *out, int type, const int box[4], int start, int length, int children)
{
    add_big(out, (uint64_t)type, 1);
    for (int i = 0; i < 4; i++)
        add_big(out, (uint64_t)(box[i] + 0x8000), 2);
    add_big(out, (uint64_t)(start + 0x8000), 2);
    add_big(out, (uint64_t)length, 3);
    add_big(out, (uint64_t)children, 3);
}

static Str djvu(Arena *arena)
{
    Buf text = buf_new(arena, KB(1)), form = buf_new(arena, KB(4)), out = buf_new(arena, KB(4));
    add_big(&text, 10, 3);
    buf_add(&text, S("Two words."));
    buf_add_char(&text, 1);
    add_zone(&text, 1, (int[]){ 0, 0, 720, 1440 }, 0, 10, 1);
    add_zone(&text, 5, (int[]){ 72, 144, 300, 72 }, 0, 10, 2); /* 144 below the top */
    add_zone(&text, 6, (int[]){ 0, 0, 100, 72 }, 0, 3, 0);
    add_zone(&text, 6, (int[]){ 10, 0, 150, 72 }, 1, 6, 0);
    buf_add(&form, S("DJVU"));
    add_chunk(&form, "INFO", S("\x02\xD0\x05\xA0\x1A\x00\x90\x00\x16\x01")); /* 720 x 1440, 144 */
    add_chunk(
        &form, "ANTa",
        S("(metadata (author \"A \\\"B\\\"\")) (maparea \"http://x\" \"Look\" (rect 1 2 3 4))"));
    add_chunk(&form, "TXTa", buf_str(&text));
    buf_add(&out, S("AT&T"));
    add_chunk(&out, "FORM", buf_str(&form));
    return buf_str(&out);
}

Test(extract, a_djvu_page_has_words_with_places)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err;
    DocSink sink;
    Str bytes = djvu(arena);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_djvu);
    const char *got = dump(arena, &extractor_djvu, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "page \nmeta(author) A \"B\"\nnote(comment) Look\np Two words.\n"
                     "meta(pages) 1\n",
                     "%s", got);
    expect_cut_files_to_end(arena, &extractor_djvu, bytes);

    DocNode *node = doc_tree_new(arena, S("x"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = bytes };
    cr_assert(extractor_djvu.extract(&source, doc, &err) && doc_writer_end(doc, &err));
    const Block *page = &node->blocks.at[0], *words = &node->blocks.at[3];
    cr_expect(page->place.x1 == 360 && page->place.y1 == 720);
    cr_assert(words->word_count == 2);
    cr_expect(words->place.page == 1 && words->place.x0 == 36 && words->place.y0 == 72);
    cr_expect(words->words[1].start == 4 && words->words[1].x0 == 91 && words->words[1].x1 == 166);
    doc_writer_free(doc);
}

/* Made by "bzz -e" of the text itself. */
Test(extract, bzz_unpacks_what_it_packed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const unsigned char packed[] = { 0xff, 0xff, 0xd6, 0xff, 0x23, 0xe5, 0xc7, 0x4e,
                                            0xdb, 0x4c, 0x85, 0xa7, 0x6f, 0xc0, 0xc1, 0x75,
                                            0xa9, 0x19, 0x6c, 0x9a, 0xc9, 0x96, 0xa3, 0x07,
                                            0xe7, 0xfd, 0x3a, 0xf3, 0x60, 0x99, 0xdb, 0x3f,
                                            0x27, 0x06, 0x70, 0x59, 0x7f };
    Str bytes = { (const char *)packed, sizeof packed };
    Str got = bzz_unpack(arena, bytes, KB(4));
    cr_expect(str_is(got, "to be or not to be, that is the question"), STR_FMT, STR_ARG(got));
    for (size_t cut = 0; cut < bytes.length; cut++)
        bzz_unpack(arena, str_slice(bytes, 0, cut), KB(4));
    cr_expect(bzz_unpack(arena, bytes, 4).length <= 4);
}

/* --- Old Visio --- */

extern const Extractor extractor_vsd, extractor_onenote;

static void add_pointer(Buf *out, uint32_t type, size_t offset, size_t length, unsigned format)
{
    sample_number(out, type, 4);
    sample_number(out, 0, 4);
    sample_number(out, offset, 4);
    sample_number(out, length, 4);
    sample_number(out, format, 2);
}

/* A list of one pointer, at `at` of a stream; what it points at follows. */
static void add_pointer_list(Buf *out, uint32_t type, size_t length, unsigned format)
{
    sample_number(out, 4, 4);
    sample_number(out, 1, 4);
    sample_number(out, 0, 4);
    add_pointer(out, type, out->length + 18, length, format);
}

Test(extract, an_old_visio_drawing_has_text_in_chunks_of_packed_streams)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    /* Eight bytes as they are, after a byte that says so. */
    Buf chunk = buf_new(arena, KB(1)), packed = buf_new(arena, KB(1)), out = buf_new(arena, KB(4));
    sample_number(&chunk, 0x0E, 4);
    sample_fill(&chunk, 12, 0);
    sample_number(&chunk, 14, 4);
    sample_number(&chunk, 0, 3);
    sample_fill(&chunk, 27, 0);
    add_utf16(&chunk, "Box");
    for (size_t i = 0; i < chunk.length; i++) {
        if (i % 8 == 0)
            buf_add_char(&packed, (char)0xFF);
        buf_add_char(&packed, chunk.at[i]);
    }
    for (int i = 0; i < 0x1A; i++)
        buf_add_char(&out, 'v');
    buf_add_char(&out, 11);
    sample_fill(&out, 0x24, 0);
    add_pointer(&out, 0x14, 0x36, 30, 0x50);
    add_pointer_list(&out, 0x15, 30, 0x50);
    add_pointer_list(&out, 0x48, packed.length, 0xD2);
    buf_add(&out, buf_str(&packed));
    OleMember members[] = { { "VisioDocument", buf_str(&out) } };
    Str bytes = ole_sample(arena, members, COUNT(members));
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_vsd);
    const char *got = dump(arena, &extractor_vsd, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "page \np Box\n", "%s", got);
    expect_cut_files_to_end(arena, &extractor_vsd, bytes);
}

/* --- OneNote --- */

static const char one_guid[] = "ABCDEFGHIJKLMNOP";

static void add_node(Buf *out, unsigned id, unsigned base, size_t target, size_t length, Str body)
{
    size_t size = 4 + (base ? 8 : 0) + body.length;
    sample_number(out, id | (uint32_t)size << 10 | 1u << 23 | (uint32_t)base << 27, 4);
    if (base) {
        sample_number(out, target, 4);
        sample_number(out, length, 4);
    }
    buf_add(out, body);
}

static Str id_of(Arena *arena, unsigned number, Str after)
{
    Buf id = buf_new(arena, 64);
    buf_add_bytes(&id, one_guid, 16);
    sample_number(&id, number, 4);
    buf_add(&id, after);
    return buf_str(&id);
}

/* The nodes as a fragment of a list at the end of the file; where it is and how long. */
static size_t add_fragment(Buf *out, const Buf *nodes, size_t *length_r)
{
    size_t at = out->length;
    sample_number(out, UINT64_C(0xA4567AB1F5F7F4C4), 8);
    sample_number(out, 0, 8);
    buf_add(out, buf_str(nodes));
    sample_number(out, 0, 8);
    sample_number(out, 0, 4);
    sample_number(out, UINT64_C(0x8BC215C38233BA4B), 8);
    *length_r = out->length - at;
    return at;
}

/* An object with one list of one other object (0: none) and one text (NULL: none). */
static void add_one_object(Buf *out, Buf *nodes, unsigned number, uint32_t kind, uint32_t list,
                           unsigned other, uint32_t text_id, const char *text)
{
    size_t at = out->length;
    Buf body = buf_new(out->arena, 64);
    sample_number(out, (list ? 1u : 0u) | 1u << 31, 4);
    if (list)
        sample_number(out, other, 4); /* the number of 8 bits, index 0 */
    sample_number(out, (list ? 1 : 0) + (text ? 1u : 0u), 2);
    if (list)
        sample_number(out, list, 4);
    if (text)
        sample_number(out, text_id, 4);
    if (list)
        sample_number(out, 1, 4);
    if (text) {
        sample_number(out, strlen(text) * 2, 4);
        add_utf16(out, text);
    }
    sample_number(&body, number, 4);
    sample_number(&body, kind, 4);
    sample_number(&body, 0, 2);
    add_node(nodes, 0xA4, 1, at, out->length - at, buf_str(&body));
}

static Str one_note(Arena *arena)
{
    Buf out = buf_new(arena, KB(16)), nodes = buf_new(arena, KB(4)), guid = buf_new(arena, 32);
    size_t at, length;
    buf_add(&out, S("\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"));
    sample_fill(&out, 1024, 0);
    sample_number(&guid, 0, 4);
    buf_add_bytes(&guid, one_guid, 16);
    add_node(&nodes, 0x22, 0, 0, 0, STR_NONE);
    add_node(&nodes, 0x24, 0, 0, 0, buf_str(&guid));
    add_one_object(&out, &nodes, 1, 0x00060037, 0x24001C1F, 2, 0, NULL);
    add_one_object(&out, &nodes, 2, 0x0006000B, 0x24001C20, 3, 0x1C001CF3, "Shopping");
    add_one_object(&out, &nodes, 3, 0x0006000D, 0x24001C1F, 4, 0, NULL);
    add_one_object(&out, &nodes, 4, 0x0006000E, 0, 0, 0x1C001C22, "Milk");
    at = add_fragment(&out, &nodes, &length);
    nodes.length = 0;
    add_node(&nodes, 0xB0, 2, at, length, id_of(arena, 9, STR_NONE));
    add_node(&nodes, 0x5A, 0, 0, 0, id_of(arena, 1, S("\1\0\0\0")));
    at = add_fragment(&out, &nodes, &length);
    nodes.length = 0;
    add_node(&nodes, 0x10, 2, at, length, STR_NONE);
    at = add_fragment(&out, &nodes, &length);
    nodes.length = 0;
    add_node(&nodes, 0x08, 2, at, length, id_of(arena, 7, STR_NONE));
    at = add_fragment(&out, &nodes, &length);
    for (int i = 0; i < 4; i++) {
        out.at[172 + i] = (char)(at >> (8 * i));
        out.at[180 + i] = (char)(length >> (8 * i));
    }
    return buf_str(&out);
}

Test(extract, a_onenote_section_has_pages_of_objects)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = one_note(arena);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_onenote);
    const char *got = dump(arena, &extractor_onenote, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "page \nh1 Shopping\np Milk\n", "%s", got);
    expect_cut_files_to_end(arena, &extractor_onenote, bytes);
}

Test(extract, an_abiword_document_has_headings_tables_and_notes)
{
    extern const Extractor extractor_abw;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = S("<?xml version='1.0'?><abiword><metadata><m key='dc.title'>T</m></metadata>"
                  "<section><p style='Heading 2'>Head</p><p>One<foot><p>Note</p></foot> two</p>"
                  "<table><cell props='left-attach:0; top-attach:0'><p>a</p></cell>"
                  "<cell props='left-attach:0; top-attach:1'><p>b</p></cell></table></section>"
                  "</abiword>");
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_abw);
    const char *got = dump(arena, &extractor_abw, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "meta(title) T\nh2 Head\nnote(footnote) Note\np One two\nrow a\nrow b\n",
                     "%s", got);
}
