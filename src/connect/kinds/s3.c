/* s3.c - a bucket of S3 or of what speaks like it (ListObjectsV2, GetObject). */
#include "base/clock.h"
#include "connect/connect_http.h"
#include "connect/sigv4.h"
#include "extract/formats/markup.h"

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"endpoint\",\"bucket\","
    "\"key_id\",\"secret_key\"],\"properties\":{"
    "\"endpoint\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":500,\"title\":\"Address of "
    "the "
    "service, as https://s3.eu-central-1.amazonaws.com\"},"
    "\"bucket\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._-]+$\",\"maxLength\":255,\"title\":"
    "\"Bucket\"},"
    "\"prefix\":{\"type\":\"string\",\"maxLength\":1000,\"title\":\"Only names that begin so\"},"
    "\"region\":{\"type\":\"string\",\"maxLength\":60,\"default\":\"us-east-1\",\"title\":"
    "\"Region\"},"
    "\"style\":{\"enum\":[\"path\",\"host\"],\"default\":\"path\",\"title\":\"Where the bucket's "
    "name stands in addresses\"},"
    "\"key_id\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,\"title\":\"Access key\"},"
    "\"secret_key\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":500,\"writeOnly\":true,"
    "\"title\":\"Secret key\"},"
    "\"session_token\":{\"type\":\"string\",\"maxLength\":4000,\"writeOnly\":true,\"title\":"
    "\"Session token\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200000,\"default\":10000}}}";

/* "/a%20b/c": a name with its slashes. */
static Str escape_key(Arena *arena, Str key)
{
    Buf out = buf_new(arena, key.length * 3 + 16);
    Str rest = key, part;
    bool is_first = true;
    while (str_next(&rest, '/', &part)) {
        if (!is_first)
            buf_add_char(&out, '/');
        buf_add(&out, url_encode(arena, part));
        is_first = false;
    }
    return buf_str(&out);
}

typedef struct S3Address {
    Str scheme, host, path; /* host with its port when it is no usual one */
} S3Address;

/* Of one object, or of the bucket when the key is empty. */
static bool address_of(ConnectRun *run, Str key, S3Address *address_r, Error *err)
{
    Arena *arena = run->arena;
    Str bucket = connect_text(run, "bucket"), name = escape_key(arena, key);
    Str folder = url_encode(arena, bucket);
    Url url;
    if (!url_parse(arena, connect_text(run, "endpoint"), &url, err))
        return fail_in(err, "endpoint");
    bool is_usual = url.port == (str_is(url.scheme, "https") ? 443 : 80);
    Str host = is_usual ? url.host : str_format(arena, STR_FMT ":%d", STR_ARG(url.host), url.port);
    if (str_is(connect_text(run, "style"), "host"))
        *address_r = (S3Address){
            url.scheme,
            str_format(arena, STR_FMT "." STR_FMT, STR_ARG(bucket), STR_ARG(host)),
            str_format(arena, "/" STR_FMT, STR_ARG(name)),
        };
    else
        *address_r = (S3Address){
            url.scheme,
            host,
            str_format(arena, "/" STR_FMT "%s" STR_FMT, STR_ARG(folder), key.length ? "/" : "",
                       STR_ARG(name)),
        };
    return true;
}

/* Signed, of one object or, with a query, of the bucket. */
static bool ask_s3(ConnectRun *run, Str key, const HttpPairs *query, ConnectFile *into,
                   ConnectAnswer *answer_r, Error *err)
{
    Str region = connect_text(run, "region"), asked = sigv4_query(run->arena, query);
    SigningKey keys = { .key_id = connect_text(run, "key_id"),
                        .secret = connect_text(run, "secret_key"),
                        .region = region.length ? region : S("us-east-1"),
                        .session_token = connect_text(run, "session_token") };
    SignedHeaders headers;
    S3Address to = { 0 };
    if (!address_of(run, key, &to, err))
        return false;
    sigv4_sign(run->arena, &keys, to.host, to.path, query, now_ms(), &headers);
    ConnectAsk ask = { .url = str_format(run->arena, STR_FMT "://" STR_FMT STR_FMT "%s" STR_FMT,
                                         STR_ARG(to.scheme), STR_ARG(to.host), STR_ARG(to.path),
                                         query->count ? "?" : "", STR_ARG(asked)),
                       .headers = headers.at,
                       .header_count = headers.count,
                       .into = into,
                       .answer_max = MB(16),
                       .stays = true };
    return connect_ask(run, &ask, answer_r, err);
}

