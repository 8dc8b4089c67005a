// Words that are in this browser only: kept at every pause while they are not saved, and offered back when the post is
// opened again. Each opened page has a place of its own, so that two tabs never write over each other.
const PREFIX = "almanac:unsent:";
const SAMPLE = 160;
const OLDEST = 60 * 24 * 3_600_000;

export class Unsent {
  #owner;
  #key;
  #channel = new BroadcastChannel("almanac:unsent");

  constructor(person, post) {
    this.#owner = `${PREFIX}${person}:`;
    this.#key = `${this.#owner}${post}:${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    this.#channel.addEventListener("message", ({ data }) => {
      if (data === "who is there?") this.#channel.postMessage({ here: this.#key });
    });
  }

  keep(words) {
    try {
      localStorage.setItem(this.#key, JSON.stringify({ at: Date.now(), ...words }));
    } catch {
      // full, or switched off: the autosave is what is left
    }
  }

  forget(key = this.#key) {
    localStorage.removeItem(key);
  }

  // A new post has got its number.
  moveTo(post) {
    const words = localStorage.getItem(this.#key);
    this.forget();
    this.#key = this.#key.replace(/:[^:]+(?=:[^:]+$)/, `:${post}`);
    if (words !== null) localStorage.setItem(this.#key, words);
  }

  // What pages that are gone have left for this post, the newest first: [key, words].
  async left(post) {
    const present = await this.#present();
    const found = [];
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(PREFIX)) continue;
      const words = read(key);
      if (words === null || Date.now() - words.at > OLDEST) this.forget(key);
      else if (key.startsWith(`${this.#owner}${post}:`) && !present.has(key)) found.push([key, words]);
    }
    return found.sort(([, one], [, other]) => other.at - one.at);
  }

  // The places of pages that are open now, this one's too.
  #present() {
    const here = new Set([this.#key]);
    const hear = ({ data }) => data.here && here.add(data.here);
    this.#channel.addEventListener("message", hear);
    this.#channel.postMessage("who is there?");
    return new Promise((done) => {
      setTimeout(() => {
        this.#channel.removeEventListener("message", hear);
        done(here);
      }, 200);
    });
  }
}

function read(key) {
  try {
    const words = JSON.parse(localStorage.getItem(key));
    return typeof words?.at === "number" && words.fields ? words : null;
  } catch {
    return null;
  }
}

// Shows a note with words that were left, and what can be done with them.
export function offer(words, { restore, drop }) {
  const note = document.getElementById("unsent").content.firstElementChild.cloneNode(true);
  const [putBack, throwAway, undo] = ["restore", "drop", "undo"].map((name) => note.querySelector(`[data-does=${name}]`));
  const { lang } = document.documentElement;
  const at = new Date(words.at).toLocaleString(lang === "en" ? "en-GB" : lang, {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  for (const bold of note.querySelectorAll("b")) bold.textContent = bold.textContent.replace("{when}", at);
  const sample = [words.fields.title, words.fields.body].filter(Boolean).join(". ");
  note.querySelector("[data-sample]").textContent = sample.length > SAMPLE ? `${sample.slice(0, SAMPLE)}…` : sample;
  putBack.addEventListener("click", () => {
    note.remove();
    restore();
  });
  let dropped = false;
  const choose = (now) => {
    dropped = now;
    putBack.hidden = throwAway.hidden = dropped;
    undo.hidden = !dropped;
    (dropped ? undo : putBack).focus();
  };
  throwAway.addEventListener("click", () => choose(true));
  undo.addEventListener("click", () => choose(false));
  addEventListener("pagehide", () => dropped && drop());
  document.getElementById("editor").before(note);
}
