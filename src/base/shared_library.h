/* shared_library.h - a C library that is loaded when it is first needed.
 *
 * libcurl and libpq bring some 30 libraries with them (TLS twice, Kerberos, LDAP),
 * and linking those took half of the time that the program needs to start; most commands use none
 * of them. Any thread. */
#pragma once

#include "base/base.h"

typedef struct SharedFunction {
    const char *name;
    void *at; /* a pointer to the function goes here */
} SharedFunction;

/* Static, and zero but for these. */
typedef struct SharedLibrary {
    const char *file;    /* "libpq.so.5" */
    const char *package; /* of Debian, for the message */
    const SharedFunction *functions;
    size_t count;
    bool is_loaded;
} SharedLibrary;

/* Once is enough; it stays until the program ends. ERROR_UNSUPPORTED: it is not installed. */
MUST_CHECK bool shared_library_load(SharedLibrary *library, Error *err);
