/* members.c - see members.h. */
#include "gateway/members.h"

#include "gateway/json_read.h"

/* Does its value ask for what only a service that takes the member can do? */
static bool member_is_needed(Str name, Str value)
{
    static const char *const needed[] = {
        "logit_bias",         /* words that are forbidden, or demanded */
        "logprobs",           /* the client reads them */
        "top_logprobs",       /* the same */
        "best_of",            /* of several answers the likeliest */
        "web_search_options", /* a search of the service's own */
        "moderation",         /* what its rules forbid */
        "container",          /* files of a service */
        "inference_geo",      /* where the words may be read */
        "mcp_servers",        /* tools that the service calls */
    };
    for (size_t i = 0; i < COUNT(needed); i++)
        if (str_is(name, needed[i]))
            return !json_is_nothing(value);
    return false;
}

static bool refuse(Str name, Error *err)
{
    fail(err, ERROR_UNSUPPORTED, "this service cannot be told '" STR_FMT "'", STR_ARG(name));
    snprintf(err->field, sizeof err->field, STR_FMT, STR_ARG(name));
    return false;
}

bool members_check(const ModelRequest *request, const DialectTarget *target, Error *err)
{
    JsonWalk walk = json_walk_begin(request->extra);
    Str name, value;
    while (!target->takes_extra && request->extra.length && json_walk_next(&walk, &name, &value))
        if (member_is_needed(name, value))
            return refuse(name, err);
    return true;
}

bool members_check_body(Str body, const DialectQuirks *quirks, Error *err)
{
    JsonWalk walk = json_walk_begin(body);
    Str name, value;
    while (quirks->members && json_walk_next(&walk, &name, &value))
        if (!dialect_member(quirks, name).length && member_is_needed(name, value))
            return refuse(name, err);
    return true;
}
