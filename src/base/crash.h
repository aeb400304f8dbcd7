/* crash.h - the last words of a process that breaks: the signal, the address and the calls that led
 * there, as offsets that `addr2line -fe lectern OFFSET` turns into lines. */
#pragma once

/* From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT are told on standard error before they
 * end the process as they always do (core files included). Call once, before threads start. A
 * thread that has used up its stack says nothing, unless it is the calling one. Under the address
 * sanitizer, which tells more, it does nothing. */
void crash_report(void);

/* The last words go to this file too, which is emptied now; the folder is there. Called once. */
void crash_keep(const char *path);
