/* links.c - decisions by a link of a mail; see approval.h.
 *
 * A link names everything that it does, and carries an HMAC of that with a key of the server: who
 * changes a letter of it has no link any more. It is good once: a hash of it is kept, and with the
 * decision it is marked as used in one transaction. */
#include "approval/approval_int.h"
#include "base/clock.h"
#include "base/hash.h"
#include "net/url.h"
#include "store/people_store.h"
#include "store/server_key.h"

#define NONCE_BYTES 8

static const ApprovalVerdict offered[] = { APPROVAL_VERDICT_approved, APPROVAL_VERDICT_denied };

static Str sign(Arena *arena, Str key, const ApprovalLink *link)
{
    Str said =
        str_format(arena, STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT,
                   STR_ARG(link->workspace), STR_ARG(link->approval), STR_ARG(link->user),
                   STR_ARG(link->verb), STR_ARG(link->expires), STR_ARG(link->nonce));
    return hmac_sha256_hex(arena, key, said);
}

static bool link_key(Approvals *approvals, Arena *arena, Str *key_r, Error *err)
{
    return server_key(approvals->db, arena, S("approval links"), key_r, err);
}

/* --- Writing --- */

typedef struct LinkWork {
    Approvals *approvals;
    Arena *arena;
    Scope scope;
    Str key, id, user, nonce;
    ApprovalLink links[COUNT(offered)];
    bool is_wanted;
    const ApprovalLink *link; /* being used */
    Str reason, seen;
    Approval approval;
} LinkWork;

static bool add_links(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    Arena *arena = work->arena;
    ApprovalPeople people;
    work->is_wanted = false;
    if (!approval_find(tx, &work->scope, arena, work->id, &work->approval, err) ||
        !approvals_people(tx, &work->scope, arena, &work->approval, &people, err))
        return false;
    for (size_t i = 0; i < people.count; i++)
        work->is_wanted |= str_equal(people.at[i].user, work->user) && !people.at[i].has_decided;
    work->is_wanted &= work->approval.state == APPROVAL_waiting;
    int64_t ends = work->approval.deadline_at_ms
                       ? work->approval.deadline_at_ms
                       : work->approval.created_at_ms + LINK_DAYS * DAY_MS;
    for (size_t i = 0; i < COUNT(offered) && work->is_wanted; i++) {
        ApprovalLink *link = &work->links[i];
        *link = (ApprovalLink){ .workspace = work->scope.workspace,
                                .approval = work->id,
                                .user = work->user,
                                .verb = str(approval_verbs[offered[i]]),
                                .expires = str_format(arena, "%" PRId64, ends / 1000),
                                .nonce = work->nonce };
        link->token = sign(arena, work->key, link);
        if (!approval_link_add(tx, &work->scope, work->id, work->user,
                               sha256_hex(arena, link->token), err))
            return false;
    }
    return true;
}

static Str link_url(Arena *arena, Str base, const ApprovalLink *link)
{
    Str path = str_format(
        arena,
        "/v1/approvals/link?workspace=" STR_FMT "&approval=" STR_FMT "&user=" STR_FMT
        "&decision=" STR_FMT "&expires=" STR_FMT "&nonce=" STR_FMT "&token=" STR_FMT,
        STR_ARG(link->workspace), STR_ARG(link->approval), STR_ARG(link->user), STR_ARG(link->verb),
        STR_ARG(link->expires), STR_ARG(link->nonce), STR_ARG(link->token));
    return url_join(arena, base, path);
}

bool approvals_write_links(void *self, const Scope *scope, Str user, const NoticeEvent *event,
                           Buf *text, Error *err)
{
    static const char before[] = "/approvals/";
    Approvals *approvals = self;
    LinkWork work = { .approvals = approvals,
                      .arena = text->arena,
                      .scope = *scope,
                      .id = str_from(event->link, sizeof before - 1),
                      .user = user };
    bool asks = str_is(event->kind, notice_name(NOTICE_approval_asked)) ||
                str_is(event->kind, notice_name(NOTICE_approval_reminder));
    if (!asks || !approvals->public_url.length || !str_starts(event->link, S(before)))
        return true;
    Error why = { 0 };
    uint8_t random[NONCE_BYTES];
    random_bytes(random, sizeof random);
    work.nonce = str_hex(text->arena, random, sizeof random);
    if (!link_key(approvals, text->arena, &work.key, err))
        return false;
    if (!store_write(approvals->db, scope, add_links, &work, &why))
        return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
    for (size_t i = 0; i < COUNT(offered) && work.is_wanted; i++) {
        Str url = link_url(text->arena, approvals->public_url, &work.links[i]);
        buf_addf(text, "%s: " STR_FMT "\n", i == 0 ? "Approve" : "Deny", STR_ARG(url));
    }
    return true;
}

