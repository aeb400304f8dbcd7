/* labels_run.c - a text or document through label sets, one after the other. */
#include "answer/answer_json.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "classify/labels_int.h"
#include "store/texts_store.h"
#include "text/date.h"

#define THRESHOLD_MODEL 0.75 /* where a model alone speaks: as where nothing was measured */
#define NAME_BYTES 100       /* of a text's beginning */
#define JSON_MAX MB(1)

/* --- What is read --- */

typedef struct ReadWork {
    const Scope *scope;
    Arena *arena;
    LabelSource source;
} ReadWork;

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    ReadWork *work = argument;
    Document *document = &work->source.document;
    if (!document_find(tx, work->scope, work->arena, document->id, document, err))
        return false;
    if (!document_state_is_over(document->state) && !document->indexed_version)
        return fail(err, ERROR_CONFLICT, "the document is still being read");
    int64_t version = document->indexed_version ? document->indexed_version : document->version;
    return text_find_range(tx, work->scope, work->arena, document->id, version, 0, LABEL_TEXT_MAX,
                           &work->source.text, err);
}

bool labels_read_document(Labels *labels, const Scope *scope, Arena *arena, Str id,
                          LabelSource *source_r, Error *err)
{
    ReadWork work = { scope, arena, { .document = { .id = id } } };
    if (!store_read(labels->db, scope, read_work, &work, err))
        return false;
    Str *text = &work.source.text;
    text->length = utf8_floor(*text, text->length);
    if (!str_trim(*text).length)
        return fail(err, ERROR_INVALID, "there is no text in '" STR_FMT "'",
                    STR_ARG(str_slice(work.source.document.name, 0, 200)));
    work.source.hash = sha256_hex(arena, *text);
    *source_r = work.source;
    return true;
}

LabelSource labels_of_text(Arena *arena, Str text)
{
    return (LabelSource){ .text = text, .hash = sha256_hex(arena, text) };
}

/* --- One set --- */

typedef struct Saying {
    Labels *labels;
    const Scope *scope;
    EncodePriority priority;
    Arena *arena;
    const LabelSet *set;
    const LabelSource *source;
    ClassifyLabel *names;
    size_t count;
    bool has_encoder;
    Classifier classifier;
    SaidLabels said;
} Saying;

static bool say_by_encoder(Saying *s, Error *err)
{
    Embedder embedder;
    ClassifyResult result;
    if (!labels_embedder(s->labels, s->priority, s->arena, &embedder, err) ||
        !labels_classifier(s->labels, s->scope, &embedder, s->priority, s->arena, s->set,
                           &s->classifier, err) ||
        !classify(&s->classifier, &embedder, s->arena, s->source->text, &result, err))
        return false;
    s->said = report_said(&s->classifier, &result);
    s->has_encoder = true;
    return true;
}

static bool wants_model(const Saying *s)
{
    if (str_is(s->set->asks, "encoder"))
        return false;
    return str_is(s->set->asks, "model") || !s->has_encoder || s->classifier.way != CLASSIFY_HEAD;
}

static double encoder_confidence(const Saying *s, uint16_t label, double otherwise)
{
    for (size_t i = 0; s->has_encoder && i < s->said.score_count; i++)
        if (s->said.scores[i].label == label)
            return s->said.scores[i].confidence;
    return otherwise;
}

static int surest_first(const void *a, const void *b)
{
    const ClassifyScore *x = a, *y = b;
    if (x->confidence != y->confidence)
        return x->confidence < y->confidence ? 1 : -1;
    return (x->label > y->label) - (x->label < y->label);
}

/* What a model says of itself is not calibrated: its confidence and the encoder's count the same.
 * The model's labels stand first, whatever comes of that. */
