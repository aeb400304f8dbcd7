/* idml.c - InDesign documents as XML (IDML: "IDML File Format Specification" of Adobe): the stories
 * in the order of the document, with headings, tables and footnotes.
 *
 *     designmap.xml  ->  Stories/Story_*.xml: ParagraphStyleRange > CharacterStyleRange >
 *                        { Content, Br (ends a paragraph), Table > Cell, Footnote }
 *
 * What was deleted while changes were tracked lies in Change elements, and is left out. */
#include "extract/extractor.h"
#include "extract/package.h"

enum { STORIES_MAX = 20000, TEXT_MAX = 16 << 20, UNPACKED_MAX = 1 << 30 };

typedef struct Idml {
    DocWriter *doc;
    Arena *arena, *scratch; /* of the document; of a paragraph or table */
    VEC(Str) stories;       /* names of parts */
    Buf paragraph, cell, note;
    int heading;       /* level of the paragraph, 0: it is none */
    int tables, notes; /* that are open */
    int row, deleted;  /* of the table; elements of deleted text that are open */
    int spans[2];      /* columns and rows of the cell */
    bool in_content;
} Idml;

/* --- Paragraphs --- */

static void renew(Idml *in)
{
    arena_reset(in->scratch);
    in->paragraph = buf_new(in->scratch, TEXT_MAX);
    in->cell = buf_new(in->scratch, TEXT_MAX);
    in->note = buf_new(in->scratch, TEXT_MAX);
}

static void end_paragraph(Idml *in)
{
    Str text = str_trim(buf_str(&in->paragraph));
    if (in->tables) {
        if (in->cell.length && text.length)
            buf_add_char(&in->cell, '\n');
        buf_add(&in->cell, text);
        in->paragraph.length = 0;
        return;
    }
    if (in->heading)
        doc_heading(in->doc, in->heading, text);
    else
        doc_paragraph(in->doc, text);
    doc_note(in->doc, "footnote", buf_str(&in->note));
    renew(in);
}

/* Where text goes: a note lies inside of its paragraph. */
static Buf *target(Idml *in) { return in->notes ? &in->note : &in->paragraph; }

/* "ParagraphStyle/Body%3aHeading 2": the level of a heading, by its name. */
static int heading_of(Arena *arena, Str style)
{
    static const char *const names[] = { "heading", "head", "h" };
    ptrdiff_t slash = str_find_last_char(style, '/');
    style = str_lower(arena, str_from(style, (size_t)(slash + 1)));
    for (ptrdiff_t group; (group = str_find(style, S("%3a"))) >= 0;)
        style = str_from(style, (size_t)group + 3);
    if (str_starts(style, S("title")))
        return 1;
    for (size_t i = 0; i < COUNT(names); i++) {
        Str rest = str_trim(str_from(style, strlen(names[i])));
        if (str_starts(style, str(names[i])) && rest.length == 1 && rest.at[0] >= '1' &&
            rest.at[0] <= '6')
            return rest.at[0] - '0';
    }
    return 0;
}

/* --- Tables --- */

static void begin_table(Idml *in)
{
    end_paragraph(in);
    if (in->tables++ > 0)
        return; /* one inside a cell is its text */
    in->row = 0;
    doc_table_begin(in->doc);
}

/* Cells come row by row, and are named "column:row". */
static void begin_cell(Idml *in, const XmlElement *element)
{
    Str name = xml_attribute(element, "Name");
    ptrdiff_t colon = str_find_char(name, ':');
    int64_t row = in->row;
    if (in->tables != 1)
        return;
    if (colon > 0)
        (void)str_to_int(str_from(name, (size_t)colon + 1), 0, INT32_MAX, &row);
    if (row != in->row)
        doc_row_end(in->doc);
    in->row = (int)row;
    in->spans[0] = MAX(1, xml_attribute_int(element, "ColumnSpan", 1));
    in->spans[1] = MAX(1, xml_attribute_int(element, "RowSpan", 1));
}

static void end_cell(Idml *in)
{
    end_paragraph(in);
    if (in->tables != 1)
        return;
    doc_cell_span(in->doc, buf_str(&in->cell), in->spans[0], in->spans[1]);
    in->cell.length = 0;
}

static void end_table(Idml *in)
{
    if (in->tables == 0 || --in->tables > 0)
        return;
    doc_row_end(in->doc);
    doc_table_end(in->doc);
    doc_note(in->doc, "footnote", buf_str(&in->note));
    renew(in);
}

