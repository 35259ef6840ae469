/* series/wfdb_samples.c - how WFDB signal files store samples (PhysioNet's signal(5)).
 *
 *   8         first differences, a signed byte each
 *   16, 61    two bytes, two's complement, low or high one first; 160: low one first, 2^15 added
 *   80        a byte, 2^7 added
 *   24, 32    three and four bytes, two's complement, low one first
 *   212       two samples of 12 bits in three bytes: b0 + (b1 & 15) 2^8 and b2 + (b1 >> 4) 2^8
 *   310       three of 10 bits in two words of two bytes, low one first: bits 1 to 10 of either, then bits 11 to 15 of
 *             the first and of the second as its low and high half
 *   311       three of 10 bits in one word of four bytes: bits 0 to 9, 10 to 19, 20 to 29
 *   508, 516, 524   FLAC streams of 8, 16 and 24 bits, a channel per signal
 *
 * The smallest number of a format stands for a missing sample. */
#include "series/wfdb_samples.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "series/flac.h"

/* The low `bits` of v in two's complement. */
static int32_t extend(uint32_t v, int bits)
{
    const uint32_t top = (uint32_t)1 << (bits - 1);
    return (int32_t)((int64_t)((v & (top | (top - 1))) ^ top) - (int64_t)top);
}

static uint32_t low_first(const unsigned char *p, size_t bytes)
{
    uint32_t v = 0;
    for (size_t k = 0; k < bytes; k++) {
        v |= (uint32_t)p[k] << (8 * k);
    }
    return v;
}

static int32_t at_8(const unsigned char *p, size_t i)
{
    return extend(p[i], 8);
}

static int32_t at_16(const unsigned char *p, size_t i)
{
    return extend(low_first(p + 2 * i, 2), 16);
}

static int32_t at_24(const unsigned char *p, size_t i)
{
    return extend(low_first(p + 3 * i, 3), 24);
}

static int32_t at_32(const unsigned char *p, size_t i)
{
    return extend(low_first(p + 4 * i, 4), 32);
}

static int32_t at_61(const unsigned char *p, size_t i)
{
    return extend((uint32_t)p[2 * i] << 8 | p[2 * i + 1], 16);
}

static int32_t at_80(const unsigned char *p, size_t i)
{
    return (int32_t)p[i] - 128;
}

static int32_t at_160(const unsigned char *p, size_t i)
{
    return (int32_t)low_first(p + 2 * i, 2) - 32768;
}

static int32_t at_212(const unsigned char *p, size_t i)
{
    const unsigned char *b = p + i / 2 * 3;
    return extend(i % 2 ? b[2] | (b[1] & 0xF0u) << 4 : b[0] | (b[1] & 0x0Fu) << 8, 12);
}

static int32_t at_310(const unsigned char *p, size_t i)
{
    const unsigned char *b = p + i / 3 * 4;
    if (i % 3 < 2) {
        return extend(low_first(b + i % 3 * 2, 2) >> 1, 10);
    }
    return extend((uint32_t)b[1] >> 3 | ((uint32_t)b[3] >> 3) << 5, 10);
}

static int32_t at_311(const unsigned char *p, size_t i)
{
    const unsigned char *b = p + i / 3 * 4;
    return extend(low_first(b + i % 3, 2) >> (2 * (i % 3)), 10);
}

static int32_t at_unpacked(const unsigned char *p, size_t i)
{
    int32_t v;
    memcpy(&v, p + i * sizeof v, sizeof v);
    return v;
}

static const MtsWfdbFormat formats[] = {
    {0, INT32_MIN, false, 0, {1}, NULL},         {8, INT32_MIN, true, 0, {1}, at_8},
    {16, -0x8000, false, 0, {2}, at_16},         {24, -0x800000, false, 0, {3}, at_24},
    {32, INT32_MIN, false, 0, {4}, at_32},       {61, -0x8000, false, 0, {2}, at_61},
    {80, -0x80, false, 0, {1}, at_80},           {160, -0x8000, false, 0, {2}, at_160},
    {212, -0x800, false, 0, {2, 3}, at_212},     {310, -0x200, false, 0, {2, 4, 4}, at_310},
    {311, -0x200, false, 0, {2, 3, 4}, at_311},  {508, -0x80, false, 8, {4}, at_unpacked},
    {516, -0x8000, false, 16, {4}, at_unpacked}, {524, -0x800000, false, 24, {4}, at_unpacked},
};

const MtsWfdbFormat *mts_wfdb_format(int number)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].number == number) {
            return &formats[i];
        }
    }
    return NULL;
}

/* Samples that `bytes` hold: whole groups, and what of the last one is there. */
static size_t count_samples(const MtsWfdbFormat *f, size_t bytes)
{
    size_t group = 0, rest;
    while (group < sizeof f->bytes && f->bytes[group] != 0) {
        group++;
    }
    size_t size = f->bytes[group - 1], count = bytes / size * group;
    rest = bytes % size;
    for (size_t i = 0; i < group - 1; i++) {
        count += f->bytes[i] <= rest;
    }
    return count;
}

int mts_wfdb_open(MtsWfdbFile *file, const char *path, const MtsWfdbFormat *format, size_t offset, size_t signals,
                  size_t per_frame, size_t most, MtsError *err)
{
    *file = (MtsWfdbFile){.format = format};
    int rc = mts_map_open(&file->map, path, err);
    if (rc) {
        return rc;
    }
    if (format->flac_bits) {
        const MtsFlacWanted wanted = {format->flac_bits, signals, per_frame, offset, most / signals};
        size_t times = 0;
        rc = mts_flac_read(path, file->map.data, file->map.size, &wanted, &file->unpacked, &times, err);
        file->data = (const unsigned char *)file->unpacked;
        file->count = times * signals;
        return rc;
    }
    bool there = offset < file->map.size;
    file->data = there ? file->map.data + offset : NULL;
    file->count = there ? count_samples(format, file->map.size - offset) : 0;
    return MTS_OK;
}

void mts_wfdb_close(MtsWfdbFile *file)
{
    mts_map_close(&file->map);
    free(file->unpacked);
    *file = (MtsWfdbFile){0};
}
