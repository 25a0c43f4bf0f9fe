// The dialog that cancels: a reason, then once more whether it is meant, then what the service answered.
import { html, nothing } from "./html.js";
import { badge, foreign } from "./parts.js";
import { count, duration, length } from "./words.js";

export const LONGEST = 500;

/** What the API takes: one line, no controls. Line breaks of what was pasted become spaces. */
export function tidy(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

/** Why it cannot be sent, or "". */
export function complaint(text) {
  const size = length(tidy(text));
  if (!size) return "Give a reason.";
  return size > LONGEST ? `The reason has ${size} characters: at most ${LONGEST} are kept.` : "";
}

export function dialog(app) {
  const { dialog: state } = app;
  return html`
    <dialog id="cancel" aria-labelledby="asked" @close=${() => app.closeDialog()}
      @cancel=${(event) => state?.step === "sending" && event.preventDefault()}>
      ${state ? STEPS[state.step](app, state) : nothing}
    </dialog>
  `;
}

const STEPS = { reason, sure, sending: sure, done, failed };

const close = (event) => event.target.closest("dialog").close();

function head(app, title) {
  return html`<h2 id="asked" tabindex="-1">${title}</h2>
    <p class="whose"><span class="id">${app.place.sessionId}</span><br>
      of <span class="id">${app.place.merchantId}</span></p>`;
}

function reason(app, state) {
  const size = length(tidy(state.reason));
  const wrong = state.tried && complaint(state.reason);
  return html`
    <form method="dialog" novalidate @submit=${(event) => app.review(event)}>
      ${head(app, "Cancel this session?")}
      <label for="reason">Reason</label>
      <textarea id="reason" rows="4" dir="auto" required aria-describedby="kept size wrong"
        aria-invalid=${wrong ? "true" : "false"}
        .value=${state.reason} @input=${(event) => app.write(event.target.value)}></textarea>
      <p class="about" id="kept">${app.live?.value?.status === "PENDING_CANCELLATION"
        ? "The session keeps its first reason: this one is not shown anywhere."
        : "It is kept with the session, and the merchant can read it."}</p>
      <p class="size ${size > LONGEST ? "over" : ""}" id="size">${size} of ${LONGEST} characters</p>
      <p class="hint" id="wrong" role="alert">${wrong || nothing}</p>
      <p class="buttons">
        <button type="button" @click=${close}>Keep the session</button>
        <button class="act">Continue</button>
      </p>
    </form>
  `;
}

function sure(app, state) {
  const sending = state.step === "sending";
  const open = app.live?.value?.transactions.filter((each) =>
    ["PENDING", "PROCESSING", "AUTHORIZED"].includes(each.status)).length ?? 0;
  return html`
    ${head(app, "Are you sure?")}
    <p>${open ? `${count(open, "payment")} in flight: providers are asked to cancel.` : "No payment is in flight."}
      No payment can be added from then on. This cannot be taken back.</p>
    <blockquote>${foreign(tidy(state.reason))}</blockquote>
    <p class="buttons">
      <button ?disabled=${sending} @click=${() => app.rewrite()}>Back</button>
      <button class="danger" aria-disabled=${sending ? "true" : "false"} @click=${() => app.cancel()}>
        ${sending ? "Cancelling…" : "Cancel the session"}
      </button>
    </p>
  `;
}

function done(app, { answer }) {
  return html`
    ${head(app, answer.status === "CANCELLED" ? "The session is cancelled" : "The cancellation is pending")}
    <p>${badge(answer.status)} ${answer.message}</p>
    ${ids("Cancelled by this call", answer.cancelledTransactionIds)}
    ${ids("Still pending", answer.pendingTransactionIds)}
    <p class="buttons"><button class="act" @click=${close}>Close</button></p>
  `;
}

function ids(title, list = []) {
  if (!list.length) return nothing;
  return html`<h3>${title}</h3><ul class="ids">${list.map((each) => html`<li class="id">${each}</li>`)}</ul>`;
}

const TITLES = {
  busy: "Not now",
  conflict: "Not now",
  unreachable: "It is not known whether it arrived",
  broken: "It is not known what became of it",
  missing: "There is no such session",
  "signed-out": "Your sign-in has ended",
};

function failed(app, { failure, waitUntil }) {
  const left = waitUntil ? waitUntil - app.clock : 0;
  const again = !["missing", "forbidden", "signed-out"].includes(failure.kind) && !isFinal(failure);
  const wait = `It can be tried again in ${duration(Math.ceil(left / 1000) * 1000)}.`;
  const unknown = ["unreachable", "broken"].includes(failure.kind);
  return html`
    ${head(app, TITLES[failure.kind] ?? "It was refused")}
    <p>${failure.message} ${left > 0 ? wait : nothing}</p>
    ${unknown ? html`<p>Trying again is safe: nothing is done twice.</p>` : nothing}
    ${failure.requestId ? html`<p class="since">Request <span class="id">${failure.requestId}</span></p>` : nothing}
    <p class="buttons">
      <button @click=${close}>Close</button>
      ${failure.kind === "signed-out"
        ? html`<button class="act" @click=${() => app.signIn()}>Sign in again</button>`
        : nothing}
      ${again
        ? html`<button class="act" aria-disabled=${String(left > 0)} @click=${() => app.cancel()}>Try again</button>`
        : nothing}
    </p>
  `;
}

/** A 409 without a time to come back: the session has ended otherwise. */
function isFinal(failure) {
  return failure.kind === "conflict" && failure.retryAfter === null;
}
