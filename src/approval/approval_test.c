/* approval_test.c - quorums, deadlines, deputies, people who leave, and the links of mails. */
#include "approval/approval.h"
#include "base/clock.h"
#include "db/fixture_test.h"
#include "jobs/job_runner.h"
#include "net/url.h"
#include "store/groups_store.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"

#include <pthread.h>
#include <stdatomic.h>

#define HOUR (INT64_C(3600) * 1000)
#define NOON INT64_C(1800000000000)
#define PEOPLE                                                                                     \
    6 /* a: whoever asks, an owner; b, c: editors; d: a reader; e: an admin; f: a reader */

static const Role roles[PEOPLE] = { ROLE_OWNER,  ROLE_EDITOR, ROLE_EDITOR,
                                    ROLE_READER, ROLE_ADMIN,  ROLE_READER };

typedef struct Bench {
    Arena *arena;
    Db *db;
    Approvals *approvals;
    Scope people[PEOPLE], other; /* other: of another workspace */
    Str workspace;
    atomic_int ended;
} Bench;

static Error err;

static bool count_end(DbTx *tx, void *argument, const Scope *scope, Arena *arena,
                      const Approval *approval, Error *why)
{
    Bench *bench = argument;
    (void)tx, (void)scope, (void)arena, (void)why;
    bench->ended += approval->state != APPROVAL_waiting;
    return true;
}

static bool add_people(DbTx *tx, void *argument, Error *why)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace place = { .name = S("Harbour") }, other = { .name = S("Other") };
    if (!workspace_add(tx, &system, bench->arena, &place, why) ||
        !workspace_add(tx, &system, bench->arena, &other, why))
        return false;
    for (int i = 0; i < PEOPLE; i++) {
        User user = { .email = str_format(bench->arena, "%c@example.org", 'a' + i),
                      .name = str_format(bench->arena, "%c", 'A' + i) };
        Scope inside = { .workspace = place.id, .is_system = true };
        if (!user_add(tx, &system, bench->arena, &user, why) ||
            !membership_set(tx, &inside, user.id, roles[i], why))
            return false;
        bench->people[i] = (Scope){ .workspace = place.id, .user = user.id, .role = roles[i] };
    }
    bench->other = (Scope){ .workspace = other.id, .role = ROLE_OWNER };
    bench->workspace = place.id;
    return true;
}

static void bench_open(Bench *bench, const char *url)
{
    Scope system = scope_system();
    *bench = (Bench){ .arena = arena_new(MB(256)) };
    clock_set(NOON);
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &system, add_people, bench, &err), "%s", err.message);
    bench->approvals = approvals_new(bench->db, S("https://lectern.example.org"), 30);
    approvals_set_listener(bench->approvals, count_end, bench);
}

static void bench_close(Bench *bench)
{
    approvals_free(bench->approvals);
    db_close(bench->db);
    arena_free(bench->arena);
    clock_set(0);
}

/* --- Single steps ------------------------------------------------------------------------- */

typedef struct Step {
    Bench *bench;
    const Scope *scope;
    Arena *arena;
    ApprovalWish wish;
    ApprovalSay say;
    Str id, to;
    Approval approval;
    ApprovalPeople people;
} Step;

static bool ask_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_ask(tx, step->scope, step->arena, &step->wish, &step->approval, why);
}

static bool decide_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_decide(step->bench->approvals, tx, step->scope, step->arena, &step->say,
                            &step->approval, why);
}

static bool delegate_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_delegate(tx, step->scope, step->arena, step->id, step->to, S("away"),
                              &step->approval, why);
}

static bool leave_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return membership_remove(tx, step->scope, step->to, why);
}

static bool join_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return group_member_add(tx, step->scope, step->to, step->scope->user, why);
}

static bool part_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    Group group;
    return group_find(tx, step->scope, step->arena, step->to, &group, why) &&
           group_member_remove(tx, step->scope, group.id, step->scope->user, why);
}

static bool dissolve_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    Group group;
    return group_find(tx, step->scope, step->arena, step->to, &group, why) &&
           group_remove(tx, step->scope, group.id, why);
}

static bool wake_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_wake(step->bench->approvals, tx, step->scope, step->arena, step->id, now_ms(),
                          why);
}

static bool edit_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_edit(tx, step->scope, step->arena, step->id, step->say.fields,
                          step->say.version, &step->approval, why);
}

