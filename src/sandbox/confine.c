/* confine.c - close the door of a worker, in two steps: what can be shut before there is a file is
 * shut in the fork server, whose workers inherit it; the rest in each worker.
 *
 * Files are closed twice: the filter answers every call that takes a path with EACCES (libraries
 * look for optional files and go on without), and Landlock forbids them all. Whatever else is not
 * on the list ends the process.
 *
 * A fork server has a filter too: the worker's list, and the few calls that make a worker. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sandbox_private.h"

static bool limit(int resource, rlim_t value)
{
    return setrlimit((__rlimit_resource_t)resource, &(struct rlimit){ value, value }) == 0;
}

/* Memory and processor time are limited by the server for each job. */
static bool limit_all(void)
{
    return limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 16) &&
           limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0);
}

static bool landlock(void)
{
    /* Every right of the oldest interface; a newer kernel accepts it and so does an older one. */
    struct landlock_ruleset_attr rights = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    AUTO_CLOSE int rules =
        (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights.handled_access_fs, 0);
    return rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(recvmsg),
    SCMP_SYS(fstat),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_getres),
    SCMP_SYS(sched_yield),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrusage),
    SCMP_SYS(times),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(poll),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(getcpu),
};

static const int denied[] = {
    SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(openat2),   SCMP_SYS(stat),
    SCMP_SYS(lstat),    SCMP_SYS(access),     SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(statx),     SCMP_SYS(getcwd),
    SCMP_SYS(ioctl),    SCMP_SYS(fcntl),      SCMP_SYS(prlimit64), SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),  SCMP_SYS(fadvise64),  SCMP_SYS(getrlimit),
};

/* In the filter's code, until a worker puts its own number there: larger than any process number.
 */
#define PID_PLACE 0x5EA1ED01u

static bool allow_one(scmp_filter_ctx filter, int call, unsigned argument, scmp_datum_t value)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                            SCMP_CMP(argument, SCMP_CMP_EQ, value)) == 0;
}

static bool allow_masked(scmp_filter_ctx filter, int call, unsigned argument, scmp_datum_t mask)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                            SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, 0)) == 0;
}

static bool add_conditions(scmp_filter_ctx filter)
{
    return allow_masked(filter, SCMP_SYS(mmap), 2, PROT_EXEC) &&
           allow_masked(filter, SCMP_SYS(mprotect), 2, PROT_EXEC) &&
           /* fstat() of newer C libraries */
           allow_one(filter, SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH) &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 1,
                            SCMP_A3(SCMP_CMP_NE, AT_EMPTY_PATH)) == 0;
}

/* What a worker may call. */
static bool add_lists(scmp_filter_ctx filter)
{
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT(allowed); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    for (size_t i = 0; ok && i < COUNT(denied); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), denied[i], 0) == 0;
    return ok && add_conditions(filter);
}

/* The worker's filter as code, made once, so that a worker only has to load it. */
static struct sock_fprog worker_filter;

static bool take_code(int fd)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size <= 0)
        return false;
    size_t size = (size_t)about.st_size;
    worker_filter.filter = heap_alloc(size);
    worker_filter.len = (unsigned short)(size / sizeof(struct sock_filter));
    return pread(fd, worker_filter.filter, size, 0) == about.st_size;
}

static bool make_worker_filter(void)
{
    AUTO_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = fd >= 0 && filter && add_lists(filter) &&
              /* abort() */
              allow_one(filter, SCMP_SYS(tgkill), 0, PID_PLACE) &&
              seccomp_export_bpf(filter, fd) == 0 && take_code(fd);
    if (filter)
        seccomp_release(filter);
    return ok;
}

static bool load_worker_filter(void)
{
    bool ok = false;
    for (size_t i = 0; i < worker_filter.len; i++)
        if (worker_filter.filter[i].k == PID_PLACE) {
            worker_filter.filter[i].k = (uint32_t)getpid();
            ok = true;
        }
    return ok && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &worker_filter) == 0;
}

static bool load_fork_server_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = filter && add_lists(filter) &&
              allow_one(filter, SCMP_SYS(clone), 0, WORKER_CLONE_FLAGS) &&
              allow_one(filter, SCMP_SYS(dup3), 1, WORKER_SOCKET) &&
              allow_one(filter, SCMP_SYS(prctl), 0, PR_SET_PDEATHSIG) &&
              allow_one(filter, SCMP_SYS(seccomp), 0, SECCOMP_SET_MODE_FILTER) &&
              seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0) == 0 &&
              seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return ok;
}

unsigned confine_fork_server(void)
{
    unsigned holds = 0;
    (void)prctl(PR_SET_DUMPABLE, 0);
    /* A reader that crashes shall just crash, also under sanitizers. */
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    for (size_t i = 0; i < COUNT(crashes); i++)
        (void)signal(crashes[i], SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool has_filter = make_worker_filter(); /* by way of a file, which the limits forbid */
    holds |= (unsigned)(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) << SHIELD_PRIVILEGES;
    holds |= (unsigned)limit_all() << SHIELD_LIMITS;
    holds |= (unsigned)landlock() << SHIELD_LANDLOCK;
    if (has_filter)
        (void)load_fork_server_filter();
    return holds;
}

unsigned confine_worker(unsigned inherited)
{
    unsigned holds = inherited;
    holds |= (unsigned)(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) << SHIELD_ALONE;
    holds |= (unsigned)(worker_filter.len && load_worker_filter()) << SHIELD_SECCOMP;
    return holds;
}
