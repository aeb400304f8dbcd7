/* media_facts.c - see media_facts.h. */
#include "worker/media/media_facts.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/metadata.h"

#include <libavutil/display.h>
#include <math.h>

enum { TAGS_MAX = 200, TAG_BYTES_MAX = 16 * 1024 };

static const struct {
    const char *tag, *fact;
} names[] = {
#define MEDIA_TAG(tag, fact) { #tag, #fact },
#include "worker/media/media_tags.def"
#undef MEDIA_TAG
};

/* --- Streams --- */

static bool media_is_cover(const AVStream *stream)
{
    return (stream->disposition &
            (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0;
}

const AVStream *media_main_stream(const MediaFile *file, enum AVMediaType kind)
{
    int at = av_find_best_stream(file->format, kind, -1, -1, NULL, 0);
    const AVStream *stream = at < 0 ? NULL : file->format->streams[at];
    return stream && !media_is_cover(stream) ? stream : NULL;
}

int media_rotation(const AVStream *stream)
{
    const uint8_t *side = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    if (!side)
        return 0;
    double counter_clockwise = av_display_rotation_get((const int32_t *)(const void *)side);
    if (isnan(counter_clockwise))
        return 0;
    int quarters = (int)lround(-counter_clockwise / 90) % 4;
    return (quarters + 4) % 4 * 90;
}

static double frame_rate(const AVStream *stream)
{
    AVRational rate = stream->avg_frame_rate.num ? stream->avg_frame_rate : stream->r_frame_rate;
    return rate.num > 0 && rate.den > 0 ? round(av_q2d(rate) * 1000) / 1000 : 0;
}

static void write_positive(DocWriter *doc, const char *key, int64_t value)
{
    if (value > 0)
        doc_meta_whole(doc, key, value);
}

static void write_video(const AVStream *stream, DocWriter *doc)
{
    const AVCodecParameters *codec = stream->codecpar;
    doc_meta(doc, "video_codec", str(avcodec_get_name(codec->codec_id)));
    write_positive(doc, "width", codec->width);
    write_positive(doc, "height", codec->height);
    if (frame_rate(stream) > 0)
        doc_meta_number(doc, "frame_rate", frame_rate(stream));
    write_positive(doc, "rotation", media_rotation(stream));
}

static void write_sound(const AVStream *stream, DocWriter *doc)
{
    const AVCodecParameters *codec = stream->codecpar;
    doc_meta(doc, "audio_codec", str(avcodec_get_name(codec->codec_id)));
    write_positive(doc, "sample_rate", codec->sample_rate);
    write_positive(doc, "channels", codec->ch_layout.nb_channels);
}

/* --- The table of streams --- */

static const char *kind_of(const AVStream *stream)
{
    if (media_is_cover(stream))
        return "cover";
    switch (stream->codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO: return "video";
    case AVMEDIA_TYPE_AUDIO: return "sound";
    case AVMEDIA_TYPE_SUBTITLE: return "subtitles";
    case AVMEDIA_TYPE_ATTACHMENT: return "attachment";
    default: return "data";
    }
}

static Str details_of(Arena *arena, const AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    Buf out = buf_new(arena, KB(1));
    if (codec->width > 0 && codec->height > 0)
        buf_addf(&out, ", %d x %d", codec->width, codec->height);
    if (codec->codec_type == AVMEDIA_TYPE_VIDEO && !media_is_cover(stream) &&
        frame_rate(stream) > 0)
        buf_addf(&out, ", %.15g pictures a second", frame_rate(stream));
    if (codec->sample_rate > 0)
        buf_addf(&out, ", %d Hz", codec->sample_rate);
    if (codec->ch_layout.nb_channels > 0)
        buf_addf(&out, ", %d channel%s", codec->ch_layout.nb_channels,
                 codec->ch_layout.nb_channels == 1 ? "" : "s");
    if (codec->bit_rate > 0)
        buf_addf(&out, ", %.0f kbit/s", (double)codec->bit_rate / 1000);
    if (media_rotation(stream))
        buf_addf(&out, ", turned by %d degrees", media_rotation(stream));
    if (media_is_locked(stream))
        buf_add(&out, S(", encrypted"));
    return str_from(buf_str(&out), 2);
}

static void write_streams(const MediaFile *file, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    static const char *const heads[] = {
        "Stream", "Kind", "Codec", "Details", "Language", "Title"
    };
    doc_table_begin(doc);
    for (size_t i = 0; i < COUNT(heads); i++)
        doc_cell(doc, str(heads[i]));
    doc_row_end(doc);
    doc_header_end(doc);
    for (unsigned i = 0; i < file->format->nb_streams; i++) {
        const AVStream *stream = file->format->streams[i];
        Str language = media_tag(stream->metadata, "language");
        doc_cell(doc, str_format(arena, "%u", i));
        doc_cell(doc, str(kind_of(stream)));
        doc_cell(doc, str(avcodec_get_name(stream->codecpar->codec_id)));
        doc_cell(doc, details_of(arena, stream));
        doc_cell(doc, str_is(language, "und") ? STR_NONE : language);
        doc_cell(doc, str_slice(media_tag(stream->metadata, "title"), 0, KB(1)));
        doc_row_end(doc);
    }
    doc_table_end(doc);
}

/* --- Tags --- */

static Str clean(Arena *arena, const char *value, size_t max)
{
    Str text = str_slice(str(value), 0, max);
    return str_trim(utf8_is_valid(text) ? text : text_decode(arena, text, STR_NONE, NULL));
}

static const char *fact_name(Str tag)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(tag, str(names[i].tag)))
            return names[i].fact;
    return NULL;
}

