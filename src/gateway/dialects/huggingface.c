/* huggingface.c - Hugging Face's interface of tasks: one path for each model, no common shape.
 *
 * Its chat is OpenAI's (another row of providers.def); this is for what that has no path for:
 * vectors, likeness, and the words of recordings and pictures. The model decides which of them it
 * does. */
#include "base/base64.h"
#include "gateway/dialect_json.h"

static Str path(Arena *arena, const ModelRequest *request, const DialectTarget *target)
{
    const char *pipeline = request->task == TASK_EMBEDDING ? "/pipeline/feature-extraction"
                           : request->task == TASK_RERANK  ? "/pipeline/sentence-similarity"
                                                           : "";
    Str model = target->model, owner;
    Str path = S("/models");
    while (str_next(&model, '/', &owner)) {
        Str piece = path_piece(arena, owner);
        path = str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(piece));
    }
    return str_format(arena, STR_FMT "%s", STR_ARG(path), pipeline);
}

/* --- Writing --- */

/* The bytes go as they are, with their own type; where times are wanted, in JSON, which alone can
 * ask for them. */
static bool write_media(Arena *arena, const ModelRequest *request, WireRequest *wire, Error *err)
{
    if (!request->media.length)
        return fail_field(err, "file", "there is no recording and no picture");
    if (request->is_translation)
        return unsupported(err, "model",
                           "this service writes down what is said, and translates "
                           "nothing");
    if (request->transcript != TRANSCRIPT_JSON && request->transcript != TRANSCRIPT_TEXT) {
        JsonWriter json = put_begin(&wire->body);
        put_text(&json, "inputs", base64_encode(arena, request->media));
        put_object(&json, "parameters");
        put_bool(&json, "return_timestamps", true);
        put_end(&json);
        put_end(&json);
        return true;
    }
    wire->media_type =
        request->media_type.length ? request->media_type : S("application/octet-stream");
    buf_add(&wire->body, request->media);
    return true;
}

static bool write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    (void)target;
    if (request->task == TASK_TRANSCRIPTION)
        return write_media(arena, request, wire, err);
    if (request->task != TASK_EMBEDDING && request->task != TASK_RERANK)
        return unsupported(err, "model", "this service has no path for that; use its chat");
    if (request->dimensions)
        return unsupported(err, "dimensions", "this service's vectors are as long as they are");
    JsonWriter json = put_begin(&wire->body);
    if (request->task == TASK_EMBEDDING) {
        put_some_texts(&json, "inputs", request->inputs);
    } else {
        put_object(&json, "inputs");
        put_text(&json, "source_sentence", request->query);
        put_some_texts(&json, "sentences", request->inputs);
        put_end(&json);
    }
    put_end(&json);
    return true;
}

/* --- Reading --- */

static bool is_list(Str value) { return value.length && value.at[0] == '['; }

static Str first_item(Str list)
{
    JsonWalk walk = json_walk_begin(wire_list(list));
    Str name, item;
    return json_walk_next(&walk, &name, &item) ? item : S("");
}

typedef struct Sum {
    float *at;
    size_t count, rows;
} Sum;

static bool add_row(Arena *arena, Sum *sum, Str row)
{
    JsonWalk walk = json_walk_begin(wire_list(row));
    Str name, value;
    double number;
    size_t count = 0;
    if (!sum->at)
        sum->at = arena_new_array(arena, float, row.length);
    for (; json_walk_next(&walk, &name, &value); count++) {
        if (!str_to_double(value, &number) || (sum->rows && count >= sum->count))
            return false;
        sum->at[count] += (float)number;
    }
    bool is_even = !sum->rows || count == sum->count;
    sum->count = count;
    sum->rows++;
    return is_even && count;
}

/* A model without a pooling of its own gives a vector for each token: their mean. */
static bool tell_mean(WireReader *reader, int index, Str tokens, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(tokens));
    Str name, row;
    Sum sum = { 0 };
    while (json_walk_next(&walk, &name, &row))
        if (!add_row(reader->scratch, &sum, row))
            return fail(err, ERROR_UPSTREAM, "vector %d of the answer is not one", index);
    for (size_t i = 0; i < sum.count; i++)
        sum.at[i] /= (float)sum.rows;
    return wire_floats(reader, index, (ModelVector){ sum.at, sum.count }, err);
}

/* One vector, a list of them, or a list of lists of them. */
static bool read_vectors(WireReader *reader, Str body, Error *err)
{
    JsonWalk walk = json_walk_begin(body);
    Str name, one;
    if (!is_list(first_item(body)))
        return wire_vector(reader, 0, body, err);
    for (int i = 0; json_walk_next(&walk, &name, &one); i++) {
        bool good = is_list(first_item(one)) ? tell_mean(reader, i, one, err)
                                             : wire_vector(reader, i, one, err);
        if (!good)
            return false;
    }
    return true;
}

