#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/worker_process.h"

/* --- Workers that behave, and workers that do not: the job's text says which --- */

typedef bool Act(WorkerJob *job, Error *err);

static bool act_echo(WorkerJob *job, Error *err)
{
    Arena *arena = arena_new(MB(16));
    Str text;
    for (size_t i = 0; i < worker_file_count(job); i++)
        if (!fd_read_all(arena, worker_file(job, i), MB(8), &text, err) ||
            !worker_send(job, 0, text, err))
            return false;
    return worker_progress(job, "reading", 1, 2, err);
}

static bool act_fail(WorkerJob *job, Error *err)
{
    (void)job;
    return fail(err, ERROR_ENCRYPTED, "it needs a password \xff");
}

static bool act_crash(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return raise(SIGSEGV) == 0;
}

static bool act_abort(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    abort();
}

static bool act_loop(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    volatile bool goes_on = true;
    while (goes_on)
        ;
    return true;
}

static bool act_chatter(WorkerJob *job, Error *err)
{
    while (worker_progress(job, "never", 0, 0, err))
        sleep_ms(10);
    return false;
}

static bool act_grow(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    for (;;) {
        char *more = mmap(NULL, MB(8), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED)
            abort();
        memset(more, 1, MB(8));
    }
}

static bool act_open(WorkerJob *job, Error *err)
{
    (void)job;
    if (open("/etc/passwd", O_RDONLY) >= 0)
        return true;
    return fail(err, ERROR_DENIED, "open: %s", strerror(errno));
}

