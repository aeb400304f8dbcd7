/* services.c - the main class: every reader of src/extract, and pictures of pages. */
#include "base/file.h"
#include "extract/picture/page_picture.h"
#include "extract/preload.h"
#include "worker/worker.h"

static bool extract_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    WorkerArguments args;
    WorkerOutlet outlet;
    if (!worker_arguments_read(job->args, arena, &args, err) || !fd_map(job->fds[0], &map, err))
        return false;
    DocWriter *doc = worker_outlet(arena, job, args.sends_members, &outlet);
    ExtractSource source = { .bytes = map.bytes,
                             .name = args.name,
                             .media_type = args.media_type,
                             .password = args.password,
                             .languages = args.languages };
    bool good = extract_document(&source, doc, err);
    doc_writer_free(doc);
    return good;
}

static bool page_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    AUTO_MAP FileMap words = { 0 };
    WorkerArguments args;
    PagePicture picture;
    if (!worker_arguments_read(job->args, arena, &args, err) || !fd_map(job->fds[0], &map, err) ||
        (job->fds[1] >= 0 && !fd_map(job->fds[1], &words, err)))
        return false;
    PagePictureRequest request = { .bytes = map.bytes,
                                   .password = args.password,
                                   .page = (int)args.page,
                                   .width = (int)args.width,
                                   .quote = args.quote,
                                   .words = words.bytes };
    return page_picture(arena, &request, &picture, err) &&
           worker_send_picture(job, (int32_t)picture.boxes.count, picture.png, err);
}

const WorkerService worker_services[] = {
    { .name = "extract", .preload = extract_preload, .run = extract_run },
    { .name = "page", .run = page_run },
    { 0 },
};
