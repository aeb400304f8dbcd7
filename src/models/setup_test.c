/* setup_test.c - documents of services, models and routes, and the picture they make. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "models/models_int.h"

#define SERVICES                                                                                   \
    "\"services\":{\"groq\":{\"key\":\"sk-g\",\"models\":[\"llama\",\"both\"]},"                   \
    "\"mine\":{\"base_url\":\"http://127.0.0.1:9/v1/\",\"keys\":[\"a\",\"b\"],"                    \
    "\"models\":[\"both\",\"own/name\"],\"limits\":{\"requests_per_minute\":5}},"                  \
    "\"gone\":{\"provider\":\"openai\",\"enabled\":false}}"

Test(models_setup, what_is_wrong_is_said_by_its_member)
{
    static const struct {
        const char *text, *field, *says;
    } cases[] = {
        { "{" SERVICES "}", NULL, NULL },
        { "{\"services\":{\"x\":{}}}", "base_url", "services.x" },
        { "{\"services\":{\"x\":{\"provider\":\"none\"}}}", "provider", "none" },
        { "{\"services\":{\"a b\":{\"provider\":\"groq\"}}}", "name", "a b" },
        { "{\"services\":{\"x\":{\"provider\":\"groq\",\"colour\":1}}}", "colour", "colour" },
        { "{\"services\":{\"x\":{\"base_url\":\"ftp://h\"}}}", "base_url", "must look" },
        { "{\"services\":{\"x\":{\"base_url\":\"http://u:p@h/v1\"}}}", "base_url", "password" },
        { "{\"services\":{\"x\":{\"provider\":\"azure\"}}}", "base_url", "of your own" },
        { "{\"services\":{\"grok\":{}}}", "base_url", "'grok' is no known provider" },
        { "{\"services\":{\"x\":{\"base_url\":\"http://169.254.169.254/v1\"}}}", NULL,
          "never asked" },
        { "{\"services\":{\"x\":{\"base_url\":\"http://[fe80::1]/v1\"}}}", NULL, "never asked" },
        { "{\"services\":{\"x\":{\"base_url\":\"http://127.0.0.1:9/v1\"}}}", NULL, NULL },
        { "{\"services\":{\"x\":{\"provider\":\"groq\",\"key\":\"a\\nb\"}}}", "keys", "one line" },
        { "{\"services\":{\"x\":{\"provider\":\"groq\",\"key\":\"a\",\"keys\":[\"b\"]}}}", "keys",
          "one of" },
        { "{\"services\":{\"x\":{\"provider\":\"groq\",\"key_env\":\"LECTERN_NO_SUCH\"}}}",
          "key_env", "LECTERN_NO_SUCH" },
        { "{\"services\":{\"x\":{\"provider\":\"groq\",\"headers\":{\"Host\":\"a\"}}}}", "headers",
          "Host" },
        { "{\"services\":{\"x\":{\"provider\":\"groq\",\"headers\":{\"X-A\":\"a\\r\\nb\"}}}}",
          "headers", "X-A" },
        { "{\"services\":[]}", "services", "object" },
        { "{" SERVICES ",\"models\":{\"groq/m\":{\"prices\":{\"input\":0.15}}}}", "prices",
          "quotes" },
        { "{" SERVICES ",\"models\":{\"groq/m\":{\"prices\":{\"inptu\":\"1\"}}}}", "prices",
          "inptu" },
        { "{" SERVICES ",\"models\":{\"groq/m\":{\"abilities\":[\"flying\"]}}}", "abilities",
          "flying" },
        { "{" SERVICES ",\"models\":{\"nobody/m\":{}}}", "name", "nobody" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":[]}}}", "steps", "1 to" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":[\"nobody/m\"]}}}", "steps", "nobody/m" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":[\"groq/m\"],\"strategy\":\"best\"}}}",
          "strategy", "ordered weighted" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":[\"groq/m\"],\"fallback\":\"q\"}}}",
          "fallback", "'q'" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":[\"groq/m\"],\"fallback\":\"q\"},"
          "\"q\":{\"steps\":[\"groq/m\"],\"fallback\":\"r\"}}}",
          "fallback", "lead back" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":[{\"model\":\"groq/m\",\"weight\":0}]}}}",
          "weight", "steps[0]" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":["
          "{\"model\":\"groq/m\",\"when\":{\"share\":60}},"
          "{\"model\":\"groq/n\",\"when\":{\"share\":60}}]}}}",
          "steps", "120 per cent" },
        { "{" SERVICES ",\"routes\":{\"r\":{\"steps\":["
          "{\"model\":\"groq/m\",\"when\":{\"share_by\":\"user\"}}]}}}",
          "share_by", "goes with share" },
        { "{\"shares\":{\"w\":0}}", "shares", "1 to" },
        { "[]", NULL, "object" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        bool good = models_check_file(str(cases[i].text), &err);
        cr_assert_eq(good, cases[i].says == NULL, "%s: %s", cases[i].text, err.message);
        cr_assert(good || strstr(err.message, cases[i].says), "%s: %s", cases[i].text, err.message);
        cr_assert(good || !cases[i].field || strcmp(err.field, cases[i].field) == 0, "%s: %s",
                  cases[i].text, err.field);
        cr_assert(!strstr(err.message, "sk-g"));
    }
}

/* --- The picture --- */

