/* core/windows/fused.c - fmaf() that rounds once, where the processor's own is not asked for.
 *
 * MinGW's rounds twice, first to the 64 bits of an x87 register. The product of two floats is exact in double; its sum
 * with the third is rounded to odd: to the neighbour whose last bit is set where it is not exact. Double has more than
 * two bits beyond twice a float's, so that rounding this to float is rounding the exact sum to float. */
#include <math.h>
#include <string.h>

float fmaf(float x, float y, float z)
{
    double product = (double)x * y, sum = product + z, part = sum - product;
    double error = (product - (sum - part)) + ((double)z - part); /* what the sum lacks, exactly */
    if (error > 0 || error < 0) {
        uint64_t bits;
        memcpy(&bits, &sum, sizeof bits);
        bits -= (error > 0) != (sum > 0); /* towards zero */
        bits |= 1;
        memcpy(&sum, &bits, sizeof sum);
    }
    return (float)sum;
}
