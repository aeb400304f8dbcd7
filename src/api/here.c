/* here.c - see here.h. */
#include "api/here.h"

#include <math.h>

#include "api/hosted_tools.h"
#include "api/model_names.h"
#include "api/tool_loop.h"
#include "base/hash.h"
#include "library/library.h"
#include "search/search.h"

#define EARLIER_MAX 6
#define QUESTION_MAX KB(8)
#define INPUTS_MAX 2048
#define INPUT_BYTES_MAX MB(1)
#define DOCUMENTS_MAX 1000

static bool tell(HereCall *call, const ModelEvent *event, Error *err)
{
    return call->tell(call->self, event) || fail(err, ERROR_CANCELLED, "nobody wants the answer");
}

/* --- Chat: the question --- */

/* The texts of a message's parts. */
static Str message_text(Arena *arena, const ModelMessage *message)
{
    VEC(Str) texts = { 0 };
    for (size_t i = 0; i < message->count; i++)
        *vec_push(arena, &texts) = message->parts[i].text;
    return str_trim(str_join(arena, texts.at, texts.count, S("\n")));
}

/* What the person asked last, and before that. */
static bool read_question(const HereCall *call, AnswerRequest *ask, size_t *input_bytes_r,
                          Error *err)
{
    const ModelRequest *request = call->request;
    VEC(Str) asked = { 0 };
    *input_bytes_r = 0;
    for (size_t i = 0; i < request->message_count; i++) {
        Str text = message_text(call->arena, &request->messages[i]);
        *input_bytes_r += text.length;
        if (text.length && request->messages[i].role == FROM_USER)
            *vec_push(call->arena, &asked) = text;
    }
    if (!asked.count)
        return fail_field(err, "messages", "no message of role user has a text");
    ask->question = asked.at[asked.count - 1];
    if (ask->question.length > QUESTION_MAX)
        return fail_field(err, "messages", "the question has more than %zu bytes", QUESTION_MAX);
    size_t earlier = MIN(asked.count - 1, EARLIER_MAX);
    ask->earlier = (StrList){ asked.at + (asked.count - 1 - earlier), earlier };
    return true;
}

/* --- Chat: the answer as events --- */

static bool tell_text(void *self, Str text)
{
    HereCall *call = self;
    return call->tell(call->self, &(ModelEvent){ .kind = EVENT_TEXT, .text = text });
}

/* Programs that speak these dialects cannot take back what they were told. */
static bool tell_break(void *self)
{
    return tell_text(self,
                     S("...\n\n(The model service failed here. What follows is quoted from the "
                       "library.)\n\n"));
}

Str api_citation(Arena *arena, const Citation *citation, int index)
{
    Buf out = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&out);
    put_text(&json, "type", S("search_result_location"));
    put_text(&json, "cited_text", citation->quote);
    put_text(&json, "source", citation->document);
    put_text(&json, "title", citation->name);
    put_int(&json, "search_result_index", index);
    put_int(&json, "start_block_index", 0);
    put_int(&json, "end_block_index", 1);
    put_int(&json, "number", citation->number);
    put_text(&json, "place", citation->place);
    put_end(&json);
    return buf_str(&out);
}

static bool tell_citation(HereCall *call, const Citation *citation, int index, Error *err)
{
    Str text = api_citation(call->arena, citation, index);
    return tell(call, &(ModelEvent){ .kind = EVENT_CITATION, .text = text }, err);
}

/* An answer that was made without a service has no counted tokens. */
static ModelUsage usage_of(const Answer *answer, size_t input_bytes)
{
    return (ModelUsage){ .is_known = true,
                         .input = answer->input_tokens ? answer->input_tokens
                                                       : gateway_guess_tokens(input_bytes),
                         .output = answer->output_tokens
                                       ? answer->output_tokens
                                       : gateway_guess_tokens(answer->text.length),
                         .cost = -1 };
}

static bool chat(Api *api, HereCall *call, const Persona *persona, Error *err)
{
    AnswerRequest ask = { .model = call->model, .is_within = true };
    AnswerSink sink = { .delta = tell_text, .restart = tell_break, .self = call };
    Answer answer;
    size_t input_bytes;
    if (!read_question(call, &ask, &input_bytes, err) ||
        !answer_set_persona(&ask, persona, STR_NONE, err) ||
        !tell(call, &(ModelEvent){ .kind = EVENT_START, .model = call->model }, err) ||
        !answer_run(api->answers, call->caller->scope, call->arena, &ask, &sink, &answer, err))
        return false;
    call->usage = usage_of(&answer, input_bytes);
    for (size_t i = 0; i < answer.citation_count; i++)
        if (!tell_citation(call, &answer.citations[i], (int)i, err))
            return false;
    return tell(call, &(ModelEvent){ .kind = EVENT_FINISH, .finish = FINISH_STOP }, err);
}

/* --- Chat with tools --- */

