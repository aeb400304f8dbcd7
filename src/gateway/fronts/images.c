/* images.c - POST /v1/images/generations and /v1/images/edits (OpenAI): pictures made of words, and
 * of words and pictures. Answers and their events go on as they are; no other dialect has them. */
#include "gateway/body_scan.h"
#include "gateway/form.h"
#include "gateway/front.h"
#include "gateway/fronts/openai_errors.h"

#define PICTURES_MAX 10

static bool check(const ModelRequest *request, Error *err)
{
    return (request->inputs.count && request->inputs.at[0].length) ||
           fail_field(err, "prompt", "prompt is missing or empty");
}

static void set_prompt(Arena *arena, ModelRequest *request, Str prompt)
{
    Str *one = arena_new_one(arena, Str);
    *one = prompt;
    request->inputs = (StrList){ one, 1 };
}

static bool read_count(ModelRequest *request, Str value, Error *err)
{
    return str_is(value, "null") || str_to_int(value, 1, PICTURES_MAX, &request->choice_count) ||
           fail_field(err, "n", "n is a number from 1 to %d", PICTURES_MAX);
}

/* --- Of words --- */

static bool scan_member(Arena *arena, Str name, Str value, ModelRequest *request, Error *err)
{
    Str prompt;
    if (str_is(name, "n"))
        return read_count(request, value, err);
    if (!str_is(name, "prompt"))
        return true;
    if (!json_unquote(arena, value, &prompt))
        return fail_field(err, "prompt", "prompt must be a text");
    set_prompt(arena, request, prompt);
    return true;
}

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value;
    request->task = TASK_IMAGE;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (!scan_member(arena, name, value, request, err))
            return false;
    if (!body_scan_end(&walk, err))
        return false;
    return check(request, err);
}

static bool read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "model", MEMBER_SKIPPED },
        { "prompt", MEMBER_SKIPPED },
    };
    Buf rest = buf_new(arena, body.length + 2);
    if (!read_members(arena, body, MEMBER_RULES(rules), request, &rest, err))
        return false;
    request->extra = str_format(arena, "{" STR_FMT "}", STR_ARG(buf_str(&rest)));
    return true;
}

/* --- Of words and pictures --- */

static bool take_field(Arena *arena, ModelRequest *request, const ModelField *field,
                       ModelField *others, Error *err)
{
    if (str_is(field->name, "model"))
        request->model = field->value;
    else if (str_is(field->name, "prompt"))
        set_prompt(arena, request, field->value);
    else
        others[request->field_count++] = *field;
    if (str_is(field->name, "stream"))
        request->is_stream = str_equal_ignore_case(field->value, S("true"));
    return !str_is(field->name, "n") || read_count(request, field->value, err);
}

static bool scan_edit(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    ModelField *fields = arena_new_array(arena, ModelField, FORM_FIELDS_MAX);
    ModelField *others = arena_new_array(arena, ModelField, FORM_FIELDS_MAX);
    size_t count;
    bool has_picture = false;
    request->task = TASK_IMAGE;
    request->fields = others;
    if (!form_read(arena, request, body, fields, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_picture = str_is(fields[i].name, "image") || str_is(fields[i].name, "image[]");
        has_picture = has_picture || (is_picture && fields[i].file_name.length);
        if (!take_field(arena, request, &fields[i], others, err))
            return false;
    }
    return has_picture ? check(request, err) : fail_field(err, "image", "image is missing");
}

/* A scan of a form reads all of it. */
static bool read_edit(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    (void)arena, (void)body, (void)request, (void)err;
    return true;
}

/* --- A stream of what came in one piece --- */

typedef struct Pictures {
    VEC(Str) at;
} Pictures;

/* Usage comes last, so pictures wait for it. */
static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    if (!writer->state)
        writer->state = arena_new_one(writer->arena, Pictures);
    Pictures *pictures = writer->state;
    if (event->kind == EVENT_PICTURE)
        *vec_push(writer->arena, &pictures->at) = str_copy(writer->arena, event->text);
}

static void put_usage(JsonWriter *json, const ModelUsage *usage)
{
    put_object(json, "usage");
    put_int(json, "input_tokens", usage->input);
    put_int(json, "output_tokens", usage->output);
    put_int(json, "total_tokens", usage->input + usage->output);
    put_object(json, "input_tokens_details");
    put_int(json, "text_tokens", usage->input - usage->audio_input);
    put_int(json, "image_tokens", usage->audio_input);
    put_end(json);
    put_end(json);
}

static void put_picture(FrontWriter *writer, Str picture, const ModelUsage *usage)
{
    const char *type =
        writer->request->form_type.length ? "image_edit.completed" : "image_generation.completed";
    JsonWalk walk = json_walk_begin(picture);
    Str name, value;
    buf_add(writer->out, S("data: "));
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "type", str(type));
    put_int(&json, "created_at", writer->created_s);
    while (json_walk_next(&walk, &name, &value))
        put_raw(&json, str_c(writer->arena, name), value);
    if (usage)
        put_usage(&json, usage);
    put_end(&json);
    buf_add(writer->out, S("\n\n"));
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    const Pictures *pictures = writer->state;
    (void)finish;
    for (size_t i = 0; pictures && i < pictures->at.count; i++)
        put_picture(writer, pictures->at.at[i], i + 1 == pictures->at.count ? usage : NULL);
}

const Front front_openai_images = {
    .name = "openai_images",
    .path = "/v1/images/generations",
    .task = TASK_IMAGE,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .id_prefix = "img-",
    .scan = scan,
    .read = read,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};

const Front front_openai_image_edits = {
    .name = "openai_image_edits",
    .path = "/v1/images/edits",
    .task = TASK_IMAGE,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .id_prefix = "img-",
    .is_form = true,
    .scan = scan_edit,
    .read = read_edit,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};
