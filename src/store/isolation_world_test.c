#include "store/isolation_world_test.h"

#include "store/audit_store.h"
#include "store/blob_removals_store.h"
#include "store/damaged_originals_store.h"
#include "store/document_access.h"
#include "store/document_fields_store.h"
#include "store/feedback_store.h"
#include "store/gateway_items_store.h"
#include "store/idempotency_store.h"
#include "store/jobs_store.h"
#include "store/judgements_store.h"
#include "store/lab_runs_store.h"
#include "store/learner_store.h"
#include "store/preferences_store.h"
#include "store/prompt_logs_store.h"
#include "store/read_pages_store.h"
#include "store/responses_store.h"
#include "store/sessions_store.h"
#include "store/settings_store.h"
#include "store/study_made_store.h"
#include "store/study_reviews_store.h"

IsolationSecret secret;

static bool fill_notices(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    NoticeChoice choice = { .user = ours->user, .kind = S("k"), .on_page = true };
    NoticeEventList added;
    bool is_new;

    secret.event = (NoticeEvent){ .kind = S("k"), .title = S("ours") };
    CALL(notice_events_add(tx, ours, world->arena, &secret.event, 1, &added, err));
    const NewNotice notice = { ours->user, secret.event.id, true, NOTICE_MAIL_NOW };
    CALL(notices_add(tx, ours, world->arena, &notice, 1, err));
    CALL(notice_choice_set(tx, ours, &choice, err));
    secret.hook = (Webhook){ .url = S("https://example.org"), .sealed = S("sealed") };
    CALL(webhook_add(tx, ours, world->arena, &secret.hook, err));
    secret.delivery = (WebhookDelivery){ .hook = secret.hook.id, .body = S("{}") };
    CALL(webhook_delivery_add(tx, ours, world->arena, &secret.delivery, &is_new, err));
    secret.door = (Hook){ .name = S("ours"), .scheme = S("path"), .sealed = S("sealed") };
    CALL(hook_add(tx, ours, world->arena, &secret.door, err));
    HookReceipt receipt = { .seen = S("seen") };
    CALL(hook_receipt_add(tx, ours, world->arena, secret.door.id, &receipt, &is_new, err));
    EXPECT(is_new);
    CALL(hook_receipt_add(tx, ours, world->arena, secret.door.id, &receipt, &is_new, err));
    EXPECT(!is_new);
    secret.alert = (Alert){ .rule = S("errors") };
    secret.silence = (AlertSilence){ .reason = S("ours"), .ends_at_ms = INT64_MAX };
    return alert_open(tx, ours, world->arena, &secret.alert, &is_new, err) &&
           alert_silence_add(tx, ours, world->arena, &secret.silence, err);
}

static bool fill_connections(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    ConnectionItem item = { .remote = S("plan.txt"), .name = S("plan.txt"), .listed = S("1") };

    secret.connection = (Connection){ .kind = S("folder"),
                                      .name = S("Ours"),
                                      .settings = S("{}"),
                                      .gone = S("keep"),
                                      .is_on = true };
    CALL(connection_add(tx, ours, world->arena, &secret.connection, err));
    CALL(connection_begin(tx, ours, &secret.connection, err));
    CALL(connection_grant_begin(tx, ours,
                                &(ConnectionGrant){ .connection = secret.connection.id,
                                                    .settings = S("{}"),
                                                    .sealed = S("\1sealed") },
                                err));
    return connection_items_found(tx, ours, world->arena, &secret.connection, &item, 1, 9, err);
}

static bool fill_approvals(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    const ApprovalCandidate candidate = { .user = ours->user };
    const ApprovalDecision decision = { .verdict = APPROVAL_VERDICT_approved };

    secret.approval = (Approval){ .title = S("ours"), .document = secret.doc.id, .quorum = 2 };
    CALL(approval_add(tx, ours, world->arena, &secret.approval, err));
    CALL(approval_candidate_add(tx, ours, secret.approval.id, &candidate, err));
    CALL(approval_candidate_add(tx, ours, secret.approval.id, &candidate, err));
    secret.group = (Group){ .name = S("Ours") };
    CALL(group_add(tx, ours, world->arena, &secret.group, err));
    CALL(group_member_add(tx, ours, secret.group.id, ours->user, err));
    Grant grant = { .kind = GRANT_TO_user, .subject = ours->user, .level = GRANT_edit };
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, secret.doc.id, &grant, 1, err));
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, secret.collection.id, &grant, 1, err));
    CALL(approval_group_set(tx, ours, secret.approval.id,
                            &(ApprovalGroup){ .group = secret.group.id, .name = S("Ours") }, err));
    CALL(approval_decision_add(tx, ours, secret.approval.id, &decision, err));
    return approval_link_add(tx, ours, secret.approval.id, ours->user, S("hash"), err);
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
    secret.upload = (FileUpload){ .name = S("a"), .size = 6, .expires_at_ms = INT64_MAX };
    CALL(file_upload_add(tx, ours, world->arena, &(StorageLimits){ 0 }, &secret.upload, err));
    CALL(file_upload_part_add(tx, ours, world->arena, &secret.upload,
                              &(FileUploadPart){ .size = 3, .blob = S("part") }, INT64_MAX, err));
    Str blob = S("b");
    CALL(blob_removals_ask(tx, ours, world->arena, &(StrList){ &blob, 1 }, 1, err));
    CALL(damaged_original_set(tx, ours, blob, S("missing"), 1, err));
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

static bool fill_runs(DbTx *tx, World *world, Error *err)
{
    const StrList documents = { &secret.doc.id, 1 };
    const RunItem item = { .state = S("done"), .result = S("{}") };

    secret.run = (Run){ .kind = S("fields"), .request = S("{}") };
    CALL(run_add(tx, &world->ours, world->arena, &secret.run, &documents, 0, err));
    return run_item_save(tx, &world->ours, secret.run.id, &item, err);
}