static bool find_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_find(tx, step->scope, step->arena, step->id, &step->approval, why) &&
           approvals_people(tx, step->scope, step->arena, &step->approval, &step->people, why);
}

static bool run(Bench *bench, int person, DbWork *work, Step *step)
{
    step->bench = bench;
    step->arena = bench->arena;
    step->scope = &bench->people[person];
    err = (Error){ 0 };
    return store_write(bench->db, step->scope, work, step, &err);
}

static Approval look(Bench *bench, Str id)
{
    Step step = { .id = id };
    cr_assert(run(bench, 0, find_step, &step), "%s", err.message);
    return step.approval;
}

static Str ids(Bench *bench, const char *letters, StrList *list_r)
{
    size_t count = strlen(letters);
    Str *users = arena_new_array(bench->arena, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        users[i] = bench->people[letters[i] - 'a'].user;
    *list_r = (StrList){ users, count };
    return count ? users[0] : S("");
}

/* "b+" approves, "b-" denies, "b>d" delegates, "b!" leaves, "b}F" leaves the group F, "b{F" joins
 * it, "F~" is removed, "h9" nine hours pass; "?" after it: that is refused. */
static bool play(Bench *bench, Str id, Str what)
{
    int person = what.at[0] - 'a';
    Step step = { .id = id, .say = { .id = id, .reason = S("because") } };
    int64_t hours;
    step.to = str_slice(what, what.at[1] == '~' ? 0 : 2, what.at[1] == '~' ? 1 : 3);
    switch (what.at[1]) {
    case '+': return run(bench, person, decide_step, &step);
    case '-':
        step.say.verdict = APPROVAL_VERDICT_denied;
        return run(bench, person, decide_step, &step);
    case '>':
        step.to = bench->people[what.at[2] - 'a'].user;
        return run(bench, person, delegate_step, &step);
    case '!':
        step.to = bench->people[person].user;
        return run(bench, 0, leave_step, &step) && run(bench, 0, wake_step, &step);
    case '{': return run(bench, person, join_step, &step);
    case '}': return run(bench, person, part_step, &step) && run(bench, 0, wake_step, &step);
    case '~': return run(bench, 0, dissolve_step, &step) && run(bench, 0, wake_step, &step);
    default:
        cr_assert(str_to_int(str_from(what, 1), 0, 9999, &hours));
        clock_set(now_ms() + hours * HOUR);
        return run(bench, 0, wake_step, &step);
    }
}

/* --- Tables ------------------------------------------------------------------------------- */

typedef struct Case {
    const char *users, *role;
    int quorum, denials;
    const char *deputy; /* and 10 hours until the deadline, when on_deadline is not expire */
    ApprovalDeadline on_deadline;
    ApprovalShortage on_shortage;
    bool allows_self;
    const char *steps;
    ApprovalState state;
    const char *groups; /* "F1 L": of F one has to approve; NULL: none. F: b and c, L: d */
} Case;

#define EXPIRE APPROVAL_DEADLINE_expire
#define ESCALATE APPROVAL_DEADLINE_escalate
#define GO_ON APPROVAL_SHORTAGE_expire
#define LOWER APPROVAL_SHORTAGE_lower

/* clang-format off */
static const Case cases[] = {
    /* quorum */
    { "bc", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ c+?", APPROVAL_approved },
    { "bc", "", 2, 1, "", EXPIRE, GO_ON, false, "b+ b+?", APPROVAL_waiting },
    { "bc", "", 2, 1, "", EXPIRE, GO_ON, false, "b+ c+", APPROVAL_approved },
    { "bcd", "", 2, 1, "", EXPIRE, GO_ON, false, "b+ d-", APPROVAL_denied },
    { "bcd", "", 2, 2, "", EXPIRE, GO_ON, false, "b- c+ d+", APPROVAL_approved },
    { "bcd", "", 2, 3, "", EXPIRE, GO_ON, false, "b- c-", APPROVAL_denied },
    { "", "editor", 2, 1, "", EXPIRE, GO_ON, false, "d+? f+? b+ e+", APPROVAL_approved },
    { "d", "admin", 2, 1, "", EXPIRE, GO_ON, false, "b+? d+ e+", APPROVAL_approved },
    /* whoever asks */
    { "ab", "", 1, 1, "", EXPIRE, GO_ON, false, "a+?", APPROVAL_waiting },
    { "ab", "", 2, 1, "", EXPIRE, GO_ON, true, "a+ b+", APPROVAL_approved },
    { "b", "", 1, 1, "", EXPIRE, GO_ON, false, "b>a?", APPROVAL_waiting },
    /* delegation */
    { "bc", "", 2, 1, "", EXPIRE, GO_ON, false, "b>d b+? d+ c+", APPROVAL_approved },
    { "bc", "", 2, 1, "", EXPIRE, GO_ON, false, "b>c? c+ b>c? b>f f>d d+", APPROVAL_approved },
    { "", "admin", 1, 1, "", EXPIRE, GO_ON, false, "e>d e+? d-", APPROVAL_denied },
    /* the deadline */
    { "b", "", 1, 1, "", EXPIRE, GO_ON, false, "h9", APPROVAL_waiting },
    { "b", "", 1, 1, "", EXPIRE, GO_ON, false, "h11 b+?", APPROVAL_expired },
    { "b", "", 1, 1, "", APPROVAL_DEADLINE_approve, GO_ON, false, "h11", APPROVAL_approved },
    { "b", "", 1, 1, "", APPROVAL_DEADLINE_deny, GO_ON, false, "h11", APPROVAL_denied },
    { "b", "", 1, 1, "d", ESCALATE, GO_ON, false, "d+? h11 d+", APPROVAL_approved },
    { "b", "", 1, 1, "d", ESCALATE, GO_ON, false, "h11 b+", APPROVAL_approved },
    { "b", "", 1, 1, "d", ESCALATE, GO_ON, false, "h11 h11", APPROVAL_expired },
    { "b", "", 1, 1, "d", ESCALATE, GO_ON, false, "d! h11", APPROVAL_expired },
    /* the clock goes back */
    { "b", "", 1, 1, "", EXPIRE, GO_ON, false, "h5 h0 b+", APPROVAL_approved },
    /* people who leave */
    { "bc", "", 1, 1, "", EXPIRE, GO_ON, false, "b! b+? c+", APPROVAL_approved },
    { "bc", "", 2, 1, "", EXPIRE, GO_ON, false, "b!", APPROVAL_expired },
    { "bc", "", 2, 1, "", EXPIRE, LOWER, false, "b! c+", APPROVAL_approved },
    { "bc", "", 2, 1, "", EXPIRE, LOWER, false, "b+ c!", APPROVAL_approved },
    { "b", "", 1, 1, "", EXPIRE, LOWER, false, "b!", APPROVAL_expired },
    { "bc", "", 2, 1, "d", EXPIRE, GO_ON, false, "b! c+ d+", APPROVAL_approved },
    { "bc", "", 2, 1, "", EXPIRE, GO_ON, false, "b+ b! c+", APPROVAL_approved },
    /* groups: whoever is in them then */
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "d+? b+", APPROVAL_approved, "F" },
    { "e", "", 2, 1, "", EXPIRE, GO_ON, false, "c+ e+", APPROVAL_approved, "F" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b}F b+? c+", APPROVAL_approved, "F" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "f+? f{F f+", APPROVAL_approved, "F" },
    { "", "", 2, 1, "", EXPIRE, GO_ON, false, "b+ b}F c+", APPROVAL_approved, "F" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b}F c}F", APPROVAL_expired, "F" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "F~ b+?", APPROVAL_expired, "F" },
    { "e", "", 1, 1, "", EXPIRE, GO_ON, false, "F~ e+", APPROVAL_approved, "F" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "a{F a+? b+", APPROVAL_approved, "F" },
    /* with quorums of their own */
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ c+", APPROVAL_waiting, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ d+", APPROVAL_approved, "F1 L1" },
    { "", "", 3, 1, "", EXPIRE, GO_ON, false, "b+ d+ c+", APPROVAL_approved, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b{L b+", APPROVAL_approved, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ b}F d+", APPROVAL_approved, "F1 L1" },
    { "e", "", 1, 1, "", EXPIRE, GO_ON, false, "e+ d+", APPROVAL_approved, "L1" },
    { "e", "", 1, 2, "", EXPIRE, GO_ON, false, "d-", APPROVAL_denied, "L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ d}L", APPROVAL_expired, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ L~", APPROVAL_expired, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "b+ d!", APPROVAL_expired, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, LOWER, false, "b+ d}L", APPROVAL_approved, "F1 L1" },
    { "", "", 1, 1, "", EXPIRE, LOWER, false, "c! b+ d+", APPROVAL_approved, "F2 L1" },
    { "", "", 1, 1, "", EXPIRE, GO_ON, false, "d>f b+ f+", APPROVAL_approved, "F1 L1" },
    { "", "", 1, 1, "e", ESCALATE, GO_ON, false, "b+ h11 e+", APPROVAL_approved, "F1 L1" },
    { "", "", 1, 1, "e", EXPIRE, GO_ON, false, "b+ d! e+", APPROVAL_approved, "F1 L1" },
    /* a deputy who asks is none */
    { "b", "", 1, 1, "a", ESCALATE, GO_ON, false, "h11", APPROVAL_expired },
};
/* clang-format on */

static void read_groups(Bench *bench, const char *text, ApprovalGroupList *list_r)
{
    Str rest = str(text ? text : ""), what;
    *list_r = (ApprovalGroupList){ .at = arena_new_array(bench->arena, ApprovalGroup, 4) };
    while (text && str_next(&rest, ' ', &what))
        list_r->at[list_r->count++] =
            (ApprovalGroup){ .group = str_slice(what, 0, 1),
                             .quorum = what.length > 1 ? what.at[1] - '0' : 0 };
}

static void play_case(Bench *bench, const Case *row)
{
    Step step = { .wish = { .approval = { .title = S("Pay"),
                                          .quorum = row->quorum,
                                          .denials = row->denials,
                                          .allows_self = row->allows_self,
                                          .on_deadline = row->on_deadline,
                                          .on_shortage = row->on_shortage,
                                          .deadline_at_ms = now_ms() + 10 * HOUR } } };
    StrList deputies;
    Str role = str(row->role), rest = str(row->steps), what;
    ids(bench, row->users, &step.wish.users);
    read_groups(bench, row->groups, &step.wish.groups);
    step.wish.approval.deputy = ids(bench, row->deputy, &deputies);
    step.wish.roles = (StrList){ &role, role.length ? 1 : 0 };
    cr_assert(run(bench, 0, ask_step, &step), "%s: %s", row->steps, err.message);
    Str id = step.approval.id;
    while (str_next(&rest, ' ', &what)) {
        bool is_refused = str_ends(what, S("?"));
        cr_expect(play(bench, id, what) != is_refused, "%s: at " STR_FMT ": %s", row->steps,
                  STR_ARG(what), err.message);
    }
    Approval approval = look(bench, id);
    cr_expect(approval.state == row->state, "%s: %s (" STR_FMT ")", row->steps,
              approval_states[approval.state], STR_ARG(approval.reason));
    cr_expect_eq(bench->ended, approval.state != APPROVAL_waiting, "%s: ended %d times", row->steps,
                 bench->ended);
}

/* A group of this name with nobody else. */
static bool regroup(DbTx *tx, const Step *step, const char *name, const char *letters, Error *why)
{
    Group group = { .name = str(name) }, old;
    Error none;
    if (group_find(tx, step->scope, step->arena, group.name, &old, &none) &&
        !group_remove(tx, step->scope, old.id, why))
        return false;
    if (!group_add(tx, step->scope, step->arena, &group, why))
        return false;
    for (; *letters; letters++)
        if (!group_member_add(tx, step->scope, group.id, step->bench->people[*letters - 'a'].user,
                              why))
            return false;
    return true;
}

static bool stay_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    for (int i = 0; i < PEOPLE; i++)
        if (!membership_set(tx, step->scope, step->bench->people[i].user, roles[i], why))
            return false;
    return regroup(tx, step, "F", "bc", why) && regroup(tx, step, "L", "d", why);
}

