/**
 * What the load mock answers: a title, a description of about 110 words and five attributes, made from the record in the
 * prompt. About 200 tokens, as real answers to these fields have, so that reading and checking them costs what it would.
 */
export function answerFor(prompt: string, system = ''): string {
  const records = [...prompt.matchAll(/<product(?: id="(p\d+)")?>\n([\s\S]*?)\n<\/product>/g)]
  const products = records.map(([, id, record]) => ({ ...(id === undefined ? {} : { id }), ...asked(fieldsFor(record!), record!, system) }))
  return JSON.stringify(products.length === 1 && records[0]![1] === undefined ? products[0] : { products })
}

/** What the prompt's form of the answer asks for: some of the fields, with named attributes as the record has them. */
function asked(fields: Record<string, unknown>, record: string, system: string): Record<string, unknown> {
  const form = system.split('\n').at(-1) ?? ''
  const named = /"attributes":\{(.*?)\}/.exec(form)?.[1]
  const names = [...(named ?? '').matchAll(/"([^"]+)":string/g)].map(([, name]) => name!)
  const values = new Map(
    record.split('\n').map((line) => [line.slice(0, line.indexOf(': ')).toLowerCase(), line.slice(line.indexOf(': ') + 2)]),
  )
  const attributes = Object.fromEntries(names.map((name) => [name, values.get(name.toLowerCase())?.slice(0, 120) ?? null]))
  const all = names.length > 0 ? { ...fields, attributes } : fields
  return form.includes('"title"') || form.includes('"description"') || form.includes('"attributes"')
    ? Object.fromEntries(Object.entries(all).filter(([name]) => form.includes(`"${name}"`)))
    : all
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
