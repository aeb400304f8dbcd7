/* media_text.c - see media_text.h.
 *
 * All text subtitles come out of libavcodec as SubStation Alpha events; one pass over the packets
 * reads every track. */
#include "worker/media/media_text.h"

#include "extract/formats/subtitles.h"

enum { CUES_MAX = 200000, CUE_BYTES_MAX = 16 * 1024, CHAPTERS_MAX = 5000, TRACKS_MAX = 32 };
enum { READ_LIMIT_MS = 20000, ASS_FIELDS = 8 };

typedef struct Cue {
    int64_t start_ms, end_ms;
    Str text;
} Cue;

typedef struct Track {
    AVCodecContext *decoder;
    const AVStream *stream;
    VEC(Cue) cues;
} Track;

typedef struct Tracks {
    MediaFile *file;
    Arena *arena;
    Track list[TRACKS_MAX];
    size_t count, cue_count;
    unsigned pictures; /* tracks of pictures */
} Tracks;

/* --- Reading cues --- */

/* "0,0,Default,,0,0,0,,Text\Nmore": what follows the eighth comma. */
static Str event_text(Arena *arena, const char *event)
{
    Str rest = str_slice(str(event), 0, CUE_BYTES_MAX), field;
    for (int i = 0; i < ASS_FIELDS; i++)
        if (!str_next(&rest, ',', &field))
            return STR_NONE;
    Buf out = buf_new(arena, CUE_BYTES_MAX);
    for (size_t i = 0; i < rest.length; i++) {
        bool is_escape = rest.at[i] == '\\' && i + 1 < rest.length;
        if (is_escape && HAS_CHAR(rest.at[i + 1], "Nnh"))
            buf_add_char(&out, rest.at[++i] == 'h' ? ' ' : '\n');
        else
            buf_add_char(&out, rest.at[i]);
    }
    return buf_str(&out);
}

static void add_cue(Tracks *all, Track *track, const AVPacket *packet, const AVSubtitle *found)
{
    Buf text = buf_new(all->arena, CUE_BYTES_MAX);
    for (unsigned i = 0; i < found->num_rects; i++) {
        const AVSubtitleRect *rect = found->rects[i];
        Str line = rect->ass    ? event_text(all->arena, rect->ass)
                   : rect->text ? str_slice(str(rect->text), 0, CUE_BYTES_MAX)
                                : STR_NONE;
        if (text.length && line.length)
            buf_add_char(&text, '\n');
        buf_add(&text, line);
    }
    if (!str_trim(buf_str(&text)).length)
        return;
    int64_t start_ms = media_ms(all->file, track->stream, packet->pts);
    int64_t length_ms =
        av_rescale_q(packet->duration, track->stream->time_base, (AVRational){ 1, 1000 });
    if (length_ms <= 0 && found->end_display_time != UINT32_MAX)
        length_ms = found->end_display_time;
    *vec_push(all->arena, &track->cues) =
        (Cue){ start_ms, start_ms + MAX(length_ms, 0), buf_str(&text) };
    all->cue_count++;
}

static void take_packet(Tracks *all, AVPacket *packet)
{
    for (size_t i = 0; i < all->count; i++) {
        Track *track = &all->list[i];
        AVSubtitle found = { 0 };
        int got = 0;
        if (track->stream->index != packet->stream_index)
            continue;
        if (avcodec_decode_subtitle2(track->decoder, &found, &got, packet) >= 0 && got)
            add_cue(all, track, packet, &found);
        if (got)
            avsubtitle_free(&found);
    }
}

static bool is_text(const AVStream *stream)
{
    const AVCodecDescriptor *about = avcodec_descriptor_get(stream->codecpar->codec_id);
    return stream->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE && about &&
           (about->props & AV_CODEC_PROP_TEXT_SUB) &&
           stream->codecpar->codec_id != AV_CODEC_ID_EIA_608;
}

static void open_tracks(Tracks *all)
{
    AVFormatContext *format = all->file->format;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        bool is_wanted = is_text(stream) && all->count < TRACKS_MAX && !media_is_locked(stream);
        AVCodecContext *decoder = is_wanted ? media_decoder(stream) : NULL;
        all->pictures += stream->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE && !is_text(stream);
        stream->discard = decoder ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
        if (decoder)
            all->list[all->count++] = (Track){ .decoder = decoder, .stream = stream };
    }
}