static void adopt(Saying *s, const ModelSaid *model)
{
    ClassifyScore *scores = arena_new_array(s->arena, ClassifyScore, s->count);
    bool is_said[CLASSIFY_LABELS_MAX] = { false };
    double least = 1;
    size_t next = 0;
    for (size_t i = 0; i < model->count; i++) {
        uint16_t l = model->labels[i];
        double both = (model->confidence + encoder_confidence(s, l, model->confidence)) / 2;
        if (!is_said[l])
            scores[next++] = (ClassifyScore){ l, both };
        least = MIN(least, both);
        is_said[l] = true;
    }
    size_t said = next;
    for (uint16_t l = 0; l < s->count; l++)
        if (!is_said[l])
            scores[next++] = (ClassifyScore){
                l, (1 - model->confidence + encoder_confidence(s, l, 1 - model->confidence)) / 2
            };
    qsort(scores, said, sizeof *scores, surest_first);
    qsort(scores + said, next - said, sizeof *scores, surest_first);
    s->said = (SaidLabels){ .labels = s->names,
                            .scores = scores,
                            .score_count = s->count,
                            .said_count = said,
                            .confidence = said ? least : model->confidence,
                            .threshold = s->has_encoder ? s->said.threshold : THRESHOLD_MODEL,
                            .start = model->start,
                            .end = model->end,
                            .way = S("model"),
                            .made_by = model->model };
}

/* Where the service fails, what the encoder said stands, and why. */
static bool say_by_model(Saying *s, const Error *no_encoder, Error *err)
{
    Provider provider;
    ModelSaid model;
    Error why = { 0 };
    bool is_there = models_provider(s->labels->models, s->scope, s->arena, &provider, &why);
    if (is_there && labels_ask_model(s->labels, s->scope, s->arena, s->names, s->count,
                                     s->set->is_multi, s->source->text, &model, &why)) {
        adopt(s, &model);
        return true;
    }
    if (!s->has_encoder) {
        *err = is_there ? why : *no_encoder;
        return false;
    }
    if (is_there || str_is(s->set->asks, "model"))
        s->said.notice = str_copy(s->arena, str(why.message));
    return true;
}

/* The place as people read it, where there is a document. */
static bool say_where(Saying *s, Error *err)
{
    const Document *document = &s->source->document;
    Str quote = str_slice(s->source->text, s->said.start, s->said.end);
    int64_t ordinal;
    StoredBlockList blocks;
    Str text;
    if (!document->id.length)
        return true;
    Citation citation = { .number = 1,
                          .document = document->id,
                          .name = document->name,
                          .format = document->format,
                          .start = (int64_t)s->said.start,
                          .end = (int64_t)s->said.end,
                          .quote = quote,
                          .score = s->said.confidence };
    if (!library_block_at(s->labels->library, s->scope, s->arena, document->id, 0, citation.start,
                          &ordinal, err) ||
        !library_blocks(s->labels->library, s->scope, s->arena, document->id, 0, ordinal, 1,
                        &blocks, &text, err))
        return false;
    if (blocks.count) {
        citation.page = blocks.at[0].page;
        citation.place = library_block_place(s->arena, &blocks.at[0]);
    }
    Buf out = buf_new(s->arena, JSON_MAX);
    JsonWriter json = put_begin(&out);
    put_citation_members(&json, &citation);
    put_end(&json);
    s->said.evidence = buf_str(&out);
    return true;
}

static bool labels_say(Labels *labels, const Scope *scope, EncodePriority priority, Arena *arena,
                       const LabelSet *set, const LabelSource *source, SaidLabels *said_r,
                       Error *err)
{
    Saying s = { labels, scope, priority, arena, set, source, .has_encoder = false };
    Error no_encoder = { 0 };
    if (!labels_of_set(arena, set, &s.names, &s.count, err))
        return false;
    if (!say_by_encoder(&s, &no_encoder) && no_encoder.code != ERROR_NOT_FOUND) {
        *err = no_encoder;
        return false;
    }
    if (!wants_model(&s) ? !s.has_encoder : !say_by_model(&s, &no_encoder, err)) {
        if (!wants_model(&s))
            *err = no_encoder;
        return false;
    }
    if (set->threshold > 0)
        s.said.threshold = set->threshold;
    s.said.is_sure = s.said.confidence >= s.said.threshold;
    if (!say_where(&s, err))
        return false;
    *said_r = s.said;
    return true;
}

/* --- Keeping --- */

static Str said_names(Arena *arena, const SaidLabels *said)
{
    Buf out = buf_new(arena, JSON_MAX);
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < said->said_count; i++)
        put_text(&json, NULL, said->labels[said->scores[i].label].name);
    put_end(&json);
    return buf_str(&out);
}

