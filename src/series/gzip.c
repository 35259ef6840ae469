/* DEFLATE, the plain way.
 *
 * Huffman codes are canonical: all that defines one is how many codes there are of each length, and the symbols in
 * order of (length, value). Decoding reads one bit at a time and compares with the first code of the current
 * length, first(l + 1) = 2 (first(l) + count(l)); the symbol's place in the list falls out as an offset. It costs
 * a step a bit, which is enough for input files of some megabytes, and has no tables to get wrong. */
#include "series/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define MOST_BITS 15
#define LITERALS 288
#define DISTANCES 32

typedef struct Inflate {
    const char *name;
    const unsigned char *in;
    size_t size, at;
    uint32_t bits; /* not yet used, lowest first */
    int bit_count;
    MtsBytes out;
    size_t member; /* where the current member begins in out */
    size_t limit;
} Inflate;

typedef struct Huffman {
    uint16_t count[MOST_BITS + 1]; /* codes of each length; count[0]: symbols without a code */
    uint16_t symbol[LITERALS];
} Huffman;

static int damaged(const Inflate *z, const char *what, MtsError *err)
{
    return mts_fail(err, MTS_EFORMAT, "%s: damaged gzip data at byte %zu: %s", z->name, z->at, what);
}

/* n bits (0..16), lowest first; -1 at the end of the data. */
static int take_bits(Inflate *z, int n)
{
    while (z->bit_count < n) {
        if (z->at >= z->size) {
            return -1;
        }
        z->bits |= (uint32_t)z->in[z->at++] << z->bit_count;
        z->bit_count += 8;
    }
    int v = (int)(z->bits & ((1u << n) - 1));
    z->bits >>= n;
    z->bit_count -= n;
    return v;
}

/* Builds the code from lengths [n]; false when more codes are asked for than there are. An incomplete code is
 * accepted here only where RFC 1951 allows one: with at most one code. */
static bool build(Huffman *h, const unsigned char *lengths, int n)
{
    uint16_t offset[MOST_BITS + 2] = {0};
    memset(h, 0, sizeof *h);
    for (int i = 0; i < n; i++) {
        h->count[lengths[i]]++;
    }
    int left = 1;
    for (int l = 1; l <= MOST_BITS; l++) {
        left = 2 * left - h->count[l];
        if (left < 0) {
            return false;
        }
        offset[l + 1] = (uint16_t)(offset[l] + h->count[l]);
    }
    for (int i = 0; i < n; i++) {
        if (lengths[i]) {
            h->symbol[offset[lengths[i]]++] = (uint16_t)i;
        }
    }
    return left == 0 || n - h->count[0] <= 1;
}

/* The next symbol; -1 when the data end or no code fits. */
static int decode(Inflate *z, const Huffman *h)
{
    int code = 0, first = 0, index = 0;
    for (int l = 1; l <= MOST_BITS; l++) {
        int bit = take_bits(z, 1);
        if (bit < 0) {
            return -1;
        }
        code |= bit;
        int count = h->count[l];
        if (code - count < first) {
            return h->symbol[index + code - first];
        }
        index += count;
        first = (first + count) << 1;
        code <<= 1;
    }
    return -1;
}

static int emit(Inflate *z, const void *bytes, size_t n, MtsError *err)
{
    if (n > z->limit - z->out.len) {
        return mts_fail(err, MTS_EIO, "%s: unpacks to more than the limit of %zu bytes", z->name, z->limit);
    }
    return mts_bytes_append(&z->out, bytes, n) ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", z->name);
}

/* Copies `length` bytes from `distance` back; the two may overlap. */
static int copy_back(Inflate *z, size_t distance, size_t length, MtsError *err)
{
    if (distance > z->out.len - z->member) {
        return damaged(z, "a copy from before the beginning", err);
    }
    for (size_t i = 0; i < length; i++) {
        char c = z->out.data[z->out.len - distance];
        int rc = emit(z, &c, 1, err);
        if (rc != MTS_OK) {
            return rc;
        }
    }
    return MTS_OK;
}

