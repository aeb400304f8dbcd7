/* odf_styles.c - headings, lists, page sizes and what is hidden, as styles say it (16). */
#include "extract/odf/odf.h"

enum { STYLES_MAX = 200000, PARENTS_MAX = 32 };

OdfStyles odf_styles_new(Arena *arena)
{
    return (OdfStyles){ .arena = arena,
                        .styles = map_new(arena),
                        .lists = map_new(arena),
                        .sizes = map_new(arena),
                        .masters = map_new(arena) };
}

float odf_length(Str text)
{
    static const struct {
        Str unit;
        double points;
    } units[] = { { S_INIT("cm"), 72 / 2.54 }, { S_INIT("mm"), 72 / 25.4 }, { S_INIT("in"), 72 },
                  { S_INIT("inch"), 72 },      { S_INIT("pt"), 1 },         { S_INIT("px"), 0.75 },
                  { S_INIT("pc"), 12 } };
    double number;
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_ends(text, units[i].unit) &&
            str_to_double(str_slice(text, 0, text.length - units[i].unit.length), &number) &&
            number > -1e6 && number < 1e6)
            return (float)(number * units[i].points);
    return 0;
}

/* --- Lookups --- */

static Str style_key(Arena *arena, Str family, Str name)
{
    return str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(family), STR_ARG(name));
}

const OdfStyle *odf_style(const OdfStyles *styles, const char *family, Str name)
{
    char key[300];
    int length = snprintf(key, sizeof key, "%s/" STR_FMT, family, STR_ARG(name));
    if (name.length == 0 || length < 0 || (size_t)length >= sizeof key)
        return NULL;
    const MapEntry *entry = map_find(&styles->styles, (Str){ key, (size_t)length });
    return entry ? entry->pointer : NULL;
}

int odf_style_outline(const OdfStyles *styles, Str name)
{
    const OdfStyle *style = odf_style(styles, "paragraph", name);
    for (int i = 0; style && i < PARENTS_MAX; i++) {
        if (style->outline_level)
            return style->outline_level;
        style = odf_style(styles, "paragraph", style->parent);
    }
    return 0;
}

OdfList *odf_list(const OdfStyles *styles, Str name)
{
    const MapEntry *entry = map_find(&styles->lists, name);
    return entry ? entry->pointer : NULL;
}

/* --- Reading --- */

static void begin_style(OdfStyles *styles, const XmlElement *element)
{
    Arena *arena = styles->arena;
    Str name = xml_attribute(element, "name");
    styles->open_style = NULL;
    if (styles->styles.count >= STYLES_MAX)
        return;
    OdfStyle *style = arena_new_one(arena, OdfStyle);
    style->parent = str_copy(arena, xml_attribute(element, "parent-style-name"));
    style->outline_level =
        MAX(0, MIN(xml_attribute_int(element, "default-outline-level", 0), ODF_LEVELS));
    if (str_is(name, "Title"))
        style->outline_level = 1;
    Str key = style_key(arena, xml_attribute(element, "family"), name);
    map_add(&styles->styles, key, NULL)->pointer = style;
    styles->open_style = style;
}

static void begin_list(OdfStyles *styles, const XmlElement *element)
{
    Arena *arena = styles->arena;
    styles->open_list = NULL;
    if (styles->lists.count >= STYLES_MAX)
        return;
    styles->open_list = arena_new_one(arena, OdfList);
    Str name = str_copy(arena, xml_attribute(element, "name"));
    map_add(&styles->lists, name, NULL)->pointer = styles->open_list;
}

static void begin_level(OdfStyles *styles, OdfList *list, const XmlElement *element)
{
    int level = xml_attribute_int(element, "level", 1) - 1;
    if (level < 0 || level >= ODF_LEVELS)
        return;
    Str format = xml_attribute(element, "num-format");
    OdfLevel *at = &list->levels[level];
    *at = (OdfLevel){
        .is_seen = true,
        .is_number = str_is(element->name, "list-level-style-number") ||
                     str_is(element->name, "outline-level-style"),
        .format = format.length ? format.at[0] : '\0',
        .prefix = str_copy(styles->arena, xml_attribute(element, "num-prefix")),
        .suffix = str_copy(styles->arena, xml_attribute(element, "num-suffix")),
        .start = MAX(0, xml_attribute_int(element, "start-value", 1)),
        .shown_levels = MAX(1, MIN(xml_attribute_int(element, "display-levels", 1), ODF_LEVELS)),
    };
    styles->open_level = at;
}

static void read_page_size(OdfStyles *styles, const XmlElement *element)
{
    if (!styles->open_size)
        return;
    styles->open_size->width = odf_length(xml_attribute(element, "page-width"));
    styles->open_size->height = odf_length(xml_attribute(element, "page-height"));
}

