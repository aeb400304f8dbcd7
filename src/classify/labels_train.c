/* labels_train.c - what a label set learns, and when. */
#include "base/clock.h"
#include "base/map.h"
#include "classify/labels_int.h"

#define SOON_MS 1500         /* so that examples that come together are learned together */
#define FRESH_SHARE 20       /* of so many examples one is new: enough to learn again */
#define AT_ONCE_EXAMPLES 300 /* are read while somebody waits; more in the job */
#define MEMORY_MAX GB(1)

typedef struct TrainWork {
    const Scope *scope;
    Arena *arena;
    LabelSet set;
    LabelExampleList examples;
    Str bytes; /* of the classifier */
    LabelTraining training;
} TrainWork;

/* --- When --- */

static bool queue_training(DbTx *tx, const Scope *scope, Arena *arena, const LabelSet *set,
                           Error *err)
{
    NewJob job = { .type = S(JOB_LABEL_TRAIN),
                   .subject = set->id,
                   .title = set->name,
                   .result = set->id,
                   .run_at_ms = now_ms() + SOON_MS,
                   .is_wanted_again = true };
    return job_add(tx, scope, arena, &job, NULL, err);
}

bool labels_changed(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err)
{
    LabelSet set;
    if (!label_set_find(tx, scope, arena, id, &set, err))
        return false;
    int64_t changes = set.revision - set.trained_revision;
    return changes * FRESH_SHARE < set.example_count || queue_training(tx, scope, arena, &set, err);
}

/* --- Examples --- */

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    TrainWork *work = argument;
    return label_set_find(tx, work->scope, work->arena, work->set.id, &work->set, err) &&
           label_example_list(tx, work->scope, work->arena, work->set.id, NULL, &work->examples,
                              err);
}

/* Examples of labels that the set has no more are left out, and those of several where it has
 * become one of single labels. */
static bool read_example(Arena *arena, const Map *numbers, bool is_multi, const LabelExample *from,
                         ClassifyExample *to)
{
    StrList names = labels_names(arena, from->labels);
    uint16_t *labels = arena_new_array(arena, uint16_t, names.count);
    size_t count = 0;
    for (size_t i = 0; i < names.count; i++) {
        const MapEntry *entry = map_find(numbers, names.at[i]);
        if (entry)
            labels[count++] = (uint16_t)entry->number;
    }
    *to = (ClassifyExample){ from->text, labels, count };
    return names.count == count && (is_multi || count == 1);
}

static bool make_set(TrainWork *work, ClassifySet *set_r, Error *err)
{
    ClassifyLabel *labels;
    size_t count, known = 0;
    Arena *arena = work->arena;
    if (!labels_of_set(arena, &work->set, &labels, &count, err))
        return false;
    Map numbers = map_new(arena);
    for (size_t i = 0; i < count; i++)
        map_add(&numbers, labels[i].name, NULL)->number = (int64_t)i;
    ClassifyExample *examples = arena_new_array(arena, ClassifyExample, work->examples.count);
    for (size_t i = 0; i < work->examples.count; i++)
        known += read_example(arena, &numbers, work->set.is_multi, &work->examples.at[i],
                              &examples[known]);
    *set_r = (ClassifySet){ .labels = labels,
                            .label_count = count,
                            .examples = examples,
                            .example_count = known,
                            .is_multi = work->set.is_multi,
                            .wanted_precision = work->set.precision_wanted };
    return true;
}

/* --- Training --- */

static LabelTraining training_of(const Classifier *classifier)
{
    const ClassifyMeasures *m = &classifier->measures;
    return (LabelTraining){ .way = str(classify_way_name(classifier->way)),
                            .examples = (int64_t)m->example_count,
                            .folds = (int64_t)m->fold_count,
                            .accuracy = m->accuracy,
                            .macro_f1 = m->macro_f1,
                            .calibration_error = m->reliability.error,
                            .threshold = m->threshold };
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    TrainWork *work = argument;
    return label_set_trained(tx, work->scope, work->arena, work->set.id, work->set.revision,
                             work->bytes, &work->training, err);
}