static int inflate_codes(Inflate *z, const Huffman *literal, const Huffman *distance, MtsError *err)
{
    static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                             31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const unsigned char length_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const uint16_t distance_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                               193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    static const unsigned char distance_bits[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                                    6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    for (;;) {
        int symbol = decode(z, literal);
        if (symbol < 0) {
            return damaged(z, "no code fits", err);
        }
        if (symbol == 256) {
            return MTS_OK;
        }
        int rc;
        if (symbol < 256) {
            char c = (char)symbol;
            rc = emit(z, &c, 1, err);
        } else {
            symbol -= 257;
            int more = symbol < 29 ? take_bits(z, length_bits[symbol]) : -1;
            int d = more < 0 ? -1 : decode(z, distance);
            int far = d < 0 || d >= 30 ? -1 : take_bits(z, distance_bits[d]);
            if (far < 0) {
                return damaged(z, "a length or distance that does not exist", err);
            }
            rc = copy_back(z, (size_t)(distance_base[d] + far), (size_t)(length_base[symbol] + more), err);
        }
        if (rc != MTS_OK) {
            return rc;
        }
    }
}

static int stored_block(Inflate *z, MtsError *err)
{
    z->at -= (size_t)(z->bit_count / 8); /* whole bytes that were read ahead */
    z->bits = 0;
    z->bit_count = 0;
    if (z->size - z->at < 4) {
        return damaged(z, "ends within a block", err);
    }
    size_t n = z->in[z->at] | (size_t)z->in[z->at + 1] << 8, check = z->in[z->at + 2] | (size_t)z->in[z->at + 3] << 8;
    z->at += 4;
    if (n != (check ^ 0xFFFF) || n > z->size - z->at) {
        return damaged(z, "a stored block's length is wrong", err);
    }
    int rc = emit(z, z->in + z->at, n, err);
    z->at += n;
    return rc;
}

static int fixed_block(Inflate *z, MtsError *err)
{
    unsigned char lengths[LITERALS];
    Huffman literal, distance;
    for (int i = 0; i < LITERALS; i++) {
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    }
    build(&literal, lengths, LITERALS);
    memset(lengths, 5, DISTANCES);
    build(&distance, lengths, DISTANCES);
    return inflate_codes(z, &literal, &distance, err);
}

static int dynamic_block(Inflate *z, MtsError *err)
{
    static const unsigned char order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[LITERALS + DISTANCES] = {0};
    Huffman literal, distance;
    int literals = take_bits(z, 5), distances = take_bits(z, 5), codes = take_bits(z, 4);
    if (codes < 0 || literals > 29) {
        return damaged(z, "a block's header", err);
    }
    literals += 257;
    distances += 1;
    codes += 4;
    for (int i = 0; i < codes; i++) {
        int l = take_bits(z, 3);
        if (l < 0) {
            return damaged(z, "ends within a block", err);
        }
        lengths[order[i]] = (unsigned char)l;
    }
    if (!build(&literal, lengths, 19)) {
        return damaged(z, "code lengths that make no code", err);
    }
    memset(lengths, 0, 19);
    for (int i = 0; i < literals + distances;) {
        int symbol = decode(z, &literal), repeat = 1, value = symbol;
        if (symbol >= 16) { /* 16: the last length again, 17 and 18: zeros */
            int bits = symbol == 16 ? 2 : symbol == 17 ? 3 : 7, base = symbol == 18 ? 11 : 3, more = take_bits(z, bits);
            value = symbol == 16 && i > 0 ? lengths[i - 1] : symbol == 16 ? -1 : 0;
            repeat = more < 0 ? -1 : base + more;
        }
        if (value < 0 || repeat < 0 || repeat > literals + distances - i) {
            return damaged(z, "code lengths", err);
        }
        memset(lengths + i, value, (size_t)repeat);
        i += repeat;
    }
    if (lengths[256] == 0 || !build(&literal, lengths, literals) || !build(&distance, lengths + literals, distances)) {
        return damaged(z, "code lengths that make no code", err);
    }
    return inflate_codes(z, &literal, &distance, err);
}

static int inflate_member(Inflate *z, MtsError *err)
{
    z->bits = 0;
    z->bit_count = 0;
    for (int last = 0; !last;) {
        last = take_bits(z, 1);
        int type = last < 0 ? -1 : take_bits(z, 2);
        int rc = type == 0   ? stored_block(z, err)
                 : type == 1 ? fixed_block(z, err)
                 : type == 2 ? dynamic_block(z, err)
                             : damaged(z, type < 0 ? "ends too early" : "a block of unknown type", err);
        if (rc != MTS_OK) {
            return rc;
        }
    }
    z->at -= (size_t)(z->bit_count / 8);
    return MTS_OK;
}

static uint32_t crc32_of(const char *data, size_t n)
{
    uint32_t table[256], crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        }
        table[i] = c;
    }
    for (size_t i = 0; i < n; i++) {
        crc = table[(crc ^ (unsigned char)data[i]) & 0xFF] ^ (crc >> 8);
    }
    return crc ^ 0xFFFFFFFFu;
}

