/* core/windows/job.c - core/process.h on Windows: a program and its descendants are a job.
 *
 * The job holds whatever a process of it starts, has the limits, and is ended as a whole: by us, or by the system when
 * our handle of it goes with this process. The program is put into it before its first instruction.
 *
 * Pipes that can be waited for with a limit of time are named ones, opened for overlapped work on our side. A read or a
 * write that is not done in time stays under way until the next call, or the end; hence both have bytes of their own.
 */
#include "core/process.h"

#include <stdint.h>
#include <string.h>
#include <windows.h>

#include "core/file.h"
#include "core/mem.h"

/* Exit statuses: of a process of a job that has used up its time, and of cmd.exe where nothing has the name. */
enum { CHUNK = 4096, PIPE_ROOM = 65536, NAME_ROOM = 64, QUOTA_STATUS = 1816, NOT_FOUND_STATUS = 9009 };

/* Our end of a pipe. */
typedef struct JobPipe {
    HANDLE end;
    OVERLAPPED work;
    bool busy; /* work is under way, on the bytes */
    char *bytes;
    size_t from, size; /* read: what nobody has taken yet */
} JobPipe;

struct MtsProcess {
    HANDLE job, process;
    JobPipe in, out; /* we write to in, read from out */
};

static void close_handle(HANDLE *h)
{
    if (*h && *h != INVALID_HANDLE_VALUE) {
        CloseHandle(*h);
    }
    *h = NULL;
}

static int why(void)
{
    mts_win_fail();
    return errno ? errno : EIO;
}

static DWORD milliseconds(double seconds)
{
    return seconds <= 0 ? 0 : seconds < 1e6 ? (DWORD)(1000 * seconds) + 1 : 1000000000;
}

/* ---- pipes ---- */

/* Both ends; the program's (*theirs) can be inherited. An errno or 0. */
static int make_pipe(JobPipe *ours, HANDLE *theirs, bool we_write)
{
    static volatile LONG count;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    wchar_t name[NAME_ROOM];
    swprintf(name, NAME_ROOM, L"\\\\.\\pipe\\maxts-%lu-%ld", GetCurrentProcessId(), InterlockedIncrement(&count));
    ours->bytes = malloc(CHUNK);
    ours->work.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!ours->bytes || !ours->work.hEvent) {
        return ENOMEM;
    }
    ours->end = CreateNamedPipeW(name,
                                 (we_write ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) | FILE_FLAG_OVERLAPPED |
                                     FILE_FLAG_FIRST_PIPE_INSTANCE,
                                 PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, PIPE_ROOM, PIPE_ROOM, 0, NULL);
    if (ours->end == INVALID_HANDLE_VALUE) {
        return why();
    }
    *theirs = CreateFileW(name, we_write ? GENERIC_READ : GENERIC_WRITE, 0, &inherited, OPEN_EXISTING, 0, NULL);
    return *theirs == INVALID_HANDLE_VALUE ? why() : 0;
}

/* Work under way on its bytes ends first. */
static void close_pipe(JobPipe *pipe)
{
    DWORD n;
    if (pipe->busy) {
        CancelIoEx(pipe->end, &pipe->work);
        GetOverlappedResult(pipe->end, &pipe->work, &n, TRUE);
        pipe->busy = false;
    }
    close_handle(&pipe->end);
}

static void free_pipe(JobPipe *pipe)
{
    close_pipe(pipe);
    close_handle(&pipe->work.hEvent);
    free(pipe->bytes);
    *pipe = (JobPipe){0};
}

/* What the call that began work said. */
static bool is_begun(BOOL said)
{
    return said || GetLastError() == ERROR_IO_PENDING;
}

/* Waits for the work; bytes, or MTS_PROCESS_LATER or MTS_PROCESS_CLOSED. */
static long outcome(JobPipe *pipe, double seconds)
{
    DWORD n = 0;
    if (WaitForSingleObject(pipe->work.hEvent, milliseconds(seconds)) != WAIT_OBJECT_0) {
        return MTS_PROCESS_LATER;
    }
    pipe->busy = false;
    return !GetOverlappedResult(pipe->end, &pipe->work, &n, TRUE) ? MTS_PROCESS_CLOSED
           : n                                                    ? (long)n
                                                                  : MTS_PROCESS_LATER;
}

