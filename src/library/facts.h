/* facts.h - facts of a document for filters, and conditions on them as people write them.
 *
 *     author=smith      has "smith" in it, letter case does not matter
 *     pages>=10         numbers; durations in seconds
 *     taken=2019        dates: that year; also 2019-05, 2019-05-30, with >= <= > <
 *
 * Names and types are those of extract/metadata.def; other names are texts. Pure; any thread. */
#pragma once

#include "base/json.h"
#include "extract/document.h"
#include "library/quality.h"
#include "store/document_facts_store.h"

/* A condition as text. Fails with the field "metadata". Lives in the arena. */
MUST_CHECK bool fact_condition_read(Arena *arena, Str text, FactCondition *condition_r, Error *err);
/* Several of them; at most FACT_CONDITIONS_MAX. */
MUST_CHECK bool fact_conditions_read(Arena *arena, StrList texts, const FactCondition **list_r,
                                     Error *err);
/* A date as far as it is given ("2008", "2008-05-30T15:56:01"), as the UTC milliseconds it covers:
 * *from_r <= t < *to_r. Without a zone it is taken as UTC. */
bool fact_date(Str text, double *from_r, double *to_r);

/* Conditions with ";" between. */
StrList fact_conditions_split(Arena *arena, Str text);

/* A document's metadata (a JSON object) for people, as members `facts` of an array: key, title,
 * group, type ("text", "date", "whole", "number", "seconds") and value, in the order of
 * extract/metadata.def; names that are not in it come last. */
void facts_put(JsonWriter *json, Str metadata);

/* A name of extract/metadata.def that documents are filtered by. */
typedef struct FactName {
    const char *key, *title, *type; /* type: "text", "date", "whole", "number", "seconds" */
    bool is_text;                   /* can only be compared with = */
} FactName;
/* Ignores case; false when there is none. */
bool fact_named(Str key, FactName *name_r);
/* They are counted from 0; false after the last. */
bool fact_name_at(size_t at, FactName *name_r);

/* Every name of extract/metadata.def, one object each: key, title, group, type. */
void facts_put_names(JsonWriter *json);

typedef VEC(DocumentFact) FactList;
/* What a document says of itself, and its extraction_quality. */
FactList facts_of(Arena *arena, const DocNode *node, const Quality *quality);
