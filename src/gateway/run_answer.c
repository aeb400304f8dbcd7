/* run_answer.c - what the client gets: a stream as it comes, or one whole answer, or a failure. */
#include "base/clock.h"
#include "base/json_walk.h"
#include "gateway/run.h"

static FrontWriter *writer_of(RunTry *try, Buf *out)
{
    Run *run = try->run;
    FrontWriter *writer = &try->writer;
    if (!writer->front) {
        *writer = (FrontWriter){ .front = run->front,
                                 .arena = run->arena,
                                 .request = &run->request,
                                 .model = run->request.model,
                                 .created_s = now_ms() / 1000 };
        writer->id =
            str_format(run->arena, "%s" STR_FMT, run->front->id_prefix, STR_ARG(run->http->id));
    }
    writer->out = out;
    return writer;
}

/* --- A stream --- */

void answer_begin(Run *run)
{
    run->first.run = run;
    run->try = &run->first;
    model_collect_begin(&run->first.collector, run->arena, RUN_ANSWER_MAX);
    run->piece = buf_new(run->arena, RUN_ANSWER_MAX * 2); /* one in one piece, as events */
}

static void on_stream_gone(void *run) { run_stop(run); }

/* A client that is slow makes the service slow, not our memory large. */
static void on_stream_room(void *argument)
{
    Run *run = argument;
    try_resume(run->try);
}

void answer_stopping(Error *err)
{
    fail(err, ERROR_BUSY, "the server is stopping; ask again in a moment");
}

/* The server stops, and the answer is not whole. */
static Str say_last(void *argument)
{
    Run *run = argument;
    Error err;
    Buf out = buf_new(run->arena, KB(64));
    if (run->try->media_type.length) /* sound */
        return S("");
    answer_stopping(&err);
    run->front->write_stream_error(writer_of(run->try, &out), &err);
    run->try->writer.out = &run->piece;
    return buf_str(&out);
}

static void open_stream(Run *run)
{
    Str sound = run->try->media_type;
    HttpStreamOptions options = { .media_type = sound.length ? sound : str(run->front->stream_type),
                                  .queue_max = KB(64),
                                  .heartbeat = run->front->heartbeat,
                                  .on_gone = on_stream_gone,
                                  .on_room = on_stream_room,
                                  .say_last = say_last,
                                  .argument = run };
    if (!run->stream)
        run->stream = http_respond_stream(run->response, &options);
}

void answer_wait(Run *run) { open_stream(run); }

/* From now on no other target may answer. */
static void begin_stream(Run *run)
{
    open_stream(run);
    run->is_answered = true;
    run->record.first_us = monotonic_us() - run->started_us;
}

void answer_keep(Run *run)
{
    run->kept = buf_new(run->arena, CACHE_ANSWER_MAX);
    run->keeps_answer = true;
}

/* On its way to the client, and kept when somebody wants to know afterwards what went. */
static bool write_stream(Run *run, Str bytes)
{
    if (run->keeps_answer)
        buf_add(&run->kept, bytes);
    return !bytes.length || http_stream_write(run->stream, bytes);
}

/* The first word, or the end of an answer without any. */
static void speak(RunTry *try)
{
    if (try->has_spoken)
        return;
    try->has_spoken = true;
    if (try->run->request.is_stream)
        try->first_us = monotonic_us();
    target_answers(&try->seat.places[PLACE_TARGET]);
    run_wins(try);
}

/* Nothing goes out before the first word: until then another target may still answer. */
static bool send_piece(RunTry *try, bool is_last, Error *err)
{
    Run *run = try->run;
    if (!run->is_answered && !try->reader.has_content && !is_last) {
        buf_add(&try->held, buf_str(&run->piece));
        run->piece.length = 0;
        return !try->held.overflowed ||
               fail(err, ERROR_UPSTREAM, "the answer has more than %zu bytes before its first word",
                    RUN_HELD_MAX);
    }
    bool good = true;
    speak(try);
    if (!run->is_answered) {
        begin_stream(run);
        good = write_stream(run, buf_str(&try->held));
    }
    good = good && write_stream(run, buf_str(&run->piece));
    run->record.bytes_out += (int64_t)run->piece.length;
    run->piece.length = 0;
    if (good && http_stream_is_full(run->stream))
        try_pause(try);
    return good || fail(err, ERROR_CANCELLED, "the client has gone");
}

bool answer_event(void *self, const ModelEvent *event, Error *err)
{
    RunTry *try = self;
    return guard_restores(try) ? guard_event(try, event, err) : answer_told(try, event, err);
}

bool answer_told(RunTry *try, const ModelEvent *event, Error *err)
{
    Run *run = try->run;
    if (run->ask) {
        if (try->reader.has_content)
            speak(try);
        return ask_event(try, event, err);
    }
    if (!run->request.is_stream)
        return model_collect(&try->collector, event, err);
    run->front->write_event(writer_of(try, &run->piece), event);
    return send_piece(try, false, err);
}