/* Its instructions come first, its servers become tools (gateway/hosted.h). */
static bool add_persona(Api *api, HereCall *call, const Persona *persona, ModelRequest *asked,
                        Error *err)
{
    Arena *arena = call->arena;
    size_t tool_count = asked->tool_count + persona->tools.count;
    ModelTool *tools = arena_new_array(arena, ModelTool, tool_count + 1);
    ModelMessage *messages = arena_new_array(arena, ModelMessage, asked->message_count + 1);
    ModelPart *part = arena_new_one(arena, ModelPart);
    *part = (ModelPart){ .kind = PART_TEXT,
                         .text = persona_instructions(arena, persona, S("You help a person.")) };
    messages[0] = (ModelMessage){ .role = FROM_SYSTEM, .parts = part, .count = 1 };
    for (size_t i = 0; i < asked->message_count; i++)
        messages[i + 1] = asked->messages[i];
    for (size_t i = 0; i < tool_count; i++)
        tools[i] = i < asked->tool_count
                       ? asked->tools[i]
                       : hosted_server_tool(arena, persona->tools.at[i - asked->tool_count]);
    asked->messages = messages;
    asked->message_count++;
    asked->tools = tools;
    asked->tool_count = tool_count;
    asked->model = persona->model;
    if (persona->temperature >= 0 && !asked->temperature.is_set)
        asked->temperature = (MaybeNumber){ true, persona->temperature };
    return asked->model.length || models_standard(api->models, call->caller->scope, arena,
                                                  call->caller->config, &asked->model, err);
}

static bool chat_with_tools(Api *api, HereCall *call, const Persona *persona, Error *err)
{
    ModelRequest asked = *call->request;
    ToolLoop loop = { .api = api,
                      .scope = call->caller->scope,
                      .caller = call->caller,
                      .arena = call->arena,
                      .asked = &asked,
                      .route_tools = call->route_tools,
                      .rounds_max = call->tool_rounds,
                      .feature = S("tools"),
                      .is_within = true,
                      .tell = call->tell,
                      .self = call->self };
    GatewayAnswer answer = { 0 };
    if (persona && !add_persona(api, call, persona, &asked, err))
        return false;
    bool good = tell(call, &(ModelEvent){ .kind = EVENT_START, .model = asked.model }, err) &&
                tool_loop_run(&loop, &answer, err);
    call->usage = answer.usage;
    call->usage.cost = -1;
    return good && tell(call, &(ModelEvent){ .kind = EVENT_FINISH, .finish = answer.finish }, err);
}

/* --- Embeddings --- */

/* Clients that keep one of OpenAI's names cut texts with OpenAI's tokenizer. */
static bool check_tokens(const ModelRequest *request, Error *err)
{
    return !str_starts(request->model, S("text-embedding-")) ||
           fail_field(err, "input",
                      "the tokens of '" STR_FMT "' mean nothing to the model here: send texts",
                      STR_ARG(str_slice(request->model, 0, 60)));
}

static bool read_tokens(const ModelRequest *request, LibraryText *texts, Error *err)
{
    for (size_t i = 0; i < request->token_list_count; i++) {
        ModelTokens tokens = request->token_lists[i];
        if (tokens.count > LIBRARY_EMBED_TOKENS_MAX)
            return fail_field(err, "input", "a list of tokens has 1 to %d of them",
                              LIBRARY_EMBED_TOKENS_MAX);
        if (request->is_query || request->is_passage)
            return fail_field(err, "input_type", "input_type goes with texts, not with tokens");
        texts[i] = (LibraryText){ .ids = tokens.at, .id_count = tokens.count };
    }
    return check_tokens(request, err);
}

/* Before each text comes what the model was trained with, if the client says what the text is. */
static bool read_texts(Api *api, const HereCall *call, LibraryText *texts, Error *err)
{
    const ModelRequest *request = call->request;
    bool has_kind = request->is_query || request->is_passage;
    Str prompt = has_kind ? library_prompt(api->library, call->arena, request->is_query) : S("");
    for (size_t i = 0; i < request->inputs.count; i++) {
        Str text = request->inputs.at[i];
        if (!text.length)
            return fail_field(err, "input", "a text of input is empty");
        if (text.length > INPUT_BYTES_MAX)
            return fail_field(err, "input", "a text of input has more than %zu bytes",
                              INPUT_BYTES_MAX);
        texts[i].text =
            prompt.length ? str_format(call->arena, STR_FMT STR_FMT, STR_ARG(prompt), STR_ARG(text))
                          : text;
    }
    return true;
}

/* The first values as a unit vector of their own. */
static const float *shorten(Arena *arena, const float *from, size_t dims)
{
    float *to = arena_new_array(arena, float, dims);
    double sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += (double)from[i] * (double)from[i];
    double scale = sum > 0 ? 1 / sqrt(sum) : 0;
    for (size_t i = 0; i < dims; i++)
        to[i] = (float)((double)from[i] * scale);
    return to;
}

static bool tell_vectors(HereCall *call, const LibraryVectors *vectors, size_t count, Error *err)
{
    size_t dims = call->request->dimensions ? (size_t)call->request->dimensions : vectors->dims;
    if (dims > vectors->dims)
        return fail_field(err, "dimensions", "the model has %zu dimensions, not %zu", vectors->dims,
                          dims);
    for (size_t i = 0; i < count; i++) {
        const float *at = vectors->at + i * vectors->dims;
        ModelEvent event = { .kind = EVENT_VECTOR, .index = (int)i, .vector = { at, dims } };
        if (dims < vectors->dims)
            event.vector.at = shorten(call->arena, at, dims);
        if (!tell(call, &event, err))
            return false;
    }
    call->usage = (ModelUsage){ .is_known = true, .input = vectors->tokens, .cost = -1 };
    return true;
}

