/* web_read.c - see web_read.h. */
#include "connect/web_read.h"

#include "extract/formats/markup.h"
#include "extract/inflate.h"
#include "net/url.h"

#define RULES_MAX 500
#define RULE_BYTES_MAX 500
#define DELAY_S_MAX 60
#define SITEMAP_MAX MB(16) /* unpacked; more addresses than are taken from one */

/* --- robots.txt --- */

typedef struct RobotsReading {
    Arena *arena;
    Str visitor;
    Robots ours, all;
    bool is_ours, is_all; /* the group at hand is for us, for everybody */
    bool is_in_agents;    /* the last line named a visitor */
    bool has_ours;
} RobotsReading;

static void read_agent(RobotsReading *in, Str name)
{
    if (!in->is_in_agents)
        in->is_ours = in->is_all = false;
    in->is_in_agents = true;
    size_t token = 0; /* "Lectern/1.0" is Lectern */
    while (token < name.length && !HAS_CHAR(name.at[token], "/ \t"))
        token++;
    name = str_slice(name, 0, token);
    in->is_all |= str_is(name, "*");
    if (str_equal_ignore_case(name, in->visitor))
        in->is_ours = in->has_ours = true;
}

static void add_rule(RobotsReading *in, Robots *robots, Str path, bool allows)
{
    if (path.length && path.length <= RULE_BYTES_MAX && robots->rules.count < RULES_MAX)
        *vec_push(in->arena, &robots->rules) =
            (RobotsRule){ url_normalize(in->arena, path), allows };
}

static void read_delay(Robots *robots, Str value)
{
    double seconds;
    if (str_to_double(value, &seconds) && seconds > 0)
        robots->delay_ms = (int64_t)(MIN(seconds, (double)DELAY_S_MAX) * 1000);
}

static void read_line(RobotsReading *in, Str name, Str value)
{
    if (str_equal_ignore_case(name, S("user-agent"))) {
        read_agent(in, value);
        return;
    }
    if (str_equal_ignore_case(name, S("sitemap"))) {
        *vec_push(in->arena, &in->ours.sitemaps) = value;
        return;
    }
    bool allows = str_equal_ignore_case(name, S("allow"));
    bool is_rule = allows || str_equal_ignore_case(name, S("disallow"));
    bool is_delay = str_equal_ignore_case(name, S("crawl-delay"));
    if (!is_rule && !is_delay) /* what others have made up ends no group */
        return;
    in->is_in_agents = false;
    Robots *const groups[] = { in->is_ours ? &in->ours : NULL, in->is_all ? &in->all : NULL };
    for (size_t i = 0; i < COUNT(groups); i++) {
        if (groups[i] && is_rule)
            add_rule(in, groups[i], value, allows);
        if (groups[i] && is_delay)
            read_delay(groups[i], value);
    }
}

/* Editors put a mark of UTF-8 in front. */
static Str without_mark(Str text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    return str_starts(text, str(mark)) ? str_from(text, strlen(mark)) : text;
}

/* Lines end with CR, LF or both. */
static bool next_line(Str *rest, Str *line_r)
{
    size_t end = 0;
    if (!rest->length)
        return false;
    while (end < rest->length && !HAS_CHAR(rest->at[end], "\r\n"))
        end++;
    *line_r = str_slice(*rest, 0, end);
    *rest = str_from(*rest, MIN(end + 1, rest->length));
    return true;
}

void robots_read(Arena *arena, Str text, Str visitor, Robots *robots_r)
{
    RobotsReading in = { .arena = arena, .visitor = visitor };
    Str rest = without_mark(str_slice(text, 0, ROBOTS_MAX)), line;
    while (next_line(&rest, &line)) {
        ptrdiff_t comment = str_find_char(line, '#');
        if (comment >= 0)
            line = str_slice(line, 0, (size_t)comment);
        ptrdiff_t colon = str_find_char(line, ':');
        if (colon > 0)
            read_line(&in, str_trim(str_slice(line, 0, (size_t)colon)),
                      str_copy(arena, str_trim(str_from(line, (size_t)colon + 1))));
    }
    *robots_r = in.ours;
    if (!in.has_ours) {
        robots_r->rules.at = in.all.rules.at;
        robots_r->rules.count = in.all.rules.count;
        robots_r->delay_ms = in.all.delay_ms;
    }
}

/* Greedy with one step back, so a rule of many stars is no work without end. */
static bool rule_fits(Str rule, Str path)
{
    bool is_end = str_ends(rule, S("$"));
    size_t count = rule.length - is_end, i = 0, j = 0, star = SIZE_MAX, from = 0;
    while (j < path.length) {
        if (i == count && !is_end)
            return true;
        if (i < count && rule.at[i] == '*') {
            star = i++;
            from = j;
        } else if (i < count && rule.at[i] == path.at[j]) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            j = ++from;
        } else {
            return false;
        }
    }
    while (i < count && rule.at[i] == '*')
        i++;
    return i == count;
}