/* --- Reading --- */

static bool check_link(LinkWork *work, Error *err)
{
    const ApprovalLink *link = work->link;
    int64_t expires;
    if (!link_key(work->approvals, work->arena, &work->key, err))
        return false;
    if (!secret_equal(sign(work->arena, work->key, link), link->token) ||
        !str_to_int(link->expires, 0, INT64_MAX / 1000, &expires))
        return fail(err, ERROR_DENIED,
                    "this link was not made here, or a part of it is missing; open the approval "
                    "on the page");
    if (expires * 1000 <= now_ms())
        return fail(err, ERROR_DENIED,
                    "this link is over; open the approval on the page to decide it");
    return true;
}

/* The person behind it, as they are now. */
static bool link_person(DbTx *tx, LinkWork *work, Error *err)
{
    work->scope.user = work->link->user;
    if (!membership_role(tx, &work->scope, work->scope.user, &work->scope.role, err))
        return false;
    return work->scope.role != ROLE_NONE ||
           fail(err, ERROR_DENIED, "whoever this link was made for has left the workspace");
}

static bool open_work(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    Str hash = sha256_hex(work->arena, work->link->token);
    if (!link_person(tx, work, err) ||
        !approval_find(tx, &work->scope, work->arena, work->link->approval, &work->approval, err) ||
        !approval_link_check(tx, &work->scope, hash, err))
        return false;
    return work->approval.state == APPROVAL_waiting ||
           fail(err, ERROR_CONFLICT, "this approval has ended: it is %s",
                approval_states[work->approval.state]);
}

static bool use_work(DbTx *tx, void *argument, Error *err)
{
    LinkWork *work = argument;
    const ApprovalSay say = { .id = work->link->approval,
                              .verdict = str_is(work->link->verb, "approve")
                                             ? APPROVAL_VERDICT_approved
                                             : APPROVAL_VERDICT_denied,
                              .reason = work->reason,
                              .by_mail = true };
    Str hash = sha256_hex(work->arena, work->link->token);
    if (!link_person(tx, work, err) || !approval_link_use(tx, &work->scope, hash, err) ||
        !approval_touch(tx, &work->scope, work->arena, say.id, 0, &work->approval, err))
        return false;
    if (!str_equal(approvals_seen(work->arena, &work->approval), work->seen))
        return fail(err, ERROR_CONFLICT,
                    "it was edited while you looked at it; open the link again to see it as it is");
    return approvals_decide(work->approvals, tx, &work->scope, work->arena, &say, &work->approval,
                            err);
}

static LinkWork link_work(Approvals *approvals, Arena *arena, const ApprovalLink *link)
{
    return (LinkWork){ .approvals = approvals,
                       .arena = arena,
                       .link = link,
                       .scope = { .workspace = link->workspace, .role = ROLE_READER } };
}

Str approvals_seen(Arena *arena, const Approval *approval)
{
    return sha256_hex(arena, approval->fields);
}

bool approvals_open_link(Approvals *approvals, Arena *arena, const ApprovalLink *link,
                         Approval *approval_r, Error *err)
{
    LinkWork work = link_work(approvals, arena, link);
    if (!check_link(&work, err) || !store_read(approvals->db, &work.scope, open_work, &work, err))
        return false;
    *approval_r = work.approval;
    return true;
}

bool approvals_use_link(Approvals *approvals, Arena *arena, const ApprovalLink *link, Str reason,
                        Str seen, Approval *approval_r, Error *err)
{
    LinkWork work = link_work(approvals, arena, link);
    work.reason = reason;
    work.seen = seen;
    if (!check_link(&work, err) || !store_write(approvals->db, &work.scope, use_work, &work, err))
        return false;
    *approval_r = work.approval;
    return true;
}
