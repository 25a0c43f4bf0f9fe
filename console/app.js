// The one state of the page, what can be done to it, and when it is drawn anew.
import { Api } from "./api.js";
import { LONGEST, complaint, tidy } from "./cancel.js";
import { frame } from "./frame.js";
import { render } from "./html.js";
import { Live } from "./live.js";
import * as lists from "./list.js";
import { hashOf, parsePlace } from "./place.js";
import * as sessions from "./session.js";
import { accessToken, begin, forget, redeem, signOut, takeAnswer } from "./sign_in.js";
import { placeTip } from "./timeline.js";

const MAXIMUM = 10 * LONGEST;
const CONFIG_TIMEOUT_MS = 15_000;

export class App {
  config = null;
  signedIn = false;
  problem = "";
  entering = false;
  place = parsePlace("");
  live = null;
  dialog = null;
  shown = null;
  asked = "";
  width = 600;
  clock = performance.now();
  #said = "";
  #draft = "";
  #back = null;

  constructor(root, announcer) {
    this.root = root;
    this.announcer = announcer;
    this.api = new Api(accessToken);
  }

  async start() {
    // Before anything can fail: a code is for nobody else, and a reload would redeem it again.
    this.#back = takeAnswer();
    if (this.#back?.kept) history.replaceState(null, "", hashOf(parsePlace(this.#back.kept.hash ?? "")));
    this.#draft = this.#back?.kept?.reason ?? "";
    window.addEventListener("hashchange", () => {
      this.#draft = "";
      this.arrive();
    });
    // A page that the browser kept aside would come back with its token.
    window.addEventListener("pagehide", forget);
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    new ResizeObserver(() => this.measure()).observe(this.root);
    setInterval(() => this.tick(), 1000);
    await this.enter();
  }

  /** Signed in, if there was a sign-in; also again, after what went wrong. */
  async enter() {
    this.entering = true;
    this.draw();
    this.config = await readConfig();
    this.problem = this.config ? await this.#redeemed() : "The console's settings, config.json, cannot be read.";
    this.entering = false;
    this.arrive();
  }

  async #redeemed() {
    const back = this.#back;
    this.#back = null;
    const problem = back?.code ? await redeem(this.config, back) : (back?.problem ?? "");
    this.signedIn = accessToken() !== null;
    return problem;
  }

  /** The address has changed: show that place, from its beginning. */
  arrive() {
    this.live?.stop();
    this.live = null;
    this.place = parsePlace(location.hash);
    this.asked = "";
    this.shown = null;
    this.#said = "";
    this.root.querySelector("dialog[open]")?.close();
    if (this.signedIn && !(this.place.view === "cancelled" && !this.place.merchantId)) this.#follow();
    this.draw();
    this.#title();
    this.root.querySelector("h1")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  #follow() {
    const { place } = this;
    const one = place.view === "session";
    const read = (signal) => (one ? this.api.session(place, signal) : this.api.sessions(place, signal));
    this.live = new Live(read, () => this.#heard());
  }

  #heard() {
    const { value } = this.live;
    const one = this.place.view === "session";
    if (value) this.#announce(one ? sessions.summary(value) : lists.summary(this.place, value));
    this.draw();
    if (this.#draft && value?.cancellable) this.openDialog();
  }

  /** Tells a change, and not what was there at first. */
  #announce(text) {
    if (this.#said && this.#said !== text) this.announcer.textContent = text;
    this.#said = text;
  }

  #title() {
    const names = { pending: "Pending", cancelled: "Cancelled", session: `Session ${this.place.sessionId}` };
    document.title = this.signedIn ? `${names[this.place.view]} · Cancellations` : "Cancellations";
  }

  go(place) {
    const hash = hashOf(place);
    if (location.hash === hash) this.arrive();
    else location.hash = hash;
  }

  ask(text) {
    this.asked = text;
    this.draw();
  }

  skip(event) {
    event.preventDefault();
    document.getElementById("main").focus();
  }

  signIn() {
    begin(this.config, { hash: location.hash, reason: this.dialog?.reason ?? this.#draft });
  }

  signOut() {
    this.live?.stop();
    signOut(this.config);
  }

  openDialog() {
    this.dialog = { step: "reason", reason: this.#draft, tried: false };
    this.#draft = "";
    this.draw();
    const dialog = this.root.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("textarea").focus();
  }

  closeDialog() {
    this.dialog = null;
    this.draw();
    const button = this.root.querySelector(".head .act") ?? this.root.querySelector("h1");
    button?.focus();
  }

  write(text) {
    this.dialog.reason = text.slice(0, MAXIMUM);
    this.draw();
  }

  review(event) {
    event.preventDefault();
    const wrong = complaint(this.dialog.reason);
    this.#step(wrong ? { tried: true } : { step: "sure" });
    this.root.querySelector(wrong ? "textarea" : "#asked").focus();
  }

  rewrite() {
    this.#step({ step: "reason" });
    this.root.querySelector("textarea").focus();
  }

  async cancel() {
    const state = this.dialog;
    if (state.step === "sending" || (state.waitUntil ?? 0) > this.clock) return;
    this.#step({ step: "sending" });
    const result = await this.api.cancel(this.place, tidy(state.reason)).then(
      (answer) => ({ step: "done", answer }),
      (failure) => ({ step: "failed", failure, waitUntil: until(failure) }),
    );
    this.live?.now();
    if (this.dialog !== state) return;
    this.#step(result);
    this.root.querySelector("#asked").focus();
  }

  #step(change) {
    Object.assign(this.dialog, change);
    this.draw();
  }

  point(key) {
    this.shown = key;
    this.draw();
  }

  measure() {
    const main = this.root.querySelector("main");
    const style = main && getComputedStyle(main);
    const width = main ? main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) : this.width;
    if (width !== this.width) {
      this.width = width;
      this.draw();
    }
  }

  tick() {
    if (document.hidden) return;
    this.draw();
  }

  draw() {
    this.clock = performance.now();
    render(frame(this), this.root);
    placeTip(this.root);
  }
}

/** null if there is none, or not a whole one. */
async function readConfig() {
  try {
    const answer = await fetch("config.json", { cache: "no-store", signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS) });
    const config = await answer.json();
    for (const each of ["authorizeUrl", "logoutUrl"]) new URL(config[each]);
    return config;
  } catch {
    return null;
  }
}

function until(failure) {
  return failure.retryAfter ? performance.now() + failure.retryAfter * 1000 : null;
}
