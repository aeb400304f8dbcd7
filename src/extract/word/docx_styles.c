/* docx_styles.c - styles.xml and numbering.xml (ECMA-376 part 1, 17.7 and 17.9), and the same of
 * Word 2003, which names some elements otherwise. */
#include "extract/word/docx_styles.h"

#include "base/map.h"
#include "base/utf8.h"
#include "extract/word/list_number.h"

enum { LEVELS = 9, BASED_ON_MAX = 20, LISTS_MAX = 20000 };

typedef struct Style {
    Str id, name, based_on;
    int outline_level;    /* from 0; -1: not said */
    int list, list_level; /* list 0: none */
} Style;

typedef struct Level {
    Str format, text;
    int start;
} Level;

typedef struct Abstract {
    int id;
    Level levels[LEVELS];
    int counters[LEVELS]; /* the last number given; 0 and is_counting false: none yet */
    bool is_counting[LEVELS];
} Abstract;

typedef struct List {
    int id, abstract;
    int start[LEVELS]; /* -1: as the abstract list */
    bool is_used;
} List;

struct DocxStyles {
    Arena *arena;
    VEC(Style) styles;
    VEC(Abstract) abstracts;
    VEC(List) lists;
    Map by_id;                      /* indexes of styles */
    Map list_by_id, abstract_by_id; /* keys: the number's bytes */
    Level *level;                   /* being read */
    int override;                   /* level being overridden; -1 none */
};

/* --- Reading --- */

static bool style_start(void *self, const XmlElement *element)
{
    DocxStyles *styles = self;
    Str value = xml_attribute(element, "val");
    if (str_is(element->name, "style")) {
        *vec_push(styles->arena, &styles->styles) =
            (Style){ .id = str_copy(styles->arena, xml_attribute(element, "styleId")),
                     .outline_level = -1 };
        return styles->styles.count < LISTS_MAX;
    }
    if (styles->styles.count == 0)
        return true;
    Style *style = &styles->styles.at[styles->styles.count - 1];
    if (str_is(element->name, "name"))
        style->name = str_copy(styles->arena, value);
    else if (str_is(element->name, "basedOn"))
        style->based_on = str_copy(styles->arena, value);
    else if (str_is(element->name, "outlineLvl"))
        style->outline_level = xml_attribute_int(element, "val", -1);
    else if (str_is(element->name, "numId") || str_is(element->name, "ilfo"))
        style->list = xml_attribute_int(element, "val", 0);
    else if (str_is(element->name, "ilvl"))
        style->list_level = xml_attribute_int(element, "val", 0);
    return true;
}

/* Word 2003 gives the numbers of [MS-OSHARED] 2.2.1.3. */
static Str format_of_2003(int number)
{
    static const char *const names[] = { "decimal", "upperRoman", "lowerRoman", "upperLetter",
                                         "lowerLetter" };
    if (number >= 0 && number < (int)COUNT(names))
        return str(names[number]);
    return number == 23 ? S("bullet") : number == 255 ? S("none") : S("decimal");
}

static void read_level(DocxStyles *styles, const XmlElement *element)
{
    Str value = xml_attribute(element, "val");
    if (!styles->level)
        return;
    if (str_is(element->name, "start"))
        styles->level->start = xml_attribute_int(element, "val", 1);
    else if (str_is(element->name, "nfc"))
        styles->level->format = format_of_2003(xml_attribute_int(element, "val", 0));
    else if (str_is(element->name, "numFmt"))
        styles->level->format = str_copy(styles->arena, value);
    else if (str_is(element->name, "lvlText"))
        styles->level->text = str_copy(styles->arena, value);
}

static void begin_list(DocxStyles *styles, const XmlElement *element)
{
    List *list = vec_push(styles->arena, &styles->lists);
    int id = xml_attribute_int(element, "numId", xml_attribute_int(element, "ilfo", 0));
    *list = (List){ .id = id, .abstract = -1 };
    for (int i = 0; i < LEVELS; i++)
        list->start[i] = -1;
    styles->level = NULL;
    styles->override = -1;
}

