/* series/gzip.c - what gzip packed, unpacked within a limit. */
#include "series/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/mem.h"

bool mts_is_gzip(const void *data, size_t size)
{
    return size >= 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

/* One member from where the stream stands, appended to out. zlib checks its length and CRC. */
static int gunzip_member(z_stream *z, const char *name, const unsigned char *data, size_t limit, MtsBytes *out,
                         MtsError *err)
{
    unsigned char chunk[65536];
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        z->next_out = chunk;
        z->avail_out = sizeof chunk;
        status = inflate(z, Z_NO_FLUSH);
        size_t n = sizeof chunk - z->avail_out;
        if (status != Z_OK && status != Z_STREAM_END) {
            return mts_fail(err, MTS_EFORMAT, "%s: damaged gzip data at byte %zu: %s", name,
                            (size_t)(z->next_in - data),
                            z->msg             ? z->msg
                            : z->avail_in == 0 ? "it ends too early"
                                               : zError(status));
        }
        if (n > limit - out->len) {
            return mts_fail(err, MTS_EIO, "%s: unpacks to more than the limit of %zu bytes", name, limit);
        }
        if (!mts_bytes_append(out, chunk, n)) {
            return mts_fail(err, MTS_ENOMEM, "%s: memory ran out after %zu unpacked bytes", name, out->len);
        }
    }
    return MTS_OK;
}

int mts_gunzip(const char *name, const void *data, size_t size, size_t limit, char **out, size_t *out_size,
               MtsError *err)
{
    MtsBytes bytes = {0};
    z_stream z = {0};
    *out = NULL;
    *out_size = 0;
    if (size > UINT32_MAX) {
        return mts_fail(err, MTS_EUNSUPPORTED, "%s: %zu bytes of gzip data are more than 4 GiB", name, size);
    }
    if (!mts_bytes_append(&bytes, "", 0) || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) { /* 16: gzip, nothing else */
        mts_bytes_free(&bytes);
        return mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    }
    z.next_in = (z_const Bytef *)data;
    z.avail_in = (uInt)size;
    int rc;
    do {
        rc = gunzip_member(&z, name, data, limit, &bytes, err);
    } while (!rc && z.avail_in > 0 && inflateReset(&z) == Z_OK);
    inflateEnd(&z);
    if (rc) {
        mts_bytes_free(&bytes);
        return rc;
    }
    *out = bytes.data;
    *out_size = bytes.len;
    return MTS_OK;
}
