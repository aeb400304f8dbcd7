/* passkeys_api.c - passkeys of the visitor: making, naming and removing them. What the browser is
 * asked for and what it answers has the names of Web Authentication, level 3, as JSON. */
#include "api/passkeys_json.h"
#include "base/base64.h"

/* --- The question ------------------------------------------------------------------------ */

static void put_known(JsonWriter *json, const char *name, const PasskeyList *known)
{
    put_array(json, name);
    for (size_t i = 0; i < known->count; i++) {
        put_object(json, NULL);
        put_text(json, "type", S("public-key"));
        put_text(json, "id", known->at[i].credential);
        put_pieces(json, "transports", known->at[i].transports, ',');
        put_end(json);
    }
    put_end(json);
}

void put_passkey_request(HttpResponse *response, const PasskeyOffer *offer, bool is_second)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "challenge", offer->challenge);
    put_text(&json, "rpId", offer->host);
    put_int(&json, "timeout", (int64_t)PASSKEY_MINUTES * 60 * 1000);
    put_text(&json, "userVerification", is_second ? S("preferred") : S("required"));
    put_known(&json, "allowCredentials", &offer->known);
    put_end(&json);
}

static void put_algorithms(JsonWriter *json)
{
    static const int numbers[] = {
#define WEBAUTHN_ALGORITHM(algorithm, number, kind, curve) number,
#include "account/webauthn_algorithms.def"
#undef WEBAUTHN_ALGORITHM
    };
    put_array(json, "pubKeyCredParams");
    for (size_t i = 0; i < COUNT(numbers); i++) {
        put_object(json, NULL);
        put_text(json, "type", S("public-key"));
        put_int(json, "alg", numbers[i]);
        put_end(json);
    }
    put_end(json);
}

/* A key that its authenticator keeps with the person is found without a mail address. */
static void put_creation(const ApiRequest *request, HttpResponse *response,
                         const PasskeyOffer *offer)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "challenge", offer->challenge);
    put_object(&json, "rp");
    put_text(&json, "id", offer->host);
    put_text(&json, "name", request->api->app_name);
    put_end(&json);
    put_object(&json, "user");
    put_text(&json, "id", offer->handle);
    put_text(&json, "name", request->visitor.email);
    put_text(&json, "displayName", request->visitor.name);
    put_end(&json);
    put_algorithms(&json);
    put_int(&json, "timeout", (int64_t)PASSKEY_MINUTES * 60 * 1000);
    put_known(&json, "excludeCredentials", &offer->known);
    put_object(&json, "authenticatorSelection");
    put_text(&json, "residentKey", S("preferred"));
    put_text(&json, "userVerification", S("preferred"));
    put_end(&json);
    put_text(&json, "attestation", S("none"));
    put_end(&json);
}

bool passkeys_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str password = STR_NONE;
    PasskeyOffer offer;
    if (!api_fields(request, err, { "password", JSON_STR, &password }) ||
        !account_begin_passkey(request->api->account, request->arena, &request->visitor, password,
                               &offer, err))
        return false;
    put_creation(request, response, &offer);
    return true;
}

/* --- The answer -------------------------------------------------------------------------- */

static bool read_part(const ApiRequest *request, const json_t *part, const char *name, Str *bytes_r,
                      Error *err)
{
    return base64_url_decode(request->arena, json_member_text(part, name), bytes_r) ||
           fail_field(err, "credential", "its %s is no base64url without padding", name);
}

bool read_passkey_answer(const ApiRequest *request, const json_t *credential,
                         PasskeyAnswer *answer_r, Error *err)
{
    const json_t *part = json_object_get(credential, "response");
    answer_r->credential = json_member_text(credential, "id");
    answer_r->handle = json_member_text(part, "userHandle");
    return read_part(request, part, "clientDataJSON", &answer_r->client_data, err) &&
           read_part(request, part, "authenticatorData", &answer_r->authenticator_data, err) &&
           read_part(request, part, "signature", &answer_r->signature, err);
}

static bool read_transports(const ApiRequest *request, const json_t *part, StrList *list_r)
{
    const json_t *given = json_object_get(part, "transports");
    size_t count = MIN(json_array_size(given), (size_t)10);
    Str *words = arena_alloc(request->arena, (count + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = str(json_string_value(json_array_get(given, i)));
    *list_r = (StrList){ .at = words, .count = count };
    return true;
}

static bool read_made(const ApiRequest *request, PasskeyMade *made_r, Error *err)
{
    json_t *credential = NULL;
    if (!api_fields(request, err, { "name", JSON_STR, &made_r->name, .required = true },
                    { "credential", JSON_ANY, &credential, .required = true }))
        return false;
    const json_t *part = json_object_get(credential, "response");
    return read_part(request, part, "clientDataJSON", &made_r->client_data, err) &&
           read_part(request, part, "attestationObject", &made_r->attestation, err) &&
           read_transports(request, part, &made_r->transports);
}

static void put_passkey(JsonWriter *json, const char *name, const Passkey *passkey)
{
    put_object(json, name);
    put_text(json, "id", passkey->id);
    put_text(json, "name", passkey->name);
    put_bool(json, "may_be_synced", passkey->may_be_synced);
    put_time(json, "created_at", passkey->created_at_ms);
    put_time(json, "last_used_at", passkey->last_used_at_ms);
    put_end(json);
}

bool passkeys_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    PasskeyMade made = { 0 };
    Passkey passkey;
    Str codes[RECOVERY_CODES];
    bool has_codes;
    if (!read_made(request, &made, err) ||
        !account_add_passkey(request->api->account, request->arena, &request->visitor, &made,
                             &passkey, codes, &has_codes, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_passkey(&json, "passkey", &passkey);
    put_texts(&json, "recovery_codes",
              (StrList){ .at = codes, .count = has_codes ? RECOVERY_CODES : 0 });
    put_end(&json);
    return true;
}

/* --- Those that are there ---------------------------------------------------------------- */

static bool put_list(HttpResponse *response, const PasskeyList *list)
{
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list->count; i++)
        put_passkey(&json, NULL, &list->at[i]);
    api_list_end(&json, (int64_t)list->count, S(""));
    return true;
}

bool passkeys_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    PasskeyList list;
    return account_list_passkeys(request->api->account, request->arena, &request->visitor, &list,
                                 err) &&
           put_list(response, &list);
}

bool passkeys_rename(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name;
    return api_fields(request, err, { "name", JSON_STR, &name, .required = true }) &&
           account_rename_passkey(request->api->account, &request->visitor, request->params[0],
                                  name, err) &&
           api_done(response);
}

bool passkeys_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    SecondFactorProof proof = { 0 };
    return api_fields(request, err, { "password", JSON_STR, &proof.password },
                      { "code", JSON_STR, &proof.code }) &&
           account_remove_passkey(request->api->account, &request->visitor, request->params[0],
                                  &proof, err) &&
           api_done(response);
}

/* --- Those of somebody else --- */

bool passkeys_of_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    PasskeyList list;
    return account_passkeys_of(request->api->account, request->arena, &request->visitor,
                               request->params[0], &list, err) &&
           put_list(response, &list);
}

bool passkeys_of_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_remove_passkey_of(request->api->account, &request->visitor, request->params[0],
                                     request->params[1], err) &&
           api_done(response);
}
