#include "store/document_access.h"
#include "store/isolation_world_test.h"

#include "base/hash.h"
#include "store/blocks_store.h"
#include "store/damaged_originals_store.h"
#include "store/document_fields_store.h"
#include "store/document_versions_store.h"
#include "store/erase_store.h"
#include "store/feedback_store.h"
#include "store/jobs_store.h"
#include "store/lab_runs_store.h"
#include "store/people_store.h"
#include "store/preferences_store.h"
#include "store/read_pages_store.h"
#include "store/route_sides_store.h"
#include "store/settings_store.h"
#include "store/texts_store.h"
#include "store/workspaces_store.h"

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

static bool uploads_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.upload.id;
    FileUpload upload;
    FileUploadPartList parts;
    Str blob = S("part");
    StrList blobs = { .at = &blob, .count = 1 };
    const FileUploadPart part = { .start = 3, .size = 3, .blob = S("x") };
    Scope colleague = world->ours;
    colleague.user = S("somebody else");
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_find(tx, theirs, arena, id, &upload, err));
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_find(tx, &colleague, arena, id, &upload, err));
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_hold(tx, theirs, arena, id, &upload, err));
    Scope limited = world->ours;
    limited.key = S("another key");
    limited.collections = S("shelf");
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_find(tx, &limited, arena, id, &upload, err));
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_hold(tx, &limited, arena, id, &upload, err));
    EXPECT_CODE(ERROR_CONFLICT,
                file_upload_part_add(tx, theirs, arena, &secret.upload, &part, 1, err));
    EXPECT_CODE(ERROR_CONFLICT,
                file_upload_part_add(tx, &colleague, arena, &secret.upload, &part, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_end(tx, theirs, id, S("x"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_set_size(tx, theirs, id, 9, err));
    EXPECT_CODE(ERROR_NOT_FOUND, file_upload_remove(tx, theirs, id, err));
    CALL(file_upload_part_remove(tx, theirs, id, 0, err));
    CALL(file_upload_parts(tx, theirs, arena, id, &parts, err));
    EXPECT(!parts.count);
    CALL(blobs_keep_unused(tx, &world->ours, arena, &blobs, err));
    EXPECT(!blobs.count); /* a part names it still */
    CALL(file_upload_blobs(tx, theirs, arena, &blobs, err));
    EXPECT(!blobs.count);
    StaleUploadList stale;
    BlobKeyList wanted;
    BlobRemovals removals;
    blob = S("b");
    blobs = (StrList){ .at = &blob, .count = 1 };
    CALL(blobs_lock(tx, theirs, arena, &blobs, true, err));
    CALL(blob_removals_settle(tx, theirs, arena, &blobs, err));
    CALL(blob_removals_find(tx, theirs, arena, &blobs, &removals, err));
    EXPECT(!removals.is_wanted && !removals.state.length);
    EXPECT_CODE(ERROR_DENIED, blob_removals_list_wanted(tx, theirs, arena, 9, 9, &wanted, err));
    EXPECT_CODE(ERROR_DENIED, blob_removals_forget(tx, theirs, 9, err));
    EXPECT_CODE(ERROR_DENIED, file_upload_list_stale(tx, theirs, arena, 1, 9, &stale, err));
    DamagedOriginalList damaged;
    int64_t count;
    CALL(damaged_original_remove(tx, theirs, blob, err));
    CALL(damaged_original_list(tx, theirs, arena, 9, &damaged, err));
    EXPECT(!damaged.count);
    CALL(damaged_original_count(tx, theirs, &count, err));
    EXPECT(!count);
    CALL(damaged_original_count(tx, &world->ours, &count, err));
    EXPECT(count == 1);
    CALL(originals_list(tx, theirs, arena, STR_NONE, 9, &blobs, err));
    EXPECT(!blobs.count);
    return storage_check(tx, theirs, 5, &(StorageLimits){ .workspace_bytes = 5 }, err);
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

static bool jobs_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Str type = S("t");
    const StrList types = { &type, 1 }, none = { 0 };
    JobRowList jobs;
    CALL(jobs_store_list_open(tx, &world->theirs, world->arena, types, none, &jobs, err));
    EXPECT(!jobs.count);
    CALL(jobs_store_list_open(tx, &world->ours, world->arena, types, none, &jobs, err));
    EXPECT(jobs.count == 1 && str_is(jobs.at[0].title, "ours"));
    JobTypeCountsList counts;
    Str result;
    CALL(jobs_store_count_types(tx, &world->theirs, world->arena, 0, &counts, err));
    EXPECT(!counts.count);
    CALL(jobs_store_count_types(tx, &world->ours, world->arena, 0, &counts, err));
    EXPECT(counts.count == 1 && counts.at[0].done == 1 && counts.at[0].counts.waiting == 1);
    CALL(jobs_store_result(tx, &world->theirs, world->arena, secret.job, &result, err));
    EXPECT(!result.length);
    Schedule schedule;
    EXPECT_CODE(ERROR_NOT_FOUND, schedule_find(tx, &world->theirs, world->arena, secret.schedule.id,
                                               &schedule, err));
    return true;
}

static bool runs_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.run.id;
    const RunItem item = { .state = S("failed") };
    RunsList runs;
    RunItemList items;
    Run run;
    EXPECT_CODE(ERROR_NOT_FOUND, run_find(tx, theirs, arena, id, &run, err));
    EXPECT_CODE(ERROR_NOT_FOUND, run_set_job(tx, theirs, id, S("j"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, run_remove(tx, theirs, id, err));
    CALL(run_list(tx, theirs, arena, S(""), S(""), NULL, &runs, err));
    EXPECT(!runs.count);
    CALL(run_item_list(tx, theirs, arena, id, S(""), NULL, &items, err));
    EXPECT(!items.count);
    CALL(run_item_save(tx, theirs, id, &item, err));
    CALL(run_find(tx, &world->ours, arena, id, &run, err));
    EXPECT(run.done == 1 && !run.failed && run.total == 1);
    return true;
}

static bool connections_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Connection found, ours = secret.connection;
    ConnectionItem item = { .key = sha256_hex(arena, S("plan.txt")), .state = ITEM_gone };
    const Error well = { 0 };
    ConnectionList list;
    ConnectionItemList items;
    int64_t counts[ITEM_STATE_COUNT], count;
    EXPECT_CODE(ERROR_NOT_FOUND, connection_find(tx, theirs, arena, ours.id, &found, err));
    EXPECT_CODE(ERROR_NOT_FOUND, connection_update(tx, theirs, arena, &ours, true, err));
    EXPECT_CODE(ERROR_NOT_FOUND, connection_plan(tx, theirs, ours.id, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, connection_remove(tx, theirs, ours.id, err));
    EXPECT_CODE(ERROR_CONFLICT, connection_reseal(tx, theirs, ours.id, S(""), S("x"), err));
    EXPECT_CODE(ERROR_CONFLICT, connection_page(tx, theirs, &ours, S("x"), true, true, err));
    EXPECT_CODE(ERROR_CONFLICT, connection_end(tx, theirs, &ours, &well, 1, err));
    ConnectionGrant grant = { .connection = ours.id, .version = 1 };
    bool is_won;
    EXPECT_CODE(ERROR_NOT_FOUND, connection_grant_find(tx, theirs, arena, ours.id, &grant, err));
    EXPECT_CODE(ERROR_CONFLICT, connection_grant_save(tx, theirs, &grant, err));
    CALL(connection_grant_claim(tx, theirs, &grant, 1, 2, &is_won, err));
    EXPECT(!is_won);
    EXPECT_CODE(ERROR_NOT_FOUND, saved_search_mark_told(tx, theirs, secret.saved.id, 1, err));
    ours.phase = S("idle");
    EXPECT_CODE(ERROR_CONFLICT, connection_begin(tx, theirs, &ours, err));
    EXPECT_CODE(ERROR_NOT_FOUND, connection_item_save(tx, theirs, ours.id, &item, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                connection_item_find(tx, theirs, arena, ours.id, item.key, &item, err));
    CALL(connection_list(tx, theirs, arena, NULL, &list, err));
    EXPECT(!list.count && !list.total);
    CALL(connection_item_list(tx, theirs, arena, ours.id, ITEM_STATE_COUNT, NULL, &items, err));
    EXPECT(!items.count);
    CALL(connection_items_waiting(tx, theirs, arena, ours.id, 9, &items, err));
    EXPECT(!items.count);
    ConnectionItem written = { .remote = S("page:1"), .document = secret.doc.id };
    EXPECT_CODE(ERROR_NOT_FOUND, connection_item_send(tx, theirs, arena, ours.id, &written, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                connection_item_sent(tx, theirs, arena, ours.id, secret.doc.id, &written, err));
    CALL(connection_items_busy(tx, theirs, arena, &ours, &item, 1, err));
    CALL(connection_items_again(tx, theirs, &ours, err));
    CALL(connection_items_unseen(tx, theirs, arena, &ours, &items, err));
    EXPECT(!items.count);
    CALL(connection_item_counts(tx, theirs, ours.id, counts, err));
    EXPECT(!counts[ITEM_waiting]);
    CALL(connection_items_seen(tx, theirs, &ours, &count, err));
    EXPECT(!count);
    CALL(connection_item_counts(tx, &world->ours, ours.id, counts, err));
    EXPECT(counts[ITEM_waiting] == 1);
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

static bool webhooks_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    WebhookDelivery delivery;
    Webhook hook;
    Hook door;

    EXPECT_CODE(ERROR_NOT_FOUND, webhook_find(tx, theirs, arena, secret.hook.id, &hook, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                webhook_delivery_find(tx, theirs, arena, secret.delivery.id, &delivery, err));
    EXPECT_CODE(ERROR_NOT_FOUND, hook_find(tx, theirs, arena, secret.door.id, &door, err));
    bool is_seen;
    CALL(hook_receipt_seen(tx, theirs, secret.door.id, S("seen"), &is_seen, err));
    EXPECT(!is_seen);
    return true;
}

static bool groups_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    MembershipList members;
    Membership member;
    Group group;
    StrList missing;

    EXPECT_CODE(ERROR_NOT_FOUND,
                group_find(tx, theirs, world->arena, secret.group.id, &group, err));
    EXPECT_CODE(ERROR_NOT_FOUND, group_find(tx, theirs, world->arena, S("ours"), &group, err));
    CALL(membership_list_of_group(tx, theirs, world->arena, secret.group.id, &members, err));
    EXPECT(!members.count);
    EXPECT_CODE(ERROR_NOT_FOUND,
                membership_find(tx, theirs, world->arena, world->ours.user, &member, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                membership_find(tx, theirs, world->arena, S("ours@example.org"), &member, err));
    const StrList people = { &world->ours.user, 1 };
    CALL(membership_missing(tx, theirs, world->arena, people, &missing, err));
    EXPECT(missing.count == 1);
    return true;
}

static bool approvals_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    ApprovalCandidateList candidates;
    ApprovalDecisionList decisions;
    Approval approval;
    Str id = secret.approval.id;
    bool knows;

    EXPECT_CODE(ERROR_NOT_FOUND, approval_find(tx, theirs, world->arena, id, &approval, err));
    CALL(approval_knows(tx, theirs, id, &knows, err));
    EXPECT(!knows);
    CALL(approval_candidate_list(tx, theirs, world->arena, id, &candidates, err));
    CALL(approval_decision_list(tx, theirs, world->arena, id, &decisions, err));
    EXPECT(!candidates.count && !decisions.count);
    ApprovalGroupList groups;
    CALL(approval_group_list(tx, theirs, world->arena, id, &groups, err));
    EXPECT(!groups.count);
    StrList audience;
    Access access;
    CALL(access_audience(tx, theirs, world->arena, secret.doc.id, &audience, err));
    EXPECT(audience.count == 1 && str_equal(audience.at[0], theirs->user));
    EXPECT_CODE(ERROR_NOT_FOUND, access_find(tx, theirs, world->arena, GUARDED_DOCUMENT,
                                             secret.doc.id, &access, err));
    ApprovalGroupMemberList grouped;
    CALL(approval_group_member_list(tx, theirs, world->arena, id, &grouped, err));
    EXPECT(!grouped.count);
    EXPECT_CODE(ERROR_NOT_FOUND, approval_link_check(tx, theirs, S("hash"), err));
    return true;
}

static bool workflows_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    const WorkflowExecutionFilter any = { .parent = S("*") };
    Str id = secret.execution.id;
    WorkflowExecution execution;
    WorkflowExecutionList executions;
    WorkflowFrame frame;
    WorkflowFrameList frames;
    WorkflowStepList steps;
    WorkflowWaiterList waiters;
    WorkflowTriggerList triggers;
    WorkflowFigures figures;
    WorkflowEndsList ends;

    EXPECT_CODE(ERROR_NOT_FOUND, workflow_execution_find(tx, theirs, arena, id, &execution, err));
    EXPECT_CODE(ERROR_NOT_FOUND, workflow_frame_find(tx, theirs, arena, id, 0, &frame, err));
    CALL(workflow_execution_list(tx, theirs, arena, &any, NULL, &executions, err));
    EXPECT(executions.count == 0);
    CALL(workflow_frame_list(tx, theirs, arena, id, STR_NONE, &frames, err));
    EXPECT(frames.count == 0);
    CALL(workflow_frame_list_begun(tx, theirs, arena, id, 0, &frames, err));
    EXPECT(frames.count == 0);
    CALL(workflow_frame_children(tx, theirs, arena, id, 0, 0, &frames, err));
    EXPECT(frames.count == 0);
    CALL(workflow_step_list(tx, theirs, arena, id, -1, NULL, &steps, err));
    EXPECT(steps.count == 0);
    CALL(workflow_step_outputs(tx, theirs, arena, id, 0, &steps, err));
    EXPECT(steps.count == 0);
    CALL(workflow_waiters(tx, theirs, arena, STR_NONE, S("ours"), &waiters, err));
    EXPECT(waiters.count == 0);
    CALL(workflow_trigger_list(tx, theirs, arena, S("upload"), STR_NONE, &triggers, err));
    EXPECT(triggers.count == 0);
    CALL(workflow_figures(tx, theirs, arena, secret.workflow.id, 0, &figures, err));
    EXPECT(figures.runs == 0 && figures.step_count == 0);
    CALL(workflow_ends(tx, theirs, arena, 0, &ends, err));
    EXPECT(ends.count == 0);
    return true;
}

static bool limits_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
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

static bool keys_find_nothing(DbTx *tx, World *world, Error *err)
{
    ApiKey key;
    bool serves;

    EXPECT_CODE(ERROR_NOT_FOUND,
                api_key_find(tx, &world->theirs, world->arena, secret.key.id, &key, err));
    CALL(api_key_serves(tx, &world->theirs, world->arena, secret.key.id, 0, &serves, err));
    Scope act = world->theirs;
    EXPECT_CODE(ERROR_DENIED, api_key_act(tx, world->arena, secret.key.id, &act, err));
    EXPECT(!serves);
    return true;
}

static bool erasures_find_nothing(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    PersonErasure erasure;
    PersonErasureList erasures;
    EXPECT_CODE(ERROR_NOT_FOUND,
                person_erasure_find(tx, theirs, arena, secret.erasure.id, &erasure, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                person_erasure_find_open(tx, theirs, arena, S("somebody"), &erasure, err));
    CALL(person_erasure_list(tx, theirs, arena, &erasures, err));
    EXPECT(!erasures.count);
    EXPECT_CODE(ERROR_NOT_FOUND, person_erasure_take_back(tx, theirs, secret.erasure.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, person_erasure_save(tx, theirs, &secret.erasure, err));
    return true;
}

bool isolation_find(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.doc.id;
    Document doc;
    Collection collection;
    Conversation conversation;
    Message message;
    Workspace workspace;
    User user;
    JobRow job;
    Str text;
    int64_t length;

    EXPECT_CODE(ERROR_NOT_FOUND, document_find(tx, theirs, arena, id, &doc, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_find_by_blob(tx, theirs, arena, secret.doc.blob, &doc, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_find(tx, theirs, arena, id, 1, MB(1), &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_find_range(tx, theirs, arena, id, 1, 0, 9, &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_length(tx, theirs, id, 1, &length, err));
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
    WorkspaceRemoval removal;
    EXPECT_CODE(ERROR_NOT_FOUND,
                workspace_removal_find(tx, theirs, arena, world->ours.workspace, &removal, err));
    EXPECT_CODE(ERROR_NOT_FOUND, workspace_removal_take_back(tx, theirs, err));
    EXPECT_CODE(ERROR_NOT_FOUND, user_find(tx, theirs, arena, world->ours.user, &user, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                user_find_by_email(tx, theirs, arena, S("ours@example.org"), &user, err));
    EXPECT_CODE(ERROR_NOT_FOUND, jobs_store_find(tx, theirs, arena, secret.job, &job, err));
    EXPECT_CODE(ERROR_NOT_FOUND, setting_find(tx, theirs, arena, S("theme"), &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND, secret_find(tx, theirs, arena, S("key"), &text, err));
    JudgedSet set;
    LabRun run;
    EXPECT_CODE(ERROR_NOT_FOUND, judged_set_find(tx, theirs, arena, secret.set.id, &set, err));
    EXPECT_CODE(ERROR_NOT_FOUND, judged_set_find_by_name(tx, theirs, arena, S("Ours"), &set, err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_find(tx, theirs, arena, S("run"), &run, err));
    CallHealth health;
    CALL(call_health(tx, theirs, SPAN_DAY, 0, INT64_MAX, &health, err));
    EXPECT(health.totals.calls == 0);
    CALL(notice_count_unread(tx, theirs, &length, err));
    EXPECT(length == 0);
    CALL(batches_find_nothing(tx, world, err));
    CALL(uploads_find_nothing(tx, world, err));
    CALL(tasks_find_nothing(tx, world, err));
    CALL(feedback_finds_nothing(tx, world, err));
    CALL(summaries_find_nothing(tx, world, err));
    CALL(labels_find_nothing(tx, world, err));
    CALL(jobs_find_nothing(tx, world, err) && runs_find_nothing(tx, world, err));
    CALL(connections_find_nothing(tx, world, err) && approvals_find_nothing(tx, world, err));
    CALL(groups_find_nothing(tx, world, err));
    CALL(webhooks_find_nothing(tx, world, err) && workflows_find_nothing(tx, world, err));
    CALL(fields_find_nothing(tx, world, err) && keys_find_nothing(tx, world, err));
    CALL(limits_find_nothing(tx, world, err) && erasures_find_nothing(tx, world, err));
    return true;
}
