/* Search for a question as a newcomer asks it. Sphinx wants every word of it on one page; here each word counts by how
   rare it is, more in a title than in a text, and less on a long page. A page is found once, at its best heading. */
"use strict";

(() => {
  if (typeof Search === "undefined") return;

  const ASKING = new Set(
    ("a about am an and any are as at be been but by can could did do does for from get give go had has have how i if in " +
      "into is it its make me my need no not of on or our own please shall should show so some tell that the their them then " +
      "there these they this to use want was we were what when where which who whose why will with would you your")
      .split(" "),
  );
  const IN_TITLE = 3;
  const IN_HEADING = 2;
  const FOR_EXPERTS = /^(reference\/api\/|CONTRIBUTING)/;

  const listed = (found) => (found === undefined ? [] : [found].flat());

  const stems = (text) => {
    const stemmer = new Stemmer();
    return splitQuery(text.toLowerCase()).filter((word) => !ASKING.has(word)).map((word) => stemmer.stemWord(word));
  };

  /* The terms of an index that a word stands for: itself, or those that it begins. */
  const termsOf = (word, index) => {
    if (Object.hasOwn(index, word)) return [word];
    return word.length > 2 ? Object.keys(index).filter((term) => term.startsWith(word)) : [];
  };

  const pagesWith = (word, index) => new Set(termsOf(word, index).flatMap((term) => listed(index[term])));

  const lengths = (index) => {
    const counted = new Array(index.docnames.length).fill(0);
    Object.values(index.terms).forEach((found) => listed(found).forEach((page) => (counted[page] += 1)));
    return counted;
  };

  const headings = (index) => {
    const of = index.docnames.map(() => []);
    Object.entries(index.alltitles).forEach(([title, places]) =>
      places.forEach(([page, anchor]) => of[page].push({ title, anchor, words: stems(title) })),
    );
    return of;
  };

  /* The share of a title's words that were asked for makes "Alerting" a better answer than a long title with it. */
  const fit = (words, weights) => {
    const matched = words.filter((word) => [...weights.keys()].some((asked) => word.startsWith(asked)));
    const weight = [...weights].reduce(
      (sum, [asked, one]) => sum + (words.some((word) => word.startsWith(asked)) ? one : 0),
      0,
    );
    return words.length ? (weight * (1 + matched.length / words.length)) / 2 : 0;
  };

  const ranked = (query, index) => {
    const pages = index.docnames.length;
    const long = lengths(index);
    const mean = long.reduce((sum, one) => sum + one, 0) / pages;
    const words = [...new Set(stems(query))];
    const weights = new Map();
    const texts = new Array(pages).fill(0);
    words.forEach((word) => {
      const found = pagesWith(word, index.terms).union(pagesWith(word, index.titleterms));
      if (!found.size) return;
      const weight = Math.log(1 + pages / found.size);
      weights.set(word, weight);
      found.forEach((page) => (texts[page] += (weight * 2.2) / (1 + 1.2 * (0.25 + (0.75 * long[page]) / mean))));
    });
    const under = headings(index);
    return index.docnames
      .map((name, page) => {
        const title = IN_TITLE * fit(stems(index.titles[page]), weights);
        const best = under[page].reduce(
          (better, one) => (fit(one.words, weights) > fit(better.words, weights) ? one : better),
          { words: [] },
        );
        const heading = IN_HEADING * fit(best.words, weights);
        const anchored = heading > title && best.anchor;
        return [
          name,
          anchored ? `${index.titles[page]} > ${best.title}` : index.titles[page],
          anchored ? `#${best.anchor}` : "",
          null,
          (texts[page] + Math.max(title, heading)) * (FOR_EXPERTS.test(name) ? 0.6 : 1),
          index.filenames[page],
          SearchResultKind.text,
        ];
      })
      .filter((one) => one[4] > 0)
      .sort((one, other) => other[4] - one[4])
      .slice(0, 30);
  };

  /* A word that is the name of a function or class leads to it. Sphinx shows the last result first. */
  const named = (query) => {
    const name = query.trim().toLowerCase();
    const found = Search.performObjectSearch(name, new Set([name]));
    return found.filter((one) => name === one[1].toLowerCase() || name === one[1].split(".").pop().toLowerCase());
  };

  /* Nothing is marked on the pages: a question has words that stand everywhere. */
  Search._parseQuery = (query) => [query, new Set(), new Set(), new Set(), new Set()];
  Search._performSearch = (query) => [...ranked(query, Search._index).reverse(), ...named(query)];
})();
