/* report.c - see report.h. */
#include "classify/report.h"

#include "classify/document_type.h"
#include "classify/entities.h"
#include "classify/phrases.h"
#include "classify/sentiment_head.h"

#define PHRASES_TOLD 12
#define ENTITIES_TOLD 2000

static void put_place(JsonWriter *json, size_t start, size_t end)
{
    put_int(json, "start", (int64_t)start);
    put_int(json, "end", (int64_t)end);
}

static void put_feeling(JsonWriter *json, const Sentiment *sentiment)
{
    put_text(json, "label", str(sentiment_sign_name(sentiment->sign)));
    put_number(json, "score", sentiment->score);
    put_number(json, "confidence", sentiment->confidence);
}

static void put_sentiment(JsonWriter *json, const SentimentReport *report)
{
    put_object(json, "sentiment");
    put_feeling(json, &report->all);
    put_array(json, "aspects");
    for (size_t i = 0; i < report->aspects.count; i++) {
        const Aspect *aspect = &report->aspects.at[i];
        put_object(json, NULL);
        put_text(json, "name", aspect->name);
        put_feeling(json, &aspect->sentiment);
        put_int(json, "count", (int64_t)aspect->count);
        put_place(json, aspect->start, aspect->end);
        put_end(json);
    }
    put_end(json);
    put_end(json);
}

static void put_entities(JsonWriter *json, const EntityList *list)
{
    put_array(json, "entities");
    for (size_t i = 0; i < list->entities.count && i < ENTITIES_TOLD; i++) {
        const Entity *entity = &list->entities.at[i];
        put_object(json, NULL);
        put_text(json, "kind", str(entity_kind_rows[entity->kind].word));
        put_text(json, "text", entity->text);
        put_text(json, "value", entity->value);
        put_place(json, entity->start, entity->end);
        put_number(json, "confidence", entity->confidence);
        put_bool(json, "verified", entity->is_verified);
        put_end(json);
    }
    put_end(json);
}

static void put_phrases(JsonWriter *json, const KeyPhraseList *list)
{
    put_array(json, "key_phrases");
    for (size_t i = 0; i < list->phrases.count; i++) {
        const KeyPhrase *phrase = &list->phrases.at[i];
        put_object(json, NULL);
        put_text(json, "text", phrase->text);
        put_number(json, "score", phrase->score);
        put_int(json, "count", (int64_t)phrase->count);
        put_place(json, phrase->start, phrase->end);
        put_end(json);
    }
    put_end(json);
}

static void put_personal(JsonWriter *json, Arena *arena, const EntityList *list)
{
    PersonalReport report = personal_report(arena, list);
    put_object(json, "personal_data");
    put_text(json, "severity", str(severity_name(report.severity)));
    put_array(json, "kinds");
    for (size_t i = 0; i < report.kinds.count; i++) {
        const PersonalKind *kind = &report.kinds.at[i];
        put_object(json, NULL);
        put_text(json, "kind", str(entity_kind_rows[kind->kind].word));
        put_text(json, "severity", str(severity_name(kind->severity)));
        put_int(json, "count", (int64_t)kind->count);
        put_int(json, "distinct", (int64_t)kind->distinct);
        put_end(json);
    }
    put_end(json);
    put_end(json);
}

bool report_put(JsonWriter *json, Arena *arena, Str text, const ReportOptions *options, Error *err)
{
    const Embedder *embedder = options->embedder;
    SentimentReport feeling = sentiment_report(arena, text);
    if (options->feeling_head && embedder && str_trim(text).length &&
        !sentiment_read(options->feeling_head, embedder, arena, text, feeling.language,
                        &feeling.all, err))
        return false;
    EntityList entities = entities_find(arena, text, options->today, options->stop);
    if (!stop_go_on(options->stop, err))
        return false;
    KeyPhraseList phrases = key_phrases(arena, text, feeling.language, embedder, PHRASES_TOLD);
    DocumentTypeFound type = document_type_of(arena, text, options->format, embedder);
    put_text(json, "language", str(language_about(language_of_text(text, LANGUAGE_ENGLISH))->code));
    put_object(json, "document_type");
    put_text(json, "label", str(document_type_name(type.type)));
    put_number(json, "confidence", type.confidence);
    put_end(json);
    put_sentiment(json, &feeling);
    put_entities(json, &entities);
    put_phrases(json, &phrases);
    put_personal(json, arena, &entities);
    put_text(json, "made_by", embedder ? S("encoder") : S("rules"));
    return true;
}

SaidLabels report_said(const Classifier *classifier, const ClassifyResult *result)
{
    return (SaidLabels){ .labels = classifier->labels,
                         .scores = result->scores,
                         .score_count = result->score_count,
                         .said_count = result->said_count,
                         .confidence = result->surety,
                         .threshold = classifier->measures.threshold,
                         .is_sure = result->is_sure,
                         .start = result->start,
                         .end = result->end,
                         .way = str(classify_way_name(classifier->way)),
                         .made_by = S("encoder") };
}

void report_put_labels(JsonWriter *json, Str text, const SaidLabels *said)
{
    put_text(json, "way", said->way);
    put_array(json, "labels");
    for (size_t i = 0; i < said->score_count; i++) {
        const ClassifyScore *score = &said->scores[i];
        put_object(json, NULL);
        put_text(json, "label", said->labels[score->label].name);
        put_number(json, "confidence", score->confidence);
        put_bool(json, "said", i < said->said_count);
        put_end(json);
    }
    put_end(json);
    put_number(json, "confidence", said->confidence);
    put_number(json, "threshold", said->threshold);
    put_bool(json, "sure", said->is_sure);
    put_text(json, "said_by", said->made_by);
    put_text_or_null(json, "notice", said->notice);
    if (said->evidence.length) {
        put_raw(json, "evidence", said->evidence);
        return;
    }
    put_object(json, "evidence");
    put_text(json, "quote", str_slice(text, said->start, said->end));
    put_place(json, said->start, said->end);
    put_end(json);
}
