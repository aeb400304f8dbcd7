/* setup_read.c - one document of each kind: see setup.h. */
#include "models/setup.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "gateway/hosted.h"
#include "net/url_safety.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define HEADERS_MAX 16
#define KEYS_MAX 32
#define MODELS_MAX 2000
#define MILLION 1000000

/* 1 to 100 letters, digits and . _ -, the first no dot. */
static bool setup_check_name(Str name, Error *err)
{
    bool good = name.length && name.length <= 100 && name.at[0] != '.';
    for (size_t i = 0; good && i < name.length; i++)
        good = HAS_CHAR(name.at[i], NAME_CHARS);
    return good ||
           fail_field(err, "name", "'" STR_FMT "' is no name: 1 to 100 letters, digits and . _ -",
                      STR_ARG(str_slice(name, 0, 100)));
}

/* A name is looked at when it is resolved; a number says it now. */
static bool is_forbidden(Arena *arena, Str host)
{
    unsigned char address[16];
    const char *text = str_c(arena, host);
    bool is_number =
        inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
    return is_number && address_kind(host) == ADDRESS_FORBIDDEN;
}

bool setup_check_url(Arena *arena, Str text, Str *base_url_r, Error *err)
{
    Url url;
    Error why = { 0 };
    text = str_trim(text);
    while (str_ends(text, S("/")))
        text = str_slice(text, 0, text.length - 1);
    if (!url_parse(arena, text, &url, &why) ||
        !(str_is(url.scheme, "http") || str_is(url.scheme, "https")))
        return fail_field(err, "base_url", "the address must look like https://api.example.com/v1");
    if (url.user.length || url.password.length || url.query.length || str_find_char(text, '#') >= 0)
        return fail_field(err, "base_url",
                          "the address has no user, password or query; the key has its own field");
    if (is_forbidden(arena, url.host))
        return fail(err, ERROR_DENIED,
                    STR_FMT " is never asked: no service has a link-local or reserved address",
                    STR_ARG(url.host));
    *base_url_r = text;
    return true;
}

/* --- Services --- */

static bool read_limits(Arena *arena, const json_t *json, GatewayLimits *limits, Error *err)
{
    const int64_t most = INT64_C(1000000000000);
    return !json ||
           json_read(
               json, arena,
               JSON_FIELDS(
                   { "requests_per_minute", JSON_I64, &limits->requests_per_minute, .max = most },
                   { "tokens_per_minute", JSON_I64, &limits->tokens_per_minute, .max = most },
                   { "requests_per_day", JSON_I64, &limits->requests_per_day, .max = most },
                   { "tokens_per_day", JSON_I64, &limits->tokens_per_day, .max = most },
                   { "concurrent", JSON_I64, &limits->concurrent, .max = most }),
               err) ||
           fail_in(err, "limits");
}

bool setup_read_times(Arena *arena, const json_t *json, GatewayTimes *times, Error *err)
{
    const int64_t most = 86400000;
    return !json ||
           json_read(json, arena,
                     JSON_FIELDS({ "connect_ms", JSON_I64, &times->connect_ms, .max = most },
                                 { "first_byte_ms", JSON_I64, &times->first_byte_ms, .max = most },
                                 { "idle_ms", JSON_I64, &times->idle_ms, .max = most },
                                 { "try_ms", JSON_I64, &times->try_ms, .max = most },
                                 { "total_ms", JSON_I64, &times->total_ms, .max = most }),
                     err) ||
           fail_in(err, "times");
}

