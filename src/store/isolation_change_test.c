#include "store/document_access.h"
#include "store/isolation_world_test.h"

#include "store/account_links_store.h"
#include "store/audit_store.h"
#include "store/blocks_store.h"
#include "store/calls_store.h"
#include "store/document_columns_store.h"
#include "store/document_facets_store.h"
#include "store/document_versions_store.h"
#include "store/erase_store.h"
#include "store/gateway_items_store.h"
#include "store/idempotency_store.h"
#include "store/identities_store.h"
#include "store/index_changes_store.h"
#include "store/jobs_store.h"
#include "store/judgements_store.h"
#include "store/kept_collections_store.h"
#include "store/lab_runs_store.h"
#include "store/passkeys_store.h"
#include "store/people_store.h"
#include "store/prompt_logs_store.h"
#include "store/read_pages_store.h"
#include "store/responses_store.h"
#include "store/second_factors_store.h"
#include "store/sessions_store.h"
#include "store/settings_store.h"
#include "store/sign_in_states_store.h"
#include "store/statistics_store.h"
#include "store/study_made_store.h"
#include "store/study_reviews_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

static bool identities_are_the_systems(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Identity identity = { .issuer = S("i"), .subject = S("s"), .user = world->ours.user };

    EXPECT_CODE(ERROR_DENIED, identity_add(tx, theirs, &identity, err));
    EXPECT_CODE(ERROR_DENIED, identity_seen(tx, theirs, &identity, 1, err));
    int64_t count;
    EXPECT_CODE(ERROR_DENIED, identity_list(tx, theirs, world->arena, identity.user, NULL, err));
    EXPECT_CODE(ERROR_DENIED, identity_count(tx, theirs, identity.user, &count, err));
    EXPECT_CODE(ERROR_DENIED,
                identity_find(tx, theirs, world->arena, S("i"), S("s"), &identity, err));
    return true;
}

