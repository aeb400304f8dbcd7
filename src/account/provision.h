/* provision.h - people as a directory elsewhere wants them (SCIM): added without a password,
 * renamed, shut out. All need ROLE_ADMIN, see only people of the workspace that are no service, and
 * change nobody above the visitor. Any thread. */
#pragma once

#include "account/account.h"

/* What is empty stays as it is. */
typedef struct ProvisionWish {
    Str email, name;
    Str external_id; /* what the directory calls them */
    bool forgets_external_id;
    int is_active; /* -1: as it is */
} ProvisionWish;

/* `id` empty: somebody new, a reader; who has an account already, of another workspace, joins and
 * keeps their name. ERROR_CONFLICT: the address is taken. Whoever is not active any more loses
 * their sessions and keys at once; if they belong to other workspaces too, they are taken out of
 * this one instead, and *member_r says how they were. */
MUST_CHECK bool account_provision(Account *account, Arena *arena, const Visitor *visitor, Str id,
                                  const ProvisionWish *wish, Membership *member_r, Error *err);
MUST_CHECK bool account_find_provisioned(Account *account, Arena *arena, const Visitor *visitor,
                                         Str id, Membership *member_r, Error *err);
