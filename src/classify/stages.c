/* stages.c - see stages.h. */
#include "classify/stages.h"

#define NAME_MAX_BYTES 100
#define DEPTH_MAX 8

static Str text_of(const json_t *json)
{
    return (Str){ json_string_value(json), json_string_length(json) };
}

/* --- Reading --- */

static bool check_condition(const StageList *list, const json_t *when, int depth, Error *err);

static bool check_many(const StageList *list, const json_t *many, int depth, Error *err)
{
    size_t i;
    const json_t *one;
    if (!many)
        return true;
    if (!json_array_size(many))
        return fail_field(err, "when", "'all' and 'any' are lists of conditions");
    json_array_foreach(many, i, one)
    {
        if (!check_condition(list, one, depth + 1, err))
            return false;
    }
    return true;
}

static bool check_stage_name(const StageList *list, Str name, Error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].name, name))
            return true;
    return fail_field(err, "when", "there is no stage '" STR_FMT "' before this one",
                      STR_ARG(str_slice(name, 0, 100)));
}

static bool check_label(const json_t *label, Error *err)
{
    size_t i;
    const json_t *one;
    if (!label || json_is_string(label))
        return true;
    json_array_foreach(label, i, one)
    {
        if (!json_is_string(one))
            label = NULL;
    }
    return json_array_size(label) ||
           fail_field(err, "when", "'label' is a name, or a list of them");
}

static bool check_condition(const StageList *list, const json_t *when, int depth, Error *err)
{
    json_t *label = NULL, *all = NULL, *any = NULL, *negated = NULL;
    Str stage = STR_NONE, language = STR_NONE, entity = STR_NONE;
    double above = 0, below = 0;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (depth > DEPTH_MAX)
        return fail_field(err, "when", "conditions are nested too deeply");
    if (!json_object_size(when))
        return fail_field(err, "when", "a condition is an object that says something");
    if (!json_read(when, arena,
                   JSON_FIELDS({ "stage", JSON_STR, &stage }, { "label", JSON_ANY, &label },
                               { "confidence_above", JSON_F64, &above },
                               { "confidence_below", JSON_F64, &below },
                               { "language", JSON_STR, &language }, { "entity", JSON_STR, &entity },
                               { "all", JSON_ANY, &all }, { "any", JSON_ANY, &any },
                               { "not", JSON_ANY, &negated }),
                   err))
        return fail_in(err, "when");
    bool asks_stage = stage.length || label || json_object_get(when, "confidence_above") ||
                      json_object_get(when, "confidence_below");
    if (asks_stage && !list->count)
        return fail_field(err, "when", "the first stage has none before it to ask of");
    if (entity.length && entity_kind_named(entity) == ENTITY_KIND_COUNT)
        return fail_field(err, "when", "there is no kind of entity '" STR_FMT "'",
                          STR_ARG(str_slice(entity, 0, 100)));
    return (!stage.length || check_stage_name(list, stage, err)) && check_label(label, err) &&
           check_many(list, all, depth, err) && check_many(list, any, depth, err) &&
           (!negated || check_condition(list, negated, depth + 1, err));
}

static bool read_stage(Arena *arena, const json_t *json, StageList *list, Error *err)
{
    Stage stage = { 0 };
    json_t *when = NULL;
    if (!json_read(
            json, arena,
            JSON_FIELDS({ "name", JSON_STR, &stage.name, .length_max = NAME_MAX_BYTES },
                        { "label_set", JSON_STR, &stage.set, .required = true, .length_max = 200 },
                        { "when", JSON_ANY, &when }),
            err))
        return false;
    stage.name = str_trim(stage.name.length ? stage.name : stage.set);
    stage.set = str_trim(stage.set);
    if (!stage.set.length)
        return fail_field(err, "label_set", "a stage names its label set");
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].name, stage.name))
            return fail_field(err, "stages", "two stages are named '" STR_FMT "'",
                              STR_ARG(stage.name));
    if (when && !json_is_null(when) && !check_condition(list, when, 0, err))
        return false;
    stage.when = json_is_null(when) ? NULL : when;
    list->at[list->count++] = stage;
    return true;
}

