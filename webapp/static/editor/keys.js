// What the keyboard does here, and what the words above the text do that are not in the toolbar element.
const KEYS = { b: "bold", i: "italic", k: "link" };
const PLACE = "almanac:place";

export function listen(form, area, saving, { insert, replace }) {
  const preview = document.getElementById("preview");
  const press = (name) => form.querySelector(`[data-md-button="${name}"]`)?.click();
  const save = form.querySelector('button[name="action"][value="save"]');

  function lookAtPreview() {
    const isThere = document.activeElement === preview;
    (isThere ? area : preview).focus();
  }

  // A draft is saved where it stands; what readers see is saved by its own button, as is a text with two versions.
  function saveNow() {
    if (saving.isDraft && !saving.isPaused) return saving.now(true);
    if (!save) return undefined;
    rememberPlace(area);
    return form.requestSubmit(save);
  }

  form.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    if (key === "s") saveNow();
    else if (key === "enter") lookAtPreview();
    else if (KEYS[key] && event.target === area) press(KEYS[key]);
    else return;
    event.preventDefault();
  });

  form.querySelector('button[name="action"][value="preview"]').addEventListener("click", (event) => {
    event.preventDefault();
    lookAtPreview();
  });

  const note = form.querySelector("[data-adds=note]");
  note.addEventListener("click", () => addNote(area, insert));
  for (const hidden of [note, document.getElementById("keys")]) hidden.hidden = false;
  returnToPlace(area);
}

// A footnote: its mark at the cursor, its text at the end, where the cursor goes next.
function addNote(area, insert) {
  let number = 1;
  while (area.value.includes(`[^${number}]`)) number += 1;
  const end = Math.max(area.selectionStart, area.selectionEnd);
  area.setSelectionRange(end, end);
  insert(area, `[^${number}]`);
  area.setSelectionRange(area.value.length, area.value.length);
  const isAfterNote = /\n\[\^[^\]]+\]:.*\s*$/.test(area.value);
  insert(area, `${area.value.endsWith("\n") ? "" : "\n"}${isAfterNote ? "" : "\n"}[^${number}]: `);
}

// Saving from the keyboard loads the page anew: the cursor and the scroll stay where they were.
function rememberPlace(area) {
  const { selectionStart, selectionEnd, scrollTop } = area;
  const place = { path: location.pathname, y: scrollY, selectionStart, selectionEnd, scrollTop };
  sessionStorage.setItem(PLACE, JSON.stringify(place));
}

function returnToPlace(area) {
  const place = JSON.parse(sessionStorage.getItem(PLACE));
  sessionStorage.removeItem(PLACE);
  if (place?.path !== location.pathname || document.querySelector("main .due")) return;
  area.focus({ preventScroll: true });
  area.setSelectionRange(place.selectionStart, place.selectionEnd);
  area.scrollTop = place.scrollTop;
  scrollTo(0, place.y);
}
