/**
 * What the load mock answers: a title, a description of about 110 words and five attributes, made from the record in the
 * prompt. About 200 tokens, as real answers to these fields have, so that reading and checking them costs what it would.
 */
export function answerFor(prompt: string): string {
  const records = [...prompt.matchAll(/<product(?: id="(p\d+)")?>\n([\s\S]*?)\n<\/product>/g)]
  const products = records.map(([, id, record]) => ({ ...(id === undefined ? {} : { id }), ...fieldsFor(record!) }))
  return JSON.stringify(products.length === 1 && records[0]![1] === undefined ? products[0] : { products })
}

const FILLER =
  'It is made for daily work at home and in the office and fits in with what is already there. The listed properties come from the maker and help buyers to compare it with others of its kind.'
const MOST_WORDS = 115

function fieldsFor(record: string): Record<string, unknown> {
  const lines = record.split('\n').flatMap((line) => {
    const at = line.indexOf(': ')
    return at < 0 ? [] : [{ name: line.slice(0, at), value: line.slice(at + 2) }]
  })
  const title = (lines.find(({ name }) => name === 'title') ?? lines[0])?.value ?? 'Article'
  const facts = lines.map(({ name, value }) => `The ${name} is ${value}.`).join(' ')
  const attributes = lines.slice(-5).map(({ name, value }) => ({ name, value: value.slice(0, 100) }))
  return {
    title: title.slice(0, 140),
    description: `${FILLER} ${facts} ${FILLER}`.split(' ').slice(0, MOST_WORDS).join(' ').slice(0, 1_400),
    attributes: attributes.length > 0 ? attributes : [{ name: 'kind', value: 'article' }],
  }
}
