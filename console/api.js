// The operators' API. Every way in which a call can fail is one `Failure`, by what the operator can do about it.

const TIMEOUT_MS = 15_000;
const BASE = "/v1/operations";
const KINDS = { 401: "signed-out", 403: "forbidden", 404: "missing", 409: "conflict", 429: "busy", 503: "busy" };
const HELD_BACK = { kind: "busy", message: "A firewall holds this back. Try again in a moment." };

/** `kind`: signed-out, forbidden, missing, conflict, busy, refused, broken or unreachable. */
export class Failure extends Error {
  constructor(kind, message, { retryAfter = null, requestId = "" } = {}) {
    super(message);
    this.kind = kind;
    this.retryAfter = retryAfter;
    this.requestId = requestId;
  }
}

export class Api {
  /** `token()` gives the access token of now. */
  constructor(token) {
    this.token = token;
  }

  sessions({ view, merchantId, cursor }, signal) {
    const query = new URLSearchParams();
    query.set("status", view === "cancelled" ? "CANCELLED" : "PENDING_CANCELLATION");
    query.set("limit", "50");
    if (merchantId) query.set("merchantId", merchantId);
    if (cursor) query.set("cursor", cursor);
    return this.#call("GET", `sessions?${query}`, undefined, signal);
  }

  session(place, signal) {
    return this.#call("GET", pathOf(place), undefined, signal);
  }

  /** Repeating it is always safe. */
  cancel(place, reason) {
    return this.#call("POST", `${pathOf(place)}/cancel`, { reason });
  }

  async #call(method, path, body, signal) {
    const headers = { Authorization: `Bearer ${this.token()}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const limit = AbortSignal.timeout(TIMEOUT_MS * (method === "POST" ? 3 : 1));
    const ends = signal ? AbortSignal.any([signal, limit]) : limit;
    let answer, document;
    try {
      const options = { method, headers, body: body && JSON.stringify(body), signal: ends, cache: "no-store" };
      answer = await fetch(`${BASE}/${path}`, options);
      document = await answer.text();
    } catch {
      throw new Failure("unreachable", "The service cannot be reached.");
    }
    return read(answer, document);
  }
}

function pathOf({ merchantId, sessionId }) {
  return `merchants/${encodeURIComponent(merchantId)}/sessions/${encodeURIComponent(sessionId)}`;
}

function read(answer, text) {
  const requestId = answer.headers.get("x-request-id") ?? "";
  const document = parsed(text);
  if (answer.ok && document !== null) return document;
  const { kind, message } = heldBack(answer, document) ? HELD_BACK : told(answer, document);
  throw new Failure(kind, message, { retryAfter: seconds(answer.headers.get("retry-after")), requestId });
}

function told({ status }, document) {
  const kind = KINDS[status] ?? (status >= 400 && status < 500 ? "refused" : "broken");
  const message = typeof document?.message === "string" ? document.message : `The service answered ${status}.`;
  return { kind, message };
}

/** A 403 of what stands before the API, which says nothing of anybody's rights. */
function heldBack(answer, document) {
  return answer.status === 403 && (document?.statusCode !== 403 || answer.headers.get("x-refused-by") === "firewall");
}

function parsed(text) {
  try {
    const document = JSON.parse(text);
    return typeof document === "object" ? document : null;
  } catch {
    return null;
  }
}

function seconds(header) {
  const value = Number.parseInt(header ?? "", 10);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
