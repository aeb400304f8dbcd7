/* models_policy.c - what a workspace has decided about its calls (gateway/policy.h), as one
 * setting. */
#include "gateway/guard.h"
#include "models/models_int.h"
#include "store/audit_store.h"
#include "store/gateway_items_store.h"
#include "store/settings_store.h"

#define POLICY_MAX KB(64)
#define ROUTES_MAX 200

static const char *const cache_words[] = {
    [CACHE_ASKED] = "asked", [CACHE_OFF] = "off", [CACHE_ON] = "on"
};
static const char *const prompt_words[] = {
    [PROMPTS_OFF] = "off", [PROMPTS_HASHED] = "hashed", [PROMPTS_FULL] = "full"
};

/* --- Reading --- */

/* An unsaid word is the first one. */
static bool read_word(const char *const *words, int count, const char *field, Str word,
                      int *value_r, Error *err)
{
    for (int i = 0; i < count; i++)
        if (str_is(word, words[i]) || (!word.length && !i)) {
            *value_r = i;
            return true;
        }
    return fail_field(err, field, "%s is %s, %s or %s", field, words[0], words[1], words[2]);
}

static bool read_cache(Arena *arena, const json_t *json, GatewayPolicy *policy, Error *err)
{
    Str word = S("");
    int64_t seconds = 0;
    int use;
    if (json &&
        !json_read(
            json, arena,
            JSON_FIELDS({ "use", JSON_STR, &word },
                        { "shared", JSON_FLAG, &policy->cache_is_shared },
                        { "tools", JSON_FLAG, &policy->cache_allows_tools },
                        { "semantic", JSON_FLAG, &policy->cache_is_semantic },
                        { "temperature_max", JSON_F64, &policy->cache_temperature_max },
                        { "seconds", JSON_I64, &seconds, .max = 30 * 86400 },
                        { "routes", JSON_STRS, &policy->cache_routes, .length_max = ROUTES_MAX }),
            err))
        return fail_in(err, "cache");
    if (!read_word(cache_words, COUNT(cache_words), "use", word, &use, err))
        return fail_in(err, "cache");
    if (policy->cache_temperature_max < 0 || policy->cache_temperature_max > 2)
        return fail_field(err, "temperature_max", "temperature_max is a number from 0 to 2");
    policy->cache = (CacheUse)use;
    policy->cache_ttl_ms = seconds * 1000;
    return true;
}

static bool read_masks(Arena *arena, const json_t *json, GatewayPolicy *policy, Error *err)
{
    StrList kinds = { 0 };
    bool restores = true;
    if (json && !json_read(json, arena,
                           JSON_FIELDS({ "kinds", JSON_STRS, &kinds, .length_max = 50 },
                                       { "local", JSON_FLAG, &policy->masks_local },
                                       { "restore", JSON_FLAG, &restores }),
                           err))
        return fail_in(err, "masks");
    for (size_t i = 0; i < kinds.count; i++) {
        unsigned named = mask_named(kinds.at[i]);
        if (!named)
            return fail_field(err, "kinds",
                              "there is no kind '" STR_FMT "' to mask; all, secrets and personal "
                              "name several",
                              STR_ARG(str_slice(kinds.at[i], 0, 40)));
        policy->masks |= named;
    }
    policy->keeps_masked = !restores;
    return true;
}

static bool policy_read(Arena *arena, const json_t *json, GatewayPolicy *policy_r, Error *err)
{
    GatewayPolicy policy = { 0 };
    json_t *cache = NULL, *masks = NULL, *times = NULL;
    Str word = S("");
    int prompts;
    if (!json_read(json, arena,
                   JSON_FIELDS({ "cache", JSON_ANY, &cache }, { "masks", JSON_ANY, &masks },
                               { "prompts", JSON_STR, &word },
                               { "loose_filters", JSON_FLAG, &policy.loosens_filters },
                               { "times", JSON_ANY, &times }),
                   err) ||
        !read_cache(arena, cache, &policy, err) || !read_masks(arena, masks, &policy, err) ||
        !setup_read_times(arena, times, &policy.times, err) ||
        !read_word(prompt_words, COUNT(prompt_words), "prompts", word, &prompts, err))
        return false;
    policy.prompts = (PromptLogUse)prompts;
    *policy_r = policy;
    return true;
}

