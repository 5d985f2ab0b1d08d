// The sentences of this page, which the template takes from english.json and leaves in #words.
export const words = JSON.parse(document.getElementById("words").textContent);

export function say(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function counted(sentences, count) {
  return say(sentences[count] ?? sentences.other, { count });
}
