// A button below each listing that puts it on the clipboard. Only there if it can work.
const words = document.currentScript.dataset;

for (const listing of navigator.clipboard ? document.querySelectorAll(".prose pre") : []) {
  const line = document.createElement("div");
  const button = document.createElement("button");
  line.className = "copy";
  line.ariaLive = "polite";
  button.type = "button";
  button.className = "plain";
  button.textContent = words.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(listing.textContent);
    button.textContent = words.copied;
  });
  button.addEventListener("blur", () => (button.textContent = words.copy));
  line.append(button);
  listing.after(line);
}
