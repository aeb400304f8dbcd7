/* foreign_settings.c - see foreign_settings.h. */
#include "cli/foreign_settings.h"

#include "base/file.h"
#include "base/json.h"

/* The embedding model that is meant when there is no setting. */
#define USUAL_MODEL "all-MiniLM-L6-v2"
#define OLD_HUB "https://api-inference.huggingface.co"
#define HUB "https://router.huggingface.co/v1"

/* --- Readings, by their names in the list --- */

static ForeignReading read_nothing, read_text, read_variable, read_database, read_embedding_model,
    read_model, read_debug, read_host, read_port, read_list, read_hub, read_log_level,
    read_log_format, read_lower, read_docs, read_otlp_protocol;

static bool read_nothing(const char *name, ForeignValue *value, Error *err)
{
    (void)name, (void)err;
    value->is_unused = true;
    return true;
}

static bool read_text(const char *name, ForeignValue *value, Error *err)
{
    (void)name, (void)err;
    value->is_unused = !value->value.length;
    return true;
}

static bool read_variable(const char *name, ForeignValue *value, Error *err)
{
    return read_text(name, value, err);
}

static bool read_database(const char *name, ForeignValue *value, Error *err)
{
    static const char *const prefixes[] = { "postgresql+asyncpg://", "postgresql+psycopg2://",
                                            "postgresql+psycopg://", "postgres://",
                                            "postgresql://" };
    (void)name;
    Str url = value->value;
    if (!url.length || str_starts(url, S("sqlite"))) {
        value->is_unused = true;
        if (url.length)
            value->notice = S("SQLite is kept in the data folder");
        return true;
    }
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (str_starts(url, str(prefixes[i]))) {
            Str rest = str_from(url, strlen(prefixes[i]));
            value->value = str_format(value->arena, "postgresql://" STR_FMT, STR_ARG(rest));
            return true;
        }
    return fail(err, ERROR_INVALID, "an address of a database begins with postgresql:// or sqlite");
}

static bool read_embedding_model(const char *name, ForeignValue *value, Error *err)
{
    Str model = value->value;
    (void)name, (void)err;
    value->is_unused = !model.length || str_is(path_name(model), USUAL_MODEL);
    if (value->is_unused || file_exists(path_join(value->arena, model, S("config.json"))))
        return true;
    value->is_unused = true;
    value->notice = S("it names no folder with a model; `lectern models add FOLDER` adds one, and "
                      "until then " USUAL_MODEL " is used");
    return true;
}

static bool read_model(const char *name, ForeignValue *value, Error *err)
{
    static const struct {
        const char *variable, *retired, *now;
    } models[] = {
#define RETIRED_MODEL(variable, retired, now) { variable, retired, now },
#include "cli/retired_models.def"
#undef RETIRED_MODEL
    };
    for (size_t i = 0; i < COUNT(models); i++)
        if (!strcmp(name, models[i].variable) && str_is(value->value, models[i].retired)) {
            value->value = str(models[i].now);
            value->notice =
                str_format(value->arena, "%s was switched off by its service; %s is used",
                           models[i].retired, models[i].now);
        }
    return read_text(name, value, err);
}

static bool read_debug(const char *name, ForeignValue *value, Error *err)
{
    static const char *const yes[] = { "1", "true", "yes", "on" }, *const no[] = { "0", "false",
                                                                                   "no", "off" };
    (void)name, (void)err;
    for (size_t i = 0; i < COUNT(yes); i++)
        if (str_equal_ignore_case(value->value, str(yes[i]))) {
            value->value = S("development");
            return true;
        }
    for (size_t i = 0; i < COUNT(no); i++)
        if (str_equal_ignore_case(value->value, str(no[i]))) {
            value->value = S("production");
            return true;
        }
    value->is_unused = true; /* other programs use the name for lists of their parts */
    if (value->value.length)
        value->notice = S("it is neither true nor false, and has no effect");
    return true;
}

static bool read_host(const char *name, ForeignValue *value, Error *err)
{
    ptrdiff_t colon = str_find_last_char(value->was, ':');
    Str host = value->value, port = str_from(value->was, (size_t)MAX(colon + 1, 0));
    bool is_bare = str_find_char(host, ':') >= 0 && !str_starts(host, S("["));
    if (!host.length)
        return read_nothing(name, value, err);
    value->value =
        str_format(value->arena, is_bare ? "[" STR_FMT "]:" STR_FMT : STR_FMT ":" STR_FMT,
                   STR_ARG(host), STR_ARG(port));
    return true;
}

static bool read_port(const char *name, ForeignValue *value, Error *err)
{
    ptrdiff_t colon = str_find_last_char(value->was, ':');
    Str host = str_slice(value->was, 0, (size_t)MAX(colon, 0));
    int64_t port;
    if (!value->value.length)
        return read_nothing(name, value, err);
    if (!str_to_int(value->value, 1, 65535, &port))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is no port from 1 to 65535",
                    STR_ARG(str_slice(value->value, 0, 40)));
    value->value = str_format(value->arena, STR_FMT ":%" PRId64, STR_ARG(host), port);
    return true;
}

