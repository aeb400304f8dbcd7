/* notion_send.c - a text as a page of Notion: a new one below a page or in a database, or in the
 * place of what was there. What somebody has edited there since is left alone. */
#include "base/utf8.h"
#include "connect/notion_api.h"
#include "connect/notion_text.h"
#include "net/url.h"

#define ID_DIGITS 32
#define CHILD_PARTS_MAX                                                                            \
    50 /* of a hundred blocks each, that a page is looked at for pages below                       \
        */

/* --- Names --- */

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/* The id at the end of an address, without its dashes; the whole text when there is none. */
static Str plain_id(Arena *arena, Str text)
{
    ptrdiff_t query = str_find_char(text, '?');
    Str lower = str_lower(arena, query < 0 ? text : str_slice(text, 0, (size_t)query));
    char *digits = arena_alloc_raw(arena, ID_DIGITS);
    size_t left = ID_DIGITS;
    for (size_t i = lower.length; i-- && left && (is_hex(lower.at[i]) || lower.at[i] == '-');)
        if (lower.at[i] != '-')
            digits[--left] = lower.at[i];
    return left ? text : (Str){ digits, ID_DIGITS };
}

typedef struct Place {
    const char *member; /* of a page's parent */
    Str id;
} Place;

static Place place_of(Arena *arena, Str below)
{
    static const char page[] = "page:", table[] = "data_source:";
    bool is_table = str_starts(below, str(table));
    if (is_table || str_starts(below, str(page)))
        below = str_from(below, is_table ? strlen(table) : strlen(page));
    return (Place){ is_table ? "data_source_id" : "page_id", plain_id(arena, str_trim(below)) };
}

static bool is_at(Arena *arena, const json_t *page, Str below)
{
    const json_t *parent = json_object_get(page, "parent");
    Place place = place_of(arena, below);
    return str_equal(plain_id(arena, json_member_text(parent, place.member)), place.id);
}

/* --- What is asked --- */

typedef struct Sending {
    ConnectRun *run;
    const ConnectNote *note;
    ConnectSent *sent;
    json_t *blocks;
} Sending;

static bool ask_of(const Sending *in, const char *method, const char *kind, Str id,
                   const char *part, Str body, json_t **json_r, Error *err)
{
    Arena *arena = in->run->arena;
    Str escaped = url_encode(arena, id);
    Str path = str_format(arena, "/%s/" STR_FMT "%s", kind, STR_ARG(escaped), part);
    return notion_ask(in->run, method, path, body, json_r, err);
}

static json_t *some(const json_t *blocks, size_t from)
{
    json_t *part = json_array();
    for (size_t i = from; i < MIN(from + NOTION_AT_ONCE, json_array_size(blocks)); i++)
        (void)json_array_append(part, json_array_get(blocks, i));
    return part;
}

static bool add_blocks(const Sending *in, Str id, size_t from, Error *err)
{
    for (; from < json_array_size(in->blocks); from += NOTION_AT_ONCE) {
        AUTO_JSON json_t *body = json_pack("{s:o}", "children", some(in->blocks, from));
        AUTO_JSON json_t *answer = NULL;
        if (!ask_of(in, "PATCH", "blocks", id, "/children", json_print(in->run->arena, body),
                    &answer, err))
            return fail_in(err, "the page was begun, and its end is missing");
    }
    return true;
}

/* Its version as it is now that all was written. */
static bool read_version(const Sending *in, Str id, Error *err)
{
    AUTO_JSON json_t *page = NULL;
    if (!ask_of(in, "GET", "pages", id, "", STR_NONE, &page, err))
        return false;
    in->sent->version = str_copy(in->run->arena, json_member_text(page, "last_edited_time"));
    return true;
}

static const char *title_name(json_t *known)
{
    const char *name;
    json_t *property;
    json_object_foreach(known, name, property)
    {
        if (str_is(json_member_text(property, "type"), "title"))
            return name;
    }
    return "title";
}

/* `known`: the properties of the page or of the database, NULL below a page. */
static bool properties_of(const Sending *in, json_t *known, json_t **properties_r, Error *err)
{
    Str title = in->note->title;
    title = str_slice(title, 0, utf8_floor(title, MIN(title.length, (size_t)NOTION_TEXT_MAX)));
    *properties_r = json_pack("{s:{s:o}}", title_name(known), "title", notion_texts_of(title));
    return !in->note->properties || notion_values(known, in->note->properties, *properties_r, err);
}

/* --- A new page --- */

static bool find_properties(const Sending *in, const Place *place, json_t **table_r, Error *err)
{
    if (str_is(str(place->member), "page_id"))
        return true;
    return ask_of(in, "GET", "data_sources", place->id, "", STR_NONE, table_r, err) &&
           (*table_r || fail(err, ERROR_NOT_FOUND,
                             "there is no database " STR_FMT ", or the integration may not see it",
                             STR_ARG(str_slice(place->id, 0, 60))));
}

