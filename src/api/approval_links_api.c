/* approval_links_api.c - the small page behind a link of a mail that asks for an approval.
 *
 * Programs that look at the links of a mail only GET, so that shows a page with a button, and the
 * button decides. The page has no scripts, leads nowhere and is kept by nobody. Whoever tries links
 * that are none has to wait, longer each time. */
#include "account/throttle.h"
#include "api/api.h"
#include "approval/approval.h"
#include "net/url.h"

#define BODY_PAIRS 8

static ApprovalLink read_link(const HttpRequest *http)
{
    return (ApprovalLink){ .workspace = http_query(http, "workspace"),
                           .approval = http_query(http, "approval"),
                           .user = http_query(http, "user"),
                           .verb = http_query(http, "decision"),
                           .expires = http_query(http, "expires"),
                           .nonce = http_query(http, "nonce"),
                           .token = http_query(http, "token") };
}

/* --- The page --- */

/* Its address is the secret, so it is told to no other site. That our own form is ours, browsers
 * without Sec-Fetch-Site say by Origin, which they leave out where no site is told anything: hence
 * "same-origin", which stands above the header's "no-referrer". */
static void begin_page(HttpResponse *response, Str title)
{
    Buf *out = &response->body;
    response->media_type = S("text/html; charset=utf-8");
    http_header(response, "X-Robots-Tag", S("noindex, nofollow"));
    buf_add(out, S("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\">"
                   "<meta name=\"referrer\" content=\"same-origin\">"
                   "<meta name=\"robots\" content=\"noindex, nofollow\"><title>"));
    buf_add_escaped(out, title);
    buf_add(out, S("</title><link rel=\"stylesheet\" href=\"/tokens.css\">"
                   "<link rel=\"stylesheet\" href=\"/docs.css\"><main><h1>"));
    buf_add_escaped(out, title);
    buf_add(out, S("</h1>\n"));
}

static void say(Buf *out, Str text)
{
    buf_add(out, S("<p>"));
    buf_add_escaped(out, text);
    buf_add(out, S("</p>\n"));
}

static bool answer_failure(HttpResponse *response, const Error *why)
{
    response->status = error_http_status(why->code);
    begin_page(response, S("This link decides nothing"));
    say(&response->body, str(why->message));
    return true;
}

/* Their names and values; a value that is no text is JSON. */
static void show_fields(Arena *arena, Buf *out, Str fields)
{
    AUTO_JSON json_t *object = NULL;
    const char *name;
    json_t *value;
    Error ignored;
    if (!json_parse(fields, APPROVAL_FIELDS_MAX, &object, &ignored))
        return;
    buf_add(out, S("<table>"));
    json_object_foreach(object, name, value)
    {
        bool is_text = json_is_string(value);
        buf_add(out, S("<tr><td>"));
        buf_add_escaped(out, str(name));
        buf_add(out, S("<td>"));
        buf_add_escaped(out, is_text ? str(json_string_value(value)) : json_print(arena, value));
    }
    buf_add(out, S("</table>\n"));
}

static bool answer_question(const ApiRequest *request, HttpResponse *response,
                            const ApprovalLink *link, const Approval *approval)
{
    Buf *out = &response->body;
    bool denies = !str_is(link->verb, "approve");
    begin_page(response, approval->title);
    if (approval->text.length) {
        buf_add(out, S("<pre>"));
        buf_add_escaped(out, approval->text);
        buf_add(out, S("</pre>\n"));
    }
    show_fields(request->arena, out, approval->fields);
    buf_add(out, S("<form method=\"post\"><input type=\"hidden\" name=\"seen\" value=\""));
    buf_add(out, approvals_seen(request->arena, approval));
    buf_add(out, S("\"><p><label>Reason<textarea name=\"reason\" rows=\"4\" "
                   "cols=\"60\" maxlength=\"4000\""));
    buf_add(out, denies ? S(" required") : S(""));
    buf_add(out, S("></textarea></label></p><p><button>"));
    buf_add(out, denies ? S("Deny") : S("Approve"));
    buf_add(out, S("</button></p></form>\n"));
    return true;
}

/* --- The routes --- */

static Str visitor_of(const ApiRequest *request, const ApprovalLink *link)
{
    return str_format(request->arena, STR_FMT " " STR_FMT, STR_ARG(request->http->peer),
                      STR_ARG(str_slice(link->approval, 0, 64)));
}

static bool refuse(const ApiRequest *request, HttpResponse *response, const ApprovalLink *link,
                   const Error *why)
{
    if (why->code == ERROR_DENIED)
        throttle_failed(request->api->link_throttle, visitor_of(request, link));
    return answer_failure(response, why);
}

bool approvals_link_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalLink link = read_link(request->http);
    Approval approval;
    (void)err;
    Error why = { 0 };
    if (!throttle_allows(request->api->link_throttle, visitor_of(request, &link), &why) ||
        !approvals_open_link(request->api->approvals, request->arena, &link, &approval, &why))
        return refuse(request, response, &link, &why);
    return answer_question(request, response, &link, &approval);
}

static Str form_value(const HttpPairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (str_is(pairs->at[i].name, name))
            return pairs->at[i].value;
    return S("");
}

bool approvals_link_use(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalLink link = read_link(request->http);
    Approval approval;
    HttpPairs form;
    (void)err;
    Error why = { 0 };
    if (!throttle_allows(request->api->link_throttle, visitor_of(request, &link), &why) ||
        !url_query(request->arena, request->http->body, BODY_PAIRS, &form, &why) ||
        !approvals_use_link(request->api->approvals, request->arena, &link,
                            form_value(&form, "reason"), form_value(&form, "seen"), &approval,
                            &why))
        return refuse(request, response, &link, &why);
    begin_page(response, approval.title);
    say(&response->body,
        str_is(link.verb, "approve") ? S("You have approved it.") : S("You have denied it."));
    return true;
}
