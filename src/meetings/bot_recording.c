/* bot_recording.c - a bot's recording as a document, where its workspace keeps them; see
 * bot_step.h.
 *
 * The address is asked for anew with each try: it is good for a while only. It is checked like any
 * that somebody names, gets the service's key only where it is the service's own, and what comes is
 * written as it comes, up to a limit. */
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "meetings/bot_step.h"
#include "net/url_safety.h"

#define TRIES_MAX 5
#define WAIT_MS 10000
#define CONNECT_MS 30000
#define TOTAL_MS (INT64_C(3600) * 1000)
#define REDIRECTS_MAX 3
#define HEAD_SIZE 12

typedef struct Fetch {
    BotWork *work;
    int fd;
    uint64_t size, size_max;
    Sha256 sha;
    char head[HEAD_SIZE];
} Fetch;

bool bot_wants_recording(const BotWork *work)
{
    AUTO_JSON json_t *config = NULL;
    Error ignored;
    if (!work->has_service || !work->row.keeps_recordings || work->bot.recording_settled ||
        !work->bot.remote_id.length || !work->ask.service->dialect->recording)
        return false;
    return !json_parse(work->bot.config, MEETING_BOT_CONFIG_MAX, &config, &ignored) ||
           !str_is(json_member_text(config, "record"), "none");
}

/* --- The file --- */

static const struct {
    size_t at;
    const char *bytes, *ending, *media_type;
} kinds[] = {
    { 4, "ftyp", "mp4", "video/mp4" },
    { 0, "ID3", "mp3", "audio/mpeg" },
    { 0, "\xFF\xFB", "mp3", "audio/mpeg" },
    { 0, "\xFF\xF3", "mp3", "audio/mpeg" },
    { 0, "\xFF\xF2", "mp3", "audio/mpeg" },
    { 0, "\xFF\xFA", "mp3", "audio/mpeg" },
    { 0, "RIFF", "wav", "audio/wav" },
    { 0, "OggS", "ogg", "audio/ogg" },
    { 0, "\x1A\x45\xDF\xA3", "webm", "video/webm" },
};

/* By its first bytes: a page that says "expired" comes with status 200 too. */
static size_t kind_of(const Fetch *fetch)
{
    size_t i = 0;
    while (i < COUNT(kinds) &&
           memcmp(fetch->head + kinds[i].at, kinds[i].bytes, strlen(kinds[i].bytes)) != 0)
        i++;
    return i;
}

static bool receive(void *self, Str bytes, Error *err)
{
    Fetch *fetch = self;
    if (job_is_stopped(fetch->work->job))
        return job_stopped(fetch->work->job, err);
    if (fetch->size < HEAD_SIZE) {
        size_t length = MIN(bytes.length, HEAD_SIZE - (size_t)fetch->size);
        memcpy(fetch->head + fetch->size, bytes.at, length);
    }
    fetch->size += bytes.length;
    if (fetch->size > fetch->size_max)
        return fail(err, ERROR_TOO_LARGE,
                    "the recording has more than %" PRIu64 " bytes, the limit of recording_max",
                    fetch->size_max);
    sha256_add(&fetch->sha, bytes);
    return fd_write_all(fetch->fd, bytes, err);
}

/* --- Asking for it --- */

static bool ask_once(Fetch *fetch, const BotRecording *recording, Str url, bool is_first,
                     HttpAnswer *answer_r, Error *err)
{
    const BotAsk *ask = &fetch->work->ask;
    const UrlSafety safety = { .allows_private = ask->row->allows_private };
    HttpCall call = { .url = url,
                      .headers = &recording->header,
                      .header_count = is_first && recording->header.name.length ? 1 : 0,
                      .connect_ms = CONNECT_MS,
                      .total_ms = TOTAL_MS,
                      .receive = receive,
                      .self = fetch };
    return url_check(ask->arena, url, &safety, &call.pinned_address, err) &&
           http_call(ask->http, ask->arena, &call, answer_r, err);
}

