/** Fields with rules that suit most shops: what `--fields` names on the command line, and a page offers to add. */
export const BUILT_IN_RULES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  title: {
    type: 'text',
    instructions:
      "The product's title as a shop shows it: brand, product line or model, product type, then the feature that tells it apart. No price, no advertising.",
    characters: { min: 3, max: 150 },
  },
  description: {
    type: 'text',
    instructions:
      'A factual description for a buyer: what it is, what it is for, then the properties that matter most. Whole sentences; no advertising, no superlatives. Shorter when the record says little.',
    words: { min: 5, max: 120 },
    characters: { max: 1_500 },
  },
  attributes: {
    type: 'attributes',
    instructions: 'The attributes a buyer would filter by, taken from the record, each with its value as the record states it.',
    count: { min: 1, max: 5 },
    characters: { max: 120 },
  },
  short_description: {
    type: 'text',
    instructions: 'One sentence that says what the product is and for whom.',
    words: { min: 3, max: 30 },
    characters: { max: 250 },
  },
  keywords: {
    type: 'text',
    instructions: 'Words that a buyer would search for, in lower case, separated by commas.',
    characters: { min: 3, max: 200 },
  },
  meta_title: { type: 'text', instructions: 'Title for a search engine.', characters: { min: 3, max: 60 } },
  meta_description: {
    type: 'text',
    instructions: 'Description for a search engine: one or two sentences.',
    characters: { min: 10, max: 160 },
  },
}
