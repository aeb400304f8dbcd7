/* settings_test.c - settings by the names of earlier systems, .env, and all problems at once. */
#include "cli/settings.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/foreign_settings.h"
#include "gateway/catalogue.h"

static Arena *arena;
static Error err;

static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(settings, .init = open_arena, .fini = close_arena);

static const char *file_of(const char *name, const char *text)
{
    char *path = str_c(arena, str_format(arena, "/tmp/lectern-settings-%d%s", (int)getpid(), name));
    cr_assert(file_write(path, str(text), 0600, &err), "%s", err.message);
    return path;
}

static const char *value_of(const Settings *settings, const char *name)
{
    for (size_t row = 0; row < setting_count; row++)
        if (!strcmp(setting_rows[row].name, name))
            return str_c(arena, setting_text(arena, settings, row));
    return getenv(name) ? getenv(name) : "";
}

/* One case at least for each row of foreign_settings.def. */
static const struct {
    const char *name, *value, *becomes, *is, *says;
} rows[] = {
    { "VITE_USE_PYTHON_BACKEND", "true", NULL, NULL, "no effect" },
    { "VITE_PYTHON_API_URL", "http://h", NULL, NULL, "no effect" },
    { "DATABASE_URL", "postgresql+asyncpg://u@h/d", "database", "postgresql://u@h/d", NULL },
    { "DATABASE_URL", "postgres://u@h/d?sslmode=require", "database",
      "postgresql://u@h/d?sslmode=require", NULL },
    { "DATABASE_URL", "postgresql://h/d", "database", "postgresql://h/d", NULL },
    { "DATABASE_URL", "", "database", "", NULL },
    { "DATABASE_URL", "sqlite:///./app.db", "database", "", "data folder" },
    { "VECTOR_STORE_TYPE", "FAISS", "vector_store_type", "faiss", NULL },
    { "UPLOAD_DIR", "./uploads", "blob_store", "./uploads", NULL },
    { "MAX_FILE_SIZE", "2147483648", "upload_max", "2147483648", NULL },
    { "EMBEDDING_MODEL", "all-MiniLM-L6-v2", "model", "", NULL },
    { "EMBEDDING_MODEL", "sentence-transformers/all-MiniLM-L6-v2", "model", "", NULL },
    { "EMBEDDING_MODEL", "text-embedding-3-small", "model", "", "models add" },
    { "OPENAI_API_KEY", "sk-1", "OPENAI_API_KEY", "sk-1", NULL },
    { "OPENAI_MODEL", "gpt-4o", "OPENAI_MODEL", "gpt-4o", NULL },
    { "OPENAI_MODEL", "gpt-3.5-turbo-0613", "OPENAI_MODEL", "gpt-3.5-turbo", "switched off" },
    { "OPENAI_MAX_TOKENS", "1000", "reply_tokens_max", "1000", NULL },
    { "REDIS_URL", "redis://h", NULL, NULL, "no effect" },
    { "CELERY_BROKER_URL", "redis://h/0", NULL, NULL, "no effect" },
    { "CELERY_RESULT_BACKEND", "redis://h/0", NULL, NULL, "no effect" },
    { "APP_NAME", "Our papers", "app_name", "Our papers", NULL },
    { "APP_VERSION", "1.2", NULL, NULL, "no effect" },
    { "DEBUG", "True", "profile", "development", NULL },
    { "DEBUG", "0", "profile", "production", NULL },
    { "DEBUG", "app:*", "profile", "development", "neither" },
    { "API_HOST", "0.0.0.0", "listen", "0.0.0.0:8000", NULL },
    { "API_HOST", "::1", "listen", "[::1]:8000", NULL },
    { "API_PORT", "9000", "listen", "127.0.0.1:9000", NULL },
    { "CORS_ORIGINS", "http://a:5173,http://b", "cors_origins", "http://a:5173,http://b", NULL },
    { "CORS_ORIGINS", "[\"http://a:5173\", \"http://b\"]", "cors_origins", "http://a:5173,http://b",
      NULL },
    { "SUPABASE_URL", "https://a.supabase.co", "supabase_url", "https://a.supabase.co", NULL },
    { "SUPABASE_ANON_KEY", "e30", NULL, NULL, "no effect" },
    { "SUPABASE_SERVICE_KEY", "e30", NULL, NULL, "no effect" },
    { "ALLOWED_FILE_TYPES", "image/png,text/plain", "allowed_types", "image/png,text/plain", NULL },
    { "GROQ_API_KEY", "gsk", "GROQ_API_KEY", "gsk", NULL },
    { "GROQ_MODEL", "llama3-8b-8192", "GROQ_MODEL", "llama-3.1-8b-instant", "switched off" },
    { "HF_API_KEY", "hf", "HF_API_KEY", "hf", NULL },
    { "HF_BASE_URL", "https://api-inference.huggingface.co", "HF_BASE_URL",
      "https://router.huggingface.co/v1", "switched off" },
    { "HF_BASE_URL", "https://hub.example.org/v1", "HF_BASE_URL", "https://hub.example.org/v1",
      NULL },
    { "LOG_LEVEL", "WARNING", "log_level", "warn", NULL },
    { "LOG_LEVEL", "INFO", "log_level", "info", NULL },
    { "LOG_FORMAT", "JSON", "log_format", "json", NULL },
    { "LOG_FORMAT", "%(asctime)s - %(message)s", "log_format", "text", "log_format is text" },
    { "DOCS_URL", "", "docs", "off", NULL },
    { "DOCS_URL", "/docs", "docs", "on", NULL },
    { "DOCS_URL", "/reference", "docs", "on", "/docs" },
    { "PYTHON_AI_SERVICE_URL", "http://h", NULL, NULL, "no effect" },
    { "ANTHROPIC_API_KEY", "sk-ant", "ANTHROPIC_API_KEY", "sk-ant", NULL },
    { "LOCAL_MODELS_PATH", "/models", "model_files", "/models", NULL },
    { "SENTRY_DSN", "https://k@h/1", "sentry_dsn", "(set)", NULL },
    { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "otlp_endpoint", "http://c:4318", NULL },
    { "OTEL_EXPORTER_OTLP_HEADERS", "a=b", "otlp_headers", "(set)", NULL },
    { "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "otlp_protocol", "http/json", NULL },
    { "OTEL_EXPORTER_OTLP_PROTOCOL", "", NULL, NULL, NULL },
    { "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "otlp_protocol", "http/protobuf", "4318" },
    { "OTEL_SERVICE_NAME", "library", "otlp_service_name", "library", NULL },
    { "OTEL_TRACES_SAMPLER", "traceidratio", "traces_sampler", "traceidratio", NULL },
    { "OTEL_TRACES_SAMPLER_ARG", "0.25", "traces_ratio", "0.25", NULL },
};

static void expect_row(size_t i, const SettingsFrom *from, const char *where)
{
    Settings settings;
    bool good = settings_read(arena, from, &settings, NULL, &err);
    cr_assert(good, "%s in %s: %s", rows[i].name, where, err.message);
    if (rows[i].becomes)
        cr_expect_str_eq(value_of(&settings, rows[i].becomes), rows[i].is, "%s in %s", rows[i].name,
                         where);
    cr_expect_eq(settings.notices.count, rows[i].says ? 1 : 0, "%s", rows[i].name);
    if (rows[i].says && settings.notices.count)
        cr_expect(str_find(settings.notices.at[0], str(rows[i].says)) >= 0, STR_FMT,
                  STR_ARG(settings.notices.at[0]));
}

Test(settings, names_of_earlier_systems_work_in_the_environment_in_env_files_and_in_the_file)
{
    for (size_t i = 0; i < foreign_setting_count; i++)
        unsetenv(foreign_settings[i].name);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *line = str_format(arena, "%s=%s\n", rows[i].name, rows[i].value).at;
        const char *conf = file_of(".conf", line), *env = file_of(".env", line);
        const char *empty = file_of(".none", "");
        expect_row(i, &(SettingsFrom){ .file = conf }, "the file");
        unsetenv(rows[i].name);
        expect_row(i, &(SettingsFrom){ .file = empty, .env_file = env }, ".env");
        setenv(rows[i].name, rows[i].value, 1);
        expect_row(i, &(SettingsFrom){ .file = empty }, "the environment");
        unsetenv(rows[i].name);
        unlink(conf), unlink(env), unlink(empty);
    }
}

Test(settings, an_env_file_may_write_names_of_earlier_systems_in_small_letters)
{
    const char *empty = file_of(".none", ""),
               *env = file_of(".env", "log_level=WARNING\nlog_format=JSON\ndocs_url=\n");
    Settings settings;
    cr_assert(settings_read(arena, &(SettingsFrom){ .file = empty, .env_file = env }, &settings,
                            NULL, &err),
              "%s", err.message);
    cr_expect_str_eq(value_of(&settings, "log_level"), "warn");
    cr_expect_str_eq(value_of(&settings, "log_format"), "json");
    cr_expect_str_eq(value_of(&settings, "docs"), "off");
    unlink(env), unlink(empty);
}

Test(settings, every_name_of_an_earlier_system_has_a_case)
{
    for (size_t i = 0; i < foreign_setting_count; i++) {
        bool has = false;
        for (size_t j = 0; j < COUNT(rows); j++)
            has |= !strcmp(rows[j].name, foreign_settings[i].name);
        cr_expect(has, "%s", foreign_settings[i].name);
    }
}

Test(settings, what_replaced_a_retired_model_is_in_the_catalogue)
{
    static const struct {
        const char *variable, *now;
    } models[] = {
#define RETIRED_MODEL(variable, retired, now) { variable, now },
#include "cli/retired_models.def"
#undef RETIRED_MODEL
    };
    for (size_t i = 0; i < COUNT(models); i++) {
        Str service = strcmp(models[i].variable, "OPENAI_MODEL") ? S("groq") : S("openai");
        cr_expect(catalogue_find(service, str(models[i].now)), "%s", models[i].now);
    }
}

Test(settings, an_own_name_goes_before_one_of_an_earlier_system_wherever_they_stand)
{
    Settings settings;
    const char *file = file_of(".conf", "database = postgresql://own/d\n");
    setenv("DATABASE_URL", "postgresql://other/d", 1);
    cr_assert(settings_read(arena, &(SettingsFrom){ .file = file }, &settings, NULL, &err));
    cr_expect(str_is(settings.database, "postgresql://own/d"));
    unlink(file);
}

Test(settings, env_files_have_quotes_comments_and_lines_of_other_programs)
{
    static const struct {
        const char *line, *name, *value;
    } cases[] = {
        { "A=b", "A", "b" },     { "export A = b ", "A", "b" }, { "A=\"b # c\" # d", "A", "b # c" },
        { "A='b'", "A", "b" },   { "A=b # c", "A", "b" },       { "A=", "A", "" },
        { "# A=b", NULL, NULL }, { "A", NULL, NULL },           { "", NULL, NULL },
        { "=b", NULL, NULL },    { "A=\"b", "A", "\"b" },       { "A=b=c", "A", "b=c" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str name, value;
        bool good = environment_line_read(arena, str(cases[i].line), &name, &value);
        cr_expect_eq(good, cases[i].name != NULL, "%s", cases[i].line);
        cr_expect(!good || (str_is(name, cases[i].name) && str_is(value, cases[i].value)),
                  "%s: " STR_FMT, cases[i].line, STR_ARG(value));
    }
    Settings settings;
    const char *env = file_of(".env", "OTHER_PROGRAM=1\nLECTERN_TRASH_DAYS=4\n");
    SettingsFrom from = { .file = file_of(".conf", "trash_days = 3\n"), .env_file = env };
    cr_assert(settings_read(arena, &from, &settings, NULL, &err), "%s", err.message);
    cr_expect_eq(settings.trash_days, 4);
    chmod(env, 0666);
    cr_assert(!settings_read(arena, &from, &settings, NULL, &err));
    cr_expect(strstr(err.message, "changed by others"), "%s", err.message);
    unlink(env), unlink(from.file);
}

Test(settings, everything_that_is_wrong_is_said_at_once)
{
    static const char *const says[] = { "there is no setting 'colour'",
                                        "from 0 to 3650",
                                        "API_PORT",
                                        "profile is one of",
                                        "listen is ADDRESS:PORT",
                                        "'*' is not taken",
                                        "less than chunk_size",
                                        "public_url begins with",
                                        "s3_endpoint is the address",
                                        "is not the name of a region",
                                        "s3_encryption is" };
    const char *file = file_of(".conf", "colour = red\ntrash_days = 99999\nAPI_PORT = 99999\n"
                                        "listen = here\nchunk_overlap = 4000\npublic_url = h\n"
                                        "s3_endpoint = s3.example.org\ns3_region = R 1\n"
                                        "s3_encryption = none\n");
    SettingFlag flags[] = { { "profile", S("test") } };
    SettingTexts problems;
    Settings settings;
    SettingsFrom from = { .file = file, .flags = flags, .flag_count = 1 };
    cr_assert(!settings_read(arena, &from, &settings, &problems, &err));
    for (size_t i = 0; i < COUNT(says); i++) {
        bool is_said = i == 5; /* of the other profile */
        for (size_t j = 0; j < problems.count; j++)
            is_said |= str_find(problems.at[j], str(says[i])) >= 0;
        cr_expect(is_said, "%s", says[i]);
    }
    cr_expect_eq(problems.count, COUNT(says) - 1);
    unlink(file);
}

Test(settings, the_production_profile_names_each_site)
{
    static const struct {
        const char *profile, *origins;
        bool good;
    } cases[] = {
        { "production", "https://a.example.org", true },
        { "production", "*", false },
        { "production", "https://a,*", false },
        { "development", "*", true },
        { "development", "a.example.org", false },
        { "development", "https://a/b", false },
        { "production", "", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SettingFlag flags[] = { { "profile", str(cases[i].profile) },
                                { "cors_origins", str(cases[i].origins) } };
        Settings settings;
        SettingsFrom from = { .flags = flags, .flag_count = COUNT(flags) };
        cr_expect_eq(settings_read(arena, &from, &settings, NULL, &err), cases[i].good, "%s %s",
                     cases[i].profile, cases[i].origins);
    }
}
