/* ledgers_test.c - conversations, messages, searches, audit, settings, secrets, keys of requests.
 */
#include "store/world_test.h"

#include "store/audit_store.h"
#include "store/conversations_store.h"
#include "store/idempotency_store.h"
#include "store/messages_store.h"
#include "store/people_store.h"
#include "store/prompt_logs_store.h"
#include "store/responses_store.h"
#include "store/retention.h"
#include "store/searches_store.h"
#include "store/secrets_store.h"
#include "store/settings_store.h"

STORE_TEST(conversations_are_pinned_and_read_in_parts)
{
    const Scope *ours = &world->ours;
    Conversation one = { 0 }, found;
    ConversationList list;
    Slice slice = { .limit = 4 };
    ConversationFilter named = { .words = S("TÄLK") };
    size_t seen = 0;

    for (int i = 0; i < 10; i++) {
        one =
            (Conversation){ .title = str_format(world->arena, "Tälk %d", i), .is_pinned = i == 3 };
        CALL(conversation_add(tx, ours, world->arena, &one, err));
    }
    do {
        CALL(conversation_list(tx, ours, world->arena, &named, &slice, &list, err));
        EXPECT(list.total == 10);
        EXPECT(seen || str_is(list.at[0].title, "Tälk 3"));
        seen += list.count;
        slice.after = list.next;
    } while (slice.after.length);
    EXPECT(seen == 10);
    one.title = S("new");
    one.is_pinned = true;
    CALL(conversation_update(tx, ours, &one, err));
    CALL(conversation_find(tx, ours, world->arena, one.id, &found, err));
    EXPECT(str_is(found.title, "new") && found.is_pinned && str_equal(found.user, ours->user));
    Scope other = *ours;
    other.user = S("someone else");
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_find(tx, &other, world->arena, one.id, &found, err));
    CALL(conversation_remove(tx, ours, one.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_remove(tx, ours, one.id, err));
    return true;
}

STORE_TEST(conversations_are_found_by_folder_and_by_what_was_said)
{
    const Scope *ours = &world->ours;
    Conversation one = { .title = S("a"), .folder = S("Trips") }, other = { .title = S("b") };
    Message message = { .role = S("user"), .text = S("The ÆTNA erupts") };
    ConversationFilter said = { .words = S("ætna") }, in = { .folder = S("Trips") };
    ConversationFolderList folders;
    ConversationList list;

    CALL(conversation_add(tx, ours, world->arena, &one, err));
    CALL(conversation_add(tx, ours, world->arena, &other, err));
    message.conversation = other.id;
    CALL(message_add(tx, ours, world->arena, &message, err));
    CALL(conversation_list(tx, ours, world->arena, &said, NULL, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].id, other.id));
    EXPECT(str_equal(list.at[0].shown, message.id));
    CALL(conversation_list(tx, ours, world->arena, &in, NULL, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].id, one.id));
    CALL(conversation_folders(tx, ours, world->arena, &folders, err));
    EXPECT(folders.count == 1 && folders.at[0].count == 1 && str_is(folders.at[0].name, "Trips"));
    /* A summary is neither shown nor found. */
    message.role = S("summary");
    message.text = S("about Stromboli");
    CALL(message_add(tx, ours, world->arena, &message, err));
    said.words = S("stromboli");
    CALL(conversation_list(tx, ours, world->arena, &said, NULL, &list, err));
    EXPECT(list.count == 0);
    CALL(conversation_find(tx, ours, world->arena, other.id, &other, err));
    EXPECT(!str_equal(other.shown, message.id));
    return true;
}

