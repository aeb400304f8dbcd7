/* erasure.h - all that the tables of a workspace hold about one person: given to them, or erased
 * with a proof (GDPR articles 15, 17 and 20). What becomes of what: store/person_columns.def.
 *
 *     asked for, by an administrator or by the person -> (taken back) -> due -> out of the
 *     workspace -> rows go or lose the name, a thousand at a time -> in one transaction what was
 *     written meanwhile, the account if they belong nowhere else, a look into every text of every
 *     table for what is left, and a signed proof
 *
 * A job does it, on any node; killed at any moment it goes on where it was. Any thread. */
#pragma once

#include "account/second_factor.h"
#include "jobs/job_queue.h"
#include "store/person_erasures_store.h"

#define JOB_ERASE_PERSON "erase_person"
#define ERASURE_DAYS_MAX 30
#define ERASURE_PROOF_DAYS 30 /* that what opens a proof without an account does so */

/* As members of a JSON object, by table. `named` is an id or a mail address. Administrators, and
 * everybody of themselves. */
MUST_CHECK bool account_person_data(Account *account, Arena *arena, const Visitor *visitor,
                                    Str named, Buf *out, Error *err);

/* To be erased after `days`, in which that can be taken back (-1: as the settings say). Nobody asks
 * so of themselves, of somebody above them, or of the last owner. */
MUST_CHECK bool account_ask_erasure(Account *account, Arena *arena, const Visitor *visitor,
                                    Str named, int64_t days, PersonErasure *erasure_r, Error *err);
/* The visitor, in every workspace of theirs, after erasure_days; *erasure_r is the one of this.
 * They show that it is them. *token_r, 256 random bits, opens the proofs once there is no account
 * any more, and is told this once. ERROR_DENIED: the settings do not let people do it. */
MUST_CHECK bool account_ask_own_erasure(Account *account, Arena *arena, const Visitor *visitor,
                                        const SecondFactorProof *proof, PersonErasure *erasure_r,
                                        Str *token_r, Error *err);
/* What came of them, for whoever has the token. ERROR_DENIED: there is nothing that it opens, or no
 * longer. */
MUST_CHECK bool account_erasure_proofs(Account *account, Arena *arena, Str token,
                                       PersonErasureList *list_r, Error *err);
/* ERROR_CONFLICT: it has begun. */
MUST_CHECK bool account_keep_person(Account *account, Arena *arena, const Visitor *visitor, Str id,
                                    Error *err);
/* In every workspace of the visitor's. ERROR_NOT_FOUND: it was not asked for. */
MUST_CHECK bool account_keep_own(Account *account, Arena *arena, const Visitor *visitor,
                                 Error *err);
/* With an empty id: nobody has asked. */
MUST_CHECK bool account_own_erasure(Account *account, Arena *arena, const Visitor *visitor,
                                    PersonErasure *erasure_r, Error *err);

/* One of them, and its job: an empty id when that is kept no more. Administrators. */
typedef struct ErasureShown {
    PersonErasure erasure;
    JobRow job;
} ErasureShown;
typedef struct ErasureShownList {
    ErasureShown *at;
    size_t count;
} ErasureShownList;
MUST_CHECK bool account_find_erasure(Account *account, Arena *arena, const Visitor *visitor, Str id,
                                     ErasureShown *shown_r, Error *err);
MUST_CHECK bool account_list_erasures(Account *account, Arena *arena, const Visitor *visitor,
                                      ErasureShownList *list_r, Error *err);

/* Its argument is the account. */
JobHandler account_erase_person_job;
JobCancel account_erase_person_cancel;

/* ERROR_DENIED when this server has not signed such a proof, or a letter of it has changed. */
MUST_CHECK bool account_check_proof(Account *account, Str proof, Error *err);
/* The public key that checks them anywhere, as they have it (store/proof.h). */
MUST_CHECK bool account_proof_key(Account *account, Arena *arena, Str *public_key_r, Error *err);