bool robots_allow(const Robots *robots, Str path)
{
    size_t best = 0;
    bool allows = true;
    if (robots->refuses_all)
        return false;
    for (size_t i = 0; i < robots->rules.count; i++) {
        const RobotsRule *rule = &robots->rules.at[i];
        if (rule->path.length < best || !rule_fits(rule->path, path))
            continue;
        allows = rule->allows || (rule->path.length == best && best && allows);
        best = rule->path.length;
    }
    return allows;
}

/* --- Pages --- */

static void read_meta(Arena *arena, const HtmlToken *token, WebLinks *links)
{
    Str name = markup_attribute(arena, token->attributes, "name");
    Str content = str_lower(arena, markup_attribute(arena, token->attributes, "content"));
    if (!str_equal_ignore_case(name, S("robots")) && !str_equal_ignore_case(name, S("lectern")))
        return;
    bool is_none = str_find(content, S("none")) >= 0;
    links->is_hidden |= is_none || str_find(content, S("noindex")) >= 0;
    links->is_followed &= !is_none && str_find(content, S("nofollow")) < 0;
}

static void read_anchor(Arena *arena, const HtmlToken *token, WebLinks *links)
{
    Str href = markup_attribute(arena, token->attributes, "href");
    Str rel = markup_attribute(arena, token->attributes, "rel");
    if (href.length && links->all.count < WEB_LINKS_MAX &&
        str_find_ignore_case(rel, S("nofollow")) < 0)
        *vec_push(arena, &links->all) = str_copy(arena, href);
}

void web_links_read(Arena *arena, Str html, WebLinks *links_r)
{
    HtmlReader in = html_reader(html);
    HtmlToken token;
    *links_r = (WebLinks){ .is_followed = true };
    while (html_next(&in, &token)) {
        if (token.kind != HTML_START)
            continue;
        if (str_is(token.name, "a") || str_is(token.name, "area"))
            read_anchor(arena, &token, links_r);
        else if (str_is(token.name, "base") && !links_r->base.length)
            links_r->base = str_copy(arena, markup_attribute(arena, token.attributes, "href"));
        else if (str_is(token.name, "meta"))
            read_meta(arena, &token, links_r);
    }
}

/* --- Sitemaps --- */

static Str unpacked(Arena *scratch, Str bytes)
{
    if (!str_starts(bytes, S("\x1F\x8B")))
        return bytes;
    Buf out = buf_new(scratch, SITEMAP_MAX);
    inflate_into(&out, bytes, INFLATE_GZIP);
    return buf_str(&out);
}

static void add_address(Arena *arena, Sitemap *sitemap, Str address, bool is_sitemap)
{
    if (address.length && sitemap->pages.count + sitemap->sitemaps.count < WEB_LINKS_MAX)
        *(is_sitemap ? vec_push(arena, &sitemap->sitemaps) : vec_push(arena, &sitemap->pages)) =
            address;
}

static bool is_web_address(Str text)
{
    return str_equal_ignore_case(str_slice(text, 0, 7), S("http://")) ||
           str_equal_ignore_case(str_slice(text, 0, 8), S("https://"));
}

/* One address a line and nothing else; some other text is no sitemap. */
static bool read_plain(Arena *arena, Str text, Sitemap *sitemap)
{
    Str rest = without_mark(text), line;
    while (sitemap->pages.count < WEB_LINKS_MAX && next_line(&rest, &line)) {
        Str address = str_trim(line);
        if (address.length && !is_web_address(address))
            return false;
        add_address(arena, sitemap, str_copy(arena, address), false);
    }
    return sitemap->pages.count > 0;
}

static bool read_marked_up(Arena *arena, Str bytes, Sitemap *sitemap)
{
    HtmlReader in = markup_reader(arena, bytes);
    HtmlToken token;
    bool is_index = false, is_sitemap = false;
    while (html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        is_index |= str_is(token.name, "sitemapindex");
        is_sitemap |= is_index || str_is(token.name, "urlset");
        if (str_is(token.name, "loc"))
            add_address(arena, sitemap, str_trim(markup_words(arena, markup_inner(&in))), is_index);
    }
    return is_sitemap;
}

bool sitemap_read(Arena *arena, Str packed, Sitemap *sitemap_r)
{
    AUTO_ARENA Arena *scratch = arena_new(4 * SITEMAP_MAX);
    Str bytes = unpacked(scratch, packed);
    *sitemap_r = (Sitemap){ 0 };
    if (read_plain(arena, bytes, sitemap_r))
        return true;
    *sitemap_r = (Sitemap){ 0 };
    return read_marked_up(arena, bytes, sitemap_r);
}
