/* epub.c - EPUB 2 and 3: the book's chapters in the order of its spine (EPUB 3.3, sections 4-9;
 * OPF 2.0.1). A chapter without a heading of its own gets the name that the table of contents
 * (nav or NCX) has for it. Books locked by a shop are refused by that name. */
#include "base/map.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/markup.h"
#include "extract/formats/svg.h"
#include "extract/metadata.h"
#include "extract/package.h"

enum { ITEMS_MAX = 50000, CONTENTS_MAX = 50000, LEVEL_MAX = 6 };
static const size_t PART_MAX = MB(64), META_MAX = 64 << 10;

typedef struct Item {
    Str path, type;
    bool is_nav;
} Item;

typedef struct Content {
    Str path, title;
    int level;
} Content;

typedef struct Book {
    DocWriter *doc;
    Arena *arena;
    Package package;
    Str opf; /* path */
    Map items;
    VEC(Str) spine; /* ids, then paths */
    Str ncx, nav, cover;
    VEC(Content) contents;
    Map titles; /* path -> index of its first content, from 1 */
    Map locked; /* paths that are encrypted */
    int missing_count, locked_count;
    bool has_series;
} Book;

static bool read_part(Book *book, Arena *arena, Str path, Str *bytes_r, Error *err)
{
    const Part *part = path.length ? package_find(&book->package, path) : NULL;
    if (!part)
        return fail(err, ERROR_DAMAGED, STR_FMT " is not in the book", STR_ARG(path));
    return package_read(&book->package, arena, part, PART_MAX, bytes_r, err);
}

/* --- Locks --- */

/* META-INF/encryption.xml lists what is encrypted and how. Fonts may be disguised, which locks
 * nothing (EPUB 3.3, 4.2.6.3.3 and Adobe's form of the same). */
static void read_locks(Book *book)
{
    Error err;
    Str bytes, algorithm = STR_NONE;
    HtmlToken token;
    bool in_key = false;
    if (!read_part(book, book->arena, S("META-INF/encryption.xml"), &bytes, &err))
        return;
    HtmlReader in = markup_reader(book->arena, bytes);
    while (html_next(&in, &token)) {
        if (str_is(token.name, "keyinfo") || str_is(token.name, "encryptedkey"))
            in_key = token.kind == HTML_START && !token.is_empty;
        if (token.kind != HTML_START || in_key)
            continue;
        if (str_is(token.name, "encryptionmethod"))
            algorithm = markup_attribute(book->arena, token.attributes, "algorithm");
        if (!str_is(token.name, "cipherreference") ||
            str_is(algorithm, "http://ns.adobe.com/pdf/enc#RC") ||
            str_find(algorithm, S("idpf.org/2008/embedding")) >= 0)
            continue;
        Str uri = markup_attribute(book->arena, token.attributes, "uri");
        map_add(&book->locked, markup_path(book->arena, STR_NONE, uri, NULL), NULL);
    }
}

static const char *lock_name(const Book *book)
{
    static const struct {
        const char *part, *name;
    } locks[] = {
        { "META-INF/license.lcpl", "Readium LCP" },
        { "META-INF/sinf.xml", "Apple FairPlay" },
        { "META-INF/rights.xml", "Adobe ADEPT or a like lock" },
    };
    for (size_t i = 0; i < COUNT(locks); i++)
        if (package_find(&book->package, str(locks[i].part)))
            return locks[i].name;
    return "an unknown lock";
}

/* --- The package document --- */

static const struct {
    const char *name, *key;
} facts[] = {
    { "title", "title" },           { "creator", "author" },
    { "subject", "subject" },       { "description", "description" },
    { "publisher", "publisher" },   { "contributor", "contributor" },
    { "identifier", "identifier" }, { "language", "language" },
    { "rights", "copyright" },      { "date", "published" },
    { "coverage", "coverage" },     { "source", "source" },
    { "type", "category" },
};

/* Properties of EPUB 3.3, 5.5: a series is a collection that the book belongs to. */
static const char *meta_key(Book *book, Str property)
{
    book->has_series |= str_is(property, "belongs-to-collection");
    return str_is(property, "dcterms:modified")        ? "modified"
           : str_is(property, "belongs-to-collection") ? "series"
           : str_is(property, "group-position")        ? "series_number"
                                                       : NULL;
}

static const char *fact_key(Book *book, const HtmlToken *token)
{
    Str property = markup_attribute(book->arena, token->attributes, "property");
    if (str_is(token->name, "meta"))
        return meta_key(book, property);
    if (str_is(token->name, "date")) {
        Str event = markup_attribute(book->arena, token->attributes, "event");
        return str_is(event, "modification") ? "modified"
               : str_is(event, "creation")   ? "created"
                                             : "published";
    }
    Str role = markup_attribute(book->arena, token->attributes, "role");
    if (str_is(token->name, "creator") && role.length && !str_is(role, "aut"))
        return "contributor";
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(token->name, facts[i].name))
            return facts[i].key;
    return NULL;
}

