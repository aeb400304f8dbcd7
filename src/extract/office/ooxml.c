/* ooxml.c - see ooxml.h. */
#include "extract/office/ooxml.h"

#include "extract/metadata.h"
#include "extract/office/chart.h"
#include "extract/package_flat.h"
#include "extract/sheet/number_format.h"

enum { RELATIONS_MAX = 100000, TEXTS_MAX = 100000 };

/* [Content_Types].xml of a ZIP; "" when there is none. */
static Str read_types(Arena *arena, Str bytes)
{
    Package package;
    Error err;
    Str text;
    if (!str_starts(bytes, S("PK\3\4")) || !package_open(arena, bytes, MB(8), &package, &err))
        return STR_NONE;
    const Part *part = package_find(&package, S("[Content_Types].xml"));
    return part && package_read(&package, arena, part, MB(4), &text, &err) ? text : STR_NONE;
}

/* Of the bytes that are being recognised: every format of the family asks. */
static _Thread_local struct {
    Str bytes, types;
    Arena *arena;
} look;

void ooxml_look_begin(Str bytes)
{
    look.arena = arena_new(MB(64));
    look.types = read_types(look.arena, bytes);
    look.bytes = bytes;
}

void ooxml_look_end(void)
{
    arena_free(look.arena);
    look.bytes = look.types = STR_NONE;
}

int ooxml_sniff(Str bytes, const char *const *types)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    bool is_known = look.bytes.at == bytes.at && look.bytes.length == bytes.length;
    Str text = package_is_flat(bytes) ? bytes : is_known ? look.types : read_types(arena, bytes);
    for (; text.length && *types; types++)
        if (str_find_ignore_case(text, str(*types)) >= 0)
            return 95;
    return 0;
}

void ooxml_warn(DocWriter *doc, const Error *err) { doc_warning(doc, str(err->message)); }

/* --- Relations --- */

/* "xl/worksheets/" + "../charts/a.xml" -> "xl/charts/a.xml" */
static Str resolve(Arena *arena, Str folder, Str target)
{
    if (target.length && target.at[0] == '/')
        return str_copy(arena, str_from(target, 1));
    while (str_starts(target, S("../")) || str_starts(target, S("./"))) {
        bool is_up = target.at[1] == '.';
        target = str_from(target, is_up ? 3 : 2);
        if (!is_up)
            continue;
        folder = str_slice(folder, 0, folder.length ? folder.length - 1 : 0);
        ptrdiff_t slash = str_find_last_char(folder, '/');
        folder = str_slice(folder, 0, slash < 0 ? 0 : (size_t)slash + 1);
    }
    return str_format(arena, STR_FMT STR_FMT, STR_ARG(folder), STR_ARG(target));
}

typedef struct RelationReader {
    Arena *arena;
    Str folder;
    Relations relations;
} RelationReader;

static bool relation_start(void *self, const XmlElement *element)
{
    RelationReader *reader = self;
    if (!str_is(element->name, "Relationship"))
        return true;
    Arena *arena = reader->arena;
    Str type = xml_attribute(element, "Type"), target = xml_attribute(element, "Target");
    ptrdiff_t slash = str_find_last_char(type, '/');
    bool is_outside = str_is(xml_attribute(element, "TargetMode"), "External");
    *vec_push(arena, &reader->relations) =
        (Relation){ .id = str_copy(arena, xml_attribute(element, "Id")),
                    .type = str_copy(arena, str_from(type, (size_t)(slash + 1))),
                    .target = is_outside ? STR_NONE : resolve(arena, reader->folder, target),
                    .address = is_outside ? str_copy(arena, target) : STR_NONE };
    return reader->relations.count < RELATIONS_MAX;
}

