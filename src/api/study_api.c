/* study_api.c - what is due, reviews, how it goes, and what the learner is like. */
#include "api/study_json.h"
#include "base/clock.h"

#define TOOK_MAX_MS 3600000
#define WORD_MAX 200

typedef struct StudyWork {
    ApiRequest *request;
    Str deck, card;
    int64_t rating, took_ms, limit;
    StudyDueList due;
    StudyReview review;
    StudyCard after;
    StudyStatistics statistics;
    StudyProgressList progress;
    Learner learner;
} StudyWork;

/* --- Reviews --- */

static bool find_due(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    return study_due(tx, work->request->scope, work->request->arena, work->deck, work->limit,
                     &work->due, err);
}

bool study_due_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request, .deck = http_query(request->http, "deck") };
    if (!api_query_int(request, "limit", 1, 200, 20, &work.limit, err) ||
        !store_read(request->api->db, request->scope, find_due, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "new", work.due.new_count);
    put_int(&json, "learning", work.due.learning_count);
    put_int(&json, "review", work.due.review_count);
    put_array(&json, "items");
    for (size_t i = 0; i < work.due.count; i++) {
        put_object(&json, NULL);
        put_card(&json, &work.due.at[i].card);
        put_array(&json, "next_s");
        for (size_t k = 0; k < 4; k++)
            put_int(&json, NULL, work.due.at[i].next_ms[k] / 1000);
        put_end(&json);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

static bool review_card(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    return study_review(tx, work->request->scope, work->request->arena, work->card,
                        (int)work->rating, work->took_ms, &work->review, &work->after, err);
}

static bool answer_review(const void *argument, HttpResponse *response)
{
    const StudyWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", work->review.id);
    put_int(&json, "rating", work->rating);
    put_int(&json, "next_s", (work->review.next_due_ms - work->review.reviewed_at_ms) / 1000);
    put_object(&json, "card");
    put_card(&json, &work->after);
    put_end(&json);
    put_end(&json);
    return true;
}

bool study_reviews_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request };
    if (!api_fields(request, err,
                    { "card", JSON_STR, &work.card, .required = true, .length_max = 100 },
                    { "rating", JSON_I64, &work.rating, .required = true, .min = RATING_AGAIN,
                      .max = RATING_EASY },
                    { "took_ms", JSON_I64, &work.took_ms, .min = 0, .max = TOOK_MAX_MS }))
        return false;
    response->status = 201;
    return api_change(request, response, review_card, answer_review, &work, err);
}

static bool undo_review(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    return study_undo(tx, work->request->scope, work->request->arena, &work->after, err);
}

static bool answer_study_reviews_undo(const void *argument, HttpResponse *response)
{
    const StudyWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_object(&json, "card");
    put_card(&json, &work->after);
    put_end(&json);
    put_end(&json);
    return true;
}

bool study_reviews_undo(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request };
    return api_change(request, response, undo_review, answer_study_reviews_undo, &work, err);
}

/* --- How it goes --- */

static bool find_statistics(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    return study_statistics(tx, work->request->scope, work->request->arena, work->deck,
                            &work->statistics, err);
}

static void put_day(JsonWriter *json, const StudyDay *day, int64_t today)
{
    put_object(json, NULL);
    put_int(json, "days_ago", today - day->day);
    put_int(json, "reviews", day->reviews);
    put_int(json, "new", day->new_cards);
    put_int(json, "passed", day->passed);
    put_int(json, "tested", day->tested);
    put_int(json, "took_ms", day->took_ms);
    put_end(json);
}

