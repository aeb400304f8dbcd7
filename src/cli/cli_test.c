#include "cli/command.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/term.h"

static Arena *arena;
static Error err;

static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(cli, .init = open_arena, .fini = close_arena);

/* --- Settings --- */

static const char *config_file(const char *text)
{
    char *path = str_c(arena, str_format(arena, "/tmp/lectern-cli-test-%d.conf", (int)getpid()));
    cr_assert(file_write(path, str(text), 0600, &err), "%s", err.message);
    return path;
}

Test(cli, flags_go_before_the_environment_and_that_before_the_file)
{
    const char *file = config_file("# comment\n\n trash_days = 3 \nchunk-size=900\nlisten = x:1\n");
    SettingFlag flag = { "trash-days", S("5") };
    Settings settings;
    cr_assert(settings_read(arena, &(SettingsFrom){ .file = file }, &settings, NULL, &err), "%s",
              err.message);
    cr_expect(settings.trash_days == 3 && settings.chunk_size == 900);
    cr_expect(str_is(settings.listen, "x:1") && settings.session_days == 30);
    setenv("LECTERN_TRASH_DAYS", "4", 1);
    setenv("LECTERN_SESSION_DAYS", "", 1);
    cr_assert(settings_read(arena, &(SettingsFrom){ .file = file }, &settings, NULL, &err), "%s",
              err.message);
    cr_expect(settings.trash_days == 4 && settings.session_days == 30);
    cr_assert(settings_read(arena, &(SettingsFrom){ .file = file, .flags = &flag, .flag_count = 1 },
                            &settings, NULL, &err),
              "%s", err.message);
    cr_expect(settings.trash_days == 5);
    unlink(file);
}

Test(cli, a_wrong_setting_says_where_it_stands)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "trash_days = many", "line 1" },
        { "\n\ncolour = red", "line 3: there is no setting 'colour'" },
        { "trash_days", "name = value" },
        { "trash_days = 99999999", "from 0 to 3650" },
        { "upload_max = 2X", "upload_max" },
        { "chunk_size = 500\nchunk_overlap = 500", "less than chunk_size" },
        { "log_format = xml", "log_format" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Settings settings = { .trash_days = 77 };
        const char *file = config_file(cases[i].text);
        cr_expect(!settings_read(arena, &(SettingsFrom){ .file = file }, &settings, NULL, &err),
                  "%s", cases[i].text);
        cr_expect(strstr(err.message, cases[i].says), "%s: %s", cases[i].text, err.message);
        cr_expect(settings.trash_days == 77);
        unlink(file);
    }
}

Test(cli, secrets_are_never_shown)
{
    SettingFlag flag = { "provider_key", S("sk-very-secret") };
    Settings settings;
    cr_assert(settings_read(arena, &(SettingsFrom){ .flags = &flag, .flag_count = 1 }, &settings,
                            NULL, &err));
    for (size_t row = 0; row < setting_count; row++)
        cr_expect(str_find(setting_text(arena, &settings, row), S("secret")) < 0);
    cr_expect(str_is(settings.provider_key, "sk-very-secret"));
}

Test(cli, a_member_that_is_missing_null_or_no_text_is_printed_as_nothing)
{
    AUTO_JSON json_t *object = json_pack("{s:s, s:n, s:i}", "id", "a1", "used_at", "count", 7);
    cr_assert_str_eq(output_member(object, "id"), "a1");
    cr_assert_str_eq(output_member(object, "used_at"), "");
    cr_assert_str_eq(output_member(object, "count"), "");
    cr_assert_str_eq(output_member(object, "missing"), "");
    cr_assert_str_eq(output_member(NULL, "id"), "");
}

Test(cli, sizes_have_units)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: wrong */
    } cases[] = {
        { "0", 0 },
        { "1000", 1000 },
        { "2K", 2048 },
        { "2k", 2048 },
        { "3M", 3 << 20 },
        { "2G", (int64_t)2 << 30 },
        { "1T", (int64_t)1 << 40 },
        { "5 MB", 5 << 20 },
        { "", -1 },
        { "G", -1 },
        { "-1", -1 },
        { "2X", -1 },
        { "99999999999T", -1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t bytes = -1;
        bool good = bytes_parse(str(cases[i].text), &bytes);
        cr_expect(good == (cases[i].bytes >= 0) && bytes == cases[i].bytes, "%s", cases[i].text);
    }
}

Test(cli, the_example_is_a_file_that_can_be_read)
{
    Buf example = buf_new(arena, MB(1));
    Settings settings;
    settings_example(&example);
    char *text = str_c(arena, buf_str(&example));
    for (char *line = text; (line = strstr(line, "\n#")); line++)
        if (line[2] != ' ')
            line[1] = ' '; /* every setting in force */
    const char *file = config_file(text);
    cr_expect(settings_read(arena, &(SettingsFrom){ .file = file }, &settings, NULL, &err), "%s",
              err.message);
    unlink(file);
}

/* --- Help --- */

Test(cli, help_lists_every_command_and_its_options)
{
    Buf all = buf_new(arena, MB(1)), manual = buf_new(arena, MB(1));
    command_help(&all, NULL);
    command_manual(&manual);
    for (size_t i = 0; i < command_count; i++) {
        Buf one = buf_new(arena, MB(1));
        command_help(&one, commands[i]);
        cr_expect(str_find(buf_str(&all), str(commands[i]->summary)) > 0, "%s", commands[i]->name);
        size_t count = 0;
        for (const CommandOption *o = commands[i]->options; o && o->name; o++, count++) {
            cr_expect(str_find(buf_str(&one), str(o->name)) > 0);
            cr_expect(str_find(buf_str(&manual), str(o->help)) > 0);
        }
        cr_expect(count <= COUNT(((CommandLine *)NULL)->given), "%s", commands[i]->name);
    }
    cr_expect(setting_count <= COUNT(((CommandLine *)NULL)->flags));
}

/* --- The terminal --- */

Test(cli, texts_fit_the_width)
{
    static const struct {
        const char *text;
        size_t width;
        const char *shown;
    } cases[] = {
        { "short", 10, "short" },
        { "exactly ten", 11, "exactly ten" },
        { "a longer text", 5, "a lo\xe2\x80\xa6" },
        { "\x1b[2Jevil\x07", 20, "[2Jevil" },
        { "\xc3\xa9\xc3\xa9\xc3\xa9", 2, "\xc3\xa9\xe2\x80\xa6" },
        { "", 5, "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str fitted = term_fit(arena, str(cases[i].text), cases[i].width);
        cr_expect(str_is(fitted, cases[i].shown), "%s: " STR_FMT, cases[i].text, STR_ARG(fitted));
    }
}

Test(cli, sizes_and_times_are_short)
{
    char text[16];
    cr_expect_str_eq(term_bytes(0, text), "0 B");
    cr_expect_str_eq(term_bytes(999, text), "999 B");
    cr_expect_str_eq(term_bytes(1500, text), "1.5 kB");
    cr_expect_str_eq(term_bytes(INT64_MAX, text), "9223372 TB");
    cr_expect_str_eq(term_duration(-1, text), "");
    cr_expect_str_eq(term_duration(89, text), "89 s");
    cr_expect_str_eq(term_duration(3600, text), "60 min");
    cr_expect_str_eq(term_duration(INT64_MAX, text), "1000 h");
}
