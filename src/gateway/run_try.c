/* run_try.c - one attempt of a call at one target: from the request's bytes to the answer's. */
#include "base/clock.h"
#include "base/json_walk.h"
#include "gateway/run_here.h"
#include "gateway/run_media.h"
#include "gateway/run_wake.h"

#define FAILURE_MAX KB(64)
/* What local servers are given for a key ("none") is a word like others. */
#define KEY_SECRET_MIN 8
#define END_MS 500 /* for a connection to end its answer behind the end of a stream */

/* --- The answer --- */

static bool is_good(int status) { return status >= 200 && status < 300; }

/* Of an answer that is handed on and kept it must be known how it ends. */
static bool listen_only(void *try, const ModelEvent *event, Error *err)
{
    (void)try, (void)event, (void)err;
    return true;
}

/* A transcript that turns out not to be of the form that was asked for is written anew. */
static bool collect_only(void *self, const ModelEvent *event, Error *err)
{
    return model_collect(&((RunTry *)self)->collector, event, err);
}

static bool (*listener_of(const RunTry *try))(void *, const ModelEvent *, Error *)
{
    const Run *run = try->run;
    if (try->is_same && run->front->fits && !run->request.is_stream)
        return collect_only;
    if (!try->is_same)
        return answer_event;
    return try->run->keeps_answer ? listen_only : NULL;
}

/* It is told in the client's form, so it cannot be handed on as it is. */
static void on_other_form(void *self)
{
    RunTry *try = self;
    try->is_same = false;
    try->reader.event = answer_event;
    try->reader.frame = NULL;
}

/* "" for what is no sound: events that hold it, or a failure. */
static Str sound_type(Arena *arena, const HttpHead *head)
{
    Str type = http_head_header(head, "Content-Type");
    Str kind = str_lower(arena, str_trim(type));
    if (!kind.length)
        return S("application/octet-stream");
    bool is_sound = str_starts(kind, S("audio/")) || str_starts(kind, S("video/")) ||
                    str_starts(kind, S("application/octet-stream")) ||
                    str_starts(kind, S("application/ogg"));
    return is_sound ? str_copy(arena, type) : S("");
}

static bool on_head(AsyncCall *call, const HttpHead *head, Error *err)
{
    RunTry *try = call->owner;
    Run *run = try->run;
    Str coding = http_head_header(head, "Content-Encoding");
    try->status = head->status;
    try->first_us = monotonic_us();
    Hints hints = hints_of_headers(head->headers, now_ms());
    try->wait_ms = is_good(head->status) ? HINT_NONE : hints.wait_ms;
    target_learn(try->seat.places[PLACE_TARGET].state, &hints);
    if (!content_decoder_new(coding, &try->decoder, err))
        return false;
    if (!is_good(head->status)) {
        try->failure = buf_new(run->arena, FAILURE_MAX);
        return true;
    }
    if (try->request->task == TASK_SPEECH)
        try->media_type = sound_type(run->arena, head);
    bool is_told = run->request.is_stream || !try->is_same;
    try->reader = (WireReader){ .dialect = try->target->service->dialect,
                                .arena = run->arena,
                                .scratch = run->loop->scratch,
                                .task = try->request->task,
                                .is_stream = run->request.is_stream,
                                .is_bytes = try->media_type.length > 0,
                                .event = listener_of(try),
                                .frame = try->is_same && is_told ? answer_frame : NULL,
                                .other_form = on_other_form,
                                .self = try };
    wire_reader_begin(&try->reader, RUN_ANSWER_MAX);
    try->is_reading = true;
    return true;
}

static bool has_all(const RunTry *try)
{
    return try->is_reading && wire_reader_has_all(&try->reader);
}

static bool take_bytes(void *self, Str bytes, Error *err)
{
    RunTry *try = self;
    if (!try->is_reading) {
        buf_add(&try->failure, bytes); /* what is over the limit says nothing new */
        return true;
    }
    bool good = wire_reader_feed(&try->reader, bytes, err);
    if (try->reader.content_count != try->content_count) {
        try->content_count = try->reader.content_count;
        try->content_ms = try->call.moved_ms;
    }
    if (good && try->run->request.is_stream && has_all(try))
        reactor_set_timer(try->run->loop->reactor, &try->clock, monotonic_ms() + END_MS);
    return good;
}

static bool on_body(AsyncCall *call, Str bytes, Error *err)
{
    RunTry *try = call->owner;
    return try->decoder ? content_decode(try->decoder, bytes, take_bytes, try, err)
                        : take_bytes(try, bytes, err);
}