TEST_BOTH(approval, ends_as_its_people_and_the_clock_say)
{
    Bench bench;
    bench_open(&bench, url);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Step step = { 0 };
        cr_assert(run(&bench, 0, stay_step, &step), "%s", err.message);
        bench.ended = 0;
        play_case(&bench, &cases[i]);
    }
    bench_close(&bench);
}

TEST_BOTH(approval, what_cannot_be_asked_names_its_field)
{
    static const struct {
        const char *field, *users;
        Approval approval;
        const char *groups;
    } wrong[] = {
        { "title", "b", { .title = S_INIT("") } },
        { "users", "", { .title = S_INIT("t") } },
        { "users", "a", { .title = S_INIT("t") } },
        { "quorum", "bc", { .title = S_INIT("t"), .quorum = 3 } },
        { "deadline", "b", { .title = S_INIT("t"), .deadline_at_ms = NOON - 1 } },
        { "deadline", "b", { .title = S_INIT("t"), .deadline_at_ms = NOON * 2 } },
        { "on_deadline", "b", { .title = S_INIT("t"), .on_deadline = ESCALATE } },
        { "deputy",
          "b",
          { .title = S_INIT("t"), .deadline_at_ms = NOON + HOUR, .on_deadline = ESCALATE } },
        { "deputy", "b", { .title = S_INIT("t"), .deputy = S_INIT("x@example.org") } },
        { "remind_every", "b", { .title = S_INIT("t"), .remind_every_ms = 1 } },
        { "schema", "b", { .title = S_INIT("t"), .schema = S_INIT("{\"type\":7}") } },
        { "fields", "b", { .title = S_INIT("t"), .fields = S_INIT("{}") } },
        { "fields", "b", { .title = S_INIT("t"), .schema = S_INIT("{\"required\":[\"a\"]}") } },
        { "groups", "b", { .title = S_INIT("t") }, "X" },
        { "groups", "b", { .title = S_INIT("t") }, "F3" },
        { "quorum", "", { .title = S_INIT("t"), .quorum = 3 }, "F" },
    };
    Bench bench;
    Step begin = { 0 };
    bench_open(&bench, url);
    cr_assert(run(&bench, 0, stay_step, &begin), "%s", err.message);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        Step step = { .wish = { .approval = wrong[i].approval } };
        ids(&bench, wrong[i].users, &step.wish.users);
        read_groups(&bench, wrong[i].groups, &step.wish.groups);
        cr_expect(!run(&bench, 0, ask_step, &step), "%zu", i);
        cr_expect_str_eq(err.field, wrong[i].field, "%zu: %s", i, err.message);
    }
    bench_close(&bench);
}

