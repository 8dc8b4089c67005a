// The editor. Without any of this one can write, preview, save and publish; with it nothing typed gets lost on the way.
// The page names its parts, each with the hash of what it holds, so that a new one is never mixed with an old.
const part = (name) => import(document.querySelector(`link[data-name="${name}"]`).href);

const [text, { Status }, { Unsent, offer }, { Saving }, { listen }, { takePictures }, { unwrapTables }, { bracketAddresses }, { keepOnOneLine }, { subscribe }] = await Promise.all(
  ["text", "status", "unsent", "saving", "keys", "pictures", "tables", "links", "title", "paste-markdown"].map(part),
);

const form = document.getElementById("editor");
const area = form.elements.body;
const status = new Status(document.getElementById("saved"));
const unsent = new Unsent(form.dataset.person, form.dataset.post);
const saving = new Saving(form, unsent, status, offer);

takePictures(form, area, text);
unwrapTables(area);
if (!("linksBare" in form.dataset)) bracketAddresses(area, text);
subscribe(area);
keepOnOneLine(form.elements.title, area);
listen(form, area, saving, text);
saving.start();