static bool is_line(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

/* Headers that say how long a body is, or who asks, are ours. */
static bool check_header(Str name, Str value, Error *err)
{
    static const char *const ours[] = { "host",           "content-length", "transfer-encoding",
                                        "connection",     "content-type",   "authorization",
                                        "accept-encoding" };
    bool good = name.length && name.length <= 100 && value.length <= KB(4) && is_line(value);
    for (size_t i = 0; good && i < name.length; i++)
        good = HAS_CHAR(name.at[i], NAME_CHARS);
    for (size_t i = 0; good && i < COUNT(ours); i++)
        good = !str_equal_ignore_case(name, str(ours[i]));
    return good || fail_field(err, "headers", "the header '" STR_FMT "' cannot be set",
                              STR_ARG(str_slice(name, 0, 60)));
}

static bool read_headers(Arena *arena, json_t *json, HttpPairs *headers, Error *err)
{
    size_t count = json_object_size(json);
    const char *name;
    json_t *value;
    if (!json)
        return true;
    if (!json_is_object(json) || count > HEADERS_MAX)
        return fail_field(err, "headers", "headers is an object of at most %d texts", HEADERS_MAX);
    HttpPair *pairs = arena_new_array(arena, HttpPair, count);
    size_t i = 0;
    json_object_foreach(json, name, value)
    {
        Str text = { json_string_value(value), json_string_length(value) };
        if (!json_is_string(value))
            return fail_field(err, "headers", "headers.%s is no text", name);
        if (!check_header(str(name), text, err))
            return false;
        pairs[i++] = (HttpPair){ str_copy(arena, str(name)), str_copy(arena, text) };
    }
    *headers = (HttpPairs){ pairs, count };
    return true;
}

/* "key", "keys" or, in the file, "key_env": what has a key must name one way to it. */
static bool read_keys(Arena *arena, Str key, StrList keys, Str variable, SetupService *service,
                      Error *err)
{
    if ((key.length > 0) + (keys.count > 0) + (variable.length > 0) > 1)
        return fail_field(err, "keys", "one of key, keys and key_env");
    if (variable.length) {
        const char *value = getenv(str_c(arena, variable));
        if (!value || !value[0])
            return fail_field(err, "key_env", "the environment has no '" STR_FMT "'",
                              STR_ARG(variable));
        key = str_copy(arena, str(value));
    }
    if (key.length) {
        Str *one = arena_new_one(arena, Str);
        *one = key;
        keys = (StrList){ one, 1 };
    }
    for (size_t i = 0; i < keys.count; i++)
        if (!keys.at[i].length || keys.at[i].length > 4000 || !is_line(keys.at[i]))
            return fail_field(err, "keys", "a key is one line of at most 4,000 bytes");
    service->keys = keys;
    service->has_key = keys.count > 0;
    return true;
}

static bool read_place(Arena *arena, Str provider, Str base_url, SetupService *service, Error *err)
{
    if (provider.length) {
        service->provider = gateway_provider_find(provider);
        if (!service->provider)
            return fail_field(err, "provider",
                              "there is no provider '" STR_FMT "': see docs/providers.md, or take "
                              "openai-compatible",
                              STR_ARG(str_slice(provider, 0, 60)));
    }
    if (service->provider && service->provider->dialect == &dialect_here)
        return fail_field(err, "provider",
                          "what this server answers itself is there already: local/lectern");
    if (!base_url.length && service->provider)
        base_url = str(service->provider->base_url);
    if (!base_url.length && !service->provider)
        return fail_field(err, "base_url",
                          "base_url is missing, and '" STR_FMT
                          "' is no known provider that has one",
                          STR_ARG(service->name));
    if (!base_url.length || str_find_char(base_url, '{') >= 0)
        return fail_field(err, "base_url",
                          "base_url is missing: the address at %s is one of your own",
                          service->provider ? service->provider->title : "the service");
    if (!setup_check_url(arena, base_url, &service->base_url, err))
        return false;
    if (!service->provider)
        service->provider = gateway_provider_of(service->base_url);
    return true;
}

bool setup_read_service(Arena *arena, Str name, const json_t *document, bool is_file,
                        SetupService *service_r, Error *err)
{
    SetupService service = { .name = name };
    Str provider = S(""), base_url = S(""), key = S(""), variable = S("");
    StrList keys = { 0 };
    json_t *headers = NULL, *limits = NULL, *times = NULL;
    bool is_on = true;
    if (!setup_check_name(name, err) ||
        !json_read(document, arena,
                   JSON_FIELDS({ "provider", JSON_STR, &provider, .length_max = 100 },
                               { "base_url", JSON_STR, &base_url, .length_max = 2000 },
                               { "key", JSON_STR, &key, .length_max = 4000 },
                               { "keys", JSON_STRS, &keys, .length_max = KEYS_MAX },
                               { "key_env", JSON_STR, &variable, .length_max = 200 },
                               { "version", JSON_STR, &service.version, .length_max = 100 },
                               { "headers", JSON_ANY, &headers }, { "limits", JSON_ANY, &limits },
                               { "times", JSON_ANY, &times },
                               { "moves_on", JSON_STR, &service.moves_on, .length_max = 100 },
                               { "models", JSON_STRS, &service.models, .length_max = MODELS_MAX },
                               { "private", JSON_FLAG, &service.allows_private },
                               { "probe", JSON_FLAG, &service.is_probed },
                               { "enabled", JSON_FLAG, &is_on }),
                   err))
        return false;
    if (variable.length && !is_file)
        return fail_field(err, "key_env", "only the server's file may name the environment");
    if (!provider.length && !base_url.length && gateway_provider_find(name))
        provider = name; /* "groq": {"key": "..."} */
    if (!read_place(arena, provider, base_url, &service, err) ||
        !read_keys(arena, key, keys, variable, &service, err) ||
        !read_headers(arena, headers, &service.headers, err) ||
        !read_limits(arena, limits, &service.limits, err) ||
        !setup_read_times(arena, times, &service.times, err))
        return false;
    if (!is_line(service.version))
        return fail_field(err, "version", "the version is one line");
    service.is_off = !is_on;
    *service_r = service;
    return true;
}

/* --- Models --- */

static bool read_bits(const StrList *words, const char *const *known, size_t count,
                      const char *member, unsigned *bits_r, Error *err)
{
    unsigned bits = 0;
    for (size_t i = 0; i < words->count; i++) {
        size_t bit = 0;
        while (bit < count && !str_is(words->at[i], known[bit]))
            bit++;
        if (bit == count)
            return fail_field(err, member, "'" STR_FMT "' is none of the known %s",
                              STR_ARG(str_slice(words->at[i], 0, 60)), member);
        bits |= 1u << bit;
    }
    *bits_r = bits;
    return true;
}

static bool read_abilities(const StrList *words, unsigned *bits_r, Error *err)
{
    return read_bits(words, ability_words, ABILITY_COUNT, "abilities", bits_r, err);
}

typedef struct PriceMember {
    const char *name;
    int64_t per;
    size_t offset;
} PriceMember;

#define PRICE(name, per)                                                                           \
    {                                                                                              \
#name, per, offsetof(ModelPrice, name)                                                     \
    }
static const PriceMember price_members[] = {
    PRICE(input, MILLION),
    PRICE(output, MILLION),
    PRICE(cache_read, MILLION),
    PRICE(cache_write, MILLION),
    PRICE(cache_write_long, MILLION),
    PRICE(audio_input, MILLION),
    PRICE(audio_output, MILLION),
    PRICE(second, 1),
    PRICE(character, MILLION),
    PRICE(call, 1),
    PRICE(tier_input, MILLION),
    PRICE(tier_output, MILLION),
    PRICE(search, 1),
    PRICE(flex, 1),
    PRICE(priority, 1),
};
#undef PRICE

static bool read_one_price(const char *name, const json_t *value, ModelPrice *price, Error *err)
{
    if (str_is(str(name), "tier_above")) {
        price->tier_above = json_integer_value(value);
        return (json_is_integer(value) && price->tier_above > 0) ||
               fail_field(err, "prices", "prices.tier_above is a number of tokens");
    }
    for (size_t i = 0; i < COUNT(price_members); i++) {
        const PriceMember *member = &price_members[i];
        if (!str_is(str(name), member->name))
            continue;
        int64_t *at = (int64_t *)(void *)((char *)price + member->offset);
        Str text = { json_string_value(value), json_string_length(value) };
        return (json_is_string(value) && price_parse(text, member->per, at)) ||
               fail_field(err, "prices", "prices.%s is a decimal number in quotes, as \"0.15\"",
                          name);
    }
    return fail_field(err, "prices", "there is no price '%s'", name);
}

/* Dollars a million tokens, a second of sound, a call: decimal texts, never doubles. */
static bool read_prices(const json_t *json, SetupModel *model, Error *err)
{
    const char *name;
    json_t *value;
    model->price = PRICE_NONE;
    model->has_price = json != NULL;
    if (json && !json_is_object(json))
        return fail_field(err, "prices", "prices is an object of decimal texts");
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        if (!read_one_price(name, value, &model->price, err))
            return false;
    }
    return true;
}

