/* account_links.h - what people do about their own account by mail: a new password, a new address,
 * the first password of who was invited (account_invite_person()).
 *
 *     account_forgot_password() -> job account_mail -> a link -> account_reset_password()
 *     account_change_email()    -> job account_mail -> a link -> account_confirm_email()
 *
 * Whoever asks learns nothing: whether there is such an account is found out by the job. A link
 * works once and is kept only as a hash; who is being mailed stands sealed in the job. Any thread.
 */
#pragma once

#include "account/account.h"
#include "jobs/job_queue.h"

/* Whether links can be mailed: there is a mail server, and an address that links lead to. */
bool account_has_mail(const Account *account);

/* True whether or not there is such an account. ERROR_LIMITED: too many of this address. */
MUST_CHECK bool account_forgot_password(Account *account, Arena *arena, Str email, Str address,
                                        Error *err);
/* Sets the password and signs the person out everywhere. ERROR_DENIED: the link was used, or is
 * over. */
MUST_CHECK bool account_reset_password(Account *account, Arena *arena, Str token, Str password,
                                       Str address, Error *err);
/* Sets the first password of who was invited, and their name unless it is empty. ERROR_DENIED as
 * above, and when they belong to no workspace any more. */
MUST_CHECK bool account_accept_invitation(Account *account, Arena *arena, Str token, Str password,
                                          Str name, Str address, Error *err);
/* Mails a link to the new address; the password shows that it is the person's own wish. */
MUST_CHECK bool account_change_email(Account *account, Arena *arena, const Visitor *visitor,
                                     Str email, Str password, Error *err);
MUST_CHECK bool account_confirm_email(Account *account, Arena *arena, Str token, Str address,
                                      Error *err);
/* The visitor's own name. */
MUST_CHECK bool account_change_name(Account *account, const Visitor *visitor, Str name, Error *err);

/* Job handler; its argument is an Account. */
JobHandler account_mail_job;
