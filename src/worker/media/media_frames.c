/* media_frames.c - see media_frames.h.
 *
 * Key frames at even distances are decoded, made small and compared by their colours; those that
 * differ most are kept. Nothing between key frames is decoded, so an hour costs what a minute
 * does. */
#include "worker/media/media_frames.h"

#include "worker/media/media_facts.h"

#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

enum { CANDIDATES = 36, FRAMES_MAX = 10, SIDE_MAX = 1280, SIDE_MIN = 32 };
enum { LIMIT_MS = 15000, PACKETS_MAX = 400, LEVELS = 4, BINS = LEVELS * LEVELS * LEVELS };
enum { GRID = 8, QUALITY = 4 };
#define SECONDS_MIN 2.0
#define DIFFERENT 0.25F /* of 2: colours and layout together */

/* What a frame looks like: shares of 64 colours, and the brightness of 8 x 8 parts. */
typedef struct Look {
    float colors[BINS];
    float grid[GRID * GRID];
    float spread; /* of the brightness; near 0: one colour */
} Look;

typedef struct Candidate {
    AVFrame *frame; /* YUV 4:2:0, upright, at most SIDE_MAX */
    int64_t time_ms;
    Look look;
    bool is_chosen;
} Candidate;

typedef struct Reel {
    MediaFile *file;
    AVStream *stream;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    Candidate list[CANDIDATES];
    size_t count;
    int rotation;
} Reel;

/* --- Scaling --- */

static AVFrame *new_frame(enum AVPixelFormat format, int width, int height)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame)
        return NULL;
    frame->format = format;
    frame->width = width;
    frame->height = height;
    if (av_frame_get_buffer(frame, 0) < 0)
        av_frame_free(&frame);
    return frame;
}

static AVFrame *scaled(const AVFrame *from, enum AVPixelFormat format, int width, int height)
{
    struct SwsContext *scaler = sws_getContext(from->width, from->height, from->format, width,
                                               height, format, SWS_AREA, NULL, NULL, NULL);
    AVFrame *to = scaler ? new_frame(format, width, height) : NULL;
    if (to && sws_scale(scaler, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
                        to->data, to->linesize) <= 0)
        av_frame_free(&to);
    sws_freeContext(scaler);
    return to;
}

/* One plane turned clockwise. */
static void turn_plane(const uint8_t *from, int from_line, uint8_t *to, int to_line, int width,
                       int height, int degrees)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int to_x = degrees == 90 ? height - 1 - y : degrees == 180 ? width - 1 - x : y;
            int to_y = degrees == 90 ? x : degrees == 180 ? height - 1 - y : width - 1 - x;
            to[(ptrdiff_t)to_y * to_line + to_x] = from[(ptrdiff_t)y * from_line + x];
        }
}

static AVFrame *upright(AVFrame *frame, int degrees)
{
    bool is_side = degrees != 180;
    AVFrame *to = new_frame(AV_PIX_FMT_YUVJ420P, is_side ? frame->height : frame->width,
                            is_side ? frame->width : frame->height);
    for (int i = 0; to && i < 3; i++) {
        int width = i ? frame->width / 2 : frame->width;
        int height = i ? frame->height / 2 : frame->height;
        turn_plane(frame->data[i], frame->linesize[i], to->data[i], to->linesize[i], width, height,
                   degrees);
    }
    av_frame_free(&frame);
    return to;
}

/* Pixels may be wider than high; sides are even, as 4:2:0 wants them. */
static AVFrame *small_frame(const Reel *reel, const AVFrame *from)
{
    AVRational aspect = av_guess_sample_aspect_ratio(reel->file->format, reel->stream, NULL);
    double width = from->width, height = from->height;
    if (aspect.num > 0 && aspect.den > 0 && av_q2d(aspect) > 0.25 && av_q2d(aspect) < 4)
        width *= av_q2d(aspect);
    double scale = MIN(1, SIDE_MAX / MAX(width, height));
    int even_width = MAX(2, (int)(width * scale) & ~1);
    int even_height = MAX(2, (int)(height * scale) & ~1);
    AVFrame *frame = scaled(from, AV_PIX_FMT_YUVJ420P, even_width, even_height);
    return frame && reel->rotation ? upright(frame, reel->rotation) : frame;
}

