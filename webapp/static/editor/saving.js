// Saves while somebody writes: a moment after they pause, and now and then if they do not. One thing at a time is on its
// way, and it says which version it was made from: whoever is second gets a note with both texts, and decides by saving.
const PAUSE = 1_000;
const LONGEST = 10_000;
const PATIENCE = 20_000;
const MOST_WHILE_LEAVING = 60_000; // what browsers send for a page that is gone
const RETRIES = [2_000, 4_000, 8_000, 15_000, 30_000];
const IN_A_DRAFT = ["title", "body", "tags", "slug"]; // what a draft takes while it is being written
const NOT_TYPED = ["csrf_token", "version", "copy", "begun_as"];

export class Saving {
  #form;
  #unsent;
  #status;
  #saved; // the form as the server has it; null when it has none of it
  #first; // the form as it was opened
  #timer = null;
  #waitingSince = 0;
  #failures = 0;
  #onItsWay = null;
  #isPaused;
  #isLeaving = false;
  #isComingBack = false;
  #offer;

  constructor(form, unsent, status, offer) {
    this.#form = form;
    this.#offer = offer;
    this.#unsent = unsent;
    this.#status = status;
    this.#isPaused = "paused" in form.dataset;
    this.#first = this.#words();
    this.#saved = "unsaved" in form.dataset ? null : this.#first;
  }