static bool embed(Api *api, HereCall *call, Error *err)
{
    const ModelRequest *request = call->request;
    bool has_tokens = request->token_list_count > 0;
    size_t count = has_tokens ? request->token_list_count : request->inputs.count;
    LibraryVectors vectors;
    if (!count || count > INPUTS_MAX)
        return fail_field(err, "input", "input has 1 to %d texts", INPUTS_MAX);
    LibraryText *texts = arena_new_array(call->arena, LibraryText, count);
    if (has_tokens ? !read_tokens(request, texts, err) : !read_texts(api, call, texts, err))
        return false;
    if (library_embed(api->library, call->arena, texts, count, &vectors, err))
        return tell_vectors(call, &vectors, count, err);
    if (err->code == ERROR_INVALID)
        snprintf(err->field, sizeof err->field, "input");
    return false;
}

/* --- Reranking --- */

static int compare_scores(const void *a, const void *b)
{
    const ModelScore *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->index - y->index;
}

static bool tell_scores(HereCall *call, const float *scores, Error *err)
{
    const ModelRequest *request = call->request;
    size_t count = request->inputs.count;
    ModelScore *order = arena_new_array(call->arena, ModelScore, count);
    for (size_t i = 0; i < count; i++)
        order[i] = (ModelScore){ (int)i, (double)scores[i] };
    qsort(order, count, sizeof *order, compare_scores);
    if (request->top_n && (size_t)request->top_n < count)
        count = (size_t)request->top_n;
    for (size_t i = 0; i < count; i++)
        if (!tell(call,
                  &(ModelEvent){
                      .kind = EVENT_SCORE, .index = order[i].index, .score = order[i].score },
                  err))
            return false;
    return true;
}

static bool rerank(Api *api, HereCall *call, Error *err)
{
    const ModelRequest *request = call->request;
    size_t count = request->inputs.count;
    if (!count || count > DOCUMENTS_MAX)
        return fail_field(err, "documents", "documents has 1 to %d texts", DOCUMENTS_MAX);
    float *scores = arena_new_array(call->arena, float, count);
    if (!searcher_score(api->searcher, request->query, request->inputs, scores, err))
        return false;
    call->usage = (ModelUsage){ .is_known = true, .cost = -1 };
    for (size_t i = 0; i < count; i++)
        call->usage.input +=
            gateway_guess_tokens(request->query.length + request->inputs.at[i].length);
    return tell_scores(call, scores, err);
}

/* --- The ports --- */

uint64_t api_version_here(void *app, Str workspace)
{
    Api *api = app;
    LibraryModel model = library_model_status(api->library);
    return (uint64_t)library_changes(api->library, workspace) * 31 + str_hash(str(model.name));
}

/* A persona is named as the model; else the key's own answers. One that may call tools does. */
static bool answer_chat(Api *api, HereCall *call, Error *err)
{
    Str model = call->request->model;
    bool is_named = str_starts(model, S(PERSONA_PREFIX));
    PersonaWish wish = { .named = is_named ? str_from(model, strlen(PERSONA_PREFIX)) : STR_NONE };
    const Persona *persona;
    if (!persona_choose(api->db, call->caller->scope, call->arena, &wish, &persona, err))
        return false;
    bool has_tools = call->request->is_hosted || (is_named && persona && persona->tools.count);
    if (has_tools && call->caller->scope->collections.length)
        return fail(err, ERROR_DENIED,
                    "this API key is limited to collections, and calls no tools of the workspace");
    return has_tools ? chat_with_tools(api, call, is_named ? persona : NULL, err)
                     : chat(api, call, persona, err);
}

bool api_answer_here(void *app, HereCall *call, Error *err)
{
    Api *api = app;
    switch (call->request->task) {
    case TASK_CHAT: return answer_chat(api, call, err);
    case TASK_EMBEDDING: return embed(api, call, err);
    case TASK_RERANK: return rerank(api, call, err);
    default:
        return fail(err, ERROR_UNSUPPORTED, "'%s' is nothing that is answered here",
                    task_words[call->request->task]);
    }
}

HereModels api_models_here(void *app, Arena *arena)
{
    Api *api = app;
    VEC(HereModel) models = { 0 };
    *vec_push(arena, &models) =
        (HereModel){ S(HERE_MODEL), 1U << TASK_CHAT | 1U << TASK_EMBEDDING | 1U << TASK_RERANK };
    *vec_push(arena, &models) = (HereModel){ S(HERE_QUOTING), 1U << TASK_CHAT };
    if (library_model_status(api->library).is_there)
        *vec_push(arena, &models) =
            (HereModel){ own_embedding_model(api, arena), 1U << TASK_EMBEDDING };
    return (HereModels){ models.at, models.count };
}
