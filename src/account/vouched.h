/* vouched.h - somebody whom an issuer vouches for, and who that is here.
 *
 * An issuer's subject that is known is its person, whatever the rest says. Else the person is found
 * by mail address, when the issuer has proved it and nobody vouches for that person yet: whoever
 * gets an address after somebody else does not get their account. Any thread. */
#pragma once

#include "account/account_int.h"
#include "store/identities_store.h"

typedef struct Vouched {
    Str issuer, subject;
    Str email, name; /* may be empty */
    bool email_is_proved;
    bool may_be_made; /* nobody here has the address: they become a person */
    Role role;        /* of one who is made */
    Str workspace;    /* the id of the one that is meant; empty: the person's first */
} Vouched;

typedef struct VouchedPerson {
    Identity identity;
    User user;
    Membership member;
} VouchedPerson;

/* ERROR_DENIED: nobody here, or somebody who may not sign in. A first sight and people who are made
 * stand in the audit log. */
MUST_CHECK bool vouched_find(Account *account, Arena *arena, const Vouched *vouched,
                             VouchedPerson *person_r, Error *err);
/* Notes that they were here now, when that was noted long ago. */
void vouched_seen(Account *account, const VouchedPerson *person);
