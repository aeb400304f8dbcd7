/* outside_stores_test.c - see outside_stores_test.h. */
#include "library/outside_stores_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/fixture_test.h"
#include "net/http_client.h"

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

/* The program of a back end; NULL with a line that says so. */
static const char *installed(Arena *arena, const char *name)
{
    char path[1000] = "";
    FILE *found = popen(str_format(arena, "tools/backends find %s", name).at, "r");
    cr_assert_not_null(found);
    bool has_line = fgets(path, sizeof path, found);
    if (pclose(found) != 0 || !has_line)
        return NULL;
    return str_c(arena, str_trim(str(path)));
}

/* --- PostgreSQL with pgvector --- */

static const char *pgvector_programs(Arena *arena)
{
    const char *program = installed(arena, "pgvector");
    if (!program)
        return NULL;
    ptrdiff_t name = str_find_last_char(str(program), '/');
    return str_c(arena, str_slice(str(program), 0, (size_t)name));
}

/* PostgreSQL refuses to run as root. */
static const char *as_user(void) { return geteuid() == 0 ? "runuser -u postgres --" : ""; }

void outside_pgvector_start(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    shell("cd / && %s %s/pg_ctl -s -w -D %s/pg -l %s/pg/log"
          " -o '-F -k %s/pg -h \"\" -c max_connections=60' start >/dev/null",
          as_user(), pgvector_programs(arena), folder, folder, folder);
}

void outside_pgvector_stop(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    shell("cd / && %s %s/pg_ctl -s -w -m immediate -D %s/pg stop", as_user(),
          pgvector_programs(arena), folder);
}

const char *outside_pgvector(Arena *arena, const char **folder_r)
{
    const char *programs = pgvector_programs(arena), *folder;
    if (!programs)
        return NULL;
    *folder_r = folder = test_folder(arena);
    shell("mkdir -p %s/pg", folder);
    if (geteuid() == 0)
        shell("chown postgres %s/pg", folder);
    shell("cd / && %s %s/initdb -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D %s/pg"
          " >/dev/null",
          as_user(), programs, folder);
    outside_pgvector_start(folder);
    return str_format(arena, "postgresql://postgres@/postgres?host=%s/pg", folder).at;
}

/* --- Weaviate --- */

#define START_MS 30000

/* Six in a row for each process, below those that the system gives to connections. */
static int own_ports(void) { return 20000 + getpid() % 1500 * 8; }

static bool is_ready(HttpClient *client, const OutsideWeaviate *weaviate)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    HttpAnswer answer;
    Error err;
    HttpCall call = { .url = str_format(arena, "%s/v1/.well-known/ready", weaviate->url) };
    return http_call(client, arena, &call, &answer, &err) && answer.status == 200;
}

static void run_weaviate(const OutsideWeaviate *weaviate, const char *program)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    int port = weaviate->port;
    const char *environment[] = {
        str_format(arena, "PERSISTENCE_DATA_PATH=%s/weaviate", weaviate->folder).at,
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED=true",
        "DEFAULT_VECTORIZER_MODULE=none",
        "DISABLE_TELEMETRY=true",
        "LOG_LEVEL=error",
        "CLUSTER_HOSTNAME=node1",
        "CLUSTER_ADVERTISE_ADDR=127.0.0.1",
        "CLUSTER_BIND_ADDR=127.0.0.1",
        "CLUSTER_IN_LOCALHOST=true",
        str_format(arena, "GRPC_PORT=%d", port + 1).at,
        str_format(arena, "CLUSTER_GOSSIP_BIND_PORT=%d", port + 2).at,
        str_format(arena, "CLUSTER_DATA_BIND_PORT=%d", port + 3).at,
        str_format(arena, "RAFT_PORT=%d", port + 4).at,
        str_format(arena, "RAFT_INTERNAL_RPC_PORT=%d", port + 5).at,
        str_format(arena, "RAFT_JOIN=node1:%d", port + 4).at,
        "RAFT_BOOTSTRAP_EXPECT=1",
        "RAFT_HEARTBEAT_TIMEOUT=1",
        "RAFT_ELECTION_TIMEOUT=1",
        "RAFT_LEADER_LEASE_TIMEOUT=1",
        "RAFT_TIMEOUTS_MULTIPLIER=1",
        "GO_PROFILING_DISABLE=true",
        NULL,
    };
    const char *arguments[] = { program,
                                "--scheme",
                                "http",
                                "--host",
                                "127.0.0.1",
                                "--port",
                                str_format(arena, "%d", port).at,
                                NULL };
    int log =
        open(str_format(arena, "%s/log", weaviate->folder).at, O_WRONLY | O_CREAT | O_APPEND, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(log, 1);
    dup2(log, 2);
    execve(program, (char *const *)(uintptr_t)arguments, (char *const *)(uintptr_t)environment);
    _exit(127);
}

void outside_weaviate_start(OutsideWeaviate *weaviate)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HttpClient *client = http_client_new(&(HttpClientOptions){ 0 });
    const char *program = installed(arena, "weaviate");
    int64_t until = monotonic_ms() + START_MS;
    weaviate->process = fork();
    if (weaviate->process == 0)
        run_weaviate(weaviate, program);
    while (!is_ready(client, weaviate)) {
        cr_assert(monotonic_ms() < until, "Weaviate does not start on port %d", weaviate->port);
        sleep_ms(50);
    }
    http_client_free(client);
}

void outside_weaviate_kill(OutsideWeaviate *weaviate)
{
    int status;
    kill(weaviate->process, SIGKILL);
    waitpid(weaviate->process, &status, 0);
}

bool outside_weaviate(Arena *arena, OutsideWeaviate *weaviate_r)
{
    if (!installed(arena, "weaviate"))
        return false;
    int port = own_ports();
    *weaviate_r = (OutsideWeaviate){ .folder = test_folder(arena),
                                     .port = port,
                                     .url = str_format(arena, "http://127.0.0.1:%d", port).at };
    outside_weaviate_start(weaviate_r);
    return true;
}

void outside_close(VectorStore *store, Db *db, const char *postgres, OutsideWeaviate *weaviate)
{
    if (store && store->free)
        store->free(store);
    db_close(db);
    if (postgres)
        outside_pgvector_stop(postgres);
    if (weaviate->process)
        outside_weaviate_kill(weaviate);
}
