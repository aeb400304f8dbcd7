/* doctor_secrets.c - whether what lies sealed in the database can be opened, and whether what
 * should lie sealed does. */
#include "cli/doctor.h"
#include "store/sealed_texts.h"

void doctor_check_secrets(Doctor *doctor)
{
    Arena *arena = doctor->arena;
    SealedTexts texts;
    Error err;
    if (!texts_check(doctor->parts->api->db, &texts, &err)) {
        doctor_say(doctor, false, "secrets", str_copy(arena, str(err.message)),
                   "Give this server the master key that the others have.");
        return;
    }
    if (texts.count)
        doctor_say(doctor, !texts.lost, "secrets",
                   str_format(arena,
                              "%" PRId64 " of %" PRId64 " addresses and services with secrets "
                              "cannot be opened with this master key",
                              texts.lost, texts.count),
                   "They were sealed with another one: give them again.");
    if (texts.open)
        doctor_say(doctor, false, "open secrets",
                   str_format(arena,
                              "%" PRId64 " addresses and services with secrets lie open in the "
                              "database, as older programs read them",
                              texts.open),
                   "When all servers are of this version: lectern migrate seal");
}
