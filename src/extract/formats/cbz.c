/* cbz.c - comic books (CBZ): a ZIP of pictures, each a page in the order of its name; ComicInfo.xml
 * has the facts (The Anansi Project's schema 2.1). */
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/metadata.h"
#include "extract/package.h"

enum { PAGES_MAX = 20000, OTHERS_MAX = 8, LOCAL_SIZE = 30 };
static const size_t PICTURE_MAX = MB(128);

static bool is_picture(Str name)
{
    static const Str ends[] = { S_INIT(".jpg"),  S_INIT(".jpeg"), S_INIT(".png"),  S_INIT(".gif"),
                                S_INIT(".webp"), S_INIT(".bmp"),  S_INIT(".avif"), S_INIT(".jxl"),
                                S_INIT(".tif"),  S_INIT(".tiff") };
    if (str_starts(name, S("__MACOSX/")))
        return false;
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_ends_ignore_case(name, ends[i]))
            return true;
    return false;
}

/* "page 2" before "page 10": runs of digits are compared as numbers. */
static int by_name(const void *a, const void *b)
{
    Str left = (*(const Part *const *)a)->name, right = (*(const Part *const *)b)->name;
    size_t i = 0, k = 0;
    while (i < left.length && k < right.length) {
        size_t from_i = i, from_k = k;
        while (i < left.length && left.at[i] >= '0' && left.at[i] <= '9')
            i++;
        while (k < right.length && right.at[k] >= '0' && right.at[k] <= '9')
            k++;
        if (i > from_i && k > from_k) {
            for (; from_i + 1 < i && left.at[from_i] == '0'; from_i++)
                ;
            for (; from_k + 1 < k && right.at[from_k] == '0'; from_k++)
                ;
            size_t digits_i = i - from_i, digits_k = k - from_k;
            int order = digits_i != digits_k
                            ? (digits_i > digits_k) - (digits_i < digits_k)
                            : memcmp(left.at + from_i, right.at + from_k, digits_i);
            if (order)
                return order;
            continue;
        }
        i = from_i;
        k = from_k;
        if (left.at[i] != right.at[k])
            return (unsigned char)left.at[i] - (unsigned char)right.at[k];
        i++, k++;
    }
    return (i < left.length) - (k < right.length);
}

static void write_facts(Package *package, DocWriter *doc)
{
    static const char *const names[][2] = {
        { "title", "title" },           { "series", "series" },       { "number", "number" },
        { "volume", "volume" },         { "summary", "description" }, { "writer", "author" },
        { "penciller", "contributor" }, { "publisher", "publisher" }, { "genre", "genre" },
        { "languageiso", "language" },  { "year", "published" },      { "notes", "comment" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const Part *part = package_find(package, S("ComicInfo.xml"));
    Str bytes;
    Error err;
    HtmlToken token;
    if (!part || !package_read(package, arena, part, MB(4), &bytes, &err))
        return;
    HtmlReader in = markup_reader(arena, bytes);
    Buf text = buf_new(arena, KB(64));
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT)
            markup_add(&text, &token);
        for (size_t i = 0; token.kind == HTML_END && i < COUNT(names); i++)
            if (str_is(token.name, names[i][0]))
                doc_meta(doc, names[i][1], buf_str(&text));
        if (token.kind != HTML_TEXT)
            text.length = 0;
    }
}

static bool cbz_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    VEC(const Part *) pages = { 0 };
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    write_facts(&package, doc);
    for (size_t i = 0; i < package.parts.count && pages.count < PAGES_MAX; i++)
        if (is_picture(package.parts.at[i].name))
            *vec_push(arena, &pages) = &package.parts.at[i];
    if (pages.count)
        qsort(pages.at, pages.count, sizeof *pages.at, by_name);
    doc_meta_whole(doc, "pages", (int64_t)pages.count);
    for (size_t i = 0; i < pages.count && doc_writer_ok(doc); i++) {
        AUTO_ARENA Arena *scratch = arena_new(GB(1));
        Str bytes;
        Error page_err;
        if (package_read(&package, scratch, pages.at[i], PICTURE_MAX, &bytes, &page_err))
            doc_child(doc, pages.at[i]->name, STR_NONE, bytes);
        else if (page_err.code == ERROR_ENCRYPTED)
            return *err = page_err, false;
        else
            doc_warning(doc, str(page_err.message));
        doc_progress(doc, "pages", (int64_t)i + 1, (int64_t)pages.count);
    }
    return true;
}

static int cbz_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Package package;
    Error err;
    size_t pictures = 0, others = 0;
    if (bytes.length < LOCAL_SIZE || !str_starts(bytes, S("PK\3\4")) ||
        !is_picture(
            str_slice(bytes, LOCAL_SIZE, LOCAL_SIZE + (size_t)(unsigned char)bytes.at[26])) ||
        !package_open(arena, bytes, MB(8), &package, &err))
        return 0;
    if (package_find(&package, S("ComicInfo.xml")))
        return 92;
    for (size_t i = 0; i < package.parts.count && others < OTHERS_MAX; i++) {
        bool is_page = is_picture(package.parts.at[i].name);
        pictures += is_page;
        others += !is_page && !str_ends(package.parts.at[i].name, S("/"));
    }
    /* Less than a ZIP: only the name of the file makes it a comic. */
    return pictures && others < OTHERS_MAX ? 55 : 0;
}

const Extractor extractor_cbz = {
    .name = "cbz",
    .title = "Comic book (CBZ)",
    .extensions = LIST("cbz"),
    .media_types = LIST("application/vnd.comicbook+zip", "application/x-cbz"),
    .sniff = cbz_sniff,
    .extract = cbz_extract,
};
