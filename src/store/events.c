#include "store/events.h"

#include "base/json.h"

static const struct {
    const char *name;
    Role role;
} kinds[] = {
#define EVENT(name, role, what) { #name, ROLE_##role },
#include "store/events.def"
#undef EVENT
};

const char *event_name(EventKind kind) { return kinds[kind].name; }
Role event_role(EventKind kind) { return kinds[kind].role; }

bool event_named(Str name, EventKind *kind_r)
{
    for (size_t i = 0; i < EVENT_KIND_COUNT; i++)
        if (str_is(name, kinds[i].name)) {
            *kind_r = (EventKind)i;
            return true;
        }
    return false;
}

/* --- Lines --- */

void event_line_add(Buf *out, const EventLine *line)
{
    Str id = line->id.length ? line->id : S("-");
    buf_addf(out, "%s " STR_FMT " " STR_FMT " " STR_FMT "\n", event_name(line->kind),
             STR_ARG(line->workspace), STR_ARG(id), STR_ARG(line->data));
}

static bool read_line(Str text, EventLine *line_r)
{
    Str rest = text, name;
    EventLine line;
    if (!str_next(&rest, ' ', &name) || !event_named(name, &line.kind) ||
        !str_next(&rest, ' ', &line.workspace) || !str_next(&rest, ' ', &line.id) ||
        !line.workspace.length || !rest.length || rest.length > EVENT_DATA_MAX)
        return false;
    if (str_is(line.id, "-"))
        line.id = STR_NONE;
    line.data = rest;
    *line_r = line;
    return true;
}

bool event_line_next(Str *text, EventLine *line_r)
{
    Str line;
    while (str_next(text, '\n', &line))
        if (read_line(line, line_r))
            return true;
    return false;
}

/* --- Telling --- */

bool event_tell_data(DbTx *tx, const EventLine *line, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf text = buf_new(arena, KB(2));
    event_line_add(&text, line);
    return db_hint_here(tx, EVENTS_CHANGED, buf_str(&text), err);
}

bool event_tell(DbTx *tx, Str workspace, EventKind kind, Str id, Str state, Error *err)
{
    if (!workspace.length)
        return true;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf data = buf_new(arena, EVENT_DATA_MAX);
    JsonWriter json = put_begin(&data);
    put_text_or_null(&json, "id", id);
    if (state.length)
        put_text(&json, "state", state);
    put_end(&json);
    return event_tell_data(tx, &(EventLine){ kind, workspace, id, buf_str(&data) }, err);
}
