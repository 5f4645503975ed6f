#ifndef KD_CEDIT_H
#define KD_CEDIT_H

// Line editing for the prompt: libedit behind functions without variable arguments, which Swift can call.
// One thread owns an editor. Texts are UTF-8; `kd_edit_use_utf8` must have been called before.

typedef struct kd_edit kd_edit;

typedef enum {
    KD_EDIT_LINE,
    /// Ctrl-D on an empty line, or the terminal is gone.
    KD_EDIT_END,
    /// A signal arrived while the line was typed.
    KD_EDIT_INTERRUPTED,
} kd_edit_status;

typedef enum {
    KD_EDIT_NOTHING,
    /// The line changed.
    KD_EDIT_CHANGED,
    /// Something was written below the line, which must be painted anew.
    KD_EDIT_WRITTEN,
} kd_edit_answer;

/// Asked at Enter with the whole text: −1 to hand it over, else the number of spaces the next line starts with.
typedef int (*kd_edit_enter)(void *context, const char *text, int length);

/// Asked at TAB; changes the line through the functions below.
typedef kd_edit_answer (*kd_edit_tab)(void *context, kd_edit *edit);

/// Asked at the arrow keys, −1 for an earlier block and 1 for a later one; changes the line through the functions below.
typedef kd_edit_answer (*kd_edit_recall)(void *context, kd_edit *edit, int step);

/// Asked after a signal: whether it ends the reading (Ctrl-C) or is none of the editor's concern.
typedef int (*kd_edit_interrupted)(void);

/// Makes LC_CTYPE a UTF-8 locale: the user's own, else C.UTF-8. Without one libedit drops every byte that is not ASCII.
void kd_edit_use_utf8(void);

/// Nil when the terminal cannot be used.
kd_edit *kd_edit_open(const char *program, void *context, kd_edit_enter enter, kd_edit_tab tab,
                      kd_edit_recall recall, kd_edit_interrupted interrupted);
void kd_edit_close(kd_edit *edit);

/// The prompt's text; parts between two bytes 1 take no room (escape codes).
void kd_edit_set_prompt(kd_edit *edit, const char *prompt);

/// Reads one block; the text is valid until the next call.
kd_edit_status kd_edit_read(kd_edit *edit, const char **text, int *length);

/// Adds a block to what Ctrl-R searches.
void kd_edit_remember(kd_edit *edit, const char *text);

/// The text being typed, not terminated, and the cursor in bytes.
const char *kd_edit_text(kd_edit *edit, int *length, int *cursor);
void kd_edit_insert(kd_edit *edit, const char *text);
/// Removes so many code points before the cursor.
void kd_edit_delete(kd_edit *edit, int count);
/// Puts another text in the place of the whole block, the cursor behind it.
void kd_edit_replace(kd_edit *edit, const char *text);
/// Writes below the line being typed.
void kd_edit_write_below(kd_edit *edit, const char *text);

#endif
