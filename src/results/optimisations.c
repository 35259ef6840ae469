/* results/optimisations.c - what each optimisation brings: seconds a sample with it alone, and with all, against none.
 *
 * Without the cache a sample may take hours. A search that --seconds cut short has shown how long a position takes, and
 * how many positions the whole takes is known: as many as the same search with the cache, where that was run, since the
 * cache changes no result; else rollouts (tokens - 1) where no end token ends a text. Its seconds are then those of the
 * prompt and of the whole at that pace, and the row says how many of its samples were scaled so. Cut searches of which
 * neither is known are left out. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "results/fields.h"
#include "results/summary.h"

static bool same(const json_t *a, const json_t *b, const char *name)
{
    return json_equal(json_object_get(a, name), json_object_get(b, name));
}

static bool is_cut(const json_t *record)
{
    const char *reason = mts_field_text(record, MTS_F_STOP_REASON);
    return strcmp(reason, "seconds") == 0 || strcmp(reason, "nothing") == 0;
}

/* Positions of the whole search that a record was cut from; NaN: not known. */
static double whole_positions(const json_t *head, const json_t *records, const json_t *run, const json_t *record)
{
    const json_t *twin, *other;
    size_t r, i;
    json_array_foreach(json_object_get(head, MTS_F_RUNS), r, twin)
    {
        bool like = same(twin, run, MTS_F_ROLLOUTS) && same(twin, run, MTS_F_MAX_TOKENS) &&
                    same(twin, run, MTS_F_END_STOP) && same(twin, run, MTS_F_IN_FLIGHT);
        if (!like || twin == run || !json_is_true(json_object_get(twin, MTS_F_KV_CACHE))) {
            continue;
        }
        json_array_foreach(records, i, other)
        {
            if (same(other, twin, MTS_F_VARIANT) && same(other, record, MTS_F_SAMPLE) &&
                same(other, record, MTS_F_SEED) && !is_cut(other)) {
                return mts_field_number(other, MTS_F_NFE);
            }
        }
    }
    return json_is_false(json_object_get(run, MTS_F_END_STOP))
               ? mts_field_number(run, MTS_F_ROLLOUTS) * (mts_field_number(run, MTS_F_MAX_TOKENS) - 1)
               : NAN;
}

/* Seconds of the whole search; NaN: it cannot be told. */
static double whole_seconds(const json_t *record, double positions)
{
    double seconds = mts_field_number(record, MTS_F_SECONDS), nfe = mts_field_number(record, MTS_F_NFE),
           prompt = mts_field_number(record, MTS_F_PREFILL_SECONDS);
    prompt = isnan(prompt) ? 0 : prompt;
    return !is_cut(record) ? seconds : nfe > 0 ? prompt + (seconds - prompt) / nfe * positions : NAN;
}

/* Sums over the records of one run. */
typedef struct Sums {
    double seconds, positions, n, cut; /* of those whose seconds can be told; cut: by their pace */
    double reward, rewarded;           /* of those that were not cut */
} Sums;

static Sums sum_records(const json_t *head, const json_t *records, const json_t *run)
{
    Sums s = {0, 0, 0, 0, 0, 0};
    const json_t *record;
    size_t i;
    json_array_foreach(records, i, record)
    {
        if (!same(record, run, MTS_F_VARIANT)) {
            continue;
        }
        bool cut = is_cut(record);
        double positions = cut ? whole_positions(head, records, run, record) : mts_field_number(record, MTS_F_NFE);
        double seconds = whole_seconds(record, positions), best = mts_field_number(record, MTS_F_BEST_REWARD);
        if (isnan(seconds)) {
            continue;
        }
        s.seconds += seconds;
        s.positions += positions;
        s.cut += cut;
        s.n++;
        if (!cut && !isnan(best)) {
            s.reward += best;
            s.rewarded++;
        }
    }
    return s;
}

json_t *mts_results_optimisations(const json_t *head, const json_t *records)
{
    const char *experiment = mts_field_text(json_object_get(head, MTS_F_SETTINGS), MTS_F_EXPERIMENT);
    const json_t *run;
    double none = NAN; /* seconds without any */
    size_t r;
    if (strcmp(experiment, "optimisations") != 0) {
        return json_null();
    }
    json_t *rows = json_array();
    json_array_foreach(json_object_get(head, MTS_F_RUNS), r, run)
    {
        Sums s = sum_records(head, records, run);
        none = r == 0 && s.n > 0 ? s.seconds / s.n : none;
        mts_json_add(&rows, NULL,
                     json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:I}", MTS_F_OPTIMISATION,
                               mts_field_text(run, MTS_F_VARIANT), MTS_F_SECONDS,
                               mts_json_real(s.n > 0 ? s.seconds / s.n : NAN), MTS_F_TIMES_FASTER,
                               mts_json_real(s.n > 0 ? none / (s.seconds / s.n) : NAN), MTS_F_POSITIONS,
                               mts_json_real(s.n > 0 ? s.positions / s.n : NAN), MTS_F_BEST_REWARD,
                               mts_json_real(s.rewarded > 0 ? s.reward / s.rewarded : NAN), MTS_F_SAMPLES,
                               (json_int_t)s.n, MTS_F_SCALED, (json_int_t)s.cut));
    }
    return rows;
}
