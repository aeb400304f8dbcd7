/* drawn.c - see drawn.h. */
#include "tasks/drawn.h"

#include "answer/answer_json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "store/documents_store.h"
#include "tasks/tasks.h"

#define ASSIGNEE_MAX 100 /* bytes */
#define SOURCE_MAX KB(64)

/* --- What is read --- */

bool drawn_text(Arena *arena, const DrawSource *from, Str *text_r, Error *err)
{
    return library_beginning(from->library, from->scope, arena, from->document.id,
                             DRAW_TEXT_MAX * 4, text_r, err);
}

int64_t drawn_reference(const Document *document)
{
    return document->document_date_ms ? document->document_date_ms : document->created_at_ms;
}

/* --- Places --- */

static bool make_citation(Arena *arena, const DrawSource *from, const DrawnTask *task,
                          Citation *citation_r, Error *err)
{
    const Document *document = &from->document;
    Citation citation = { .number = 1,
                          .document = document->id,
                          .name = document->name,
                          .format = document->format,
                          .start = (int64_t)task->start,
                          .end = (int64_t)task->end,
                          .quote = task->quote,
                          .score = task->confidence };
    int64_t ordinal;
    StoredBlockList blocks;
    Str text;
    *citation_r = citation;
    if (!document->id.length)
        return true;
    if (!library_block_at(from->library, from->scope, arena, document->id, 0, citation.start,
                          &ordinal, err) ||
        !library_blocks(from->library, from->scope, arena, document->id, 0, ordinal, 1, &blocks,
                        &text, err))
        return false;
    if (blocks.count) {
        citation_r->page = blocks.at[0].page;
        citation_r->place = library_block_place(arena, &blocks.at[0]);
    }
    return true;
}

bool drawn_source(Arena *arena, const DrawSource *from, const DrawnTask *task, Str *source_r,
                  Error *err)
{
    Buf out = buf_new(arena, SOURCE_MAX);
    Citation citation;
    if (!make_citation(arena, from, task, &citation, err))
        return false;
    JsonWriter json = put_begin(&out);
    put_citation_members(&json, &citation);
    put_end(&json);
    *source_r = out.overflowed ? S("null") : buf_str(&out);
    return true;
}

/* --- Saving --- */

/* What the document's tasks were drawn from before, as quote -> id. */
static bool list_known(DbTx *tx, Arena *arena, const DrawSource *from, Map *known, Error *err)
{
    TaskFilter filter = { .document = from->document.id, .order = TASK_BY_NUMBER };
    for (int trash = 0; from->document.id.length && trash < 2; trash++) {
        TaskList list;
        filter.is_in_trash = trash == 1;
        if (!task_list(tx, from->scope, arena, &filter, NULL, &list, err))
            return false;
        for (size_t i = 0; i < list.count; i++) {
            AUTO_JSON json_t *source = NULL;
            Error ignored;
            if (!list.at[i].source.length ||
                !json_parse(list.at[i].source, SOURCE_MAX, &source, &ignored))
                continue;
            Str quote = str_copy(arena, json_member_text(source, "quote"));
            map_add(known, quote, NULL)->pointer = &list.at[i].id;
        }
    }
    return true;
}

/* `needs`: the id of the one before it; empty: none. */
static bool save_one(DbTx *tx, Arena *arena, const DrawSource *from, const DrawnTask *drawn,
                     Str needs, Str *id_r, Error *err)
{
    Task task = tasks_new(from->scope);
    TaskExtras extras = { .has_needs = needs.length > 0, .needs = { &needs, 1 } };
    task.state = TASK_suggested;
    task.summary = drawn->summary;
    task.description = str_slice(drawn->quote, 0, utf8_floor(drawn->quote, TASK_DESCRIPTION_MAX));
    task.category = drawn->category;
    task.assignee = str_slice(drawn->assignee, 0, utf8_floor(drawn->assignee, ASSIGNEE_MAX));
    task.confidence = drawn->confidence;
    task.start_at_ms = drawn->start_at_ms;
    task.due_at_ms = drawn->due_at_ms;
    task.is_all_day = drawn->is_all_day;
    task.recurrence = drawn->recurrence;
    task.time_zone = str_is(from->zone, "UTC") ? S("") : from->zone;
    task.made_by = drawn->made_by;
    task.document = from->document.id;
    task.collection = from->document.collection;
    if (!drawn_source(arena, from, drawn, &task.source, err) ||
        !task_priority_named(drawn->priority, &task.priority, err) ||
        !tasks_add(tx, from->scope, arena, &task, &extras, err))
        return false;
    *id_r = task.id;
    return true;
}

bool drawn_save(DbTx *tx, Arena *arena, const DrawSource *from, const DrawnTaskList *list, Str *ids,
                Error *err)
{
    Map known = map_new(arena);
    if (!task_hold(tx, from->scope, err) || !list_known(tx, arena, from, &known, err))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const DrawnTask *drawn = &list->at[i];
        const MapEntry *before = map_find(&known, drawn->quote);
        /* One that was there may be in the trash by now. */
        bool waits = drawn->after && !map_find(&known, list->at[drawn->after - 1].quote);
        if (before)
            ids[i] = *(const Str *)before->pointer;
        else if (!save_one(tx, arena, from, drawn, waits ? ids[drawn->after - 1] : S(""), &ids[i],
                           err))
            return false;
    }
    return true;
}
