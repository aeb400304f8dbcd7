/* due.h - what recurring jobs look for, as the FROM and WHERE of a statement whose $1 is the time:
 * said once for the job's own list and for whether its tick needs a job (due_types.def). */
#pragma once

#define CALENDARS_DUE "FROM calendars WHERE is_on = 1 AND next_at <= $1"
#define MEETING_BOTS_DUE "FROM meeting_bots WHERE is_over = 0 AND next_at <= $1"
#define CONNECTIONS_DUE "FROM connections WHERE is_on = 1 AND next_at > 0 AND next_at <= $1"
#define APPROVALS_DUE "FROM approvals WHERE state = 'waiting' AND look_at <= $1"
#define TASK_REMINDERS_DUE "FROM task_reminders WHERE fired_at = 0 AND at <= $1"
/* CROSS keeps SQLite from beginning with the documents: few collections, or none, draw. The plus
 * sign leaves it the index of those of which none were drawn. */
#define TASK_DRAWINGS_DUE                                                                          \
    "FROM collections c CROSS JOIN documents d WHERE d.workspace = c.workspace"                    \
    " AND d.collection = c.id"                                                                     \
    " AND c.draws_tasks_since > 0 AND d.created_at >= c.draws_tasks_since"                         \
    " AND d.tasks_drawn = 0 AND d.state = 'ready' AND +d.deleted_at = 0"
#define CLIENT_FILES_EXPIRED "FROM client_files WHERE expires_at > 0 AND expires_at <= $1"
#define BATCHES_OPEN "FROM batches WHERE ended_at = 0"
#define FILE_UPLOADS_EXPIRED "FROM file_uploads WHERE expires_at > 0 AND expires_at <= $1"
/* Parts of uploads that have become documents. */
#define FILE_UPLOADS_FINISHED                                                                      \
    "FROM file_upload_parts p JOIN file_uploads u ON u.workspace = p.workspace AND u.id = "        \
    "p.upload"                                                                                     \
    " WHERE u.document <> ''"
/* Those that have ended in the last ten minutes too: what was under way may have written since. */
#define WORKSPACE_REMOVALS_DUE                                                                     \
    "FROM workspace_removals WHERE (ended_at = 0 AND due_at <= $1)"                                \
    " OR (ended_at > 0 AND ended_at > $1 - 600000)"
/* More than those that lost their job, which is not asked cheaply. */
#define WORKFLOWS_RUNNING "FROM workflow_executions WHERE finished_at = 0 AND state = 'running'"
