/* hwpx.c - Hangul documents as a ZIP package (OWPML, KS X 6101). */
#include "base/map.h"
#include "extract/package.h"
#include "extract/word/hwp_body.h"

enum { TEXT_MAX = 4 << 20, STYLES_MAX = 65536, SECTIONS_MAX = 10000 };

typedef struct Reader {
    HwpBody body;
    Arena *arena;
    Map styles;               /* heading level by id */
    Buf texts[HWP_DEPTH_MAX]; /* of paragraphs inside paragraphs */
    HwpParagraph looks[HWP_DEPTH_MAX];
    int depth, row;
    bool in_text, in_script;
    char fact[32];
} Reader;

static bool holder_named(Str name, HwpHolder *holder_r)
{
    static const struct {
        const char *name;
        HwpHolder holder;
    } holders[] = { { "tbl", HWP_TABLE },       { "header", HWP_HEADER },
                    { "footer", HWP_HEADER },   { "footNote", HWP_FOOTNOTE },
                    { "endNote", HWP_ENDNOTE }, { "hiddenComment", HWP_COMMENT },
                    { "memo", HWP_COMMENT },    { "drawText", HWP_BOX } };
    for (size_t i = 0; i < COUNT(holders); i++)
        if (str_is(name, holders[i].name)) {
            *holder_r = holders[i].holder;
            return true;
        }
    return false;
}

/* A paragraph's text is written when something inside it begins paragraphs of its own, so that it
 * comes first. */
static void write_text(Reader *r)
{
    if (r->depth < 1 || r->depth > HWP_DEPTH_MAX)
        return;
    Buf *text = &r->texts[r->depth - 1];
    hwp_paragraph(&r->body, buf_str(text), r->looks[r->depth - 1]);
    text->length = 0;
}

static void begin_paragraph(Reader *r, const XmlElement *element)
{
    if (r->depth++ >= HWP_DEPTH_MAX)
        return;
    Buf *text = &r->texts[r->depth - 1];
    if (!text->arena)
        *text = buf_new(r->arena, TEXT_MAX);
    text->length = 0;
    const MapEntry *style = map_find(&r->styles, xml_attribute(element, "styleIDRef"));
    r->looks[r->depth - 1] = (HwpParagraph){ .heading = style ? (int)style->number : 0 };
}

static void add_text(Reader *r, Str text)
{
    if (r->depth >= 1 && r->depth <= HWP_DEPTH_MAX)
        buf_add(&r->texts[r->depth - 1], text);
}

/* Inside a table that is one: tables inside others are part of their cells. */
static bool is_in_table(const Reader *r)
{
    return r->body.depth > 0 && r->body.holders[r->body.depth - 1] == HWP_TABLE;
}

static bool section_start(void *self, const XmlElement *element)
{
    Reader *r = self;
    HwpHolder holder;
    Str name = element->name;
    if (str_is(name, "p")) {
        begin_paragraph(r, element);
    } else if (str_is(name, "t")) {
        r->in_text = true;
    } else if (str_is(name, "script")) {
        r->in_script = true;
    } else if (str_is(name, "lineBreak")) {
        add_text(r, S("\n"));
    } else if (str_is(name, "tab")) {
        add_text(r, S("\t"));
    } else if (str_is(name, "nbSpace") || str_is(name, "fwSpace")) {
        add_text(r, S(" "));
    } else if (str_is(name, "hyphen")) {
        add_text(r, S("-"));
    } else if (holder_named(name, &holder)) {
        write_text(r);
        hwp_begin(&r->body, holder);
        if (is_in_table(r))
            r->row = -1;
    } else if (str_is(name, "tr")) {
        r->row += is_in_table(r);
    } else if (str_is(name, "tc")) {
        hwp_cell(&r->body, r->row, 1, 1);
    } else if (str_is(name, "cellSpan") && is_in_table(r)) {
        r->body.column_span = MAX(1, MIN(xml_attribute_int(element, "colSpan", 1), 1000));
        r->body.row_span = MAX(1, MIN(xml_attribute_int(element, "rowSpan", 1), 1000));
    } else if (str_is(name, "pic")) {
        r->body.pictures++;
    }
    return doc_writer_ok(r->body.doc);
}

