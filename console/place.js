// Where one is: kept in the address's hash, so that the browser's back, a bookmark and a reload work.

/** What the hash names; anything unknown is the list of the pending ones. */
export function parsePlace(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?");
  const [, view, ...ids] = path.split("/").map(decoded);
  const asked = new URLSearchParams(query);
  if (view === "session" && ids.length === 2 && ids.every(Boolean)) {
    return { view, merchantId: ids[0], sessionId: ids[1] };
  }
  const list = view === "cancelled" ? "cancelled" : "pending";
  return { view: list, merchantId: asked.get("merchant") ?? "", cursor: asked.get("cursor") ?? "" };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

export function hashOf(place) {
  if (place.view === "session") {
    return `#/session/${encodeURIComponent(place.merchantId)}/${encodeURIComponent(place.sessionId)}`;
  }
  const query = new URLSearchParams();
  if (place.merchantId) query.set("merchant", place.merchantId);
  if (place.cursor) query.set("cursor", place.cursor);
  return `#/${place.view}${query.size ? `?${query}` : ""}`;
}