bool labels_train(Labels *labels, const Scope *scope, EncodePriority priority, Arena *arena,
                  Str set, const ClassifyProgress *progress, Classifier *classifier_r, Error *err)
{
    TrainWork work = { .scope = scope, .arena = arena, .set = { .id = set } };
    Embedder embedder;
    ClassifySet learned;
    Classifier made;
    if (!store_read(labels->db, scope, load_work, &work, err) ||
        !labels_embedder(labels, priority, arena, &embedder, err) ||
        !make_set(&work, &learned, err) ||
        !classifier_train(&embedder, arena, &learned, progress, &made, err))
        return false;
    work.bytes = classifier_pack(&made, arena);
    work.training = training_of(&made);
    if (!store_write(labels->db, scope, save_work, &work, err))
        return false;
    *classifier_r = made;
    return true;
}

/* --- What is kept --- */

static bool bytes_work(DbTx *tx, void *argument, Error *err)
{
    TrainWork *work = argument;
    return label_set_classifier(tx, work->scope, work->arena, work->set.id, &work->bytes, err);
}

/* Made of these labels, with this encoder. */
static bool is_of(const Classifier *classifier, Arena *arena, const LabelSet *set,
                  const Embedder *embedder)
{
    ClassifyLabel *labels;
    size_t count;
    Error ignored;
    bool same =
        str_equal(classifier->model, embedder->model) && classifier->is_multi == set->is_multi &&
        labels_of_set(arena, set, &labels, &count, &ignored) && count == classifier->label_count;
    for (size_t i = 0; same && i < count; i++)
        same = str_equal(labels[i].name, classifier->labels[i].name) &&
               str_equal(labels[i].description, classifier->labels[i].description);
    return same;
}

/* Too many examples to read while somebody waits: by the labels' words until the job is done. */
static bool classify_meanwhile(const Embedder *embedder, Arena *arena, const LabelSet *set,
                               Classifier *classifier_r, Error *err)
{
    TrainWork work = { .arena = arena, .set = *set };
    ClassifySet words;
    return make_set(&work, &words, err) &&
           classifier_train(embedder, arena, &words, NULL, classifier_r, err);
}

bool labels_classifier(Labels *labels, const Scope *scope, const Embedder *embedder,
                       EncodePriority priority, Arena *arena, const LabelSet *set,
                       Classifier *classifier_r, Error *err)
{
    TrainWork work = { .scope = scope, .arena = arena, .set = *set };
    Error damaged;
    if (!store_read(labels->db, scope, bytes_work, &work, err))
        return false;
    if (work.bytes.length && classifier_unpack(arena, work.bytes, classifier_r, &damaged) &&
        is_of(classifier_r, arena, set, embedder))
        return true;
    if (priority == ENCODE_QUERY && set->example_count > AT_ONCE_EXAMPLES)
        return classify_meanwhile(embedder, arena, set, classifier_r, err);
    return labels_train(labels, scope, priority, arena, set->id, NULL, classifier_r, err);
}

/* --- The job --- */

static bool tell_job(void *self, double done, const char *what)
{
    return job_progress(self, what, (int64_t)(done * 100), 100);
}

bool labels_train_job(Job *job, Error *err)
{
    Labels *labels = job->argument;
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    ClassifyProgress progress = { tell_job, job };
    Classifier classifier;
    if (labels_train(labels, &job->scope, ENCODE_BULK, arena, job->subject, &progress, &classifier,
                     err))
        return true;
    if (job_is_stopped(job))
        return job_stopped(job, err);
    /* Removed meanwhile, or there is no encoder: the set is trained when it is used. */
    return err->code == ERROR_NOT_FOUND;
}
