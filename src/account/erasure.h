/* erasure.h - all that the tables of a workspace hold about one person: given to them, or erased
 * with a proof (GDPR articles 15, 17 and 20). What becomes of what: store/person_columns.def. */
#pragma once

#include "account/account.h"

/* As members of a JSON object, by table. `named` is an id or a mail address. Administrators. */
MUST_CHECK bool account_person_data(Account *account, Arena *arena, const Visitor *visitor,
                                    Str named, Buf *out, Error *err);
/* Takes them out of the workspace, erases their rows, puts a pseudonym where rows stay, and looks
 * into every text of every table for what is left; in one transaction. The account goes too when
 * they belong to no other workspace. *proof_r is a JSON object with counts by table, signed with a
 * key of the server; the audit log has it as well. Nobody erases themselves: what works with their
 * rights goes to the visitor. */
MUST_CHECK bool account_erase_person(Account *account, Arena *arena, const Visitor *visitor,
                                     Str named, Str *proof_r, Error *err);
/* ERROR_DENIED when this server has not signed such a proof, or a letter of it has changed. */
MUST_CHECK bool account_check_proof(Account *account, Str proof, Error *err);