/* --- Listing --- */

typedef struct S3Object {
    Str key, etag, changed;
} S3Object;

static void read_object(Arena *arena, HtmlReader *in, S3Object *object)
{
    HtmlToken token;
    while (html_next(in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "contents"))
            return;
        if (token.kind != HTML_START || token.is_empty)
            continue;
        Str *into = str_is(token.name, "key")            ? &object->key
                    : str_is(token.name, "etag")         ? &object->etag
                    : str_is(token.name, "lastmodified") ? &object->changed
                                                         : NULL;
        if (into)
            *into = markup_words(arena, markup_inner(in));
    }
}

static bool add_object(ConnectRun *run, ConnectPage *page, HtmlReader *in, bool is_encoded,
                       Error *err)
{
    S3Object object = { 0 };
    read_object(run->arena, in, &object);
    Str key = object.key;
    if (is_encoded && !url_decode(run->arena, object.key, true, &key, err))
        return fail_in(err, "a name in the bucket");
    ConnectionItem item = { .remote = key,
                            .name = key,
                            .listed = str_format(run->arena, STR_FMT " " STR_FMT,
                                                 STR_ARG(object.etag), STR_ARG(object.changed)) };
    if (!str_ends(key, S("/"))) /* that is how folders are made */
        connect_found(run, &page->found, item);
    return true;
}

static bool read_list(ConnectRun *run, Str xml, ConnectPage *page, Error *err)
{
    HtmlReader in = markup_reader(run->arena, xml);
    HtmlToken token;
    bool is_list = false, has_more = false;
    /* Not every server encodes names when asked to; those that do say so. */
    bool is_encoded = str_find_ignore_case(xml, S("<EncodingType>url<")) >= 0;
    while (html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        is_list |= str_is(token.name, "listbucketresult");
        if (str_is(token.name, "contents") && !add_object(run, page, &in, is_encoded, err))
            return false;
        if (str_is(token.name, "istruncated"))
            has_more = str_is(markup_words(run->arena, markup_inner(&in)), "true");
        else if (str_is(token.name, "nextcontinuationtoken"))
            page->cursor = markup_words(run->arena, markup_inner(&in));
    }
    page->is_last = !has_more || !page->cursor.length;
    page->is_whole = !has_more;
    if (page->is_last)
        page->cursor = STR_NONE;
    return is_list || fail(err, ERROR_UPSTREAM, "the answer to the listing is none of S3");
}

static bool s3_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    HttpPair pairs[5];
    HttpPairs query = { pairs, 0 };
    ConnectAnswer answer;
    if (cursor.length)
        pairs[query.count++] = (HttpPair){ S("continuation-token"), cursor };
    pairs[query.count++] = (HttpPair){ S("encoding-type"), S("url") };
    pairs[query.count++] = (HttpPair){ S("list-type"), S("2") };
    pairs[query.count++] = (HttpPair){ S("max-keys"), S("1000") };
    pairs[query.count++] = (HttpPair){ S("prefix"), connect_text(run, "prefix") };
    if (!ask_s3(run, STR_NONE, &query, NULL, &answer, err))
        return false;
    if (answer.status >= 300)
        return fail(err, ERROR_NOT_FOUND, "there is no bucket '" STR_FMT "'",
                    STR_ARG(connect_text(run, "bucket")));
    return read_list(run, answer.body, page_r, err);
}

static bool s3_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!s3_list(run, STR_NONE, &page, err))
        return false;
    *says_r = str_format(run->arena, "%zu%s object%s", page.found.all.count,
                         page.is_last ? "" : " and more",
                         page.found.all.count == 1 && page.is_last ? "" : "s");
    return true;
}

static bool s3_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    const HttpPairs none = { 0 };
    ConnectAnswer answer;
    if (!ask_s3(run, item->remote, &none, file, &answer, err))
        return false;
    file->is_gone = answer.status >= 400;
    file->media_type = http_answer_header(&answer.http, "Content-Type");
    return true;
}

const Connector connector_s3 = {
    .schema = schema,
    .place = "endpoint",
    .check = s3_check,
    .list = s3_list,
    .fetch = s3_fetch,
};
