/* route.c - see route.h. */
#include "gateway/route.h"

#include <math.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "gateway/sound.h"

#define STEPS_MAX 32
#define PICTURE_MIN KB(16) /* of a body that is looked through for them */
#define EXPLORE_SHARE 0.05 /* of calls that ask what is not the fastest, as far as is known */
#define DEPTH_MAX 8        /* fallbacks of fallbacks; a ring of them ends here */

/* What of a form is text. */
static size_t form_bytes(const ModelRequest *request)
{
    size_t bytes = request->inputs.count ? request->inputs.at[0].length : 0;
    for (size_t i = 0; i < request->field_count; i++)
        bytes += request->fields[i].file_name.length ? 0 : request->fields[i].value.length;
    return bytes;
}

/* Bytes of a body without those of pictures, which are no text to a model. */
static size_t text_bytes(const ModelRequest *request, Str body)
{
    size_t bytes = body.length;
    ptrdiff_t at;
    if (request->form_type.length || request->media.length)
        return form_bytes(request);
    if (!body.at || body.length < PICTURE_MIN)
        return bytes;
    while ((at = str_find(body, S(";base64,"))) >= 0) {
        body = str_from(body, (size_t)at);
        ptrdiff_t end = str_find_char(body, '"');
        size_t length = end < 0 ? body.length : (size_t)end;
        bytes -= length;
        body = str_from(body, length);
    }
    return bytes;
}

static int64_t seconds_of(const ModelRequest *request)
{
    bool is_sound = request->task == TASK_TRANSCRIPTION && request->media.length;
    return is_sound ? (int64_t)(sound_seconds(request->media) + 0.999) : 0;
}

static int64_t characters_of(const ModelRequest *request)
{
    bool is_spoken = request->task == TASK_SPEECH && request->inputs.count;
    return is_spoken ? (int64_t)utf8_count(request->inputs.at[0]) : 0;
}

static int64_t pictures_of(const ModelRequest *request)
{
    return request->task == TASK_IMAGE ? MAX(request->choice_count, (int64_t)1) : 0;
}

PriceMost route_most(const RouteNeeds *needs, int64_t output)
{
    return (PriceMost){ .input = needs->input,
                        .output = output * MAX(needs->pictures, (int64_t)1),
                        .seconds = needs->seconds,
                        .characters = needs->characters,
                        .pictures = needs->pictures };
}

/* A file of text is shown as text to whoever takes no files. */
static unsigned need_of(const ModelPart *part)
{
    switch (part->kind) {
    case PART_IMAGE: return 1U << ABILITY_IMAGES;
    case PART_AUDIO: return 1U << ABILITY_AUDIO;
    case PART_FILE: return str_starts(part->media_type, S("text/")) ? 0 : 1U << ABILITY_FILES;
    default: return 0;
    }
}

static unsigned needs_of(const ModelRequest *request)
{
    unsigned abilities = request->parts_need;
    for (size_t i = 0; request->messages && i < request->message_count; i++)
        for (size_t part = 0; part < request->messages[i].count; part++)
            abilities |= need_of(&request->messages[i].parts[part]);
    return abilities;
}

RouteNeeds route_needs(const ModelRequest *request, Str body)
{
    unsigned abilities = needs_of(request);
    if (request->tool_count)
        abilities |= 1U << ABILITY_TOOLS;
    if (request->format == FORMAT_SCHEMA)
        abilities |= 1U << ABILITY_JSON;
    return (RouteNeeds){ .task = request->task,
                         .input = (int64_t)(text_bytes(request, body) + 3) / 4,
                         .seconds = seconds_of(request),
                         .characters = characters_of(request),
                         .pictures = pictures_of(request),
                         .output = request->output_max,
                         .abilities = abilities,
                         .is_stream = request->is_stream };
}

static bool is_other(Str wanted, Str has) { return wanted.length && !str_equal(wanted, has); }

/* From 0 to 99; the same in every version and on every node. */
static int hundredth_of(const RouteCondition *when, const RouteNeeds *needs)
{
    Str who = needs->who[when->share_by];
    uint32_t sum = crc32c(0, when->share_salt.at, when->share_salt.length);
    sum = crc32c(sum, "/", 1);
    return (int)(crc32c(sum, who.at, who.length) % 100);
}

static bool is_in_share(const RouteCondition *when, const RouteNeeds *needs)
{
    int at = hundredth_of(when, needs);
    return at >= when->share_begin && at < when->share_begin + when->share;
}

Str route_side(const GatewayRoute *route, const RouteNeeds *needs)
{
    Str side = S("");
    for (size_t i = 0; i < route->step_count; i++) {
        const RouteCondition *when = &route->steps[i].when;
        if (!when->share)
            continue;
        if (is_in_share(when, needs))
            return when->share_side;
        side = S(SIDE_REST);
    }
    return side;
}

