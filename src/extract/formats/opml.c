/* opml.c - outlines and lists of feeds (OPML 2.0, opml.org/spec2.opml): nested list items. */
#include "extract/extractor.h"
#include "extract/formats/mail.h"
#include "extract/formats/markup.h"

enum { DEPTH_MAX = 200 };

static const struct {
    const char *name, *key;
} facts[] = { { "title", "title" },
              { "ownername", "author" },
              { "owneremail", "email" },
              { "datecreated", "created" },
              { "datemodified", "modified" } };

static void write_fact(DocWriter *doc, Arena *arena, HtmlReader *in, const HtmlToken *token)
{
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(token->name, facts[i].name)) {
            Str value = markup_words(arena, markup_inner(in));
            Str date = i >= 3 ? mail_date(arena, value) : STR_NONE;
            doc_meta(doc, facts[i].key, date.length ? date : value);
            if (i == 0)
                doc_heading(doc, 1, value);
            return;
        }
}

static void write_outline(DocWriter *doc, Arena *arena, const HtmlToken *token, int level)
{
    static const char *const addresses[] = { "htmlurl", "xmlurl", "url" };
    Str attributes = token->attributes;
    Str text = markup_attribute(arena, attributes, "text");
    if (!text.length)
        text = markup_attribute(arena, attributes, "title");
    Buf out = buf_new(arena, MB(4));
    buf_add(&out, markup_plain(arena, text));
    for (size_t i = 0; i < COUNT(addresses); i++) {
        Str address = markup_attribute(arena, attributes, addresses[i]);
        if (address.length)
            buf_addf(&out, " <" STR_FMT ">", STR_ARG(address));
    }
    doc_list_item(doc, level, S("-"), buf_str(&out));
    doc_paragraph(doc, markup_attribute(arena, attributes, "description"));
    doc_note(doc, "note", markup_attribute(arena, attributes, "_note"));
}

static bool opml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    HtmlReader in = markup_reader(text_arena, source->bytes);
    HtmlToken token;
    int level = 0;
    bool in_body = false;
    (void)err;
    while (doc_writer_ok(doc) && html_next(&in, &token)) {
        if (token.kind == HTML_TEXT)
            continue;
        doc_place(doc, &(Place){ .line_first = in.token_line, .line_last = in.line });
        in_body |= str_is(token.name, "body");
        if (!str_is(token.name, "outline")) {
            if (!in_body && token.kind == HTML_START && !token.is_empty)
                write_fact(doc, arena, &in, &token);
        } else if (token.kind == HTML_START) {
            write_outline(doc, arena, &token, MIN(level + 1, DEPTH_MAX));
            level += !token.is_empty;
        } else {
            level -= level > 0;
        }
        arena_reset(arena);
    }
    return true;
}

static int opml_sniff(Str bytes)
{
    static const char *const roots[] = { "opml", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return markup_root_is(arena, bytes, roots, NULL) ? 90 : 0;
}

const Extractor extractor_opml = {
    .name = "opml",
    .title = "Outline (OPML)",
    .extensions = LIST("opml"),
    .media_types = LIST("text/x-opml", "text/x-opml+xml"),
    .sniff = opml_sniff,
    .extract = opml_extract,
};
