/* pptx.c - PowerPoint presentations, shows, templates, single slides and add-ins since 2007 (macros
 * are never run). */
#include "extract/comment.h"
#include "extract/metadata.h"
#include "extract/slide/pptx_slide.h"

static int pptx_sniff(Str bytes)
{
    static const char *const types[] = { "presentationml.presentation.main",
                                         "presentationml.slideshow.main",
                                         "presentationml.template.main",
                                         "ms-powerpoint.presentation.macroEnabled.main",
                                         "ms-powerpoint.slideshow.macroEnabled.main",
                                         "ms-powerpoint.template.macroEnabled.main",
                                         "ms-powerpoint.addin.macroEnabled.main",
                                         "ms-powerpoint.slide.macroEnabled.main",
                                         "presentationml.slide.main",
                                         NULL };
    return ooxml_sniff(bytes, types);
}

typedef struct DeckReader {
    Arena *arena;
    VEC(Str) slides; /* relation ids in the order they are shown */
    float width, height;
} DeckReader;

static bool deck_start(void *self, const XmlElement *element)
{
    DeckReader *reader = self;
    if (str_is(element->name, "sldId") && reader->slides.count < 100000) {
        *vec_push(reader->arena, &reader->slides) =
            str_copy(reader->arena, xml_relation(element, "id"));
    } else if (str_is(element->name, "sldSz")) {
        reader->width = (float)xml_attribute_int(element, "cx", 0) / 12700;
        reader->height = (float)xml_attribute_int(element, "cy", 0) / 12700;
    }
    return true;
}

/* Only the slide's first element says whether it is hidden. */
static bool slide_start(void *self, const XmlElement *element)
{
    bool *is_hidden = self;
    *is_hidden = str_is(element->name, "sld") && !xml_is_on(element, "show");
    return false;
}

static bool is_hidden(Package *package, const Part *part)
{
    static const XmlEvents events = { .start = slide_start };
    bool hidden = false;
    Error err;
    if (!package_parse(package, part, &events, &hidden, &err))
        return false; /* said when it is read */
    return hidden;
}

/* --- Comments: p:text of 2007, a:t of 2018 --- */

typedef struct CommentReader {
    Deck *deck;
    Buf text;
    Str author;
    bool in_text;
} CommentReader;

static bool comment_start(void *self, const XmlElement *element)
{
    CommentReader *reader = self;
    if (str_is(element->name, "cm") || str_is(element->name, "reply")) {
        const MapEntry *author =
            map_find(&reader->deck->authors, xml_attribute(element, "authorId"));
        reader->author = author ? str(author->pointer) : STR_NONE;
        reader->text.length = 0;
    }
    reader->in_text = str_is(element->name, "text") || str_is(element->name, "t");
    return true;
}

static bool comment_end(void *self, Str name)
{
    CommentReader *reader = self;
    reader->in_text = false;
    if (str_is(name, "text") || str_is(name, "txBody")) {
        comment_write(reader->deck->doc, reader->author, buf_str(&reader->text));
        reader->text.length = 0;
    }
    return true;
}

static bool comment_text(void *self, Str text)
{
    CommentReader *reader = self;
    if (reader->in_text)
        buf_add(&reader->text, text);
    return true;
}

static void write_comments(Deck *deck, const Part *part)
{
    static const XmlEvents events = { comment_start, comment_end, comment_text };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    CommentReader reader = { .deck = deck, .text = buf_new(arena, MB(1)) };
    Error err;
    if (!package_parse(deck->package, part, &events, &reader, &err))
        ooxml_warn(deck->doc, &err);
}

/* p:cmAuthor of 2007, p188:author of 2018 */
static bool author_start(void *self, const XmlElement *element)
{
    Deck *deck = self;
    if ((str_is(element->name, "cmAuthor") || str_is(element->name, "author")) &&
        deck->authors.count < 10000)
        map_add(&deck->authors, str_copy(deck->arena, xml_attribute(element, "id")), NULL)
            ->pointer = str_c(deck->arena, xml_attribute(element, "name"));
    return true;
}

static void read_authors(Deck *deck, const Relations *relations)
{
    static const XmlEvents events = { .start = author_start };
    static const char *const types[] = { "commentAuthors", "authors" };
    for (size_t i = 0; i < COUNT(types); i++) {
        const Part *part = relation_part(deck->package, relation_by_type(relations, types[i], 0));
        Error err;
        if (part && !package_parse(deck->package, part, &events, deck, &err))
            ooxml_warn(deck->doc, &err);
    }
}

/* --- Slides --- */

static void write_slide(Deck *deck, const Part *part)
{
    if (is_hidden(deck->package, part))
        doc_header(deck->doc, S("(hidden slide)"));
    deck_write_slide(deck, part);
    Relations relations = ooxml_relations(deck->package, part->name);
    deck_write_masters(deck, &relations);
    const Part *notes = relation_part(deck->package, relation_by_type(&relations, "notesSlide", 0));
    if (notes)
        deck_write_notes(deck, notes);
    const Part *comments =
        relation_part(deck->package, relation_by_type(&relations, "comments", 0));
    if (comments)
        write_comments(deck, comments);
}

static bool pptx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const XmlEvents events = { .start = deck_start };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    DeckReader reader = { .arena = arena };
    Deck deck = { .package = &package,
                  .arena = arena,
                  .doc = doc,
                  .said = map_new(arena),
                  .read = map_new(arena),
                  .authors = map_new(arena) };
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    const Part *main_part =
        package_find(&package, ooxml_main_part(&package, "ppt/presentation.xml"));
    if (!main_part)
        return fail(err, ERROR_DAMAGED, "the PowerPoint file has no presentation part");
    if (!package_parse(&package, main_part, &events, &reader, err))
        return false;
    Relations relations = ooxml_relations(&package, main_part->name);
    ooxml_write_meta(&package, doc);
    if (reader.slides.count)
        doc_meta_whole(doc, "slides", (int64_t)reader.slides.count);
    read_authors(&deck, &relations);
    for (size_t i = 0; i < reader.slides.count && doc_writer_ok(doc); i++) {
        const Part *slide =
            relation_part(&package, relation_by_id(&relations, reader.slides.at[i]));
        doc_page(doc, (int)i + 1, true, reader.width, reader.height);
        if (slide)
            write_slide(&deck, slide);
        doc_progress(doc, "slides", (int64_t)i + 1, (int64_t)reader.slides.count);
    }
    doc_place(doc, &(Place){ 0 });
    ooxml_write_embedded(&package, doc, "ppt/embeddings/");
    return true;
}

const Extractor extractor_pptx = {
    .name = "pptx",
    .title = "PowerPoint presentation",
    .extensions = LIST("pptx", "pptm", "ppsx", "ppsm", "potx", "potm", "ppam", "sldx", "sldm"),
    .media_types = LIST("application/vnd.openxmlformats-officedocument.presentationml.presentation",
                        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
                        "application/vnd.openxmlformats-officedocument.presentationml.template",
                        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
                        "application/vnd.ms-powerpoint.slideshow.macroenabled.12"),
    .sniff = pptx_sniff,
    .extract = pptx_extract,
};
