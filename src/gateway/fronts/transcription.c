/* transcription.c - POST /v1/audio/transcriptions and /v1/audio/translations (OpenAI): the words of
 * a recording, as JSON, plain text, subtitles or a stream.
 *
 * What a service answers in the form that was asked for is handed on as it is. Of words alone JSON
 * and plain text are made; subtitles and verbose JSON need times. */
#include "gateway/form.h"
#include "gateway/front.h"
#include "gateway/fronts/openai_errors.h"

static const struct {
    const char *word;
    bool has_times;
} forms[] = {
#define TRANSCRIPT(name, word, has_times) { word, has_times },
#include "gateway/transcripts.def"
#undef TRANSCRIPT
};

static bool is_json(const ModelRequest *request)
{
    TranscriptForm form = request->transcript;
    return form == TRANSCRIPT_JSON || form == TRANSCRIPT_VERBOSE || form == TRANSCRIPT_DIARIZED;
}

/* --- Reading --- */

static bool read_format(ModelRequest *request, Str word, Error *err)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_is(word, forms[i].word)) {
            request->transcript = (TranscriptForm)i;
            return true;
        }
    return fail_field(err, "response_format",
                      "response_format is json, text, srt, vtt, verbose_json or diarized_json");
}

static bool read_flag(Str word, bool *flag_r, Error *err)
{
    *flag_r = str_equal_ignore_case(word, S("true"));
    return *flag_r || str_equal_ignore_case(word, S("false")) ||
           fail_field(err, "stream", "stream is true or false");
}

/* The model and the recording have places of their own; everything else goes along. */
static bool take_field(ModelRequest *request, const ModelField *field, ModelField *fields,
                       Error *err)
{
    bool is_file = field->file_name.length > 0;
    if (str_is(field->name, "file")) {
        request->media = field->value;
        request->media_type = field->media_type;
        request->media_name = field->file_name;
        return (is_file && field->value.length) ||
               fail_field(err, "file", "file must be a recording, with a file name");
    }
    if (is_file)
        return fail_field(err, "file", "only the field 'file' is a file");
    if (str_is(field->name, "model")) {
        request->model = field->value;
        return true;
    }
    fields[request->field_count++] = *field;
    if (str_is(field->name, "response_format"))
        return read_format(request, field->value, err);
    return !str_is(field->name, "stream") || read_flag(field->value, &request->is_stream, err);
}

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    ModelField *fields = arena_new_array(arena, ModelField, FORM_FIELDS_MAX);
    ModelField *others = arena_new_array(arena, ModelField, FORM_FIELDS_MAX);
    size_t count;
    request->task = TASK_TRANSCRIPTION;
    request->fields = others;
    if (!form_read(arena, request, body, fields, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!take_field(request, &fields[i], others, err))
            return false;
    if (!request->media.length)
        return fail_field(err, "file", "file is missing");
    bool is_subtitle =
        request->transcript == TRANSCRIPT_SRT || request->transcript == TRANSCRIPT_VTT;
    return !request->is_stream || !is_subtitle ||
           fail_field(err, "response_format", "subtitles cannot be streamed");
}

static bool scan_translation(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    request->is_translation = true;
    return scan(arena, body, request, err);
}

/* A scan of a form reads all of it. */
static bool read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    (void)arena, (void)body, (void)request, (void)err;
    return true;
}

/* --- Writing --- */

static Str text_of(const ModelReply *reply)
{
    const ModelChoice *choice = reply->choices.at;
    for (size_t i = 0; reply->choices.count && i < choice->parts.count; i++)
        if (choice->parts.at[i].kind == PART_TEXT)
            return choice->parts.at[i].text;
    return S("");
}

static void put_usage(JsonWriter *json, const ModelUsage *usage)
{
    bool has_tokens = usage->input || usage->output;
    if (!has_tokens && !(usage->seconds > 0))
        return;
    put_object(json, "usage");
    put_text(json, "type", has_tokens ? S("tokens") : S("duration"));
    if (has_tokens) {
        put_int(json, "input_tokens", usage->input);
        put_int(json, "output_tokens", usage->output);
        put_int(json, "total_tokens", usage->input + usage->output);
    } else {
        put_number(json, "seconds", usage->seconds);
    }
    put_end(json);
}

static void put_segments(JsonWriter *json, const ModelReply *reply)
{
    put_array(json, "segments");
    for (size_t i = 0; i < reply->segments.count; i++) {
        const ModelSegment *segment = &reply->segments.at[i];
        put_object(json, NULL);
        put_int(json, "id", (int64_t)i);
        put_number(json, "start", segment->start_s);
        put_number(json, "end", segment->end_s);
        put_text(json, "text", segment->text);
        if (segment->speaker.length)
            put_text(json, "speaker", segment->speaker);
        put_end(json);
    }
    put_end(json);
}

