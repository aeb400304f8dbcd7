/* bot_ask.c - what the services of bots have in common; see bot_service.h. */
#include "meetings/bot_service.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "net/url.h"
#include "net/url_safety.h"

#define CALL_MS 30000
#define WAIT_MAX_S 3600
#define SAID_MAX 200

static const struct {
    const char *service;
    int from, to;
    const char *says, *code;
    BotThen then;
    int64_t wait_s;
} refusals[] = {
#define BOT_REFUSAL(service, from, to, says, code, then, wait_s)                                   \
    { #service, from, to, says, code, BOT_THEN_##then, wait_s },
#include "meetings/bot_refusals.def"
#undef BOT_REFUSAL
};

static const BotService services[] = {
#define BOT_SERVICE(name, title, url, schedules, signs, links)                                     \
    { #name, title, url, links, schedules, BOT_SIGNS_##signs, &bot_dialect_##name },
#include "meetings/bot_services.def"
#undef BOT_SERVICE
};

BotServices bot_services(void) { return (BotServices){ services, COUNT(services) }; }

const BotService *bot_service_named(Str name)
{
    for (size_t i = 0; i < COUNT(services); i++)
        if (str_is(name, services[i].name))
            return &services[i];
    return NULL;
}

bool bot_service_takes(const BotService *service, Str link_kind)
{
    Str rest = str(service->links), name;
    while (str_next(&rest, ' ', &name))
        if (str_equal(name, link_kind))
            return true;
    return false;
}

/* --- What is said of bots --- */

/* "ID.2" */
Str bot_tag(Arena *arena, const MeetingBot *bot)
{
    return str_format(arena, STR_FMT ".%" PRId64, STR_ARG(bot->id), bot->attempt);
}

void bot_read_tag(Arena *arena, Str tag, BotNews *news)
{
    ptrdiff_t dot = str_find_char(tag, '.');
    if (dot < 0 || !str_to_int(str_from(tag, (size_t)dot + 1), 1, INT32_MAX, &news->attempt))
        return;
    news->bot = str_copy(arena, str_slice(tag, 0, (size_t)dot));
}

Str bot_last_reason(Arena *arena, const BotReport *report, const json_t *events,
                    const BotEventNames *names)
{
    size_t count = json_array_size(events);
    bool is_out =
        report->has_state && bot_states[report->state].rank > bot_states[BOT_recording].rank;
    for (size_t i = count; i-- > 0;) {
        const json_t *event = json_array_get(events, i);
        Str reason = json_member_text(event, names->reason);
        if (reason.length || !is_out ||
            str_is(json_member_text(event, names->kind), names->granted))
            return str_copy(arena, reason);
    }
    return STR_NONE;
}

int64_t bot_time(const json_t *object, const char *name)
{
    int64_t time_ms = 0;
    Error ignored;
    Str text = json_member_text(object, name);
    return text.length && time_parse(text, &time_ms, &ignored) ? time_ms : 0;
}

int64_t bot_milliseconds(const json_t *number, double unit)
{
    double value = json_number_value(number) * unit;
    return value > 0 && value < 1e15 ? (int64_t)value : 0;
}

/* --- Asking --- */

/* "error", "detail", "message", or the text as it is, on one line. */
static Str said_in(Arena *arena, Str body)
{
    static const char *const names[] = { "error", "detail", "message" };
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    Str said = STR_NONE;
    if (json_parse(body, BOT_ANSWER_MAX, &json, &ignored))
        for (size_t i = 0; i < COUNT(names) && !said.length; i++)
            said = str_copy(arena, json_member_text(json, names[i]));
    said = utf8_clean(arena, said.length ? said : body);
    Buf out = buf_new(arena, SAID_MAX);
    for (size_t i = 0; i < said.length && !out.overflowed; i++)
        buf_add_char(&out, HAS_CHAR(said.at[i], "\r\n\t") ? ' ' : said.at[i]);
    said = buf_str(&out);
    return str_slice(said, 0, utf8_floor(said, said.length));
}

bool bot_refused(BotAsk *ask, int status, Str retry_after, Str body, Error *err)
{
    size_t i = 0;
    Str said = said_in(ask->arena, body);
    while (i + 1 < COUNT(refusals) && !((strcmp(refusals[i].service, "any") == 0 ||
                                         strcmp(refusals[i].service, ask->service->name) == 0) &&
                                        status >= refusals[i].from && status <= refusals[i].to &&
                                        str_find(body, str(refusals[i].says)) >= 0))
        i++;
    int64_t wait_s = refusals[i].wait_s, asked_s;
    if (str_to_int(retry_after, 1, WAIT_MAX_S, &asked_s))
        wait_s = asked_s;
    ask->failure = (BotFailure){ str(refusals[i].code), refusals[i].then, wait_s * 1000 };
    return fail(err, ERROR_UPSTREAM, "%s answered with status %d: " STR_FMT, ask->service->title,
                status, STR_ARG(said));
}

static bool take_json(BotAsk *ask, const HttpAnswer *answer, json_t **json_r, Error *err)
{
    if (answer->status < 200 || answer->status > 299)
        return bot_refused(ask, answer->status, http_answer_header(answer, "Retry-After"),
                           answer->body, err);
    *json_r = NULL;
    if (!str_trim(answer->body).length || json_parse(answer->body, BOT_ANSWER_MAX, json_r, err))
        return true;
    ask->failure = (BotFailure){ S("bad_answer"), BOT_THEN_AGAIN, 60000 };
    return fail_in(err, "%s answered with something else than JSON", ask->service->title);
}

static bool call_url(BotAsk *ask, HttpCall *call, json_t **json_r, Error *err)
{
    const UrlSafety safety = { .allows_private = ask->row->allows_private };
    HttpAnswer answer;
    ask->failure = (BotFailure){ S("not_reached"), BOT_THEN_AGAIN, 20000 };
    if (!url_check(ask->arena, call->url, &safety, &call->pinned_address, err)) {
        if (err->code == ERROR_DENIED || err->code == ERROR_INVALID)
            ask->failure = (BotFailure){ S("not_allowed"), BOT_THEN_END, 0 };
        return false;
    }
    call->connect_ms = call->first_byte_ms = call->total_ms = CALL_MS;
    call->answer_max = BOT_ANSWER_MAX;
    return http_call(ask->http, ask->arena, call, &answer, err) &&
           take_json(ask, &answer, json_r, err);
}

bool bot_ask(BotAsk *ask, const BotCall *call, json_t **json_r, Error *err)
{
    const HttpPair headers[] = {
        { str(call->header),
          str_format(ask->arena, "%s" STR_FMT, call->scheme, STR_ARG(ask->key)) },
        { S("Accept"), S("application/json") },
        { S("Content-Type"), S("application/json") },
        { S("Idempotency-Key"), call->idempotency_key },
    };
    size_t count = call->idempotency_key.length ? 4 : 3;
    HttpCall request = { .method = call->method,
                         .url = url_join(ask->arena, ask->row->url, call->path),
                         .headers = headers,
                         .header_count = count,
                         .body = call->body,
                         .has_body = call->body.length > 0 };
    return call_url(ask, &request, json_r, err);
}

bool bot_fetch(BotAsk *ask, Str url, json_t **json_r, Error *err)
{
    HttpCall request = { .url = url };
    return call_url(ask, &request, json_r, err);
}