/* ERROR_UPSTREAM: the address is asked for again. */
static bool ask(Fetch *fetch, const BotRecording *recording, Error *err)
{
    Str url = recording->url;
    for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
        HttpAnswer answer;
        if (!ask_once(fetch, recording, url, hop == 0, &answer, err))
            return false;
        if (answer.status >= 200 && answer.status <= 299)
            return kind_of(fetch) < COUNT(kinds) ||
                   fail(err, ERROR_UNSUPPORTED,
                        "what the service gives as the recording is no sound and no picture");
        if (answer.status < 300 || answer.status > 399)
            return fail(err, ERROR_UPSTREAM, "the recording's address answers with status %d",
                        answer.status);
        url = str_copy(fetch->work->arena, http_answer_header(&answer, "Location"));
    }
    return fail(err, ERROR_UPSTREAM, "the recording's address redirects more than %d times",
                REDIRECTS_MAX);
}

/* --- Keeping it --- */

static bool add_document(Fetch *fetch, const char *path, Error *err)
{
    BotWork *work = fetch->work;
    uint8_t digest[SHA256_SIZE];
    size_t kind = kind_of(fetch);
    Document document;
    bool is_new;
    sha256_end(&fetch->sha, digest);
    const NewFile file = {
        .path = path,
        .name = minutes_name(work->arena, &work->meeting, kinds[kind].ending),
        .media_type = str(kinds[kind].media_type),
        .size = fetch->size,
        .sha256 = str_hex(work->arena, digest, sizeof digest),
        .source = S("meeting"),
    };
    if (!library_accepts(path, file.name, file.media_type, err) ||
        !library_add(work->meetings->options.library, &work->scope, work->arena, &file, &document,
                     &is_new, err))
        return false;
    work->recording = document.id;
    return true;
}

static bool keep(BotWork *work, const BotRecording *recording, Error *err)
{
    Library *library = work->meetings->options.library;
    char *path = path_join(work->arena, str(library_incoming(library)), id_new(work->arena));
    Fetch fetch = { .work = work, .size_max = (uint64_t)work->meetings->options.recording_max };
    AUTO_CLOSE int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "storing the recording");
    fetch.fd = fd;
    sha256_begin(&fetch.sha);
    bool ok = ask(&fetch, recording, err) && add_document(&fetch, path, err);
    if (!ok)
        unlink(path);
    return ok;
}

/* --- The step --- */

static void take_recording(BotWork *work, MeetingBot *bot)
{
    bot->recording_settled = true;
    bot->recording = work->recording;
    if (!bot->document.length) { /* what it says is what was said */
        bot->document = work->recording;
        bot->reason = bot->reason_text = bot->reason_state = STR_NONE;
    }
    bot->tries = 0;
    bot->next_at_ms = now_ms();
}

static void do_without(BotWork *work, MeetingBot *bot)
{
    bot->recording_settled = true;
    bot->tries = 0;
    bot->next_at_ms = now_ms();
    const BotReason *reason = bot_reason_named(bot->reason);
    if (reason && reason->outcome != BOT_OUTCOME_LEFT)
        return; /* why there is nothing at all says more */
    bot->reason = S("recording_not_kept");
    bot->reason_text = str_copy(work->arena, str(work->why.message));
    bot->reason_state = STR_NONE;
}

static bool wait_or_do_without(BotWork *work, Error *err)
{
    bool is_last = work->bot.tries >= TRIES_MAX || work->ask.failure.then == BOT_THEN_END;
    return bot_write(work, is_last ? do_without : bot_put_off, false, err);
}

bool bot_fetch_recording(BotWork *work, Error *err)
{
    const BotFailure not_yet = { S("no_recording_yet"), BOT_THEN_AGAIN, WAIT_MS };
    BotRecording recording = { 0 };
    bool came =
        work->ask.service->dialect->recording(&work->ask, &work->bot, &recording, &work->why);
    if (came && recording.url.length && keep(work, &recording, &work->why)) {
        if (!work->bot.document.length)
            work->document = work->recording;
        bool ok = bot_write(work, take_recording, false, err);
        work->document = STR_NONE;
        return ok;
    }
    if (work->why.code == ERROR_CANCELLED)
        return job_stopped(work->job, err);
    if (!came && work->ask.failure.then != BOT_THEN_GONE)
        return wait_or_do_without(work, err);
    bool is_final = work->why.code == ERROR_TOO_LARGE || work->why.code == ERROR_UNSUPPORTED ||
                    work->why.code == ERROR_DENIED || work->why.code == ERROR_INVALID;
    work->ask.failure = not_yet;
    if (!work->why.code)
        fail(&work->why, ERROR_UPSTREAM, "the service has no recording");
    if (is_final)
        work->ask.failure.then = BOT_THEN_END;
    return wait_or_do_without(work, err);
}
