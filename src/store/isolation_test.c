/* isolation_test.c - every table, read and written as another workspace. */
#include "store/world_test.h"

#include "store/alerts_store.h"
#include "store/api_keys_store.h"
#include "store/audit_store.h"
#include "store/batches_store.h"
#include "store/blocks_store.h"
#include "store/budgets_store.h"
#include "store/calls_store.h"
#include "store/classification_batches_store.h"
#include "store/classifications_store.h"
#include "store/client_files_store.h"
#include "store/collections_store.h"
#include "store/conversations_store.h"
#include "store/document_facets_store.h"
#include "store/document_fields_store.h"
#include "store/document_versions_store.h"
#include "store/erase_store.h"
#include "store/feedback_store.h"
#include "store/gateway_items_store.h"
#include "store/index_changes_store.h"
#include "store/jobs_store.h"
#include "store/judged_sets_store.h"
#include "store/judgements_store.h"
#include "store/lab_runs_store.h"
#include "store/label_sets_store.h"
#include "store/learner_store.h"
#include "store/messages_store.h"
#include "store/notices_store.h"
#include "store/people_store.h"
#include "store/preferences_store.h"
#include "store/prompt_logs_store.h"
#include "store/read_pages_store.h"
#include "store/recipes_store.h"
#include "store/responses_store.h"
#include "store/route_sides_store.h"
#include "store/saved_searches_store.h"
#include "store/searches_store.h"
#include "store/secrets_store.h"
#include "store/sessions_store.h"
#include "store/settings_store.h"
#include "store/sql.h"
#include "store/statistics_store.h"
#include "store/study_made_store.h"
#include "store/study_quizzes_store.h"
#include "store/study_reviews_store.h"
#include "store/summaries_store.h"
#include "store/task_feeds_store.h"
#include "store/tasks_store.h"
#include "store/texts_store.h"
#include "store/uploads_store.h"
#include "store/vectors_store.h"
#include "store/webhooks_store.h"
#include "store/workspaces_store.h"

#define LIST_TABLES                                                                                \
    DB_SQL("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"                   \
           " WHERE m.type = 'table' AND c.name = 'workspace' ORDER BY m.name",                     \
           "SELECT table_name::text FROM information_schema.columns"                               \
           " WHERE table_schema = current_schema() AND column_name = 'workspace' ORDER BY 1")

/* What is in `ours`, for the others to look for. */
static struct {
    Document doc;
    Collection collection;
    Conversation conversation;
    Message message;
    ApiKey key;
    NumberList numbers;
    JudgedSet set;
    SavedSearch saved;
    StudyDeck deck;
    StudyCard card;
    StudyQuiz quiz;
    Recipe recipe;
    LabelSet labels;
    LabelExample example;
    Classification said;
    ClassificationBatch labelled;
    SearchOpening opening;
    Str job;
    NoticeEvent event;
    Webhook hook;
    Alert alert;
    BudgetRow budget;
    ClientFile file;
    Batch batch;
    Task task;
    TaskFeed feed;
    KeptSummary summary;
} secret;

static bool fill_notices(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    NoticeChoice choice = { .user = ours->user, .kind = S("k"), .on_page = true };
    bool is_new;

    secret.event = (NoticeEvent){ .kind = S("k"), .title = S("ours") };
    CALL(notice_event_add(tx, ours, world->arena, &secret.event, &is_new, err));
    CALL(notice_add(tx, ours, ours->user, secret.event.id, true, NOTICE_MAIL_NOW, err));
    CALL(notice_choice_set(tx, ours, &choice, err));
    secret.hook = (Webhook){ .url = S("https://example.org"), .sealed = S("sealed") };
    CALL(webhook_add(tx, ours, world->arena, &secret.hook, err));
    secret.alert = (Alert){ .rule = S("errors") };
    return alert_open(tx, ours, world->arena, &secret.alert, &is_new, err);
}

static bool fill_budgets(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Subject subject = { SUBJECT_KEY, secret.key.id };
    KeyLimits limits = { .models = S("[]"), .concurrent = 3 };
    BudgetWish wish = { .node = S("n"), .wanted = 1, .now_ms = 1 };
    BudgetLent lent;

    secret.budget = (BudgetRow){ .subject = subject, .period = PERIOD_TOTAL, .amount = 9 };
    CALL(key_limits_set(tx, ours, &subject, &limits, err));
    CALL(budget_set(tx, ours, world->arena, &secret.budget, err));
    wish.budget = secret.budget.id;
    return budget_lend(tx, ours, world->arena, &wish, &lent, err);
}

static bool fill_batches(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    BatchLine line = { .line = 1, .is_good = true, .result = S("{}") };
    BatchUsage usage = { .input = 7 };
    Batch found;

    secret.file = (ClientFile){ .name = S("a"), .purpose = S("batch"), .blob = S("b"), .size = 6 };
    CALL(client_file_add(tx, ours, world->arena, 10, &secret.file, err));
    secret.batch = (Batch){ .role = ROLE_READER, .shape = S("openai"), .expires_at_ms = 1 };
    CALL(batch_add(tx, ours, world->arena, &secret.batch, err));
    CALL(batch_line_add(tx, ours, secret.batch.id, &line, &usage, err));
    CALL(batch_line_add(tx, ours, secret.batch.id, &line, &usage, err));
    CALL(batch_find(tx, ours, world->arena, S("openai"), secret.batch.id, &found, err));
    EXPECT(found.completed == 1 && found.usage.input == 7 && !found.failed); /* counted once */
    EXPECT_CODE(ERROR_CONFLICT, batch_advance(tx, ours, &found, "progress cancelling", "x", err));
    return batch_advance(tx, ours, &found, "in_progress validating", "in_progress", err);
}

static bool fill_tasks(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    const int64_t time = 1;
    Task needed = { .summary = S("first") };

    secret.task = (Task){ .summary = S("our plan") };
    CALL(task_add(tx, ours, world->arena, &needed, err));
    CALL(task_add(tx, ours, world->arena, &secret.task, err));
    CALL(task_set_needs(tx, ours, secret.task.id, (StrList){ &needed.id, 1 }, err));
    CALL(task_set_reminders(tx, ours, world->arena, secret.task.id, &time, 1, err));
    secret.feed = (TaskFeed){ .name = S("n"), .hash = S("h") };
    return task_feed_add(tx, ours, world->arena, &secret.feed, err);
}