/* --- At once ------------------------------------------------------------------------------ */

typedef struct Racer {
    Bench *bench;
    int person;
    Str id;
    bool is_counted;
    ErrorCode code;
} Racer;

static void *race(void *argument)
{
    Racer *racer = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error why = { 0 };
    Step step = { .bench = racer->bench,
                  .scope = &racer->bench->people[racer->person],
                  .arena = arena,
                  .say = { .id = racer->id } };
    racer->is_counted = store_write(racer->bench->db, step.scope, decide_step, &step, &why);
    racer->code = why.code;
    return NULL;
}

/* Two of a quorum of three say so twice at once; then all others, of whom one is enough. */
TEST_BOTH(approval, counts_each_of_many_at_once_once_and_ends_once)
{
    static const int first[] = { 1, 1, 1, 2, 2, 2 }, then[] = { 3, 4, 5, 3, 4, 5 };
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = { .title = S("Pay"), .quorum = 3 } } };
    ids(&bench, "bcdef", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    for (int round = 0; round < 2; round++) {
        Racer racers[6];
        pthread_t threads[6];
        int counted = 0;
        for (int i = 0; i < 6; i++) {
            racers[i] = (Racer){ &bench, round ? then[i] : first[i], step.approval.id, false, 0 };
            cr_assert(!pthread_create(&threads[i], NULL, race, &racers[i]));
        }
        for (int i = 0; i < 6; i++) {
            pthread_join(threads[i], NULL);
            counted += racers[i].is_counted;
            cr_expect(racers[i].is_counted || racers[i].code == ERROR_CONFLICT);
        }
        cr_expect_eq(counted, round ? 1 : 2);
    }
    cr_expect_eq(look(&bench, step.approval.id).state, APPROVAL_approved);
    cr_expect_eq(bench.ended, 1);
    bench_close(&bench);
}