static bool numbering_start(void *self, const XmlElement *element)
{
    DocxStyles *styles = self;
    Str name = element->name;
    if (str_is(name, "abstractNum") || str_is(name, "listDef")) {
        int id = xml_attribute_int(element, "abstractNumId", 0);
        *vec_push(styles->arena, &styles->abstracts) =
            (Abstract){ .id = xml_attribute_int(element, "listDefId", id) };
        styles->level = NULL;
        return styles->abstracts.count < LISTS_MAX;
    }
    if (str_is(name, "num") || str_is(name, "list")) {
        begin_list(styles, element);
        return styles->lists.count < LISTS_MAX;
    }
    int level = xml_attribute_int(element, "ilvl", -1);
    List *list = styles->lists.count ? &styles->lists.at[styles->lists.count - 1] : NULL;
    if (str_is(name, "lvl") && !list && styles->abstracts.count) {
        Abstract *abstract = &styles->abstracts.at[styles->abstracts.count - 1];
        styles->level = level >= 0 && level < LEVELS ? &abstract->levels[level] : NULL;
        if (styles->level)
            *styles->level = (Level){ .format = S("decimal"), .start = 1 };
    } else if ((str_is(name, "abstractNumId") || str_is(name, "ilst")) && list) {
        list->abstract = xml_attribute_int(element, "val", -1);
    } else if (str_is(name, "lvlOverride")) {
        styles->override = level;
    } else if (str_is(name, "startOverride") && list && styles->override >= 0 &&
               styles->override < LEVELS) {
        list->start[styles->override] = xml_attribute_int(element, "val", 1);
    } else if (!list) {
        read_level(styles, element);
    }
    return true;
}

static void read_part(Package *package, const Relations *relations, const char *type,
                      const XmlEvents *events, DocxStyles *styles, DocWriter *doc)
{
    const Part *part = relation_part(package, relation_by_type(relations, type, 0));
    Error err;
    if (part && !package_parse(package, part, events, styles, &err))
        ooxml_warn(doc, &err);
}

static Str id_key(const int *id) { return (Str){ (const char *)id, sizeof *id }; }

static void index_id(Map *map, Str key, size_t index)
{
    bool added;
    MapEntry *entry = map_add(map, key, &added);
    if (added)
        entry->number = (int64_t)index; /* the first of a name counts */
}

static void index_ids(DocxStyles *styles)
{
    styles->by_id = map_new(styles->arena);
    styles->list_by_id = map_new(styles->arena);
    styles->abstract_by_id = map_new(styles->arena);
    for (size_t i = 0; i < styles->styles.count; i++)
        if (styles->styles.at[i].id.length)
            index_id(&styles->by_id, styles->styles.at[i].id, i);
    for (size_t i = 0; i < styles->lists.count; i++)
        index_id(&styles->list_by_id, id_key(&styles->lists.at[i].id), i);
    for (size_t i = 0; i < styles->abstracts.count; i++)
        index_id(&styles->abstract_by_id, id_key(&styles->abstracts.at[i].id), i);
}

DocxStyles *docx_styles_read(Package *package, const Relations *relations, Arena *arena,
                             DocWriter *doc)
{
    static const XmlEvents style_events = { .start = style_start };
    static const XmlEvents numbering_events = { .start = numbering_start };
    DocxStyles *styles = arena_new_one(arena, DocxStyles);
    styles->arena = arena;
    styles->override = -1;
    read_part(package, relations, "styles", &style_events, styles, doc);
    read_part(package, relations, "numbering", &numbering_events, styles, doc);
    index_ids(styles);
    return styles;
}

/* --- Styles --- */

static const Style *find_style(const DocxStyles *styles, Str id)
{
    const MapEntry *entry = id.length ? map_find(&styles->by_id, id) : NULL;
    return entry ? &styles->styles.at[entry->number] : NULL;
}