static bool fill_lab(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Judgement judgement = { .query = S("our plan"), .document = secret.doc.id, .grade = 2 };
    LabRun run = { .id = S("run"), .job = S("job"), .settings = S("{}") };

    secret.set = (JudgedSet){ .name = S("Ours") };
    CALL(judged_set_add(tx, ours, world->arena, &secret.set, err));
    CALL(judgement_set(tx, ours, world->arena, secret.set.id, &judgement, err));
    run.set = secret.set.id;
    CALL(lab_run_add(tx, ours, &run, err));
    return lab_run_save(tx, ours, S("run"), S("{\"queries\":1}"), err);
}

static bool fill_study(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    StudyCard card = { .front = S("our question"), .back = S("our answer") };
    StudyCardList added;
    Learner learner;

    secret.deck = (StudyDeck){ .name = S("Ours") };
    secret.quiz = (StudyQuiz){ .title = S("ours"), .questions = S("[]") };
    CALL(study_deck_add(tx, ours, world->arena, &secret.deck, err));
    CALL(study_card_add(tx, ours, world->arena, secret.deck.id, &card, 1, &added, err));
    secret.card = added.at[0];
    StudyReview review = { .card = secret.card.id, .rating = 3 };
    const CardMemory after = { .state = CARD_REVIEW, .stability = 3, .reviewed_ms = 9 };
    CALL(study_review_add(tx, ours, world->arena, &review, &after, err));
    CALL(study_quiz_add(tx, ours, world->arena, &secret.quiz, err));
    StudyAttempt attempt = { .quiz = secret.quiz.id, .answers = S("[]") };
    CALL(study_attempt_add(tx, ours, world->arena, &attempt, err));
    StudyMade made = { .id = S("made"), .key = S("key"), .result = S("{}") };
    CALL(study_made_add(tx, ours, world->arena, &made, err));
    CALL(learner_find(tx, ours, world->arena, &learner, err));
    return learner_set(tx, ours, &learner, err);
}

static bool fill_feedback(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Feedback feedback = { .kind = S("card"), .item = S("ours"), .rating = -1 };
    Preferences preferences = { .language = S("de") };

    CALL(feedback_set(tx, ours, world->arena, &feedback, err));
    CALL(feedback_report_set(tx, ours, S("{}"), 1, err));
    return preferences_set(tx, ours, &preferences, err);
}

static bool fill_summaries(DbTx *tx, World *world, Error *err)
{
    secret.summary = (KeptSummary){ .kind = S(SUMMARY_KIND),
                                    .subject = secret.doc.id,
                                    .request = S("{}"),
                                    .key = S("k"),
                                    .result = S("{}") };
    CALL(summary_set(tx, &world->ours, world->arena, &secret.summary, err));
    return digest_plan_set(tx, &world->ours, secret.collection.id, 7, err);
}

static bool fill_labels(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    const ClassificationItem item = { .text = S("ours") };
    const LabelTraining training = { .way = S("nearest") };

    secret.labels = (LabelSet){ .name = S("Ours"), .labels = S("[]"), .asks = S("auto") };
    CALL(label_set_add(tx, ours, world->arena, &secret.labels, err));
    Str set = secret.labels.id;
    secret.example = (LabelExample){ .text = S("ours"), .labels = S("[]"), .source = S("given") };
    CALL(label_example_set(tx, ours, world->arena, set, &secret.example, err));
    CALL(label_set_trained(tx, ours, world->arena, set, 1, S("learned"), &training, err));
    secret.said = (Classification){ .set = set, .subject = S("s"), .state = S("asked") };
    CALL(classification_put(tx, ours, world->arena, &secret.said, err));
    CALL(classification_decide(tx, ours, secret.said.id, S("confirmed"), S("[]"), err));
    secret.labelled.set = set;
    return classification_batch_add(tx, ours, world->arena, &secret.labelled, &item, 1, err);
}

static bool fill_ledgers(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Search search = { .query = S("who") };
    CallRow call = {
        .id = S("c1"), .model = S("m"), .side = S("rest"), .cost_pico = 60000, .started_at_ms = 1
    };
    AuditEntry entry = { .action = S("document.add"), .subject = secret.doc.id };
    Upload upload = { .key = S("k"), .fingerprint = S("f"), .expires_at_ms = 1000 };
    NewJob job = { .type = S("t"), .payload = S("{}"), .attempt_max = 3 };
    RecurringJob recurring = {
        .name = S("r"), .type = S("t"), .payload = S("{}"), .every_ms = 1000
    };
    bool is_new;

    CALL(search_add(tx, ours, world->arena, &search, err));
    secret.opening = (SearchOpening){ .search = search.id, .document = secret.doc.id, .rank = 1 };
    CALL(search_open(tx, ours, &secret.opening, err));
    secret.saved = (SavedSearch){ .name = S("Ours"), .query = S("plan"), .filters = S("{}") };
    CALL(saved_search_add(tx, ours, world->arena, &secret.saved, err));
    secret.recipe = (Recipe){ .kind = S(RECIPE_PERSONA), .name = S("Ours"), .body = S("{}") };
    CALL(recipe_add(tx, ours, world->arena, &secret.recipe, err));
    CALL(recipe_set_default(tx, ours, S("key"), S("k"), secret.recipe.id, err));
    CALL(gateway_item_set(
        tx, ours, &(GatewayItem){ .kind = S("route"), .name = S("r"), .document = S("{}") }, err));
    CALL(fill_lab(tx, world, err));
    CALL(fill_study(tx, world, err));
    CALL(fill_feedback(tx, world, err));
    CALL(fill_summaries(tx, world, err));
    CALL(fill_labels(tx, world, err));
    CALL(document_fields_save(
        tx, &world->ours,
        &(DocumentFields){
            .document = secret.doc.id, .name = S("bill"), .schema = S("{}"), .result = S("{}") },
        err));
    CALL(fill_notices(tx, world, err));
    CALL(prompt_log_add(tx, ours, &(PromptLog){ .id = S("p"), .prompt = S("ours") }, err));
    CALL(response_put(
        tx, ours, &(StoredResponse){ .id = S("r"), .reply = S("ours"), .expires_at_ms = 9 }, err));
    CALL(world_calls(tx, world, &call, 1, err));
    CALL(fill_budgets(tx, world, err));
    CALL(fill_batches(tx, world, err));
    CALL(audit_add(tx, ours, &entry, err));
    CALL(setting_set(tx, ours, S("theme"), S("\"dark\""), err));
    CALL(secret_set(tx, ours, S("key"), S("\1\0sealed"), err));
    CALL(upload_begin(tx, ours, world->arena, &upload, 1, &is_new, err));
    EXPECT(is_new);
    CALL(jobs_store_add(tx, ours, world->arena, &job, &secret.job, &is_new, err));
    CALL(jobs_store_recurring_set(tx, ours, &recurring, 1, err));
    return true;
}

