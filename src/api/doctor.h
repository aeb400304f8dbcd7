/* doctor.h - what an owner is told of how the server and what it rests on are. */
#pragma once

#include "api/api.h"

typedef struct DoctorWish {
    bool is_deep; /* ask model services for their lists too */
    Str mail_to;  /* send it a mail; "": the mail server is only greeted */
} DoctorWish;

typedef struct DoctorFinding {
    const char *what;
    bool is_good;
    Str detail, advice; /* advice: what to do; "": nothing */
} DoctorFinding;

typedef struct DoctorFindings {
    Arena *arena; /* of the texts */
    VEC(DoctorFinding) list;
} DoctorFindings;
