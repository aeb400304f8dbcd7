#include "store/study_quizzes_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/documents_store.h"
#include "store/sql.h"

#define ATTEMPTS_MAX 100

#define QUIZZES(questions)                                                                         \
    "SELECT q.id, q.title, q.document, " questions ", q.question_count, q.made_by, q.created_at,"  \
    " (SELECT count(*) FROM study_attempts a WHERE a.workspace = q.workspace AND a.quiz = q.id),"  \
    " (SELECT coalesce(max(a.score), 0) FROM study_attempts a WHERE a.workspace = q.workspace"     \
    " AND a.quiz = q.id) FROM study_quizzes q WHERE q.workspace = $1 AND q.user_id = $2 "

static void read_quiz(DbRows *row, Arena *arena, void *item)
{
    *(StudyQuiz *)item = (StudyQuiz){
        .id = db_get_text(row, 0, arena),
        .title = db_get_text(row, 1, arena),
        .document = db_get_text(row, 2, arena),
        .questions = db_get_text(row, 3, arena),
        .question_count = db_get_int(row, 4),
        .made_by = db_get_text(row, 5, arena),
        .created_at_ms = db_get_int(row, 6),
        .attempts = db_get_int(row, 7),
        .best = db_get_real(row, 8),
    };
}

bool study_quiz_add(DbTx *tx, const Scope *scope, Arena *arena, StudyQuiz *quiz, Error *err)
{
    StudyQuiz added = *quiz;
    Document document;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if ((added.document.length &&
         !document_find(tx, scope, arena, added.document, &document, err)) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO study_quizzes (workspace, id, user_id, title, document,"
                         " questions, question_count, made_by, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(scope_keeper(scope)),
                         db_text(added.title), db_text_or_null(added.document),
                         db_text(added.questions), db_int(added.question_count),
                         db_text(added.made_by), db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *quiz = added;
    return true;
}

bool study_quiz_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, StudyQuiz *quiz_r,
                     Error *err)
{
    return sql_find(tx, arena, DB_SAME(QUIZZES("q.questions") "AND q.id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                    read_quiz, quiz_r, "quiz", id, err);
}

bool study_quiz_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                     StudyQuizList *list_r, Str *next_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME(QUIZZES("''") "AND ($3 = '' OR q.id < $3) ORDER BY q.id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                          db_text(slice->after), db_int(limit + 1)),
                  read_quiz, sizeof(StudyQuiz), &items, err))
        return false;
    bool has_more = (int64_t)items.count > limit;
    StudyQuiz *quizzes = items.at;
    *list_r = (StudyQuizList){ quizzes, items.count - has_more };
    *next_r = has_more ? quizzes[limit - 1].id : STR_NONE;
    return true;
}

bool study_quiz_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM study_quizzes WHERE workspace = $1 AND user_id = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                      "quiz", id, err);
}

/* --- Attempts --- */

static void read_attempt(DbRows *row, Arena *arena, void *item)
{
    *(StudyAttempt *)item = (StudyAttempt){
        .id = db_get_text(row, 0, arena),
        .quiz = db_get_text(row, 1, arena),
        .answers = db_get_text(row, 2, arena),
        .score = db_get_real(row, 3),
        .created_at_ms = db_get_int(row, 4),
    };
}

bool study_attempt_add(DbTx *tx, const Scope *scope, Arena *arena, StudyAttempt *attempt,
                       Error *err)
{
    StudyAttempt added = *attempt;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if (!sql_change(tx,
                    DB_SAME("INSERT INTO study_attempts (workspace, id, user_id, quiz, answers,"
                            " score, created_at) SELECT $1, $3, $2, q.id, $5, $6, $7"
                            " FROM study_quizzes q WHERE q.workspace = $1 AND q.user_id = $2"
                            " AND q.id = $4"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                            db_text(added.id), db_text(added.quiz), db_text(added.answers),
                            db_real(added.score), db_int(added.created_at_ms)),
                    "quiz", added.quiz, err))
        return false;
    *attempt = added;
    return true;
}

bool study_attempt_list(DbTx *tx, const Scope *scope, Arena *arena, Str quiz,
                        StudyAttemptList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, quiz, answers, score, created_at FROM study_attempts"
                          " WHERE workspace = $1 AND user_id = $2 AND quiz = $3"
                          " ORDER BY id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(quiz),
                          db_int(ATTEMPTS_MAX)),
                  read_attempt, sizeof(StudyAttempt), &items, err))
        return false;
    *list_r = (StudyAttemptList){ items.at, items.count };
    return true;
}
