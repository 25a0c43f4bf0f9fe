// The sessions of one state: what is stuck first, then what has waited longest.
import { html, nothing, repeat } from "./html.js";
import { foreign, icon, stuckBadge, waiting, when } from "./parts.js";
import { hashOf } from "./place.js";
import { age, count, duration } from "./words.js";

/** Pending ones: stuck first, then the oldest cancellation. The others as the service orders them. */
export function ordered(place, sessions) {
  if (place.view !== "pending") return sessions;
  const since = (each) => Date.parse(each.cancelRequestedAt) || 0;
  return [...sessions].sort((one, other) => Number(other.stuck) - Number(one.stuck) || since(one) - since(other));
}

/** What a change of the list is told as. */
export function summary(place, document) {
  const { sessions, hasMore } = document;
  const stuck = sessions.filter((each) => each.stuck).length;
  const state = place.view === "pending" ? "pending" : "cancelled";
  const shown = `${hasMore || place.cursor ? "On this page: " : ""}${count(sessions.length, `${state} session`)}`;
  return stuck ? `${shown}, ${stuck} stuck` : shown;
}

export function list(app) {
  const { place, live } = app;
  const document = live?.value;
  const pending = place.view === "pending";
  return html`
    <div class="head">
      <h1 tabindex="-1">${pending ? "Pending cancellations" : "Cancelled sessions"}</h1>
      ${document ? html`<p class="summary">${summary(place, document)}</p>` : nothing}
    </div>
    ${filters(app)} ${body(place, document, live)}
  `;
}

function body(place, document, live) {
  if (place.view === "cancelled" && !place.merchantId) {
    return html`<p class="empty">Whose? Give a merchant's id: cancelled sessions are listed by merchant.</p>`;
  }
  if (!document) return live?.failure ? nothing : html`<p class="empty">Loading…</p>`;
  const pending = place.view === "pending";
  const rows = ordered(place, document.sessions);
  return html`
    ${document.unreadable ? unreadable(document.unreadable) : nothing}
    ${rows.length ? table(place, rows, pending) : html`<p class="empty">${nobody(place, document, pending)}</p>`}
    ${paging(place, document)}
  `;
}

function unreadable(n) {
  const said = `${count(n, "session")} cannot be read, and ${n === 1 ? "is" : "are"} not in this list.`;
  return html`<p class="note bad">${icon("late_money")} ${said}</p>`;
}

function nobody(place, document, pending) {
  if (document.hasMore) return "There is none on this page; there may be more on the next one.";
  if (place.cursor) return "There is nothing on this page any more.";
  const of = place.merchantId ? " of this merchant" : "";
  return pending ? `No cancellation${of} is pending. All is well.` : `No session${of} is cancelled.`;
}

function table(place, rows, pending) {
  const titles = pending ? ["Session", "Waiting", "Waits for", "Reason"] : ["Session", "Cancelled", "Took", "Reason"];
  return html`
    <table class="sessions ${place.view}" role="table">
      <caption class="unseen">${pending ? "Pending" : "Cancelled"} sessions</caption>
      <thead role="rowgroup">
        <tr role="row">
          ${titles.map((each) => html`<th scope="col" role="columnheader">${each}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${repeat(
          rows,
          (each) => `${each.merchantId} ${each.sessionId}`,
          (each) => html`
            <tr role="row" class=${each.stuck ? "stuck" : ""}>
              <td role="cell" class="which">
                <a class="id" href=${hashOf({ ...each, view: "session" })}>${each.sessionId}</a>
                <span class="of">of <a href=${hashOf({ view: place.view, merchantId: each.merchantId })}
                  class="id" title="only this merchant's">${each.merchantId}</a></span>
              </td>
              ${pending ? waits(each) : ended(each)}
              <td role="cell" class="reason">
                ${each.reason ? foreign(each.reason) : html`<span class="none">none given</span>`}
              </td>
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

function waits(each) {
  const waitsFor = each.waitsFor ?? [];
  return html`
    <td role="cell" class="age">
      <span class="long">${age(each.ageSeconds)}</span>${each.stuck ? stuckBadge() : nothing}
      <span class="since">since ${when(each.cancelRequestedAt)}</span>
    </td>
    <td role="cell" class="waits">
      ${waitsFor.length
        ? html`<ul>${waitsFor.map((one) => html`<li>${waiting(one)}</li>`)}</ul>`
        : html`<span class="why">Nothing is in flight: it is about to be completed.</span>`}
    </td>
  `;
}

function ended(each) {
  const took = Date.parse(each.cancelledAt) - Date.parse(each.cancelRequestedAt);
  return html`
    <td role="cell" class="age">${each.cancelledAt ? when(each.cancelledAt) : nothing}</td>
    <td role="cell" class="took">${Number.isFinite(took) ? duration(took) : nothing}</td>
  `;
}

function paging(place, document) {
  if (!place.cursor && !document.hasMore) return nothing;
  const next = { ...place, cursor: document.nextCursor };
  return html`
    <nav class="paging" aria-label="Pages">
      ${place.cursor ? html`<a class="button" href=${hashOf({ ...place, cursor: "" })}>First page</a>` : nothing}
      ${document.hasMore ? html`<a class="button" href=${hashOf(next)}>Next page</a>` : nothing}
    </nav>
  `;
}

function filters(app) {
  const { place } = app;
  return html`
    <div class="filters">
      <form role="search" aria-label="By merchant" @submit=${(event) => filter(event, app)}>
        <label for="merchant">Merchant</label>
        <div class="field">
          <input id="merchant" name="merchant" autocomplete="off" spellcheck="false" .value=${place.merchantId}
            placeholder=${place.view === "pending" ? "all" : "merchant's id"}>
          <button>Show</button>
        </div>
      </form>
      <form aria-label="One session" @submit=${(event) => open(event, app)}>
        <label for="session">Session</label>
        <div class="field">
          <input id="session" name="session" autocomplete="off" spellcheck="false" placeholder="session's id">
          <button>Open</button>
        </div>
        ${app.asked ? html`<p class="hint" role="alert">${app.asked}</p>` : nothing}
      </form>
    </div>
  `;
}

function filter(event, app) {
  event.preventDefault();
  const merchantId = event.target.elements.merchant.value.trim();
  app.go({ view: app.place.view, merchantId, cursor: "" });
}

/** A session is found under its merchant: the one that is filled in, or the one whose row has it. */
function open(event, app) {
  event.preventDefault();
  const sessionId = event.target.elements.session.value.trim().toLowerCase();
  const row = app.live?.value?.sessions?.find((each) => each.sessionId === sessionId);
  const merchantId = row?.merchantId ?? document.getElementById("merchant").value.trim();
  if (sessionId && merchantId) return app.go({ view: "session", merchantId, sessionId });
  app.ask(sessionId ? "Give the merchant's id as well: sessions are kept by merchant." : "Give the session's id.");
}
