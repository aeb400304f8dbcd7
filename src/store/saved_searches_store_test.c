/* saved_searches_store_test.c - searches that a person keeps. */
#include "store/saved_searches_store.h"
#include "store/world_test.h"

STORE_TEST(a_saved_search_is_kept_changed_and_removed)
{
    const Scope *ours = &world->ours;
    SavedSearch saved = {
        .name = S("Größe"), .query = S("bridge"), .mode = S("hybrid"), .filters = S("{}")
    };
    SavedSearch second = { .name = S("another"), .query = S("a"), .filters = S("{}") }, found;
    SavedSearchList list;

    CALL(saved_search_add(tx, ours, world->arena, &saved, err));
    CALL(saved_search_add(tx, ours, world->arena, &second, err));
    CALL(saved_search_list(tx, ours, world->arena, &list, err));
    EXPECT(list.count == 2 && str_is(list.at[0].name, "another"));
    saved.query = S("bridges");
    CALL(saved_search_update(tx, ours, world->arena, &saved, err));
    CALL(saved_search_find(tx, ours, world->arena, saved.id, &found, err));
    EXPECT(str_is(found.query, "bridges") && str_is(found.name, "Größe") && !found.last_run_at_ms);
    EXPECT_CODE(ERROR_CONFLICT, saved_search_add(tx, ours, world->arena,
                                                 &(SavedSearch){ .name = S("GRÖSSE") }, err));
    second.name = S("grösse");
    EXPECT_CODE(ERROR_CONFLICT, saved_search_update(tx, ours, world->arena, &second, err));
    CALL(saved_search_remove(tx, ours, saved.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, saved_search_find(tx, ours, world->arena, saved.id, &found, err));
    return true;
}

STORE_TEST(a_search_tells_from_the_moment_it_is_asked_to)
{
    const Scope *ours = &world->ours;
    SavedSearch saved = { .name = S("a"), .query = S("a"), .filters = S("{}") }, found;
    SavedSearchList list;
    Document doc;

    CALL(saved_search_add(tx, ours, world->arena, &saved, err));
    CALL(world_ready(tx, world, ours, "new.txt", "new", 2, &doc, err));
    CALL(saved_search_list_telling(tx, &world->system, world->arena, S(""), &list, err));
    EXPECT(!list.count);
    saved.tells = true;
    saved.query = S("b");
    CALL(saved_search_update(tx, ours, world->arena, &saved, err));
    CALL(saved_search_list_telling(tx, &world->system, world->arena, S(""), &list, err));
    EXPECT(list.count == 1 && list.at[0].told_number > 0);
    EXPECT(str_equal(list.at[0].user, ours->user));
    CALL(saved_search_mark_told(tx, ours, saved.id, 99, err));
    CALL(saved_search_find(tx, ours, world->arena, saved.id, &found, err));
    EXPECT(found.told_number == 99 && found.tells);
    CALL(saved_search_list_telling(tx, &world->system, world->arena, saved.id, &list, err));
    EXPECT(!list.count);
    EXPECT_CODE(ERROR_DENIED, saved_search_list_telling(tx, ours, world->arena, S(""), &list, err));
    return true;
}

STORE_TEST(what_a_search_has_seen_is_a_number_of_a_passage)
{
    const Scope *ours = &world->ours;
    SavedSearch saved = { .name = S("a"), .query = S("a"), .filters = S("{}") };
    Document doc;
    int64_t newest, count;
    DocumentFilter all = { 0 }, other = { .format = S("pdf") };

    CALL(world_ready(tx, world, ours, "old.txt", "old", 2, &doc, err));
    CALL(saved_search_add(tx, ours, world->arena, &saved, err));
    CALL(chunk_newest(tx, ours, &newest, err));
    EXPECT(newest > 0 && saved.seen_number == newest);
    CALL(document_count_since(tx, ours, world->arena, &all, saved.seen_number, &count, err));
    EXPECT(count == 0);
    CALL(world_ready(tx, world, ours, "new.txt", "new", 3, &doc, err));
    CALL(document_count_since(tx, ours, world->arena, &all, saved.seen_number, &count, err));
    EXPECT(count == 1);
    CALL(document_count_since(tx, ours, world->arena, &other, saved.seen_number, &count, err));
    EXPECT(count == 0);
    CALL(chunk_newest(tx, ours, &newest, err));
    CALL(saved_search_mark_seen(tx, ours, saved.id, newest, err));
    CALL(saved_search_find(tx, ours, world->arena, saved.id, &saved, err));
    EXPECT(saved.seen_number == newest && saved.last_run_at_ms > 0);
    return true;
}

/* Another name keeps what is new; another query begins anew. */
STORE_TEST(a_changed_query_has_nothing_new)
{
    const Scope *ours = &world->ours;
    SavedSearch saved = { .name = S("a"), .query = S("a"), .filters = S("{}") };
    Document doc;
    int64_t newest;

    CALL(saved_search_add(tx, ours, world->arena, &saved, err));
    CALL(world_ready(tx, world, ours, "new.txt", "new", 3, &doc, err));
    CALL(chunk_newest(tx, ours, &newest, err));
    saved.name = S("b");
    CALL(saved_search_update(tx, ours, world->arena, &saved, err));
    EXPECT(saved.seen_number < newest);
    saved.query = S("b");
    CALL(saved_search_update(tx, ours, world->arena, &saved, err));
    EXPECT(saved.seen_number == newest);
    return true;
}

STORE_TEST(saved_searches_of_others_are_not_seen)
{
    Scope other = world->ours;
    SavedSearch saved = { .name = S("a"), .query = S("a"), .filters = S("{}") };
    SavedSearchList list;

    CALL(saved_search_add(tx, &world->ours, world->arena, &saved, err));
    other.user = S("somebody");
    CALL(saved_search_list(tx, &other, world->arena, &list, err));
    EXPECT(list.count == 0);
    EXPECT_CODE(ERROR_NOT_FOUND, saved_search_remove(tx, &other, saved.id, err));
    CALL(saved_search_add(tx, &other, world->arena, &saved, err));
    return true;
}

STORE_TEST(a_person_keeps_so_many_searches)
{
    const Scope *ours = &world->ours;
    for (size_t i = 0; i < SAVED_SEARCHES_MAX; i++) {
        SavedSearch saved = { .name = str_format(world->arena, "%zu", i), .filters = S("{}") };
        CALL(saved_search_add(tx, ours, world->arena, &saved, err));
    }
    EXPECT_CODE(ERROR_CONFLICT,
                saved_search_add(tx, ours, world->arena,
                                 &(SavedSearch){ .name = S("more"), .filters = S("{}") }, err));
    return true;
}
