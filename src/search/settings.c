/* search/settings.c - every setting that a result is a function of, in one table: its default, its range, and its
 * name in checkpoints and traces. */
#include <stddef.h>

#include "search/run.h"

typedef enum Kind { REAL, SIZE, COUNT, FLAG, METHOD, RESAMPLING } Kind;

typedef struct Field {
    const char *name; /* in a sentence '_' is written '-', as the program's options are */
    Kind kind;
    size_t offset;
    double initial, min, max; /* SIZE, COUNT: exact up to 2^53 */
    bool above;               /* min itself is outside */
    bool identity;            /* checkpoints must agree in it; the others may change when a search goes on */
} Field;

#define AT(member) offsetof(MtsSearchSettings, member)

static const Field FIELDS[] = {
    {"method", METHOD, AT(method), MTS_MAXENT_TS, 0, MTS_METHOD_LAST, false, true},
    {"seed", COUNT, AT(seed), 0, 0, HUGE_VAL, false, true},
    {"lambda", REAL, AT(lambda), 1, 0, 1e300, false, true},
    {"rollouts", SIZE, AT(rollouts), 10, 1, 1e8, false, false},
    {"in_flight", SIZE, AT(in_flight), 1, 1, 65536, false, true},
    {"temperature", REAL, AT(temperature), 1, 0, 1e6, true, true},
    {"expansion", SIZE, AT(expansion), 3, 1, 1e6, false, true},
    {"use_uct", FLAG, AT(use_uct), 1, 0, 1, false, true},
    {"c_uct", REAL, AT(c_uct), 1, 0, 1e300, false, true},
    {"widening_c", REAL, AT(widening_c), 2, 0, 1e300, true, true},
    {"widening_alpha", REAL, AT(widening_alpha), 0.8, 0, 1, false, true},
    {"resampling", RESAMPLING, AT(resampling), MTS_SYSTEMATIC, 0, MTS_SYSTEMATIC, false, true},
    {"ess_threshold", REAL, AT(ess_threshold), 0.5, 0, 1, false, true},
    {"shrinkage", REAL, AT(shrinkage), 3, 0, 1e300, false, true},
    {"exploration", REAL, AT(exploration), 0.1, 0, 1, false, true},
    {"sweep", SIZE, AT(sweep), 16, 0, 1e8, false, true},
    {"look_ahead", SIZE, AT(look_ahead), 8, 0, 1e6, false, true},
    {"nfe", COUNT, AT(max_nfe), 0, 0, HUGE_VAL, false, true},
    {"log_z_tolerance", REAL, AT(log_z_tolerance), 0, 0, 1e300, false, false},
    {"mass_tolerance", REAL, AT(mass_tolerance), 0, 0, 1, false, false},
    {"min_rollouts", SIZE, AT(min_rollouts), 4, 0, 1e8, false, false},
    {"complete_sample", FLAG, AT(complete_sample), 0, 0, 1, false, false},
    /* Not part of a result: in checkpoints and traces they are left out. */
    {"batch", SIZE, AT(batch), 64, 1, 65536, false, false},
    {"seconds", REAL, AT(max_seconds), 0, 0, 1e300, false, false},
};
enum { FIELD_COUNT = sizeof FIELDS / sizeof FIELDS[0], RESULT_FIELDS = FIELD_COUNT - 2 };

static double get(const MtsSearchSettings *s, const Field *f)
{
    const char *at = (const char *)s + f->offset;
    switch (f->kind) {
    case REAL:
        return *(const double *)(const void *)at;
    case SIZE:
        return (double)*(const size_t *)(const void *)at;
    case COUNT:
        return (double)*(const uint64_t *)(const void *)at;
    case FLAG:
        return *(const bool *)(const void *)at;
    case METHOD:
        return (double)*(const MtsMethod *)(const void *)at;
    default:
        return (double)*(const MtsResampling *)(const void *)at;
    }
}