/* --- Fields ------------------------------------------------------------------------------- */

TEST_BOTH(approval, edited_fields_keep_their_schema_and_are_approved_anew)
{
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = {
                                .title = S("Pay"),
                                .quorum = 2,
                                .schema = S("{\"type\":\"object\",\"additionalProperties\":false,"
                                            "\"properties\":{\"sum\":{\"type\":\"integer\","
                                            "\"maximum\":100}}}"),
                                .fields = S("{\"sum\":50}") } } };
    ids(&bench, "bc", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    Str id = step.approval.id;
    cr_assert(play(&bench, id, S("b+")), "%s", err.message);

    step = (Step){ .id = id, .say = { .id = id, .fields = S("{\"sum\":101}") } };
    cr_expect(!run(&bench, 2, edit_step, &step));
    cr_expect_str_eq(err.field, "fields");
    step.say.fields = S("{\"sum\":60}");
    step.say.version = 1;
    cr_expect(!run(&bench, 2, edit_step, &step));
    cr_expect_eq(err.code, ERROR_CONFLICT);
    step.say.version = look(&bench, id).version;
    cr_expect(!run(&bench, 3, edit_step, &step));
    cr_expect_eq(err.code, ERROR_NOT_FOUND);
    cr_assert(run(&bench, 2, edit_step, &step), "%s", err.message);

    step = (Step){ .id = id };
    cr_assert(run(&bench, 0, find_step, &step));
    cr_expect(step.people.approved == 0 && step.people.left == 2);
    cr_expect(play(&bench, id, S("b+")) && play(&bench, id, S("c+")));
    Approval approval = look(&bench, id);
    cr_expect(approval.state == APPROVAL_approved && str_is(approval.fields, "{\"sum\":60}"));
    bench_close(&bench);
}

