/* tests/cross/c_library.c - one hash a function of the C library over many results: where two processors print the
 * same, it gives them the same bits (docs/portability.md). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 200000 };

static uint64_t state;

static double uniform(void)
{
    state ^= state << 13; /* xorshift64 */
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

static double exp_of(double a, double b)
{
    return exp(-20 * a * b);
}

static double log_of(double a, double b)
{
    return log(a * b);
}

static double log1p_of(double a, double b)
{
    return log1p(-a * b);
}

static double expm1_of(double a, double b)
{
    return expm1(-a * b);
}

static double pow_of(double a, double b)
{
    return pow(a, 3 * b);
}

static double sqrt_of(double a, double b)
{
    return sqrt(a * a + b * b);
}

static double sin_of(double a, double b)
{
    return sin(7 * a * b);
}

static double cos_of(double a, double b)
{
    return cos(7 * a * b);
}

int main(void)
{
    static const struct {
        const char *name;
        double (*of)(double a, double b);
    } functions[] = {{"exp", exp_of},  {"log", log_of},   {"log1p", log1p_of}, {"expm1", expm1_of}, {"pow", pow_of},
                     {"hypot", hypot}, {"sqrt", sqrt_of}, {"sin", sin_of},     {"cos", cos_of},     {"atan2", atan2}};
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
        uint64_t hash = 14695981039346656037u; /* FNV-1a, of words */
        state = 88172645463325252u;
        for (int i = 0; i < COUNT; i++) {
            double a = uniform(), b = uniform(), value = functions[f].of(a, b);
            uint64_t word;
            memcpy(&word, &value, sizeof word);
            hash = (hash ^ word) * 1099511628211u;
        }
        printf("%s %08x\n", functions[f].name, (unsigned)(hash >> 32));
    }
    return 0;
}
