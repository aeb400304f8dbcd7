/* fixture_test.c - see fixture_test.h. */
#include "db/fixture_test.h"

#include "base/id.h"
#include "db/fixture_standby_test.h"
#include "db/libpq.h"

#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void shell(const char *format, ...) PRINTF(1, 2);
static void shell(const char *format, ...)
{
    char command[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* Databases of tests are written much and kept never: in memory, where there is enough of it. */
static const char *root(void)
{
    struct statvfs about;
    bool has_room = statvfs("/dev/shm", &about) == 0 && access("/dev/shm", W_OK) == 0 &&
                    (uint64_t)about.f_bavail * about.f_frsize >= GB(6);
    return has_room ? "/dev/shm" : "/tmp";
}

/* Criterion runs each test in a process of its own: the parent is the program. A little watchman
 * cleans up after it, however it ends. */
static Str program_folder(Arena *arena)
{
    Str folder = str_format(arena, "%s/lectern-unit-%d", root(), (int)getppid());
    if (mkdir(folder.at, 0755) == 0)
        shell("setsid sh -c 'while kill -0 %d; do sleep 0.3; done; for d in %s/*/pg; do"
              " [ -e $d/postmaster.pid ] && kill -INT $(head -n 1 $d/postmaster.pid); done;"
              " sleep 0.3; rm -rf %s' >/dev/null 2>&1 </dev/null &",
              (int)getppid(), folder.at, folder.at);
    return folder;
}

const char *test_folder(Arena *arena)
{
    char id[ID_LENGTH + 1];
    id_write(id);
    Str folder = str_format(arena, "%s/%s", program_folder(arena).at, id);
    cr_assert_eq(mkdir(folder.at, 0755), 0);
    return folder.at;
}

/* --- PostgreSQL ---------------------------------------------------------------------- */

static const char *programs_folder(Arena *arena)
{
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        return NULL;
    const char *folder = str_c(arena, str(found.gl_pathv[found.gl_pathc - 1]));
    globfree(&found);
    return folder;
}

/* PostgreSQL refuses to run as root. */
static const char *as_user(void) { return geteuid() == 0 ? "runuser -u postgres --" : ""; }

static void start_server(const char *programs, const char *folder)
{
    /* Databases of tests are many and gone soon: who looks into each in turn takes more than the
     * tests. */
    shell("cd / && %s %s/pg_ctl -s -w -D %s/pg -l %s/pg/log"
          " -o '-F -k %s/pg -h \"\" -c max_connections=60 -c full_page_writes=off"
          " -c autovacuum=off' start >/dev/null",
          as_user(), programs, folder, folder, folder);
}

static void stop_server(const char *programs, const char *folder, const char *mode)
{
    shell("cd / && %s %s/pg_ctl -s -w -m %s -D %s/pg stop", as_user(), programs, mode, folder);
}

static void make_files(const char *programs, const char *folder)
{
    shell("mkdir -p %s/pg", folder);
    if (geteuid() == 0)
        shell("chown postgres %s/pg", folder);
    shell("cd / && %s %s/initdb -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D %s/pg"
          " >/dev/null",
          as_user(), programs, folder);
}

static const char *missing(void)
{
    fprintf(stderr, "skipped: needs PostgreSQL in /usr/lib/postgresql\n");
    return NULL;
}

bool test_has_postgres(void)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return programs_folder(arena) || missing();
}

static const char *postgres_in(Arena *arena, const char *folder, const char *name)
{
    return str_format(arena, "postgresql://postgres@/%s?host=%s/pg", name, folder).at;
}

/* A copy of files takes half the time of one that goes through the server's log. */
static void create_database(Arena *arena, const char *folder, const char *name, const char *source)
{
    const char *const names[] = { "host", "user", "dbname", NULL };
    const char *const values[] = { str_format(arena, "%s/pg", folder).at, "postgres", "postgres",
                                   NULL };
    Error err;
    cr_assert(libpq_load(&err), "%s", err.message);
    PGconn *server = pq.connectdbParams(names, values, 0);
    Str sql =
        str_format(arena, "CREATE DATABASE \"%s\" TEMPLATE %s STRATEGY FILE_COPY", name, source);
    cr_assert(pq.sendQuery(server, sql.at), "%s", pq.errorMessage(server));
    for (PGresult *result; (result = pq.getResult(server)) != NULL; pq.clear(result))
        cr_assert_eq(pq.resultStatus(result), PGRES_COMMAND_OK, "%s", pq.errorMessage(server));
    pq.finish(server);
}

/* --- What the first test makes for all ------------------------------------------------- */

void (*test_db_prepare)(const char *url);

/* A folder, and a lock on it until the descriptor is closed. */
static int lock_folder(Str folder)
{
    (void)!mkdir(folder.at, 0755);
    int lock = open(folder.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert(lock >= 0 && flock(lock, LOCK_EX) == 0);
    return lock;
}

/* Of this program. */
static Str shared_folder(Arena *arena)
{
    return str_format(arena, "%s/shared", program_folder(arena).at);
}

/* Of all programs that tools/run-unit runs, or of this one. */
static Str made_folder(Arena *arena)
{
    const char *named = getenv("LECTERN_UNIT_MADE");
    return named ? str(named) : str_format(arena, "%s/made", program_folder(arena).at);
}

static bool is_made(Str folder, Arena *arena, const char *what)
{
    return access(str_format(arena, "%s/%s.made", folder.at, what).at, F_OK) == 0;
}

static void set_made(Str folder, const char *what) { shell("touch %s/%s.made", folder.at, what); }

/* The files of a server at rest, without databases or with one that others are copies of. */
static const char *made_server(Arena *arena, const char *programs)
{
    Str made = made_folder(arena);
    const char *what = test_db_prepare ? "tables" : "cluster";
    const char *folder = str_format(arena, "%s/%s", made.at, what).at;
    int lock = lock_folder(made);
    if (!is_made(made, arena, what)) {
        shell("mkdir %s", folder);
        make_files(programs, folder);
        if (test_db_prepare) {
            start_server(programs, folder);
            create_database(arena, folder, "prepared", "template1");
            test_db_prepare(postgres_in(arena, folder, "prepared"));
            stop_server(programs, folder, "fast");
        }
        set_made(made, what);
    }
    close(lock);
    return folder;
}

static const char *postgres_url(Arena *arena, bool is_prepared)
{
    const char *programs = programs_folder(arena);
    Str folder = shared_folder(arena);
    char id[ID_LENGTH + 1];
    if (!programs)
        return missing();

    int lock = lock_folder(folder);
    if (!is_made(folder, arena, "server")) {
        shell("cp -a %s/pg %s/pg", made_server(arena, programs), folder.at);
        start_server(programs, folder.at);
        set_made(folder, "server");
    }
    close(lock);
    id_write(id);
    create_database(arena, folder.at, id,
                    is_prepared && test_db_prepare ? "prepared" : "template1");
    return postgres_in(arena, folder.at, id);
}

static const char *sqlite_path(Arena *arena, bool is_prepared)
{
    const char *path = str_format(arena, "%s/unit.db", test_folder(arena)).at;
    if (!is_prepared || !test_db_prepare)
        return path;
    Str made = made_folder(arena);
    const char *source = str_format(arena, "%s/prepared.db", made.at).at;
    int lock = lock_folder(made);
    if (!is_made(made, arena, "file")) {
        test_db_prepare(source);
        set_made(made, "file");
    }
    close(lock);
    shell("cp %s %s", source, path);
    return path;
}

const char *test_postgres_own(Arena *arena, const char **folder_r)
{
    const char *programs = programs_folder(arena);
    if (!programs)
        return missing();
    *folder_r = test_folder(arena);
    make_files(programs, *folder_r);
    start_server(programs, *folder_r);
    return postgres_in(arena, *folder_r, "postgres");
}

void test_postgres_standby(Arena *arena, const char *primary, const char **folder_r)
{
    const char *programs = programs_folder(arena);
    *folder_r = test_folder(arena);
    shell("mkdir -m 700 %s/pg && chown --reference=%s/pg %s/pg", *folder_r, primary, *folder_r);
    shell("cd / && %s %s/pg_basebackup -R -c fast -X stream -U postgres -h %s/pg -D %s/pg"
          " 2>/dev/null",
          as_user(), programs, primary, *folder_r);
    /* The primary's socket lies among its files. */
    shell("rm -f %s/pg/.s.PGSQL* %s/pg/log", *folder_r, *folder_r);
    start_server(programs, *folder_r);
}

void test_postgres_promote(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    shell("cd / && %s %s/pg_ctl -s -w -D %s/pg promote >/dev/null", as_user(),
          programs_folder(arena), folder);
}

void test_postgres_say(const char *folder, const char *sql)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    shell("%s/psql -qXAt -h %s/pg -U postgres -c \"%s\" postgres >/dev/null",
          programs_folder(arena), folder, sql);
}

void test_postgres_stop(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    stop_server(programs_folder(arena), folder, "immediate");
}

void test_postgres_start(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    start_server(programs_folder(arena), folder);
}

void test_postgres_restart(const char *folder)
{
    test_postgres_stop(folder);
    test_postgres_start(folder);
}

/* --- Either -------------------------------------------------------------------------- */

/* With LECTERN_NOTES=FILE all that the tests of a program ask of SQLite is kept there, for
 * tests/test_statement_plans.py. */
static const char *sqlite_url(Arena *arena, bool is_prepared)
{
    const char *path = sqlite_path(arena, is_prepared), *notes = getenv("LECTERN_NOTES");
    return notes ? str_format(arena, "noting:%s:%s", notes, path).at : path;
}

static const char *fresh(Arena *arena, DbKind kind, bool is_prepared)
{
    return kind == DB_POSTGRES ? postgres_url(arena, is_prepared) : sqlite_url(arena, is_prepared);
}

const char *test_db_url(Arena *arena, DbKind kind) { return fresh(arena, kind, false); }
const char *test_db_ready(Arena *arena, DbKind kind) { return fresh(arena, kind, true); }

static void run_with(DbKind kind, bool is_prepared, void (*body)(const char *url))
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const char *url = fresh(arena, kind, is_prepared);
    if (url)
        body(url);
}

void test_db_run(DbKind kind, void (*body)(const char *url)) { run_with(kind, true, body); }
void test_db_run_empty(DbKind kind, void (*body)(const char *url)) { run_with(kind, false, body); }
