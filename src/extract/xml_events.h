/* xml_events.h - XML read as events, safely: no network, no document types but the bare name
 * of one, so no entities.
 *
 * Built on libxml2's push parser, so a part of any size takes little memory; its own limits (256
 * levels, 10 MB a text) stay on. Names are given without prefix. Strings are valid only during
 * the call. */
#pragma once

#include "base/base.h"

enum { XML_ATTRIBUTES_MAX = 64 };

typedef struct XmlAttribute {
    Str name, value;  /* value may hold character references that are resolved already */
    bool is_relation; /* r:id and its kin, of the relationships namespace */
} XmlAttribute;

typedef struct XmlElement {
    Str name;       /* "p" of <w:p> */
    Str name_space; /* URI */
    XmlAttribute attributes[XML_ATTRIBUTES_MAX];
    int attribute_count;
} XmlElement;

/* Each may stop the reading by returning false; that is not a failure. NULL members are skipped. */
typedef struct XmlEvents {
    bool (*start)(void *self, const XmlElement *element);
    bool (*end)(void *self, Str name);
    bool (*text)(void *self, Str text);
} XmlEvents;

/* An attribute that is no relation, by its name; empty when it is not there. */
Str xml_attribute(const XmlElement *element, const char *name);
int xml_attribute_int(const XmlElement *element, const char *name, int otherwise);
/* The relation id: r:id when `name` is "id". */
Str xml_relation(const XmlElement *element, const char *name);
/* "1", "true", "on", or present without a value. */
bool xml_is_on(const XmlElement *element, const char *name);

typedef struct XmlParser XmlParser;
XmlParser *xml_begin(const XmlEvents *events, void *self);
/* False when the reading has stopped: by an event, or because the XML is broken. */
bool xml_add(XmlParser *parser, const void *bytes, size_t count);
/* Fails with ERROR_DAMAGED and the line when the XML is broken. Frees the parser. */
MUST_CHECK bool xml_end(XmlParser *parser, Error *err);
