/* tmx.c - translation memories (TMX 1.4b, www.gala-global.org): a table with a column for each
 * language and a row for each unit, with its notes. Read twice: once for the languages, once for
 * the rows. */
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"

enum { LANGUAGES_MAX = 60, LANGUAGE_BYTES = 24 };

typedef struct Memory {
    DocWriter *doc;
    Arena *arena; /* of a unit */
    HtmlReader in;
    char languages[LANGUAGES_MAX][LANGUAGE_BYTES];
    Str texts[LANGUAGES_MAX]; /* of the unit */
    size_t count, left_out;   /* languages; those that are too many */
    Buf notes;
    int64_t units;
} Memory;

/* Its column, made when it is new; the count of languages when there are too many. */
static size_t column_of(Memory *memory, Str language)
{
    language = str_slice(language, 0, LANGUAGE_BYTES - 1);
    for (size_t i = 0; i < memory->count; i++)
        if (str_equal_ignore_case(str(memory->languages[i]), language))
            return i;
    if (memory->count == LANGUAGES_MAX)
        return LANGUAGES_MAX;
    snprintf(memory->languages[memory->count], LANGUAGE_BYTES, STR_FMT, STR_ARG(language));
    return memory->count++;
}

static size_t column_of_tag(Memory *memory, const HtmlToken *token)
{
    return column_of(memory, markup_attribute(memory->arena, token->attributes, "lang"));
}

/* The words of a segment. What stands inside of the elements for a format's own codes (4.3) is no
 * text; <hi> marks some, and <sub> is some. */
static Str segment(Memory *memory)
{
    static const char *const codes[] = { "bpt", "ept", "ph", "it", "ut" };
    HtmlReader in = html_reader(markup_inner(&memory->in));
    HtmlToken token;
    Buf out = buf_new(memory->arena, MB(4));
    in.is_xml = true;
    while (html_next(&in, &token)) {
        bool is_code = false;
        for (size_t i = 0; i < COUNT(codes); i++)
            is_code |= token.kind == HTML_START && str_is(token.name, codes[i]);
        if (is_code && !token.is_empty)
            (void)markup_inner(&in);
        else if (token.kind == HTML_TEXT)
            markup_add(&out, &token);
    }
    return str_trim(buf_str(&out));
}

static void write_unit(Memory *memory)
{
    bool has_text = false;
    for (size_t i = 0; i < memory->count; i++)
        has_text |= memory->texts[i].length > 0;
    for (size_t i = 0; i < memory->count && has_text; i++)
        doc_cell(memory->doc, memory->texts[i]);
    if (has_text) {
        doc_cell(memory->doc, buf_str(&memory->notes));
        doc_row_end(memory->doc);
        memory->units++;
    }
    memset(memory->texts, 0, sizeof memory->texts);
    arena_reset(memory->arena);
    memory->notes = buf_new(memory->arena, MB(1));
}

static void find_languages(Memory *memory)
{
    HtmlReader begin = memory->in;
    HtmlToken token;
    while (html_next(&memory->in, &token)) {
        if (token.kind == HTML_START && str_is(token.name, "tuv"))
            memory->left_out += column_of_tag(memory, &token) == LANGUAGES_MAX;
        arena_reset(memory->arena);
    }
    memory->in = begin;
}

static void write_units(Memory *memory)
{
    HtmlToken token;
    size_t column = LANGUAGES_MAX;
    while (doc_writer_ok(memory->doc) && html_next(&memory->in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "tu")) {
            write_unit(memory);
        } else if (token.kind != HTML_START || token.is_empty) {
            continue;
        } else if (str_is(token.name, "tu")) {
            doc_place(memory->doc, &(Place){ .line_first = memory->in.token_line,
                                             .line_last = memory->in.line });
        } else if (str_is(token.name, "tuv")) {
            column = column_of_tag(memory, &token);
        } else if (str_is(token.name, "seg") && column < LANGUAGES_MAX) {
            memory->texts[column] = segment(memory);
        } else if (str_is(token.name, "note")) {
            Str note = markup_words(memory->arena, markup_inner(&memory->in));
            buf_addf(&memory->notes, "%s" STR_FMT, memory->notes.length ? " " : "", STR_ARG(note));
        }
    }
    write_unit(memory);
}

static bool tmx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Memory memory = { .doc = doc, .arena = arena, .in = markup_reader(text_arena, source->bytes) };
    (void)err;
    find_languages(&memory);
    memory.notes = buf_new(arena, MB(1));
    doc_table_begin(doc);
    for (size_t i = 0; i < memory.count; i++)
        doc_cell(doc, str(memory.languages[i]));
    doc_cell(doc, S("Note"));
    doc_row_end(doc);
    doc_header_end(doc);
    write_units(&memory);
    doc_table_end(doc);
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "rows", memory.units);
    if (memory.left_out)
        doc_warning(doc, S("only the first 60 languages are shown"));
    return true;
}

static int tmx_sniff(Str bytes)
{
    static const char *const roots[] = { "tmx", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return markup_root_is(arena, bytes, roots, NULL) ? 90 : 0;
}

const Extractor extractor_tmx = {
    .name = "tmx",
    .title = "Translation memory (TMX)",
    .extensions = LIST("tmx"),
    .media_types = LIST("application/x-tmx+xml"),
    .sniff = tmx_sniff,
    .extract = tmx_extract,
};
