/* vsdx.c - Visio drawings: packages since 2013 ([MS-VSDX]) and the XML files before (VDX). Pages
 * with the texts and data of their shapes, in the order they are drawn; what a shape takes from
 * its master is its text as well. */
#include "base/map.h"
#include "extract/charset/encoding.h"
#include "extract/comment.h"
#include "extract/metadata.h"
#include "extract/office/ooxml.h"

enum { DEPTH_MAX = 64, TEXT_MAX = 4 << 20, MASTERS_MAX = 100000, SMALL_MAX = 4096 };
static const float POINTS_IN_INCH = 72;

typedef struct Shape {
    int master, master_shape;
    bool has_text;
} Shape;

typedef struct Drawing {
    DocWriter *doc;
    Arena *arena;
    Package *package;
    const Relations *relations;
    Map masters; /* text by "master/shape"; shape 0: the first one */
    Shape shapes[DEPTH_MAX + 1];
    int depth, pages, master, first_shape, pictures;
    Buf text, label, value;
    bool in_text, in_property, in_masters;
    float width, height;
    Str page_name;
    char fact[32];
    bool in_facts;
} Drawing;

static Str master_key(Drawing *d, int master, int shape)
{
    return str_format(d->arena, "%d/%d", master, shape);
}

/* --- Shapes --- */

static void begin_shape(Drawing *d, const XmlElement *element)
{
    if (d->depth >= DEPTH_MAX)
        return;
    Shape *shape = &d->shapes[++d->depth];
    *shape =
        (Shape){ .master = xml_attribute_int(element, "Master", d->shapes[d->depth - 1].master),
                 .master_shape = xml_attribute_int(element, "MasterShape", 0) };
    if (d->in_masters)
        shape->master_shape = xml_attribute_int(element, "ID", 0);
    if (str_is(xml_attribute(element, "Type"), "Foreign"))
        d->pictures++;
}

static void keep_master_text(Drawing *d, const Shape *shape, Str text)
{
    if (d->masters.count >= MASTERS_MAX || arena_room(d->arena) < text.length + MB(1))
        return;
    char *kept = str_c(d->arena, text);
    map_add(&d->masters, master_key(d, d->master, shape->master_shape), NULL)->pointer = kept;
    if (d->depth == 1 && !d->first_shape) {
        map_add(&d->masters, master_key(d, d->master, 0), NULL)->pointer = kept;
        d->first_shape = 1;
    }
}

static void end_text(Drawing *d)
{
    Shape *shape = &d->shapes[d->depth];
    Str text = str_trim(buf_str(&d->text));
    shape->has_text = true;
    d->in_text = false;
    if (d->in_masters)
        keep_master_text(d, shape, text);
    else
        doc_paragraph(d->doc, text);
}

static void end_shape(Drawing *d)
{
    if (d->depth == 0)
        return;
    const Shape *shape = &d->shapes[d->depth--];
    if (shape->has_text || d->in_masters || !shape->master || arena_room(d->arena) < KB(64))
        return;
    const MapEntry *entry =
        map_find(&d->masters, master_key(d, shape->master, shape->master_shape));
    if (entry)
        doc_paragraph(d->doc, str(entry->pointer));
}

/* Data of a shape: rows of a label and a value. */
static void read_cell(Drawing *d, const XmlElement *element)
{
    Str name = xml_attribute(element, "N"), value = xml_attribute(element, "V");
    double inches;
    if (d->depth == 0 && (str_is(name, "PageWidth") || str_is(name, "PageHeight"))) {
        if (str_to_double(value, &inches))
            *(str_is(name, "PageWidth") ? &d->width : &d->height) = (float)inches * POINTS_IN_INCH;
    } else if (d->in_property && str_is(name, "Label")) {
        buf_add(&d->label, value);
    } else if (d->in_property && str_is(name, "Value")) {
        buf_add(&d->value, value);
    }
}

static void end_row(Drawing *d)
{
    if (d->in_property && d->value.length && !d->in_masters) {
        if (d->label.length)
            buf_add(&d->label, S(": "));
        buf_add(&d->label, buf_str(&d->value));
        doc_paragraph(d->doc, buf_str(&d->label));
    }
    d->label.length = d->value.length = 0;
}

static bool page_start(void *self, const XmlElement *element)
{
    Drawing *d = self;
    Str name = element->name;
    if (str_is(name, "Shape")) {
        begin_shape(d, element);
    } else if (str_is(name, "Text") && d->depth) {
        d->in_text = true;
        d->text.length = 0;
    } else if (str_is(name, "Section")) {
        d->in_property = str_is(xml_attribute(element, "N"), "Property");
    } else if (str_is(name, "Cell")) {
        read_cell(d, element);
    }
    return doc_writer_ok(d->doc);
}

