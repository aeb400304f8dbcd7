/* web.c - the pages of a web site: those that its sitemaps name and those that links lead to, on
 * one server. robots.txt is obeyed, also in what it says of pace; a page that is here is asked for
 * only when it has changed. */
#include "base/file.h"
#include "connect/connect_http.h"
#include "connect/web_read.h"
#include "net/url.h"

#define VISITOR S("lectern")
#define DEPTH_USUAL 2
#define PAUSE_MS_USUAL 1000
#define SITEMAPS_MAX 50
#define SITEMAP_BYTES_MAX MB(32) /* of all of them */
#define FOUND_MAX 50000          /* by them */
#define PAGE_MAX MB(8)           /* in which links are looked for */

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],\"properties\":{"
    "\"url\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":2000,\"title\":\"Page to begin "
    "with, or a sitemap\"},"
    "\"depth\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":10,\"default\":2,\"title\":\"Links "
    "to follow from it\"},"
    "\"sitemaps\":{\"type\":\"boolean\",\"default\":true,\"title\":\"Pages of the site's sitemaps "
    "too\"},"
    "\"below\":{\"type\":\"string\",\"maxLength\":1000,\"title\":\"Only addresses whose path "
    "begins "
    "so\"},"
    "\"without\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\",\"minLength\":"
    "1,"
    "\"maxLength\":200},\"title\":\"No addresses with this in them\"},"
    "\"pause_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":60000,\"default\":1000,"
    "\"title\":\"Milliseconds between two requests; more where robots.txt asks for it\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":50000,\"default\":500}}}";

/* --- What is allowed --- */

static int64_t pause_of(const ConnectRun *run)
{
    const Robots *robots = run->own;
    int64_t own = connect_number(run, "pause_ms", PAUSE_MS_USUAL);
    return robots ? MAX(own, robots->delay_ms) : own;
}

static Str path_of(Arena *arena, Str address)
{
    Url url;
    Error none;
    if (!url_parse(arena, address, &url, &none))
        return S("/");
    return url.query.length
               ? str_format(arena, STR_FMT "?" STR_FMT, STR_ARG(url.path), STR_ARG(url.query))
               : url.path;
}

/* Read once in a run. What is not there allows everything; what cannot be had allows nothing for
 * now (RFC 9309, section 2.3.1). */
static bool load_robots(ConnectRun *run, Error *err)
{
    ConnectAsk ask = { .url =
                           connect_resolve(run->arena, connect_text(run, "url"), S("/robots.txt")),
                       .answer_max = MB(2),
                       .pause_ms = pause_of(run) };
    ConnectAnswer answer;
    if (run->own)
        return true;
    Robots *robots = arena_new_one(run->kept, Robots);
    if (!ask.url.length)
        return fail_field(err, "url", "'" STR_FMT "' is no address of a page",
                          STR_ARG(str_slice(connect_text(run, "url"), 0, 200)));
    if (connect_ask(run, &ask, &answer, err))
        robots_read(run->kept, answer.status < 300 ? answer.body : S(""), VISITOR, robots);
    else if (err->code != ERROR_DENIED && err->code != ERROR_INVALID)
        return false;
    run->own = robots;
    return true;
}

static bool is_wanted(const ConnectRun *run, Str address)
{
    Str below = connect_text(run, "below");
    size_t i;
    const json_t *part;
    if (!connect_same_origin(run->arena, connect_text(run, "url"), address) ||
        !robots_allow(run->own, path_of(run->arena, address)) ||
        (below.length && !str_starts(path_of(run->arena, address), below)))
        return false;
    json_array_foreach(json_object_get(run->settings, "without"), i, part)
    {
        if (str_find(address, str(json_string_value(part))) >= 0)
            return false;
    }
    return true;
}

static void found(ConnectRun *run, FoundItems *items, Str address, int64_t depth)
{
    ConnectionItem item = { .remote = address, .name = address, .depth = depth };
    if (address.length && address.length <= 2000 && is_wanted(run, address))
        connect_found(run, items, item);
}

/* --- Listing: where the way begins --- */

typedef struct SitemapQueue {
    VEC(Str) all;
    size_t done;
} SitemapQueue;

static void add_sitemap(ConnectRun *run, SitemapQueue *queue, Str address)
{
    for (size_t i = 0; i < queue->all.count; i++)
        if (str_equal(queue->all.at[i], address))
            return;
    if (address.length && queue->all.count < SITEMAPS_MAX &&
        connect_same_origin(run->arena, connect_text(run, "url"), address))
        *vec_push(run->arena, &queue->all) = address;
}

/* One that is missing or broken says nothing: the pages lead to each other too. */
static bool read_sitemaps(ConnectRun *run, SitemapQueue *queue, FoundItems *items, Error *err)
{
    size_t bytes = 0;
    for (; queue->done < queue->all.count; queue->done++) {
        if (bytes >= SITEMAP_BYTES_MAX || items->all.count >= FOUND_MAX)
            break;
        Str address = queue->all.at[queue->done];
        ConnectAsk ask = { .url = address, .pause_ms = pause_of(run), .stays = true };
        ConnectAnswer answer;
        Sitemap map;
        if (!connect_ask(run, &ask, &answer, err)) {
            if (error_is_temporary(err->code))
                return false;
            continue;
        }
        bytes += answer.body.length;
        if (answer.status >= 300 || !sitemap_read(run->arena, answer.body, &map))
            continue;
        for (size_t i = 0; i < map.pages.count; i++)
            found(run, items, connect_resolve(run->arena, address, map.pages.at[i]), 1);
        for (size_t i = 0; i < map.sitemaps.count; i++)
            add_sitemap(run, queue, connect_resolve(run->arena, address, map.sitemaps.at[i]));
    }
    return true;
}

