/* structured.c - see structured.h. */
#include "models/structured.h"

#include "base/json_mend.h"
#include "base/json_schema.h"
#include "models/links.h"

#define TRIES 3
#define REPLY_BYTES_MAX MB(2)
#define REPEATED_BYTES KB(8) /* of a wrong reply, shown to its model again */
#define SHAPE_PROMPT                                                                               \
    "Answer with one JSON value alone: no prose before or after it, no fences. It must hold for "  \
    "this JSON Schema:\n"

typedef struct Asking {
    Arena *arena;
    const StructuredRequest *request;
    ChatMessage *messages; /* with room for the shape, and a wrong reply and its reason */
    size_t base_count;
    Str schema, given;
    bool says_shape; /* to the service; not every one takes a schema */
    int64_t output_max;
    StructuredResult result;
} Asking;

/* The shape is said in words too: models that hold to a schema do better when they have read it. */
static void begin(Asking *asking)
{
    const StructuredRequest *request = asking->request;
    ChatMessage *messages = arena_new_array(asking->arena, ChatMessage, request->count + 3);
    memcpy(messages, request->messages, request->count * sizeof *messages);
    asking->schema = json_print(asking->arena, request->schema);
    asking->given = links_given(asking->arena, request->messages, request->count);
    messages[request->count] = (ChatMessage){
        .role = S("system"),
        .text = str_format(asking->arena, SHAPE_PROMPT STR_FMT, STR_ARG(asking->schema)),
    };
    /* Before the last words of the user, which some services want at the end. */
    ChatMessage shape = messages[request->count];
    messages[request->count] = messages[request->count - 1];
    messages[request->count - 1] = shape;
    asking->messages = messages;
    asking->base_count = request->count + 1;
}

static ChatRequest chat_of(const Asking *asking, size_t count)
{
    const StructuredRequest *request = asking->request;
    bool is_first = asking->result.tries == 0;
    return (ChatRequest){ .messages = asking->messages,
                          .count = count,
                          .model = request->model,
                          .feature = request->feature,
                          .may_keep = request->may_keep && is_first,
                          .is_personal = request->is_personal,
                          .never_here = true,
                          .is_within = request->is_within,
                          .output_max = asking->output_max,
                          .temperature = request->temperature,
                          .schema = asking->says_shape ? asking->schema : STR_NONE,
                          .schema_name = request->name,
                          .is_strict = json_schema_is_closed(request->schema) };
}

/* The value in the reply, or why there is none of the shape. */
static bool read_reply(Asking *asking, const ChatResult *reply, JsonMended *mended, Error *why)
{
    const StructuredRequest *request = asking->request;
    if (!json_mend(reply->text, REPLY_BYTES_MAX, mended, why))
        return false;
    bool is_cut = mended->is_cut || str_is(reply->finish, "length");
    if (is_cut)
        asking->output_max *= 2;
    else
        links_break_json(asking->arena, mended->json, asking->given);
    bool good = is_cut ? fail(why, ERROR_INVALID, "the reply was cut off")
                       : json_schema_holds(request->schema, mended->json, why) &&
                             (!request->check || request->check(request->self, mended->json, why));
    if (!good)
        json_decref(mended->json);
    return good;
}

static size_t say_what_is_wrong(Asking *asking, Str reply, const Error *why)
{
    size_t count = asking->base_count;
    asking->messages[count++] =
        (ChatMessage){ .role = S("assistant"),
                       .text = str_copy(asking->arena, str_slice(reply, 0, REPEATED_BYTES)) };
    asking->messages[count++] = (ChatMessage){
        .role = S("user"),
        .text = str_format(asking->arena,
                           "That is not right: %s. Answer again, with the whole JSON "
                           "value alone.",
                           why->message),
    };
    return count;
}

static bool is_of_the_shape(const Error *err)
{
    return err->code == ERROR_INVALID || err->code == ERROR_UNSUPPORTED;
}

static bool ask_once(Asking *asking, size_t count, StructuredChat *chat, void *self,
                     ChatResult *reply, Error *err)
{
    ChatRequest asked = chat_of(asking, count);
    bool good = chat(self, &asked, reply, err);
    if (!good && asking->says_shape && is_of_the_shape(err)) {
        asking->says_shape = false;
        asked = chat_of(asking, count);
        good = chat(self, &asked, reply, err);
    }
    if (!good)
        return false;
    asking->result.tries++;
    asking->result.model = reply->model;
    asking->result.input_tokens += reply->input_tokens;
    asking->result.output_tokens += reply->output_tokens;
    asking->result.cost += reply->cost;
    return true;
}

bool structured_ask(Arena *arena, const StructuredRequest *request, StructuredChat *chat,
                    void *self, StructuredResult *result_r, Error *err)
{
    Asking asking = {
        .arena = arena, .request = request, .says_shape = true, .output_max = request->output_max
    };
    int tries_max = request->tries_max ? request->tries_max : TRIES;
    Error why = { 0 };
    begin(&asking);
    for (size_t count = asking.base_count; asking.result.tries < tries_max;) {
        ChatResult reply;
        JsonMended mended;
        if (!ask_once(&asking, count, chat, self, &reply, err))
            return false;
        if (reply.is_refused || str_is(reply.finish, "content_filter"))
            return fail(err, ERROR_UPSTREAM, STR_FMT " declined to answer: " STR_FMT,
                        STR_ARG(reply.model), STR_ARG(str_slice(reply.text, 0, 200)));
        if (read_reply(&asking, &reply, &mended, &why)) {
            asking.result.json = mended.json;
            asking.result.is_mended = mended.is_mended;
            *result_r = asking.result;
            return true;
        }
        count = say_what_is_wrong(&asking, reply.text, &why);
    }
    return fail(err, ERROR_UPSTREAM, STR_FMT " gave no usable " STR_FMT " in %d tries: %.200s",
                STR_ARG(asking.result.model), STR_ARG(request->name), asking.result.tries,
                why.message);
}

typedef struct Asker {
    Models *models;
    const Scope *scope;
    Arena *arena;
} Asker;

static bool ask_models(void *self, const ChatRequest *chat, ChatResult *result_r, Error *err)
{
    const Asker *asker = self;
    return models_chat(asker->models, asker->scope, asker->arena, chat, result_r, err);
}

bool models_structured(Models *models, const Scope *scope, Arena *arena,
                       const StructuredRequest *request, StructuredResult *result_r, Error *err)
{
    Asker asker = { models, scope, arena };
    return structured_ask(arena, request, ask_models, &asker, result_r, err);
}
