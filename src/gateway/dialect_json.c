/* dialect_json.c - see dialect_json.h. */
#include "gateway/dialect_json.h"

#include <math.h>
#include <stdarg.h>

#include "base/base64.h"
#include "net/url.h"

#define NAME_MAX 300
#define INDEX_MAX 4095
#define VECTOR_MAX 65536 /* numbers */

/* Stands between a call's id and what has to come back with it: clients hand ids back unchanged,
 * and have no other place for it. */
#define SIGNATURE_MARK "__sig__"

/* --- Reading --- */

int64_t wire_int(Str value)
{
    int64_t number = 0;
    double real;
    if (!str_to_int(value, 0, INT64_C(1) << 50, &number) && str_to_double(value, &real) &&
        real > 0 && real < 1e15)
        number = (int64_t)real;
    return number;
}

Str wire_path(Str object, ...)
{
    va_list names;
    const char *name;
    va_start(names, object);
    while ((name = va_arg(names, const char *)))
        object = json_walk_member(object, name);
    va_end(names);
    return object;
}

Str wire_list(Str value)
{
    return value.length && (value.at[0] == '[' || value.at[0] == '{') ? value : S("[]");
}

bool wire_text(WireReader *reader, ModelEventKind kind, int choice, Str value, Error *err)
{
    ModelEvent event = { .kind = kind, .choice = choice };
    if (!json_is_text(value))
        return true;
    if (!json_unquote(reader->scratch, value, &event.text))
        return fail(err, ERROR_UPSTREAM, "a text of the answer is not valid JSON");
    return !event.text.length || wire_event(reader, &event, err);
}

bool wire_start(WireReader *reader, Str id, Str model, Error *err)
{
    ModelEvent start = { .kind = EVENT_START };
    if (reader->model.length || !reader->event || !(id.length || model.length))
        return true;
    start.id = json_text_of(reader->scratch, id);
    start.model = json_text_of(reader->scratch, model);
    reader->model = str_copy(reader->arena, start.model.length ? start.model : S("?"));
    return wire_event(reader, &start, err);
}

/* An id of our own: two calls of a conversation differ by their place or by what they say. */
static Str made_id(WireReader *reader, const WireCall *call)
{
    /* FNV-1a: the same on every node and in every version. */
    uint32_t hash = 2166136261u;
    Str texts[] = { call->name, call->arguments };
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t j = 0; j < texts[i].length; j++)
            hash = (hash ^ (unsigned char)texts[i].at[j]) * 16777619u;
    return str_format(reader->scratch, "call_%d_%08x", call->index, hash);
}

bool wire_call(WireReader *reader, const WireCall *call, Error *err)
{
    ModelEvent begin = { .kind = EVENT_TOOL, .choice = call->choice, .index = call->index };
    ModelEvent more = { .kind = EVENT_ARGUMENTS, .choice = call->choice, .index = call->index };
    begin.id = call->id.length ? call->id : made_id(reader, call);
    begin.name = call->name;
    if (call->signature.length)
        begin.id = str_format(reader->scratch, STR_FMT SIGNATURE_MARK STR_FMT, STR_ARG(begin.id),
                              STR_ARG(call->signature));
    more.text = call->arguments;
    if (json_is_text(call->arguments) &&
        !json_unquote(reader->scratch, call->arguments, &more.text))
        return fail(err, ERROR_UPSTREAM, "a text of the answer is not valid JSON");
    if (!more.text.length || str_is(more.text, "null"))
        more.text = S("{}");
    return wire_event(reader, &begin, err) && wire_event(reader, &more, err);
}

bool wire_finish(WireReader *reader, int choice, FinishReason finish, Error *err)
{
    ModelEvent event = { .kind = EVENT_FINISH, .choice = choice, .finish = finish };
    return wire_event(reader, &event, err);
}

FinishReason finish_of(const FinishWord *words, size_t count, Str word)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, words[i].word))
            return words[i].reason;
    return FINISH_STOP;
}

bool wire_fail_body(WireReader *reader, Str body, Error *err)
{
    WireError error;
    reader->dialect->read_error(reader->scratch, body, &error);
    return wire_fail(reader, error.status, error.message, err);
}

/* --- Reading: vectors --- */

static bool read_numbers(Arena *arena, Str list, ModelVector *vector_r)
{
    VEC(float) numbers = { 0 };
    JsonWalk walk = json_walk_begin(list);
    Str name, value;
    double number;
    while (json_walk_next(&walk, &name, &value)) {
        if (!str_to_double(value, &number) || numbers.count == VECTOR_MAX)
            return false;
        *vec_push(arena, &numbers) = (float)number;
    }
    *vector_r = (ModelVector){ numbers.at, numbers.count };
    return !walk.failed;
}

