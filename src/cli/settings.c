/* settings.c - see settings.h. */
#include "cli/settings.h"

#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/passwords.h"
#include "cli/foreign_settings.h"
#include "gateway/providers.h"

#define SECRET_FILE_MAX KB(64)

const SettingRow setting_rows[] = {
#define SETTING(name, type, initial, min, max, help)                                               \
    { #name, SETTING_##type, initial, min, max, help },
#include "cli/settings.def"
#undef SETTING
};
const size_t setting_count = COUNT(setting_rows);

static const size_t setting_offsets[] = {
#define SETTING(name, type, initial, min, max, help) offsetof(Settings, name),
#include "cli/settings.def"
#undef SETTING
};

static void *member_of(const Settings *settings, size_t row)
{
    return (void *)((uintptr_t)settings + setting_offsets[row]);
}

bool bytes_parse(Str text, int64_t *bytes_r)
{
    static const char units[] = "KMGT";
    int shift = 0;
    if (text.length && (text.at[text.length - 1] == 'B' || text.at[text.length - 1] == 'b'))
        text.length--;
    for (int i = 0; units[i]; i++)
        if (text.length && (text.at[text.length - 1] & ~0x20) == units[i]) {
            shift = 10 * (i + 1);
            text.length--;
            break;
        }
    int64_t number;
    if (!str_to_int(str_trim(text), 0, INT64_MAX >> shift, &number))
        return false;
    *bytes_r = number << shift;
    return true;
}

static bool set(Arena *arena, Settings *settings, size_t row, Str value, const char *from,
                Error *err)
{
    const SettingRow *about = &setting_rows[row];
    settings->origins[row] = from;
    if (about->type == SETTING_TEXT || about->type == SETTING_SECRET) {
        *(Str *)member_of(settings, row) = str_copy(arena, value);
        return true;
    }
    int64_t number;
    bool good = about->type == SETTING_BYTES ? bytes_parse(value, &number)
                                             : str_to_int(value, INT64_MIN, INT64_MAX, &number);
    if (!good || number < about->min || number > about->max)
        return fail_field(err, about->name,
                          "%s: '" STR_FMT "' is not a number from %" PRId64 " to %" PRId64
                          " for the setting '%s'",
                          from, STR_ARG(value), about->min, about->max, about->name);
    *(int64_t *)member_of(settings, row) = number;
    return true;
}

static bool find_row(Str name, size_t *row_r)
{
    for (size_t row = 0; row < setting_count; row++) {
        const char *known = setting_rows[row].name;
        size_t i = 0;
        while (i < name.length && known[i] &&
               (known[i] == name.at[i] || (known[i] == '_' && name.at[i] == '-')))
            i++;
        if (i == name.length && !known[i]) {
            *row_r = row;
            return true;
        }
    }
    return false;
}

/* --- Where values come from --------------------------------------------------------- */

typedef struct Said {
    size_t row;
    Str value;
    const char *from;
} Said;

typedef struct Reading {
    Arena *arena;
    Settings settings;
    VEC(Said) own; /* in the order in which they count */
    Said *foreign; /* by row of foreign_settings; from NULL: not said */
    SettingTexts *problems;
    Error first;
} Reading;

static void add_problem(Reading *reading, const Error *err)
{
    setting_problem(reading->arena, reading->problems, &reading->first, err);
}

/* "database_file", of which the value is all but the line end of a file: the row of `database`. */
static bool find_file_row(Str name, size_t *row_r)
{
    return (str_ends(name, S("_file")) || str_ends(name, S("-file"))) &&
           find_row(str_slice(name, 0, name.length - 5), row_r);
}

static void say_file(Reading *reading, size_t row, Str path, const char *from)
{
    Str text;
    Error err;
    if (file_read(reading->arena, str_c(reading->arena, path), SECRET_FILE_MAX, &text, &err)) {
        from = str_format(reading->arena, "%s, by " STR_FMT, from, STR_ARG(path)).at;
        *vec_push(reading->arena, &reading->own) = (Said){ row, str_trim(text), from };
        return;
    }
    (void)fail_in(&err, "%s: the file of '%s'", from, setting_rows[row].name);
    add_problem(reading, &err);
}

/* A setting by its own name or an earlier system's. */
static bool say(Reading *reading, Str name, Str value, const char *from)
{
    size_t row;
    ptrdiff_t foreign;
    if (find_row(name, &row))
        *vec_push(reading->arena, &reading->own) = (Said){ row, value, from };
    else if (find_file_row(name, &row))
        say_file(reading, row, value, from);
    else if ((foreign = foreign_setting_find(name)) >= 0)
        reading->foreign[foreign] = (Said){ (size_t)foreign, value, from };
    else
        return false;
    return true;
}

static void read_line(Reading *reading, const char *path, int number, Str line)
{
    Error err;
    line = str_trim(line);
    if (!line.length || line.at[0] == '#')
        return;
    const char *from = str_format(reading->arena, "%s, line %d", path, number).at;
    ptrdiff_t equals = str_find_char(line, '=');
    Str name = str_trim(str_slice(line, 0, (size_t)MAX(equals, 0)));
    if (equals < 0)
        fail(&err, ERROR_INVALID, "%s: 'name = value' is expected", from);
    else if (!say(reading, name, str_trim(str_from(line, (size_t)equals + 1)), from))
        fail(&err, ERROR_INVALID, "%s: there is no setting '" STR_FMT "'", from,
             STR_ARG(str_slice(name, 0, 100)));
    else
        return;
    add_problem(reading, &err);
}

static void read_file(Reading *reading, const char *file)
{
    const char *path = file ? file : "/etc/lectern.conf";
    Str text, line;
    Error err;
    if (!file && !file_exists(path))
        return;
    if (!file_read(reading->arena, path, MB(1), &text, &err)) {
        add_problem(reading, &err);
        return;
    }
    for (int number = 1; str_next(&text, '\n', &line); number++)
        read_line(reading, path, number, line);
}

/* LECTERN_CHUNK_SIZE is chunk_size. */
static Str own_name(Arena *arena, Str variable)
{
    return str_starts(variable, S("LECTERN_")) ? str_lower(arena, str_from(variable, 8)) : STR_NONE;
}

/* What model services and telemetry look for in the environment. */
static bool is_variable(Str name)
{
    for (size_t i = 0; i < gateway_provider_count; i++) {
        const char *key = gateway_providers[i].key_variable;
        if (key && str_is(name, key))
            return true;
    }
    return str_starts(name, S("OTEL_"));
}

static void read_env_line(Reading *reading, const char *path, int number, Str line)
{
    Str name, value;
    Error err;
    ptrdiff_t foreign;
    if (!environment_line_read(reading->arena, line, &name, &value))
        return;
    const char *from = str_format(reading->arena, "%s, line %d", path, number).at;
    Str own = own_name(reading->arena, name);
    if (own.length && !say(reading, own, value, from)) {
        fail(&err, ERROR_INVALID, "%s: there is no setting '" STR_FMT "'", from,
             STR_ARG(str_slice(own, 0, 100)));
        add_problem(reading, &err);
    } else if (!own.length && (foreign = foreign_setting_find(name)) >= 0) {
        /* By its name in capitals: in small letters LOG_LEVEL would be our own. */
        (void)say(reading, str(foreign_settings[foreign].name), value, from);
    } else if (is_variable(name)) {
        (void)setenv(name.at, value.at, 0);
    } /* the file is shared with other programs */
}

/* Of a folder that somebody else filled it could name programs to start. */
static bool is_trusted(const char *path, Error *err)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return fail_errno(err, "%s", path);
    if ((about.st_uid != geteuid() && about.st_uid != 0) || (about.st_mode & 022))
        return fail(err, ERROR_DENIED,
                    "%s belongs to somebody else or may be changed by others; "
                    "`chown` and `chmod 600` it",
                    path);
    return true;
}

