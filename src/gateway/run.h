/* run.h - one call on its way through the gateway. Not for other folders.
 *
 *     scan -> admit -> [reserve] -> try a target -> ... -> answer -> settle
 *                          ^------- fail over ------|
 *
 * run.c is the way itself, run_cache.c the answers that are kept, run_next.c which target is asked,
 * run_try.c one attempt at it (run_here.c: one that we answer, run_hosted.c: which), run_request.c
 * what it is sent, run_answer.c what the client gets.
 */
#pragma once

#include "gateway/cache_key.h"
#include "gateway/failure.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "net/content_coding.h"
#include "net/http_stream.h"
#include "net/origins.h"

#define RUN_TARGETS_MAX 16
#define RUN_ANSWER_MAX MB(32) /* of one whole answer */
#define RUN_HELD_MAX MB(1)    /* of a stream before its first word */
#define RUN_WAIT_MAX_MS 2000  /* who asks to wait longer is passed over */

/* What one reactor has for its calls. */
typedef struct GatewayLoop {
    Gateway *gateway;
    Reactor *reactor;
    AsyncClient *client;
    Pool *names; /* resolves them for `origins` */
    Origins *origins;
    Arena *scratch;
    JournalLane *records;
} GatewayLoop;

typedef struct Run Run;

/* Whether a kept answer may serve a call, and whether its own is to be kept. */
typedef struct RunCache {
    bool is_on;      /* the key is set */
    bool is_once;    /* by Idempotency-Key, rather than by what is asked */
    bool skips_kept; /* the client wants a new answer */
    bool is_leading; /* others wait for this call */
    bool is_waiting; /* for another one */
    int failures;    /* of calls it has waited for */
    CacheKey key;
    int64_t age_max_ms, ttl_ms;
    Str question;      /* the last words, where others may have asked the same; "": not wanted */
    CacheKey alike;    /* of all but these, and of what decides in them (cache_words.h) */
    bool is_comparing; /* on the pool */
    bool is_answered;  /* from what was kept for another question */
    CacheFlight flight;
    CacheWaiter waiter;
} RunCache;

/* What an attempt holds while it runs. */
enum { PLACE_KEY, PLACE_SERVICE, PLACE_TARGET, PLACE_COUNT };
typedef struct RunSeat {
    int at;     /* among the run's targets */
    size_t key; /* of the service's keys */
    TargetPlace places[PLACE_COUNT];
} RunSeat;

/* One attempt. */
typedef struct RunTry {
    Run *run;
    const GatewayTarget *target; /* NULL: not begun */
    const ModelRequest *request; /* what this target is asked for */
    RunSeat seat;
    const AsyncOrigin *origin; /* held while it is called; NULL: not found yet */
    OriginWait origin_wait;
    AsyncCall call;
    struct WakeWork *waking;  /* while its service is woken (run_wake.h) */
    struct MediaWork *making; /* while pictures and sound are made to fit (run_media.h) */
    struct HereWork *here;    /* instead of a call: answered by ourselves (run_here.h) */
    Buf head;
    Str body;
    WireReader reader;
    ContentDecoder *decoder; /* of an answer that came packed; NULL */
    Buf failure;             /* the body of an answer that is no success */
    int status;
    Str media_type;                         /* of a good answer that is sound */
    int64_t started_us, first_us, ended_us; /* 0: not yet */
    int64_t wait_ms;                        /* that the service asked for; -1: none */
    bool is_same;                           /* the client's own dialect: handed on as it is */
    bool is_reading;
    bool has_spoken;  /* its first word has come */
    bool is_dropped;  /* by us, while its service worked on it */
    FailureKind kind; /* once it has failed */
    /* Of a stream: when its content last came (comments and pings are none), and the time limit on
     * that. */
    int64_t content_ms;
    unsigned content_count;
    int64_t ends_ms; /* when it must be over; 0: its call sees to that */
    ReactorTimer clock;
    GatewayTimes times; /* all set */

    bool is_masked;        /* it got names instead of what was found (run_guard.c) */
    Buf held_name;         /* of its answer: what may be the start of a name */
    ModelEvent held_event; /* that it came in */

    Buf held; /* of a stream: what comes before its first word */
    FrontWriter writer;
    ModelCollector collector;
} RunTry;

struct Run {
    GatewayLoop *loop;
    const Front *front;     /* NULL: a call of our own */
    HttpRequest *http;      /* NULL too; of run_call.c made up, as is the next */
    HttpResponse *response; /* NULL too */
    struct RunAsk *ask;     /* of a call of our own */
    /* Not for a client: told at the end, and the run is gone after it. NULL: for a client. */
    void (*on_done)(Run *run, const Error *failure);
    bool is_patient; /* leaves room in limits to those who wait for an answer */
    Str body;        /* as the client sent it */
    Str secret;      /* that it showed; "" for a person's session */
    Arena *arena;
    GatewayCaller *caller;

