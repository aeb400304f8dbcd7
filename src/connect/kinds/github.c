/* github.c - the files of a GitHub repository, as of a branch, a tag or a commit. A branch that has
 * not moved is not listed again; a file is known by the digest that git gives it. */
#include "connect/connect_http.h"
#include "connect/oauth.h"
#include "net/url.h"

#define API_USUAL S("https://api.github.com")
#define TREES_MAX 300 /* requests for the parts of a large one */
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

/* `known`: the version that is here; 304 says that it is the newest. Empty: none. */
static bool ask_github(ConnectRun *run, Str path, Str accept, Str known, ConnectFile *into,
                       ConnectAnswer *answer_r, Error *err)
{
    Str api = connect_text(run, "api"), token;
    Str repository = connect_text(run, "repository");
    Str below =
        str_format(run->arena, "/repos/" STR_FMT STR_FMT, STR_ARG(repository), STR_ARG(path));
    HttpPair headers[4] = { { S("Accept"), accept },
                            { S("X-GitHub-Api-Version"), S("2022-11-28") } };
    size_t count = 2;
    if (!oauth_token(run, &token, err))
        return false;
    if (!token.length)
        token = connect_text(run, "token");
    if (token.length)
        headers[count++] = connect_bearer(run->arena, token);
    if (known.length)
        headers[count++] = (HttpPair){ S("If-None-Match"),
                                       str_format(run->arena, "\"" STR_FMT "\"", STR_ARG(known)) };
    ConnectAsk ask = { .url = url_join(run->arena, api.length ? api : API_USUAL, below),
                       .headers = headers,
                       .header_count = count,
                       .into = into,
                       .answer_max = TREE_MAX };
    return connect_ask(run, &ask, answer_r, err);
}

/* The commit that the ref is now; asked with the one of the last round, which costs nothing of what
 * the service allows while it is the same. */
static bool find_commit(ConnectRun *run, Str known, Str *sha_r, Error *err)
{
    Str given = connect_text(run, "ref"), ref = given.length ? given : S("HEAD");
    Str repository = connect_text(run, "repository"), escaped = url_encode(run->arena, ref);
    ConnectAnswer answer;
    Str path = str_format(run->arena, "/commits/" STR_FMT, STR_ARG(escaped));
    if (!ask_github(run, path, S("application/vnd.github.sha"), known, NULL, &answer, err))
        return false;
    *sha_r = answer.status == 304 ? known : str_trim(answer.body);
    return (answer.status <= 304 && sha_r->length >= SHA_LENGTH) ||
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

typedef struct Walk {
    ConnectRun *run;
    ConnectPage *page;
    int asked;
} Walk;

/* Not every folder is a way to what is wanted. */
static bool leads_there(const ConnectRun *run, Str folder)
{
    Str below = connect_text(run, "below");
    return str_starts(folder, below) || str_starts(below, folder);
}

static bool walk_tree(Walk *walk, Str sha, Str before, Error *err);

static bool add_tree(Walk *walk, const json_t *tree, Str before, bool enters, Error *err)
{
    ConnectRun *run = walk->run;
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(tree, "tree"), i, entry)
    {
        Str name = json_member_text(entry, "path");
        Str path = str_format(run->arena, STR_FMT STR_FMT, STR_ARG(before), STR_ARG(name));
        Str sha = str_copy(run->arena, json_member_text(entry, "sha"));
        ConnectionItem item = { .remote = path, .name = path, .listed = sha };
        if (is_wanted(run, entry, path))
            connect_found(run, &walk->page->found, item);
        Str folder = str_format(run->arena, STR_FMT "/", STR_ARG(path));
        if (enters && str_is(json_member_text(entry, "type"), "tree") && leads_there(run, folder) &&
            !walk_tree(walk, sha, folder, err))
            return false;
    }
    return true;
}

static bool ask_tree(Walk *walk, Str sha, bool is_deep, json_t **tree_r, Error *err)
{
    ConnectAnswer answer;
    Str path = str_format(walk->run->arena, "/git/trees/" STR_FMT "%s", STR_ARG(sha),
                          is_deep ? "?recursive=1" : "");
    walk->asked++;
    return (ask_github(walk->run, path, S("application/vnd.github+json"), STR_NONE, NULL, &answer,
                       err) &&
            json_parse(answer.body, TREE_MAX, tree_r, err)) ||
           fail_in(err, "the files of " STR_FMT, STR_ARG(sha));
}

static bool is_truncated(const json_t *tree)
{
    return !json_is_array(json_object_get(tree, "tree")) ||
           json_is_true(json_object_get(tree, "truncated"));
}

/* A large repository is told in part: then it is asked for folder by folder. What is not told even
 * so is not gone. */
static bool walk_tree(Walk *walk, Str sha, Str before, Error *err)
{
    AUTO_JSON json_t *tree = NULL, *flat = NULL;
    if (walk->asked >= TREES_MAX) {
        walk->page->is_whole = false;
        return true;
    }
    if (!ask_tree(walk, sha, true, &tree, err))
        return false;
    if (!is_truncated(tree))
        return add_tree(walk, tree, before, false, err);
    if (!ask_tree(walk, sha, false, &flat, err))
        return false;
    walk->page->is_whole &= !is_truncated(flat);
    return add_tree(walk, flat, before, true, err);
}

/* The cursor: the commit, and whether all of it was told. */
static bool github_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    Walk walk = { .run = run, .page = page_r };
    Str sha, rest = cursor, known;
    bool had_any = str_next(&rest, ' ', &known), is_part = str_is(rest, "part");
    if (!find_commit(run, had_any ? known : STR_NONE, &sha, err))
        return false;
    page_r->is_last = true;
    if (!had_any || !str_equal(sha, known)) {
        page_r->is_whole = true;
        if (!walk_tree(&walk, sha, STR_NONE, err))
            return false;
        is_part = !page_r->is_whole;
    }
    if (is_part)
        page_r->left_out =
            S("the repository is too large to be told whole: choose a part of it with 'below'");
    page_r->cursor = is_part ? str_format(run->arena, STR_FMT " part", STR_ARG(sha)) : sha;
    return true;
}

static bool github_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!github_list(run, STR_NONE, &page, err))
        return false;
    *says_r =
        str_format(run->arena, "%zu file%s at " STR_FMT, page.found.all.count,
                   page.found.all.count == 1 ? "" : "s", STR_ARG(str_slice(page.cursor, 0, 10)));
    return true;
}

static bool github_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    ConnectAnswer answer;
    Str path = str_format(run->arena, "/git/blobs/" STR_FMT, STR_ARG(item->listed));
    if (!ask_github(run, path, S("application/vnd.github.raw+json"), STR_NONE, file, &answer, err))
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
