/* draw.c - tasks by rules; see draw.h. */
#include "base/utf8.h"
#include "tasks/draw_int.h"

#define CONFIDENCE_MIN 0.5
#define SCRATCH_MAX MB(16)

/* Whatever is looked at lives in `scratch` until the next unit. */
static size_t draw_unit(Arena *arena, Arena *scratch, const DrawRequest *request, const Map *verbs,
                        Str author, const DrawUnit *unit, DrawnTask *task_r)
{
    DrawSigns signs;
    DrawWords words = draw_words(scratch, verbs, unit->text);
    double least = request->confidence_min > 0 ? request->confidence_min : CONFIDENCE_MIN;
    draw_measure(scratch, request, unit, &words, &signs);
    if (draw_confidence(&signs) < least)
        return 0;
    draw_fields(arena, request, author, unit, &words, &signs, task_r);
    return 1;
}

void tasks_draw(Arena *arena, const DrawRequest *request, DrawnTaskList *list_r)
{
    DrawRequest read = *request;
    read.text = str_slice(request->text, 0, utf8_floor(request->text, DRAW_TEXT_MAX));
    read.language = language_detect(read.text, read.language);
    AUTO_ARENA Arena *scratch = arena_new(SCRATCH_MAX);
    DrawUnits units;
    Map verbs = draw_verbs(arena);
    draw_units(arena, read.text, &units);
    Str author = request->author.length ? request->author : units.author;
    DrawnTaskList list = { .at = arena_new_array(arena, DrawnTask, DRAW_TASKS_MAX),
                           .made_by = S("rules") };
    for (size_t i = 0; i < units.list.count && list.count < DRAW_TASKS_MAX; i++) {
        list.count += draw_unit(arena, scratch, &read, &verbs, author, &units.list.at[i],
                                &list.at[list.count]);
        arena_reset(scratch);
    }
    draw_fold(arena, &list);
    draw_order(arena, &list);
    *list_r = list;
}
