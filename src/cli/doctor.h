/* doctor.h - the running server looks at itself and at what it rests on, and says what to do.
 *
 * To add a check: a line in doctor.def and its function. It blocks for some seconds at most and
 * changes nothing that stays.
 *
 * Threads: any; each examination is one thread's. */
#pragma once

#include "api/doctor.h"
#include "blob/blob_store.h"
#include "blob/file_place.h"
#include "cli/settings.h"

/* What is looked at; borrowed. */
typedef struct DoctorParts {
    Api *api;
    const Settings *settings;
    BlobStore *blobs, *second_blobs; /* second: NULL: there is none */
    FilePlace *backup_to;            /* NULL: nowhere */
} DoctorParts;

typedef struct Doctor {
    const DoctorParts *parts;
    Arena *arena;
    const Scope *scope; /* who asks */
    const DoctorWish *wish;
    DoctorFindings *findings;
} Doctor;

/* As Api.examine has it; `parts` is a DoctorParts. */
void doctor_examine(void *parts, const Scope *scope, const DoctorWish *wish,
                    DoctorFindings *findings);

/* The texts stay the caller's, as long as the findings. */
void doctor_say(Doctor *doctor, bool is_good, const char *what, Str detail, const char *advice);
/* What the clock of somebody else says of ours. */
void doctor_say_clock(Doctor *doctor, const char *whose, int64_t ahead_ms);

typedef void DoctorCheck(Doctor *doctor);
#define DOCTOR_CHECK(name) DoctorCheck doctor_check_##name;
#include "cli/doctor.def"
#undef DOCTOR_CHECK