/* A page is not told from a sitemap before it is read; what it is called tells. */
static bool names_sitemap(Str address)
{
    Str plain = str_ends(address, S(".gz")) ? str_slice(address, 0, address.length - 3) : address;
    Str name = str_from(plain, (size_t)(str_find_last_char(plain, '/') + 1));
    return str_ends(plain, S(".xml")) ||
           (str_ends(plain, S(".txt")) && str_find_ignore_case(name, S("sitemap")) >= 0);
}

static bool web_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    Str start = connect_resolve(run->arena, connect_text(run, "url"), S(""));
    SitemapQueue queue = { 0 };
    (void)cursor;
    if (!load_robots(run, err))
        return false;
    const Robots *robots = run->own;
    if (!robots_allow(robots, path_of(run->arena, start)))
        return fail(err, ERROR_DENIED, "the robots.txt of the site does not allow " STR_FMT,
                    STR_ARG(str_slice(start, 0, 200)));
    if (names_sitemap(start))
        add_sitemap(run, &queue, start);
    else
        found(run, &page_r->found, start, 0);
    if (connect_is_on(run, "sitemaps", true)) {
        for (size_t i = 0; i < robots->sitemaps.count; i++)
            add_sitemap(run, &queue, connect_resolve(run->arena, start, robots->sitemaps.at[i]));
        add_sitemap(run, &queue, connect_resolve(run->arena, start, S("/sitemap.xml")));
    }
    page_r->is_last = true;
    page_r->is_again = true; /* what no link leads to any more may still be there */
    return read_sitemaps(run, &queue, &page_r->found, err);
}

static bool web_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    ConnectAsk ask = { .url = connect_resolve(run->arena, connect_text(run, "url"), S("")) };
    ConnectAnswer answer;
    if (!web_list(run, STR_NONE, &page, err) || !connect_ask(run, &ask, &answer, err))
        return false;
    if (answer.status >= 300)
        return fail(err, ERROR_NOT_FOUND, "there is nothing at " STR_FMT,
                    STR_ARG(str_slice(ask.url, 0, 200)));
    *says_r =
        str_format(run->arena, "it answers; %zu addresses to begin with", page.found.all.count);
    return true;
}

/* --- One page --- */

static void follow(ConnectRun *run, const ConnectionItem *item, Str address, const WebLinks *links,
                   ConnectFile *file)
{
    Str base = connect_resolve(run->arena, address, links->base);
    if (item->depth >= connect_number(run, "depth", DEPTH_USUAL) || !links->is_followed)
        return;
    for (size_t i = 0; i < links->all.count; i++)
        found(run, &file->found, connect_resolve(run->arena, base, links->all.at[i]),
              item->depth + 1);
}

static bool read_page(ConnectRun *run, const ConnectionItem *item, Str address, ConnectFile *file,
                      Error *err)
{
    WebLinks links;
    Str html;
    if (!connect_file_read(run, file, PAGE_MAX, &html, err))
        return false;
    web_links_read(run->arena, html, &links);
    follow(run, item, address, &links, file);
    return !links.is_hidden || fail(err, ERROR_DENIED, "the page asks not to be kept (noindex)");
}

/* What the server knows this version by, to be asked with the next time. */
static Str version_of(Arena *arena, const HttpAnswer *answer)
{
    Str etag = http_answer_header(answer, "ETag"),
        date = http_answer_header(answer, "Last-Modified");
    if (etag.length && etag.length <= 500)
        return str_format(arena, "etag " STR_FMT, STR_ARG(etag));
    return date.length && date.length <= 100 ? str_format(arena, "date " STR_FMT, STR_ARG(date))
                                             : STR_NONE;
}

static size_t condition(const ConnectionItem *item, HttpPair *header)
{
    bool is_etag = str_starts(item->version, S("etag "));
    if (!is_etag && !str_starts(item->version, S("date ")))
        return 0;
    *header = (HttpPair){ is_etag ? S("If-None-Match") : S("If-Modified-Since"),
                          str_from(item->version, 5) };
    return 1;
}

static bool web_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    HttpPair header;
    ConnectAnswer answer;
    if (!load_robots(run, err))
        return false;
    if (!robots_allow(run->own, path_of(run->arena, item->remote)))
        return fail(err, ERROR_DENIED, "the robots.txt of the site does not allow it");
    ConnectAsk ask = { .url = item->remote,
                       .headers = &header,
                       .header_count = condition(item, &header),
                       .into = file,
                       .pause_ms = pause_of(run),
                       .stays = true };
    if (!connect_ask(run, &ask, &answer, err))
        return false;
    file->is_unchanged = answer.status == 304;
    file->is_gone = answer.status >= 400;
    if (answer.status >= 300)
        return true;
    file->media_type = http_answer_header(&answer.http, "Content-Type");
    file->version = version_of(run->arena, &answer.http);
    file->name = connect_url_name(run->arena, answer.url, file->media_type);
    bool is_page = str_starts(file->media_type, S("text/html")) ||
                   str_starts(file->media_type, S("application/xhtml"));
    return !is_page || read_page(run, item, answer.url, file, err);
}

const Connector connector_web = {
    .schema = schema,
    .items_max = 500,
    .check = web_check,
    .list = web_list,
    .fetch = web_fetch,
};
