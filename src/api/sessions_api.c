/* sessions_api.c - where a person is signed in. */
#include "api/api.h"

bool sessions_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    SessionList list;
    if (!account_list_sessions(request->api->account, request->arena, &request->visitor,
                               http_query(request->http, "user"), &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        const Session *session = &list.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", session->id);
        put_text(&json, "user", session->user);
        put_text_or_null(&json, "user_agent", session->user_agent);
        put_text_or_null(&json, "address", session->address);
        put_text_or_null(&json, "signed_in_by", session->way);
        put_bool(&json, "current", str_equal(session->id, request->visitor.session));
        put_time(&json, "created_at", session->created_at_ms);
        put_time(&json, "last_seen_at", session->last_seen_at_ms);
        put_time(&json, "expires_at", session->expires_at_ms);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

bool sessions_end(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_end_session(request->api->account, &request->visitor, request->params[0], err) &&
           api_done(response);
}

bool sessions_end_others(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_end_other_sessions(request->api->account, &request->visitor, err) &&
           api_done(response);
}
