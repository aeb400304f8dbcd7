/* run_hosted.c - calls with tools that the program calls itself (hosted.h), of the request or of
 * its route: whatever model they name, the answer is made here. Who makes it asks that model, by
 * calls of its own that are routed, limited and paid for as any others. */
#include "gateway/run.h"

/* What the library asks itself gets no tools of a route: they would be given twice, as each round
 * of a call with tools is one of these. */
bool hosted_is_wanted(const Run *run)
{
    return run->request.is_hosted ||
           (run->route->tools.length && !run->ask && run->request.task == TASK_CHAT);
}

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
    *route = (GatewayRoute){ .name = run->route->name,
                             .steps = step,
                             .step_count = 1,
                             .times = run->route->times,
                             .tools = run->route->tools,
                             .tool_rounds = run->route->tool_rounds };
    run->route = route;
    run->request.is_hosted = true;
    return true;
}
