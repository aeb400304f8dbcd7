/* feed_read.c - see feed_read.h. */
#include "connect/feed_read.h"

#include "connect/connect_http.h"
#include "extract/formats/mail.h"
#include "extract/formats/markup.h"

#define PAGE_MAX MB(16)

/* RSS writes dates as mail does, Atom as ISO 8601 does. */
static Str date_of(Arena *arena, Str text)
{
    Str iso = mail_date(arena, text);
    return iso.length ? iso : text;
}

/* What an element's addresses are seen from: its xml:base, itself seen from the one around it. */
static Str base_of(Arena *arena, Str around, const HtmlToken *token)
{
    Str own = str_trim(markup_attribute(arena, token->attributes, "base"));
    Str base = own.length ? connect_resolve(arena, around, own) : STR_NONE;
    return base.length ? base : around;
}

typedef struct EntryReading {
    Arena *arena;
    FeedEntry entry; /* its link as written */
    Str base;
    Str link_base;
    bool id_is_link; /* as a guid of RSS is unless it says otherwise */
} EntryReading;

static void read_link(EntryReading *reading, HtmlReader *in, const HtmlToken *token)
{
    Arena *arena = reading->arena;
    FeedEntry *entry = &reading->entry;
    Str base = base_of(arena, reading->base, token);
    Str rel = markup_attribute(arena, token->attributes, "rel");
    Str link = markup_attribute(arena, token->attributes, "href");
    if (!token->is_empty && !link.length)
        link = markup_words(arena, markup_inner(in));
    if ((rel.length && !str_is(rel, "alternate")) || entry->link.length)
        return;
    entry->link = str_copy(arena, str_trim(link));
    reading->link_base = base;
}

/* HTML, escaped or as elements; a text is escaped. */
static Str html_of(Arena *arena, Str inner, Str type)
{
    Buf out = buf_new(arena, inner.length * 6 + KB(1));
    Str words = markup_words(arena, inner);
    if (str_is(type, "text"))
        buf_add_escaped(&out, words);
    else
        buf_add(&out, markup_has_tags(inner) ? inner : words);
    return buf_str(&out);
}

static void read_author(Arena *arena, Str inner, FeedEntry *entry)
{
    HtmlReader in = html_reader(inner);
    HtmlToken token;
    in.is_xml = true;
    if (!markup_has_tags(inner))
        entry->author = markup_words(arena, inner);
    while (html_next(&in, &token)) /* Atom: name, e-mail and address apart */
        if (token.kind == HTML_START && str_is(token.name, "name"))
            entry->author = markup_words(arena, markup_inner(&in));
}

typedef enum Member { OTHER, ID, TITLE, AUTHOR, DATE, UPDATED, CONTENT, SUMMARY } Member;

static Member member_of(Str name)
{
    static const struct {
        const char *name;
        Member member;
    } members[] = {
        { "guid", ID },         { "id", ID },           { "title", TITLE },
        { "author", AUTHOR },   { "creator", AUTHOR },  { "pubdate", DATE },
        { "date", DATE },       { "published", DATE },  { "updated", UPDATED },
        { "encoded", CONTENT }, { "content", CONTENT }, { "description", SUMMARY },
        { "summary", SUMMARY },
    };
    for (size_t i = 0; i < COUNT(members); i++)
        if (str_is(name, members[i].name))
            return members[i].member;
    return OTHER;
}

static bool is_permanent_link(Arena *arena, const HtmlToken *token)
{
    Str said = str_trim(markup_attribute(arena, token->attributes, "isPermaLink"));
    return str_is(token->name, "guid") && !str_equal_ignore_case(said, S("false"));
}

