/* Ten thousand damaged model files, each of which must end in a forward pass or in one sentence.
 *
 * Mutation i is a function of i alone: it takes tiny models of tests/golden and tests/encoder in turn, damages one in
 * one to three places and runs it through everything that reads a model file (tests/fuzz/whole.h). The damage knows
 * where the file's numbers and strings are, since a random bit of a file this size is nearly always a weight. Watched:
 * no signal, no second of processor time, no more than 300 MiB (data segment limited where the system can, resident set
 * measured), no failure for want of memory, no failure without a sentence.
 *
 *   MAXTS_MUTATION=i         runs mutation i alone and leaves the file at MAXTS_MUTATION_FILE if that is set
 *   test_mutations [n]       runs the first n (default 10000)
 */
#include "../test.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/whole.h"
#include "core/file.h"
#include "core/rng.h"

enum { MEMORY_MIB = 300, MUTATIONS = 10000 };

static const char *const names[] = {
    "golden/llama-rope-scaled", "golden/gemma3-capped", "golden/qwen2",          "golden/qwen3",     "golden/type-q4_0",
    "golden/type-q5_1",         "golden/llama-tied",    "golden/type-q4_k",      "golden/type-q6_k", "golden/gemma3",
    "encoder/soft-llama",       "encoder/soft-gemma",   "encoder/flamingo-gemma"};

enum { MODELS = sizeof names / sizeof *names };

/* ---- where a good file's numbers are ---- */

typedef enum Role { STRUCTURE, SCALAR, ELEMENT, ROLES } Role; /* counts and the like; metadata values; of arrays */

typedef struct Field {
    size_t at, bytes;
} Field;

typedef struct Fields {
    Field *list;
    size_t count, cap;
} Fields;

typedef struct Base {
    MtsMap map;
    Fields fields[ROLES];
    Fields strings; /* keys, values, names: their bytes */
    size_t head;    /* bytes before the tensors' data */
} Base;

static uint64_t number(const Base *b, size_t at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)b->map.data[at + i] << 8 * i;
    }
    return value;
}

static void note(Fields *fields, size_t at, size_t bytes)
{
    assert_true(mts_grow(&fields->list, &fields->cap, fields->count + 1, sizeof *fields->list));
    fields->list[fields->count++] = (Field){at, bytes};
}

/* Notes the number at b->head, steps over it and returns it. */
static uint64_t field(Base *b, size_t bytes, Role role)
{
    note(&b->fields[role], b->head, bytes);
    b->head += bytes;
    return number(b, b->head - bytes, bytes);
}

static void string(Base *b)
{
    size_t n = (size_t)field(b, 8, STRUCTURE);
    if (n > 0) {
        note(&b->strings, b->head, n);
    }
    b->head += n;
}

