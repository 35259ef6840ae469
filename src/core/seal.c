/* core/seal.c - see seal.h. */
#include "core/seal.h"

#include <string.h>
#include <zlib.h>

#define MEMBER ",\"crc\":\""

enum { MEMBER_SIZE = sizeof MEMBER - 1, SEAL_SIZE = MTS_SEAL_SIZE + 1 /* and the closing brace */ };

static unsigned long checksum(const char *text, size_t size)
{
    uLong crc = crc32(0, NULL, 0);
    while (size > 0) {
        uInt part = size < 1u << 30 ? (uInt)size : 1u << 30;
        crc = crc32(crc, (const Bytef *)text, part);
        text += part;
        size -= part;
    }
    return crc;
}

/* The seal of a line of these bytes, as it stands behind them. */
static void write_seal(char out[SEAL_SIZE + 1], const char *text, size_t size)
{
    snprintf(out, SEAL_SIZE + 1, MEMBER "%08lx\"}", checksum(text, size));
}

bool mts_seal(MtsBytes *line, size_t from)
{
    char seal[SEAL_SIZE + 1];
    size_t size = line->len - from - 1; /* without the closing brace */
    write_seal(seal, line->data + from, size);
    line->len--;
    return mts_bytes_append_str(line, seal);
}

MtsSeal mts_seal_check(const char *line, size_t size)
{
    char seal[SEAL_SIZE + 1];
    size -= size > 0 && line[size - 1] == '\r'; /* a copy with another system's ends of lines */
    if (size <= SEAL_SIZE || memcmp(line + size - SEAL_SIZE, MEMBER, MEMBER_SIZE) != 0) {
        return MTS_SEAL_NONE;
    }
    write_seal(seal, line, size - SEAL_SIZE);
    return memcmp(line + size - SEAL_SIZE, seal, SEAL_SIZE) == 0 ? MTS_SEAL_GOOD : MTS_SEAL_BROKEN;
}

int mts_seal_parse(json_t **out, const char *name, size_t number, const char *line, size_t size, bool *bare,
                   MtsError *err)
{
    MtsSeal seal = mts_seal_check(line, size);
    *out = NULL;
    if (number == 1) {
        *bare = seal == MTS_SEAL_NONE;
    }
    if (seal == MTS_SEAL_BROKEN || *bare != (seal == MTS_SEAL_NONE)) {
        return mts_fail(err, MTS_EFORMAT, "%s: line %zu: is not as it was written: its checksum %s", name, number,
                        seal == MTS_SEAL_BROKEN ? "does not hold"
                        : *bare                 ? "is the first of the file"
                                                : "is missing");
    }
    char where[512];
    snprintf(where, sizeof where, "%.400s: line %zu", name, number);
    int rc = mts_json_parse_nul(out, where, line, size, err);
    if (!rc && !*bare) {
        json_object_del(*out, "crc");
    }
    return rc;
}

int mts_seal_next(MtsSealLines *l, json_t **line, MtsError *err)
{
    const char *newline = l->end < l->size ? memchr(l->text + l->end, '\n', l->size - l->end) : NULL;
    *line = NULL;
    if (!newline) {
        return MTS_OK;
    }
    size_t size = (size_t)(newline - l->text) - l->end;
    int rc = mts_seal_parse(line, l->name, l->number + 1, l->text + l->end, size, &l->bare, err);
    if (!rc) {
        l->number++;
        l->start = l->end;
        l->end += size + 1;
    }
    return rc;
}
