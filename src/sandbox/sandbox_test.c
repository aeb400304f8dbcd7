#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/fork_server.h"

/* --- Workers that behave, and workers that do not: the job's text says which --- */

typedef bool Act(WorkerJob *job, Error *err);

static bool act_echo(WorkerJob *job, Error *err)
{
    Arena *scratch = arena_new(MB(16));
    Str text;
    for (size_t i = 0; i < SANDBOX_FD_MAX; i++)
        if (job->fds[i] >= 0 && (!fd_read_all(scratch, job->fds[i], MB(8), &text, err) ||
                                 !worker_send(job, i == 0 ? 0 : 1, text, err)))
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

/* What the fork server may, and its workers may not. */
static bool act_sibling(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return syscall(SYS_clone, WORKER_CLONE_FLAGS, 0, 0, 0, 0) >= 0;
}

static bool act_survive(WorkerJob *job, Error *err)
{
    (void)job, (void)err;
    return prctl(PR_SET_PDEATHSIG, 0) == 0;
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

/* Where things are in memory. */
static bool act_where(WorkerJob *job, Error *err)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%p ", (const void *)getenv);
    return worker_send(job, 0, (Str){ text, (size_t)length }, err);
}

static bool act_refused(WorkerJob *job, Error *err) { return worker_send(job, 2, S("x"), err); }

static const struct {
    const char *name;
    Act *act;
} acts[] = {
    { "echo", act_echo },   { "fail", act_fail },       { "crash", act_crash },
    { "abort", act_abort }, { "loop", act_loop },       { "chatter", act_chatter },
    { "grow", act_grow },   { "open", act_open },       { "socket", act_socket },
    { "exec", act_exec },   { "fork", act_fork },       { "code", act_code },
    { "kill", act_kill },   { "junk", act_junk },       { "huge", act_huge },
    { "half", act_half },   { "silent", act_silent },   { "refused", act_refused },
    { "where", act_where }, { "sibling", act_sibling }, { "survive", act_survive },
};

static bool run_act(WorkerJob *job, Error *err)
{
    for (size_t i = 0; i < COUNT(acts); i++)
        if (str_is(job->args, acts[i].name))
            return acts[i].act(job, err);
    return fail(err, ERROR_INVALID, "no such act");
}

static const WorkerService services[] = { { .name = "acts", .run = run_act },
                                          { .name = "more", .run = run_act },
                                          { 0 } };

/* The test program is its own worker; Criterion must not see these arguments. */
__attribute__((constructor)) static void become_worker(int argc, char **argv)
{
    sandbox_worker_main(argc, argv, services);
}

/* --- The server's side --- */

static Arena *arena;
static Sandbox *sandbox;
static Buf heard;
static int64_t progress_done;

static bool on_frame(void *self, unsigned type, Str payload, Error *err)
{
    (void)self;
    if (type == 2)
        return fail(err, ERROR_DAMAGED, "makes no sense");
    buf_add(&heard, payload);
    return true;
}

static bool on_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    (void)self, (void)total;
    if (strcmp(stage, "reading") == 0)
        progress_done = done;
    return true;
}

static void open_sandbox(void)
{
    arena = arena_new(MB(16));
    heard = buf_new(arena, MB(1));
    sandbox = sandbox_new(&(SandboxOptions){ .ready_service = "acts", .ready_count = 1 });
}

static void close_sandbox(void)
{
    sandbox_free(sandbox);
    arena_free(arena);
}

TestSuite(sandbox, .init = open_sandbox, .fini = close_sandbox, .timeout = 60);

static SandboxJob job_of(const char *act)
{
    return (SandboxJob){
        .service = "acts",
        .args = str(act),
        .fds = { -1, -1, -1, -1 },
        .frame = on_frame,
        .progress = on_progress,
        .timeout_ms = strcmp(act, "chatter") == 0 ? 2000 : 20000,
        .quiet_ms = strcmp(act, "loop") == 0 ? 1000 : 15000,
        .memory_max = MB(300),
    };
}

static bool run_one(const char *act, Error *err)
{
    SandboxJob job = job_of(act);
    return sandbox_run(sandbox, &job, err);
}

