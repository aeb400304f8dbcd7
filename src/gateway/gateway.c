/* gateway.c - see gateway.h. */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "gateway/dialect.h"
#include "net/url.h"

#define FIRST_BYTE_MS 120000 /* a large model is loaded from disk first */
#define IDLE_MS 60000
#define TOTAL_MS 900000
#define WAIT_MS 500
#define WAIT_MAX_MS 2000 /* who says to wait longer is not asked again */

const GatewayProvider gateway_providers[] = {
#define PROVIDER(name, title, base_url, dialect, is_local)                                         \
    { name, title, base_url, &dialect_##dialect, is_local },
#include "gateway/providers.def"
#undef PROVIDER
};
const size_t gateway_provider_count = COUNT(gateway_providers);

const GatewayProvider *gateway_provider_of(Str base_url)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Url url, known;
    Error ignored;
    bool is_read = url_parse(arena, base_url, &url, &ignored);
    for (size_t i = 0; is_read && i < gateway_provider_count - 1; i++) {
        Str host = str_is(url.host, "localhost") ? S("127.0.0.1") : url.host;
        if (url_parse(arena, str(gateway_providers[i].base_url), &known, &ignored) &&
            str_equal(known.host, host) && known.port == url.port)
            return &gateway_providers[i];
    }
    return &gateway_providers[gateway_provider_count - 1];
}

int64_t gateway_guess_tokens(size_t bytes) { return (int64_t)(bytes + 3) / 4; }

/* --- Requests --- */

static HttpCall new_call(Arena *arena, const GatewayTarget *target, const char *path, Str body)
{
    HttpPair *headers = arena_new_array(arena, HttpPair, 3);
    size_t count = 0;
    if (target->key.length)
        headers[count++] = target->provider->dialect->authorize(arena, target->key);
    if (body.length)
        headers[count++] = (HttpPair){ S("Content-Type"), S("application/json") };
    headers[count++] = (HttpPair){ S("Accept"), S("application/json, text/event-stream") };
    return (HttpCall){ .url = url_join(arena, target->base_url, str(path)),
                       .headers = headers,
                       .header_count = count,
                       .body = body,
                       .first_byte_ms = FIRST_BYTE_MS,
                       .idle_ms = IDLE_MS,
                       .total_ms = TOTAL_MS,
                       .pinned_address = target->pinned_address };
}

/* What went wrong, with the service's name before it. */
static bool fail_of(const GatewayTarget *target, Error *err)
{
    return fail_in(err, "%s", target->provider->title);
}

/* A status that is no success, told to people. The key never is: some services repeat it. */
static bool fail_status(Arena *arena, const GatewayTarget *target, const HttpAnswer *answer,
                        Error *err)
{
    Str said = target->provider->dialect->read_error(arena, answer->body);
    Str after = http_answer_header(answer, "Retry-After");
    said = said.length ? str_slice(str_trim(said), 0, 240) : S("it gave no reason");
    if (target->key.length && str_find(said, target->key) >= 0)
        said = S("it gave a reason that holds the key");
    if (answer->status == 401 || answer->status == 403)
        return fail(err, ERROR_UPSTREAM, "%s refuses the key (status %d); set another one",
                    target->provider->title, answer->status);
    if (answer->status == 429)
        return fail(err, ERROR_LIMITED, "%s wants fewer requests%s" STR_FMT "%s: " STR_FMT,
                    target->provider->title, after.length ? ", again in " : "",
                    STR_ARG(str_slice(after, 0, 40)), after.length ? " s" : "", STR_ARG(said));
    if (answer->status == 404)
        return fail(err, ERROR_UPSTREAM, "%s does not have that (status 404): " STR_FMT,
                    target->provider->title, STR_ARG(said));
    return fail(err, ERROR_UPSTREAM, "%s failed with status %d: " STR_FMT, target->provider->title,
                answer->status, STR_ARG(said));
}

static bool is_good(int status) { return status >= 200 && status < 300; }

/* --- Models --- */

bool gateway_models(HttpClient *client, Arena *arena, const GatewayTarget *target, int64_t total_ms,
                    StrList *names_r, Error *err)
{
    const Dialect *dialect = target->provider->dialect;
    HttpCall call = new_call(arena, target, dialect->models_path, STR_NONE);
    HttpAnswer answer;
    call.connect_ms = call.first_byte_ms = call.total_ms = total_ms;
    call.answer_max = MB(8);
    if (!http_call(client, arena, &call, &answer, err))
        return fail_of(target, err);
    if (!is_good(answer.status))
        return fail_status(arena, target, &answer, err);
    return dialect->read_models(arena, answer.body, names_r, err) || fail_of(target, err);
}

/* --- Chat --- */

typedef struct Try {
    HttpAnswer answer;
    ChatReader reader;
    bool has_answer;
} Try;

static bool feed(void *self, Str bytes, Error *err) { return chat_reader_feed(self, bytes, err); }

static bool ask_once(HttpClient *client, Arena *arena, const GatewayTarget *target,
                     const GatewayChat *chat, Try *try, Error *err)
{
    Buf body = buf_new(arena, MB(16));
    const Dialect *dialect = target->provider->dialect;
    dialect->write_chat(&body, chat);
    HttpCall call = new_call(arena, target, dialect->chat_path, buf_str(&body));
    *try = (Try){ .reader = { .delta = chat->delta, .self = chat->self } };
    call.receive = feed;
    call.self = &try->reader;
    chat_reader_begin(&try->reader, dialect, arena);
    try->has_answer = http_call(client, arena, &call, &try->answer, err);
    bool good = try->has_answer;
    if (good && !is_good(try->answer.status))
        good = fail_status(arena, target, &try->answer, err);
    else if (!good || !chat_reader_finish(&try->reader, err))
        good = fail_of(target, err);
    chat_reader_end(&try->reader);
    return good;
}

