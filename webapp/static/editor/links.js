// An address that is pasted by itself becomes a link: Markdown links it between < and >. Where it would stand in a link, in code or
// in brackets already, it comes as it is; and Undo takes it back.
const ADDRESS = /^https?:\/\/[^\s<>]+$/;
const WITHIN = /(?:[(<`"'=/]|\]:\s?)$/;
const FENCE = /^ {0,3}(?:```|~~~)/gm;

export function bracketAddresses(area, { insert }) {
  area.addEventListener(
    "paste",
    (event) => {
      const words = event.clipboardData.getData("text/plain").trim();
      const { selectionStart, selectionEnd, value } = area;
      if (selectionStart !== selectionEnd || !ADDRESS.test(words) || isWithin(value.slice(0, selectionStart))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      insert(area, `<${words}>`);
    },
    { capture: true },
  );
}

function isWithin(before) {
  return WITHIN.test(before) || (before.match(FENCE) ?? []).length % 2 === 1;
}
