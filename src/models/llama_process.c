/* llama_process.c - see llama_process.h. */
#include "models/llama_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define ARGUMENTS_MAX 64
#define VARIABLES_MAX 64
#define TERM_MS 3000 /* to end by itself, once it was asked to */
#define USUAL_NAME "llama-server"

/* --- Where it is --- */

static char *program_at(Arena *arena, Str folder, Str name)
{
    char *path =
        str_c(arena, str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name)));
    return access(path, X_OK) == 0 ? path : NULL;
}

char *llama_find(Arena *arena, Str setting)
{
    Str name = setting.length ? setting : S(USUAL_NAME), folders = str(getenv("PATH")), folder;
    if (str_find_char(name, '/') >= 0) {
        char *path = str_c(arena, name);
        return access(path, X_OK) == 0 ? path : NULL;
    }
    while (folders.length && str_next(&folders, ':', &folder)) {
        char *path = folder.length ? program_at(arena, folder, name) : NULL;
        if (path)
            return path;
    }
    return NULL;
}

int llama_free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &length) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

/* --- Starting --- */

/* Of our environment it gets what it finds its libraries and devices by; keys of services are none
 * of its business. */
static bool is_for_it(const char *variable)
{
    static const char *const beginnings[] = { "PATH=", "HOME=", "LANG=",  "LC_", "TMPDIR=",
                                              "LD_",   "CUDA",  "NVIDIA", "HIP", "ROCR",
                                              "HSA",   "GGML_", "OMP_",   "VK_", "LLAMA_ARG_" };
    for (size_t i = 0; i < COUNT(beginnings); i++)
        if (strncmp(variable, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static char **make_environment(Arena *arena, const char *key)
{
    char **variables = arena_new_array(arena, char *, VARIABLES_MAX + 2);
    size_t count = 0;
    for (char **one = environ; *one && count < VARIABLES_MAX; one++)
        if (is_for_it(*one))
            variables[count++] = *one;
    /* Not among the arguments, which every user of the machine can read. */
    variables[count++] = str_c(arena, str_format(arena, "LLAMA_API_KEY=%s", key));
    variables[count] = NULL;
    return variables;
}

static char **make_arguments(Arena *arena, const LlamaStart *start)
{
    const char *own[] = { start->program, "--model", start->model, "--alias",
                          start->name,    "--host",  "127.0.0.1",  "--port" };
    char **arguments = arena_new_array(arena, char *, ARGUMENTS_MAX + 1);
    size_t count = 0;
    for (; count < COUNT(own); count++)
        arguments[count] = str_c(arena, str(own[count]));
    arguments[count++] = str_c(arena, str_format(arena, "%d", start->port));
    for (size_t i = 0; i < start->arguments.count && count < ARGUMENTS_MAX; i++)
        arguments[count++] = str_c(arena, start->arguments.at[i]);
    arguments[count] = NULL;
    return arguments;
}

/* In the child, where only what is safe after fork() may be called. */
static _Noreturn void become(char **arguments, char **environment, int log_fd, int failed_fd,
                             pid_t parent)
{
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDONLY);
    bool good = getppid() == parent && dup2(nothing, 0) == 0 && dup2(log_fd, 1) == 1 &&
                dup2(log_fd, 2) == 2;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (good)
        execve(arguments[0], arguments, environment);
    int why = errno;
    (void)!write(failed_fd, &why, sizeof why);
    _exit(127);
}

static bool begin(LlamaProcess *process, char **arguments, char **environment, int log_fd,
                  int failed[2], Error *err)
{
    pid_t parent = getpid();
    int why = 0;
    process->pid = fork();
    if (process->pid == 0)
        become(arguments, environment, log_fd, failed[1], parent);
    if (process->pid < 0) {
        process->pid = 0;
        return fail(err, ERROR_IO, "no process can be started: %s", strerror(errno));
    }
    close(failed[1]);
    failed[1] = -1;
    if (read(failed[0], &why, sizeof why) != sizeof why)
        return true;
    (void)waitpid(process->pid, NULL, 0);
    process->pid = 0;
    return fail(err, ERROR_IO, "%s cannot be started: %s", arguments[0], strerror(why));
}

bool llama_start(LlamaProcess *process, const LlamaStart *start, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    int log[2] = { -1, -1 }, failed[2] = { -1, -1 };
    *process = (LlamaProcess){ .log_fd = -1 };
    bool good = pipe2(log, O_CLOEXEC) == 0 && pipe2(failed, O_CLOEXEC) == 0 &&
                fcntl(log[0], F_SETFL, O_NONBLOCK) == 0;
    good = good ? begin(process, make_arguments(arena, start), make_environment(arena, start->key),
                        log[1], failed, err)
                : fail(err, ERROR_IO, "no pipe: %s", strerror(errno));
    int ends[] = { log[1], failed[0], failed[1], good ? -1 : log[0] };
    for (size_t i = 0; i < COUNT(ends); i++)
        if (ends[i] >= 0)
            close(ends[i]);
    if (good)
        process->log_fd = log[0];
    return good;
}

/* --- Watching --- */

/* The newest half stays when there is no room. */
static void add_log(LlamaProcess *process, const char *bytes, size_t length)
{
    if (process->log_length + length > sizeof process->log) {
        size_t kept = MIN(process->log_length, sizeof process->log / 2);
        memmove(process->log, process->log + process->log_length - kept, kept);
        process->log_length = kept;
    }
    length = MIN(length, sizeof process->log - process->log_length);
    memcpy(process->log + process->log_length, bytes, length);
    process->log_length += length;
}

static void read_log(LlamaProcess *process)
{
    char bytes[KB(4)];
    ssize_t length;
    /* A process that talks without end is read again next time. */
    for (int i = 0; i < 64 && (length = read(process->log_fd, bytes, sizeof bytes)) > 0; i++)
        add_log(process, bytes, (size_t)length);
}

static Str last_line(const LlamaProcess *process)
{
    Str text = str_trim((Str){ process->log, process->log_length });
    ptrdiff_t line = str_find_last_char(text, '\n');
    return str_slice(line < 0 ? text : str_from(text, (size_t)line + 1), 0, 160);
}

static void let_go(LlamaProcess *process)
{
    read_log(process);
    close(process->log_fd);
    process->log_fd = -1;
    process->pid = 0;
}

bool llama_has_ended(LlamaProcess *process, char *reason_r, size_t size)
{
    int status;
    read_log(process);
    if (waitpid(process->pid, &status, WNOHANG) != process->pid)
        return false;
    let_go(process);
    Str line = last_line(process);
    if (WIFSIGNALED(status))
        snprintf(reason_r, size, "it was ended by signal %d%s" STR_FMT, WTERMSIG(status),
                 line.length ? ": " : "", STR_ARG(line));
    else
        snprintf(reason_r, size, "it ended with status %d%s" STR_FMT, WEXITSTATUS(status),
                 line.length ? ": " : "", STR_ARG(line));
    return true;
}

void llama_stop(LlamaProcess *process)
{
    if (!process->pid)
        return;
    int64_t until_ms = monotonic_ms() + TERM_MS;
    (void)kill(-process->pid, SIGTERM);
    while (waitpid(process->pid, NULL, WNOHANG) == 0) {
        if (monotonic_ms() > until_ms)
            (void)kill(-process->pid, SIGKILL);
        usleep(10000);
    }
    (void)kill(-process->pid, SIGKILL); /* what it has started itself */
    let_go(process);
}

static int64_t kilobytes_of(Str status, Str name)
{
    int64_t number;
    ptrdiff_t at = str_find(status, name);
    Str rest = at < 0 ? S("") : str_trim(str_from(status, (size_t)at + name.length));
    ptrdiff_t end = str_find_char(rest, ' ');
    return end > 0 && str_to_int(str_slice(rest, 0, (size_t)end), 0, INT64_MAX / 1024, &number)
               ? number
               : 0;
}

int64_t llama_memory(const LlamaProcess *process)
{
    char path[64], text[KB(8)];
    snprintf(path, sizeof path, "/proc/%d/status", (int)process->pid);
    int fd = process->pid ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    Str status = { text, length > 0 ? (size_t)length : 0 };
    return (kilobytes_of(status, S("RssAnon:")) + kilobytes_of(status, S("RssShmem:"))) * 1024;
}
