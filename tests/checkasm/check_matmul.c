/* The matrix kernels: every type, every number of activation rows, several widths, quants at their limits. */
#include "checkasm.h"

/* The packed form of some groups: random weights, or every quant at its largest (the sums of products then are as large
 * as they get), or scales of any bits at all, infinities and NaNs among them. */
enum { PLAIN, LARGEST, WILD, CONTENTS };

static void *groups_new(Check *c, MtsWeights *w, MtsType type, size_t groups, size_t cols, int content)
{
    size_t elements, bytes, size = mts_weights_plan(w, type, groups * MTS_GROUP, cols);
    mts_type_block(type, &elements, &bytes);
    unsigned char *tensor = malloc(groups * MTS_GROUP * cols / elements * bytes);
    fill_tensor(&c->rng, type, tensor, groups * MTS_GROUP * cols);
    w->data = guard_new(size, true);
    mts_pack(w, 0, groups, tensor);
    free(tensor);
    for (size_t g = 0; g < groups && mts_is_quantized(type); g++) {
        MtsSections at = mts_sections(type, cols);
        if (content == LARGEST) {
            memset(w->data + g * w->group_bytes, 0xFF, at.scales);
        } else if (content == WILD) {
            fill_bytes(&c->rng, w->data + g * w->group_bytes, at.bytes);
        }
    }
    return w->data;
}

static void *group_new(Check *c, MtsWeights *w, MtsType type, size_t cols, int content)
{
    return groups_new(c, w, type, 1, cols, content);
}

/* Panels whose rows are plain numbers; when `largest`, all at the limit of int8 with signs by column, or all alike. */
static MtsActBlock *panels_new(Check *c, size_t rows, size_t cols, int content)
{
    MtsActBlock *panels = guard_new(mts_acts_size(rows, cols), true);
    float *x = malloc(cols * sizeof *x);
    for (size_t row = 0; row < rows; row++) {
        MtsActBlock *panel = panels + row / MTS_PANEL * (cols / 32);
        size_t lane = row % MTS_PANEL;
        fill_normal(&c->rng, x, cols, 2);
        for (size_t k = 0; k < cols && content == LARGEST; k++) {
            x[k] = lane % 3 == 0 ? 5.0f : lane % 3 == 1 ? -5.0f : k % 2 ? -5.0f : 5.0f;
        }
        if (content == WILD && lane == 3) {
            x[cols / 2] = NAN;
        }
        c->scalar->quantize(x, cols / 32, panel, lane);
    }
    free(x);
    return panels;
}

static MtsActBlock *panel_new(Check *c, size_t cols, int content)
{
    return panels_new(c, MTS_PANEL, cols, content);
}

typedef struct TileRun {
    Check *check;
    MtsWeights w;
    size_t groups; /* of w, cycled through */
    const MtsActBlock *panel;
    const float *x;
    size_t n;
    float *y;
} TileRun;

static void run_tile(void *data)
{
    TileRun *r = data;
    for (size_t g = 0; g < r->groups; g++) {
        r->check->vector->tile[r->w.type](r->w.data + g * r->w.group_bytes, r->w.cols, r->panel, 0, r->n, r->y, 16,
                                          false, NULL);
    }
}

static void run_tile_f32(void *data)
{
    TileRun *r = data;
    for (size_t g = 0; g < r->groups; g++) {
        r->check->vector->tile_f32[r->w.type](r->w.data + g * r->w.group_bytes, r->w.cols, r->x, r->w.cols, r->n, r->y,
                                              16, false);
    }
}

static void run_product(void *data)
{
    TileRun *r = data;
    r->check->vector->product[r->w.type](r->w.data, r->groups, r->w.group_bytes, r->w.cols, r->panel, 0, r->n, r->y,
                                         r->groups * MTS_GROUP, false, (MtsNext){0});
}

