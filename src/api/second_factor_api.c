/* second_factor_api.c - a code besides the password. */
#include "account/second_factor.h"
#include "api/api.h"
#include "base/qr.h"

bool factor_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    SecondFactorState state;
    if (!account_second_factor(request->api->account, &request->visitor, &state, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "enabled", state.is_on);
    put_bool(&json, "required", state.is_required);
    put_time(&json, "enabled_at", state.since_ms);
    put_int(&json, "recovery_codes_left", state.recovery_codes_left);
    put_int(&json, "passkeys", state.passkeys);
    put_end(&json);
    return true;
}

bool factor_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str password = STR_NONE, secret, uri;
    Qr qr;
    Error ignored;
    if (!api_fields(request, err, { "password", JSON_STR, &password }) ||
        !account_begin_second_factor(request->api->account, request->arena, &request->visitor,
                                     request->api->app_name, password, &secret, &uri, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "secret", secret);
    put_text(&json, "uri", uri);
    /* An address too long for a code is typed. */
    put_text_or_null(&json, "qr",
                     qr_draw(uri, &qr, &ignored) ? qr_svg(request->arena, &qr) : STR_NONE);
    put_end(&json);
    return true;
}

static bool write_codes(HttpResponse *response, const Str *codes)
{
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "recovery_codes");
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        put_text(&json, NULL, codes[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

bool factor_confirm(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str code, codes[RECOVERY_CODES];
    return api_fields(request, err, { "code", JSON_STR, &code, .required = true }) &&
           account_confirm_second_factor(request->api->account, request->arena, &request->visitor,
                                         code, codes, err) &&
           write_codes(response, codes);
}

static bool read_proof(const ApiRequest *request, SecondFactorProof *proof_r, Error *err)
{
    *proof_r = (SecondFactorProof){ 0 };
    return api_fields(request, err, { "password", JSON_STR, &proof_r->password },
                      { "code", JSON_STR, &proof_r->code });
}

bool factor_codes(ApiRequest *request, HttpResponse *response, Error *err)
{
    SecondFactorProof proof;
    Str codes[RECOVERY_CODES];
    return read_proof(request, &proof, err) &&
           account_renew_recovery_codes(request->api->account, request->arena, &request->visitor,
                                        &proof, codes, err) &&
           write_codes(response, codes);
}

bool factor_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    SecondFactorProof proof;
    return read_proof(request, &proof, err) &&
           account_end_second_factor(request->api->account, &request->visitor, &proof, err) &&
           api_done(response);
}

bool factor_reset(ApiRequest *request, HttpResponse *response, Error *err)
{
    return account_reset_second_factor(request->api->account, &request->visitor, request->params[0],
                                       err) &&
           api_done(response);
}

bool factor_require(ApiRequest *request, HttpResponse *response, Error *err)
{
    bool is_required = false;
    return api_fields(request, err, { "required", JSON_FLAG, &is_required, .required = true }) &&
           account_require_second_factor(request->api->account, &request->visitor, is_required,
                                         err) &&
           api_done(response);
}