/* --- By the clock -------------------------------------------------------------------------- */

static bool count_notices(DbTx *tx, void *argument, Error *why)
{
    int64_t counts[PEOPLE];
    Step *step = argument;
    for (int i = 0; i < PEOPLE; i++)
        if (!notice_count_unread(tx, &step->bench->people[i], &counts[i], why))
            return false;
    step->to =
        str_format(step->arena, "%" PRId64 "%" PRId64 "%" PRId64, counts[0], counts[1], counts[2]);
    return true;
}

static void wait_for_notices(Bench *bench, const char *wanted)
{
    int64_t until = monotonic_ms() + 15000;
    Step step = { 0 };
    do {
        cr_assert(run(bench, 0, count_notices, &step), "%s", err.message);
        cr_assert(monotonic_ms() < until, STR_FMT " is not %s", STR_ARG(step.to), wanted);
        sleep_ms(5);
    } while (!str_is(step.to, wanted));
}

static JobRunner *start_job(Bench *bench, const char *name, bool (*work)(Job *job, Error *err))
{
    const JobType type = {
        .name = name, .run = work, .every_ms = HOUR, .argument = bench->approvals
    };
    JobRunnerOptions options = { .db = bench->db, .types = &type, .type_count = 1, .poll_ms = 20 };
    JobRunner *runner;
    cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
    return runner;
}

/* a asks b and c; b approves; the numbers are of what a, b and c are told. */
TEST_BOTH(approval, reminds_and_ends_by_its_job)
{
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = { .title = S("Pay"),
                                          .quorum = 2,
                                          .remind_every_ms = HOUR,
                                          .deadline_at_ms = NOON + 2 * HOUR } } };
    ids(&bench, "bc", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    Str id = step.approval.id;
    cr_assert(play(&bench, id, S("b+")), "%s", err.message);
    wait_for_notices(&bench, "011");
    clock_set(NOON + HOUR + 1);
    JobRunner *runner = start_job(&bench, "approvals", approvals_clock_job);
    wait_for_notices(&bench, "012");
    clock_set(NOON + 3 * HOUR);
    wait_for_notices(&bench, "112");
    cr_expect_eq(look(&bench, id).state, APPROVAL_expired);
    jobs_stop(runner, 15000);
    bench_close(&bench);
}

static bool comment_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    return approvals_comment(tx, step->scope, step->arena, step->id, S("why so much?"), why);
}

/* a asks b and c. */
TEST_BOTH(approval, a_comment_is_told_to_all_concerned_but_its_writer)
{
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = { .title = S("Pay"), .quorum = 2 } } };
    ids(&bench, "bc", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    step.id = step.approval.id;
    wait_for_notices(&bench, "011");
    cr_assert(run(&bench, 1, comment_step, &step), "%s", err.message);
    wait_for_notices(&bench, "112");
    cr_assert(run(&bench, 0, comment_step, &step), "%s", err.message);
    wait_for_notices(&bench, "123");
    bench_close(&bench);
}