static bool page_end(void *self, Str name)
{
    Drawing *d = self;
    if (str_is(name, "Shape"))
        end_shape(d);
    else if (str_is(name, "Text") && d->in_text)
        end_text(d);
    else if (str_is(name, "Row"))
        end_row(d);
    else if (str_is(name, "Section"))
        d->in_property = false;
    return doc_writer_ok(d->doc);
}

static bool page_text(void *self, Str text)
{
    Drawing *d = self;
    if (d->in_text)
        buf_add(&d->text, text);
    return true;
}

static const XmlEvents page_events = { .start = page_start, .end = page_end, .text = page_text };

static void read_part(Drawing *d, const Part *part)
{
    Error broken;
    d->depth = 0;
    d->in_text = d->in_property = false;
    if (part && !package_parse(d->package, part, &page_events, d, &broken))
        ooxml_warn(d->doc, &broken);
}

/* --- Pages --- */

static void begin_page(Drawing *d)
{
    doc_page(d->doc, ++d->pages, false, d->width, d->height);
    doc_heading(d->doc, 1, d->page_name);
}

/* A list of pages or masters: names, sizes, and relations that lead to the parts. */
static bool list_start(void *self, const XmlElement *element)
{
    Drawing *d = self;
    Str name = element->name;
    d->depth = 0;
    if (str_is(name, "Page") || str_is(name, "Master")) {
        Str shown = xml_attribute(element, "Name");
        d->page_name = str_copy(d->arena, shown.length ? shown : xml_attribute(element, "NameU"));
        d->master = xml_attribute_int(element, "ID", 0);
        d->first_shape = 0;
        d->width = d->height = 0;
    } else if (str_is(name, "Cell")) {
        read_cell(d, element);
    } else if (str_is(name, "Rel")) {
        if (!d->in_masters)
            begin_page(d);
        read_part(d, relation_part(d->package,
                                   relation_by_id(d->relations, xml_relation(element, "id"))));
    }
    return doc_writer_ok(d->doc);
}

static void read_list(Drawing *d, const Relations *relations, const char *type)
{
    static const XmlEvents events = { .start = list_start };
    const Part *part = relation_part(d->package, relation_by_type(relations, type, 0));
    Error broken;
    if (!part)
        return;
    Relations own = ooxml_relations(d->package, part->name);
    d->relations = &own;
    if (!package_parse(d->package, part, &events, d, &broken))
        ooxml_warn(d->doc, &broken);
    d->relations = NULL;
}

/* --- Comments --- */

typedef struct Comments {
    Drawing *drawing;
    Map authors;
    Str author;
    Buf text;
    bool in_comment;
} Comments;

static bool comment_start(void *self, const XmlElement *element)
{
    Comments *c = self;
    Arena *arena = c->drawing->arena;
    if (str_is(element->name, "AuthorEntry") && c->authors.count < SMALL_MAX) {
        char *name = str_c(arena, xml_attribute(element, "Name"));
        map_add(&c->authors, str_copy(arena, xml_attribute(element, "ID")), NULL)->pointer = name;
    } else if (str_is(element->name, "CommentEntry")) {
        const MapEntry *entry = map_find(&c->authors, xml_attribute(element, "AuthorID"));
        c->author = entry ? str(entry->pointer) : STR_NONE;
        c->text.length = 0;
        c->in_comment = true;
    }
    return true;
}

static bool comment_end(void *self, Str name)
{
    Comments *c = self;
    if (str_is(name, "CommentEntry")) {
        comment_write(c->drawing->doc, c->author, str_trim(buf_str(&c->text)));
        c->in_comment = false;
    }
    return doc_writer_ok(c->drawing->doc);
}

static bool comment_text(void *self, Str text)
{
    Comments *c = self;
    if (c->in_comment)
        buf_add(&c->text, text);
    return true;
}

static void write_comments(Drawing *d, const Relations *relations)
{
    static const XmlEvents events = { .start = comment_start,
                                      .end = comment_end,
                                      .text = comment_text };
    Comments comments = { .drawing = d,
                          .authors = map_new(d->arena),
                          .text = buf_new(d->arena, TEXT_MAX) };
    const Part *part = relation_part(d->package, relation_by_type(relations, "comments", 0));
    Error broken;
    if (part && !package_parse(d->package, part, &events, &comments, &broken))
        ooxml_warn(d->doc, &broken);
}

static Drawing drawing_new(DocWriter *doc, Arena *arena)
{
    return (Drawing){ .doc = doc,
                      .arena = arena,
                      .masters = map_new(arena),
                      .text = buf_new(arena, TEXT_MAX),
                      .label = buf_new(arena, TEXT_MAX),
                      .value = buf_new(arena, TEXT_MAX) };
}