const char *route_refuses(const RouteStep *step, const RouteNeeds *needs)
{
    const RouteCondition *when = &step->when;
    const GatewayTarget *target = step->target;
    if (needs->input < when->input_min)
        return "the call is smaller than this step is for";
    if (when->input_max && needs->input > when->input_max)
        return "the call is larger than this step is for";
    if ((when->abilities & needs->abilities) != when->abilities)
        return "the call does not need what this step is for";
    if (is_other(when->tag, needs->tag))
        return "the call does not have its tag";
    if (is_other(when->persona, needs->persona))
        return "the call is of another persona";
    if (when->share && !is_in_share(when, needs))
        return "who calls is not in its share";
    if (needs->never_here && target->service->is_here)
        return "who asks would answer it";
    /* A prompt that is to be completed can be chatted about. */
    unsigned task = 1U << needs->task | (needs->task == TASK_COMPLETION ? 1U << TASK_CHAT : 0);
    if (target->tasks && !(target->tasks & task))
        return "the model is not for this task";
    if (target->abilities && (needs->abilities & ~target->abilities))
        return "the model cannot do what the call needs";
    if (target->context && needs->input + needs->output > target->context)
        return "the call does not fit into the model's context";
    return NULL;
}

/* --- The order of a route's steps --- */

typedef struct Ranked {
    const GatewayTarget *target;
    double rank; /* the smallest first */
} Ranked;

static double random_share(void)
{
    uint32_t noise;
    random_bytes(&noise, sizeof noise);
    return ((double)noise + 1) / ((double)UINT32_MAX + 2);
}

static double weight_of(const RouteStep *step)
{
    return step->weight > 0 ? (double)step->weight : 1;
}

/* Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the smallest of
 * -log(u)/w comes first with a chance in proportion to w, and so on for those that are left. */
static double rank_weighted(const RouteStep *step)
{
    return -log(random_share()) / weight_of(step);
}

static double rank_price(const GatewayTarget *target, const RouteNeeds *needs)
{
    const ModelPrice *price = &target->price;
    int64_t output = needs->output ? needs->output : needs->input / 2 + 256;
    PriceMost most = route_most(needs, output);
    return price_is_known(price) ? (double)price_reserve(price, &most) : INFINITY;
}

/* Who was never asked is asked first, and who was slow is asked again now and then: it may have
 * become fast. */
static double rank_speed(const GatewayTarget *target, bool is_stream)
{
    if (!target->state || random_share() < EXPLORE_SHARE)
        return 0;
    TargetView view = target_view(target->state);
    return (double)(is_stream ? view.first_us : view.total_us) * (1 + view.failure_share);
}

static double rank_load(const RouteStep *step)
{
    if (!step->target->state)
        return 0;
    double running = (double)target_view(step->target->state).running;
    /* Among the idle ones chance decides. */
    return (running + random_share() / 2) / weight_of(step);
}

static double rank_of(const GatewayRoute *route, const RouteStep *step, const RouteNeeds *needs)
{
    switch (route->strategy) {
    case STRATEGY_ORDERED: break;
    case STRATEGY_WEIGHTED: return rank_weighted(step);
    case STRATEGY_CHEAPEST: return rank_price(step->target, needs);
    case STRATEGY_FASTEST: return rank_speed(step->target, needs->is_stream);
    case STRATEGY_LEAST_BUSY: return rank_load(step);
    }
    return 0;
}

/* Insertion keeps the order of equals, and there are few. */
static void insert(Ranked *ranked, size_t count, Ranked one)
{
    size_t at = count;
    for (; at > 0 && ranked[at - 1].rank > one.rank; at--)
        ranked[at] = ranked[at - 1];
    ranked[at] = one;
}

static size_t rank_steps(const GatewayRoute *route, const RouteNeeds *needs, Ranked *ranked)
{
    size_t count = 0;
    for (size_t i = 0; i < route->step_count && count < STEPS_MAX; i++) {
        const RouteStep *step = &route->steps[i];
        if (!route_refuses(step, needs))
            insert(ranked, count++, (Ranked){ step->target, rank_of(route, step, needs) });
    }
    return count;
}

/* --- The whole way --- */

static bool has_target(const GatewayTarget *const *targets, size_t count,
                       const GatewayTarget *target)
{
    for (size_t i = 0; i < count; i++)
        if (targets[i] == target)
            return true;
    return false;
}

static size_t plan(const GatewayRoute *route, const RouteNeeds *needs,
                   const GatewayTarget **targets_r, size_t count, size_t most, int depth)
{
    Ranked ranked[STEPS_MAX];
    if (!route || depth > DEPTH_MAX)
        return count;
    if (needs->is_saving)
        count = plan(route->cheaper, needs, targets_r, count, most, depth + 1);
    size_t steps = rank_steps(route, needs, ranked);
    for (size_t i = 0; i < steps && count < most; i++)
        if (!has_target(targets_r, count, ranked[i].target))
            targets_r[count++] = ranked[i].target;
    return plan(route->fallback, needs, targets_r, count, most, depth + 1);
}

size_t route_plan(const GatewayRoute *route, const RouteNeeds *needs,
                  const GatewayTarget **targets_r, size_t count, size_t most)
{
    return plan(route, needs, targets_r, count, most, 0);
}
