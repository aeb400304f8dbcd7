/* account_links_api.c - what people do about their own account by mail. */
#include "account/account_links.h"
#include "api/api.h"

static bool answer_mailed(HttpResponse *response, Str message)
{
    response->status = 202;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "message", message);
    put_end(&json);
    return true;
}

bool auth_password_forgot(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str email = STR_NONE;
    return api_fields(request, err,
                      { "email", JSON_STR, &email, .required = true, .length_max = 254 }) &&
           account_forgot_password(request->api->account, request->arena, email,
                                   request->http->peer, err) &&
           answer_mailed(response, S("If somebody has this mail address here, a link that sets a "
                                     "new password is on its way to it."));
}

bool auth_password_reset(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str token = STR_NONE, password = STR_NONE;
    return api_fields(request, err,
                      { "token", JSON_STR, &token, .required = true, .length_max = 200 },
                      { "password", JSON_STR, &password, .required = true }) &&
           account_reset_password(request->api->account, request->arena, token, password,
                                  request->http->peer, err) &&
           api_done(response);
}

bool auth_invitation(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str token = STR_NONE, password = STR_NONE, name = STR_NONE;
    return api_fields(request, err,
                      { "token", JSON_STR, &token, .required = true, .length_max = 200 },
                      { "password", JSON_STR, &password, .required = true },
                      { "name", JSON_STR, &name, .length_max = 200 }) &&
           account_accept_invitation(request->api->account, request->arena, token, password, name,
                                     request->http->peer, err) &&
           api_done(response);
}

bool auth_email_confirm(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str token = STR_NONE;
    return api_fields(request, err,
                      { "token", JSON_STR, &token, .required = true, .length_max = 200 }) &&
           account_confirm_email(request->api->account, request->arena, token, request->http->peer,
                                 err) &&
           api_done(response);
}

bool session_email(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str email = STR_NONE, password = STR_NONE;
    return api_fields(request, err,
                      { "email", JSON_STR, &email, .required = true, .length_max = 254 },
                      { "password", JSON_STR, &password, .required = true }) &&
           account_change_email(request->api->account, request->arena, &request->visitor, email,
                                password, err) &&
           answer_mailed(response, S("A link is on its way to the new address. The old one stays "
                                     "until the link is used."));
}

bool session_rename(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name = STR_NONE;
    return api_fields(request, err,
                      { "name", JSON_STR, &name, .required = true, .length_max = 200 }) &&
           account_change_name(request->api->account, &request->visitor, name, err) &&
           api_done(response);
}
