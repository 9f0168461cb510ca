/* Ranks of the search: pages that tell what to do come before measurements and the changelog. */
var Scorer = {
  score: (result) => result[4] - (/^(benchmarks|changelog)/.test(result[0]) ? 20 : 0) + (/^(tasks\/|log-in|security)/.test(result[0]) ? 5 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
