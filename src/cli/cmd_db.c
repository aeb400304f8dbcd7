/* cmd_db.c - looking after the database: what it is, and whether originals, vectors and rows agree.
 */
#include "base/file.h"
#include "cli/client.h"
#include "cli/output.h"

static bool describe(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *health = NULL;
    if (!client_call(client, "GET", "/health", S(""), &health, err))
        return false;
    const json_t *database = json_object_get(health, "database");
    if (output_json(line, database))
        return true;
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)database, name, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        printf("%-16s %s\n", name, text);
        free(text);
    }
    return true;
}

/* A copy that the server mends by itself; until then words find what it lacks. */
static bool check_vectors(const CommandLine *line, const json_t *vectors, Error *err)
{
    int64_t lacking = output_int(vectors, "lacking"), different = output_int(vectors, "different"),
            spare = output_int(vectors, "spare");
    Str store = json_member_text(vectors, "store");
    if (!line->json)
        printf("%" PRId64 " vectors; " STR_FMT " lacks %" PRId64 ", has %" PRId64
               " otherwise and %" PRId64 " too many\n",
               output_int(vectors, "rows"), STR_ARG(store), lacking, different, spare);
    return lacking + different + spare == 0 ||
           fail(err, ERROR_DAMAGED,
                STR_FMT " differs from the database; the server mends it by itself once it has "
                        "caught up, and whenever it is started again",
                STR_ARG(store));
}

static bool check(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    if (!client_call(client, "POST", "/v1/check", S(""), &answer, err))
        return false;
    int64_t missing = output_int(answer, "missing"), spare = output_int(answer, "spare");
    if (!output_json(line, answer))
        printf("%" PRId64 " originals, %" PRId64 " missing, %" PRId64 " without a document\n",
               output_int(answer, "originals"), missing, spare);
    const json_t *vectors = json_object_get(answer, "vectors");
    if (missing)
        return fail(err, ERROR_DAMAGED, "%" PRId64 " originals are missing", missing);
    return !vectors || check_vectors(line, vectors, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("show");
    if (!str_is(what, "show") && !str_is(what, "check"))
        return fail(err, ERROR_INVALID, "use: lectern db show | check");
    if (!client_open(line, &client, err))
        return false;
    return str_is(what, "show") ? describe(line, client, err) : check(line, client, err);
}

const Command command_db = {
    .name = "db",
    .arguments = "[show | check]",
    .summary = "The database: what it is; whether rows agree with originals and vectors",
    .word_max = 1,
    .run = run,
};