static void read_member(EntryReading *reading, HtmlReader *in, const HtmlToken *token)
{
    Arena *arena = reading->arena;
    FeedEntry *entry = &reading->entry;
    Str type = str_copy(arena, markup_attribute(arena, token->attributes, "type"));
    Member member = member_of(token->name);
    if (str_is(token->name, "link")) {
        read_link(reading, in, token);
        return;
    }
    if (token->is_empty || member == OTHER)
        return;
    if (member == ID)
        reading->id_is_link = is_permanent_link(arena, token);
    Str inner = markup_inner(in);
    if (member == ID)
        entry->id = markup_words(arena, inner);
    else if (member == TITLE)
        entry->title = markup_plain(arena, markup_words(arena, inner));
    else if (member == AUTHOR)
        read_author(arena, inner, entry);
    else if (member == DATE || !(member != UPDATED || entry->date.length))
        entry->date = date_of(arena, markup_words(arena, inner));
    else if (member == CONTENT || (member == SUMMARY && !entry->html.length))
        entry->html = html_of(arena, inner, type);
}

/* A guid may be the only address there is. An entry without an id is known by its link as written:
 * a feed that moves brings nothing twice. */
static FeedEntry finish_entry(const EntryReading *reading)
{
    Arena *arena = reading->arena;
    FeedEntry entry = reading->entry;
    if (!entry.id.length)
        entry.id = entry.link.length ? entry.link : entry.title;
    if (entry.link.length)
        entry.link = connect_resolve(arena, reading->link_base, entry.link);
    else if (reading->id_is_link && connect_origin(arena, entry.id).length)
        entry.link = connect_resolve(arena, entry.id, S(""));
    return entry;
}

static void read_entry(Arena *arena, HtmlReader *in, const char *name, Str base, Feed *feed)
{
    EntryReading reading = { .arena = arena, .base = base };
    HtmlToken token;
    while (html_next(in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, name))
            break;
        if (token.kind == HTML_START)
            read_member(&reading, in, &token);
    }
    FeedEntry entry = finish_entry(&reading);
    if (entry.id.length && feed->entries.count < FEED_ENTRIES_MAX)
        *vec_push(arena, &feed->entries) = entry;
}

static bool is_root(Str name)
{
    return str_is(name, "rss") || str_is(name, "feed") || str_is(name, "rdf");
}

bool feed_read(Arena *arena, Str bytes, Str address, Feed *feed_r)
{
    HtmlReader in = markup_reader(arena, bytes);
    HtmlToken token;
    Str base = address;
    bool is_feed = false;
    *feed_r = (Feed){ 0 };
    while (html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        if (is_root(token.name) || str_is(token.name, "channel"))
            base = base_of(arena, base, &token);
        if (str_is(token.name, "item"))
            read_entry(arena, &in, "item", base_of(arena, base, &token), feed_r);
        else if (str_is(token.name, "entry"))
            read_entry(arena, &in, "entry", base_of(arena, base, &token), feed_r);
        else if (str_is(token.name, "title") && !feed_r->title.length)
            feed_r->title = markup_plain(arena, markup_words(arena, markup_inner(&in)));
        else if (str_is(token.name, "image") || str_is(token.name, "author"))
            (void)markup_inner(&in);
        is_feed |= is_root(token.name);
    }
    return is_feed;
}

static void add_meta(Buf *out, const char *name, Str value)
{
    if (!value.length)
        return;
    buf_addf(out, "<meta name=\"%s\" content=\"", name);
    buf_add_escaped(out, value);
    buf_add(out, S("\">\n"));
}

Str feed_page(Arena *arena, const FeedEntry *entry)
{
    Buf out = buf_new(arena, PAGE_MAX);
    buf_add(&out, S("<!doctype html>\n<html><head><meta charset=\"utf-8\">\n<title>"));
    buf_add_escaped(&out, entry->title);
    buf_add(&out, S("</title>\n"));
    add_meta(&out, "author", entry->author);
    add_meta(&out, "date", entry->date);
    buf_add(&out, S("</head><body>\n<h1>"));
    buf_add_escaped(&out, entry->title);
    buf_add(&out, S("</h1>\n"));
    if (entry->link.length) {
        buf_add(&out, S("<p><a href=\""));
        buf_add_escaped(&out, entry->link);
        buf_add(&out, S("\">"));
        buf_add_escaped(&out, entry->link);
        buf_add(&out, S("</a></p>\n"));
    }
    buf_add(&out, entry->html);
    buf_add(&out, S("\n</body></html>\n"));
    return buf_str(&out);
}
