/* job_news.c - what has changed, from the node where it did to the listeners of all nodes. */
#include "base/json.h"
#include "jobs/job_run.h"

/* A piece of news holds what fits; see db_notify(). */
#define NEWS_BYTES_MAX 6500
#define EVENT_BYTES_MAX 1000

static Str event_json(Arena *arena, const JobEvent *event)
{
    Buf text = buf_new(arena, NEWS_BYTES_MAX);
    JsonWriter json = put_begin_array(&text);
    put_text(&json, NULL, event->id);
    put_text(&json, NULL, event->workspace);
    put_text(&json, NULL, event->type);
    put_text(&json, NULL, str_slice(event->subject, 0, EVENT_BYTES_MAX));
    put_int(&json, NULL, event->state);
    put_text(&json, NULL, event->stage);
    put_int(&json, NULL, event->done);
    put_int(&json, NULL, event->total);
    put_text(&json, NULL, event->user);
    put_int(&json, NULL, event->stage_at_ms);
    put_int(&json, NULL, event->stage_done);
    put_end(&json);
    return buf_str(&text);
}

bool job_news_send(DbTx *tx, const JobEvent *events, size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));

    for (size_t i = 0; i < count;) {
        Buf text = buf_new(arena, KB(16));
        buf_add_char(&text, '[');
        do {
            if (text.length > 1)
                buf_add_char(&text, ',');
            buf_add(&text, event_json(arena, &events[i++]));
        } while (i < count && text.length < NEWS_BYTES_MAX - 2 * EVENT_BYTES_MAX);
        buf_add_char(&text, ']');
        if (!db_hint(tx, JOB_NEWS_CHANNEL, buf_str(&text), err))
            return false;
    }
    return true;
}

static Str item_text(const json_t *array, size_t at)
{
    const json_t *item = json_array_get(array, at);
    return json_is_string(item) ? (Str){ json_string_value(item), json_string_length(item) }
                                : STR_NONE;
}

static int64_t item_int(const json_t *array, size_t at)
{
    return json_integer_value(json_array_get(array, at));
}

void job_news_hear(void *argument, const char *channel, Str text)
{
    JobRunner *runner = argument;
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    (void)channel;

    if (!text.length) {
        runner->options.listener(runner->options.listener_argument, &(JobEvent){ 0 });
        return;
    }
    if (!json_parse(text, KB(64), &json, &ignored))
        return; /* of another version of the program */
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        JobEvent event = {
            .id = item_text(item, 0),
            .workspace = item_text(item, 1),
            .type = item_text(item, 2),
            .subject = item_text(item, 3),
            .state = (JobState)item_int(item, 4),
            .stage = item_text(item, 5),
            .done = item_int(item, 6),
            .total = item_int(item, 7),
            .user = item_text(item, 8),
            .stage_at_ms = item_int(item, 9),
            .stage_done = item_int(item, 10),
        };
        runner->options.listener(runner->options.listener_argument, &event);
    }
}
