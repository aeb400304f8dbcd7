/* cmd_gateway.c - the gateway's services and routes: which there are, whether a file of them is
 * right, which targets a call would be sent to. */
#include "base/file.h"
#include "cli/client.h"
#include "cli/output.h"
#include "gateway/route.h"
#include "models/gateway_setup.h"

#define TARGETS_MAX 64

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "-";
}

static void print_problems(const json_t *item)
{
    size_t i;
    json_t *problem;
    json_array_foreach(json_object_get(item, "problems"), i, problem)
        printf("    %s\n", json_string_value(problem));
}

/* --- ls --- */

static void print_services(const json_t *answer)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "items"), i, one)
    {
        printf("%s %-20s %-7s %-11s %3zu models  %s%s\n",
               json_is_true(json_object_get(one, "primary")) ? "*" : " ", text_of(one, "name"),
               text_of(one, "state"), text_of(one, "from"),
               json_array_size(json_object_get(one, "models")), text_of(one, "base_url"),
               json_is_true(json_object_get(one, "key_set")) ? ", key set" : "");
        print_problems(one);
    }
    if (!i)
        printf("no services: set one in Settings, in the file of the setting gateway, or by its "
               "usual variable (GROQ_API_KEY)\n");
}

static void print_steps(const json_t *document)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(document, "steps"), i, step)
        printf("%s%s", i ? ", " : "",
               json_is_string(step) ? json_string_value(step) : text_of(step, "model"));
    if (json_object_get(document, "fallback"))
        printf("; then %s", text_of(document, "fallback"));
}

static void print_tools(const json_t *document)
{
    size_t i;
    json_t *tool;
    json_array_foreach(json_object_get(document, "tools"), i, tool)
    {
        bool is_server = json_object_get(tool, "server_label") != NULL;
        printf("%s%s", i ? ", " : "  with ",
               is_server ? text_of(tool, "server_label") : text_of(tool, "type"));
    }
}

static void print_routes(const json_t *answer)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "items"), i, one)
    {
        const json_t *document = json_object_get(one, "document");
        const char *strategy = json_string_value(json_object_get(document, "strategy"));
        printf("  %-20s %-10s ", text_of(one, "name"), strategy ? strategy : "ordered");
        print_steps(document);
        print_tools(document);
        putchar('\n');
        print_problems(one);
    }
}

static bool list(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *services = NULL;
    AUTO_JSON json_t *routes = NULL;
    if (!client_open(line, &client, err) ||
        !client_call(client, "GET", "/v1/gateway/services", S(""), &services, err) ||
        !client_call(client, "GET", "/v1/gateway/routes", S(""), &routes, err))
        return false;
    AUTO_JSON json_t *both = json_pack("{s:O, s:O}", "services", json_object_get(services, "items"),
                                       "routes", json_object_get(routes, "items"));
    if (output_json(line, both))
        return true;
    print_services(services);
    if (json_array_size(json_object_get(routes, "items")))
        printf("routes:\n");
    print_routes(routes);
    return true;
}

/* --- check --- */

static bool read_input(CommandLine *line, int64_t *tokens_r, Error *err)
{
    Str input = option_value(line, "input");
    *tokens_r = 1000;
    return !input.length || str_to_int(input, 0, 1000000000, tokens_r) ||
           fail_field(err, "input", "--input is a number of tokens");
}

/* Where a call would go if this were the server's file. */
static bool run_file_dry(Str text, Str model, int64_t input, Error *err)
{
    const GatewayTarget *targets[TARGETS_MAX];
    const GatewayConfig *config;
    RouteNeeds needs = { .task = TASK_CHAT, .input = input };
    TargetStates *states = target_states_new();
    bool good = models_config_of_file(text, states, &config, err);
    const GatewayRoute *route = good ? config_route(config, model) : NULL;
    size_t count = route ? route_plan(route, &needs, targets, 0, TARGETS_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        Str name = target_model(targets[i], model);
        printf("%zu. " STR_FMT "/" STR_FMT "\n", i + 1, STR_ARG(targets[i]->service->name),
               STR_ARG(name));
    }
    if (good)
        config_release(config);
    target_states_free(states);
    return count || (good && fail(err, ERROR_NOT_FOUND, "nothing answers to '" STR_FMT "'",
                                  STR_ARG(str_slice(model, 0, 100))));
}

