/* price.c - see price.h. */
#include "gateway/price.h"

#define DIGITS_MAX 30

/* Digits without the point, and how many decimal places they have. */
static bool read_decimal(Str text, char digits[DIGITS_MAX + 1], int *places_r)
{
    size_t count = 0;
    int64_t exponent = 0;
    bool has_point = false, has_digit = false;
    *places_r = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c >= '0' && c <= '9') {
            has_digit = true;
            *places_r += has_point;
            if (c == '0' && !count)
                continue; /* leading */
            if (count == DIGITS_MAX)
                return false;
            digits[count++] = c;
        } else if (c == '.' && !has_point) {
            has_point = true;
        } else if ((c | 0x20) == 'e' && has_digit) {
            Str rest = str_from(text, i + 1);
            if (str_starts(rest, S("+")))
                rest = str_from(rest, 1);
            if (!str_to_int(rest, -60, 60, &exponent))
                return false;
            break;
        } else {
            return false;
        }
    }
    digits[count] = '\0';
    *places_r -= (int)exponent;
    return has_digit;
}

/* Rounded to the nearest pico-dollar, halves up. */
bool price_parse(Str text, int64_t per, int64_t *pico_r)
{
    char digits[DIGITS_MAX + 1];
    int places;
    unsigned __int128 value = 0, divisor = (unsigned __int128)per;
    if (!read_decimal(str_trim(text), digits, &places))
        return false;
    for (const char *at = digits; *at; at++)
        value = value * 10 + (unsigned)(*at - '0');
    for (int shift = 12 - places; shift > 0; shift--) {
        if (value > (unsigned __int128)INT64_MAX * 1000000)
            return false;
        value *= 10;
    }
    for (int shift = places - 12; shift > 0; shift--) {
        if (divisor > (unsigned __int128)INT64_MAX * 1000000)
            return (*pico_r = 0, true);
        divisor *= 10;
    }
    value = (value + divisor / 2) / divisor;
    if (value > INT64_MAX)
        return false;
    *pico_r = (int64_t)value;
    return true;
}

/* Adds count * price; false when something was used that has no price. */
static bool add(int64_t *sum, int64_t count, int64_t price)
{
    int64_t cost;
    if (!count)
        return true;
    if (price == PRICE_UNKNOWN || __builtin_mul_overflow(count, price, &cost) ||
        __builtin_add_overflow(*sum, cost, sum))
        return false;
    return true;
}

static int64_t or_else(int64_t price, int64_t other)
{
    return price == PRICE_UNKNOWN ? other : price;
}

/* Tokens cost nothing where something else is paid for instead. */
static bool has_free_tokens(const ModelPrice *price)
{
    return price->input == PRICE_UNKNOWN &&
           (price->second >= 0 || price->character >= 0 || price->call >= 0);
}