/* --- Stories --- */

static bool story_start(void *self, const XmlElement *element)
{
    Idml *in = self;
    Str name = element->name;
    bool is_deletion =
        str_is(name, "Change") && str_is(xml_attribute(element, "ChangeType"), "DeletedText");
    if (is_deletion || in->deleted)
        in->deleted++;
    else if (str_is(name, "ParagraphStyleRange") && !in->notes)
        in->heading = heading_of(in->scratch, xml_attribute(element, "AppliedParagraphStyle"));
    else if (str_is(name, "Content"))
        in->in_content = true;
    else if (str_is(name, "Br"))
        in->notes ? buf_add_char(&in->note, '\n') : end_paragraph(in);
    else if (str_is(name, "Table"))
        begin_table(in);
    else if (str_is(name, "Cell"))
        begin_cell(in, element);
    else if (str_is(name, "Footnote") && in->notes++ == 0 && in->note.length)
        buf_add_char(&in->note, '\n');
    return doc_writer_ok(in->doc);
}

static bool story_end(void *self, Str name)
{
    Idml *in = self;
    if (in->deleted)
        in->deleted--;
    else if (str_is(name, "Content"))
        in->in_content = false;
    else if (str_is(name, "Cell"))
        end_cell(in);
    else if (str_is(name, "Table"))
        end_table(in);
    else if (str_is(name, "Footnote"))
        in->notes -= in->notes > 0;
    return true;
}

/* U+2028 is a line end that is forced; U+FEFF stands where something is anchored. */
static bool story_text(void *self, Str text)
{
    Idml *in = self;
    Buf *out = target(in);
    for (size_t i = 0; in->in_content && !in->deleted && i < text.length; i++) {
        Str rest = str_from(text, i);
        if (str_starts(rest, S("\xE2\x80\xA8")))
            buf_add_char(out, '\n');
        else if (!str_starts(rest, S("\xEF\xBB\xBF")))
            buf_add_char(out, text.at[i]);
        i += str_starts(rest, S("\xE2\x80\xA8")) || str_starts(rest, S("\xEF\xBB\xBF")) ? 2 : 0;
    }
    return true;
}

static bool map_start(void *self, const XmlElement *element)
{
    Idml *in = self;
    Str source = xml_attribute(element, "src");
    if (str_is(element->name, "Story") && source.length && in->stories.count < STORIES_MAX)
        *vec_push(in->arena, &in->stories) = str_copy(in->arena, source);
    return true;
}

static void read_story(Idml *in, Package *package, Str name)
{
    static const XmlEvents events = { story_start, story_end, story_text };
    const Part *part = package_find(package, name);
    Error why = { 0 };
    in->heading = in->notes = in->deleted = 0;
    in->in_content = false;
    if (!part || !package_parse(package, part, &events, in, &why))
        doc_warning(in->doc, str_format(in->scratch, "\"" STR_FMT "\" is not read to its end: %s",
                                        STR_ARG(name), part ? why.message : "it is missing"));
    in->notes = 0;
    if (in->tables) { /* of a story that is broken */
        in->tables = 1;
        end_cell(in);
        end_table(in);
    }
    end_paragraph(in);
}

static bool idml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const XmlEvents events = { .start = map_start };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(MB(512));
    Idml in = { .doc = doc, .arena = arena, .scratch = scratch };
    Package package;
    if (!package_open(arena, source->bytes, UNPACKED_MAX, &package, err))
        return false;
    const Part *map = package_find(&package, S("designmap.xml"));
    if (!map)
        return fail(err, ERROR_DAMAGED, "the InDesign document has no map of its parts");
    if (!package_parse(&package, map, &events, &in, err))
        return false;
    renew(&in);
    for (size_t i = 0; i < in.stories.count && doc_writer_ok(doc); i++)
        read_story(&in, &package, in.stories.at[i]);
    return true;
}

static int idml_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(1));
    return str_starts(bytes, S("PK\3\4")) &&
                   str_find(head, S("application/vnd.adobe.indesign-idml-package")) >= 0
               ? 95
               : 0;
}

const Extractor extractor_idml = {
    .name = "idml",
    .title = "InDesign document (IDML)",
    .extensions = LIST("idml"),
    .media_types = LIST("application/vnd.adobe.indesign-idml-package"),
    .sniff = idml_sniff,
    .extract = idml_extract,
};
