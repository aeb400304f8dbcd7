/* model.c - see model.h: events become a whole answer. */
#include "gateway/model.h"

const char *const task_words[] = {
#define TASK(name, word, title) word,
#include "gateway/tasks.def"
#undef TASK
};

const char *const ability_words[] = {
#define ABILITY(name, word, title) word,
#include "gateway/abilities.def"
#undef ABILITY
};

#define CHOICES_MAX 128
#define VECTORS_MAX 4096

ServiceTier service_tier_named(Str word)
{
    if (str_is(word, "flex"))
        return TIER_FLEX;
    bool is_first = str_is(word, "priority") || str_is(word, "fast");
    return is_first ? TIER_PRIORITY : TIER_USUAL;
}

void model_collect_begin(ModelCollector *collector, Arena *arena, size_t text_max)
{
    *collector = (ModelCollector){ .arena = arena, .text = buf_new(arena, text_max) };
}

static ModelChoice *choice_at(ModelCollector *collector, int number)
{
    while (collector->reply.choices.count <= (size_t)number)
        *vec_push(collector->arena, &collector->reply.choices) = (ModelChoice){ 0 };
    return &collector->reply.choices.at[number];
}

/* The text of the open part is copied to where it belongs. */
static void close_part(ModelCollector *collector)
{
    if (!collector->is_open)
        return;
    ModelChoice *choice = choice_at(collector, collector->open_choice);
    ModelPart *part = &choice->parts.at[choice->parts.count - 1];
    Str text = str_copy(collector->arena, buf_str(&collector->text));
    if (part->kind == PART_TOOL_CALL)
        part->arguments = text;
    else
        part->text = text;
    collector->text.length = 0;
    collector->is_open = false;
}

static ModelPart *open_part(ModelCollector *collector, const ModelEvent *event, PartKind kind)
{
    close_part(collector);
    ModelChoice *choice = choice_at(collector, event->choice);
    ModelPart *part = vec_push(collector->arena, &choice->parts);
    *part = (ModelPart){ .kind = kind };
    collector->is_open = true;
    collector->open_choice = event->choice;
    collector->open_tool = event->index;
    collector->open_kind = kind;
    return part;
}

static bool is_open_for(const ModelCollector *collector, const ModelEvent *event, PartKind kind)
{
    return collector->is_open && collector->open_choice == event->choice &&
           collector->open_kind == kind &&
           (kind != PART_TOOL_CALL || collector->open_tool == event->index);
}

static void add_text(ModelCollector *collector, const ModelEvent *event, PartKind kind)
{
    if (!is_open_for(collector, event, kind))
        (void)open_part(collector, event, kind);
    buf_add(&collector->text, event->text);
}

static void begin_tool(ModelCollector *collector, const ModelEvent *event)
{
    Arena *arena = collector->arena;
    ModelPart *part = open_part(collector, event, PART_TOOL_CALL);
    part->id = str_copy(arena, event->id);
    part->name = str_copy(arena, event->name);
}

/* Calls may interleave: more arguments of one that is not open go to its own end. */
static void add_arguments(ModelCollector *collector, const ModelEvent *event)
{
    ModelChoice *choice = choice_at(collector, event->choice);
    int seen = -1;
    if (is_open_for(collector, event, PART_TOOL_CALL)) {
        buf_add(&collector->text, event->text);
        return;
    }
    close_part(collector);
    for (size_t i = 0; i < choice->parts.count; i++) {
        ModelPart *part = &choice->parts.at[i];
        if (part->kind == PART_TOOL_CALL && ++seen == event->index) {
            Str pieces[] = { part->arguments, event->text };
            part->arguments = str_join(collector->arena, pieces, 2, S(""));
            return;
        }
    }
    add_text(collector, event, PART_TOOL_CALL); /* a service that never named it */
}

static void add_signature(ModelCollector *collector, const ModelEvent *event)
{
    if (event->is_redacted || !is_open_for(collector, event, PART_REASONING))
        (void)open_part(collector, event, PART_REASONING);
    ModelChoice *choice = choice_at(collector, event->choice);
    ModelPart *part = &choice->parts.at[choice->parts.count - 1];
    part->signature = str_copy(collector->arena, event->text);
    part->is_redacted = event->is_redacted;
    close_part(collector); /* what is thought after it has a signature of its own */
}

static ModelVector copy_vector(Arena *arena, ModelVector vector)
{
    float *copy = arena_new_array(arena, float, vector.count);
    if (vector.count)
        memcpy(copy, vector.at, vector.count * sizeof *copy);
    return (ModelVector){ copy, vector.count };
}

static bool add_vector(ModelCollector *collector, const ModelEvent *event, Error *err)
{
    ModelReply *reply = &collector->reply;
    if (event->index < 0 || event->index >= VECTORS_MAX)
        return fail(err, ERROR_UPSTREAM, "the answer has more than %d vectors", VECTORS_MAX);
    while (reply->vectors.count <= (size_t)event->index)
        *vec_push(collector->arena, &reply->vectors) = (ModelVector){ 0 };
    reply->vectors.at[event->index] = copy_vector(collector->arena, event->vector);
    return true;
}

