/* fuzz_places.c - any bytes are read as what feeds, sites, WebDAV servers and Notion say, or
 * refused. */
#include "connect/connect_http.h"
#include "connect/feed_read.h"
#include "connect/multistatus.h"
#include "connect/notion_text.h"
#include "connect/web_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_site(Arena *arena, Str bytes)
{
    Robots robots;
    WebLinks links;
    Sitemap map;
    robots_read(arena, bytes, S("lectern"), &robots);
    (void)robots_allow(&robots, str_slice(bytes, 0, 2000));
    web_links_read(arena, bytes, &links);
    (void)sitemap_read(arena, bytes, &map);
    if (links.all.count > WEB_LINKS_MAX || map.pages.count + map.sitemaps.count > WEB_LINKS_MAX)
        abort();
    (void)connect_resolve(arena, S("https://example.org/a/b"), str_slice(bytes, 0, 2000));
    (void)connect_url_name(arena, str_slice(bytes, 0, 2000), S("text/html"));
}

static void read_notion(Arena *arena, Str bytes)
{
    AUTO_JSON json_t *json = NULL, *blocks = notion_blocks_of(arena, bytes);
    Buf out = buf_new(arena, MB(16));
    Error err;
    if (json_array_size(blocks) > NOTION_BLOCKS_MAX)
        abort();
    if (!json_parse(bytes, MB(1), &json, &err))
        return;
    notion_block(&out, json, 3);
    notion_property(&out, json);
    notion_title(&out, json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Str bytes = { (const char *)data, size };
    Feed feed;
    DavMembers members;
    if (feed_read(arena, bytes, S("https://e.org/feed"), &feed) && feed.entries.count)
        (void)feed_page(arena, &feed.entries.at[0]);
    if (multistatus_read(arena, bytes, &members) && members.all.count > MULTISTATUS_MAX)
        abort();
    read_site(arena, bytes);
    read_notion(arena, bytes);
    return 0;
}
