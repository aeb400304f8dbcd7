/* class_main.c - the program lectern-worker-CLASS: linked with one folder's `worker_class`. */
#include <stdio.h>

#include "base/file.h"
#include "worker/worker.h"

static bool read_source(const WorkerJob *job, Arena *arena, FileMap *map, WorkerArguments *args,
                        ExtractSource *source_r, Error *err)
{
    if (!worker_arguments_read(job->args, arena, args, err) || !fd_map(job->fds[0], map, err))
        return false;
    *source_r = (ExtractSource){ .bytes = map->bytes,
                                 .name = args->name,
                                 .media_type = args->media_type,
                                 .password = args->password,
                                 .languages = args->languages,
                                 .skips_look = args->skips_look,
                                 .hears_elsewhere = args->hears_elsewhere };
    return true;
}

static bool extract_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    WorkerArguments args;
    WorkerOutlet outlet;
    ExtractSource source;
    if (!read_source(job, arena, &map, &args, &source, err))
        return false;
    if (args.page_count && !worker_class.pages)
        return fail(err, ERROR_INTERNAL, "the %s worker reads no single pages", worker_class.name);
    DocWriter *doc = worker_outlet(arena, job, args.sends_members, &outlet);
    bool good =
        (args.page_count ? worker_class.pages(&source, args.pages, args.page_count, doc, err)
                         : worker_class.extract(&source, doc, err)) &&
        doc_writer_end(doc, err);
    doc_writer_free(doc);
    return good;
}

static bool page_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    AUTO_MAP FileMap words = { 0 };
    WorkerArguments args;
    ExtractSource source;
    PagePicture picture = { 0 };
    if (!worker_class.picture)
        return fail(err, ERROR_UNSUPPORTED, "the %s worker draws no pages", worker_class.name);
    if (!read_source(job, arena, &map, &args, &source, err) ||
        (job->fds[1] >= 0 && !fd_map(job->fds[1], &words, err)))
        return false;
    PagePictureRequest request = { .bytes = map.bytes,
                                   .password = args.password,
                                   .page = (int)args.page,
                                   .width = (int)args.width,
                                   .quote = args.quote,
                                   .words = words.bytes };
    return worker_class.picture(arena, &request, &picture, err) &&
           worker_send_picture(job, (int32_t)picture.boxes.count, picture.png, err);
}

static bool prepare_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    WorkerArguments args;
    ExtractSource source;
    WorkerPrepared prepared;
    if (!worker_class.prepare)
        return fail(err, ERROR_UNSUPPORTED, "the %s worker prepares nothing", worker_class.name);
    return read_source(job, arena, &map, &args, &source, err) &&
           worker_class.prepare(arena, source.bytes, &args, &prepared, err) &&
           worker_send_prepared(job, &prepared, err);
}

int main(int argc, char **argv)
{
    const WorkerService services[] = {
        { .name = "extract", .preload = worker_class.preload, .run = extract_run },
        { .name = "page", .run = page_run },
        { .name = "prepare", .run = prepare_run },
        { 0 },
    };
    sandbox_worker_main(argc, argv, services);
    fprintf(stderr, "lectern-worker-%s: started by lectern, not by hand\n", worker_class.name);
    return 64;
}
