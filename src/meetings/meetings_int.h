/* meetings_int.h - what the files of src/meetings share. */
#pragma once

#include "meetings/meetings.h"
#include "notify/notify.h"

#define CALENDAR_JOB S("calendar_sync")
#define BOT_JOB S("meeting_bot")

struct Meetings {
    MeetingsOptions options;
    HttpClient *http;
    Arena *arena;
    StrList jitsi_hosts;
};

/* Sealed with a key of the server; an empty text stays empty. */
MUST_CHECK bool meetings_seal(Meetings *meetings, Arena *arena, Str text, Str *sealed_r,
                              Error *err);
/* Release with AUTO_JSON; an object in any case. */
MUST_CHECK bool meetings_open_sealed(Meetings *meetings, Arena *arena, Str sealed, json_t **json_r,
                                     Error *err);
/* A service ready to be asked. */
MUST_CHECK bool meetings_open_service(Meetings *meetings, const Scope *scope, Arena *arena,
                                      const BotServiceRow *row, BotAsk *ask_r, Error *err);

/* Whether this meeting is to get a bot, as far as it says itself. */
MeetingSkip meeting_judge(const Meeting *meeting, int64_t now_ms);
/* When a bot goes in: a little before it begins, or now. */
int64_t meeting_join_time(const Meeting *meeting);
/* The job of a bot, now. */
MUST_CHECK bool meeting_bot_queue(DbTx *tx, const Scope *scope, Arena *arena, Str bot, Error *err);
/* A meeting has changed: its bot goes along, or is called off. */
MUST_CHECK bool meeting_bot_follow(DbTx *tx, const Scope *scope, Arena *arena,
                                   const Meeting *meeting, Error *err);
/* What was heard of a bot, by the rule of bot_state_follows(); kept in its timeline in any case.
 * *taken_r: its state is of it now. */
MUST_CHECK bool meeting_bot_hear(DbTx *tx, const Scope *scope, Arena *arena, MeetingBot *bot,
                                 const BotNews *news, const char *source, bool *taken_r,
                                 Error *err);
/* Pages that are open read it anew. */

/* --- minutes.c --- */
/* "Meetings/2027-03-23 Plan.vtt" */
Str minutes_name(Arena *arena, const Meeting *meeting, const char *ending);
/* What was said, as WebVTT. */
Str minutes_transcript(Arena *arena, const Meeting *meeting, const UtteranceList *list);
MUST_CHECK bool minutes_add_document(Meetings *meetings, const Scope *scope, Arena *arena,
                                     const Meeting *meeting, Str transcript, Str *document_r,
                                     Error *err);
/* Summary, decisions and tasks of a document that is ready, kept with its meeting. */
MUST_CHECK bool minutes_make(Meetings *meetings, const Scope *scope, Arena *arena,
                             const Meeting *meeting, Str document, Error *err);