/* While a write is under way the data are those of the call that began it. */
long mts_process_write(MtsProcess *p, const void *data, size_t size, double seconds)
{
    if (!p->in.end) {
        return MTS_PROCESS_CLOSED;
    }
    if (!p->in.busy) {
        DWORD n = size < CHUNK ? (DWORD)size : CHUNK;
        memcpy(p->in.bytes, data, n);
        p->in.busy = is_begun(WriteFile(p->in.end, p->in.bytes, n, NULL, &p->in.work));
    }
    return p->in.busy ? outcome(&p->in, seconds) : MTS_PROCESS_CLOSED;
}

long mts_process_read(MtsProcess *p, void *data, size_t size, double seconds)
{
    JobPipe *out = &p->out;
    if (out->from == out->size) {
        out->busy = out->busy || is_begun(ReadFile(out->end, out->bytes, CHUNK, NULL, &out->work));
        long got = out->busy ? outcome(out, seconds) : MTS_PROCESS_CLOSED;
        if (got < 0) {
            return got == MTS_PROCESS_CLOSED ? 0 : got;
        }
        out->from = 0;
        out->size = (size_t)got;
    }
    size_t n = out->size - out->from < size ? out->size - out->from : size;
    memcpy(data, out->bytes + out->from, n);
    out->from += n;
    return (long)n;
}

void mts_process_close_input(MtsProcess *p)
{
    close_pipe(&p->in);
}

/* ---- starting ---- */

/* The limits, and whether the system says that it has taken them. An errno, 0 or MTS_PROCESS_NO_LIMIT. */
static int make_job(MtsProcess *p, const MtsProcessLimits *limits)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION want = {0}, has = {0};
    DWORD *flags = &want.BasicLimitInformation.LimitFlags;
    *flags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    *flags |= limits->memory ? JOB_OBJECT_LIMIT_PROCESS_MEMORY : 0;
    *flags |= limits->seconds ? JOB_OBJECT_LIMIT_PROCESS_TIME : 0;
    want.ProcessMemoryLimit = limits->memory << 20;
    want.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart = (LONGLONG)limits->seconds * 10000000;
    if (!(p->job = CreateJobObjectW(NULL, NULL)) ||
        !SetInformationJobObject(p->job, JobObjectExtendedLimitInformation, &want, sizeof want) ||
        !QueryInformationJobObject(p->job, JobObjectExtendedLimitInformation, &has, sizeof has, NULL)) {
        return why();
    }
    bool taken = has.ProcessMemoryLimit == want.ProcessMemoryLimit &&
                 has.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart ==
                     want.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart;
    return taken || !(limits->memory || limits->seconds) ? 0 : MTS_PROCESS_NO_LIMIT;
}

/* cmd.exe's path and its whole command line, malloc'ed; quotes in the command are the command's own (/s). */
static bool make_words(const char *command, wchar_t **shell, wchar_t **line)
{
    const wchar_t *known = _wgetenv(L"COMSPEC");
    wchar_t *wide = mts_win_wide(command);
    size_t room = wide ? wcslen(wide) + NAME_ROOM : 0;
    *shell = _wcsdup(known ? known : L"C:\\Windows\\System32\\cmd.exe");
    *line = room ? malloc(room * sizeof **line) : NULL;
    if (*line) {
        swprintf(*line, room, L"cmd.exe /d /s /c \"%ls\"", wide);
    }
    free(wide);
    return *shell && *line;
}

/* CreateProcessW() of a program that is not running yet and inherits these three and nothing else. */
static int create(const wchar_t *shell, wchar_t *line, HANDLE files[3], PROCESS_INFORMATION *made)
{
    STARTUPINFOEXW how = {.StartupInfo = {.cb = sizeof how, .dwFlags = STARTF_USESTDHANDLES}};
    SIZE_T size = 0;
    how.StartupInfo.hStdInput = files[0];
    how.StartupInfo.hStdOutput = files[1];
    how.StartupInfo.hStdError = files[2];
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    if (!(how.lpAttributeList = malloc(size))) {
        return ENOMEM;
    }
    int rc = 0;
    if (!InitializeProcThreadAttributeList(how.lpAttributeList, 1, 0, &size)) {
        rc = why();
        free(how.lpAttributeList);
        return rc;
    }
    if (!UpdateProcThreadAttribute(how.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, files, 3 * sizeof *files,
                                   NULL, NULL) ||
        !CreateProcessW(shell, line, NULL, NULL, TRUE,
                        CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT,
                        NULL, NULL, &how.StartupInfo, made)) {
        rc = why();
    }
    DeleteProcThreadAttributeList(how.lpAttributeList);
    free(how.lpAttributeList);
    return rc;
}