    ModelRequest request;
    bool is_read;      /* whole, not only scanned */
    bool has_files;    /* that the body named; they are in place */
    bool has_previous; /* the answer that it goes on from; it is in place */
    Error *refused;    /* why the body is of no use; NULL: it is fine */
    const GatewayRoute *route;
    RouteNeeds needs;
    /* In the order to be tried; from target_count to all_count those with larger contexts. */
    const GatewayTarget *targets[RUN_TARGETS_MAX];
    int target_count, all_count, next;
    int retries, keys_tried; /* of the target at hand */
    int waits;               /* until somebody may be asked at all */
    ReactorTimer wait, hedge;
    int64_t deadline_ms, begin_by_ms; /* monotonic, as the client says; 0: it does not */

    RunTry first;
    RunTry *try;   /* the one whose answer counts */
    RunTry *rival; /* asked at the same time; the first word decides. NULL: none */
    Error *failed; /* of the last attempt that has failed; NULL: none has */
    int64_t failed_wait_ms;
    int64_t lost_cost; /* pico-dollars, of attempts whose answer nobody got */

    /* What it has taken of its caller's limits and budgets. */
    BudgetHold holds[BUDGETS_MAX];
    int hold_count;
    BudgetWaiter credit; /* while it waits for some */
    int64_t held_tokens;
    bool has_places; /* and tokens of the limits */
    int64_t wait_ms; /* why it was refused: worth asking again then */

    /* The answer. */
    HttpStream *stream; /* NULL until the first word */
    Buf piece;          /* frames on their way to the stream; emptied after each */
    Buf kept;           /* what has gone into it, while that is wanted (keeps_answer) */
    bool keeps_answer;
    bool is_answered; /* something has gone to the client, or will now */
    bool is_loading;  /* the pool asks who calls, or for credit */
    bool is_gone;     /* the client left meanwhile */
    /* Of a call of our own (GatewayAsk). */
    Str persona; /* of a call of our own */
    bool may_keep, is_personal, never_here, is_within;

    RunCache cache;
    struct RunGuard *guard;      /* NULL: nothing has been looked for yet */
    struct RunMedia *media;      /* pictures and sound that were made to fit; NULL: none */
    Str traceparent, tracestate; /* for the service; "" for none */
    CallRecord record;
    int64_t started_us, asked_us; /* asked: a service, for the first time */
};

/* run.c: it belongs below `from`; when its record, arena and start are set. */
void run_begin_trace(Run *run, const TraceContext *from);
/* run.c: the caller is known. Choose the way, take what it may cost, begin. */
void run_admit(Run *run);
/* No kept answer serves it: take what it may cost, ask a service. */
void run_go(Run *run);
/* Whoever asked is not interested any more. */
void run_stop(Run *run);
/* The end, told to whoever asked; the run is gone after it. `failure` NULL: the answer is out. */
void run_finish(Run *run, const Error *failure);
/* The last of it: what was answered is out. */
void run_end(Run *run, const Error *failure);
/* The same as run_finish(), and nothing has been answered yet. */
void run_fail(Run *run, const Error *failure, int64_t wait_ms);

/* run_files.c. True: files that the body names are being put in place, and run_admit() is called
 * again after that. */
MUST_CHECK bool files_wait(Run *run);

/* run_kept.c. True: the answer that it goes on from is looked for, and run_admit() is called again
 * after that. */
MUST_CHECK bool previous_wait(Run *run);
/* True: its answer is being kept, and run_end() is called after that: whoever knows an answer can
 * go on from it, on any server. */
MUST_CHECK bool kept_waits(Run *run);

/* run_hosted.c. A call with tools that the program calls goes another way than its route. */
bool hosted_is_wanted(const Run *run);
MUST_CHECK bool hosted_route(Run *run, Error *err);

/* run_cache.c. Answered from what is kept, or waiting for an equal call: nothing else is to be done
 * now. */
MUST_CHECK bool cache_answers(Run *run);
/* Keep what was answered; let those who wait for it go on. */
void cache_ended(Run *run, const Error *failure);
/* The client has gone. False: run_stop() is called again when it may end. */
MUST_CHECK bool cache_let_go(Run *run);

/* run_ask.c */
MUST_CHECK bool ask_event(RunTry *try, const ModelEvent *event, Error *err);
/* What is kept of its answer, and such an answer again. */
Str ask_kept(Run *run);
MUST_CHECK bool ask_again(Run *run, Str kept, Error *err);
/* All that its answer depends on, as one text; "" when that is more than texts. */
Str ask_text(Run *run);

