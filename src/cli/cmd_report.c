/* cli/cmd_report.c - report: the records of runs of maxts eval as a page, and their tables in other formats. */
#include "cli/command.h"
#include "cli/out.h"
#include "core/error.h"
#include "core/file.h"
#include "report/report.h"
#include "results/head.h"

typedef int Write(const MtsReport *report, MtsMarkup *m, MtsError *err);

/* Nothing is written to `path` unless all of it is. */
static int write_one(const MtsReport *report, Write *write, const char *path, MtsError *err)
{
    MtsMarkup m = {0};
    if (!path) {
        return MTS_OK;
    }
    int rc = write(report, &m, err);
    rc = rc ? rc : mts_write_file_atomic(path, m.out.data ? m.out.data : "", m.out.len, err);
    mts_bytes_free(&m.out);
    return rc;
}

static json_t *describe(const MtsReport *report, const Args *args)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const MtsReportRun *run = &report->runs[i];
        json_t *o = json_object();
        mts_json_add_text(&o, "name", run->name);
        mts_json_add_text(&o, "files", run->files);
        mts_json_add_int(&o, "records", (json_int_t)json_array_size(run->records));
        mts_json_add_int(&o, "expected", (json_int_t)mts_results_expected(run->head));
        mts_json_add(&runs, NULL, o);
    }
    const char *paths[] = {args->out, args->markdown, args->latex, args->csv};
    json_t *files = json_array();
    for (size_t i = 0; i < 4; i++) {
        if (paths[i]) {
            mts_json_add_text(&files, NULL, paths[i]);
        }
    }
    json_t *all = json_object();
    mts_json_add(&all, "runs", runs);
    mts_json_add(&all, "written", files);
    return all;
}

int cmd_report(const Args *args, MtsError *err)
{
    MtsReport report;
    size_t n = 0;
    while (args->operands[n]) {
        n++;
    }
    if (!n) {
        return mts_fail(err, MTS_EREQUEST, "report: which runs? Name the files that maxts eval wrote");
    }
    if (!args->out && !args->markdown && !args->latex && !args->csv) {
        return mts_fail(err, MTS_EREQUEST,
                        "report: what shall be written? Name a file with --out, --markdown, --latex or --csv");
    }
    int rc = mts_report_open(&report, args->operands, n, err);
    report.samples = args->samples == CLI_NO_SIZE || args->samples == 0 ? report.samples : args->samples;
    rc = rc ? rc : write_one(&report, mts_report_html, args->out, err);
    rc = rc ? rc : write_one(&report, mts_report_markdown, args->markdown, err);
    rc = rc ? rc : write_one(&report, mts_report_latex, args->latex, err);
    rc = rc ? rc : write_one(&report, mts_report_csv, args->csv, err);
    rc = rc ? rc : out_print(args, describe(&report, args), err);
    mts_report_free(&report);
    return rc;
}