/* The names Word gives its heading styles when it writes them in its own language. */
static int level_of_name(Str name)
{
    static const char *const names[] = { "heading",
                                         "\xC3\xBC"
                                         "berschrift",
                                         "\xC3\x9C"
                                         "berschrift",
                                         "titre",
                                         "t\xC3\xADtulo",
                                         "titolo",
                                         "kop",
                                         "rubrik",
                                         "overskrift",
                                         "nag\xC5\x82\xC3\xB3wek",
                                         "nadpis",
                                         "otsikko",
                                         "\xD0\xB7\xD0\xB0\xD0\xB3\xD0\xBE\xD0\xBB\xD0\xBE\xD0\xB2"
                                         "\xD0\xBE\xD0\xBA",
                                         "\xD0\x97\xD0\xB0\xD0\xB3\xD0\xBE\xD0\xBB\xD0\xBE\xD0\xB2"
                                         "\xD0\xBE\xD0\xBA",
                                         "\xE6\xA0\x87\xE9\xA2\x98",
                                         "\xE8\xA6\x8B\xE5\x87\xBA"
                                         "\xE3\x81\x97" };
    if (str_equal_ignore_case(name, S("title")))
        return 1;
    if (name.length < 2 || name.at[name.length - 1] < '1' || name.at[name.length - 1] > '9')
        return 0;
    Str stem = str_trim(str_slice(name, 0, name.length - 1));
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(stem, str(names[i])))
            return MIN(name.at[name.length - 1] - '0', 6);
    return 0;
}

int docx_heading_level(const DocxStyles *styles, Str style_id)
{
    const Style *style = find_style(styles, style_id);
    if (!style)
        return level_of_name(style_id);
    for (int i = 0; style && i < BASED_ON_MAX; i++) {
        int level = level_of_name(style->name);
        if (level > 0)
            return level;
        if (style->outline_level >= 0 && style->outline_level < LEVELS)
            return MIN(style->outline_level + 1, 6);
        if (style->outline_level >= LEVELS)
            return 0; /* said to be body text */
        style = find_style(styles, style->based_on);
    }
    return 0;
}

bool docx_style_list(const DocxStyles *styles, Str style_id, int *list_r, int *level_r)
{
    const Style *style = find_style(styles, style_id);
    for (int i = 0; style && i < BASED_ON_MAX; i++) {
        if (style->list > 0) {
            *list_r = style->list;
            *level_r = style->list_level;
            return true;
        }
        style = find_style(styles, style->based_on);
    }
    return false;
}

/* --- Numbers --- */

static Abstract *find_abstract(DocxStyles *styles, int id)
{
    const MapEntry *entry = map_find(&styles->abstract_by_id, id_key(&id));
    return entry ? &styles->abstracts.at[entry->number] : NULL;
}

static void count_item(List *list, Abstract *abstract, int level)
{
    if (!list->is_used) {
        for (int i = 0; i < LEVELS; i++)
            if (list->start[i] >= 0) {
                abstract->is_counting[i] = true;
                abstract->counters[i] = list->start[i] - 1;
            }
        list->is_used = true;
    }
    if (!abstract->is_counting[level])
        abstract->counters[level] = abstract->levels[level].start - 1;
    abstract->is_counting[level] = true;
    if (abstract->counters[level] < INT32_MAX)
        abstract->counters[level]++;
    for (int i = level + 1; i < LEVELS; i++)
        abstract->is_counting[i] = false;
}

Str docx_next_marker(DocxStyles *styles, Arena *arena, int list_id, int level)
{
    const MapEntry *entry = map_find(&styles->list_by_id, id_key(&list_id));
    List *list = entry ? &styles->lists.at[entry->number] : NULL;
    Abstract *abstract = list ? find_abstract(styles, list->abstract) : NULL;
    if (!abstract || level < 0 || level >= LEVELS)
        return STR_NONE;
    const Level *shown = &abstract->levels[level];
    if (str_is(shown->format, "bullet"))
        return S("-");
    count_item(list, abstract, level);
    if (str_is(shown->format, "none"))
        return STR_NONE;
    Buf out = buf_new(arena, KB(1));
    for (size_t i = 0; i < shown->text.length; i++) {
        char c = shown->text.at[i], digit = i + 1 < shown->text.length ? shown->text.at[i + 1] : 0;
        if (c != '%' || digit < '1' || digit > '9') {
            buf_add_char(&out, c);
            continue;
        }
        int of = digit - '1';
        int number =
            abstract->is_counting[of] ? abstract->counters[of] : abstract->levels[of].start;
        list_number_add(&out, number, list_number_named(abstract->levels[of].format));
        i++;
    }
    return str_trim(buf_str(&out));
}
