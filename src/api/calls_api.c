/* calls_api.c - calls of models, in every dialect that clients speak: all go through the gateway,
 * also those that this server answers itself (here.h). */
#include "api/api.h"
#include "gateway/json_read.h"
#include "models/models.h"

bool call_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpRequest *http = request->http;
    (void)err;
    gateway_serve(models_gateway(request->api->models), front_at(str(request->route->path)),
                  api_secret(http), http, response);
    return true;
}

/* --- Counting --- */

#define PICTURE_TOKENS 1600 /* of one picture at its largest, as Anthropic counts */

static int64_t part_tokens(const ModelPart *part)
{
    int64_t sum = gateway_guess_tokens(part->text.length + part->arguments.length);
    if (part->kind == PART_IMAGE)
        sum += PICTURE_TOKENS;
    else
        sum += gateway_guess_tokens(part->data.length / 4 * 3);
    for (size_t i = 0; i < part->part_count; i++)
        sum += part_tokens(&part->parts[i]);
    return sum;
}

static bool read_message(Arena *arena, Str body, ModelRequest *model, Error *err)
{
    JsonWalk walk = json_walk_begin(body);
    NameSet seen = { 0 };
    Str name, value;
    while (json_walk_next(&walk, &name, &value)) {
        if (!name_is_new(&seen, name, err))
            return false;
        if (str_is(name, "model") && !json_unquote(arena, value, &model->model))
            return fail_field(err, "model", "model must be a text");
    }
    model->task = TASK_CHAT;
    return scan_is_good(&walk, body, err) &&
           (front_anthropic.read(arena, body, model, err) ||
            (err->field[0] ? fail_in(err, "%s", err->field) : false));
}

/* From the lengths of all texts: which tokenizer a service has, is its own affair. */
static int64_t guess_tokens(const ModelRequest *request)
{
    int64_t sum = 0;
    for (size_t i = 0; i < request->message_count; i++)
        for (size_t j = 0; j < request->messages[i].count; j++)
            sum += part_tokens(&request->messages[i].parts[j]);
    for (size_t i = 0; i < request->tool_count; i++)
        sum += gateway_guess_tokens(request->tools[i].name.length +
                                    request->tools[i].description.length +
                                    request->tools[i].parameters.length);
    return MAX(sum, (int64_t)1);
}

/* By the service that would answer, if it counts; else a guess. */
bool count_tokens_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str body = request->http->body;
    ModelRequest model = { 0 };
    GatewayCaller *caller;
    int64_t count;
    if (!read_message(request->arena, body, &model, err) ||
        !models_caller(request->api->models, request->scope, &caller, err))
        return false;
    bool good = models_count_tokens(request->api->models, request->arena, caller, &model, body,
                                    &count, err);
    caller_release(caller);
    if (!good)
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "input_tokens", count < 0 ? guess_tokens(&model) : count);
    put_end(&json);
    return true;
}
