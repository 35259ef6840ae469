/* What each optimisation brings: seconds a sample with it alone, and with all, against none.
 *
 * Without the cache a sample may take hours. A search that --seconds cut short has shown how long a position takes, and
 * how many positions the whole takes is known: as many as the same search with the cache, where that was run, since the
 * cache changes no result; else rollouts (tokens - 1) where no end token ends a text. Its seconds are then those of the
 * prompt and of the whole at that pace, and the row says how many of its samples were scaled so. Cut searches of which
 * neither is known are left out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"

static double number_at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static bool same(const json_t *a, const json_t *b, const char *name)
{
    return json_equal(json_object_get(a, name), json_object_get(b, name));
}

static bool is_cut(const json_t *record)
{
    const char *reason = json_string_value(json_object_get(record, "stop_reason"));
    return reason && (strcmp(reason, "seconds") == 0 || strcmp(reason, "nothing") == 0);
}

/* Positions of the whole search that a record was cut from; NaN: not known. */
static double whole_positions(const json_t *head, const json_t *records, const json_t *run, const json_t *record)
{
    const json_t *twin, *other;
    size_t r, i;
    json_array_foreach(json_object_get(head, "runs"), r, twin)
    {
        bool like = same(twin, run, "rollouts") && same(twin, run, "max_tokens") && same(twin, run, "end_stop") &&
                    same(twin, run, "in_flight");
        if (!like || twin == run || !json_is_true(json_object_get(twin, "kv_cache"))) {
            continue;
        }
        json_array_foreach(records, i, other)
        {
            if (same(other, twin, "variant") && same(other, record, "sample") && same(other, record, "seed") &&
                !is_cut(other)) {
                return number_at(other, "nfe");
            }
        }
    }
    return json_is_false(json_object_get(run, "end_stop"))
               ? number_at(run, "rollouts") * (number_at(run, "max_tokens") - 1)
               : NAN;
}

/* Seconds of the whole search; NaN: it cannot be told. */
static double whole_seconds(const json_t *record, double positions)
{
    double seconds = number_at(record, "seconds"), nfe = number_at(record, "nfe"),
           prompt = number_at(record, "prefill_seconds");
    prompt = isnan(prompt) ? 0 : prompt;
    return !is_cut(record) ? seconds : nfe > 0 ? prompt + (seconds - prompt) / nfe * positions : NAN;
}

json_t *mts_eval_optimisations(const json_t *head, const json_t *records)
{
    const json_t *run, *record;
    const char *experiment = json_string_value(json_object_get(json_object_get(head, "settings"), "experiment"));
    json_t *rows = json_array();
    double none = NAN;
    size_t r, i;
    if (!experiment || strcmp(experiment, "optimisations") != 0) {
        json_decref(rows);
        return json_null();
    }
    json_array_foreach(json_object_get(head, "runs"), r, run)
    {
        const char *variant = json_string_value(json_object_get(run, "variant"));
        double seconds = 0, positions = 0, reward = 0, n = 0, cut = 0, rewarded = 0;
        json_array_foreach(records, i, record)
        {
            if (!same(record, run, "variant")) {
                continue;
            }
            bool scaled = is_cut(record);
            double one = scaled ? whole_positions(head, records, run, record) : number_at(record, "nfe"),
                   took = whole_seconds(record, one);
            double best = number_at(record, "best_reward");
            if (!isnan(took)) {
                seconds += took;
                positions += one;
                cut += scaled;
                n++;
                reward += isnan(best) || scaled ? 0 : best;
                rewarded += !isnan(best) && !scaled;
            }
        }
        none = r == 0 && n > 0 ? seconds / n : none;
        json_array_append_new(rows,
                              json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:I}", "optimisation", variant ? variant : "",
                                        "seconds", mts_json_real(n > 0 ? seconds / n : NAN), "times_faster",
                                        mts_json_real(n > 0 ? none / (seconds / n) : NAN), "positions",
                                        mts_json_real(n > 0 ? positions / n : NAN), "best_reward",
                                        mts_json_real(rewarded > 0 ? reward / rewarded : NAN), "samples", (json_int_t)n,
                                        "scaled", (json_int_t)cut));
    }
    return rows;
}