/* Makers publish their prices above the tier in the same proportion to each other. */
static int64_t in_proportion(int64_t price, int64_t usual, int64_t high)
{
    if (price <= 0 || usual <= 0 || high < 0)
        return price;
    unsigned __int128 value = (unsigned __int128)price * (uint64_t)high;
    value = (value + (uint64_t)usual / 2) / (uint64_t)usual;
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* All rates of tokens once the input is above the tier. */
static ModelPrice high_price(const ModelPrice *price)
{
    ModelPrice high = *price;
    int64_t *const cached[] = { &high.cache_read, &high.cache_write, &high.cache_write_long };
    for (size_t i = 0; i < COUNT(cached); i++)
        *cached[i] = in_proportion(*cached[i], price->input, price->tier_input);
    high.input = or_else(price->tier_input, price->input);
    high.output = or_else(price->tier_output, price->output);
    return high;
}

static int64_t in_tier(int64_t cost, const ModelPrice *price, ServiceTier tier)
{
    int64_t share = tier == TIER_FLEX ? price->flex : tier == TIER_PRIORITY ? price->priority : 0;
    return share > 0 ? in_proportion(cost, PICO, share) : cost;
}

static bool add_tokens(int64_t *sum, const ModelPrice *usual, const ModelUsage *usage)
{
    int64_t tokens = 0;
    int64_t whole = usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long;
    bool is_high = usual->tier_above && whole > usual->tier_above;
    const ModelPrice price = is_high ? high_price(usual) : *usual;
    /* What was cached of a sound is no input any more, and services count it with the sound. */
    int64_t heard = MIN(usage->audio_input, usage->input);
    int64_t spoken = MIN(usage->audio_output, usage->output);
    bool good = add(&tokens, usage->input - heard, price.input) &&
                add(&tokens, usage->output - spoken, price.output) &&
                add(&tokens, heard, or_else(price.audio_input, price.input)) &&
                add(&tokens, spoken, or_else(price.audio_output, price.output)) &&
                add(&tokens, usage->cache_read, or_else(price.cache_read, price.input)) &&
                add(&tokens, usage->cache_write, or_else(price.cache_write, price.input)) &&
                add(&tokens, usage->cache_write_long,
                    or_else(price.cache_write_long, or_else(price.cache_write, price.input)));
    return good && add(sum, 1, in_tier(tokens, usual, usage->tier));
}

/* Who pays for tokens pays for the same sound no second time unless a price says so. */
static bool add_others(int64_t *sum, const ModelPrice *price, int64_t seconds, int64_t characters)
{
    bool is_known = price_is_known(price);
    return add(sum, seconds, is_known ? MAX(price->second, (int64_t)0) : price->second) &&
           add(sum, characters, is_known ? MAX(price->character, (int64_t)0) : price->character);
}

bool price_is_known(const ModelPrice *price)
{
    return price->input != PRICE_UNKNOWN || price->call > 0 || price->second >= 0 ||
           price->character >= 0;
}

int64_t price_of(const ModelPrice *price, const ModelUsage *usage)
{
    int64_t sum = 0;
    if (usage->cost > 0)
        return usage->cost;
    bool good = add(&sum, MAX(usage->pictures, (int64_t)1), MAX(price->call, (int64_t)0)) &&
                add(&sum, usage->searches, MAX(price->search, (int64_t)0)) &&
                (has_free_tokens(price) || add_tokens(&sum, price, usage)) &&
                add_others(&sum, price, (int64_t)(usage->seconds + 0.999), usage->characters);
    return good ? sum : PRICE_UNKNOWN;
}

int64_t price_reserve(const ModelPrice *price, const PriceMost *most)
{
    const ModelPrice high = price->tier_above ? high_price(price) : *price;
    int64_t input = MAX(price->input, high.input), output = MAX(price->output, high.output);
    int64_t sum = 0;
    input = MAX(input, MAX(price->cache_write, price->cache_write_long));
    input = MAX(input, MAX(high.cache_write, high.cache_write_long));
    int64_t heard = price_heard_tokens(most->seconds);
    int64_t spoken = price_spoken_tokens(most->characters);
    bool is_sound = most->seconds || most->characters;
    bool good = add(&sum, MAX(most->pictures, (int64_t)1), MAX(price->call, (int64_t)0)) &&
                add(&sum, most->input, MAX(input, (int64_t)0)) &&
                add(&sum, most->output, is_sound ? 0 : MAX(output, (int64_t)0)) &&
                add(&sum, heard, MAX(MAX(price->audio_input, input), (int64_t)0)) &&
                add(&sum, is_sound ? heard + spoken : 0,
                    MAX(MAX(price->audio_output, output), (int64_t)0)) &&
                add_others(&sum, price, most->seconds, most->characters);
    /* Flex may be had at the usual price where there is no room for it. */
    ServiceTier tier = most->tier == TIER_PRIORITY ? TIER_PRIORITY : TIER_USUAL;
    return good ? MAX(sum, in_tier(sum, price, tier)) : INT64_MAX / 4;
}

/* OpenAI's estimates a minute and its prices of tokens agree in some ten a second heard, twenty a
 * second spoken; a second has fifteen characters: 150 words a minute of six each. */
int64_t price_heard_tokens(int64_t seconds) { return seconds * 10; }
int64_t price_spoken_tokens(int64_t characters) { return (characters * 20 + 14) / 15; }

Str price_text(Arena *arena, int64_t pico)
{
    return str_format(arena, "$%" PRId64 ".%06" PRId64, pico / PICO, pico % PICO / 1000000);
}