  async start() {
    for (const change of ["input", "change"]) this.#form.addEventListener(change, (event) => this.#changed(event));
    this.#form.addEventListener("submit", (event) => this.#submitted(event));
    this.#status.onLeave = () => {
      this.#isComingBack = true;
      this.#keep();
    };
    addEventListener("online", () => this.now());
    addEventListener("focus", () => this.#failures && this.now());
    addEventListener("pageshow", () => (this.#isLeaving = false));
    addEventListener("pagehide", () => !this.#isLeaving && this.#isUnsaved() && this.#keep());
    document.addEventListener("visibilitychange", () => this.now());
    if (this.#saved === null) this.#keep();
    await this.#offerWhatWasLeft();
  }

  get isDraft() {
    return this.#form.dataset.state === "draft" || this.#form.dataset.state === "new";
  }

  get isPaused() {
    return this.#isPaused;
  }

  // Saves what is not saved yet; `isAsked` also what is only half typed. While something is on its way it does nothing:
  // when that is back it looks again.
  now(isAsked = false) {
    clearTimeout(this.#timer);
    if (this.#onItsWay || this.#isPaused || this.#isLeaving) return;
    const words = this.#words();
    const control = document.activeElement;
    if (!isAsked && this.#saved && isLine(control) && control.name in this.#saved) words[control.name] = this.#saved[control.name];
    if (!this.#differs(words) || (this.#form.dataset.post === "new" && !`${words.title}${words.body}`.trim())) return;
    this.#onItsWay = this.#send(words).then((isSafe) => {
      this.#onItsWay = null;
      if (isSafe && this.#isUnsaved()) this.#soon();
    });
  }

  #changed({ type, target }) {
    if (!target.name) return;
    if (!this.#isUnsaved()) return this.#unsent.forget(); // taken back, letter by letter
    this.#keep();
    if (type === "change" || !isLine(target)) this.#soon(); // half a tag is no tag: it waits until they are done with it
  }

  #soon() {
    this.#waitingSince ||= Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(), Math.min(PAUSE, Math.max(0, this.#waitingSince + LONGEST - Date.now())));
  }

  // Says whether the words have arrived.
  async #send(words, isRetry = false) {
    const body = new URLSearchParams({ ...words, ...this.#versions() });
    let answer;
    this.#waitingSince = 0;
    this.#status.saving();
    try {
      answer = await fetch(this.#form.dataset.autosave, {
        method: "POST",
        body,
        keepalive: document.hidden && body.toString().length < MOST_WHILE_LEAVING,
        headers: { Accept: "application/json" },
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      return this.#tryAgain("offline");
    }
    if (answer.status === 200) return this.#took(words, await answer.json());
    if (answer.status === 400 && !isRetry) return (await this.#renewToken()) && this.#send(words, true);
    if (answer.type === "opaqueredirect" || answer.status === 401) return this.#signedOut();
    if (answer.status === 404) return this.#stop("gone");
    if (answer.status === 429 || answer.status >= 500) return this.#tryAgain("busy");
    const said = await answer.json().catch(() => ({}));
    if (answer.status === 409) return said.note ? this.#changedElsewhere(said) : this.#tryAgain("busy");
    this.#status.trouble("refused", { more: said.detail });
    return false;
  }

  #took(words, { post, edit, autosave, version, copy, slug, refused }) {
    const fields = this.#form.elements;
    this.#failures = 0;
    this.#isComingBack = false;
    fields.version.value = version;
    fields.copy.value = copy;
    if (this.#form.dataset.post === "new") {
      history.replaceState(history.state, "", edit);
      Object.assign(this.#form.dataset, { post, autosave, state: "draft" });
      this.#unsent.moveTo(post);
    }
    if (this.isDraft && fields.slug && fields.slug.value === words.slug && document.activeElement !== fields.slug && !refused) {
      fields.slug.value = words.slug = slug;
    }
    this.#saved = words;
    const leftOut = Object.keys(words).some((name) => !IN_A_DRAFT.includes(name) && words[name] !== this.#first[name]);
    if (!this.#isUnsaved() && (copy || !leftOut)) this.#unsent.forget();
    this.#status.saved(Date.now(), refused ?? (this.isDraft ? "" : this.#status.aside));
    return true;
  }

  #changedElsewhere({ note, saved, version, copy }) {
    this.#form.elements.version.value = version;
    this.#form.elements.copy.value = copy;
    document.getElementById("conflict").innerHTML = note;
    document.getElementById("as-saved").innerHTML = saved;
    return this.#stop("changed");
  }

  #signedOut() {
    this.#failures = RETRIES.length;
    const here = new URLSearchParams({ next: location.pathname });
    this.#status.trouble("signedOut", { href: `${this.#form.dataset.signIn}?${here}` });
    return false;
  }

  #stop(kind) {
    this.#isPaused = true;
    this.#keep();
    this.#status.trouble(kind);
    return false;
  }

  #tryAgain(kind) {
    this.#status.trouble(kind);
    this.#timer = setTimeout(() => this.now(), RETRIES[Math.min(this.#failures++, RETRIES.length - 1)]);
    return false;
  }

  // The session is a new one, perhaps of somebody else: theirs must not get our words.
  async #renewToken() {
    let answer;
    try {
      answer = await fetch(location.pathname, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    } catch {
      return this.#tryAgain("offline");
    }
    const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const form = page?.getElementById("editor");
    if (form?.dataset.person !== this.#form.dataset.person) return this.#signedOut();
    this.#form.elements.csrf_token.value = form.elements.csrf_token.value;
    return true;
  }

  #submitted(event) {
    if (event.defaultPrevented) return;
    if (this.#isLeaving) return event.preventDefault(); // pressed twice
    if (this.#onItsWay) {
      event.preventDefault(); // its answer brings the version that this save must name
      this.#onItsWay.then(() => this.#form.requestSubmit(event.submitter));
      return;
    }
    clearTimeout(this.#timer);
    this.#isLeaving = true;
    if (this.#isUnsaved()) this.#keep({ wasSubmitted: true });
    else this.#unsent.forget();
  }

  async #offerWhatWasLeft() {
    for (const [key, left] of await this.#unsent.left(this.#form.dataset.post)) {
      const compared = left.wasSubmitted ? ["title", "body"] : Object.keys(left.fields);
      const now = this.#words();
      const restore = () => this.#restore(key, left);
      if (compared.every((name) => same(left.fields[name], now[name]))) this.#unsent.forget(key);
      else if (left.isComingBack && left.version === this.#form.elements.version.value && !this.#isUnsaved()) restore();
      else this.#offer(left, { restore, drop: () => this.#unsent.forget(key) });
    }
  }

  // The words come back with the version they were made from, so that what was saved since is not written over.
  #restore(key, { fields, ...versions }) {
    for (const [name, value] of Object.entries(fields)) {
      const control = this.#form.elements[name];
      if (control && !NOT_TYPED.includes(name)) control.value = value;
    }
    for (const name of ["version", "copy", "begun_as"]) this.#form.elements[name].value = versions[name] ?? "";
    this.#keep();
    this.#unsent.forget(key);
    this.#form.elements.body.dispatchEvent(new Event("input", { bubbles: true })); // the preview, and the autosave
    this.#form.elements.body.focus();
  }

  #keep(more = {}) {
    const { csrf_token: _secret, ...versions } = this.#versions();
    this.#unsent.keep({ ...versions, isComingBack: this.#isComingBack, fields: this.#words(), ...more });
  }

  #isUnsaved() {
    return this.#differs(this.#words());
  }

  #differs(words) {
    return this.#saved === null || Object.keys(words).some((name) => words[name] !== this.#saved[name]);
  }

  #words() {
    const sent = [...new FormData(this.#form)].filter(([name, value]) => typeof value === "string" && !NOT_TYPED.includes(name));
    return Object.fromEntries(sent);
  }

  #versions() {
    return Object.fromEntries(NOT_TYPED.map((name) => [name, this.#form.elements[name].value]));
  }
}

// Whether it is a field whose value means nothing while it is half typed.
function isLine(control) {
  return control?.matches("input") ?? false;
}

function same(one = "", other = "") {
  const plain = (words) => words.normalize().replaceAll("\r\n", "\n").trim();
  return plain(one) === plain(other);
}