Relations ooxml_relations(Package *package, Str part)
{
    static const XmlEvents events = { .start = relation_start };
    ptrdiff_t slash = str_find_last_char(part, '/');
    Str folder = str_slice(part, 0, (size_t)(slash + 1)),
        name = str_from(part, (size_t)(slash + 1));
    RelationReader reader = { .arena = package->arena, .folder = folder };
    Str path = str_format(package->arena, STR_FMT "_rels/" STR_FMT ".rels", STR_ARG(folder),
                          STR_ARG(name));
    const Part *found = package_find(package, path);
    Error err;
    if (found && !package_parse(package, found, &events, &reader, &err))
        return reader.relations; /* those before the damage */
    return reader.relations;
}

const Relation *relation_by_id(const Relations *relations, Str id)
{
    for (size_t i = 0; i < relations->count; i++)
        if (str_equal(relations->at[i].id, id))
            return &relations->at[i];
    return NULL;
}

const Relation *relation_by_type(const Relations *relations, const char *type, size_t from)
{
    for (size_t i = from; i < relations->count; i++)
        if (str_is(relations->at[i].type, type))
            return &relations->at[i];
    return NULL;
}

Str relation_address(const Relations *relations, Str id)
{
    const Relation *relation = id.length ? relation_by_id(relations, id) : NULL;
    return relation ? relation->address : STR_NONE;
}

const Part *relation_part(const Package *package, const Relation *relation)
{
    return relation && relation->target.length ? package_find(package, relation->target) : NULL;
}

Str ooxml_main_part(Package *package, const char *usual)
{
    Relations relations = ooxml_relations(package, STR_NONE);
    const Relation *relation = relation_by_type(&relations, "officeDocument", 0);
    const Part *part = relation_part(package, relation);
    return part ? part->name : str(usual);
}

/* --- Properties --- */

typedef struct MetaReader {
    DocWriter *doc;
    Arena *arena;
    const char *key;
    Buf value;
} MetaReader;

static const struct {
    const char *name, *key;
} properties[] = {
    { "title", "title" },
    { "creator", "author" },
    { "subject", "subject" },
    { "keywords", "keywords" },
    { "description", "description" },
    { "lastModifiedBy", "last_author" },
    { "lastPrinted", "printed" },
    { "revision", "revision" },
    { "version", "version" },
    { "identifier", "identifier" },
    { "category", "category" },
    { "created", "created" },
    { "modified", "modified" },
    { "language", "language" },
    { "Company", "company" },
    { "Manager", "manager" },
    { "Application", "software" },
    { "Template", "template" },
    { "Pages", "pages" },
    { "Words", "words" },
    { "TotalTime", "editing_time" },
};

static bool meta_start(void *self, const XmlElement *element)
{
    MetaReader *reader = self;
    reader->value.length = 0;
    reader->key = NULL;
    for (size_t i = 0; i < COUNT(properties); i++)
        if (str_is(element->name, properties[i].name))
            reader->key = properties[i].key;
    return true;
}

static bool meta_text(void *self, Str text)
{
    MetaReader *reader = self;
    if (reader->key)
        buf_add(&reader->value, text);
    return true;
}

static bool meta_end(void *self, Str name)
{
    MetaReader *reader = self;
    (void)name;
    Str value = str_trim(buf_str(&reader->value));
    double minutes;
    if (reader->key && strcmp(reader->key, "editing_time") != 0)
        doc_meta(reader->doc, reader->key, value);
    else if (reader->key && str_to_double(value, &minutes) && minutes > 0 && minutes < 1e8)
        doc_meta_seconds(reader->doc, reader->key, minutes * 60);
    reader->key = NULL;
    return true;
}

/* Properties that people made themselves (22.3): each has a name, and one typed value in it. Names
 * with an underscore are those of add-ins, such as "_MarkAsFinal". */
static bool own_start(void *self, const XmlElement *element)
{
    MetaReader *reader = self;
    Str name = str_slice(xml_attribute(element, "name"), 0, 255);
    reader->value.length = 0;
    if (str_is(element->name, "property"))
        reader->key = name.length && name.at[0] != '_'
                          ? str_c(reader->arena, str_lower(reader->arena, name))
                          : NULL;
    return true;
}

static bool own_end(void *self, Str name)
{
    MetaReader *reader = self;
    if (reader->key && !str_is(name, "property"))
        doc_meta(reader->doc, reader->key, str_trim(buf_str(&reader->value)));
    reader->key = NULL;
    return doc_writer_ok(reader->doc);
}

