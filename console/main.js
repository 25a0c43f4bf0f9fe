import { App } from "./app.js";

new App(document.getElementById("console"), document.getElementById("announcer")).start();
