#define _GNU_SOURCE
#include "CEdit.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

struct kd_edit {
    EditLine *line;
    History *history;
    char *prompt;
    void *context;
    kd_edit_enter enter;
    kd_edit_tab tab;
    kd_edit_recall recall;
    kd_edit_interrupted interrupted;
    int keys;
};

enum { remembered_blocks = 10000 };

// Key sequences no keyboard sends, bound to libedit's own commands so that ours can ask for them with `el_push`.
#define KEY_PREVIOUS_LINE "\033[91~"
#define KEY_NEXT_LINE "\033[92~"
#define KEY_SUBMIT "\033[93~"

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

void kd_edit_use_utf8(void) {
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

static kd_edit *owner(EditLine *line) {
    void *data = NULL;
    el_get(line, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt_text(EditLine *line) {
    return owner(line)->prompt;
}

static unsigned char on_enter(EditLine *line, int key) {
    (void)key;
    kd_edit *edit = owner(line);
    const LineInfo *info = el_line(line);
    int indent = edit->enter(edit->context, info->buffer, (int)(info->lastchar - info->buffer));
    if (indent < 0) {
        el_push(line, KEY_SUBMIT);
        return CC_NORM;
    }
    if (el_insertstr(line, "\n") != 0) return CC_ERROR;
    for (int i = 0; i < indent; i++)
        if (el_insertstr(line, " ") != 0) break;
    return CC_REFRESH;
}

static unsigned char on_newline(EditLine *line, int key) {
    (void)key;
    return el_insertstr(line, "\n") == 0 ? CC_REFRESH : CC_ERROR;
}

// A closing bracket that begins a line stands where the line that opened it does.
static unsigned char on_close(EditLine *line, int key) {
    const LineInfo *info = el_line(line);
    int blanks = 0;
    const char *at = info->cursor;
    while (at > info->buffer && at[-1] == ' ') {
        at--;
        blanks++;
    }
    if (blanks > 0 && at > info->buffer && at[-1] == '\n') el_deletestr(line, blanks < 2 ? blanks : 2);
    char text[2] = {(char)key, 0};
    return el_insertstr(line, text) == 0 ? CC_REFRESH : CC_ERROR;
}

static unsigned char recall(EditLine *line, int step) {
    kd_edit *edit = owner(line);
    return edit->recall(edit->context, edit, step) == KD_EDIT_CHANGED ? CC_REFRESH : CC_REFRESH_BEEP;
}

static unsigned char on_up(EditLine *line, int key) {
    (void)key;
    const LineInfo *info = el_line(line);
    if (!memchr(info->buffer, '\n', (size_t)(info->cursor - info->buffer))) return recall(line, -1);
    el_push(line, KEY_PREVIOUS_LINE);
    return CC_NORM;
}

static unsigned char on_down(EditLine *line, int key) {
    (void)key;
    const LineInfo *info = el_line(line);
    if (!memchr(info->cursor, '\n', (size_t)(info->lastchar - info->cursor))) return recall(line, 1);
    el_push(line, KEY_NEXT_LINE);
    return CC_NORM;
}

static unsigned char on_tab(EditLine *line, int key) {
    (void)key;
    kd_edit *edit = owner(line);
    switch (edit->tab(edit->context, edit)) {
    case KD_EDIT_CHANGED: return CC_REFRESH;
    case KD_EDIT_WRITTEN: return CC_REDISPLAY;
    default: return CC_REFRESH_BEEP;
    }
}

// The terminal brackets what is pasted; all of it becomes one insertion, so that no line of it runs by itself.
static unsigned char on_paste(EditLine *line, int key) {
    (void)key;
    static const wchar_t end[] = L"\033[201~";
    const size_t end_length = sizeof end / sizeof end[0] - 1;
    size_t capacity = 1024, count = 0;
    wchar_t *text = malloc(capacity * sizeof *text);
    if (!text) return CC_ERROR;
    wchar_t character;
    while (el_wgetc(line, &character) == 1) {
        if (count + 2 > capacity) {
            wchar_t *larger = realloc(text, 2 * capacity * sizeof *text);
            if (!larger) break;
            text = larger;
            capacity *= 2;
        }
        text[count++] = character == L'\r' ? L'\n' : character;
        if (count >= end_length && wmemcmp(text + count - end_length, end, end_length) == 0) {
            count -= end_length;
            break;
        }
    }
    while (count > 0 && text[count - 1] == L'\n') count--;
    text[count] = 0;
    int failed = count > 0 && el_winsertstr(line, text) != 0;
    free(text);
    return failed ? CC_ERROR : CC_REFRESH;
}

// The terminal opened once more, so that a read never waits: a Ctrl-C empties what was typed, also between the poll that
// saw a key and the read of it. Standard input itself stays as it is, for it may be shared with other programs.
static int open_keys(void) {
    char path[256];
    if (ttyname_r(STDIN_FILENO, path, sizeof path) != 0) return STDIN_FILENO;
    int keys = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return keys < 0 ? STDIN_FILENO : keys;
}

// One character of the terminal. While a line is edited SIGINT comes through only here, where the program waits: a
// Ctrl-C between two reads would else be seen after the next key.
static int read_character(EditLine *line, wchar_t *character) {
    mbstate_t state = {0};
    for (;;) {
        struct pollfd input = {.fd = owner(line)->keys, .events = POLLIN};
        sigset_t open;
        pthread_sigmask(SIG_SETMASK, NULL, &open);
        sigdelset(&open, SIGINT);
        char byte;
        ssize_t count = ppoll(&input, 1, NULL, &open) < 0 ? -1 : read(input.fd, &byte, 1);
        if (count < 0) {
            if (errno == EINTR && !owner(line)->interrupted()) {
                // The window's size may have changed.
                el_resize(line);
                continue;
            }
            if (errno == EAGAIN) continue;
            return -1;
        }
        if (count == 0) return 0;
        switch (mbrtowc(character, &byte, 1, &state)) {
        case (size_t)-2: continue;
        case (size_t)-1: memset(&state, 0, sizeof state); continue;
        default: return 1;
        }
    }
}

kd_edit *kd_edit_open(const char *program, void *context, kd_edit_enter enter, kd_edit_tab tab,
                      kd_edit_recall recall, kd_edit_interrupted interrupted) {
    kd_edit *edit = calloc(1, sizeof *edit);
    if (!edit) return NULL;
    edit->context = context;
    edit->enter = enter;
    edit->tab = tab;
    edit->recall = recall;
    edit->interrupted = interrupted;
    edit->prompt = strdup("> ");
    edit->keys = open_keys();
    edit->line = el_init(program, stdin, stdout, stderr);
    edit->history = history_init();
    if (!edit->line || !edit->history || !edit->prompt) {
        kd_edit_close(edit);
        return NULL;
    }
    HistEvent event;
    history(edit->history, &event, H_SETSIZE, remembered_blocks);
    history(edit->history, &event, H_SETUNIQUE, 1);
    EditLine *line = edit->line;
    el_set(line, EL_CLIENTDATA, edit);
    el_set(line, EL_SIGNAL, 0);
    el_set(line, EL_GETCFN, read_character);
    el_set(line, EL_EDITOR, "emacs");
    el_set(line, EL_HIST, history, edit->history);
    el_set(line, EL_PROMPT_ESC, prompt_text, 1);
    el_source(line, NULL);

    el_set(line, EL_ADDFN, "kd-enter", "hand the block over, or begin its next line", on_enter);
    el_set(line, EL_ADDFN, "kd-newline", "begin a line in any case", on_newline);
    el_set(line, EL_ADDFN, "kd-close", "insert a closing bracket", on_close);
    el_set(line, EL_ADDFN, "kd-up", "the line above, or the earlier block", on_up);
    el_set(line, EL_ADDFN, "kd-down", "the line below, or the later block", on_down);
    el_set(line, EL_ADDFN, "kd-complete", "complete the word before the cursor", on_tab);
    el_set(line, EL_ADDFN, "kd-paste", "insert what is pasted as it is", on_paste);
    static const char *bindings[][2] = {
        {KEY_PREVIOUS_LINE, "ed-prev-line"},
        {KEY_NEXT_LINE, "ed-next-line"},
        {KEY_SUBMIT, "ed-newline"},
        {"\r", "kd-enter"},
        {"\n", "kd-enter"},
        {"\033\r", "kd-newline"},
        {"\033\n", "kd-newline"},
        {"}", "kd-close"},
        {"]", "kd-close"},
        {")", "kd-close"},
        {"\033[A", "kd-up"},
        {"\033OA", "kd-up"},
        {"\020", "kd-up"},
        {"\033[B", "kd-down"},
        {"\033OB", "kd-down"},
        {"\016", "kd-down"},
        {"\t", "kd-complete"},
        {"\033[200~", "kd-paste"},
        {"\033[3~", "ed-delete-next-char"},
        {"\033[H", "ed-move-to-beg"},
        {"\033[F", "ed-move-to-end"},
        {"\033[1~", "ed-move-to-beg"},
        {"\033[4~", "ed-move-to-end"},
        {"\033[1;5C", "em-next-word"},
        {"\033[1;5D", "ed-prev-word"},
    };
    for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++)
        el_set(line, EL_BIND, bindings[i][0], bindings[i][1], NULL);
    return edit;
}

void kd_edit_close(kd_edit *edit) {
    if (!edit) return;
    if (edit->line) el_end(edit->line);
    if (edit->history) history_end(edit->history);
    if (edit->keys != STDIN_FILENO) close(edit->keys);
    free(edit->prompt);
    free(edit);
}

void kd_edit_set_prompt(kd_edit *edit, const char *prompt) {
    char *copy = strdup(prompt);
    if (!copy) return;
    free(edit->prompt);
    edit->prompt = copy;
}

kd_edit_status kd_edit_read(kd_edit *edit, const char **text, int *length) {
    // libedit shows the prompt first and changes the terminal's mode then: a Ctrl-D between the two would be lost.
    el_set(edit->line, EL_PREP_TERM, 1);
    fputs(PASTE_ON, stdout);
    fflush(stdout);
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    errno = 0;
    *text = el_gets(edit->line, length);
    // Inside a search of the history libedit takes a signal for the end of the input.
    int interrupted = !*text && edit->interrupted();
    if (interrupted) el_reset(edit->line);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    fputs(PASTE_OFF, stdout);
    fflush(stdout);
    if (*text && *length > 0) return KD_EDIT_LINE;
    return interrupted ? KD_EDIT_INTERRUPTED : KD_EDIT_END;
}

void kd_edit_remember(kd_edit *edit, const char *text) {
    HistEvent event;
    history(edit->history, &event, H_ENTER, text);
}

const char *kd_edit_text(kd_edit *edit, int *length, int *cursor) {
    const LineInfo *info = el_line(edit->line);
    *length = (int)(info->lastchar - info->buffer);
    *cursor = (int)(info->cursor - info->buffer);
    return info->buffer;
}

void kd_edit_insert(kd_edit *edit, const char *text) {
    el_insertstr(edit->line, text);
}

void kd_edit_delete(kd_edit *edit, int count) {
    el_deletestr(edit->line, count);
}

void kd_edit_replace(kd_edit *edit, const char *text) {
    const LineInfoW *info = el_wline(edit->line);
    el_cursor(edit->line, (int)(info->lastchar - info->cursor));
    info = el_wline(edit->line);
    el_wdeletestr(edit->line, (int)(info->lastchar - info->buffer));
    el_insertstr(edit->line, text);
}

void kd_edit_write_below(kd_edit *edit, const char *text) {
    (void)edit;
    fputs("\n", stdout);
    fputs(text, stdout);
    fputs("\n", stdout);
    fflush(stdout);
}