/* With up to `most` activation rows. */
static void bench_tile(Check *c, MtsType type, void (*run_it)(void *data), size_t most)
{
    enum { COLS = 768, GROUPS = 8 };
    TileRun run = {.check = c, .groups = GROUPS};
    size_t elements, bytes, size = mts_weights_plan(&run.w, type, GROUPS * MTS_GROUP, COLS);
    mts_type_block(type, &elements, &bytes);
    void *tensor = malloc(GROUPS * MTS_GROUP * COLS / elements * bytes);
    fill_tensor(&c->rng, type, tensor, GROUPS * MTS_GROUP * COLS);
    run.w.data = guard_new(size, true);
    mts_pack(&run.w, 0, GROUPS, tensor);
    MtsActBlock *panel = panels_new(c, most, COLS, PLAIN);
    float *x = calloc(most * COLS, sizeof *x), *y = calloc(most * GROUPS * MTS_GROUP, sizeof *y);
    run.panel = panel;
    run.x = x;
    run.y = y;
    static const size_t counts[] = {1, 2, 4, 8, 10, 16, 32, 64};
    printf("  %-12s %-16s GMAC/s for", c->vector->name, c->name);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && counts[i] <= most; i++) {
        run.n = counts[i];
        double rate = check_rate(run_it, &run);
        printf(" %zu: %.1f", counts[i], rate * (double)(GROUPS * MTS_GROUP * COLS * counts[i]) * 1e-9);
    }
    printf("\n");
    free(tensor);
    free(x);
    free(y);
    guard_free(panel);
    guard_free(run.w.data);
}

/* n lanes from `lane` on, stored and added, against the twin's lanes. */
static void check_tile_lanes(Check *c, MtsType type, const MtsWeights *w, const MtsActBlock *panel, size_t lane,
                             size_t n, float all[MTS_PANEL][MTS_GROUP])
{
    enum { STRIDE = 19 };
    size_t floats = (n - 1) * STRIDE + MTS_GROUP;
    float *y = guard_new(floats * sizeof *y, true), want[MTS_PANEL * STRIDE];
    for (int add = 0; add < 2; add++) {
        fill_normal(&c->rng, want, floats, 1);
        memcpy(y, want, floats * sizeof *y);
        for (size_t i = 0; i < n; i++) {
            for (size_t r = 0; r < MTS_GROUP; r++) {
                float *to = &want[i * STRIDE + r];
                *to = add ? *to + all[lane + i][r] : all[lane + i][r];
            }
        }
        c->vector->tile[type](w->data, w->cols, panel, lane, n, y, STRIDE, add, n % 2 ? w->data : NULL);
        check_floats(c, y, want, floats, "columns and rows", w->cols, n);
    }
    guard_free(y);
}

static void check_tile(Check *c, MtsType type)
{
    char name[32];
    snprintf(name, sizeof name, "tile %s", mts_type_name(type));
    if (!CHECK_BEGIN(c, name, tile[type])) {
        return;
    }
    const size_t unit = mts_type_elements(type);
    static const size_t units[] = {1, 2, 3, 7};
    for (size_t u = 0; u < 4; u++) {
        for (int content = 0; content < CONTENTS; content++) {
            size_t cols = units[u] * unit;
            MtsWeights w;
            void *group = group_new(c, &w, type, cols, content);
            MtsActBlock *panel = panel_new(c, cols, content);
            float all[MTS_PANEL][MTS_GROUP]; /* every lane on its own, by the twin */
            c->scalar->tile[type](group, cols, panel, 0, MTS_PANEL, all[0], MTS_GROUP, false, NULL);
            for (size_t n = 1; n <= MTS_PANEL; n++) {
                for (size_t lane = 0; lane + n <= MTS_PANEL; lane += 1 + lane / 2) {
                    check_tile_lanes(c, type, &w, panel, lane, n, all);
                }
            }
            guard_free(panel);
            guard_free(group);
        }
    }
    if (c->bench) {
        bench_tile(c, type, run_tile, MTS_PANEL);
    }
}