STORE_TEST(a_shared_conversation_is_found_by_its_link_inside_the_workspace_only)
{
    const Scope *ours = &world->ours;
    Scope colleague = *ours;
    Conversation one = { .title = S("a") }, found;

    colleague.user = S("someone else");
    CALL(conversation_add(tx, ours, world->arena, &one, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                conversation_find_shared(tx, ours, world->arena, S(""), &found, err));
    one.share = S("token");
    CALL(conversation_update(tx, ours, &one, err));
    CALL(conversation_find_shared(tx, &colleague, world->arena, one.share, &found, err));
    EXPECT(str_equal(found.user, ours->user));
    EXPECT_CODE(ERROR_NOT_FOUND,
                conversation_find_shared(tx, &world->theirs, world->arena, one.share, &found, err));
    EXPECT_CODE(ERROR_NOT_FOUND, conversation_update(tx, &colleague, &found, err));
    return true;
}

STORE_TEST(messages_keep_their_order_and_rating)
{
    const Scope *ours = &world->ours;
    Conversation conversation = { .title = S("c") };
    Message message = { 0 };
    MessageList list;

    CALL(conversation_add(tx, ours, world->arena, &conversation, err));
    for (int i = 0; i < 6; i++) {
        message = (Message){ .conversation = conversation.id,
                             .role = i % 2 ? S("assistant") : S("user"),
                             .text = str_format(world->arena, "%d", i) };
        CALL(message_add(tx, ours, world->arena, &message, err));
        EXPECT(message.ordinal == i);
    }
    CALL(message_rate(tx, ours, message.id, -1, S("wrong page"), err));
    EXPECT_CODE(ERROR_INVALID, message_rate(tx, ours, message.id, 5, S(""), err));
    CALL(message_list(tx, ours, world->arena, conversation.id, 3, &list, err));
    EXPECT(list.count == 3 && list.at[0].ordinal == 3 && str_is(list.at[2].text, "5"));
    EXPECT(list.at[2].rating == -1 && str_is(list.at[2].rating_reason, "wrong page"));
    return true;
}

STORE_TEST(logged_prompts_go_with_their_person_and_with_time)
{
    const Scope *ours = &world->ours;
    PromptLog log = { .id = S("1"), .user = ours->user, .prompt = S("p"), .created_at_ms = 10 };
    PromptLogList list;
    int64_t removed;

    CALL(prompt_log_add(tx, ours, &log, err) && prompt_log_add(tx, ours, &log, err));
    log = (PromptLog){ .id = S("2"), .is_hashed = true, .created_at_ms = 20 };
    CALL(prompt_log_add(tx, ours, &log, err));
    log = (PromptLog){ .id = S("3"), .created_at_ms = 30 };
    CALL(prompt_log_add(tx, ours, &log, err));
    CALL(prompt_log_list(tx, ours, world->arena, STR_NONE, &(Slice){ .limit = 2 }, &list, err));
    EXPECT(list.count == 2 && str_is(list.at[0].id, "3") && list.at[1].is_hashed);
    CALL(prompt_log_list(tx, ours, world->arena, ours->user, NULL, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].prompt, "p") && !list.at[0].is_hashed);
    CALL(user_remove(tx, &world->system, ours->user, err));
    log = (PromptLog){ .id = S("4"), .user = ours->user, .created_at_ms = 40 }; /* too late */
    CALL(prompt_log_add(tx, ours, &log, err));
    CALL(retention_cut(tx, &world->system, RETENTION_PROMPTS, 30, 9, &removed, err));
    CALL(prompt_log_list(tx, ours, world->arena, STR_NONE, NULL, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].id, "3"));
    CALL(prompt_log_clear(tx, ours, err));
    CALL(prompt_log_list(tx, ours, world->arena, STR_NONE, NULL, &list, err));
    EXPECT(list.count == 0);
    return true;
}

