// The timeline as a picture: a lane for the session, one for each transaction at its provider, and marks on them. The
// same is a list below it, for everybody.
import { html, nothing, repeat, svg } from "./html.js";
import { kindOf, mark, statusKind, toneOf } from "./marks.js";
import { clocks, layout } from "./scale.js";
import { duration, moment, tail } from "./words.js";

const TOP = 62;
const LANE = 58;
// Below a lane's name, where it stands over the lane.
const MIDDLE = 36;
const SESSION = "";
const FINAL = ["CANCELLED", "COMPLETED", "EXPIRED"];

/** What is drawn of a session's document, without any pixel. */
export function read(session) {
  const lanes = [
    { id: SESSION, name: "Session", note: session.status, kind: statusKind(session.status) },
    ...session.transactions.map((each) => ({
      id: each.transactionId,
      name: each.provider,
      note: tail(each.transactionId),
      kind: statusKind(each.status),
    })),
  ];
  const known = new Set(lanes.map((lane) => lane.id));
  const nth = new Map();
  const events = session.timeline.map((each) => ({
    ...each,
    key: keyOf(each, nth),
    at: Date.parse(each.at),
    iso: each.at,
    kind: kindOf(each),
    told: String(each.kind).toLowerCase() === "reported",
    lane: known.has(each.transactionId) ? each.transactionId : SESSION,
  }));
  const drawn = events.filter((each) => Number.isFinite(each.at));
  const last = drawn.at(-1)?.at ?? null;
  const live = !FINAL.includes(session.status) && last !== null;
  const present = live ? Math.max(Date.parse(session.at), last) : null;
  return { lanes, events: drawn, present };
}

/** The same for the same event in the next answer, even if one before it has come to light since. */
function keyOf({ at, kind, transactionId }, nth) {
  const name = `${at} ${kind} ${transactionId ?? ""}`;
  nth.set(name, (nth.get(name) ?? 0) + 1);
  return `${name} ${nth.get(name)}`;
}

/** `shown` is the key of the mark whose text is shown, `point(key)` shows another one or none. */
export function timeline(session, width, shown, point) {
  const { lanes, events, present } = read(session);
  if (!events.length) return html`<p class="empty">Nothing is recorded yet.</p>`;
  const room = layout(events, present, width);
  const marks = events.map((event, at) => ({ ...event, x: room.xs[at] }));
  const text = marks.find((each) => each.key === shown);
  return html`
    <figure class="timeline">
      <div class="picture" @keydown=${(event) => move(event, point)}>
        <ul class="lanes" aria-hidden="true">
          ${lanes.map(
            (lane) => html`<li><b>${lane.name}</b> <span class="${lane.id ? "id" : "status"}">${lane.note}</span></li>`,
          )}
        </ul>
        <div class="scroller" tabindex="-1">${drawing(room, lanes, marks, present, shown, point)}</div>
      </div>
      ${text ? tip(text) : nothing}
      <figcaption>
        Time runs to the right and is not to scale: each stretch says how long it was. Times are UTC.
        Arrow keys go from mark to mark.
      </figcaption>
    </figure>
    ${list(events)}
  `;
}

/** An older release did not record every time. */
function said(event) {
  return event.exact === false ? `${moment(event.iso, true)} or later` : moment(event.iso, true);
}

function tip(event) {
  return html`<div class="tip" role="tooltip" id="tip"><b>${said(event)}</b> ${event.text}</div>`;
}

function drawing(room, lanes, marks, present, shown, point) {
  const height = TOP + lanes.length * LANE + 4;
  const chosen = marks.some((each) => each.key === shown) ? shown : marks[0].key;
  return html`
    <svg width=${room.width} height=${height} role="group" aria-label="Timeline, also listed below">
      ${axis(room, height)} ${lock(marks, height)} ${present === null ? nothing : now(room.columns.at(-1).x, height)}
      ${lanes.map((lane, at) => rail(lane, yOf(at), marks, room))}
      ${repeat(marks, (each) => each.key, (each) => one(each, lanes, chosen, point))}
    </svg>
  `;
}

const yOf = (lane) => TOP + lane * LANE + MIDDLE;