bool stages_read(Arena *arena, const json_t *json, StageList *list_r, Error *err)
{
    StageList list = { .count = 0 };
    size_t i, count = json_array_size(json);
    const json_t *one;
    if (!count || count > STAGES_MAX)
        return fail_field(err, "stages", "'stages' is a list of 1 to %d stages", STAGES_MAX);
    json_array_foreach(json, i, one)
    {
        if (!read_stage(arena, one, &list, err))
            return fail_in(err, "stage %zu", i + 1);
    }
    *list_r = list;
    return true;
}

/* --- Holding --- */

static const StageOutcome *outcome_of(const StageFacts *facts, Str stage)
{
    if (!stage.length)
        return &facts->outcomes[facts->count - 1];
    for (size_t i = 0; i < facts->count; i++)
        if (str_equal(facts->outcomes[i].stage, stage))
            return &facts->outcomes[i];
    return NULL;
}

static bool is_said(const StageOutcome *outcome, Str label)
{
    for (size_t i = 0; i < outcome->labels.count; i++)
        if (str_equal_ignore_case(outcome->labels.at[i], label))
            return true;
    return false;
}

static bool label_holds(const StageOutcome *outcome, const json_t *label)
{
    size_t i;
    const json_t *one;
    if (json_is_string(label))
        return is_said(outcome, text_of(label));
    json_array_foreach(label, i, one)
    {
        if (is_said(outcome, text_of(one)))
            return true;
    }
    return false;
}

/* Of a stage that was skipped nothing holds. */
static bool stage_holds(const json_t *when, const StageFacts *facts)
{
    const json_t *label = json_object_get(when, "label");
    const json_t *above = json_object_get(when, "confidence_above");
    const json_t *below = json_object_get(when, "confidence_below");
    const json_t *stage = json_object_get(when, "stage");
    if (!label && !above && !below && !stage)
        return true;
    const StageOutcome *outcome = outcome_of(facts, text_of(stage));
    if (!outcome || outcome->is_skipped)
        return false;
    return (!label || label_holds(outcome, label)) &&
           (!above || outcome->confidence > json_number_value(above)) &&
           (!below || outcome->confidence < json_number_value(below));
}

static bool has_entity(Arena *arena, StageFacts *facts, Str kind)
{
    if (!facts->has_entities)
        facts->entities = entities_find(arena, facts->text, facts->today, facts->stop);
    facts->has_entities = true;
    for (size_t i = 0; i < facts->entities.entities.count; i++)
        if (facts->entities.entities.at[i].kind == entity_kind_named(kind))
            return true;
    return false;
}

static bool holds(const json_t *when, Arena *arena, StageFacts *facts)
{
    const json_t *language = json_object_get(when, "language");
    const json_t *entity = json_object_get(when, "entity");
    const json_t *any = json_object_get(when, "any"), *negated = json_object_get(when, "not");
    const json_t *one;
    bool is_any = !any;
    size_t i;
    if (!stage_holds(when, facts))
        return false;
    if (language &&
        language_of_text(facts->text, LANGUAGE_OTHER) != language_named(text_of(language)))
        return false;
    if (entity && !has_entity(arena, facts, text_of(entity)))
        return false;
    json_array_foreach(json_object_get(when, "all"), i, one)
    {
        if (!holds(one, arena, facts))
            return false;
    }
    json_array_foreach(any, i, one) { is_any = is_any || holds(one, arena, facts); }
    return is_any && !(negated && holds(negated, arena, facts));
}

bool stage_is_due(const Stage *stage, Arena *arena, StageFacts *facts)
{
    return !stage->when || holds(stage->when, arena, facts);
}
