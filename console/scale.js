// Where each event stands. Milliseconds and days are in one picture, so time is not to scale: what happened one after
// another stands one after another, a longer stretch is wider by its order of magnitude, and each says how long it was.
import { duration } from "./words.js";

export const PITCH = 26;
const CHARACTER = 6.3;
const PADDING = 14;

/**
 * `events` are {at (ms), lane}, ascending; `until` (ms) or null is the present. `width` is what there is to fill.
 * Returns {xs: one for each event, stretches: [{x1, x2, ms, text}], columns: [{at, x}], width: what it takes}.
 */
export function layout(events, until, width) {
  const columns = columnsOf(events, until);
  const stretches = columns.slice(1).map((column, at) => stretch(column.at - columns[at].at));
  const fixed = sum(columns.map((each) => each.span)) + 2 * PADDING;
  const spare = Math.max(0, width - fixed - sum(stretches.map((each) => each.least)));
  const weight = sum(stretches.map((each) => each.weight)) || 1;
  let x = PADDING;
  columns.forEach((column, at) => {
    column.x = x;
    x += column.span;
    if (at === stretches.length) return;
    const each = stretches[at];
    each.x1 = x;
    x += each.least + (spare * each.weight) / weight;
    each.x2 = x;
  });
  return { xs: places(events, columns), stretches, columns, width: Math.max(width, x + PADDING) };
}

/** A column for each point in time, as wide as the most marks that one lane has there. */
function columnsOf(events, until) {
  const times = new Map();
  for (const { at, lane } of events) {
    if (!times.has(at)) times.set(at, new Map());
    const lanes = times.get(at);
    lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
  }
  if (until !== null && !times.has(until)) times.set(until, new Map());
  return [...times.entries()]
    .sort(([one], [other]) => one - other)
    .map(([at, lanes]) => ({ at, span: (Math.max(1, ...lanes.values()) - 1) * PITCH }));
}

function stretch(ms) {
  const text = duration(ms);
  return { ms, text, least: Math.max(PITCH, text.length * CHARACTER + 16), weight: Math.log10(1 + ms) };
}

/** Those of one lane at the same time stand side by side, in their order. */
function places(events, columns) {
  const starts = new Map(columns.map((column) => [column.at, column.x]));
  const taken = new Map();
  return events.map(({ at, lane }) => {
    const key = `${at} ${lane}`;
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    return starts.get(at) + before * PITCH;
  });
}

// Pixels between the last time and the frame.
const MARGIN = 6;
// Pixels that are taken by ".280", by "15:20:18", and by a day over it.
const WIDTHS = { part: 36, clock: 62, day: 76 };

/**
 * The columns whose time is written, as many as have room: [{x, clock, day, kind}]. What a reader has just read is not
 * repeated: neither the day, nor within one second the second.
 */
export function clocks(columns, width) {
  const written = [];
  let free = -Infinity;
  let last = ["", ""];
  for (const { at, x } of columns) {
    const [day, time] = new Date(at).toISOString().split("T");
    const second = time.slice(0, 8);
    const kind = day !== last[0] ? "day" : second === last[1] ? "part" : "clock";
    const half = WIDTHS[kind] / 2;
    const middle = Math.min(Math.max(x, half), width - half - MARGIN);
    if (middle - half < free) continue;
    const clock = kind === "part" ? time.slice(8, 12) : second;
    written.push({ x: middle, clock, day: kind === "day" ? day : "", kind });
    free = middle + half;
    last = [day, second];
  }
  return written;
}

function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}
