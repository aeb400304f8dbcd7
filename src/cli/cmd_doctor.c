/* cmd_doctor.c - checks the installation and says what to do about each finding. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/app_folder.h"
#include "cli/client.h"
#include "cli/deep_check.h"
#include "cli/output.h"
#include "db/db.h"
#include "library/extraction.h"
#include "net/http_server.h"

#define READY_WAIT_MS 5000
#define READY_POLL_MS 20

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
        printf("%s %-15s " STR_FMT "\n", good ? "ok " : "BAD", what, STR_ARG(detail));
}

static void say_found(Findings *findings, const json_t *found)
{
    Str detail = json_member_text(found, "detail"), advice = json_member_text(found, "advice");
    say(findings, json_is_true(json_object_get(found, "good")),
        str_c(findings->line->arena, json_member_text(found, "what")),
        advice.length ? str_format(findings->line->arena, STR_FMT ". " STR_FMT, STR_ARG(detail),
                                   STR_ARG(advice))
                      : detail);
}

/* --- The settings: what is wrong in them ended the command before it began --- */

static void check_named_files(Findings *findings)
{
    const Settings *settings = &findings->line->settings;
    const struct {
        const char *name;
        Str path;
    } named[] = { { "master_key", settings->master_key },
                  { "model", settings->model },
                  { "rerank_model", settings->rerank_model },
                  { "gateway", settings->gateway },
                  { "oidc", settings->oidc },
                  { "model_files", settings->model_files },
                  { "connect_ca", settings->connect_ca },
                  { "smtp_ca", settings->smtp_ca } };
    Arena *arena = findings->line->arena;
    for (size_t i = 0; i < COUNT(named); i++)
        if (named[i].path.length && access(str_c(arena, named[i].path), R_OK) != 0)
            say(findings, false, "settings",
                str_format(arena, "%s names " STR_FMT ", which cannot be read: %s", named[i].name,
                           STR_ARG(named[i].path), strerror(errno)));
}

static void check_settings(Findings *findings)
{
    const Settings *settings = &findings->line->settings;
    int bad = findings->bad;
    check_named_files(findings);
    for (size_t i = 0; i < settings->notices.count; i++)
        say(findings, true, "settings", settings->notices.at[i]);
    if (findings->bad == bad)
        say(findings, true, "settings",
            str_format(findings->line->arena, "all %zu fit; the profile is " STR_FMT, setting_count,
                       STR_ARG(settings->profile)));
}

/* --- The folder --- */

static void check_disk(Findings *findings, Str folder)
{
    struct statvfs about;
    CommandLine *line = findings->line;
    if (statvfs(str_c(line->arena, folder), &about) != 0) {
        say(findings, false, "disk", S("cannot be looked at"));
        return;
    }
    uint64_t free_mb = (uint64_t)about.f_bavail * about.f_frsize >> 20;
    bool good = (int64_t)free_mb << 20 > line->settings.disk_reserve;
    say(findings, good, "disk",
        str_format(line->arena, "%" PRIu64 " MB free in " STR_FMT "%s", free_mb, STR_ARG(folder),
                   good ? ""
                        : ": uploads are refused until there is more (the setting disk_reserve)"));
}

/* Of a folder that is not there yet: where it will be. */
static Str nearest_folder(Arena *arena, Str path)
{
    while (path.length > 1 && !file_exists(str_c(arena, path))) {
        ptrdiff_t slash = str_find_last_char(path, '/');
        path = slash > 0 ? str_slice(path, 0, (size_t)slash) : slash == 0 ? S("/") : S(".");
    }
    return path;
}

/* Where no server runs that would have it. */
static void check_address(Findings *findings)
{
    Error err;
    if (!http_server_may_listen(findings->line->settings.listen, &err))
        say(findings, false, "address",
            str_format(findings->line->arena,
                       "%s (the setting `listen`); nothing is wrong where systemd listens there "
                       "for it",
                       err.message));
}