static GatewayConfig *picture_of(Models *models, const char *text, const char *primary)
{
    Arena *arena = arena_new(MB(8));
    Setup *setup = arena_new_one(arena, Setup);
    Error err;
    setup->workspace = S("w");
    cr_assert(setup_read_file(arena, str(text), setup, &err), "%s", err.message);
    setup->primary = str(primary);
    setup_settle(setup);
    return config_make(models, gateway_states(models->gateway), arena, setup);
}

static Models *new_models(void)
{
    static Models models;
    GatewayOptions options = { .ports = { 0 } };
    Error err;
    cr_assert(gateway_open(&options, &models.gateway, &err), "%s", err.message);
    return &models;
}

Test(models_setup, shares_of_a_route_lie_side_by_side)
{
    Models *models = new_models();
    GatewayConfig *config =
        picture_of(models,
                   "{" SERVICES ",\"shares\":{\"v\":9,\"w\":3},\"routes\":{\"r\":{\"steps\":["
                   "{\"model\":\"groq/llama\",\"when\":{\"share\":20,\"share_by\":\"user\"}},"
                   "{\"model\":\"groq/both\",\"when\":{\"share\":30}},\"groq/rest\"]}}}",
                   "mine");
    const RouteStep *steps = config_route(config, S("r"))->steps;
    cr_assert(steps[0].when.share_begin == 0 && steps[1].when.share_begin == 20);
    cr_assert(steps[0].when.share_by == SHARE_BY_USER && steps[1].when.share_by == SHARE_BY_KEY);
    cr_assert(str_is(steps[1].when.share_side, "groq/both") && !steps[2].when.share);
    cr_assert_eq(config->share_weight, 3);
    config_release(config);
    gateway_close(models->gateway);
}

Test(models_setup, a_name_leads_where_it_says)
{
    static const struct {
        const char *asked, *service, *model; /* service NULL: nowhere */
    } cases[] = {
        { "groq/llama", "groq", "llama" },
        { "llama", "groq", "llama" },
        { "groq/unlisted", "groq", "unlisted" },
        { "groq/a/b", "groq", "a/b" },
        { "both", "mine", "both" }, /* two have it: asked of the first choice as it is */
        { "own/name", "mine", "own/name" },
        { "mine/own/name", "mine", "own/name" },
        { "who knows", "mine", "who knows" },
        { "gone/gpt", "mine", "gone/gpt" }, /* switched off */
        { "quick", "groq", "llama" },       /* a route */
        { "", "groq", "llama" },            /* the route standard */
    };
    Models *models = new_models();
    GatewayConfig *config =
        picture_of(models,
                   "{" SERVICES ",\"routes\":{\"quick\":{\"steps\":[\"groq/llama\",\"mine/both\"]},"
                   "\"standard\":{\"steps\":[\"gone/x\",\"groq/llama\"],\"fallback\":\"mine/z\"}}}",
                   "mine");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const GatewayRoute *route = config_route(config, str(cases[i].asked));
        cr_assert(route && route->step_count, "%s", cases[i].asked);
        const GatewayTarget *target = route->steps[0].target;
        cr_expect(str_is(target->service->name, cases[i].service), "%s", cases[i].asked);
        cr_expect(str_is(target_model(target, str(cases[i].asked)), cases[i].model), "%s",
                  cases[i].asked);
    }
    const GatewayRoute *standard = config_route(config, S("standard"));
    cr_expect_eq(standard->step_count, 1, "the step that is switched off is left out");
    cr_expect(standard->fallback && str_is(standard->fallback->name, "mine/z"));
    const GatewayService *mine = config_route(config, S("mine/both"))->steps[0].target->service;
    cr_expect(mine->keys.count == 2 && mine->limits.requests_per_minute == 5);
    cr_expect(str_is(mine->base_path, "/v1") && str_is(mine->host_header, "127.0.0.1:9"));
    config_release(config);
    gateway_close(models->gateway);
}