static uint32_t little32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool mts_is_gzip(const void *data, size_t size)
{
    const unsigned char *p = data;
    return size >= 2 && p[0] == 0x1F && p[1] == 0x8B;
}

/* The member's header; the flags say which optional parts it has. */
static int skip_header(Inflate *z, MtsError *err)
{
    if (z->size - z->at < 10 || z->in[z->at + 2] != 8 || (z->in[z->at + 3] & 0xE0) != 0) {
        return damaged(z, "its header", err);
    }
    int flags = z->in[z->at + 3];
    z->at += 10;
    if (flags & 4) { /* extra field */
        size_t n = z->size - z->at < 2 ? z->size : z->in[z->at] | (size_t)z->in[z->at + 1] << 8;
        if (z->size - z->at < 2 || n > z->size - z->at - 2) {
            return damaged(z, "its header", err);
        }
        z->at += 2 + n;
    }
    for (int text = 8; text <= 16; text *= 2) { /* name, comment */
        const unsigned char *zero = flags & text ? memchr(z->in + z->at, 0, z->size - z->at) : NULL;
        if ((flags & text) && !zero) {
            return damaged(z, "its header", err);
        }
        z->at = zero ? (size_t)(zero + 1 - z->in) : z->at;
    }
    if (flags & 2) { /* checksum of the header */
        if (z->size - z->at < 2) {
            return damaged(z, "its header", err);
        }
        z->at += 2;
    }
    return MTS_OK;
}

int mts_gunzip(const char *name, const void *data, size_t size, size_t limit, char **out, size_t *out_size, MtsError *err)
{
    Inflate z = {name, data, size, 0, 0, 0, {0}, 0, limit};
    *out = NULL;
    *out_size = 0;
    int rc = mts_bytes_append(&z.out, "", 0) ? MTS_OK : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", name);
    do {
        if (rc == MTS_OK && !mts_is_gzip(z.in + z.at, z.size - z.at)) {
            rc = damaged(&z, "it is no gzip member", err);
        }
        rc = rc == MTS_OK ? skip_header(&z, err) : rc;
        z.member = z.out.len;
        rc = rc == MTS_OK ? inflate_member(&z, err) : rc;
        if (rc == MTS_OK && z.size - z.at < 8) {
            rc = damaged(&z, "ends too early", err);
        }
        if (rc == MTS_OK) {
            size_t n = z.out.len - z.member;
            if (little32(z.in + z.at) != crc32_of(z.out.data + z.member, n) || little32(z.in + z.at + 4) != (uint32_t)n) {
                rc = damaged(&z, "its checksum or length does not fit", err);
            }
            z.at += 8;
        }
    } while (rc == MTS_OK && z.at < z.size);
    if (rc != MTS_OK) {
        mts_bytes_free(&z.out);
        return rc;
    }
    *out = z.out.data;
    *out_size = z.out.len;
    return MTS_OK;
}