static void set(MtsSearchSettings *s, const Field *f, double value, uint64_t whole)
{
    char *at = (char *)s + f->offset;
    switch (f->kind) {
    case REAL:
        *(double *)(void *)at = value;
        break;
    case SIZE:
        *(size_t *)(void *)at = (size_t)whole;
        break;
    case COUNT:
        *(uint64_t *)(void *)at = whole;
        break;
    case FLAG:
        *(bool *)(void *)at = whole != 0;
        break;
    case METHOD:
        *(MtsMethod *)(void *)at = (MtsMethod)whole;
        break;
    default:
        *(MtsResampling *)(void *)at = (MtsResampling)whole;
        break;
    }
}

void mts_search_defaults(MtsSearchSettings *settings)
{
    *settings = (MtsSearchSettings){0};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        set(settings, &FIELDS[i], FIELDS[i].initial, (uint64_t)FIELDS[i].initial);
    }
}

static bool in_range(const Field *f, double value)
{
    return (f->above ? value > f->min : value >= f->min) && value <= f->max;
}

int mts_search_check(const MtsSearchModel *model, const MtsSearchSettings *settings, MtsError *err)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const Field *f = &FIELDS[i];
        double value = get(settings, f);
        if (!in_range(f, value)) {
            char name[32];
            size_t n = 0;
            for (; f->name[n] && n + 1 < sizeof name; n++) {
                name[n] = f->name[n];
                if (name[n] == '_') {
                    name[n] = '-';
                }
            }
            name[n] = '\0';
            return mts_fail(err, MTS_EREQUEST, "%s: %.17g is outside %c%.17g, %.17g]", name, value,
                            f->above ? '(' : '[', f->min, f->max);
        }
    }
    if (model->max_tokens < 1 || model->max_tokens > 1u << 24) {
        return mts_fail(err, MTS_EREQUEST, "max-tokens: %zu is outside [1, %u]", model->max_tokens, 1u << 24);
    }
    return MTS_OK;
}

static json_t *field_json(const MtsSearchSettings *s, const Field *f)
{
    const char *at = (const char *)s + f->offset;
    switch (f->kind) {
    case REAL:
        return json_real(get(s, f));
    case FLAG:
        return json_boolean(get(s, f) != 0);
    case METHOD:
        return json_string(mts_method_name(s->method));
    case COUNT: /* the same 64 bits, read back as such */
        return json_integer((json_int_t) * (const uint64_t *)(const void *)at);
    default:
        return json_integer((json_int_t)get(s, f));
    }
}

json_t *mts_settings_fields(const MtsSearchSettings *s, bool whole)
{
    json_t *out = json_object();
    bool ok = out != NULL;
    for (size_t i = 0; ok && i < RESULT_FIELDS; i++) {
        if (whole || FIELDS[i].identity) {
            ok = json_object_set_new(out, FIELDS[i].name, field_json(s, &FIELDS[i])) == 0;
        }
    }
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *mts_settings_json(const MtsRun *run, bool whole)
{
    const MtsSearchSettings *s = &run->settings;
    json_t *out = mts_settings_fields(s, whole);
    bool ok = out != NULL;
    ok = ok && json_object_set_new(out, "max_tokens", json_integer((json_int_t)run->model->max_tokens)) == 0 &&
         json_object_set_new(out, "identity", json_string(s->identity ? s->identity : "")) == 0;
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}

const char *mts_settings_read(const json_t *from, MtsSearchSettings *s)
{
    mts_search_defaults(s);
    for (size_t i = 0; i < RESULT_FIELDS; i++) {
        const Field *f = &FIELDS[i];
        const json_t *value = json_object_get(from, f->name);
        bool ok;
        if (f->kind == REAL) {
            ok = json_is_number(value);
            set(s, f, json_number_value(value), 0);
        } else if (f->kind == METHOD) {
            ok = json_is_string(value) && mts_method_from_name(json_string_value(value), &s->method) == 0;
        } else if (f->kind == FLAG) {
            ok = json_is_boolean(value);
            set(s, f, 0, json_is_true(value));
        } else {
            ok = json_is_integer(value) && (f->kind == COUNT || in_range(f, json_number_value(value)));
            set(s, f, 0, ok ? (uint64_t)json_integer_value(value) : 0);
        }
        if (!ok || !in_range(f, get(s, f))) {
            return f->name;
        }
    }
    return NULL;
}