static Str said_scores(Arena *arena, const SaidLabels *said)
{
    Buf out = buf_new(arena, JSON_MAX);
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < said->score_count; i++) {
        put_object(&json, NULL);
        put_text(&json, "label", said->labels[said->scores[i].label].name);
        put_number(&json, "confidence", said->scores[i].confidence);
        put_bool(&json, "said", i < said->said_count);
        put_end(&json);
    }
    put_end(&json);
    return buf_str(&out);
}

static Str said_evidence(Arena *arena, const LabelSource *source, const SaidLabels *said)
{
    Buf out = buf_new(arena, JSON_MAX);
    if (said->evidence.length)
        return said->evidence;
    JsonWriter json = put_begin(&out);
    put_null(&json, "document");
    put_text(&json, "quote", str_slice(source->text, said->start, said->end));
    put_int(&json, "start", (int64_t)said->start);
    put_int(&json, "end", (int64_t)said->end);
    put_end(&json);
    return buf_str(&out);
}

static Str beginning(Str text, size_t most)
{
    return str_slice(text, 0, utf8_floor(text, MIN(text.length, most)));
}

static bool keep_stage(DbTx *tx, const Scope *scope, Arena *arena, const LabelSource *source,
                       LabelRunStage *stage, Error *err)
{
    const Document *document = &source->document;
    Str trimmed = str_trim(source->text);
    Classification kept = {
        .set = stage->set.id,
        .subject = document->id.length ? document->id : source->hash,
        .hash = source->hash,
        .document = document->id,
        .name = document->id.length ? document->name : beginning(trimmed, NAME_BYTES),
        .sample = beginning(trimmed, LABEL_EXAMPLE_MAX),
        .labels = said_names(arena, &stage->said),
        .scores = said_scores(arena, &stage->said),
        .evidence = said_evidence(arena, source, &stage->said),
        .confidence = stage->said.confidence,
        .state = stage->said.is_sure ? S("sure") : S("asked"),
        .made_by = stage->said.made_by,
    };
    if (!classification_put(tx, scope, arena, &kept, err))
        return false;
    stage->kept = kept;
    Str names = kept.decided.length ? kept.decided : kept.labels;
    return !document->id.length || !stage->set.sets_tags || str_is(kept.state, "asked") ||
           labels_set_tags(tx, scope, arena, &stage->set, document->id, labels_names(arena, names),
                           err);
}

bool labels_keep(DbTx *tx, const Scope *scope, Arena *arena, const LabelSource *source,
                 LabelRun *run, Error *err)
{
    for (size_t i = 0; i < run->count; i++)
        if (!run->at[i].is_skipped && !keep_stage(tx, scope, arena, source, &run->at[i], err))
            return false;
    return true;
}

/* --- Stage by stage --- */

typedef struct RunWork {
    Labels *labels;
    const Scope *scope;
    Arena *arena;
    const StageList *stages;
    const LabelSource *source;
    LabelRun run;
} RunWork;

static bool sets_work(DbTx *tx, void *argument, Error *err)
{
    RunWork *work = argument;
    for (size_t i = 0; i < work->stages->count; i++) {
        work->run.at[i] = (LabelRunStage){ .name = work->stages->at[i].name };
        if (!label_set_find(tx, work->scope, work->arena, work->stages->at[i].set,
                            &work->run.at[i].set, err))
            return false;
    }
    work->run.count = work->stages->count;
    return true;
}

static LabelsSaid *listener;

void labels_set_listener(LabelsSaid *set) { listener = set; }

bool labels_tell(DbTx *tx, const Scope *scope, Arena *arena, const Classification *said, Error *err)
{
    return !listener || !said->document.length || str_is(said->state, "asked") ||
           listener(tx, scope, arena, said, err);
}

static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    RunWork *work = argument;
    if (!labels_keep(tx, work->scope, work->arena, work->source, &work->run, err))
        return false;
    for (size_t i = 0; i < work->run.count; i++)
        if (!work->run.at[i].is_skipped &&
            !labels_tell(tx, work->scope, work->arena, &work->run.at[i].kept, err))
            return false;
    return true;
}

static StrList names_of(Arena *arena, const SaidLabels *said)
{
    Str *names = arena_new_array(arena, Str, said->said_count);
    for (size_t i = 0; i < said->said_count; i++)
        names[i] = said->labels[said->scores[i].label].name;
    return (StrList){ names, said->said_count };
}

