/* run_hosted.c - calls with tools that the program calls itself (hosted.h): whatever model they
 * name, the answer is made here. Who makes it asks that model, by calls of its own that are routed,
 * limited and paid for as any others. */
#include "gateway/run.h"

bool hosted_route(Run *run, Error *err)
{
    const GatewayRoute *here = run->caller->config->here;
    if (!here || !here->step_count || !here->steps[0].target->service->is_here)
        return fail(err, ERROR_UNSUPPORTED, "tools of servers cannot be called here");
    GatewayTarget *target = arena_new_one(run->arena, GatewayTarget);
    RouteStep *step = arena_new_one(run->arena, RouteStep);
    GatewayRoute *route = arena_new_one(run->arena, GatewayRoute);
    *target = *here->steps[0].target;
    target->model = S(""); /* that which is asked for */
    *step = (RouteStep){ .target = target };
    *route = (GatewayRoute){
        .name = run->route->name, .steps = step, .step_count = 1, .times = run->route->times
    };
    run->route = route;
    return true;
}