bool setup_read_model(Arena *arena, Str name, const json_t *document, SetupModel *model_r,
                      Error *err)
{
    SetupModel model = { 0 };
    StrList tasks = { 0 }, abilities = { 0 };
    json_t *prices = NULL;
    ptrdiff_t slash = str_find_char(name, '/');
    if (slash <= 0 || (size_t)slash + 1 == name.length || name.length > 400 || !is_line(name))
        return fail_field(err, "name", "a model is named by its service, as groq/llama-3.3-70b");
    model.service = str_slice(name, 0, (size_t)slash);
    model.model = str_from(name, (size_t)slash + 1);
    if (!json_read(document, arena,
                   JSON_FIELDS({ "context", JSON_I64, &model.context, .max = 1000000000 },
                               { "output_max", JSON_I64, &model.output_max, .max = 1000000000 },
                               { "tasks", JSON_STRS, &tasks, .length_max = 20 },
                               { "abilities", JSON_STRS, &abilities, .length_max = 20 },
                               { "prices", JSON_ANY, &prices }),
                   err) ||
        !read_bits(&tasks, task_words, TASK_COUNT, "tasks", &model.tasks, err) ||
        !read_abilities(&abilities, &model.abilities, err) || !read_prices(prices, &model, err))
        return false;
    model.has_tasks = json_object_get(document, "tasks") != NULL;
    model.has_abilities = json_object_get(document, "abilities") != NULL;
    *model_r = model;
    return true;
}

