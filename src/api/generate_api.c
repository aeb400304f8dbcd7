/* generate_api.c - an answer for programs that were written for another backend's path: message,
 * documents, the talk so far, and an agent, which is a persona here. */
#include "api/document_json.h"
#include "api/process.h"
#include "api/route_scopes.h"

#define EARLIER_MAX 6
#define DOCUMENTS_MAX 1000

typedef struct GenerateWork {
    ApiRequest *request;
    json_t *agent; /* borrowed; NULL: none */
    Persona *persona;
} GenerateWork;

/* --- Reading --- */

static Str text_of(const json_t *document)
{
    const char *const names[] = { "text", "content", "extracted_text", "extractedText" };
    Str text = STR_NONE;
    for (size_t i = 0; i < COUNT(names) && !str_trim(text).length; i++)
        text = json_member_text(document, names[i]);
    return text;
}

/* The library's, as far as it has it: clients have ids of their own. */
static bool find_document(ApiRequest *request, Str id, bool *is_there_r, Error *err)
{
    DocumentView view;
    Error why = { 0 };
    *is_there_r =
        library_find(request->api->library, request->scope, request->arena, id, &view, &why);
    if (!*is_there_r && why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    return true;
}

/* It stands in the library from then on, once however often it is sent: what is said of it can be
 * looked up. */
static bool add_text(ApiRequest *request, const json_t *document, Str text, Str *id_r, Error *err)
{
    Str name = json_member_text(document, "name");
    NewFile like = { .name = str_format(request->arena, STR_FMT ".txt",
                                        STR_ARG(name.length ? name : S("Document"))),
                     .media_type = S("text/plain") };
    Processed added = { 0 };
    if (!scope_needs(request->scope, ROLE_EDITOR, err) ||
        !route_scopes_need(request, KEY_WRITE, err) ||
        !process_text(request, &like, text, &added, err))
        return false;
    *id_r = added.view.document.id;
    return true;
}

static bool read_document(ApiRequest *request, const json_t *one, size_t index, Str *id_r,
                          Error *err)
{
    bool is_there = true;
    Str text = text_of(one);
    Str id = json_is_string(one) ? (Str){ json_string_value(one), json_string_length(one) }
                                 : json_member_text(one, "id");
    if (!id.length && !str_trim(text).length)
        return fail_field(err, "documents",
                          "document %zu has neither an id nor a text: add it to the library first "
                          "(POST /api/v1/documents/process)",
                          index);
    *id_r = str_copy(request->arena, id);
    if (!str_trim(text).length)
        return true;
    return (!id.length || find_document(request, *id_r, &is_there, err)) &&
           ((id.length && is_there) || add_text(request, one, text, id_r, err));
}

/* Ids, or objects with an id or a text. */
static bool read_documents(ApiRequest *request, const json_t *list, StrList *ids, Error *err)
{
    VEC(Str) found = { 0 };
    size_t i;
    json_t *one;
    if (json_array_size(list) > DOCUMENTS_MAX)
        return fail_field(err, "documents", "at most %d documents in one request", DOCUMENTS_MAX);
    for (size_t k = 0; k < ids->count; k++)
        *vec_push(request->arena, &found) = ids->at[k];
    json_array_foreach(list, i, one)
    {
        if (!read_document(request, one, i, vec_push(request->arena, &found), err))
            return false;
    }
    *ids = (StrList){ found.at, found.count };
    return true;
}

/* What the person said before; what was answered is found again. */
static StrList read_history(ApiRequest *request, const json_t *list)
{
    VEC(Str) said = { 0 };
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        Str text = json_member_text(one, "content");
        if (!text.length)
            text = json_member_text(one, "text");
        if (text.length && str_is(json_member_text(one, "role"), "user"))
            *vec_push(request->arena, &said) = str_copy(request->arena, str_slice(text, 0, KB(8)));
    }
    size_t first = said.count - MIN(said.count, EARLIER_MAX);
    return (StrList){ said.at + first, said.count - first };
}

/* What a persona has of the agent that a client describes; the rest, as its id there, a role or a
 * picture, is the client's own. */
