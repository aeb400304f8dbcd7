/* account_options.c - see account_options.h. */
#include "cli/account_options.h"

#include "net/url.h"

static Str or_else(Str text, Str otherwise) { return text.length ? text : otherwise; }

/* Supabase's Auth is below /auth/v1 of the project's address. */
static void add_supabase(Arena *arena, Str url, AccountTokens *tokens)
{
    Str issuer = url_join(arena, url, S("/auth/v1"));
    tokens->is_supabase = true;
    tokens->issuer = or_else(tokens->issuer, issuer);
    tokens->audience = or_else(tokens->audience, S("authenticated"));
    tokens->from.keys =
        or_else(tokens->from.keys, url_join(arena, issuer, S("/.well-known/jwks.json")));
}

AccountOptions account_options(Arena *arena, const Settings *settings, const Proxy *proxy)
{
    AccountTokens tokens = { .from = { .keys = settings->jwt_keys,
                                       .secret_file = settings->jwt_secret_file,
                                       .proxy = proxy },
                             .issuer = settings->jwt_issuer,
                             .audience = settings->jwt_audience,
                             .skew_s = settings->jwt_skew,
                             .email_claim = settings->jwt_email_claim,
                             .role_claim = settings->jwt_role_claim,
                             .workspace_claim = settings->jwt_workspace_claim,
                             .workspace = settings->jwt_workspace,
                             .trusts_emails = settings->jwt_email_trusted,
                             .makes_people = str_is(settings->jwt_people, "make"),
                             .role = role_named(settings->jwt_role) };
    if (settings->supabase_url.length)
        add_supabase(arena, settings->supabase_url, &tokens);
    return (AccountOptions){ .session_days = settings->session_days,
                             .removal_days = settings->workspace_removal_days,
                             .erasure_days = settings->erasure_days,
                             .erases_themselves = settings->own_erasure > 0,
                             .public_url = settings->public_url,
                             .tokens = tokens,
                             .oidc = { .file = settings->oidc,
                                       .public_url = settings->public_url,
                                       .skew_s = settings->jwt_skew,
                                       .proxy = proxy },
                             .mailing = { .smtp = { .url = settings->smtp_url,
                                                    .ca_file = settings->smtp_ca.length
                                                                   ? str_c(arena, settings->smtp_ca)
                                                                   : NULL },
                                          .from = settings->smtp_from,
                                          .app_name = settings->app_name,
                                          .public_url = settings->public_url } };
}