static void read_item(Book *book, Str attributes)
{
    Arena *arena = book->arena;
    Str id = markup_attribute(arena, attributes, "id");
    Str href = markup_attribute(arena, attributes, "href");
    Str properties = markup_attribute(arena, attributes, "properties");
    if (!id.length || !href.length || book->items.count >= ITEMS_MAX)
        return;
    Item *item = arena_new_one(arena, Item);
    *item = (Item){ .path = markup_path(arena, book->opf, href, NULL),
                    .type = markup_attribute(arena, attributes, "media-type"),
                    .is_nav = str_find(properties, S("nav")) >= 0 };
    map_add(&book->items, id, NULL)->pointer = item;
    if (item->is_nav)
        book->nav = item->path;
    if (str_is(item->type, "application/x-dtbncx+xml"))
        book->ncx = item->path;
    if (str_find(properties, S("cover-image")) >= 0)
        book->cover = item->path;
}

/* <meta name="..." content="..."/>: the form of EPUB 2. */
static void read_meta(Book *book, Str attributes)
{
    Str name = markup_attribute(book->arena, attributes, "name");
    const char *key = str_is(name, "generator")              ? "software"
                      : book->has_series                     ? NULL
                      : str_is(name, "calibre:series")       ? "series"
                      : str_is(name, "calibre:series_index") ? "series_number"
                                                             : NULL;
    if (key)
        doc_meta(book->doc, key, markup_attribute(book->arena, attributes, "content"));
}

static void read_opf_tag(Book *book, const HtmlToken *token)
{
    Arena *arena = book->arena;
    if (str_is(token->name, "item"))
        read_item(book, token->attributes);
    else if (str_is(token->name, "itemref") && book->spine.count < ITEMS_MAX)
        *vec_push(arena, &book->spine) = markup_attribute(arena, token->attributes, "idref");
    else if (str_is(token->name, "package"))
        doc_meta(book->doc, "format_version",
                 markup_attribute(arena, token->attributes, "version"));
    else if (str_is(token->name, "meta"))
        read_meta(book, token->attributes);
}

static void read_opf(Book *book, Str bytes)
{
    const char *key = NULL;
    bool in_metadata = false;
    Buf value = buf_new(book->arena, META_MAX);
    HtmlReader in = markup_reader(book->arena, bytes);
    HtmlToken token;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT) {
            if (key)
                markup_add(&value, &token);
            continue;
        }
        if (key && token.kind == HTML_END) {
            doc_meta(book->doc, key, markup_plain(book->arena, buf_str(&value)));
            key = NULL;
        }
        if (str_is(token.name, "metadata"))
            in_metadata = token.kind == HTML_START;
        if (token.kind == HTML_END)
            continue;
        read_opf_tag(book, &token);
        value.length = 0;
        if (in_metadata && !token.is_empty && !str_is(token.name, "metadata"))
            key = fact_key(book, &token);
    }
}

static bool open_opf(Book *book, Error *err)
{
    Str bytes;
    HtmlToken token;
    if (read_part(book, book->arena, S("META-INF/container.xml"), &bytes, err)) {
        HtmlReader in = markup_reader(book->arena, bytes);
        while (!book->opf.length && html_next(&in, &token))
            if (token.kind == HTML_START && str_is(token.name, "rootfile"))
                book->opf =
                    markup_path(book->arena, STR_NONE,
                                markup_attribute(book->arena, token.attributes, "full-path"), NULL);
    }
    bool is_there = package_find(&book->package, book->opf) != NULL;
    for (size_t i = 0; !is_there && i < book->package.parts.count; i++)
        if (str_ends_ignore_case(book->package.parts.at[i].name, S(".opf")))
            book->opf = book->package.parts.at[i].name;
    if (!read_part(book, book->arena, book->opf, &bytes, err))
        return false;
    read_opf(book, bytes);
    return true;
}

/* --- The table of contents --- */

static void add_content(Book *book, Str path, Str title, int level)
{
    bool is_new;
    if (!path.length || !title.length || book->contents.count >= CONTENTS_MAX)
        return;
    *vec_push(book->arena, &book->contents) =
        (Content){ path, str_copy(book->arena, title), MAX(1, MIN(level, LEVEL_MAX)) };
    MapEntry *entry = map_add(&book->titles, path, &is_new);
    if (is_new)
        entry->number = (int64_t)book->contents.count;
}

/* NCX: navPoint > navLabel > text, then content src. nav: ol > li > a. The nav part holds other
 * lists too (landmarks, pages), which name the same files later and so change nothing. */
static void read_contents(Book *book, Str from)
{
    Str bytes, path = STR_NONE;
    Error err;
    HtmlToken token;
    int level = 0;
    bool in_label = false;
    if (!read_part(book, book->arena, from, &bytes, &err))
        return;
    HtmlReader in = markup_reader(book->arena, bytes);
    Buf title = buf_new(book->arena, KB(4));
    while (html_next(&in, &token)) {
        bool is_start = token.kind == HTML_START;
        if (token.kind == HTML_TEXT) {
            if (in_label)
                markup_add(&title, &token);
        } else if (str_is(token.name, "navpoint") || str_is(token.name, "ol")) {
            level += is_start ? 1 : -1;
        } else if (str_is(token.name, "navlabel") || str_is(token.name, "a")) {
            in_label = is_start;
            if (is_start) {
                title.length = 0;
                path = markup_path(book->arena, from,
                                   markup_attribute(book->arena, token.attributes, "href"), NULL);
            } else if (str_is(token.name, "a")) {
                add_content(book, path, str_trim(buf_str(&title)), level);
            }
        } else if (is_start && str_is(token.name, "content")) {
            path = markup_path(book->arena, from,
                               markup_attribute(book->arena, token.attributes, "src"), NULL);
            add_content(book, path, str_trim(buf_str(&title)), level);
        }
    }
}