/* They follow the text that they are of. */
static void add_citation(ModelCollector *collector, const ModelEvent *event)
{
    if (!is_open_for(collector, event, PART_TEXT))
        (void)open_part(collector, event, PART_TEXT);
    ModelChoice *choice = choice_at(collector, event->choice);
    ModelPart *part = &choice->parts.at[choice->parts.count - 1];
    Str pieces[] = { part->citations, event->text };
    part->citations = part->citations.length ? str_join(collector->arena, pieces, 2, S(","))
                                             : str_copy(collector->arena, event->text);
}

static void add_hosted(ModelCollector *collector, const ModelEvent *event)
{
    Arena *arena = collector->arena;
    close_part(collector);
    ModelChoice *choice = choice_at(collector, event->choice);
    *vec_push(arena, &choice->parts) = (ModelPart){ .kind = PART_HOSTED,
                                                    .form = event->form,
                                                    .is_approved = event->is_approved,
                                                    .id = str_copy(arena, event->id),
                                                    .server = str_copy(arena, event->server),
                                                    .name = str_copy(arena, event->name),
                                                    .arguments = str_copy(arena, event->text) };
}

static void add_hosted_result(ModelCollector *collector, const ModelEvent *event)
{
    ModelChoice *choice = choice_at(collector, event->choice);
    for (size_t i = 0; i < choice->parts.count; i++) {
        ModelPart *part = &choice->parts.at[i];
        if (part->kind == PART_HOSTED && str_equal(part->id, event->id)) {
            part->text = str_copy(collector->arena, event->text);
            part->is_error = event->is_error;
        }
    }
}

bool model_collect(ModelCollector *collector, const ModelEvent *event, Error *err)
{
    if (event->choice < 0 || event->choice >= CHOICES_MAX)
        return fail(err, ERROR_UPSTREAM, "the answer has too many choices");
    switch (event->kind) {
    case EVENT_START:
        collector->reply.id = str_copy(collector->arena, event->id);
        collector->reply.model = str_copy(collector->arena, event->model);
        break;
    case EVENT_TEXT: add_text(collector, event, PART_TEXT); break;
    case EVENT_REASONING: add_text(collector, event, PART_REASONING); break;
    case EVENT_REFUSAL: add_text(collector, event, PART_REFUSAL); break;
    case EVENT_SIGNATURE: add_signature(collector, event); break;
    case EVENT_TOOL: begin_tool(collector, event); break;
    case EVENT_ARGUMENTS: add_arguments(collector, event); break;
    case EVENT_HOSTED: add_hosted(collector, event); break;
    case EVENT_HOSTED_RESULT: add_hosted_result(collector, event); break;
    case EVENT_CITATION: add_citation(collector, event); break;
    case EVENT_VECTOR: return add_vector(collector, event, err);
    case EVENT_SCORE:
        *vec_push(collector->arena, &collector->reply.scores) =
            (ModelScore){ event->index, event->score };
        break;
    case EVENT_SEGMENT:
        *vec_push(collector->arena, &collector->reply.segments) =
            (ModelSegment){ event->start_s, event->end_s, str_copy(collector->arena, event->text),
                            str_copy(collector->arena, event->speaker) };
        break;
    case EVENT_PICTURE: break; /* whole answers with pictures are handed on as they are */
    case EVENT_FINISH: choice_at(collector, event->choice)->finish = event->finish; break;
    }
    return !collector->text.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", collector->text.limit);
}

const ModelReply *model_collected(ModelCollector *collector)
{
    close_part(collector);
    (void)choice_at(collector, 0);
    return &collector->reply;
}

static void copy_choice(Arena *arena, const ModelChoice *choice, ModelChoice *copy)
{
    copy->finish = choice->finish;
    for (size_t i = 0; i < choice->parts.count; i++) {
        ModelPart *part = vec_push(arena, &copy->parts);
        *part = choice->parts.at[i];
        Str *const texts[] = { &part->text,      &part->id,        &part->name,  &part->arguments,
                               &part->signature, &part->citations, &part->server };
        for (size_t j = 0; j < COUNT(texts); j++)
            *texts[j] = str_copy(arena, *texts[j]);
    }
}

const ModelReply *model_reply_copy(Arena *arena, const ModelReply *reply)
{
    ModelReply *copy = arena_new_one(arena, ModelReply);
    copy->id = str_copy(arena, reply->id);
    copy->model = str_copy(arena, reply->model);
    copy->usage = reply->usage;
    for (size_t i = 0; i < reply->choices.count; i++) {
        ModelChoice *choice = vec_push(arena, &copy->choices);
        *choice = (ModelChoice){ 0 };
        copy_choice(arena, &reply->choices.at[i], choice);
    }
    for (size_t i = 0; i < reply->vectors.count; i++)
        *vec_push(arena, &copy->vectors) = copy_vector(arena, reply->vectors.at[i]);
    for (size_t i = 0; i < reply->scores.count; i++)
        *vec_push(arena, &copy->scores) = reply->scores.at[i];
    for (size_t i = 0; i < reply->segments.count; i++) {
        ModelSegment *segment = vec_push(arena, &copy->segments);
        *segment = reply->segments.at[i];
        segment->text = str_copy(arena, segment->text);
        segment->speaker = str_copy(arena, segment->speaker);
    }
    return copy;
}
