// What is around every view: the banner, the navigation, and what is wrong right now.
import { dialog } from "./cancel.js";
import { html, nothing } from "./html.js";
import { icon } from "./parts.js";
import { list } from "./list.js";
import { hashOf } from "./place.js";
import { session } from "./session.js";
import { duration } from "./words.js";

export function frame(app) {
  return html`
    <a class="skip" href="#main" @click=${(event) => app.skip(event)}>To the content</a>
    <header>
      <p class="name">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect class="tile" width="32" height="32" rx="8"></rect>
          <path class="lock" d="M9 15h14v9H9zM12 15v-3a4 4 0 0 1 8 0v3"></path>
        </svg>
        Cancellations</p>
      ${app.signedIn ? navigation(app) : nothing}
    </header>
    <main id="main" tabindex="-1">${app.signedIn ? html`${trouble(app)}${view(app)}` : entrance(app)}</main>
    ${app.signedIn ? dialog(app) : nothing}
  `;
}

function view(app) {
  return app.place.view === "session" ? session(app) : list(app);
}

function navigation(app) {
  const { place } = app;
  const link = (name, text) => html`<a href=${hashOf({ view: name, merchantId: place.merchantId ?? "" })}
    aria-current=${place.view === name ? "page" : nothing}>${text}</a>`;
  return html`
    <nav aria-label="Sessions">${link("pending", "Pending")} ${link("cancelled", "Cancelled")}</nav>
    <p class="live ${app.live?.failure ? "late" : ""}">${freshness(app)}</p>
    <button class="quiet" @click=${() => app.signOut()}>Sign out</button>
  `;
}

function freshness({ live, clock }) {
  if (!live?.heardAt) return nothing;
  const seconds = Math.max(0, Math.floor((clock - live.heardAt) / 1000));
  const age = seconds ? `${duration(seconds * 1000)} ago` : "just now";
  return html`<span class="dot" aria-hidden="true"></span>updated ${age}`;
}

function entrance(app) {
  return html`
    <div class="entrance">
      <h1 tabindex="-1">Cancellations</h1>
      <p>For operators: which checkout sessions are being cancelled, what each waits for, and why.</p>
      ${app.entering ? html`<p class="empty">Loading…</p>` : way(app)}
    </div>
  `;
}

function way(app) {
  return html`
    ${app.problem ? html`<p class="note bad" role="alert">${app.problem}</p>` : nothing}
    ${app.config
      ? html`<button class="act" @click=${() => app.signIn()}>Sign in</button>`
      : html`<button class="act" @click=${() => app.enter()}>Try again</button>`}
  `;
}

/** Says what is wrong, what it means for what is seen, and what happens next. */
function trouble(app) {
  const failure = app.live?.failure;
  if (!failure || failure.kind === "missing") return nothing;
  return html`<div class="note ${failure.kind === "signed-out" ? "wait" : "bad"}" role="alert">
    ${icon("late_money")}<p>${said(failure)}</p>${remedy(app, failure)}</div>`;
}

function said(failure) {
  switch (failure.kind) {
    case "signed-out":
      return "Your sign-in has ended. Sign in again: you come back to this place.";
    case "forbidden":
      return "Your account may not see this.";
    case "unreachable":
      return "The service cannot be reached. What is shown may be out of date.";
    case "busy":
      return "The service is busy. What is shown may be out of date.";
    default:
      return failure.message;
  }
}

function remedy(app, failure) {
  if (failure.kind === "signed-out") return html`<button @click=${() => app.signIn()}>Sign in again</button>`;
  if (failure.kind === "forbidden") return html`<button @click=${() => app.signOut()}>Sign out</button>`;
  const left = app.live.nextAt === null ? 0 : Math.max(0, Math.ceil((app.live.nextAt - app.clock) / 1000));
  // Not part of the alert: nobody wants to hear a countdown.
  return html`<span class="next" aria-hidden="true">${left ? `trying again in ${left} s` : "trying…"}</span>
    ${failure.retryAfter ? nothing : html`<button @click=${() => app.live.now()}>Try now</button>`}`;
}
