/* run_kept.c - answers that are gone on from: keeping those of a call, and what earlier ones bring
 * to it. */
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "gateway/gateway_int.h"
#include "gateway/run_background.h"

#define CANCEL_MS 10000 /* for another server to end one */
#define LOOK_MS 200

/* --- What is asked for --- */

/* As its server would have told it. */
static bool tell_lost(Arena *arena, KeptAnswer *answer, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!json_parse(answer->reply, KEPT_ONE_MAX, &json, err))
        return false;
    json_object_set_new(json, "status", json_string("failed"));
    json_object_set_new(json, "error",
                        json_pack("{s:s,s:s}", "code", "server_error", "message",
                                  "the server that made the answer has stopped"));
    answer->reply = json_print(arena, json);
    return true;
}

static bool recall(Gateway *gateway, Arena *arena, const KeptName *name, KeptAnswer *answer_r,
                   Error *err)
{
    return kept_find(gateway->kept, arena, name, answer_r, err) &&
           (!answer_r->is_lost || tell_lost(arena, answer_r, err));
}

bool gateway_recall(Gateway *gateway, Arena *arena, const KeptName *name, Str *reply_r, Error *err)
{
    KeptAnswer answer;
    if (!recall(gateway, arena, name, &answer, err))
        return false;
    *reply_r = answer.reply;
    return true;
}

bool gateway_recall_asked(Gateway *gateway, Arena *arena, const KeptName *name, Str *items_r,
                          Error *err)
{
    KeptAnswer answer;
    if (!recall(gateway, arena, name, &answer, err))
        return false;
    *items_r = str_slice(answer.items, 0, answer.asked);
    return true;
}

/* Another server makes it, and hears of this when it next says that it does. */
static bool wait_for_end(Gateway *gateway, const KeptName *name, Error *err)
{
    int64_t end_ms = monotonic_ms() + CANCEL_MS;
    bool is_running = true;
    while (is_running && monotonic_ms() < end_ms) {
        AUTO_ARENA Arena *arena = arena_new(KEPT_ONE_MAX * 4);
        KeptAnswer answer;
        if (!kept_find(gateway->kept, arena, name, &answer, err))
            return false;
        is_running = answer.state == KEPT_RUNNING && !answer.is_lost;
        if (is_running)
            usleep(LOOK_MS * 1000);
    }
    return true;
}

bool gateway_cancel(Gateway *gateway, const KeptName *name, Error *err)
{
    return background_cancel(gateway->backgrounds, name) ||
           (kept_cancel(gateway->kept, name, err) && wait_for_end(gateway, name, err));
}

bool gateway_drop(Gateway *gateway, const KeptName *name, Error *err)
{
    return gateway_cancel(gateway, name, err) && kept_remove(gateway->kept, name, err);
}

/* --- A call that goes on from one --- */

typedef struct PreviousWork {
    Run *run;
    KeptAnswer answer;
    bool is_good;
    Error err;
} PreviousWork;

static KeptName name_of(const Run *run, Str id)
{
    return (KeptName){ run->caller->workspace, run->caller->user, id };
}

static bool check_previous(PreviousWork *work)
{
    Str id = str_slice(work->run->request.previous, 0, 80);
    Error *err = &work->err;
    if (!work->is_good && err->code == ERROR_NOT_FOUND)
        fail(err, ERROR_NOT_FOUND,
             "the response '" STR_FMT
             "' is not kept here, or not any more; send the whole conversation as input",
             STR_ARG(id));
    else if (work->is_good && !work->answer.items.length)
        work->is_good = fail(err, ERROR_CONFLICT,
                             "the response '" STR_FMT "' has no answer to go on from", STR_ARG(id));
    if (!work->is_good)
        snprintf(err->field, sizeof err->field, "previous_response_id");
    return work->is_good;
}

static void on_previous(void *argument)
{
    PreviousWork *work = argument;
    Run *run = work->run;
    run->is_loading = false;
    if (run->is_gone) {
        run_stop(run);
    } else if (check_previous(work)) {
        run->has_previous = true;
        run->request.earlier = work->answer.items;
        run_admit(run);
    } else {
        run_fail(run, &work->err, 0);
    }
}

static void find_previous(void *argument)
{
    PreviousWork *work = argument;
    Run *run = work->run;
    KeptName name = name_of(run, run->request.previous);
    work->is_good =
        kept_find(run->loop->gateway->kept, run->arena, &name, &work->answer, &work->err);
    reactor_post(run->loop->reactor, on_previous, work);
}

bool previous_wait(Run *run)
{
    Error err;
    if (!run->request.previous.length || run->has_previous)
        return false;
    PreviousWork *work = arena_new_one(run->arena, PreviousWork);
    work->run = run;
    run->is_loading = true;
    if (pool_add(run->loop->gateway->pool, find_previous, work))
        return true;
    run->is_loading = false;
    fail(&err, ERROR_BUSY, "too many requests are waiting; try again in a moment");
    run_fail(run, &err, 1000);
    return true;
}

/* --- The answer of a call --- */

static void on_kept(void *argument)
{
    Run *run = argument;
    run->is_loading = false;
    run_end(run, NULL);
}

bool kept_waits(Run *run)
{
    const FrontWriter *writer = &run->try->writer;
    KeptAnswer answer = { .name = name_of(run, writer->id),
                          .reply = writer->kept_reply,
                          .items = writer->kept_items,
                          .asked = writer->kept_asked };
    KeptWaiter waiter = { run->loop->reactor, on_kept, run };
    run->is_loading =
        writer->kept_reply.length && kept_add(run->loop->gateway->kept, &answer, &waiter);
    return run->is_loading;
}
