#include "models/personas.h"

#include "store/collections_store.h"
#include "store/conversations_store.h"

#define INSTRUCTIONS_MAX KB(16)
#define BODY_MAX KB(128)

/* --- As JSON --- */

void persona_put(JsonWriter *json, const Persona *persona)
{
    put_text(json, "instructions", persona->instructions);
    put_text(json, "model", persona->model);
    if (persona->temperature >= 0)
        put_number(json, "temperature", persona->temperature);
    else
        put_null(json, "temperature");
    put_texts(json, "tools", persona->tools);
    put_texts(json, "collections", persona->collections);
    put_text(json, "search_mode", persona->search_mode);
    put_text(json, "tone", persona->tone);
    put_text(json, "greeting", persona->greeting);
}

Str persona_body(Arena *arena, const Persona *persona)
{
    Buf out = buf_new(arena, BODY_MAX);
    JsonWriter json = put_begin(&out);
    persona_put(&json, persona);
    put_end(&json);
    return buf_str(&out);
}

static bool read_members(Arena *arena, const json_t *json, Persona *persona, Error *err)
{
    return json_read(
        json, arena,
        JSON_FIELDS(
            { "name", JSON_STR, &persona->name, .length_max = 200 },
            { "instructions", JSON_STR, &persona->instructions, .length_max = INSTRUCTIONS_MAX },
            { "model", JSON_STR, &persona->model, .length_max = 200 },
            { "temperature", JSON_F64, &persona->temperature },
            { "tools", JSON_STRS, &persona->tools, .length_max = 20 },
            { "collections", JSON_STRS, &persona->collections, .length_max = 20 },
            { "search_mode", JSON_STR, &persona->search_mode, .length_max = 40 },
            { "tone", JSON_STR, &persona->tone, .length_max = 200 },
            { "greeting", JSON_STR, &persona->greeting, .length_max = 2000 }),
        err);
}

bool persona_of(Arena *arena, const Recipe *recipe, Persona *persona_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Persona persona = { .id = recipe->id,
                        .name = recipe->name,
                        .user = recipe->user,
                        .version = recipe->version,
                        .temperature = -1,
                        .created_at_ms = recipe->created_at_ms,
                        .updated_at_ms = recipe->updated_at_ms };
    if (!json_parse(recipe->body, BODY_MAX, &json, err) ||
        !read_members(arena, json, &persona, err))
        return fail_in(err, "persona '" STR_FMT "'", STR_ARG(recipe->name));
    *persona_r = persona;
    return true;
}

static bool check_collections(DbTx *tx, const Scope *scope, Arena *arena, const Persona *persona,
                              Error *err)
{
    for (size_t i = 0; i < persona->collections.count; i++) {
        Collection found;
        Str id = persona->collections.at[i];
        if (!collection_find(tx, scope, arena, id, &found, err))
            return err->code == ERROR_NOT_FOUND
                       ? fail_field(err, "collections", "there is no collection '" STR_FMT "'",
                                    STR_ARG(str_slice(id, 0, 100)))
                       : false;
    }
    return true;
}

bool persona_read(DbTx *tx, const Scope *scope, Arena *arena, const json_t *json, Persona *persona,
                  Error *err)
{
    Persona read = *persona;
    if (!read_members(arena, json, &read, err))
        return false;
    if (json_is_null(json_object_get(json, "temperature")))
        read.temperature = -1;
    read.name = str_trim(read.name);
    if (!read.name.length || str_is(read.name, "none"))
        return fail_field(err, "name", "a persona needs a name, which is not 'none'");
    if (read.temperature > 2 ||
        (json_is_number(json_object_get(json, "temperature")) && read.temperature < 0))
        return fail_field(err, "temperature", "'temperature' is a number from 0 to 2");
    if (!check_collections(tx, scope, arena, &read, err))
        return false;
    *persona = read;
    return true;
}

/* --- Finding --- */

bool persona_find(DbTx *tx, const Scope *scope, Arena *arena, Str id_or_name, Persona *persona_r,
                  Error *err)
{
    Recipe recipe;
    Error why = { 0 };
    bool found = recipe_find(tx, scope, arena, S(RECIPE_PERSONA), id_or_name, &recipe, &why);
    if (!found && why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    return (found ||
            recipe_find_by_name(tx, scope, arena, S(RECIPE_PERSONA), id_or_name, &recipe, err)) &&
           persona_of(arena, &recipe, persona_r, err);
}

typedef struct ChooseWork {
    const Scope *scope;
    Arena *arena;
    const PersonaWish *wish;
    Persona *persona;
    bool is_found;
} ChooseWork;

/* The id of who answers where nobody is named; empty: nobody. */
static bool find_default(DbTx *tx, const ChooseWork *work, Str *id_r, Error *err)
{
    const PersonaWish *wish = work->wish;
    Conversation conversation;
    *id_r = STR_NONE;
    if (wish->conversation.length) {
        if (!conversation_find(tx, work->scope, work->arena, wish->conversation, &conversation,
                               err))
            return false;
        *id_r = conversation.persona;
    }
    if (!id_r->length && work->scope->key.length &&
        !recipe_default(tx, work->scope, work->arena, S("key"), work->scope->key, id_r, err))
        return false;
    return id_r->length || wish->collections.count != 1 ||
           recipe_default(tx, work->scope, work->arena, S("collection"), wish->collections.at[0],
                          id_r, err);
}

static bool choose_work(DbTx *tx, void *argument, Error *err)
{
    ChooseWork *work = argument;
    Recipe recipe;
    Error why = { 0 };
    Str id;
    work->is_found = true;
    if (work->wish->named.length)
        return persona_find(tx, work->scope, work->arena, work->wish->named, work->persona, err);
    if (!find_default(tx, work, &id, err))
        return false;
    work->is_found = id.length > 0;
    if (!id.length)
        return true;
    if (recipe_find(tx, work->scope, work->arena, S(RECIPE_PERSONA), id, &recipe, &why))
        return persona_of(work->arena, &recipe, work->persona, err);
    work->is_found = false; /* a conversation outlives its persona */
    if (why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

bool persona_choose(Db *db, const Scope *scope, Arena *arena, const PersonaWish *wish,
                    const Persona **persona_r, Error *err)
{
    ChooseWork work = { scope, arena, wish, arena_new_one(arena, Persona), false };
    *persona_r = NULL;
    if (str_is(wish->named, "none"))
        return true;
    if (!store_read(db, scope, choose_work, &work, err))
        return false;
    *persona_r = work.is_found ? work.persona : NULL;
    return true;
}

Str persona_instructions(Arena *arena, const Persona *persona, Str own)
{
    if (!persona)
        return own;
    Buf out = buf_new(arena, own.length + INSTRUCTIONS_MAX + KB(4));
    buf_add(&out, own);
    buf_addf(&out, "\n\nYou answer as '" STR_FMT "'.", STR_ARG(persona->name));
    if (persona->tone.length)
        buf_addf(&out, " Your tone: " STR_FMT ".", STR_ARG(persona->tone));
    if (persona->instructions.length)
        buf_addf(&out, " As far as it does not contradict what is said above:\n" STR_FMT,
                 STR_ARG(persona->instructions));
    return buf_str(&out);
}
