/* doctor_stores.c - whether originals, vectors and backups can be kept where they are to be. */
#include "base/clock.h"
#include "cli/doctor.h"
#include "library/library.h"

/* --- Originals --- */

static Str describe(Arena *arena, const BlobFacts *facts, int64_t took_ms)
{
    Str tried =
        str_format(arena, "64 KiB written, read, compared and removed in %" PRId64 " ms", took_ms);
    if (!facts->is_bucket)
        return tried;
    return str_format(arena, STR_FMT "; versioning: " STR_FMT "; encryption: " STR_FMT,
                      STR_ARG(tried),
                      STR_ARG(facts->versioning.length ? facts->versioning : S("off, or not told")),
                      STR_ARG(facts->encryption.length ? facts->encryption : S("none is told")));
}

static void try_store(Doctor *doctor, BlobStore *store, const char *what, const char *advice)
{
    BlobFacts facts;
    Error err;
    int64_t began_ms = monotonic_ms();
    if (!blob_try(store, doctor->arena, &facts, &err)) {
        doctor_say(doctor, false, what, str(err.message), advice);
        return;
    }
    doctor_say(doctor, true, what, describe(doctor->arena, &facts, monotonic_ms() - began_ms), "");
    doctor_say_clock(doctor, "S3", facts.ahead_ms);
}

void doctor_check_originals_store(Doctor *doctor)
{
    try_store(doctor, doctor->parts->blobs, "originals store",
              "Until it works nothing can be added. Of a folder: its owner, its mode, its disk; of "
              "S3: the settings that begin with s3_, and the rights of the key.");
    if (doctor->parts->second_blobs)
        try_store(doctor, doctor->parts->second_blobs, "second store",
                  "Damaged originals cannot be mended from it: see second_blob_store.");
}

/* --- Backups --- */

#define TRIAL S("trial-of-lectern-doctor")

static bool find_trial(FilePlace *place, Arena *arena, Error *err)
{
    StrList found;
    return file_place_list(place, arena, TRIAL, &found, err) &&
           (found.count || fail(err, ERROR_DAMAGED, "what was written is not listed there"));
}

static bool try_place(const Doctor *doctor, Error *err)
{
    FilePlace *place = doctor->parts->backup_to;
    BlobItem item;
    if (!blob_stage(doctor->parts->blobs, doctor->arena, S("lectern doctor"), &item, err))
        return false;
    bool is_good = file_place_put(place, item.temp_path, TRIAL, err) &&
                   find_trial(place, doctor->arena, err) && file_place_remove(place, TRIAL, err);
    (void)remove(item.temp_path); /* a bucket leaves it here */
    return is_good;
}

void doctor_check_backup_place(Doctor *doctor)
{
    Error err;
    if (!doctor->parts->backup_to)
        return;
    bool is_good = try_place(doctor, &err);
    doctor_say(doctor, is_good, "backup place",
               is_good ? S("a file was written, listed and removed") : str(err.message),
               "Backups cannot be made: see backup_to, and who may write there.");
}

/* --- Vectors --- */

void doctor_check_vector_store(Doctor *doctor)
{
    Library *library = doctor->parts->api->library;
    LibraryVectorCount vectors;
    Error err;
    /* Asked first: what counts well may refuse what is written. */
    int64_t failing_ms = library_vectors_failing_ms(library, &err);
    if (failing_ms || !library_count_vectors(library, &vectors, &err)) {
        doctor_say(doctor, false, "vector store",
                   failing_ms ? str_format(doctor->arena, "for %" PRId64 " s: %s",
                                           failing_ms / 1000, err.message)
                              : str(err.message),
                   "Searches go by words alone until it answers. Of Weaviate see weaviate_url, "
                   "weaviate_key and weaviate_ca, and whether it runs and this machine may reach "
                   "it; of pgvector the database. It is filled by itself once it is back.");
        return;
    }
    int64_t lacking = library_vectors_missing(library, &vectors);
    doctor_say(
        doctor, !lacking, "vector store",
        str_format(doctor->arena,
                   "%s: %" PRId64 " vectors; the database has %" PRId64 " passages with one%s",
                   vectors.store, vectors.stored, vectors.rows,
                   lacking ? ": some are lacking" : ""),
        "It is filled by itself in the background; when the number stays, `lectern db check` "
        "compares each.");
}
