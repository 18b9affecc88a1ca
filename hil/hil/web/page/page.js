"use strict";

// textual.js connects when the page has loaded, to the address that it finds here.
const terminal = document.getElementById("terminal");
terminal.dataset.sessionWebsocketUrl = new URL("ws", location.href.split("?")[0]).href.replace(/^http/, "ws");

// Its query is for demonstrations of textual-serve: it can send requests elsewhere, and hold the console back.
if (location.search) location.replace(location.pathname);

document.getElementById("again").addEventListener("click", () => location.reload());
window.addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
