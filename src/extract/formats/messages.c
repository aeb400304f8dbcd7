/* messages.c - catalogues of translated texts: gettext's PO files (GNU gettext manual, "PO Files")
 * and the resources of .NET (RESX) as rows. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"

typedef enum PoField { PO_NONE, PO_CONTEXT, PO_ID, PO_PLURAL, PO_TEXT } PoField;

typedef struct Messages {
    DocWriter *doc;
    Arena *arena; /* of an entry */
    Buf context, id, text, remark;
    PoField field;
    int first, line;
    int64_t entries, translated;
    bool is_fuzzy, is_old;
} Messages;

static void begin_table(DocWriter *doc, const char *const *names)
{
    doc_table_begin(doc);
    for (; *names; names++)
        doc_cell(doc, str(*names));
    doc_row_end(doc);
    doc_header_end(doc);
}

/* --- PO --- */

static void begin_entry(Messages *m)
{
    arena_reset(m->arena);
    m->context = buf_new(m->arena, MB(1));
    m->id = buf_new(m->arena, MB(1));
    m->text = buf_new(m->arena, MB(1));
    m->remark = buf_new(m->arena, MB(1));
    m->field = PO_NONE;
    m->first = m->line;
    m->is_fuzzy = m->is_old = false;
}

/* The text of the empty message is the head: "Language: de". */
static void write_head(Messages *m)
{
    static const struct {
        const char *name, *key;
    } facts[] = {
        { "Project-Id-Version", "title" },
        { "Last-Translator", "author" },
        { "Language", "language" },
        { "PO-Revision-Date", "po-revision-date" },
        { "POT-Creation-Date", "pot-creation-date" },
        { "X-Generator", "software" },
    };
    Str rest = buf_str(&m->text), line, name;
    while (str_next(&rest, '\n', &line))
        if (str_next(&line, ':', &name))
            for (size_t i = 0; i < COUNT(facts); i++)
                if (str_is(name, facts[i].name))
                    doc_meta(m->doc, facts[i].key, str_trim(line));
}

static void end_entry(Messages *m)
{
    if (m->field == PO_TEXT && m->id.length == 0 && !m->is_old && m->entries == 0) {
        write_head(m);
    } else if (m->id.length) {
        doc_place_lines(m->doc, m->first, m->line);
        doc_cell(m->doc, buf_str(&m->id));
        doc_cell(m->doc, buf_str(&m->text));
        doc_cell(m->doc, buf_str(&m->context));
        doc_cell(m->doc, buf_str(&m->remark));
        doc_row_end(m->doc);
        m->entries++;
        m->translated += m->text.length && !m->is_fuzzy;
    }
    begin_entry(m);
}

static void add_quoted(Buf *out, Str text)
{
    ptrdiff_t begin = str_find_char(text, '"'), end = str_find_last_char(text, '"');
    text = begin >= 0 && end > begin ? str_slice(text, (size_t)begin + 1, (size_t)end) : STR_NONE;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i], next = i + 1 < text.length ? text.at[i + 1] : 0;
        if (c != '\\' || !next) {
            buf_add_char(out, c);
            continue;
        }
        buf_add_char(out, next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? ' ' : next);
        i++;
    }
}

static void add_line(Buf *out, Str text)
{
    if (out->length)
        buf_add_char(out, '\n');
    buf_add(out, str_trim(text));
}

static void read_remark(Messages *m, Str line)
{
    if (m->field == PO_TEXT)
        end_entry(m);
    if (str_starts(line, S("#,")))
        m->is_fuzzy |= str_find(line, S("fuzzy")) >= 0;
    else if (str_starts(line, S("#.")) || str_starts(line, S("# ")))
        add_line(&m->remark, str_from(line, 2));
}

static void read_po_line(Messages *m, Str line)
{
    line = str_trim(line);
    bool is_old = str_starts(line, S("#~"));
    if (is_old)
        return; /* no longer used */
    if (str_starts(line, S("#"))) {
        read_remark(m, line);
        return;
    }
    PoField before = m->field;
    m->field = str_starts(line, S("msgctxt"))        ? PO_CONTEXT
               : str_starts(line, S("msgid_plural")) ? PO_PLURAL
               : str_starts(line, S("msgid"))        ? PO_ID
               : str_starts(line, S("msgstr"))       ? PO_TEXT
                                                     : before;
    bool begins = m->field != before && (m->field == PO_CONTEXT || m->field == PO_ID);
    if (begins && before == PO_TEXT) {
        PoField field = m->field;
        m->field = before;
        end_entry(m);
        m->field = field;
    }
    Buf *out = m->field == PO_CONTEXT ? &m->context : m->field == PO_TEXT ? &m->text : &m->id;
    bool is_further = str_starts(line, S("msgid_plural")) || str_starts(line, S("msgstr["));
    if (is_further && out->length)
        buf_add_char(out, '\n');
    if (m->field != PO_NONE)
        add_quoted(out, line);
}

