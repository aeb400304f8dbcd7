/* settings.c - see settings.h. */
#include "cli/settings.h"

#include <stddef.h>

#include "base/file.h"
#include "index/vector_store.h"

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

static bool read_line(Arena *arena, Settings *settings, const char *path, int number, Str line,
                      Error *err)
{
    char from[200];
    size_t row;
    line = str_trim(line);
    if (!line.length || line.at[0] == '#')
        return true;
    snprintf(from, sizeof from, "%s, line %d", path, number);
    ptrdiff_t equals = str_find_char(line, '=');
    if (equals < 0)
        return fail(err, ERROR_INVALID, "%s: 'name = value' is expected", from);
    Str name = str_trim(str_slice(line, 0, (size_t)equals));
    if (!find_row(name, &row))
        return fail(err, ERROR_INVALID, "%s: there is no setting '" STR_FMT "'", from,
                    STR_ARG(name));
    return set(arena, settings, row, str_trim(str_from(line, (size_t)equals + 1)), from, err);
}

static bool read_file(Arena *arena, Settings *settings, const char *file, Error *err)
{
    const char *path = file ? file : "/etc/lectern.conf";
    Str text, line;
    if (!file && !file_exists(path))
        return true;
    if (!file_read(arena, path, MB(1), &text, err))
        return false;
    for (int number = 1; str_next(&text, '\n', &line); number++)
        if (!read_line(arena, settings, path, number, line, err))
            return false;
    return true;
}

static bool read_environment(Arena *arena, Settings *settings, Error *err)
{
    for (size_t row = 0; row < setting_count; row++) {
        char name[64] = "LECTERN_";
        size_t length = strlen(name);
        for (const char *c = setting_rows[row].name; *c && length + 1 < sizeof name; c++)
            name[length++] = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
        name[length] = '\0';
        const char *value = getenv(name);
        bool is_text =
            setting_rows[row].type == SETTING_TEXT || setting_rows[row].type == SETTING_SECRET;
        if (value && !value[0] && !is_text)
            continue; /* an empty number says nothing */
        if (value && !set(arena, settings, row, str(value), name, err))
            return false;
    }
    return true;
}

static bool fits_together(const Settings *settings, Error *err)
{
    if (settings->chunk_overlap >= settings->chunk_size)
        return fail_field(err, "chunk_overlap",
                          "chunk_overlap (%" PRId64 ") must be less than chunk_size (%" PRId64 ")",
                          settings->chunk_overlap, settings->chunk_size);
    if (!str_is(settings->log_format, "text") && !str_is(settings->log_format, "json"))
        return fail_field(err, "log_format", "log_format is text or json");
    if (vector_store_named(settings->vector_store_type) == VECTOR_STORE_COUNT)
        return fail_field(err, "vector_store_type",
                          "vector_store_type is embedded (or faiss), pgvector or weaviate");
    return true;
}

bool settings_read(Arena *arena, const char *file, const SettingFlag *flags, size_t flag_count,
                   Settings *settings_r, Error *err)
{
    Settings settings = { 0 };
    for (size_t row = 0; row < setting_count; row++)
        if (!set(arena, &settings, row, str(setting_rows[row].initial), "settings.def", err))
            return false;
    if (!read_file(arena, &settings, file, err) || !read_environment(arena, &settings, err))
        return false;
    for (size_t i = 0; i < flag_count; i++) {
        size_t row;
        if (!find_row(str(flags[i].name), &row))
            return fail(err, ERROR_INVALID, "there is no setting '%s'", flags[i].name);
        if (!set(arena, &settings, row, flags[i].value, "command line", err))
            return false;
    }
    if (!fits_together(&settings, err))
        return false;
    *settings_r = settings;
    return true;
}

Str setting_text(Arena *arena, const Settings *settings, size_t row)
{
    const void *member = member_of(settings, row);
    switch (setting_rows[row].type) {
    case SETTING_TEXT: return *(const Str *)member;
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
