/* docx_notes.c - footnotes, endnotes, comments and tracked changes of docx_reader.h. */
#include "extract/word/docx_reader.h"

void docx_write_note(DocxBody *body, DocxNote *note)
{
    if (!note->is_written)
        doc_note(body->doc, note->label, note->text);
    note->is_written = true;
}

void docx_add_to_note(Arena *arena, DocxNote *note, Str text)
{
    text = str_trim(text);
    if (text.length)
        note->text = note->text.length ? str_format(arena, STR_FMT "\n" STR_FMT,
                                                    STR_ARG(note->text), STR_ARG(text))
                                       : str_copy(arena, text);
}

/* Is it the element of the note that is read, or another of its name in it? */
bool docx_is_inside(const DocxReader *reader, Str name)
{
    const char *label = reader->inside ? reader->inside->label : "";
    return reader->inside && str_is(name, str_is(str(label), "comment") ? "annotation" : label);
}

void docx_end_inside(DocxReader *reader)
{
    if (reader->notes.count < DOCX_REFERRED_MAX)
        *vec_push(reader->scratch, &reader->notes) = reader->inside;
    reader->inside = NULL;
}

void docx_begin_note(DocxReader *reader, const XmlElement *element)
{
    Arena *arena = reader->body->arena;
    Str author = str_trim(xml_attribute(element, "author"));
    DocxNote note = { .id = str_copy(arena, xml_attribute(element, "id")),
                      .label = str_is(element->name, "footnote")  ? "footnote"
                               : str_is(element->name, "endnote") ? "endnote"
                                                                  : "comment" };
    if (author.length)
        note.text = str_format(arena, STR_FMT ":", STR_ARG(author));
    if (reader->kind == BODY_NOTES) {
        *vec_push(arena, &reader->read) = note;
    } else if (!reader->inside && reader->paragraph_depth > 0) {
        reader->inside = arena_new_one(arena, DocxNote);
        *reader->inside = note;
        reader->inside_depth = 1;
    }
}

/* --- Tracked changes (17.13.5): what was deleted is said below its paragraph --- */

void docx_begin_deleted(DocxReader *reader, const XmlElement *element)
{
    reader->deleted_by = str_copy(reader->scratch, str_trim(xml_attribute(element, "author")));
    reader->deleted = buf_new(reader->scratch, DOCX_TEXT_MAX);
}

void docx_add_deleted(DocxReader *reader, Str text)
{
    if (reader->deleted.arena)
        buf_add(&reader->deleted, text);
}

void docx_end_deleted(DocxReader *reader)
{
    Str text = str_trim(buf_str(&reader->deleted)), author = reader->deleted_by;
    if (text.length && reader->paragraph_depth > 0 && reader->notes.count < DOCX_REFERRED_MAX) {
        DocxNote *note = arena_new_one(reader->scratch, DocxNote);
        *note = (DocxNote){ .label = "tracked change",
                            .text = str_format(reader->scratch, STR_FMT "%sdeleted: " STR_FMT,
                                               STR_ARG(author), author.length ? " " : "",
                                               STR_ARG(text)) };
        *vec_push(reader->scratch, &reader->notes) = note;
    }
    reader->deleted = (Buf){ 0 };
}

void docx_index_notes(DocxBody *body)
{
    DocxNotes *all[] = { &body->footnotes, &body->endnotes, &body->comments };
    body->notes = map_new(body->arena);
    for (size_t i = 0; i < COUNT(all); i++)
        for (size_t k = 0; k < all[i]->count; k++) {
            DocxNote *note = &all[i]->at[k];
            Str key = str_format(body->arena, "%s " STR_FMT, note->label, STR_ARG(note->id));
            map_add(&body->notes, key, NULL)->pointer = note;
        }
}

static bool mark_reply(void *self, const XmlElement *element)
{
    Map *comments = self;
    if (!str_is(element->name, "commentEx") || !xml_attribute(element, "paraIdParent").length)
        return true;
    const MapEntry *entry = map_find(comments, xml_attribute(element, "paraId"));
    if (entry)
        ((DocxNote *)entry->pointer)->label = "reply";
    return true;
}

void docx_mark_replies(DocxBody *body, const Part *part)
{
    static const XmlEvents events = { .start = mark_reply };
    Map by_paragraph = map_new(body->arena);
    Error err;
    for (size_t i = 0; i < body->comments.count; i++)
        if (body->comments.at[i].paragraph.length)
            map_add(&by_paragraph, body->comments.at[i].paragraph, NULL)->pointer =
                &body->comments.at[i];
    if (!package_parse(body->package, part, &events, &by_paragraph, &err))
        ooxml_warn(body->doc, &err);
}
