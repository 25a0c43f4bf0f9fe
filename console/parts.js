// Small pieces that several views show.
import { html, nothing } from "./html.js";
import { glyph, statusKind, toneOf } from "./marks.js";
import { moment, pieces } from "./words.js";

const SAID = { PENDING_CANCELLATION: "pending", CANCELLED: "cancelled" };

export function badge(status) {
  const kind = statusKind(status);
  return html`<span class="badge ${toneOf(kind)}">${icon(kind)}${SAID[status] ?? String(status).toLowerCase()}</span>`;
}

export function stuckBadge() {
  return html`<span class="badge stuck">${icon("late_money")}stuck</span>`;
}

export function icon(kind) {
  return html`<svg class="icon" viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true">${glyph(kind)}</svg>`;
}

export function when(iso, precise = false) {
  return html`<time datetime=${iso}>${moment(iso, precise)}</time>`;
}

/** Text of a stranger: apart from its surroundings in direction, and what would hide in it is seen. */
export function foreign(text) {
  const shown = pieces(text).map((each) =>
    each.code ? html`<span class="code" title="a character that would not be seen">${each.code}</span>` : each.text,
  );
  return html`<bdi class="foreign" dir="auto">${shown}</bdi>`;
}

/** What is waited for: a payment, or, without a provider, the completion. */
export function waiting({ provider, pendingReason, explanation }) {
  return html`${provider ? html`<b>${provider}</b>` : nothing}
    ${pendingReason ? html`<code>${pendingReason}</code>` : nothing}
    <span class="why">${explanation ?? ""}</span>`;
}
