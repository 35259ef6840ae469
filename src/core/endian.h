/* core/endian.h - numbers that files hold with their least byte first, on processors of either order. */
#ifndef MTS_CORE_ENDIAN_H
#define MTS_CORE_ENDIAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { MTS_BIG_ENDIAN = 1 };
#else
enum { MTS_BIG_ENDIAN = 0 };
#endif

/* What was copied from a file as this processor's number, and the other way round. */
static inline uint16_t mts_le16(uint16_t x)
{
    return MTS_BIG_ENDIAN ? (uint16_t)(x >> 8 | (x & 0xFF) << 8) : x;
}

static inline uint32_t mts_le32(uint32_t x)
{
    return MTS_BIG_ENDIAN ? (uint32_t)mts_le16((uint16_t)x) << 16 | mts_le16((uint16_t)(x >> 16)) : x;
}

static inline uint64_t mts_le64(uint64_t x)
{
    return MTS_BIG_ENDIAN ? (uint64_t)mts_le32((uint32_t)x) << 32 | mts_le32((uint32_t)(x >> 32)) : x;
}

/* From and to any address. */
static inline uint16_t mts_load_u16(const void *p)
{
    uint16_t x;
    memcpy(&x, p, sizeof x);
    return mts_le16(x);
}

static inline uint32_t mts_load_u32(const void *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return mts_le32(x);
}

static inline uint64_t mts_load_u64(const void *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return mts_le64(x);
}

static inline float mts_load_f32(const void *p)
{
    uint32_t bits = mts_load_u32(p);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double mts_load_f64(const void *p)
{
    uint64_t bits = mts_load_u64(p);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline void mts_store_u32(void *p, uint32_t x)
{
    x = mts_le32(x);
    memcpy(p, &x, sizeof x);
}

#endif
