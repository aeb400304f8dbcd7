/* doctor.c - see doctor.h. */
#include "cli/doctor.h"

#define CLOCK_MAX_MS 5000

void doctor_say(Doctor *doctor, bool is_good, const char *what, Str detail, const char *advice)
{
    *vec_push(doctor->findings->arena, &doctor->findings->list) =
        (DoctorFinding){ .what = what,
                         .is_good = is_good,
                         .detail = str_copy(doctor->findings->arena, detail),
                         .advice = str(is_good ? "" : advice) };
}

void doctor_say_clock(Doctor *doctor, const char *whose, int64_t ahead_ms)
{
    int64_t apart_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;
    if (apart_ms > CLOCK_MAX_MS)
        doctor_say(
            doctor, false, "clock",
            str_format(doctor->arena, "the clock of %s is %" PRId64 " s %s this machine's", whose,
                       apart_ms / 1000, ahead_ms < 0 ? "behind" : "before"),
            "Let both follow the same time (systemd-timesyncd or chrony): tokens, leases and "
            "signatures go by it.");
}

void doctor_examine(void *parts, const Scope *scope, const DoctorWish *wish,
                    DoctorFindings *findings)
{
    static DoctorCheck *const checks[] = {
#define DOCTOR_CHECK(name) doctor_check_##name,
#include "cli/doctor.def"
#undef DOCTOR_CHECK
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Doctor doctor = {
        .parts = parts, .arena = arena, .scope = scope, .wish = wish, .findings = findings
    };
    for (size_t i = 0; i < COUNT(checks); i++)
        checks[i](&doctor);
}