/* Both we and OpenAI's wire are little-endian. */
static bool read_floats(Arena *arena, Str text, ModelVector *vector_r)
{
    Str bytes;
    if (!base64_decode(arena, json_text_of(arena, text), &bytes) ||
        bytes.length % sizeof(float) != 0 || bytes.length / sizeof(float) > VECTOR_MAX)
        return false;
    float *numbers = arena_new_array(arena, float, bytes.length / sizeof(float));
    if (bytes.length)
        memcpy(numbers, bytes.at, bytes.length);
    *vector_r = (ModelVector){ numbers, bytes.length / sizeof(float) };
    return true;
}

bool wire_floats(WireReader *reader, int index, ModelVector vector, Error *err)
{
    ModelEvent event = { .kind = EVENT_VECTOR, .index = index, .vector = vector };
    bool good = vector.count > 0 && index >= 0 && index <= INDEX_MAX;
    for (size_t i = 0; good && i < vector.count; i++)
        good = isfinite(vector.at[i]);
    if (!good)
        return fail(err, ERROR_UPSTREAM, "vector %d of the answer is not one", index);
    reader->has_content = true;
    return wire_event(reader, &event, err);
}

bool wire_vector(WireReader *reader, int index, Str value, Error *err)
{
    ModelVector vector = { 0 };
    bool good = value.length && (value.at[0] == '[' ? read_numbers(reader->scratch, value, &vector)
                                                    : read_floats(reader->scratch, value, &vector));
    return wire_floats(reader, index, good ? vector : (ModelVector){ 0 }, err);
}

bool wire_vectors(WireReader *reader, Str list, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(list));
    Str name, value;
    for (int i = 0; json_walk_next(&walk, &name, &value); i++)
        if (!wire_vector(reader, i, value, err))
            return false;
    return !walk.failed || fail(err, ERROR_UPSTREAM, "the vectors are not valid JSON");
}

bool wire_scores(WireReader *reader, Str list, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(list));
    Str name, result;
    while (json_walk_next(&walk, &name, &result)) {
        ModelEvent event = { .kind = EVENT_SCORE };
        Str score = json_walk_member(result, "relevance_score");
        event.index = (int)MIN(wire_int(json_walk_member(result, "index")), (int64_t)INDEX_MAX);
        if (!score.length)
            score = json_walk_member(result, "score");
        if (!str_to_double(score, &event.score))
            return fail(err, ERROR_UPSTREAM, "the answer has a rank without its score");
        reader->has_content = true;
        if (!wire_event(reader, &event, err))
            return false;
    }
    return !walk.failed || fail(err, ERROR_UPSTREAM, "the ranks are not valid JSON");
}

bool wire_models(Arena *arena, Str body, const char *list, const char *name, StrList *names_r,
                 Error *err)
{
    AUTO_JSON json_t *json = NULL;
    VEC(Str) names = { 0 };
    if (!json_parse(body, MB(8), &json, err))
        return fail(err, ERROR_UPSTREAM, "its list of models is not valid JSON");
    /* Some services that speak like another send the list bare. */
    const json_t *rows = json_is_array(json) ? json : json_object_get(json, list);
    if (!json_is_array(rows) && !json_is_null(rows))
        return fail(err, ERROR_UPSTREAM, "its list of models is of an unknown shape");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        Str one = json_member_text(json_array_get(rows, i), name);
        if (one.length && one.length <= NAME_MAX)
            *vec_push(arena, &names) = str_copy(arena, one);
    }
    *names_r = (StrList){ names.at, names.count };
    return true;
}

/* --- Writing --- */

bool unsupported(Error *err, const char *field, const char *what)
{
    fail_field(err, field, "%s", what);
    err->code = ERROR_UNSUPPORTED;
    return false;
}

bool check_common(const ModelRequest *request, Error *err)
{
    if (request->choice_count > 1)
        return unsupported(err, "n", "this service gives one answer a call");
    if (request->wants_logprobs)
        return unsupported(err, "logprobs", "this service does not tell probabilities");
    for (size_t i = 0; i < request->tool_count; i++)
        if (request->tools[i].builtin.length)
            return unsupported(err, "tools", "this service does not have that tool itself");
    return true;
}

static bool has_lost_picture(const ModelPart *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((parts[i].kind == PART_IMAGE && !parts[i].data.length && !parts[i].url.length) ||
            has_lost_picture(parts[i].parts, parts[i].part_count))
            return true;
    return false;
}

bool check_pictures(const ModelRequest *request, Error *err)
{
    for (size_t i = 0; i < request->message_count; i++)
        if (has_lost_picture(request->messages[i].parts, request->messages[i].count))
            return unsupported(err, "messages",
                               "this service has no file of that id; send the picture itself");
    return true;
}

const ModelRequest *with_turns(Arena *arena, const ModelRequest *request)
{
    for (size_t i = 0; i < request->message_count; i++)
        if (request->messages[i].role != FROM_SYSTEM)
            return request;
    ModelRequest *copy = arena_new_one(arena, ModelRequest);
    ModelMessage *messages = arena_new_array(arena, ModelMessage, request->message_count);
    *copy = *request;
    for (size_t i = 0; i < request->message_count; i++) {
        messages[i] = request->messages[i];
        messages[i].role = FROM_USER;
    }
    copy->messages = messages;
    return copy;
}