/* --- Routes --- */

static bool read_share(int64_t share, Str by, RouteCondition *when, Error *err)
{
    static const char *const words[] = {
        [SHARE_BY_KEY] = "key", [SHARE_BY_USER] = "user", [SHARE_BY_CONVERSATION] = "conversation"
    };
    when->share = (int)share;
    for (size_t i = 0; i < COUNT(words) && by.length; i++)
        if (str_is(by, words[i])) {
            when->share_by = (ShareBy)i;
            return share || fail_field(err, "share_by", "share_by goes with share");
        }
    return !by.length || fail_field(err, "share_by", "share_by is key, user or conversation");
}

static bool read_condition(Arena *arena, const json_t *json, RouteCondition *when, Error *err)
{
    StrList abilities = { 0 };
    int64_t share = 0;
    Str by = S("");
    return !json ||
           (json_read(json, arena,
                      JSON_FIELDS({ "input_min", JSON_I64, &when->input_min, .max = 1000000000 },
                                  { "input_max", JSON_I64, &when->input_max, .max = 1000000000 },
                                  { "abilities", JSON_STRS, &abilities, .length_max = 20 },
                                  { "tag", JSON_STR, &when->tag, .length_max = 100 },
                                  { "persona", JSON_STR, &when->persona, .length_max = 100 },
                                  { "share", JSON_I64, &share, .min = 1, .max = 99 },
                                  { "share_by", JSON_STR, &by, .length_max = 60 }),
                      err) &&
            read_share(share, by, when, err) &&
            read_abilities(&abilities, &when->abilities, err)) ||
           fail_in(err, "when");
}

