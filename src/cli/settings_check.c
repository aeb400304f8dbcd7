/* settings_check.c - what values must be beyond their types, each setting by itself and together.
 * Everything is looked at before anything starts, so that all that is wrong is told at once. */
#include "blob/s3_client.h"
#include "cli/app_replicas.h"
#include "cli/settings.h"
#include "encode/kernel_sets.h"
#include "net/clamd.h"
#include "net/forwarded.h"
#include "net/otlp.h"

#define CHECK_FIELD(settings, member)                                                              \
    {                                                                                              \
#member, (settings)->member                                                                \
    }

typedef struct Checked {
    const char *name;
    Str value;
} Checked;

/* --- One of a few words --- */

static bool check_word(const char *name, Str value, const char *words, Error *err)
{
    Str rest = str(words), word;
    while (str_next(&rest, ' ', &word))
        if (str_equal(word, value))
            return true;
    return fail_field(err, name, "%s is one of: %s; it is '" STR_FMT "'", name, words,
                      STR_ARG(str_slice(value, 0, 40)));
}

/* --- Addresses --- */

static bool check_listen(Str listen, Error *err)
{
    ptrdiff_t colon = str_find_last_char(listen, ':');
    int64_t port;
    return (colon > 0 && str_to_int(str_from(listen, (size_t)colon + 1), 0, 65535, &port)) ||
           fail_field(err, "listen",
                      "listen is ADDRESS:PORT, as 127.0.0.1:8000; it is '" STR_FMT "'",
                      STR_ARG(str_slice(listen, 0, 100)));
}

/* A URL may hold a password, so it is not said. */
static bool check_begin(const char *name, Str value, const char *beginnings, Error *err)
{
    Str rest = str(beginnings), begin;
    if (!value.length)
        return true;
    while (str_next(&rest, ' ', &begin))
        if (str_starts(value, begin))
            return true;
    return fail_field(err, name, "%s begins with one of: %s", name, beginnings);
}

static bool check_origin(const Settings *settings, Str origin, Error *err)
{
    ptrdiff_t host = str_find(origin, S("://"));
    if (str_is(origin, "*"))
        return !settings_are_strict(settings) ||
               fail_field(err, "cors_origins",
                          "cors_origins: in the production profile each site is named, '*' is not "
                          "taken");
    bool is_web = str_starts(origin, S("https://")) || str_starts(origin, S("http://"));
    return (is_web && host > 0 && str_find_char(str_from(origin, (size_t)host + 3), '/') < 0) ||
           fail_field(err, "cors_origins",
                      "cors_origins: '" STR_FMT
                      "' is no site; write its scheme, host and port, as https://app.example.org",
                      STR_ARG(str_slice(origin, 0, 100)));
}

static bool check_origins(const Settings *settings, Error *err)
{
    Str rest = settings->cors_origins, origin;
    while (str_next(&rest, ',', &origin))
        if (str_trim(origin).length && !check_origin(settings, str_trim(origin), err))
            return false;
    return true;
}

/* --- Together --- */

static bool check_chunks(const Settings *settings, Error *err)
{
    return settings->chunk_overlap < settings->chunk_size ||
           fail_field(err, "chunk_overlap",
                      "chunk_overlap (%" PRId64 ") must be less than chunk_size (%" PRId64 ")",
                      settings->chunk_overlap, settings->chunk_size);
}

static bool check_tls(const Settings *settings, Error *err)
{
    bool has_certificate = settings->tls_certificate.length > 0;
    if (has_certificate != (settings->tls_key.length > 0))
        return fail_field(err, has_certificate ? "tls_key" : "tls_certificate",
                          "tls_certificate and tls_key belong together: one of them is empty");
    return has_certificate || !settings->tls_redirect.length ||
           fail_field(err, "tls_redirect",
                      "tls_redirect sends to https, which needs tls_certificate and tls_key");
}

/* Who meets another library than yesterday's has to have asked for that. */
static bool check_fallback(const Settings *settings, Error *err)
{
    return !settings->database_fallback || !settings_are_strict(settings) ||
           fail_field(err, "database_fallback",
                      "database_fallback is for development: in the production profile a server "
                      "waits for its database");
}

void settings_check(Arena *arena, const Settings *settings, SettingTexts *problems, Error *first)
{
    const struct {
        Checked is;
        const char *words;
    } choices[] = {
        { CHECK_FIELD(settings, profile), "development production" },
        { CHECK_FIELD(settings, docs), "auto on off" },
        { CHECK_FIELD(settings, log_format), "text json" },
        { CHECK_FIELD(settings, log_level), "debug info warn error" },
        { CHECK_FIELD(settings, unpriced_models), "refuse free" },
        { CHECK_FIELD(settings, vector_store_type), "embedded faiss pgvector weaviate" },
        { CHECK_FIELD(settings, s3_addressing), "auto path host" },
        { CHECK_FIELD(settings, clamd_away), "refuse accept" },
        { CHECK_FIELD(settings, jwt_people), "known make" },
        { CHECK_FIELD(settings, otlp_protocol), "http/protobuf http/json" },
        { CHECK_FIELD(settings, jwt_role), "auditor reader editor admin" },
    }, beginnings[] = {
        { CHECK_FIELD(settings, public_url), "http:// https://" },
        { CHECK_FIELD(settings, proxy), "http://" },
        { CHECK_FIELD(settings, otlp_endpoint), "http:// https://" },
        { CHECK_FIELD(settings, sentry_dsn), "http:// https://" },
        { CHECK_FIELD(settings, smtp_url), "smtp:// smtps:// smtp+plain://" },
    };
    const KernelSet *set;
    Precision precision;
    TraceOptions traces;
    Error err;
#define CHECK(holds)                                                                               \
    if (!(holds))                                                                                  \
    setting_problem(arena, problems, first, &err)
    for (size_t i = 0; i < COUNT(choices); i++)
        CHECK(check_word(choices[i].is.name, choices[i].is.value, choices[i].words, &err));
    for (size_t i = 0; i < COUNT(beginnings); i++)
        CHECK(
            check_begin(beginnings[i].is.name, beginnings[i].is.value, beginnings[i].words, &err));
    CHECK(check_listen(settings->listen, &err));
    CHECK(check_origins(settings, &err));
    CHECK(replicas_check(settings, &err));
    CHECK(check_fallback(settings, &err));
    CHECK(!settings->clamd.length || clamd_check(settings->clamd, &err));
    CHECK(s3_check_endpoint(arena, settings->s3_endpoint, &err));
    CHECK(s3_check_region(settings->s3_region, &err));
    CHECK(s3_check_encryption(settings->s3_encryption, &err));
    CHECK(check_chunks(settings, &err));
    CHECK(check_tls(settings, &err));
    CHECK(trusted_proxies_check(settings->trusted_proxies, &err));
    CHECK(kernel_set_find(settings->encoder_kernels, &set, &err) ||
          fail_in(&err, "encoder_kernels"));
    CHECK(precision_find(settings->encoder_precision, &precision, &err) ||
          fail_in(&err, "encoder_precision"));
    CHECK(otlp_read_sampler(settings->traces_sampler, settings->traces_ratio, &traces, &err));
#undef CHECK
}
