/* command.c - parsing the command line and printing help, from the tables. */
#include "cli/command.h"

#include <assert.h>
#include <sys/stat.h>

#include "cli/app.h"
#include "cli/output.h"

#define COMMAND(name) extern const Command command_##name;
#include "cli/commands.def"
#undef COMMAND

const Command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
};
const size_t command_count = COUNT(commands);

const CommandOption common_options[] = {
    { "data", "DIR", "folder that holds the library" },
    { "server", "URL", "use the server at this address" },
    { "key", "KEY", "API key for --server (or LECTERN_KEY)" },
    { "workspace", "ID", "work in this workspace instead of the first" },
    { "config", "FILE", "read settings from this file" },
    { "json", NULL, "print JSON" },
    { "quiet", NULL, "no progress, only results and errors" },
    { "help", NULL, "print this help" },
    { NULL, NULL, NULL },
};

static const Command *find_command(Str name)
{
    for (size_t i = 0; i < command_count; i++)
        if (str_is(name, commands[i]->name))
            return commands[i];
    return NULL;
}

static int find_option(const CommandOption *options, Str name)
{
    for (int i = 0; options && options[i].name; i++)
        if (str_is(name, options[i].name))
            return i;
    return -1;
}

static const SettingRow *find_setting(Arena *arena, Str name)
{
    for (size_t row = 0; row < setting_count; row++) {
        char *flag = str_c(arena, str(setting_rows[row].name));
        for (char *c = flag; *c; c++)
            if (*c == '_')
                *c = '-';
        if (str_is(name, flag))
            return &setting_rows[row];
    }
    return NULL;
}

Str option_value(const CommandLine *line, const char *name)
{
    int row = find_option(line->command->options, str(name));
    assert(row >= 0);
    return line->given[row];
}

bool option_is_given(const CommandLine *line, const char *name)
{
    int row = find_option(line->command->options, str(name));
    assert(row >= 0);
    return line->is_given[row];
}

/* --- Help --- */

static void help_options(Buf *out, const char *title, const CommandOption *options)
{
    buf_addf(out, "\n%s:\n", title);
    for (; options->name; options++) {
        char flag[64];
        snprintf(flag, sizeof flag, "--%s%s%s", options->name, options->value ? " " : "",
                 options->value ? options->value : "");
        buf_addf(out, "  %-22s %s\n", flag, options->help);
    }
}

void command_help(Buf *out, const Command *command)
{
    if (command) {
        buf_addf(out, "lectern %s %s\n\n%s\n", command->name, command->arguments, command->summary);
        if (command->options)
            help_options(out, "Options", command->options);
        help_options(out, "For every command", common_options);
        buf_add(out, S("\nEvery setting is an option too: see `lectern config`.\n"));
        return;
    }
    buf_add(out, S("Lectern reads your documents and answers from them.\n\nUse: lectern COMMAND "
                   "[OPTIONS] [ARGUMENTS]\n\n"));
    for (size_t i = 0; i < command_count; i++)
        buf_addf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    help_options(out, "For every command", common_options);
    buf_add(out, S("\n`lectern COMMAND --help` tells more.\n"));
}

static void manual_options(Buf *out, const CommandOption *options)
{
    for (; options && options->name; options++) {
        buf_addf(out, ".It Fl -%s", options->name);
        if (options->value)
            buf_addf(out, " Ar %s", options->value);
        buf_addf(out, "\n%s.\n", options->help);
    }
}

