/* export_views.c - what people have made here, in the forms that other programs read. */
#include "answer/conversation_markdown.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "export/export_int.h"
#include "store/meetings_store.h"
#include "store/people_store.h"
#include "store/read_replica.h"
#include "store/recipes_store.h"
#include "store/study_decks_store.h"
#include "store/workflows_store.h"
#include "study/card_table.h"
#include "tasks/calendar.h"

#define VIEW_MAX MB(256)
#define NAME_BYTES 80 /* of a title in a file's name */

typedef struct View {
    ExportWork *work;
    Scope scope; /* of whose it is */
    Str id;
    Conversation conversation;
    MessageList messages;
    StudyDeck deck;
    VEC(StudyCard) cards;
    Meeting meeting;
    TaskFilter tasks;
    Slice slice;
    TaskList part;
    RecipeList recipes;
    MembershipList people;
} View;

static View view_of(ExportWork *work, const ExportOwned *owned)
{
    View view = { .work = work, .scope = work->scope };
    if (owned) {
        view.id = owned->id;
        view.scope.user = owned->user;
    }
    return view;
}

/* A file named by a title, written whole. */
static bool write_view(ExportWork *work, ExportOf kind, Str title, const char *ending, Str text,
                       Error *err)
{
    Str stem = export_safe_name(work->arena, str_slice(title, 0, utf8_floor(title, NAME_BYTES)));
    Str name =
        export_names_take(&work->out.names, work->arena, export_kind_name(kind), stem, ending);
    return export_out_text(&work->out, kind, name, text, err);
}

/* --- Conversations --- */

static bool conversation_work(DbTx *tx, void *argument, Error *err)
{
    View *view = argument;
    Arena *arena = view->work->arena;
    return conversation_find(tx, &view->scope, arena, view->id, &view->conversation, err) &&
           message_list(tx, &view->scope, arena, view->id, 0, &view->messages, err);
}

static bool export_conversation(ExportWork *work, const ExportOwned *owned, Error *err)
{
    View view = view_of(work, owned);
    if (!store_read_replica(work->job->db, &view.scope, conversation_work, &view, err))
        return err->code == ERROR_NOT_FOUND;
    return write_view(work, EXPORT_OF_CONVERSATIONS, view.conversation.title, ".md",
                      conversation_markdown(work->arena, &view.conversation, &view.messages), err);
}

bool export_conversations(ExportWork *work, Error *err)
{
    return export_each(work, EXPORT_ALL_CONVERSATIONS, export_conversation, err);
}

/* --- Tasks: files of a thousand, as calendar programs take them --- */

static bool tasks_work(DbTx *tx, void *argument, Error *err)
{
    View *view = argument;
    return task_list(tx, &view->scope, view->work->arena, &view->tasks, &view->slice, &view->part,
                     err);
}

bool export_tasks(ExportWork *work, Error *err)
{
    View view = view_of(work, NULL);
    AUTO_ARENA Arena *cursor = arena_new(KB(64));
    view.tasks.order = TASK_BY_NUMBER;
    view.slice.limit = SLICE_MAX;
    do {
        arena_reset(work->arena);
        if (!store_read_replica(work->job->db, &view.scope, tasks_work, &view, err))
            return false;
        Buf out = buf_new(work->arena, VIEW_MAX);
        calendar_write(&out, &view.part, S("Lectern"));
        if (view.part.count &&
            !write_view(work, EXPORT_OF_TASKS, S("tasks"), ".ics", buf_str(&out), err))
            return false;
        arena_reset(cursor);
        view.slice.after = str_copy(cursor, view.part.next);
    } while (view.slice.after.length);
    return true;
}

/* --- Cards --- */

static bool deck_work(DbTx *tx, void *argument, Error *err)
{
    View *view = argument;
    const StudyDue due = { 0 };
    const StudyCardFilter filter = { .deck = view->id };
    Slice slice = { .limit = SLICE_MAX };
    StudyCardList part;
    memset(&view->cards, 0, sizeof(view->cards));
    if (!study_deck_find(tx, &view->scope, view->work->arena, view->id, &due, &view->deck, err))
        return false;
    do {
        if (!study_card_list(tx, &view->scope, view->work->arena, &filter, &slice, &part,
                             &slice.after, err))
            return false;
        for (size_t i = 0; i < part.count; i++)
            *vec_push(view->work->arena, &view->cards) = part.at[i];
    } while (slice.after.length);
    return true;
}

static bool export_deck(ExportWork *work, const ExportOwned *owned, Error *err)
{
    View view = view_of(work, owned);
    Buf out = buf_new(work->arena, VIEW_MAX);
    if (!store_read_replica(work->job->db, &view.scope, deck_work, &view, err))
        return err->code == ERROR_NOT_FOUND;
    card_table_write(&out, view.cards.at, view.cards.count);
    return write_view(work, EXPORT_OF_CARDS, view.deck.name, ".csv", buf_str(&out), err);
}

