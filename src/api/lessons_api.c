/* lessons_api.c - the paths of a learning platform's gateway: outline, explanation, content; the
 * same as /v1/study/make with other names. */
#include "api/study_make.h"
#include "base/id.h"

typedef struct Lesson {
    ApiRequest *request;
    json_t *wish; /* of make_wish_read() */
} Lesson;

static const char *const source_members[] = { "document", "collection", "topic",
                                              "text",     "start",      "end" };
static const char *const learner_members[] = { "persona", "learning_style", "level", "industry",
                                               "role",    "language",       "tone" };
static const char *const own_members[] = { "count", "length", "difficulty", "model", "deck" };

/* --- What is wished for --- */

static void copy_member(json_t *to, const char *name, const json_t *value)
{
    if (value && !json_is_null(value))
        json_object_set_new(to, name, json_deep_copy(value));
}

static void copy_members(json_t *to, const json_t *from, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        copy_member(to, names[i], json_object_get(from, names[i]));
}

/* What a source is that is written as a text: an id, sentences, or else a topic. */
static const char *kind_of_source(Str source)
{
    Str text = str_trim(source);
    if (id_is_valid(text))
        return "document";
    bool is_sentence = text.length && HAS_CHAR(text.at[text.length - 1], ".!?");
    return is_sentence || memchr(text.at, '\n', text.length) ? "text" : "topic";
}

/* A source is an object, or a text; its members may stand beside it. */
static bool read_source(Lesson *lesson, Error *err)
{
    const json_t *body = lesson->request->json, *source = json_object_get(body, "source");
    copy_members(lesson->wish, body, source_members, COUNT(source_members));
    copy_member(lesson->wish, "text", json_object_get(body, "passage"));
    copy_member(lesson->wish, "document", json_object_get(body, "document_id"));
    if (json_is_string(source))
        copy_member(lesson->wish,
                    kind_of_source((Str){ json_string_value(source), json_string_length(source) }),
                    source);
    else if (json_is_object(source))
        copy_members(lesson->wish, source, source_members, COUNT(source_members));
    else if (source && !json_is_null(source))
        return fail_field(err, "source",
                          "'source' is a topic, a text, or an object with document, "
                          "collection, topic or text");
    return true;
}

static bool read_learner(Lesson *lesson, Error *err)
{
    const json_t *learner = json_object_get(lesson->request->json, "learner");
    copy_members(lesson->wish, lesson->request->json, learner_members, COUNT(learner_members));
    copy_members(lesson->wish, learner, learner_members, COUNT(learner_members));
    copy_member(lesson->wish, "learning_style", json_object_get(learner, "style"));
    return !learner || json_is_null(learner) || json_is_object(learner) ||
           fail_field(err, "learner", "'learner' is an object");
}

/* A form of the kind; "json" and "markdown" are what the answer has anyhow. */
static void read_format(Lesson *lesson)
{
    Str format = json_member_text(lesson->request->json, "format");
    if (format.length && !str_is(format, "json") && !str_is(format, "markdown"))
        copy_member(lesson->wish, "form", json_object_get(lesson->request->json, "format"));
}

static bool read_lesson(Lesson *lesson, const char *kind, MakeWish *wish_r, Error *err)
{
    const json_t *body = lesson->request->json;
    const json_t *type = json_object_get(body, "type");
    copy_members(lesson->wish, body, own_members, COUNT(own_members));
    json_object_set_new(lesson->wish, "kind",
                        kind ? json_string(kind) : json_deep_copy(type ? type : json_null()));
    read_format(lesson);
    if (!kind && !json_is_string(type))
        return fail_field(err, "type", "'type' is missing");
    if (read_source(lesson, err) && read_learner(lesson, err) &&
        make_wish_read(lesson->request->arena, lesson->wish, wish_r, err))
        return true;
    if (strcmp(err->field, "kind") == 0)
        snprintf(err->field, sizeof err->field, "type"); /* as this path calls it */
    return false;
}

/* --- Answering --- */

static void answer_lesson(const ApiRequest *request, HttpResponse *response, const StudyMade *made,
                          const char *name)
{
    const JobRow over = { .state = JOB_DONE };
    AUTO_JSON json_t *result = NULL;
    Error ignored;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    put_text(&json, "type", made->kind);
    if (json_parse(made->result, STUDY_MADE_MAX, &result, &ignored))
        put_raw(&json, name, json_print(request->arena, json_object_get(result, "items")));
    put_made(&json, request->arena, made, &over);
    put_end(&json);
}

bool ai_generate_outline(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *members = json_object();
    Lesson lesson = { .request = request, .wish = members };
    MakeWish wish;
    StudyMade made;
    if (!read_lesson(&lesson, "outline", &wish, err))
        return false;
    /* Streamed unless somebody says that he wants it whole. */
    if (!json_is_false(json_object_get(request->json, "stream")))
        return make_streamed(request, &wish, response);
    if (!make_answered(request, &wish, response, &made, err))
        return false;
    answer_lesson(request, response, &made, "outline");
    return true;
}

bool ai_explain_stream(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *members = json_object();
    Lesson lesson = { .request = request, .wish = members };
    MakeWish wish;
    return read_lesson(&lesson, "explanation", &wish, err) &&
           make_streamed(request, &wish, response);
}

/* A page's EventSource can only GET: the members stand in the query. */
bool ai_explain_stream_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    static const char *const names[] = { "document",      "collection", "topic",    "text",
                                         "passage",       "length",     "level",    "role",
                                         "industry",      "persona",    "language", "tone",
                                         "learning_style" };
    AUTO_JSON json_t *body = json_object();
    for (size_t i = 0; i < COUNT(names); i++) {
        Str value = http_query(request->http, names[i]);
        if (value.length)
            json_object_set_new(body, names[i], json_stringn(value.at, value.length));
    }
    json_t *before = request->json;
    request->json = body;
    bool good = ai_explain_stream(request, response, err);
    request->json = before;
    return good;
}

bool ai_content(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *members = json_object();
    Lesson lesson = { .request = request, .wish = members };
    MakeWish wish;
    StudyMade made;
    if (!read_lesson(&lesson, NULL, &wish, err) ||
        !make_answered(request, &wish, response, &made, err))
        return false;
    answer_lesson(request, response, &made, "content");
    return true;
}
