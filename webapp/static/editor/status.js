// The line that says whether the words are safe. What is seen counts on; what is spoken changes only when something does.
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export class Status {
  #line;
  #says;
  #spoken = document.createElement("span");
  #seen = document.createElement("span");
  #ticking = null;

  constructor(line) {
    this.#line = line;
    this.#says = line.dataset;
    this.#seen.textContent = line.textContent.trim();
    this.#seen.ariaHidden = "true";
    this.#spoken.className = "unseen";
    line.replaceChildren(this.#spoken, this.#seen);
    const at = Date.parse(this.#says.at);
    if (Date.now() - at < 24 * HOUR) this.#tick(Math.min(at, Date.now()), "");
  }

  get aside() {
    return this.#says.aside;
  }

  saving() {
    clearInterval(this.#ticking);
    this.#seen.textContent = this.#says.saving;
  }

  // `beside` is a sentence that stays next to the time: what readers see, or what does not fit yet.
  saved(at, beside = "") {
    this.#line.classList.remove("error");
    this.#speak(`${this.#says.saved} ${beside}`);
    this.#tick(at, beside);
  }

  // `kind` names one of the sentences that lie beside the line.
  trouble(kind, { more = "", href = null } = {}) {
    clearInterval(this.#ticking);
    const words = `${this.#says[kind]} ${more}`.trim();
    this.#line.classList.add("error");
    this.#seen.textContent = words;
    this.#speak(words);
    if (href !== null) this.#line.append(" ", this.#link(href));
  }

  // Whatever is sought there when the link to sign in is used.
  onLeave = () => {};

  #link(href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = this.#says.signIn;
    link.addEventListener("click", () => this.onLeave());
    return link;
  }

  #speak(words) {
    this.#line.replaceChildren(this.#spoken, this.#seen);
    if (this.#spoken.textContent !== words) this.#spoken.textContent = words;
  }

  #tick(at, beside) {
    clearInterval(this.#ticking);
    const show = () => {
      const age = Date.now() - at;
      const [words, unit] =
        age < MINUTE ? [this.#says.seconds, 1000] : age < HOUR ? [this.#says.minutes, MINUTE] : [this.#says.hours, HOUR];
      this.#seen.textContent = `${words.replace("{n}", Math.floor(age / unit))}${beside && ". "}${beside}`;
    };
    show();
    this.#ticking = setInterval(show, 1000);
  }
}