bool study_statistics_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request, .deck = http_query(request->http, "deck") };
    const StudyStatistics *found = &work.statistics;
    if (!store_read(request->api->db, request->scope, find_statistics, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "streak", found->streak);
    if (found->tested)
        put_number(&json, "retention", (double)found->passed / (double)found->tested);
    else
        put_null(&json, "retention");
    put_int(&json, "tested", found->tested);
    put_array(&json, "days");
    for (size_t i = 0; i < found->days.count; i++)
        put_day(&json, &found->days.at[i], found->today);
    put_end(&json);
    put_array(&json, "forecast");
    for (size_t i = 0; i < STUDY_FORECAST_DAYS; i++)
        put_int(&json, NULL, found->forecast[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

static bool find_progress(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    const ApiRequest *request = work->request;
    StudyToday today;
    return learner_resolve(tx, request->scope, request->arena, &work->learner, err) &&
           study_today(tx, request->scope, &work->learner, &today, err) &&
           study_card_progress(tx, request->scope, request->arena,
                               http_query(request->http, "collection"), today.due.review_by_ms,
                               &work->progress, err);
}

bool study_progress_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_progress, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.progress.count; i++) {
        const StudyProgress *one = &work.progress.at[i];
        put_object(&json, NULL);
        put_text(&json, "document", one->id);
        put_text(&json, "name", one->name);
        put_int(&json, "cards", one->cards);
        put_int(&json, "seen", one->seen);
        put_int(&json, "known", one->known);
        put_int(&json, "due", one->due);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.progress.count, STR_NONE);
    return true;
}

/* --- The learner --- */

static bool answer_learner(const Learner *learner, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "persona", learner->persona);
    put_text(&json, "learning_style", learner->learning_style);
    put_text(&json, "level", learner->level);
    put_text(&json, "industry", learner->industry);
    put_text(&json, "role", learner->role);
    put_text(&json, "language", learner->language);
    put_text(&json, "tone", learner->tone);
    put_number(&json, "retention", learner->retention);
    put_text(&json, "learning_steps", learner->learning_steps);
    put_text(&json, "relearning_steps", learner->relearning_steps);
    put_int(&json, "new_a_day", learner->new_a_day);
    put_int(&json, "reviews_a_day", learner->reviews_a_day);
    put_int(&json, "east_min", learner->east_min);
    put_time(&json, "updated_at", learner->updated_at_ms);
    put_end(&json);
    return true;
}

static bool find_learner(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    const ApiRequest *request = work->request;
    Preferences likes;
    if (!learner_find(tx, request->scope, request->arena, &work->learner, err) ||
        !preferences_find(tx, request->scope, request->arena, &likes, err))
        return false;
    learner_day(&work->learner, &likes, now_ms());
    return true;
}

bool study_profile_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_learner, &work, err) &&
           answer_learner(&work.learner, response);
}

/* What the body does not name stays. */
static bool set_learner(DbTx *tx, void *argument, Error *err)
{
    StudyWork *work = argument;
    Learner *learner = &work->learner;
    return find_learner(tx, work, err) &&
           api_fields(
               work->request, err,
               { "persona", JSON_STR, &learner->persona, .length_max = WORD_MAX },
               { "learning_style", JSON_STR, &learner->learning_style, .length_max = WORD_MAX },
               { "level", JSON_STR, &learner->level, .length_max = WORD_MAX },
               { "industry", JSON_STR, &learner->industry, .length_max = WORD_MAX },
               { "role", JSON_STR, &learner->role, .length_max = WORD_MAX },
               { "language", JSON_STR, &learner->language, .length_max = WORD_MAX },
               { "tone", JSON_STR, &learner->tone, .length_max = WORD_MAX },
               { "retention", JSON_F64, &learner->retention },
               { "learning_steps", JSON_STR, &learner->learning_steps, .length_max = WORD_MAX },
               { "relearning_steps", JSON_STR, &learner->relearning_steps, .length_max = WORD_MAX },
               { "new_a_day", JSON_I64, &learner->new_a_day, .min = 0, .max = 9999 },
               { "reviews_a_day", JSON_I64, &learner->reviews_a_day, .min = 0, .max = 9999 },
               { "east_min", JSON_I64, &learner->east_min, .min = -14 * 60, .max = 14 * 60 }) &&
           learner_check(learner, err) && learner_set(tx, work->request->scope, learner, err);
}

bool study_profile_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyWork work = { .request = request };
    return store_write(request->api->db, request->scope, set_learner, &work, err) &&
           answer_learner(&work.learner, response);
}
