/* xmp.c - see xmp.h.
 *
 * Simple properties stand as attributes of rdf:Description or as its child elements; lists and
 * language alternatives as rdf:li inside. Structures (rdf:parseType="Resource", histories) hold
 * other things' properties and are passed over. */
#include "extract/picture/xmp.h"

#include "extract/xml_events.h"

enum { PACKET_MAX = 4 * 1024 * 1024, LEVEL_MAX = 64, TEXT_MAX = 16 * 1024 };

typedef enum XmpKind { XMP_TEXT, XMP_DATE, XMP_NUMBER, XMP_WHOLE, XMP_DEGREES } XmpKind;

/* By local name: the prefixes of attributes are not kept, and these are distinct. */
static const struct XmpName {
    const char *name, *key;
    XmpKind kind;
} names[] = {
    { "title", "title", XMP_TEXT },
    { "Headline", "title", XMP_TEXT },
    { "description", "description", XMP_TEXT },
    { "ImageDescription", "description", XMP_TEXT },
    { "UserComment", "comment", XMP_TEXT },
    { "creator", "author", XMP_TEXT },
    { "Artist", "author", XMP_TEXT },
    { "subject", "keywords", XMP_TEXT },
    { "rights", "copyright", XMP_TEXT },
    { "Copyright", "copyright", XMP_TEXT },
    { "Category", "category", XMP_TEXT },
    { "CreatorTool", "software", XMP_TEXT },
    { "Software", "software", XMP_TEXT },
    { "Make", "camera_make", XMP_TEXT },
    { "Model", "camera_model", XMP_TEXT },
    { "LensModel", "lens", XMP_TEXT },
    { "Lens", "lens", XMP_TEXT },
    { "DateTimeOriginal", "taken", XMP_DATE },
    { "DateCreated", "created", XMP_DATE },
    { "CreateDate", "created", XMP_DATE },
    { "ModifyDate", "modified", XMP_DATE },
    { "ExposureTime", "exposure_time", XMP_NUMBER },
    { "FNumber", "f_number", XMP_NUMBER },
    { "FocalLength", "focal_length", XMP_NUMBER },
    { "ISOSpeedRatings", "iso", XMP_WHOLE },
    { "PhotographicSensitivity", "iso", XMP_WHOLE },
    { "GPSLatitude", "latitude", XMP_DEGREES },
    { "GPSLongitude", "longitude", XMP_DEGREES },
    { "City", "location", XMP_TEXT },
};

typedef struct Xmp {
    PictureFacts *facts;
    int level, description; /* levels of nesting; 0: not inside */
    int property;           /* the level of the element that is being read */
    const struct XmpName *name;
    Buf text;
} Xmp;

static const struct XmpName *name_find(Str name)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i].name))
            return &names[i];
    return NULL;
}

/* "1/320" or "0.003". */
static bool read_number(Str text, double *number_r)
{
    double top, bottom = 1;
    ptrdiff_t slash = str_find_char(text, '/');
    Str first = slash < 0 ? text : str_slice(text, 0, (size_t)slash);
    if (!str_to_double(first, &top) ||
        (slash >= 0 && !str_to_double(str_from(text, (size_t)slash + 1), &bottom)) || bottom == 0)
        return false;
    *number_r = top / bottom;
    return true;
}

/* "56,0.5N" or "56,0,30N" (ISO 16684-2, GPSCoordinate). */
static bool read_degrees(Str text, double *degrees_r)
{
    static const double units[] = { 1, 60, 3600 };
    double sum = 0, part;
    text = str_trim(text);
    if (text.length < 2)
        return false;
    char side = text.at[text.length - 1];
    bool is_side = HAS_CHAR(side, "NSEWnsew");
    Str rest = is_side ? str_slice(text, 0, text.length - 1) : text, piece;
    for (size_t i = 0; i < COUNT(units) && str_next(&rest, ',', &piece); i++) {
        if (!str_to_double(str_trim(piece), &part))
            return false;
        sum += part / units[i];
    }
    *degrees_r = is_side && HAS_CHAR(side, "SWsw") ? -sum : sum;
    return sum <= 180 && sum >= -180;
}

static void take(PictureFacts *facts, const struct XmpName *name, Str value)
{
    double number;
    value = str_trim(value);
    if (!value.length)
        return;
    switch (name->kind) {
    case XMP_TEXT: picture_fact(facts, name->key, value); break;
    case XMP_DATE: picture_fact_date(facts, name->key, value, STR_NONE); break;
    case XMP_NUMBER:
    case XMP_WHOLE:
        if (read_number(value, &number))
            picture_fact_number(facts, name->key, number);
        break;
    case XMP_DEGREES:
        if (read_degrees(value, &number))
            picture_fact_number(facts, name->key, number);
        break;
    }
}

static void take_orientation(PictureFacts *facts, Str name, Str value)
{
    int64_t number;
    if (!facts->orientation && str_is(name, "Orientation") &&
        str_to_int(str_trim(value), 1, 8, &number))
        facts->orientation = (int)number;
}

static bool on_start(void *self, const XmlElement *element)
{
    Xmp *in = self;
    if (++in->level > LEVEL_MAX)
        return false;
    if (!in->description && str_is(element->name, "Description")) {
        in->description = in->level;
        for (int i = 0; i < element->attribute_count; i++) {
            const struct XmpName *name = name_find(element->attributes[i].name);
            if (name)
                take(in->facts, name, element->attributes[i].value);
            take_orientation(in->facts, element->attributes[i].name, element->attributes[i].value);
        }
    } else if (in->description && in->level == in->description + 1) {
        static const struct XmpName orientation = { "Orientation", NULL, XMP_WHOLE };
        in->name = str_is(element->name, "Orientation") ? &orientation : name_find(element->name);
        in->property = in->level;
    } else if (in->name && !str_is(element->name, "li") && !str_is(element->name, "Alt") &&
               !str_is(element->name, "Seq") && !str_is(element->name, "Bag")) {
        in->name = NULL; /* a structure */
    }
    in->text.length = 0;
    return true;
}

static bool on_end(void *self, Str element)
{
    Xmp *in = self;
    if (in->name && in->name->key && (str_is(element, "li") || in->level == in->property))
        take(in->facts, in->name, buf_str(&in->text));
    else if (in->name && !in->name->key)
        take_orientation(in->facts, S("Orientation"), buf_str(&in->text));
    in->text.length = 0;
    if (in->level == in->property) {
        in->name = NULL;
        in->property = 0;
    }
    if (in->level == in->description)
        in->description = 0;
    in->level--;
    return true;
}

static bool on_text(void *self, Str text)
{
    Xmp *in = self;
    if (in->name)
        buf_add(&in->text, text);
    return true;
}

void xmp_read(Str packet, PictureFacts *facts)
{
    static const XmlEvents events = { on_start, on_end, on_text };
    Error err = { 0 };
    Xmp in = { .facts = facts, .text = buf_new(facts->arena, TEXT_MAX) };
    packet = str_slice(packet, 0, PACKET_MAX);
    /* Some writers leave bytes before the packet and zeros behind it. */
    ptrdiff_t start = str_find_char(packet, '<');
    if (start < 0)
        return;
    packet = str_from(packet, (size_t)start);
    ptrdiff_t end = str_find_last_char(packet, '>');
    packet = str_slice(packet, 0, (size_t)(end + 1));
    XmlParser *parser = xml_begin(&events, &in);
    xml_add(parser, packet.at, packet.length);
    bool is_whole = xml_end(parser, &err);
    (void)is_whole; /* what was read before the damage stays */
}