bool try_tells_key(const RunTry *try, Str text)
{
    const StrList *keys = &try->target->service->keys;
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].length >= KEY_SECRET_MIN && str_find(text, keys->at[i]) >= 0)
            return true;
    return false;
}

/* What a service says of its refusal. */
static Str reason_of(const RunTry *try, const WireError *said)
{
    if (try_tells_key(try, said->message))
        return S("it gave a reason that holds the key");
    Str why = str_slice(str_trim(said->message), 0, 240);
    return why.length ? why : S("it gave no reason");
}

static bool fail_request(int status, Str why, Error *err)
{
    ErrorCode code = status == 404   ? ERROR_NOT_FOUND
                     : status == 413 ? ERROR_TOO_LARGE
                                     : ERROR_INVALID;
    return fail(err, code, "it refuses the request: " STR_FMT, STR_ARG(why));
}

/* A status that is no success, told to people. */
static bool fail_status(RunTry *try, Error *err)
{
    const GatewayService *service = try->target->service;
    Str body = buf_str(&try->failure);
    WireError said;
    service->dialect->read_error(try->run->arena, body, &said);
    FailureText text = { .status = try->status,
                         .code = said.code,
                         .type = said.type,
                         .message = said.message,
                         .moves_on = service->moves_on };
    Str why = reason_of(try, &said);
    try->kind = failure_of(&text);
    try->wait_ms = MAX(try->wait_ms, MAX(said.retry_after_ms, hint_of_body(body)));
    switch (try->kind) {
    case FAILURE_KEY:
        return fail(err, ERROR_UPSTREAM, "it refuses the key (status %d); set another one",
                    try->status);
    case FAILURE_QUOTA:
        return fail(err, ERROR_LIMITED, "nothing is left of what is paid for: " STR_FMT,
                    STR_ARG(why));
    case FAILURE_BUSY:
        return fail(err, ERROR_LIMITED, "it wants fewer requests: " STR_FMT, STR_ARG(why));
    case FAILURE_CONTEXT:
    case FAILURE_REQUEST: return fail_request(try->status, why, err);
    default: break;
    }
    if (try->status < 400)
        return fail(err, ERROR_UPSTREAM,
                    "it answers with a redirect (status %d), which is not followed; correct its "
                    "address",
                    try->status);
    return fail(err, ERROR_UPSTREAM, "it failed with status %d: " STR_FMT, try->status,
                STR_ARG(why));
}

/* --- The end --- */

static void end_reading(RunTry *try)
{
    if (try->is_reading)
        wire_reader_end(&try->reader);
    try->is_reading = false;
    content_decoder_free(try->decoder);
    try->decoder = NULL;
}

static void let_origin_go(RunTry *try)
{
    origins_cancel(&try->origin_wait);
    origin_release(try->origin);
    try->origin = NULL;
}

static bool is_too_late(const Run *run)
{
    int64_t now_ms = monotonic_ms();
    return (run->deadline_ms && now_ms >= run->deadline_ms) ||
           (run->begin_by_ms && !run->is_answered && now_ms >= run->begin_by_ms);
}

/* Of a failure that no status tells of. That the client's own time is over says nothing of the
 * service. */
FailureKind try_failure(const RunTry *try, const Error *failure)
{
    FailureText text = { .status = try->reader.failed_status, .message = str(failure->message) };
    if (text.status)
        return failure_of(&text);
    bool is_ours = failure->code == ERROR_CANCELLED || failure->code == ERROR_INVALID ||
                   (failure->code == ERROR_TIMEOUT && is_too_late(try->run));
    return is_ours ? FAILURE_GONE : FAILURE_BROKEN;
}

void try_end(RunTry *try, Error *failure)
{
    try->ended_us = monotonic_us();
    end_reading(try);
    reactor_clear_timer(try->run->loop->reactor, &try->clock);
    if (failure)
        fail_in(failure, STR_FMT, STR_ARG(try->target->service->title));
    let_origin_go(try);
    run_tried(try, failure);
}

static void on_end(AsyncCall *call, const Error *failure)
{
    RunTry *try = call->owner;
    Error err = failure ? *failure : (Error){ 0 };
    bool all = has_all(try), good = !failure || all;
    if (try->status && !is_good(try->status)) { /* cut or not, the status says what is wrong */
        good = fail_status(try, &err);
    } else {
        good = good && (all || !try->decoder || content_decoded(try->decoder, &err)) &&
               wire_reader_finish(&try->reader, &err) && answer_whole(try, &err);
        if (err.code == ERROR_TOO_LARGE) /* the answer is, not what was asked */
            err.code = ERROR_UPSTREAM;
        if (!good && try_tells_key(try, str(err.message)))
            fail(&err, err.code,
                 "it failed in the middle of the answer, and its reason holds the key");
        if (!good)
            try->kind = try_failure(try, &err);
    }
    try_end(try, good ? NULL : &err);
}