STORE_TEST(responses_are_their_users_until_their_time_is_over)
{
    const Scope *ours = &world->ours;
    Scope other = *ours;
    StoredResponse row = { .id = S("r"), .reply = S("a"), .is_running = true, .alive_until_ms = 5 };
    bool was_there;
    int64_t removed;

    other.user = S("somebody else");
    row.expires_at_ms = 100;
    CALL(response_put(tx, ours, &row, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_put(tx, &other, &row, err)); /* the id is taken */
    EXPECT_CODE(ERROR_NOT_FOUND, response_find(tx, &other, world->arena, row.id, 1, &row, err));
    CALL(response_touch(tx, ours, row.id, 50, err));
    CALL(response_find(tx, ours, world->arena, row.id, 99, &row, err));
    EXPECT(row.is_running && row.alive_until_ms == 50 && str_is(row.reply, "a"));
    EXPECT_CODE(ERROR_NOT_FOUND, response_find(tx, ours, world->arena, row.id, 100, &row, err));

    CALL(response_cancel(tx, ours, row.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_touch(tx, ours, row.id, 60, err));
    row.reply = S("b");
    row.items = S("c");
    CALL(response_end(tx, ours, &row, &was_there, err));
    EXPECT(was_there);
    CALL(response_find(tx, ours, world->arena, row.id, 1, &row, err));
    EXPECT(!row.is_running && str_is(row.reply, "b") && str_is(row.items, "c"));
    CALL(response_end(tx, ours, &row, &was_there, err));
    EXPECT(!was_there);
    CALL(retention_cut(tx, &world->system, RETENTION_RESPONSES, 101, 9, &removed, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_remove(tx, ours, row.id, err));
    CALL(response_put(tx, ours, &row, err));
    CALL(user_remove(tx, &world->system, ours->user, err));
    EXPECT_CODE(ERROR_NOT_FOUND, response_remove(tx, ours, row.id, err));
    return true;
}

STORE_TEST(searches_are_remembered_for_one_person)
{
    const Scope *ours = &world->ours;
    Search search = { .query = S("Größe der Brücke"), .mode = S("hybrid"), .took_ms = 4 };
    SearchList list;
    int64_t removed;

    for (int i = 0; i < 3; i++) {
        search.id = STR_NONE;
        CALL(search_add(tx, ours, world->arena, &search, err));
    }
    CALL(search_list(tx, ours, world->arena, S("GRÖSSE d"), NULL, &list, err));
    EXPECT(list.count == 3 && str_is(list.at[0].query, "Größe der Brücke"));
    CALL(search_list(tx, ours, world->arena, S("Brücke"), NULL, &list, err));
    EXPECT(list.count == 0);
    CALL(search_list(tx, ours, world->arena, STR_NONE, &(Slice){ .limit = 2 }, &list, err));
    EXPECT(list.count == 2 && list.next.length);
    CALL(search_list(tx, ours, world->arena, STR_NONE, &(Slice){ .after = list.next }, &list, err));
    EXPECT(list.count == 1);
    CALL(search_remove(tx, ours, list.at[0].id, err));
    CALL(retention_cut(tx, &world->system, RETENTION_SEARCHES, INT64_MAX, 9, &removed, err));
    EXPECT(removed == 2);
    return true;
}

STORE_TEST(a_query_is_unfound_until_a_result_of_it_is_opened)
{
    static const struct {
        const char *query;
        int64_t results;
    } searches[] = { { "bridge", 4 }, { "Bridge", 3 }, { "tunnel", 0 }, { "ferry", 0 },
                     { "FERRY", 0 },  { "road", 2 },   { "bridge", 1 }, { "tunnel", 1 } };
    const Scope *ours = &world->ours;
    SearchOpening opening = { .rank = 1 };
    UnfoundList list;
    Document doc;

    CALL(world_document(tx, world, ours, "road.txt", "road", &doc, err));
    opening.document = doc.id;
    for (size_t i = 0; i < COUNT(searches); i++) {
        Search search = { .query = str(searches[i].query), .result_count = searches[i].results };
        CALL(search_add(tx, ours, world->arena, &search, err));
        opening.search = search.id;
        if (str_is(search.query, "road"))
            CALL(search_open(tx, ours, &opening, err));
    }
    CALL(search_unfound(tx, ours, world->arena, UNFOUND_EITHER, 9, &list, err));
    EXPECT(list.count == 3);
    EXPECT(str_equal_ignore_case(list.at[0].query, S("ferry")) && list.at[0].times == 2);
    EXPECT(str_equal_ignore_case(list.at[1].query, S("bridge")) && list.at[1].result_count == 4);
    EXPECT(str_is(list.at[2].query, "tunnel") && list.at[2].result_count == 1);
    CALL(search_unfound(tx, ours, world->arena, UNFOUND_RESULTS, 9, &list, err));
    EXPECT(list.count == 1 && list.at[0].times == 2);
    CALL(search_unfound(tx, ours, world->arena, UNFOUND_OPENED, 9, &list, err));
    EXPECT(list.count == 2);
    opening.document = S("none");
    EXPECT_CODE(ERROR_NOT_FOUND, search_open(tx, ours, &opening, err));
    return true;
}

STORE_TEST(the_audit_log_is_filtered)
{
    const Scope *ours = &world->ours;
    AuditList list;

    for (int i = 0; i < 5; i++) {
        AuditEntry entry = { .action = i % 2 ? S("key.add") : S("document.add"),
                             .details = S("{}") };
        CALL(audit_add(tx, ours, &entry, err));
    }
    CALL(audit_list(tx, ours, world->arena, &(AuditFilter){ .action = S("key.add") }, NULL, &list,
                    err));
    EXPECT(list.count == 2 && str_equal(list.at[0].user, ours->user));
    CALL(audit_list(tx, ours, world->arena, NULL, &(Slice){ .limit = 3 }, &list, err));
    EXPECT(list.count == 3 && list.next.length);
    CALL(audit_list(tx, ours, world->arena, NULL, &(Slice){ .after = list.next }, &list, err));
    EXPECT(list.count == 2 && !list.next.length);
    return true;
}

STORE_TEST(settings_and_secrets_are_replaced)
{
    const Scope *ours = &world->ours;
    SettingList list;
    Str value;

    CALL(setting_set(tx, ours, S("a"), S("1"), err));
    CALL(setting_set(tx, ours, S("a"), S("2"), err));
    EXPECT(!setting_replace(tx, ours, S("a"), S("1"), S("3"), err) && err->code == ERROR_CONFLICT);
    EXPECT(!setting_replace(tx, ours, S("a"), STR_NONE, S("3"), err) &&
           err->code == ERROR_CONFLICT);
    CALL(setting_replace(tx, ours, S("a"), S("2"), S("3"), err));
    CALL(setting_replace(tx, ours, S("a"), S("3"), S("2"), err));
    CALL(setting_replace(tx, ours, S("new"), STR_NONE, S("1"), err));
    CALL(setting_remove(tx, ours, S("new"), err));
    CALL(setting_list(tx, ours, world->arena, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].value, "2"));
    CALL(setting_remove(tx, ours, S("a"), err));
    CALL(setting_remove(tx, ours, S("a"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, setting_find(tx, ours, world->arena, S("a"), &value, err));
    CALL(secret_set(tx, ours, S("k"), S("\0\1\2"), err));
    CALL(secret_set(tx, ours, S("k"), S("\2\1\0"), err));
    CALL(secret_find(tx, ours, world->arena, S("k"), &value, err));
    EXPECT(str_equal(value, S("\2\1\0")));
    return true;
}

static IdempotencyKey key_of(Str holder, Str fingerprint)
{
    return (IdempotencyKey){ .key_hash = S("k"),
                             .fingerprint = fingerprint,
                             .holder = holder,
                             .held_until_ms = 50,
                             .expires_at_ms = 100 };
}

STORE_TEST(a_request_sent_twice_is_done_once)
{
    const Scope *ours = &world->ours;
    IdempotencyKey key = key_of(S("a"), S("f")), again = key_of(S("b"), S("f"));
    IdempotencyKey other = key_of(S("c"), S("g"));
    bool is_new;
    int64_t removed;

    CALL(idempotency_begin(tx, ours, world->arena, &key, 1, &is_new, err));
    EXPECT(is_new);
    EXPECT_CODE(ERROR_CONFLICT, idempotency_begin(tx, ours, world->arena, &again, 2, &is_new, err));
    key.status = 201;
    key.answer = S("\1\2");
    CALL(idempotency_end(tx, ours, &key, err));
    CALL(idempotency_begin(tx, ours, world->arena, &again, 99, &is_new, err));
    EXPECT(!is_new && again.status == 201 && str_equal(again.answer, S("\1\2")));
    EXPECT_CODE(ERROR_REUSED, idempotency_begin(tx, ours, world->arena, &other, 99, &is_new, err));
    CALL(idempotency_begin(tx, ours, world->arena, &other, 100, &is_new, err));
    EXPECT(is_new);
    CALL(retention_cut(tx, &world->system, RETENTION_IDEMPOTENCY, 101, 9, &removed, err));
    EXPECT(removed == 1);
    return true;
}

STORE_TEST(a_request_whose_node_died_is_taken_over_by_one_that_asks_again)
{
    const Scope *ours = &world->ours;
    IdempotencyKey dead = key_of(S("a"), S("f")), next = key_of(S("b"), S("f"));
    IdempotencyKey third = key_of(S("c"), S("f"));
    bool is_new;

    CALL(idempotency_begin(tx, ours, world->arena, &dead, 1, &is_new, err));
    dead.held_until_ms = 60;
    CALL(idempotency_hold(tx, ours, &dead, err));
    EXPECT_CODE(ERROR_CONFLICT, idempotency_begin(tx, ours, world->arena, &next, 55, &is_new, err));
    next.held_until_ms = 90;
    CALL(idempotency_begin(tx, ours, world->arena, &next, 60, &is_new, err));
    EXPECT(is_new);
    EXPECT_CODE(ERROR_CONFLICT,
                idempotency_begin(tx, ours, world->arena, &third, 61, &is_new, err));
    dead.status = 500;
    CALL(idempotency_end(tx, ours, &dead, err));
    CALL(idempotency_drop(tx, ours, &dead, false, err));
    next.status = 201;
    CALL(idempotency_end(tx, ours, &next, err));
    CALL(idempotency_begin(tx, ours, world->arena, &third, 62, &is_new, err));
    EXPECT(!is_new && third.status == 201);
    return true;
}

STORE_TEST(a_request_that_has_changed_something_is_not_done_again_when_its_node_died)
{
    const Scope *ours = &world->ours;
    IdempotencyKey dead = key_of(S("a"), S("f")), next = key_of(S("b"), S("f"));
    bool is_new;

    CALL(idempotency_begin(tx, ours, world->arena, &dead, 1, &is_new, err));
    CALL(idempotency_change(tx, ours, &dead, err));
    CALL(idempotency_change(tx, ours, &dead, err));
    EXPECT_CODE(ERROR_CONFLICT, idempotency_begin(tx, ours, world->arena, &next, 49, &is_new, err));
    CALL(idempotency_begin(tx, ours, world->arena, &next, 50, &is_new, err));
    EXPECT(!is_new && next.status == 0 && next.changes == 2);
    CALL(idempotency_drop(tx, ours, &dead, true, err));
    next = key_of(S("b"), S("f"));
    CALL(idempotency_begin(tx, ours, world->arena, &next, 50, &is_new, err));
    EXPECT(!is_new && next.changes == 2);
    CALL(idempotency_drop(tx, ours, &dead, false, err));
    next = key_of(S("b"), S("f"));
    CALL(idempotency_begin(tx, ours, world->arena, &next, 50, &is_new, err));
    EXPECT(is_new);
    return true;
}

STORE_TEST(a_change_keeps_the_answer_of_its_request_and_nobody_changes_anything_who_was_taken_over)
{
    const Scope *ours = &world->ours;
    IdempotencyKey slow = key_of(S("a"), S("f")), next = key_of(S("b"), S("f"));
    IdempotencyKey third = key_of(S("c"), S("f"));
    bool is_new;

    CALL(idempotency_begin(tx, ours, world->arena, &slow, 1, &is_new, err));
    CALL(idempotency_begin(tx, ours, world->arena, &next, 50, &is_new, err));
    EXPECT(is_new);
    EXPECT_CODE(ERROR_CONFLICT, idempotency_change(tx, ours, &slow, err));
    next.status = 201;
    next.answer = S("\1");
    CALL(idempotency_change(tx, ours, &next, err));
    CALL(idempotency_change(tx, ours, &next, err));
    CALL(idempotency_drop(tx, ours, &next, false, err));
    CALL(idempotency_begin(tx, ours, world->arena, &third, 51, &is_new, err));
    EXPECT(!is_new && third.status == 201 && str_equal(third.answer, S("\1")));
    return true;
}
