/* feed.c - a news feed (RSS, Atom): its entries as the feed tells them, or the pages that they lead
 * to. What leaves a feed has not gone: feeds are short. */
#include "base/hash.h"
#include "base/utf8.h"
#include "connect/connect_http.h"
#include "connect/feed_read.h"

#define NAME_MAX_BYTES 120

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],\"properties\":{"
    "\"url\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":2000,\"title\":\"Address of the "
    "feed\"},"
    "\"take\":{\"enum\":[\"entries\",\"pages\"],\"default\":\"entries\",\"title\":\"What the feed "
    "says of each entry, or the page that it leads to\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2000,\"default\":2000}}}";

static bool takes_pages(const ConnectRun *run)
{
    return str_is(connect_text(run, "take"), "pages");
}

/* *answer_r.status may be 304: nothing has changed since `known`. */
static bool ask(ConnectRun *run, const json_t *known, ConnectAnswer *answer_r, Error *err)
{
    VEC(HttpPair) headers = { 0 };
    Str etag = json_member_text(known, "etag"), modified = json_member_text(known, "modified");
    if (etag.length)
        *vec_push(run->arena, &headers) = (HttpPair){ S("If-None-Match"), etag };
    if (modified.length)
        *vec_push(run->arena, &headers) = (HttpPair){ S("If-Modified-Since"), modified };
    ConnectAsk ask = { .url = connect_text(run, "url"),
                       .headers = headers.at,
                       .header_count = headers.count };
    if (!connect_ask(run, &ask, answer_r, err))
        return false;
    return answer_r->status == 304 || answer_r->status < 300 ||
           fail(err, ERROR_NOT_FOUND, "there is no feed at " STR_FMT " any more",
                STR_ARG(str_slice(ask.url, 0, 200)));
}

static bool read_answer(Arena *arena, const ConnectAnswer *answer, Feed *feed_r, Error *err)
{
    return feed_read(arena, answer->body, answer->url, feed_r) ||
           fail(err, ERROR_INVALID, "what is at " STR_FMT " is no RSS or Atom feed",
                STR_ARG(str_slice(answer->url, 0, 200)));
}

static Str name_of(Arena *arena, const FeedEntry *entry)
{
    Str title = entry->title.length ? entry->title : entry->id;
    Buf out = buf_new(arena, KB(1));
    Str cut = str_slice(title, 0, utf8_floor(title, MIN(title.length, (size_t)NAME_MAX_BYTES)));
    for (size_t i = 0; i < cut.length; i++)
        buf_add_char(&out, HAS_CHAR(cut.at[i], "/\\") ? '-' : cut.at[i]);
    buf_add(&out, S(".html"));
    return buf_str(&out);
}

/* Where the listing begins the next time: what the server wants to hear. */
static Str cursor_of(ConnectRun *run, const HttpAnswer *answer)
{
    Buf out = buf_new(run->arena, KB(8));
    JsonWriter json = put_begin(&out);
    put_text(&json, "etag", str_slice(http_answer_header(answer, "ETag"), 0, 1000));
    put_text(&json, "modified", str_slice(http_answer_header(answer, "Last-Modified"), 0, 100));
    put_end(&json);
    return buf_str(&out);
}

static bool feed_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    AUTO_JSON json_t *known = NULL;
    ConnectAnswer answer;
    Feed feed;
    Error none;
    if (cursor.length && !json_parse(cursor, KB(8), &known, &none))
        known = NULL;
    page_r->is_last = true;
    page_r->cursor = cursor;
    if (!ask(run, known, &answer, err))
        return false;
    if (answer.status == 304)
        return true;
    if (!read_answer(run->arena, &answer, &feed, err))
        return false;
    for (size_t i = 0; i < feed.entries.count; i++) {
        const FeedEntry *entry = &feed.entries.at[i];
        ConnectionItem item = { .remote = takes_pages(run) ? entry->link : entry->id,
                                .name = name_of(run->arena, entry),
                                .listed = sha256_hex(run->arena, feed_page(run->arena, entry)) };
        connect_found(run, &page_r->found, item);
    }
    page_r->cursor = cursor_of(run, &answer.http);
    return true;
}

static bool feed_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectAnswer answer;
    Feed feed;
    if (!ask(run, NULL, &answer, err) || !read_answer(run->arena, &answer, &feed, err))
        return false;
    *says_r =
        str_format(run->arena, "'" STR_FMT "', %zu entr%s", STR_ARG(str_slice(feed.title, 0, 200)),
                   feed.entries.count, feed.entries.count == 1 ? "y" : "ies");
    return true;
}

/* The feed is read once in a run. */
static bool load(ConnectRun *run, const Feed **feed_r, Error *err)
{
    ConnectAnswer answer;
    if (!run->own) {
        Feed *feed = arena_new_one(run->kept, Feed);
        if (!ask(run, NULL, &answer, err))
            return false;
        answer.body = str_copy(run->kept, answer.body);
        if (!read_answer(run->kept, &answer, feed, err))
            return false;
        run->own = feed;
    }
    *feed_r = run->own;
    return true;
}

static bool fetch_entry(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    const Feed *feed;
    if (!load(run, &feed, err))
        return false;
    for (size_t i = 0; i < feed->entries.count; i++)
        if (str_equal(feed->entries.at[i].id, item->remote)) {
            file->media_type = S("text/html");
            return connect_file_add(run, file, feed_page(run->arena, &feed->entries.at[i]), err);
        }
    return fail(err, ERROR_NOT_FOUND, "it has left the feed before it was taken");
}

static bool feed_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    ConnectAsk ask = { .url = item->remote, .into = file };
    ConnectAnswer answer;
    if (!takes_pages(run))
        return fetch_entry(run, item, file, err);
    if (!connect_ask(run, &ask, &answer, err))
        return false;
    file->is_gone = answer.status >= 400;
    file->media_type = http_answer_header(&answer.http, "Content-Type");
    file->version = item->listed;
    return true;
}

const Connector connector_feed = {
    .schema = schema,
    .check = feed_check,
    .list = feed_list,
    .fetch = feed_fetch,
};