static bool grow_step(DbTx *tx, void *argument, Error *why)
{
    Step *step = argument;
    const Membership member = { .user = step->bench->people[2].user, .role = roles[2] };
    Group group;
    return group_find(tx, step->scope, step->arena, S("L"), &group, why) &&
           group_member_add(tx, step->scope, group.id, member.user, why) &&
           approvals_tell_joined(tx, step->scope, step->arena, &member, group.id, why);
}

/* a asks the group L, which c comes into, and of what c is asked anyway they are told once. */
TEST_BOTH(approval, who_comes_into_a_group_is_told_of_what_waits_for_it)
{
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = { .title = S("Pay"), .quorum = 1 } } };
    cr_assert(run(&bench, 0, stay_step, &step), "%s", err.message);
    read_groups(&bench, "L", &step.wish.groups);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    ids(&bench, "c", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    wait_for_notices(&bench, "001");
    cr_assert(run(&bench, 0, grow_step, &step), "%s", err.message);
    wait_for_notices(&bench, "002");
    bench_close(&bench);
}

TEST_BOTH(approval, goes_so_many_days_after_it_ended)
{
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = { .title = S("Pay") } } };
    ids(&bench, "b", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    Str id = step.approval.id;
    cr_assert(play(&bench, id, S("b+")), "%s", err.message);
    clock_set(NOON + 29 * 24 * HOUR);
    JobRunner *runner = start_job(&bench, "approval_tidy", approvals_tidy_job);
    sleep_ms(100);
    cr_expect_eq(look(&bench, id).state, APPROVAL_approved);
    clock_set(NOON + 31 * 24 * HOUR);
    step = (Step){ .id = id };
    for (int64_t until = monotonic_ms() + 15000; run(&bench, 0, find_step, &step); sleep_ms(5))
        cr_assert(monotonic_ms() < until);
    cr_expect_eq(err.code, ERROR_NOT_FOUND);
    jobs_stop(runner, 15000);
    bench_close(&bench);
}

/* --- Links -------------------------------------------------------------------------------- */

static ApprovalLink link_of(Bench *bench, Str id, int person, bool denies)
{
    Buf text = buf_new(bench->arena, KB(16));
    NoticeEvent event = { .kind = S("approval_asked"),
                          .link = str_format(bench->arena, "/approvals/" STR_FMT, STR_ARG(id)) };
    Scope scope = { .workspace = bench->workspace, .role = ROLE_READER };
    HttpPairs pairs;
    cr_assert(approvals_write_links(bench->approvals, &scope, bench->people[person].user, &event,
                                    &text, &err),
              "%s", err.message);
    Str rest = buf_str(&text), line;
    cr_assert(str_next(&rest, '\n', &line) && (!denies || str_next(&rest, '\n', &line)));
    Str query = str_from(line, (size_t)str_find_char(line, '?') + 1);
    cr_assert(url_query(bench->arena, query, 8, &pairs, &err) && pairs.count == 7);
    return (ApprovalLink){ pairs.at[0].value, pairs.at[1].value, pairs.at[2].value,
                           pairs.at[3].value, pairs.at[4].value, pairs.at[5].value,
                           pairs.at[6].value };
}

static Str ask(Bench *bench, const char *users, int64_t quorum)
{
    Step step = { .wish = { .approval = { .title = S("Pay"), .quorum = quorum } } };
    ids(bench, users, &step.wish.users);
    cr_assert(run(bench, 0, ask_step, &step), "%s", err.message);
    return step.approval.id;
}

static ErrorCode use(Bench *bench, const ApprovalLink *link, Str reason)
{
    Approval approval = { 0 };
    Error unseen;
    (void)!approvals_open_link(bench->approvals, bench->arena, link, &approval, &unseen);
    Str seen = approvals_seen(bench->arena, &approval);
    err = (Error){ 0 };
    return approvals_use_link(bench->approvals, bench->arena, link, reason, seen, &approval, &err)
               ? ERROR_NONE
               : err.code;
}

