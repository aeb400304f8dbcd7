/* isolation_world_test.h - a workspace with a row in every table, and what another one finds of it.
 * A new table is filled in isolation_world_test.c; what reads or writes it is asked for rows of
 * others in isolation_find_test.c, isolation_change_test.c and isolation_rest_test.c, or is a line
 * of isolation_changes.def; tools/check-isolation names the functions that are in none of them. */
#pragma once

#include "store/alert_silences_store.h"
#include "store/alerts_store.h"
#include "store/api_keys_store.h"
#include "store/approvals_store.h"
#include "store/batches_store.h"
#include "store/budgets_store.h"
#include "store/classification_batches_store.h"
#include "store/classifications_store.h"
#include "store/client_files_store.h"
#include "store/collections_store.h"
#include "store/connection_grants_store.h"
#include "store/connections_store.h"
#include "store/conversations_store.h"
#include "store/file_uploads_store.h"
#include "store/groups_store.h"
#include "store/hooks_store.h"
#include "store/judged_sets_store.h"
#include "store/label_sets_store.h"
#include "store/messages_store.h"
#include "store/notices_store.h"
#include "store/person_erasures_store.h"
#include "store/recipes_store.h"
#include "store/runs_store.h"
#include "store/saved_searches_store.h"
#include "store/schedules_store.h"
#include "store/searches_store.h"
#include "store/secrets_store.h"
#include "store/study_cards_store.h"
#include "store/study_decks_store.h"
#include "store/study_quizzes_store.h"
#include "store/summaries_store.h"
#include "store/task_feeds_store.h"
#include "store/tasks_store.h"
#include "store/webhook_deliveries_store.h"
#include "store/workflows_store.h"
#include "store/workspace_removals_store.h"
#include "store/world_test.h"

/* What is in `ours`, for the others to look for. */
typedef struct IsolationSecret {
    Document doc;
    Collection collection;
    Conversation conversation;
    Message message;
    ApiKey key;
    NumberList numbers;
    JudgedSet set;
    SavedSearch saved;
    StudyDeck deck;
    StudyCard card;
    StudyQuiz quiz;
    Recipe recipe;
    LabelSet labels;
    LabelExample example;
    Classification said;
    ClassificationBatch labelled;
    SearchOpening opening;
    Str job;
    NoticeEvent event;
    Webhook hook;
    WebhookDelivery delivery;
    Hook door;
    Alert alert;
    AlertSilence silence;
    BudgetRow budget;
    ClientFile file;
    Batch batch;
    FileUpload upload;
    Task task;
    TaskFeed feed;
    KeptSummary summary;
    Run run;
    Connection connection;
    Group group;
    Approval approval;
    PersonErasure erasure;
    WorkflowExecution execution;
    Recipe workflow;
    Schedule schedule;
} IsolationSecret;

extern IsolationSecret secret;

/* Every table of `ours` gets a row. */
WorldWork isolation_fill;
/* As another workspace: what is asked for by its id is not there. */
WorldWork isolation_find;
/* As another workspace: nothing can be changed, and lists are empty. */
WorldWork isolation_change;
/* Both for calendars, meetings and bots (isolation_meetings_test.c). */
WorldWork isolation_fill_meetings, isolation_meetings_hidden;
