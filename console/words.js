// How things are said: times in UTC, as the logs have them, durations in two units, money in major units.

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]];

/** `ms` in its two largest units, such as "2 d 4 h" or "340 ms". */
export function duration(ms) {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 10_000) return `${Math.floor(whole / 100) / 10} s`;
  const at = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[at];
  const first = `${Math.floor(whole / size)} ${unit}`;
  if (at === UNITS.length - 1) return first;
  const [smaller, part] = UNITS[at + 1];
  const rest = Math.floor((whole % size) / part);
  return rest ? `${first} ${rest} ${smaller}` : first;
}

/** Of one that is known to the second. */
export function age(seconds) {
  return seconds ? duration(seconds * 1000) : "0 s";
}

/** "2026-11-26 15:20:18", or with its milliseconds. */
export function moment(iso, precise = false) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return String(iso);
  const [day, clock] = time.toISOString().split("T");
  return `${day} ${precise ? clock.slice(0, 12) : clock.slice(0, 8)}`;
}

export function money(amount, currency) {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" });
    const digits = format.resolvedOptions().maximumFractionDigits;
    return format.format(amount / 10 ** digits).replace(/\u00a0/g, " ");
  } catch {
    return `${amount} ${currency}`;
  }
}

// Characters that show nothing and change what is read: controls, direction marks and overrides.
const HIDDEN = /([\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff])/u;

/** Hostile text as pieces: `{text}` to be shown, `{code}` for a character that would hide. */
export function pieces(text) {
  return String(text)
    .split(HIDDEN)
    .filter(Boolean)
    .map((part) => (HIDDEN.test(part) ? { code: codeOf(part) } : { text: part }));
}

function codeOf(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** As the API counts: code points. */
export function length(text) {
  return [...text].length;
}

export function tail(id) {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}

export function count(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}
