// Offers the zone of this computer's clock where a form asks for a city, if it names another one.
for (const button of document.querySelectorAll("[data-zone-offer]")) {
  const input = document.getElementById(button.dataset.zoneOffer);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const city = here.split("/").pop().replaceAll("_", " ");
  if (!input || !city || [here, city].includes(input.value)) continue;
  button.textContent = button.textContent.replace("…", city);
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    input.value = here;
    button.parentElement.hidden = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  });
}
