/* openai_media.c - what OpenAI's dialect answers to recordings, to texts that are to be spoken and
 * to wishes for pictures: JSON, plain text, or events of a type each. */
#include "base/utf8.h"
#include "gateway/dialects/openai.h"

/* --- Words of a recording --- */

static double number_of(Str value)
{
    double number;
    return str_to_double(value, &number) && number > 0 ? number : 0;
}

/* {"start":0.0,"end":3.3,"text":"..."}, of verbose and of diarized JSON. */
static bool tell_segment(WireReader *reader, Str segment, Error *err)
{
    ModelEvent event = { .kind = EVENT_SEGMENT,
                         .start_s = number_of(json_walk_member(segment, "start")),
                         .end_s = number_of(json_walk_member(segment, "end")),
                         .text = json_text_of(reader->scratch, json_walk_member(segment, "text")) };
    Str speaker = json_walk_member(segment, "speaker");
    if (json_is_text(speaker))
        event.speaker = json_text_of(reader->scratch, speaker);
    return !str_trim(event.text).length || wire_event(reader, &event, err);
}

bool openai_read_words(WireReader *reader, Str body, Error *err)
{
    Str text = json_walk_member(body, "text"), ignored, segment;
    JsonWalk walk = json_walk_begin(wire_list(json_walk_member(body, "segments")));
    if (!json_is_text(text))
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    reader->is_ended = reader->has_content = true; /* silence has no words */
    if (!(reader->usage.seconds > 0))
        reader->usage.seconds = number_of(json_walk_member(body, "duration"));
    while (json_walk_next(&walk, &ignored, &segment))
        if (!tell_segment(reader, segment, err))
            return false;
    return wire_text(reader, EVENT_TEXT, 0, text, err) && wire_finish(reader, 0, FINISH_STOP, err);
}

bool openai_read_plain_words(WireReader *reader, Str body, Error *err)
{
    ModelEvent words = { .kind = EVENT_TEXT, .text = utf8_clean(reader->arena, body) };
    reader->is_ended = reader->has_content = true;
    return wire_event(reader, &words, err) && wire_finish(reader, 0, FINISH_STOP, err);
}

/* --- Pictures --- */

bool openai_read_pictures(WireReader *reader, Str body, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(json_walk_member(body, "data")));
    Str name;
    ModelEvent event = { .kind = EVENT_PICTURE };
    while (json_walk_next(&walk, &name, &event.text)) {
        reader->usage.pictures++;
        if (!wire_event(reader, &event, err))
            return false;
    }
    return reader->usage.pictures || fail(err, ERROR_UPSTREAM, "the answer has no pictures");
}

/* Of several pictures each is completed with its own usage. */
static void add_usage(WireReader *reader, Str usage)
{
    ModelUsage before = reader->usage;
    openai_read_usage(reader, usage);
    if (!before.is_known)
        return;
    reader->usage.input += before.input;
    reader->usage.output += before.output;
    reader->usage.audio_input += before.audio_input;
}

/* --- Events --- */

static bool ends_with(Str type, const char *end) { return str_ends(type, str(end)); }

/* The end of an answer; of pictures there may be more. */
static bool read_done(WireReader *reader, Str data, Error *err)
{
    Str usage = json_walk_member(data, "usage"), text = json_walk_member(data, "text");
    int64_t pictures = reader->usage.pictures;
    if (reader->task == TASK_IMAGE)
        add_usage(reader, usage);
    else
        openai_read_usage(reader, usage);
    reader->usage.pictures = pictures + (reader->task == TASK_IMAGE);
    if (reader->task == TASK_SPEECH)
        reader->usage.audio_output = reader->usage.output; /* it is all sound */
    reader->is_ended = reader->task != TASK_IMAGE;
    if (reader->task == TASK_TRANSCRIPTION && !reader->has_content &&
        !wire_text(reader, EVENT_TEXT, 0, text, err))
        return false;
    reader->has_content = true;
    return wire_finish(reader, 0, FINISH_STOP, err);
}

bool openai_read_media_frame(WireReader *reader, Str data, Error *err)
{
    Str type = json_text_of(reader->scratch, json_walk_member(data, "type"));
    Str error = json_walk_member(data, "error");
    if (!json_walk_is_valid(data))
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    if ((error.length && !str_is(error, "null")) || str_is(type, "error"))
        return wire_fail_body(reader, data, err);
    if (ends_with(type, ".done") || ends_with(type, ".completed"))
        return read_done(reader, data, err);
    if (ends_with(type, "text.delta"))
        return wire_text(reader, EVENT_TEXT, 0, json_walk_member(data, "delta"), err);
    /* A piece of sound, a picture that is not finished, a segment: something that a client sees. */
    reader->has_content = true;
    reader->content_count++;
    return true;
}
