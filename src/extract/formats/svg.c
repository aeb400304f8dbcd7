/* svg.c - SVG drawings (SVG 2), packed (.svgz) or not: text elements one by one, title and desc,
 * and the size. Numbers of paths and embedded pictures or fonts are passed over. */
#include "extract/formats/svg.h"

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/inflate.h"
#include "extract/metadata.h"

enum { TEXT_MAX = 1 << 20, RATIO_MAX = 400, PICTURES_MAX = 100000 };
static const size_t UNPACKED_MAX = MB(64), RATIO_FREE = MB(4);

typedef enum Role { ROLE_NONE, ROLE_SKIP, ROLE_TEXT, ROLE_TITLE, ROLE_DESC, ROLE_FOREIGN } Role;

static const struct {
    const char *name;
    Role role;
} roles[] = {
    { "text", ROLE_TEXT },     { "title", ROLE_TITLE },
    { "desc", ROLE_DESC },     { "script", ROLE_SKIP },
    { "style", ROLE_SKIP },    { "font", ROLE_SKIP },
    { "glyph", ROLE_SKIP },    { "foreignobject", ROLE_FOREIGN },
    { "flowroot", ROLE_TEXT },
};

typedef struct SvgReader {
    DocWriter *doc;
    Arena *arena;
    Buf text;
    int depth, svg_depth;
    int since, skip_since; /* the depth of the element that collects, or is skipped; 0: none */
    Role role;
    bool has_root_title, in_metadata, is_file;
    const char *agent; /* the key of a person that is being read */
    int pictures;
} SvgReader;

static Role role_of(Str name)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (str_is(name, roles[i].name))
            return roles[i].role;
    return ROLE_NONE;
}

/* Lines of a text are tspans with a position of their own, or flowed paragraphs. */
static bool begins_line(SvgReader *reader, const HtmlToken *token)
{
    Str name = token->name;
    if (str_is(name, "flowpara") || str_is(name, "p") || str_is(name, "div") ||
        str_is(name, "br") || str_is(name, "li"))
        return true;
    Str y = markup_attribute(reader->arena, token->attributes, "y");
    Str dy = markup_attribute(reader->arena, token->attributes, "dy");
    return str_is(name, "tspan") && (y.length || (dy.length && !str_is(dy, "0")));
}

static void write_text(SvgReader *reader)
{
    Str text = str_trim(buf_str(&reader->text));
    bool is_root = reader->svg_depth == 1 && reader->since == 2;
    if (reader->role == ROLE_TITLE && is_root && reader->is_file && !reader->has_root_title) {
        doc_meta(reader->doc, "title", text);
        reader->has_root_title = true;
    } else if (reader->role == ROLE_DESC && is_root && reader->is_file) {
        doc_meta(reader->doc, "description", text);
    } else {
        doc_paragraph(reader->doc, text);
    }
    reader->text.length = 0;
    reader->since = 0;
}

static void write_size(SvgReader *reader, Str attributes)
{
    Str width = markup_attribute(reader->arena, attributes, "width");
    Str height = markup_attribute(reader->arena, attributes, "height");
    Str box = markup_attribute(reader->arena, attributes, "viewbox"), piece;
    Str sizes[2] = { width, height };
    for (int i = 0; i < 4 && str_next(&box, ' ', &piece); i++)
        if (i >= 2 && (!sizes[i - 2].length || str_ends(sizes[i - 2], S("%"))))
            sizes[i - 2] = piece;
    for (int i = 0; i < 2; i++) {
        Str text =
            str_ends(sizes[i], S("px")) ? str_slice(sizes[i], 0, sizes[i].length - 2) : sizes[i];
        double number;
        if (str_to_double(str_trim(text), &number) && number >= 1 && number < 1e9)
            doc_meta_whole(reader->doc, i ? "height" : "width", (int64_t)(number + 0.5));
    }
}

/* RDF with Dublin Core; a person is <dc:creator><cc:Agent><dc:title>Ann. */
static void read_meta(SvgReader *reader, const HtmlToken *token)
{
    static const char *const names[][2] = {
        { "creator", "author" },
        { "publisher", "publisher" },
        { "contributor", "contributor" },
        { "rights", "copyright" },
        { "title", "title" },
        { "date", "created" },
        { "subject", "keywords" },
        { "description", "description" },
        { "language", "language" },
    };
    enum { AGENTS = 4 };
    size_t i = 0;
    while (i < COUNT(names) && !str_is(token->name, names[i][0]))
        i++;
    if (i == COUNT(names))
        return;
    const char *key = reader->agent ? reader->agent : names[i][1];
    if (token->kind == HTML_END && str_trim(buf_str(&reader->text)).length) {
        doc_meta(reader->doc, key, buf_str(&reader->text));
        reader->has_root_title |= str_is(str(key), "title");
    }
    reader->text.length = 0;
    if (i < AGENTS)
        reader->agent = token->kind == HTML_START && !token->is_empty ? names[i][1] : NULL;
}

