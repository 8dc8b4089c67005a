// Pictures that are pasted, dropped or chosen: a placeholder stands at the cursor while one is on its way. Its alt text is
// asked for below the text, and goes into the Markdown while it is typed.
export function takePictures(form, area, text) {
  const panel = document.getElementById("picture");
  const opener = form.querySelector("[data-adds=picture]");
  const file = document.getElementById("picture-file");
  const alt = document.getElementById("picture-alt");
  const desk = new Desk(form, area, text, panel.dataset);

  opener.hidden = false;
  opener.addEventListener("click", () => open(panel.hidden));
  panel.querySelector("[data-does=close]").addEventListener("click", () => open(false));
  panel.querySelector("[data-does=add]").addEventListener("click", () => {
    if (!file.files.length) return file.focus();
    desk.take([...file.files], alt.value.trim());
    file.value = alt.value = "";
    return open(false);
  });

  function open(isOpen) {
    panel.hidden = !isOpen;
    opener.ariaExpanded = String(isOpen);
    (isOpen ? file : opener).focus();
  }

  // Enter in the panel adds the picture; it must not press the form's first button.
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") open(false);
    if (event.key !== "Enter" || event.target.matches("button, [type=file]")) return;
    event.preventDefault();
    panel.querySelector("[data-does=add]").click();
  });

  area.addEventListener(
    "paste",
    (event) => {
      const files = picturesIn(event.clipboardData);
      if (!files.length || event.clipboardData.types.includes("text/plain")) return; // a table has a picture with it too
      event.preventDefault();
      event.stopImmediatePropagation();
      desk.take(files);
    },
    { capture: true },
  );
  area.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // what takes links asks for a link, and files that can only be copied would not come
    event.dataTransfer.dropEffect = "copy";
    area.dataset.dropping = "";
  });
  for (const over of ["dragleave", "drop"]) area.addEventListener(over, () => delete area.dataset.dropping);
  area.addEventListener("drop", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault(); // else the browser leaves the page for the file
    event.stopImmediatePropagation();
    desk.take(picturesIn(event.dataTransfer));
  });
}

function picturesIn(transfer) {
  return [...transfer.files].filter((file) => file.type.startsWith("image/"));
}

// Where pictures are worked on: one after the other, a row for each.
class Desk {
  #form;
  #area;
  #text;
  #says;
  #rows = document.getElementById("pictures");
  #queue = Promise.resolve();
  #count = 0;

  constructor(form, area, text, says) {
    this.#form = form;
    this.#area = area;
    this.#text = text;
    this.#says = says;
  }

  take(files, alt = null) {
    for (const file of files) this.#begin(file, new Row(this.#rows, file.name, alt));
  }

  #begin(file, row) {
    const name = file.name.replace(/[[\]\n]/g, " ");
    const placeholder = `![${this.#says.uploading.replace("{name}", name)} (${(this.#count += 1)})]()`;
    this.#text.insert(this.#area, placeholder);
    this.#queue = this.#queue.then(async () => {
      const { markdown, url, problem } = await this.#send(file, row.alt);
      this.#text.replace(this.#area, placeholder, markdown ?? "");
      if (problem) return row.failed(problem, () => this.#begin(file, row));
      return row.arrived((alt) => this.#describe(url, alt));
    });
  }

  async #send(file, alt) {
    const body = new FormData();
    body.append("file", file);
    body.append("alt", alt);
    let answer;
    try {
      answer = await fetch(this.#form.dataset.pictures, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": this.#form.elements.csrf_token.value, Accept: "application/json" },
        redirect: "manual",
      });
    } catch {
      return { problem: this.#says.offline };
    }
    if (answer.type === "opaqueredirect" || answer.status === 400 || answer.status === 401) {
      return { problem: this.#says.signedOut };
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.status === 201) return said;
    return { problem: said.detail ?? (answer.status === 413 ? this.#says.tooLarge : this.#says.failed) };
  }

  // Writes the alt text of the picture at `url` into the Markdown.
  #describe(url, alt) {
    const plain = alt.replace(/[\\[\]]/g, "\\$&").replace(/\s+/g, " ");
    const source = url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const found = new RegExp(`!\\[(?:\\\\.|[^\\]\\\\])*\\]\\(${source}`).exec(this.#area.value);
    if (found) this.#text.replace(this.#area, found[0], `![${plain}](${url}`);
  }
}

// What is asked about one picture. One whose alt text was given with it asks nothing, unless it does not arrive.
class Row {
  #row = document.getElementById("picture-row").content.firstElementChild.cloneNode(true);
  #input = this.#row.querySelector("input");
  #error = this.#row.querySelector(".error");
  #again = this.#row.querySelector("[data-does=again]");
  #asks;

  constructor(list, name, alt) {
    const label = this.#row.querySelector("label");
    this.#asks = alt === null;
    this.#input.id = `picture-${list.childElementCount}-${Date.now()}`;
    this.#input.value = alt ?? "";
    label.htmlFor = this.#input.id;
    label.textContent = label.textContent.replace("{name}", name);
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it must not press the form's first button
      (this.#again.hidden ? this.#row.querySelector("[data-does=done]") : this.#again).click();
    });
    this.#row.querySelector("[data-does=done]").addEventListener("click", () => this.#row.remove());
    this.#row.hidden = !this.#asks;
    list.append(this.#row);
  }

  get alt() {
    return this.#input.value.trim();
  }

  failed(problem, again) {
    this.#row.hidden = false;
    this.#error.hidden = this.#again.hidden = false;
    this.#error.textContent = problem;
    this.#again.onclick = () => {
      this.#error.hidden = this.#again.hidden = true;
      again();
    };
  }

  arrived(describe) {
    if (!this.#asks && this.#row.hidden) return this.#row.remove();
    if (this.alt) describe(this.alt);
    this.#input.addEventListener("input", () => describe(this.alt));
    return undefined;
  }
}
