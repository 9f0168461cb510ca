/* Ranks of the search: first the page whose title has the words that were asked for, then what tells what to do,
   last measurements and the changelog. */
const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\d]+/gu) || [];
const asked = wordsOf(new URLSearchParams(window.location.search).get("q") || "");
const inTitle = (title) => asked.filter((word) => wordsOf(title).includes(word)).length;

var Scorer = {
  score: ([page, title, , , score]) => {
    const whole = asked.length > 0 && inTitle(title) === asked.length;
    const place = /^(benchmarks|changelog)/.test(page) ? -20 : /^(tasks\/|log-in|security)/.test(page) ? 5 : 0;
    return score + 8 * inTitle(title) + (whole ? 20 : 0) + place;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