TEST_BOTH(approval, a_link_of_which_a_letter_was_changed_is_none)
{
    Bench bench;
    bench_open(&bench, url);
    Str id = ask(&bench, "bc", 2), second = ask(&bench, "bc", 2);
    const ApprovalLink good = link_of(&bench, id, 1, false);
    ApprovalLink forged[] = { good, good, good, good, good, good, good, good, good };
    forged[0].verb = S("deny");
    forged[1].user = bench.people[2].user;
    forged[2].expires = S("99999999999");
    forged[3].workspace = bench.other.workspace;
    forged[4].approval = second;
    forged[5].token = S("");
    forged[6].token = link_of(&bench, id, 1, true).token;
    forged[7].user = str_format(bench.arena, STR_FMT "\napprove", STR_ARG(good.user));
    forged[8].nonce = S("0000000000000000");
    for (size_t i = 0; i < COUNT(forged); i++) {
        Approval approval;
        cr_expect_eq(use(&bench, &forged[i], S("r")), ERROR_DENIED, "%zu", i);
        cr_expect(!approvals_open_link(bench.approvals, bench.arena, &forged[i], &approval, &err));
    }
    Step step = { .id = id };
    cr_assert(run(&bench, 0, find_step, &step));
    cr_expect(step.people.approved == 0 && step.people.denied == 0);
    bench_close(&bench);
}

TEST_BOTH(approval, a_link_decides_once_until_it_is_over)
{
    Bench bench;
    bench_open(&bench, url);
    Str id = ask(&bench, "bc", 2);
    ApprovalLink yes = link_of(&bench, id, 1, false), no = link_of(&bench, id, 1, true);
    Approval approval;
    /* Looking is not deciding, however often; a denial without a reason uses nothing up. */
    for (int i = 0; i < 3; i++)
        cr_expect(approvals_open_link(bench.approvals, bench.arena, &yes, &approval, &err));
    cr_expect_eq(use(&bench, &no, S("")), ERROR_INVALID);
    cr_expect_eq(use(&bench, &yes, S("")), ERROR_NONE);
    cr_expect_eq(use(&bench, &yes, S("")), ERROR_CONFLICT);
    cr_expect_eq(use(&bench, &no, S("r")), ERROR_CONFLICT);
    ApprovalLink late = link_of(&bench, id, 2, false);
    clock_set(NOON + 24 * 15 * HOUR);
    cr_expect_eq(use(&bench, &late, S("")), ERROR_DENIED);
    clock_set(NOON);
    ApprovalLink gone = late;
    cr_assert(play(&bench, id, S("c>d")), "%s", err.message);
    cr_expect_eq(use(&bench, &gone, S("")), ERROR_CONFLICT);
    cr_assert(play(&bench, id, S("d-")));
    cr_expect_eq(use(&bench, &gone, S("")), ERROR_CONFLICT);
    bench_close(&bench);
}

/* What it said yes to has changed since. */
TEST_BOTH(approval, a_used_link_approves_nothing_that_was_edited_and_a_new_mail_has_new_ones)
{
    Bench bench;
    bench_open(&bench, url);
    Step step = { .wish = { .approval = { .title = S("Pay"),
                                          .quorum = 2,
                                          .schema = S("{}"),
                                          .fields = S("{\"sum\":1}") } } };
    ids(&bench, "bc", &step.wish.users);
    cr_assert(run(&bench, 0, ask_step, &step), "%s", err.message);
    Str id = step.approval.id;
    ApprovalLink first = link_of(&bench, id, 1, false);
    Approval other = { .fields = S("{\"sum\":2}") };
    cr_expect(!approvals_use_link(bench.approvals, bench.arena, &first, S(""),
                                  approvals_seen(bench.arena, &other), &other, &err));
    cr_expect_eq(err.code, ERROR_CONFLICT, "it was edited while they looked at it");
    cr_expect_eq(use(&bench, &first, S("")), ERROR_NONE);
    step = (Step){ .id = id, .say = { .fields = S("{\"sum\":1000}") } };
    cr_assert(run(&bench, 0, edit_step, &step), "%s", err.message);
    cr_expect_eq(use(&bench, &first, S("")), ERROR_CONFLICT);
    wait_for_notices(&bench, "022"); /* both are asked again */
    ApprovalLink second = link_of(&bench, id, 1, false);
    cr_expect_eq(use(&bench, &second, S("")), ERROR_NONE);
    bench_close(&bench);
}