static bool people_are_their_own(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Str user = world->ours.user;
    SecondFactor factor;
    int64_t count;
    bool fits;

    EXPECT_CODE(ERROR_DENIED, second_factor_set(tx, theirs, user, S("x"), err));
    EXPECT_CODE(ERROR_DENIED, second_factor_keep(tx, theirs, user, err));
    EXPECT_CODE(ERROR_DENIED, second_factor_find(tx, theirs, world->arena, user, &factor, err));
    EXPECT_CODE(ERROR_DENIED, second_factor_confirm(tx, theirs, user, 1, err));
    EXPECT_CODE(ERROR_DENIED, second_factor_guess(tx, theirs, world->arena, user, 1, &factor, err));
    EXPECT_CODE(ERROR_DENIED, second_factor_wait(tx, theirs, user, 1, err));
    EXPECT_CODE(ERROR_DENIED, second_factor_taken(tx, theirs, user, 1, err));
    EXPECT_CODE(ERROR_DENIED, second_factor_remove(tx, theirs, user, err));
    EXPECT_CODE(ERROR_DENIED, recovery_code_replace(tx, theirs, user, NULL, 0, err));
    EXPECT_CODE(ERROR_DENIED, recovery_code_take(tx, theirs, user, S("h"), &fits, err));
    EXPECT_CODE(ERROR_DENIED, recovery_code_count(tx, theirs, user, &count, err));
    EXPECT_CODE(ERROR_DENIED, half_sign_in_add(tx, theirs, S("i"), user, 1, err));
    EXPECT_CODE(ERROR_DENIED, half_sign_in_find(tx, theirs, world->arena, S("i"), 1, &user, err));
    EXPECT_CODE(ERROR_DENIED, half_sign_in_remove(tx, theirs, user, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                membership_set_external(tx, theirs, world->ours.user, S("x"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, membership_entered(tx, theirs, world->ours.user, 1, err));
    return true;
}

static bool passkeys_are_their_own(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Str user = world->ours.user, id = S("i");
    Passkey passkey = { .user = user, .credential = S("c") };
    PasskeyList list;
    int64_t count;
    bool is_newer;

    EXPECT_CODE(ERROR_DENIED, passkey_add(tx, theirs, world->arena, &passkey, err));
    EXPECT_CODE(ERROR_DENIED, passkey_list(tx, theirs, world->arena, user, &list, err));
    EXPECT_CODE(ERROR_DENIED, passkey_count(tx, theirs, user, &count, err));
    EXPECT_CODE(ERROR_DENIED,
                passkey_find_credential(tx, theirs, world->arena, S("ours"), &passkey, err));
    EXPECT_CODE(ERROR_DENIED, passkey_rename(tx, theirs, user, id, S("n"), err));
    EXPECT_CODE(ERROR_DENIED, passkey_remove(tx, theirs, user, id, err));
    EXPECT_CODE(ERROR_DENIED, passkey_remove_of_user(tx, theirs, user, err));
    EXPECT_CODE(ERROR_DENIED, passkey_used(tx, theirs, &passkey, 1, 1, &is_newer, err));
    return true;
}

static bool sign_in_states_are_the_systems(DbTx *tx, World *world, Error *err)
{
    EXPECT_CODE(ERROR_DENIED, sign_in_state_use(tx, &world->theirs, S("x"), 1, err));
    return true;
}

static bool account_links_are_the_systems(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Str user = world->ours.user;
    AccountLink link = { .id = S("x"), .kind = S("password"), .user = user };
    int64_t made;

    EXPECT_CODE(ERROR_DENIED, account_link_put(tx, theirs, &link, err));
    EXPECT_CODE(ERROR_DENIED,
                account_link_take(tx, theirs, world->arena, link.kind, link.id, 1, &link, err));
    EXPECT_CODE(ERROR_DENIED, account_link_made_at(tx, theirs, link.kind, user, &made, err));
    EXPECT_CODE(ERROR_DENIED, account_link_remove_of_user(tx, theirs, user, err));
    return true;
}

static bool sign_ins_are_the_systems(DbTx *tx, World *world, Error *err)
{
    return identities_are_the_systems(tx, world, err) && passkeys_are_their_own(tx, world, err) &&
           sign_in_states_are_the_systems(tx, world, err) &&
           account_links_are_the_systems(tx, world, err);
}

static bool keys_of_requests_stay(DbTx *tx, const Scope *theirs, Error *err)
{
    const IdempotencyKey once = { .key_hash = S("k"), .holder = S("h"), .status = 201 };
    CALL(idempotency_hold(tx, theirs, &once, err));
    CALL(idempotency_end(tx, theirs, &once, err));
    EXPECT_CODE(ERROR_CONFLICT, idempotency_change(tx, theirs, &once, err));
    CALL(idempotency_drop(tx, theirs, &once, false, err));
    return true;
}

static bool alerts_stay(DbTx *tx, const Scope *theirs, Error *err)
{
    EXPECT_CODE(ERROR_NOT_FOUND, alert_acknowledge(tx, theirs, secret.alert.id, err));
    EXPECT_CODE(ERROR_DENIED, alert_forget(tx, theirs, INT64_MAX, err));
    EXPECT_CODE(ERROR_NOT_FOUND, alert_silence_remove(tx, theirs, secret.silence.id, err));
    EXPECT_CODE(ERROR_DENIED, alert_silence_forget(tx, theirs, INT64_MAX, err));
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
    Document found;
    bool has_gone;
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
    EXPECT_CODE(ERROR_NOT_FOUND, document_version_find(tx, theirs, arena, id, 1, &found, err));
    CALL(kept_collection_let_go(tx, theirs, arena, id, INT64_MAX / 4, &has_gone, err));
    EXPECT(!has_gone);
    EXPECT_CODE(ERROR_NOT_FOUND, chunk_replace(tx, theirs, arena, id, 1, &chunk, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, vector_add(tx, theirs, arena, id, S("m"), &vector, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, collection_update(tx, theirs, &secret.collection, err));
    EXPECT_CODE(ERROR_NOT_FOUND, collection_remove(tx, theirs, secret.collection.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_update(tx, theirs, &secret.conversation, err));
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_remove(tx, theirs, secret.conversation.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, message_rate(tx, theirs, secret.message.id, 1, S(""), err));
    EXPECT_CODE(ERROR_NOT_FOUND, message_add(tx, theirs, arena, &secret.message, err));
    EXPECT_CODE(ERROR_NOT_FOUND, api_key_revoke(tx, theirs, secret.key.id, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, session_remove(tx, theirs, S("s1"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, membership_remove(tx, theirs, world->ours.user, err));
    EXPECT_CODE(ERROR_DENIED, workspace_remove(tx, theirs, world->ours.workspace, err));
    EXPECT_CODE(ERROR_DENIED, user_remove(tx, theirs, world->ours.user, err));
    CALL(people_are_their_own(tx, world, err));
    CALL(sign_ins_are_the_systems(tx, world, err));
    Judgement judgement = { .query = S("our plan"), .document = id };
    LabRun run = { .id = S("other"), .set = secret.set.id };
    EXPECT_CODE(ERROR_NOT_FOUND, judged_set_remove(tx, theirs, secret.set.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, judgement_set(tx, theirs, arena, secret.set.id, &judgement, err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_add(tx, theirs, &run, err));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_save(tx, theirs, S("run"), S("x"), err));
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
    CALL(keys_of_requests_stay(tx, theirs, err));
    CALL(alerts_stay(tx, theirs, err));
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
    CALL(prompt_log_clear(tx, theirs, err));
    StoredResponse response;
    EXPECT_CODE(ERROR_NOT_FOUND, response_find(tx, theirs, arena, S("r"), 0, &response, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_touch(tx, theirs, S("r"), 0, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_remove(tx, theirs, S("r"), err));
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
    EXPECT_CODE(ERROR_NOT_FOUND, recipe_remove(tx, theirs, arena, &recipe, err));
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

static bool webhooks_are_hidden(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;

    EXPECT_CODE(ERROR_NOT_FOUND, webhook_hold(tx, theirs, secret.hook.id, err));
    CALL(webhook_called(tx, theirs, &(Webhook){ .id = secret.hook.id, .failures = 1 }, err));
    EXPECT_CODE(ERROR_NOT_FOUND, webhook_delivery_save(tx, theirs, &secret.delivery, err));
    EXPECT_CODE(ERROR_NOT_FOUND, hook_update(tx, theirs, &secret.door, err));
    EXPECT_CODE(ERROR_NOT_FOUND, hook_remove(tx, theirs, secret.door.id, err));
    HookReceipt receipt = { .seen = S("other") };
    bool is_added;
    EXPECT_CODE(ERROR_NOT_FOUND,
                hook_receipt_add(tx, theirs, arena, secret.door.id, &receipt, &is_added, err));
    EXPECT_CODE(ERROR_DENIED,
                hook_receipt_forget(tx, theirs, arena, INT64_MAX, (StrList){ 0 }, INT64_MAX, err));
    EXPECT_CODE(ERROR_DENIED, webhook_delivery_forget(tx, theirs, INT64_MAX, err));
    WebhookDeliveryList late;
    EXPECT_CODE(ERROR_DENIED, webhook_delivery_overdue(tx, theirs, arena, INT64_MAX, &late, err));
    WebhookDeliveryFilter told = { .hook = secret.hook.id };
    EXPECT_EMPTY(WebhookDeliveryList,
                 webhook_delivery_list(tx, theirs, arena, &told, NULL, &list, err));
    EXPECT_EMPTY(StrList,
                 webhook_delivery_heads(tx, theirs, arena, secret.hook.id, NULL, &list, err));
    EXPECT_EMPTY(HookList, hook_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(HookReceiptList,
                 hook_receipt_list(tx, theirs, arena, secret.door.id, NULL, &list, err));
    return true;
}

static bool approvals_are_hidden(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Approval approval = secret.approval;
    const ApprovalFilter all = { 0 };

    EXPECT_CODE(ERROR_NOT_FOUND, approval_touch(tx, theirs, arena, approval.id, 0, &approval, err));
    EXPECT_CODE(ERROR_NOT_FOUND, approval_save(tx, theirs, &approval, err));
    EXPECT_CODE(ERROR_NOT_FOUND, approval_end(tx, theirs, &approval, err));
    int64_t withdrawn;
    CALL(approval_decisions_withdraw(tx, theirs, approval.id, &withdrawn, err));
    EXPECT(!withdrawn);
    EXPECT_CODE(ERROR_NOT_FOUND, approval_link_use(tx, theirs, S("hash"), err));
    EXPECT_EMPTY(ApprovalList, approval_list(tx, theirs, arena, &all, NULL, &list, err));
    EXPECT_CODE(ERROR_DENIED, approval_list_due(tx, theirs, arena, INT64_MAX, NULL,
                                                &(ApprovalKeyList){ 0 }, err));
    EXPECT_CODE(ERROR_DENIED, approval_purge(tx, theirs, INT64_MAX, 9, &withdrawn, err));
    bool is_set;
    CALL(approval_look_at(tx, theirs, &approval, 9, &is_set, err));
    EXPECT(!is_set);
    CALL(approval_look_for_user(tx, theirs, world->ours.user, err));
    CALL(approval_look_for_group(tx, theirs, secret.group.id, err));
    return true;
}

static bool groups_are_hidden(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Str id = secret.group.id;

    EXPECT_CODE(ERROR_NOT_FOUND, group_rename(tx, theirs, &secret.group, err));
    EXPECT_CODE(ERROR_NOT_FOUND, group_member_add(tx, theirs, id, theirs->user, err));
    EXPECT_CODE(ERROR_NOT_FOUND, group_member_remove(tx, theirs, id, world->ours.user, err));
    EXPECT_CODE(ERROR_NOT_FOUND, group_remove(tx, theirs, id, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                access_restrict(tx, theirs, GUARDED_DOCUMENT, secret.doc.id, NULL, 0, err));
    EXPECT_CODE(ERROR_NOT_FOUND, access_open(tx, theirs, GUARDED_DOCUMENT, secret.doc.id, err));
    CALL(access_forget(tx, theirs, secret.doc.id, err));
    CALL(access_forget_subject(tx, theirs, world->ours.user, err));
    Group group = { .name = S("Theirs") };
    CALL(group_add(tx, theirs, world->arena, &group, err));
    EXPECT_CODE(ERROR_NOT_FOUND, group_member_add(tx, theirs, group.id, world->ours.user, err));
    CALL(group_remove(tx, theirs, group.id, err));
    EXPECT_EMPTY(GroupList, group_list(tx, theirs, world->arena, &list, err));
    return true;
}

static bool jobs_go_on(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    NewJob child = { .type = S("t"), .parent = secret.job };
    NewJob again = { .type = S("t"), .subject = S("s"), .key = S("k") };
    JobLines woken = { 0 };
    bool is_running, is_new;
    int64_t count;
    Str id;

    EXPECT_CODE(ERROR_NOT_FOUND,
                jobs_store_cancel(tx, theirs, arena, secret.job, 1, &is_running, &woken, err));
    EXPECT_CODE(ERROR_NOT_FOUND, jobs_store_open(tx, theirs, arena, secret.job, 1, &woken, err));
    EXPECT_CODE(ERROR_NOT_FOUND, jobs_store_retry(tx, theirs, secret.job, 1, err));
    EXPECT_CODE(ERROR_NOT_FOUND, jobs_store_remove(tx, theirs, secret.job, err));
    EXPECT_CODE(ERROR_CONFLICT, jobs_store_add(tx, theirs, arena, &child, &id, &is_new, err));
    CALL(jobs_store_retry_dead(tx, theirs, arena, STR_NONE, 1, 9, &count, err));
    EXPECT(count == 0);
    CALL(jobs_store_remove_dead(tx, theirs, STR_NONE, 9, &count, err));
    EXPECT(count == 0);
    CALL(jobs_store_add(tx, theirs, arena, &again, &id, &is_new, err));
    EXPECT(is_new && !str_equal(id, secret.job));
    EXPECT_CODE(ERROR_NOT_FOUND, schedule_update(tx, theirs, &secret.schedule, err));
    EXPECT_CODE(ERROR_NOT_FOUND, schedule_set_job(tx, theirs, secret.schedule.id, S("j"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, schedule_remove(tx, theirs, secret.schedule.id, err));
    EXPECT_EMPTY(ScheduleList,
                 schedule_list_payload(tx, theirs, arena, S("t"), S("{"), &list, err));
    return true;
}

static bool blocks_are_empty(DbTx *tx, const Scope *theirs, Arena *arena, Str id, Error *err)
{
    BlockRange range = { .document = id, .version = 1, .count = 9 };
    EXPECT_EMPTY(StoredBlockList, block_list(tx, theirs, arena, id, 1, 0, 9, &list, err));
    EXPECT_EMPTY(StoredBlockList, block_list_of_page(tx, theirs, arena, id, 1, 1, &list, err));
    EXPECT_EMPTY(StoredBlockList, block_list_of_range(tx, theirs, arena, id, 1, 0, 99, &list, err));
    CALL(block_list_many(tx, theirs, arena, &range, 1, err));
    EXPECT(!range.found.count);
    return true;
}

/* What filters are made of. */
static bool filters_are_empty(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str id = secret.doc.id;

    EXPECT_EMPTY(DocumentColumnsList,
                 document_columns_after(tx, theirs, arena, S(""), 9, &list, err));
    EXPECT_EMPTY(DocumentColumnsList,
                 document_columns_of(tx, theirs, arena, (StrList){ &id, 1 }, &list, err));
    EXPECT_EMPTY(IndexChangeList, index_change_list_documents(tx, theirs, arena, 0, 9, &list, err));
    EXPECT_EMPTY(StrList, collection_list_ids(tx, theirs, arena,
                                              (StrList){ (Str[]){ S("Plans") }, 1 }, &list, err));
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
    EXPECT_EMPTY(StrList, document_fact_documents(tx, theirs, arena, &condition, &list, err));
    CALL(document_count_since(tx, theirs, arena, &(DocumentFilter){ 0 }, 0, &count, err));
    EXPECT(count == 0);
    CALL(chunk_newest(tx, theirs, &count, err));
    EXPECT(count == 0);
    EXPECT_EMPTY(SavedSearchList, saved_search_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(GatewayItemList, gateway_item_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(DocumentList, document_children(tx, theirs, arena, id, &list, err));
    EXPECT_EMPTY(DocumentVersionList, document_version_list(tx, theirs, arena, id, &list, err));
    EXPECT_EMPTY(DocumentKeyList,
                 document_list_unembedded(tx, theirs, arena, S("x"), NULL, 9, &list, err));
    EXPECT_EMPTY(TagCountList, document_tags(tx, theirs, arena, &list, err));
    CALL(blocks_are_empty(tx, theirs, arena, id, err));
    EXPECT_EMPTY(ChunkList, chunk_list(tx, theirs, arena, id, 1, 0, 9, &list, err));
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
    EXPECT_EMPTY(PromptLogList, prompt_log_list(tx, theirs, arena, STR_NONE, NULL, &list, err));
    EXPECT_EMPTY(NoticeList, notice_list(tx, theirs, arena, false, NULL, &list, err));
    EXPECT_EMPTY(NoticeList,
                 notice_list_to_mail(tx, theirs, arena, person, NOTICE_MAIL_NOW, 9, &list, err));
    EXPECT_EMPTY(NoticeChoiceList, notice_choice_list(tx, theirs, arena, STR_NONE, &list, err));
    EXPECT_EMPTY(WebhookList, webhook_list(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(AlertList, alert_list(tx, theirs, arena, false, NULL, &list, err));
    EXPECT_EMPTY(AlertList, alert_list_open(tx, theirs, arena, &list, err));
    EXPECT_EMPTY(AlertSilenceList, alert_silence_list(tx, theirs, arena, 0, &list, err));
    EXPECT_EMPTY(ScheduleList, schedule_list(tx, theirs, arena, &(Slice){ 0 }, &list, err));
    CALL(chunk_find_many(tx, theirs, arena, secret.numbers.at, 3, &hits, err));
    EXPECT(!hits[0].chunk.number && !hits[2].chunk.text.length);
    CALL(statistics_find(tx, theirs, STR_NONE, &statistics, err));
    EXPECT(!statistics.chunks && !statistics.file_bytes && statistics.people == 1);
    return true;
}

static bool workflows_are_hidden(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    const WorkflowMove move = { .execution = secret.execution.id, .from = S("a"), .attempt = 1 };
    const WorkflowFrame child = { .step = S("a") };
    WorkflowExecution ended = secret.execution;
    WorkflowKeyList keys;
    Str id = secret.execution.id;
    int64_t number;
    bool is_changed;

    ended.state = S("done");
    EXPECT_CODE(ERROR_CONFLICT, workflow_move(tx, theirs, &move, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                workflow_frame_add(tx, theirs, world->arena, id, &child, 1, 1, &number, err));
    EXPECT_CODE(ERROR_NOT_FOUND, workflow_frame_restart(tx, theirs, id, S("a"), err));
    CALL(workflow_execution_end(tx, theirs, &ended, &is_changed, err));
    EXPECT(!is_changed);
    CALL(workflow_execution_set_state(tx, theirs, id, S("running"), STR_NONE, S("paused"),
                                      &is_changed, err));
    EXPECT(!is_changed);
    CALL(workflow_frame_wake(tx, theirs, id, 0, STR_NONE, -1, S("{}"), &is_changed, err));
    EXPECT(!is_changed);
    CALL(workflow_frame_begin(tx, theirs, id, 1, 0, &is_changed, err));
    EXPECT(!is_changed);
    CALL(workflow_frame_stop(tx, theirs, world->arena, id, -1, S("cancelled"), err));
    CALL(workflow_frame_child_over(tx, theirs, id, 0, &number, err));
    CALL(workflow_execution_purge(tx, theirs, INT64_MAX, 9, &number, err));
    CALL(workflow_execution_list_expired(tx, theirs, world->arena, INT64_MAX, 9, &keys, err));
    EXPECT(!number && !keys.count);
    EXPECT_CODE(ERROR_DENIED,
                workflow_frame_list_lost(tx, theirs, world->arena, INT64_MAX, 9, &keys, err));
    return true;
}

bool isolation_change(DbTx *tx, World *world, Error *err)
{
    return workflows_are_hidden(tx, world, err) && functions_change_nothing(tx, world, err) &&
           talks_are_hidden(tx, world, err) && labels_are_hidden(tx, world, err) &&
           nothing_is_learned(tx, world, err) && no_cards_are_listed(tx, world, err) &&
           approvals_are_hidden(tx, world, err) && groups_are_hidden(tx, world, err) &&
           webhooks_are_hidden(tx, world, err) && filters_are_empty(tx, world, err) &&
           lists_are_empty(tx, world, err) && isolation_meetings_hidden(tx, world, err) &&
           jobs_go_on(tx, world, err);
}