/* --- Slow clients --- */

void try_pause(RunTry *try)
{
    if (try->here)
        here_pause(try->here, true);
    else
        async_call_pause(&try->call);
}

void try_resume(RunTry *try)
{
    try->content_ms = monotonic_ms(); /* while it was paused nothing could come */
    if (try->here)
        here_pause(try->here, false);
    else
        async_call_resume(&try->call);
}

static bool is_paused(const RunTry *try)
{
    return try->here ? here_is_paused(try->here) : try->call.is_paused;
}

/* --- Time --- */

/* When the next piece of the answer must have come. */
static int64_t content_due_ms(const RunTry *try)
{
    const Run *run = try->run;
    if (is_paused(try))
        return monotonic_ms() + try->times.idle_ms;
    if (try->content_count)
        return try->content_ms + try->times.idle_ms;
    int64_t due_ms = try->started_us / 1000 + try->times.first_byte_ms;
    return run->begin_by_ms ? MIN(due_ms, run->begin_by_ms) : due_ms;
}

static int64_t due_ms_of(const RunTry *try)
{
    if (!try->ends_ms)
        return content_due_ms(try);
    return try->run->request.is_stream && !try->waking ? MIN(content_due_ms(try), try->ends_ms)
                                                       : try->ends_ms;
}

static void stop_call(RunTry *try)
{
    media_stop(try);
    wake_stop(try);
    here_stop(try);
    async_call_cancel(&try->call);
}

/* One timer for a stream, moved when it fires: what comes costs nothing. Bytes alone do not help,
 * so a service that sends nothing but comments ends here. */
static void on_clock(ReactorTimer *timer)
{
    RunTry *try = timer->owner;
    int64_t due_ms = due_ms_of(try);
    Error err;
    if (has_all(try)) {
        async_call_cancel(&try->call);
        on_end(&try->call, NULL);
        return;
    }
    if (due_ms > monotonic_ms()) {
        reactor_set_timer(try->run->loop->reactor, timer, due_ms);
        return;
    }
    fail(&err, ERROR_TIMEOUT, "it %s within the time limit",
         try->content_count ? "stopped in the middle of the answer" : "did not begin to answer");
    stop_call(try);
    try->kind = try_failure(try, &err);
    try_end(try, &err);
}

static void merge_times(GatewayTimes *times, const GatewayTimes *more)
{
    times->connect_ms = times->connect_ms ? times->connect_ms : more->connect_ms;
    times->first_byte_ms = times->first_byte_ms ? times->first_byte_ms : more->first_byte_ms;
    times->idle_ms = times->idle_ms ? times->idle_ms : more->idle_ms;
    times->try_ms = times->try_ms ? times->try_ms : more->try_ms;
    times->total_ms = times->total_ms ? times->total_ms : more->total_ms;
}

static GatewayTimes times_of(const RunTry *try)
{
    static const GatewayTimes standard = { .connect_ms = 10000,
                                           .first_byte_ms = 120000,
                                           .idle_ms = 60000,
                                           .try_ms = 900000,
                                           .total_ms = 900000 };
    GatewayTimes times = try->run->route->times;
    merge_times(&times, &try->target->service->times);
    merge_times(&times, &try->run->caller->config->policy.times);
    merge_times(&times, &standard);
    return times;
}

/* What is left for this attempt; less than 1: nothing. */
static int64_t time_left_ms(const RunTry *try)
{
    const Run *run = try->run;
    int64_t now_ms = monotonic_ms();
    int64_t left_ms = run->started_us / 1000 + try->times.total_ms - now_ms;
    if (run->deadline_ms)
        left_ms = MIN(left_ms, run->deadline_ms - now_ms);
    if (run->begin_by_ms && !run->request.is_stream)
        left_ms = MIN(left_ms, run->begin_by_ms - now_ms);
    return MIN(left_ms, try->times.try_ms);
}

/* --- The beginning --- */

static void on_origin(OriginWait *wait, const AsyncOrigin *origin, const Error *failure)
{
    RunTry *try = wait->owner;
    try->origin = try->call.origin = origin;
    if (origin)
        async_call_start(try->run->loop->client, &try->call);
    else
        on_end(&try->call, failure);
}

static void set_clock(RunTry *try)
{
    try->clock = (ReactorTimer){ .fire = on_clock, .owner = try };
    reactor_set_timer(try->run->loop->reactor, &try->clock, due_ms_of(try));
}

