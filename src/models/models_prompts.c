/* models_prompts.c - what was asked and answered, for workspaces that log it. */
#include "base/hash.h"
#include "models/models_int.h"
#include "store/prompt_logs_store.h"
#include "store/server_key.h"

#define HASH_KEY S("prompt-logs")

typedef struct LogWork {
    Scope scope;
    PromptLog log;
} LogWork;

static bool add_log(DbTx *tx, void *argument, Error *err)
{
    LogWork *work = argument;
    return prompt_log_add(tx, &work->scope, &work->log, err);
}

/* With a key of this server's, so that nobody else finds a short text by trying. */
static Str hash_of(Arena *arena, Str key, Str text)
{
    Str both[] = { key, text };
    return sha256_hex(arena, str_join(arena, both, COUNT(both), S("")));
}

bool models_write_prompt(void *argument, Arena *arena, const PromptRecord *record, Error *err)
{
    Models *models = argument;
    LogWork work = { .scope = { .workspace = record->workspace, .role = ROLE_EDITOR },
                     .log = { .id = record->id,
                              .user = record->user,
                              .key = record->key,
                              .model = record->model,
                              .feature = record->feature,
                              .status = record->status,
                              .is_hashed = record->is_hashed,
                              .prompt = record->prompt,
                              .reply = record->reply,
                              .created_at_ms = record->started_ms } };
    Str key;
    if (record->is_hashed) {
        if (!server_key(models->options.db, arena, HASH_KEY, &key, err))
            return false;
        work.log.prompt = hash_of(arena, key, record->prompt);
        work.log.reply = hash_of(arena, key, record->reply);
    }
    return store_write(models->options.db, &work.scope, add_log, &work, err);
}