/* "groq/llama-3.3-70b", or an object with a weight and a condition. */
static bool read_step(Arena *arena, const json_t *json, SetupStep *step, Error *err)
{
    json_t *when = NULL;
    *step = (SetupStep){ .weight = 1 };
    if (json_is_string(json)) {
        step->model = str_copy(arena, (Str){ json_string_value(json), json_string_length(json) });
        return true;
    }
    return json_read(
               json, arena,
               JSON_FIELDS({ "model", JSON_STR, &step->model, .required = true, .length_max = 400 },
                           { "weight", JSON_I64, &step->weight, .min = 1, .max = 1000000 },
                           { "when", JSON_ANY, &when }),
               err) &&
           read_condition(arena, when, &step->when, err);
}

/* Shares of a route lie side by side: nobody is in two of them. */
static bool lay_shares(const SetupRoute *route, SetupStep *steps, Error *err)
{
    int at = 0;
    for (size_t i = 0; i < route->step_count; i++) {
        RouteCondition *when = &steps[i].when;
        if (!when->share)
            continue;
        when->share_begin = at;
        when->share_side = steps[i].model;
        when->share_salt = route->name;
        at += when->share;
    }
    return at <= 100 || fail_field(err, "steps", "the shares of the steps are %d per cent", at);
}

static bool read_steps(Arena *arena, const json_t *json, SetupRoute *route, Error *err)
{
    size_t count = json_array_size(json);
    if (!json_is_array(json) || !count || count > SETUP_STEPS_MAX)
        return fail_field(err, "steps", "steps is a list of 1 to %d models", SETUP_STEPS_MAX);
    SetupStep *steps = arena_new_array(arena, SetupStep, count);
    for (size_t i = 0; i < count; i++)
        if (!read_step(arena, json_array_get(json, i), &steps[i], err))
            return fail_in(err, "steps[%zu]", i);
    route->steps = steps;
    route->step_count = count;
    return lay_shares(route, steps, err);
}

static bool read_strategy(Str word, RouteStrategy *strategy_r, Error *err)
{
    static const char *const words[] = {
#define STRATEGY(name, word, title) word,
#include "gateway/strategies.def"
#undef STRATEGY
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(word, words[i])) {
            *strategy_r = (RouteStrategy)i;
            return true;
        }
    return fail_field(err, "strategy", "strategy is one of"
#define STRATEGY(name, word, title) " " word
#include "gateway/strategies.def"
#undef STRATEGY
    );
}

bool setup_read_route(Arena *arena, Str name, const json_t *document, SetupRoute *route_r,
                      Error *err)
{
    SetupRoute route = { .name = name, .retries = -1 };
    Str strategy = S("ordered");
    json_t *steps = NULL, *times = NULL, *tools = NULL;
    if (!setup_check_name(name, err) ||
        !json_read(document, arena,
                   JSON_FIELDS({ "strategy", JSON_STR, &strategy, .length_max = 60 },
                               { "steps", JSON_ANY, &steps, .required = true },
                               { "fallback", JSON_STR, &route.fallback, .length_max = 400 },
                               { "larger", JSON_STR, &route.larger, .length_max = 400 },
                               { "cheaper", JSON_STR, &route.cheaper, .length_max = 400 },
                               { "retries", JSON_I64, &route.retries, .min = -1, .max = 10 },
                               { "times", JSON_ANY, &times },
                               { "hedge_ms", JSON_I64, &route.hedge_ms, .max = 600000 },
                               { "tools", JSON_ANY, &tools },
                               { "tool_rounds", JSON_I64, &route.tool_rounds, .min = 1,
                                 .max = HOSTED_ROUNDS_MAX }),
                   err) ||
        !read_strategy(strategy, &route.strategy, err) || !read_steps(arena, steps, &route, err) ||
        !setup_read_times(arena, times, &route.times, err) ||
        !setup_read_tools(arena, tools, &route.tools, err))
        return false;
    *route_r = route;
    return true;
}