static bool make_page(const Sending *in, Error *err)
{
    AUTO_JSON json_t *table = NULL, *properties = NULL, *answer = NULL;
    Arena *arena = in->run->arena;
    if (!in->note->below.length)
        return fail_field(err, "below",
                          "it was not sent there yet, or its page was removed: say "
                          "which page a new one is to be below");
    Place place = place_of(arena, in->note->below);
    if (!find_properties(in, &place, &table, err) ||
        !properties_of(in, json_object_get(table, "properties"), &properties, err))
        return false;
    AUTO_JSON json_t *body = json_pack("{s:{s:s, s:s%}, s:O, s:o}", "parent", "type", place.member,
                                       place.member, place.id.at, place.id.length, "properties",
                                       properties, "children", some(in->blocks, 0));
    if (!notion_ask(in->run, "POST", S("/pages"), json_print(arena, body), &answer, err))
        return false;
    if (!answer)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no page " STR_FMT ", or the integration may not write below it",
                    STR_ARG(str_slice(place.id, 0, 60)));
    Str id = str_copy(arena, json_member_text(answer, "id"));
    in->sent->remote = str_format(arena, "page:" STR_FMT, STR_ARG(id));
    in->sent->is_new = true;
    return add_blocks(in, id, NOTION_AT_ONCE, err) && read_version(in, id, err);
}

/* --- The page that there is --- */

/* By the time, and within the same minute by who it was. */
static bool check_edited(const Sending *in, const json_t *page, Error *err)
{
    AUTO_JSON json_t *me = NULL;
    Str edited = json_member_text(page, "last_edited_time");
    Str by = json_member_text(json_object_get(page, "last_edited_by"), "id");
    if (!in->note->version.length || in->note->replaces)
        return true;
    bool is_same = str_equal(edited, in->note->version);
    if (is_same && !notion_ask(in->run, "GET", S("/users/me"), STR_NONE, &me, err))
        return false;
    if (is_same && (!by.length || str_equal(by, json_member_text(me, "id"))))
        return true;
    return fail(err, ERROR_CONFLICT,
                "the page was edited there since it was sent, at " STR_FMT
                ": look at it, then send with 'replace', or take it as a document of its own",
                STR_ARG(str_slice(edited, 0, 40)));
}

/* Emptying a page would remove these with all that is in them. */
static bool check_below(const Sending *in, Str id, Error *err)
{
    Str cursor = STR_NONE;
    for (int parts = 0; parts < CHILD_PARTS_MAX; parts++) {
        AUTO_JSON json_t *answer = NULL;
        size_t i;
        const json_t *block;
        Str part = str_format(in->run->arena, "/children?page_size=%d%s" STR_FMT, NOTION_AT_ONCE,
                              cursor.length ? "&start_cursor=" : "", STR_ARG(cursor));
        if (!ask_of(in, "GET", "blocks", id, part.at, STR_NONE, &answer, err))
            return false;
        json_array_foreach(json_object_get(answer, "results"), i, block)
        {
            Str type = json_member_text(block, "type");
            if (str_is(type, "child_page") || str_is(type, "child_database"))
                return fail(err, ERROR_CONFLICT,
                            "there are pages below it now, which would be lost: move them "
                            "elsewhere, or send the document below another page");
        }
        cursor = notion_next(in->run->arena, answer);
        if (!cursor.length)
            return true;
    }
    return fail(err, ERROR_TOO_LARGE, "the page has more blocks than are looked at");
}

static bool replace_page(const Sending *in, Str id, const json_t *page, Error *err)
{
    AUTO_JSON json_t *properties = NULL, *answer = NULL;
    if (!check_edited(in, page, err) || !check_below(in, id, err) ||
        !properties_of(in, json_object_get(page, "properties"), &properties, err))
        return false;
    AUTO_JSON json_t *body =
        json_pack("{s:b, s:O}", "erase_content", true, "properties", properties);
    in->sent->remote = in->note->remote;
    return ask_of(in, "PATCH", "pages", id, "", json_print(in->run->arena, body), &answer, err) &&
           add_blocks(in, id, 0, err) && read_version(in, id, err);
}

bool notion_send(ConnectRun *run, const ConnectNote *note, ConnectSent *sent_r, Error *err)
{
    AUTO_JSON json_t *blocks = notion_blocks_of(run->arena, note->markdown), *page = NULL;
    const Sending in = { run, note, sent_r, blocks };
    if (!note->remote.length)
        return make_page(&in, err);
    Str id = place_of(run->arena, note->remote).id;
    if (!ask_of(&in, "GET", "pages", id, "", STR_NONE, &page, err))
        return false;
    bool is_there = page && !notion_is_trashed(page);
    if (!is_there || (note->below.length && !is_at(run->arena, page, note->below)))
        return make_page(&in, err);
    return replace_page(&in, id, page, err);
}