/* run_next.c */
void run_plan(Run *run);
/* Ask the next target. */
void run_next(Run *run);
/* What becomes of an attempt. `failure` NULL: it is good; else its kind is set. */
void run_tried(RunTry *try, const Error *failure);
/* The first word of an attempt has come: no other one is needed. */
void run_wins(RunTry *try);
/* End what runs and waits. */
void run_cancel(Run *run);

/* run_credit.c: take what the call may cost at most. CREDIT_WAITS: run_go() is called when there
 * may be credit. CREDIT_REFUSED: err and run->wait_ms say why and until when. */
typedef enum CreditVerdict { CREDIT_GIVEN, CREDIT_WAITS, CREDIT_REFUSED } CreditVerdict;
MUST_CHECK CreditVerdict credit_take(Run *run, Error *err);
/* The call is over and its record has usage and cost: give back the rest. */
void credit_settle(Run *run, const Error *failure);

/* run_usage.c. Tokens of the text of what is asked, about. */
int64_t usage_input(const Run *run);
/* What an attempt has used: as the service told, and what it did not tell as far as it can be
 * known. True: something of it is guessed. */
bool usage_of(const RunTry *try, ModelUsage *usage_r);

/* run_request.c: the request as the attempt's target may get it, whole; */
MUST_CHECK bool try_read(RunTry *try, Error *err);
/* What the call's body says, all of it. */
MUST_CHECK bool run_read(Run *run, Error *err);
/* head and body for it. */
MUST_CHECK bool try_write(RunTry *try, Error *err);

/* run_try.c */
MUST_CHECK bool try_start(RunTry *try, const GatewayTarget *target, const RunSeat *seat,
                          Error *err);
void try_cancel(RunTry *try);
/* run_wake.c: its service listens on this port now, or cannot be woken. */
void try_awake(RunTry *try, int port, const Error *failure);
/* run_media.c: its pictures and sound fit now, or cannot. */
void try_prepared(RunTry *try, const Error *failure);
/* Its client is slow, and can take more again. */
void try_pause(RunTry *try);
void try_resume(RunTry *try);
/* It is over; of a failure the kind is set. */
void try_end(RunTry *try, Error *failure);
/* The kind of a failure that no status tells of. */
FailureKind try_failure(const RunTry *try, const Error *failure);
/* The text holds a key of the service: it is never handed on. Some services repeat it. */
bool try_tells_key(const RunTry *try, Str text);

/* run_alike.c. The key of calls that ask the same in other words. */
void alike_set_key(Run *run, const CacheRequest *request, const Str *parts, size_t count);
/* True: a question that may be the same is compared, and the call goes on after that. */
bool alike_begins(Run *run);
/* run_cache.c. What alike_begins() found: NULL when it is not the same after all. */
void cache_compared(Run *run, const CacheEntry *entry);

/* run_prompts.c. At the begin, and at the end of a call: it is logged when its workspace wants it.
 */
void prompts_begin(Run *run);
void prompts_end(Run *run);

/* run_guard.c. What this service gets may not hold what the workspace's rule keeps back. */
bool guard_is_on(const RunTry *try);
/* The request as it may leave; the call's own when nothing was found. It has been read whole. */
const ModelRequest *guard_request(RunTry *try);
/* Names in the answer are to be put back: its events go this way, and at the end its rest. */
bool guard_restores(const RunTry *try);
MUST_CHECK bool guard_event(RunTry *try, const ModelEvent *event, Error *err);
MUST_CHECK bool guard_rest(RunTry *try, Error *err);

/* run_answer.c */
void answer_begin(Run *run);
/* Nothing can be told for a while: a stream is opened, so that its heartbeats begin. */
void answer_wait(Run *run);
/* What goes into a stream from now on is kept in run->kept too. */
void answer_keep(Run *run);
/* All of a stream, or of an answer, as it was written before. */
void answer_again(Run *run, Str bytes);
MUST_CHECK bool answer_event(void *try, const ModelEvent *event, Error *err);
/* The same, and nothing in it stands for something else. */
MUST_CHECK bool answer_told(RunTry *try, const ModelEvent *event, Error *err);
MUST_CHECK bool answer_frame(void *try, Str event, Str data, Error *err);
MUST_CHECK bool answer_whole(RunTry *try, Error *err);
/* The end of a stream that is sent when its answer is kept. */
void answer_rest(Run *run);
void answer_failed(Run *run, const Error *failure, int64_t wait_ms);
void answer_stopping(Error *err); /* what is told to whom the server leaves without an answer */
