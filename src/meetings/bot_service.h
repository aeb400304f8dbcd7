/* bot_service.h - a service that sends bots into meetings, whatever its dialect.
 *
 * What it says is not believed further than this: states by a list of words, reasons as codes,
 * texts of a transcript. Its answers have limits before they are read; where it is, is checked
 * against url_safety.h each time.
 *
 * Threads: any; blocks. */
#pragma once

#include "base/json.h"
#include "net/http_client.h"
#include "store/bot_services_store.h"
#include "store/meeting_bots_store.h"

typedef enum BotState {
#define BOT_STATE(name, rank, is_end, title) BOT_##name,
#include "meetings/bot_states.def"
#undef BOT_STATE
    BOT_STATE_COUNT
} BotState;

typedef struct BotStateRow {
    const char *name, *title;
    int rank;
    bool is_end;
} BotStateRow;
extern const BotStateRow bot_states[BOT_STATE_COUNT];
/* BOT_planned for what is none. */
BotState bot_state_named(Str name);
/* Whether a bot in that state since then may become the other, that happened at `at_ms`. */
bool bot_state_follows(BotState now, int64_t since_ms, BotState next, int64_t at_ms);

typedef enum BotThen { BOT_THEN_END, BOT_THEN_AGAIN, BOT_THEN_EXISTS, BOT_THEN_GONE } BotThen;
/* What it came to; bot_reasons.def says what each means. */
typedef enum BotOutcome {
    BOT_OUTCOME_LEFT,
    BOT_OUTCOME_NOT_IN,
    BOT_OUTCOME_BROKEN,
    BOT_OUTCOME_UNRECORDED
} BotOutcome;
typedef struct BotReason {
    const char *code, *text;
    BotOutcome outcome;
    BotThen then; /* END or AGAIN */
} BotReason;
/* NULL for a code that is not known. */
const BotReason *bot_reason_named(Str code);
const char *bot_outcome_name(BotOutcome outcome);
/* What a reason means; the code itself when it is not known. */
Str bot_reason_text(Arena *arena, Str code);
/* Another bot may be sent. */
bool bot_reason_is_passing(Str code);

/* Why a service did not do what it was asked to. */
typedef struct BotFailure {
    Str code;
    BotThen then;
    int64_t wait_ms; /* of AGAIN */
} BotFailure;

typedef struct BotReport {
    Str remote_id;
    bool has_state; /* its word is known */
    BotState state;
    Str remote_state, reason;
    int64_t at_ms; /* when it became so; 0: not said */
} BotReport;

typedef struct Utterance {
    Str speaker, text;
    int64_t start_ms, end_ms;
} Utterance;
typedef struct UtteranceList {
    Utterance *at;
    size_t count;
} UtteranceList;

/* Something a service tells by itself. */
typedef struct BotNews {
    Str event;       /* its id, the same each time it is told; empty: none is said */
    Str bot;         /* our own id, where it gives back what it was given (bot_tag()), */
    int64_t attempt; /* and of which attempt; 0: not said */
    BotReport report;
} BotNews;

/* What became of a report: the bot has its state (and its reason, where that counts), its reason
 * alone, or nothing of it. The same reports in any order, and however often, come to the same bot.
 */
typedef enum BotHeard { BOT_HEARD_NOTHING, BOT_HEARD_REASON, BOT_HEARD_STATE } BotHeard;
BotHeard bot_hear(Arena *arena, MeetingBot *bot, const BotReport *report, int64_t at_ms);
/* Why a step was put off is over; what was heard stays. */
void bot_forget_delay(MeetingBot *bot);

typedef struct BotRecording {
    Str url;
    HttpPair header; /* to be sent along, where the service wants its key; no name: none */
} BotRecording;

/* What a bot is to be like: rules or a model make it (bot_config.h), a person may change it. */
typedef struct BotConfig {
    Str name, language, message, record; /* record: "audio", "video", "none" */
    StrList terms;                       /* names and words that are hard to hear */
    int64_t alone_s, silence_s, waiting_room_s, max_minutes;
} BotConfig;

typedef struct BotService BotService;

/* A service of a workspace, ready to be asked. */
typedef struct BotAsk {
    HttpClient *http;
    Arena *arena;
    const BotService *service;
    const BotServiceRow *row;
    Str key, secret;    /* of the API; of its webhooks */
    Str webhook_url;    /* where it tells us; empty: nowhere */
    BotFailure failure; /* of the last call that failed */
} BotAsk;

