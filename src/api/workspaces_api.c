/* workspaces_api.c - the removal of this workspace, and for whoever runs the server all of them. */
#include "account/workspace_end.h"
#include "api/api.h"

/* --- The end of this one --- */

static void put_removal(JsonWriter *json, const WorkspaceRemoval *removal)
{
    put_bool(json, "asked", removal->id.length > 0);
    put_time(json, "asked_at", removal->asked_at_ms);
    put_time(json, "due_at", removal->due_at_ms);
}

static bool write_removal(HttpResponse *response, const WorkspaceRemoval *removal)
{
    JsonWriter json = put_begin(&response->body);
    put_removal(&json, removal);
    put_end(&json);
    return true;
}

bool workspace_removal_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkspaceRemoval removal;
    return account_workspace_end(request->api->account, request->arena, &request->visitor, &removal,
                                 err) &&
           write_removal(response, &removal);
}

bool workspace_removal_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkspaceEndWish wish = { 0 };
    WorkspaceRemoval removal;
    response->status = 202;
    return api_fields(request, err, { "name", JSON_STR, &wish.name, .required = true },
                      { "password", JSON_STR, &wish.proof.password },
                      { "code", JSON_STR, &wish.proof.code }) &&
           account_end_workspace(request->api->account, request->arena, &request->visitor, &wish,
                                 &removal, err) &&
           write_removal(response, &removal);
}

bool workspace_removal_end(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_keep_workspace(request->api->account, &request->visitor, err) &&
           api_done(response);
}

/* --- All of them --- */

static void put_workspace(JsonWriter *json, const Workspace *workspace)
{
    put_text(json, "id", workspace->id);
    put_text(json, "name", workspace->name);
    put_time(json, "created_at", workspace->created_at_ms);
    put_time(json, "removal_due_at", workspace->removal_due_ms);
}

/* Of those that have gone. */
static void put_gone(JsonWriter *json, const WorkspaceRemoval *removal)
{
    put_object(json, NULL);
    put_text(json, "id", removal->id);
    put_time(json, "asked_at", removal->asked_at_ms);
    put_time(json, "began_at", removal->began_at_ms);
    put_time(json, "ended_at", removal->ended_at_ms);
    put_text(json, "proof", removal->proof);
    put_end(json);
}

bool workspaces_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkspaceList list;
    WorkspaceRemovalList removals;
    if (!account_all_workspaces(request->api->account, request->arena, &request->visitor, &list,
                                &removals, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "items");
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_workspace(&json, &list.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_array(&json, "gone");
    for (size_t i = 0; i < removals.count; i++)
        if (removals.at[i].ended_at_ms)
            put_gone(&json, &removals.at[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

bool workspaces_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name, owner = STR_NONE;
    Workspace workspace;
    if (!api_fields(request, err, { "name", JSON_STR, &name, .required = true, .length_max = 200 },
                    { "owner", JSON_STR, &owner, .length_max = 254 }) ||
        !account_add_workspace(request->api->account, request->arena, &request->visitor, name,
                               owner, &workspace, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_workspace(&json, &workspace);
    put_end(&json);
    return true;
}