bool answer_frame(void *self, Str event, Str data, Error *err)
{
    RunTry *try = self;
    Run *run = try->run;
    if (try->reader.has_usage_only && !run->request.wants_usage)
        return true;
    if (try->reader.is_bytes) {
        buf_add(&run->piece, data);
    } else if (run->front->same->stream_kind == WIRE_LINES) {
        buf_add(&run->piece, data);
        buf_add_char(&run->piece, '\n');
    } else {
        sse_write(&run->piece, S(""), event, data);
    }
    return send_piece(try, try->reader.is_ended, err);
}

static bool end_stream(RunTry *try, Error *err)
{
    Run *run = try->run;
    const WireReader *reader = &try->reader;
    if (!try->is_same)
        run->front->write_end(writer_of(try, &run->piece), reader->finish, &reader->usage);
    else if (!reader->is_ended && run->front->end_mark)
        buf_add(&run->piece, str(run->front->end_mark));
    /* Who has heard of the end may go on from it. */
    if (!try->writer.kept_reply.length || !run->is_answered)
        return send_piece(try, true, err);
    if (run->keeps_answer)
        buf_add(&run->kept, buf_str(&run->piece));
    run->record.bytes_out += (int64_t)run->piece.length;
    return true;
}

void answer_rest(Run *run)
{
    (void)(!run->piece.length || http_stream_write(run->stream, buf_str(&run->piece)));
    run->piece.length = 0;
}

/* --- A whole answer --- */

static bool is_fitting(const RunTry *try)
{
    const Front *front = try->run->front;
    return try->is_same &&
           (!front->fits || front->fits(&try->run->request, buf_str(&try->reader.whole)));
}

static bool write_reply(RunTry *try, Buf *out, Error *err)
{
    const Front *front = try->run->front;
    ModelReply reply = *model_collected(&try->collector);
    reply.usage = try->reader.usage;
    if (front->can_write && !front->can_write(&try->run->request, &reply, err))
        return false;
    front->write_reply(writer_of(try, out), &reply);
    return true;
}

bool answer_whole(RunTry *try, Error *err)
{
    Run *run = try->run;
    if (guard_restores(try) && !guard_rest(try, err))
        return false;
    speak(try);
    if (run->ask)
        return true;
    Buf *out = &run->response->body;
    if (run->request.is_stream)
        return end_stream(try, err);
    if (is_fitting(try))
        /* It lives in the request's arena, so it is handed on without a copy. */
        *out = try->reader.whole;
    else if (!write_reply(try, out, err))
        return false;
    if (run->front->media_type)
        run->response->media_type = run->front->media_type(&run->request);
    run->record.first_us = monotonic_us() - run->started_us;
    run->record.bytes_out = (int64_t)out->length;
    run->is_answered = true;
    return true;
}

void answer_again(Run *run, Str bytes)
{
    if (run->request.is_stream) {
        begin_stream(run);
        (void)write_stream(run, bytes);
    } else {
        buf_add(&run->response->body, bytes);
        run->record.first_us = monotonic_us() - run->started_us;
        run->is_answered = true;
    }
    run->record.bytes_out = (int64_t)bytes.length;
}

/* --- A failure --- */

/* What a service of the client's own dialect says of its refusal is handed on as it is. A key that
 * it refuses is ours, not the client's. */
static bool pass_refusal(Run *run)
{
    const RunTry *try = run->try;
    Str body = buf_str(&try->failure), error = json_walk_member(body, "error");
    bool is_key = try->kind == FAILURE_KEY || try->kind == FAILURE_QUOTA;
    if (!try->is_same || try->status < 400 || is_key || !error.length || error.at[0] != '{' ||
        !json_walk_is_valid(body) || try_tells_key(try, body))
        return false;
    run->response->status = try->status;
    run->response->body.length = 0;
    buf_add(&run->response->body, body);
    return true;
}

void answer_failed(Run *run, const Error *failure, int64_t wait_ms)
{
    /* 415 is about media types to clients of models: what cannot be said is a wrong request. */
    int status = failure->code == ERROR_UNSUPPORTED ? 400 : error_http_status(failure->code);
    if (run->stream && run->try->reader.is_bytes)
        return; /* run_finish() cuts it */
    if (run->stream) {
        run->piece.length = 0;
        run->front->write_stream_error(writer_of(run->try, &run->piece), failure);
        (void)http_stream_write(run->stream, buf_str(&run->piece));
        return;
    }
    if (!pass_refusal(run)) {
        run->response->status = status;
        run->response->body.length = 0;
        run->front->write_error(&run->response->body, failure, status);
    }
    if (wait_ms > 0) {
        http_header(run->response, "Retry-After",
                    str_format(run->arena, "%" PRId64, (wait_ms + 999) / 1000));
        http_header(run->response, "Retry-After-Ms", str_format(run->arena, "%" PRId64, wait_ms));
    }
    /* Our own tries are spent: the client's would multiply them. */
    if (failure->code == ERROR_UPSTREAM || failure->code == ERROR_TIMEOUT)
        http_header(run->response, "X-Should-Retry", S("false"));
}
