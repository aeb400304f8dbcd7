/* docx.c - Word documents and templates since 2007, with or without macros (never run). */
#include "extract/word/docx_body.h"

static int docx_sniff(Str bytes)
{
    static const char *const types[] = { "wordprocessingml.document.main",
                                         "wordprocessingml.template.main",
                                         "ms-word.document.macroEnabled",
                                         "ms-word.template.macroEnabled", NULL };
    return ooxml_sniff(bytes, types);
}

/* The parts of one type that the main part points at, each once. */
static void write_running(DocxBody *body, const Relations *relations, const char *type)
{
    const Relation *relation = relation_by_type(relations, type, 0);
    while (relation) {
        const Part *part = relation_part(body->package, relation);
        if (part)
            docx_write_part(body, part, BODY_HEADER);
        relation = relation_by_type(relations, type, relation_index(relations, relation) + 1);
    }
}

static DocxNotes read_notes(DocxBody *body, const Relations *relations, const char *type)
{
    const Part *part = relation_part(body->package, relation_by_type(relations, type, 0));
    return part ? docx_read_notes(body, part) : (DocxNotes){ 0 };
}

static void mark_replies(DocxBody *body, const Relations *relations)
{
    const Part *part =
        relation_part(body->package, relation_by_type(relations, "commentsExtended", 0));
    if (part)
        docx_mark_replies(body, part);
}

/* Notes that no text refers to are said at the end. */
static void write_left_notes(DocxBody *body)
{
    DocxNotes *all[] = { &body->footnotes, &body->endnotes, &body->comments };
    for (size_t i = 0; i < COUNT(all); i++)
        for (size_t k = 0; k < all[i]->count; k++)
            docx_write_note(body, &all[i]->at[k]);
}

static bool docx_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    const Part *main_part = package_find(&package, ooxml_main_part(&package, "word/document.xml"));
    if (!main_part)
        return fail(err, ERROR_DAMAGED, "the Word file has no document part");

    Relations relations = ooxml_relations(&package, main_part->name);
    DocxBody body = { .package = &package,
                      .arena = arena,
                      .doc = doc,
                      .depth = source->depth,
                      .styles = docx_styles_read(&package, &relations, arena, doc) };
    ooxml_write_meta(&package, doc);
    body.footnotes = read_notes(&body, &relations, "footnotes");
    body.endnotes = read_notes(&body, &relations, "endnotes");
    body.comments = read_notes(&body, &relations, "comments");
    docx_index_notes(&body);
    mark_replies(&body, &relations);
    body.is_rendered = docx_is_rendered(&body, main_part);
    write_running(&body, &relations, "header");
    docx_write_part(&body, main_part, BODY_MAIN);
    doc_place(doc, &(Place){ 0 });
    write_left_notes(&body);
    write_running(&body, &relations, "footer");
    ooxml_write_embedded(&package, doc, "word/embeddings/");
    docx_warn_of_pictures(&body);
    if (relation_part(&package, relation_by_type(&relations, "glossaryDocument", 0)))
        doc_warning(doc, S("the template's building blocks (glossary) are not shown"));
    return true;
}

const Extractor extractor_docx = {
    .name = "docx",
    .title = "Word document",
    .extensions = LIST("docx", "docm", "dotx", "dotm"),
    .media_types = LIST("application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
                        "application/vnd.ms-word.document.macroenabled.12",
                        "application/vnd.ms-word.template.macroenabled.12"),
    .sniff = docx_sniff,
    .extract = docx_extract,
};
