// Changing a textarea while somebody writes in it.

// At the cursor, as if it had been typed: Undo takes it back.
export function insert(area, words) {
  area.focus();
  if (!document.execCommand("insertText", false, words)) {
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    tell(area);
  }
}

// Somewhere else in the text: the cursor stays where it is. Says whether `old` was still there.
export function replace(area, old, words) {
  const at = area.value.indexOf(old);
  if (at < 0) return false;
  area.setRangeText(words, at, at + old.length, "preserve");
  tell(area);
  return true;
}

export function tell(control) {
  control.dispatchEvent(new Event("input", { bubbles: true }));
}
