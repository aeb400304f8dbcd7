/* sound.c - see sound.h. */
#include "worker/speech/sound.h"

#include <assert.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>

enum { RATE_MIN = 1000, RATE_MAX = 768000, CHANNELS_MAX = 64 };

typedef struct Track {
    MediaFile *file;
    const AVStream *stream;
    AVCodecContext *decoder;
    SwrContext *mixer;
    AVChannelLayout layout; /* the mixer was made for */
    int rate, format;
    AVPacket *packet;
    AVFrame *frame;
    Sound sound;
    size_t room, max;
    const SoundPieces *pieces; /* NULL: all of it in one piece */
    size_t taken;
} Track;

void sound_free(Sound *sound)
{
    free(sound->samples);
    *sound = (Sound){ 0 };
}

static bool reserve(Track *track, size_t more)
{
    if (track->sound.count + more <= track->room)
        return true;
    track->room = MAX(track->room * 2, track->sound.count + more);
    track->sound.samples =
        heap_grow(track->sound.samples, arena_array_size(sizeof(float), track->room));
    return true;
}

/* Frames may change their rate or channels on the way. */
static bool make_mixer(Track *track)
{
    const AVFrame *frame = track->frame;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    if (track->mixer && track->rate == frame->sample_rate && track->format == frame->format &&
        av_channel_layout_compare(&track->layout, &frame->ch_layout) == 0)
        return true;
    int channels = frame->ch_layout.nb_channels;
    swr_free(&track->mixer);
    if (frame->sample_rate < RATE_MIN || frame->sample_rate > RATE_MAX || channels < 1 ||
        channels > CHANNELS_MAX)
        return false;
    av_channel_layout_uninit(&track->layout);
    /* Without an order of channels there is nothing to mix by: take the usual one. */
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&track->frame->ch_layout, channels);
    if (av_channel_layout_copy(&track->layout, &frame->ch_layout) < 0)
        return false;
    track->rate = frame->sample_rate;
    track->format = frame->format;
    return swr_alloc_set_opts2(&track->mixer, &mono, AV_SAMPLE_FMT_FLT, SOUND_RATE, &track->layout,
                               track->format, track->rate, 0, NULL) >= 0 &&
           swr_init(track->mixer) >= 0;
}

static void add_samples(Track *track, const uint8_t **data, int count)
{
    int most = swr_get_out_samples(track->mixer, count);
    if (most <= 0 || !reserve(track, (size_t)most))
        return;
    uint8_t *to = (uint8_t *)(track->sound.samples + track->sound.count);
    int got = swr_convert(track->mixer, &to, most, data, count);
    track->sound.count += (size_t)MAX(got, 0);
}

/* A full piece goes; what is left of it begins the next one. */
static void hand_on(Track *track, bool is_last)
{
    Sound *sound = &track->sound;
    size_t used = track->pieces->take(track->pieces->self, sound, is_last);
    assert(used > 0 && used <= sound->count);
    sound->count -= used;
    memmove(sound->samples, sound->samples + used, sound->count * sizeof *sound->samples);
    track->taken += used;
}

static bool has_enough(const Track *track)
{
    if (!track->pieces)
        return track->sound.count >= track->max;
    return track->taken + track->sound.count >=
           (size_t)track->pieces->seconds_max * (size_t)SOUND_RATE;
}

static void take_frames(Track *track)
{
    while (avcodec_receive_frame(track->decoder, track->frame) >= 0) {
        if (!has_enough(track) && make_mixer(track))
            add_samples(track, (const uint8_t **)(void *)track->frame->extended_data,
                        track->frame->nb_samples);
        while (track->pieces && track->sound.count >= track->max)
            hand_on(track, false);
        av_frame_unref(track->frame);
    }
}

static void read_packets(Track *track)
{
    AVFormatContext *format = track->file->format;
    for (unsigned i = 0; i < format->nb_streams; i++)
        format->streams[i]->discard =
            format->streams[i] == track->stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    while (!has_enough(track) && av_read_frame(format, track->packet) >= 0) {
        if (track->packet->stream_index == track->stream->index &&
            avcodec_send_packet(track->decoder, track->packet) >= 0)
            take_frames(track);
        av_packet_unref(track->packet);
    }
    (void)avcodec_send_packet(track->decoder, NULL);
    take_frames(track);
    if (track->mixer)
        add_samples(track, NULL, 0);
}

static void end(Track *track)
{
    swr_free(&track->mixer);
    av_channel_layout_uninit(&track->layout);
    av_frame_free(&track->frame);
    av_packet_free(&track->packet);
    avcodec_free_context(&track->decoder);
}

static bool read_track(Track *track, Error *err)
{
    MediaFile *file = track->file;
    int at = av_find_best_stream(file->format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    if (at < 0)
        return fail(err, ERROR_UNSUPPORTED, "there is no sound");
    track->stream = file->format->streams[at];
    track->decoder = media_decoder(track->stream);
    track->packet = av_packet_alloc();
    track->frame = av_frame_alloc();
    if (track->decoder && track->packet && track->frame)
        read_packets(track);
    end(track);
    return track->sound.count || track->taken ||
           fail(err, ERROR_DAMAGED, "the sound cannot be decoded");
}

bool sound_read(MediaFile *file, int seconds_max, Sound *sound_r, Error *err)
{
    Track track = { .file = file, .max = (size_t)seconds_max * SOUND_RATE };
    if (!read_track(&track, err)) {
        sound_free(&track.sound);
        return false;
    }
    track.sound.is_cut = track.sound.count >= track.max;
    track.sound.count = MIN(track.sound.count, track.max);
    *sound_r = track.sound;
    return true;
}

bool sound_read_pieces(MediaFile *file, const SoundPieces *pieces, bool *is_cut_r, Error *err)
{
    Track track = { .file = file,
                    .max = (size_t)pieces->piece_seconds * SOUND_RATE,
                    .pieces = pieces };
    bool good = read_track(&track, err);
    *is_cut_r = has_enough(&track);
    while (good && track.sound.count)
        hand_on(&track, track.sound.count <= track.max);
    sound_free(&track.sound);
    return good;
}