/* ["a", "b"] as "a,b". */
static bool read_list(const char *name, ForeignValue *value, Error *err)
{
    AUTO_JSON json_t *list = NULL;
    Buf out = buf_new(value->arena, KB(64));
    const json_t *item;
    size_t i;
    if (!str_starts(value->value, S("[")))
        return read_text(name, value, err);
    if (!json_parse(value->value, KB(64), &list, err))
        return false;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return fail(err, ERROR_INVALID, "a list of texts is expected");
        buf_addf(&out, "%s%s", i ? "," : "", json_string_value(item));
    }
    value->value = buf_str(&out);
    return read_text(name, value, err);
}

static bool read_hub(const char *name, ForeignValue *value, Error *err)
{
    if (str_starts(value->value, S(OLD_HUB))) {
        value->value = S(HUB);
        value->notice = S("this host was switched off; " HUB " is used");
    }
    return read_text(name, value, err);
}

static bool read_lower(const char *name, ForeignValue *value, Error *err)
{
    value->value = str_lower(value->arena, value->value);
    return read_text(name, value, err);
}

static bool read_log_level(const char *name, ForeignValue *value, Error *err)
{
    (void)read_lower(name, value, err);
    if (str_is(value->value, "warning"))
        value->value = S("warn");
    else if (str_is(value->value, "critical") || str_is(value->value, "fatal"))
        value->value = S("error");
    else if (str_is(value->value, "trace"))
        value->value = S("debug");
    return true;
}

/* Python's pattern of a line, as "%(asctime)s - %(message)s". */
static bool read_log_format(const char *name, ForeignValue *value, Error *err)
{
    if (str_find(value->value, S("%(")) >= 0) {
        value->value = S("text");
        value->notice = S("lines of the log have a form of their own: log_format is text");
    }
    return read_lower(name, value, err);
}

static bool read_docs(const char *name, ForeignValue *value, Error *err)
{
    Str path = value->value;
    (void)name, (void)err;
    bool is_none = !path.length || str_equal_ignore_case(path, S("none")) ||
                   str_equal_ignore_case(path, S("null"));
    value->value = is_none ? S("off") : S("on");
    if (!is_none && !str_is(path, "/docs"))
        value->notice = S("the page about the API is at /docs");
    return true;
}

/* gRPC has an address of its own; what is sent there over HTTP is the same. */
static bool read_otlp_protocol(const char *name, ForeignValue *value, Error *err)
{
    if (str_is(value->value, "grpc")) {
        value->value = S("http/protobuf");
        value->notice = S("spans and figures are sent over HTTP (http/protobuf): name the "
                          "collector's port for that (4318), not that of gRPC (4317)");
    }
    return read_text(name, value, err);
}

/* --- The list --- */

const ForeignSetting foreign_settings[] = {
#define FOREIGN_SETTING(seed, name, becomes, reading, help)                                        \
    { #name, becomes, read_##reading, seed, help },
#include "cli/foreign_settings.def"
#undef FOREIGN_SETTING
};
const size_t foreign_setting_count = COUNT(foreign_settings);

bool foreign_setting_is_variable(const ForeignSetting *setting)
{
    return !setting->becomes[0] && setting->read != read_nothing;
}

ptrdiff_t foreign_setting_find(Str name)
{
    for (size_t i = 0; i < foreign_setting_count; i++)
        if (str_equal_ignore_case(name, str(foreign_settings[i].name)))
            return (ptrdiff_t)i;
    return -1;
}

/* --- .env --- */

/* What stands in quotes; without them, what comes before " #". */
static Str unquote(Str value)
{
    char quote = value.length ? value.at[0] : '\0';
    if (quote == '"' || quote == '\'') {
        ptrdiff_t end = str_find_char(str_from(value, 1), quote);
        if (end >= 0)
            return str_slice(value, 1, (size_t)end + 1);
    }
    ptrdiff_t comment = str_find(value, S(" #"));
    return str_trim(comment < 0 ? value : str_slice(value, 0, (size_t)comment));
}

bool environment_line_read(Arena *arena, Str line, Str *name_r, Str *value_r)
{
    line = str_trim(line);
    if (str_starts(line, S("export ")))
        line = str_trim(str_from(line, strlen("export ")));
    ptrdiff_t equals = str_find_char(line, '=');
    if (equals <= 0 || line.at[0] == '#')
        return false;
    *name_r = str_copy(arena, str_trim(str_slice(line, 0, (size_t)equals)));
    *value_r = str_copy(arena, unquote(str_trim(str_from(line, (size_t)equals + 1))));
    return true;
}
