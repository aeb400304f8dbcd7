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
        cr_assert(price.input >= 0 || price.second >= 0 || price.call >= 0, "%s", model->name);
        cr_assert_eq(price.cache_read >= 0, texts->cache_read != NULL, "%s", model->name);
        cr_assert_eq(price.tier_input >= 0, texts->tier_above > 0, "%s", model->name);
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
