// The title is one line that wraps where the screen is narrow: Enter goes on to the text, and lines that are pasted
// become one. Where the style cannot let it grow, this does.
const BREAKS = /\s*[\r\n]+\s*/g;

export function keepOnOneLine(title, area) {
  title.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    area.focus();
  });
  title.addEventListener("input", () => {
    const before = title.value.slice(0, title.selectionEnd).replace(BREAKS, " ").length;
    const whole = title.value.replace(BREAKS, " ");
    if (whole !== title.value) {
      title.value = whole;
      title.setSelectionRange(before, before);
    }
    grow(title);
  });
  grow(title);
}

function grow(title) {
  if (CSS.supports("field-sizing", "content")) return;
  title.style.blockSize = "auto";
  title.style.blockSize = `${title.scrollHeight}px`;
}
