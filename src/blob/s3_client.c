/* s3_client.c - see s3_client.h. */
#include "blob/s3_client.h"

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "blob/s3_xml.h"
#include "net/url.h"

#define TRIES_MS 3000
#define FIRST_WAIT_MS 100
#define LAST_WAIT_MS 2000
#define REGION_MAX 64

struct S3Client {
    Arena *arena; /* of the options */
    S3Options options;
    Str scheme, host, path; /* of the bucket; path without a slash at its end */
    HttpClient *http;
    _Atomic int64_t ahead_ms;         /* of the server's clock before ours */
    _Atomic int64_t failing_since_ms; /* monotonic; 0: it does not */
};

/* --- Where --- */

static bool check_bucket(Str bucket, Error *err)
{
    bool good = bucket.length >= 3 && bucket.length <= 63;
    for (size_t i = 0; i < bucket.length; i++)
        good &= HAS_CHAR(bucket.at[i], "abcdefghijklmnopqrstuvwxyz0123456789.-");
    return good || fail_field(err, "blob_store", "'" STR_FMT "' is not the name of a bucket",
                              STR_ARG(bucket));
}

bool s3_check_region(Str region, Error *err)
{
    bool good = region.length && region.length <= REGION_MAX;
    for (size_t i = 0; i < region.length; i++)
        good &= HAS_CHAR(region.at[i], "abcdefghijklmnopqrstuvwxyz0123456789-");
    return good || fail_field(err, "s3_region", "'" STR_FMT "' is not the name of a region",
                              STR_ARG(region));
}

bool s3_check_encryption(Str encryption, Error *err)
{
    return !encryption.length || str_is(encryption, "AES256") || str_is(encryption, "aws:kms") ||
           str_starts(encryption, S("aws:kms:")) ||
           fail_field(err, "s3_encryption", "s3_encryption is AES256, aws:kms or aws:kms:KEY");
}

static bool read_endpoint(Arena *arena, Str endpoint, Url *url_r, Error *err)
{
    bool good = url_parse(arena, endpoint, url_r, err) &&
                (str_is(url_r->scheme, "http") || str_is(url_r->scheme, "https")) &&
                !url_r->user.length && !url_r->password.length && !url_r->query.length;
    return good ||
           fail_field(err, "s3_endpoint",
                      "s3_endpoint is the address of an S3 server, as https://s3.example.org");
}

bool s3_check_endpoint(Arena *arena, Str endpoint, Error *err)
{
    Url url;
    return !endpoint.length || read_endpoint(arena, endpoint, &url, err);
}

static Str host_of(Arena *arena, const Url *url)
{
    bool is_usual = url->port == (str_is(url->scheme, "https") ? 443 : 80);
    Str host = url->is_ip6 ? str_format(arena, "[" STR_FMT "]", STR_ARG(url->host)) : url->host;
    return is_usual ? host : str_format(arena, STR_FMT ":%d", STR_ARG(host), url->port);
}

static bool find_place(S3Client *client, Error *err)
{
    const S3Options *options = &client->options;
    Arena *arena = client->arena;
    Url url;
    bool is_aws = !options->endpoint.length;
    Str endpoint =
        is_aws ? str_format(arena, "https://s3." STR_FMT ".amazonaws.com", STR_ARG(options->region))
               : options->endpoint;
    if (!read_endpoint(arena, endpoint, &url, err))
        return false;
    bool by_host = options->addressing == S3_ADDRESS_HOST ||
                   (options->addressing == S3_ADDRESS_AUTO && is_aws &&
                    str_find_char(options->bucket, '.') < 0);
    Str host = host_of(arena, &url), path = url.path;
    while (str_ends(path, S("/")))
        path.length--;
    client->scheme = url.scheme;
    client->host =
        by_host ? str_format(arena, STR_FMT "." STR_FMT, STR_ARG(options->bucket), STR_ARG(host))
                : host;
    client->path =
        by_host ? path
                : str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(options->bucket));
    return true;
}

static void copy_options(S3Client *client, const S3Options *options)
{
    Arena *arena = client->arena;
    client->options = *options;
    client->options.bucket = str_copy(arena, options->bucket);
    client->options.prefix = str_copy(arena, options->prefix);
    client->options.endpoint = str_copy(arena, options->endpoint);
    client->options.region = str_copy(arena, options->region);
    client->options.encryption = str_copy(arena, options->encryption);
    client->options.keys =
        (S3Keys){ str_copy(arena, options->keys.access), str_copy(arena, options->keys.secret),
                  str_copy(arena, options->keys.token) };
    if (options->ca_file)
        client->options.ca_file = str_c(arena, str(options->ca_file));
    if (!client->options.tries_ms)
        client->options.tries_ms = TRIES_MS;
}