/* A program and its words are started as they stand; what is more than that, or no program, is the shell's. */
static int launch(const char *command, HANDLE files[3], PROCESS_INFORMATION *made)
{
    wchar_t *plain = mts_win_wide(command), *shell = NULL, *line = NULL;
    int rc = plain ? 0 : ENOMEM;
    bool more = strpbrk(command, "&|<>^%()") != NULL;
    if (!rc && (more || create(NULL, plain, files, made))) {
        rc = make_words(command, &shell, &line) ? create(shell, line, files, made) : ENOMEM;
    }
    free(plain);
    free(shell);
    free(line);
    return rc;
}

/* Into the job, then on. */
static int let_run(MtsProcess *p, PROCESS_INFORMATION *made)
{
    int rc = 0;
    p->process = made->hProcess;
    if (!AssignProcessToJobObject(p->job, made->hProcess) || ResumeThread(made->hThread) == (DWORD)-1) {
        rc = why();
        TerminateProcess(made->hProcess, 1);
    }
    CloseHandle(made->hThread);
    return rc;
}

int mts_process_start(MtsProcess **process, const char *command, const MtsProcessLimits *limits, int errors)
{
    HANDLE files[3] = {NULL, NULL, NULL}, self = GetCurrentProcess();
    PROCESS_INFORMATION made;
    int rc = 0;
    MtsProcess *p = *process = mts_calloc(1, sizeof *p);
    if (!p) {
        return ENOMEM;
    }
    if ((rc = make_job(p, limits)) || (rc = make_pipe(&p->in, &files[0], true)) ||
        (rc = make_pipe(&p->out, &files[1], false))) {
        goto done;
    }
    if (!DuplicateHandle(self, (HANDLE)_get_osfhandle(errors), self, &files[2], 0, TRUE, DUPLICATE_SAME_ACCESS)) {
        rc = why();
        goto done;
    }
    rc = launch(command, files, &made);
    rc = rc ? rc : let_run(p, &made);
done:
    for (int i = 0; i < 3; i++) {
        close_handle(&files[i]);
    }
    if (rc) {
        mts_process_free(process);
    }
    return rc;
}

/* ---- ending ---- */

bool mts_process_ends_within(MtsProcess *p, double seconds)
{
    return !p->process || WaitForSingleObject(p->process, milliseconds(seconds)) == WAIT_OBJECT_0;
}

/* Until none of the job is left, for as long as that usually takes. */
static void await_all(const MtsProcess *p)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION left = {.ActiveProcesses = 1};
    for (double end = mts_seconds() + 2; left.ActiveProcesses && mts_seconds() < end;) {
        if (!QueryInformationJobObject(p->job, JobObjectBasicAccountingInformation, &left, sizeof left, NULL)) {
            return;
        }
        Sleep(left.ActiveProcesses ? 1 : 0);
    }
}

MtsProcessEnd mts_process_end(MtsProcess *p)
{
    DWORD status = 0;
    if (p->process) {
        TerminateJobObject(p->job, 1); /* one that has ended keeps its own status */
        WaitForSingleObject(p->process, INFINITE);
        GetExitCodeProcess(p->process, &status);
        await_all(p);
    }
    close_handle(&p->process);
    return (MtsProcessEnd){.status = (int)status,
                           .out_of_time = status == QUOTA_STATUS,
                           .note = status == NOT_FOUND_STATUS ? " (not found)" : ""};
}

void mts_process_free(MtsProcess **process)
{
    MtsProcess *p = *process;
    if (p) {
        close_pipe(&p->in);
        mts_process_end(p);
        free_pipe(&p->in);
        free_pipe(&p->out);
        close_handle(&p->job);
        free(p);
        *process = NULL;
    }
}
