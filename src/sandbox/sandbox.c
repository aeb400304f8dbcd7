/* sandbox.c - the server's side: fork servers of each class, and workers kept ready.
 *
 * One thread starts them all, because they are told to die with the thread (not only the process)
 * that started them. */
#include <errno.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/trace.h"
#include "sandbox/fork_server.h"

/* A class that is not asked so long gives its memory back. */
#define IDLE_MS 60000

/* A caller that waits for a worker. */
typedef struct Request {
    const char *class, *service; /* class "": ourselves */
    WorkerProcess *worker;       /* the answer; NULL: err says why */
    Error *err;
    bool is_answered;
    struct Request *next;
} Request;

struct Sandbox {
    SandboxOptions options;
    pthread_t keeper;
    bool has_keeper;
    pthread_mutex_t lock;
    pthread_cond_t wanted, answered;
    ForkServer *servers;  /* a list, one of a class; only the keeper changes it */
    WorkerProcess *ready; /* a list, all of ready_service */
    int ready_count;
    WorkerProcess *ended; /* a list: their jobs are over, the system still takes them apart */
    bool has_failed;      /* the last one that was to be kept ready: not tried again before a job */
    Request *requests;
    bool is_stopping;
    _Atomic unsigned crash_count; /* of workers */
    unsigned shields;
    bool knows_shields;
};

static bool needs_ready(const Sandbox *sandbox)
{
    return sandbox->options.ready_service && !sandbox->has_failed &&
           sandbox->ready_count < sandbox->options.ready_count;
}

/* --- Fork servers; the keeper's own --- */

static ForkServer *take_server(Sandbox *sandbox, const char *class)
{
    for (ForkServer **link = &sandbox->servers; *link; link = &(*link)->next)
        if (strcmp((*link)->class, class) == 0) {
            ForkServer *server = *link;
            *link = server->next;
            return server;
        }
    return NULL;
}

/* Nobody shall learn by trying where things are in the memory of workers. */
static bool is_worn(const Sandbox *sandbox, const ForkServer *server)
{
    return server->worker_count >= FORK_SERVER_WORKERS_MAX ||
           server->crash_count != sandbox->crash_count;
}

static ForkServer *start_server(Sandbox *sandbox, const char *class, Error *err)
{
    unsigned crash_count = sandbox->crash_count;
    ForkServer *server = fork_server_new(&sandbox->options, class, err);
    if (server)
        server->crash_count = crash_count;
    return server;
}

/* Without the lock. `server` may be NULL, and is replaced when it is worn or has been killed while
 * it waited. */
static WorkerProcess *fork_worker(Sandbox *sandbox, const Request *request, ForkServer **server)
{
    WorkerProcess *worker = NULL;
    if (*server && !is_worn(sandbox, *server))
        worker = fork_server_ask(*server, request->service, request->err);
    if (worker)
        return worker;
    fork_server_free(*server);
    *server = start_server(sandbox, request->class, request->err);
    return *server ? fork_server_ask(*server, request->service, request->err) : NULL;
}

/* With the lock held; gives it up while the worker starts. */
static WorkerProcess *start_unlocked(Sandbox *sandbox, const Request *request)
{
    ForkServer *server = take_server(sandbox, request->class);
    pthread_mutex_unlock(&sandbox->lock);
    WorkerProcess *worker = fork_worker(sandbox, request, &server);
    if (!worker)
        fork_server_free(server);
    pthread_mutex_lock(&sandbox->lock);
    if (worker) {
        server->next = sandbox->servers;
        sandbox->servers = server;
        worker->crash_count = server->crash_count;
        sandbox->shields = worker->shields;
        sandbox->knows_shields = true;
    }
    return worker;
}

static void drop_idle_servers(Sandbox *sandbox)
{
    int64_t now = monotonic_ms();
    for (ForkServer **link = &sandbox->servers; *link;) {
        ForkServer *server = *link;
        if (*server->class && now - server->last_used_ms >= IDLE_MS) {
            *link = server->next;
            fork_server_free(server);
        } else
            link = &server->next;
    }
}

/* With the lock held: wait for what is wanted next. Classes come and go meanwhile; ourselves stay.
 */