bool labels_run(Labels *labels, const Scope *scope, EncodePriority priority, Arena *arena,
                const StageList *stages, const LabelSource *source, bool is_kept, LabelRun *run_r,
                Error *err)
{
    RunWork *work = arena_new_one(arena, RunWork);
    *work = (RunWork){ labels, scope, arena, stages, source, { .count = 0 } };
    StageFacts *facts = arena_new_one(arena, StageFacts);
    facts->text = source->text;
    facts->stop = source->stop;
    if (!store_read(labels->db, scope, sets_work, work, err) ||
        !date_local(now_ms(), STR_NONE, &facts->today, err))
        return false;
    for (size_t i = 0; i < stages->count; i++) {
        LabelRunStage *stage = &work->run.at[i];
        stage->is_skipped = !stage_is_due(&stages->at[i], arena, facts);
        if (!stop_go_on(source->stop, err))
            return false;
        if (!stage->is_skipped &&
            !labels_say(labels, scope, priority, arena, &stage->set, source, &stage->said, err))
            return fail_in(err, "stage '" STR_FMT "'", STR_ARG(stage->name));
        facts->outcomes[facts->count++] =
            (StageOutcome){ stage->name, stage->is_skipped, names_of(arena, &stage->said),
                            stage->said.confidence };
    }
    if (!stop_go_on(source->stop, err) ||
        (is_kept && !store_write(labels->db, scope, keep_work, work, err)))
        return false;
    *run_r = work->run;
    return true;
}

/* --- JSON --- */

void labels_put_classification(JsonWriter *json, const Classification *c)
{
    put_text(json, "id", c->id);
    put_text(json, "state", c->state);
    put_object(json, "label_set");
    put_text(json, "id", c->set);
    put_text(json, "name", c->set_name);
    put_end(json);
    put_text_or_null(json, "document", c->document);
    put_text(json, "name", c->name);
    put_text(json, "sample", c->sample);
    put_raw(json, "labels", c->labels);
    if (c->decided.length)
        put_raw(json, "decided", c->decided);
    else
        put_null(json, "decided");
    put_number(json, "confidence", c->confidence);
    put_raw(json, "scores", c->scores);
    put_raw(json, "evidence", c->evidence);
    put_text(json, "made_by", c->made_by);
    put_text_or_null(json, "decided_by", c->user);
    put_time(json, "decided_at", c->decided_at_ms);
    put_time(json, "created_at", c->created_at_ms);
    put_time(json, "updated_at", c->updated_at_ms);
}

static void put_kept(JsonWriter *json, const Classification *kept)
{
    if (!kept->id.length) {
        put_null(json, "classification");
        return;
    }
    put_object(json, "classification");
    put_text(json, "id", kept->id);
    put_text(json, "state", kept->state);
    if (kept->decided.length)
        put_raw(json, "decided", kept->decided);
    else
        put_null(json, "decided");
    put_end(json);
}

static void put_set(JsonWriter *json, const LabelSet *set)
{
    put_object(json, "label_set");
    put_text(json, "id", set->id);
    put_text(json, "name", set->name);
    put_end(json);
}

static void put_stage(JsonWriter *json, Str text, const LabelRunStage *stage)
{
    put_object(json, NULL);
    put_text(json, "name", stage->name);
    put_bool(json, "skipped", stage->is_skipped);
    put_set(json, &stage->set);
    if (!stage->is_skipped) {
        report_put_labels(json, text, &stage->said);
        put_kept(json, &stage->kept);
    }
    put_end(json);
}

void labels_put_stages(JsonWriter *json, Str text, const LabelRun *run)
{
    put_array(json, "stages");
    for (size_t i = 0; i < run->count; i++)
        put_stage(json, text, &run->at[i]);
    put_end(json);
}

void labels_put_run(JsonWriter *json, Str text, const LabelRun *run)
{
    const LabelRunStage *last = NULL;
    labels_put_stages(json, text, run);
    for (size_t i = 0; i < run->count; i++)
        if (!run->at[i].is_skipped)
            last = &run->at[i];
    if (!last) {
        put_null(json, "label_set");
        return;
    }
    put_set(json, &last->set);
    report_put_labels(json, text, &last->said);
    put_kept(json, &last->kept);
}
