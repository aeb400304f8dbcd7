/* excalidraw.c - drawings of Excalidraw (its "JSON Schema"): the words on shapes, the arrows
 * between them. */
#include "base/json.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/diagram.h"

#define FILE_MAX MB(256)

static void take_element(Diagram *diagram, const json_t *element)
{
    Str type = json_member_text(element, "type"), id = json_member_text(element, "id");
    if (json_is_true(json_object_get(element, "isDeleted")))
        return;
    if (str_is(type, "text")) {
        Str container = json_member_text(element, "containerId"),
            words = json_member_text(element, "originalText");
        diagram_add_words(diagram, container.length ? container : id,
                          words.length ? words : json_member_text(element, "text"));
        if (!container.length)
            diagram_add_shape(diagram, id);
    } else if (str_is(type, "arrow")) {
        diagram_add_arrow(diagram, id,
                          json_member_text(json_object_get(element, "startBinding"), "elementId"),
                          json_member_text(json_object_get(element, "endBinding"), "elementId"));
    } else {
        diagram_add_words(diagram, id, json_member_text(element, "name")); /* of a frame */
        diagram_add_shape(diagram, id);
    }
}

static bool excalidraw_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_JSON json_t *json = NULL;
    Error why = { 0 };
    size_t index;
    json_t *element;
    if (!json_parse(source->bytes, FILE_MAX, &json, &why))
        return fail(err, ERROR_DAMAGED, "the drawing is broken: %s", why.message);
    Diagram diagram = diagram_new(arena);
    json_array_foreach(json_object_get(json, "elements"), index, element)
    {
        take_element(&diagram, element);
    }
    diagram_write(&diagram, doc);
    return true;
}

static int excalidraw_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(1));
    return !text_is_binary(bytes) && str_starts(str_trim(head), S("{")) &&
                   str_find(head, S("\"excalidraw\"")) >= 0
               ? 75
               : 0;
}

const Extractor extractor_excalidraw = {
    .name = "excalidraw",
    .title = "Excalidraw drawing",
    .extensions = LIST("excalidraw"),
    .media_types = LIST("application/vnd.excalidraw+json"),
    .sniff = excalidraw_sniff,
    .extract = excalidraw_extract,
};
