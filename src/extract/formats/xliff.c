/* xliff.c - translations (XLIFF 1.2 and 2.x, OASIS): a table of source and target for each file,
 * with the translators' notes. Gettext's and Qt's own formats are not this. */
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"

typedef struct Xliff {
    DocWriter *doc;
    Arena *arena; /* of a unit */
    HtmlReader in;
    char source_language[24], target_language[24];
    Str source, target;
    Buf notes;
    int line;
    int64_t units, untranslated;
    bool in_table;
} Xliff;

static void end_table(Xliff *x)
{
    if (x->in_table)
        doc_table_end(x->doc);
    x->in_table = false;
}

static void begin_table(Xliff *x)
{
    if (x->in_table)
        return;
    doc_table_begin(x->doc);
    doc_cell(x->doc, str_format(x->arena, "Source%s%s", x->source_language[0] ? " " : "",
                                x->source_language));
    doc_cell(x->doc, str_format(x->arena, "Target%s%s", x->target_language[0] ? " " : "",
                                x->target_language));
    doc_cell(x->doc, S("Note"));
    doc_row_end(x->doc);
    doc_header_end(x->doc);
    x->in_table = true;
}

static void write_pair(Xliff *x)
{
    if (x->source.length || x->target.length) {
        doc_place(x->doc, &(Place){ .line_first = x->line, .line_last = x->in.line });
        begin_table(x);
        doc_cell(x->doc, x->source);
        doc_cell(x->doc, x->target);
        doc_cell(x->doc, buf_str(&x->notes));
        doc_row_end(x->doc);
        x->units++;
        x->untranslated += !x->target.length;
    }
    x->source = x->target = STR_NONE;
    arena_reset(x->arena);
    x->notes = buf_new(x->arena, MB(1));
}

static void copy_language(Xliff *x, Str attributes, const char *name, char *out, size_t size)
{
    Str value = markup_attribute(x->arena, attributes, name);
    if (value.length && value.length < size)
        snprintf(out, size, STR_FMT, STR_ARG(value));
}

static void begin_file(Xliff *x, Str attributes)
{
    Str original = markup_attribute(x->arena, attributes, "original");
    end_table(x);
    doc_place(x->doc, &(Place){ .line_first = x->in.token_line, .line_last = x->in.line });
    doc_heading(x->doc, 1,
                original.length ? original : markup_attribute(x->arena, attributes, "id"));
}

static void read_languages(Xliff *x, Str attributes)
{
    copy_language(x, attributes, "source-language", x->source_language, sizeof x->source_language);
    copy_language(x, attributes, "target-language", x->target_language, sizeof x->target_language);
    copy_language(x, attributes, "srclang", x->source_language, sizeof x->source_language);
    copy_language(x, attributes, "trglang", x->target_language, sizeof x->target_language);
}

static void begin_element(Xliff *x, const HtmlToken *token)
{
    Str name = token->name;
    if (str_is(name, "xliff") || str_is(name, "file"))
        read_languages(x, token->attributes);
    if (str_is(name, "file"))
        begin_file(x, token->attributes);
    if (token->is_empty)
        return;
    if (str_is(name, "trans-unit") || str_is(name, "segment") || str_is(name, "ignorable")) {
        x->line = x->in.token_line;
    } else if (str_is(name, "alt-trans") || str_is(name, "seg-source")) {
        (void)markup_inner(&x->in); /* proposals, and the source again */
    } else if (str_is(name, "source")) {
        x->source = markup_words(x->arena, markup_inner(&x->in));
    } else if (str_is(name, "target")) {
        x->target = markup_words(x->arena, markup_inner(&x->in));
    } else if (str_is(name, "note")) {
        if (x->notes.length)
            buf_add_char(&x->notes, ' ');
        buf_add(&x->notes, markup_words(x->arena, markup_inner(&x->in)));
    }
}

static bool xliff_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Xliff x = { .doc = doc,
                .arena = arena,
                .in = markup_reader(text_arena, source->bytes),
                .notes = buf_new(arena, MB(1)) };
    HtmlToken token;
    (void)err;
    while (doc_writer_ok(doc) && html_next(&x.in, &token)) {
        if (token.kind == HTML_START)
            begin_element(&x, &token);
        else if (token.kind == HTML_END &&
                 (str_is(token.name, "trans-unit") || str_is(token.name, "segment")))
            write_pair(&x);
        else if (token.kind == HTML_END && str_is(token.name, "file"))
            end_table(&x);
    }
    write_pair(&x);
    end_table(&x);
    doc_place(doc, &(Place){ 0 });
    doc_meta(doc, "language", str(x.source_language));
    doc_meta(doc, "target-language", str(x.target_language));
    doc_meta_whole(doc, "rows", x.units);
    if (x.untranslated)
        doc_meta_whole(doc, "untranslated", x.untranslated);
    return true;
}

static int xliff_sniff(Str bytes)
{
    static const char *const roots[] = { "xliff", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return markup_root_is(arena, bytes, roots, NULL) ? 90 : 0;
}

const Extractor extractor_xliff = {
    .name = "xliff",
    .title = "Translations (XLIFF)",
    .extensions = LIST("xlf", "xliff"),
    .media_types = LIST("application/xliff+xml", "application/x-xliff+xml"),
    .sniff = xliff_sniff,
    .extract = xliff_extract,
};
