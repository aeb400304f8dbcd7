/* cmd_doctor.c - checks the installation and says what to do about each finding. */
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "cli/app.h"
#include "cli/client.h"
#include "cli/output.h"
#include "library/extraction.h"

typedef struct Findings {
    CommandLine *line;
    json_t *list;
    int bad;
} Findings;

static void say(Findings *findings, bool good, const char *what, Str detail)
{
    json_array_append_new(findings->list,
                          json_pack("{s:s, s:b, s:s}", "what", what, "good", good, "detail",
                                    str_c(findings->line->arena, detail)));
    findings->bad += !good;
    if (!findings->line->json)
        printf("%s %-14s " STR_FMT "\n", good ? "ok " : "BAD", what, STR_ARG(detail));
}

static void check_disk(Findings *findings, Str folder)
{
    struct statvfs about;
    CommandLine *line = findings->line;
    if (statvfs(str_c(line->arena, folder), &about) != 0) {
        say(findings, false, "disk", S("cannot be looked at"));
        return;
    }
    uint64_t free_mb = (uint64_t)about.f_bavail * about.f_frsize >> 20;
    say(findings, (int64_t)free_mb << 20 > line->settings.disk_reserve, "disk",
        str_format(line->arena, "%" PRIu64 " MB free in " STR_FMT, free_mb, STR_ARG(folder)));
}

static void check_walls(Findings *findings, const json_t *sandbox)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)sandbox, name, value) if (json_is_boolean(value))
        say(findings, json_is_true(value), "sandbox",
            str_format(findings->line->arena, "%s %s", name,
                       json_is_true(value) ? "stands" : "is missing on this machine"));
}

/* Reads a text the way an upload is read: a worker starts, its walls stand, an answer comes. */
static void check_reading(Findings *findings)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_CLOSE int fd = memfd_create("doctor", MFD_CLOEXEC);
    AUTO_JSON json_t *walls = NULL;
    SandboxOptions none = { 0 };
    Extraction extraction;
    Error err = { 0 };
    Buf about = buf_new(arena, KB(64));
    ExtractionInput input = { .fd = fd, .name = S("doctor.txt"), .timeout_ms = 20000 };
    Sandbox *sandbox = sandbox_new(&none);
    bool good = fd >= 0 && fd_write_all(fd, S("It can be read.\n"), &err) &&
                extraction_run(sandbox, arena, &input, &extraction, &err);
    say(findings, good, "reading", good ? S("a worker read a text") : str(err.message));
    buf_add_char(&about, '{');
    sandbox_describe(sandbox, &about);
    buf_add_char(&about, '}');
    sandbox_free(sandbox);
    if (json_parse(buf_str(&about), KB(64), &walls, &err))
        check_walls(findings, walls);
}

static void check_classes(Findings *findings)
{
    static const struct {
        const char *name, *reads;
    } classes[] = {
#define WORKER_CLASS(name, reads) { #name, reads },
#include "worker/classes.def"
#undef WORKER_CLASS
    };
    SandboxOptions usual = { 0 };
    for (size_t i = 0; i < COUNT(classes); i++) {
        bool has = sandbox_has_worker(&usual, classes[i].name);
        say(findings, has, "readers",
            str_format(findings->line->arena, "lectern-worker-%s (%s) %s", classes[i].name,
                       classes[i].reads,
                       has ? "is installed"
                           : "is missing: such files are refused with that reason"));
    }
}

static bool check_server(Findings *findings, Client *client, Error *err)
{
    AUTO_JSON json_t *health = NULL;
    CommandLine *line = findings->line;
    if (!client_call(client, "GET", "/health", S(""), &health, err))
        return false;
    Str status = json_member_text(health, "status");
    const json_t *model = json_object_get(health, "model");
    say(findings, str_is(status, "ok"), "server",
        str_format(line->arena, STR_FMT ", version " STR_FMT, STR_ARG(status),
                   STR_ARG(json_member_text(health, "version"))));
    say(findings, json_is_object(model), "model",
        json_is_object(model) ? S("there is an embedding model")
                              : S("none; `lectern models add FOLDER` adds one"));
    if (line->server.length)
        check_walls(findings, json_object_get(health, "sandbox"));
    else {
        check_reading(findings);
        check_classes(findings);
    }
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *list = json_array();
    Findings findings = { line, list, 0 };
    Str folder;
    if (!line->server.length) {
        if (!app_data_folder(line->arena, &line->settings, &folder, err))
            return false;
        say(&findings, true, "data folder", folder);
        check_disk(&findings, folder);
    }
    if (!client_open(line, &client, err) || !check_server(&findings, client, err))
        return false;
    (void)output_json(line, list);
    if (findings.bad)
        return fail(err, ERROR_INVALID, "%d findings need attention", findings.bad);
    return true;
}

const Command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Check the installation",
    .run = run,
};
