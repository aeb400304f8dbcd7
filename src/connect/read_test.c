/* read_test.c - what feeds, sites, WebDAV and S3 say, read and signed. */
#include <criterion/criterion.h>

#include "connect/connect_http.h"
#include "connect/feed_read.h"
#include "connect/multistatus.h"
#include "connect/sigv4.h"
#include "connect/web_read.h"

static const char rss[] =
    "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News &amp; more</title>"
    "<item><title>First</title><link>https://example.org/1</link><guid>g1</guid>"
    "<pubDate>Mon, 02 Mar 2026 10:00:00 +0000</pubDate>"
    "<description>&lt;p&gt;Short&lt;/p&gt;</description></item>"
    "<item><title>Second</title><link>https://example.org/2</link></item></channel></rss>";
static const char atom[] =
    "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>F</title><entry><id>urn:1</id>"
    "<title>One</title><link rel=\"self\" href=\"x\"/><link href=\"https://example.org/a\"/>"
    "<author><name>Ann</name></author><content type=\"text\">a &lt; b</content></entry></feed>";

static const char rdf[] =
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
    "xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
    "<channel rdf:about=\"https://e.org/\"><title>Old</title></channel>"
    "<item rdf:about=\"https://e.org/1\"><title>One</title><link>https://e.org/1</link>"
    "<dc:creator>Ann</dc:creator><dc:date>2026-03-02T10:00:00Z</dc:date>"
    "<description>Body</description></item></rdf:RDF>";

Test(connect, entries_of_rss_and_atom_are_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Feed feed;
    cr_assert(feed_read(arena, str(rss), S("https://e.org/"), &feed) && feed.entries.count == 2);
    cr_expect(str_is(feed.title, "News & more"));
    cr_expect(str_is(feed.entries.at[0].id, "g1") && str_is(feed.entries.at[0].title, "First"));
    cr_expect(str_is(feed.entries.at[0].html, "<p>Short</p>"));
    cr_expect(str_starts(feed.entries.at[0].date, S("2026-03-02")));
    cr_expect(str_is(feed.entries.at[1].id, "https://example.org/2"));
    cr_assert(feed_read(arena, str(atom), S("https://e.org/"), &feed) && feed.entries.count == 1);
    cr_expect(str_is(feed.entries.at[0].id, "urn:1") && str_is(feed.entries.at[0].author, "Ann"));
    cr_expect(str_is(feed.entries.at[0].link, "https://example.org/a"));
    cr_expect(str_is(feed.entries.at[0].html, "a &lt; b"));
    cr_expect(
        !feed_read(arena, S("<html><body>no feed</body></html>"), S("https://e.org/"), &feed));
    cr_assert(feed_read(arena, str(rdf), S("https://e.org/"), &feed) && feed.entries.count == 1);
    cr_expect(str_is(feed.title, "Old") && str_is(feed.entries.at[0].id, "https://e.org/1"));
    cr_expect(str_is(feed.entries.at[0].author, "Ann") && str_is(feed.entries.at[0].html, "Body"));
    cr_expect(str_starts(feed.entries.at[0].date, S("2026-03-02")));
}