/* --- Comparing --- */

static bool look_at(const AVFrame *frame, Look *look)
{
    enum { SIDE = GRID * 8 };
    AVFrame *small = scaled(frame, AV_PIX_FMT_RGB24, SIDE, SIDE);
    float sum = 0, squares = 0;
    *look = (Look){ 0 };
    if (!small)
        return false;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *rgb = small->data[0] + (ptrdiff_t)y * small->linesize[0] + x * 3;
            float bright = (float)(rgb[0] * 3 + rgb[1] * 6 + rgb[2]) / 2550;
            int bin = (rgb[0] / 64 * LEVELS + rgb[1] / 64) * LEVELS + rgb[2] / 64;
            look->colors[bin] += 1.0F / (SIDE * SIDE);
            look->grid[y / 8 * GRID + x / 8] += bright / 64;
            sum += bright;
            squares += bright * bright;
        }
    float mean = sum / (SIDE * SIDE);
    look->spread = squares / (SIDE * SIDE) - mean * mean;
    av_frame_free(&small);
    return true;
}

/* 0 (alike) to 2. */
static float difference(const Look *a, const Look *b)
{
    float colors = 0, grid = 0;
    for (int i = 0; i < BINS; i++)
        colors +=
            a->colors[i] > b->colors[i] ? a->colors[i] - b->colors[i] : b->colors[i] - a->colors[i];
    for (int i = 0; i < GRID * GRID; i++)
        grid += a->grid[i] > b->grid[i] ? a->grid[i] - b->grid[i] : b->grid[i] - a->grid[i];
    return colors / 2 + grid * 4 / (GRID * GRID);
}

/* The one that differs most from all that are chosen. */
static Candidate *most_different(Reel *reel, float *distance_r)
{
    Candidate *best = NULL;
    *distance_r = 0;
    for (size_t i = 0; i < reel->count; i++) {
        Candidate *one = &reel->list[i];
        float nearest = 2;
        for (size_t k = 0; k < reel->count; k++)
            if (reel->list[k].is_chosen)
                nearest = MIN(nearest, difference(&one->look, &reel->list[k].look));
        if (!one->is_chosen && one->look.spread > 0.0005F && nearest > *distance_r) {
            best = one;
            *distance_r = nearest;
        }
    }
    return best;
}

static void choose(Reel *reel)
{
    float distance;
    for (int i = 0; i < FRAMES_MAX; i++) {
        Candidate *best = most_different(reel, &distance);
        if (!best || (i > 0 && distance < DIFFERENT))
            return;
        best->is_chosen = true;
    }
}

/* --- Decoding --- */

/* The next key frame from where the file stands. */
static bool next_frame(Reel *reel)
{
    int code = AVERROR(EAGAIN);
    for (int i = 0; i < PACKETS_MAX && code == AVERROR(EAGAIN); i++) {
        if (av_read_frame(reel->file->format, reel->packet) < 0) {
            (void)avcodec_send_packet(reel->decoder, NULL);
            return avcodec_receive_frame(reel->decoder, reel->frame) >= 0;
        }
        bool is_ours = reel->packet->stream_index == reel->stream->index;
        if (is_ours)
            (void)avcodec_send_packet(reel->decoder, reel->packet);
        av_packet_unref(reel->packet);
        if (is_ours)
            code = avcodec_receive_frame(reel->decoder, reel->frame);
    }
    return code >= 0;
}

static bool is_known(const Reel *reel, int64_t time_ms)
{
    for (size_t i = 0; i < reel->count; i++)
        if (reel->list[i].time_ms == time_ms)
            return true;
    return false;
}

static void add_candidate(Reel *reel)
{
    int64_t time_ms = media_ms(reel->file, reel->stream, reel->frame->best_effort_timestamp);
    Candidate *one = &reel->list[reel->count];
    bool is_good = !(reel->frame->flags & AV_FRAME_FLAG_CORRUPT) && reel->frame->width > 0;
    if (!is_good || is_known(reel, time_ms))
        return;
    AVFrame *frame = small_frame(reel, reel->frame);
    if (frame && look_at(frame, &one->look)) {
        one->frame = frame;
        one->time_ms = time_ms;
        reel->count++;
    } else {
        av_frame_free(&frame);
    }
}

