/* make_keep.c - what was made is kept: found again for the same wish, with its cards and quiz, and
 * made by a job where the source is long. */
#include "base/id.h"
#include "store/study_cards_store.h"
#include "study/make_int.h"
#include "study/quiz.h"

#define RESULT_MAX STUDY_MADE_MAX
#define MEMORY_MAX MB(512)

typedef struct Keeping {
    const StudyMaker *maker;
    const Scope *scope;
    Arena *arena;
    const MakeWish *wish;
    Made made;
    StudyMade row;
    Job *job; /* NULL: somebody waits */
} Keeping;

/* --- Cards and quizzes --- */

static bool keep_cards(DbTx *tx, Keeping *keeping, json_t *items, Error *err)
{
    size_t count = json_array_size(items);
    StudyCard *cards = arena_new_array(keeping->arena, StudyCard, count + 1);
    StudyDeck deck;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(items, i), *source = json_object_get(item, "source");
        cards[i] = (StudyCard){
            .front = str_copy(keeping->arena, json_member_text(item, "front")),
            .back = str_copy(keeping->arena, json_member_text(item, "back")),
            .source = json_print(keeping->arena, source),
            .document = str_copy(keeping->arena,
                                 json_member_text(json_object_get(source, "document"), "id")),
            .made_by = keeping->made.made_by,
        };
    }
    return study_deck_take(tx, keeping->scope, keeping->arena, keeping->wish->deck, &deck, err) &&
           study_card_add(tx, keeping->scope, keeping->arena, deck.id, cards, count, NULL, err);
}

static bool keep_quiz(DbTx *tx, Keeping *keeping, json_t *items, Error *err)
{
    Questions questions;
    Buf text = buf_new(keeping->arena, STUDY_QUIZ_MAX);
    JsonWriter json = put_begin(&text);
    if (!questions_read(keeping->arena, items, &questions, err))
        return false;
    put_questions(&json, "questions", &questions, false);
    put_end(&json);
    StudyQuiz quiz = { .title = keeping->wish->deck,
                       .document = keeping->made.document,
                       .questions = buf_str(&text),
                       .question_count = (int64_t)questions.count,
                       .made_by = keeping->made.made_by };
    return !text.overflowed ? study_quiz_add(tx, keeping->scope, keeping->arena, &quiz, err)
                            : fail(err, ERROR_TOO_LARGE, "the quiz is too long to be kept");
}

static bool keep_lessons(DbTx *tx, Keeping *keeping, Error *err)
{
    AUTO_JSON json_t *result = NULL;
    if (!keeping->wish->deck.length)
        return true;
    if (!json_parse(keeping->row.result, RESULT_MAX, &result, err))
        return false;
    json_t *items = json_object_get(result, "items");
    return keeping->wish->kind == MAKE_QUIZ ? keep_quiz(tx, keeping, items, err)
                                            : keep_cards(tx, keeping, items, err);
}

/* --- The row --- */

static bool print_result(Keeping *keeping, Error *err)
{
    Buf out = buf_new(keeping->arena, RESULT_MAX);
    JsonWriter json = put_begin(&out);
    made_put(&json, &keeping->made);
    put_end(&json);
    keeping->row.title = keeping->made.title;
    keeping->row.key = keeping->made.key;
    keeping->row.made_by = keeping->made.made_by;
    keeping->row.document = keeping->made.document;
    keeping->row.item_count = (int64_t)keeping->made.items.count;
    keeping->row.result = buf_str(&out);
    return !out.overflowed || fail(err, ERROR_TOO_LARGE, "what was made is too long to be kept");
}

/* All of it or nothing. */
static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    Keeping *keeping = argument;
    return study_made_add(tx, keeping->scope, keeping->arena, &keeping->row, err) &&
           keep_lessons(tx, keeping, err);
}

bool study_make_kept(const StudyMaker *maker, const Scope *scope, Arena *arena,
                     const MakeWish *wish, const MakeSink *sink, StudyMade *made_r, Error *err)
{
    Keeping keeping = { .maker = maker, .scope = scope, .arena = arena, .wish = wish };
    if (!study_make(maker, scope, arena, wish, sink, &keeping.made, err))
        return false;
    if (keeping.made.kept.id.length) {
        *made_r = keeping.made.kept;
        return true;
    }
    if (!print_result(&keeping, err))
        return false;
    keeping.row.id = id_new(arena);
    keeping.row.kind = str(make_kind_name(wish->kind));
    keeping.row.wish = make_wish_print(arena, wish);
    if (!store_write(maker->db, scope, keep_work, &keeping, err))
        return false;
    *made_r = keeping.row;
    return true;
}

/* --- The job --- */

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    Keeping *keeping = argument;
    StudyMade *row = &keeping->row;
    NewJob job = { .type = S("study_make"),
                   .subject = row->id,
                   .title = str_format(keeping->arena, STR_FMT "%s" STR_FMT, STR_ARG(row->kind),
                                       row->title.length ? ": " : "", STR_ARG(row->title)),
                   .result = row->id };
    return job_add(tx, keeping->scope, keeping->arena, &job, &row->job, err) &&
           study_made_add(tx, keeping->scope, keeping->arena, row, err);
}

bool study_make_later(const StudyMaker *maker, const Scope *scope, Arena *arena,
                      const MakeWish *wish, StudyMade *made_r, Error *err)
{
    Keeping keeping = { .maker = maker, .scope = scope, .arena = arena, .wish = wish };
    const MaterialWish *source = &wish->source;
    keeping.row = (StudyMade){ .id = id_new(arena),
                               .kind = str(make_kind_name(wish->kind)),
                               .title = source->topic.length ? source->topic : wish->deck,
                               .document = source->document,
                               .wish = make_wish_print(arena, wish) };
    if (!store_write(maker->db, scope, add_work, &keeping, err))
        return false;
    *made_r = keeping.row;
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Keeping *keeping = argument;
    return study_made_find(tx, keeping->scope, keeping->arena, keeping->job->subject, &keeping->row,
                           err);
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Keeping *keeping = argument;
    return study_made_save(tx, keeping->scope, &keeping->row, err) &&
           keep_lessons(tx, keeping, err) && job_done_in(tx, keeping->job, err);
}

static bool tell_job(void *self, const char *stage, int64_t done, int64_t total)
{
    return job_progress(self, stage, done, total);
}

static bool run_job(Keeping *keeping, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    MakeWish wish;
    MakeSink sink = { .progress = tell_job, .self = keeping->job };
    if (!json_parse(keeping->row.wish, RESULT_MAX, &json, err) ||
        !make_wish_read(keeping->arena, json, &wish, err))
        return false;
    keeping->wish = &wish;
    wish.is_fresh = true; /* this row is what it is made for */
    if (!study_make(keeping->maker, keeping->scope, keeping->arena, &wish, &sink, &keeping->made,
                    err))
        return job_is_stopped(keeping->job) ? job_stopped(keeping->job, err) : false;
    return print_result(keeping, err) &&
           store_write(keeping->job->db, keeping->scope, save_work, keeping, err);
}

bool study_make_job(Job *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Scope asker;
    Keeping keeping = { .maker = job->argument, .scope = &asker, .arena = arena, .job = job };
    Error gone = { 0 };
    if (!job_reader(job, &asker, err))
        return false;
    if (!store_read(job->db, &job->scope, find_work, &keeping, &gone)) {
        /* Removed meanwhile, with its document say. */
        if (gone.code == ERROR_NOT_FOUND)
            return true;
        *err = gone;
        return false;
    }
    return run_job(&keeping, err);
}
