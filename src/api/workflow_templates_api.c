/* workflow_templates_api.c - workflows to begin with: those that the program brings, and those that
 * workspaces share ("shared": true in the definition). A person sees what the workspaces share that
 * they belong to; a key that is nobody's sees its own workspace alone. */
#include "api/workflow_json.h"

#define SHARED_MARK S("\"shared\":true")
#define SHARED_MAX 200

typedef struct Shared {
    Recipe recipe;
    const Membership *place;
} Shared;

typedef struct TemplatesWork {
    ApiRequest *request;
    MembershipList places;
    const Membership *place; /* that is looked at */
    VEC(Shared) shared;
} TemplatesWork;

/* --- What is shared --- */

static bool find_places(TemplatesWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    if (request->scope->user.length)
        return account_workspaces(request->api->account, request->arena, &request->visitor,
                                  &work->places, err);
    Membership *own = arena_new_one(request->arena, Membership);
    *own = (Membership){ .workspace = request->scope->workspace, .role = request->scope->role };
    work->places = (MembershipList){ own, 1 };
    return true;
}

/* The mark may stand deeper in a body: then it is no workflow that is shared. */
static bool is_shared(const Recipe *recipe)
{
    if (str_find(recipe->body, SHARED_MARK) < 0)
        return false;
    AUTO_JSON json_t *body = json_loadb(recipe->body.at, recipe->body.length, 0, NULL);
    return json_is_true(json_object_get(body, "shared"));
}

/* In the scope of the workspace that shares: nobody sees there what they could not see anyhow. */
static bool shared_work(DbTx *tx, void *argument, Error *err)
{
    TemplatesWork *work = argument;
    Arena *arena = work->request->arena;
    const Scope there = { .workspace = work->place->workspace,
                          .user = work->request->scope->user,
                          .role = work->place->role };
    RecipeList list;
    if (!recipe_list(tx, &there, arena, S(RECIPE_WORKFLOW), STR_NONE, &list, err))
        return false;
    for (size_t i = 0; i < list.count && work->shared.count < SHARED_MAX; i++)
        if (is_shared(&list.at[i]))
            *vec_push(arena, &work->shared) = (Shared){ list.at[i], work->place };
    return true;
}

static bool find_shared(TemplatesWork *work, Error *err)
{
    Db *db = work->request->api->db;
    if (!find_places(work, err))
        return false;
    for (size_t i = 0; i < work->places.count; i++) {
        const Scope there = { .workspace = work->places.at[i].workspace, .role = ROLE_READER };
        work->place = &work->places.at[i];
        if (!store_read(db, &there, shared_work, work, err))
            return false;
    }
    return true;
}

/* --- Listing and taking --- */

static void put_shared(JsonWriter *json, const Shared *shared)
{
    AUTO_JSON json_t *body =
        json_loadb(shared->recipe.body.at, shared->recipe.body.length, 0, NULL);
    put_object(json, NULL);
    put_text(json, "name", shared->recipe.id);
    put_text(json, "title", shared->recipe.name);
    put_text(json, "description", json_member_text(body, "description"));
    put_object(json, "workspace");
    put_text(json, "id", shared->place->workspace);
    put_text_or_null(json, "name", shared->place->workspace_name);
    put_end(json);
    put_raw(json, "definition", shared->recipe.body);
    put_end(json);
}

bool workflow_templates_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    TemplatesWork work = { .request = request };
    const WorkflowTemplate *template;
    if (!find_shared(&work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; (template = workflow_template_at(i)); i++) {
        put_object(&json, NULL);
        put_text(&json, "name", str(template->name));
        put_text(&json, "title", str(template->title));
        put_text(&json, "description", str(template->about));
        put_null(&json, "workspace");
        put_raw(&json, "definition", str_trim(str(template->body)));
        put_end(&json);
    }
    for (size_t i = 0; i < work.shared.count; i++)
        put_shared(&json, &work.shared.at[i]);
    api_list_end(&json, -1, STR_NONE);
    return true;
}

/* Its copy is not shared on by itself, and begins nothing that its own workspace has not seen. */
static void make_own(json_t *definition)
{
    (void)json_object_del(definition, "shared");
    if (json_array_size(json_object_get(definition, "triggers")))
        json_object_set_new(definition, "enabled", json_false());
}

bool workflow_template_take(ApiRequest *request, Str name, Str *title_r, json_t **definition_r,
                            Error *err)
{
    TemplatesWork work = { .request = request };
    const WorkflowTemplate *ready = workflow_template(name);
    if (ready) {
        *title_r = str(ready->title);
        return json_parse(str(ready->body), WORKFLOW_BYTES_MAX, definition_r, err);
    }
    if (!find_shared(&work, err))
        return false;
    for (size_t i = 0; i < work.shared.count; i++) {
        const Recipe *recipe = &work.shared.at[i].recipe;
        if (!str_equal(recipe->id, name))
            continue;
        *title_r = recipe->name;
        if (!json_parse(recipe->body, WORKFLOW_BYTES_MAX, definition_r, err))
            return false;
        make_own(*definition_r);
        return true;
    }
    return fail_field(err, "template", "there is no template of this name");
}