static void value(Base *b, uint64_t type, Role role)
{
    static const size_t widths[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (type == MTS_GGUF_STRING) {
        string(b);
    } else if (type == MTS_GGUF_ARRAY) {
        uint64_t element = field(b, 4, STRUCTURE), n = field(b, 8, STRUCTURE);
        while (n-- > 0) {
            value(b, element, ELEMENT);
        }
    } else {
        field(b, widths[type], role);
    }
}

static void find_fields(Base *b)
{
    b->head = 4;
    field(b, 4, STRUCTURE);
    uint64_t tensors = field(b, 8, STRUCTURE), entries = field(b, 8, STRUCTURE);
    while (entries-- > 0) {
        string(b);
        value(b, field(b, 4, STRUCTURE), SCALAR);
    }
    while (tensors-- > 0) {
        string(b);
        for (uint64_t dims = field(b, 4, STRUCTURE); dims > 0; dims--) {
            field(b, 8, STRUCTURE);
        }
        field(b, 4, STRUCTURE);
        field(b, 8, STRUCTURE);
    }
    assert_true(b->head < b->map.size);
}

/* ---- damage ---- */

static size_t below(MtsRng *rng, size_t n)
{
    return (size_t)(mts_rng_uniform(rng) * (double)n);
}

/* A number where programs go wrong, or near the one that was there. */
static uint64_t extreme(MtsRng *rng, uint64_t old, size_t file_size)
{
    static const uint64_t set[] = {0,
                                   1,
                                   2,
                                   3,
                                   5,
                                   13,
                                   127,
                                   255,
                                   256,
                                   65535,
                                   65536,
                                   1u << 20,
                                   INT32_MAX,
                                   1u << 31,
                                   UINT32_MAX,
                                   1ull << 32,
                                   1ull << 40,
                                   1ull << 61,
                                   INT64_MAX,
                                   1ull << 63,
                                   UINT64_MAX - 7,
                                   UINT64_MAX,
                                   0x7F800000,
                                   0xFF800000,
                                   0x7FC00000,
                                   0x7FF0000000000000};
    size_t n = sizeof set / sizeof *set, pick = below(rng, n + 10);
    if (pick < n) {
        return set[pick];
    }
    switch (pick - n) {
    case 0:
        return old + 1;
    case 1:
        return old - 1;
    case 2:
        return old * 2;
    case 3:
        return old / 2;
    case 4:
        return old ^ 1ull << below(rng, 64);
    case 5:
        return file_size;
    case 6:
        return file_size - 1;
    case 7:
        return 0 - old;
    case 8:
        return old + 32;
    default:
        return mts_rng_bits(rng);
    }
}

/* One damage to data[*size]; the buffer has room for 64 bytes more per damage. */
static void damage(MtsRng *rng, const Base *base, unsigned char *data, size_t *size)
{
    size_t kind = below(rng, 24), head = base->head < *size ? base->head : *size;
    if (*size < 64 || head == 0) {
        return;
    }
    if (kind < 11) { /* a number */
        const Fields *fields = &base->fields[kind < 4 ? STRUCTURE : kind < 9 ? SCALAR : ELEMENT];
        if (fields->count == 0) {
            return;
        }
        const Field *f = &fields->list[below(rng, fields->count)];
        uint64_t x = extreme(rng, number(base, f->at, f->bytes), *size);
        for (size_t i = 0; i < f->bytes && f->at + i < *size; i++) {
            data[f->at + i] = (unsigned char)(x >> 8 * i);
        }
    } else if (kind < 15) { /* a string: another byte, or as much as fits of another string */
        const Field *f = &base->strings.list[below(rng, base->strings.count)];
        const Field *g = &base->strings.list[below(rng, base->strings.count)];
        size_t at = below(rng, f->bytes);
        for (size_t i = 0; i < f->bytes && i < g->bytes && f->at + i < *size; i++) {
            if (kind < 13) {
                data[f->at + i] = base->map.data[g->at + i];
            } else if (i == at) {
                data[f->at + i] = (unsigned char)below(rng, 256);
            }
        }
    } else if (kind == 15) { /* bits anywhere before the weights */
        for (size_t n = 1 + below(rng, 4); n > 0; n--) {
            data[below(rng, head)] ^= (unsigned char)(1u << below(rng, 8));
        }
    } else if (kind < 18) { /* the end is missing */
        *size = kind == 16 ? below(rng, head) : below(rng, *size);
    } else if (kind < 20) { /* some bytes twice, or gone */
        size_t at = below(rng, head), n = 1 + below(rng, 63);
        n = n < *size - at ? n : *size - at;
        if (kind == 18) {
            memmove(data + at + n, data + at, *size - at);
            *size += n;
        } else {
            memmove(data + at, data + at + n, *size - at - n);
            *size -= n;
        }
    } else { /* weights: scales become infinite, NaN, anything */
        for (size_t n = 1 + below(rng, 64); n > 0 && head < *size; n--) {
            data[head + below(rng, *size - head)] = kind < 22 ? 0xFF : (unsigned char)below(rng, 256);
        }
    }
}

static double cpu_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static long resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Damages a copy of the base's file, number `i` of the damages, writes it to `file` and runs it. */
static Whole run_mutation(const Base *base, size_t i, const char *file, double *seconds, MtsError *err)
{
    MtsRng rng = mts_rng(1, i, 0);
    size_t size = base->map.size;
    unsigned char *data = mts_aligned_calloc(size + 256, 1);
    assert_non_null(data);
    memcpy(data, base->map.data, size);
    for (size_t n = mts_rng_uniform(&rng) < 0.7 ? 1 : 2 + below(&rng, 2); n > 0; n--) {
        damage(&rng, base, data, &size);
    }
    whole_write(file, data, size);
    /* So that a tool that checks bounds sees the file's end where it is. */
    unsigned char *exact_size = mts_aligned_calloc(size, 1);
    assert_non_null(exact_size);
    memcpy(exact_size, data, size);
    mts_aligned_free(data);
    double start = cpu_seconds();
    Whole outcome = whole_run(file, exact_size, size, i % 2 == 0, err);
    *seconds = cpu_seconds() - start;
    mts_aligned_free(exact_size);
    return outcome;
}

static void damaged_files_end_in_an_answer_or_a_sentence(void **state)
{
    const char *one = getenv("MAXTS_MUTATION"), *many = *state, *keep = getenv("MAXTS_MUTATION_FILE");
    size_t from = one ? strtoul(one, NULL, 10) : 0;
    size_t to = one ? from + 1 : many ? strtoul(many, NULL, 10) : MUTATIONS;
    char path[] = "/tmp/maxts-mutation-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    const char *file = keep ? keep : path;

    Base bases[MODELS];
    memset(bases, 0, sizeof bases);
    for (int i = 0; i < MODELS; i++) {
        char name[200];
        MtsError err = {0};
        snprintf(name, sizeof name, "tests/%s.gguf", names[i]);
        assert_ok(mts_map_open(&bases[i].map, test_path(name), &err), &err);
        find_fields(&bases[i]);
    }
#ifdef __linux__
    if (!MTS_DEAR) {
        struct rlimit limit = {(rlim_t)MEMORY_MIB << 20, (rlim_t)MEMORY_MIB << 20};
        assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
    }
#endif
    size_t outcomes[3] = {0};
    double slowest = 0;
    for (size_t i = from; i < to; i++) {
        MtsError err = {0};
        double seconds;
        Whole outcome = run_mutation(&bases[i % MODELS], i, file, &seconds, &err);
        if (err.code == MTS_ENOMEM || (!MTS_DEAR && seconds > 1)) {
            fail_msg("mutation %zu of %s: %.2f s, %s", i, names[i % MODELS], seconds, err.text);
        }
        outcomes[outcome]++;
        slowest = seconds > slowest ? seconds : slowest;
    }
    print_message("%zu refused by the reader, %zu by the tokenizer or the model, %zu ran; slowest %.3f s, %ld MiB\n",
                  outcomes[WHOLE_REFUSED], outcomes[WHOLE_READ], outcomes[WHOLE_RAN], slowest, resident_kib() / 1024);
    if (!one) { /* damage that always or never bites tests nothing */
        assert_true(outcomes[WHOLE_REFUSED] > (to - from) / 10);
        assert_true(outcomes[WHOLE_READ] > (to - from) / 100);
        assert_true(outcomes[WHOLE_RAN] > (to - from) / 20);
    }
    if (!MTS_DEAR) {
        assert_true(resident_kib() / 1024 <= MEMORY_MIB);
    }
    for (int i = 0; i < MODELS; i++) {
        mts_map_close(&bases[i].map);
        for (int role = 0; role < ROLES; role++) {
            free(bases[i].fields[role].list);
        }
        free(bases[i].strings.list);
    }
    unlink(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(damaged_files_end_in_an_answer_or_a_sentence, argc > 1 ? argv[1] : NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