function axis(room, height) {
  return svg`
    ${clocks(room.columns, room.width).map(
      (each) => svg`<text class="clock ${each.kind}" x=${each.x} y="28">${each.clock}</text>
        <text class="day" x=${each.x} y="12">${each.day}</text>`,
    )}
    ${room.stretches.map(
      (each) => svg`<path class="stretch" d="M${each.x1 + 3},42H${each.x2 - 3}"></path>
        <text class="long" x=${(each.x1 + each.x2) / 2} y="56">${each.text}</text>`,
    )}
    ${room.columns.map((each) => svg`<path class="column" d="M${each.x},38V${height}"></path>`)}
  `;
}

/** Through all lanes: after it, no payment can be added. */
function lock(marks, height) {
  const locked = marks.find((each) => each.kind === "locked");
  return locked ? svg`<path class="lock" d="M${locked.x},38V${height}"></path>` : nothing;
}

function now(x, height) {
  return svg`<path class="now" d="M${x},38V${height}"></path><text class="now" x=${x - 5} y=${height - 6}>now</text>`;
}

/** A lane: drawn through from its first mark to its end, dashed from there to the present while it is in flight. */
function rail(lane, y, marks, room) {
  const own = marks.filter((each) => each.lane === lane.id).map((each) => each.x);
  const start = own.length ? Math.min(...own) : room.columns[0].x;
  const end = own.length ? Math.max(...own) : start;
  const waits = lane.kind === "pending" || lane.kind === "opened";
  const dashed = waits ? svg`<path class="rail waits" d="M${end},${y}H${room.columns.at(-1).x}"></path>` : nothing;
  return svg`<path class="bed" d="M0,${y}H${room.width}"></path>
    <path class="rail" d="M${start},${y}H${end}"></path>${dashed}`;
}

function one(event, lanes, chosen, point) {
  const lane = lanes.findIndex((each) => each.id === event.lane);
  const where = lane ? `${lanes[lane].name} ${lanes[lane].note}` : "Session";
  return svg`
    <g class="mark ${toneOf(event.kind)} ${event.exact === false ? "about" : ""}" role="img" data-key=${event.key}
      tabindex=${event.key === chosen ? 0 : -1}
      aria-label="${said(event)}, ${where}: ${event.text}"
      transform="translate(${event.x},${yOf(lane)})"
      @pointerenter=${() => point(event.key)} @pointerleave=${() => point(null)}
      @focus=${() => point(event.key)} @blur=${() => point(null)}>
      <circle class="ring" r="16"></circle>${mark(event.kind, event.told)}
    </g>
  `;
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function move(event, point) {
  if (event.key === "Escape") point(null);
  if (!(event.key in STEPS)) return;
  const all = [...event.currentTarget.querySelectorAll(".mark")];
  const from = all.indexOf(event.target.closest(".mark"));
  if (from < 0) return;
  event.preventDefault();
  const to = all[Math.min(Math.max(from + STEPS[event.key], 0), all.length - 1)];
  to.focus();
  to.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Put the text beside its mark. It is placed here and not in the markup, which may hold no style. */
export function placeTip(root) {
  const text = root.querySelector(".tip");
  const figure = root.querySelector(".timeline");
  const key = root.querySelector(".mark:focus")?.dataset.key;
  const target = root.querySelector(".mark:hover") ?? (key !== undefined ? root.querySelector(".mark:focus") : null);
  if (!text || !figure || !target) return;
  const [around, at] = [figure.getBoundingClientRect(), target.getBoundingClientRect()];
  const left = at.left - around.left + at.width / 2 - text.offsetWidth / 2;
  text.style.left = `${Math.min(Math.max(left, 0), around.width - text.offsetWidth)}px`;
  text.style.top = `${at.bottom - around.top + 6}px`;
}

function list(events) {
  return html`
    <ol class="events" aria-label="What happened">
      ${repeat(
        events,
        (each) => each.key,
        (each, at) => html`
          <li>
            <svg class="mark ${toneOf(each.kind)}" viewBox="-14 -14 28 28" width="24" height="24" aria-hidden="true">
              ${mark(each.kind, each.told)}
            </svg>
            <span class="when">
              <time datetime=${each.iso}>${said(each)}</time>
              ${at ? html`<span class="after">+${duration(each.at - events[at - 1].at)}</span>` : nothing}
            </span>
            <span class="what">
              ${each.provider ? html`<b>${each.provider}</b>` : nothing}
              ${each.transactionId ? html`<span class="id">${tail(each.transactionId)}</span>` : nothing}
              ${each.text}
            </span>
          </li>
        `,
      )}
    </ol>
  `;
}
