/* cmd_config.c - the settings in force, or an example file. */
#include "cli/output.h"

static const CommandOption options[] = {
    { "example", NULL, "print a file with every setting and its default" },
    { "origin", NULL, "say of each where its value comes from" },
    { NULL, NULL, NULL },
};

static bool run(CommandLine *line, Error *err)
{
    Buf example = buf_new(line->arena, MB(1));
    (void)err;
    if (option_is_given(line, "example")) {
        settings_example(&example);
        fwrite(example.at, 1, example.length, stdout);
        return true;
    }
    AUTO_JSON json_t *all = json_object();
    bool says_origin = option_is_given(line, "origin");
    for (size_t row = 0; row < setting_count; row++) {
        Str value = setting_text(line->arena, &line->settings, row);
        const char *name = setting_rows[row].name, *origin = line->settings.origins[row];
        json_t *text = json_stringn(value.at ? value.at : "", value.length);
        json_object_set_new(all, name,
                            says_origin ? json_pack("{s:o, s:s}", "value", text, "origin", origin)
                                        : text);
        if (!line->json && says_origin)
            printf("%-16s = " STR_FMT "  # %s\n", name, STR_ARG(value), origin);
        else if (!line->json)
            printf("%-16s = " STR_FMT "\n", name, STR_ARG(value));
    }
    (void)output_json(line, all);
    return true;
}

const Command command_config = {
    .name = "config",
    .arguments = "",
    .summary = "The settings in force, or an example file",
    .options = options,
    .reads_env = true,
    .run = run,
};