static void make_call(RunTry *try, int64_t left_ms)
{
    const GatewayTimes *times = &try->times;
    bool is_stream = try->run->request.is_stream;
    try->call = (AsyncCall){
        .head = buf_str(&try->head),
        .body = try->body,
        .connect_ms = times->connect_ms,
        /* A whole answer comes when it is written to its end. */
        .first_byte_ms = is_stream ? times->first_byte_ms : left_ms,
        .idle_ms = times->idle_ms,
        .total_ms = left_ms,
        .on_head = on_head,
        .on_body = on_body,
        .on_end = on_end,
        .owner = try,
    };
    if (is_stream)
        set_clock(try);
}

static void call_origin(RunTry *try, Str base_url, int64_t left_ms)
{
    make_call(try, left_ms);
    try->origin_wait = (OriginWait){ .done = on_origin, .owner = try };
    const AsyncOrigin *origin = origins_find(try->run->loop->origins, base_url,
                                             &try->target->service->safety, &try->origin_wait);
    if (origin)
        on_origin(&try->origin_wait, origin, NULL);
}

/* What has no call yet has a time limit all the same. */
static void limit(RunTry *try, int64_t left_ms)
{
    try->ends_ms = monotonic_ms() + left_ms;
    set_clock(try);
}

/* The answer is made here: nothing is sent anywhere. */
static bool start_here(RunTry *try, int64_t left_ms, Error *err)
{
    try->is_same = false;
    if (!here_start(try, err))
        return false;
    limit(try, left_ms);
    return true;
}

/* How long it took to wake says nothing of how fast it answers. */
void try_awake(RunTry *try, int port, const Error *failure)
{
    Error err = failure ? *failure : (Error){ 0 };
    int64_t left_ms = time_left_ms(try);
    reactor_clear_timer(try->run->loop->reactor, &try->clock);
    try->ends_ms = 0;
    try->started_us = monotonic_us();
    if (!failure && left_ms > 0) {
        call_origin(try, str_format(try->run->arena, "http://127.0.0.1:%d", port), left_ms);
        return;
    }
    if (!failure)
        fail(&err, ERROR_TIMEOUT, "no time is left to ask it");
    try->kind = FAILURE_LACKING;
    try_end(try, &err);
}

/* Its request is written: it goes out, or its service is woken for it. */
static bool send_out(RunTry *try, int64_t left_ms, Error *err)
{
    if (!try_write(try, err))
        return false;
    if (!try->target->service->is_woken) {
        call_origin(try, try->target->service->base_url, left_ms);
        return true;
    }
    limit(try, left_ms);
    wake_begin(try); /* may find it ready, and go on at once */
    return true;
}

/* Nor does how long it took to make pictures fit. */
void try_prepared(RunTry *try, const Error *failure)
{
    Error err = failure ? *failure : (Error){ 0 };
    int64_t left_ms = time_left_ms(try);
    reactor_clear_timer(try->run->loop->reactor, &try->clock);
    try->ends_ms = 0;
    try->started_us = monotonic_us();
    if (!failure && left_ms < 1)
        fail(&err, ERROR_TIMEOUT, "no time is left to ask it");
    else if (!failure && send_out(try, left_ms, &err))
        return;
    try->kind = FAILURE_LACKING;
    try_end(try, &err);
}

bool try_start(RunTry *try, const GatewayTarget *target, const RunSeat *seat, Error *err)
{
    Run *run = try->run;
    const GatewayService *service = target->service;
    *try = (RunTry){ .run = run,
                     .target = target,
                     .seat = *seat,
                     .is_same = run->front && run->front->same == service->dialect,
                     .wait_ms = HINT_NONE,
                     .started_us = monotonic_us(),
                     .held = buf_new(run->arena, RUN_HELD_MAX) };
    model_collect_begin(&try->collector, run->arena, RUN_ANSWER_MAX);
    try->times = times_of(try);
    int64_t left_ms = time_left_ms(try);
    if (left_ms < 1)
        return fail(err, ERROR_TIMEOUT, "no time is left to ask " STR_FMT, STR_ARG(service->title));
    if (!run->asked_us)
        run->asked_us = try->started_us;
    if (service->is_here)
        return start_here(try, left_ms, err);
    if (!media_waits(try))
        return send_out(try, left_ms, err);
    limit(try, left_ms);
    return true;
}

void try_cancel(RunTry *try)
{
    stop_call(try);
    reactor_clear_timer(try->run->loop->reactor, &try->clock);
    let_origin_go(try);
    end_reading(try);
}
