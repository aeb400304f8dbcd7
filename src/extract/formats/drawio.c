/* drawio.c - drawings of diagrams.net (mxGraph): pages, the words on their shapes, the arrows
 * between them.
 *
 *     mxfile > diagram > mxGraphModel > root > { mxCell | object > mxCell }
 *
 * A diagram may hold its model packed: as a URL has it, deflated, in base64. */
#include "base/base64.h"
#include "extract/extractor.h"
#include "extract/formats/diagram.h"
#include "extract/formats/markup.h"
#include "extract/inflate.h"

enum { MODEL_MAX = 64 << 20 };

typedef struct Drawing {
    DocWriter *doc;
    Arena *arena; /* of a page */
    Diagram diagram;
    Str object; /* the words that belong to the cell that follows, and its id */
    Str object_id;
} Drawing;

static Str words_of(Drawing *drawing, Str html) { return markup_plain(drawing->arena, html); }

static void take_cell(Drawing *drawing, Str attributes)
{
    Arena *arena = drawing->arena;
    Str id = markup_attribute(arena, attributes, "id");
    Str words = words_of(drawing, markup_attribute(arena, attributes, "value"));
    if (drawing->object_id.length) {
        id = drawing->object_id;
        words = drawing->object;
        drawing->object_id = drawing->object = STR_NONE;
    }
    /* The words beside an arrow are a shape whose parent it is. */
    Str parent = markup_attribute(arena, attributes, "parent");
    bool is_arrow = str_is(markup_attribute(arena, attributes, "edge"), "1");
    bool is_of_arrow = diagram_is_arrow(&drawing->diagram, parent);
    diagram_add_words(&drawing->diagram, is_of_arrow ? parent : id, words);
    if (is_arrow)
        diagram_add_arrow(&drawing->diagram, id, markup_attribute(arena, attributes, "source"),
                          markup_attribute(arena, attributes, "target"));
    else if (!is_of_arrow)
        diagram_add_shape(&drawing->diagram, id);
}

/* The cells of a model, up to the end of its page. */
static void read_model(Drawing *drawing, HtmlReader *in)
{
    HtmlToken token;
    drawing->diagram = diagram_new(drawing->arena);
    while (doc_writer_ok(drawing->doc) && html_next(in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "mxgraphmodel"))
            break;
        if (token.kind != HTML_START)
            continue;
        if (str_is(token.name, "mxcell")) {
            take_cell(drawing, token.attributes);
        } else if (str_is(token.name, "object") || str_is(token.name, "userobject")) {
            drawing->object =
                words_of(drawing, markup_attribute(drawing->arena, token.attributes, "label"));
            drawing->object_id = markup_attribute(drawing->arena, token.attributes, "id");
        }
    }
    diagram_write(&drawing->diagram, drawing->doc);
}

static void read_packed(Drawing *drawing, Str text)
{
    Str packed;
    Buf model = buf_new(drawing->arena, MODEL_MAX);
    if (!base64_decode(drawing->arena, text, &packed))
        return;
    inflate_into(&model, packed, INFLATE_RAW);
    HtmlReader in =
        markup_reader(drawing->arena, markup_unescaped(drawing->arena, buf_str(&model)));
    read_model(drawing, &in);
}

static bool drawio_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    HtmlReader in = markup_reader(text_arena, source->bytes);
    HtmlToken token;
    Drawing drawing = { .doc = doc, .arena = arena };
    (void)err;
    while (doc_writer_ok(doc) && html_next(&in, &token)) {
        if (token.kind == HTML_TEXT && str_trim(token.text).length) {
            read_packed(&drawing, str_trim(token.text));
        } else if (token.kind == HTML_START && str_is(token.name, "diagram")) {
            arena_reset(arena);
            doc_heading(doc, 1, markup_attribute(arena, token.attributes, "name"));
        } else if (token.kind == HTML_START && str_is(token.name, "mxgraphmodel")) {
            read_model(&drawing, &in);
        }
    }
    return true;
}

static int drawio_sniff(Str bytes)
{
    static const char *const roots[] = { "mxfile", "mxgraphmodel", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return markup_root_is(arena, bytes, roots, NULL) ? 90 : 0;
}

const Extractor extractor_drawio = {
    .name = "drawio",
    .title = "Drawings of diagrams.net (draw.io)",
    .extensions = LIST("drawio", "dio"),
    .media_types = LIST("application/vnd.jgraph.mxfile", "application/x-drawio"),
    .sniff = drawio_sniff,
    .extract = drawio_extract,
};
