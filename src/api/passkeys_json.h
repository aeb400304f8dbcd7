/* passkeys_json.h - what a browser is asked for to sign in with a passkey, and what it answers. */
#pragma once

#include "account/passkeys.h"
#include "api/api.h"

void put_passkey_request(HttpResponse *response, const PasskeyOffer *offer, bool is_second);
/* Texts of the credential are borrowed. */
MUST_CHECK bool read_passkey_answer(const ApiRequest *request, const json_t *credential,
                                    PasskeyAnswer *answer_r, Error *err);
