/* media_worker.c - the class of worker that looks into recordings: facts, words, pictures. What is
 * spoken is left to the class "speech", which starts more slowly. */
#include "extract/charset/encoding.h"
#include "worker/media/media_facts.h"
#include "worker/media/media_frames.h"
#include "worker/media/media_lyrics.h"
#include "worker/media/media_text.h"
#include "worker/worker.h"

#define SPEECH_SECONDS_MIN 0.3
enum { OPEN_LIMIT_MS = 20000, ATTACHMENTS_MAX = 200 };

static void preload(void)
{
    encoding_preload();
    media_preload();
}

/* --- Pictures and files inside --- */

static Str bytes_of(const uint8_t *at, int length)
{
    return length > 0 ? (Str){ (const char *)at, (size_t)length } : STR_NONE;
}

static void write_cover(Arena *arena, const AVStream *stream, int number, DocWriter *doc)
{
    bool is_png = stream->codecpar->codec_id == AV_CODEC_ID_PNG;
    bool is_jpeg = stream->codecpar->codec_id == AV_CODEC_ID_MJPEG;
    Str bytes = bytes_of(stream->attached_pic.data, stream->attached_pic.size);
    Str name = media_tag(stream->metadata, "filename");
    if (!name.length) {
        const char *ending = is_png ? "png" : is_jpeg ? "jpg" : "picture";
        name = number == 1 ? str_format(arena, "cover.%s", ending)
                           : str_format(arena, "cover %d.%s", number, ending);
    }
    if (bytes.length)
        doc_child(doc, name, is_png ? S("image/png") : is_jpeg ? S("image/jpeg") : STR_NONE, bytes);
}

/* Fonts of subtitles are nothing to read. */
static bool is_font(Str media_type)
{
    return str_find(media_type, S("font")) >= 0 ||
           str_starts(media_type, S("application/vnd.ms-op"));
}

static void write_attachments(const MediaFile *file, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    int covers = 0, others = 0;
    for (unsigned i = 0; i < file->format->nb_streams && doc_writer_ok(doc); i++) {
        const AVStream *stream = file->format->streams[i];
        const AVCodecParameters *codec = stream->codecpar;
        Str name = media_tag(stream->metadata, "filename");
        Str type = media_tag(stream->metadata, "mimetype");
        if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
            write_cover(arena, stream, ++covers, doc);
        else if (codec->codec_type == AVMEDIA_TYPE_ATTACHMENT && codec->extradata_size > 0 &&
                 !is_font(type) && others++ < ATTACHMENTS_MAX)
            doc_child(doc, name.length ? name : str_format(arena, "attachment %d", others), type,
                      bytes_of(codec->extradata, codec->extradata_size));
    }
}

/* --- Speech --- */

static bool is_english(Str language)
{
    return !language.length || str_is(language, "und") || str_is(language, "mul") ||
           str_starts(language, S("en"));
}

static bool may_be_english(Str languages)
{
    Str one;
    if (!languages.length)
        return true;
    while (str_next(&languages, '+', &one))
        if (str_starts(one, S("en")))
            return true;
    return false;
}

/* Subtitles say it better than a machine that listens. */
static void leave_speech(const MediaFile *file, const ExtractSource *source, size_t cues,
                         DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const AVStream *sound = media_main_stream(file, AVMEDIA_TYPE_AUDIO);
    if (!sound || cues || (media_seconds(file) > 0 && media_seconds(file) < SPEECH_SECONDS_MIN))
        return;
    Str language = str_slice(media_tag(sound->metadata, "language"), 0, 40);
    if (media_is_locked(sound))
        doc_warning(doc, S("the sound is encrypted: it was not listened to"));
    else if (!avcodec_find_decoder(sound->codecpar->codec_id))
        doc_warning(doc, S("the sound's codec is not known: it was not listened to"));
    else if (source->hears_elsewhere && !str_is(source->languages, LANGUAGES_NONE))
        doc_later(doc, "speech", 0);
    else if (!is_english(language))
        doc_warning(doc, str_format(arena,
                                    "no transcript: the language is " STR_FMT
                                    ", and only English is understood",
                                    STR_ARG(language)));
    else if (!may_be_english(source->languages))
        doc_warning(doc, S("no transcript: English is not among the languages asked for, and only "
                           "English is understood"));
    else
        doc_later(doc, "speech", 0);
}

static bool media_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_MEDIA MediaFile file = { 0 };
    size_t cues = 0;
    media_set_deadline(&file, OPEN_LIMIT_MS);
    if (!media_open(&file, source, err))
        return false;
    media_set_deadline(&file, 0);
    media_write_facts(&file, doc);
    media_write_lyrics(&file, media_tags(&file), doc);
    media_write_text(&file, doc, &cues);
    leave_speech(&file, source, cues, doc);
    write_attachments(&file, doc);
    media_write_frames(&file, doc);
    return true;
}

const WorkerClass worker_class = {
    .name = "media",
    .preload = preload,
    .extract = media_extract,
};