Test(connect, links_of_entries_are_seen_from_the_base_around_them)
{
    static const struct {
        const char *feed, *id, *link;
    } cases[] = {
        { "<rss><item><link>a</link></item></rss>", "a", "https://e.org/f/a" },
        { "<rss><item><link>/a?b=1&amp;c</link><guid>g</guid></item></rss>", "g",
          "https://e.org/a?b=1&c" },
        { "<feed xml:base='/x/'><entry><id>i</id><link href='a'/></entry></feed>", "i",
          "https://e.org/x/a" },
        { "<feed xml:base='/x/'><entry xml:base='y/'><id>i</id><link href='a'/></entry></feed>",
          "i", "https://e.org/x/y/a" },
        { "<feed xml:base='/x/'><entry><id>i</id><link xml:base='https://z.org/' href='a'/></entry>"
          "</feed>",
          "i", "https://z.org/a" },
        { "<feed><entry xml:base='/x/'><id>h</id></entry><entry><id>i</id><link href='a'/></entry>"
          "</feed>",
          "i", "https://e.org/f/a" },
        { "<feed xml:base='mailto:x@y'><entry><id>i</id><link href='a'/></entry></feed>", "i",
          "https://e.org/f/a" },
        { "<feed xml:base='/x/'><entry><link href='a'/></entry></feed>", "a", "https://e.org/x/a" },
        { "<rss xml:base='/x/'><channel xml:base='y/'><item><link>a</link></item></channel></rss>",
          "a", "https://e.org/x/y/a" },
        { "<rss><item xml:base='/x/'><link>a</link></item></rss>", "a", "https://e.org/x/a" },
        { "<rss><item><guid>https://e.org/1</guid></item></rss>", "https://e.org/1",
          "https://e.org/1" },
        { "<rss><item><guid isPermaLink='true'>https://e.org/1</guid></item></rss>",
          "https://e.org/1", "https://e.org/1" },
        { "<rss><item><guid isPermaLink=\"false\">https://e.org/1</guid></item></rss>",
          "https://e.org/1", "" },
        { "<rss><item><guid isPermaLink='false'>https://e.org/1</guid><link>a</link></item></rss>",
          "https://e.org/1", "https://e.org/f/a" },
        { "<rss><item><guid>https://e.org/1</guid><link>a</link></item></rss>", "https://e.org/1",
          "https://e.org/f/a" },
        { "<rss><item><guid>17</guid></item></rss>", "17", "" },
        { "<feed><entry><id>https://e.org/1</id></entry></feed>", "https://e.org/1", "" },
        { "<rss><item><link>javascript:x</link><title>t</title></item></rss>", "javascript:x", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Feed feed;
        cr_assert(feed_read(arena, str(cases[i].feed), S("https://e.org/f/feed.xml"), &feed) &&
                  feed.entries.count);
        const FeedEntry *last = &feed.entries.at[feed.entries.count - 1];
        cr_expect(str_is(last->id, cases[i].id) && str_is(last->link, cases[i].link),
                  "%s: " STR_FMT ", " STR_FMT, cases[i].feed, STR_ARG(last->id),
                  STR_ARG(last->link));
    }
}

Test(connect, robots_are_obeyed_as_rfc_9309_has_it)
{
    static const struct {
        const char *robots, *path;
        bool allows;
    } cases[] = {
        { "", "/a", true },
        { "User-agent: *\nDisallow: /", "/a", false },
        { "User-agent: *\nDisallow:", "/a", true },
        { "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true },
        { "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/c", false },
        { "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true },
        { "User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", false },
        { "User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", true },
        { "User-agent: *\nDisallow: /p*q", "/p/a/q/b", false },
        { "User-agent: *\nDisallow: /\nUser-agent: lectern\nDisallow: /x", "/a", true },
        { "User-agent: other\nUser-agent: Lectern\nDisallow: /x # no", "/x", false },
        { "User-agent: other\nDisallow: /", "/a", true },
        { "User-agent: *\r\nDisallow: /a\r\n", "/a", false },
        { "User-agent: *\rDisallow: /a\rAllow: /b", "/a", false },
        { "\xEF\xBB\xBFUser-agent: *\nDisallow: /a", "/a", false },
        { "User-agent: Lectern/2.0\nDisallow: /a", "/a", false },
        { "User-agent: *\nDisallow: /\xC3\xA4", "/%C3%A4b", false },
        { "User-agent: *\nDisallow: /%7euser/%c3%a4", "/~user/%C3%A4", false },
        { "User-agent: *\nDisallow: /a%2Fb", "/a/b", true },
        { "User-agent: lectern\nHost: e.org\nUser-agent: other\nDisallow: /a", "/a", false },
        { "Disallow: /a\nUser-agent: *\nDisallow: /b", "/a", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Robots robots;
        robots_read(arena, str(cases[i].robots), S("lectern"), &robots);
        cr_expect(robots_allow(&robots, str(cases[i].path)) == cases[i].allows, "%s: %s",
                  cases[i].robots, cases[i].path);
    }
}

Test(connect, robots_tell_pace_and_sitemaps)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Robots robots;
    robots_read(arena, S("Sitemap: https://example.org/s.xml\nUser-agent: *\nCrawl-delay: 2.5\n"),
                S("lectern"), &robots);
    cr_expect(robots.delay_ms == 2500);
    cr_assert(robots.sitemaps.count == 1);
    cr_expect(str_is(robots.sitemaps.at[0], "https://example.org/s.xml"));
}

Test(connect, links_of_a_page_are_found_and_its_wishes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    WebLinks links;
    web_links_read(arena,
                   S("<base href='/b/'><a href='x?a=1&amp;b=2'>x</a><a rel=nofollow href=y>y</a>"
                     "<script>'<a href=z>'</script><meta name=robots content='NOINDEX'>"),
                   &links);
    cr_assert(links.all.count == 1);
    cr_expect(str_is(links.all.at[0], "x?a=1&b=2") && str_is(links.base, "/b/"));
    cr_expect(links.is_hidden && links.is_followed);
}

static const char packed_sitemap[] =
    "\037\213\010\000\000\000\000\000\002\003\263\051\055\312\051\116\055\261\263\001"
    "\322\166\066\071\371\311\166\031\045\045\005\305\126\372\372\251\172\371\105\351"
    "\372\125\066\372\040\101\033\175\260\274\076\124\065\000\244\321\007\345\066\000"
    "\000\000";

Test(connect, sitemaps_name_pages_or_other_sitemaps)
{
    static const struct {
        Str sitemap;
        const char *first;
        size_t pages, sitemaps;
        bool is_one;
    } cases[] = {
        { S("<urlset><url><loc> https://e.org/a </loc></url></urlset>"), "https://e.org/a", 1, 0,
          true },
        { S("<sitemapindex><sitemap><loc>https://e.org/s</loc></sitemap></sitemapindex>"), "", 0, 1,
          true },
        { S("<html><loc>x</loc></html>"), "", 0, 0, false },
        /* gzip of <urlset><url><loc>https://e.org/z</loc></url></urlset> */
        { { packed_sitemap, sizeof packed_sitemap - 1 }, "https://e.org/z", 1, 0, true },
        { S("https://e.org/a"), "https://e.org/a", 1, 0, true },
        { S("\xEF\xBB\xBFhttps://e.org/a\r\n\r\n  HTTP://e.org/b \n"), "https://e.org/a", 2, 0,
          true },
        { S("https://e.org/a\nhttps://e.org/b\rhttps://e.org/c"), "https://e.org/a", 3, 0, true },
        { S("https://e.org/a\nis where we are\n"), "", 0, 0, false },
        { S("Not found\n"), "", 0, 0, false },
        { S("\n\n"), "", 0, 0, false },
        { S(""), "", 0, 0, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Sitemap map;
        cr_expect(sitemap_read(arena, cases[i].sitemap, &map) == cases[i].is_one, "case %zu", i);
        cr_assert(!cases[i].is_one || (map.pages.count == cases[i].pages &&
                                       map.sitemaps.count == cases[i].sitemaps),
                  "case %zu", i);
        cr_expect(!cases[i].pages || str_is(map.pages.at[0], cases[i].first), "case %zu", i);
    }
}

Test(connect, references_are_resolved_as_rfc_3986_has_it)
{
    static const struct {
        const char *reference, *address;
    } cases[] = {
        { "g", "http://a/b/c/g" },
        { "./g", "http://a/b/c/g" },
        { "g/", "http://a/b/c/g/" },
        { "/g", "http://a/g" },
        { "//g", "http://g/" },
        { "?y", "http://a/b/c/d?y" },
        { "g?y#s", "http://a/b/c/g?y" },
        { "", "http://a/b/c/d?q" },
        { ".", "http://a/b/c/" },
        { "..", "http://a/b/" },
        { "../g", "http://a/b/g" },
        { "../../g", "http://a/g" },
        { "../../../g", "http://a/g" },
        { "https://b:443/x", "https://b/x" },
        { "a b", "http://a/b/c/a%20b" },
        { "mailto:x@y", "" },
        { "javascript:alert(1)", "" },
        { "data:text/html,x", "" },
        { "%7eg%c3%a4", "http://a/b/c/~g%C3%A4" },
        { "/\xC3\xA4%2f(%", "http://a/%C3%A4%2F(%" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Str got = connect_resolve(arena, S("http://a/b/c/d?q"), str(cases[i].reference));
        cr_expect(str_is(got, cases[i].address), "%s: " STR_FMT, cases[i].reference, STR_ARG(got));
    }
}

Test(connect, a_multistatus_tells_files_and_folders)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DavMembers members;
    cr_assert(multistatus_read(
        arena,
        S("<?xml version='1.0'?><d:multistatus xmlns:d='DAV:'><d:response><d:href>/f/</d:href>"
          "<d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop>"
          "</d:propstat></d:response><d:response><d:href>/f/a%20b.txt</d:href><d:propstat><d:prop>"
          "<d:getetag>\"1\"</d:getetag><d:getcontentlength>12</d:getcontentlength>"
          "<d:resourcetype/></d:prop></d:propstat></d:response></d:multistatus>"),
        &members));
    cr_assert(members.all.count == 2);
    cr_expect(members.all.at[0].is_folder && !members.all.at[1].is_folder);
    cr_expect(str_is(members.all.at[1].href, "/f/a%20b.txt") && members.all.at[1].size == 12);
    cr_expect(str_is(members.all.at[1].etag, "\"1\""));
    cr_expect(!multistatus_read(arena, S("<html></html>"), &members));
    cr_assert(multistatus_read(
        arena,
        S("<multistatus xmlns='DAV:'><response><href>/f/closed</href><status>HTTP/1.1 403 Forbidden"
          "</status></response><response><href>/f/c</href><propstat><prop><resourcetype/></prop>"
          "<status>HTTP/1.1 200 OK</status></propstat><propstat><prop><getetag/></prop><status>"
          "HTTP/1.1 404 Not Found</status></propstat></response></multistatus>"),
        &members));
    cr_expect(members.all.count == 1 && str_is(members.all.at[0].href, "/f/c"));
}

/* The example "GET Bucket (List Objects)" of the documentation of Signature Version 4. */
Test(connect, a_request_is_signed_as_the_service_does)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const SigningKey key = { .key_id = S("AKIAIOSFODNN7EXAMPLE"),
                             .secret = S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                             .region = S("us-east-1") };
    HttpPair pairs[] = { { S("max-keys"), S("2") }, { S("prefix"), S("J") } };
    const HttpPairs query = { pairs, COUNT(pairs) };
    SignedHeaders headers;
    sigv4_sign(arena, &key, S("examplebucket.s3.amazonaws.com"), S("/"), &query, 1369353600000,
               &headers);
    cr_expect(str_is(headers.at[0].value, "20130524T000000Z"));
    cr_expect(
        str_ends(headers.at[2].value,
                 S("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")));
}
