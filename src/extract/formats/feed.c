/* feed.c - news feeds: RSS 0.9x, 1.0 and 2.0 (rssboard.org) and Atom (RFC 4287). Each item is a
 * heading with its date, author and address, and what it says, read as HTML. */
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/mail.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"

typedef struct Item {
    Str title, link, author, date, content, summary;
    Buf categories;
    bool content_is_text, summary_is_text;
    int line;
} Item;

typedef struct Feed {
    DocWriter *doc;
    Arena *arena; /* of an item */
    HtmlReader in;
    int64_t items;
} Feed;

/* --- One item --- */

static void write_html(Feed *feed, const Item *item, Str inner, bool is_text)
{
    Place place = { .line_first = item->line, .line_last = item->line };
    if (is_text) {
        doc_paragraph(feed->doc, markup_words(feed->arena, inner));
        return;
    }
    Str html = markup_has_tags(inner) ? inner : markup_words(feed->arena, inner);
    html_write_chapter(feed->doc, html, &place);
}

/* A summary that is the beginning of the content says nothing new. */
static bool is_said(Arena *arena, Str summary, Str content)
{
    Str words = markup_plain(arena, markup_words(arena, summary));
    Str all =
        markup_plain(arena, markup_has_tags(content) ? content : markup_words(arena, content));
    return content.length && str_find(all, str_slice(words, 0, 40)) >= 0;
}

static void write_item(Feed *feed, Item *item)
{
    DocWriter *doc = feed->doc;
    Buf line = buf_new(feed->arena, KB(64));
    const Str parts[] = { item->date, item->author, item->link, buf_str(&item->categories) };
    doc_place(doc, &(Place){ .line_first = item->line, .line_last = feed->in.line });
    doc_heading(doc, 2, item->title);
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i].length && line.length)
            buf_add(&line, S(" \xC2\xB7 "));
        buf_add(&line, parts[i]);
    }
    doc_paragraph(doc, buf_str(&line));
    if (item->summary.length && !is_said(feed->arena, item->summary, item->content))
        write_html(feed, item, item->summary, item->summary_is_text);
    if (item->content.length)
        write_html(feed, item, item->content, item->content_is_text);
    feed->items++;
    arena_reset(feed->arena);
}

static void read_link(Feed *feed, Item *item, const HtmlToken *token)
{
    Str rel = markup_attribute(feed->arena, token->attributes, "rel");
    Str link = markup_attribute(feed->arena, token->attributes, "href");
    if (!token->is_empty && !link.length)
        link = markup_words(feed->arena, markup_inner(&feed->in));
    if (!rel.length || str_is(rel, "alternate"))
        item->link = link;
}

static void read_author(Feed *feed, Item *item)
{
    HtmlReader in = html_reader(markup_inner(&feed->in));
    HtmlToken token;
    in.is_xml = true;
    if (!markup_has_tags(in.text))
        item->author = markup_words(feed->arena, in.text);
    while (html_next(&in, &token)) /* Atom: name, e-mail and address apart */
        if (token.kind == HTML_START && str_is(token.name, "name"))
            item->author = markup_words(feed->arena, markup_inner(&in));
}

/* RSS writes dates as mail does, Atom as ISO 8601 does. */
static Str date_of(Arena *arena, Str text)
{
    Str iso = mail_date(arena, text);
    return iso.length ? iso : text;
}

static void read_category(Feed *feed, Item *item, const HtmlToken *token)
{
    Str term = markup_attribute(feed->arena, token->attributes, "term");
    if (!token->is_empty && !term.length)
        term = markup_words(feed->arena, markup_inner(&feed->in));
    if (item->categories.length && term.length)
        buf_add(&item->categories, S(", "));
    buf_add(&item->categories, term);
}

/* A title may be HTML that is escaped, or already mark-up. */
static Str plain_title(Feed *feed, bool is_text)
{
    Str words = markup_words(feed->arena, markup_inner(&feed->in));
    return is_text ? words : markup_words(feed->arena, words);
}

