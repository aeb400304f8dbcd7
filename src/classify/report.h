/* report.h - everything that is said of a text without labels, as JSON. */
#pragma once

#include "base/json.h"
#include "classify/classify.h"
#include "classify/sentiment.h"

typedef struct ReportOptions {
    const Embedder *embedder;       /* NULL: rules alone */
    const Classifier *feeling_head; /* of sentiment_learn(); NULL: words alone */
    Str format;                     /* the extractor's name, may be empty */
    int64_t today;                  /* civil seconds, see entities.h */
} ReportOptions;

/* Members language, document_type, sentiment, entities, key_phrases, personal_data and made_by of
 * the object that is open. Places are bytes of the text. */
MUST_CHECK bool report_put(JsonWriter *json, Arena *arena, Str text, const ReportOptions *options,
                           Error *err);
/* Members way, labels (best first), sure and, as evidence, the piece of the text that says so. */
void report_put_labels(JsonWriter *json, Str text, const Classifier *classifier,
                       const ClassifyResult *result);