static bool fill(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Session session = { .id = S("s1"), .user = ours->user, .expires_at_ms = INT64_MAX };

    CALL(world_ready(tx, world, ours, "plan.txt", "our plan", 3, &secret.doc, err));
    CALL(chunk_numbers(tx, ours, world->arena, secret.doc.id, &secret.numbers, err));
    DocumentFact facts[] = { { S("pages"), S("12"), 12, true },
                             { .key = S("author"), .text = S("Ann") } };
    FactCondition conditions[] = { { .key = S("pages"), .from = 10, .to = 13, .is_number = true },
                                   { .key = S("author"), .has = S("ANN") } };
    DocumentFilter filter = { .facts = conditions, .fact_count = 2 };
    DocumentList list;
    CALL(document_fact_replace(tx, ours, secret.doc.id, facts, 2, err));
    CALL(document_fact_replace(tx, ours, secret.doc.id, facts, 2, err));
    CALL(document_list(tx, ours, world->arena, &filter, DOCUMENT_BY_NAME, false, NULL, &list, err));
    EXPECT(list.count == 1);
    conditions[0].to = 12;
    CALL(document_list(tx, ours, world->arena, &filter, DOCUMENT_BY_NAME, false, NULL, &list, err));
    EXPECT(list.count == 0);
    ReadPage page = { secret.doc.id, 1, S("picture"), 3, S("our page") };
    CALL(read_page_save(tx, ours, &page, err));
    CALL(read_page_save(tx, ours, &page, err));
    page.bytes = STR_NONE;
    CALL(read_page_find(tx, ours, world->arena, &page, err));
    EXPECT(str_is(page.bytes, "our page"));
    secret.collection = (Collection){ .name = S("Plans") };
    CALL(collection_add(tx, ours, world->arena, &secret.collection, err));
    CALL(conversation_add(tx, ours, world->arena, &secret.conversation, err));
    secret.message = (Message){ .conversation = secret.conversation.id, .text = S("our plan") };
    CALL(message_add(tx, ours, world->arena, &secret.message, err));
    secret.key = (ApiKey){ .name = S("k"), .hash = S("h"), .role = ROLE_READER };
    CALL(api_key_add(tx, ours, world->arena, &secret.key, err));
    CALL(session_add(tx, ours, &session, err));
    return fill_tasks(tx, world, err) && fill_ledgers(tx, world, err);
}

/* --- By statement: what row-level security lets through --------------------------------------- */

static int64_t rows_of_others(DbTx *tx, World *world, Str table, Error *err)
{
    Str sql = str_format(world->arena, "SELECT count(*) FROM \"" STR_FMT "\" WHERE workspace <> $1",
                         STR_ARG(table));
    int64_t count = -1;

    if (!db_query_int(tx, DB_SAME(sql.at), DB_ARGS(db_text(world->theirs.workspace)), -1, &count,
                      err))
        return -1;
    return count;
}

static bool every_table_is_filled(DbTx *tx, World *world, Error *err)
{
    SqlItems tables;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    EXPECT(tables.count >= 20);
    for (size_t i = 0; i < tables.count; i++) {
        Str table = ((Str *)tables.at)[i];
        if (rows_of_others(tx, world, table, err) < 1)
            return fail(err, ERROR_INTERNAL, STR_FMT " is empty: fill it here too", STR_ARG(table));
    }
    return true;
}

static bool every_table_looks_empty(DbTx *tx, World *world, Error *err)
{
    static const char *const others[] = {
        "SELECT count(*) FROM users WHERE email <> 'theirs@example.org'",
        "SELECT count(*) FROM workspaces WHERE name <> 'theirs'",
    };
    SqlItems tables;
    int64_t count;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    for (size_t i = 0; i < tables.count; i++) {
        Str table = ((Str *)tables.at)[i];
        if (rows_of_others(tx, world, table, err) != 0)
            return fail(err, ERROR_INTERNAL, STR_FMT " shows rows of others", STR_ARG(table));
        Str sql = str_format(world->arena, "DELETE FROM \"" STR_FMT "\" WHERE workspace <> $1",
                             STR_ARG(table));
        CALL(db_exec(tx, DB_SAME(sql.at), DB_ARGS(db_text(world->theirs.workspace)), &count, err));
        EXPECT(count == 0);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        CALL(db_query_int(tx, DB_SAME(others[i]), DB_NO_ARGS, -1, &count, err));
        EXPECT(count == 0);
    }
    return true;
}

static bool adds_a_row_of_others(DbTx *tx, void *argument, Error *err)
{
    World *world = argument;
    return setting_set(tx, &world->ours, S("theme"), S("\"light\""), err);
}

TEST_BOTH(store, every_table_hides_rows_from_other_workspaces)
{
    World world;
    Error err = { 0 };

    world_open(&world, url);
    world_write(&world, &world.ours, fill);
    world_write(&world, &world.system, every_table_is_filled);
    if (db_kind(world.db) == DB_POSTGRES) {
        world_write(&world, &world.theirs, every_table_looks_empty);
        cr_assert(!store_write(world.db, &world.theirs, adds_a_row_of_others, &world, &err));
        world_write(&world, &world.system, every_table_is_filled);
    }
    world_close(&world);
}

