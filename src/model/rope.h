/* model/rope.h - cosines and sines of rotary position embedding.
 *
 * Pair i of a head turns by angle(p, i) = p * scale(i) * base^(-2 i / dims) / factor[i] at position p. scale(i) is the
 * same for all pairs but in YaRN (Peng et al. 2023), which leaves pairs that turn fast as they were trained, slows
 * those that turn slowly by `scale`, blends between, and makes cosines and sines longer.
 *
 * Every position of a long context would need much memory, and libm has no place in the token loop; so positions are
 * split, p = 256 a + b, the cosines and sines of both parts are tabulated in double precision when the model is loaded,
 * and a position's own come from the addition theorem:
 *
 *     cos(A + B) = cos A cos B - sin A sin B        sin(A + B) = sin A cos B + cos A sin B
 *
 * to about 1e-16, rounded to float once. */
#ifndef MTS_MODEL_ROPE_H
#define MTS_MODEL_ROPE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct MtsRope {
    size_t half;        /* pairs: dims / 2 */
    size_t positions;   /* a multiple of 256 */
    double *low, *high; /* [256][half][2] of b, [positions / 256][half][2] of 256 a; cosine and sine */
} MtsRope;

typedef struct MtsRopeForm {
    double base, scale;
    double trained;              /* positions that the model had before YaRN; 0: it has none of it */
    double beta_fast, beta_slow; /* turns in them from which on, and up to which, a pair is fast or slow */
    double length;               /* of (cosine, sine); 1 but in YaRN */
} MtsRopeForm;

/* What pair i of dims / 2 is slowed by. */
double mts_rope_scale(const MtsRopeForm *form, size_t dims, size_t i);

/* factors [dims / 2] divide the angles, or NULL. false: memory ran out. */
bool mts_rope_init(MtsRope *rope, size_t dims, size_t positions, const MtsRopeForm *form, const float *factors);
void mts_rope_clear(MtsRope *rope);

/* form->length times cos [half] and sin [half] at position p < positions. */
void mts_rope_at(const MtsRope *rope, size_t p, float *cosine, float *sine);

#endif
