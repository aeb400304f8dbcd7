/* media_file.c - see media_file.h. */
#include "worker/media/media_file.h"

#include "base/clock.h"

#include <libavutil/opt.h>

enum { IO_BUFFER = 65536, PIXELS_MAX = 64 * 1024 * 1024, STREAMS_MAX = 256, PADDING = 131072 };

/* The demuxers of the formats we name. Others of libavformat follow references to files, play
 * programs of sound chips or read lists. */
#define DEMUXERS                                                                                   \
    "mp3,aac,wav,w64,aiff,flac,ogg,amr,amrnb,amrwb,caf,wv,ape,mpc,mpc8,au,mov,matroska,avi,"       \
    "flv,asf,mpeg,mpegts,mpegvideo,ac3,eac3,dts,ivf,m4v,h264"

/* --- Memory as a file --- */

static int read_bytes(void *self, uint8_t *to, int size)
{
    MediaFile *file = self;
    if (media_is_late(file))
        return AVERROR_EXIT;
    Str rest = str_from(file->bytes, (size_t)file->at);
    size_t length = MIN(rest.length, (size_t)MAX(size, 0));
    if (length) {
        memcpy(to, rest.at, length);
    } else {
        int64_t zeros = (int64_t)file->bytes.length + file->padding - file->at;
        length = (size_t)MIN(MAX(zeros, 0), (int64_t)MAX(size, 0));
        memset(to, 0, length);
    }
    if (!length)
        return AVERROR_EOF;
    file->at += (int64_t)length;
    return (int)length;
}

static int64_t seek_bytes(void *self, int64_t offset, int whence)
{
    MediaFile *file = self;
    int64_t size = (int64_t)file->bytes.length;
    int64_t base = whence == SEEK_CUR ? file->at : whence == SEEK_END ? size : 0;
    if (whence == AVSEEK_SIZE)
        return size;
    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
        return AVERROR(EINVAL);
    if (offset > size + file->padding - base || offset < -base)
        return AVERROR(EINVAL);
    file->at = base + offset;
    return file->at;
}

/* Of a file that names another: there is none. */
static int refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EACCES);
}

static int is_over(void *self) { return media_is_late(self); }

/* --- Opening --- */

void media_preload(void)
{
    av_log_set_level(AV_LOG_QUIET);
    /* The first look for a codec puts all of them in order. */
    (void)avcodec_find_decoder(AV_CODEC_ID_AAC);
    (void)av_find_input_format("mp3");
}

static bool fail_av(Error *err, int code)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    (void)av_strerror(code, text, sizeof text);
    if (code == AVERROR_EXIT)
        return fail(err, ERROR_TIMEOUT, "opening the recording took too long");
    if (code == AVERROR(ENOMEM))
        return fail(err, ERROR_TOO_LARGE, "opening the recording needs too much memory");
    return fail(err, ERROR_DAMAGED, "the recording is cut or damaged (%s)", text);
}

static bool make_context(MediaFile *file, Error *err)
{
    unsigned char *buffer = av_malloc(IO_BUFFER);
    file->format = avformat_alloc_context();
    file->io = buffer ? avio_alloc_context(buffer, IO_BUFFER, 0, file, read_bytes, NULL, seek_bytes)
                      : NULL;
    if (!file->format || !file->io) {
        if (!file->io)
            av_free(buffer);
        return fail(err, ERROR_TOO_LARGE, "there is no memory for it");
    }
    file->format->pb = file->io;
    file->format->io_open = refuse_open;
    file->format->interrupt_callback = (AVIOInterruptCB){ is_over, file };
    file->format->max_streams = STREAMS_MAX;
    file->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    return true;
}

static int open_input(MediaFile *file, const ExtractSource *source)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", DEMUXERS, 0);
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    /* The name's ending helps libav to tell formats that look alike. */
    int code = avformat_open_input(&file->format, str_c(arena, str_slice(source->name, 0, KB(4))),
                                   NULL, &options);
    av_dict_free(&options);
    return code;
}

bool media_open(MediaFile *file, const ExtractSource *source, Error *err)
{
    *file = (MediaFile){ .bytes = source->bytes, .deadline_ms = file->deadline_ms };
    if (!make_context(file, err))
        return false;
    int code = open_input(file, source);
    /* The MP3 demuxer refuses a file that ends within its first two frames. */
    if (code == AVERROR(EINVAL)) {
        media_close(file);
        file->at = 0;
        file->padding = PADDING;
        if (!make_context(file, err))
            return false;
        code = open_input(file, source);
    }
    if (code < 0)
        return fail_av(err, code);
    /* What cannot be found out about a stream is left empty. */
    (void)avformat_find_stream_info(file->format, NULL);
    return true;
}

void media_close(MediaFile *file)
{
    avformat_close_input(&file->format);
    if (file->io)
        av_freep(&file->io->buffer);
    avio_context_free(&file->io);
}

void media_set_deadline(MediaFile *file, int64_t after_ms)
{
    file->deadline_ms = after_ms ? monotonic_ms() + after_ms : 0;
}

bool media_is_late(const MediaFile *file)
{
    return file->deadline_ms && monotonic_ms() > file->deadline_ms;
}

/* --- Times --- */

double media_seconds(const MediaFile *file)
{
    if (file->padding)
        return 0;
    if (file->format->duration != AV_NOPTS_VALUE)
        return (double)file->format->duration / AV_TIME_BASE;
    double longest = 0;
    for (unsigned i = 0; i < file->format->nb_streams; i++) {
        const AVStream *stream = file->format->streams[i];
        if (stream->duration != AV_NOPTS_VALUE)
            longest = MAX(longest, (double)stream->duration * av_q2d(stream->time_base));
    }
    return longest;
}

int64_t media_ms(const MediaFile *file, const AVStream *stream, int64_t time)
{
    int64_t start = file->format->start_time;
    if (time == AV_NOPTS_VALUE)
        return 0;
    int64_t ms = av_rescale_q(time, stream->time_base, (AVRational){ 1, 1000 });
    return MAX(0, ms - (start == AV_NOPTS_VALUE ? 0 : start / 1000));
}

/* --- Streams --- */

AVCodecContext *media_decoder(const AVStream *stream)
{
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!decoder)
        return NULL;
    bool good = avcodec_parameters_to_context(decoder, stream->codecpar) >= 0;
    decoder->thread_count = 1;
    decoder->max_pixels = PIXELS_MAX;
    decoder->pkt_timebase = stream->time_base;
    if (!good || avcodec_open2(decoder, codec, NULL) < 0)
        avcodec_free_context(&decoder);
    return decoder;
}

bool media_is_locked(const AVStream *stream)
{
    static const char *const locked[] = { "drms", "drmi", "enca", "encv" };
    uint32_t tag = stream->codecpar->codec_tag;
    for (size_t i = 0; i < COUNT(locked); i++)
        if (tag == MKTAG(locked[i][0], locked[i][1], locked[i][2], locked[i][3]))
            return true;
    return av_stream_get_side_data(stream, AV_PKT_DATA_ENCRYPTION_INIT_INFO, NULL) != NULL;
}

Str media_tag(const AVDictionary *tags, const char *key)
{
    const AVDictionaryEntry *entry = av_dict_get(tags, key, NULL, 0);
    return entry ? str(entry->value) : STR_NONE;
}
