/* citations.h - what an answer rests on, as OpenAI's clients know it.
 *
 * Inside the gateway a citation is the JSON of Anthropic's (model.h). One of the library's own has
 * the type search_result_location with two members more: "number", as in [1], and "place". */
#pragma once

#include "base/json.h"

typedef enum AnnotationForm {
    ANNOTATION_CHAT,     /* {"type": T, T: {...}} */
    ANNOTATION_RESPONSES /* {"type": T, ...} */
} AnnotationForm;

/* One annotation; `name` NULL: an item of a list. `text_end`: the characters of the text so far. */
void put_annotation(JsonWriter *json, Arena *arena, const char *name, Str citation,
                    AnnotationForm form, int64_t text_end);
/* All of ModelPart.citations, as items. */
void put_annotations(JsonWriter *json, Arena *arena, Str citations, AnnotationForm form,
                     int64_t text_end);
