/* draw.h - tasks that a text speaks of: mails, chats, minutes, transcripts, lists, tables.
 *
 *     text -> units (sentences, list items, table rows) -> cues -> features -> how sure -> fields
 *
 * Rules find what each unit says (draw_cues.def), a small linear model weighs it
 * (draw_features.def, learned by bench/tasks_train.py). A service, where there is one, is asked
 * as well (draw_model.c); what it names must stand in the text. Instructions in a text are at most
 * a suggested task; nothing is ever done.
 *
 * Pure but for the service; any thread. */
#pragma once

#include "models/models.h"
#include "text/language.h"

#define DRAW_TEXT_MAX MB(4) /* what is behind it is not read */
#define DRAW_TASKS_MAX 500

typedef struct DrawRequest {
    Str text;
    int64_t reference_ms;  /* when it was written; 0: deadlines are not computed */
    Str zone;              /* where it was written: an IANA name; "" for UTC */
    Language language;     /* of a text that does not show it; 0: LANGUAGE_ENGLISH */
    StrList people;        /* names known; an assignee is given as it stands here */
    Str author;            /* whom "I" means; empty: the text's sender or speaker */
    double confidence_min; /* 0: 0.5 */
} DrawRequest;

typedef struct DrawnTask {
    Str summary;       /* without politeness and date: "Send me the contract" */
    Str quote;         /* the words of the text it was drawn from */
    size_t start, end; /* of the quote, in bytes of the text */
    Str assignee;      /* "" when nobody is named */
    bool is_author;    /* whoever wrote or said it will do it, and his name is not known */
    Str priority;      /* "low", "medium", "high", "urgent" */
    Str category;      /* "general", "communication", ... */
    Str deadline_text; /* the words, as they stand: "by Friday" */
    size_t deadline_start, deadline_end; /* where */
    int64_t start_at_ms, due_at_ms;      /* what they mean; 0: not said, or not understood whole */
    bool is_all_day;                     /* the days are those of UTC midnights */
    Str recurrence;    /* "every Monday" as an RRULE (recurrence.h), due the first time; "": once */
    size_t after;      /* number (from 1) of a task in the list that must be done before; 0: none */
    double confidence; /* 0 to 1: the share of such units that are tasks */
    Str made_by;       /* "rules", or the model */
} DrawnTask;

typedef struct DrawnTaskList {
    DrawnTask *at; /* in the order of the text */
    size_t count;
    Str made_by; /* "rules", or the model that was asked as well */
    Str notice;  /* why the model was not; "" when it was, or there is none */
} DrawnTaskList;

/* By rules alone. */
void tasks_draw(Arena *arena, const DrawRequest *request, DrawnTaskList *list_r);
/* By rules, and by the workspace's service where there is one; when that fails the rules' tasks
 * stand and the notice says why. `model`: of the service; empty: its standard one. */
void tasks_draw_asking(Models *models, const Scope *scope, Arena *arena, const DrawRequest *request,
                       Str model, DrawnTaskList *list_r);
