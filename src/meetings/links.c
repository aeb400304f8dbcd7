#include "meetings/links.h"

#include "net/url.h"

#define LINK_MAX 2000 /* bytes */
#define LINKS_LOOKED 200
#define QUERY_MAX 40
#define WRAPPINGS 3

static const struct {
    const char *name, *hosts;
} kinds[] = {
#define LINK_KIND(name, title, hosts) { #name, hosts },
#include "meetings/link_kinds.def"
#undef LINK_KIND
};

const char *link_kind_name(LinkKind kind) { return kinds[kind].name; }
/* --- Paths --- */

/* An address that is looked at: its path in pieces, its query. */
typedef struct Place {
    Arena *arena;
    Url url;
    Str at[8]; /* pieces of the path; the rest is left out */
    size_t count;
    HttpPairs query;
} Place;

static bool is_digits(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.length > 0;
}

/* Letters, digits and some marks: what ids and names of rooms are made of. */
static bool is_word(Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              HAS_CHAR(c, "-_.%@:~") || (unsigned char)c >= 0x80))
            return false;
    }
    return text.length > 0 && text.length <= 300;
}

static Str query_of(const Place *place, const char *name)
{
    for (size_t i = 0; i < place->query.count; i++)
        if (str_equal_ignore_case(place->query.at[i].name, str(name)))
            return place->query.at[i].value;
    return STR_NONE;
}

static bool is_at(const Place *place, size_t index, const char *piece)
{
    return index < place->count && str_is(place->at[index], piece);
}

/* "https://host/path?name=value", where there is a value. */
static Str plain_url(const Place *place, Str path, const char *name, Str value)
{
    Str encoded = url_encode(place->arena, value), query = STR_NONE;
    if (value.length)
        query = str_format(place->arena, "?%s=" STR_FMT, name, STR_ARG(encoded));
    return str_format(place->arena, "https://" STR_FMT STR_FMT STR_FMT, STR_ARG(place->url.host),
                      STR_ARG(path), STR_ARG(query));
}

typedef bool LinkReader(const Place *place, MeetingLink *link);

static bool link_meet(const Place *place, MeetingLink *link)
{
    size_t at = is_at(place, 0, "lookup") || is_at(place, 0, "_meet") ? 1 : 0;
    Str code = at < place->count ? place->at[at] : STR_NONE;
    bool is_code = code.length == 12 && code.at[3] == '-' && code.at[8] == '-';
    if (!is_word(code) || !(is_code || (at && is_at(place, 0, "lookup"))))
        return false;
    link->id = str_lower(place->arena, code);
    link->url = plain_url(place, place->url.path, "", STR_NONE);
    return true;
}

/* /j/123, /w/123, /s/123, /wc/join/123, /wc/123/join, /my/name */
static bool link_zoom(const Place *place, MeetingLink *link)
{
    Str id = STR_NONE;
    bool is_named = is_at(place, 0, "my") && place->count > 1;
    for (size_t i = 1; i < place->count && !id.length; i++)
        if (is_digits(place->at[i]) && place->at[i].length >= 9 && place->at[i].length <= 11)
            id = place->at[i];
    if (is_named)
        id =
            str_lower(place->arena, str_format(place->arena, "my/" STR_FMT, STR_ARG(place->at[1])));
    if (!id.length || !(is_named || is_at(place, 0, "j") || is_at(place, 0, "w") ||
                        is_at(place, 0, "s") || is_at(place, 0, "wc")))
        return false;
    link->id = id;
    link->password = query_of(place, "pwd");
    link->url = plain_url(
        place, is_named ? place->url.path : str_format(place->arena, "/j/" STR_FMT, STR_ARG(id)),
        "pwd", link->password);
    return true;
}

/* Old: /l/meetup-join/THREAD/0?context=...; new: /meet/123?p=PASSWORD. Both parts of an old one are
 * needed to get in. */
static bool link_teams(const Place *place, MeetingLink *link)
{
    if (is_at(place, 0, "l") && is_at(place, 1, "meetup-join") && place->count > 2) {
        Error ignored;
        link->id = place->at[2];
        bool is_decoded = url_decode(place->arena, place->at[2], false, &link->id, &ignored);
        (void)is_decoded;
        link->url = plain_url(place, place->url.path, "context", query_of(place, "context"));
        return true;
    }
    if (!is_at(place, 0, "meet") || place->count < 2 || !is_word(place->at[1]))
        return false;
    link->id = place->at[1];
    link->password = query_of(place, "p");
    link->url = plain_url(place, place->url.path, "p", link->password);
    return true;
}