static void wait_wanted(Sandbox *sandbox)
{
    bool has_class = false;
    for (const ForkServer *server = sandbox->servers; server; server = server->next)
        has_class |= *server->class != '\0';
    if (!has_class) {
        pthread_cond_wait(&sandbox->wanted, &sandbox->lock);
        return;
    }
    (void)cond_wait_until(&sandbox->wanted, &sandbox->lock, monotonic_ms() + IDLE_MS);
    drop_idle_servers(sandbox);
}

/* --- The keeper --- */

static void answer_request(Sandbox *sandbox)
{
    Request *request = sandbox->requests;
    sandbox->requests = request->next;
    request->worker = start_unlocked(sandbox, request);
    request->is_answered = true;
    sandbox->has_failed = !request->worker && !*request->class;
    pthread_cond_broadcast(&sandbox->answered);
}

static void add_ready(Sandbox *sandbox)
{
    Error ignored;
    Request request = { .class = "", .service = sandbox->options.ready_service, .err = &ignored };
    WorkerProcess *worker = start_unlocked(sandbox, &request);
    sandbox->has_failed = !worker;
    if (!worker)
        return;
    worker->next = sandbox->ready;
    sandbox->ready = worker;
    sandbox->ready_count++;
}

/* Nobody waits for a worker's end, which takes as long as its memory is large. */
static void reap_ended(Sandbox *sandbox)
{
    WorkerProcess *worker = sandbox->ended;
    sandbox->ended = worker->next;
    pthread_mutex_unlock(&sandbox->lock);
    worker_process_free(worker);
    pthread_mutex_lock(&sandbox->lock);
}

static void *keep(void *argument)
{
    Sandbox *sandbox = argument;
    pthread_mutex_lock(&sandbox->lock);
    while (!sandbox->is_stopping)
        if (sandbox->requests)
            answer_request(sandbox);
        else if (needs_ready(sandbox))
            add_ready(sandbox);
        else if (sandbox->ended)
            reap_ended(sandbox);
        else
            wait_wanted(sandbox);
    pthread_mutex_unlock(&sandbox->lock);
    return NULL;
}

/* With the lock held. */
static bool start_keeper(Sandbox *sandbox, Error *err)
{
    if (sandbox->has_keeper)
        return true;
    int failure = pthread_create(&sandbox->keeper, NULL, keep, sandbox);
    if (failure) {
        errno = failure;
        return fail_errno(err, "starting a thread");
    }
    pthread_setname_np(sandbox->keeper, "sandbox");
    sandbox->has_keeper = true;
    return true;
}

Sandbox *sandbox_new(const SandboxOptions *options)
{
    Error ignored; /* the first job tries again and says it */
    Sandbox *sandbox = heap_alloc(sizeof *sandbox);
    sandbox->options = *options;
    pthread_mutex_init(&sandbox->lock, NULL);
    pthread_cond_init(&sandbox->wanted, NULL);
    pthread_cond_init(&sandbox->answered, NULL);
    pthread_mutex_lock(&sandbox->lock);
    if (needs_ready(sandbox))
        (void)start_keeper(sandbox, &ignored);
    pthread_mutex_unlock(&sandbox->lock);
    return sandbox;
}

static void free_workers(WorkerProcess *workers)
{
    for (WorkerProcess *worker = workers, *next; worker; worker = next) {
        next = worker->next;
        worker_process_free(worker);
    }
}

void sandbox_free(Sandbox *sandbox)
{
    if (!sandbox)
        return;
    pthread_mutex_lock(&sandbox->lock);
    sandbox->is_stopping = true;
    pthread_cond_broadcast(&sandbox->wanted);
    pthread_mutex_unlock(&sandbox->lock);
    if (sandbox->has_keeper)
        pthread_join(sandbox->keeper, NULL);
    free_workers(sandbox->ready);
    free_workers(sandbox->ended);
    for (ForkServer *server = sandbox->servers, *next; server; server = next) {
        next = server->next;
        fork_server_free(server);
    }
    pthread_cond_destroy(&sandbox->wanted);
    pthread_cond_destroy(&sandbox->answered);
    pthread_mutex_destroy(&sandbox->lock);
    free(sandbox);
}

