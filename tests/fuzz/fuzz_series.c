/* libFuzzer target: any bytes as a file of time series. The first byte chooses the format by a name, the second how it
 * is asked for. A WFDB header ends at its first zero byte; what follows is the signal file beside it. It must end in
 * series of finite values or in one sentence. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "series/set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}

static void write_file(const char *path, const void *data, size_t size)
{
    remove(path); /* some file systems flush a file to disk that is cut and written again */
    FILE *f = fopen(path, "wb");
    require(f && fwrite(data, 1, size, f) == size && fclose(f) == 0, "a file beside the header can be written");
}

/* A path in a scratch folder, the same every time. */
static const char *beside(const char *name)
{
    static char folder[200], path[256];
    if (!folder[0]) {
        const char *scratch = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/fuzz_series_XXXXXX", scratch ? scratch : "/tmp");
        require(mkdtemp(folder) != NULL, "a scratch folder can be made");
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void refused(int rc, const MtsError *err)
{
    require(rc < 0 && err->code == rc && err->text[0] && !strchr(err->text, '\n'), "a refusal is one sentence");
}

static void take(const MtsSeriesSet *set, const char *selection)
{
    MtsSeries *s = NULL;
    MtsError err = {0};
    int rc = mts_set_take(set, selection, &s, &err);
    if (rc) {
        require(!s, "no series where it was refused");
        refused(rc, &err);
        return;
    }
    for (size_t i = 0; i < s->channels * s->length; i++) {
        require(isfinite(s->values[i]), "a value is finite");
    }
    mts_series_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"x.csv", "x.tsv", "x.txt", "x.json", "x.ts", "x.edf", "x.bdf", "x.hea"};
    static const char *const missing[] = {NULL, "-99,x"};
    if (size < 2) {
        return 0;
    }
    const uint8_t how = data[1];
    const char *name = names[data[0] % 8];
    MtsSeriesOptions options = {.delimiter = ",;\t|  \0\0"[how & 7],
                                .decimal = "\0.,\0"[how >> 3 & 3],
                                .header = (MtsSeriesHeader)((how >> 5) % 3),
                                .missing = missing[how >> 7]};
    data += 2;
    size -= 2;
    if (strcmp(name, "x.hea") == 0) {
        const uint8_t *end = memchr(data, 0, size);
        size_t header = end ? (size_t)(end - data) : size;
        write_file(beside("a.dat"), data + header + (end != NULL), size - header - (end != NULL));
        write_file(beside("b.hea"), "b 1 100 4\na.dat 16\n", 20);
        size = header;
    }
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    MtsSeriesSet set;
    MtsError err = {0};
    int rc = mts_set_parse(&set, beside(name), text, size, how == 0 ? NULL : &options, &err);
    if (rc) {
        refused(rc, &err);
    } else {
        take(&set, "");
        take(&set, "1");
        take(&set, "2/1[-3:]");
    }
    mts_set_free(&set);
    return 0;
}