void ooxml_write_meta(Package *package, DocWriter *doc)
{
    static const XmlEvents events = { meta_start, meta_end, meta_text },
                           own_events = { own_start, own_end, meta_text };
    static const struct {
        const char *type;
        const XmlEvents *events;
    } parts[] = { { "core-properties", &events },
                  { "extended-properties", &events },
                  { "custom-properties", &own_events } };
    Relations relations = ooxml_relations(package, STR_NONE);
    for (size_t i = 0; i < COUNT(parts); i++) {
        const Part *part = relation_part(package, relation_by_type(&relations, parts[i].type, 0));
        MetaReader reader = { .doc = doc,
                              .arena = package->arena,
                              .value = buf_new(package->arena, KB(16)) };
        Error err;
        if (part && !package_parse(package, part, parts[i].events, &reader, &err))
            ooxml_warn(doc, &err);
    }
}

/* --- Texts of drawings --- */

typedef struct TextReader {
    Buf out;
    bool in_text;
} TextReader;

static bool text_start(void *self, const XmlElement *element)
{
    TextReader *reader = self;
    reader->in_text = str_is(element->name, "t");
    if (str_is(element->name, "br"))
        buf_add_char(&reader->out, '\n');
    return true;
}

static bool text_end(void *self, Str name)
{
    TextReader *reader = self;
    reader->in_text = false;
    if (str_is(name, "p") && reader->out.length && reader->out.at[reader->out.length - 1] != '\n')
        buf_add_char(&reader->out, '\n');
    return true;
}

static bool text_text(void *self, Str text)
{
    TextReader *reader = self;
    if (reader->in_text)
        buf_add(&reader->out, text);
    return !reader->out.overflowed;
}

Str ooxml_drawing_text(Package *package, Arena *arena, const Part *part)
{
    static const XmlEvents events = { text_start, text_end, text_text };
    TextReader reader = { .out = buf_new(arena, MB(16)) };
    Error err;
    if (!package_parse(package, part, &events, &reader, &err))
        return buf_str(&reader.out); /* the text before the damage */
    return buf_str(&reader.out);
}

void ooxml_write_diagram(Package *package, DocWriter *doc, const Part *part)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str text = ooxml_drawing_text(package, arena, part);
    for (Str line; str_next(&text, '\n', &line);)
        doc_list_item(doc, 1, S("-"), line);
}

/* --- Charts (DrawingML, 21.2) --- */

typedef struct ChartReader {
    Chart chart;
    Buf title, value;
    enum { IN_TITLE, IN_NAME, IN_CATEGORIES, IN_VALUES, IN_OTHER } where;
    bool in_title, in_text;
    int index;
    Str format; /* code of the numbers that follow */
} ChartReader;

static bool chart_start(void *self, const XmlElement *element)
{
    ChartReader *chart = self;
    Str name = element->name;
    chart->in_text = str_is(name, "t") || str_is(name, "v") || str_is(name, "formatCode");
    chart->value.length = 0;
    if (str_is(name, "title")) {
        chart->in_title = true;
    } else if (str_is(name, "ser")) {
        chart_add_series(&chart->chart);
        chart->where = IN_OTHER;
    } else if (str_is(name, "tx") && !chart->in_title) {
        chart->where = IN_NAME;
    } else if (str_is(name, "cat") || str_is(name, "xVal")) {
        chart->where = IN_CATEGORIES;
    } else if (str_is(name, "val") || str_is(name, "yVal")) {
        chart->where = IN_VALUES;
    } else if (str_is(name, "pt")) {
        chart->index = xml_attribute_int(element, "idx", 0);
    } else if (str_is(name, "numCache") || str_is(name, "strCache")) {
        chart->format = STR_NONE;
    }
    return true;
}