static bool fill_workflows(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    const WorkflowFrame child = { .step = S("a"), .position = S("b") };
    const WorkflowStep step = { .step = S("a"), .number = 1, .state = S("running") };
    const WorkflowTrigger trigger = { .kind = S("upload"), .user = ours->user, .rule = S("{}") };
    WorkflowMove move = { .from = S("a"), .attempt = 1 };
    int64_t first;
    bool is_new;

    secret.workflow = (Recipe){ .kind = S(RECIPE_WORKFLOW), .name = S("Ours"), .body = S("{}") };
    CALL(recipe_add(tx, ours, world->arena, &secret.workflow, err));
    CALL(workflow_trigger_set(tx, ours, secret.workflow.id, &trigger, 1, err));
    secret.execution =
        (WorkflowExecution){ .workflow = secret.workflow.id, .body = S("{}"), .key = S("k") };
    CALL(workflow_execution_add(tx, ours, world->arena, &secret.execution, S("a"), &is_new, err));
    EXPECT(is_new);
    CALL(
        workflow_frame_add(tx, ours, world->arena, secret.execution.id, &child, 1, 1, &first, err));
    CALL(workflow_step_save(tx, ours, world->arena, secret.execution.id, &step, 1, err));
    move.execution = secret.execution.id;
    move.frame = (WorkflowFrame){ .position = S("a"),
                                  .attempt = 1,
                                  .state = S("waiting"),
                                  .wait = S("approval"),
                                  .wait_event = S("ours") };
    return workflow_move(tx, ours, &move, err);
}

static bool fill_ledgers(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Search search = { .query = S("who") };
    CallRow call = {
        .id = S("c1"), .model = S("m"), .side = S("rest"), .cost_pico = 60000, .started_at_ms = 1
    };
    AuditEntry entry = { .action = S("document.add"), .subject = secret.doc.id };
    IdempotencyKey once = { .key_hash = S("k"),
                            .fingerprint = S("f"),
                            .holder = S("h"),
                            .held_until_ms = 500,
                            .expires_at_ms = 1000 };
    NewJob job = {
        .type = S("t"), .subject = S("s"), .attempt_max = 3, .title = S("ours"), .key = S("k")
    };
    JobSum sum = { .type = S("t"), .workspace = ours->workspace, .done = 1 };
    Scope system = scope_system();
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
    CALL(fill_runs(tx, world, err));
    CALL(fill_workflows(tx, world, err));
    CALL(document_fields_save(
        tx, &world->ours,
        &(DocumentFields){
            .document = secret.doc.id, .name = S("bill"), .schema = S("{}"), .result = S("{}") },
        err));
    CALL(fill_notices(tx, world, err));
    CALL(fill_approvals(tx, world, err));
    CALL(prompt_log_add(tx, ours, &(PromptLog){ .id = S("p"), .prompt = S("ours") }, err));
    CALL(response_put(
        tx, ours, &(StoredResponse){ .id = S("r"), .reply = S("ours"), .expires_at_ms = 9 }, err));
    CALL(world_calls(tx, world, &call, 1, err));
    CALL(fill_budgets(tx, world, err));
    CALL(fill_connections(tx, world, err));
    CALL(fill_batches(tx, world, err));
    CALL(audit_add(tx, ours, &entry, err));
    CALL(setting_set(tx, ours, S("theme"), S("\"dark\""), err));
    CALL(secret_set(tx, ours, S("key"), S("\1\0sealed"), err));
    CALL(idempotency_begin(tx, ours, world->arena, &once, 1, &is_new, err));
    EXPECT(is_new);
    CALL(jobs_store_add(tx, ours, world->arena, &job, &secret.job, &is_new, err));
    CALL(jobs_store_set_result(tx, ours, secret.job, S("{}"), 1, err));
    CALL(jobs_store_add_sums(tx, &system, &sum, 1, 1, err));
    secret.schedule =
        (Schedule){ .name = S("r"), .type = S("t"), .payload = S("{}"), .every_ms = 1 };
    return schedule_add(tx, ours, world->arena, &secret.schedule, err);
}

bool isolation_fill(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Session session = { .id = S("s1"), .user = ours->user, .expires_at_ms = INT64_MAX };

    CALL(world_ready(tx, world, ours, "plan.txt", "our plan", 3, &secret.doc, err));
    Str tag = S("ours");
    CALL(document_set_tags(tx, ours, secret.doc.id, (StrList){ &tag, 1 }, err));
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
    secret.collection = (Collection){ .name = S("Plans"), .keep_days = 1 };
    CALL(collection_add(tx, ours, world->arena, &secret.collection, err));
    CALL(conversation_add(tx, ours, world->arena, &secret.conversation, err));
    secret.message = (Message){ .conversation = secret.conversation.id, .text = S("our plan") };
    CALL(message_add(tx, ours, world->arena, &secret.message, err));
    secret.key = (ApiKey){ .name = S("k"), .hash = S("h"), .role = ROLE_READER };
    CALL(api_key_add(tx, ours, world->arena, &secret.key, err));
    CALL(session_add(tx, ours, &session, err));
    CALL(workspace_removal_ask(tx, ours, &(WorkspaceRemoval){ .due_at_ms = 7 }, err));
    secret.erasure = (PersonErasure){ .user = S("somebody"), .asked_by = ours->user };
    CALL(person_erasure_add(tx, ours, world->arena, &secret.erasure, err));
    return fill_tasks(tx, world, err) && fill_ledgers(tx, world, err) &&
           isolation_fill_meetings(tx, world, err);
}
