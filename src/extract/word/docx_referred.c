/* docx_referred.c - what a paragraph of docx_reader.h refers to. */
#include "extract/charset/encoding.h"
#include "extract/formats/html.h"
#include "extract/word/docx_reader.h"

#define ALT_MAX 4096

static const Relation *find_relation(DocxReader *reader, Str id)
{
    const MapEntry *entry = id.length ? map_find(&reader->relation_ids, id) : NULL;
    return entry ? entry->pointer : NULL;
}

static const Part *referred_part(DocxReader *reader, Str id)
{
    DocxBody *body = reader->body;
    const Relation *relation = find_relation(reader, id);
    return relation_part(body->package, relation);
}

static void write_pictures(DocxReader *reader)
{
    DocxBody *body = reader->body;
    for (size_t i = 0; i < reader->pictures.count; i++) {
        Str alt = str_trim(reader->pictures.at[i]);
        body->pictures += !alt.length;
        doc_image(body->doc, alt);
    }
}

static void write_links(DocxReader *reader)
{
    for (size_t i = 0; i < reader->links.count; i++)
        if (i == 0 || !str_equal(reader->links.at[i], reader->links.at[i - 1]))
            doc_note(reader->body->doc, "link", reader->links.at[i]);
}

void docx_forget_referred(DocxReader *reader)
{
    reader->notes.count = reader->charts.count = reader->diagrams.count = 0;
    reader->notes.capacity = reader->charts.capacity = reader->diagrams.capacity = 0;
    reader->links.count = reader->pictures.count = reader->chunks.count = 0;
    reader->links.capacity = reader->pictures.capacity = reader->chunks.capacity = 0;
    reader->alt = STR_NONE;
    reader->instruction = buf_new(reader->scratch, DOCX_INSTRUCTION_MAX);
}

void docx_write_referred(DocxReader *reader)
{
    DocxBody *body = reader->body;
    write_links(reader);
    write_pictures(reader);
    for (size_t i = 0; i < reader->notes.count; i++)
        docx_write_note(body, reader->notes.at[i]);
    for (size_t i = 0; i < reader->charts.count; i++) {
        const Part *part = referred_part(reader, reader->charts.at[i]);
        if (part)
            ooxml_write_chart(body->package, body->doc, part);
    }
    for (size_t i = 0; i < reader->diagrams.count; i++) {
        const Part *part = referred_part(reader, reader->diagrams.at[i]);
        if (part)
            ooxml_write_diagram(body->package, body->doc, part);
    }
}

/* A document inside the document (17.17.2.1): HTML, RTF, a Word file. It may hold others. */
void docx_write_chunk(DocxReader *reader, Str id)
{
    DocxBody *body = reader->body;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    const Part *part = referred_part(reader, id);
    size_t bytes_max = doc_writer_limits(body->doc)->child_bytes_max;
    ExtractSource source = { .depth = body->depth + 1 };
    Error err;
    if (!part)
        return;
    if (body->depth >= DOCX_CHUNK_DEPTH) {
        doc_warning(body->doc, S("documents inside documents are too deep"));
        return;
    }
    if (!package_read(body->package, arena, part, bytes_max, &source.bytes, &err)) {
        ooxml_warn(body->doc, &err);
        return;
    }
    source.name = part->name;
    const Extractor *extractor = extractor_choose(source.bytes, part->name, STR_NONE);
    if (extractor && str_is(str(extractor->name), "html"))
        html_write_chapter(body->doc,
                           text_decode(arena, source.bytes, charset_in_html(source.bytes), NULL),
                           &(Place){ 0 });
    else if (!extractor || extractor->worker || !extractor->extract(&source, body->doc, &err))
        doc_warning(body->doc, S("a part of the document could not be read"));
    doc_place(body->doc, &(Place){ .page = reader->page });
}

void docx_refer(DocxReader *reader, Str kind, Str id)
{
    char key[80];
    if (kind.length + id.length + 1 >= sizeof key || reader->notes.count >= DOCX_REFERRED_MAX)
        return;
    snprintf(key, sizeof key, STR_FMT " " STR_FMT, STR_ARG(kind), STR_ARG(id));
    const MapEntry *entry = map_find(&reader->body->notes, str(key));
    if (entry)
        *vec_push(reader->scratch, &reader->notes) = entry->pointer;
}

void docx_keep_link(DocxReader *reader, Str address)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    if (reader->kind == BODY_MAIN && paragraph && address.length &&
        reader->links.count < DOCX_REFERRED_MAX)
        *vec_push(reader->scratch, &reader->links) = str_copy(reader->scratch, address);
}

void docx_keep_relation(DocxReader *reader, Str id)
{
    const Relation *relation = find_relation(reader, id);
    if (relation)
        docx_keep_link(reader, relation->address);
}

/* HYPERLINK "https://..." \o "tip" (17.16.5.25) */
void docx_end_instruction(DocxReader *reader)
{
    Str text = str_trim(buf_str(&reader->instruction));
    reader->instruction.length = 0;
    if (!str_starts(text, S("HYPERLINK")))
        return;
    text = str_trim(str_from(text, 9));
    bool is_quoted = str_starts(text, S("\""));
    text = str_from(text, is_quoted ? 1 : 0);
    ptrdiff_t end = str_find_char(text, is_quoted ? '"' : ' ');
    Str target = str_slice(text, 0, end < 0 ? text.length : (size_t)end);
    if (str_find_char(target, ':') > 0)
        docx_keep_link(reader, target);
}

void docx_keep_picture(DocxReader *reader)
{
    if (reader->kind == BODY_MAIN && !reader->in_object &&
        reader->pictures.count < DOCX_REFERRED_MAX)
        *vec_push(reader->scratch, &reader->pictures) = reader->alt;
    reader->alt = STR_NONE;
}

void docx_keep_alt(DocxReader *reader, Str text, Str otherwise)
{
    text = str_trim(text).length ? text : otherwise;
    reader->alt = str_copy(reader->scratch, str_slice(text, 0, ALT_MAX));
}
