/* feedback.c - see feedback.h. */
#include "feedback/feedback.h"

#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/collections_store.h"
#include "store/conversations_store.h"
#include "store/messages_store.h"
#include "store/recipes_store.h"

#define REASONS_SHOWN 20
#define REPORT_MAX MB(1)
#define RATINGS_LEAST 3 /* before something is called worse */
#define Z 1.6449        /* of a normal distribution, 90 % between -Z and Z */

/* --- Rating --- */

static bool check_kind(Str kind, Error *err)
{
    static const char *const kinds[] = {
#define FEEDBACK_KIND(name) name,
#include "feedback/feedback_kinds.def"
#undef FEEDBACK_KIND
    };
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(kind, kinds[i]))
            return true;
    return fail_field(err, "kind",
                      "'kind' is answer, card, class, task, quiz, summary, outline, explanation, "
                      "content or search, not '" STR_FMT "'",
                      STR_ARG(str_slice(kind, 0, 40)));
}

static bool rate_answer(DbTx *tx, const Scope *scope, Arena *arena, Feedback *feedback, Error *err)
{
    Message message;
    Conversation conversation;
    if (!message_find(tx, scope, arena, feedback->item, &message, err) ||
        !conversation_find(tx, scope, arena, message.conversation, &conversation, err))
        return false;
    feedback->collection = conversation.collection;
    feedback->persona = conversation.persona;
    feedback->model = message.model;
    return message_rate(tx, scope, message.id, feedback->rating, feedback->reason, err);
}

/* What somebody says it was about must be there: figures of places that are not would lead nowhere.
 */
static bool check_places(DbTx *tx, const Scope *scope, Arena *arena, Feedback *feedback, Error *err)
{
    Collection collection;
    Recipe persona = { 0 };
    if (feedback->collection.length &&
        !collection_find(tx, scope, arena, feedback->collection, &collection, err))
        return false;
    if (feedback->persona.length &&
        !recipe_find_either(tx, scope, arena, S(RECIPE_PERSONA), feedback->persona, &persona, err))
        return false;
    feedback->persona = persona.id;
    return true;
}

bool feedback_rate(DbTx *tx, const Scope *scope, Arena *arena, Feedback *feedback, Error *err)
{
    return check_kind(feedback->kind, err) &&
           (str_is(feedback->kind, "answer") ? rate_answer(tx, scope, arena, feedback, err)
                                             : check_places(tx, scope, arena, feedback, err)) &&
           feedback_set(tx, scope, arena, feedback, err);
}

/* --- Learning --- */

/* E. B. Wilson, 1927: "Probable inference, the law of succession, and statistical inference". */
bool feedback_is_worse(int64_t good, int64_t bad, double usual)
{
    double n = (double)(good + bad);
    if (n < RATINGS_LEAST)
        return false;
    double share = (double)bad / n, zz = Z * Z;
    double middle = share + zz / (2 * n);
    double spread = Z * sqrt(share * (1 - share) / n + zz / (4 * n * n));
    return (middle - spread) / (1 + zz / n) > usual;
}

static double bad_share(int64_t good, int64_t bad)
{
    return good + bad ? (double)bad / (double)(good + bad) : 0;
}

static void put_finding(JsonWriter *json, FeedbackBy by, const FeedbackSum *sum,
                        const FeedbackSum *all)
{
    /* Against everything else: a large part would be compared with itself. */
    double usual = bad_share(all->good - sum->good, all->bad - sum->bad);
    put_object(json, NULL);
    put_text(json, "by", str(feedback_by_name(by)));
    put_text(json, "value", sum->value);
    put_int(json, "good", sum->good);
    put_int(json, "bad", sum->bad);
    put_number(json, "bad_share", bad_share(sum->good, sum->bad));
    put_number(json, "usual_share", usual);
    put_bool(json, "is_worse", feedback_is_worse(sum->good, sum->bad, usual));
    put_end(json);
}

static bool put_findings(DbTx *tx, const Scope *scope, Arena *arena, JsonWriter *json,
                         const FeedbackSum *all, Error *err)
{
    put_array(json, "findings");
    for (int by = 0; by < FEEDBACK_BY_COUNT; by++) {
        FeedbackSumList sums;
        if (!feedback_sums(tx, scope, arena, (FeedbackBy)by, &sums, err))
            return false;
        for (size_t i = 0; i < sums.count; i++)
            if (sums.at[i].value.length)
                put_finding(json, (FeedbackBy)by, &sums.at[i], all);
    }
    put_end(json);
    return true;
}

static bool put_reasons(DbTx *tx, const Scope *scope, Arena *arena, JsonWriter *json, Error *err)
{
    FeedbackSumList reasons;
    if (!feedback_reasons(tx, scope, arena, REASONS_SHOWN, &reasons, err))
        return false;
    put_array(json, "reasons");
    for (size_t i = 0; i < reasons.count; i++) {
        put_object(json, NULL);
        put_text(json, "reason", reasons.at[i].value);
        put_int(json, "count", reasons.at[i].bad);
        put_end(json);
    }
    put_end(json);
    return true;
}

bool feedback_learn(DbTx *tx, const Scope *scope, Arena *arena, Str *report_r, Error *err)
{
    Buf out = buf_new(arena, REPORT_MAX);
    FeedbackSumList kinds;
    FeedbackSum all = { 0 };
    int64_t made_at_ms = now_ms();
    if (!feedback_sums(tx, scope, arena, FEEDBACK_BY_kind, &kinds, err))
        return false;
    for (size_t i = 0; i < kinds.count; i++) {
        all.good += kinds.at[i].good;
        all.bad += kinds.at[i].bad;
    }
    JsonWriter json = put_begin(&out);
    put_time(&json, "made_at", made_at_ms);
    put_int(&json, "good", all.good);
    put_int(&json, "bad", all.bad);
    if (!put_findings(tx, scope, arena, &json, &all, err) ||
        !put_reasons(tx, scope, arena, &json, err))
        return false;
    put_end(&json);
    *report_r = buf_str(&out);
    return feedback_report_set(tx, scope, *report_r, made_at_ms, err);
}

/* --- The job --- */

typedef struct LearnWork {
    Scope scope;
    Arena *arena;
    WorkspaceIds list;
} LearnWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    LearnWork *work = argument;
    return feedback_unlearned(tx, &work->scope, work->arena, &work->list, err);
}

static bool learn_work(DbTx *tx, void *argument, Error *err)
{
    LearnWork *work = argument;
    Str report;
    return feedback_learn(tx, &work->scope, work->arena, &report, err);
}

/* Of every workspace with new ratings, or of the one that asked for it by a schedule. */
bool feedback_learn_job(Job *job, Error *err)
{
    LearnWork all = { .scope = job->scope, .arena = job->arena };
    if (!job->scope.is_system)
        return store_write(job->db, &job->scope, learn_work, &all, err);
    if (!store_read(job->db, &job->scope, list_work, &all, err))
        return false;
    for (size_t i = 0; i < all.list.count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        LearnWork one = { .scope = { .workspace = all.list.at[i], .role = ROLE_OWNER },
                          .arena = arena };
        if (!job_progress(job, "learning", (int64_t)i, (int64_t)all.list.count))
            return job_stopped(job, err);
        if (!store_write(job->db, &one.scope, learn_work, &one, err))
            return false;
    }
    return true;
}