/* Packets of other streams are skipped by the demuxer. */
static void read_tracks(Tracks *all, DocWriter *doc)
{
    AVPacket *packet = av_packet_alloc();
    media_set_deadline(all->file, READ_LIMIT_MS);
    while (packet && all->cue_count < CUES_MAX && arena_room(all->arena) > MB(1) &&
           av_read_frame(all->file->format, packet) >= 0) {
        take_packet(all, packet);
        av_packet_unref(packet);
    }
    if (media_is_late(all->file))
        doc_warning(doc, S("the subtitles are cut: reading them took too long"));
    media_set_deadline(all->file, 0);
    av_packet_free(&packet);
}

/* --- Writing --- */

static int compare_cues(const void *a, const void *b)
{
    const Cue *x = a, *y = b;
    return x->start_ms < y->start_ms ? -1 : x->start_ms > y->start_ms;
}

static void write_chapter(const MediaFile *file, unsigned index, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const AVChapter *chapter = file->format->chapters[index];
    const AVRational in_ms = { 1, 1000 };
    int64_t start_ms = MAX(0, av_rescale_q(chapter->start, chapter->time_base, in_ms));
    int64_t end_ms = av_rescale_q(chapter->end, chapter->time_base, in_ms);
    Str title = str_slice(media_tag(chapter->metadata, "title"), 0, KB(4));
    doc_place(doc, &(Place){ .start_ms = start_ms, .end_ms = MAX(start_ms, end_ms) });
    doc_heading(doc, 2, title.length ? title : str_format(arena, "Chapter %u", index + 1));
}

/* The first track's cues stand below their chapters. */
static void write_timeline(const MediaFile *file, const Track *track, DocWriter *doc)
{
    unsigned next = 0, count = MIN(file->format->nb_chapters, (unsigned)CHAPTERS_MAX);
    for (size_t i = 0; track && i < track->cues.count && doc_writer_ok(doc); i++) {
        const Cue *cue = &track->cues.at[i];
        for (; next < count; next++) {
            const AVChapter *chapter = file->format->chapters[next];
            if (av_rescale_q(chapter->start, chapter->time_base, (AVRational){ 1, 1000 }) >
                cue->start_ms)
                break;
            write_chapter(file, next, doc);
        }
        subtitle_write(doc, cue->text, cue->start_ms, cue->end_ms, 0, 0);
    }
    while (next < count)
        write_chapter(file, next++, doc);
}

static void write_further(Arena *arena, const Track *track, DocWriter *doc)
{
    Str language = media_tag(track->stream->metadata, "language");
    Str title = media_tag(track->stream->metadata, "title");
    Str name = title.length ? title : language.length ? language : S("another track");
    doc_place(doc, &(Place){ 0 });
    doc_heading(doc, 2, str_format(arena, "Subtitles: " STR_FMT, STR_ARG(str_slice(name, 0, 200))));
    for (size_t i = 0; i < track->cues.count && doc_writer_ok(doc); i++)
        subtitle_write(doc, track->cues.at[i].text, track->cues.at[i].start_ms,
                       track->cues.at[i].end_ms, 0, 0);
}

void media_write_text(MediaFile *file, DocWriter *doc, size_t *cues_r)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Tracks *all = arena_alloc(arena, sizeof *all);
    const Track *first = NULL;
    *all = (Tracks){ .file = file, .arena = arena };
    open_tracks(all);
    if (all->count)
        read_tracks(all, doc);
    for (size_t i = 0; i < all->count; i++) {
        Track *track = &all->list[i];
        if (track->cues.count)
            qsort(track->cues.at, track->cues.count, sizeof *track->cues.at, compare_cues);
        first = first || !track->cues.count ? first : track;
        avcodec_free_context(&track->decoder);
    }
    write_timeline(file, first, doc);
    for (size_t i = 0; i < all->count; i++)
        if (&all->list[i] != first && all->list[i].cues.count)
            write_further(arena, &all->list[i], doc);
    doc_place(doc, &(Place){ 0 });
    if (all->pictures)
        doc_warning(doc, str_format(arena, "%u subtitle tracks are pictures and were not read",
                                    all->pictures));
    *cues_r = all->cue_count;
}
