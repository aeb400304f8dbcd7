/* webdav.c - a folder of a WebDAV server (RFC 4918), as of Nextcloud, with what is below it. It is
 * listed folder by folder; the cursor holds those that are left. */
#include "base/base64.h"
#include "base/file.h"
#include "connect/connect_http.h"
#include "connect/multistatus.h"
#include "net/url.h"

#define FOLDERS_MAX 20000
#define CURSOR_MAX MB(8)

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],\"properties\":{"
    "\"url\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":2000,\"title\":\"Address of the "
    "folder\"},"
    "\"user\":{\"type\":\"string\",\"maxLength\":200,\"title\":\"User name\"},"
    "\"password\":{\"type\":\"string\",\"maxLength\":500,\"writeOnly\":true,\"title\":\"Password\"}"
    ","
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200000,\"default\":10000}}}";

static const char wanted[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/>"
    "<getetag/><getlastmodified/><getcontentlength/></prop></propfind>";

/* Always with a slash at its end. */
static Str root_of(const ConnectRun *run)
{
    Str url = connect_resolve(run->arena, connect_text(run, "url"), S(""));
    return str_ends(url, S("/")) ? url : str_format(run->arena, STR_FMT "/", STR_ARG(url));
}

static size_t sign_in(const ConnectRun *run, HttpPair *header)
{
    Str user = connect_text(run, "user"), password = connect_text(run, "password");
    Str both = str_format(run->arena, STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(password));
    Str encoded = base64_encode(run->arena, both);
    if (!user.length && !password.length)
        return 0;
    *header = (HttpPair){ S("Authorization"),
                          str_format(run->arena, "Basic " STR_FMT, STR_ARG(encoded)) };
    return 1;
}

/* --- Listing --- */

typedef struct Walk {
    VEC(Str) left;   /* addresses of folders */
    bool is_partial; /* one could not be looked into */
} Walk;

static void read_walk(ConnectRun *run, Str cursor, Walk *walk)
{
    AUTO_JSON json_t *json = NULL;
    Error none;
    size_t i;
    const json_t *folder;
    *walk = (Walk){ 0 };
    if (!cursor.length || !json_parse(cursor, CURSOR_MAX, &json, &none)) {
        *vec_push(run->arena, &walk->left) = root_of(run);
        return;
    }
    walk->is_partial = json_is_true(json_object_get(json, "partial"));
    json_array_foreach(json_object_get(json, "left"), i, folder) *
        vec_push(run->arena, &walk->left) = str_copy(run->arena, str(json_string_value(folder)));
}

static Str write_walk(Arena *arena, const Walk *walk)
{
    Buf out = buf_new(arena, CURSOR_MAX);
    if (!walk->left.count)
        return STR_NONE;
    JsonWriter json = put_begin(&out);
    put_bool(&json, "partial", walk->is_partial);
    put_array(&json, "left");
    for (size_t i = 0; i < walk->left.count; i++)
        put_text(&json, NULL, walk->left.at[i]);
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
}

static Str version_of(Arena *arena, const DavMember *member)
{
    return member->etag.length
               ? member->etag
               : str_format(arena, STR_FMT " %" PRId64, STR_ARG(member->modified), member->size);
}

static void add_member(ConnectRun *run, Walk *walk, Str folder, const DavMember *member,
                       ConnectPage *page)
{
    Str root = root_of(run), address = connect_resolve(run->arena, folder, member->href), name;
    Error none;
    if (member->is_folder && address.length && !str_ends(address, S("/")))
        address = str_format(run->arena, STR_FMT "/", STR_ARG(address));
    /* Only what is below: a server that names others does not lead us there. */
    if (!str_starts(address, folder) || str_equal(address, folder))
        return;
    if (member->is_folder && walk->left.count < FOLDERS_MAX) {
        *vec_push(run->arena, &walk->left) = address;
        return;
    }
    walk->is_partial |= member->is_folder;
    if (member->is_folder ||
        !url_decode(run->arena, str_from(address, root.length), false, &name, &none))
        return;
    ConnectionItem item = { .remote = str_from(address, root.length),
                            .name = name,
                            .listed = version_of(run->arena, member) };
    connect_found(run, &page->found, item);
}

static bool ask_folder(ConnectRun *run, Str folder, bool *is_there_r, DavMembers *members_r,
                       Error *err)
{
    HttpPair headers[3] = { { S("Depth"), S("1") },
                            { S("Content-Type"), S("application/xml; charset=utf-8") } };
    ConnectAsk ask = { .method = "PROPFIND",
                       .url = folder,
                       .headers = headers,
                       .header_count = 2 + sign_in(run, &headers[2]),
                       .body = str(wanted),
                       .answer_max = MB(32),
                       .stays = true };
    ConnectAnswer answer;
    if (!connect_ask(run, &ask, &answer, err))
        return false;
    *is_there_r = answer.status < 300;
    return !*is_there_r || multistatus_read(run->arena, answer.body, members_r) ||
           fail(err, ERROR_INVALID, "what is at " STR_FMT " does not speak WebDAV",
                STR_ARG(str_slice(folder, 0, 200)));
}

static bool webdav_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    DavMembers members = { 0 };
    Walk walk;
    bool is_there = false;
    if (!root_of(run).length)
        return fail_field(err, "url", "'url' is no address");
    read_walk(run, cursor, &walk);
    Str folder = walk.left.at[--walk.left.count];
    bool is_root = str_equal(folder, root_of(run));
    if (!ask_folder(run, folder, &is_there, &members, err)) {
        if (is_root || err->code != ERROR_DENIED)
            return false;
        walk.is_partial = true; /* one folder that is closed to us keeps none of the others */
    } else if (!is_there && is_root) {
        return fail(err, ERROR_NOT_FOUND, "there is no folder " STR_FMT,
                    STR_ARG(str_slice(folder, 0, 200)));
    }
    for (size_t i = 0; i < members.all.count; i++)
        add_member(run, &walk, folder, &members.all.at[i], page_r);
    if (walk.is_partial)
        page_r->left_out = S("some of its folders may not be looked into, or are too many");
    page_r->is_last = !walk.left.count;
    page_r->is_whole = page_r->is_last && !walk.is_partial;
    page_r->cursor = write_walk(run->arena, &walk);
    return true;
}

static bool webdav_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!webdav_list(run, STR_NONE, &page, err))
        return false;
    *says_r = str_format(run->arena, "%zu file%s%s", page.found.all.count,
                         page.found.all.count == 1 ? "" : "s", page.is_last ? "" : ", and folders");
    return true;
}

static bool webdav_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    HttpPair header;
    Str root = root_of(run);
    ConnectAsk ask = { .url = str_format(run->arena, STR_FMT STR_FMT, STR_ARG(root),
                                         STR_ARG(item->remote)),
                       .headers = &header,
                       .header_count = sign_in(run, &header),
                       .into = file,
                       .stays = true };
    ConnectAnswer answer;
    if (!connect_ask(run, &ask, &answer, err))
        return false;
    file->is_gone = answer.status >= 400;
    file->media_type = http_answer_header(&answer.http, "Content-Type");
    return true;
}

const Connector connector_webdav = {
    .schema = schema,
    .place = "url",
    .check = webdav_check,
    .list = webdav_list,
    .fetch = webdav_fetch,
};
