/* catalogue.c - see catalogue.h. */
#include "gateway/catalogue.h"

#define PER_MILLION 1000000
#define SECONDS_PER_HOUR 3600

/* Words for the table: what most models of a kind can do. */
#define CAN(ability) (1u << ABILITY_##ability)
#define CAN_TOOLS (CAN(TOOLS) | CAN(JSON))
#define CAN_CALL CAN(TOOLS) /* but no JSON by schema */
#define CAN_LOOK CAN(IMAGES)
#define CAN_SEE (CAN_TOOLS | CAN(IMAGES))
#define CAN_FILES CAN(FILES)
#define CAN_HEAR CAN(AUDIO)
#define CAN_THINK CAN(REASONING)
#define CAN_ALL (CAN_SEE | CAN_FILES | CAN_THINK)

const CatalogueModel catalogue_models[] = {
#define MODEL(provider, name, task, context, output_max, abilities, ...)                           \
    { provider, name, TASK_##task, context, output_max, abilities, { __VA_ARGS__ } },
#include "gateway/models.def"
#undef MODEL
};
const size_t catalogue_count = COUNT(catalogue_models);

/* --- Finding --- */

/* "-2025-04-14", "-20250929", "-latest", "-preview-05-20", "-001": a version of the same model. */
static bool is_version(Str rest)
{
    static const char *const words[] = { "-latest", "-preview", "-exp", "@latest", "@default" };
    size_t digits = 0;
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_starts(rest, str(words[i]))) {
            rest = str_from(rest, strlen(words[i]));
            digits = 3; /* a short date will do behind a word */
            break;
        }
    if (rest.length && rest.at[0] != '-' && rest.at[0] != '@')
        return false;
    for (size_t i = 0; i < rest.length; i++) {
        if (rest.at[i] != '-' && rest.at[i] != '@' && (rest.at[i] < '0' || rest.at[i] > '9'))
            return false;
        digits += rest.at[i] >= '0' && rest.at[i] <= '9';
    }
    return digits >= 3; /* "-1" is another model */
}

static const CatalogueModel *find_model(Str provider, Str name)
{
    const CatalogueModel *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < catalogue_count; i++) {
        const CatalogueModel *model = &catalogue_models[i];
        Str known = str(model->name);
        if (!str_is(provider, model->provider) || !str_starts(name, known))
            continue;
        if (name.length == known.length)
            return model;
        if (known.length > best_length && is_version(str_from(name, known.length)))
            best = model, best_length = known.length;
    }
    return best;
}

/* Makers as resellers name them, where that is not as we do. */
static Str maker_of(Str name)
{
    static const char *const makers[][2] = { { "google", "gemini" },
                                             { "x-ai", "xai" },
                                             { "mistralai", "mistral" } };
    for (size_t i = 0; i < COUNT(makers); i++)
        if (str_is(name, makers[i][0]))
            return str(makers[i][1]);
    return name;
}

const CatalogueModel *catalogue_find(Str provider, Str model)
{
    Str name = str_starts(model, S("models/")) ? str_from(model, 7) : model, maker;
    const CatalogueModel *found = find_model(provider, name);
    bool resells = str_is(provider, "openrouter") || str_is(provider, "portkey");
    if (!found && str_is(provider, "azure"))
        return find_model(S("openai"), name);
    if (found || !resells || str_find_char(name, '/') < 0)
        return found;
    (void)str_next(&name, '/', &maker);
    return find_model(maker_of(maker), name);
}

/* --- Prices --- */

static int64_t read_price(const char *text, int64_t per)
{
    int64_t pico;
    return text && price_parse(str(text), per, &pico) ? pico : PRICE_UNKNOWN;
}

ModelPrice catalogue_price(const CatalogueModel *model)
{
    const CataloguePrices *from = &model->prices;
    return (ModelPrice){ .input = read_price(from->input, PER_MILLION),
                         .output = read_price(from->output, PER_MILLION),
                         .cache_read = read_price(from->cache_read, PER_MILLION),
                         .cache_write = read_price(from->cache_write, PER_MILLION),
                         .cache_write_long = read_price(from->cache_write_long, PER_MILLION),
                         .audio_input = read_price(from->audio_input, PER_MILLION),
                         .audio_output = read_price(from->audio_output, PER_MILLION),
                         .second = read_price(from->hour, SECONDS_PER_HOUR),
                         .character = read_price(from->characters, PER_MILLION),
                         .call = read_price(from->call, 1),
                         .tier_above = from->tier_above,
                         .tier_input = read_price(from->tier_input, PER_MILLION),
                         .tier_output = read_price(from->tier_output, PER_MILLION),
                         .search = read_price(from->searches, 1000),
                         .flex = read_price(from->flex, 1),
                         .priority = read_price(from->priority, 1) };
}
