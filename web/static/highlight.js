// A face's card and its box in the photo light up together, by pointer and by keyboard.
const EVENTS = { pointerover: true, focusin: true, pointerout: false, focusout: false };

/** Let the faces of every reading in root do so. */
export function followFaces(root) {
  for (const [type, lit] of Object.entries(EVENTS)) {
    root.addEventListener(type, (event) => {
      const part = event.target.closest("[data-face]");
      const twins = part?.closest(".prediction").querySelectorAll(`[data-face="${part.dataset.face}"]`);
      for (const twin of twins ?? []) twin.classList.toggle("lit", lit);
    });
  }
}