static bool po_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const char *const names[] = { "Text", "Translation", "Context", "Remark", NULL };
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str line;
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Messages m = { .doc = doc, .arena = arena, .line = 1 };
    Str rest = text_decode(text_arena, source->bytes, STR_NONE, NULL);
    begin_table(doc, names);
    begin_entry(&m);
    for (; doc_writer_ok(doc) && text_next_line(&rest, &line); m.line++)
        read_po_line(&m, line);
    end_entry(&m);
    doc_table_end(doc);
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "messages", m.entries);
    doc_meta_whole(doc, "translated", m.translated);
    return true;
}

static int po_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (!bytes.length || text_is_binary(bytes))
        return 0;
    Str head = text_head(arena, bytes, KB(8));
    bool has_id = str_starts(head, S("msgid \"")) || str_find(head, S("\nmsgid \"")) >= 0;
    return has_id && str_find(head, S("\nmsgstr")) >= 0 ? 62 : 0;
}

const Extractor extractor_po = {
    .name = "po",
    .title = "Translations (gettext)",
    .extensions = LIST("po", "pot"),
    .media_types = LIST("text/x-gettext-translation", "text/x-po"),
    .sniff = po_sniff,
    .extract = po_extract,
};

/* --- RESX --- */

/* <data name="..."><value>...</value><comment>...</comment></data>; pictures and the like have a
 * type or are in base64. */
static bool write_resource(DocWriter *doc, HtmlReader *in, Arena *arena, const HtmlToken *data)
{
    Str name = markup_attribute(arena, data->attributes, "name");
    bool is_text = !markup_attribute(arena, data->attributes, "type").length &&
                   !markup_attribute(arena, data->attributes, "mimetype").length;
    Str value = STR_NONE, comment = STR_NONE;
    int line = in->token_line;
    HtmlReader inside = html_reader(data->is_empty ? STR_NONE : markup_inner(in));
    HtmlToken token;
    inside.is_xml = true;
    while (html_next(&inside, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        Str words = markup_words(arena, markup_inner(&inside));
        if (str_is(token.name, "value"))
            value = words;
        else if (str_is(token.name, "comment"))
            comment = words;
    }
    if (is_text) {
        doc_place_lines(doc, line, in->line);
        doc_cell(doc, name);
        doc_cell(doc, value);
        doc_cell(doc, comment);
        doc_row_end(doc);
    }
    return is_text;
}

static bool resx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const char *const names[] = { "Name", "Text", "Remark", NULL };
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    HtmlReader in = markup_reader(text_arena, source->bytes);
    HtmlToken token;
    int64_t texts = 0, others = 0;
    (void)err;
    begin_table(doc, names);
    while (doc_writer_ok(doc) && html_next(&in, &token)) {
        if (token.kind != HTML_START || !str_is(token.name, "data"))
            continue;
        write_resource(doc, &in, arena, &token) ? texts++ : others++;
        arena_reset(arena);
    }
    doc_table_end(doc);
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "messages", texts);
    if (others)
        doc_warning(doc, str_format(text_arena, "%" PRId64 " resource%s no text", others,
                                    others == 1 ? " is" : "s are"));
    return true;
}

static int resx_sniff(Str bytes)
{
    static const char *const roots[] = { "root", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head;
    return markup_root_is(arena, bytes, roots, &head) &&
                   (str_find(head, S("text/microsoft-resx")) >= 0 ||
                    str_find(head, S("<data name=")) >= 0)
               ? 88
               : 0;
}

const Extractor extractor_resx = {
    .name = "resx",
    .title = "Resources of .NET",
    .extensions = LIST("resx", "resw"),
    .media_types = LIST("application/x-resx+xml"),
    .sniff = resx_sniff,
    .extract = resx_extract,
};
