// One mark for each kind of event: told apart by its shape and its glyph; the colour only repeats it.
import { svg } from "./html.js";

// Lines in a box from -6 to 6.
const GLYPHS = {
  opened: "M-2.6,0a2.6,2.6 0 1,0 5.2,0a2.6,2.6 0 1,0 -5.2,0",
  attempt: "M-2.8,-4.2L4,0L-2.8,4.2Z",
  locked: "M-4,-0.8h8v5.4h-8zM-2.4,-0.8v-2a2.4,2.4 0 0,1 4.8,0v2",
  tried: "M0,4.6V-4.4M-3.8,-0.8L0,-4.6L3.8,-0.8",
  pending: "M0,-4.4V0.4L3.2,2.6",
  cancelled: "M-4.2,0.3L-1.2,3.5L4.4,-3.4",
  completed: "M-5.6,0.4L-2.8,3.4L1.4,-2.8M-0.4,2.8L0.4,3.4L5.6,-3.2",
  settled: "M0,-5.4V5.4M3,-2.4C2.4,-4 -2.8,-4.2 -2.8,-1.8C-2.8,0.4 3.2,-0.2 3.2,2C3.2,4.2 -2.4,4.2 -3.2,2.6",
  late_money: "M0,-4.6V0.8M0,3.9V4",
  failed: "M-3.4,-3.4L3.4,3.4M3.4,-3.4L-3.4,3.4",
  expired: "M-4.2,0H4.2",
  refunded: "M4.4,4V1.4a3,3 0 0,0 -3,-3H-4M-1.2,-4.4L-4,-1.6L-1.2,1.2",
  note: "M-0.6,0h1.2",
};
const TONES = {
  locked: "accent",
  tried: "accent",
  pending: "wait",
  cancelled: "good",
  completed: "good",
  settled: "money",
  late_money: "bad",
  failed: "bad",
  refunded: "money",
};
// What the API calls them, where it is another word here. An end is drawn as the status that it is.
const ALIASES = { attached: "attempt", progressed: "pending" };
const ENDS = ["answered", "reported"];
const OF_THE_SESSION = { cancelled: "completed", completed: "settled" };
const STATUSES = {
  OPEN: "opened",
  PENDING_CANCELLATION: "pending",
  CANCELLED: "cancelled",
  COMPLETED: "settled",
  EXPIRED: "expired",
  PENDING: "pending",
  PROCESSING: "pending",
  AUTHORIZED: "pending",
  SETTLED: "settled",
  FAILED: "failed",
  REFUNDED: "refunded",
};
const SHAPES = {
  circle: "M-10.5,0a10.5,10.5 0 1,0 21,0a10.5,10.5 0 1,0 -21,0",
  square: "M-7,-10h14a3,3 0 0,1 3,3v14a3,3 0 0,1 -3,3h-14a3,3 0 0,1 -3,-3v-14a3,3 0 0,1 3,-3z",
  bubble: "M-6,-10h12a4,4 0 0,1 4,4v11a4,4 0 0,1 -4,4h-2l-4,4l-4,-4h-2a4,4 0 0,1 -4,-4v-11a4,4 0 0,1 4,-4z",
  diamond: "M0,-12.5L12.5,0L0,12.5L-12.5,0Z",
};

/** How an event is drawn: one that is not known is a note. */
export function kindOf({ kind, status, transactionId }) {
  const name = String(kind).toLowerCase();
  if (ENDS.includes(name)) return statusKind(status);
  const meant = (transactionId ? ALIASES[name] : OF_THE_SESSION[name]) ?? name;
  return Object.hasOwn(GLYPHS, meant) ? meant : "note";
}

export function statusKind(status) {
  return Object.hasOwn(STATUSES, status) ? STATUSES[status] : "note";
}

export function toneOf(kind) {
  return TONES[kind] ?? "plain";
}

function shapeOf(kind, told) {
  if (kind === "late_money") return SHAPES.diamond;
  if (told) return SHAPES.bubble;
  return kind === "locked" || kind === "completed" ? SHAPES.square : SHAPES.circle;
}

/** The mark around (0, 0), 21 pixels wide. `told`: others told it, as a webhook does; nobody asked. */
export function mark(kind, told = false) {
  return svg`<path class="shape" d=${shapeOf(kind, told)}></path><path class="glyph" d=${GLYPHS[kind]}></path>`;
}

export function glyph(kind) {
  return svg`<path class="glyph" d=${GLYPHS[kind]}></path>`;
}
