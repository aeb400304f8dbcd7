/* step_notification.c - telling people. */
#include "workflow/workflow_int.h"

const char step_notification_takes[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"title\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":300,\"description\":\"Else the "
    "workflow's name\"},"
    "\"text\":{\"type\":\"string\",\"maxLength\":4000},"
    "\"to\":{\"type\":[\"string\",\"null\"],\"description\":\"Id or address of a person; else who "
    "started "
    "it\"},"
    "\"role\":{\"enum\":[\"reader\",\"editor\",\"admin\",\"owner\"],\"description\":\"Everybody "
    "who is that "
    "or more, instead of a person\"},"
    "\"link\":{\"type\":\"string\",\"maxLength\":500,\"description\":\"On the page; else the "
    "document\"}}}";

static bool run_notification(StepRun *run, Error *err)
{
    Str title = step_title(run);
    (void)err;
    json_object_set_new(run->output, "title", json_stringn(title.at, title.length));
    return true;
}

static Str link_of(const StepRun *run)
{
    Str link = step_text(run, "link"), document = run->execution->document;
    if (link.length || !document.length)
        return link;
    return str_format(run->arena, "/documents/" STR_FMT, STR_ARG(document));
}

void step_notify(StepRun *run, Str user, Role role, Str title, Str text)
{
    NoticeField *fields = arena_new_array(run->arena, NoticeField, 2);
    fields[0] = (NoticeField){ "title", title };
    fields[1] = (NoticeField){ "text", text };
    *vec_push(run->arena, run->notices) = (Notice){ .kind = NOTICE_workflow,
                                                    .audience = role,
                                                    .user = user,
                                                    .link = link_of(run),
                                                    .fields = fields,
                                                    .field_count = 2 };
}

static bool commit_notification(StepRun *run, DbTx *tx, Error *err)
{
    Str to = step_text(run, "to"), role = step_text(run, "role"), user = run->scope.user;
    if (to.length && !step_person(run, tx, to, &user, err))
        return false;
    step_notify(run, role.length && !to.length ? STR_NONE : user,
                role.length ? role_named(role) : ROLE_ADMIN, step_title(run),
                step_text(run, "text"));
    return true;
}

const StepType step_notification = { .run = run_notification,
                                     .commit = commit_notification,
                                     .joins = true };
