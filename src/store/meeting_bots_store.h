/* meeting_bots_store.h - the tables `meeting_bots`, `meeting_bot_events` and
 * `bot_scheduling_logs`: bots in meetings, what was heard of them, and why there is one or none.
 *
 * At most one bot holds a meeting: by meeting_key (its event), and by its link and time. Two unique
 * indexes see to it, whoever asks on whichever node. What states mean, and which comes after which,
 * is said in src/meetings. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define MEETING_BOT_CONFIG_MAX KB(16)

typedef struct MeetingBot {
    Str workspace, id, user;
    Str meeting, service; /* ids */
    Str meeting_key;
    Str link_kind, link_id;
    int64_t starts_at_ms, join_at_ms;
    bool holds;   /* no other may be sent there */
    bool is_over; /* nothing more is to be done */
    Str wish;     /* "join", "leave" */
    Str config;   /* JSON; empty: not made yet */
    Str made_by;  /* the config: "rules", "person", or a model */
    Str remote_id;
    int64_t remote_join_at_ms; /* that the service was told; 0: none */
    Str state, remote_state;
    int64_t state_at_ms;
    Str reason, reason_text;
    Str reason_state; /* that the reason was told of; empty: it is our own */
    int64_t reason_at_ms;
    int64_t attempt; /* bots that were sent, from 1 */
    int64_t tries;   /* of the step that is due, that failed */
    int64_t next_at_ms;
    Str document;  /* of what was said */
    Str recording; /* the document of its sound or picture; empty: none is kept */
    bool transcript_settled, recording_settled; /* has been fetched, or will not come */
    int64_t created_at_ms, updated_at_ms;
} MeetingBot;

typedef struct MeetingBotList {
    MeetingBot *at;
    size_t count;
    Str next;
} MeetingBotList;

/* Adds it with a new id, set in *bot; *added_r false: another one holds the meeting. */
MUST_CHECK bool meeting_bot_add(DbTx *tx, const Scope *scope, Arena *arena, MeetingBot *bot,
                                bool *added_r, Error *err);
MUST_CHECK bool meeting_bot_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                 MeetingBot *bot_r, Error *err);
MUST_CHECK bool meeting_bot_find_remote(DbTx *tx, const Scope *scope, Arena *arena, Str service,
                                        Str remote_id, MeetingBot *bot_r, Error *err);
/* Whoever holds the meeting of these: by key, or by link and time. ERROR_NOT_FOUND: nobody. */
MUST_CHECK bool meeting_bot_find_holder(DbTx *tx, const Scope *scope, Arena *arena,
                                        const MeetingBot *like, MeetingBot *bot_r, Error *err);
/* Newest first; meeting, user and service empty: any; only_open: those that are not over. */
typedef struct MeetingBotFilter {
    Str user, meeting, service;
    bool only_open;
} MeetingBotFilter;
MUST_CHECK bool meeting_bot_list(DbTx *tx, const Scope *scope, Arena *arena,
                                 const MeetingBotFilter *filter, const Slice *slice,
                                 MeetingBotList *list_r, Error *err);
/* Everything but what it is about and for whom, if its state is still `state_was` of attempt
 * `attempt_was`; *changed_r false: somebody else was first. */
MUST_CHECK bool meeting_bot_update(DbTx *tx, const Scope *scope, const MeetingBot *bot,
                                   Str state_was, int64_t attempt_was, bool *changed_r, Error *err);
/* The meeting has moved. *moved_r false: another bot holds that time and link. */
MUST_CHECK bool meeting_bot_move(DbTx *tx, const Scope *scope, const MeetingBot *bot, bool *moved_r,
                                 Error *err);
/* What is wished for; it is looked after now. */
MUST_CHECK bool meeting_bot_wish(DbTx *tx, const Scope *scope, Str id, Str wish, Error *err);
/* Another one may be sent. */
MUST_CHECK bool meeting_bot_let_go(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Of every workspace: what is due, at most 500. Needs a system scope. */
MUST_CHECK bool meeting_bots_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                 MeetingBotList *list_r, Error *err);

/* --- What was heard --- */

typedef struct MeetingBotEvent {
    Str bot, id; /* id: the service's, or of what was seen */
    Str source;  /* "webhook", "look", "own" */
    Str remote_state, reason;
    bool is_taken; /* the bot's state is of it */
    int64_t happened_at_ms, created_at_ms;
} MeetingBotEvent;
typedef struct MeetingBotEventList {
    MeetingBotEvent *at;
    size_t count;
} MeetingBotEventList;

/* *is_new_r false: this bot has one of this id. */
MUST_CHECK bool meeting_bot_event_add(DbTx *tx, const Scope *scope, const MeetingBotEvent *event,
                                      bool *is_new_r, Error *err);
/* As it happened, at most 1,000. */
MUST_CHECK bool meeting_bot_event_list(DbTx *tx, const Scope *scope, Arena *arena, Str bot,
                                       MeetingBotEventList *list_r, Error *err);

/* --- Why there is a bot, or none --- */

typedef struct BotSchedulingLog {
    Str id, user, meeting, bot;
    Str source;  /* "person", "auto" */
    Str outcome; /* "scheduled", "skipped", "failed" */
    Str reason;
    int64_t created_at_ms;
} BotSchedulingLog;
typedef struct BotSchedulingLogList {
    BotSchedulingLog *at;
    size_t count;
    Str next;
} BotSchedulingLogList;

MUST_CHECK bool bot_scheduling_log_add(DbTx *tx, const Scope *scope, Arena *arena,
                                       const BotSchedulingLog *log, Error *err);
/* Of a person, newest first. */
MUST_CHECK bool bot_scheduling_log_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                        const Slice *slice, BotSchedulingLogList *list_r,
                                        Error *err);
