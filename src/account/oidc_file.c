/* oidc_file.c - the providers of the setting oidc; docs/sign-in.md describes the file. */
#include "account/oidc_int.h"

#include "base/file.h"

#define FILE_BYTES_MAX KB(64)
#define SECRET_BYTES_MAX KB(4)

static bool check_name(const Oidc *oidc, Str name, Error *err)
{
    for (size_t i = 0; i < name.length; i++)
        if (!HAS_CHAR(name.at[i], "abcdefghijklmnopqrstuvwxyz0123456789-"))
            return fail_field(err, "name",
                              "the name '" STR_FMT "' has other characters than a-z, 0-9 and -",
                              STR_ARG(name));
    for (size_t i = 0; i + 1 < oidc->count; i++)
        if (str_equal(oidc->at[i].name, name))
            return fail_field(err, "name", "two providers have the name '" STR_FMT "'",
                              STR_ARG(name));
    return name.length > 0 || fail_field(err, "name", "the name is empty");
}

static bool check_roles(const json_t *roles, Error *err)
{
    const char *value;
    json_t *role;
    if (roles && !json_is_object(roles))
        return fail_field(err, "roles", "'roles' is no object");
    json_object_foreach((json_t *)(uintptr_t)roles, value, role)
    {
        Role named = json_is_string(role) ? role_named(str(json_string_value(role))) : ROLE_NONE;
        if (named == ROLE_NONE || named > ROLE_ADMIN)
            return fail_field(err, "roles",
                              "'%s' leads to no role: auditor, reader, editor or admin", value);
    }
    return true;
}

/* What has no default has to be there, so that nobody trusts another issuer by mistake. */
static bool check_provider(Oidc *oidc, OidcProvider *provider, Str role, Error *err)
{
    provider->role = role_named(role);
    if (!check_name(oidc, provider->name, err) || !check_roles(provider->roles, err))
        return false;
    if (provider->role == ROLE_NONE || provider->role > ROLE_ADMIN)
        return fail_field(err, "role", "'role' is one of: auditor, reader, editor, admin");
    if (!str_starts(provider->issuer, S("https://")) && !str_starts(provider->issuer, S("http://")))
        return fail_field(err, "issuer", "'issuer' is no address");
    if (provider->roles && !provider->role_claim.length)
        return fail_field(err, "roles", "'roles' needs 'role_claim'");
    return true;
}

static bool read_secret(Arena *arena, Str file, Str *secret_r, Error *err)
{
    Str text;
    if (!file.length)
        return true;
    if (!file_read(arena, str_c(arena, file), SECRET_BYTES_MAX, &text, err))
        return fail_in(err, "client_secret_file");
    *secret_r = str_trim(text);
    return secret_r->length > 0 ||
           fail_field(err, "client_secret_file", "the file of 'client_secret_file' is empty");
}

static bool read_provider(Oidc *oidc, const json_t *item, Error *err)
{
    OidcProvider *provider = &oidc->at[oidc->count++];
    json_t *roles = NULL;
    Str secret_file = STR_NONE, role = S("reader");
    provider->scopes = S("openid email profile");
    provider->email_claim = S("email");
    pthread_mutex_init(&provider->lock, NULL);
    const JsonField fields[] = {
        { "name", JSON_STR, &provider->name, .required = true, .length_max = 40 },
        { "title", JSON_STR, &provider->title, .required = true, .length_max = 100 },
        { "issuer", JSON_STR, &provider->issuer, .required = true, .length_max = 500 },
        { "client_id", JSON_STR, &provider->client_id, .required = true, .length_max = 500 },
        { "client_secret_file", JSON_STR, &secret_file, .length_max = 4000 },
        { "scopes", JSON_STR, &provider->scopes, .length_max = 500 },
        { "email_claim", JSON_STR, &provider->email_claim, .length_max = 200 },
        { "email_trusted", JSON_FLAG, &provider->trusts_emails },
        { "new_people", JSON_STRS, &provider->new_people, .length_max = 100 },
        { "role", JSON_STR, &role },
        { "role_claim", JSON_STR, &provider->role_claim, .length_max = 200 },
        { "roles", JSON_ANY, &roles },
        { "workspace", JSON_STR, &provider->workspace, .length_max = 100 },
    };
    if (!json_read(item, oidc->arena, fields, COUNT(fields), err))
        return false;
    provider->roles = json_incref(roles);
    return check_provider(oidc, provider, role, err) &&
           read_secret(oidc->arena, secret_file, &provider->client_secret, err);
}

static bool read_providers(Oidc *oidc, const json_t *file, Error *err)
{
    json_t *list = NULL;
    if (!json_read(file, oidc->arena,
                   JSON_FIELDS({ "providers", JSON_ANY, &list, .required = true }), err))
        return false;
    if (!json_is_array(list) || json_array_size(list) > OIDC_PROVIDERS_MAX)
        return fail_field(err, "providers", "'providers' is no list of at most %d",
                          OIDC_PROVIDERS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_provider(oidc, json_array_get(list, i), err))
            return fail_in(err, "provider %zu", i + 1);
    return true;
}

bool oidc_read_file(Oidc *oidc, Error *err)
{
    AUTO_JSON json_t *file = NULL;
    const char *path = str_c(oidc->arena, oidc->options.file);
    Str text;
    return (file_read(oidc->arena, path, FILE_BYTES_MAX, &text, err) &&
            json_parse(text, FILE_BYTES_MAX, &file, err) && read_providers(oidc, file, err)) ||
           fail_in(err, "the providers in %s", path);
}
