/* github.c - the files of a GitHub repository, as of a branch, a tag or a commit. A branch that has
 * not moved is not listed again; a file is known by the digest that git gives it. */
#include "connect/connect_http.h"
#include "connect/oauth.h"
#include "net/url.h"

#define API_USUAL S("https://api.github.com")
#define TREE_MAX MB(32)
#define SHA_LENGTH 40

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"repository\"],"
    "\"properties\":{"
    "\"repository\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$\","
    "\"maxLength\":200,\"title\":\"Repository, as owner/name\"},"
    "\"ref\":{\"type\":\"string\",\"maxLength\":200,\"default\":\"HEAD\",\"title\":\"Branch, tag "
    "or "
    "commit\"},"
    "\"below\":{\"type\":\"string\",\"maxLength\":1000,\"title\":\"Only paths that begin so\"},"
    "\"endings\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\",\"minLength\":"
    "1,\"maxLength\":20},\"default\":[\".md\"],\"title\":\"Only names that end with\"},"
    "\"token\":{\"type\":\"string\",\"maxLength\":500,\"writeOnly\":true,\"title\":\"Access "
    "token\"},"
    "\"api\":{\"type\":\"string\",\"maxLength\":500,\"default\":\"https://api.github.com\","
    "\"title\":\"Address of the API\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200000,\"default\":10000}}}";

static bool ask_github(ConnectRun *run, Str path, Str accept, ConnectFile *into,
                       ConnectAnswer *answer_r, Error *err)
{
    Str api = connect_text(run, "api"), token;
    Str repository = connect_text(run, "repository");
    Str below =
        str_format(run->arena, "/repos/" STR_FMT STR_FMT, STR_ARG(repository), STR_ARG(path));
    HttpPair headers[3] = { { S("Accept"), accept },
                            { S("X-GitHub-Api-Version"), S("2022-11-28") } };
    if (!oauth_token(run, &token, err))
        return false;
    if (!token.length)
        token = connect_text(run, "token");
    if (token.length)
        headers[2] = connect_bearer(run->arena, token);
    ConnectAsk ask = { .url = url_join(run->arena, api.length ? api : API_USUAL, below),
                       .headers = headers,
                       .header_count = token.length ? 3 : 2,
                       .into = into,
                       .answer_max = TREE_MAX };
    return connect_ask(run, &ask, answer_r, err);
}

/* The commit that the ref is now. */
static bool find_commit(ConnectRun *run, Str *sha_r, Error *err)
{
    Str given = connect_text(run, "ref"), ref = given.length ? given : S("HEAD");
    Str repository = connect_text(run, "repository"), escaped = url_encode(run->arena, ref);
    ConnectAnswer answer;
    Str path = str_format(run->arena, "/commits/" STR_FMT, STR_ARG(escaped));
    if (!ask_github(run, path, S("application/vnd.github.sha"), NULL, &answer, err))
        return false;
    *sha_r = str_trim(answer.body);
    return (answer.status < 300 && sha_r->length >= SHA_LENGTH) ||
           fail(err, ERROR_NOT_FOUND,
                "there is no repository '" STR_FMT "' with '" STR_FMT
                "', or the token may not see it",
                STR_ARG(repository), STR_ARG(ref));
}

static bool is_wanted(const ConnectRun *run, const json_t *entry, Str path)
{
    const json_t *endings = json_object_get(run->settings, "endings"), *ending;
    Str below = connect_text(run, "below");
    size_t i;
    bool is_file = str_is(json_member_text(entry, "type"), "blob") &&
                   !str_is(json_member_text(entry, "mode"), "120000"); /* a link */
    if (!is_file || !str_starts(path, below))
        return false;
    if (!endings)
        return str_ends_ignore_case(path, S(".md"));
    json_array_foreach(endings, i, ending)
    {
        if (str_ends_ignore_case(path, str(json_string_value(ending))))
            return true;
    }
    return !json_array_size(endings);
}

static void add_tree(ConnectRun *run, const json_t *tree, ConnectPage *page)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(tree, "tree"), i, entry)
    {
        Str path = str_copy(run->arena, json_member_text(entry, "path"));
        ConnectionItem item = { .remote = path,
                                .name = path,
                                .listed = str_copy(run->arena, json_member_text(entry, "sha")) };
        if (is_wanted(run, entry, path))
            connect_found(run, &page->found, item);
    }
}

static bool list_commit(ConnectRun *run, Str sha, ConnectPage *page_r, Error *err)
{
    AUTO_JSON json_t *tree = NULL;
    ConnectAnswer answer;
    Str path = str_format(run->arena, "/git/trees/" STR_FMT "?recursive=1", STR_ARG(sha));
    if (!ask_github(run, path, S("application/vnd.github+json"), NULL, &answer, err) ||
        !json_parse(answer.body, TREE_MAX, &tree, err))
        return fail_in(err, "the files of " STR_FMT, STR_ARG(sha));
    add_tree(run, tree, page_r);
    /* A very large repository is told in part: what is not told is not gone. */
    page_r->is_whole = answer.status < 300 && !json_is_true(json_object_get(tree, "truncated"));
    return true;
}

static bool github_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    Str sha;
    if (!find_commit(run, &sha, err))
        return false;
    page_r->is_last = true;
    page_r->cursor = sha;
    return str_equal(sha, cursor) || list_commit(run, sha, page_r, err);
}

static bool github_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!github_list(run, STR_NONE, &page, err))
        return false;
    *says_r = str_format(run->arena, "%zu files at " STR_FMT, page.found.all.count,
                         STR_ARG(str_slice(page.cursor, 0, 10)));
    return true;
}

static bool github_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    ConnectAnswer answer;
    Str path = str_format(run->arena, "/git/blobs/" STR_FMT, STR_ARG(item->listed));
    if (!ask_github(run, path, S("application/vnd.github.raw+json"), file, &answer, err))
        return false;
    file->is_gone = answer.status >= 400;
    return true;
}

const Connector connector_github = {
    .schema = schema,
    .place = "api",
    .check = github_check,
    .list = github_list,
    .fetch = github_fetch,
};
