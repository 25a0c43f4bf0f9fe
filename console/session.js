// One session: what is known of it, what happened, and what each of its payments has come to.
import { html, nothing, repeat } from "./html.js";
import { badge, foreign, icon, stuckBadge, waiting, when } from "./parts.js";
import { hashOf } from "./place.js";
import { timeline } from "./timeline.js";
import { count, duration, money, tail } from "./words.js";

/** What a change of the session is told as. */
export function summary(session) {
  const open = inFlight(session);
  const late = session.transactions.filter((each) => each.settledAfterCancel).length;
  const parts = [`The session is ${session.status.toLowerCase().replaceAll("_", " ")}`];
  if (session.stuck) parts.push("it is stuck");
  if (open.length) parts.push(`${count(open.length, "payment")} in flight`);
  if (late) parts.push(`${count(late, "payment")} settled after the cancellation`);
  return parts.join(", ");
}

const inFlight = (session) =>
  session.transactions.filter((each) => ["PENDING", "PROCESSING", "AUTHORIZED"].includes(each.status));

export function session(app) {
  const { place, live } = app;
  const document = live?.value;
  return html`
    <p class="back"><a href=${hashOf({ view: "pending", merchantId: "" })}>Pending cancellations</a></p>
    <div class="head">
      <h1 tabindex="-1">Session <span class="id">${place.sessionId}</span></h1>
      ${document ? state(document) : nothing}
      ${document?.cancellable ? cancelButton(app, document) : nothing}
    </div>
    ${document ? known(app, document) : absent(place, live)}
  `;
}

function state(document) {
  return html`<p class="state">${badge(document.status)} ${document.stuck ? stuckBadge() : nothing}</p>`;
}

function cancelButton(app, document) {
  const text = document.status === "PENDING_CANCELLATION" ? "Try again to cancel…" : "Cancel session…";
  return html`<button class="act" @click=${() => app.openDialog()}>${text}</button>`;
}

function absent(place, live) {
  if (live?.failure?.kind === "missing") {
    return html`<p class="empty">Merchant <span class="id">${place.merchantId}</span> has no such session.
      Look whether both ids are right.</p>`;
  }
  return live?.failure ? nothing : html`<p class="empty">Loading…</p>`;
}

function known(app, document) {
  return html`
    ${lateMoney(document)} ${waits(document)}
    <section aria-labelledby="facts">
      <h2 id="facts" class="unseen">Facts</h2>
      <dl class="facts">${facts(document)}</dl>
    </section>
    <section aria-labelledby="story">
      <h2 id="story">What happened</h2>
      ${timeline(document, app.width, app.shown, (key) => app.point(key))}
    </section>
    <section aria-labelledby="payments">
      <h2 id="payments">Payments</h2>
      ${document.transactions.length
        ? html`<ul class="payments">
            ${repeat(document.transactions, (each) => each.transactionId, payment)}
          </ul>`
        : html`<p class="empty">No payment was attempted.</p>`}
    </section>
  `;
}

function lateMoney(document) {
  const late = document.transactions.filter((each) => each.settledAfterCancel);
  if (!late.length) return nothing;
  return html`<p class="note bad">${icon("late_money")} Money arrived all the same:
    ${late.map((each) => money(each.amount, each.currency)).join(", ")}. Somebody has to decide about a refund.</p>`;
}

/** What it waits for and why; of a stuck one also what a human may do. */
function waits(document) {
  const open = document.waitsFor ?? inFlight(document).filter((each) => each.explanation);
  if (document.status !== "PENDING_CANCELLATION" || !open.length) return nothing;
  return html`
    <section class="waiting" aria-labelledby="waits">
      <h2 id="waits">Waits for</h2>
      <ul>
        ${open.map((each) => html`<li>${waiting(each)}
          ${each.transactionId ? html`<span class="id">${tail(each.transactionId)}</span>` : nothing}
          ${each.youMay ? html`<br><span class="may"><b>You may</b> ${each.youMay}</span>` : nothing}</li>`)}
      </ul>
    </section>
  `;
}

function facts(document) {
  const took = Date.parse(document.cancelledAt) - Date.parse(document.cancelRequestedAt);
  // To the list that this one is in.
  const view = document.status === "PENDING_CANCELLATION" ? "pending" : "cancelled";
  return [
    fact("Merchant", html`<a class="id" href=${hashOf({ view, merchantId: document.merchantId })}
      title="this merchant's ${view} sessions">${document.merchantId}</a>`),
    fact("Opened", when(document.createdAt)),
    fact("Cancellation asked for", document.cancelRequestedAt && when(document.cancelRequestedAt)),
    fact("By", document.cancelRequestedBy && html`<span class="id">${document.cancelRequestedBy}</span>`),
    fact("Cancelled", document.cancelledAt && html`${when(document.cancelledAt)}${
      Number.isFinite(took) ? html` <span class="after">after ${duration(took)}</span>` : nothing}`),
    fact("Ended", document.endedAt && when(document.endedAt)),
    fact("Next try", nextTry(document)),
    fact("Tries", document.drives || null),
    fact("Correlation id", document.correlationId && html`<span class="id">${document.correlationId}</span>`),
    fact("Reason", document.reason && foreign(document.reason), "wide"),
  ];
}

function nextTry(document) {
  if (document.drivenNow) return "being cancelled right now";
  if (!document.nextDriveAt) return null;
  const left = Date.parse(document.nextDriveAt) - Date.parse(document.at);
  return html`${when(document.nextDriveAt)} <span class="after">${left > 0 ? `in ${duration(left)}` : "due"}</span>`;
}

function fact(name, value, style = "") {
  if (value === null || value === undefined || value === "") return nothing;
  return html`<div class=${style}><dt>${name}</dt><dd>${value}</dd></div>`;
}

function payment(each) {
  return html`
    <li>
      <p class="state">${badge(each.status)} ${each.pendingReason ? html`<code>${each.pendingReason}</code>` : nothing}
        ${each.settledAfterCancel ? late() : nothing}</p>
      <p class="sum">${money(each.amount, each.currency)}</p>
      <p class="at"><b>${each.provider}</b>
        <span class="id">${each.providerReference ?? "no reference"}</span></p>
      <p class="id">${each.transactionId}</p>
      <p>${tries(each)}</p>
    </li>
  `;
}

function late() {
  return html`<span class="badge bad">${icon("late_money")}settled late</span>`;
}

function tries({ firstTriedAt, lastTriedAt, statusAt }) {
  const last = lastTriedAt && lastTriedAt !== firstTriedAt ? html`, last ${when(lastTriedAt)}` : nothing;
  return html`${statusAt ? html`<span class="since">status since ${when(statusAt)}</span>` : nothing}
    ${firstTriedAt ? html`<span class="since">cancellation tried ${when(firstTriedAt)}${last}</span>` : nothing}`;
}