static json_t *described(const json_t *agent)
{
    static const char *const same[] = { "name",        "instructions", "model",
                                        "temperature", "tone",         "tools",
                                        "collections", "search_mode",  "greeting" };
    static const char *const instructions[] = { "system_prompt", "systemPrompt" };
    json_t *made = json_object();
    for (size_t i = 0; i < COUNT(same); i++)
        if (json_object_get(agent, same[i]))
            json_object_set(made, same[i], json_object_get(agent, same[i]));
    for (size_t i = 0; i < COUNT(instructions) && !json_object_get(made, "instructions"); i++)
        if (json_object_get(agent, instructions[i]))
            json_object_set(made, "instructions", json_object_get(agent, instructions[i]));
    return made;
}

/* An agent is a persona by its id or its name alone, or is described on the spot: then an id is the
 * client's own. */
static bool agent_work(DbTx *tx, void *argument, Error *err)
{
    GenerateWork *work = argument;
    const ApiRequest *request = work->request;
    const json_t *agent = work->agent;
    AUTO_JSON json_t *description = described(agent);
    /* Nothing but a name describes nobody. */
    const char *key =
        json_object_size(agent) == 1 && json_object_get(agent, "name") ? "name" : "id";
    Str name = json_is_string(agent) ? (Str){ json_string_value(agent), json_string_length(agent) }
                                     : json_member_text(agent, key);
    bool is_described = json_object_get(description, "instructions") != NULL;
    if (json_is_string(agent) || (name.length && !is_described))
        return persona_find(tx, request->scope, request->arena, str_copy(request->arena, name),
                            work->persona, err);
    work->persona->name = S("agent");
    work->persona->temperature = -1;
    return persona_read(tx, request->scope, request->arena, description, work->persona, err);
}

static bool read_agent(GenerateWork *work, AnswerRequest *ask, Error *err)
{
    if (!work->agent || json_is_null(work->agent))
        return true;
    if (!json_is_object(work->agent) && !json_is_string(work->agent))
        return fail_field(err, "agent", "'agent' is an object, or the name of a persona");
    work->persona = arena_new_one(work->request->arena, Persona);
    return store_read(work->request->api->db, work->request->scope, agent_work, work, err) &&
           answer_set_persona(ask, work->persona, STR_NONE, err);
}

/* --- Writing --- */

static void put_result(JsonWriter *json, const Answer *answer)
{
    put_bool(json, "success", true);
    put_text(json, "response", answer->text);
    put_array(json, "sources");
    for (size_t i = 0; i < answer->citation_count; i++)
        put_citation(json, NULL, &answer->citations[i]);
    put_end(json);
    put_text(json, "model", answer->model);
    put_text_or_null(json, "agent", answer->persona);
    put_object(json, "usage");
    put_int(json, "input_tokens", answer->input_tokens);
    put_int(json, "output_tokens", answer->output_tokens);
    put_int(json, "total_tokens", answer->input_tokens + answer->output_tokens);
    put_end(json);
}

bool generate_response(ApiRequest *request, HttpResponse *response, Error *err)
{
    GenerateWork work = { .request = request };
    AnswerRequest ask = { 0 };
    AnswerSink silent = { 0 };
    Answer answer;
    json_t *documents = NULL, *history = NULL;
    if (!api_fields(request, err,
                    { "message", JSON_STR, &ask.question, .required = true, .length_max = KB(8) },
                    { "documents", JSON_ANY, &documents },
                    { "document_ids", JSON_STRS, &ask.search.documents },
                    { "chat_history", JSON_ANY, &history }, { "agent", JSON_ANY, &work.agent },
                    { "model", JSON_STR, &ask.model, .length_max = 200 }) ||
        !read_documents(request, documents, &ask.search.documents, err) ||
        !read_agent(&work, &ask, err))
        return false;
    if (!str_trim(ask.question).length)
        return fail_field(err, "message", "'message' is empty");
    ask.earlier = read_history(request, history);
    if (!answer_run(request->api->answers, request->scope, request->arena, &ask, &silent, &answer,
                    err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_result(&json, &answer);
    put_end(&json);
    return true;
}
