/* libFuzzer target: any bytes as a journal: read and summed up, and gone on with by a run of its head. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "fuzz.h"
#include "results/journal.h"
#include "results/records.h"
#include "results/summary.h"

static uint64_t hash_json(uint64_t hash, const json_t *value)
{
    char *text = value ? mts_json_text(value) : NULL;
    hash = text && hash ? fuzz_hash(hash, text, strlen(text)) : 0; /* 0: memory ran out */
    free(text);
    return hash;
}

static uint64_t sum_up(const json_t *head, const json_t *records)
{
    json_t *summary = mts_results_summary(head, records);
    json_t *optimisations = mts_results_optimisations(head, records);
    const json_t *rows = json_object_get(summary, "rows");
    uint64_t hash = hash_json(hash_json(FUZZ_HASH, summary), optimisations);
    if (json_array_size(rows) > 1) {
        json_t *pair = mts_results_compare(records, json_array_get(rows, 0), json_array_get(rows, 1), "reward");
        hash = hash_json(hash, pair);
        json_decref(pair);
    }
    json_decref(summary);
    json_decref(optimisations);
    return hash;
}

static uint64_t go_on(const char *path, const json_t *head, MtsError *err)
{
    MtsJournal *journal = NULL;
    size_t dropped = 0;
    int rc = mts_journal_open(&journal, path, head, &dropped, err);
    if (rc) {
        fuzz_require(!journal, "no journal where it was refused");
        return fuzz_refused(rc, err);
    }
    size_t count = mts_journal_count(journal);
    json_t *record = json_object();
    mts_json_add_text(&record, "key", "one more");
    bool there = mts_journal_find(journal, "one more");
    rc = !record ? MTS_OK : there ? MTS_OK : mts_journal_append(journal, record, err);
    if (rc) {
        fuzz_refused(rc, err);
    }
    bool grown = mts_journal_count(journal) == count + (record && !there && !rc);
    uint64_t hash = !record || rc ? 0 : fuzz_hash(FUZZ_HASH, &count, sizeof count);
    json_decref(record);
    mts_journal_close(&journal);
    fuzz_require(grown, "a journal has what was appended, and no more");
    return hash;
}

static uint64_t run(const uint8_t *data, size_t size)
{
    json_t *head = NULL, *records = NULL;
    MtsError err = {0};
    const char *path = fuzz_file("input", data, size);
    int rc = mts_results_read(path, &head, &records, &err);
    if (rc) {
        fuzz_require(!head && !records, "nothing where it was refused");
        return fuzz_refused(rc, &err);
    }
    uint64_t sum = sum_up(head, records), more = sum ? go_on(path, head, &err) : 0;
    json_decref(head);
    json_decref(records);
    return more ? sum ^ more : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_input(run, data, size);
}
