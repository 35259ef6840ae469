/* core/windows/wmain.c - from Windows' start of a program to main(): words in UTF-8, streams of bytes, a console that
 * takes UTF-8 as long as the program runs. */
#include <wchar.h>
#include <windows.h>

int main(int argc, char **argv);
int wmain(int argc, wchar_t **wide);

static UINT page_before;

static void restore_page(void)
{
    SetConsoleOutputCP(page_before);
}

static void prepare_console(DWORD which)
{
    DWORD mode;
    HANDLE screen = GetStdHandle(which);
    if (!GetConsoleMode(screen, &mode)) {
        return;
    }
    if (!SetConsoleMode(screen, mode | 4 /* ENABLE_VIRTUAL_TERMINAL_PROCESSING */)) {
        _wputenv(L"TERM=dumb"); /* it shows sequences as text */
    }
    if (!page_before && (page_before = GetConsoleOutputCP()) != 0) {
        SetConsoleOutputCP(CP_UTF8);
        atexit(restore_page);
    }
}

int wmain(int argc, wchar_t **wide)
{
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    for (int i = 0; argv && i < argc; i++) {
        if (!(argv[i] = mts_win_narrow(wide[i]))) {
            return 1;
        }
    }
    for (int fd = 0; fd < 3; fd++) {
        _setmode(fd, O_BINARY);
    }
    prepare_console(STD_ERROR_HANDLE);
    prepare_console(STD_OUTPUT_HANDLE);
    return argv ? main(argc, argv) : 1;
}