/* --- Chapters --- */

static bool has_heading(Str html)
{
    for (ptrdiff_t at; (at = str_find_char(html, '<')) >= 0;) {
        html = str_from(html, (size_t)at + 1);
        if (html.length > 2 && (html.at[0] | 32) == 'h' && html.at[1] >= '1' && html.at[1] <= '6')
            return true;
    }
    return false;
}

static bool write_chapter(Book *book, Str path, Str type, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Place place = { .part = path };
    Str bytes;
    if (!read_part(book, arena, path, &bytes, err))
        return false;
    if (str_is(type, "image/svg+xml"))
        return svg_write(book->doc, bytes, &place), true;
    Str text = text_decode(arena, bytes, charset_in_xml(bytes), NULL);
    const MapEntry *entry = map_find(&book->titles, path);
    doc_place(book->doc, &place);
    if (entry && !has_heading(text)) {
        const Content *content = &book->contents.at[entry->number - 1];
        doc_heading(book->doc, content->level, content->title);
    }
    html_write_chapter(book->doc, text, &place);
    return true;
}

/* Without a spine that can be used: every page, as the package has them. */
static void list_pages(Book *book)
{
    book->spine.count = 0;
    for (size_t i = 0; i < book->package.parts.count; i++) {
        Str name = book->package.parts.at[i].name;
        if (str_ends_ignore_case(name, S("html")) || str_ends_ignore_case(name, S(".htm")))
            *vec_push(book->arena, &book->spine) = name;
    }
}

static bool write_spine(Book *book, Error *err)
{
    int written = 0;
    Error first = { 0 }, failure;
    for (size_t i = 0; i < book->spine.count && doc_writer_ok(book->doc); i++) {
        const MapEntry *entry = map_find(&book->items, book->spine.at[i]);
        const Item *item = entry ? entry->pointer : NULL;
        Str path = item ? item->path : book->spine.at[i];
        if (map_find(&book->locked, path)) {
            book->locked_count++;
        } else if (write_chapter(book, path, item ? item->type : STR_NONE, &failure)) {
            written++;
        } else {
            book->missing_count++;
            if (first.code == ERROR_NONE)
                first = failure;
        }
        doc_progress(book->doc, "chapters", (int64_t)i + 1, (int64_t)book->spine.count);
    }
    if (book->locked_count && !written)
        return fail(err, ERROR_ENCRYPTED,
                    "the book is locked by its seller (%s); only its own reader opens it",
                    lock_name(book));
    if (!written && first.code != ERROR_NONE) {
        *err = first;
        return false;
    }
    return true;
}

static void warn_count(Book *book, int count, const char *what)
{
    char text[80];
    snprintf(text, sizeof text, "%d chapters %s", count, what);
    if (count > 0)
        doc_warning(book->doc, str(text));
}

static bool epub_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Book book = { .doc = doc,
                  .arena = arena,
                  .items = map_new(arena),
                  .titles = map_new(arena),
                  .locked = map_new(arena) };
    Error opf_err;
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &book.package,
                      err))
        return false;
    read_locks(&book);
    bool has_opf = open_opf(&book, &opf_err);
    if (!has_opf || !book.spine.count)
        list_pages(&book);
    if (!book.spine.count)
        return has_opf ? fail(err, ERROR_DAMAGED, "the book has no chapters")
                       : (*err = opf_err, false);
    read_contents(&book, book.nav.length ? book.nav : book.ncx);
    doc_meta(doc, "cover", book.cover);
    if (!write_spine(&book, err))
        return false;
    warn_count(&book, book.locked_count, "are encrypted");
    warn_count(&book, book.missing_count, "are missing or broken");
    return true;
}

static int epub_sniff(Str bytes)
{
    if (!str_starts(bytes, S("PK\3\4")))
        return 0;
    if (str_find(str_slice(bytes, 0, 200), S("application/epub+zip")) >= 0)
        return 95;
    /* The names stand once more in the directory at the end. */
    Str tail = str_from(bytes, bytes.length > MB(1) ? bytes.length - MB(1) : 0);
    return str_find(tail, S("META-INF/container.xml")) >= 0 && str_find(tail, S(".opf")) >= 0 ? 92
                                                                                              : 0;
}

const Extractor extractor_epub = {
    .name = "epub",
    .title = "EPUB book",
    .extensions = LIST("epub"),
    .media_types = LIST("application/epub+zip"),
    .sniff = epub_sniff,
    .extract = epub_extract,
};