/* Rows [s0, s1) of the panels times all groups, stored and added, against all [rows][16 * groups], what the twin's
 * tile() gives row by row. */
static void check_product_rows(Check *c, const MtsWeights *w, const MtsActBlock *panels, size_t s0, size_t s1,
                               const float *all, size_t stride)
{
    size_t outputs = w->groups * MTS_GROUP;
    size_t skipped = s0 * stride, floats = (s1 - s0 - 1) * stride + w->groups * MTS_GROUP;
    float *y = guard_new(floats * sizeof *y, true), *want = malloc(floats * sizeof *want);
    for (int add = 0; add < 2; add++) {
        fill_normal(&c->rng, want, floats, 1);
        memcpy(y, want, floats * sizeof *y);
        for (size_t s = s0; s < s1; s++) {
            for (size_t r = 0; r < outputs; r++) {
                float *to = &want[(s - s0) * stride + r];
                *to = add ? *to + all[s * outputs + r] : all[s * outputs + r];
            }
        }
        c->vector->product[w->type](w->data, w->groups, w->group_bytes, w->cols, panels, s0, s1, y - skipped, stride,
                                    add, (MtsNext){s0 % 3, s0 % 2 ? w->data : NULL});
        check_floats(c, y, want, floats, "first row and end", s0, s1);
    }
    free(want);
    guard_free(y);
}

/* Every number of rows from every lane of one panel; ranges over several panels, more than are held at a time; widths
 * round the number of blocks unpacked at a time. */
static void check_product(Check *c, MtsType type)
{
    char name[32];
    snprintf(name, sizeof name, "product %s", mts_type_name(type));
    if (!CHECK_BEGIN(c, name, product[type])) {
        return;
    }
    const size_t unit = mts_type_elements(type);
    static const size_t units[] = {1, 2, 7, 21, 41, 66}, ranges[][2] = {{0, 17}, {5, 48}, {15, 33}, {0, 64}, {3, 300}};
    for (size_t u = 0; u < 6 && units[u] * unit <= 5376; u++) {
        for (int content = 0; content < CONTENTS; content++) {
            size_t cols = units[u] * unit, groups = 1 + (7 * u + (size_t)content) % 23;
            size_t rows = u == 2 ? 300 : u < 4 ? 64 : 33;
            MtsWeights w;
            void *data = groups_new(c, &w, type, groups, cols, content);
            MtsActBlock *panels = panels_new(c, rows, cols, content);
            float *all = malloc(rows * groups * MTS_GROUP * sizeof *all);
            for (size_t s = 0; s < rows; s++) {
                for (size_t g = 0; g < groups; g++) {
                    c->scalar->tile[type](w.data + g * w.group_bytes, cols, panels + s / MTS_PANEL * (cols / 32),
                                          s % MTS_PANEL, 1, all + (s * groups + g) * MTS_GROUP, MTS_GROUP, false, NULL);
                }
            }
            for (size_t n = 1; n <= MTS_PANEL; n += 1 + u / 4 * 4) {
                for (size_t lane = 0; lane + n <= MTS_PANEL; lane += 1 + lane / 2 + u / 2) {
                    check_product_rows(c, &w, panels, lane, lane + n, all, groups * MTS_GROUP + 3);
                }
            }
            if (u == 1 && content == 0) { /* rows so far apart as those of logits: results that go past the caches */
                check_product_rows(c, &w, panels, 3, 20, all, (size_t)1 << 17);
            }
            for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
                if (ranges[i][1] <= rows) {
                    check_product_rows(c, &w, panels, ranges[i][0], ranges[i][1], all, groups * MTS_GROUP + 3);
                }
            }
            free(all);
            guard_free(panels);
            guard_free(data);
        }
    }
    if (c->bench) {
        bench_tile(c, type, run_product, 4 * MTS_PANEL);
    }
}

