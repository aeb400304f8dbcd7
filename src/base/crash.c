/* crash.c - the last words of a process that breaks. */
#include "base/crash.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

static int kept_fd = -1; /* where last words are kept; -1: nowhere */

/* Only what POSIX allows in a handler: no printf, no memory. */
static void say(const char *words)
{
    ssize_t ignored = write(STDERR_FILENO, words, strlen(words));
    if (kept_fd >= 0)
        ignored = write(kept_fd, words, strlen(words));
    (void)ignored;
}

static void say_hex(uintptr_t number)
{
    char digits[2 * sizeof number + 1] = "";
    for (size_t i = 0; i < 2 * sizeof number; i++)
        digits[i] = "0123456789abcdef"[(number >> (4 * (2 * sizeof number - 1 - i))) & 15];
    say(digits);
}

static void last_words(int number, siginfo_t *info, void *context)
{
    void *calls[64];
    (void)context;
    say("lectern " VERSION ": broken by signal SIG");
    say(sigabbrev_np(number) ? sigabbrev_np(number) : "?");
    say(" at 0x");
    say_hex((uintptr_t)info->si_addr);
    say("; this is a defect of the program, please report these lines:\n");
    int count = backtrace(calls, (int)COUNT(calls));
    backtrace_symbols_fd(calls, count, STDERR_FILENO);
    if (kept_fd >= 0)
        backtrace_symbols_fd(calls, count, kept_fd);
    raise(number); /* the handler is gone (SA_RESETHAND): it ends as it would have */
}

void crash_report(void)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    static char stack[KB(64)];
    void *call;
#ifdef __SANITIZE_ADDRESS__
    return;
#endif
    stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_sigaction = last_words,
                                .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK };
    (void)backtrace(&call, 1); /* loads what it needs now, not in the handler */
    (void)sigaltstack(&other, NULL);
    for (size_t i = 0; i < COUNT(numbers); i++)
        (void)sigaction(numbers[i], &action, NULL);
}

void crash_keep(const char *path)
{
    kept_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}
