// Single keys for the queue, which can be switched off, and checking all rows at once.
const rows = [...document.querySelectorAll(".queue > li")];
const keys = document.querySelector("[data-keys]");
const checkAll = document.querySelector("[data-check-all]");
const VERDICTS = { p: "publish", s: "spam", t: "trash" };
const OFF = "comments.keys-off";
const PLACE = "comments.place";

if (keys) {
  const box = keys.querySelector("input");
  keys.hidden = false;
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  document.addEventListener("keydown", (event) => box.checked && press(event));
  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place !== null) rows[Math.min(Number(place), rows.length - 1)].focus();
}

if (checkAll) {
  checkAll.hidden = false;
  checkAll.addEventListener("click", () => {
    const boxes = rows.map((row) => row.querySelector("input[name=id]"));
    const every = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !every;
  });
}

function press(event) {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = rows.indexOf(document.activeElement.closest(".queue > li"));
  if (event.key === "j") rows[Math.min(here + 1, rows.length - 1)].focus();
  else if (event.key === "k") rows[Math.max(here - 1, 0)].focus();
  else if (VERDICTS[event.key] && here >= 0) {
    const button = rows[here].querySelector(`[data-verdict=${VERDICTS[event.key]}]`);
    if (!button) return;
    sessionStorage.setItem(PLACE, here);
    button.click();
  } else return;
  event.preventDefault();
}
