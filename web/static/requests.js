// Requests that wait for their turn, and that a busy server may put off.
const TRIES = 20;
const MAX_PAUSE = 30;

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

/**
 * Post a body. An answer 503 with Retry-After is not the last word: it is asked for again after
 * that time, which busy(seconds) is told.
 */
export async function post(address, body, busy, signal) {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(address, { method: "POST", body, signal });
    const asked = Number(response.headers.get("Retry-After"));
    if (response.status !== 503 || !(asked > 0) || tries === TRIES) return response;
    const seconds = Math.min(asked, MAX_PAUSE);
    busy(seconds);
    await pause(seconds, signal);
  }
}

/** Call work(thing, i) for each thing in order, no more than atOnce of them at the same time. */
export async function inTurn(things, atOnce, work) {
  const waiting = things.entries();
  const worker = async () => {
    for (const [i, thing] of waiting) await work(thing, i);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
