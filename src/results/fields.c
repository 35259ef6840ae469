/* results/fields.c - members of journals' lines read, whatever they hold. */
#include "results/fields.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"

const char *mts_field_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

double mts_field_number(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

bool mts_all_numbers(const json_t *list)
{
    bool ok = json_is_array(list);
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        ok = json_is_number(json_array_get(list, i));
    }
    return ok;
}

bool mts_same_variant(const json_t *a, const json_t *b)
{
    return strcmp(mts_field_text(a, MTS_F_METHOD), mts_field_text(b, MTS_F_METHOD)) == 0 &&
           strcmp(mts_field_text(a, MTS_F_VARIANT), mts_field_text(b, MTS_F_VARIANT)) == 0;
}

char *mts_record_key(const char *sample, const char *method, const char *variant, unsigned long long seed)
{
    MtsBytes key = {0};
    if (!mts_bytes_printf(&key, "%s|%s|%s|%llu", sample, method, variant, seed)) {
        mts_bytes_free(&key);
    }
    return key.data;
}
