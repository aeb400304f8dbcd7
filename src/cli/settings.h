/* settings.h - what can be set, read from a file, .env, the environment and flags, in that order.
 * NAME_file says the value of NAME by a file that holds it, wherever NAME may stand: for secrets.
 *
 * To add a setting: one line in settings.def; help, `lectern config` and the manual follow. What
 * must hold of its value besides its type: a line in settings_check.c. */
#pragma once

#include "base/base.h"

typedef enum SettingType { SETTING_TEXT, SETTING_SECRET, SETTING_INT, SETTING_BYTES } SettingType;

typedef struct SettingRow {
    const char *name;
    SettingType type;
    const char *initial;
    int64_t min, max;
    const char *help;
} SettingRow;

extern const SettingRow setting_rows[];
extern const size_t setting_count;

#define SETTING_VALUE_TEXT Str
#define SETTING_VALUE_SECRET Str
#define SETTING_VALUE_INT int64_t
#define SETTING_VALUE_BYTES int64_t

typedef VEC(Str) SettingTexts;

/* One member for each row of settings.def; texts live in the arena given to settings_read(). */
typedef struct Settings {
#define SETTING(name, type, initial, min, max, help) SETTING_VALUE_##type name;
#include "cli/settings.def"
#undef SETTING
    const char **origins; /* of each row: "default", "/etc/lectern.conf, line 3", ... */
    SettingTexts notices; /* what is said once about settings by the names of earlier systems */
} Settings;

typedef struct SettingFlag {
    const char *name; /* as in settings.def; "-" and "_" are the same */
    Str value;
} SettingFlag;

typedef struct SettingsFrom {
    const char *file;     /* NULL: /etc/lectern.conf when it is there */
    const char *env_file; /* lines NAME=value, when it is there and this user's; NULL: none */
    const SettingFlag *flags;
    size_t flag_count;
} SettingsFrom;

/* Defaults, then names of earlier systems (foreign_settings.h), then `file`, LECTERN_* of
 * `env_file` and of the environment, then flags. Everything that is wrong is found, each with the
 * setting's name and where it came from: the first goes to err, all to *problems_r. */
MUST_CHECK bool settings_read(Arena *arena, const SettingsFrom *from, Settings *settings_r,
                              SettingTexts *problems_r, Error *err);
/* settings_check.c: what values must be beyond their types; problems are added. */
void settings_check(Arena *arena, const Settings *settings, SettingTexts *problems, Error *first);
/* Adds a problem; the first is also kept as it is. */
void setting_problem(Arena *arena, SettingTexts *problems, Error *first, const Error *err);
/* Lectern is reached by others than who looks after it: nothing is shown that only they need. */
bool settings_are_strict(const Settings *settings);
/* The value as text; a secret as "(set)" or "". */
Str setting_text(Arena *arena, const Settings *settings, size_t row);
/* "2G", "256M", "1000" */
MUST_CHECK bool bytes_parse(Str text, int64_t *bytes_r);
/* An example file with every setting, its default and its help. */
void settings_example(Buf *out);