bool policy_parse(Arena *arena, Str text, GatewayPolicy *policy_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    return json_parse(text, POLICY_MAX, &json, err) && policy_read(arena, json, policy_r, err);
}

/* --- Showing --- */

static void put_cache(JsonWriter *json, const GatewayPolicy *policy)
{
    put_object(json, "cache");
    put_text(json, "use", str(cache_words[policy->cache]));
    put_bool(json, "shared", policy->cache_is_shared);
    put_bool(json, "tools", policy->cache_allows_tools);
    put_bool(json, "semantic", policy->cache_is_semantic);
    put_number(json, "temperature_max", policy->cache_temperature_max);
    put_int(json, "seconds", policy->cache_ttl_ms / 1000);
    put_texts(json, "routes", policy->cache_routes);
    put_end(json);
}

static void put_times(JsonWriter *json, const GatewayTimes *times)
{
    put_object(json, "times");
    put_int(json, "connect_ms", times->connect_ms);
    put_int(json, "first_byte_ms", times->first_byte_ms);
    put_int(json, "idle_ms", times->idle_ms);
    put_int(json, "try_ms", times->try_ms);
    put_int(json, "total_ms", times->total_ms);
    put_end(json);
}

void policy_put(JsonWriter *json, Arena *arena, const GatewayPolicy *policy)
{
    put_cache(json, policy);
    put_object(json, "masks");
    put_array(json, "kinds");
    for (unsigned i = 0; i < MASK_COUNT; i++)
        if (policy->masks >> i & 1)
            put_text(json, NULL, str_lower(arena, str(mask_rows[i].word)));
    put_end(json);
    put_bool(json, "local", policy->masks_local);
    put_bool(json, "restore", !policy->keeps_masked);
    put_end(json);
    put_text(json, "prompts", str(prompt_words[policy->prompts]));
    put_bool(json, "loose_filters", policy->loosens_filters);
    put_times(json, &policy->times);
}

bool models_policy(Models *models, const Scope *scope, GatewayPolicy *policy_r, Arena *arena,
                   Error *err)
{
    Setup setup;
    if (!models_setup(models, scope, arena, &setup, err))
        return false;
    *policy_r = setup.policy;
    return true;
}

int64_t models_prompt_days(const Models *models) { return models->options.prompt_days; }

/* --- Writing --- */

typedef struct PolicyWork {
    const Scope *scope;
    Str document;
} PolicyWork;

static bool write_policy(DbTx *tx, void *argument, Error *err)
{
    PolicyWork *work = argument;
    AuditEntry entry = { .action = S("gateway.policy"),
                         .subject_kind = S("settings"),
                         .subject = POLICY_SETTING,
                         .details = work->document };
    return setting_set(tx, work->scope, POLICY_SETTING, work->document, err) &&
           audit_add(tx, work->scope, &entry, err) && gateway_tell_change(tx, work->scope, err);
}

bool models_set_policy(Models *models, const Scope *scope, Arena *arena, const json_t *json,
                       Error *err)
{
    GatewayPolicy policy;
    if (!policy_read(arena, json, &policy, err))
        return false;
    Buf document = buf_new(arena, POLICY_MAX);
    JsonWriter out = put_begin(&document);
    policy_put(&out, arena, &policy);
    put_end(&out);
    PolicyWork work = { scope, buf_str(&document) };
    if (document.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the policy has more than %zu bytes", POLICY_MAX);
    return pictures_write(models, scope, write_policy, &work, err);
}