static void write_json(FrontWriter *writer, const ModelReply *reply)
{
    const ModelRequest *request = writer->request;
    bool has_times = forms[request->transcript].has_times;
    size_t count = reply->segments.count;
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "text", text_of(reply));
    if (has_times) {
        put_text(&json, "task", request->is_translation ? S("translate") : S("transcribe"));
        put_number(&json, "duration", count ? reply->segments.at[count - 1].end_s : 0);
        put_segments(&json, reply);
    }
    put_usage(&json, &reply->usage);
    put_end(&json);
}

static void put_moment(Buf *out, double seconds, char point)
{
    int64_t ms = seconds > 0 ? (int64_t)(seconds * 1000 + 0.5) : 0;
    buf_addf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 "%c%03" PRId64, ms / 3600000,
             ms / 60000 % 60, ms / 1000 % 60, point, ms % 1000);
}

/* A line break in a subtitle is fine, an empty line ends it. */
static void put_cue(Buf *out, Str text)
{
    Str rest = str_trim(text), line;
    while (rest.length && str_next(&rest, '\n', &line)) {
        if (!str_trim(line).length)
            continue;
        buf_add(out, str_trim(line));
        buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
}

static void write_subtitles(Buf *out, const ModelReply *reply, bool is_vtt)
{
    char point = is_vtt ? '.' : ',';
    if (is_vtt)
        buf_add(out, S("WEBVTT\n\n"));
    for (size_t i = 0; i < reply->segments.count; i++) {
        if (!is_vtt)
            buf_addf(out, "%zu\n", i + 1);
        put_moment(out, reply->segments.at[i].start_s, point);
        buf_add(out, S(" --> "));
        put_moment(out, reply->segments.at[i].end_s, point);
        buf_add_char(out, '\n');
        put_cue(out, reply->segments.at[i].text);
    }
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    TranscriptForm form = writer->request->transcript;
    if (is_json(writer->request)) {
        write_json(writer, reply);
    } else if (form == TRANSCRIPT_TEXT) {
        buf_add(writer->out, text_of(reply));
        buf_add_char(writer->out, '\n');
    } else {
        write_subtitles(writer->out, reply, form == TRANSCRIPT_VTT);
    }
}

static bool can_write(const ModelRequest *request, const ModelReply *reply, Error *err)
{
    bool has_times = reply->segments.count || !str_trim(text_of(reply)).length;
    return has_times || !forms[request->transcript].has_times ||
           fail_field(err, "response_format",
                      "the service gave words without their times, of which no %s can be made; ask "
                      "for json or text",
                      forms[request->transcript].word);
}

static bool fits(const ModelRequest *request, Str answer)
{
    return str_starts(answer, S("{")) == is_json(request);
}

static Str media_type(const ModelRequest *request)
{
    return is_json(request) ? S("application/json") : S("text/plain; charset=utf-8");
}

/* --- A stream of what came in one piece, or from another dialect --- */

typedef struct Told {
    Buf text;
} Told;

static void put_event(FrontWriter *writer, const char *type, const char *name, Str text,
                      const ModelUsage *usage)
{
    buf_add(writer->out, S("data: "));
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "type", str(type));
    put_text(&json, name, text);
    if (usage)
        put_usage(&json, usage);
    put_end(&json);
    buf_add(writer->out, S("\n\n"));
}

static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    Told *told = writer->state;
    if (!told) {
        told = writer->state = arena_new_one(writer->arena, Told);
        told->text = buf_new(writer->arena, MB(16));
    }
    if (event->kind != EVENT_TEXT)
        return;
    buf_add(&told->text, event->text);
    put_event(writer, "transcript.text.delta", "delta", event->text, NULL);
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    const Told *told = writer->state;
    (void)finish;
    put_event(writer, "transcript.text.done", "text", told ? buf_str(&told->text) : S(""), usage);
}

const Front front_openai_transcriptions = {
    .name = "openai_transcriptions",
    .path = "/v1/audio/transcriptions",
    .task = TASK_TRANSCRIPTION,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .id_prefix = "transcript-",
    .is_form = true,
    .scan = scan,
    .read = read,
    .fits = fits,
    .can_write = can_write,
    .media_type = media_type,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};

const Front front_openai_translations = {
    .name = "openai_translations",
    .path = "/v1/audio/translations",
    .task = TASK_TRANSCRIPTION,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .id_prefix = "transcript-",
    .is_form = true,
    .scan = scan_translation,
    .read = read,
    .fits = fits,
    .can_write = can_write,
    .media_type = media_type,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};
