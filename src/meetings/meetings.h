/* meetings.h - from calendars to bots to minutes.
 *
 *     calendar --job calendar_sync--> meetings --auto-schedule, or a person--> bot (planned)
 *     bot --job meeting_bot--> service: created, looked at, moved, called off
 *         <--webhooks-------- service: what happens, told once or often, in any order
 *     bot ended -> transcript -> document with speakers and timecodes -> summary, decisions, tasks
 *
 * No meeting gets two bots: a row that holds the meeting is added before anybody is asked for one,
 * and two unique indexes decide who was first. Every step of a bot is safe to repeat: services are
 * given the same key each time, and what they say is taken by the state it was said of.
 *
 * Threads: any; everything blocks. */
#pragma once

#include "jobs/job_queue.h"
#include "library/library.h"
#include "meetings/bot_config.h"
#include "meetings/bot_service.h"
#include "meetings/calendar_source.h"
#include "meetings/links.h"
#include "store/meeting_bots_store.h"
#include "store/meetings_store.h"
#include "summary/summary.h"

#define MEETING_AHEAD_MS (INT64_C(28) * 86400000)   /* calendars are read so far ahead, */
#define MEETING_BEHIND_MS (INT64_C(1) * 86400000)   /* and back */
#define MEETING_SCHEDULE_MS (INT64_C(7) * 86400000) /* bots are sent to what comes until then */

typedef struct Meetings Meetings;

typedef struct MeetingsOptions {
    Db *db;
    Library *library;
    Models *models;
    Summaries *summaries;
    const Proxy *proxy;     /* borrowed; NULL: none */
    const char *public_url; /* where webhooks come in; "": nowhere */
    Str jitsi_hosts;        /* of one's own, with commas between */
    int64_t recording_max;  /* bytes of one that is kept */
} MeetingsOptions;

Meetings *meetings_new(const MeetingsOptions *options);
void meetings_free(Meetings *meetings); /* NULL is fine */

/* --- Calendars and services --- */

/* Adds it: its address is checked, its credentials sealed; a private address is for owners. It is
 * read at once, in the background. */
MUST_CHECK bool meetings_add_calendar(Meetings *meetings, const Scope *scope, Arena *arena,
                                      Calendar *calendar, const json_t *credentials, Error *err);
/* `credentials` NULL: those it has. */
MUST_CHECK bool meetings_change_calendar(Meetings *meetings, const Scope *scope, Arena *arena,
                                         Calendar *calendar, const json_t *credentials, Error *err);
/* With its meetings; bots that were to go to them are called off. */
MUST_CHECK bool meetings_remove_calendar(Meetings *meetings, const Scope *scope, Arena *arena,
                                         Str id, Error *err);
/* Read now. */
MUST_CHECK bool meetings_sync_calendar(Meetings *meetings, const Scope *scope, Arena *arena, Str id,
                                       Error *err);

/* ROLE_ADMIN. `url` empty: the kind's own. */
MUST_CHECK bool meetings_add_service(Meetings *meetings, const Scope *scope, Arena *arena,
                                     BotServiceRow *row, Str key, Str webhook_secret, Error *err);
/* Whether recordings are kept, and secrets: an empty one stays as it is. `row`: as it was found,
 * with what is to change. */
MUST_CHECK bool meetings_change_service(Meetings *meetings, const Scope *scope, Arena *arena,
                                        BotServiceRow *row, Str key, Str webhook_secret,
                                        Error *err);
/* Where the service is to send its webhooks; empty without a public address. */
Str meetings_webhook_url(const Meetings *meetings, Arena *arena, const Scope *scope, Str service);

/* --- Bots --- */

typedef enum MeetingSkip {
    MEETING_SKIP_none,
#define MEETING_SKIP(name, text) MEETING_SKIP_##name,
#include "meetings/meeting_skips.def"
#undef MEETING_SKIP
} MeetingSkip;
const char *meeting_skip_name(MeetingSkip skip);
const char *meeting_skip_text(MeetingSkip skip);

typedef struct ScheduleWish {
    const char *source;   /* "person", "auto" */
    Str user;             /* whose meeting it has to be */
    Str service;          /* id or name; empty: the first that goes there */
    const json_t *config; /* what a person says; NULL: rules or a model say all */
    bool is_again;        /* though a bot has been there */
} ScheduleWish;

typedef struct ScheduleRange {
    Str user, calendar;
    int64_t ahead_ms;
} ScheduleRange;

typedef struct Scheduled {
    Meeting meeting;
    MeetingSkip skip;
    MeetingBot bot; /* that is sent; or, with has_bot and had_bot, that one */
} Scheduled;
typedef struct ScheduledList {
    Scheduled *at;
    size_t count;
} ScheduledList;

/* Decides, and adds the bot with the job that sends it. ERROR_NOT_FOUND: no such meeting or
 * service. */
MUST_CHECK bool meetings_schedule(Meetings *meetings, const Scope *scope, Arena *arena, Str meeting,
                                  const ScheduleWish *wish, Scheduled *scheduled_r, Error *err);
/* All of a person's meetings that come within `ahead_ms`; calendar empty: of any, or none. With
 * "auto" those that are to get one and have none. */
MUST_CHECK bool meetings_schedule_all(Meetings *meetings, const Scope *scope, Arena *arena,
                                      const ScheduleRange *range, const ScheduleWish *wish,
                                      ScheduledList *list_r, Error *err);
/* Adds a meeting that stands in no calendar. Its link is found in what it says. */
MUST_CHECK bool meetings_add(Meetings *meetings, const Scope *scope, Arena *arena, Meeting *meeting,
                             Error *err);
/* Reads the bot again until a service has answered for it, or the time is over. */
MUST_CHECK bool meetings_wait(Meetings *meetings, const Scope *scope, Arena *arena, MeetingBot *bot,
                              int64_t until_ms, Error *err);
/* Called off, or out of the meeting. ERROR_CONFLICT: it is over. */
MUST_CHECK bool meetings_leave(Meetings *meetings, const Scope *scope, Arena *arena, Str bot,
                               Error *err);
/* Its next step is done now rather than at its time. */
MUST_CHECK bool meetings_look(Meetings *meetings, const Scope *scope, Arena *arena, Str bot,
                              Error *err);
/* The address of its recording, at its service, for a while. */
MUST_CHECK bool meetings_recording(Meetings *meetings, const Scope *scope, Arena *arena, Str bot,
                                   Str *url_r, Error *err);

/* A webhook that came to "WORKSPACE.SERVICE"; the scope is made of that. ERROR_DENIED: it is not
 * signed by the service. *is_known_r: it is about a bot of ours. */
MUST_CHECK bool meetings_webhook(Meetings *meetings, Arena *arena, Str token,
                                 const HttpRequest *request, bool *is_known_r, Error *err);

/* --- Jobs; their argument is a Meetings --- */

JobHandler meetings_tick_job; /* recurring: what is due in every workspace */
JobHandler meetings_tidy_job; /* recurring: forgets what is long over */
JobHandler calendar_sync_job; /* one calendar */
JobHandler meeting_bot_job;   /* one step of a bot */
