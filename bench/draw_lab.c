/* draw_lab.c - what drawing tasks sees: a line of JSON {"id", "text"} comes in, its units with
 * their features and the tasks drawn go out on one. bench/tasks_score.py and tasks_train.py read
 * it.
 *
 *     draw_lab < texts.jsonl > drawn.jsonl */
#include "base/clock.h"
#include "tasks/draw_int.h"

static void put_units(JsonWriter *json, Arena *arena, Str text)
{
    DrawUnits units;
    Map verbs = draw_verbs(arena);
    draw_units(arena, text, &units);
    put_array(json, "units");
    for (size_t i = 0; i < units.list.count; i++) {
        const DrawUnit *unit = &units.list.at[i];
        DrawWords words = draw_words(arena, &verbs, unit->text);
        DrawSigns signs;
        draw_measure(arena, &(DrawRequest){ .text = text }, unit, &words, &signs);
        put_object(json, NULL);
        put_text(json, "text", unit->text);
        put_int(json, "start", (int64_t)unit->start);
        put_number(json, "confidence", draw_confidence(&signs));
        put_array(json, "features");
        for (int f = 0; f < DRAW_FEATURE_COUNT; f++)
            put_number(json, NULL, signs.features[f]);
        put_end(json);
        put_end(json);
    }
    put_end(json);
}

static void put_tasks(JsonWriter *json, const DrawnTaskList *list)
{
    put_array(json, "tasks");
    for (size_t i = 0; i < list->count; i++) {
        const DrawnTask *task = &list->at[i];
        put_object(json, NULL);
        put_int(json, "start", (int64_t)task->start);
        put_int(json, "end", (int64_t)task->end);
        put_text(json, "summary", task->summary);
        put_text(json, "assignee", task->is_author ? S("me") : task->assignee);
        put_text(json, "deadline", task->deadline_text);
        put_text(json, "priority", task->priority);
        put_text(json, "category", task->category);
        put_int(json, "after", (int64_t)task->after);
        put_number(json, "confidence", task->confidence);
        put_end(json);
    }
    put_end(json);
}

static bool draw_line(Str line, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_JSON json_t *in = NULL;
    DrawnTaskList list;
    if (!json_parse(line, MB(1), &in, err))
        return false;
    Str text = json_member_text(in, "text");
    Buf out = buf_new(arena, MB(8));
    JsonWriter json = put_begin(&out);
    put_text(&json, "id", json_member_text(in, "id"));
    put_units(&json, arena, text);
    int64_t began = monotonic_us();
    tasks_draw(arena, &(DrawRequest){ .text = text }, &list);
    put_int(&json, "took_us", monotonic_us() - began);
    put_tasks(&json, &list);
    put_end(&json);
    printf(STR_FMT "\n", STR_ARG(buf_str(&out)));
    return true;
}

int main(void)
{
    AUTO_FREE char *line = NULL;
    size_t size = 0;
    ssize_t length;
    Error err = { 0 };
    while ((length = getline(&line, &size, stdin)) > 0)
        if (!draw_line((Str){ line, (size_t)length }, &err)) {
            fprintf(stderr, "draw_lab: %s\n", err.message);
            return 1;
        }
    return 0;
}