static void read_env_file(Reading *reading, const char *path)
{
    Str text, line;
    Error err;
    if (!path || !file_exists(path))
        return;
    if (!is_trusted(path, &err) || !file_read(reading->arena, path, MB(1), &text, &err)) {
        add_problem(reading, &err);
        return;
    }
    for (int number = 1; str_next(&text, '\n', &line); number++)
        read_env_line(reading, path, number, line);
}

static const char *upper(Arena *arena, const char *prefix, const char *name)
{
    char *text = str_c(arena, str_format(arena, "%s%s", prefix, name));
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 32);
    return text;
}

static void read_environment(Reading *reading)
{
    for (size_t i = 0; i < foreign_setting_count; i++) {
        const char *name = foreign_settings[i].name, *value = getenv(name);
        if (!value)
            value = getenv(str_lower(reading->arena, str(name)).at);
        if (value)
            (void)say(reading, str(name), str_trim(str(value)), name);
    }
    for (size_t row = 0; row < setting_count; row++) {
        const char *name = upper(reading->arena, "LECTERN_", setting_rows[row].name);
        const char *value = getenv(name);
        if (value)
            (void)say(reading, str(setting_rows[row].name), str(value), name);
        name = upper(reading->arena, name, "_FILE");
        value = getenv(name);
        if (value)
            say_file(reading, row, str(value), name);
    }
}

