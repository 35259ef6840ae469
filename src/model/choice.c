/* model/choice.c - see choice.h.
 *
 * A shape here is a weight type and a number of columns: more rows are more of the same. Some rows of it are multiplied
 * by 2, 4, ... 32 activation rows in both forms, in the order of a binary search for the first number from which on
 * product() is faster by 3 %, best of some passes of each in turn: a few milliseconds a shape.
 *
 * Whatever else runs on a core at the time makes the two forms look more alike, so of MTS_CHOICE_TIMES measurements, by
 * as many loads, the least number of rows counts. The file is text, a line a measurement: kernels, type, columns, rows.
 * Its first line names the version that wrote it and EDITION, as kernels change; another one begins anew. */
#include "model/choice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxts/version.h>

#include "core/cpu.h"
#include "core/file.h"
#include "core/mem.h"

enum { MOST_ROWS = 32, GROUPS = 8, PASSES = 16, MOST_SHAPES = 256, MOST_BYTES = 1 << 16 };

#define EDITION "2" /* of the kernels: one more whenever they become faster or slower */

static const size_t steps[] = {2, 4, 6, 8, 10, 12, 16, 24, MOST_ROWS};
enum { STEPS = sizeof steps / sizeof steps[0] };

/* ---- measured ---- */

typedef struct FormTrial {
    const MtsKernels *kernels;
    MtsWeights w;
    MtsActBlock *acts;
    float *y;
    bool busy; /* figures that should be the same were not */
} FormTrial;

static double time_form(FormTrial *b, size_t rows, size_t from)
{
    double began = mts_seconds();
    b->w.product_from = from;
    mts_matmul(b->kernels, &b->w, 0, b->w.groups, b->acts, 0, rows, b->y, b->w.groups * MTS_GROUP, false, (MtsNext){0});
    return mts_seconds() - began;
}

/* In turn, so that what else the machine does meets both. When the best of one half of the passes is not that of the
 * other half, the machine is too busy to tell. */
static bool product_wins(FormTrial *b, size_t rows)
{
    double product[2] = {HUGE_VAL, HUGE_VAL}, tile[2] = {HUGE_VAL, HUGE_VAL};
    for (int pass = 0; pass < PASSES; pass++) {
        product[pass % 2] = fmin(product[pass % 2], time_form(b, rows, 1));
        tile[pass % 2] = fmin(tile[pass % 2], time_form(b, rows, SIZE_MAX));
    }
    const double p = fmin(product[0], product[1]), t = fmin(tile[0], tile[1]);
    b->busy = b->busy || fmax(product[0], product[1]) > 1.05 * p || fmax(tile[0], tile[1]) > 1.05 * t;
    return p < 0.97 * t;
}