Str path_piece(Arena *arena, Str name)
{
    return str_is(name, ".") || str_is(name, "..") ? S("-") : url_encode(arena, name);
}

void put_maybe(JsonWriter *json, const char *name, MaybeNumber number)
{
    if (number.is_set && fabs(number.value) < 1e15 && number.value == (double)(int64_t)number.value)
        put_int(json, name, (int64_t)number.value);
    else if (number.is_set)
        put_number(json, name, number.value);
}

void put_some_texts(JsonWriter *json, const char *name, StrList texts)
{
    if (texts.count)
        put_texts(json, name, texts);
}

void put_extra(JsonWriter *json, Arena *arena, const ModelRequest *request,
               const DialectTarget *target)
{
    JsonWalk walk = json_walk_begin(request->extra);
    Str name, value;
    if (!target->takes_extra || !request->extra.length)
        return;
    while (json_walk_next(&walk, &name, &value))
        put_raw(json, str_c(arena, name), value);
}

void put_arguments(JsonWriter *json, const char *name, Str arguments)
{
    Str text = str_trim(arguments);
    if (text.length && text.at[0] == '{' && json_walk_is_valid(text)) {
        put_raw(json, name, text);
        return;
    }
    put_object(json, name);
    if (text.length)
        put_text(json, "arguments", text);
    put_end(json);
}

Str media_url(Arena *arena, const ModelPart *part)
{
    if (!part->data.length)
        return part->url;
    return str_format(arena, "data:" STR_FMT ";base64," STR_FMT, STR_ARG(part->media_type),
                      STR_ARG(part->data));
}

Str media_type_of(Arena *arena, const ModelPart *part)
{
    if (part->kind != PART_AUDIO || str_find_char(part->media_type, '/') >= 0)
        return part->media_type;
    return str_format(arena, "audio/" STR_FMT, STR_ARG(part->media_type));
}

Str texts_of(Arena *arena, const ModelPart *parts, size_t count)
{
    Buf out = buf_new(arena, MB(64));
    const ModelPart *only = NULL;
    size_t texts = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i].kind == PART_TEXT || parts[i].kind == PART_REFUSAL)
            only = &parts[i], texts++;
    if (texts < 2)
        return only ? only->text : S("");
    for (size_t i = 0; i < count; i++)
        if (parts[i].kind == PART_TEXT || parts[i].kind == PART_REFUSAL)
            buf_add(&out, parts[i].text);
    return buf_str(&out);
}

Str result_text(Arena *arena, const ModelPart *result)
{
    return result->part_count ? texts_of(arena, result->parts, result->part_count) : result->text;
}

Str format_words(Arena *arena, const ModelRequest *request)
{
    if (request->format == FORMAT_TEXT)
        return S("");
    if (request->format == FORMAT_JSON)
        return S("Answer with one JSON object and nothing else.");
    return str_format(
        arena,
        "Answer with one JSON object and nothing else; it follows this JSON schema: " STR_FMT,
        STR_ARG(request->schema));
}

Str system_text(Arena *arena, const ModelRequest *request, bool asks_format)
{
    VEC(Str) texts = { 0 };
    for (size_t i = 0; i < request->message_count; i++) {
        const ModelMessage *message = &request->messages[i];
        Str text = texts_of(arena, message->parts, message->count);
        if (message->role == FROM_SYSTEM && text.length)
            *vec_push(arena, &texts) = text;
    }
    Str words = asks_format ? format_words(arena, request) : S("");
    if (words.length)
        *vec_push(arena, &texts) = words;
    return str_join(arena, texts.at, texts.count, S("\n\n"));
}

Str call_id(Str id)
{
    ptrdiff_t mark = str_find(id, S(SIGNATURE_MARK));
    return mark < 0 ? id : str_slice(id, 0, (size_t)mark);
}

Str call_signature(Str id)
{
    ptrdiff_t mark = str_find(id, S(SIGNATURE_MARK));
    return mark < 0 ? S("") : str_from(id, (size_t)mark + sizeof SIGNATURE_MARK - 1);
}

Str gemini_signature(Str signature)
{
    Str mark = S(GEMINI_MARK);
    return str_starts(signature, mark) ? str_from(signature, mark.length) : S("");
}

Str call_name(const ModelRequest *request, size_t before, Str id)
{
    for (size_t i = before; i-- > 0;) {
        const ModelMessage *message = &request->messages[i];
        for (size_t j = message->count; j-- > 0;)
            if (message->parts[j].kind == PART_TOOL_CALL && str_equal(message->parts[j].id, id))
                return message->parts[j].name;
    }
    return S("");
}
