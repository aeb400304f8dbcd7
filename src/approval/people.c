/* people.c - who may decide an approval now, who has, and for which of its groups; see approval.h.
 */
#include "approval/approval_int.h"
#include "store/people_store.h"

_Static_assert(APPROVAL_CANDIDATES_MAX <= 64, "a bit for each group");

/* --- Groups as bits --- */

static uint64_t bit_of(const ApprovalPeople *people, Str group)
{
    for (size_t i = 0; i < people->group_count; i++)
        if (str_equal(people->groups[i].group.group, group))
            return UINT64_C(1) << i;
    return 0;
}

static uint64_t bits_of(const ApprovalPeople *people, Str for_groups)
{
    uint64_t bits = 0;
    Str group;
    while (str_next(&for_groups, ',', &group))
        bits |= bit_of(people, group);
    return bits;
}

Str approval_groups_text(Arena *arena, const ApprovalPeople *people, uint64_t bits)
{
    Str ids[APPROVAL_CANDIDATES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < people->group_count; i++)
        if (bits >> i & 1)
            ids[count++] = people->groups[i].group.group;
    return str_join(arena, ids, count, S(","));
}

/* --- One person --- */

bool approval_is_candidate(const ApprovalCandidateList *list, Str user, Role role)
{
    for (size_t i = 0; i < list->count; i++) {
        const ApprovalCandidate *candidate = &list->at[i];
        if (candidate->user.length ? str_equal(candidate->user, user) : role >= candidate->role)
            return true;
    }
    return false;
}

static const ApprovalDecision *decision_of(const ApprovalDecisionList *list, Str user)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].user, user))
            return &list->at[i];
    return NULL;
}

/* What an approval is about, as the database has it. */
typedef struct Known {
    ApprovalCandidateList candidates;
    ApprovalDecisionList decisions;
    ApprovalGroupMemberList grouped; /* by person */
    MembershipList members;
} Known;

/* The groups that they are in, and those of whom they stand in for. */
static uint64_t groups_of(const ApprovalPeople *people, const Known *known, Str user)
{
    const ApprovalGroupMemberList *list = &known->grouped;
    uint64_t bits = 0;
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(list->at[middle].user, user) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < list->count && str_equal(list->at[low].user, user); low++)
        bits |= bit_of(people, list->at[low].group);
    for (size_t i = 0; people->group_count && i < known->candidates.count; i++)
        if (str_equal(known->candidates.at[i].user, user))
            bits |= bits_of(people, known->candidates.at[i].for_groups);
    return bits;
}

static void count_bits(ApprovalPeople *people, const ApprovalPerson *person)
{
    bool has_approved =
        person->has_decided && person->decision.verdict == APPROVAL_VERDICT_approved;
    people->left += !person->has_decided;
    for (size_t i = 0; i < people->group_count; i++) {
        bool is_of_it = person->groups >> i & 1;
        people->groups[i].left += is_of_it && !person->has_decided;
        people->groups[i].approved += is_of_it && has_approved;
    }
}

static void add_person(ApprovalPeople *people, const Membership *member,
                       const ApprovalDecision *decision, uint64_t groups)
{
    ApprovalPerson *person = &people->at[people->count++];
    *person = (ApprovalPerson){
        .user = member->user, .name = member->name, .email = member->email, .groups = groups
    };
    if (decision) {
        person->has_decided = true;
        person->decision = *decision;
        person->groups = bits_of(people, decision->for_groups);
    }
    count_bits(people, person);
}

/* --- All of them --- */

/* Who is no member any more but has decided: what they said stays. */
static void add_gone(ApprovalPeople *people, const Known *known)
{
    for (size_t i = 0; i < known->decisions.count; i++) {
        const ApprovalDecision *decision = &known->decisions.at[i];
        bool is_member = false;
        for (size_t j = 0; j < known->members.count && !is_member; j++)
            is_member = str_equal(known->members.at[j].user, decision->user);
        if (!is_member)
            add_person(people, &(Membership){ .user = decision->user }, decision, 0);
    }
}

static bool find_groups(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                        ApprovalPeople *people, Known *known, Error *err)
{
    ApprovalGroupList groups;
    if (!approval_group_list(tx, scope, arena, approval, &groups, err) ||
        (groups.count &&
         !approval_group_member_list(tx, scope, arena, approval, &known->grouped, err)))
        return false;
    people->group_count = MIN(groups.count, (size_t)APPROVAL_CANDIDATES_MAX);
    people->groups = arena_new_array(arena, ApprovalGroupCount, people->group_count + 1);
    for (size_t i = 0; i < people->group_count; i++)
        people->groups[i] = (ApprovalGroupCount){ .group = groups.at[i] };
    return true;
}

bool approvals_people(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                      ApprovalPeople *people_r, Error *err)
{
    ApprovalPeople people = { 0 };
    Known known = { 0 };
    if (!approval_candidate_list(tx, scope, arena, approval->id, &known.candidates, err) ||
        !approval_decision_list(tx, scope, arena, approval->id, &known.decisions, err) ||
        !find_groups(tx, scope, arena, approval->id, &people, &known, err) ||
        !membership_list(tx, scope, arena, &known.members, err))
        return false;
    people.at =
        arena_new_array(arena, ApprovalPerson, known.members.count + known.decisions.count + 1);
    for (size_t i = 0; i < known.members.count; i++) {
        const Membership *member = &known.members.at[i];
        const ApprovalDecision *decision = decision_of(&known.decisions, member->user);
        uint64_t groups = groups_of(&people, &known, member->user);
        bool is_self = !approval->allows_self && str_equal(member->user, approval->requester);
        if (decision ||
            (!member->is_disabled && !is_self &&
             (groups || approval_is_candidate(&known.candidates, member->user, member->role))))
            add_person(&people, member, decision, groups);
    }
    add_gone(&people, &known);
    for (size_t i = 0; i < known.decisions.count; i++) {
        people.approved += known.decisions.at[i].verdict == APPROVAL_VERDICT_approved;
        people.denied += known.decisions.at[i].verdict == APPROVAL_VERDICT_denied;
    }
    *people_r = people;
    return true;
}

/* --- Whether they are enough --- */

bool approval_is_reached(const Approval *approval, const ApprovalPeople *people)
{
    for (size_t i = 0; i < people->group_count; i++)
        if (people->groups[i].approved < people->groups[i].group.quorum)
            return false;
    return people->approved >= approval->quorum;
}

const ApprovalGroupCount *approval_short_group(const ApprovalPeople *people)
{
    for (size_t i = 0; i < people->group_count; i++) {
        const ApprovalGroupCount *each = &people->groups[i];
        if (each->approved + each->left < each->group.quorum)
            return each;
    }
    return NULL;
}

bool approval_is_short(const Approval *approval, const ApprovalPeople *people)
{
    return people->approved + people->left < approval->quorum || approval_short_group(people);
}

bool approval_member(DbTx *tx, const Scope *scope, Arena *arena, const char *field, Str who,
                     Str *user_r, Error *err)
{
    Membership member;
    Error why = { 0 };
    if (!membership_find(tx, scope, arena, who, &member, &why)) {
        if (why.code != ERROR_NOT_FOUND)
            return *err = why, false;
        return fail_field(err, field,
                          "'" STR_FMT "' is nobody of this workspace; give the id or mail address "
                          "of one of its people",
                          STR_ARG(str_slice(who, 0, 80)));
    }
    if (member.is_disabled)
        return fail_field(err, field, "'" STR_FMT "' is disabled; name somebody else",
                          STR_ARG(str_slice(who, 0, 80)));
    *user_r = member.user;
    return true;
}
