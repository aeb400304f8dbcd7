/* xml_events.c - see xml_events.h. */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "extract/xml_events.h"

struct XmlParser {
    xmlParserCtxtPtr context;
    const XmlEvents *events;
    void *self;
    bool is_stopped, has_type, is_broken;
    /* mc:AlternateContent says the same thing several times; only the first form counts. */
    int depth, skip_depth, chosen_depth;
    XmlElement element;
};

static Str text_of(const xmlChar *text) { return str((const char *)text); }

static void stop(XmlParser *parser)
{
    parser->is_stopped = true;
    xmlStopParser(parser->context);
}

static bool is_fallback(XmlParser *parser, Str name, Str name_space)
{
    if (!str_ends(name_space, S("/markup-compatibility/2006")))
        return false;
    if (str_is(name, "AlternateContent"))
        parser->chosen_depth = 0;
    if (!str_is(name, "Choice") && !str_is(name, "Fallback"))
        return false;
    if (parser->chosen_depth == parser->depth)
        return true;
    parser->chosen_depth = parser->depth;
    return false;
}

/* libxml2 gives five pointers for an attribute: name, prefix, URI, value, end of value. */
static void read_attributes(XmlElement *element, int count, const xmlChar **raw)
{
    element->attribute_count = 0;
    for (int i = 0; i < count && element->attribute_count < XML_ATTRIBUTES_MAX; i++, raw += 5) {
        XmlAttribute *attribute = &element->attributes[element->attribute_count++];
        attribute->name = text_of(raw[0]);
        attribute->value = (Str){ (const char *)raw[3], (size_t)(raw[4] - raw[3]) };
        attribute->is_relation = str_ends(text_of(raw[2]), S("/relationships"));
    }
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int count, int default_count,
                     const xmlChar **raw)
{
    XmlParser *parser = user;
    XmlElement *element = &parser->element;
    (void)prefix, (void)namespace_count, (void)namespaces, (void)default_count;
    parser->depth++;
    if (parser->skip_depth || parser->is_stopped)
        return;
    element->name = text_of(name);
    element->name_space = text_of(uri);
    if (is_fallback(parser, element->name, element->name_space)) {
        parser->skip_depth = parser->depth;
        return;
    }
    read_attributes(element, count, raw);
    if (parser->events->start && !parser->events->start(parser->self, element))
        stop(parser);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    XmlParser *parser = user;
    (void)prefix, (void)uri;
    bool skipped = parser->skip_depth > 0;
    if (parser->skip_depth == parser->depth)
        parser->skip_depth = 0;
    parser->depth--;
    if (!skipped && !parser->is_stopped && parser->events->end &&
        !parser->events->end(parser->self, text_of(name)))
        stop(parser);
}

static void on_text(void *user, const xmlChar *text, int length)
{
    XmlParser *parser = user;
    if (parser->skip_depth || parser->is_stopped || !parser->events->text)
        return;
    if (!parser->events->text(parser->self, (Str){ (const char *)text, (size_t)length }))
        stop(parser);
}

static void refuse_type(XmlParser *parser)
{
    parser->has_type = true;
    stop(parser);
}

/* A document type may define entities that grow without end; no format read here needs one. Only
 * the name of a type that is elsewhere (OpenOffice.org 1) does no harm: it is never fetched. */
static void on_type(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external;
    if (!system)
        refuse_type(user);
}

static void on_entity(void *user, const xmlChar *name, int type, const xmlChar *external,
                      const xmlChar *system, xmlChar *content)
{
    (void)name, (void)type, (void)external, (void)system, (void)content;
    refuse_type(user);
}

static void drop_error(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

XmlParser *xml_begin(const XmlEvents *events, void *self)
{
    XmlParser *parser = heap_alloc(sizeof *parser);
    xmlSAXHandler handler = { .initialized = XML_SAX2_MAGIC,
                              .startElementNs = on_start,
                              .endElementNs = on_end,
                              .characters = on_text,
                              .cdataBlock = on_text,
                              .internalSubset = on_type,
                              .entityDecl = on_entity,
                              .serror = drop_error };
    parser->events = events;
    parser->self = self;
    parser->context = xmlCreatePushParserCtxt(&handler, parser, NULL, 0, NULL);
    if (parser->context)
        xmlCtxtUseOptions(parser->context, XML_PARSE_NONET | XML_PARSE_NOERROR |
                                               XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    return parser;
}

bool xml_add(XmlParser *parser, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0 && !parser->is_stopped && !parser->is_broken && parser->context) {
        int part = (int)MIN(count, KB(64));
        parser->is_broken = xmlParseChunk(parser->context, at, part, 0) != 0 &&
                            !parser->context->wellFormed && !parser->is_stopped;
        at += part;
        count -= (size_t)part;
    }
    return !parser->is_stopped && !parser->is_broken;
}

bool xml_end(XmlParser *parser, Error *err)
{
    bool ok = parser->context != NULL;
    if (ok && !parser->is_stopped && !parser->is_broken)
        parser->is_broken = xmlParseChunk(parser->context, "", 0, 1) != 0;
    int line = ok && parser->context->input ? parser->context->input->line : 0;
    if (parser->has_type)
        ok = fail(err, ERROR_DAMAGED, "the XML declares a document type, which is refused");
    else if (parser->is_broken && !parser->is_stopped)
        ok = fail(err, ERROR_DAMAGED, "the XML is broken at line %d", line);
    if (parser->context) {
        if (parser->context->myDoc)
            xmlFreeDoc(parser->context->myDoc);
        xmlFreeParserCtxt(parser->context);
    }
    free(parser);
    return ok;
}

static const XmlAttribute *find(const XmlElement *element, const char *name, bool is_relation)
{
    for (int i = 0; i < element->attribute_count; i++)
        if (element->attributes[i].is_relation == is_relation &&
            str_is(element->attributes[i].name, name))
            return &element->attributes[i];
    return NULL;
}

Str xml_attribute(const XmlElement *element, const char *name)
{
    const XmlAttribute *attribute = find(element, name, false);
    return attribute ? attribute->value : STR_NONE;
}

int xml_attribute_int(const XmlElement *element, const char *name, int otherwise)
{
    int64_t number;
    bool ok = str_to_int(str_trim(xml_attribute(element, name)), INT32_MIN, INT32_MAX, &number);
    return ok ? (int)number : otherwise;
}

Str xml_relation(const XmlElement *element, const char *name)
{
    const XmlAttribute *attribute = find(element, name, true);
    return attribute ? attribute->value : STR_NONE;
}

bool xml_is_on(const XmlElement *element, const char *name)
{
    const XmlAttribute *attribute = find(element, name, false);
    return !attribute || str_is(attribute->value, "1") || str_is(attribute->value, "true") ||
           str_is(attribute->value, "on");
}