/* With the lock held. */
static WorkerProcess *take_ready(Sandbox *sandbox, const char *service)
{
    WorkerProcess *worker = sandbox->ready;
    if (!worker || strcmp(worker->service, service) != 0)
        return NULL;
    sandbox->ready = worker->next;
    sandbox->ready_count--;
    pthread_cond_signal(&sandbox->wanted);
    if (worker->crash_count == sandbox->crash_count)
        return worker;
    worker_process_free(worker); /* it knows what one that crashed knew */
    return NULL;
}

static WorkerProcess *request_worker(Sandbox *sandbox, const char *class, const char *service,
                                     Error *err)
{
    Request request = { .class = class, .service = service, .err = err };
    if (!start_keeper(sandbox, err))
        return NULL;
    Request **last = &sandbox->requests;
    while (*last)
        last = &(*last)->next;
    *last = &request;
    pthread_cond_signal(&sandbox->wanted);
    while (!request.is_answered)
        pthread_cond_wait(&sandbox->answered, &sandbox->lock);
    return request.worker;
}

/* A worker of this service; it is the caller's. */
static WorkerProcess *take_worker(Sandbox *sandbox, const SandboxJob *job, Error *err)
{
    pthread_mutex_lock(&sandbox->lock);
    WorkerProcess *worker = job->worker ? NULL : take_ready(sandbox, job->service);
    if (!worker)
        worker = request_worker(sandbox, job->worker ? job->worker : "", job->service, err);
    pthread_mutex_unlock(&sandbox->lock);
    return worker;
}

/* Its job is over; the keeper waits for its end. */
static void end_worker(Sandbox *sandbox, WorkerProcess *worker)
{
    worker_process_kill(worker);
    pthread_mutex_lock(&sandbox->lock);
    worker->next = sandbox->ended;
    sandbox->ended = worker;
    pthread_cond_signal(&sandbox->wanted);
    pthread_mutex_unlock(&sandbox->lock);
}

SandboxWorkerState sandbox_worker_state(const SandboxOptions *options, const char *worker)
{
    return fork_server_state(options, worker);
}

static void tell_crash(const SandboxJob *job, const Error *err)
{
    Failure failure = { .area = "worker",
                        .where = str(job->worker ? job->worker : "main"),
                        .what = S("crash"),
                        .message = str(err->message),
                        .tags = { { "service", str(job->service) } } };
    report_failure(&failure);
}

static bool run_job(Sandbox *sandbox, const SandboxJob *job, Error *err)
{
    if (job->args.length > SANDBOX_ARGS_MAX)
        return fail(err, ERROR_INTERNAL, "the job for the reader is too large");
    WorkerProcess *worker = take_worker(sandbox, job, err);
    if (!worker)
        return false;
    /* One that was killed while it waited is not this job's fault. */
    if (!worker_process_order(worker, job, err)) {
        worker_process_free(worker);
        worker = take_worker(sandbox, job, err);
        if (!worker || !worker_process_order(worker, job, err)) {
            worker_process_free(worker);
            return false;
        }
    }
    bool done = worker_process_listen(worker, job, err);
    sandbox->crash_count += worker->has_crashed;
    if (worker->has_crashed && !done)
        tell_crash(job, err);
    end_worker(sandbox, worker);
    return done;
}

bool sandbox_run(Sandbox *sandbox, const SandboxJob *job, Error *err)
{
    TraceSpan span;
    span_begin_here(&span, TRACE_INTERNAL, "read in a worker");
    span_add_text(&span, "lectern.worker.service", str(job->service));
    span_add_text(&span, "lectern.worker.class", str(job->worker ? job->worker : "main"));
    bool done = run_job(sandbox, job, err);
    if (!done)
        span_fail(&span, str(error_name(err->code)));
    span_end(&span);
    return done;
}

void sandbox_describe(Sandbox *sandbox, Buf *json_members)
{
    static const char *const names[] = {
#define SHIELD(name, key, title) key,
#include "sandbox/shields.def"
#undef SHIELD
    };
    pthread_mutex_lock(&sandbox->lock);
    for (size_t i = 0; i < COUNT(names); i++)
        buf_addf(json_members, "%s\"%s\":%s", i ? "," : "", names[i],
                 !sandbox->knows_shields     ? "null"
                 : sandbox->shields >> i & 1 ? "true"
                                             : "false");
    pthread_mutex_unlock(&sandbox->lock);
}
