#include "api/task_json.h"

#include "base/clock.h"
#include "store/collections_store.h"
#include "store/documents_store.h"

/* --- Writing --- */

bool task_page_fill(DbTx *tx, const Scope *scope, Arena *arena, TaskPage *page, Error *err)
{
    Str *ids = arena_new_array(arena, Str, page->tasks.count);
    StrList list = { ids, page->tasks.count };
    for (size_t i = 0; i < page->tasks.count; i++)
        ids[i] = page->tasks.at[i].id;
    return task_list_needs(tx, scope, arena, list, &page->needs, err) &&
           task_list_reminders(tx, scope, arena, list, &page->reminders, err);
}

/* A whole day is shown as its date. */
static void put_moment(JsonWriter *json, const char *name, const Task *task, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms && task->is_all_day)
        put_text(json, name, str_slice(time_format(time_ms, text), 0, 10));
    else
        put_time(json, name, time_ms);
}

static void put_deadline(JsonWriter *json, const Task *task)
{
    if (!task->due_at_ms && !task->start_at_ms) {
        put_null(json, "deadline");
        return;
    }
    put_object(json, "deadline");
    put_moment(json, "start", task, task->start_at_ms);
    put_moment(json, "end", task, task->due_at_ms);
    put_text(json, "time_zone", task->time_zone.length ? task->time_zone : S("UTC"));
    put_bool(json, "is_all_day", task->is_all_day);
    put_end(json);
}

static void put_extras(JsonWriter *json, const TaskPage *page, const Task *task)
{
    bool is_blocked = false;
    put_array(json, "needs");
    for (size_t i = 0; i < page->needs.count; i++) {
        const TaskLink *link = &page->needs.at[i];
        if (!str_equal(link->task, task->id))
            continue;
        put_text(json, NULL, link->needs);
        is_blocked |= link->is_open;
    }
    put_end(json);
    put_bool(json, "is_blocked", is_blocked);
    put_array(json, "reminders");
    for (size_t i = 0; i < page->reminders.count; i++)
        if (str_equal(page->reminders.at[i].task, task->id))
            put_time(json, NULL, page->reminders.at[i].at_ms);
    put_end(json);
}

/* What both shapes have alike. */
static void put_what(JsonWriter *json, const Task *task)
{
    put_text(json, "category", task->category);
    put_text(json, "priority", str(task_priorities[task->priority].name));
    put_text(json, "status", str(task_states[task->state].name));
    put_deadline(json, task);
}

static void put_times(JsonWriter *json, const Task *task)
{
    put_time(json, "created_at", task->created_at_ms);
    put_time(json, "updated_at", task->updated_at_ms);
}

void put_task(JsonWriter *json, const char *name, const TaskPage *page, const Task *task)
{
    put_object(json, name);
    put_text(json, "id", task->id);
    put_int(json, "number", task->number);
    put_text(json, "summary", task->summary);
    put_text(json, "description", task->description);
    put_what(json, task);
    put_text_or_null(json, "recurrence", task->recurrence);
    put_text_or_null(json, "assignee", task->assignee);
    put_text_or_null(json, "parent", task->parent);
    put_int(json, "position", task->position);
    put_extras(json, page, task);
    put_number(json, "confidence", task->confidence);
    put_text(json, "made_by", task->made_by);
    put_raw(json, "source", task->source.length ? task->source : S("null"));
    put_text_or_null(json, "document", task->document);
    put_text_or_null(json, "collection", task->collection);
    put_text_or_null(json, "created_by", task->created_by);
    put_time(json, "completed_at", task->completed_at_ms);
    put_time(json, "deleted_at", task->deleted_at_ms);
    put_times(json, task);
    put_end(json);
}

void put_assistant_task(JsonWriter *json, const char *name, const Task *task)
{
    put_object(json, name);
    put_int(json, "id", task->number);
    put_text(json, "summary", task->summary);
    put_text_or_null(json, "description", task->description);
    put_what(json, task);
    put_text_or_null(json, "user_id", task->created_by);
    put_times(json, task);
    put_end(json);
}

/* --- Reading --- */

static bool read_moment(Str text, const char *name, int64_t *time_ms_r, Error *err)
{
    Error why;
    if (!text.length) {
        *time_ms_r = 0;
        return true;
    }
    return time_parse(text, time_ms_r, &why) || fail_field(err, name, "%s", why.message);
}

/* A date without a time is a whole day. */
static bool is_date(Str text) { return text.length == 10; }