/* False: there is no library in it to look at; what is missing is said. */
static bool check_folder(Findings *findings, Str folder)
{
    Arena *arena = findings->line->arena;
    const char *path = str_c(arena, folder), *why = NULL;
    struct stat about;
    if (stat(path, &about) != 0 && errno == ENOENT) {
        say(findings, true, "data folder",
            str_format(arena, "%s is not there yet; `lectern serve` makes it", path));
        return false;
    }
    if (stat(path, &about) == 0 && !S_ISDIR(about.st_mode)) {
        why = "is not a folder; name another with --data";
    } else if (access(path, R_OK | W_OK | X_OK) != 0) {
        int number = errno;
        why = app_why_unusable(number);
        why = why ? why : strerror(number);
    }
    if (why) {
        say(findings, false, "data folder", str_format(arena, "%s %s", path, why));
        return false;
    }
    bool has = app_has_library(arena, &findings->line->settings, folder);
    say(findings, true, "data folder",
        has ? folder
            : str_format(arena, "%s has no library yet; `lectern serve` begins one", path));
    return has;
}

/* --- Reading --- */

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
    static const char *const states[] = {
        [SANDBOX_WORKER_READY] = "is installed",
        [SANDBOX_WORKER_MISSING] = "is missing: such files are refused with that reason",
        [SANDBOX_WORKER_BROKEN] =
            "lacks a shared library, which `ldd` names: such files are refused; Debian's package "
            "brings them with `apt install --reinstall --install-recommends lectern`",
    };
    for (size_t i = 0; i < COUNT(classes); i++) {
        SandboxWorkerState state = sandbox_worker_state(&(SandboxOptions){ 0 }, classes[i].name);
        say(findings, state == SANDBOX_WORKER_READY, "readers",
            str_format(findings->line->arena, "lectern-worker-%s (%s) %s", classes[i].name,
                       classes[i].reads, states[state]));
    }
}

/* --- The library, by asking a server --- */

static void check_index(Findings *findings, const json_t *health)
{
    const json_t *index = json_object_get(health, "index"),
                 *building = json_object_get(index, "building");
    Arena *arena = findings->line->arena;
    Str about = str_format(arena, "%" PRId64 " passages, %" PRId64 " vectors",
                           output_int(index, "chunks"), output_int(index, "vectors"));
    if (json_is_object(building)) {
        Str progress = output_progress(arena, building);
        about = str_format(arena, STR_FMT "; it is being made again from the database: " STR_FMT,
                           STR_ARG(about), STR_ARG(progress));
    }
    say(findings, true, "index", about);
}

/* What the server wants to be known, such as a model or an S3 that it lacks, is a finding each. */
static void check_model(Findings *findings, const json_t *health)
{
    size_t i;
    const json_t *notice, *notices = json_object_get(health, "notices");
    const json_t *model = json_object_get(health, "model");
    Str name = json_member_text(model, "name");
    json_array_foreach((json_t *)(uintptr_t)notices, i, notice)
        say(findings, false, "notice", str(json_string_value(notice)));
    if (json_is_object(model) && !json_array_size(notices))
        say(findings, true, "model", name.length ? name : S("is there; it is loaded when needed"));
}

static void check_model_files(Findings *findings, const json_t *health)
{
    const json_t *file, *files = json_object_get(health, "model_files");
    size_t i, bad = 0;
    json_array_foreach((json_t *)(uintptr_t)files, i, file)
    {
        Str reason = json_member_text(file, "reason"), name = json_member_text(file, "name");
        if (!reason.length)
            continue;
        bad++;
        say(findings, false, "model file",
            str_format(findings->line->arena, STR_FMT ": " STR_FMT, STR_ARG(name),
                       STR_ARG(reason)));
    }
    if (json_array_size(files) && !bad)
        say(findings, true, "model files",
            str_format(findings->line->arena, "%zu", json_array_size(files)));
}

/* A server that has just been started looks for its index first. */
static bool ask_health(Client *client, json_t **health_r, Error *err)
{
    for (int64_t end_ms = monotonic_ms() + READY_WAIT_MS;;) {
        if (!client_call(client, "GET", "/health", S(""), health_r, err))
            return false;
        if (str_is(json_member_text(*health_r, "status"), "ok") || monotonic_ms() > end_ms)
            return true;
        json_decref(*health_r);
        *health_r = NULL;
        sleep_ms(READY_POLL_MS);
    }
}

