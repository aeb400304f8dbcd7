/* html.c - HTML and XHTML: the visible text in blocks, in one pass over the tags. */
#include "extract/formats/html.h"

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html_writer.h"

static void keep_unseen(HtmlWriter *w, Str text)
{
    text = str_trim(text);
    if (!text.length || w->unseen.length + text.length >= UNSEEN_MAX)
        return;
    if (w->unseen.length)
        buf_add_char(&w->unseen, '\n');
    buf_add(&w->unseen, text);
}

static void write_text(HtmlWriter *w, const HtmlToken *token)
{
    if (w->machine)
        return;
    bool is_plain = token->is_raw || str_find_char(token->text, '&') < 0;
    AUTO_ARENA Arena *scratch = NULL;
    Str text = token->text;
    if (!is_plain) {
        scratch = arena_new(token->text.length * 4 + KB(64));
        Buf out = buf_new(scratch, SIZE_MAX / 4);
        html_decode(&out, token->text);
        text = buf_str(&out);
    }
    HtmlOpen *top = w->depth ? &w->open[w->depth - 1] : NULL;
    if (w->hidden)
        keep_unseen(w, text);
    else if (top && top->tag->is == TAG_TITLE && !w->in_body)
        html_write_fact(w, "title", text);
    else
        html_add_text(w, text);
}

static void write_page(DocWriter *doc, Str utf8, const Place *place, bool is_chapter)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *unseen = arena_new(UNSEEN_MAX * 4);
    AUTO_FREE HtmlWriter *w = heap_alloc(sizeof *w);
    HtmlToken token;
    w->doc = doc;
    w->arena = arena;
    w->place = *place;
    w->is_chapter = is_chapter;
    w->in = html_reader(utf8);
    w->in.line = MAX(1, place->line_first);
    w->run = buf_new(arena, SIZE_MAX / 4);
    w->unseen = buf_new(unseen, UNSEEN_MAX);
    while (doc_writer_ok(doc) && html_next(&w->in, &token)) {
        if (token.kind == HTML_TEXT)
            write_text(w, &token);
        else if (token.kind == HTML_START)
            html_begin_element(w, &token);
        else
            html_end_element(w, token.name);
    }
    html_close_to(w, 0);
    html_flush(w);
    doc_place(doc, place);
    doc_note(doc, "hidden", buf_str(&w->unseen));
}

void html_write(DocWriter *doc, Str utf8, const Place *place)
{
    write_page(doc, utf8, place, false);
}

void html_write_chapter(DocWriter *doc, Str utf8, const Place *place)
{
    write_page(doc, utf8, place, true);
}

static bool html_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    (void)err;
    Str declared = charset_in_html(source->bytes);
    if (!declared.length)
        declared = charset_in_media_type(source->media_type);
    html_write(doc, text_decode(arena, source->bytes, declared, NULL), &(Place){ 0 });
    return true;
}

static const struct {
    Str begin;
    int score;
} beginnings[] = {
    { S_INIT("<!doctype html"), 90 },
    { S_INIT("<html"), 85 },
    { S_INIT("<head"), 70 },
    { S_INIT("<body"), 70 },
    { S_INIT("<title"), 60 },
    { S_INIT("<meta"), 50 },
    { S_INIT("<script"), 40 },
    { S_INIT("<style"), 40 },
    { S_INIT("<table"), 40 },
    { S_INIT("<div"), 30 },
    { S_INIT("<p>"), 30 },
    { S_INIT("<p "), 20 },
    { S_INIT("<h1"), 30 },
    { S_INIT("<h2"), 30 },
    { S_INIT("<ul"), 30 },
    { S_INIT("<font"), 30 },
    { S_INIT("<center"), 30 },
    { S_INIT("<a "), 20 },
    { S_INIT("<b>"), 20 },
    { S_INIT("<br"), 20 },
    { S_INIT("<span"), 20 },
};

static Str skip_markup(Str text)
{
    for (;;) {
        text = str_trim(text);
        bool is_comment = str_starts(text, S("<!--"));
        if (!is_comment && !str_starts(text, S("<?xml")))
            return text;
        ptrdiff_t end = str_find(text, is_comment ? S("-->") : S("?>"));
        if (end < 0)
            return STR_NONE;
        text = str_from(text, (size_t)end + (is_comment ? 3 : 2));
    }
}

static int html_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head = skip_markup(text_head(arena, bytes, KB(16)));
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        Str begin = beginnings[i].begin;
        if (str_equal_ignore_case(str_slice(head, 0, begin.length), begin))
            return beginnings[i].score;
    }
    if (str_find_ignore_case(head, S("<html")) >= 0 && str_find_ignore_case(head, S("<body")) >= 0)
        return 30;
    bool has_tags = str_find(head, S("</")) >= 0 || str_find(head, S("<br")) >= 0;
    return has_tags && !text_is_binary(bytes) ? 5 : 0;
}

const Extractor extractor_html = {
    .name = "html",
    .title = "Web pages (HTML, XHTML)",
    .extensions = LIST("html", "htm", "xhtml", "xht", "shtml"),
    .media_types = LIST("text/html", "application/xhtml+xml"),
    .sniff = html_sniff,
    .extract = html_extract,
};