/* *from: 0 where nothing can be told. */
static int measure(const MtsKernels *kernels, const MtsWeights *w, size_t *from, MtsError *err)
{
    FormTrial b = {.kernels = kernels, .w = *w};
    const size_t blocks = w->cols / 32;
    float *x = mts_calloc(w->cols, sizeof *x);
    b.w.groups = w->groups < GROUPS ? w->groups : GROUPS;
    b.acts = mts_aligned_calloc(1, mts_acts_size(MOST_ROWS, w->cols));
    b.y = mts_aligned_calloc(MOST_ROWS * b.w.groups * MTS_GROUP, sizeof *b.y);
    int rc = x && b.acts && b.y ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory to measure a matrix product");
    if (rc) {
        goto done;
    }
    for (size_t s = 0; s < MOST_ROWS; s++) {
        for (size_t i = 0; i < w->cols; i++) {
            x[i] = (float)((int)((i + s) * 37 % 101) - 50) / 50;
        }
        kernels->quantize(x, blocks, b.acts + s / MTS_PANEL * blocks, s % MTS_PANEL);
    }
    size_t low = 0, high = STEPS; /* the first step where product() wins is in [low, high] */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (product_wins(&b, steps[middle])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *from = b.busy ? 0 : low < STEPS ? steps[low] : SIZE_MAX;
done:
    free(x);
    mts_aligned_free(b.acts);
    mts_aligned_free(b.y);
    return rc;
}

/* ---- kept ---- */

/* The user's cache folder for this program, made where it is missing, and the file of this processor in it; NULL where
 * there is none. */
static char *file_of_processor(void)
{
    char cpu[64];
    const char *off = getenv("MAXTS_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const bool own = cache && mts_path_is_absolute(cache);
    if ((off && strcmp(off, "off") == 0) || !*mts_cpu_model(cpu, sizeof cpu) || (!own && !(home && *home))) {
        return NULL;
    }
    size_t room = strlen(own ? cache : home) + sizeof cpu + 32;
    char *path = mts_calloc(1, room);
    if (path) {
        snprintf(path, room, "%s%s/maxts/forms-%s", own ? cache : home, own ? "" : "/.cache", cpu);
    }
    return path;
}

static MtsFormChoice *find(MtsFormChoice *choices, size_t count, MtsType type, size_t cols)
{
    for (size_t i = 0; i < count; i++) {
        if (choices[i].type == type && choices[i].cols == cols) {
            return &choices[i];
        }
    }
    return NULL;
}

/* A measurement more of a shape; of shapes beyond `cap` nothing is remembered. */
static MtsFormChoice *remember(MtsFormChoice *choices, size_t *count, size_t cap, MtsType type, size_t cols,
                               size_t from)
{
    MtsFormChoice *c = find(choices, *count, type, cols);
    if (!c && *count < cap) {
        c = &choices[(*count)++];
        *c = (MtsFormChoice){.type = type, .cols = cols};
    }
    if (c && from) {
        c->from = c->times == 0 || from < c->from ? from : c->from;
        c->times++;
    }
    return c;
}

size_t mts_choices_read(const char *text, const char *kernels, MtsFormChoice *choices, size_t cap)
{
    static const char head[] = "maxts " MTS_VERSION " " EDITION "\n";
    char name[32], type[16];
    unsigned long long cols, from;
    size_t count = 0;
    if (strncmp(text, head, sizeof head - 1) != 0) {
        return 0;
    }
    int used = sizeof head - 1;
    while (sscanf(text += used, "%31s %15s %llu %llu%n", name, type, &cols, &from, &used) == 4) {
        for (uint32_t t = 0; strcmp(name, kernels) == 0 && from > 0 && t < MTS_TYPES; t++) {
            if (mts_is_quantized((MtsType)t) && strcmp(mts_type_name(t), type) == 0) {
                (void)remember(choices, &count, cap, (MtsType)t, (size_t)cols,
                               from > MOST_ROWS ? SIZE_MAX : (size_t)from);
            }
        }
    }
    return count;
}

/* The file's text, "" where there is none. */
static char *read_kept(const char *file)
{
    char *text = NULL;
    size_t size;
    MtsError why = {0};
    if (!file || mts_read_file(file, MOST_BYTES, &text, &size, &why)) {
        return mts_calloc(1, 1);
    }
    return text;
}

/* Adds what this call measured to what the file holds of this edition. */
static void write_kept(const char *file, const char *before, const char *kernels, const MtsFormChoice *choices,
                       size_t n)
{
    const char head[] = "maxts " MTS_VERSION " " EDITION "\n";
    const bool same = strncmp(before, head, sizeof head - 1) == 0;
    size_t room = sizeof head + strlen(before) + n * 96, at;
    char *text = mts_calloc(1, room);
    MtsError why = {0};
    if (!text) {
        return;
    }
    at = (size_t)snprintf(text, room, "%s", same ? before : head);
    for (size_t i = 0; i < n; i++) {
        unsigned long long from = choices[i].now > MOST_ROWS ? MOST_ROWS + 1 : choices[i].now;
        if (from == 0) {
            continue;
        }
        at += (size_t)snprintf(text + at, room - at, "%s %s %llu %llu\n", kernels, mts_type_name(choices[i].type),
                               (unsigned long long)choices[i].cols, from);
    }
    if (!mts_make_folder_of(file)) {
        (void)mts_write_file_atomic(file, text, at, &why);
    }
    free(text);
}

/* ---- a model ---- */

/* The choice of a matrix's shape, measured where it is not settled; NULL where there are more than can be kept. */
static int choose_one(const MtsKernels *kernels, const MtsWeights *w, MtsFormChoice *choices, size_t *count,
                      const MtsFormChoice **chosen, MtsError *err)
{
    MtsFormChoice *c = remember(choices, count, MOST_SHAPES, w->type, w->cols, 0);
    int rc = 0;
    if (c && !c->tried && c->times < MTS_CHOICE_TIMES) {
        c->tried = true;
        rc = measure(kernels, w, &c->now, err);
        (void)remember(choices, count, MOST_SHAPES, w->type, w->cols, c->now);
    }
    *chosen = c;
    return rc;
}

static void count_shapes(MtsChoices *choices, const MtsFormChoice *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        choices->measured += c[i].now > 0;
        choices->kept += !c[i].tried;
        choices->unsettled += c[i].tried && c[i].now == 0;
    }
}

int mts_choose_forms(MtsChoices *choices, const MtsKernels *kernels, MtsWeights *const *weights, size_t count,
                     MtsError *err)
{
    MtsFormChoice *made = mts_calloc(MOST_SHAPES, sizeof *made);
    const double began = mts_seconds();
    *choices = (MtsChoices){.file = file_of_processor()};
    char *before = read_kept(choices->file);
    int rc = made && before ? MTS_OK : mts_fail(err, MTS_ENOMEM, "no memory to choose among kernels");
    size_t n = rc ? 0 : mts_choices_read(before, kernels->name, made, MOST_SHAPES);
    for (size_t i = 0; i < count && !rc; i++) {
        const MtsFormChoice *c = NULL;
        if (kernels->product[weights[i]->type]) {
            rc = choose_one(kernels, weights[i], made, &n, &c, err);
            weights[i]->product_from = c && c->from ? c->from : MTS_PRODUCT_ROWS;
        }
    }
    count_shapes(choices, made, n);
    if (!rc && choices->measured && choices->file) {
        write_kept(choices->file, before, kernels->name, made, n);
    }
    choices->seconds = mts_seconds() - began;
    free(before);
    free(made);
    return rc;
}
