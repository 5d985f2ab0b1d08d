// The sentences of this page, which the template takes from en.json and leaves in #words.

export const words = JSON.parse(document.getElementById("words").textContent);

/** A sentence with its named places, such as {count}, filled. */
export function say(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The sentence for a number, of a table by numbers with "other" for the rest. */
export function counted(sentences, count) {
  return say(sentences[count] ?? sentences.other, { count });
}