Test(sandbox, a_worker_reads_the_files_it_is_given)
{
    Error err;
    AUTO_CLOSE int one = memfd_create("one", 0);
    AUTO_CLOSE int two = memfd_create("two", 0);
    cr_assert(fd_write_all(one, S("hello "), &err) && fd_write_all(two, S("world"), &err));
    lseek(one, 0, SEEK_SET), lseek(two, 0, SEEK_SET);
    SandboxJob job = job_of("echo");
    job.fds[0] = one, job.fds[2] = two;
    cr_assert(sandbox_run(sandbox, &job, &err), "%s", err.message);
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
        { "sibling", ERROR_DAMAGED, "may not do" },
        { "survive", ERROR_DAMAGED, "may not do" },
        { "code", ERROR_DAMAGED, "may not do" },
        { "kill", ERROR_DAMAGED, "may not do" },
        { "junk", ERROR_DAMAGED, "unknown message 238" },
        { "huge", ERROR_DAMAGED, "the reader sent 4294967295 bytes of 'data'" },
        { "half", ERROR_DAMAGED, "ended without an answer (status 0)" },
        { "silent", ERROR_DAMAGED, "ended without an answer (status 3)" },
        { "refused", ERROR_DAMAGED, "makes no sense" },
        { "unheard of", ERROR_INVALID, "no such act" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        cr_expect(!run_one(cases[i].act, &err), "%s", cases[i].act);
        cr_expect(err.code == cases[i].code && strstr(err.message, cases[i].reason), "%s: %s: %s",
                  cases[i].act, error_name(err.code), err.message);
    }
    Error err;
    cr_assert(run_one("echo", &err), "%s", err.message);
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
    SandboxJob job = job_of("loop");
    job.quiet_ms = 20000;
    job.cancelled = &flag;
    pthread_create(&thread, NULL, cancel_soon, &flag);
    int64_t start = monotonic_ms();
    cr_assert(!sandbox_run(sandbox, &job, &err) && err.code == ERROR_CANCELLED);
    cr_assert(monotonic_ms() - start < job.quiet_ms / 2, "it ended by itself");
    pthread_join(thread, NULL);
}

static void *run_some(void *failures)
{
    Error err;
    SandboxJob job = job_of("echo");
    for (int i = 0; i < 5; i++) {
        job.service = i & 1 ? "more" : "acts";
        if (!sandbox_run(sandbox, &job, &err))
            atomic_fetch_add((atomic_int *)failures, 1);
    }
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

/* --- The fork server --- */

static bool read_about(pid_t pid, const char *what, Str *text_r)
{
    char path[64];
    Error err;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    return file_read(arena, path, KB(64), text_r, &err);
}

/* Our children: the fork server, and a worker that waits. */
static size_t find_children(pid_t pids[8])
{
    DIR *folder = opendir("/proc");
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) && count < 8;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        Str status;
        char mine[32];
        snprintf(mine, sizeof mine, "\nPPid:\t%d\n", (int)getpid());
        if (pid > 0 && read_about(pid, "status", &status) && str_find(status, str(mine)) >= 0)
            pids[count++] = pid;
    }
    closedir(folder);
    return count;
}

/* Until there are so many, and still the same ones a moment later: a worker that has ended is a
 * child until the keeper has waited for it. */
static size_t wait_for_children(size_t count, pid_t pids[8])
{
    pid_t before[8] = { 0 };
    size_t found = 0;
    for (int i = 0; i < 400; i++) {
        found = find_children(pids);
        if (found == count && !memcmp(before, pids, count * sizeof *pids))
            break;
        memcpy(before, pids, sizeof before);
        sleep_ms(25);
    }
    return found;
}

static size_t with_two_filters(const pid_t pids[2])
{
    size_t count = 0;
    Str status;
    for (size_t i = 0; i < 2; i++)
        count += read_about(pids[i], "status", &status) &&
                 str_find(status, S("Seccomp_filters:\t2\n")) > 0;
    return count;
}

Test(sandbox, the_kernel_confirms_the_walls_of_fork_server_and_worker)
{
    pid_t pids[8];
    Error err;
    cr_assert(run_one("echo", &err), "%s", err.message);
    cr_assert_eq(wait_for_children(2, pids), 2);
    /* The worker's own comes last: it has closed its door. */
    for (int i = 0; i < 800 && with_two_filters(pids) != 1; i++)
        sleep_ms(25);
    cr_expect_eq(with_two_filters(pids), 1, "a worker has the fork server's filter and its own");
    for (size_t i = 0; i < 2; i++) {
        Str status, limits;
        cr_assert(read_about(pids[i], "status", &status));
        cr_assert(read_about(pids[i], "limits", &limits));
        cr_expect(str_find(status, S("NoNewPrivs:\t1\n")) > 0);
        cr_expect(str_find(status, S("Seccomp:\t2\n")) > 0);
        cr_expect(str_find(limits, S("Max file size             0                    0 ")) > 0);
        cr_expect(str_find(limits, S("Max core file size        0                    0 ")) > 0);
        cr_expect(str_find(limits, S("Max open files            16                   16 ")) > 0);
    }
}

Test(sandbox, a_fork_server_that_was_killed_is_started_anew)
{
    pid_t pids[8];
    Error err;
    cr_assert(run_one("echo", &err), "%s", err.message);
    cr_assert_eq(wait_for_children(2, pids), 2);
    for (size_t i = 0; i < 2; i++) {
        siginfo_t about;
        cr_assert_eq(kill(pids[i], SIGKILL), 0);
        cr_assert_eq(waitid(P_PID, (id_t)pids[i], &about, WEXITED | WNOWAIT), 0);
    }
    cr_assert(run_one("echo", &err), "%s", err.message);
}

Test(sandbox, after_a_crash_nothing_is_where_it_was)
{
    Error err;
    cr_assert(run_one("where", &err) && run_one("where", &err), "%s", err.message);
    Str first = str_copy(arena, str_slice(buf_str(&heard), 0, heard.length / 2));
    cr_assert(str_equal(first, str_from(buf_str(&heard), heard.length / 2)));
    cr_assert(!run_one("crash", &err));
    heard.length = 0;
    cr_assert(run_one("where", &err), "%s", err.message);
    cr_assert(!str_equal(buf_str(&heard), first));
}

