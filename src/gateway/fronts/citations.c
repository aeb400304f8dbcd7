/* citations.c - see citations.h. */
#include "gateway/fronts/citations.h"

#include "base/json_walk.h"

static Str text_member(Arena *arena, Str citation, const char *name)
{
    return json_text_of(arena, json_walk_member(citation, name));
}

static Str one_of(Str a, Str b) { return a.length ? a : b; }

static void put_address(JsonWriter *json, Arena *arena, Str citation, Str url, int64_t text_end)
{
    put_text(json, "url", url);
    put_text(json, "title", text_member(arena, citation, "title"));
    put_int(json, "start_index", text_end);
    put_int(json, "end_index", text_end);
}

static void put_file(JsonWriter *json, Arena *arena, Str citation, int64_t text_end)
{
    Str number = json_walk_member(citation, "number"),
        place = text_member(arena, citation, "place");
    put_text(
        json, "file_id",
        one_of(text_member(arena, citation, "source"), text_member(arena, citation, "file_id")));
    put_text(json, "filename",
             one_of(text_member(arena, citation, "title"),
                    text_member(arena, citation, "document_title")));
    put_int(json, "index", text_end);
    put_text(json, "quote", text_member(arena, citation, "cited_text"));
    if (number.length)
        put_raw(json, "number", number);
    if (place.length)
        put_text(json, "place", place);
}

void put_annotation(JsonWriter *json, Arena *arena, const char *name, Str citation,
                    AnnotationForm form, int64_t text_end)
{
    Str url = text_member(arena, citation, "url");
    const char *type = url.length ? "url_citation" : "file_citation";
    put_object(json, name);
    put_text(json, "type", str(type));
    if (form == ANNOTATION_CHAT)
        put_object(json, type);
    if (url.length)
        put_address(json, arena, citation, url, text_end);
    else
        put_file(json, arena, citation, text_end);
    if (form == ANNOTATION_CHAT)
        put_end(json);
    put_end(json);
}

void put_annotations(JsonWriter *json, Arena *arena, Str citations, AnnotationForm form,
                     int64_t text_end)
{
    Str list = str_format(arena, "[" STR_FMT "]", STR_ARG(citations)), ignored, one;
    JsonWalk walk = json_walk_begin(list);
    while (json_walk_next(&walk, &ignored, &one))
        put_annotation(json, arena, NULL, one, form, text_end);
}