static void warn_of_pictures(const Drawing *d)
{
    char warning[64];
    snprintf(warning, sizeof warning, "%d picture%s without text", d->pictures,
             d->pictures == 1 ? "" : "s");
    if (d->pictures)
        doc_warning(d->doc, str(warning));
}

static bool vsdx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    const Part *document = package_find(&package, ooxml_main_part(&package, "visio/document.xml"));
    if (!document)
        return fail(err, ERROR_DAMAGED, "the Visio file has no document part");
    Relations relations = ooxml_relations(&package, document->name);
    Drawing d = drawing_new(doc, arena);
    d.package = &package;
    ooxml_write_meta(&package, doc);
    d.in_masters = true;
    read_list(&d, &relations, "masters");
    d.in_masters = false;
    d.pictures = 0;
    read_list(&d, &relations, "pages");
    doc_place(doc, &(Place){ 0 });
    write_comments(&d, &relations);
    ooxml_write_embedded(&package, doc, "visio/embeddings/");
    warn_of_pictures(&d);
    return true;
}

static int vsdx_sniff(Str bytes)
{
    static const char *const types[] = { "ms-visio.drawing", "ms-visio.template",
                                         "ms-visio.stencil", NULL };
    return ooxml_sniff(bytes, types);
}

const Extractor extractor_vsdx = {
    .name = "vsdx",
    .title = "Visio drawing",
    .extensions = LIST("vsdx", "vsdm", "vstx", "vstm", "vssx", "vssm"),
    .media_types = LIST(
        "application/vnd.ms-visio.drawing", "application/vnd.ms-visio.drawing.macroenabled.12",
        "application/vnd.ms-visio.template", "application/vnd.ms-visio.template.macroenabled.12"),
    .sniff = vsdx_sniff,
    .extract = vsdx_extract,
};

/* --- VDX: all in one XML file --- */

static bool vdx_start(void *self, const XmlElement *element)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "Title", "title" },         { "Subject", "subject" },
                  { "Creator", "author" },      { "Keywords", "keywords" },
                  { "Desc", "description" },    { "Company", "company" },
                  { "Manager", "manager" },     { "Category", "category" },
                  { "TimeCreated", "created" }, { "TimeSaved", "modified" } };
    Drawing *d = self;
    Str name = element->name;
    if (str_is(name, "DocumentProperties"))
        d->in_facts = true;
    for (size_t i = 0; d->in_facts && i < COUNT(facts); i++)
        if (str_is(name, facts[i].name)) {
            snprintf(d->fact, sizeof d->fact, "%s", facts[i].key);
            d->text.length = 0;
            d->in_text = true;
        }
    if (str_is(name, "Masters"))
        d->in_masters = true;
    if (str_is(name, "Page") || str_is(name, "Master")) {
        Str shown = xml_attribute(element, "Name");
        d->depth = 0;
        d->master = xml_attribute_int(element, "ID", 0);
        d->first_shape = 0;
        d->page_name = str_copy(d->arena, shown.length ? shown : xml_attribute(element, "NameU"));
        if (str_is(name, "Page"))
            begin_page(d);
    }
    return page_start(self, element);
}

static bool vdx_end(void *self, Str name)
{
    Drawing *d = self;
    if (d->fact[0] && d->in_text) {
        doc_meta(d->doc, d->fact, str_trim(buf_str(&d->text)));
        d->fact[0] = '\0';
        d->in_text = false;
    }
    if (str_is(name, "DocumentProperties"))
        d->in_facts = false;
    if (str_is(name, "Masters")) {
        d->in_masters = false;
        d->pictures = 0;
    }
    return page_end(self, name);
}

static bool vdx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const XmlEvents events = { .start = vdx_start, .end = vdx_end, .text = page_text };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Drawing d = drawing_new(doc, arena);
    Error broken;
    XmlParser *parser = xml_begin(&events, &d);
    for (size_t at = 0; at < source->bytes.length; at += KB(64))
        if (!xml_add(parser, source->bytes.at + at, MIN(KB(64), source->bytes.length - at)))
            break;
    if (!xml_end(parser, &broken)) {
        if (d.pages == 0) {
            *err = broken;
            return false;
        }
        doc_warning(doc, str(broken.message));
    }
    warn_of_pictures(&d);
    return true;
}

static int vdx_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head = text_head(arena, bytes, KB(4));
    return str_find(head, S("<VisioDocument")) >= 0 ? 95 : 0;
}

const Extractor extractor_vdx = {
    .name = "vdx",
    .title = "Visio drawing (XML)",
    .extensions = LIST("vdx", "vtx", "vsx"),
    .media_types = LIST("application/vnd.visio+xml", "application/x-visio-xml"),
    .sniff = vdx_sniff,
    .extract = vdx_extract,
};