bool s3_client_open(const S3Options *options, S3Client **client_r, Error *err)
{
    S3Client *client = heap_alloc(sizeof *client);
    S3Keys keys;
    client->arena = arena_new(MB(1));
    copy_options(client, options);
    if (!check_bucket(options->bucket, err) || !s3_check_region(options->region, err) ||
        !s3_check_encryption(options->encryption, err) || !find_place(client, err) ||
        !s3_keys_find(client->arena, &client->options.keys, &keys, err)) {
        s3_client_free(client);
        return false;
    }
    HttpClientOptions http = { .proxy = options->proxy, .ca_file = client->options.ca_file };
    client->http = http_client_new(&http);
    *client_r = client;
    return true;
}

void s3_client_free(S3Client *client)
{
    if (!client)
        return;
    http_client_free(client->http);
    arena_free(client->arena);
    free(client);
}

const S3Options *s3_client_options(const S3Client *client) { return &client->options; }

/* --- What went wrong --- */

typedef enum Again { NEVER, AGAIN } Again;

static const struct {
    const char *code;
    ErrorCode error;
    Again again;
    const char *told;
} known_errors[] = {
#define S3_ERROR(code, error, again, told) { code, ERROR_##error, again, told },
#include "blob/s3_errors.def"
#undef S3_ERROR
};

/* An answer to HEAD has no body that says it. */
static Str code_of(Arena *arena, const HttpAnswer *answer)
{
    Str code = s3_xml_text(arena, answer->body, "Code");
    if (!code.length && answer->status == 404)
        return S("NoSuchKey");
    if (!code.length && answer->status == 403)
        return S("AccessDenied");
    if (!code.length && answer->status == 301)
        return S("PermanentRedirect");
    return code;
}

int64_t s3_clock_ahead_ms(Arena *arena, const HttpAnswer *answer)
{
    struct tm parts = { 0 };
    const char *date = str_c(arena, http_answer_header(answer, "Date"));
    int64_t time_ms;
    Error none;
    if (time_parse(s3_xml_text(arena, answer->body, "ServerTime"), &time_ms, &none))
        return time_ms - now_ms();
    return strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts)
               ? (int64_t)timegm(&parts) * 1000 - now_ms()
               : 0;
}

/* The answer as a failure; whether it is worth trying again. */
static bool explain(S3Client *client, Arena *arena, const HttpAnswer *answer, Error *err)
{
    Str code = code_of(arena, answer), region = s3_xml_text(arena, answer->body, "Region");
    bool is_theirs = answer->status >= 500 || answer->status == 429 || answer->status == 408;
    if (!region.length)
        region = http_answer_header(answer, "x-amz-bucket-region");
    if (str_is(code, "RequestTimeTooSkewed"))
        atomic_store(&client->ahead_ms, s3_clock_ahead_ms(arena, answer));
    for (size_t i = 0; i < COUNT(known_errors); i++) {
        if (!str_is(code, known_errors[i].code))
            continue;
        bool tells_region = region.length && !str_equal(region, client->options.region);
        fail(err, known_errors[i].error, "%s%s%.*s", known_errors[i].told,
             tells_region ? ": the bucket is in the region " : "",
             tells_region ? (int)MIN(region.length, REGION_MAX) : 0, region.at ? region.at : "");
        return known_errors[i].again == AGAIN;
    }
    fail(err, is_theirs ? ERROR_BUSY : ERROR_UPSTREAM, "the store answered %d %.60s",
         answer->status, str_c(arena, code));
    return is_theirs;
}

/* --- One try --- */

static void describe(S3Client *client, Arena *arena, const S3Call *call, S3Signed *request_r)
{
    Str key = call->key.length ? s3_path(arena, call->key) : S("");
    Str path = str_format(arena, STR_FMT STR_FMT, STR_ARG(client->path), STR_ARG(key));
    *request_r = (S3Signed){ .method = call->method,
                             .host = client->host,
                             .path = path.length ? path : S("/"),
                             .query = call->query,
                             .headers = call->headers.at,
                             .header_count = call->headers.count,
                             .payload_sha256 = call->sha256 };
}

static Str url_of(S3Client *client, Arena *arena, Str path, Str query)
{
    return str_format(arena, STR_FMT "://" STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(client->scheme),
                      STR_ARG(client->host), STR_ARG(path), query.length ? "?" : "",
                      STR_ARG(query));
}