static void check_tile_f32(Check *c, MtsType type)
{
    char name[32];
    snprintf(name, sizeof name, "tile_f32 %s", mts_type_name(type));
    if (!CHECK_BEGIN(c, name, tile_f32[type])) {
        return;
    }
    size_t elements, bytes;
    mts_type_block(type, &elements, &bytes);
    static const size_t units[] = {1, 3, 35};
    for (size_t u = 0; u < (elements > 32 ? 2 : 3); u++) {
        for (int content = 0; content < CONTENTS; content++) {
            for (size_t n = 1; n <= 19; n += 1 + n / 8) {
                size_t cols = units[u] * elements, x_stride = cols + u, y_stride = MTS_GROUP + u;
                MtsWeights w;
                void *group = group_new(c, &w, type, cols, content);
                float *x = guard_new(((n - 1) * x_stride + cols) * sizeof *x, true);
                size_t floats = (n - 1) * y_stride + MTS_GROUP;
                float *y = guard_new(floats * sizeof *y, true), *want = malloc(floats * sizeof *want);
                fill_normal(&c->rng, x, (n - 1) * x_stride + cols, content == LARGEST ? 1e30f : 2);
                memset(want, 0xA5, floats * sizeof *want);
                for (int add = 0; add < 2; add++) {
                    memcpy(y, want, floats * sizeof *y);
                    c->scalar->tile_f32[type](group, cols, x, x_stride, n, want, y_stride, add);
                    c->vector->tile_f32[type](group, cols, x, x_stride, n, y, y_stride, add);
                    check_floats(c, y, want, floats, "columns and rows", cols, n);
                }
                free(want);
                guard_free(y);
                guard_free(x);
                guard_free(group);
            }
        }
    }
    if (c->bench) {
        bench_tile(c, type, run_tile_f32, MTS_PANEL);
    }
}

static void check_quantize(Check *c)
{
    if (!CHECK_BEGIN(c, "quantize", quantize)) {
        return;
    }
    for (int kind = 0; kind < 6; kind++) {
        static const float sizes[] = {1, 1e30f, 1e-36f, 1e-42f, 3, 0};
        for (size_t blocks = 1; blocks < 8; blocks++) {
            float *x = guard_new(blocks * 32 * sizeof *x, true);
            MtsActBlock *got = guard_new(blocks * sizeof *got, true), *want = guard_new(blocks * sizeof *want, true);
            fill_normal(&c->rng, x, blocks * 32, sizes[kind]);
            if (kind == 4) {
                x[blocks * 16] = NAN;
                x[3] = -INFINITY;
            } else if (kind == 0) { /* halves: ties */
                for (size_t i = 0; i < blocks * 32; i++) {
                    x[i] = i % 32 ? 0.5f * (float)((int)(i * 37 % 254) - 127) : 127;
                }
            }
            size_t lane = (blocks * 5 + (size_t)kind) % MTS_PANEL;
            c->scalar->quantize(x, blocks, want, lane);
            c->vector->quantize(x, blocks, got, lane);
            for (size_t b = 0; b < blocks; b++) { /* a NaN scale may have any bits */
                if (isnan(want[b].row[lane].d) && isnan(got[b].row[lane].d) && isnan(got[b].row[lane].s)) {
                    got[b].row[lane].d = want[b].row[lane].d;
                    got[b].row[lane].s = want[b].row[lane].s;
                }
            }
            if (memcmp(got, want, blocks * sizeof *got) != 0) {
                check_fail(c, "%zu blocks of kind %d", blocks, kind);
            }
            guard_free(x);
            guard_free(got);
            guard_free(want);
        }
    }
}

void check_matmul(Check *c)
{
    check_quantize(c);
    for (size_t t = 0; t < EVERY_TYPE; t++) {
        check_tile(c, every_type[t]);
        check_product(c, every_type[t]);
        check_tile_f32(c, every_type[t]);
    }
}
