/* quizzes_api.c - quizzes that a person keeps, and attempts at them. */
#include "api/api.h"
#include "study/quiz.h"

#define TITLE_MAX 300
#define ANSWER_MAX KB(4)

typedef struct QuizWork {
    ApiRequest *request;
    StudyQuiz quiz;
    StudyQuizList quizzes;
    Questions questions;
    StudyAttempt attempt;
    StudyAttemptList attempts;
    Slice slice;
    Str next;
} QuizWork;

/* --- Showing --- */

static void put_quiz(JsonWriter *json, const StudyQuiz *quiz)
{
    put_text(json, "id", quiz->id);
    put_text(json, "title", quiz->title);
    put_text_or_null(json, "document", quiz->document);
    put_int(json, "question_count", quiz->question_count);
    put_text_or_null(json, "made_by", quiz->made_by);
    put_int(json, "attempts", quiz->attempts);
    if (quiz->attempts)
        put_number(json, "best", quiz->best);
    else
        put_null(json, "best");
    put_time(json, "created_at", quiz->created_at_ms);
}

static void answer_quiz(const QuizWork *work, HttpResponse *response, bool is_hidden)
{
    JsonWriter json = put_begin(&response->body);
    put_quiz(&json, &work->quiz);
    put_questions(&json, "questions", &work->questions, is_hidden);
    put_end(&json);
}

static void put_attempt(JsonWriter *json, const StudyAttempt *attempt)
{
    put_text(json, "id", attempt->id);
    put_text(json, "quiz", attempt->quiz);
    put_number(json, "score", attempt->score);
    put_raw(json, "answers", attempt->answers);
    put_time(json, "created_at", attempt->created_at_ms);
}

/* --- Quizzes --- */

static bool list_quizzes(DbTx *tx, void *argument, Error *err)
{
    QuizWork *work = argument;
    return study_quiz_list(tx, work->request->scope, work->request->arena, &work->slice,
                           &work->quizzes, &work->next, err);
}

bool study_quizzes_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    QuizWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_quizzes, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.quizzes.count; i++) {
        put_object(&json, NULL);
        put_quiz(&json, &work.quizzes.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.next);
    return true;
}

static bool add_quiz(DbTx *tx, void *argument, Error *err)
{
    QuizWork *work = argument;
    return study_quiz_add(tx, work->request->scope, work->request->arena, &work->quiz, err);
}

/* As they were checked, not as they came. */
static bool print_questions(QuizWork *work, Error *err)
{
    Buf text = buf_new(work->request->arena, STUDY_QUIZ_MAX);
    JsonWriter json = put_begin(&text);
    put_questions(&json, "questions", &work->questions, false);
    put_end(&json);
    work->quiz.questions = buf_str(&text);
    work->quiz.question_count = (int64_t)work->questions.count;
    return !text.overflowed ||
           fail_field(err, "questions", "the questions have more than %zu bytes", STUDY_QUIZ_MAX);
}

static bool answer_whole_quiz(const void *argument, HttpResponse *response)
{
    answer_quiz(argument, response, false);
    return true;
}

bool study_quizzes_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    QuizWork work = { .request = request };
    json_t *questions = NULL;
    if (!api_fields(
            request, err,
            { "title", JSON_STR, &work.quiz.title, .required = true, .length_max = TITLE_MAX },
            { "document", JSON_STR, &work.quiz.document, .length_max = 100 },
            { "made_by", JSON_STR, &work.quiz.made_by, .length_max = 200 },
            { "questions", JSON_ANY, &questions, .required = true }) ||
        !questions_read(request->arena, questions, &work.questions, err) ||
        !print_questions(&work, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_quiz, answer_whole_quiz, &work, err);
}

static bool find_quiz(DbTx *tx, void *argument, Error *err)
{
    QuizWork *work = argument;
    return study_quiz_find(tx, work->request->scope, work->request->arena, work->request->params[0],
                           &work->quiz, err);
}

/* With its questions read. */
static bool load_quiz(QuizWork *work, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    const ApiRequest *request = work->request;
    return store_read(request->api->db, request->scope, find_quiz, work, err) &&
           json_parse(work->quiz.questions, STUDY_QUIZ_MAX, &json, err) &&
           questions_read(request->arena, json_object_get(json, "questions"), &work->questions,
                          err);
}

bool study_quizzes_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    QuizWork work = { .request = request };
    if (!load_quiz(&work, err))
        return false;
    answer_quiz(&work, response, !str_is(http_query(request->http, "answers"), "1"));
    return true;
}

static bool remove_quiz(DbTx *tx, void *argument, Error *err)
{
    QuizWork *work = argument;
    return study_quiz_remove(tx, work->request->scope, work->request->params[0], err);
}

bool study_quizzes_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    QuizWork work = { .request = request };
    return api_change(request, response, remove_quiz, NULL, &work, err);
}

/* --- Attempts --- */

static bool add_attempt(DbTx *tx, void *argument, Error *err)
{
    QuizWork *work = argument;
    return study_attempt_add(tx, work->request->scope, work->request->arena, &work->attempt, err);
}

/* Graded outside the transaction: the encoder takes its time. */
static bool answer_study_attempts_add(const void *argument, HttpResponse *response)
{
    const QuizWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_attempt(&json, &work->attempt);
    put_end(&json);
    return true;
}

bool study_attempts_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    QuizWork work = { .request = request, .attempt = { .quiz = request->params[0] } };
    StrList given = { 0 };
    if (!api_fields(
            request, err,
            { "answers", JSON_STRS, &given, .required = true, .length_max = QUIZ_QUESTIONS_MAX }) ||
        !load_quiz(&work, err))
        return false;
    if (given.count > work.questions.count)
        return fail_field(err, "answers", "there are %zu answers to %zu questions", given.count,
                          work.questions.count);
    for (size_t i = 0; i < given.count; i++)
        if (given.at[i].length > ANSWER_MAX)
            return fail_field(err, "answers", "answer %zu has more than %zu bytes", i + 1,
                              ANSWER_MAX);
    work.attempt.answers = quiz_grade(request->api->searcher, request->arena, &work.questions,
                                      given, &work.attempt.score);
    response->status = 201;
    return api_change(request, response, add_attempt, answer_study_attempts_add, &work, err);
}

static bool list_attempts(DbTx *tx, void *argument, Error *err)
{
    QuizWork *work = argument;
    return find_quiz(tx, work, err) &&
           study_attempt_list(tx, work->request->scope, work->request->arena,
                              work->request->params[0], &work->attempts, err);
}

bool study_attempts_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    QuizWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_attempts, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.attempts.count; i++) {
        put_object(&json, NULL);
        put_attempt(&json, &work.attempts.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.attempts.count, STR_NONE);
    return true;
}