static bool is_date(Str value)
{
    for (size_t i = 0; i < 4; i++)
        if (i >= value.length || value.at[i] < '0' || value.at[i] > '9')
            return false;
    return true;
}

/* "2018-02-07T15:15:30.000000Z" without its millionths. */
static Str short_date(Arena *arena, Str value)
{
    ptrdiff_t point = str_find(value, S(".000000"));
    if (point < 0)
        return value;
    Str parts[] = { str_slice(value, 0, (size_t)point), str_from(value, (size_t)point + 7) };
    return str_join(arena, parts, 2, S(""));
}

/* ISO 6709: "+37.3318-122.0312+018.5/". */
static bool write_location(DocWriter *doc, Str key, Str value)
{
    static const char *const facts[] = { "latitude", "longitude", "altitude" };
    double numbers[3];
    size_t count = 0;
    if (!str_ends_ignore_case(key, S("location")) && !str_ends_ignore_case(key, S("iso6709")))
        return false;
    while (count < 3 && value.length > 1 && HAS_CHAR(value.at[0], "+-")) {
        size_t length = 1;
        while (length < value.length && (HAS_CHAR(value.at[length], ".") ||
                                         (value.at[length] >= '0' && value.at[length] <= '9')))
            length++;
        Str digits = str_slice(value, value.at[0] == '+', length);
        if (!str_to_double(digits, &numbers[count]))
            break;
        count++;
        value = str_from(value, length);
    }
    if (count < 2)
        return false;
    for (size_t i = 0; i < count; i++)
        doc_meta_number(doc, facts[i], numbers[i]);
    return true;
}

static bool is_lyrics(const char *key) { return str_starts(str(key), S("lyrics")); }

static void write_tag(Arena *arena, DocWriter *doc, const AVDictionaryEntry *entry)
{
    Str key = str_slice(str(entry->key), 0, 200), value = clean(arena, entry->value, TAG_BYTES_MAX);
    const char *fact = fact_name(key);
    if (is_lyrics(entry->key) || (fact && strcmp(fact, "language") == 0 && str_is(value, "und")) ||
        write_location(doc, key, value))
        return;
    const MetadataName *name = fact ? metadata_named(str(fact)) : NULL;
    if (name && name->type == METADATA_DATE) {
        value = short_date(arena, value);
        fact = is_date(value) ? fact : NULL;
    }
    doc_meta(doc, fact ? fact : str_c(arena, str_lower(arena, key)), value);
}

static void write_tags(const AVDictionary *tags, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const AVDictionaryEntry *entry = NULL;
    for (int i = 0; i < TAGS_MAX && (entry = av_dict_get(tags, "", entry, AV_DICT_IGNORE_SUFFIX));
         i++) {
        arena_reset(arena);
        write_tag(arena, doc, entry);
    }
}

/* Languages of what is heard, each once. */
static void write_languages(const MediaFile *file, DocWriter *doc)
{
    Str seen[8];
    size_t count = 0;
    for (unsigned i = 0; i < file->format->nb_streams && count < COUNT(seen); i++) {
        const AVStream *stream = file->format->streams[i];
        Str language = media_tag(stream->metadata, "language");
        bool is_new = language.length && !str_is(language, "und") &&
                      stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
        for (size_t k = 0; k < count; k++)
            is_new = is_new && !str_equal(seen[k], language);
        if (is_new)
            doc_meta(doc, "language", seen[count++] = language);
    }
}

/* Ogg has no tags of the file, only of its streams. */
const AVDictionary *media_tags(const MediaFile *file)
{
    bool has_own = av_dict_count(file->format->metadata) > 0;
    bool is_ogg = strcmp(file->format->iformat->name, "ogg") == 0;
    return !has_own && is_ogg && file->format->nb_streams ? file->format->streams[0]->metadata
                                                          : file->format->metadata;
}

void media_write_facts(const MediaFile *file, DocWriter *doc)
{
    const AVStream *video = media_main_stream(file, AVMEDIA_TYPE_VIDEO);
    const AVStream *sound = media_main_stream(file, AVMEDIA_TYPE_AUDIO);
    if (media_seconds(file) > 0)
        doc_meta_seconds(doc, "duration", media_seconds(file));
    doc_meta(doc, "container", str(file->format->iformat->name));
    write_positive(doc, "bit_rate", file->padding ? 0 : file->format->bit_rate);
    if (video)
        write_video(video, doc);
    if (sound)
        write_sound(sound, doc);
    write_languages(file, doc);
    write_tags(media_tags(file), doc);
    if (file->format->nb_streams)
        write_streams(file, doc);
}
