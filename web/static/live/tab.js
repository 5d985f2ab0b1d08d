// The live tab: one of its parts is shown at a time, the one that the address names.

import { startLive } from "./live.js";
import { startPhotos } from "./photo.js";

const parts = [...document.querySelectorAll("#live > section")];
const links = [...document.querySelectorAll(".parts a")];

for (const scripted of document.querySelectorAll("#live, .parts")) scripted.hidden = false;

function showPart() {
  const shown = parts.find(({ id }) => `#${id}` === location.hash) ?? parts[0];
  for (const part of parts) part.hidden = part !== shown;
  for (const link of links) {
    if (link.hash === `#${shown.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// Before the parts listen, so that each finds itself shown or hidden.
window.addEventListener("hashchange", showPart);
showPart();
startLive();
startPhotos();