/* Without a zone it stays in that of the task. */
static bool read_span(Arena *arena, const json_t *object, Task *task, Error *err)
{
    Str start = S(""), end = S("");
    bool is_all_day = false;
    if (!json_read(object, arena,
                   JSON_FIELDS({ "start", JSON_STR, &start, .length_max = 40 },
                               { "end", JSON_STR, &end, .length_max = 40 },
                               { "time_zone", JSON_STR, &task->time_zone, .length_max = 64 },
                               { "is_all_day", JSON_FLAG, &is_all_day }),
                   err) ||
        !read_moment(start, "deadline", &task->start_at_ms, err) ||
        !read_moment(end, "deadline", &task->due_at_ms, err))
        return false;
    if (str_is(task->time_zone, "UTC"))
        task->time_zone = S("");
    task->is_all_day = is_all_day || is_date(end) || (is_date(start) && !end.length);
    return true;
}

/* {"start", "end", "time_zone", "is_all_day"}, the end alone as a text, or null. */
static bool read_deadline(Arena *arena, const json_t *json, Task *task, Error *err)
{
    task->start_at_ms = task->due_at_ms = 0;
    task->is_all_day = false;
    if (json_is_null(json))
        return true;
    if (json_is_object(json))
        return read_span(arena, json, task, err);
    if (!json_is_string(json))
        return fail_field(err, "deadline", "'deadline' must be a time, or an object with 'end'");
    Str text = { json_string_value(json), json_string_length(json) };
    task->is_all_day = is_date(text);
    return read_moment(text, "deadline", &task->due_at_ms, err);
}

static bool read_reminders(Arena *arena, StrList texts, TaskExtras *extras, Error *err)
{
    int64_t *times = arena_new_array(arena, int64_t, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        if (!read_moment(texts.at[i], "reminders", &times[i], err))
            return false;
    extras->reminders_ms = times;
    extras->reminder_count = texts.count;
    return true;
}

/* json_read() leaves what is null alone. */
static void clear_nulls(const json_t *object, Task *task)
{
    const struct {
        const char *name;
        Str *text;
    } texts[] = { { "description", &task->description }, { "assignee", &task->assignee },
                  { "parent", &task->parent },           { "recurrence", &task->recurrence },
                  { "collection", &task->collection },   { "document", &task->document } };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (json_is_null(json_object_get(object, texts[i].name)))
            *texts[i].text = S("");
}

bool task_read(Arena *arena, const json_t *object, Task *task, TaskExtras *extras, Error *err)
{
    json_t *deadline = NULL;
    Str status = str(task_states[task->state].name);
    Str priority = str(task_priorities[task->priority].name);
    StrList reminders = { 0 };
    clear_nulls(object, task);
    if (!json_read(
            object, arena,
            JSON_FIELDS(
                { "summary", JSON_STR, &task->summary },
                { "description", JSON_STR, &task->description },
                { "category", JSON_STR, &task->category }, { "priority", JSON_STR, &priority },
                { "status", JSON_STR, &status }, { "deadline", JSON_ANY, &deadline },
                { "recurrence", JSON_STR, &task->recurrence },
                { "assignee", JSON_STR, &task->assignee }, { "parent", JSON_STR, &task->parent },
                { "collection", JSON_STR, &task->collection },
                { "document", JSON_STR, &task->document }, { "needs", JSON_STRS, &extras->needs },
                { "reminders", JSON_STRS, &reminders }),
            err))
        return false;
    extras->has_needs = json_object_get(object, "needs") != NULL;
    extras->has_reminders = json_object_get(object, "reminders") != NULL;
    deadline = json_object_get(object, "deadline");
    return task_state_named(status, &task->state, err) &&
           task_priority_named(priority, &task->priority, err) &&
           (!deadline || read_deadline(arena, deadline, task, err)) &&
           read_reminders(arena, reminders, extras, err);
}

bool task_check_places(DbTx *tx, const Scope *scope, Arena *arena, const Task *task, Error *err)
{
    Collection collection;
    Document document;
    return (!task->collection.length ||
            collection_find(tx, scope, arena, task->collection, &collection, err)) &&
           (!task->document.length ||
            document_find(tx, scope, arena, task->document, &document, err));
}

/* --- Filters --- */

typedef bool ReadName(Str name, unsigned *number_r, Error *err);

static bool read_state(Str name, unsigned *number_r, Error *err)
{
    TaskState state;
    if (!task_state_named(name, &state, err))
        return false;
    *number_r = state;
    return true;
}

static bool read_priority(Str name, unsigned *number_r, Error *err)
{
    TaskPriority priority;
    if (!task_priority_named(name, &priority, err))
        return false;
    *number_r = priority;
    return true;
}

static bool read_bits(Str text, ReadName *read, uint32_t *bits_r, Error *err)
{
    Str piece;
    uint32_t bits = 0;
    unsigned number;
    while (text.length && str_next(&text, ',', &piece)) {
        if (!read(str_trim(piece), &number, err))
            return false;
        bits |= 1U << number;
    }
    *bits_r = bits;
    return true;
}

bool task_read_states(Str text, uint32_t *bits_r, Error *err)
{
    return read_bits(text, read_state, bits_r, err);
}

bool task_read_priorities(Str text, uint32_t *bits_r, Error *err)
{
    return read_bits(text, read_priority, bits_r, err);
}
