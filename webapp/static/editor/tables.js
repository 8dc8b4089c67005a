// Spreadsheets wrap a copied table in a page of their own, with styles and a head. What makes Markdown of it should see the
// table alone; and a table in the middle of other text should come as the words that it is.
const STYLES = /<style[\s\S]*?<\/style>|\sstyle=("[^"]*"|'[^']*')/gi; // the policy of the page would complain of them
const OPENING = "<meta>"; // paste-markdown wants something before a table, and leaves this out

export function unwrapTables(area) {
  area.addEventListener("paste", unwrap, { capture: true });
}

function unwrap(event) {
  const html = event.clipboardData.getData("text/html").replace(STYLES, "");
  if (!/<table/i.test(html) || html.startsWith(`${OPENING}<table`)) return;
  event.stopImmediatePropagation();
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const table = body.querySelector("table");
  table.remove();
  if (body.textContent.trim()) return; // the browser pastes the plain text
  event.preventDefault();
  const alone = new DataTransfer();
  alone.setData("text/html", OPENING + table.outerHTML);
  event.target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: alone, bubbles: true, cancelable: true }));
}