static bool act_socket(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool act_exec(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    char *argv[] = { NULL };
    return execve("/bin/true", argv, argv) == 0;
}

static bool act_fork(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return fork() >= 0;
}

static bool act_code(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return mmap(NULL, KB(4), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}

static bool act_kill(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return kill(getppid(), 0) == 0;
}

static bool act_junk(WorkerJob *job, Error *err)
{
    (void)job;
    return fd_write_all(WORKER_SOCKET, S("\x01\x00\x00\x00\xeejunk junk junk"), err);
}

static bool act_huge(WorkerJob *job, Error *err)
{
    (void)job;
    return fd_write_all(WORKER_SOCKET, S("\xff\xff\xff\xff\x05"), err);
}

static bool act_half(WorkerJob *job, Error *err)
{
    (void)job;
    if (!fd_write_all(WORKER_SOCKET, S("\x10\x00\x00\x00\x05only"), err))
        return false;
    _exit(0);
}

static bool act_silent(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    _exit(3);
}

static bool act_twice(WorkerJob *job, Error *err)
{
    for (int i = 0; i < 20; i++)
        if (!worker_send(job, 1, S("x"), err))
            return false;
    return true;
}

static bool act_refused(WorkerJob *job, Error *err) { return worker_send(job, 2, S("x"), err); }

static const struct {
    const char *name;
    Act *act;
} acts[] = {
    { "echo", act_echo },       { "fail", act_fail },     { "crash", act_crash },
    { "abort", act_abort },     { "loop", act_loop },     { "chatter", act_chatter },
    { "grow", act_grow },       { "open", act_open },     { "socket", act_socket },
    { "exec", act_exec },       { "fork", act_fork },     { "code", act_code },
    { "kill", act_kill },       { "junk", act_junk },     { "huge", act_huge },
    { "half", act_half },       { "silent", act_silent }, { "twice", act_twice },
    { "refused", act_refused },
};

static bool run_act(WorkerJob *job, Error *err)
{
    for (size_t i = 0; i < COUNT(acts); i++)
        if (str_is(worker_args(job), acts[i].name))
            return acts[i].act(job, err);
    return fail(err, ERROR_INVALID, "no such act");
}

static const WorkerService service = { .name = "acts", .run = run_act };
static const WorkerService *const services[] = { &service };

/* The test program is its own worker; Criterion must not see these arguments. */
__attribute__((constructor)) static void become_worker(int argc, char **argv)
{
    if (sandbox_is_worker(argc, argv))
        _exit(sandbox_worker_main(argc, argv, services, COUNT(services)));
}

/* --- The server's side --- */

static Arena *arena;
static Sandbox *sandbox;
static Buf heard;
static int64_t progress_done;

static bool on_text(void *self, Str payload, Error *err)
{
    (void)self, (void)err;
    buf_add(&heard, payload);
    return true;
}

static bool on_refused(void *self, Str payload, Error *err)
{
    (void)self, (void)payload;
    return fail(err, ERROR_DAMAGED, "makes no sense");
}

static void on_progress(void *self, Str stage, int64_t done, int64_t total)
{
    (void)self, (void)total;
    if (str_is(stage, "reading"))
        progress_done = done;
}

static const SandboxFrame frames[] = {
    { "text", 1000, 0, on_text },
    { "few", 10, 10, on_text },
    { "refused", 10, 0, on_refused },
};

static void open_sandbox(void)
{
    Error err;
    arena = arena_new(MB(16));
    heard = buf_new(arena, MB(1));
    cr_assert(sandbox_new(&(SandboxOptions){ .service = "acts" }, &sandbox, &err));
}

static void close_sandbox(void)
{
    sandbox_free(sandbox);
    arena_free(arena);
}

TestSuite(sandbox, .init = open_sandbox, .fini = close_sandbox, .timeout = 60);

static bool run_one(const char *act, const int *files, size_t file_count, Error *err)
{
    SandboxJob job = {
        .args = str(act),
        .files = files,
        .file_count = file_count,
        .frames = frames,
        .frame_count = COUNT(frames),
        .progress = on_progress,
        .time_max_ms = strcmp(act, "chatter") == 0 ? 2000 : 20000,
        .quiet_max_ms = strcmp(act, "loop") == 0 ? 1000 : 15000,
        .memory_max = MB(300),
    };
    return sandbox_run(sandbox, &job, err);
}

Test(sandbox, a_worker_reads_the_files_it_is_given)
{
    Error err;
    AUTO_CLOSE int one = memfd_create("one", 0);
    AUTO_CLOSE int two = memfd_create("two", 0);
    cr_assert(fd_write_all(one, S("hello "), &err) && fd_write_all(two, S("world"), &err));
    lseek(one, 0, SEEK_SET), lseek(two, 0, SEEK_SET);
    cr_assert(run_one("echo", (int[]){ one, two }, 2, &err), "%s", err.message);
    cr_assert(str_is(buf_str(&heard), "hello world"));
    cr_assert_eq(progress_done, 1);
}

Test(sandbox, every_bad_worker_costs_one_job_and_says_why)
{
    static const struct {
        const char *act;
        ErrorCode code;
        const char *reason;
    } cases[] = {
        { "fail", ERROR_ENCRYPTED, "it needs a password \xEF\xBF\xBD" },
        { "crash", ERROR_DAMAGED, "the reader crashed (signal 11)" },
        { "abort", ERROR_DAMAGED, "the reader crashed (signal 6)" },
        { "loop", ERROR_TIMEOUT, "no progress for 1 s" },
        { "chatter", ERROR_TIMEOUT, "longer than 2 s" },
        { "grow", ERROR_TOO_LARGE, "more than 300 MiB of memory" },
        { "open", ERROR_DENIED, "open: Permission denied" },
        { "socket", ERROR_DAMAGED, "may not do" },
        { "exec", ERROR_DAMAGED, "may not do" },
        { "fork", ERROR_DAMAGED, "may not do" },
        { "code", ERROR_DAMAGED, "may not do" },
        { "kill", ERROR_DAMAGED, "may not do" },
        { "junk", ERROR_DAMAGED, "unknown message 238" },
        { "huge", ERROR_DAMAGED, "the reader sent 4294967295 bytes of 'text'" },
        { "half", ERROR_DAMAGED, "ended without an answer (status 0)" },
        { "silent", ERROR_DAMAGED, "ended without an answer (status 3)" },
        { "twice", ERROR_TOO_LARGE, "'few' more than 10 times" },
        { "refused", ERROR_DAMAGED, "makes no sense" },
        { "unheard of", ERROR_INVALID, "no such act" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        cr_expect(!run_one(cases[i].act, NULL, 0, &err), "%s", cases[i].act);
        cr_expect(err.code == cases[i].code && strstr(err.message, cases[i].reason), "%s: %s: %s",
                  cases[i].act, error_name(err.code), err.message);
    }
    Error err;
    cr_assert(run_one("echo", NULL, 0, &err), "%s", err.message);
}

static void *cancel_soon(void *flag)
{
    sleep_ms(200);
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

Test(sandbox, a_job_can_be_cancelled_from_another_thread)
{
    atomic_bool flag = false;
    pthread_t thread;
    Error err;
    SandboxJob job = { .args = S("loop"), .is_cancelled = &flag };
    pthread_create(&thread, NULL, cancel_soon, &flag);
    int64_t start = monotonic_ms();
    cr_assert(!sandbox_run(sandbox, &job, &err) && err.code == ERROR_CANCELLED);
    cr_assert(monotonic_ms() - start < 1500);
    pthread_join(thread, NULL);
}

static void *run_some(void *failures)
{
    Error err;
    for (int i = 0; i < 5; i++)
        if (!sandbox_run(sandbox, &(SandboxJob){ .args = S("echo") }, &err))
            atomic_fetch_add((atomic_int *)failures, 1);
    return NULL;
}

Test(sandbox, jobs_run_side_by_side)
{
    pthread_t threads[4];
    atomic_int failures = 0;
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, run_some, &failures);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(failures, 0);
    sandbox_free(sandbox);
    sandbox = NULL;
    cr_assert(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a worker was left behind");
}

Test(sandbox, it_says_what_confines_workers)
{
    Str text = sandbox_describe(sandbox, arena);
    cr_assert(str_find(text, S("system call filter")) > 0, STR_FMT, STR_ARG(text));
}

Test(sandbox, a_program_that_is_no_worker_is_a_clear_failure)
{
    Sandbox *other;
    Error err;
    cr_assert(
        sandbox_new(&(SandboxOptions){ .service = "acts", .program = "/bin/true" }, &other, &err));
    cr_assert(!sandbox_run(other, &(SandboxJob){ .args = S("echo") }, &err));
    cr_assert(strstr(err.message, "ended without an answer"), "%s", err.message);
    sandbox_free(other);
}

Test(sandbox, a_worker_may_only_say_what_is_listed_when_it_is_listed)
{
    SandboxJob job = { .frames = frames, .frame_count = COUNT(frames) };
    WorkerProcess worker = { .state = STATE_STARTING, .job = &job };
    Error err;
    cr_assert(!worker_process_receive(&worker, WORKER_FRAME, S("early"), &err));
    cr_assert_str_eq(err.message, "the reader sent 'text' too early or too late");
    cr_assert(worker_process_receive(&worker, WORKER_READY, S("\x03"), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_READY, S("\x03"), &err));
    worker.state = STATE_RUNNING;
    cr_assert(worker_process_receive(&worker, WORKER_FRAME, S("hello"), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_FRAME + 3, S(""), &err));
    cr_assert(!worker_process_receive(&worker, 0, S(""), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_PROGRESS, S("short"), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_FAILED, S("no end"), &err));
    cr_assert(worker_process_receive(&worker, WORKER_DONE, S(""), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_FRAME, S("late"), &err));
}