/* /meet/name, /join/name, /site/j.php?MTID=..., /wbxmjs/joinservice/sites/site/meeting/download/ID,
 * /webappng/sites/site/meeting/.../ID */
static bool link_webex(const Place *place, MeetingLink *link)
{
    Str mtid = query_of(place, "MTID");
    size_t last = place->count ? place->count - 1 : 0;
    if (mtid.length && place->count) {
        link->id = str_lower(place->arena, mtid);
        link->url = plain_url(place, place->url.path, "MTID", mtid);
        return is_word(mtid);
    }
    bool is_room = place->count == 2 && (is_at(place, 0, "meet") || is_at(place, 0, "join"));
    bool is_session =
        place->count > 3 && (is_at(place, 0, "wbxmjs") || is_at(place, 0, "webappng"));
    if (!(is_room || is_session) || !is_word(place->at[last]))
        return false;
    link->id =
        str_lower(place->arena, str_format(place->arena, STR_FMT "/" STR_FMT,
                                           STR_ARG(place->url.host), STR_ARG(place->at[last])));
    link->url = plain_url(place, place->url.path, "", STR_NONE);
    return true;
}

static bool link_jitsi(const Place *place, MeetingLink *link)
{
    static const char *const others[] = { "static", "images", "libs", "sounds", "config.js" };
    if (!place->count || place->count > 2 || !is_word(place->at[place->count - 1]))
        return false;
    for (size_t i = 0; i < COUNT(others); i++)
        if (str_is(place->at[0], others[i]))
            return false;
    link->id =
        str_lower(place->arena, str_format(place->arena, STR_FMT STR_FMT, STR_ARG(place->url.host),
                                           STR_ARG(place->url.path)));
    link->url = plain_url(place, place->url.path, "", STR_NONE);
    return true;
}

/* --- Hosts --- */

static bool is_below(Str host, Str name)
{
    return name.length &&
           (str_equal(host, name) || (host.length > name.length && str_ends(host, name) &&
                                      host.at[host.length - name.length - 1] == '.'));
}

static bool has_host(LinkKind kind, Str host, StrList jitsi_hosts)
{
    Str rest = str(kinds[kind].hosts), name;
    while (str_next(&rest, ' ', &name))
        if (is_below(host, name))
            return true;
    for (size_t i = 0; kind == LINK_jitsi && i < jitsi_hosts.count; i++)
        if (str_equal_ignore_case(host, jitsi_hosts.at[i]))
            return true;
    return kind == LINK_jitsi && str_starts(host, S("jitsi."));
}

static void split_path(Place *place)
{
    Str rest = str_from(place->url.path, 1), piece;
    while (place->count < COUNT(place->at) && str_next(&rest, '/', &piece))
        if (piece.length)
            place->at[place->count++] = piece;
}

/* The address inside those of mail programs that look at links first; else the same. */
static Str unwrapped(const Place *place)
{
    static const struct {
        const char *host, *parameter;
    } wrappers[] = { { "safelinks.protection.outlook.com", "url" }, { "www.google.com", "q" } };
    for (size_t i = 0; i < COUNT(wrappers); i++)
        if (is_below(place->url.host, str(wrappers[i].host)))
            return query_of(place, wrappers[i].parameter);
    return STR_NONE;
}

static bool read_link(Arena *arena, Str text, StrList jitsi_hosts, MeetingLink *link_r)
{
    static LinkReader *const readers[] = {
#define LINK_KIND(name, title, hosts) link_##name,
#include "meetings/link_kinds.def"
#undef LINK_KIND
    };
    for (int wrapped = 0; wrapped < WRAPPINGS; wrapped++) {
        Place place = { .arena = arena };
        Error ignored;
        if (text.length > LINK_MAX || !url_parse(arena, text, &place.url, &ignored) ||
            !url_query(arena, place.url.query, QUERY_MAX, &place.query, &ignored))
            return false;
        split_path(&place);
        for (LinkKind kind = 0; kind < LINK_KIND_COUNT; kind = (LinkKind)(kind + 1)) {
            MeetingLink link = { .kind = kind };
            if (has_host(kind, place.url.host, jitsi_hosts) && readers[kind](&place, &link)) {
                *link_r = link;
                return true;
            }
        }
        text = unwrapped(&place);
    }
    return false;
}

