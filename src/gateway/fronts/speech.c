/* speech.c - POST /v1/audio/speech (OpenAI): a text is spoken. The answer is sound that goes on as
 * it comes, or with stream_format "sse" events that hold it; no other dialect has either. */
#include "gateway/body_scan.h"
#include "gateway/front.h"
#include "gateway/fronts/openai_errors.h"

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value, *input = arena_new_one(arena, Str);
    request->task = TASK_SPEECH;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "input") && !json_unquote(arena, value, input))
            return fail_field(err, "input", "input must be a text");
    request->is_stream = true;
    if (!body_scan_end(&walk, err))
        return false;
    request->inputs = (StrList){ input, 1 };
    return input->length || fail_field(err, "input", "input is missing or empty");
}

static bool read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "model", MEMBER_SKIPPED },
        { "input", MEMBER_SKIPPED },
    };
    Buf rest = buf_new(arena, body.length + 2);
    if (!read_members(arena, body, MEMBER_RULES(rules), request, &rest, err))
        return false;
    request->extra = str_format(arena, "{" STR_FMT "}", STR_ARG(buf_str(&rest)));
    return true;
}

const Front front_openai_speech = {
    .name = "openai_speech",
    .path = "/v1/audio/speech",
    .task = TASK_SPEECH,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .id_prefix = "speech-",
    .scan = scan,
    .read = read,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};
