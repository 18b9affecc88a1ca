"use strict";

// textual.js connects when the page has loaded, to the address that it finds here.
const terminal = document.getElementById("terminal");
terminal.dataset.sessionWebsocketUrl = new URL("ws", location.href).href.replace(/^http/, "ws");

document.getElementById("again").addEventListener("click", () => location.reload());

// Keys are for the console from the moment at which it can take them.
new MutationObserver((_, observer) => {
  if (!terminal.classList.contains("-connected")) return;
  observer.disconnect();
  document.querySelector(".xterm-helper-textarea").focus();
}).observe(terminal, { attributeFilter: ["class"] });