static void begin(SvgReader *reader, const HtmlToken *token)
{
    int depth = reader->depth + 1;
    Role role = role_of(token->name);
    if (reader->skip_since)
        return;
    if (reader->in_metadata) {
        read_meta(reader, token);
    } else if (str_is(token->name, "metadata") && !token->is_empty) {
        reader->in_metadata = reader->is_file;
        reader->skip_since = reader->is_file ? 0 : depth;
    } else if (str_is(token->name, "svg")) {
        if (reader->svg_depth++ == 0 && reader->is_file)
            write_size(reader, token->attributes);
    } else if (str_is(token->name, "image")) {
        reader->pictures += reader->pictures < PICTURES_MAX;
    } else if (role == ROLE_SKIP && !token->is_empty) {
        reader->skip_since = depth;
    } else if (reader->since) {
        if (begins_line(reader, token) && reader->text.length)
            buf_add_char(&reader->text, '\n');
    } else if (role != ROLE_NONE && !token->is_empty) {
        reader->since = depth;
        reader->role = role;
        reader->text.length = 0;
    }
}

static void end(SvgReader *reader, const HtmlToken *token)
{
    int depth = reader->depth;
    if (reader->in_metadata) {
        read_meta(reader, token);
        reader->in_metadata = !str_is(token->name, "metadata");
    } else if (reader->skip_since) {
        if (reader->skip_since >= depth)
            reader->skip_since = 0;
    } else if (str_is(token->name, "svg")) {
        reader->svg_depth -= reader->svg_depth > 0;
    }
    if (reader->since >= depth)
        write_text(reader);
}

static void read_svg(SvgReader *reader, Str bytes)
{
    HtmlReader in = markup_reader(reader->arena, bytes);
    HtmlToken token;
    char note[64];
    while (doc_writer_ok(reader->doc) && html_next(&in, &token)) {
        if (token.kind == HTML_TEXT) {
            if ((reader->since || reader->in_metadata) && !reader->skip_since)
                markup_add(&reader->text, &token);
        } else if (token.kind == HTML_START) {
            begin(reader, &token);
            reader->depth++;
        }
        if (token.kind == HTML_END || (token.kind == HTML_START && token.is_empty)) {
            if (reader->depth > 0)
                end(reader, &token);
            reader->depth -= reader->depth > 0;
        }
    }
    if (reader->since)
        write_text(reader);
    snprintf(note, sizeof note, "%d pictures inside are not read", reader->pictures);
    if (reader->pictures)
        doc_warning(reader->doc, str(note));
}

void svg_write(DocWriter *doc, Str bytes, const Place *place)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    SvgReader reader = { .doc = doc, .arena = arena, .text = buf_new(arena, TEXT_MAX) };
    doc_place(doc, place);
    read_svg(&reader, bytes);
}

/* --- Files --- */

/* What a gzip holds, at most `max` bytes; what could be unpacked of a broken one. */
static Str unpacked(Arena *arena, Str packed, size_t max)
{
    Buf text = buf_new(arena, MIN(max, MAX(RATIO_FREE, packed.length * RATIO_MAX)));
    inflate_into(&text, packed, INFLATE_GZIP);
    return buf_str(&text);
}

static bool is_packed(Str bytes) { return str_starts(bytes, S("\x1F\x8B\x08")); }

static bool svg_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    SvgReader reader = { .doc = doc, .arena = arena, .is_file = true };
    Str bytes = source->bytes;
    if (is_packed(bytes))
        bytes = unpacked(arena, bytes, UNPACKED_MAX);
    if (bytes.length == 0)
        return fail(err, ERROR_DAMAGED, "the packed drawing is broken");
    reader.text = buf_new(arena, TEXT_MAX);
    read_svg(&reader, bytes);
    return true;
}

/* The first element is svg, after declarations and comments. */
static bool begins_svg(Str head)
{
    HtmlReader in = html_reader(head);
    HtmlToken token;
    in.is_xml = true;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT && str_trim(token.text).length)
            return false;
        if (token.kind != HTML_TEXT)
            return str_is(token.name, "svg");
    }
    return false;
}

static int svg_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (is_packed(bytes))
        bytes = unpacked(arena, str_slice(bytes, 0, KB(16)), KB(32));
    else if (!bytes.length || !HAS_CHAR(bytes.at[0], "< \t\r\n\xEF\xFE\xFF"))
        return 0;
    return begins_svg(text_head(arena, bytes, KB(32))) ? 94 : 0;
}

const Extractor extractor_svg = {
    .name = "svg",
    .title = "SVG drawing",
    .extensions = LIST("svg", "svgz"),
    .media_types = LIST("image/svg+xml"),
    .sniff = svg_sniff,
    .extract = svg_extract,
};