static void read_flags(Reading *reading, const SettingsFrom *from)
{
    Error err;
    for (size_t i = 0; i < from->flag_count; i++)
        if (!say(reading, str(from->flags[i].name), from->flags[i].value, "command line")) {
            fail(&err, ERROR_INVALID, "there is no setting '%s'", from->flags[i].name);
            add_problem(reading, &err);
        }
}

/* --- What they become ----------------------------------------------------------------- */

static void set_own(Reading *reading, const Said *said)
{
    SettingType type = setting_rows[said->row].type;
    bool is_text = type == SETTING_TEXT || type == SETTING_SECRET;
    bool is_variable = str_starts(str(said->from), S("LECTERN_"));
    Error err;
    if (is_variable && !said->value.length && !is_text)
        return; /* an empty number says nothing */
    if (!set(reading->arena, &reading->settings, said->row, said->value, said->from, &err))
        add_problem(reading, &err);
}

static bool apply_foreign(Reading *reading, const Said *said, ForeignValue *value, Error *err)
{
    const ForeignSetting *foreign = &foreign_settings[said->row];
    size_t row;
    bool has_row = find_row(str(foreign->becomes), &row);
    if (has_row)
        value->was = setting_text(reading->arena, &reading->settings, row);
    if (!foreign->read(foreign->name, value, err))
        return fail_in(err, "%s", foreign->name);
    if (value->is_unused)
        return true;
    if (foreign_setting_is_variable(foreign))
        return setenv(foreign->name, str_c(reading->arena, value->value), 1) == 0 ||
               fail_errno(err, "%s", foreign->name);
    return set(reading->arena, &reading->settings, row, value->value, said->from, err);
}

static void set_foreign(Reading *reading, const Said *said)
{
    const ForeignSetting *foreign = &foreign_settings[said->row];
    ForeignValue value = { .arena = reading->arena, .value = said->value };
    Error err;
    if (!apply_foreign(reading, said, &value, &err)) {
        add_problem(reading, &err);
        return;
    }
    bool has_effect = foreign->becomes[0] || foreign_setting_is_variable(foreign);
    Str about = has_effect ? value.notice : str(foreign->help);
    if (about.length)
        *vec_push(reading->arena, &reading->settings.notices) =
            str_format(reading->arena, "%s: " STR_FMT, foreign->name, STR_ARG(about));
}

void setting_problem(Arena *arena, SettingTexts *problems, Error *first, const Error *err)
{
    if (!problems->count)
        *first = *err;
    *vec_push(arena, problems) = str_copy(arena, str(err->message));
}

bool settings_read(Arena *arena, const SettingsFrom *from, Settings *settings_r,
                   SettingTexts *problems_r, Error *err)
{
    SettingTexts problems = { 0 };
    Reading reading = { .arena = arena, .problems = &problems };
    reading.foreign = arena_new_array(arena, Said, foreign_setting_count);
    reading.settings.origins = arena_new_array(arena, const char *, setting_count);
    for (size_t row = 0; row < setting_count; row++)
        if (!set(arena, &reading.settings, row, str(setting_rows[row].initial), "default", err))
            return false;
    read_file(&reading, from->file);
    read_env_file(&reading, from->env_file);
    read_environment(&reading);
    read_flags(&reading, from);
    for (size_t i = 0; i < foreign_setting_count; i++)
        if (reading.foreign[i].from)
            set_foreign(&reading, &reading.foreign[i]);
    for (size_t i = 0; i < reading.own.count; i++)
        set_own(&reading, &reading.own.at[i]);
    settings_check(arena, &reading.settings, &problems, &reading.first);
    if (problems_r)
        *problems_r = problems;
    if (problems.count)
        *err = reading.first;
    else
        *settings_r = reading.settings;
    return !problems.count;
}

bool settings_are_strict(const Settings *settings)
{
    return str_is(settings->profile, "production");
}

Str setting_text(Arena *arena, const Settings *settings, size_t row)
{
    const void *member = member_of(settings, row);
    switch (setting_rows[row].type) {
    case SETTING_TEXT: return passwords_hidden(arena, *(const Str *)member);
    case SETTING_SECRET: return ((const Str *)member)->length ? S("(set)") : S("");
    case SETTING_INT:
    case SETTING_BYTES: return str_format(arena, "%" PRId64, *(const int64_t *)member);
    }
    return S("");
}

void settings_example(Buf *out)
{
    buf_add(out, S("# Settings of Lectern. The environment (LECTERN_NAME) and flags (--name) go "
                   "before this file.\n"));
    for (size_t row = 0; row < setting_count; row++)
        buf_addf(out, "\n# %s\n#%s = %s\n", setting_rows[row].help, setting_rows[row].name,
                 setting_rows[row].initial);
}
