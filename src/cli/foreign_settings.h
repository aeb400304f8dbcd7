/* foreign_settings.h - settings by the names that earlier systems gave them.
 *
 * To add one: a line in foreign_settings.def; `lectern config`, docs/seeds.md and its test follow.
 * A setting of Lectern's own name goes before one of these, wherever either stands. Used while the
 * program has one thread: what model services look for is put into the environment. */
#pragma once

#include "base/base.h"

/* One value on its way to what it becomes. */
typedef struct ForeignValue {
    Arena *arena;
    Str was;        /* the setting so far */
    Str value;      /* as it was given; then as the setting takes it */
    Str notice;     /* what is said of it once; "": nothing */
    bool is_unused; /* it has no effect */
} ForeignValue;

/* Settings are read anew in place; fails with a sentence about the value. */
typedef bool ForeignReading(const char *name, ForeignValue *value, Error *err);

typedef struct ForeignSetting {
    const char *name, *becomes;
    ForeignReading *read;
    int seed;
    const char *help;
} ForeignSetting;

extern const ForeignSetting foreign_settings[];
extern const size_t foreign_setting_count;

/* It stays in the environment under its own name. */
bool foreign_setting_is_variable(const ForeignSetting *setting);
/* By name, in either case; -1: there is none. */
ptrdiff_t foreign_setting_find(Str name);
/* A line of the file .env: NAME=value, `export ` before it, quotes around the value, a comment
 * after it. False: it says nothing. */
bool environment_line_read(Arena *arena, Str line, Str *name_r, Str *value_r);