/* --- By function ------------------------------------------------------------------------ */

static bool batches_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    ClientFile file;
    Batch batch;
    BatchLineList lines;
    EXPECT_CODE(ERROR_NOT_FOUND, client_file_find(tx, theirs, arena, secret.file.id, &file, err));
    EXPECT_CODE(ERROR_NOT_FOUND, client_file_remove(tx, theirs, secret.file.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                batch_find(tx, theirs, arena, S(""), secret.batch.id, &batch, err));
    EXPECT_CODE(ERROR_NOT_FOUND, batch_remove(tx, theirs, secret.batch.id, err));
    CALL(batch_line_list(tx, theirs, arena, secret.batch.id, 0, 9, &lines, err));
    EXPECT(!lines.count);
    SideSumList sides;
    CALL(side_sums_list(tx, theirs, arena, S(""), 0, INT64_MAX, &sides, err));
    EXPECT(!sides.count);
    CALL(side_sums_list(tx, &world->ours, arena, S(""), 0, INT64_MAX, &sides, err));
    EXPECT(sides.count == 1 && sides.at[0].calls == 1 && sides.at[0].cost_pico == 60000);
    return true;
}

static bool feedback_finds_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    FeedbackList list;
    FeedbackSumList sums;
    Preferences preferences;
    Str report;
    CALL(feedback_list(tx, theirs, arena, NULL, &list, err));
    EXPECT(!list.count);
    CALL(feedback_sums(tx, theirs, arena, FEEDBACK_BY_kind, &sums, err));
    EXPECT(!sums.count);
    CALL(feedback_reasons(tx, theirs, arena, 10, &sums, err));
    EXPECT(!sums.count);
    EXPECT_CODE(ERROR_NOT_FOUND, feedback_report_find(tx, theirs, arena, &report, err));
    CALL(preferences_find(tx, theirs, arena, &preferences, err));
    EXPECT(!preferences.language.length);
    return true;
}

static bool fields_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str document = secret.doc.id;
    DocumentFields kept;
    DocumentFieldsList list;
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_fields_find(tx, theirs, arena, document, S("bill"), &kept, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_fields_remove(tx, theirs, document, S("bill"), err));
    CALL(document_fields_list(tx, theirs, arena, document, &list, err));
    cr_expect_eq(list.count, 0);
    CALL(document_fields_list_named(tx, theirs, arena, S("bill"), STR_NONE, NULL, &list, err));
    cr_expect_eq(list.count, 0);
    CALL(
        document_fields_list_named(tx, &world->ours, arena, S("bill"), STR_NONE, NULL, &list, err));
    cr_expect_eq(list.count, 1);
    return true;
}

