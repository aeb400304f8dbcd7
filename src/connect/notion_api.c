/* notion_api.c - see notion_api.h. */
#include "connect/notion_api.h"

#include "connect/connect_http.h"
#include "connect/oauth.h"
#include "net/url.h"

#define API_USUAL S("https://api.notion.com/v1")
#define API_VERSION S("2025-09-03")
#define PAUSE_MS 340 /* three requests a second are what the service takes */

bool notion_ask(ConnectRun *run, const char *method, Str path, Str body, json_t **json_r,
                Error *err)
{
    Str api = connect_text(run, "api"), token;
    *json_r = NULL;
    if (!oauth_token(run, &token, err))
        return false;
    if (!token.length)
        token = connect_text(run, "token");
    HttpPair headers[] = { connect_bearer(run->arena, token),
                           { S("Notion-Version"), API_VERSION },
                           { S("Content-Type"), S("application/json") } };
    ConnectAsk ask = { .method = method,
                       .url = url_join(run->arena, api.length ? api : API_USUAL, path),
                       .headers = headers,
                       .header_count = COUNT(headers),
                       .body = body,
                       .pause_ms = connect_number(run, "pause_ms", PAUSE_MS),
                       .stays = true };
    ConnectAnswer answer;
    if (!connect_ask(run, &ask, &answer, err))
        return false;
    return answer.status >= 300 || json_parse(answer.body, MB(8), json_r, err);
}

Str notion_part(Arena *arena, Str cursor)
{
    Buf out = buf_new(arena, KB(4));
    JsonWriter json = put_begin(&out);
    put_int(&json, "page_size", NOTION_AT_ONCE);
    if (cursor.length)
        put_text(&json, "start_cursor", cursor);
    put_end(&json);
    return buf_str(&out);
}

Str notion_next(Arena *arena, const json_t *answer)
{
    return json_is_true(json_object_get(answer, "has_more"))
               ? str_copy(arena, json_member_text(answer, "next_cursor"))
               : STR_NONE;
}

bool notion_is_trashed(const json_t *object)
{
    return json_is_true(json_object_get(object, "in_trash")) ||
           json_is_true(json_object_get(object, "archived"));
}