static bool section_end(void *self, Str name)
{
    Reader *r = self;
    HwpHolder holder;
    if (str_is(name, "p")) {
        write_text(r);
        r->depth -= r->depth > 0;
    } else if (str_is(name, "t")) {
        r->in_text = false;
    } else if (str_is(name, "script")) {
        r->in_script = false;
    } else if (holder_named(name, &holder)) {
        hwp_end(&r->body);
    }
    return doc_writer_ok(r->body.doc);
}

static bool section_text(void *self, Str text)
{
    Reader *r = self;
    if (r->in_text || r->in_script)
        add_text(r, text);
    return true;
}

static bool header_start(void *self, const XmlElement *element)
{
    Reader *r = self;
    if (str_is(element->name, "style") && r->styles.count < STYLES_MAX) {
        int level = hwp_heading(xml_attribute(element, "name"));
        if (!level)
            level = hwp_heading(xml_attribute(element, "engName"));
        if (level)
            map_add(&r->styles, str_copy(r->arena, xml_attribute(element, "id")), NULL)->number =
                level;
    }
    return true;
}

/* --- Facts: the OPF package document --- */

static bool fact_start(void *self, const XmlElement *element)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "creator", "author" },          { "subject", "subject" },
                  { "description", "description" }, { "keyword", "keywords" },
                  { "CreatedDate", "created" },     { "ModifiedDate", "modified" },
                  { "lastsaveby", "last_author" },  { "title", "title" },
                  { "language", "language" } };
    Reader *r = self;
    Str name = str_is(element->name, "meta") ? xml_attribute(element, "name") : element->name;
    r->fact[0] = '\0';
    if (r->depth == 0)
        r->texts[0].length = 0;
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(name, facts[i].name))
            snprintf(r->fact, sizeof r->fact, "%s", facts[i].key);
    return true;
}

static bool fact_end(void *self, Str name)
{
    Reader *r = self;
    (void)name;
    if (r->fact[0])
        doc_meta(r->body.doc, r->fact, str_trim(buf_str(&r->texts[0])));
    r->fact[0] = '\0';
    r->texts[0].length = 0;
    return true;
}

static bool fact_text(void *self, Str text)
{
    Reader *r = self;
    if (r->fact[0])
        buf_add(&r->texts[0], text);
    return true;
}

static void read_part(Reader *r, Package *package, const char *name, const XmlEvents *events)
{
    Error broken;
    const Part *part = package_find(package, str(name));
    if (part && !package_parse(package, part, events, r, &broken))
        doc_warning(r->body.doc, str(broken.message));
}

static bool hwpx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const XmlEvents sections = { section_start, section_end, section_text },
                           headers = { .start = header_start },
                           facts = { fact_start, fact_end, fact_text };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    char name[40];
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    Reader *r = arena_new_one(arena, Reader);
    *r = (Reader){ .body = hwp_body(doc, arena), .arena = arena, .styles = map_new(arena) };
    r->texts[0] = buf_new(arena, TEXT_MAX);
    read_part(r, &package, "Contents/content.hpf", &facts);
    read_part(r, &package, "Contents/header.xml", &headers);
    if (!package_find(&package, S("Contents/section0.xml")))
        return fail(err, ERROR_DAMAGED, "the Hangul file has no section");
    for (int i = 0; i < SECTIONS_MAX && doc_writer_ok(doc); i++) {
        snprintf(name, sizeof name, "Contents/section%d.xml", i);
        if (!package_find(&package, str(name)))
            break;
        const Part *part = package_find(&package, str(name));
        if (part->is_encrypted)
            return fail(err, ERROR_ENCRYPTED, "the document is protected by a password");
        r->depth = 0;
        read_part(r, &package, name, &sections);
    }
    hwp_finish(&r->body);
    return true;
}

static int hwpx_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(1));
    return str_starts(bytes, S("PK\3\4")) && str_find(head, S("application/hwp+zip")) >= 0 ? 95 : 0;
}

const Extractor extractor_hwpx = {
    .name = "hwpx",
    .title = "Hangul document (XML)",
    .extensions = LIST("hwpx"),
    .media_types = LIST("application/hwp+zip", "application/vnd.hancom.hwpx"),
    .sniff = hwpx_sniff,
    .extract = hwpx_extract,
};