bool export_cards(ExportWork *work, Error *err)
{
    return export_each(work, EXPORT_ALL_DECKS, export_deck, err);
}

/* --- Workflows, prompts and personas --- */

static bool recipes_work(DbTx *tx, void *argument, Error *err)
{
    View *view = argument;
    return recipe_list(tx, &view->scope, view->work->arena, view->id, STR_NONE, &view->recipes,
                       err);
}

static bool write_recipe(ExportWork *work, const Recipe *recipe, Error *err)
{
    Buf out = buf_new(work->arena, MB(4));
    JsonWriter json = put_begin(&out);
    put_text(&json, "kind", recipe->kind);
    put_text(&json, "name", recipe->name);
    put_int(&json, "version", recipe->version);
    put_raw(&json, "definition", recipe->body);
    put_end(&json);
    Str title =
        str_format(work->arena, STR_FMT " " STR_FMT, STR_ARG(recipe->kind), STR_ARG(recipe->name));
    return write_view(work, EXPORT_OF_RECIPES, title, ".json", buf_str(&out), err);
}

bool export_recipes(ExportWork *work, Error *err)
{
    static const char *const kinds[] = { RECIPE_WORKFLOW, RECIPE_PROMPT, RECIPE_PERSONA };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        View view = view_of(work, NULL);
        view.id = str(kinds[i]);
        arena_reset(work->arena);
        if (!store_read_replica(work->job->db, &view.scope, recipes_work, &view, err))
            return false;
        for (size_t j = 0; j < view.recipes.count; j++)
            if (!write_recipe(work, &view.recipes.at[j], err))
                return false;
    }
    return true;
}

/* --- Meetings --- */

static bool meeting_work(DbTx *tx, void *argument, Error *err)
{
    View *view = argument;
    return meeting_find(tx, &view->scope, view->work->arena, view->id, &view->meeting, err);
}

static void add_fact(Buf *out, const char *name, Str value)
{
    if (value.length)
        buf_addf(out, "- %s: " STR_FMT "\n", name, STR_ARG(value));
}

static Str meeting_markdown(Arena *arena, const Meeting *meeting)
{
    Buf out = buf_new(arena, VIEW_MAX);
    char time[TIME_TEXT_SIZE];
    buf_addf(&out, "# " STR_FMT "\n\n", STR_ARG(meeting->title));
    time_format(meeting->starts_at_ms, time);
    add_fact(&out, "begins", str(time));
    time_format(meeting->ends_at_ms, time);
    add_fact(&out, "ends", str(time));
    add_fact(&out, "where", meeting->location);
    add_fact(&out, "organizer", meeting->organizer);
    add_fact(&out, "state", meeting->state);
    add_fact(&out, "transcript (document)", meeting->document);
    if (meeting->description.length)
        buf_addf(&out, "\n" STR_FMT "\n", STR_ARG(meeting->description));
    if (meeting->minutes.length)
        buf_addf(&out, "\n```json\n" STR_FMT "\n```\n", STR_ARG(meeting->minutes));
    return buf_str(&out);
}

static bool export_meeting(ExportWork *work, const ExportOwned *owned, Error *err)
{
    View view = view_of(work, owned);
    if (!store_read_replica(work->job->db, &view.scope, meeting_work, &view, err))
        return err->code == ERROR_NOT_FOUND;
    return write_view(work, EXPORT_OF_MEETINGS, view.meeting.title, ".md",
                      meeting_markdown(work->arena, &view.meeting), err);
}

bool export_meetings(ExportWork *work, Error *err)
{
    return export_each(work, EXPORT_ALL_MEETINGS, export_meeting, err);
}

/* --- People --- */

static bool people_work(DbTx *tx, void *argument, Error *err)
{
    View *view = argument;
    return membership_list(tx, &view->scope, view->work->arena, &view->people, err);
}

bool export_people(ExportWork *work, Error *err)
{
    View view = view_of(work, NULL);
    Buf out = buf_new(work->arena, VIEW_MAX);
    if (!store_read_replica(work->job->db, &view.scope, people_work, &view, err))
        return false;
    for (size_t i = 0; i < view.people.count; i++) {
        const Membership *member = &view.people.at[i];
        JsonWriter json = put_begin(&out);
        put_text(&json, "id", member->user);
        put_text(&json, "email", member->email);
        put_text(&json, "name", member->name);
        put_text(&json, "role", str(role_name(member->role)));
        put_bool(&json, "is_disabled", member->is_disabled);
        put_bool(&json, "is_service", member->is_service);
        put_time(&json, "created_at", member->created_at_ms);
        put_end(&json);
        buf_add_char(&out, '\n');
    }
    Str name = export_names_take(&work->out.names, work->arena, "",
                                 str(export_kind_name(EXPORT_OF_PEOPLE)), "");
    return export_out_text(&work->out, EXPORT_OF_PEOPLE, name, buf_str(&out), err);
}
