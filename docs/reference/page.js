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
new MutationObserver(() => {
  for (const [selector, name] of names) {
    for (const each of page.querySelectorAll(`${selector}:not([aria-label])`)) each.setAttribute("aria-label", name(each));
  }
}).observe(page, { childList: true, subtree: true });

const nothing = () => null;
const left = ["authorizeBtn", "authorizeOperationBtn"];

SwaggerUIBundle({
  url: "openapi.json",
  domNode: page,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: [],
  syntaxHighlight: { theme: "monokai" },
  validatorUrl: null,
  plugins: [() => ({ wrapComponents: Object.fromEntries(left.map((each) => [each, () => nothing])) })],
});