/* Shares and dates as the axis shows them: 25 % is kept as 0.25. */
static Str shown_value(const ChartReader *chart)
{
    Arena *arena = chart->chart.arena;
    Str value = str_copy(arena, buf_str(&chart->value));
    double number;
    bool is_formatted = chart->format.length && !str_is(chart->format, "General");
    return is_formatted && str_to_double(value, &number)
               ? number_format(arena, number, chart->format, false)
               : value;
}

static void take_value(ChartReader *chart)
{
    Chart *made = &chart->chart;
    if (made->series.count == 0 || chart->value.length == 0)
        return;
    ChartSeries *series = &made->series.at[made->series.count - 1];
    Str value = shown_value(chart);
    if (chart->where == IN_NAME)
        series->name = value;
    else if (chart->where == IN_CATEGORIES)
        chart_add_point(made, &series->categories, chart->index, value);
    else if (chart->where == IN_VALUES)
        chart_add_point(made, &series->values, chart->index, value);
}

static bool chart_end(void *self, Str name)
{
    ChartReader *chart = self;
    if (str_is(name, "title"))
        chart->in_title = false;
    else if (str_is(name, "v") && !chart->in_title)
        take_value(chart);
    else if (str_is(name, "formatCode"))
        chart->format = str_copy(chart->chart.arena, buf_str(&chart->value));
    else if (str_is(name, "p") && chart->in_title)
        buf_add_char(&chart->title, '\n');
    else if (str_is(name, "tx") || str_is(name, "cat") || str_is(name, "val") ||
             str_is(name, "xVal") || str_is(name, "yVal"))
        chart->where = IN_OTHER;
    chart->in_text = false;
    return true;
}

static bool chart_text(void *self, Str text)
{
    ChartReader *chart = self;
    if (chart->in_text)
        buf_add(chart->in_title ? &chart->title : &chart->value, text);
    return true;
}

void ooxml_write_chart(Package *package, DocWriter *doc, const Part *part)
{
    static const XmlEvents events = { chart_start, chart_end, chart_text };
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    ChartReader chart = { .chart.arena = arena,
                          .title = buf_new(arena, KB(64)),
                          .value = buf_new(arena, KB(64)),
                          .where = IN_OTHER };
    Error err;
    if (!package_parse(package, part, &events, &chart, &err))
        ooxml_warn(doc, &err);
    chart.chart.titles = buf_str(&chart.title);
    chart_write(doc, &chart.chart);
}

/* --- Embedded files --- */

/* The workbook behind a chart says what the chart says. */
static bool is_of_chart(Package *package, const Part *embedded)
{
    for (size_t i = 0; i < package->parts.count; i++) {
        Str name = package->parts.at[i].name;
        if (str_find(name, S("/charts/")) < 0 || str_find(name, S("/_rels/")) >= 0)
            continue;
        Relations relations = ooxml_relations(package, name);
        for (size_t k = 0; k < relations.count; k++)
            if (str_equal_ignore_case(relations.at[k].target, embedded->name))
                return true;
    }
    return false;
}

static void warn_of_macros(const Package *package, DocWriter *doc)
{
    for (size_t i = 0; i < package->parts.count; i++)
        if (str_ends_ignore_case(package->parts.at[i].name, S("/vbaProject.bin"))) {
            doc_warning(doc, S("macro code is not shown"));
            return;
        }
}

void ooxml_write_embedded(Package *package, DocWriter *doc, const char *folder)
{
    warn_of_macros(package, doc);
    size_t bytes_max = doc_writer_limits(doc)->child_bytes_max;
    for (size_t i = 0; i < package->parts.count && doc_writer_ok(doc); i++) {
        const Part *part = &package->parts.at[i];
        AUTO_ARENA Arena *arena = arena_new(GB(2));
        Str bytes, name = str_from(part->name, strlen(folder));
        Error err;
        if (!str_starts(part->name, str(folder)) || str_ends(part->name, S("/")) ||
            is_of_chart(package, part))
            continue;
        if (!package_read(package, arena, part, bytes_max, &bytes, &err))
            ooxml_warn(doc, &err);
        else if (extractor_choose(bytes, name, STR_NONE))
            doc_child(doc, name, STR_NONE, bytes);
    }
}