static bool check_originals(Findings *findings, Client *client, Error *err)
{
    DeepCheck found;
    if (!deep_check(findings->line, client, &found, err))
        return false;
    say(findings, !found.damaged, "originals",
        str_format(findings->line->arena,
                   "%" PRId64 " read, %" PRId64 " damaged or missing, %" PRId64 " repaired%s",
                   found.originals, found.damaged, found.repaired,
                   found.damaged ? "; `lectern db check --deep` names them" : ""));
    json_decref(found.answer);
    return true;
}

/* What the server finds of itself, which it tells its owners alone. */
static bool check_parts(Findings *findings, Client *client, Error *err)
{
    CommandLine *line = findings->line;
    Buf body = buf_new(line->arena, KB(16));
    AUTO_JSON json_t *answer = NULL;
    const json_t *found;
    size_t i;
    JsonWriter json = put_begin(&body);
    put_bool(&json, "deep", option_is_given(line, "deep"));
    put_text(&json, "mail_to", option_value(line, "send"));
    put_end(&json);
    if (!client_call(client, "POST", "/v1/doctor", buf_str(&body), &answer, err)) {
        if (err->code != ERROR_DENIED && err->code != ERROR_NO_LOGIN)
            return false;
        say(findings, true, "server", S("what it rests on is told to owners: give --key"));
        return true;
    }
    json_array_foreach(json_object_get(answer, "items"), i, found) say_found(findings, found);
    return true;
}

static bool check_server(Findings *findings, Client *client, Error *err)
{
    AUTO_JSON json_t *health = NULL;
    CommandLine *line = findings->line;
    if (!ask_health(client, &health, err))
        return false;
    if (client_is_alone(client))
        check_address(findings);
    const char *from = client_is_alone(client) ? "none runs; started for this check, " : "";
    say(findings, true, "server",
        str_format(line->arena, "%sversion " STR_FMT, from,
                   STR_ARG(json_member_text(health, "version"))));
    check_index(findings, health);
    check_model(findings, health);
    check_model_files(findings, health);
    if (line->server.length)
        check_walls(findings, json_object_get(health, "sandbox"));
    return check_parts(findings, client, err) &&
           (!option_is_given(line, "deep") || check_originals(findings, client, err));
}

/* The one of the settings, where no server can be asked about it. False: it cannot be used. */
static bool check_database(Findings *findings)
{
    CommandLine *line = findings->line;
    Error err = { 0 };
    Db *db = NULL;
    bool good = db_open(str_c(line->arena, line->settings.database), NULL, &db, &err);
    db_close(db);
    say(findings, good, "database",
        good ? S("PostgreSQL answers")
             : str_format(line->arena,
                          "%s. See the setting `database`, and whether PostgreSQL runs there, lets "
                          "this machine in and has that database and login; a server waits for it "
                          "and goes on once it answers",
                          err.message));
    return good;
}

/* A library that cannot be opened is a finding as any other, with the reason. */
static void check_library(Findings *findings)
{
    AUTO_CLIENT Client *client = NULL;
    Error err = { 0 };
    if (client_open(findings->line, &client, &err) && check_server(findings, client, &err))
        return;
    if (!findings->line->settings.database.length || check_database(findings))
        say(findings, false, "server", str(err.message));
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_JSON json_t *list = json_array();
    Findings findings = { line, list, 0 };
    Str folder;
    if (line->server.length) {
        check_library(&findings);
    } else {
        if (!app_data_path(line->arena, &line->settings, &folder, err))
            return false;
        check_settings(&findings);
        bool has_library = check_folder(&findings, folder);
        check_disk(&findings, nearest_folder(line->arena, folder));
        if (has_library)
            check_library(&findings);
        else if (line->settings.database.length)
            (void)check_database(&findings);
        check_reading(&findings);
        check_classes(&findings);
    }
    (void)output_json(line, list);
    return !findings.bad || fail(err, ERROR_INVALID, "%d %s attention", findings.bad,
                                 findings.bad == 1 ? "finding needs" : "findings need");
}

static const CommandOption options[] = {
    { "deep", NULL,
      "read every original too, and compare its SHA-256; ask each model service for its list" },
    { "send", "ADDRESS", "send a mail there; else the mail server is only greeted" },
    { NULL, NULL, NULL },
};

const Command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Check the installation, and what is in the data folder",
    .options = options,
    .reads_env = true,
    .run = run,
};