Test(models_setup, a_price_that_is_told_is_used_exactly)
{
    Models *models = new_models();
    GatewayConfig *config = picture_of(
        models,
        "{" SERVICES ",\"models\":{\"groq/llama\":{\"context\":131072,\"abilities\":[\"tools\"],"
        "\"prices\":{\"input\":\"0.15\",\"output\":\"0.6\",\"call\":\"0.001\"}}}}",
        "");
    const GatewayTarget *target = config_route(config, S("groq/llama"))->steps[0].target;
    cr_expect_eq(target->price.input, 150000);
    cr_expect_eq(target->price.output, 600000);
    cr_expect_eq(target->price.call, PICO / 1000);
    cr_expect_eq(target->price.cache_read, PRICE_UNKNOWN);
    cr_expect(target->context == 131072 && target->abilities == 1u << ABILITY_TOOLS);
    cr_expect_null(config_route(config, S("nobody has this")), "there is no first choice");
    cr_expect_null(config_route(config, S("")));
    config_release(config);
    gateway_close(models->gateway);
}

Test(models_setup, a_model_that_is_published_needs_no_telling)
{
    Models *models = new_models();
    GatewayConfig *config = picture_of(
        models,
        "{\"services\":{\"claude\":{\"provider\":\"anthropic\",\"keys\":[\"k\"]}},"
        "\"models\":{\"claude/claude-opus-4-5\":{\"prices\":{\"input\":\"4\",\"output\":\"20\"}}}}",
        "");
    const GatewayTarget *haiku = config_route(config, S("claude-haiku-4-5"))->steps[0].target;
    cr_expect_eq(haiku->price.output, 5000000);
    cr_expect_eq(haiku->context, 200000);
    cr_expect(haiku->tasks == 1u << TASK_CHAT && haiku->abilities & 1u << ABILITY_TOOLS);
    const GatewayTarget *opus = config_route(config, S("claude/claude-opus-4-5"))->steps[0].target;
    cr_expect_eq(opus->price.input, 4000000, "what is told wins");
    cr_expect_eq(opus->price.cache_read, PRICE_UNKNOWN, "and wins as a whole");
    config_release(config);
    gateway_close(models->gateway);
}

Test(models_setup, a_circle_of_fallbacks_ends)
{
    Models *models = new_models();
    GatewayConfig *config = picture_of(
        models,
        "{" SERVICES ",\"routes\":{\"a\":{\"steps\":[\"groq/m\"],\"fallback\":\"b\"},"
        "\"b\":{\"steps\":[\"groq/m\"],\"fallback\":\"c\"},\"c\":{\"steps\":[\"groq/m\"],"
        "\"fallback\":\"a\"},\"d\":{\"steps\":[\"groq/m\"],\"fallback\":\"d\"}}}",
        "");
    for (const char *name = "abcd"; *name; name++) {
        int length = 0;
        for (const GatewayRoute *at = config_route(config, (Str){ name, 1 }); at; at = at->fallback)
            cr_assert_lt(length++, 4);
    }
    config_release(config);
    gateway_close(models->gateway);
}

Test(models_setup, a_usual_variable_makes_a_service)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Setup setup = { 0 };
    setenv("GROQ_API_KEY", "gsk-1", 1);
    setenv("GROQ_MODEL", "llama-3.3-70b-versatile", 1);
    setenv("HF_API_KEY", "hf-2", 1);
    setenv("HF_BASE_URL", "https://hub.example.org/v1", 1);
    setenv("AZURE_OPENAI_API_KEY", "az", 1); /* where it is, nobody says */
    setup_read_environment(arena, &setup);
    const SetupService *groq = setup_service(&setup, S("groq"));
    cr_assert(groq && str_is(groq->keys.at[0], "gsk-1") && groq->has_key);
    cr_assert(groq->models.count == 1 && str_is(groq->models.at[0], "llama-3.3-70b-versatile"));
    const SetupService *hugging_face = setup_service(&setup, S("huggingface"));
    cr_assert(hugging_face && str_is(hugging_face->keys.at[0], "hf-2") &&
              !hugging_face->models.count);
    cr_assert(str_is(hugging_face->base_url, "https://hub.example.org/v1"));
    cr_assert_null(setup_service(&setup, S("azure")));
}
