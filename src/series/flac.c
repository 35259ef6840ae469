/* series/flac.c - samples of a FLAC stream, through libFLAC.
 *
 * The stream is decoded frame by frame into one list that grows; it ends where enough is there. libFLAC checks each
 * frame's CRC, and the MD5 of all samples where all are read. */
#include "series/flac.h"

#include "config.h"

#if MTS_HAVE_FLAC
#include <FLAC/stream_decoder.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/set.h"

typedef struct FlacStream {
    const char *name;
    const unsigned char *data;
    size_t size, at;
    const MtsFlacWanted *wanted;
    int32_t *samples;
    size_t cap, seen, kept; /* cap in samples; times seen and kept */
    int rc;
    MtsError *err;
} FlacStream;

static FLAC__StreamDecoderReadStatus read_bytes(const FLAC__StreamDecoder *decoder, FLAC__byte buffer[], size_t *bytes,
                                                void *data)
{
    (void)decoder;
    FlacStream *s = data;
    size_t left = s->size - s->at;
    *bytes = *bytes < left ? *bytes : left;
    if (*bytes == 0) {
        return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    }
    memcpy(buffer, s->data + s->at, *bytes);
    s->at += *bytes;
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static int check_form(const FlacStream *s, const FLAC__FrameHeader *h)
{
    const MtsFlacWanted *w = s->wanted;
    if (h->channels != w->channels) {
        return mts_fail(s->err, MTS_EFORMAT, "%s: the FLAC stream has %u channels, not %zu", s->name, h->channels,
                        w->channels);
    }
    if (h->bits_per_sample > (unsigned)w->bits) {
        return mts_fail(s->err, MTS_EFORMAT, "%s: the FLAC stream has samples of %u bits, not %d", s->name,
                        h->bits_per_sample, w->bits);
    }
    return MTS_OK;
}

static int keep(FlacStream *s, const FLAC__int32 *const buffer[], size_t count)
{
    const MtsFlacWanted *w = s->wanted;
    for (size_t t = 0; t < count; t++, s->seen++) {
        if (s->seen < w->skip || (w->most && s->kept == w->most)) {
            continue;
        }
        size_t frame = s->kept / w->per_frame, k = s->kept % w->per_frame;
        size_t need = (frame + 1) * w->channels * w->per_frame;
        if (need > MTS_SERIES_MOST_VALUES) {
            return mts_fail(s->err, MTS_ECAPACITY, "%s: holds more than %zu samples", s->name, MTS_SERIES_MOST_VALUES);
        }
        if (!mts_grow(&s->samples, &s->cap, need, sizeof *s->samples)) {
            return mts_fail(s->err, MTS_ENOMEM, "%s: memory ran out after %zu samples", s->name, s->kept);
        }
        for (size_t c = 0; c < w->channels; c++) {
            s->samples[(frame * w->channels + c) * w->per_frame + k] = buffer[c][t];
        }
        s->kept++;
    }
    return MTS_OK;
}

static FLAC__StreamDecoderWriteStatus take_frame(const FLAC__StreamDecoder *decoder, const FLAC__Frame *frame,
                                                 const FLAC__int32 *const buffer[], void *data)
{
    (void)decoder;
    FlacStream *s = data;
    s->rc = check_form(s, &frame->header);
    s->rc = s->rc ? s->rc : keep(s, buffer, frame->header.blocksize);
    return s->rc ? FLAC__STREAM_DECODER_WRITE_STATUS_ABORT : FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static int damaged(const FlacStream *s, const char *what)
{
    return mts_fail(s->err, MTS_EFORMAT, "%s: damaged FLAC stream near byte %zu: %s", s->name, s->at, what);
}

static void take_error(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus status, void *data)
{
    (void)decoder;
    FlacStream *s = data;
    if (!s->rc) {
        s->rc = damaged(s, FLAC__StreamDecoderErrorStatusString[status]);
    }
}

static int decode(FlacStream *s, FLAC__StreamDecoder *decoder)
{
    FLAC__stream_decoder_set_md5_checking(decoder, s->wanted->most == 0);
    if (FLAC__stream_decoder_init_stream(decoder, read_bytes, NULL, NULL, NULL, NULL, take_frame, NULL, take_error,
                                         s) != FLAC__STREAM_DECODER_INIT_STATUS_OK) {
        return mts_fail(s->err, MTS_ENOMEM, "%s: libFLAC cannot begin", s->name);
    }
    bool ended = false;
    while (!s->rc && !ended && (s->wanted->most == 0 || s->kept < s->wanted->most)) {
        bool more = FLAC__stream_decoder_process_single(decoder);
        ended = FLAC__stream_decoder_get_state(decoder) >= FLAC__STREAM_DECODER_END_OF_STREAM;
        if (!s->rc && !more) {
            s->rc = damaged(s, FLAC__stream_decoder_get_resolved_state_string(decoder));
        }
    }
    bool whole = FLAC__stream_decoder_finish(decoder);
    return s->rc ? s->rc : !whole && ended ? damaged(s, "the checksum of all samples is another") : MTS_OK;
}

int mts_flac_read(const char *name, const unsigned char *data, size_t size, const MtsFlacWanted *wanted,
                  int32_t **samples, size_t *times, MtsError *err)
{
    FlacStream s = {.name = name, .data = data, .size = size, .wanted = wanted, .err = err};
    FLAC__StreamDecoder *decoder = FLAC__stream_decoder_new();
    int rc = decoder ? decode(&s, decoder) : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    if (decoder) {
        FLAC__stream_decoder_delete(decoder);
    }
    if (rc) {
        free(s.samples);
        return rc;
    }
    *samples = s.samples;
    *times = s.kept - s.kept % wanted->per_frame;
    return MTS_OK;
}

#else

int mts_flac_read(const char *name, const unsigned char *data, size_t size, const MtsFlacWanted *wanted,
                  int32_t **samples, size_t *times, MtsError *err)
{
    (void)data, (void)size, (void)samples, (void)times;
    return mts_fail(err, MTS_EUNSUPPORTED,
                    "%s: is packed with FLAC (storage format %d), and this program was built without libFLAC", name,
                    500 + wanted->bits);
}
#endif
