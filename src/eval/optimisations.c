/* What each optimisation brings: seconds a sample with it alone, and with all, against none.
 *
 * Without the cache a sample may take hours. A search that --seconds cut short has shown how long a position takes, and how many positions the whole
 * takes is known: rollouts (tokens - 1) where no end token ends a text, otherwise as many for each rollout as the finished ones took. Its seconds are then
 * those of the prompt and of the whole at that pace, and the row says how many of its samples were scaled so. A cut search without a finished text, where end tokens end
 * texts, says nothing and is left out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"

static double number_at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Seconds of a whole search; *scaled tells whether it was cut short. NaN: it cannot be told. */
static double whole_seconds(const json_t *run, const json_t *record, bool *scaled, double *positions)
{
    double seconds = number_at(record, "seconds"), nfe = number_at(record, "nfe"), done = number_at(record, "rollouts_done"),
           rollouts = number_at(run, "rollouts"), tokens = number_at(run, "max_tokens"), prompt = number_at(record, "prefill_seconds");
    const char *reason = json_string_value(json_object_get(record, "stop_reason"));
    *scaled = reason && (strcmp(reason, "seconds") == 0 || strcmp(reason, "nothing") == 0);
    *positions = nfe;
    if (!*scaled) {
        return seconds;
    }
    *positions = json_is_false(json_object_get(run, "end_stop")) ? rollouts * (tokens - 1) : done > 0 ? nfe / done * rollouts : NAN;
    prompt = isnan(prompt) ? 0 : prompt;
    return nfe > 0 ? prompt + (seconds - prompt) / nfe * *positions : NAN;
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
    json_array_foreach(json_object_get(head, "runs"), r, run) {
        const char *variant = json_string_value(json_object_get(run, "variant"));
        double seconds = 0, positions = 0, reward = 0, n = 0, cut = 0, rewarded = 0;
        json_array_foreach(records, i, record) {
            const char *own = json_string_value(json_object_get(record, "variant"));
            bool scaled = false;
            double one = 0, took = own && variant && strcmp(own, variant) == 0 ? whole_seconds(run, record, &scaled, &one) : NAN;
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
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:I}", "optimisation", variant ? variant : "", "seconds",
                                              mts_json_real(n > 0 ? seconds / n : NAN), "times_faster", mts_json_real(n > 0 ? none / (seconds / n) : NAN),
                                              "positions", mts_json_real(n > 0 ? positions / n : NAN), "best_reward",
                                              mts_json_real(rewarded > 0 ? reward / rewarded : NAN), "samples", (json_int_t)n, "scaled", (json_int_t)cut));
    }
    return rows;
}