static bool open_signer(S3Client *client, Arena *arena, S3Signer *signer_r, Error *err)
{
    S3Keys keys;
    if (!s3_keys_find(arena, &client->options.keys, &keys, err))
        return false;
    *signer_r = (S3Signer){ .access_key = keys.access,
                            .secret_key = keys.secret,
                            .session_token = keys.token,
                            .region = client->options.region,
                            .time_ms = now_ms() + atomic_load(&client->ahead_ms) };
    return true;
}

static bool ask(S3Client *client, Arena *arena, const S3Call *call, HttpAnswer *answer_r,
                Error *err)
{
    S3Signed request;
    S3Signer signer;
    if (!open_signer(client, arena, &signer, err))
        return false;
    describe(client, arena, call, &request);
    HttpPairs headers = s3_sign(arena, &signer, &request);
    HttpCall http = { .method = call->method,
                      .url = url_of(client, arena, request.path, s3_query(arena, call->query)),
                      .headers = headers.at,
                      .header_count = headers.count,
                      .body = call->body,
                      .has_body = call->body.length || strcmp(call->method, "PUT") == 0,
                      .connect_ms = 3000,
                      .first_byte_ms = 30000,
                      .idle_ms = 15000,
                      .receive = call->receive,
                      .self = call->self };
    return http_call(client->http, arena, &http, answer_r, err);
}

/* True: it is done. False: err says why; *again_r whether another try may help. */
static bool attempt(S3Client *client, Arena *arena, const S3Call *call, HttpAnswer *answer_r,
                    bool *again_r, Error *err)
{
    HttpAnswer answer;
    *again_r = false;
    if (call->begin && !call->begin(call->self, err))
        return false;
    if (!ask(client, arena, call, &answer, err)) {
        *again_r = err->code == ERROR_UPSTREAM || err->code == ERROR_TIMEOUT;
        if (*again_r) {
            err->code = ERROR_BUSY;
            fail_in(err, "it does not answer");
        }
        return false;
    }
    if (answer.status < 200 || answer.status > 299) {
        *again_r = explain(client, arena, &answer, err);
        return false;
    }
    if (call->finish && !call->finish(call->self, &answer, err)) {
        *again_r = err->code == ERROR_BUSY;
        return false;
    }
    *answer_r = answer;
    return true;
}

/* What it says of one key is said by one that is there. Returns `ok`. */
static bool note(S3Client *client, bool ok, const Error *err)
{
    int64_t none = 0;
    if (ok || err->code == ERROR_NOT_FOUND)
        atomic_store(&client->failing_since_ms, 0);
    else if (err->code == ERROR_BUSY || err->code == ERROR_UPSTREAM)
        atomic_compare_exchange_strong(&client->failing_since_ms, &none, monotonic_ms());
    return ok;
}

int64_t s3_failing_ms(const S3Client *client)
{
    int64_t since_ms = atomic_load(&client->failing_since_ms);
    int64_t failing_ms = monotonic_ms() - since_ms;
    return since_ms ? MAX(failing_ms, 1) : 0;
}

static bool call_again(S3Client *client, Arena *arena, const S3Call *call, HttpAnswer *answer_r,
                       Error *err)
{
    S3Call whole = *call;
    int64_t end_ms = monotonic_ms() + client->options.tries_ms, wait_ms = FIRST_WAIT_MS;
    bool again;
    if (!whole.sha256.length)
        whole.sha256 = sha256_hex(arena, whole.body);
    while (!attempt(client, arena, &whole, answer_r, &again, err)) {
        uint8_t chance;
        random_bytes(&chance, 1);
        int64_t rest_ms = wait_ms / 2 + wait_ms * chance / 512; /* nobody together */
        if (!again || call->once || monotonic_ms() + rest_ms > end_ms)
            return fail_in(err, "the store of originals (S3, " STR_FMT ")", STR_ARG(client->host));
        sleep_ms(rest_ms);
        wait_ms = MIN(wait_ms * 2, LAST_WAIT_MS);
    }
    return true;
}

bool s3_call(S3Client *client, Arena *arena, const S3Call *call, HttpAnswer *answer_r, Error *err)
{
    return note(client, call_again(client, arena, call, answer_r, err), err);
}

bool s3_address(S3Client *client, Arena *arena, Str key, HttpPairs query, int64_t seconds,
                Str *url_r, Error *err)
{
    S3Call call = { .method = "GET", .key = key, .query = query };
    S3Signed request;
    S3Signer signer;
    if (!open_signer(client, arena, &signer, err))
        return false;
    describe(client, arena, &call, &request);
    *url_r = url_of(client, arena, request.path, s3_presign(arena, &signer, &request, seconds));
    return true;
}
