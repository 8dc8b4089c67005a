// A visitor's browser works for a second while they write, so that nobody posts by the thousand. Without it the comment
// is read by somebody first.
for (const form of document.querySelectorAll("form[data-proof]")) {
  form.addEventListener("focusin", () => prove(form), { once: true });
}

async function prove(form) {
  const answer = await fetch(form.dataset.proof);
  if (!answer.ok) return;
  const challenge = await answer.json();
  const worker = new Worker(form.dataset.worker);
  worker.addEventListener("message", ({ data }) => {
    worker.terminate();
    if (data?.derivedKey) form.elements.altcha.value = btoa(JSON.stringify({ challenge, solution: data }));
  });
  worker.postMessage({ type: "work", challenge });
}
