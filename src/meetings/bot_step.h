/* bot_step.h - a step of a bot: what the files of its job share. Private to src/meetings.
 *
 *     bot_job.c    the job; which step is due; writing what came of it
 *     bot_way.c    asked for, looked at, moved, called off
 *     bot_after.c  transcript, document, minutes; another one after a failure
 *     bot_recording.c  the recording as a document */
#pragma once

#include "meetings/meetings_int.h"

typedef struct BotWork BotWork;
typedef void Change(BotWork *work, MeetingBot *bot);

struct BotWork {
    Meetings *meetings;
    Job *job;
    Arena *arena;
    Scope scope; /* of whose bot it is */
    MeetingBot bot;
    Meeting meeting;
    bool has_meeting, has_service;
    BotServiceRow row;
    BotAsk ask;
    BotReport report;
    Error why;               /* of what the service did not do */
    Change *change;          /* to be written */
    bool hears;              /* the report counts by its state */
    Str document, recording; /* that were added */
    int64_t next_at_ms;
    const Notice *notice;
};

/* --- bot_job.c --- */

/* The change of the row as it is now; `hears`: after the report has counted by its state. */
MUST_CHECK bool bot_write(BotWork *work, Change *change, bool hears, Error *err);
void bot_enter(MeetingBot *bot, BotState state);
void bot_because(BotWork *work, MeetingBot *bot, Str reason);
const Notice *bot_notice(BotWork *work, NoticeKind kind);
/* Changes: it is tried again later; it has failed, by what the service said; nothing more is to be
 * done. */
Change bot_put_off, bot_give_up, bot_be_over;
/* When its meeting is over. */
int64_t bot_end_of(const BotWork *work);

/* --- Steps --- */

MUST_CHECK bool bot_create(BotWork *work, Error *err);
MUST_CHECK bool bot_look(BotWork *work, Error *err);
MUST_CHECK bool bot_move(BotWork *work, Error *err);
MUST_CHECK bool bot_leave(BotWork *work, Error *err);
MUST_CHECK bool bot_fetch_transcript(BotWork *work, Error *err);
/* Its workspace keeps recordings, and this one has not been settled. */
bool bot_wants_recording(const BotWork *work);
MUST_CHECK bool bot_fetch_recording(BotWork *work, Error *err);
MUST_CHECK bool bot_make_minutes(BotWork *work, Error *err);
MUST_CHECK bool bot_end_failed(BotWork *work, Error *err);
