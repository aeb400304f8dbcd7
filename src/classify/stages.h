/* stages.h - label sets one after the other, each under a condition.
 *
 *     {"stages": [{"name": "kind", "label_set": "Kinds of mail"},
 *                 {"name": "urgency", "label_set": "Urgency",
 *                  "when": {"stage": "kind", "label": "complaint", "confidence_above": 0.6}}]}
 *
 * All members of a condition must hold: label (one, or a list of which one must be said),
 * confidence_above, confidence_below (of `stage`; without it of the one before), language (ISO
 * code), entity (a kind of entities.h), all, any (lists of conditions) and not. A text is looked
 * at, never followed: no word of it says which stage comes next. Pure; any thread. */
#pragma once

#include "base/json.h"
#include "classify/entities.h"
#include "text/language.h"

#define STAGES_MAX 20

typedef struct Stage {
    Str name, set;      /* set: id or name of a label set */
    const json_t *when; /* NULL: always; of the tree that was read */
} Stage;

typedef struct StageList {
    Stage at[STAGES_MAX];
    size_t count;
} StageList;

/* ERROR_INVALID names what is wrong. Texts are copied; conditions stay in the tree. */
MUST_CHECK bool stages_read(Arena *arena, const json_t *json, StageList *list_r, Error *err);

typedef struct StageOutcome {
    Str stage;
    bool is_skipped;
    StrList labels; /* that were said */
    double confidence;
} StageOutcome;

/* What conditions ask of. */
typedef struct StageFacts {
    Str text;
    int64_t today;         /* as in entities.h */
    const StopCheck *stop; /* may be NULL */
    StageOutcome outcomes[STAGES_MAX];
    size_t count;
    bool has_entities; /* `entities` were looked for: only when a condition asks */
    EntityList entities;
} StageFacts;

bool stage_is_due(const Stage *stage, Arena *arena, StageFacts *facts);