static bool summaries_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.summary.id, collection = secret.collection.id;
    KeptSummary kept;
    KeptSummaryList list;
    DigestPlan plan;
    DigestPlanList due;
    EXPECT_CODE(ERROR_NOT_FOUND, summary_find(tx, theirs, arena, id, &kept, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                summary_find_by_key(tx, theirs, arena, S(SUMMARY_KIND), S("k"), &kept, err));
    EXPECT_CODE(ERROR_NOT_FOUND, summary_set_result(tx, theirs, id, S("x"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, summary_remove(tx, theirs, id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, digest_plan_find(tx, theirs, arena, collection, &plan, err));
    EXPECT_CODE(ERROR_DENIED, digest_plan_list_due(tx, theirs, arena, INT64_MAX, &due, err));
    CALL(digest_plan_remove(tx, theirs, collection, err));
    CALL(digest_plan_done(tx, theirs, collection, 1, err));
    CALL(digest_plan_find(tx, &world->ours, arena, collection, &plan, err));
    EXPECT(plan.every_days == 7 && plan.last_at_ms > 1);
    CALL(summary_list(tx, theirs, arena, S(SUMMARY_KIND), secret.doc.id, &list, err));
    EXPECT(!list.count);
    CALL(summary_list(tx, &world->ours, arena, S(SUMMARY_KIND), secret.doc.id, &list, err));
    EXPECT(list.count == 1);
    return true;
}

static bool labels_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str set = secret.labels.id, bytes;
    LabelSet labels = secret.labels;
    LabelExample example = secret.example;
    Classification said;
    ClassificationBatch batch;
    EXPECT_CODE(ERROR_NOT_FOUND, label_set_find(tx, theirs, arena, set, &labels, err));
    EXPECT_CODE(ERROR_NOT_FOUND, label_set_find(tx, theirs, arena, S("ours"), &labels, err));
    EXPECT_CODE(ERROR_NOT_FOUND, label_set_update(tx, theirs, arena, &labels, err));
    EXPECT_CODE(ERROR_NOT_FOUND, label_set_remove(tx, theirs, set, err));
    EXPECT_CODE(ERROR_NOT_FOUND, label_set_classifier(tx, theirs, arena, set, &bytes, err));
    EXPECT_CODE(ERROR_NOT_FOUND, label_example_set(tx, theirs, arena, set, &example, err));
    EXPECT_CODE(ERROR_NOT_FOUND, label_example_remove(tx, theirs, set, secret.example.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                classification_find(tx, theirs, arena, secret.said.id, &said, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                classification_decide(tx, theirs, secret.said.id, S("sure"), S("[]"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, classification_remove(tx, theirs, secret.said.id, err));
    Str id = secret.labelled.id;
    EXPECT_CODE(ERROR_NOT_FOUND, classification_batch_find(tx, theirs, arena, id, &batch, err));
    EXPECT_CODE(ERROR_NOT_FOUND, classification_batch_set_job(tx, theirs, id, S("j"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, classification_batch_remove(tx, theirs, id, err));
    CALL(classification_batch_end(tx, theirs, id, S("cancelled"), err));
    CALL(classification_batch_find(tx, &world->ours, arena, id, &batch, err));
    EXPECT(str_is(batch.state, "running") && batch.total == 1 && !batch.cancelled);
    return true;
}

static bool tasks_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    StrList ids = { &secret.task.id, 1 };
    TaskFilter all = { 0 };
    Task task, moved = secret.task;
    TaskList list;
    TaskLinkList links;
    TaskReminderList reminders;
    TaskFeed feed;
    EXPECT_CODE(ERROR_NOT_FOUND, task_find(tx, theirs, arena, secret.task.id, &task, err));
    EXPECT_CODE(ERROR_NOT_FOUND, task_find(tx, theirs, arena, S("2"), &task, err));
    EXPECT_CODE(ERROR_NOT_FOUND, task_update(tx, theirs, arena, &moved, err));
    EXPECT_CODE(ERROR_NOT_FOUND, task_move(tx, theirs, arena, &moved, S(""), err));
    CALL(task_list(tx, theirs, arena, &all, NULL, &list, err));
    EXPECT(!list.count);
    CALL(task_list_below(tx, theirs, arena, secret.task.id, &list, err));
    EXPECT(!list.count);
    CALL(task_list_needs(tx, theirs, arena, ids, &links, err));
    EXPECT(!links.count);
    CALL(task_list_reminders(tx, theirs, arena, ids, &reminders, err));
    EXPECT(!reminders.count);
    EXPECT_CODE(ERROR_NOT_FOUND, task_feed_find_by_hash(tx, theirs, arena, S("h"), &feed, err));
    EXPECT_CODE(ERROR_NOT_FOUND, task_feed_remove(tx, theirs, secret.feed.id, err));
    return true;
}

static bool functions_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.doc.id;
    Document doc;
    DocumentVersion version;
    StoredBlock block;
    Collection collection;
    Conversation conversation;
    Message message;
    Workspace workspace;
    User user;
    ApiKey key;
    JobRow job;
    Str text;
    int64_t length;

    EXPECT_CODE(ERROR_NOT_FOUND, document_find(tx, theirs, arena, id, &doc, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_find_by_blob(tx, theirs, arena, secret.doc.blob, &doc, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_find_by_name(tx, theirs, arena, secret.doc.name, &doc, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_version_find(tx, theirs, arena, id, 1, &version, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_find(tx, theirs, arena, id, 1, MB(1), &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_find_range(tx, theirs, arena, id, 1, 0, 9, &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_length(tx, theirs, id, 1, &length, err));
    EXPECT_CODE(ERROR_NOT_FOUND, block_find(tx, theirs, arena, id, 1, 0, &block, err));
    ReadPage page = { id, 1, S("picture"), 3, STR_NONE };
    CALL(read_page_find(tx, theirs, arena, &page, err));
    EXPECT(!page.bytes.length);
    EXPECT_CODE(ERROR_NOT_FOUND,
                collection_find(tx, theirs, arena, secret.collection.id, &collection, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                collection_find_by_name(tx, theirs, arena, S("Plans"), &collection, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                conversation_find(tx, theirs, arena, secret.conversation.id, &conversation, err));
    EXPECT_CODE(ERROR_NOT_FOUND, message_find(tx, theirs, arena, secret.message.id, &message, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                workspace_find(tx, theirs, arena, world->ours.workspace, &workspace, err));
    EXPECT_CODE(ERROR_NOT_FOUND, user_find(tx, theirs, arena, world->ours.user, &user, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                user_find_by_email(tx, theirs, arena, S("ours@example.org"), &user, err));
    EXPECT_CODE(ERROR_NOT_FOUND, api_key_find(tx, theirs, arena, secret.key.id, &key, err));
    EXPECT_CODE(ERROR_NOT_FOUND, jobs_store_find(tx, theirs, arena, secret.job, &job, err));
    EXPECT_CODE(ERROR_NOT_FOUND, setting_find(tx, theirs, arena, S("theme"), &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND, secret_find(tx, theirs, arena, S("key"), &text, err));
    JudgedSet set;
    LabRun run;
    EXPECT_CODE(ERROR_NOT_FOUND, judged_set_find(tx, theirs, arena, secret.set.id, &set, err));
    EXPECT_CODE(ERROR_NOT_FOUND, judged_set_find_by_name(tx, theirs, arena, S("Ours"), &set, err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_find(tx, theirs, arena, S("run"), &run, err));
    NoticeEvent event;
    Webhook hook;
    CallHealth health;
    EXPECT_CODE(ERROR_NOT_FOUND,
                notice_event_find(tx, theirs, arena, secret.event.id, &event, err));
    EXPECT_CODE(ERROR_NOT_FOUND, webhook_find(tx, theirs, arena, secret.hook.id, &hook, err));
    CALL(call_health(tx, theirs, SPAN_DAY, 0, INT64_MAX, &health, err));
    EXPECT(health.totals.calls == 0);
    CALL(notice_count_unread(tx, theirs, &length, err));
    EXPECT(length == 0);
    CALL(batches_find_nothing(tx, world, err));
    CALL(tasks_find_nothing(tx, world, err));
    CALL(feedback_finds_nothing(tx, world, err));
    CALL(summaries_find_nothing(tx, world, err));
    CALL(labels_find_nothing(tx, world, err));
    CALL(fields_find_nothing(tx, world, err));
    BudgetRow budget;
    KeyLimits limits;
    SubjectLimitsList limited;
    EXPECT_CODE(ERROR_NOT_FOUND, budget_find(tx, theirs, arena, secret.budget.id, 1, &budget, err));
    CALL(key_limits_find(tx, theirs, arena, &secret.budget.subject, &limits, err));
    EXPECT(!limits.concurrent);
    CALL(key_limits_list(tx, theirs, arena, &limited, err));
    EXPECT(!limited.count);
    return true;
}

static bool functions_change_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.doc.id;
    Erased erased;
    StrList tags = { 0 };
    Chunk chunk = { .text = S("x") };
    DocumentVersion version = { .blob = S("x") };
    DocumentFacts facts = { .title = S("x") };
    Vector vector = { .number = secret.numbers.at[0], .bytes = S("x") };

    EXPECT_CODE(ERROR_NOT_FOUND, document_rename(tx, theirs, id, S("x"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_set_tags(tx, theirs, id, tags, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_set_facts(tx, theirs, id, &facts, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_move(tx, theirs, id, STR_NONE, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_trash(tx, theirs, id, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_restore(tx, theirs, id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_erase(tx, theirs, arena, id, &erased, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_advance(tx, theirs, id, ~0u, DOCUMENT_QUEUED, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_version_add(tx, theirs, id, &version, err));
    EXPECT_CODE(ERROR_NOT_FOUND, chunk_replace(tx, theirs, arena, id, 1, &chunk, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, vector_add(tx, theirs, arena, id, S("m"), &vector, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, collection_update(tx, theirs, &secret.collection, err));
    EXPECT_CODE(ERROR_NOT_FOUND, collection_remove(tx, theirs, secret.collection.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_update(tx, theirs, &secret.conversation, err));
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_remove(tx, theirs, secret.conversation.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, message_update(tx, theirs, &secret.message, err));
    EXPECT_CODE(ERROR_NOT_FOUND, message_rate(tx, theirs, secret.message.id, 1, S(""), err));
    EXPECT_CODE(ERROR_NOT_FOUND, message_add(tx, theirs, arena, &secret.message, err));
    EXPECT_CODE(ERROR_NOT_FOUND, api_key_revoke(tx, theirs, secret.key.id, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, session_remove(tx, theirs, S("s1"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, membership_remove(tx, theirs, world->ours.user, err));
    EXPECT_CODE(ERROR_DENIED, workspace_remove(tx, theirs, world->ours.workspace, err));
    EXPECT_CODE(ERROR_DENIED, user_remove(tx, theirs, world->ours.user, err));
    Judgement judgement = { .query = S("our plan"), .document = id };
    LabRun run = { .id = S("other"), .set = secret.set.id };
    EXPECT_CODE(ERROR_NOT_FOUND, judged_set_remove(tx, theirs, secret.set.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, judgement_set(tx, theirs, arena, secret.set.id, &judgement, err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_add(tx, theirs, &run, err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_save(tx, theirs, S("run"), S("x"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_remove(tx, theirs, S("run"), err));
    BudgetWish wish = { .budget = secret.budget.id, .node = S("n"), .wanted = 1, .now_ms = 1 };
    BudgetLent lent;
    BudgetRow budget;
    EXPECT_CODE(ERROR_NOT_FOUND, budget_lend(tx, theirs, arena, &wish, &lent, err));
    CALL(budget_take_back(tx, theirs, wish.budget, wish.node, 1, 1, err));
    CALL(budget_remove(tx, theirs, &secret.budget.subject, PERIOD_TOTAL, err));
    CALL(budget_find(tx, &world->ours, arena, wish.budget, 1, &budget, err));
    EXPECT(budget.lent == 1);
    CALL(judgement_clear(tx, theirs, secret.set.id, err));
    CALL(judgement_remove(tx, theirs, arena, secret.set.id, &judgement, err));
    CALL(setting_remove(tx, theirs, S("theme"), err));
    CALL(secret_remove(tx, theirs, S("key"), err));
    CALL(upload_remove(tx, theirs, S("k"), err));
    CALL(read_page_forget(tx, theirs, id, err));
    CALL(search_remove(tx, theirs, STR_NONE, err));
    EXPECT_CODE(ERROR_NOT_FOUND, search_open(tx, theirs, &secret.opening, err));
    SavedSearch saved = secret.saved;
    EXPECT_CODE(ERROR_NOT_FOUND, saved_search_update(tx, theirs, arena, &saved, err));
    EXPECT_CODE(ERROR_NOT_FOUND, saved_search_mark_seen(tx, theirs, saved.id, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, saved_search_remove(tx, theirs, saved.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, gateway_item_remove(tx, theirs, S("route"), S("r"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, notice_mark_read(tx, theirs, secret.event.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, webhook_switch(tx, theirs, secret.hook.id, false, err));
    EXPECT_CODE(ERROR_NOT_FOUND, webhook_remove(tx, theirs, secret.hook.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, alert_acknowledge(tx, theirs, secret.alert.id, err));
    EXPECT_CODE(ERROR_DENIED, alert_forget(tx, theirs, INT64_MAX, err));
    CALL(prompt_log_clear(tx, theirs, err));
    EXPECT_CODE(ERROR_DENIED, prompt_log_remove_old(tx, theirs, INT64_MAX, err));
    StoredResponse response;
    EXPECT_CODE(ERROR_NOT_FOUND, response_find(tx, theirs, arena, S("r"), 0, &response, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_touch(tx, theirs, S("r"), 0, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_remove(tx, theirs, S("r"), err));
    EXPECT_CODE(ERROR_DENIED, response_remove_old(tx, theirs, INT64_MAX, err));
    EXPECT_CODE(ERROR_DENIED, notice_forget(tx, theirs, INT64_MAX, err));
    return true;
}

#define EXPECT_EMPTY(list_type, call)                                                              \
    do {                                                                                           \
        list_type list = { 0 };                                                                    \
        CALL(call);                                                                                \
        EXPECT(list.count == 0);                                                                   \
    } while (0)

static bool nothing_is_learned(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    const CardMemory after = { 0 };
    StudyCard card = secret.card;
    StudyReview review = { .card = card.id, .rating = 1 };
    StudyAttempt attempt = { .quiz = secret.quiz.id };
    StudyQuiz quiz = { .document = secret.doc.id };
    StudyDeck deck;
    StudyMade made = { .id = S("made"), .document = secret.doc.id };
    const StudyDue due = { 0 };

    EXPECT_CODE(ERROR_NOT_FOUND, study_made_add(tx, theirs, arena, &made, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_made_find(tx, theirs, arena, S("made"), &made, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_made_find_by_key(tx, theirs, arena, S("key"), &made, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_made_save(tx, theirs, &made, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_made_set_done(tx, theirs, S("made"), S("[]"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_made_remove(tx, theirs, S("made"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_deck_find(tx, theirs, arena, card.deck, &due, &deck, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_deck_update(tx, theirs, arena, &secret.deck, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_deck_remove(tx, theirs, card.deck, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_add(tx, theirs, arena, card.deck, &card, 1, NULL, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_find(tx, theirs, arena, card.id, &card, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_update(tx, theirs, &card, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_card_remove(tx, theirs, card.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_review_add(tx, theirs, arena, &review, &after, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_review_undo(tx, theirs, arena, 0, &review, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_quiz_add(tx, theirs, arena, &quiz, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_quiz_find(tx, theirs, arena, attempt.quiz, &quiz, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_quiz_remove(tx, theirs, attempt.quiz, err));
    EXPECT_CODE(ERROR_NOT_FOUND, study_attempt_add(tx, theirs, arena, &attempt, err));
    return true;
}

static bool no_cards_are_listed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str next;
    EXPECT_EMPTY(StudyDeckList, study_deck_list(tx, theirs, arena, &(StudyDue){ 0 }, &list, err));
    EXPECT_EMPTY(StudyCardList, study_card_list(tx, theirs, arena, &(StudyCardFilter){ 0 },
                                                &(Slice){ 0 }, &list, &next, err));
    EXPECT_EMPTY(StudyMadeList,
                 study_made_list(tx, theirs, arena, STR_NONE, &(Slice){ 0 }, &list, &next, err));
    EXPECT_EMPTY(StudyQuizList,
                 study_quiz_list(tx, theirs, arena, &(Slice){ 0 }, &list, &next, err));
    EXPECT_EMPTY(StudyAttemptList,
                 study_attempt_list(tx, theirs, arena, secret.quiz.id, &list, err));
    EXPECT_EMPTY(StudyReviewList, study_review_list(tx, theirs, arena, STR_NONE, &list, err));
    EXPECT_EMPTY(StudyProgressList,
                 study_card_progress(tx, theirs, arena, STR_NONE, INT64_MAX, &list, err));
    return true;
}

/* Conversations' folders, personas and prompts. */
static bool talks_are_hidden(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Recipe recipe = secret.recipe;
    EXPECT_CODE(ERROR_NOT_FOUND, recipe_update(tx, theirs, arena, &recipe, err));
    EXPECT_CODE(ERROR_NOT_FOUND, recipe_remove(tx, theirs, recipe.kind, recipe.id, err));
    CALL(recipe_remove_default(tx, theirs, S("key"), S("k"), err));
    EXPECT_EMPTY(ConversationFolderList, conversation_folders(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(RecipeList,
                 recipe_list(tx, theirs, arena, S(RECIPE_PERSONA), STR_NONE, &list, err));
    EXPECT_EMPTY(RecipeVersionList,
                 recipe_version_list(tx, theirs, arena, secret.recipe.id, &list, err));
    EXPECT_EMPTY(RecipeDefaultList, recipe_defaults(tx, theirs, arena, &list, err));
    return true;
}

static bool labels_are_hidden(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str set = secret.labels.id;
    const ClassificationFilter any = { 0 };
    EXPECT_EMPTY(LabelSetList, label_set_list(tx, theirs, arena, STR_NONE, &list, err));
    EXPECT_EMPTY(LabelExampleList, label_example_list(tx, theirs, arena, set, NULL, &list, err));
    EXPECT_EMPTY(LabelTrainingList, label_training_list(tx, theirs, arena, set, &list, err));
    EXPECT_EMPTY(ClassificationList,
                 classification_list(tx, theirs, arena, &any, NULL, &list, err));
    EXPECT_EMPTY(ClassificationDayList, classification_days(tx, theirs, arena, set, &list, err));
    EXPECT_EMPTY(ClassificationBatchList,
                 classification_batch_list(tx, theirs, arena, NULL, &list, err));
    EXPECT_EMPTY(ClassificationItemList,
                 classification_item_list(tx, theirs, arena, secret.labelled.id, STR_NONE, NULL,
                                          &list, err));
    return true;
}

static bool lists_are_empty(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.doc.id, person = world->ours.user;
    ChunkCursor cursor = { 0 };
    ChunkHit *hits;
    Statistics statistics;

    EXPECT_EMPTY(DocumentList,
                 document_list(tx, theirs, arena, NULL, DOCUMENT_BY_NAME, false, NULL, &list, err));
    FactCondition condition = { .key = S("pages") };
    DocumentFilter by_fact = { .facts = &condition, .fact_count = 1 };
    int64_t count;
    EXPECT_EMPTY(DocumentList, document_list(tx, theirs, arena, &by_fact, DOCUMENT_BY_NAME, false,
                                             NULL, &list, err));
    CALL(document_count_children(tx, theirs, arena, &id, 1, &count, err));
    EXPECT(count == 0);
    CALL(document_fact_count(tx, theirs, S("pages"), &count, err));
    EXPECT(count == 0);
    CALL(document_count_since(tx, theirs, arena, &(DocumentFilter){ 0 }, 0, &count, err));
    EXPECT(count == 0);
    CALL(chunk_newest(tx, theirs, &count, err));
    EXPECT(count == 0);
    EXPECT_EMPTY(DocumentValuesList, document_facet_values(tx, theirs, arena, 0, &list, err));
    EXPECT_EMPTY(SavedSearchList, saved_search_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(GatewayItemList, gateway_item_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(DocumentList, document_children(tx, theirs, arena, id, &list, err));
    EXPECT_EMPTY(DocumentVersionList, document_version_list(tx, theirs, arena, id, &list, err));
    EXPECT_EMPTY(DocumentKeyList,
                 document_list_unembedded(tx, theirs, arena, S("x"), NULL, 9, &list, err));
    EXPECT_EMPTY(TagCountList, document_tags(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(StoredBlockList, block_list(tx, theirs, arena, id, 1, 0, 9, &list, err));
    EXPECT_EMPTY(StoredBlockList, block_list_of_page(tx, theirs, arena, id, 1, 1, &list, err));
    EXPECT_EMPTY(StoredBlockList, block_list_of_range(tx, theirs, arena, id, 1, 0, 99, &list, err));
    EXPECT_EMPTY(ChunkList, chunk_list(tx, theirs, arena, id, 1, 0, 9, &list, err));
    EXPECT_EMPTY(ChunkList, chunk_list_of_range(tx, theirs, arena, id, 1, 0, 99, &list, err));
    EXPECT_EMPTY(ChunkHitList, chunk_scan(tx, theirs, arena, &cursor, 9, &list, err));
    EXPECT_EMPTY(NumberList, chunk_numbers(tx, theirs, arena, id, &list, err));
    EXPECT_EMPTY(VectorList,
                 vector_find_many(tx, theirs, arena, S("m"), secret.numbers.at, 3, &list, err));
    EXPECT_EMPTY(VectorList, vector_scan(tx, theirs, arena, S("m"), &cursor, 9, &list, err));
    EXPECT_EMPTY(ChunkList, vector_missing(tx, theirs, arena, id, S("x"), 9, &list, err));
    EXPECT_EMPTY(IndexChangeList, index_change_list(tx, theirs, arena, 0, 9, &list, err));
    EXPECT_EMPTY(CollectionList, collection_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(ConversationList, conversation_list(tx, theirs, arena, NULL, NULL, &list, err));
    EXPECT_EMPTY(MessageList,
                 message_list(tx, theirs, arena, secret.conversation.id, 0, &list, err));
    EXPECT_EMPTY(JudgedSetList, judged_set_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(JudgementList,
                 judgement_list(tx, theirs, arena, secret.set.id, STR_NONE, &list, err));
    EXPECT_EMPTY(LabRunList, lab_run_list(tx, theirs, arena, STR_NONE, &list, err));
    EXPECT_EMPTY(SearchList, search_list(tx, theirs, arena, STR_NONE, NULL, &list, err));
    EXPECT_EMPTY(UnfoundList, search_unfound(tx, theirs, arena, UNFOUND_EITHER, 9, &list, err));
    CallFilter any = { 0 };
    EXPECT_EMPTY(CallList, calls_list(tx, theirs, arena, &any, NULL, &list, err));
    EXPECT_EMPTY(CallSumList, calls_sum(tx, theirs, arena, CALL_GROUP_DAY, &any, &list, err));
    EXPECT_EMPTY(AuditList, audit_list(tx, theirs, arena, NULL, NULL, &list, err));
    EXPECT_EMPTY(SettingList, setting_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(SecretList, secret_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(ApiKeyList, api_key_list(tx, theirs, arena, STR_NONE, &list, err));
    EXPECT_EMPTY(SessionList, session_list(tx, theirs, arena, person, &list, err));
    EXPECT_EMPTY(MembershipList, membership_list_of_user(tx, theirs, arena, person, &list, err));
    EXPECT_EMPTY(FormatCountList, statistics_formats(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(PromptLogList, prompt_log_list(tx, theirs, arena, STR_NONE, NULL, &list, err));
    EXPECT_EMPTY(NoticeList, notice_list(tx, theirs, arena, false, NULL, &list, err));
    EXPECT_EMPTY(NoticeList,
                 notice_list_to_mail(tx, theirs, arena, person, NOTICE_MAIL_NOW, 9, &list, err));
    EXPECT_EMPTY(NoticeChoiceList, notice_choice_list(tx, theirs, arena, STR_NONE, &list, err));
    EXPECT_EMPTY(WebhookList, webhook_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(AlertList, alert_list(tx, theirs, arena, false, NULL, &list, err));
    EXPECT_EMPTY(AlertList, alert_list_open(tx, theirs, arena, &list, err));
    CALL(chunk_find_many(tx, theirs, arena, secret.numbers.at, 3, &hits, err));
    EXPECT(!hits[0].chunk.number && !hits[2].chunk.text.length);
    CALL(statistics_find(tx, theirs, &statistics, err));
    EXPECT(!statistics.chunks && !statistics.file_bytes && statistics.people == 1);
    return true;
}

/* Run for the system, so that only the functions' own WHERE stands between the two. */
TEST_BOTH(store, every_function_hides_rows_from_other_workspaces)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, fill);
    world_write(&world, &world.system, functions_find_nothing);
    world_write(&world, &world.system, functions_change_nothing);
    world_write(&world, &world.system, talks_are_hidden);
    world_write(&world, &world.system, labels_are_hidden);
    world_write(&world, &world.system, nothing_is_learned);
    world_write(&world, &world.system, no_cards_are_listed);
    world_write(&world, &world.system, lists_are_empty);
    world_write(&world, &world.system, every_table_is_filled);
    world_close(&world);
}

/* --- A workspace goes with everything ----------------------------------------------------- */

static bool remove_ours(DbTx *tx, World *world, Error *err)
{
    return workspace_remove(tx, &world->system, world->ours.workspace, err);
}

static bool nothing_is_left(DbTx *tx, World *world, Error *err)
{
    SqlItems tables;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    for (size_t i = 0; i < tables.count; i++)
        EXPECT(rows_of_others(tx, world, ((Str *)tables.at)[i], err) == 0);
    return true;
}

TEST_BOTH(store, a_removed_workspace_leaves_no_row)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, fill);
    world_write(&world, &world.system, remove_ours);
    world_write(&world, &world.system, nothing_is_left);
    world_close(&world);
}

static bool changes_the_audit_log(DbTx *tx, void *argument, Error *err)
{
    int64_t changed;

    CALL(db_exec(tx, DB_SQL(argument, argument), DB_NO_ARGS, &changed, err));
    EXPECT(changed > 0);
    return true;
}

TEST_BOTH(store, the_audit_log_is_only_added_to)
{
    static char update[] = "UPDATE audit SET action = 'x'", remove[] = "DELETE FROM audit";
    World world;
    Error err = { 0 };

    world_open(&world, url);
    world_write(&world, &world.ours, fill);
    cr_assert(!store_write(world.db, &world.system, changes_the_audit_log, update, &err));
    cr_assert(!store_write(world.db, &world.system, changes_the_audit_log, remove, &err));
    world_close(&world);
}
