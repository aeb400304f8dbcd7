/* doctor_database.c - whether the database is set up so that nothing is lost or seen by others. */
#include "base/clock.h"
#include "cli/doctor.h"
#include "db/db_servers.h"
#include "store/database_facts.h"

#define OLDEST_MAJOR 15
#define WRITE_CONNECTIONS 10 /* a node's besides those of database_connections */
#define LAG_MAX_BYTES (INT64_C(64) << 20)

typedef struct Looking {
    Arena *arena;
    DatabaseFacts facts;
    int64_t now_ms;
} Looking;

static bool find(DbTx *tx, void *argument, Error *err)
{
    Looking *looking = argument;
    const Scope system = scope_system();
    int64_t before_ms = now_ms();
    if (!database_facts_find(tx, &system, looking->arena, &looking->facts, err))
        return false;
    looking->now_ms = (before_ms + now_ms()) / 2;
    return true;
}

static void check_guard(Doctor *doctor, const DatabaseFacts *facts)
{
    if (facts->passes_row_rules)
        doctor_say(doctor, false, "row security",
                   S("the role that rows are read as is a superuser or has BYPASSRLS, and the role "
                     "lectern_app that would take its place is not there"),
                   "Use a login without them: ALTER ROLE ... NOSUPERUSER NOBYPASSRLS.");
    if (facts->unguarded)
        doctor_say(doctor, false, "row security",
                   str_format(doctor->arena, "%" PRId64 " tables have no forced row-level security",
                              facts->unguarded),
                   "ALTER TABLE ... ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; tables of "
                   "others belong into another schema.");
    if (!facts->passes_row_rules && !facts->unguarded)
        doctor_say(doctor, true, "row security", S("is forced on every table"), "");
}

static void check_connections(Doctor *doctor, const DatabaseFacts *facts)
{
    int64_t wanted = doctor->parts->settings->database_connections + WRITE_CONNECTIONS;
    doctor_say(doctor, facts->connection_max >= wanted, "connections",
               str_format(doctor->arena,
                          "%" PRId64 " of %" PRId64 " are in use; a node takes up to %" PRId64,
                          facts->connection_count, facts->connection_max, wanted),
               "Raise max_connections of PostgreSQL (or the login's CONNECTION LIMIT), or lower "
               "database_connections.");
}

static void check_replicas(Doctor *doctor, const DatabaseFacts *facts)
{
    for (size_t i = 0; i < facts->replica_count; i++) {
        const DatabaseReplica *replica = &facts->replicas[i];
        bool is_good = replica->lag_bytes <= LAG_MAX_BYTES;
        Str lag = replica->lag_bytes < 0
                      ? S("how far it is, this login may not know")
                      : str_format(doctor->arena, "%" PRId64 " bytes behind", replica->lag_bytes);
        doctor_say(doctor, is_good, "replica",
                   str_format(doctor->arena, STR_FMT " is " STR_FMT "%s; " STR_FMT,
                              STR_ARG(replica->name), STR_ARG(replica->state),
                              replica->is_synchronous ? ", synchronous" : "", STR_ARG(lag)),
                   "Look at its log and its disk: when the primary dies, what it lacks is lost.");
    }
}

static void say_server(Doctor *doctor, const DbServer *server)
{
    static const char *const words[] = {
        [DB_SERVER_PRIMARY] = "is the primary",
        [DB_SERVER_STANDBY] = "is a standby",
        [DB_SERVER_OLD_PRIMARY] = "was the primary until another server took over, and can be "
                                  "written to again: whoever does so loses what they write",
        [DB_SERVER_AWAY] = "cannot be reached: ",
    };
    bool is_fenced = server->role == DB_SERVER_OLD_PRIMARY;
    doctor_say(doctor, server->role < DB_SERVER_OLD_PRIMARY, "database server",
               str_format(doctor->arena, STR_FMT " %s" STR_FMT "%s", STR_ARG(server->name),
                          words[server->role], STR_ARG(server->reason),
                          server->is_read_only ? ", and read-only" : ""),
               is_fenced ? "Stop it, and make it a standby of the new primary (pg_rewind or "
                           "pg_basebackup). Lectern does not use it."
                         : "Look whether it runs: while it is away nothing can take over.");
}

/* With one there is nothing to tell apart. */
static void check_servers(Doctor *doctor)
{
    DbServer *servers;
    size_t count = db_servers(doctor->parts->api->db, doctor->arena, &servers);
    for (size_t i = 0; count > 1 && i < count; i++)
        say_server(doctor, &servers[i]);
}

static void check_postgres(Doctor *doctor, const DatabaseFacts *facts)
{
    doctor_say(doctor, facts->major >= OLDEST_MAJOR && !facts->is_recovering, "database",
               str_format(doctor->arena,
                          "PostgreSQL " STR_FMT "%s; the connection is %sencrypted; "
                          "extensions: " STR_FMT,
                          STR_ARG(facts->version),
                          facts->is_recovering ? ", a replica that cannot be written" : "",
                          facts->is_encrypted ? "" : "not ", STR_ARG(facts->extensions)),
               facts->is_recovering
                   ? "Name the primary, or all hosts with target_session_attrs=read-write."
                   : "Bring it to PostgreSQL 15 or later.");
    if (!facts->keeps_commits)
        doctor_say(doctor, false, "database", S("fsync or full_page_writes is off"),
                   "Switch both on: without them a power failure loses what was acknowledged.");
    check_guard(doctor, facts);
    check_connections(doctor, facts);
    check_replicas(doctor, facts);
    check_servers(doctor);
}

void doctor_check_database(Doctor *doctor)
{
    Db *db = doctor->parts->api->db;
    const Scope system = scope_system();
    Looking looking = { .arena = doctor->arena };
    Error err;
    if (!store_read(db, &system, find, &looking, &err)) {
        doctor_say(doctor, false, "database", str(err.message),
                   "Look whether it runs, and at its log.");
        return;
    }
    if (db_kind(db) == DB_POSTGRES)
        check_postgres(doctor, &looking.facts);
    else
        doctor_say(doctor, true, "database",
                   str_format(doctor->arena, "SQLite " STR_FMT, STR_ARG(looking.facts.version)),
                   "");
    doctor_say_clock(doctor, "the database", looking.facts.clock_ms - looking.now_ms);
}
