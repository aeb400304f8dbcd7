/* route_test.c - which targets are tried, and in which order. */
#include <criterion/criterion.h>

#include "gateway/route.h"

static GatewayService service = { .name = S_INIT("s"), .title = S_INIT("S") };

static GatewayTarget target(const char *model, int64_t input_price)
{
    GatewayTarget made = { .service = &service, .model = str(model), .price = PRICE_NONE };
    made.price.input = made.price.output = input_price;
    return made;
}

static GatewayRoute route_of(RouteStrategy strategy, const RouteStep *steps, size_t count)
{
    return (GatewayRoute){ .strategy = strategy, .steps = steps, .step_count = count };
}

/* The models in their order, "a b c". */
static Str planned(Arena *arena, const GatewayRoute *route, const RouteNeeds *needs)
{
    const GatewayTarget *targets[16];
    Buf out = buf_new(arena, KB(1));
    size_t count = route_plan(route, needs, targets, 0, COUNT(targets));
    for (size_t i = 0; i < count; i++)
        buf_addf(&out, "%s" STR_FMT, i ? " " : "", STR_ARG(targets[i]->model));
    return buf_str(&out);
}

static void assert_plan(const GatewayRoute *route, RouteNeeds needs, const char *expected)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str plan = planned(arena, route, &needs);
    cr_assert(str_is(plan, expected), "'" STR_FMT "' is not '%s'", STR_ARG(plan), expected);
}

Test(route, steps_come_in_order_then_those_of_the_fallback_each_once)
{
    GatewayTarget a = target("a", 1), b = target("b", 1), c = target("c", 1);
    RouteStep first[] = { { .target = &b }, { .target = &a } };
    RouteStep second[] = { { .target = &a }, { .target = &c } };
    GatewayRoute fallback = route_of(STRATEGY_ORDERED, second, 2);
    GatewayRoute route = route_of(STRATEGY_ORDERED, first, 2);
    route.fallback = &fallback;
    fallback.fallback = &route; /* a ring */
    assert_plan(&route, (RouteNeeds){ 0 }, "b a c");
}

Test(route, a_share_of_callers_stays_on_its_side)
{
    GatewayTarget a = target("a", 1), b = target("b", 1), c = target("c", 1);
    RouteStep steps[] = {
        { .target = &a, .when = { .share = 10, .share_side = S("a"), .share_salt = S("r") } },
        { .target = &b,
          .when = { .share = 30, .share_begin = 10, .share_side = S("b"), .share_salt = S("r") } },
        { .target = &c },
    };
    GatewayRoute route = route_of(STRATEGY_ORDERED, steps, 3);
    int on_a = 0, on_b = 0, on_both = 0;
    for (int i = 0; i < 10000; i++) {
        char who[40];
        snprintf(who, sizeof who, "01900000-0000-7000-8000-%012d", i);
        RouteNeeds needs = { .who = { [SHARE_BY_KEY] = str(who) } };
        Str side = route_side(&route, &needs);
        const GatewayTarget *targets[4];
        size_t count = route_plan(&route, &needs, targets, 0, COUNT(targets));
        cr_assert_eq(count, str_is(side, SIDE_REST) ? 1 : 2, "the rest is behind each side");
        cr_assert(str_is(targets[0]->model, str_is(side, SIDE_REST) ? "c" : side.at));
        cr_assert(str_equal(side, route_side(&route, &needs)));
        on_a += str_is(side, "a");
        on_b += str_is(side, "b");
        steps[0].when.share_salt = S("other");
        on_both += str_is(side, "a") && str_is(route_side(&route, &needs), "a");
        steps[0].when.share_salt = S("r");
    }
    cr_assert(on_a > 900 && on_a < 1100, "%d", on_a);
    cr_assert(on_b > 2800 && on_b < 3200, "%d", on_b);
    cr_assert(on_both < 200, "another route draws others: %d", on_both);
    steps[0] = steps[1] = steps[2];
    cr_assert(!route_side(&route, &(RouteNeeds){ 0 }).length);
}

Test(route, the_cheapest_comes_first_and_what_has_no_price_last)
{
    GatewayTarget a = target("a", 300), b = target("b", PRICE_UNKNOWN), c = target("c", 100);
    RouteStep steps[] = { { .target = &a }, { .target = &b }, { .target = &c } };
    GatewayRoute route = route_of(STRATEGY_CHEAPEST, steps, 3);
    assert_plan(&route, (RouteNeeds){ .input = 10 }, "c a b");
}

