// Shows openapi.json. Nothing is sent from here: the API takes no calls from other origins, and no page should be given a token.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const page = document.getElementById("reference");

// Swagger UI leaves these without a name, or with one that others have too, for who cannot see them.
const names = [
  ["#servers", () => "Server"],
  [".examples-select-element", () => "Example"],
  ["select:not(#servers, .examples-select-element)", () => "Media type"],
  [".parameters input", (each) => `Example of ${each.closest("tr").dataset.paramName}`],
  [".responses-table", (each) => `Answers of ${each.id}`],
];
// What stands outside of its landmarks.
const roles = [
  [".information-container", "banner", "About this API"],
  [".scheme-container", "region", "Server"],
];
// From the title it goes on with h3.
const levels = { H3: 2, H4: 3, H5: 4, H6: 5 };
new MutationObserver(() => {
  for (const [selector, name] of names) {
    for (const each of page.querySelectorAll(`${selector}:not([aria-label])`)) each.setAttribute("aria-label", name(each));
  }
  for (const [selector, role, name] of roles) {
    for (const each of page.querySelectorAll(`${selector}:not([role])`)) {
      each.setAttribute("role", role);
      each.setAttribute("aria-label", name);
    }
  }
  for (const each of page.querySelectorAll(":is(h3, h4, h5, h6):not([aria-level])")) {
    each.setAttribute("role", "heading");
    each.setAttribute("aria-level", levels[each.tagName]);
  }
  // What is wider than the window is scrolled by the arrow keys.
  for (const each of page.querySelectorAll("pre:not([tabindex])")) each.tabIndex = 0;
}).observe(page, { childList: true, subtree: true });

const nothing = () => null;
const left = ["authorizeBtn", "authorizeOperationBtn"];
// A link in a button, which does what the button does: its address is in the bar once the operation is open.
const DeepLink = (_, { React }) => ({ text }) => React.createElement("span", null, text);

SwaggerUIBundle({
  url: "openapi.json",
  domNode: page,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: [],
  syntaxHighlight: { theme: "monokai" },
  validatorUrl: null,
  plugins: [() => ({ wrapComponents: { DeepLink, ...Object.fromEntries(left.map((each) => [each, () => nothing])) } })],
});