/* Retry-After in seconds as milliseconds; a date, or nothing, is `missing`. */
static int64_t wait_of(const HttpAnswer *answer, int64_t missing)
{
    double seconds;
    Str after = http_answer_header(answer, "Retry-After");
    if (!str_to_double(after, &seconds) || seconds < 0 || seconds > 86400)
        return after.length ? WAIT_MAX_MS + 1 : missing;
    return (int64_t)(seconds * 1000);
}

/* Whether it makes sense to ask again, and after how long. */
static bool may_repeat(const Try *try, const Error *err, int64_t *wait_ms_r)
{
    int status = try->has_answer ? try->answer.status : 0;
    if (try->reader.text_bytes || err->code == ERROR_CANCELLED || err->code == ERROR_TIMEOUT ||
        err->code == ERROR_TOO_LARGE)
        return false;
    *wait_ms_r = try->has_answer ? wait_of(&try->answer, WAIT_MS) : WAIT_MS;
    if (*wait_ms_r > WAIT_MAX_MS)
        return false;
    return !try->has_answer || is_good(status) || status == 408 || status == 429 || status >= 500;
}

/* Reasoning models of OpenAI refuse max_tokens and any temperature, with 400. */
static bool wants_plain(const Try *try)
{
    return try->has_answer && try->answer.status == 400 &&
           (str_find(try->answer.body, S("max_tokens")) >= 0 ||
            str_find(try->answer.body, S("temperature")) >= 0);
}

static size_t chat_bytes(const GatewayChat *chat)
{
    size_t bytes = 0;
    for (size_t i = 0; i < chat->count; i++)
        bytes += chat->messages[i].text.length;
    return bytes;
}

static GatewayReply reply_of(const ChatReader *reader, size_t input_bytes, Str model)
{
    GatewayReply reply = { .text = buf_str(&reader->text),
                           .model = reader->model.length ? reader->model : model,
                           .finish = reader->finish.length ? reader->finish : S("stop"),
                           .input_tokens = reader->input_tokens,
                           .output_tokens = reader->output_tokens,
                           .has_usage = reader->has_usage };
    if (!reply.has_usage) {
        reply.input_tokens = gateway_guess_tokens(input_bytes);
        reply.output_tokens = gateway_guess_tokens(reader->text_bytes);
    }
    return reply;
}

bool gateway_chat(HttpClient *client, Arena *arena, const GatewayTarget *target,
                  const GatewayChat *chat, GatewayReply *reply_r, Error *err)
{
    GatewayChat asked = *chat;
    Try try;
    int64_t wait_ms;
    bool good = ask_once(client, arena, target, &asked, &try, err);
    if (!good && wants_plain(&try)) {
        asked.is_plain = true;
        good = ask_once(client, arena, target, &asked, &try, err);
    }
    if (!good && may_repeat(&try, err, &wait_ms)) {
        sleep_ms(wait_ms);
        good = ask_once(client, arena, target, &asked, &try, err);
    }
    *reply_r =
        reply_of(&try.reader, try.reader.text_bytes || good ? chat_bytes(chat) : 0, chat->model);
    if (good && !str_trim(reply_r->text).length)
        return fail(err, ERROR_UPSTREAM,
                    "%s answered without a word (it ended with \"" STR_FMT "\")",
                    target->provider->title, STR_ARG(reply_r->finish));
    return good;
}

/* --- Handing on --- */

typedef struct Tap {
    Arena *arena;
    const GatewayForward *forward;
} Tap;

/* Only whole events that make sense reach the client: one that is torn would keep it from seeing
 * the error that follows. */
static bool pass_on(void *self, const SseEvent *event, Error *err)
{
    Tap *tap = self;
    Buf out = buf_new(tap->arena, MB(8));
    sse_write(&out, S(""), str_is(event->event, "message") ? S("") : event->event, event->data);
    return tap->forward->receive(tap->forward->self, buf_str(&out), err);
}

/* A service may answer with one object although a stream was asked for. */
static bool pass_whole(const GatewayForward *forward, const ChatReader *reader, Error *err)
{
    return !forward->is_stream || reader->form != CHAT_WHOLE ||
           forward->receive(forward->self, buf_str(&reader->whole), err);
}

bool gateway_forward(HttpClient *client, Arena *arena, const GatewayTarget *target,
                     const GatewayForward *forward, GatewayForwarded *forwarded_r, Error *err)
{
    const Dialect *dialect = target->provider->dialect;
    HttpCall call = new_call(arena, target, dialect->chat_path, forward->body);
    Tap tap = { arena, forward };
    ChatReader reader = { .event = forward->is_stream ? pass_on : NULL,
                          .self = &tap,
                          .is_tap = true };
    HttpAnswer answer = { 0 };
    if (forward->is_stream) {
        call.receive = feed;
        call.self = &reader;
    } else {
        call.first_byte_ms = TOTAL_MS; /* it comes when the whole answer is written */
    }
    chat_reader_begin(&reader, dialect, arena);
    bool good = http_call(client, arena, &call, &answer, err);
    if (good && is_good(answer.status))
        good = (forward->is_stream || chat_reader_feed(&reader, answer.body, err)) &&
               chat_reader_finish(&reader, err) && pass_whole(forward, &reader, err);
    if (!good)
        fail_of(target, err);
    bool has_used = (good && is_good(answer.status)) || reader.text_bytes;
    *forwarded_r =
        (GatewayForwarded){ .status = answer.status,
                            .body = answer.body,
                            .retry_after = http_answer_header(&answer, "Retry-After"),
                            .reply =
                                reply_of(&reader, has_used ? forward->body.length : 0, STR_NONE) };
    chat_reader_end(&reader);
    return good;
}