static int best_first(const void *a, const void *b)
{
    double left = ((const ModelScore *)a)->score, right = ((const ModelScore *)b)->score;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* One number for each text, in their order. */
static bool read_scores(WireReader *reader, Str body, Error *err)
{
    VEC(ModelScore) scores = { 0 };
    JsonWalk walk = json_walk_begin(body);
    Str name, value;
    while (json_walk_next(&walk, &name, &value)) {
        ModelScore *score = vec_push(reader->scratch, &scores);
        *score = (ModelScore){ (int)scores.count - 1, 0 };
        if (!str_to_double(value, &score->score))
            return fail(err, ERROR_UPSTREAM, "the answer has a rank without its score");
    }
    if (scores.count)
        qsort(scores.at, scores.count, sizeof *scores.at, best_first);
    for (size_t i = 0; i < scores.count; i++) {
        ModelEvent event = { .kind = EVENT_SCORE,
                             .index = scores.at[i].index,
                             .score = scores.at[i].score };
        reader->has_content = true;
        if (!wire_event(reader, &event, err))
            return false;
    }
    return true;
}

static double second_of(Str list, int number)
{
    JsonWalk walk = json_walk_begin(wire_list(list));
    Str name, value;
    double seconds = 0;
    for (int i = 0; json_walk_next(&walk, &name, &value); i++)
        if (i == number && !str_to_double(value, &seconds))
            return 0; /* null: the last one may have no end */
    return seconds > 0 ? seconds : 0;
}

/* "chunks":[{"timestamp":[0.0,3.3],"text":"..."}] */
static bool tell_chunks(WireReader *reader, Str body, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(json_walk_member(body, "chunks")));
    Str name, chunk;
    while (json_walk_next(&walk, &name, &chunk)) {
        Str times = json_walk_member(chunk, "timestamp");
        ModelEvent event = { .kind = EVENT_SEGMENT,
                             .start_s = second_of(times, 0),
                             .text =
                                 json_text_of(reader->scratch, json_walk_member(chunk, "text")) };
        event.end_s = MAX(second_of(times, 1), event.start_s);
        if (str_trim(event.text).length && !wire_event(reader, &event, err))
            return false;
    }
    return true;
}

/* {"text":"..."} of a recording; {"generated_text":"..."}, alone or in a list, of a picture. */
static bool read_words(WireReader *reader, Str body, Error *err)
{
    Str one = is_list(body) ? first_item(body) : body, text = json_walk_member(one, "text");
    if (!text.length)
        text = json_walk_member(one, "generated_text");
    if (!json_is_text(text))
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    reader->has_content = true; /* silence has no words */
    return tell_chunks(reader, one, err) && wire_text(reader, EVENT_TEXT, 0, text, err) &&
           wire_finish(reader, 0, FINISH_STOP, err);
}

static bool read_whole(WireReader *reader, Str body, Error *err)
{
    if (!json_walk_is_valid(body))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    if (json_walk_member(body, "error").length)
        return wire_fail_body(reader, body, err);
    reader->is_ended = true;
    if (reader->task == TASK_TRANSCRIPTION)
        return read_words(reader, body, err);
    if (!is_list(body))
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    return reader->task == TASK_RERANK ? read_scores(reader, body, err)
                                       : read_vectors(reader, body, err);
}

/* Tasks do not stream. */
static bool read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    (void)event;
    return read_whole(reader, data, err);
}

/* {"error":"Model ... is currently loading","estimated_time":20.0}; the error may be a list. */
static void read_error(Arena *arena, Str body, WireError *error_r)
{
    Str error = json_walk_member(body, "error");
    double seconds;
    *error_r = (WireError){ .retry_after_ms = -1 };
    error_r->message = json_text_of(arena, is_list(error) ? first_item(error) : error);
    if (str_to_double(json_walk_member(body, "estimated_time"), &seconds) && seconds >= 0 &&
        seconds < 1e6)
        error_r->retry_after_ms = (int64_t)(seconds * 1000);
}

static bool read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    return wire_models(arena, body, "data", "id", names_r, err);
}

const Dialect dialect_huggingface = {
    .name = "huggingface",
    .tasks = 1U << TASK_EMBEDDING | 1U << TASK_RERANK | 1U << TASK_TRANSCRIPTION,
    .stream_kind = WIRE_WHOLE,
    .authorize = dialect_authorize,
    .path = path,
    .write = write,
    .read_frame = read_frame,
    .read_whole = read_whole,
    .read_error = read_error,
    .read_models = read_models,
};
