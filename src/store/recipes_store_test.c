/* recipes_store_test.c - personas and prompts with their versions. */
#include "store/audit_store.h"
#include "store/recipes_store.h"
#include "store/world_test.h"

#define PERSONA S(RECIPE_PERSONA)

STORE_TEST(another_body_is_another_version_and_the_old_one_stays)
{
    const Scope *ours = &world->ours;
    Recipe recipe = { .kind = PERSONA, .name = S("Größe"), .body = S("{\"a\":1}") }, found;
    RecipeVersionList versions;
    RecipeVersion first;

    CALL(recipe_add(tx, ours, world->arena, &recipe, err));
    recipe.name = S("Groß");
    CALL(recipe_update(tx, ours, world->arena, &recipe, err));
    EXPECT(recipe.version == 1); /* only the name is new */
    recipe.body = S("{\"a\":2}");
    CALL(recipe_update(tx, ours, world->arena, &recipe, err));
    CALL(recipe_find_by_name(tx, ours, world->arena, PERSONA, S("GROSS"), &found, err));
    EXPECT(found.version == 2 && str_is(found.body, "{\"a\":2}") && str_is(found.name, "Groß"));
    CALL(recipe_version_list(tx, ours, world->arena, recipe.id, &versions, err));
    EXPECT(versions.count == 2 && versions.at[0].number == 2);
    CALL(recipe_version_find(tx, ours, world->arena, recipe.id, 1, &first, err));
    EXPECT(str_is(first.body, "{\"a\":1}"));
    EXPECT_CODE(ERROR_NOT_FOUND,
                recipe_version_find(tx, ours, world->arena, recipe.id, 3, &first, err));
    return true;
}

STORE_TEST(a_name_is_taken_once_in_its_kind)
{
    const Scope *ours = &world->ours;
    Recipe one = { .kind = PERSONA, .name = S("Tutor"), .body = S("{}") }, other = one;
    RecipeList list;

    CALL(recipe_add(tx, ours, world->arena, &one, err));
    other.name = S("TUTOR");
    EXPECT_CODE(ERROR_CONFLICT, recipe_add(tx, ours, world->arena, &other, err));
    other.kind = S(RECIPE_PROMPT);
    CALL(recipe_add(tx, ours, world->arena, &other, err));
    CALL(recipe_list(tx, ours, world->arena, PERSONA, STR_NONE, &list, err));
    EXPECT(list.count == 1);
    CALL(recipe_list(tx, ours, world->arena, PERSONA, S("somebody"), &list, err));
    EXPECT(list.count == 0);
    EXPECT_CODE(ERROR_NOT_FOUND,
                recipe_find(tx, ours, world->arena, PERSONA, other.id, &other, err));
    return true;
}

STORE_TEST(a_default_is_replaced_and_goes_with_its_persona)
{
    const Scope *ours = &world->ours;
    Recipe one = { .kind = PERSONA, .name = S("a"), .body = S("{}") }, other = one;
    RecipeDefaultList all;
    Str found;

    other.name = S("b");
    CALL(recipe_add(tx, ours, world->arena, &one, err));
    CALL(recipe_add(tx, ours, world->arena, &other, err));
    CALL(recipe_set_default(tx, ours, S("key"), S("k"), one.id, err));
    CALL(recipe_set_default(tx, ours, S("key"), S("k"), other.id, err));
    CALL(recipe_default(tx, ours, world->arena, S("key"), S("k"), &found, err));
    EXPECT(str_equal(found, other.id));
    CALL(recipe_defaults(tx, &world->theirs, world->arena, &all, err));
    EXPECT(all.count == 0);
    EXPECT_CODE(ERROR_NOT_FOUND, recipe_remove(tx, &world->theirs, world->arena, &other, err));
    CALL(recipe_remove(tx, ours, world->arena, &other, err));
    CALL(recipe_default(tx, ours, world->arena, S("key"), S("k"), &found, err));
    EXPECT(!found.length);
    return true;
}

STORE_TEST(who_does_what_to_a_recipe_is_in_the_audit_log)
{
    static const char *const actions[] = { "some_kind.remove", "some_kind.change",
                                           "some_kind.add" };
    const Scope *ours = &world->ours;
    Recipe recipe = { .kind = S("some kind"), .name = S("Bills"), .body = S("{}") };
    AuditList list;

    CALL(recipe_add(tx, ours, world->arena, &recipe, err));
    recipe.body = S("{\"a\":1}");
    CALL(recipe_update(tx, ours, world->arena, &recipe, err));
    CALL(recipe_remove(tx, ours, world->arena, &recipe, err));
    const AuditFilter of_it = { .subject = recipe.id };
    CALL(audit_list(tx, ours, world->arena, &of_it, NULL, &list, err));
    EXPECT(list.count == COUNT(actions));
    for (size_t i = 0; i < COUNT(actions); i++)
        EXPECT(str_is(list.at[i].action, actions[i]));
    EXPECT(str_equal(list.at[1].user, ours->user) &&
           str_is(list.at[1].details, "{\"name\":\"Bills\",\"version\":2}"));
    return true;
}