static bool check_file(CommandLine *line, Error *err)
{
    Str path = line->words[1], text;
    int64_t input;
    if (!read_input(line, &input, err) ||
        !file_read(line->arena, str_c(line->arena, path), SETUP_FILE_MAX, &text, err))
        return false;
    if (!models_check_file(text, err))
        return fail_in(err, STR_FMT, STR_ARG(path));
    printf(STR_FMT " is right\n", STR_ARG(path));
    return !option_is_given(line, "model") ||
           run_file_dry(text, option_value(line, "model"), input, err);
}

static void print_plan(const json_t *answer)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "targets"), i, one)
    {
        const char *cost = json_string_value(json_object_get(one, "cost_at_most"));
        const char *breaker = json_string_value(json_object_get(one, "breaker"));
        printf("%zu. %s/%s  %s%s%s\n", i + 1, text_of(one, "service"), text_of(one, "model"),
               cost ? "at most " : "no price", cost ? cost : "",
               breaker && strcmp(breaker, "closed") != 0 ? "  not asked just now" : "");
    }
    json_array_foreach(json_object_get(answer, "passed_over"), i, one) printf(
        "-  %s/%s  %s\n", text_of(one, "service"), text_of(one, "model"), text_of(one, "why"));
}

/* Nothing where the route has no shares, or its calls may not be looked at. */
static void print_sides(CommandLine *line, Client *client, const json_t *answer)
{
    AUTO_JSON json_t *list = NULL;
    Error ignored;
    size_t i;
    json_t *one;
    if (!json_is_string(json_object_get(answer, "side")))
        return;
    Str path = str_format(line->arena, "/v1/gateway/routes/%s/sides", text_of(answer, "route"));
    printf("side: %s\n", text_of(answer, "side"));
    if (!client_call(client, "GET", str_c(line->arena, path), S(""), &list, &ignored))
        return;
    json_array_foreach(json_object_get(list, "items"), i, one)
        printf("   %-40s %8" JSON_INTEGER_FORMAT " calls %6.2f %% failed %9.1f ms $%.6f each\n",
               text_of(one, "side"), json_integer_value(json_object_get(one, "calls")),
               json_number_value(json_object_get(one, "failure_share")) * 100,
               json_number_value(json_object_get(one, "took_ms")),
               json_number_value(json_object_get(one, "cost_per_call")));
}

static bool dry_run(CommandLine *line, Str model, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    JsonWriter json = put_begin(&body);
    int64_t input;
    if (!read_input(line, &input, err))
        return false;
    put_text(&json, "model", model);
    put_int(&json, "input_tokens", input);
    if (option_is_given(line, "as"))
        put_text(&json, "as", option_value(line, "as"));
    put_end(&json);
    if (!client_open(line, &client, err) ||
        !client_call(client, "POST", "/v1/gateway/check", buf_str(&body), &answer, err))
        return false;
    if (!output_json(line, answer)) {
        print_plan(answer);
        print_sides(line, client, answer);
    }
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    Str what = line->word_count ? line->words[0] : S("ls");
    if (str_is(what, "ls") && line->word_count < 2)
        return list(line, err);
    if (str_is(what, "check") && line->word_count == 2)
        return check_file(line, err);
    if (str_is(what, "check") && option_is_given(line, "model"))
        return dry_run(line, option_value(line, "model"), err);
    return fail(err, ERROR_INVALID,
                "use: lectern gateway ls | check FILE [--model NAME] | check --model NAME");
}

static const CommandOption options[] = {
    { "model", "NAME",
      "where a call of this model or route would go, as the file says or, without one, the "
      "server" },
    { "input", "TOKENS", "how large that call is; else 1000" },
    { "as", "WHO", "the key, person or conversation that calls, where the route has shares" },
    { NULL, NULL, NULL },
};

const Command command_gateway = {
    .name = "gateway",
    .arguments = "ls | check [FILE]",
    .summary = "Model services and routes: which there are, whether a file of them is right, a dry "
               "run",
    .options = options,
    .word_max = 2,
    .run = run,
};