/* How a service is spoken to. Functions fail with the failure set in *ask. */
typedef struct BotDialect {
    /* `password`: of the meeting. */
    bool (*create)(BotAsk *ask, const MeetingBot *bot, Str url, Str password,
                   const BotConfig *config, BotReport *report_r, Error *err);
    bool (*look)(BotAsk *ask, const MeetingBot *bot, BotReport *report_r, Error *err);
    /* Another time to join at; NULL: it cannot be told. */
    bool (*move)(BotAsk *ask, const MeetingBot *bot, Error *err);
    /* Out of the meeting, or never into it. */
    bool (*leave)(BotAsk *ask, const MeetingBot *bot, Error *err);
    bool (*transcript)(BotAsk *ask, const MeetingBot *bot, UtteranceList *list_r, Error *err);
    /* Where the recording is, for a while; NULL: it has none. No address: none yet. */
    bool (*recording)(BotAsk *ask, const MeetingBot *bot, BotRecording *recording_r, Error *err);
    /* False: it is nothing about a bot's state. */
    bool (*news)(Arena *arena, const BotService *service, const json_t *body, BotNews *news_r);
} BotDialect;

#define BOT_SERVICE(name, title, url, schedules, signs, links)                                     \
    extern const BotDialect bot_dialect_##name;
#include "meetings/bot_services.def"
#undef BOT_SERVICE

typedef enum BotSigns { BOT_SIGNS_CANONICAL, BOT_SIGNS_SVIX, BOT_SIGNS_STAMPED } BotSigns;

struct BotService {
    const char *name, *title, *url, *links;
    bool schedules;
    BotSigns signs;
    const BotDialect *dialect;
};

typedef struct BotServices {
    const BotService *at;
    size_t count;
} BotServices;
BotServices bot_services(void);
/* NULL when there is none. */
const BotService *bot_service_named(Str name);
bool bot_service_takes(const BotService *service, Str link_kind);

/* --- For the services' files (bot_ask.c) --- */

#define BOT_ANSWER_MAX MB(16)

/* What a service's line in the lists means. */
bool bot_word(const BotService *service, Str word, BotState *state_r);
/* Sets the state by its word. */
void bot_report_word(const BotService *service, Str word, BotReport *report);
/* Asks with the service's key, in the header as it wants it ("Authorization", "Token "); `body`
 * empty: none. The answer's JSON, released with AUTO_JSON; NULL where there is none. */
typedef struct BotCall {
    const char *method;
    Str path, body;
    const char *header, *scheme;
    Str idempotency_key; /* sent as Idempotency-Key; empty: none */
} BotCall;
MUST_CHECK bool bot_ask(BotAsk *ask, const BotCall *call, json_t **json_r, Error *err);
/* An address that the service has given, without its key. */
MUST_CHECK bool bot_fetch(BotAsk *ask, Str url, json_t **json_r, Error *err);
/* What another status than 2xx means; sets the failure. Returns false. */
bool bot_refused(BotAsk *ask, int status, Str retry_after, Str body, Error *err);
/* What a service is given to tell its news of this bot by. */
Str bot_tag(Arena *arena, const MeetingBot *bot);
void bot_read_tag(Arena *arena, Str tag, BotNews *news);
/* How a service lists what has happened to a bot: the member that says what, what it says when
 * recording was allowed, the member that says why. */
typedef struct BotEventNames {
    const char *kind, *granted, *reason;
} BotEventNames;
/* Why it is as it is: what the last event says; of one that is out of the meeting the last that
 * says so at all, since it was allowed to record. */
Str bot_last_reason(Arena *arena, const BotReport *report, const json_t *events,
                    const BotEventNames *names);
/* A time of RFC 3339 in a member; 0 when there is none. */
int64_t bot_time(const json_t *object, const char *name);
/* A number of units that have so many milliseconds; 0 for what makes no sense. */
int64_t bot_milliseconds(const json_t *number, double unit);

/* --- Webhooks (bot_signature.c) --- */

/* Headers of a webhook as they came. */
typedef struct BotHeaders {
    Str id, timestamp, signature, authorization;
} BotHeaders;
BotHeaders bot_headers(const BotService *service, const HttpRequest *request);
/* ERROR_DENIED unless the service signed it with this secret, lately where it says when. */
MUST_CHECK bool bot_signature_check(Arena *arena, const BotService *service, Str secret,
                                    const BotHeaders *headers, Str body, int64_t now_ms,
                                    Error *err);
