/* kept_by_keys_test.c - what a key that is limited to collections keeps is its own, and ends with
 * it. */
#include "store/api_keys_store.h"
#include "store/conversations_store.h"
#include "store/study_decks_store.h"
#include "store/world_test.h"

static bool add_key(DbTx *tx, World *world, const char *name, Scope *limited_r, Error *err)
{
    ApiKey key = { .user = world->ours.user,
                   .name = str(name),
                   .prefix = S("lk_"),
                   .hash = str(name),
                   .role = ROLE_EDITOR,
                   .collections = S("shelf") };
    CALL(api_key_add(tx, &world->ours, world->arena, &key, err));
    *limited_r = world->ours;
    limited_r->role = ROLE_EDITOR;
    limited_r->key = key.id;
    limited_r->collections = key.collections;
    return true;
}

static bool counts(DbTx *tx, World *world, const Scope *scope, int64_t wanted, Error *err)
{
    ConversationList talks;
    StudyDeckList decks;
    const StudyDue due = { 0 };
    CALL(conversation_list(tx, scope, world->arena, NULL, NULL, &talks, err));
    CALL(study_deck_list(tx, scope, world->arena, &due, &decks, err));
    EXPECT(talks.total == wanted && (int64_t)decks.count == wanted);
    return true;
}

STORE_TEST(what_a_limited_key_keeps_is_its_own_and_goes_with_it)
{
    Scope limited, other;
    Conversation talk = { .title = S("t") };
    StudyDeck deck = { .name = S("d") };
    CALL(add_key(tx, world, "one", &limited, err) && add_key(tx, world, "other", &other, err));
    CALL(conversation_add(tx, &limited, world->arena, &talk, err));
    CALL(study_deck_add(tx, &limited, world->arena, &deck, err));
    CALL(counts(tx, world, &limited, 1, err) && counts(tx, world, &other, 0, err) &&
         counts(tx, world, &world->ours, 0, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                conversation_find(tx, &world->ours, world->arena, talk.id, &talk, err));
    CALL(api_key_revoke(tx, &world->ours, other.key, 1, err));
    CALL(counts(tx, world, &limited, 1, err));
    CALL(api_key_revoke(tx, &world->ours, limited.key, 1, err));
    CALL(counts(tx, world, &limited, 0, err));
    return true;
}
