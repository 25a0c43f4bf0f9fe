// Templates and nothing that turns text into markup: what a template is given is text, always.
export { html, nothing, render, svg } from "./vendor/lit-html/lit-html.js";
export { repeat } from "./vendor/lit-html/directives/repeat.js";
