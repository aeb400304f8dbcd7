/* diagram.c - see diagram.h. */
#include "extract/formats/diagram.h"

/* MORE_MAX: times that words were added to other ones, which copies them. */
enum { PARTS_MAX = 200000, WORDS_MAX = 4096, MORE_MAX = 10000 };

Diagram diagram_new(Arena *arena)
{
    return (Diagram){ .arena = arena, .words = map_new(arena), .arrow_ids = map_new(arena) };
}

void diagram_add_words(Diagram *diagram, Str id, Str words)
{
    bool is_added;
    if (str_trim(words).length == 0 || diagram->words.count >= PARTS_MAX)
        return;
    MapEntry *entry = map_add(&diagram->words, id, &is_added);
    if (is_added) {
        Str *first = arena_new_one(diagram->arena, Str);
        *first = words;
        entry->pointer = first;
        return;
    }
    Str *all = entry->pointer;
    if (all->length + words.length < WORDS_MAX && diagram->more++ < MORE_MAX)
        *all = str_format(diagram->arena, STR_FMT "\n" STR_FMT, STR_ARG(*all), STR_ARG(words));
}

void diagram_add_shape(Diagram *diagram, Str id)
{
    if (diagram->shapes.count < PARTS_MAX)
        *vec_push(diagram->arena, &diagram->shapes) = id;
}

void diagram_add_arrow(Diagram *diagram, Str id, Str from, Str to)
{
    if (diagram->arrows.count >= PARTS_MAX)
        return;
    *vec_push(diagram->arena, &diagram->arrows) = (DiagramArrow){ id, from, to };
    map_add(&diagram->arrow_ids, id, NULL);
}

bool diagram_is_arrow(const Diagram *diagram, Str id)
{
    return map_find(&diagram->arrow_ids, id) != NULL;
}

/* Empty: the shape has none. */
static Str words_of(const Diagram *diagram, Str id)
{
    const MapEntry *entry = id.length ? map_find(&diagram->words, id) : NULL;
    return entry ? *(const Str *)entry->pointer : STR_NONE;
}

static void write_arrow(const Diagram *diagram, const DiagramArrow *arrow, DocWriter *doc)
{
    Str from = words_of(diagram, arrow->from), to = words_of(diagram, arrow->to);
    Str words = words_of(diagram, arrow->id);
    if (from.length && to.length)
        doc_list_item(doc, 1, S("-"),
                      str_format(diagram->arena, STR_FMT " \xE2\x86\x92 " STR_FMT "%s" STR_FMT,
                                 STR_ARG(from), STR_ARG(to), words.length ? ": " : "",
                                 STR_ARG(words)));
    else
        doc_paragraph(doc, words);
}

void diagram_write(const Diagram *diagram, DocWriter *doc)
{
    for (size_t i = 0; i < diagram->shapes.count && doc_writer_ok(doc); i++)
        doc_paragraph(doc, words_of(diagram, diagram->shapes.at[i]));
    for (size_t i = 0; i < diagram->arrows.count && doc_writer_ok(doc); i++)
        write_arrow(diagram, &diagram->arrows.at[i], doc);
}
