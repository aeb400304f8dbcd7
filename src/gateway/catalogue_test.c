/* catalogue_test.c - models are found by their names, and their prices can be read. */
#include <criterion/criterion.h>

#include "gateway/catalogue.h"
#include "gateway/providers.h"

Test(gateway, models_are_found_by_name_version_and_maker)
{
    static const char *const cases[][3] = {
        { "openai", "gpt-4o", "gpt-4o" },
        { "openai", "gpt-4o-2024-08-06", "gpt-4o" },
        { "openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini" },
        { "openai", "gpt-4o-realtime-preview", NULL },
        { "openai", "gpt-4-0613", "gpt-4" },
        { "openai", "gpt-4-1", NULL },
        { "openai", "gpt-4.5-preview", NULL },
        { "openai", "gpt-5-chat-latest", "gpt-5-chat" },
        { "openai", "o3-deep-research", NULL },
        { "azure", "gpt-4.1-mini", "gpt-4.1-mini" },
        { "anthropic", "claude-opus-4-20250514", "claude-opus-4" },
        { "anthropic", "claude-opus-4-1-20250805", "claude-opus-4-1" },
        { "anthropic", "claude-opus-4-9", NULL },
        { "anthropic", "claude-3-5-haiku-latest", "claude-3-5-haiku" },
        { "gemini", "models/gemini-2.5-flash", "gemini-2.5-flash" },
        { "gemini", "gemini-2.5-flash-preview-05-20", "gemini-2.5-flash" },
        { "gemini", "gemini-2.5-flash-lite-preview-06-17", "gemini-2.5-flash-lite" },
        { "gemini", "gemini-2.5-flash-image", NULL },
        { "gemini", "gemini-3-pro-preview", "gemini-3-pro" },
        { "openrouter", "anthropic/claude-haiku-4-5", "claude-haiku-4-5" },
        { "openrouter", "google/gemini-2.5-pro", "gemini-2.5-pro" },
        { "groq", "openai/gpt-oss-20b", "openai/gpt-oss-20b" },
        { "mistral", "gpt-4o", NULL },
        { "openai", "", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const CatalogueModel *found = catalogue_find(str(cases[i][0]), str(cases[i][1]));
        cr_assert_eq(found != NULL, cases[i][2] != NULL, "%s", cases[i][1]);
        cr_assert(!found || str_is(str(found->name), cases[i][2]), "%s", cases[i][1]);
    }
}

Test(gateway, every_model_of_the_catalogue_is_whole)
{
    for (size_t i = 0; i < catalogue_count; i++) {
        const CatalogueModel *model = &catalogue_models[i];
        const CataloguePrices *texts = &model->prices;
        ModelPrice price = catalogue_price(model);
        cr_assert(gateway_provider_find(str(model->provider)), "%s", model->name);
        cr_assert_eq(catalogue_find(str(model->provider), str(model->name)), model,
                     "%s is there twice", model->name);
        cr_assert(price_is_known(&price), "%s", model->name);
        cr_assert_eq(price.cache_read >= 0, texts->cache_read != NULL, "%s", model->name);
        cr_assert_eq(price.tier_input >= 0, texts->tier_above > 0, "%s", model->name);
        if (model->task !=
            TASK_IMAGE) /* a picture has tokens, what it is made of has no limit in them */
            cr_assert_leq(model->output_max, MAX(model->context, (int64_t)1), "%s", model->name);
        if (model->task == TASK_CHAT)
            cr_assert(price.input >= 0 && price.output >= price.input && model->context, "%s",
                      model->name);
    }
}

Test(gateway, prices_of_the_catalogue_are_exact)
{
    ModelPrice haiku = catalogue_price(catalogue_find(S("anthropic"), S("claude-haiku-4-5")));
    ModelUsage usage = {
        .is_known = true, .input = 10, .output = 3, .cache_read = 100, .cost = -1
    };
    cr_assert_eq(haiku.input, 1000000);
    cr_assert_eq(price_of(&haiku, &usage), 10 * 1000000 + 3 * 5000000 + 100 * 100000);
    ModelPrice whisper = catalogue_price(catalogue_find(S("openai"), S("whisper-1")));
    cr_assert_eq(whisper.second, 100000000); /* $0.006 a minute */
}

Test(gateway, above_the_tier_cached_tokens_are_dearer_too)
{
    const ModelPrice price = { .input = 10,
                               .output = 20,
                               .cache_read = 1,
                               .cache_write = 12,
                               .cache_write_long = -1,
                               .audio_input = -1,
                               .audio_output = -1,
                               .second = -1,
                               .character = -1,
                               .tier_above = 100,
                               .tier_input = 20,
                               .tier_output = 30 };
    ModelUsage usage = { .input = 50, .output = 1, .cache_read = 40, .cache_write = 10 };
    cr_assert_eq(price_of(&price, &usage), 500 + 20 + 40 + 120);
    usage.input++;
    cr_assert_eq(price_of(&price, &usage), 51 * 20 + 30 + 40 * 2 + 10 * 24);
    cr_assert_geq(price_reserve(&price, &(PriceMost){ .input = 101, .output = 1 }), 101 * 24 + 30);
}

Test(gateway, who_is_served_first_pays_more_and_who_can_wait_less)
{
    ModelPrice price = catalogue_price(catalogue_find(S("openai"), S("gpt-5")));
    ModelUsage usage = { .input = 1000, .output = 100, .cache_read = 400 };
    int64_t usual = price_of(&price, &usage);
    PriceMost most = { .input = 1400, .output = 100 };
    int64_t reserved = price_reserve(&price, &most);
    usage.tier = service_tier_named(S("flex"));
    cr_assert_eq(price_of(&price, &usage), usual / 2);
    most.tier = usage.tier;
    cr_assert_eq(price_reserve(&price, &most), reserved, "it may be had at the usual price");
    usage.tier = most.tier = service_tier_named(S("fast"));
    cr_assert_eq(price_of(&price, &usage), usual * 2);
    cr_assert_eq(price_reserve(&price, &most), reserved * 2);
    usage.tier = service_tier_named(S("default"));
    cr_assert_eq(price_of(&price, &usage), usual);
}

Test(gateway, searches_of_the_service_are_paid_for)
{
    ModelPrice price = catalogue_price(catalogue_find(S("anthropic"), S("claude-sonnet-4-5")));
    ModelUsage usage = { .input = 10, .output = 1 };
    int64_t without = price_of(&price, &usage);
    usage.searches = 3;
    cr_assert_eq(price_of(&price, &usage), without + PICO * 3 / 100);
}

Test(gateway, a_sound_that_was_cached_is_not_paid_for_as_fresh)
{
    ModelPrice price = PRICE_NONE;
    price.input = 10, price.output = 20, price.cache_read = 1, price.audio_input = 100;
    ModelUsage usage = { .input = 100, .cache_read = 900, .audio_input = 800, .output = 1 };
    cr_assert_eq(price_of(&price, &usage), 100 * 100 + 900 + 20);
}

Test(gateway, seconds_characters_and_pictures_are_paid_for_where_they_have_a_price)
{
    ModelPrice hour = PRICE_NONE, spoken = PRICE_NONE, picture = PRICE_NONE, tokens = PRICE_NONE;
    hour.second = 100;
    spoken.character = 7;
    picture.call = 1000;
    tokens.input = 2;
    tokens.output = 5;
    tokens.audio_input = 3;
    ModelUsage usage = {
        .input = 10, .output = 4, .audio_input = 6, .seconds = 2.2, .characters = 9, .pictures = 3
    };
    ModelPrice none = PRICE_NONE;
    cr_assert_eq(price_of(&hour, &(ModelUsage){ .seconds = 2.2, .input = 5 }), 300);
    cr_assert_eq(price_of(&spoken, &(ModelUsage){ .characters = 9 }), 63);
    cr_assert_eq(price_of(&picture, &(ModelUsage){ .pictures = 3, .output = 1 }), 3000);
    cr_assert_eq(price_of(&tokens, &usage), 4 * 2 + 6 * 3 + 4 * 5);
    cr_assert_eq(price_of(&none, &(ModelUsage){ .seconds = 1 }), PRICE_UNKNOWN);
    cr_assert_eq(price_of(&none, &(ModelUsage){ .characters = 1 }), PRICE_UNKNOWN);
    /* What is reserved is never less. */
    const ModelPrice *const all[] = { &hour, &spoken, &picture, &tokens };
    PriceMost most = { .input = 4, .output = 4, .seconds = 3, .characters = 9, .pictures = 3 };
    for (size_t i = 0; i < COUNT(all); i++)
        cr_assert_geq(price_reserve(all[i], &most), price_of(all[i], &usage), "%zu", i);
}