void command_manual(Buf *out)
{
    buf_add(out, S(".Dd November 21, 2026\n.Dt LECTERN 1\n.Os\n.Sh NAME\n.Nm lectern\n"
                   ".Nd read documents and answer from them\n.Sh SYNOPSIS\n.Nm\n.Ar command\n"
                   ".Op Ar options\n.Op Ar arguments\n.Sh COMMANDS\n"));
    for (size_t i = 0; i < command_count; i++) {
        buf_addf(out, ".Ss %s %s\n%s.\n", commands[i]->name, commands[i]->arguments,
                 commands[i]->summary);
        if (!commands[i]->options)
            continue;
        buf_add(out, S(".Bl -tag -width Ds\n"));
        manual_options(out, commands[i]->options);
        buf_add(out, S(".El\n"));
    }
    buf_add(out, S(".Sh OPTIONS OF EVERY COMMAND\n.Bl -tag -width Ds\n"));
    manual_options(out, common_options);
    buf_add(out, S(".El\n.Sh SETTINGS\nEach can stand in the file as name = value, in the "
                   "environment as\n.Ev LECTERN_NAME ,\nand on the command line.\n"
                   ".Bl -tag -width Ds\n"));
    for (size_t row = 0; row < setting_count; row++)
        buf_addf(out, ".It Cm %s\n%s. Default: %s.\n", setting_rows[row].name,
                 setting_rows[row].help,
                 setting_rows[row].initial[0] ? setting_rows[row].initial : "empty");
    buf_add(out, S(".El\n.Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nSuccess.\n"));
#define ERROR(name, code, http, exit, retry, title)                                                \
    if (ERROR_##name != ERROR_NONE)                                                                \
        buf_addf(out, ".It %d\n%s (%s).\n", exit, title, code);
#include "base/errors.def"
#undef ERROR
    buf_add(out, S(".El\n"));
}

/* --- Parsing --- */

typedef struct Words {
    char **argv;
    int argc, at;
} Words;

static bool take_value(Words *in, Str name, Str attached, bool has_attached, Str *value_r,
                       Error *err)
{
    if (has_attached) {
        *value_r = attached;
        return true;
    }
    if (in->at >= in->argc)
        return fail(err, ERROR_INVALID, "--" STR_FMT " needs a value", STR_ARG(name));
    *value_r = str(in->argv[in->at++]);
    return true;
}

/* A flag given again replaces what it said before. */
static void keep_setting(CommandLine *line, const char *name, Str value)
{
    size_t at = 0;
    while (at < line->flag_count && strcmp(line->flags[at].name, name) != 0)
        at++;
    assert(at < COUNT(line->flags));
    line->flags[at] = (SettingFlag){ name, value };
    line->flag_count = MAX(line->flag_count, at + 1);
}

static void keep_common(CommandLine *line, Str name, Str value)
{
    if (str_is(name, "data"))
        keep_setting(line, "data", value);
    else if (str_is(name, "server"))
        line->server = value;
    else if (str_is(name, "key"))
        line->key = value;
    else if (str_is(name, "workspace"))
        line->workspace = value;
    else if (str_is(name, "config"))
        line->config = value.at;
    else if (str_is(name, "json"))
        line->json = true;
    else if (str_is(name, "quiet"))
        line->quiet = true;
}

static bool parse_option(CommandLine *line, Words *in, Str text, bool *help_r, Error *err)
{
    ptrdiff_t equals = str_find_char(text, '=');
    Str name = equals < 0 ? text : str_slice(text, 0, (size_t)equals), value = S("");
    Str attached = equals < 0 ? S("") : str_from(text, (size_t)equals + 1);
    int row = find_option(line->command->options, name);
    int common = row < 0 ? find_option(common_options, name) : -1;
    const SettingRow *setting = row < 0 && common < 0 ? find_setting(line->arena, name) : NULL;
    const char *wants = row >= 0      ? line->command->options[row].value
                        : common >= 0 ? common_options[common].value
                                      : "VALUE";

    if (row < 0 && common < 0 && !setting)
        return fail(err, ERROR_INVALID, "there is no option --" STR_FMT "; see `lectern %s --help`",
                    STR_ARG(name), line->command->name);
    if (wants && !take_value(in, name, attached, equals >= 0, &value, err))
        return false;
    if (!wants && equals >= 0)
        return fail(err, ERROR_INVALID, "--" STR_FMT " takes no value", STR_ARG(name));
    if (row >= 0) {
        line->given[row] = value;
        line->is_given[row] = true;
    } else if (common >= 0) {
        *help_r |= str_is(name, "help");
        keep_common(line, name, value);
    } else {
        keep_setting(line, setting->name, value);
    }
    return true;
}

bool command_settings(CommandLine *line, size_t flag_count, Settings *settings_r,
                      SettingTexts *problems_r, Error *err)
{
    SettingsFrom from = { .file = line->config,
                          .env_file = line->command->reads_env ? ".env" : NULL,
                          .flags = line->flags,
                          .flag_count = flag_count };
    return settings_read(line->arena, &from, settings_r, problems_r, err);
}

static bool parse(CommandLine *line, Words *in, bool *help_r, Error *err)
{
    VEC(Str) words = { 0 };
    bool only_words = false;
    while (in->at < in->argc) {
        Str text = str(in->argv[in->at++]);
        if (!only_words && str_is(text, "--"))
            only_words = true;
        else if (!only_words && str_starts(text, S("--")) && text.length > 2) {
            if (!parse_option(line, in, str_from(text, 2), help_r, err))
                return false;
        } else {
            *vec_push(line->arena, &words) = text;
        }
    }
    line->words = words.at;
    line->word_count = words.count;
    if (*help_r)
        return true;
    int count = (int)words.count;
    if (count < line->command->word_min ||
        (line->command->word_max >= 0 && count > line->command->word_max))
        return fail(err, ERROR_INVALID, "use: lectern %s %s", line->command->name,
                    line->command->arguments);
    return command_settings(line, line->flag_count, &line->settings, &line->problems, err);
}

static bool may_begin(const CommandLine *line)
{
    Str words = str(line->command->begins), word;
    while (str_next(&words, ' ', &word))
        if (str_is(word, "*") || (line->word_count && str_equal(word, line->words[0])))
            return true;
    return false;
}

static int print(const Buf *out, int status)
{
    bool written = fwrite(out->at, 1, out->length, stdout) == out->length && fflush(stdout) == 0;
    return written ? status : error_exit_status(ERROR_IO);
}

static int report(const CommandLine *line, const Error *err)
{
    const char *name = line->command ? line->command->name : "";
    for (size_t i = 0; i == 0 || i < line->problems.count; i++) {
        fprintf(stderr, "lectern%s%s: ", name[0] ? " " : "", name);
        output_note(line->problems.count ? line->problems.at[i] : str(err->message));
    }
    return error_exit_status(err->code);
}

/* What was printed may still wait to be written, and a full disk or a closed pipe says so now. */
static int finish(const CommandLine *line)
{
    Error err;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fail_errno(&err, "writing the result");
    return report(line, &err);
}

static int run_words(Arena *arena, int argc, char **argv)
{
    CommandLine line = { .arena = arena };
    Words in = { argv, argc, 2 };
    Buf out = buf_new(arena, MB(1));
    bool help = false;
    Error err = { 0 };

    umask(077); /* whatever a command writes is its owner's alone */
    Str name = str(argc > 1 ? argv[1] : "");
    if (str_is(name, "--version"))
        name = S("version");
    if (!name.length || str_is(name, "help") || str_is(name, "--help") || str_is(name, "-h")) {
        command_help(&out, argc > 2 ? find_command(str(argv[2])) : NULL);
        return print(&out, name.length ? 0 : error_exit_status(ERROR_INVALID));
    }
    if (str_is(name, "--manual")) {
        command_manual(&out);
        return print(&out, 0);
    }
    line.command = find_command(name);
    if (!line.command) {
        fail(&err, ERROR_INVALID, "there is no command '" STR_FMT "'; see `lectern help`",
             STR_ARG(name));
        return report(&line, &err);
    }
    if (!parse(&line, &in, &help, &err))
        return report(&line, &err);
    if (help) {
        command_help(&out, line.command);
        return print(&out, 0);
    }
    line.may_begin = may_begin(&line);
    if (!line.command->run(&line, &err))
        return report(&line, &err);
    return finish(&line);
}

int command_main(int argc, char **argv)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    int status = run_words(arena, argc, argv);
    app_end_with(status); /* before what is left of the program loses its settings */
    return status;
}
