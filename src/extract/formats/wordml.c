/* wordml.c - Word documents as one XML file of Word 2003 ("WordprocessingML Reference", namespace
 * http://schemas.microsoft.com/office/word/2003/wordml): cut into what are parts of a DOCX, whose
 * reader knows the elements that have other names here. */
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/formats/office_fact.h"
#include "extract/word/docx_body.h"

enum { RUNNING_MAX = 1000 };

typedef struct WordMl {
    Package package;
    Str root; /* the attributes of the first element: its namespaces */
    VEC(Str) headers, footers;
} WordMl;

static void add_part(WordMl *word, const char *name, Str inner)
{
    Arena *arena = word->package.arena;
    Buf data = buf_new(arena, inner.length + word->root.length + 64);
    buf_addf(&data, "<w:part " STR_FMT ">", STR_ARG(word->root));
    buf_add(&data, inner);
    buf_add(&data, S("</w:part>"));
    *vec_push(arena, &word->package.parts) =
        (Part){ .name = str(name), .data = buf_str(&data), .size = data.length };
}

static const Part *part_named(const WordMl *word, const char *name)
{
    return package_find(&word->package, str(name));
}

/* Running texts stand in the properties of sections, which are inside the body. */
static void find_running(WordMl *word, Str body)
{
    HtmlReader in = html_reader(body);
    HtmlToken token;
    in.is_xml = true;
    while (word->headers.count + word->footers.count < RUNNING_MAX && html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        if (str_is(token.name, "hdr"))
            *vec_push(word->package.arena, &word->headers) = markup_inner(&in);
        else if (str_is(token.name, "ftr"))
            *vec_push(word->package.arena, &word->footers) = markup_inner(&in);
    }
}

static void cut(WordMl *word, Str bytes, DocWriter *doc)
{
    HtmlReader in = markup_reader(word->package.arena, bytes);
    HtmlToken token;
    while (html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        if (str_is(token.name, "worddocument")) {
            word->root = token.attributes;
        } else if (str_is(token.name, "styles")) {
            add_part(word, "styles", markup_inner(&in));
        } else if (str_is(token.name, "lists")) {
            add_part(word, "lists", markup_inner(&in));
        } else if (str_is(token.name, "body")) {
            Str body = markup_inner(&in);
            add_part(word, "body", body);
            find_running(word, body);
        } else {
            office_fact(&in, &token, doc);
        }
    }
    package_index(&word->package);
}

/* All of one kind as one part, so that each paragraph is said as it stands. */
static void write_running(WordMl *word, DocxBody *body, const Str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t last = word->package.parts.count;
        add_part(word, "running", texts[i]);
        docx_write_part(body, &word->package.parts.at[last], BODY_HEADER);
    }
}

static bool wordml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    WordMl word = { .package = { .arena = arena,
                                 .unpacked_max = doc_writer_limits(doc)->child_bytes_max } };
    cut(&word, source->bytes, doc);
    const Part *main_part = part_named(&word, "body");
    if (!main_part)
        return fail(err, ERROR_DAMAGED, "the Word file has no body");
    Relations relations = { 0 };
    *vec_push(arena, &relations) = (Relation){ .type = S("styles"), .target = S("styles") };
    *vec_push(arena, &relations) = (Relation){ .type = S("numbering"), .target = S("lists") };
    DocxBody body = { .package = &word.package,
                      .arena = arena,
                      .doc = doc,
                      .depth = source->depth,
                      .styles = docx_styles_read(&word.package, &relations, arena, doc) };
    docx_index_notes(&body);
    write_running(&word, &body, word.headers.at, word.headers.count);
    docx_write_part(&body, part_named(&word, "body"), BODY_MAIN);
    write_running(&word, &body, word.footers.at, word.footers.count);
    docx_warn_of_pictures(&body);
    return true;
}

static int wordml_sniff(Str bytes)
{
    static const char *const roots[] = { "worddocument", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head;
    return markup_root_is(arena, bytes, roots, &head) &&
                   str_find(head, S("office/word/2003/wordml")) >= 0
               ? 95
               : 0;
}

const Extractor extractor_wordml = {
    .name = "wordml",
    .title = "Word document as XML (2003)",
    .extensions = LIST("xml", "doc"),
    .media_types = LIST("application/vnd.ms-wordml", "application/xml"),
    .sniff = wordml_sniff,
    .extract = wordml_extract,
};
