// Authorization code with PKCE (RFC 7636). The access token is in this module's memory and nowhere else: a reload asks
// the user pool again, which knows its own cookie. What has to outlive the way there and back is in sessionStorage.

const KEPT = "sign-in";
const TIMEOUT_MS = 15_000;

let token = null;

export const accessToken = () => token;

export function forget() {
  token = null;
}

/** Leave for the sign-in page; `kept` (the place and a half-written reason) is there again afterwards. */
export async function begin(config, kept) {
  const verifier = random();
  const state = random();
  sessionStorage.setItem(KEPT, JSON.stringify({ state, verifier, kept }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const url = new URL(config.authorizeUrl);
  const query = {
    response_type: "code",
    client_id: config.clientId,
    redirect_uri: config.redirectUri,
    scope: config.scope,
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  location.assign(url);
}

/**
 * What the sign-in page has sent back with this page's address, and at once taken out of it: null if it is no answer
 * of that page, {problem} if it is worth nothing, else {code, verifier}. With `kept`, but for a stranger's.
 */
export function takeAnswer() {
  const query = new URLSearchParams(location.search);
  if (!query.has("code") && !query.has("error")) return null;
  const before = parsed(sessionStorage.getItem(KEPT));
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", location.pathname + location.hash);
  // A code that this window did not ask for is somebody else's: it is not even redeemed.
  if (!before?.state || query.get("state") !== before.state) {
    return { problem: "This sign-in was not begun in this window." };
  }
  const { kept, verifier } = before;
  if (query.has("error")) return { problem: "The sign-in was refused.", kept };
  return { code: query.get("code"), verifier, kept };
}

/** Signed in, by what was taken; or what the problem is, else "". */
export async function redeem(config, { code, verifier }) {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: config.clientId,
    redirect_uri: config.redirectUri,
    code,
    code_verifier: verifier,
  });
  try {
    const answer = await fetch(config.tokenUrl, { method: "POST", body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const document = answer.ok ? await answer.json() : {};
    if (typeof document.access_token !== "string") return "The sign-in could not be completed.";
    token = document.access_token;
    return "";
  } catch {
    return "The sign-in service cannot be reached.";
  }
}

export function signOut(config) {
  sessionStorage.removeItem(KEPT);
  const url = new URL(config.logoutUrl);
  url.searchParams.set("client_id", config.clientId);
  url.searchParams.set("logout_uri", config.redirectUri);
  location.assign(url);
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