/* --- Texts --- */

static bool ends_link(char c) { return (unsigned char)c <= ' ' || HAS_CHAR(c, "<>\"'`()[]{}|\\^"); }

/* The address that begins there, without the marks of the sentence it stands in, and with the "&"
 * that HTML writes as "&amp;". */
static Str link_at(Arena *arena, Str text, size_t start)
{
    size_t end = start;
    while (end < text.length && end - start < LINK_MAX && !ends_link(text.at[end]))
        end++;
    while (end > start && HAS_CHAR(text.at[end - 1], ".,;:!?*_"))
        end--;
    Str link = str_slice(text, start, end);
    if (str_find(link, S("&amp;")) < 0)
        return link;
    Buf out = buf_new(arena, LINK_MAX);
    for (ptrdiff_t at; (at = str_find(link, S("&amp;"))) >= 0;) {
        buf_add(&out, str_slice(link, 0, (size_t)at + 1));
        link = str_from(link, (size_t)at + 5);
    }
    buf_add(&out, link);
    return buf_str(&out);
}

/* Where the next address begins: with its scheme, or a host of ours without one. */
static bool next_start(Str text, size_t from, size_t *start_r, bool *is_bare_r)
{
    static const char *const bare[] = { "meet.google.com/", "zoom.us/", "teams.microsoft.com/",
                                        "teams.live.com/", "meet.jit.si/" };
    ptrdiff_t best = -1;
    Str rest = str_from(text, from);
    *is_bare_r = false;
    ptrdiff_t http = str_find_ignore_case(rest, S("http"));
    while (http >= 0) {
        Str at = str_from(rest, (size_t)http + 4);
        if (str_starts(at, S("://")) || str_starts(at, S("s://")) || str_starts(at, S("S://"))) {
            best = http;
            break;
        }
        ptrdiff_t more = str_find_ignore_case(at, S("http"));
        http = more < 0 ? -1 : http + 4 + more;
    }
    for (size_t i = 0; i < COUNT(bare); i++) {
        ptrdiff_t at = str_find_ignore_case(rest, str(bare[i]));
        bool is_alone = at == 0 || (at > 0 && ends_link(rest.at[at - 1]));
        if (is_alone && (best < 0 || at < best)) {
            best = at;
            *is_bare_r = true;
        }
    }
    *start_r = from + (size_t)MAX(best, (ptrdiff_t)0);
    return best >= 0;
}

/* "Passcode: 123456" beside a link that does not carry it. */
static Str said_password(Arena *arena, Str text)
{
    static const char *const names[] = { "passcode:", "password:",     "kenncode:",
                                         "passwort:", "code secret :", "mot de passe :" };
    for (size_t i = 0; i < COUNT(names); i++) {
        ptrdiff_t at = str_find_ignore_case(text, str(names[i]));
        if (at < 0)
            continue;
        Str rest = str_from(text, (size_t)at + strlen(names[i]));
        size_t start = 0, end;
        while (start < rest.length && HAS_CHAR(rest.at[start], " \t"))
            start++;
        for (end = start; end < rest.length && !ends_link(rest.at[end]); end++) {
        }
        if (end > start && end - start <= 64)
            return str_copy(arena, str_slice(rest, start, end));
    }
    return STR_NONE;
}

static bool find_in(Arena *arena, Str text, StrList jitsi_hosts, MeetingLink *link_r)
{
    size_t at = 0, start;
    bool is_bare;
    for (int i = 0; i < LINKS_LOOKED && next_start(text, at, &start, &is_bare); i++) {
        Str link = link_at(arena, text, start);
        if (is_bare)
            link = str_format(arena, "https://" STR_FMT, STR_ARG(link));
        if (read_link(arena, link, jitsi_hosts, link_r))
            return true;
        at = start + 4;
    }
    return false;
}

bool link_find(Arena *arena, const Str *texts, size_t count, StrList jitsi_hosts,
               MeetingLink *link_r)
{
    for (size_t i = 0; i < count; i++) {
        if (!find_in(arena, texts[i], jitsi_hosts, link_r))
            continue;
        for (size_t j = 0; j < count && !link_r->password.length && link_r->kind == LINK_zoom; j++)
            link_r->password = said_password(arena, texts[j]);
        return true;
    }
    return false;
}
