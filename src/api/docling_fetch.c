/* docling_fetch.c - see docling_fetch.h. */
#include "api/docling_fetch.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "net/http_client.h"
#include "net/multipart.h"
#include "net/url_safety.h"

enum { REDIRECTS_MAX = 5 };

/* Of one fetched file, and for how long it may come. */
#define FETCH_MAX MB(512)
#define FETCH_MS 120000

typedef struct Fetch {
    const DoclingJob *job;
    bool is_inside; /* the first address is a private one that an owner has named */
    int fd;
    uint64_t size, size_max;
    Sha256 sha;
} Fetch;

static bool receive(void *self, Str bytes, Error *err)
{
    Fetch *fetch = self;
    fetch->size += bytes.length;
    if (fetch->size > fetch->size_max)
        return fail(err, ERROR_TOO_LARGE, "the source has more than %" PRIu64 " bytes",
                    fetch->size_max);
    sha256_add(&fetch->sha, bytes);
    return fd_write_all(fetch->fd, bytes, err);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* "/other" and "https://host/other"; a redirect relative to a folder is rare and refused. */
static bool next_address(Arena *arena, const HttpAnswer *answer, Str *address, Error *err)
{
    Url url;
    Str location = http_answer_header(answer, "Location");
    if (str_find(location, S("://")) > 0) {
        *address = str_copy(arena, location);
        return true;
    }
    if (!str_starts(location, S("/")) || str_starts(location, S("//")))
        return fail(err, ERROR_UPSTREAM, "the source redirects to nowhere");
    if (!url_parse(arena, *address, &url, err))
        return false;
    *address = str_format(arena, STR_FMT "://%s" STR_FMT "%s:%d" STR_FMT, STR_ARG(url.scheme),
                          url.is_ip6 ? "[" : "", STR_ARG(url.host), url.is_ip6 ? "]" : "", url.port,
                          STR_ARG(location));
    return true;
}

static bool ask(Fetch *fetch, HttpClient *client, const DoclingSource *source, Str address,
                bool is_first, HttpAnswer *answer_r, Error *err)
{
    const DoclingJob *job = fetch->job;
    UrlSafety safety = { .allows_private = fetch->is_inside };
    HttpCall call = { .url = address,
                      .total_ms = FETCH_MS,
                      .is_cancelled = conversions_stopping(job->api->conversions),
                      .receive = receive,
                      .self = fetch };
    /* What the client sends along is meant for the first address only. */
    if (is_first) {
        call.headers = source->headers.at;
        call.header_count = source->headers.count;
    }
    return url_check(job->arena, address, &safety, &call.pinned_address, err) &&
           http_call(client, job->arena, &call, answer_r, err);
}

static bool follow(Fetch *fetch, HttpClient *client, const DoclingSource *source, Str *address,
                   HttpAnswer *answer_r, Error *err)
{
    for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
        if (!ask(fetch, client, source, *address, hop == 0, answer_r, err))
            return false;
        if (answer_r->status >= 200 && answer_r->status < 300)
            return true;
        if (!is_redirect(answer_r->status))
            return fail(err, ERROR_UPSTREAM, "the source answers with status %d", answer_r->status);
        if (!next_address(fetch->job->arena, answer_r, address, err))
            return false;
    }
    return fail(err, ERROR_UPSTREAM, "the source redirects more than %d times", REDIRECTS_MAX);
}

static Str name_of(Arena *arena, Str address, const HttpAnswer *answer)
{
    Url url;
    Error ignored;
    Str decoded;
    Str given =
        header_parameter(arena, http_answer_header(answer, "Content-Disposition"), "filename");
    if (given.length)
        return str_slice(path_name(given), 0, 255);
    if (!url_parse(arena, address, &url, &ignored) ||
        !url_decode(arena, path_name(url.path), false, &decoded, &ignored))
        return S("");
    return str_slice(decoded, 0, 255);
}

/* What an owner has not named, a redirect of somebody else's server does not reach either. */
static bool names_private(const DoclingJob *job, Str address)
{
    const UrlSafety strict = { 0 };
    Str ignored;
    Error why;
    return job->is_owner && !url_check(job->arena, address, &strict, &ignored, &why) &&
           why.code == ERROR_DENIED;
}

bool docling_fetch(const DoclingJob *job, DoclingSource *source, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    HttpAnswer answer;
    Str address = source->url;
    Fetch fetch = { .job = job, .size_max = MIN((uint64_t)job->api->upload_max, FETCH_MAX) };
    AUTO_CLOSE int fd = open(job->api->upload_folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "storing the source");
    fetch.fd = fd;
    fetch.is_inside = names_private(job, address);
    sha256_begin(&fetch.sha);
    HttpClientOptions options = { .proxy = &job->api->proxy };
    HttpClient *client = http_client_new(&options);
    bool good = follow(&fetch, client, source, &address, &answer, err);
    http_client_free(client);
    if (!good)
        return false;
    sha256_end(&fetch.sha, digest);
    source->file = (ConvertFile){ .fd = fd,
                                  .size = fetch.size,
                                  .name = name_of(job->arena, address, &answer),
                                  .media_type = http_answer_header(&answer, "Content-Type"),
                                  .sha256 = str_hex(job->arena, digest, sizeof digest) };
    fd = -1;
    return true;
}
