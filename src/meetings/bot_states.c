/* bot_states.c - what services call the states of their bots and why bots fail, and which of two
 * things heard of a bot counts; see bot_service.h.
 *
 * News come late, often and in any order. Two rules make them end the same in every order: of the
 * states the one that leads furthest counts, of the reasons that of the news that leads furthest
 * among those that have one or tell of the meeting itself. */
#include "meetings/bot_service.h"

#define REASON_MAX 200 /* bytes of what a service says */
#define WORD_MAX 100

const BotStateRow bot_states[BOT_STATE_COUNT] = {
#define BOT_STATE(name, rank, is_end, title) { #name, title, rank, is_end },
#include "meetings/bot_states.def"
#undef BOT_STATE
};

static const struct {
    const char *service, *word;
    BotState state;
} words[] = {
#define BOT_WORD(service, word, state) { #service, word, BOT_##state },
#include "meetings/bot_words.def"
#undef BOT_WORD
};

static const BotReason reasons[] = {
#define BOT_REASON(code, outcome, then, text)                                                      \
    { code, text, BOT_OUTCOME_##outcome, BOT_THEN_##then },
#include "meetings/bot_reasons.def"
#undef BOT_REASON
};

/* --- States --- */

BotState bot_state_named(Str name)
{
    for (size_t i = 0; i < BOT_STATE_COUNT; i++)
        if (str_is(name, bot_states[i].name))
            return (BotState)i;
    return BOT_planned;
}

/* States of one rank by their time, and what happened at the same moment by their order in the
 * list: any rule would do that is the same for both orders of hearing. */
static bool leads_on(BotState from, int64_t from_ms, BotState to, int64_t to_ms)
{
    int was = bot_states[from].rank, is = bot_states[to].rank;
    if (is != was)
        return is > was;
    return to_ms > from_ms || (to_ms == from_ms && to > from);
}

bool bot_state_follows(BotState now, int64_t since_ms, BotState next, int64_t at_ms)
{
    bool is_same_end = bot_states[now].is_end && bot_states[next].rank == bot_states[now].rank;
    return !is_same_end && leads_on(now, since_ms, next, at_ms);
}

bool bot_word(const BotService *service, Str word, BotState *state_r)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i].service, service->name) == 0 && str_is(word, words[i].word)) {
            *state_r = words[i].state;
            return true;
        }
    return false;
}

void bot_report_word(const BotService *service, Str word, BotReport *report)
{
    report->remote_state = word;
    report->has_state = bot_word(service, word, &report->state);
}

/* --- Reasons --- */

const BotReason *bot_reason_named(Str code)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (str_is(code, reasons[i].code))
            return &reasons[i];
    return NULL;
}

const char *bot_outcome_name(BotOutcome outcome)
{
    static const char *const names[] = { "left", "not_in", "broken", "unrecorded" };
    return names[outcome];
}

Str bot_reason_text(Arena *arena, Str code)
{
    const BotReason *reason = bot_reason_named(code);
    if (reason)
        return str(reason->text);
    return code.length ? str_format(arena, "the service says: " STR_FMT, STR_ARG(code)) : S("");
}

bool bot_reason_is_passing(Str code)
{
    const BotReason *reason = bot_reason_named(code);
    return reason && reason->then == BOT_THEN_AGAIN;
}

/* --- Hearing --- */

/* Whether its reason, or that it has none, is the bot's now. */
static bool speaks(const MeetingBot *bot, const BotReport *report, int64_t at_ms)
{
    bool is_said = report->reason.length > 0;
    if (!is_said && bot_states[report->state].rank != bot_states[BOT_recording].rank)
        return false;
    return !bot->reason_state.length ||
           leads_on(bot_state_named(bot->reason_state), bot->reason_at_ms, report->state, at_ms);
}

void bot_forget_delay(MeetingBot *bot)
{
    if (bot->reason_state.length && !bot->reason.length)
        bot->reason_text = STR_NONE;
    if (!bot->reason_state.length && bot->reason.length && bot->tries)
        bot->reason = bot->reason_text = STR_NONE;
}

BotHeard bot_hear(Arena *arena, MeetingBot *bot, const BotReport *report, int64_t at_ms)
{
    BotHeard heard = BOT_HEARD_NOTHING;
    if (!report->has_state)
        return heard;
    bool follows =
        bot_state_follows(bot_state_named(bot->state), bot->state_at_ms, report->state, at_ms);
    if (speaks(bot, report, at_ms)) {
        bot->reason = str_slice(report->reason, 0, REASON_MAX);
        bot->reason_text = bot_reason_text(arena, bot->reason);
        bot->reason_state = str(bot_states[report->state].name);
        bot->reason_at_ms = at_ms;
        heard = BOT_HEARD_REASON;
    } else if (follows) {
        bot_forget_delay(bot);
    }
    if (!follows)
        return heard;
    bot->state = str(bot_states[report->state].name);
    bot->remote_state = str_slice(report->remote_state, 0, WORD_MAX);
    bot->state_at_ms = at_ms;
    return BOT_HEARD_STATE;
}