static void read_master(OdfStyles *styles, const XmlElement *element)
{
    Str layout = xml_attribute(element, "page-layout-name");
    if (!layout.length)
        layout = xml_attribute(element, "page-master-name"); /* OpenOffice.org 1 */
    const MapEntry *size = map_find(&styles->sizes, layout);
    if (!size || styles->masters.count >= STYLES_MAX)
        return;
    Str name = str_copy(styles->arena, xml_attribute(element, "name"));
    map_add(&styles->masters, name, NULL)->pointer = size->pointer;
}

void odf_styles_start(OdfStyles *styles, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "style")) {
        begin_style(styles, element);
    } else if (str_is(name, "list-style")) {
        begin_list(styles, element);
    } else if (str_is(name, "outline-style")) {
        styles->open_list = &styles->outline;
    } else if (str_starts(name, S("list-level-style-")) || str_is(name, "outline-level-style")) {
        if (styles->open_list)
            begin_level(styles, styles->open_list, element);
    } else if ((str_is(name, "page-layout") || str_is(name, "page-master")) &&
               styles->sizes.count < STYLES_MAX) {
        styles->open_size = arena_new_one(styles->arena, OdfSize);
        map_add(&styles->sizes, str_copy(styles->arena, xml_attribute(element, "name")), NULL)
            ->pointer = styles->open_size;
    } else if (str_is(name, "page-layout-properties") ||
               (str_is(name, "properties") && !styles->open_style)) {
        read_page_size(styles, element);
    } else if (str_is(name, "master-page")) {
        read_master(styles, element);
    } else if (styles->open_style && str_ends(name, S("properties"))) {
        styles->open_style->is_hidden |= str_is(xml_attribute(element, "display"), "false") ||
                                         str_is(xml_attribute(element, "visibility"), "hidden");
    }
}

void odf_styles_end(OdfStyles *styles, Str name)
{
    if (str_is(name, "style"))
        styles->open_style = NULL;
    else if (str_is(name, "list-style") || str_is(name, "outline-style"))
        styles->open_list = NULL;
    else if (str_is(name, "page-layout") || str_is(name, "page-master"))
        styles->open_size = NULL;
}

/* --- Numbers --- */

static void add_roman(Buf *out, int number, bool is_upper)
{
    static const struct {
        int value;
        const char *lower, *upper;
    } digits[] = { { 1000, "m", "M" }, { 900, "cm", "CM" }, { 500, "d", "D" }, { 400, "cd", "CD" },
                   { 100, "c", "C" },  { 90, "xc", "XC" },  { 50, "l", "L" },  { 40, "xl", "XL" },
                   { 10, "x", "X" },   { 9, "ix", "IX" },   { 5, "v", "V" },   { 4, "iv", "IV" },
                   { 1, "i", "I" } };
    number = MIN(number, 3999);
    for (size_t i = 0; i < COUNT(digits); i++)
        for (; number >= digits[i].value; number -= digits[i].value)
            buf_add(out, str(is_upper ? digits[i].upper : digits[i].lower));
}

static void add_number(Buf *out, int number, char format)
{
    if (format == 'i' || format == 'I') {
        add_roman(out, number, format == 'I');
    } else if (format == 'a' || format == 'A') {
        for (int i = 0; i <= (MAX(number, 1) - 1) / 26 && i < 20; i++)
            buf_add_char(out, (char)(format + (MAX(number, 1) - 1) % 26));
    } else {
        buf_addf(out, "%d", number);
    }
}

Str odf_list_marker(OdfList *list, Arena *arena, int level)
{
    level = MAX(0, MIN(level, ODF_LEVELS - 1));
    OdfLevel *at = &list->levels[level];
    for (int i = level + 1; i < ODF_LEVELS; i++)
        list->levels[i].next = 0;
    if (!at->is_number)
        return S("-");
    at->next = at->next ? at->next : at->start;
    int number = at->next;
    at->next = MIN(number, INT32_MAX - 1) + 1;
    if (!at->format)
        return STR_NONE;
    Buf out = buf_new(arena, KB(4));
    buf_add(&out, at->prefix);
    for (int i = level - at->shown_levels + 1; i < level; i++) {
        const OdfLevel *above = i >= 0 ? &list->levels[i] : NULL;
        if (!above || !above->is_number || !above->format)
            continue;
        add_number(&out, above->next ? above->next - 1 : above->start, above->format);
        buf_add_char(&out, '.');
    }
    add_number(&out, number, at->format);
    buf_add(&out, at->suffix);
    return buf_str(&out);
}
