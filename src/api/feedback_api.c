/* feedback_api.c - ratings, what they teach, and a person's preferences. */
#include "api/preferences.h"
#include "base/clock.h"
#include "feedback/feedback.h"
#include "search/search_modes.h"
#include "store/messages_store.h"
#include "store/preferences_store.h"
#include "text/date.h"

typedef struct FeedbackWork {
    ApiRequest *request;
    Feedback feedback;
    Slice slice;
    FeedbackList list;
    Str report;
    Preferences preferences;
} FeedbackWork;

/* --- Rating --- */

/* Clients of the learning platform say no kind: what is no answer of ours is content of theirs. */
static bool find_kind(DbTx *tx, const FeedbackWork *work, Str *kind_r, Error *err)
{
    Message message;
    if (kind_r->length)
        return true;
    *kind_r = S("answer");
    if (message_find(tx, work->request->scope, work->request->arena, work->feedback.item, &message,
                     err))
        return true;
    *kind_r = S("content");
    return err->code == ERROR_NOT_FOUND;
}

static bool rate_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    return find_kind(tx, work, &work->feedback.kind, err) &&
           feedback_rate(tx, work->request->scope, work->request->arena, &work->feedback, err);
}

static bool answer_feedback_post(const void *argument, HttpResponse *response)
{
    const Feedback *feedback = &((const FeedbackWork *)argument)->feedback;
    int rating = feedback->rating;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    put_text(&json, "kind", feedback->kind);
    put_text(&json, "item", feedback->item);
    put_int(&json, "rating", rating);
    put_text(&json, "reason", feedback->reason);
    put_text(&json, "status", rating ? S("stored") : S("removed"));
    put_text(&json, "analysed", S("in batches: GET /v1/feedback/report"));
    put_end(&json);
    return true;
}

static bool rate(ApiRequest *request, Str usual_kind, HttpResponse *response, Error *err)
{
    FeedbackWork work = { .request = request, .feedback = { .kind = usual_kind } };
    Feedback *feedback = &work.feedback;
    int64_t rating;
    if (!api_fields(request, err,
                    { "item", JSON_STR, &feedback->item, .required = true, .length_max = 100 },
                    { "kind", JSON_STR, &feedback->kind, .length_max = 40 },
                    { "rating", JSON_I64, &rating, .required = true, .min = -1, .max = 1 },
                    { "reason", JSON_STR, &feedback->reason, .length_max = FEEDBACK_REASON_MAX },
                    { "collection", JSON_STR, &feedback->collection, .length_max = 100 },
                    { "persona", JSON_STR, &feedback->persona, .length_max = 100 }))
        return false;
    if (!feedback->item.length)
        return fail_field(err, "item", "'item' is missing");
    feedback->rating = (int)rating;
    response->status = 201;
    return api_change(request, response, rate_work, answer_feedback_post, &work, err);
}

bool feedback_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    return rate(request, S("answer"), response, err);
}

bool feedback_learning_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    return rate(request, S(""), response, err);
}

/* --- What was said --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    return feedback_list(tx, work->request->scope, work->request->arena, &work->slice, &work->list,
                         err);
}

bool feedback_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedbackWork work = { .request = request };
    if (!api_slice_by_key(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        const Feedback *one = &work.list.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", one->id);
        put_text_or_null(&json, "user", one->user);
        put_text(&json, "kind", one->kind);
        put_text(&json, "item", one->item);
        put_int(&json, "rating", one->rating);
        put_text(&json, "reason", one->reason);
        put_text_or_null(&json, "collection", one->collection);
        put_text_or_null(&json, "persona", one->persona);
        put_text_or_null(&json, "model", one->model);
        put_time(&json, "updated_at", one->updated_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool find_report_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    Error why = { 0 };
    if (feedback_report_find(tx, work->request->scope, work->request->arena, &work->report, &why))
        return true;
    work->report = S("{\"made_at\":null,\"good\":0,\"bad\":0,\"findings\":[],\"reasons\":[]}");
    if (why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

bool feedback_report_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedbackWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_report_work, &work, err))
        return false;
    buf_add(&response->body, work.report);
    return true;
}

static bool make_report_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    return feedback_learn(tx, work->request->scope, work->request->arena, &work->report, err);
}

static bool answer_feedback_report_make(const void *argument, HttpResponse *response)
{
    const FeedbackWork *work = argument;
    buf_add(&response->body, work->report);
    return true;
}

bool feedback_report_make(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedbackWork work = { .request = request };
    return api_change(request, response, make_report_work, answer_feedback_report_make, &work, err);
}

/* --- Preferences --- */