static void gather(Reel *reel, DocWriter *doc)
{
    double seconds = media_seconds(reel->file);
    AVFormatContext *format = reel->file->format;
    int64_t start = format->start_time == AV_NOPTS_VALUE ? 0 : format->start_time;
    for (unsigned i = 0; i < format->nb_streams; i++)
        format->streams[i]->discard =
            format->streams[i] == reel->stream ? AVDISCARD_NONKEY : AVDISCARD_ALL;
    for (int i = 0; i < CANDIDATES && !media_is_late(reel->file) && doc_writer_ok(doc); i++) {
        double at = seconds * (i + 0.5) / CANDIDATES;
        int64_t time = start + (int64_t)(at * AV_TIME_BASE);
        if (avformat_seek_file(format, -1, INT64_MIN, time, INT64_MAX, 0) < 0)
            continue;
        avcodec_flush_buffers(reel->decoder);
        if (next_frame(reel))
            add_candidate(reel);
        av_frame_unref(reel->frame);
        doc_progress(doc, "pictures", i + 1, CANDIDATES);
    }
}

/* --- JPEG --- */

static void write_jpeg(const Candidate *one, DocWriter *doc)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *packet = av_packet_alloc();
    if (encoder && packet) {
        encoder->width = one->frame->width;
        encoder->height = one->frame->height;
        encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
        encoder->time_base = (AVRational){ 1, 25 };
        encoder->thread_count = 1;
        encoder->flags |= AV_CODEC_FLAG_QSCALE;
        encoder->global_quality = FF_QP2LAMBDA * QUALITY;
        one->frame->quality = encoder->global_quality;
        one->frame->pts = 0;
        if (avcodec_open2(encoder, codec, NULL) >= 0 &&
            avcodec_send_frame(encoder, one->frame) >= 0 &&
            avcodec_receive_packet(encoder, packet) >= 0) {
            char name[64];
            long long s = (long long)one->time_ms / 1000;
            snprintf(name, sizeof name, "frame %02lld:%02lld:%02lld.jpg", s / 3600, s / 60 % 60,
                     s % 60);
            doc_child(doc, str(name), S("image/jpeg"),
                      (Str){ (const char *)packet->data, (size_t)packet->size });
        }
    }
    av_packet_free(&packet);
    avcodec_free_context(&encoder);
}

/* --- The whole --- */

static bool begin(Reel *reel, MediaFile *file)
{
    const AVStream *stream = media_main_stream(file, AVMEDIA_TYPE_VIDEO);
    const AVCodecParameters *codec = stream ? stream->codecpar : NULL;
    *reel = (Reel){ .file = file };
    if (!stream || media_seconds(file) < SECONDS_MIN || media_is_locked(stream) ||
        codec->width < SIDE_MIN || codec->height < SIDE_MIN)
        return false;
    reel->stream = file->format->streams[stream->index];
    reel->decoder = media_decoder(stream);
    reel->packet = av_packet_alloc();
    reel->frame = av_frame_alloc();
    reel->rotation = media_rotation(stream);
    if (reel->decoder)
        reel->decoder->skip_frame = AVDISCARD_NONKEY;
    return reel->decoder && reel->packet && reel->frame;
}

static void end(Reel *reel)
{
    for (size_t i = 0; i < reel->count; i++)
        av_frame_free(&reel->list[i].frame);
    av_frame_free(&reel->frame);
    av_packet_free(&reel->packet);
    avcodec_free_context(&reel->decoder);
}

void media_write_frames(MediaFile *file, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Reel *reel = arena_alloc(arena, sizeof *reel);
    if (begin(reel, file)) {
        media_set_deadline(file, LIMIT_MS);
        gather(reel, doc);
        media_set_deadline(file, 0);
        choose(reel);
        for (size_t i = 0; i < reel->count; i++)
            if (reel->list[i].is_chosen)
                write_jpeg(&reel->list[i], doc);
    }
    end(reel);
}
