/* report.h - everything that is said of a text without labels, as JSON. */
#pragma once

#include "base/json.h"
#include "base/stop.h"
#include "classify/classify.h"
#include "classify/sentiment.h"

typedef struct ReportOptions {
    const Embedder *embedder;       /* NULL: rules alone */
    const Classifier *feeling_head; /* of sentiment_learn(); NULL: words alone */
    Str format;                     /* the extractor's name, may be empty */
    int64_t today;                  /* civil seconds, see entities.h */
    const StopCheck *stop;          /* then it fails with ERROR_CANCELLED; may be NULL */
} ReportOptions;

/* Members language, document_type, sentiment, entities, key_phrases, personal_data and made_by of
 * the object that is open. Places are bytes of the text. */
MUST_CHECK bool report_put(JsonWriter *json, Arena *arena, Str text, const ReportOptions *options,
                           Error *err);
/* What was said of a text, whoever said it. */
typedef struct SaidLabels {
    const ClassifyLabel *labels;
    const ClassifyScore *scores; /* of all labels, best first; the first said_count are said */
    size_t score_count, said_count;
    double confidence, threshold; /* of all that is said together; below which a person is asked */
    bool is_sure;
    size_t start, end; /* bytes of the text that say so */
    Str evidence;      /* JSON of them where there is more to say than the bytes */
    Str way;           /* "zero-shot", "nearest", "head", "model" */
    Str made_by;       /* "encoder", or the model's name */
    Str notice;        /* why the model was not heard; empty: it was, or nobody wanted it */
} SaidLabels;
SaidLabels report_said(const Classifier *classifier, const ClassifyResult *result);
/* Members way, labels (best first), confidence, threshold, sure, said_by, notice and, as
 * evidence, the piece of the text that says so. */
void report_put_labels(JsonWriter *json, Str text, const SaidLabels *said);