static bool find_preferences_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    return preferences_find(tx, work->request->scope, work->request->arena, &work->preferences,
                            err);
}

bool api_preferences(const ApiRequest *request, Preferences *preferences_r, Error *err)
{
    ApiRequest copy = *request;
    FeedbackWork work = { .request = &copy };
    if (!store_read(request->api->db, request->scope, find_preferences_work, &work, err))
        return false;
    *preferences_r = work.preferences;
    return true;
}

bool api_zone(const ApiRequest *request, Str *zone, Error *err)
{
    Preferences likes;
    if (zone->length)
        return true;
    if (!api_preferences(request, &likes, err))
        return false;
    *zone = likes.time_zone;
    return true;
}

static bool set_preferences_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    return preferences_set(tx, work->request->scope, &work->preferences, err);
}

static bool answer_preferences(const Preferences *preferences, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "language", preferences->language);
    put_text(&json, "tone", preferences->tone.length ? preferences->tone : S("plain"));
    put_text(&json, "time_zone", preferences->time_zone.length ? preferences->time_zone : S("UTC"));
    put_text(&json, "search_mode",
             preferences->search_mode.length ? preferences->search_mode
                                             : str(search_mode_name((SearchMode)0)));
    put_bool(&json, "chat_direction", !preferences->without_direction);
    put_time(&json, "updated_at", preferences->updated_at_ms);
    put_end(&json);
    return true;
}

bool preferences_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Preferences preferences;
    return api_preferences(request, &preferences, err) &&
           answer_preferences(&preferences, response);
}

static bool check_tone(Str tone, Error *err)
{
    static const char *const tones[] = {
#define ANSWER_TONE(name, instruction) name,
#include "answer/tones.def"
#undef ANSWER_TONE
    };
    for (size_t i = 0; i < COUNT(tones); i++)
        if (!tone.length || str_is(tone, tones[i]))
            return true;
    return fail_field(err, "tone", "'tone' is plain, friendly, formal, brief or detailed");
}

/* "de", "de-AT": two or three small letters, and what follows a hyphen. */
static bool check_language(Str language, Error *err)
{
    size_t letters = 0;
    while (letters < language.length && language.at[letters] >= 'a' && language.at[letters] <= 'z')
        letters++;
    bool good = !language.length || ((letters == 2 || letters == 3) &&
                                     (letters == language.length || language.at[letters] == '-'));
    for (size_t i = letters; good && i < language.length; i++)
        good = (language.at[i] | 32) >= 'a' && (language.at[i] | 32) <= 'z' ? true
                                                                            : language.at[i] == '-';
    return good || fail_field(err, "language", "'language' is a code such as en, de or pt-BR");
}

static bool check_zone(Str zone, Error *err)
{
    int64_t local;
    Error why;
    return date_local(now_ms(), zone, &local, &why) ||
           fail_field(err, "time_zone", "%s", why.message);
}

bool preferences_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedbackWork work = { .request = request };
    Preferences *preferences = &work.preferences;
    SearchMode mode;
    if (!api_preferences(request, preferences, err))
        return false;
    bool directs = !preferences->without_direction;
    Error why = { 0 };
    if (!api_fields(request, err,
                    { "language", JSON_STR, &preferences->language, .length_max = 20 },
                    { "tone", JSON_STR, &preferences->tone, .length_max = 20 },
                    { "time_zone", JSON_STR, &preferences->time_zone, .length_max = 60 },
                    { "search_mode", JSON_STR, &preferences->search_mode, .length_max = 20 },
                    { "chat_direction", JSON_FLAG, &directs }) ||
        !check_language(preferences->language, err) || !check_tone(preferences->tone, err) ||
        !check_zone(preferences->time_zone, err))
        return false;
    if (!search_mode_named(preferences->search_mode, &mode, &why))
        return fail_field(err, "search_mode", "%s", why.message);
    preferences->without_direction = !directs;
    return store_write(request->api->db, request->scope, set_preferences_work, &work, err) &&
           answer_preferences(preferences, response);
}
