/* command.h - one command of the command line.
 *
 * To add a command: write cmd_<name>.c that defines `const Command command_<name>`, and add the
 * line COMMAND(<name>) to commands.def. `lectern help`, the manual page and shell completion are
 * printed from these tables.
 *
 * Commands print results to standard output (JSON with --json) and everything else to standard
 * error. The exit status comes from errors.def, 0 for success. */
#pragma once

#include "cli/settings.h"

typedef struct CommandOption {
    const char *name;  /* "format": used as --format */
    const char *value; /* what its value is called, "NAME"; NULL: it takes none */
    const char *help;
} CommandOption;

typedef struct Command Command;

/* A command line after parsing. Texts live in the arena. */
typedef struct CommandLine {
    const Command *command;
    Arena *arena;     /* until the program ends */
    const Str *words; /* what is no option, after the command's name */
    size_t word_count;
    Str given[16]; /* values of command->options by row; "" for one without value */
    bool is_given[16];
    Settings settings;
    SettingTexts problems; /* of the settings, when they are wrong */
    SettingFlag flags[192];
    size_t flag_count;
    Str server, key, workspace; /* --server, --key, --workspace */
    const char *config;         /* --config, or NULL */
    bool json, quiet;
    bool may_begin; /* where there is no library yet, it begins one */
} CommandLine;

struct Command {
    const char *name, *arguments, *summary;
    const CommandOption *options; /* name NULL ends the list; may be NULL */
    int word_min, word_max;       /* -1: any number */
    bool reads_env;               /* it looks after a server, whose settings stand in .env too */
    const char *begins; /* first words with which it may begin a library, "add"; "*": any; NULL:
                         * a mistyped --data is refused */
    /* The error becomes one line on standard error and the exit status. */
    bool (*run)(CommandLine *line, Error *err);
};

/* Parse argv and run. Returns the exit status. */
int command_main(int argc, char **argv);
/* The settings with the first so many flags; see settings_read(). */
MUST_CHECK bool command_settings(CommandLine *line, size_t flag_count, Settings *settings_r,
                                 SettingTexts *problems_r, Error *err);
/* The value of an option by name, or empty. The name must be in the command's table. */
Str option_value(const CommandLine *line, const char *name);
bool option_is_given(const CommandLine *line, const char *name);
/* Options every command takes. */
extern const CommandOption common_options[];
extern const Command *const commands[];
extern const size_t command_count;
void command_help(Buf *out, const Command *command); /* NULL: the list of commands */
/* The manual page in mdoc, from the tables. */
void command_manual(Buf *out);