static void read_member(Feed *feed, Item *item, const HtmlToken *token)
{
    Str name = token->name;
    Str type = markup_attribute(feed->arena, token->attributes, "type");
    bool is_text = str_is(type, "text");
    if (str_is(name, "link")) {
        read_link(feed, item, token);
    } else if (str_is(name, "category")) {
        read_category(feed, item, token);
    } else if (token->is_empty) {
        return;
    } else if (str_is(name, "title")) {
        item->title = plain_title(feed, is_text);
    } else if (str_is(name, "creator") || str_is(name, "author")) {
        read_author(feed, item);
    } else if (str_is(name, "pubdate") || str_is(name, "date") || str_is(name, "published") ||
               (str_is(name, "updated") && !item->date.length)) {
        item->date = date_of(feed->arena, markup_words(feed->arena, markup_inner(&feed->in)));
    } else if (str_is(name, "encoded") || str_is(name, "content")) {
        item->content_is_text = is_text;
        item->content = markup_inner(&feed->in);
    } else if (str_is(name, "description") || str_is(name, "summary")) {
        item->summary_is_text = is_text;
        item->summary = markup_inner(&feed->in);
    }
}

static void read_item(Feed *feed, const char *name)
{
    Item item = { .line = feed->in.token_line, .categories = buf_new(feed->arena, KB(64)) };
    HtmlToken token;
    while (html_next(&feed->in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, name))
            break;
        if (token.kind == HTML_START)
            read_member(feed, &item, &token);
    }
    write_item(feed, &item);
}

/* --- The feed --- */

static void read_fact(Feed *feed, const HtmlToken *token)
{
    static const struct {
        const char *name, *key;
    } facts[] = {
        { "title", "title" },
        { "subtitle", "description" },
        { "description", "description" },
        { "language", "language" },
        { "generator", "software" },
        { "copyright", "copyright" },
        { "rights", "copyright" },
        { "managingeditor", "author" },
        { "lastbuilddate", "modified" },
        { "updated", "modified" },
        { "pubdate", "published" },
    };
    for (size_t i = 0; i < COUNT(facts); i++) {
        if (!str_is(token->name, facts[i].name) || token->is_empty)
            continue;
        Str value = markup_plain(feed->arena, markup_words(feed->arena, markup_inner(&feed->in)));
        doc_place(feed->doc,
                  &(Place){ .line_first = feed->in.token_line, .line_last = feed->in.line });
        doc_meta(feed->doc, facts[i].key,
                 metadata_named(str(facts[i].key))->type == METADATA_DATE
                     ? date_of(feed->arena, value)
                     : value);
        if (i == 0)
            doc_heading(feed->doc, 1, value);
        return;
    }
}

/* The feed's own picture: its title is what it shows. */
static void read_image(Feed *feed)
{
    HtmlReader in = html_reader(markup_inner(&feed->in));
    HtmlToken token;
    in.is_xml = true;
    while (html_next(&in, &token))
        if (token.kind == HTML_START && !token.is_empty && str_is(token.name, "title"))
            doc_image(feed->doc, markup_words(feed->arena, markup_inner(&in)));
}

static bool feed_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Feed feed = { .doc = doc, .arena = arena, .in = markup_reader(text_arena, source->bytes) };
    HtmlToken token;
    (void)err;
    while (doc_writer_ok(doc) && html_next(&feed.in, &token)) {
        if (token.kind != HTML_START)
            continue;
        if (!token.is_empty && str_is(token.name, "item"))
            read_item(&feed, "item");
        else if (!token.is_empty && str_is(token.name, "entry"))
            read_item(&feed, "entry");
        else if (!token.is_empty && str_is(token.name, "image"))
            read_image(&feed);
        else if (!token.is_empty && str_is(token.name, "author"))
            (void)markup_inner(&feed.in);
        else
            read_fact(&feed, &token);
    }
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "items", feed.items);
    return true;
}

static int feed_sniff(Str bytes)
{
    static const char *const roots[] = { "rss", "feed", "rdf", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head;
    if (!markup_root_is(arena, bytes, roots, &head))
        return 0;
    return str_find(head, S("<rss")) >= 0 || str_find(head, S("www.w3.org/2005/Atom")) >= 0 ||
                   str_find(head, S("purl.org/rss/1.0")) >= 0
               ? 90
               : 0;
}

const Extractor extractor_feed = {
    .name = "feed",
    .title = "News feed (RSS, Atom)",
    .extensions = LIST("rss", "atom", "xml", "rdf"),
    .media_types = LIST("application/rss+xml", "application/atom+xml"),
    .sniff = feed_sniff,
    .extract = feed_extract,
};
