/* settings.h - what can be set, read from a file, the environment and flags, in that order.
 *
 * To add a setting: one line in settings.def; help, `lectern config` and the manual follow. */
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

/* One member for each row of settings.def; texts live in the arena given to settings_read(). */
typedef struct Settings {
#define SETTING(name, type, initial, min, max, help) SETTING_VALUE_##type name;
#include "cli/settings.def"
#undef SETTING
} Settings;

typedef struct SettingFlag {
    const char *name; /* as in settings.def; "-" and "_" are the same */
    Str value;
} SettingFlag;

/* Defaults, then `file` (NULL: /etc/lectern.conf when it is there), then LECTERN_*, then flags.
 * A wrong value fails and names the setting and where it came from. */
MUST_CHECK bool settings_read(Arena *arena, const char *file, const SettingFlag *flags,
                              size_t flag_count, Settings *settings_r, Error *err);
/* The value as text; a secret as "(set)" or "". */
Str setting_text(Arena *arena, const Settings *settings, size_t row);
/* "2G", "256M", "1000" */
MUST_CHECK bool bytes_parse(Str text, int64_t *bytes_r);
/* An example file with every setting, its default and its help. */
void settings_example(Buf *out);