Test(route, a_cheaper_route_comes_first_when_the_budget_is_near_its_end)
{
    GatewayTarget a = target("a", 300), b = target("b", 1);
    RouteStep dear[] = { { .target = &a } }, cheap[] = { { .target = &b } };
    GatewayRoute cheaper = route_of(STRATEGY_ORDERED, cheap, 1);
    GatewayRoute route = route_of(STRATEGY_ORDERED, dear, 1);
    route.cheaper = &cheaper;
    assert_plan(&route, (RouteNeeds){ 0 }, "a");
    assert_plan(&route, (RouteNeeds){ .is_saving = true }, "b a");
}

Test(route, steps_apply_only_when_their_conditions_hold)
{
    GatewayTarget a = target("a", 1), b = target("b", 1), c = target("c", 1), d = target("d", 1);
    GatewayTarget e = target("e", 1);
    a.context = 100;
    b.abilities = 1U << ABILITY_IMAGES;
    RouteStep steps[] = { { .target = &a },
                          { .target = &b },
                          { .target = &c, .when = { .tag = S_INIT("night") } },
                          { .target = &d, .when = { .input_min = 500 } },
                          { .target = &e, .when = { .input_max = 50, .persona = S_INIT("p") } } };
    GatewayRoute route = route_of(STRATEGY_ORDERED, steps, COUNT(steps));
    assert_plan(&route, (RouteNeeds){ .input = 10 }, "a b");
    assert_plan(&route, (RouteNeeds){ .input = 10, .persona = S("p") }, "a b e");
    assert_plan(&route, (RouteNeeds){ .input = 90, .output = 20, .tag = S("night") }, "b c");
    assert_plan(&route, (RouteNeeds){ .input = 900, .abilities = 1U << ABILITY_TOOLS }, "d");
    cr_assert_null(route_refuses(&steps[0], &(RouteNeeds){ .input = 10 }));
    cr_assert_not_null(route_refuses(&steps[0], &(RouteNeeds){ .input = 101 }));
}

Test(route, weights_are_shares)
{
    GatewayTarget a = target("a", 1), b = target("b", 1);
    RouteStep steps[] = { { .target = &a, .weight = 9 }, { .target = &b, .weight = 1 } };
    GatewayRoute route = route_of(STRATEGY_WEIGHTED, steps, 2);
    const GatewayTarget *targets[4];
    int firsts = 0;
    for (int i = 0; i < 10000; i++) {
        cr_assert_eq(route_plan(&route, &(RouteNeeds){ 0 }, targets, 0, 4), 2);
        firsts += targets[0] == &a;
    }
    /* Nine tenths, give or take seven standard deviations. */
    cr_assert(firsts > 8790 && firsts < 9210, "%d", firsts);
}

static void answer(TargetState *state, int64_t took_us)
{
    TargetPlace place;
    int64_t wait_ms;
    cr_assert_eq(target_start(state, &(TargetAsk){ 0 }, &place, &wait_ms), TARGET_GO);
    target_ended(&place, &(TargetReport){ .first_us = took_us, .total_us = took_us });
}

Test(route, the_fastest_and_the_least_busy_come_first)
{
    TargetStates *states = target_states_new();
    GatewayTarget a = target("a", 1), b = target("b", 1);
    a.state = target_state(states, S("a"));
    b.state = target_state(states, S("b"));
    answer(a.state, 9000);
    answer(b.state, 2000);
    RouteStep steps[] = { { .target = &a }, { .target = &b } };
    GatewayRoute route = route_of(STRATEGY_FASTEST, steps, 2);
    const GatewayTarget *targets[4];
    int fast = 0;
    for (int i = 0; i < 1000; i++) {
        (void)route_plan(&route, &(RouteNeeds){ 0 }, targets, 0, 4);
        fast += targets[0] == &b;
    }
    cr_assert(fast > 880 && fast < 1000, "%d: the slow one is asked now and then", fast);

    TargetPlace place;
    int64_t wait_ms;
    cr_assert_eq(target_start(b.state, &(TargetAsk){ 0 }, &place, &wait_ms), TARGET_GO);
    route.strategy = STRATEGY_LEAST_BUSY;
    assert_plan(&route, (RouteNeeds){ 0 }, "a b");
    target_ended(&place, &(TargetReport){ 0 });
    target_states_free(states);
}

Test(route, pictures_are_not_counted_as_text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf body = buf_new(arena, KB(512));
    buf_add(&body, S("{\"url\":\"data:image/png;base64,"));
    for (int i = 0; i < 10000; i++)
        buf_add(&body, S("ABCDEFGH"));
    buf_add(&body, S("\",\"text\":\"12345678\"}"));
    ModelRequest request = { .task = TASK_CHAT };
    cr_assert(route_needs(&request, buf_str(&body)).input < 20);
    cr_assert_eq(route_needs(&request, (Str){ NULL, 80000 }).input, 20000);
}