static void *crash_some(void *failures)
{
    Error err;
    for (int i = 0; i < 6; i++)
        if (run_one(i & 1 ? "crash" : "echo", &err) != !(i & 1))
            atomic_fetch_add((atomic_int *)failures, 1);
    return NULL;
}

Test(sandbox, crashes_cost_nothing_but_themselves_side_by_side)
{
    pthread_t threads[4];
    atomic_int failures = 0;
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, crash_some, &failures);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(failures, 0);
}

Test(sandbox, a_fork_server_names_what_it_cannot_fork)
{
    Error err;
    SandboxJob job = job_of("echo");
    job.service = "unheard of";
    cr_assert(!sandbox_run(sandbox, &job, &err));
    cr_assert(strstr(err.message, "starting a reader"), "%s", err.message);
    cr_assert(run_one("echo", &err), "%s", err.message);
}

Test(sandbox, a_copied_worker_is_confined_and_watched_like_any_other)
{
    Error err;
    /* The C library's allocator is whole after a fork of a process with threads, the address
     * sanitizer's (of gcc 12) is not: so no other thread works while this one copies itself. */
    sandbox_free(sandbox);
    sandbox = NULL;
    Sandbox *copying = sandbox_new(&(SandboxOptions){ .copied = services });
    SandboxJob job = job_of("open"), crash = job_of("crash"), exec = job_of("exec");
    cr_assert(!sandbox_run(copying, &job, &err) && err.code == ERROR_DENIED, "%s", err.message);
    cr_assert(!sandbox_run(copying, &crash, &err) && strstr(err.message, "signal 11"));
    cr_assert(!sandbox_run(copying, &exec, &err) && strstr(err.message, "may not do"));
    job = job_of("echo");
    cr_assert(sandbox_run(copying, &job, &err), "%s", err.message);
    sandbox_free(copying);
}

Test(sandbox, it_says_what_confines_workers)
{
    Buf out = buf_new(arena, KB(1));
    Error err;
    cr_assert(run_one("echo", &err), "%s", err.message);
    sandbox_describe(sandbox, &out);
    cr_assert(str_find(buf_str(&out), S("\"seccomp\":true")) > 0, "%s", buf_c(&out));
}

Test(sandbox, a_program_that_is_no_worker_is_a_clear_failure)
{
    Error err;
    Sandbox *other = sandbox_new(&(SandboxOptions){ .program = "/bin/true" });
    SandboxJob job = job_of("echo");
    cr_assert(!sandbox_run(other, &job, &err));
    cr_assert(strstr(err.message, "ended without an answer"), "%s", err.message);
    sandbox_free(other);
}

Test(sandbox, a_worker_that_lacks_a_library_is_told_from_one_that_is_missing)
{
    Error err;
    char folder[] = "/tmp/lectern-workers-XXXXXX";
    cr_assert(mkdtemp(folder));
    Str script = S("#!/bin/sh\nexit 127\n"); /* as the loader ends it */
    char *program = path_join(arena, str(folder), S("lectern-worker-dull"));
    cr_assert(file_write(program, script, 0755, &err), "%s", err.message);
    SandboxOptions options = { .workers = folder };
    cr_expect(sandbox_worker_state(&options, "dull") == SANDBOX_WORKER_BROKEN);
    cr_expect(sandbox_worker_state(&options, "bright") == SANDBOX_WORKER_MISSING);
    Sandbox *other = sandbox_new(&options);
    SandboxJob job = job_of("echo");
    job.worker = "dull";
    cr_assert(!sandbox_run(other, &job, &err));
    cr_expect(err.code == ERROR_UNSUPPORTED && strstr(err.message, "lacks a shared library"), "%s",
              err.message);
    sandbox_free(other);
    (void)unlink(program);
    (void)rmdir(folder);
}

Test(sandbox, a_worker_may_only_say_what_is_listed_when_it_is_listed)
{
    SandboxJob job = job_of("echo");
    WorkerProcess worker = { .state = STATE_STARTING, .job = &job };
    Error err;
    cr_assert(!worker_process_receive(&worker, WORKER_FRAME, S("early"), &err));
    cr_assert_str_eq(err.message, "the reader sent 'data' too early or too late");
    cr_assert(worker_process_receive(&worker, WORKER_READY, S("\x03"), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_READY, S("\x03"), &err));
    worker.state = STATE_RUNNING;
    cr_assert(worker_process_receive(&worker, WORKER_FRAME, S("hello"), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_FRAME + 64, S(""), &err));
    cr_assert(!worker_process_receive(&worker, 0, S(""), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_PROGRESS, S("short"), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_FAILED, S("no end"), &err));
    cr_assert(worker_process_receive(&worker, WORKER_DONE, S(""), &err));
    cr_assert(!worker_process_receive(&worker, WORKER_FRAME, S("late"), &err));
}
